package topic_test

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/thingdesk/thingdesk/things/topic"
)

// record is one message as the model keeps it.
type record struct {
	name string
	s    topic.Sample
}

// checkModel compares everything an Index tells with a walk over all messages
// that were indexed. Payloads are compared only when payload is true.
func checkModel(t *testing.T, ix *topic.Index, records []record, now int64, payload bool) {
	t.Helper()
	type sums struct {
		Messages, Bytes, Own uint64
		LastTime             int64
		Children, Topics     int
	}
	want := map[string]*sums{}
	last, prev := map[string]topic.Sample{}, map[string]topic.Sample{}
	for _, r := range records {
		_, known := last[r.name]
		levels := topic.Levels(r.name)
		for i := range levels {
			name := strings.Join(levels[:i+1], "/")
			s, ok := want[name]
			if !ok {
				s = &sums{}
				want[name] = s
				if i > 0 {
					want[strings.Join(levels[:i], "/")].Children++
				}
			}
			s.Messages++
			s.Bytes += uint64(len(r.s.Payload))
			s.LastTime = max(s.LastTime, r.s.Time)
			if !known {
				s.Topics++
			}
		}
		want[r.name].Own++
		prev[r.name], last[r.name] = last[r.name], r.s
	}

	got := map[string]*sums{}
	var visit func(id topic.NodeID)
	visit = func(id topic.NodeID) {
		children := ix.Children(id, nil)
		levels := make([]string, len(children))
		for i, child := range children {
			info := ix.Node(child, now)
			levels[i] = info.Level
			got[info.Name] = &sums{info.Messages, info.Bytes, info.Own, info.LastTime, info.Children, info.Topics}
			if found, ok := ix.Find(info.Name); !ok || found != child {
				t.Errorf("Find(%q) = %d, %t; want %d", info.Name, found, ok, child)
			}
			if info.Parent != id || info.ID != child || info.Depth != strings.Count(info.Name, "/") {
				t.Errorf("node %q: parent %d, want %d; id %d, want %d; depth %d", info.Name, info.Parent, id, info.ID, child, info.Depth)
			}
			if payload {
				if diff := cmp.Diff(last[info.Name], info.Last); diff != "" {
					t.Errorf("last of %q: %s", info.Name, diff)
				}
				if diff := cmp.Diff(prev[info.Name], info.Prev); diff != "" {
					t.Errorf("prev of %q: %s", info.Name, diff)
				}
			}
			visit(child)
		}
		if !slices.IsSorted(levels) {
			t.Errorf("children of %q are not sorted: %q", ix.Node(id, now).Name, levels)
		}
	}
	visit(topic.Root)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("index differs from the model (-want +got):\n%s", diff)
	}

	walked := map[string]uint64{}
	ix.Walk(topic.Root, func(name string, own uint64, _ topic.Sample) bool {
		walked[name] += own
		return true
	})
	owned := map[string]uint64{}
	for name, s := range want {
		if s.Own > 0 {
			owned[name] = s.Own
		}
	}
	if diff := cmp.Diff(owned, walked); diff != "" {
		t.Errorf("walk differs from the model (-want +got):\n%s", diff)
	}
	if totals := ix.Totals(now); totals.Nodes != len(want) || totals.Topics != len(owned) {
		t.Errorf("totals: %+v; want %d nodes, %d topics", totals, len(want), len(owned))
	}
}

func TestIndexAgainstModel(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	levels := []string{"", "a", "b", "ä", "z", "$x", "10", "9"}
	ix := topic.NewIndex(topic.Limits{})
	var records []record
	for i := range 4000 {
		parts := make([]string, 1+r.IntN(5))
		for j := range parts {
			parts[j] = levels[r.IntN(len(levels))]
		}
		rec := record{strings.Join(parts, "/"), topic.Sample{
			Time: int64(i+1) * 1000, Payload: make([]byte, r.IntN(20)), QoS: byte(r.IntN(3)), Retained: r.IntN(2) == 0,
		}}
		records = append(records, rec)
		revision := ix.Revision()
		ix.Add(rec.name, rec.s)
		if ix.Revision() <= revision {
			t.Fatal("Revision did not grow")
		}
		if i%1000 == 3 { // sorts in between, so that later children are merged
			checkModel(t, ix, records, rec.s.Time, true)
		}
	}
	checkModel(t, ix, records, 4_000_000, true)
}

func TestEmptyLevelsAreTopicsOfTheirOwn(t *testing.T) {
	t.Parallel()
	ix := topic.NewIndex(topic.Limits{})
	names := []string{"a", "/a", "a/", "a//b", "a/b", "/", "//"}
	for i, name := range names {
		ix.Add(name, topic.Sample{Time: int64(i + 1)})
	}
	for i, name := range names {
		id, ok := ix.Find(name)
		if info := ix.Node(id, 0); !ok || info.Name != name || info.Own != 1 || info.Last.Time != int64(i+1) {
			t.Errorf("%q: found %t, %+v", name, ok, info)
		}
	}
	if _, ok := ix.Find("b"); ok {
		t.Error("found a name that was never added")
	}
}

func TestDeepNames(t *testing.T) {
	t.Parallel()
	for _, depth := range []int{200, 30_000} {
		ix := topic.NewIndex(topic.Limits{})
		name := strings.Repeat("l/", depth-1) + "end"
		ix.Add(name, topic.Sample{Time: 1, Payload: []byte("x")})
		id, ok := ix.Find(name)
		info := ix.Node(id, 1)
		if !ok || info.Name != name || info.Depth != depth-1 || info.Own != 1 {
			t.Fatalf("depth %d: found %t, depth %d, own %d, name of %d bytes", depth, ok, info.Depth, info.Own, len(info.Name))
		}
		n := 0
		ix.Walk(topic.Root, func(got string, _ uint64, _ topic.Sample) bool {
			n++
			return got == name
		})
		if n != 1 {
			t.Errorf("depth %d: walked %d names", depth, n)
		}
	}
}

func TestWalk(t *testing.T) {
	t.Parallel()
	ix := topic.NewIndex(topic.Limits{})
	for _, name := range []string{"b/c", "b", "a/z", "b/a", "b/c/d", "c"} {
		ix.Add(name, topic.Sample{Time: 1})
	}
	walk := func(id topic.NodeID, most int) (names []string) {
		ix.Walk(id, func(name string, _ uint64, _ topic.Sample) bool {
			names = append(names, name)
			return len(names) < most
		})
		return names
	}
	if diff := cmp.Diff(topic.Info{}, ix.Node(999, 0)); diff != "" || ix.Children(999, nil) != nil {
		t.Errorf("a node that was never given out is not empty: %s", diff)
	}
	b, _ := ix.Find("b")
	for _, c := range []struct {
		id   topic.NodeID
		most int
		want []string
	}{
		{topic.Root, 99, []string{"a/z", "b", "b/a", "b/c", "b/c/d", "c"}},
		{topic.Root, 3, []string{"a/z", "b", "b/a"}},
		{b, 99, []string{"b", "b/a", "b/c", "b/c/d"}},
		{b, 1, []string{"b"}},
		{999, 99, nil},
	} {
		if diff := cmp.Diff(c.want, walk(c.id, c.most)); diff != "" {
			t.Errorf("walk from %d: %s", c.id, diff)
		}
	}
}

func TestShapeGrowsOnlyWithNodes(t *testing.T) {
	t.Parallel()
	ix := topic.NewIndex(topic.Limits{})
	ix.Add("a/b", topic.Sample{Time: 1})
	shape := ix.Shape()
	ix.Add("a/b", topic.Sample{Time: 2})
	ix.Add("a", topic.Sample{Time: 2})
	if ix.Shape() != shape {
		t.Error("Shape grew without new nodes")
	}
	ix.Add("a/c", topic.Sample{Time: 3})
	if ix.Shape() <= shape {
		t.Error("Shape did not grow with a new node")
	}
}

func TestTopicLimit(t *testing.T) {
	t.Parallel()
	ix := topic.NewIndex(topic.Limits{Topics: 3})
	s := topic.Sample{Time: 1, Payload: []byte("12")}
	ix.Add("a/b", s)   // 2 nodes
	ix.Add("a/c/d", s) // would be 4
	ix.Add("a/c", s)   // 3
	ix.Add("x", s)     // would be 4
	ix.Add("a/c", s)   // known: goes on
	ix.Add("a", s)     // a node already
	if _, ok := ix.Find("x"); ok {
		t.Error("a name beyond the limit was indexed")
	}
	if _, ok := ix.Find("a/c/d"); ok {
		t.Error("a name beyond the limit was indexed")
	}
	want := topic.Totals{
		Nodes: 3, Topics: 3, Messages: 6, Bytes: 12, Rate: 6.0 / 5, PayloadBytes: 8, NotIndexed: 2,
	}
	if diff := cmp.Diff(want, ix.Totals(1)); diff != "" {
		t.Error(diff)
	}
	if root := ix.Node(topic.Root, 1); root.Messages != 4 || root.Depth != -1 || root.Name != "" || root.Children != 1 {
		t.Errorf("root: %+v", root)
	}
}

func TestPayloadLimit(t *testing.T) {
	t.Parallel()
	ix := topic.NewIndex(topic.Limits{Payload: 40})
	add := func(name string, at int64, size int) {
		ix.Add(name, topic.Sample{Time: at, Payload: bytes.Repeat([]byte("x"), size)})
	}
	sizes := func(name string) [2]int {
		id, _ := ix.Find(name)
		info := ix.Node(id, 0)
		return [2]int{len(info.Last.Payload), len(info.Prev.Payload)}
	}
	add("a", 1, 10)
	add("b", 2, 10)
	add("b", 3, 10) // b has a previous one
	add("a", 4, 10) // and a: 40 bytes
	add("c", 5, 5)  // lets the previous of b go, set before that of a
	for name, want := range map[string][2]int{"a": {10, 10}, "b": {10, 0}, "c": {5, 0}} {
		if got := sizes(name); got != want {
			t.Errorf("after the first release %q holds %v, want %v", name, got, want)
		}
	}
	add("d", 6, 25) // lets the previous of a go, then the last of b, silent longest
	for name, want := range map[string][2]int{"a": {10, 0}, "b": {0, 0}, "c": {5, 0}, "d": {25, 0}} {
		if got := sizes(name); got != want {
			t.Errorf("after the second release %q holds %v, want %v", name, got, want)
		}
	}
	b, _ := ix.Find("b")
	if info := ix.Node(b, 0); info.Last.Payload != nil || info.Last.Time != 3 || info.Own != 2 {
		t.Errorf("a payload let go must be nil and the rest stay: %+v", info)
	}
	add("e", 7, 41) // larger than all: nothing may stay
	got := ix.Totals(7)
	got.Rate = 0
	want := topic.Totals{Nodes: 5, Topics: 5, Messages: 7, Bytes: 111, PrevReleased: 2, PayloadDropped: 5}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	ix.Add("f", topic.Sample{Time: 8})
	f, _ := ix.Find("f")
	if ix.Node(f, 0).Last.Payload == nil {
		t.Error("an empty payload must differ from one let go")
	}
}

func TestRate(t *testing.T) {
	t.Parallel()
	const second = 1_000_000
	ix := topic.NewIndex(topic.Limits{})
	start := int64(1_700_000_000_000_000)
	at := start
	for range 300 { // 10 a second for 30 s
		ix.Add("a/b", topic.Sample{Time: at})
		at += second / 10
	}
	a, _ := ix.Find("a")
	rate := func(now int64) float64 { return ix.Node(a, now).Rate }
	if got := rate(at); got < 9 || got > 11 {
		t.Errorf("rate while running: %v, want about 10", got)
	}
	if got := ix.Totals(at).Rate; got != rate(at) {
		t.Errorf("total rate %v differs from the node's", got)
	}
	if half := rate(at + 2*second); half >= rate(at) || half <= 0 {
		t.Errorf("rate 2 s later: %v, want less than before", half)
	}
	if got := rate(at + 11*second); got != 0 {
		t.Errorf("rate after silence: %v, want 0", got)
	}
	// A clock set back must not leave a rate that only grows.
	for i := range int64(100) {
		ix.Add("a/b", topic.Sample{Time: start - 3600*second + i*second})
	}
	if got := rate(start - 3500*second); got < 0.5 || got > 1.5 {
		t.Errorf("rate after the clock was set back: %v, want about 1", got)
	}
}

func FuzzIndex(f *testing.F) {
	f.Add("a/b\na\n/\na//b\na/b", uint8(3), uint8(9))
	f.Add("\n\n/\n", uint8(0), uint8(0))
	f.Fuzz(func(t *testing.T, script string, topics, payload uint8) {
		limits := topic.Limits{Topics: int(topics), Payload: int(payload)}
		ix := topic.NewIndex(limits)
		var records []record
		var messages uint64
		for i, name := range strings.Split(script, "\n") {
			if i == 100 || len(name) > 500 {
				break
			}
			s := topic.Sample{Time: int64(i+1) * 777, Payload: make([]byte, len(name)%7)}
			before := ix.Totals(0).NotIndexed
			ix.Add(name, s)
			messages++
			totals := ix.Totals(0)
			if totals.NotIndexed == before {
				records = append(records, record{name, s})
			}
			if topics > 0 && totals.Nodes > int(topics) || payload > 0 && totals.PayloadBytes > int(payload) || totals.Messages != messages {
				t.Fatalf("limits %+v, messages %d: %+v", limits, messages, totals)
			}
		}
		checkModel(t, ix, records, 1, payload == 0)
		kept := 0
		for id := topic.NodeID(1); int(id) <= ix.Totals(0).Nodes; id++ {
			info := ix.Node(id, 0)
			kept += len(info.Last.Payload) + len(info.Prev.Payload)
		}
		if kept != ix.Totals(0).PayloadBytes {
			t.Fatalf("%d bytes are kept, %d counted", kept, ix.Totals(0).PayloadBytes)
		}
	})
}
