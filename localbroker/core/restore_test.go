package core

import (
	"context"
	"fmt"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/thingdesk/thingdesk/localbroker/durable"
	"github.com/thingdesk/thingdesk/localbroker/packet"
)

// TestSessionNotKept: a session that had messages in the store comes back to
// end with its connection; its number then belongs to another one.
func TestSessionNotKept(t *testing.T) {
	t.Parallel()
	store := &memStore{}
	h := start(t, Config{Store: store}, Door{Durable: true})
	h.absent(t, "brief", "t", 1)
	pub := h.connect(t, "pub")
	for i := range 3 {
		pub.publish(t, publishOf("t", strconv.Itoa(i), 1, uint16(i+1)))
	}
	brief := h.connect(t, "brief", func(c *packet.Connect) { c.Clean = false })
	if !brief.ack.SessionPresent {
		t.Error("the session is gone")
	}
	h.absent(t, "other", "t", 1)
	for i := range 3 {
		pub.publish(t, publishOf("t", fmt.Sprint("new", i), 1, uint16(i+1)))
	}
	for i := range 3 {
		brief.want(t, strconv.Itoa(i))
	}
	brief.ping1(t)
	pub.publish(t, publishOf("none", "", 1, 9))
	eventually(t, "all is stored", func() bool { return h.Stats().Waiting == 0 })
	if d := cmp.Diff([]string{"new0", "new1", "new2"}, store.deliveries("other")); d != "" {
		t.Errorf("stored (-want +got):\n%s", d)
	}
	store.verify(t)
}

// ping1 is ping for a client that may have got more.
func (c *peer) ping1(t *testing.T) {
	t.Helper()
	c.send(t, packet.Pingreq)
	c.recv(t, packet.PINGRESP)
}

// TestHandedOverBeforeClose: what Publish took is stored when Close returns,
// also when clients were hung up before.
func TestHandedOverBeforeClose(t *testing.T) {
	t.Parallel()
	store := &memStore{}
	store.hook(func() error { time.Sleep(30 * time.Millisecond); return nil })
	h, err := launch(t.Context(), Config{Store: store}, Door{Durable: true})
	if err != nil {
		t.Fatal(err)
	}
	c := h.connect(t, "s", keep)
	c.subscribe(t, 1, "#")
	h.HangUp(t.Context())
	c.gone(t, packet.ServerShuttingDown)
	for i := range 3 {
		if err := h.Publish(durable.Message{Topic: "t", Payload: fmt.Append(nil, i), QoS: 1, Retain: true}); err != nil {
			t.Fatal(err)
		}
	}
	if err := h.close(); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"0", "1", "2"}, store.deliveries("s")); d != "" {
		t.Errorf("stored (-want +got):\n%s", d)
	}
	if n := len(store.state().Retained); n != 1 {
		t.Errorf("%d retained", n)
	}
	store.verify(t)
}

// stateStore gives a state that a test made up.
type stateStore struct {
	durable.State
	commits atomic.Int64
}

// Load returns the state.
func (s *stateStore) Load(context.Context) (*durable.State, error) { return &s.State, nil }

// Commit forgets the changes.
func (s *stateStore) Commit(context.Context, []durable.Change) error {
	s.commits.Add(1)
	return nil
}

// TestRestoreNumbers: packet identifiers go on after a restart, with holes and
// past the last one.
func TestRestoreNumbers(t *testing.T) {
	t.Parallel()
	shared := &durable.Message{ID: 9, Topic: "t", Payload: []byte("shared"), QoS: 2}
	delivery := func(seq uint64, m *durable.Message) durable.Delivery {
		return durable.Delivery{Seq: seq, QoS: 2, Message: m, Released: m == nil}
	}
	const base = maxPacketIDs - 3 // packet identifier 65533
	session := durable.Session{Number: 3, Client: "s", Version: 5, Expiry: never}
	store := &stateStore{State: durable.State{Sessions: []durable.SessionState{{
		Session:       session,
		Subscriptions: []durable.Subscription{{Filter: "t", Options: 2}},
		Deliveries:    []durable.Delivery{delivery(base, shared), delivery(base+2, nil), delivery(base+3, shared)},
		Sent:          base + 5,
		Received:      []uint16{77},
	}}}}
	h := start(t, Config{Store: store}, Door{})
	c := h.connect(t, "s", keep)
	first := c.message(t)
	if first.ID != 65533 || !first.Dup {
		t.Errorf("first: %+v", first)
	}
	c.acked(t, packet.PUBREL, 65535)
	if p := c.message(t); p.ID != 1 || !p.Dup || string(p.Payload) != "shared" {
		t.Errorf("third: %+v", p)
	}
	c.publish(t, publishOf("t", "again", 2, 77)) // was received before: not published
	c.publish(t, publishOf("t", "new", 2, 78))
	if p := c.message(t); p.ID != 4 || p.Dup || string(p.Payload) != "new" {
		t.Errorf("new: ID %d, dup %v, %q", p.ID, p.Dup, p.Payload)
	}
	other := h.connect(t, "other", keep)
	h.lock()
	defer h.unlock()
	if n := h.sessions["other"].number; n != 1 && n != 2 {
		t.Errorf("the next session gets number %d", n)
	}
	h.checkCounts(t)
	_ = other
}

// TestWillAfterRestart: the Will of a client that was connected when the
// program ended is published by the next one; sessions end in time.
func TestWillAfterRestart(t *testing.T) {
	t.Parallel()
	store := &memStore{}
	h, err := launch(t.Context(), Config{Store: store}, Door{Durable: true})
	if err != nil {
		t.Fatal(err)
	}
	h.absent(t, "s", "#", 2)
	for i, o := range []option{clean, keep, v4} {
		h.connect(t, fmt.Sprint("c", i), o, withWill(packet.Will{Topic: "w", Payload: fmt.Append(nil, i), QoS: 2}))
	}
	h.absent(t, "late", "none", 1)
	brief := h.connect(t, "brief", prop(packet.SessionExpiry, 1))
	brief.cut()
	eventually(t, "all is stored", func() bool { st := h.Stats(); return st.Waiting == 0 && st.Clients == 3 })
	store.freeze()
	_ = h.close()
	store.thaw()
	time.Sleep(1100 * time.Millisecond)
	d := &diary{}
	next := start(t, Config{Store: store, Observer: d}, Door{Durable: true})
	if n := d.count(" w "); n != 3 {
		t.Errorf("%d Wills are published:\n%s", n, d.text())
	}
	if _, err := next.Session("brief"); err == nil {
		t.Error("a session that expired is there")
	}
	eventually(t, "it is stored", func() bool { return len(store.deliveries("s")) == 3 })
	ids := []string{}
	for _, s := range next.Sessions() {
		ids = append(ids, s.ID)
	}
	if d := cmp.Diff([]string{"c1", "late", "s"}, ids); d != "" {
		t.Errorf("sessions (-want +got):\n%s", d)
	}
	c := next.connect(t, "s", keep)
	for range 3 {
		p := c.message(t)
		c.reply(t, packet.PUBREC, p.ID)
	}
	store.verify(t)
}

// TestReleaseNotStored: PUBREL does not leave before the release is stored, not
// even on a new connection.
func TestReleaseNotStored(t *testing.T) {
	t.Parallel()
	store := &memStore{}
	h := start(t, Config{Store: store}, Door{Durable: true})
	c := h.connect(t, "c", keep)
	c.subscribe(t, 2, "t")
	h.connect(t, "pub").publish(t, publishOf("t", "x", 1, 1))
	sub := h.connect(t, "sub", keep)
	sub.subscribe(t, 2, "t")
	h.connect(t, "pub").publish(t, publishOf("t", "y", 2, 1))
	p := sub.message(t)
	release := store.block()
	defer release()
	sub.reply(t, packet.PUBREC, p.ID)
	sub.silent(t, 20*time.Millisecond)
	sub.cut()
	sub = h.connect(t, "sub", keep)
	sub.silent(t, 50*time.Millisecond)
	release()
	sub.acked(t, packet.PUBREL, p.ID)
	sub.reply(t, packet.PUBCOMP, p.ID)
	sub.ping(t)
}
