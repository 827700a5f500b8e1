package localbroker_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/localbroker"
)

// Every message is told as it was published: from clients, Wills, and the
// shadow service.
func TestMessagesAreObserved(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var got []string
	s := start(t, localbroker.Config{OnMessage: func(client string, m broker.Message) {
		mu.Lock()
		defer mu.Unlock()
		got = append(got, fmt.Sprintf("%s %s q%d retained %v", client, m.Topic, m.QoS, m.Retained))
	}})
	c := connect(t, s, "pub", func(o *mqtt.ClientOptions) { o.SetWill("will", "gone", 1, true) })
	for qos := range byte(3) {
		if token := c.Publish("a", qos, qos == 2, "x"); !token.WaitTimeout(patience) || token.Error() != nil {
			t.Fatal(token.Error())
		}
	}
	if token := c.Publish("$aws/things/t/shadow/get", 1, true, ""); !token.WaitTimeout(patience) || token.Error() != nil {
		t.Fatal(token.Error())
	}
	want := []string{
		"pub a q0 retained false", "pub a q1 retained false", "pub a q2 retained true",
		"pub $aws/things/t/shadow/get q1 retained false", " $aws/things/t/shadow/get/rejected q1 retained false",
		"pub will q1 retained true",
	}
	seen := func(n int) bool {
		mu.Lock()
		defer mu.Unlock()
		return len(got) >= n
	}
	wait := func(n int) {
		t.Helper()
		for deadline := time.Now().Add(patience); !seen(n); time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("observed %q, want %q", got, want)
			}
		}
	}
	wait(5)
	connect(t, s, "pub") // takes the session over, which publishes the Will
	wait(6)
	mu.Lock()
	defer mu.Unlock()
	if !slices.Equal(got, want) {
		t.Errorf("observed\n%q, want\n%q", got, want)
	}
}
