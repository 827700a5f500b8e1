package localbroker_test

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"github.com/thingdesk/thingdesk/localbroker"
	"github.com/thingdesk/thingdesk/things/shadow"
	"github.com/thingdesk/thingdesk/things/shadow/shadowtest"
)

const everyShadow = "$aws/things/+/shadow/#"

func TestVectorsOverASocket(t *testing.T) {
	t.Parallel()
	c := connect(t, start(t, localbroker.Config{}), "vectors")
	c.subscribe(t, everyShadow, 1)
	shadowtest.Run(t, func(t *testing.T) shadowtest.Exchange {
		t.Helper()
		return func(t *testing.T, topic string, payload []byte) []shadowtest.Message {
			t.Helper()
			c.publish(t, topic, 1, string(payload))
			var got []shadowtest.Message
			for _, m := range c.barrier(t) {
				if m.Topic() != topic {
					got = append(got, shadowtest.Message{Topic: m.Topic(), Payload: m.Payload()})
				}
			}
			return got
		}
	})
}

// short lists topics and the members that tell what a message is about.
func short(messages []mqtt.Message) string {
	var lines []string
	for _, m := range messages {
		d, _ := shadow.DecodeDocument(m.Payload())
		lines = append(lines, fmt.Sprintf("%s v%d", strings.TrimPrefix(m.Topic(), "$aws/things/"), d.Version))
	}
	return strings.Join(lines, "\n")
}

func TestAppAndDeviceSettleADelta(t *testing.T) {
	t.Parallel()
	s := start(t, localbroker.Config{})
	app, device := connect(t, s, "app"), connect(t, s, "device")
	app.subscribe(t, everyShadow, 1)
	device.subscribe(t, "$aws/things/lamp/shadow/update/delta", 1)

	app.publish(t, "$aws/things/lamp/shadow/update", 0, `{"state":{"desired":{"on":true}},"clientToken":"app-1"}`)
	delta := device.next(t)
	if !strings.Contains(string(delta.Payload()), `"state":{"on":true},`) || delta.Qos() != 1 || delta.Retained() {
		t.Fatalf("delta %s at QoS %d, retained %v", delta.Payload(), delta.Qos(), delta.Retained())
	}
	device.publish(t, "$aws/things/lamp/shadow/update", 2, `{"state":{"reported":{"on":true}}}`)
	device.publish(t, "$aws/things/lamp/shadow/get", 1, ``)

	got := short(app.barrier(t))
	want := `lamp/shadow/update v0
lamp/shadow/update/delta v1
lamp/shadow/update/documents v0
lamp/shadow/update/accepted v1
lamp/shadow/update v0
lamp/shadow/update/documents v0
lamp/shadow/update/accepted v2
lamp/shadow/get v0
lamp/shadow/get/accepted v2`
	// Requests arrive before the replies to earlier ones have to: compare the
	// replies in their order and the requests by number.
	if g, w := replies(got), replies(want); g != w {
		t.Errorf("got\n%s\nwant\n%s", g, w)
	}
	if n := len(device.messages); n != 0 {
		t.Errorf("device got %d more deltas", n)
	}
}

// replies keeps the lines of short that are replies.
func replies(lines string) string {
	var kept []string
	for line := range strings.SplitSeq(lines, "\n") {
		if strings.Count(line, "/") > 2 {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "\n")
}

func TestRequestsOfEveryKindOfPublish(t *testing.T) {
	t.Parallel()
	s := start(t, localbroker.Config{})
	c := connect(t, s, "c", func(o *mqtt.ClientOptions) {
		o.SetWill("$aws/things/x/shadow/update", `{"state":{"reported":{"will":1}}}`, 1, true)
	})
	c.subscribe(t, everyShadow, 1)
	for qos := range byte(3) {
		for _, retain := range []bool{false, true} {
			finish(t, c.Publish("$aws/things/x/shadow/update", qos, retain, `{"state":{"reported":{"n":1}}}`))
			if m := c.barrier(t); !strings.HasSuffix(m[len(m)-1].Topic(), "/update/accepted") {
				t.Errorf("QoS %d, retain %v: no answer but %s", qos, retain, short(m))
			}
		}
	}
	if n := s.Stats().Retained; n != 0 {
		t.Errorf("%d messages were retained", n)
	}

	watcher := connect(t, s, "watcher")
	watcher.subscribe(t, everyShadow, 1)
	connect(t, s, "c") // takes the session over, which publishes the Will
	if m := watcher.next(t); m.Topic() != "$aws/things/x/shadow/update" || m.Retained() {
		t.Errorf("Will was not delivered as it is: %s, retained %v", m.Topic(), m.Retained())
	}
	if m := watcher.barrier(t); len(m) != 0 {
		t.Errorf("Will was answered: %s", short(m))
	}
	if n := s.Stats().Retained; n != 0 {
		t.Error("Will was retained")
	}
}

func TestShadowsSurviveARestart(t *testing.T) {
	t.Parallel()
	store := new(memoryStore)
	s := start(t, localbroker.Config{Store: store})
	c := connect(t, s, "c")
	c.subscribe(t, everyShadow, 1)
	c.publish(t, "$aws/things/a/shadow/update", 1, `{"state":{"reported":{"n":1.50}}}`)
	c.publish(t, "$aws/things/a/shadow/name/n/update", 1, `{"state":{"desired":{"m":1}}}`)
	c.publish(t, "$aws/things/b/shadow/update", 1, `{"state":{}}`)
	c.publish(t, "$aws/things/b/shadow/delete", 1, ``)
	c.barrier(t)
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}

	c = connect(t, start(t, localbroker.Config{Store: store}), "c")
	c.subscribe(t, "$aws/things/+/shadow/+/accepted", 1)
	c.subscribe(t, "$aws/things/+/shadow/name/n/get/accepted", 1)
	c.publish(t, "$aws/things/a/shadow/get", 1, ``)
	if m := c.next(t); !strings.Contains(string(m.Payload()), `"state":{"reported":{"n":1.50}}`) {
		t.Errorf("got %s", m.Payload())
	}
	c.publish(t, "$aws/things/a/shadow/name/n/get", 1, ``)
	if m := c.next(t); !strings.Contains(string(m.Payload()), `"desired":{"m":1},"delta":{"m":1}`) {
		t.Errorf("got %s", m.Payload())
	}
	c.publish(t, "$aws/things/b/shadow/update", 1, `{"state":{}}`)
	if m := c.next(t); !strings.Contains(string(m.Payload()), `"version":3`) {
		t.Errorf("versions do not go on after the tombstone: %s", m.Payload())
	}
}

func TestStoreThatCannotBeRead(t *testing.T) {
	t.Parallel()
	boom := errors.New("disk on fire")
	_, err := localbroker.Start(t.Context(), localbroker.Config{Listen: "127.0.0.1:0", Store: &memoryStore{fault: boom}})
	if !errors.Is(err, boom) {
		t.Errorf("error %v", err)
	}
}

// TestStoreFailure holds the store back until a whole batch is queued, lets
// it fail, and looks at what clients were told and what is left.
func TestStoreFailure(t *testing.T) {
	t.Parallel()
	hold, held := make(chan struct{}), make(chan struct{}, 10)
	store := &memoryStore{before: func() { held <- struct{}{}; <-hold }}
	s := start(t, localbroker.Config{Store: store})
	c := connect(t, s, "c")
	c.subscribe(t, everyShadow, 1)
	send := func(op, payload string) { c.publish(t, "$aws/things/x/shadow/"+op, 1, payload) }

	send("update", `{"state":{"reported":{"n":1}}}`) // this one is stored
	<-held
	send("update", `{"state":{"reported":{"n":2}},"clientToken":"u"}`)
	send("get", `{"clientToken":"g"}`)
	send("update", `{"state":{"reported":{"n":3}},"version":1,"clientToken":"conflict"}`)
	send("delete", `{"clientToken":"d"}`)
	send("get", `{"clientToken":"g2"}`)
	send("update", `{"state":{"reported":1}}`)
	barrier := make(chan []mqtt.Message)
	go func() { barrier <- c.barrier(t) }()
	hold <- struct{}{}
	<-held // the second batch, with all the rest
	store.fail(errors.New("disk full"))
	close(hold)

	var got []string
	for _, m := range <-barrier {
		if op := strings.TrimPrefix(m.Topic(), "$aws/things/x/shadow/"); strings.Contains(op, "/") && !strings.Contains(op, "documents") {
			payload, _, _ := strings.Cut(string(m.Payload()), `,"metadata"`)
			got = append(got, op+" "+strings.NewReplacer(`"message":`, "", `"clientToken":`, "").Replace(payload))
		}
	}
	want := []string{
		`update/accepted {"state":{"reported":{"n":1}}`,
		`update/rejected {"code":500,"Internal service failure","u"}`,
		`get/accepted {"state":{"reported":{"n":1}}`,
		`update/rejected {"code":500,"Internal service failure","conflict"}`,
		`delete/rejected {"code":500,"Internal service failure","d"}`,
		`get/accepted {"state":{"reported":{"n":1}}`,
		`update/rejected {"code":400,"Reported node must be an object"}`,
	}
	if g, w := strings.Join(got, "\n"), strings.Join(want, "\n"); g != w {
		t.Errorf("got\n%s\nwant\n%s", g, w)
	}

	if s.Stats().StoreErr == nil {
		t.Error("the failing store is not told")
	}
	store.fail(nil)
	send("update", `{"state":{"reported":{"n":4}},"version":1}`)
	c.barrier(t)
	if err := s.Stats().StoreErr; err != nil {
		t.Errorf("after the store recovered: %v", err)
	}
	if r, _ := store.get(shadow.Key{Thing: "x"}); r.Version != 2 {
		t.Errorf("after the store recovered its version is %d, want 2", r.Version)
	}
}

func TestOfflineDeviceFindsItsDelta(t *testing.T) {
	t.Parallel()
	s := start(t, localbroker.Config{})
	lasting := func(o *mqtt.ClientOptions) { o.SetCleanSession(false) }
	device := connect(t, s, "device", lasting)
	device.subscribe(t, "$aws/things/pump/shadow/update/delta", 1)
	device.Disconnect(100)

	app := connect(t, s, "app")
	app.subscribe(t, everyShadow, 1)
	app.publish(t, "$aws/things/pump/shadow/update", 1, `{"state":{"desired":{"rpm":900}}}`)
	app.barrier(t)

	device = connect(t, s, "device", lasting)
	if m := device.next(t); !strings.Contains(string(m.Payload()), `"state":{"rpm":900}`) {
		t.Errorf("got %s", m.Payload())
	}
}

func TestCloseStoresWhatWasAccepted(t *testing.T) {
	t.Parallel()
	store := &memoryStore{before: func() { time.Sleep(2 * time.Millisecond) }}
	s := start(t, localbroker.Config{Store: store})
	c := connect(t, s, "c")
	const n = 1000
	tokens := make([]mqtt.Token, n)
	for i := range tokens {
		tokens[i] = c.Publish(topicOf(i), 1, false, `{"state":{"reported":{"a":1}}}`)
	}
	for _, token := range tokens {
		finish(t, token)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		if _, ok := store.get(shadow.Key{Thing: fmt.Sprintf("t-%d", i)}); !ok {
			t.Fatalf("shadow %d was lost", i)
		}
	}
	if store.saves > n/2 {
		t.Errorf("%d transactions for %d changes: batches do not work", store.saves, n)
	}
}

func TestStartContextBoundsOnlyTheStart(t *testing.T) {
	t.Parallel()
	store := new(memoryStore)
	ctx, cancel := context.WithCancel(t.Context())
	s, err := localbroker.Start(ctx, localbroker.Config{Listen: "127.0.0.1:0", Store: store})
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	connect(t, s, "c").publish(t, topicOf(1), 1, `{"state":{}}`)
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, ok := store.get(shadow.Key{Thing: "t-1"}); !ok || store.failed != nil {
		t.Errorf("shadow was not stored: %v", store.failed)
	}
}

func TestCloseGivesUpOnAStoreThatHangs(t *testing.T) {
	t.Parallel()
	hang := make(chan struct{})
	held := make(chan struct{}, 10)
	store := &memoryStore{before: func() { held <- struct{}{}; <-hang }}
	s, err := localbroker.Start(t.Context(), localbroker.Config{Listen: "127.0.0.1:0", Store: store})
	if err != nil {
		t.Fatal(err)
	}
	connect(t, s, "c").publish(t, topicOf(1), 1, `{"state":{}}`)
	<-held
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	err = s.Close(ctx)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Close = %v", err)
	}
	if again := s.Close(t.Context()); !errors.Is(again, err) {
		t.Errorf("second Close = %v", again)
	}
	close(hang)
}

func TestMosquittoPub(t *testing.T) {
	t.Parallel()
	path, err := exec.LookPath("mosquitto_pub")
	if err != nil {
		t.Skip(err)
	}
	s := start(t, localbroker.Config{})
	c := connect(t, s, "c")
	c.subscribe(t, "$aws/things/x/shadow/update/accepted", 0)
	host, port, _ := strings.Cut(s.Addr(), ":")
	out, err := exec.CommandContext(t.Context(), path, "-h", host, "-p", port,
		"-t", "$aws/things/x/shadow/update", "-m", `{"state":{"reported":{"a":1}}}`).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if m := c.next(t); !strings.Contains(string(m.Payload()), `"version":1`) {
		t.Errorf("got %s", m.Payload())
	}
}
