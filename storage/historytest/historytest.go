// Package historytest is the conformance suite of storage.History. Every engine
// behind that contract must pass it: the rows engine does, and whatever takes
// its place must pass it too, unchanged.
package historytest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/storage"
)

// Run checks an engine against a reference that holds everything in memory.
// open returns an empty history each time and sees to its closing.
func Run(t *testing.T, open func(t *testing.T) storage.History) {
	t.Helper()
	t.Run("Empty", func(t *testing.T) { testEmpty(t, open(t)) })
	t.Run("ByteExact", func(t *testing.T) { testByteExact(t, open(t)) })
	t.Run("Random", func(t *testing.T) {
		for seed := range uint64(2) {
			t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) { testRandom(t, open(t), seed) })
		}
	})
	t.Run("Delete", func(t *testing.T) { testDelete(t, open(t)) })
	t.Run("AllOrNothing", func(t *testing.T) { testCancelled(t, open(t)) })
	t.Run("ReadWhileWriting", func(t *testing.T) { testReadWhileWriting(t, open(t)) })
	t.Run("ScanMayTakeItsTime", func(t *testing.T) { testSlowScan(t, open(t)) })
	t.Run("InvalidFilter", func(t *testing.T) { testInvalidFilter(t, open(t)) })
}

// sameRows ignores IDs and takes nil and empty payloads for the same.
var sameRows = cmp.Options{cmpopts.IgnoreFields(storage.Row{}, "ID"), cmpopts.EquateEmpty()}

func testEmpty(t *testing.T, h storage.History) {
	ctx := t.Context()
	if err := h.Append(ctx, nil); err != nil {
		t.Errorf("Append of nothing: %v", err)
	}
	p, err := h.Page(ctx, storage.Query{}, 0)
	if err != nil || len(p.Rows) != 0 || p.More {
		t.Errorf("Page of an empty history = %+v, %v", p, err)
	}
	check(t, h, &reference{}, storage.Query{}, 10)
	if n, err := h.Delete(ctx, storage.Query{}); n != 0 || err != nil {
		t.Errorf("Delete in an empty history = %d, %v", n, err)
	}
	if s := h.Stats(); s.Rows != 0 || s.Oldest != 0 || s.Newest != 0 {
		t.Errorf("Stats of an empty history = %+v", s)
	}
}

func testByteExact(t *testing.T, h storage.History) {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	var ref reference
	for i, payload := range [][]byte{nil, {}, {0}, all, []byte(`{"a":1}`), []byte("%_' \r\n"), make([]byte, 1<<20), []byte("\xff\xfe")} {
		m := broker.Message{Time: int64(i + 1), Topic: "exact/☃/😀", Payload: payload, QoS: byte(i % 3), Retained: i%2 == 0, Dup: i%3 == 1}
		if i%4 == 3 {
			m.Direction = broker.Out
		}
		ref.append(t, h, storage.Entry{Source: "id", SourceName: "Hall \"7\"", Message: m})
	}
	check(t, h, &ref, storage.Query{}, 3)
}

// testRandom compares random queries over random messages.
func testRandom(t *testing.T, h storage.History, seed uint64) {
	g := newGenerator(seed)
	var ref reference
	for ref.len() < 2500 {
		ref.append(t, h, g.batch(1+g.IntN(400))...)
	}
	check(t, h, &ref, storage.Query{}, 7)
	for range 60 {
		check(t, h, &ref, g.query(), 1+g.IntN(300))
	}
	checkTopics(t, h, &ref)
	checkStats(t, h, &ref)
}

// testDelete deletes by random queries and looks at what stays, between appends.
func testDelete(t *testing.T, h storage.History) {
	ctx := t.Context()
	g := newGenerator(99)
	var ref reference
	for range 12 {
		ref.append(t, h, g.batch(300)...)
		last := ref.lastID(t, h)
		q := g.query()
		want := ref.delete(q)
		if got, err := h.Delete(ctx, q); got != want || err != nil {
			t.Fatalf("Delete(%s) = %d, %v; want %d", describe(q), got, err, want)
		}
		check(t, h, &ref, storage.Query{}, 100)
		check(t, h, &ref, g.query(), 50)
		checkTopics(t, h, &ref)
		checkStats(t, h, &ref)
		if ref.append(t, h, g.batch(1)...); ref.lastID(t, h) <= last {
			t.Fatalf("an ID was given twice: %d after %d", ref.lastID(t, h), last)
		}
	}
	if _, err := h.Delete(ctx, storage.Query{}); err != nil {
		t.Fatal(err)
	}
	check(t, h, &reference{}, storage.Query{}, 10)
}

// testCancelled wants nothing stored of an Append whose context has ended.
func testCancelled(t *testing.T, h storage.History) {
	g := newGenerator(5)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := h.Append(ctx, g.batch(10)); !errors.Is(err, context.Canceled) {
		t.Errorf("Append with an ended context = %v; want %v", err, context.Canceled)
	}
	check(t, h, &reference{}, storage.Query{}, 10)
	var ref reference
	ref.append(t, h, g.batch(10)...)
	err := h.Scan(ctx, storage.Query{}, func(storage.Row) bool { return true })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Scan with an ended context = %v; want %v", err, context.Canceled)
	}
}

// testReadWhileWriting reads from several goroutines while one writes: each
// result is some whole number of batches, and never fewer than before.
func testReadWhileWriting(t *testing.T, h storage.History) {
	ctx := t.Context()
	const size, batches = 50, 30
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			before := int64(0)
			for {
				select {
				case <-stop:
					return
				default:
				}
				var n int64
				last := int64(0)
				err := h.Scan(ctx, storage.Query{}, func(r storage.Row) bool {
					n++
					ok := r.ID > last
					last = r.ID
					return ok
				})
				if err != nil || n%size != 0 || n < before {
					t.Errorf("Scan while writing saw %d rows after %d, %v", n, before, err)
					return
				}
				before = n
				if p, err := h.Page(ctx, storage.Query{Filters: []string{"new/#"}, Limit: 70}, 0); err != nil || n >= 70 && len(p.Rows) != 70 {
					t.Errorf("Page while writing has %d rows, %v", len(p.Rows), err)
					return
				}
			}
		})
	}
	for b := range batches {
		var es []storage.Entry
		for i := range size { // new topics all the time
			es = append(es, storage.Entry{Source: "s", Message: broker.Message{Time: int64(b), Topic: fmt.Sprintf("new/%d/%d", b/4, i)}})
		}
		if err := h.Append(ctx, es); err != nil {
			t.Errorf("append while reading: %v", err)
		}
	}
	close(stop)
	wg.Wait()
}

// testSlowScan calls the history from inside Scan: nothing may be locked.
func testSlowScan(t *testing.T, h storage.History) {
	ctx := t.Context()
	g := newGenerator(8)
	var ref reference
	ref.append(t, h, g.batch(50)...)
	n := 0
	err := h.Scan(ctx, storage.Query{}, func(storage.Row) bool {
		n++
		if err := h.Append(ctx, g.batch(1)); err != nil {
			t.Fatalf("append inside Scan: %v", err)
		}
		if _, err := h.Count(ctx, storage.Query{}); err != nil {
			t.Fatalf("count inside Scan: %v", err)
		}
		return n < 40
	})
	if err != nil || n != 40 {
		t.Errorf("Scan gave %d rows, %v; want to stop at 40", n, err)
	}
}

func testInvalidFilter(t *testing.T, h storage.History) {
	for _, f := range []string{"", "a/#/b", "a+"} {
		if _, err := h.Page(t.Context(), storage.Query{Filters: []string{f}}, 0); err == nil {
			t.Errorf("Page with the filter %q gave no error", f)
		}
		if _, err := h.Delete(t.Context(), storage.Query{Filters: []string{"#", f}}); err == nil {
			t.Errorf("Delete with the filter %q gave no error", f)
		}
	}
}

// generator makes random messages and queries about them.
type generator struct {
	*rand.Rand
	now int64
}

func newGenerator(seed uint64) *generator {
	return &generator{Rand: rand.New(rand.NewPCG(seed, 1)), now: 1_800_000_000_000_000}
}

var (
	topics = []string{
		"a", "a/b", "a/b/c", "/a", "a/", "//", "/", "a//c", "$SYS/broker/uptime", "$aws/things/t1/shadow/update", "$", "$a/b",
		"plant/😀/temp", "plant/ü/temp", "plant/+1/temp", "plant/a#b", "plant/%_'/temp", "rare/once", "A", "a b/c d",
	}
	filters = []string{
		"#", "+", "+/+", "a", "a/#", "a/+", "a/+/c", "/#", "/+", "+/", "//", "$SYS/#", "$aws/things/+/shadow/#", "$/#", "plant/+/temp",
		"plant/😀/temp", "+/b/#", "nothing/here", "rare/once", "+/+/temp", "A",
	}
	names   = []string{"one", "two", "three"}
	needles = []string{"", "1", "on", "\x00", "\xff", "%", "ü", "not in any payload"}
)

// batch makes n messages. Times mostly grow, are often equal and sometimes jump
// either way.
func (g *generator) batch(n int) []storage.Entry {
	es := make([]storage.Entry, n)
	for i := range es {
		switch g.IntN(20) {
		case 0:
			g.now -= g.Int64N(5000)
		case 1:
			g.now += g.Int64N(20000)
		default:
			g.now += g.Int64N(3)
		}
		name := pick(g, names)
		m := broker.Message{
			Time: g.now, Direction: broker.Direction(g.IntN(2)), Topic: pick(g, topics), Payload: g.payload(),
			QoS: byte(g.IntN(3)), Retained: g.IntN(4) == 0, Dup: g.IntN(4) == 0,
		}
		if m.Topic == "rare/once" && g.IntN(50) > 0 {
			m.Topic = "a"
		}
		es[i] = storage.Entry{Source: "id-" + name, SourceName: name, Message: m}
	}
	return es
}

func (g *generator) payload() []byte {
	switch g.IntN(5) {
	case 0:
		return nil
	case 1:
		b := make([]byte, g.IntN(40))
		for i := range b {
			b[i] = byte(g.Uint32())
		}
		return b
	}
	return fmt.Appendf(nil, `{"on":%v,"ü":"%d%%"}`, g.IntN(2) == 0, g.IntN(1000))
}

func (g *generator) query() storage.Query {
	var q storage.Query
	if g.IntN(3) == 0 {
		q.Source = "id-" + pick(g, append(names, "nobody"))
	}
	for range g.IntN(4) {
		q.Filters = append(q.Filters, pick(g, filters))
	}
	if g.IntN(3) == 0 {
		q.From = g.now - g.Int64N(200_000)
	}
	if g.IntN(3) == 0 {
		q.To = g.now - g.Int64N(200_000)
	}
	if g.IntN(4) == 0 {
		q.Contains = []byte(pick(g, needles))
	}
	if g.IntN(4) == 0 {
		d := broker.Direction(g.IntN(2))
		q.Direction = &d
	}
	q.Retained = g.IntN(6) == 0
	return q
}

func pick(g *generator, from []string) string { return from[g.IntN(len(from))] }
