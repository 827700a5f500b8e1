package localbroker_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"github.com/thingdesk/thingdesk/localbroker"
	"github.com/thingdesk/thingdesk/localbroker/faults"
	"github.com/thingdesk/thingdesk/things/shadow"
)

// told collects what the broker tells of one kind.
type told struct {
	mu    sync.Mutex
	kinds map[localbroker.EventKind][]string
}

func (l *told) add(e localbroker.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.kinds == nil {
		l.kinds = make(map[localbroker.EventKind][]string)
	}
	l.kinds[e.Kind] = append(l.kinds[e.Kind], e.Client+": "+e.Reason)
}

// want waits until something of the kind contains all parts.
func (l *told) want(t *testing.T, kind localbroker.EventKind, parts ...string) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		l.mu.Lock()
		for _, text := range l.kinds[kind] {
			all := true
			for _, part := range parts {
				all = all && strings.Contains(text, part)
			}
			if all {
				l.mu.Unlock()
				return
			}
		}
		l.mu.Unlock()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	t.Fatalf("nothing of kind %d contains %q; told: %q", kind, parts, l.kinds[kind])
}

// A broker in AWS mode does what AWS IoT Core does and says so; in plain mode
// it warns.
func TestAWSMode(t *testing.T) {
	t.Parallel()
	var l told
	s := start(t, localbroker.Config{OnEvent: l.add})
	plain := connect(t, s, "plain")
	plain.publish(t, "t", 2, "x")
	l.want(t, localbroker.EventViolation, "plain: ", "QoS 2", "would fail on AWS")

	s.SetAWSMode(true)
	w := dial(t, s)
	w.send(hello(4, "strict"))
	w.expect(2)
	w.send(packet(0x34, str("t"), "\x00\x01", "x")) // QoS 2
	if _, _, err := w.read(); err == nil {
		t.Error("a publish at QoS 2 was answered")
	}
	l.want(t, localbroker.EventViolation, "strict", "was disconnected", "QoS 2")

	w = dial(t, s)
	w.send(hello(4, "big"))
	w.expect(2)
	w.send(packet(0x32, str("t"), "\x00\x01", strings.Repeat("x", 131_072)))
	w.expect(4)
	w.send(packet(0x32, str("t"), "\x00\x02", strings.Repeat("x", 131_073)))
	if _, _, err := w.read(); err == nil {
		t.Error("a payload of 131,073 bytes was accepted")
	}
	l.want(t, localbroker.EventViolation, "big", "was disconnected")

	sub := connect(t, s, "sub")
	sub.subscribe(t, "sensor/#", 1)
	pub := connect(t, s, "pub")
	pub.publish(t, "sensor", 1, "parent")
	pub.publish(t, "sensor/a", 1, "child")
	sub.want(t, "sensor/a", "child") // and not the parent
	s.SetAWSMode(false)
	pub.publish(t, "sensor", 1, "parent")
	sub.want(t, "sensor", "parent")
}

// The program itself is bound by neither AWS mode nor bans nor trouble.
func TestTheProgramItselfIsExempt(t *testing.T) {
	t.Parallel()
	s := start(t, localbroker.Config{AWSMode: true})
	if _, err := s.Faults().Add(faults.Rule{Kind: faults.Drop, Share: 1}); err != nil {
		t.Fatal(err)
	}
	in := s.Inside()
	c := connectTo(t, in.Addr, "own", func(o *mqtt.ClientOptions) { o.SetUsername(in.User).SetPassword(in.Password) })
	c.subscribe(t, "#", 2)
	c.publish(t, "t", 2, "x")
	c.want(t, "t", "x")
}

func TestBan(t *testing.T) {
	t.Parallel()
	var l told
	s := start(t, localbroker.Config{OnEvent: l.add})
	connect(t, s, "bad")
	s.Ban("bad", 0)
	l.want(t, localbroker.EventDisconnected, "bad: ", "banned")
	w := dial(t, s)
	w.send(hello(4, "bad"))
	if body := w.expect(2); body[1] != 5 {
		t.Errorf("return code %d, want 5", body[1])
	}
	l.want(t, localbroker.EventRefused, "bad: ", "banned")
	if _, is := s.Bans()["bad"]; !is {
		t.Error("the ban is not listed")
	}
	s.Unban("bad")
	connect(t, s, "bad")
}

func TestTroubleOnPurpose(t *testing.T) {
	t.Parallel()
	var l told
	s := start(t, localbroker.Config{OnEvent: l.add})
	key := shadow.Key{Thing: "t"}
	sub := connect(t, s, "sub")
	sub.subscribe(t, "a/#", 1)
	sub.subscribe(t, key.Topic("update/rejected"), 1)
	pub := connect(t, s, "pub")
	for _, r := range []faults.Rule{
		{Kind: faults.Drop, Filter: "a/dropped", Share: 1},
		{Kind: faults.Duplicate, Filter: "a/twice", Share: 1},
		{Kind: faults.ShadowError, Share: 1, Code: 503},
	} {
		if _, err := s.Faults().Add(r); err != nil {
			t.Fatal(err)
		}
	}
	pub.publish(t, "a/dropped", 1, "1")
	pub.publish(t, "a/twice", 1, "2")
	sub.want(t, "a/twice", "2")
	sub.want(t, "a/twice", "2")
	pub.publish(t, key.Topic("update"), 1, `{"state":{"reported":{"x":1}},"clientToken":"k"}`)
	if m := sub.next(t); !strings.Contains(string(m.Payload()), `"code":503`) || !strings.Contains(string(m.Payload()), `"clientToken":"k"`) {
		t.Errorf("the update was answered with %s", m.Payload())
	}
	l.want(t, localbroker.EventFault, "pub: ", "dropped")
	s.Faults().Clear()
	pub.publish(t, "a/dropped", 1, "3")
	sub.want(t, "a/dropped", "3")
}
