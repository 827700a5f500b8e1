package core

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/thingdesk/thingdesk/localbroker/durable"
	"github.com/thingdesk/thingdesk/things/topic"
)

// randomLevels returns up to five levels of few names, so that much matches.
func randomLevels(rnd *rand.Rand, names []string) string {
	levels := make([]string, 1+rnd.IntN(5))
	for i := range levels {
		levels[i] = names[rnd.IntN(len(names))]
	}
	return strings.Join(levels, "/")
}

func randomTopic(rnd *rand.Rand) string {
	for {
		name := randomLevels(rnd, []string{"a", "b", "", "$x", "$SYS", "c"})
		if topic.ValidateName(name) == nil {
			return name
		}
	}
}

func randomFilter(rnd *rand.Rand) string {
	for {
		filter := randomLevels(rnd, []string{"a", "b", "", "$x", "$SYS", "+", "+"})
		if rnd.IntN(3) == 0 {
			filter += "/#"
		}
		if rnd.IntN(30) == 0 {
			filter = "#"
		}
		if topic.ValidateFilter(filter) == nil {
			return filter
		}
	}
}

// TestTrieMatch compares the trie with topic.Match while subscriptions, shared
// and not, come and go.
func TestTrieMatch(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(1, 1))
	var tr trie
	var subs []*subscription
	for step := range 6000 {
		switch {
		case len(subs) > 0 && rnd.IntN(5) < 2:
			i := rnd.IntN(len(subs))
			tr.remove(subs[i])
			subs = slices.Delete(subs, i, i+1)
		case rnd.IntN(2) == 0 && len(subs) < 200:
			s := &subscription{filter: randomFilter(rnd), share: []string{"", "", "g", "h"}[rnd.IntN(4)]}
			tr.add(s)
			subs = append(subs, s)
		}
		name := randomTopic(rnd)
		want, got := make(map[*subscription]int), make(map[*subscription]int)
		for _, s := range subs {
			if topic.Match(s.filter, name) {
				want[s]++
			}
		}
		for _, n := range tr.match(nil, name) {
			for _, s := range n.subs {
				got[s]++
			}
			for share, g := range n.groups {
				for i, s := range g.members {
					got[s]++
					if s.at != i || s.share != share || s.group != g {
						t.Fatalf("step %d: member %d of %q is %+v", step, i, share, s)
					}
				}
			}
		}
		if !maps.Equal(want, got) {
			t.Fatalf("step %d: %q matches %v, want %v", step, name, filtersOf(got), filtersOf(want))
		}
		if n := countNodes(&tr.root); n != tr.nodes {
			t.Fatalf("step %d: %d nodes are counted, there are %d", step, tr.nodes, n)
		}
	}
	for _, s := range subs {
		tr.remove(s)
	}
	if tr.nodes != 0 || !tr.root.empty() {
		t.Errorf("%d nodes are left", tr.nodes)
	}
}

func filtersOf(subs map[*subscription]int) (filters []string) {
	for s, n := range subs {
		filters = append(filters, fmt.Sprint(s.share, ":", s.filter, "*", n))
	}
	slices.Sort(filters)
	return filters
}

// TestRetainedMatch compares retained with topic.Match while messages come and
// go.
func TestRetainedMatch(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(2, 2))
	var r retained
	model := make(map[string]*message)
	for step := range 6000 {
		name := randomTopic(rnd)
		if rnd.IntN(5) < 2 {
			_, had := model[name]
			delete(model, name)
			if got := r.remove(name); got != had {
				t.Fatalf("step %d: remove %q: %v", step, name, got)
			}
		} else {
			m := &message{Message: durable.Message{Topic: name, Payload: make([]byte, rnd.IntN(20))}}
			model[name] = m
			r.set(m)
		}
		var bytes int64
		filter := randomFilter(rnd)
		want, got := []string{}, []string{}
		for name, m := range model {
			bytes += m.size()
			if topic.Match(filter, name) {
				want = append(want, name)
			}
			if r.get(name) != m {
				t.Fatalf("step %d: get %q is not what was set", step, name)
			}
		}
		for _, m := range r.match(nil, filter) {
			got = append(got, m.Topic)
		}
		slices.Sort(want)
		slices.Sort(got)
		if d := cmp.Diff(want, got); d != "" {
			t.Fatalf("step %d: %q (-want +got):\n%s", step, filter, d)
		}
		if r.count != len(model) || r.bytes != bytes || r.nodes != countLeaves(&r.root) {
			t.Fatalf("step %d: %d messages, %d bytes, %d nodes are counted; there are %d, %d, %d",
				step, r.count, r.bytes, r.nodes, len(model), bytes, countLeaves(&r.root))
		}
	}
	for name := range model {
		r.remove(name)
	}
	if r.nodes != 0 || len(r.root.children) != 0 || r.bytes != 0 {
		t.Errorf("%d nodes and %d bytes are left", r.nodes, r.bytes)
	}
}

// TestRing compares a ring with a slice.
func TestRing(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(3, 3))
	var r ring[int]
	var model []int
	for step := range 20_000 {
		grow := step/1000%2 == 0
		if len(model) > 0 && (rnd.IntN(3) == 0) == grow {
			if got := r.pop(); got != model[0] {
				t.Fatalf("step %d: pop %d, want %d", step, got, model[0])
			}
			model = model[1:]
		} else if grow || rnd.IntN(2) == 0 {
			r.push(step)
			model = append(model, step)
		}
		if r.len() != len(model) {
			t.Fatalf("step %d: length %d, want %d", step, r.len(), len(model))
		}
		for range min(len(model), 3) {
			if i := rnd.IntN(len(model)); *r.at(i) != model[i] {
				t.Fatalf("step %d: item %d is %d, want %d", step, i, *r.at(i), model[i])
			}
		}
		if len(model) == 0 && len(r.items) > keepItems {
			t.Fatalf("step %d: the empty ring keeps %d items", step, len(r.items))
		}
	}
}

// TestOutbound compares the numbering with a map of packet identifiers, past
// the end of the identifiers several times.
func TestOutbound(t *testing.T) {
	t.Parallel()
	for _, start := range []uint64{1, maxPacketIDs - 20, 1 << 39} {
		t.Run(strconv.FormatUint(start, 10), func(t *testing.T) {
			t.Parallel()
			testOutbound(t, start)
		})
	}
}

func testOutbound(t *testing.T, start uint64) {
	t.Helper()
	rnd := rand.New(rand.NewPCG(start, 4))
	b := &Broker{}
	s := &session{}
	s.out.init()
	s.out.first, s.out.next, s.out.sent = start, start, start-1
	c := &conn{b: b, s: s, window: maxPacketIDs}
	o := &s.out
	open := make(map[uint16]uint64)  // sent on this connection, by packet identifier
	pending := make(map[uint64]bool) // not done
	last := map[uint64]uint16{}      // the identifier a number was sent with
	for step := range 250_000 {
		if rnd.IntN(2) == 0 && o.len() < maxPacketIDs+1000 {
			pending[o.end()] = true
			m := &message{}
			s.queued += m.size()
			b.queued += m.size()
			o.add(item{m: m, qos: 1})
		}
		for o.next < o.end() && o.item(o.next).state == done {
			o.next++
		}
		if o.next < o.end() && !c.windowFull() && rnd.IntN(3) > 0 {
			id := packetID(o.next)
			if other, used := open[id]; used || id == 0 {
				t.Fatalf("step %d: %d gets identifier %d, which %d has", step, o.next, id, other)
			}
			if before, again := last[o.next]; again && before != id {
				t.Fatalf("step %d: %d has identifiers %d and %d", step, o.next, before, id)
			}
			open[id], last[o.next] = o.next, id
			o.sent = max(o.sent, o.next)
			o.next++
			o.open++
		}
		if rnd.IntN(20_000) == 0 {
			o.rewind()
			clear(open)
		}
		id := uint16(rnd.IntN(maxPacketIDs + 1))
		if rnd.IntN(3) > 0 {
			for known := range open { // any
				id = known
				break
			}
		}
		if step%200_000 < 100_000 && open[id] == o.first { // the first stays for long
			continue
		}
		seq, ok := o.find(id)
		if want, known := open[id]; ok != known || ok && seq != want {
			t.Fatalf("step %d: find %d: %d %v, want %d %v", step, id, seq, ok, want, known)
		}
		if ok {
			o.open--
			b.finish(s, seq)
			delete(open, id)
			delete(pending, seq)
			delete(last, seq)
		}
		if o.open != len(open) || o.live != len(pending) || o.first > o.next || o.next > o.end() {
			t.Fatalf("step %d: open %d, want %d; first %d, next %d, end %d", step, o.open, len(open), o.first, o.next, o.end())
		}
	}
	if s.queued != int64(len(pending))*overhead || b.queued != s.queued {
		t.Errorf("%d and %d bytes are queued, with %d messages", s.queued, b.queued, len(pending))
	}
}
