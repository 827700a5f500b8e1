package topics

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/engine"
	"github.com/thingdesk/thingdesk/things/topic"
)

func levels(c *Children) string {
	var out []string
	for _, r := range c.Rows() {
		out = append(out, fmt.Sprintf("%s:%d", r.Level, r.Messages))
	}
	return strings.Join(out, " ")
}

func TestChildrenSortAndHold(t *testing.T) {
	t.Parallel()
	b, l, d := setup(t)
	for i, name := range []string{"f/b", "f/a", "f/a", "f/a/x", "f/c"} {
		b.see(name, strings.Repeat("x", i), int64(i+1)*second, false)
	}
	d.Show(b.target("f"), 6*second)
	l.run()
	c := d.Children
	if got, want := levels(c), "a:3 b:1 c:1"; got != want {
		t.Errorf("by name: %s", got)
	}
	c.SortBy(ByMessages)
	if got, want := levels(c), "a:3 b:1 c:1"; got != want {
		t.Errorf("most messages first: %s", got)
	}
	c.SortBy(ByMessages)
	if got, want := levels(c), "b:1 c:1 a:3"; got != want {
		t.Errorf("fewest first: %s", got)
	}
	for by, want := range map[ChildColumn]string{ByBytes: "a:3 c:1 b:1", ByLast: "c:1 a:3 b:1", ByTopics: "a:3 b:1 c:1"} {
		c.SortBy(by)
		if got := levels(c); got != want {
			t.Errorf("by column %d: %s, want %s", by, got, want)
		}
	}
	c.SortBy(ByName)
	c.Hold(true)
	b.see("f/0", "", 7*second, false)
	b.see("f/b", "", 7*second, false)
	d.Apply(8 * second)
	l.run()
	if got, want := levels(c), "a:3 b:2 c:1 0:1"; got != want {
		t.Errorf("held: %s, want %s", got, want)
	}
	c.Hold(false)
	d.Apply(8*second + 1000)
	l.run()
	if got, want := levels(c), "0:1 a:3 b:2 c:1"; got != want {
		t.Errorf("let go: %s, want %s", got, want)
	}
	jobs := 0
	for i := range 100 { // long after the last message everything is at rest
		d.Apply(int64(1000+i) * second)
		jobs += len(l.jobs)
		l.run()
	}
	if jobs > 1 {
		t.Errorf("read %d times although nothing happened", jobs)
	}
}

func TestManyChildren(t *testing.T) {
	t.Parallel()
	b, l, d := setup(t)
	const n = 100_000
	for i := range n {
		b.see(fmt.Sprintf("f/%06d", i), "x", second, false)
	}
	d.Show(b.target("f"), second)
	began := time.Now()
	d.Apply(second)
	onScreen := time.Since(began)
	l.run()
	if len(d.Children.Rows()) != n {
		t.Errorf("%d rows", len(d.Children.Rows()))
	}
	began = time.Now()
	d.Children.SortBy(ByRate)
	d.Apply(2 * second)
	if onScreen += time.Since(began); onScreen > 50*time.Millisecond {
		t.Errorf("held up the screen for %v", onScreen)
	}
	l.run()
	if by, desc := d.Children.Sorted(); by != ByRate || !desc {
		t.Errorf("sorted by %d, %v", by, desc)
	}
}

func plan(t *testing.T, target Target, subtree bool) Plan {
	t.Helper()
	l := &later{t: t}
	var got Plan
	NewClearing(l.async).Plan(target, subtree, second, func(p Plan) { got = p })
	l.run()
	return got
}

func TestPlan(t *testing.T) {
	t.Parallel()
	b := newBench()
	b.see("f", "root", second, true)
	b.see("f/b", "2", second, true)
	b.see("f/a", "1", second, true)
	b.see("f/a/deep", "live", second, false)
	b.see("f/updated", "old", second, true)
	b.see("f/updated", "new", second, false)
	b.see("f/cleared", "old", second, true)
	b.see("f/cleared", "", second, false)
	b.see("g", "elsewhere", second, true)
	p := plan(t, b.target("f"), true)
	var names []string
	for _, m := range p.Messages {
		names = append(names, m.Name+"="+string(m.Payload))
	}
	if diff := cmp.Diff([]string{"f=root", "f/a=1", "f/b=2", "f/updated=new"}, names); diff != "" {
		t.Error(diff)
	}
	if want := "Clear 4 retained messages (9 B) by publishing an empty retained message to each. Undo publishes them again."; p.Words() != want {
		t.Errorf("words %q", p.Words())
	}
	if p = plan(t, Target{Session: b, Root: true}, true); len(p.Messages) != 5 {
		t.Errorf("everywhere: %+v", p.Messages)
	}
	p = plan(t, b.target("f/a/deep"), false)
	if len(p.Messages) != 1 || p.Messages[0].Seen || !strings.Contains(p.Words(), "None was seen so far") {
		t.Errorf("one that was not seen retained: %+v %q", p, p.Words())
	}
	p = plan(t, b.target("unknown"), false)
	if len(p.Messages) != 1 || p.Messages[0].Name != "unknown" {
		t.Errorf("one never seen: %+v", p)
	}
	if p = plan(t, b.target("f/a/deep"), true); len(p.Messages) != 0 || p.Words() != "No retained message was seen here." {
		t.Errorf("nothing to clear: %+v", p)
	}
}

func TestUndoBudget(t *testing.T) {
	t.Parallel()
	p := Plan{Subtree: true}
	for i := range 3 {
		p.Messages = append(p.Messages, Retained{Name: strconv.Itoa(i), Seen: true, Payload: make([]byte, undoBytes/2)})
	}
	p.weigh()
	if p.Lost != 1 || !strings.Contains(p.Words(), "can not bring back 1") {
		t.Errorf("lost %d: %s", p.Lost, p.Words())
	}
}

func retainedBench(n int) *bench {
	b := newBench()
	for i := range n {
		b.see(fmt.Sprintf("f/%03d", i), strconv.Itoa(i), second, true)
	}
	return b
}

func TestClearAndUndo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := retainedBench(100)
		p := plan(t, b.target("f"), true)
		a := &beside{t: t}
		c := NewClearing(a.async)
		if !c.Start(p) || c.Start(p) {
			t.Fatal("not started, or started twice")
		}
		synctest.Wait()
		if got := c.Progress(); got.Done != clearBatch || got.Words() != "Clearing retained messages: 32 of 100" {
			t.Errorf("after the first batch: %+v", got)
		}
		a.over()
		if got := c.Progress().Words(); got != "Cleared 100 retained messages" || c.Undoable() != 100 {
			t.Errorf("%q, undoable %d", got, c.Undoable())
		}
		for _, m := range b.sent {
			if !m.Retained || len(m.Payload) > 0 || m.QoS != 1 {
				t.Fatalf("cleared with %+v", m)
			}
		}
		b.sent = nil
		c.Undo()
		a.over()
		if got := c.Progress().Words(); got != "Restored 100 retained messages" || c.Undoable() != 0 {
			t.Errorf("%q, undoable %d", got, c.Undoable())
		}
		back := make(map[string]string)
		for _, m := range b.sent {
			back[m.Topic] = string(m.Payload)
		}
		if len(back) != 100 || back["f/042"] != "42" {
			t.Errorf("%d came back, f/042 = %q", len(back), back["f/042"])
		}
	})
}

func TestClearingStops(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := retainedBench(100)
		p := plan(t, b.target("f"), true)
		a := &beside{t: t}
		c := NewClearing(a.async)
		c.Start(p)
		synctest.Wait()
		c.Cancel()
		c.Cancel()
		a.over()
		if got := c.Progress().Words(); got != "Cleared 32 of 100, then stopped" || c.Undoable() != 32 {
			t.Errorf("%q, undoable %d", got, c.Undoable())
		}
	})
	synctest.Test(t, func(t *testing.T) {
		b := retainedBench(100)
		p := plan(t, b.target("f"), true)
		sent := 0
		b.publish = func(broker.Message) error {
			if sent++; sent > 40 {
				return fmt.Errorf("publish: %w", broker.ErrNotConnected)
			}
			return nil
		}
		a := &beside{t: t}
		c := NewClearing(a.async)
		c.Start(p)
		a.over()
		got := c.Progress()
		if got.Words() != "Cleared 40 of 100; then: publish: not connected" || c.Undoable() != 40 || got.Running {
			t.Errorf("%q, undoable %d", got.Words(), c.Undoable())
		}
		c.Forget()
		if c.Undoable() != 0 || c.Progress().Words() != "" {
			t.Error("not forgotten")
		}
	})
}

func TestClearingWhatWasNotRetainedIsNotUndone(t *testing.T) {
	t.Parallel()
	b := newBench()
	b.see("t", "live", second, false)
	l := &later{t: t}
	c := NewClearing(l.async)
	c.Plan(b.target("t"), false, second, func(p Plan) { c.Start(p) })
	l.run()
	if len(b.sent) != 1 || c.Undoable() != 0 {
		t.Errorf("sent %d, undoable %d", len(b.sent), c.Undoable())
	}
}

// subscriber keeps a table as a session does.
type subscriber struct {
	infos []engine.SubscriptionInfo
	grant broker.Grant
	err   error
	asked []broker.Subscription
}

func (s *subscriber) Subscriptions() []engine.SubscriptionInfo { return s.infos }

func (s *subscriber) Subscribe(_ context.Context, sub broker.Subscription) (broker.Grant, error) {
	s.asked = append(s.asked, sub)
	return s.grant, s.err
}

func (s *subscriber) Unsubscribe(_ context.Context, filter string) error {
	s.asked = append(s.asked, broker.Subscription{Filter: "-" + filter})
	return s.err
}

func TestSubscriptionAnswers(t *testing.T) {
	t.Parallel()
	sub := broker.Subscription{Filter: "a", QoS: 1}
	s := &subscriber{infos: []engine.SubscriptionInfo{
		{Subscription: sub},
		{Subscription: sub, Answered: true, Grant: broker.Grant{Filter: "a", QoS: 1}, Messages: 7},
		{Subscription: sub, Answered: true, Grant: broker.Grant{Filter: "a", QoS: 0}},
		{Subscription: sub, Answered: true, Grant: broker.Grant{Filter: "a", Refused: true, Why: "not authorised"}},
		{Subscription: sub, Answered: true, Grant: broker.Grant{Filter: "a", Refused: true}},
		{Subscription: broker.Subscription{Filter: "a", Paused: true}},
	}}
	m := NewSubscriptions(func(w func(context.Context), done func()) { w(t.Context()); done() })
	m.Show(s)
	var got []string
	for _, r := range m.Rows() {
		got = append(got, fmt.Sprint(r.Answer, " ", r.Mood))
	}
	want := []string{
		"waiting for the broker 2", "granted QoS 1 1", "granted only QoS 0 2", "refused: not authorised 3",
		"refused; the broker gave no reason 3", "paused 0",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	before := m.Revision()
	if m.Apply(); m.Revision() != before {
		t.Error("revision grew although nothing changed")
	}
	s.infos[1].Messages++
	if m.Apply(); m.Revision() == before {
		t.Error("a new message was not noticed")
	}
}

func TestSubscriptionCommands(t *testing.T) {
	t.Parallel()
	s := &subscriber{infos: []engine.SubscriptionInfo{{Subscription: broker.Subscription{Filter: "a/#", QoS: 1}}}}
	m := NewSubscriptions(func(w func(context.Context), done func()) { w(t.Context()); done() })
	m.Show(s)
	for filter, want := range map[string]string{
		"a/#/b": "The filter has # before its end",
		"a#":    "The filter has a wildcard inside the level",
		"a/#":   "Already in the list with QoS 1.",
	} {
		if words, fault := m.Check(filter); !fault || !strings.HasPrefix(words, want) || m.Add(filter, 0) {
			t.Errorf("%q: %q, fault %v", filter, words, fault)
		}
	}
	if words, fault := m.Check(" b"); fault || !strings.Contains(words, "space") {
		t.Errorf("space: %q %v", words, fault)
	}
	s.grant = broker.Grant{Filter: "b", QoS: 2}
	m.Add("b", 2)
	if words, failed := m.Result(); words != "b: granted QoS 2." || failed {
		t.Errorf("granted: %q %v", words, failed)
	}
	s.grant = broker.Grant{Filter: "c", Refused: true, Why: "not authorised"}
	m.Add("c", 0)
	if words, failed := m.Result(); words != "c: refused: not authorised." || !failed {
		t.Errorf("refused: %q %v", words, failed)
	}
	s.grant = broker.Grant{}
	m.SetQoS("a/#", 2)
	if words, _ := m.Result(); words != "a/# will be asked for when the connection is up." {
		t.Errorf("down: %q", words)
	}
	m.SetQoS("a/#", 1) // as it is
	m.SetPaused("a/#", true)
	s.err = errors.New("boom")
	m.Remove("a/#")
	if words, failed := m.Result(); words != "boom" || !failed {
		t.Errorf("failed: %q %v", words, failed)
	}
	want := []broker.Subscription{
		{Filter: "b", QoS: 2}, {Filter: "c"}, {Filter: "a/#", QoS: 2}, {Filter: "a/#", QoS: 1, Paused: true}, {Filter: "-a/#"},
	}
	if diff := cmp.Diff(want, s.asked); diff != "" {
		t.Error(diff)
	}
}

func BenchmarkApplyAtRest(b *testing.B) {
	s := newBench()
	for i := range 1000 {
		s.ix.Add(fmt.Sprint("f/", i), topic.Sample{Time: 1, Payload: []byte("x")})
	}
	d := NewDetail(func(w func(context.Context), done func()) { w(b.Context()); done() }, nil)
	d.Show(s.target("f/7"), 1)
	for b.Loop() {
		d.Apply(100 * second)
	}
}
