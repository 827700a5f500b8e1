package brokertest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/thingdesk/thingdesk/broker"
)

func (s *suite) invalidFilter(t *testing.T) {
	addr, _, _ := s.start(t)
	c, h := s.connect(t, profile(addr))
	gs, err := c.Subscribe(
		within(t),
		broker.Subscription{Filter: "a/#/b"},
		broker.Subscription{Filter: ""},
		broker.Subscription{Filter: "ok", QoS: 1},
		broker.Subscription{Filter: "x", QoS: 3},
	)
	if err != nil {
		t.Fatal(err)
	}
	refused := map[string]bool{}
	for _, g := range gs {
		refused[g.Filter] = g.Refused
		if g.Refused == (g.Why == "") {
			t.Errorf("grant without a proper why: %+v", g)
		}
	}
	want := map[string]bool{"a/#/b": true, "": true, "ok": false, "x": true}
	if diff := cmp.Diff(want, refused); diff != "" {
		t.Errorf("refused (-want +got):\n%s", diff)
	}
	publish(t, c, broker.Message{Topic: "ok", QoS: 1})
	h.WaitMessages(1)
	if err := c.Unsubscribe(within(t), "a+"); err == nil {
		t.Error("unsubscribed from an invalid filter")
	}
	if n := len(h.Statuses()); n != 2 {
		t.Errorf("the connection did not stay up: %+v", h.Statuses())
	}
}

func (s *suite) subscribeWhileUp(t *testing.T) {
	addr, _, _ := s.start(t)
	c, h := s.connect(t, profile(addr))
	subscribe := func(sub broker.Subscription, want ...broker.Grant) {
		t.Helper()
		gs, err := c.Subscribe(within(t), sub)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, gs); diff != "" {
			t.Errorf("grants for %+v (-want +got):\n%s", sub, diff)
		}
	}
	// arrives publishes to a and tells whether that comes back.
	arrives := func() bool {
		t.Helper()
		n := len(h.Messages())
		publish(t, c, broker.Message{Topic: "a", QoS: 1})
		publish(t, c, broker.Message{Topic: "mark", QoS: 1})
		var got []broker.Message
		h.Wait("the mark", func() bool {
			got = h.Messages()[n:]
			return len(got) > 0 && got[len(got)-1].Topic == "mark"
		})
		return len(got) == 2
	}
	subscribe(broker.Subscription{Filter: "mark", QoS: 1}, broker.Grant{Filter: "mark", QoS: 1})
	subscribe(broker.Subscription{Filter: "a", QoS: 1}, broker.Grant{Filter: "a", QoS: 1})
	if !arrives() {
		t.Error("nothing came after Subscribe")
	}
	subscribe(broker.Subscription{Filter: "a", QoS: 0}, broker.Grant{Filter: "a", QoS: 0})
	if !arrives() || h.Messages()[len(h.Messages())-2].QoS != 0 {
		t.Error("the replaced subscription does not come at QoS 0")
	}
	subscribe(broker.Subscription{Filter: "a", QoS: 0, Paused: true})
	if arrives() {
		t.Error("a paused subscription goes on")
	}
	subscribe(broker.Subscription{Filter: "a", QoS: 2}, broker.Grant{Filter: "a", QoS: 2})
	if err := c.Unsubscribe(within(t), "a", "never/there"); err != nil {
		t.Fatal(err)
	}
	if arrives() {
		t.Error("messages come after Unsubscribe")
	}
}

func (s *suite) manyFilters(t *testing.T) {
	const n = 500
	addr, _, _ := s.start(t)
	p := profile(addr)
	var names []string
	for i := range n {
		name := fmt.Sprintf("many/%d/%s", i, strings.Repeat("x", 100))
		names = append(names, name)
		p.Subscriptions = append(p.Subscriptions, broker.Subscription{Filter: name, QoS: 1, Paused: i%10 == 0})
	}
	c, h := s.open(t, p)
	h.Wait("all grants", func() bool { return len(h.Grants()) >= n*9/10 })
	for i, g := range h.Grants() {
		if want := (broker.Grant{Filter: names[i/9*10+i%9+1], QoS: 1}); g != want {
			t.Fatalf("grant %d: %+v, want %+v", i, g, want)
		}
	}
	for _, name := range names {
		publish(t, c, broker.Message{Topic: name, QoS: 1})
	}
	for i, m := range h.WaitMessages(n * 9 / 10) {
		if want := names[i/9*10+i%9+1]; m.Topic != want {
			t.Fatalf("message %d is of %.20s, want %.20s", i, m.Topic, want)
		}
	}
}

func (s *suite) restart(t *testing.T) {
	addr, stop, restart := s.start(t)
	p := profile(addr, "keep", "dropped", "changed")
	c, h := s.connect(t, p)
	stop()
	lost, n := h.WaitState(broker.Waiting, 0)
	if lost.Reason.Kind != broker.ReasonLost {
		t.Errorf("reason of the loss: %+v", lost.Reason)
	}
	// The table can be changed while the connection is down.
	if gs, err := c.Subscribe(within(t), broker.Subscription{Filter: "new", QoS: 1}, broker.Subscription{Filter: "changed"}); err != nil || len(gs) != 0 {
		t.Errorf("subscribe while down: %v, %v", gs, err)
	}
	if err := c.Unsubscribe(within(t), "dropped"); err != nil {
		t.Errorf("unsubscribe while down: %v", err)
	}
	before := len(h.Grants())
	restart()
	h.WaitState(broker.Connected, n)
	h.Wait("grants after the restart", func() bool { return len(h.Grants()) >= before+3 })
	want := []broker.Grant{{Filter: "keep", QoS: 2}, {Filter: "changed", QoS: 0}, {Filter: "new", QoS: 1}}
	if diff := cmp.Diff(want, h.Grants()[before:]); diff != "" {
		t.Errorf("grants after the restart (-want +got):\n%s", diff)
	}
	for _, name := range []string{"dropped", "keep", "changed", "new"} {
		publish(t, c, broker.Message{Topic: name, QoS: 1})
	}
	var got []string
	for _, m := range h.WaitMessages(3) {
		got = append(got, m.Topic)
	}
	slices.Sort(got)
	if diff := cmp.Diff([]string{"changed", "keep", "new"}, got); diff != "" {
		t.Errorf("topics after the restart (-want +got):\n%s", diff)
	}
}

func (s *suite) persistentSession(t *testing.T) {
	addr, _, _ := s.start(t)
	p := profile(addr, "s/#", "gone")
	p.ClientID, p.Persistent = "keeper", true
	other, _ := s.connect(t, profile(addr))

	first, h := s.connect(t, p)
	if st, _ := h.WaitState(broker.Connected, 0); st.SessionPresent {
		t.Error("a new session was said to be present")
	}
	closeNow(t, first, h)

	const n = 100
	for i := range n {
		publish(t, other, broker.Message{Topic: "s/queued", Payload: fmt.Append(nil, i), QoS: 1})
	}
	publish(t, other, broker.Message{Topic: "gone", QoS: 1})
	p.Subscriptions[1].Paused = true // the broker still knows it
	second, h2 := s.open(t, p)
	st, _ := h2.WaitState(broker.Connected, 0)
	if !st.SessionPresent {
		t.Error("the session was not said to be present")
	}
	seen := map[string]int{}
	for i, m := range h2.WaitMessages(n + 1) { // and the queued one of "gone"
		seen[m.Topic+string(m.Payload)]++
		if i < n && string(m.Payload) != strconv.Itoa(i) {
			t.Fatalf("queued message %d holds %s", i, m.Payload)
		}
	}
	if len(seen) != n+1 {
		t.Errorf("%d different messages were kept, want %d", len(seen), n+1)
	}
	h2.Wait("grants", func() bool { return len(h2.Grants()) >= 1 })
	publish(t, second, broker.Message{Topic: "gone", QoS: 1})
	publish(t, second, broker.Message{Topic: "s/end", QoS: 1})
	ms := h2.WaitMessages(n + 2)
	if last := ms[len(ms)-1]; len(ms) != n+2 || last.Topic != "s/end" {
		t.Errorf("a paused filter of a kept session goes on: %d messages, the last is %+v", len(ms), last)
	}
}
