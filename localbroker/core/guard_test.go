package core

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/thingdesk/thingdesk/localbroker/durable"
	"github.com/thingdesk/thingdesk/localbroker/packet"
)

// gate is a Guard for tests.
type gatekeeper struct {
	admit func(a Applicant) (Pass, packet.Reason)
}

// Admit calls admit.
func (g gatekeeper) Admit(_ context.Context, a Applicant) (Pass, packet.Reason) { return g.admit(a) }

// rules forbid topics and filters.
type rules struct{ noPublish, noSubscribe, noReceive string }

// Publish says no for one topic.
func (r rules) Publish(topic string) bool { return topic != r.noPublish }

// Subscribe says no for one filter.
func (r rules) Subscribe(filter string) bool { return filter != r.noSubscribe }

// Receive says no for one topic.
func (r rules) Receive(topic string) bool { return topic != r.noReceive }

func TestGuardOwners(t *testing.T) {
	t.Parallel()
	admit := func(a Applicant) (Pass, packet.Reason) {
		if a.User == "mallory" {
			return Pass{}, packet.BadUserNameOrPassword
		}
		return Pass{Owner: a.User}, packet.Success
	}
	h := start(t, Config{}, Door{Guard: gatekeeper{admit}})
	for code, v := range map[packet.Reason]option{4: v4, packet.BadUserNameOrPassword: clean} {
		m := h.knock(t, "m", v, user("mallory"))
		if m.ack.Code != byte(code) {
			t.Errorf("CONNACK has %d, want %d", m.ack.Code, code)
		}
		m.gone(t, 0)
	}
	alice := h.connect(t, "id", keep, user("alice"))
	alice.subscribe(t, 1, "x")
	if b := h.knock(t, "id", keep, user("bob")); b.ack.Code != byte(packet.ClientIdentifierNotValid) {
		t.Errorf("bob takes the session of alice: %d", b.ack.Code)
	}
	alice.ping(t)
	alice.cut()
	eventually(t, "alice goes", func() bool { return h.Stats().Clients == 0 })
	if b := h.knock(t, "id", user("")); b.ack.Code != byte(packet.ClientIdentifierNotValid) {
		t.Errorf("nobody takes the session of alice: %d", b.ack.Code)
	}
	if a := h.connect(t, "id", keep, user("alice")); !a.ack.SessionPresent {
		t.Error("alice lost her session")
	}
	anon := h.connect(t, "free", keep)
	anon.subscribe(t, 1, "x")
	if a := h.connect(t, "free", keep, user("alice")); a.ack.SessionPresent {
		t.Error("alice inherits the session of nobody")
	}
}

func TestPermit(t *testing.T) {
	t.Parallel()
	for _, hide := range []bool{false, true} {
		t.Run(strconv.FormatBool(hide), func(t *testing.T) {
			t.Parallel()
			testPermit(t, hide)
		})
	}
}

func testPermit(t *testing.T, hide bool) {
	t.Helper()
	var mu sync.Mutex
	now := rules{noPublish: "p", noSubscribe: "s", noReceive: "r"}
	admit := func(a Applicant) (Pass, packet.Reason) {
		mu.Lock()
		defer mu.Unlock()
		if a.User == "free" {
			return Pass{}, packet.Success
		}
		return Pass{Permit: now}, packet.Success
	}
	d := &diary{}
	h := start(t, Config{HideDenials: hide, Observer: d}, Door{Guard: gatekeeper{admit}})
	free := h.connect(t, "free", user("free"))
	free.subscribe(t, 2, "#")
	c := h.connect(t, "c", keep, withWill(packet.Will{Topic: "p", Payload: []byte("w")}))
	denial := packet.NotAuthorized
	if hide {
		denial = packet.UnspecifiedError
	}
	if d := cmp.Diff([]packet.Reason{1, denial, denial}, c.subscribe(t, 1, "#", "s", "$share/g/s")); d != "" {
		t.Errorf("SUBACK (-want +got):\n%s", d)
	}
	p := publishOf("p", "x", 1, 5)
	c.send(t, p.Append(nil, c.v))
	a := c.acked(t, packet.PUBACK, 5)
	text, _ := a.Properties.Bytes(packet.ReasonString)
	if a.Reason != denial || hide && len(text) > 0 {
		t.Errorf("PUBACK has %v %q", a.Reason, text)
	}
	if r := c.publish(t, publishOf("p", "x", 2, 6)); r != denial {
		t.Errorf("PUBREC has %v", r)
	}
	if r := c.publish(t, publishOf("$SYS/x", "x", 1, 7)); r != denial {
		t.Errorf("PUBACK for $SYS has %v", r)
	}
	free.publish(t, publishOf("r", "no", 1, 1))
	free.want(t, "no")
	free.publish(t, publishOf("q", "yes", 1, 2))
	free.want(t, "yes")
	c.want(t, "yes")
	c.cut() // the Will is on p
	eventually(t, "c goes", func() bool { return h.Stats().Clients == 1 })
	if n := d.count("dropped c p: " + string(DropDenied)); n != 3 {
		t.Errorf("%d messages of c are denied, want 3:\n%s", n, d.text())
	}
	for i, topic := range []string{"a", "b", "a", "z"} { // wait for c
		free.publish(t, publishOf(topic, topic, 1, uint16(1+i)))
		free.want(t, topic)
	}
	mu.Lock()
	now = rules{noReceive: "a"}
	mu.Unlock()
	c = h.connect(t, "c", keep)
	c.want(t, "b")
	c.want(t, "z")
	c.ping(t)
}

// TestShareNotAllowed: a member that may not receive a message does not get it
// in place of the others.
func TestShareNotAllowed(t *testing.T) {
	t.Parallel()
	h := start(t, Config{}, Door{Guard: gatekeeper{func(a Applicant) (Pass, packet.Reason) {
		return Pass{Permit: rules{noReceive: a.User}}, packet.Success
	}}})
	for i := range 3 {
		h.connect(t, fmt.Sprint("no", i), user("t")).subscribe(t, 1, "$share/g/t")
	}
	c := h.connect(t, "c")
	c.subscribe(t, 1, "$share/g/t")
	for i := range 8 {
		if err := h.Publish(durable.Message{Topic: "t", QoS: 1, Payload: fmt.Append(nil, i)}); err != nil {
			t.Fatal(err)
		}
		c.want(t, strconv.Itoa(i))
	}
}

// TestWillNotAllowed: a Will that the rules forbid is not published after a
// crash either, when the rules of its client are not known.
func TestWillNotAllowed(t *testing.T) {
	t.Parallel()
	store := &memStore{}
	door := Door{Durable: true, Guard: gatekeeper{func(Applicant) (Pass, packet.Reason) {
		return Pass{Permit: rules{noPublish: "p"}}, packet.Success
	}}}
	h, err := launch(t.Context(), Config{Store: store}, door)
	if err != nil {
		t.Fatal(err)
	}
	for id, topic := range map[string]string{"bad": "p", "good": "q"} {
		h.connect(t, id, keep, withWill(packet.Will{Topic: topic, Payload: []byte("w"), Retain: true}))
	}
	eventually(t, "all is stored", func() bool { return h.Stats().Waiting == 0 })
	store.freeze()
	_ = h.close()
	store.thaw()
	d := &diary{}
	start(t, Config{Store: store, Observer: d}, door)
	if d.count("published bad") != 0 || d.count("published good") != 1 {
		t.Errorf("published:\n%s", d.text())
	}
}

// TestRecheckWithHoles: of three messages the first is not acknowledged, and
// not allowed any more when the client comes back.
func TestRecheckWithHoles(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	now := rules{}
	h := start(t, Config{}, Door{Guard: gatekeeper{func(Applicant) (Pass, packet.Reason) {
		mu.Lock()
		defer mu.Unlock()
		return Pass{Permit: now}, packet.Success
	}}})
	c := h.connect(t, "c", keep)
	c.subscribe(t, 1, "#")
	for _, topic := range []string{"a", "b", "c"} {
		if err := h.Publish(durable.Message{Topic: topic, QoS: 1}); err != nil {
			t.Fatal(err)
		}
	}
	c.message(t)
	c.reply(t, packet.PUBACK, c.message(t).ID)
	c.reply(t, packet.PUBACK, c.message(t).ID)
	c.ping(t)
	c.cut()
	mu.Lock()
	now = rules{noReceive: "a"}
	mu.Unlock()
	c = h.connect(t, "c", keep)
	c.ping(t)
	if s, err := h.Session("c"); err != nil || s.Queued != 0 || s.QueuedBytes != 0 || s.Dropped != 1 {
		t.Errorf("session %+v, %v", s, err)
	}
}
