package historytest

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/storage"
)

// everything are filters that together match every topic.
var everything = storage.Query{Filters: []string{"#", "$aws/#"}}

// appendNew appends batches of a size, each with topics and a source that are
// new, and calls stop when it is done.
func appendNew(ctx context.Context, t *testing.T, h storage.History, batches, size int, stop context.CancelFunc) {
	t.Helper()
	defer stop()
	for b := range batches {
		es := make([]storage.Entry, size)
		for i := range es {
			es[i] = storage.Entry{Source: fmt.Sprint("s", b/10), Message: broker.Message{
				Time: int64(b), Topic: fmt.Sprintf("%s/new/%d/%d", []string{"a", "$aws"}[i%2], b, i),
			}}
		}
		if err := h.Append(ctx, es); err != nil {
			t.Errorf("append while reading: %v", err)
		}
		for range b % 3 { // pauses, so that the others get in between
			if _, err := h.Count(ctx, everything); err != nil {
				t.Errorf("count while writing: %v", err)
			}
		}
	}
}

// testReadWhileWriting reads from several goroutines while one writes: each
// result is some whole number of batches, and never fewer than before.
func testReadWhileWriting(t *testing.T, h storage.History) {
	ctx := t.Context()
	const size, batches = 50, 20
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

// testFilteredSeesAll appends new topics while others read. What was counted
// once must be seen by every later query whose filters match all topics, and
// no query may see a part of a batch.
func testFilteredSeesAll(t *testing.T, h storage.History) {
	ctx := t.Context()
	const size, batches = 30, 40
	writing, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() { appendNew(ctx, t, h, batches, size, stop) })
	for reader := range 2 {
		wg.Go(func() {
			for round := reader; writing.Err() == nil && !t.Failed(); round++ {
				seen, err := h.Count(ctx, storage.Query{})
				if round%2 == 0 {
					seen = h.Stats().Rows
				}
				got, err2 := countVia(ctx, h, round%4)
				if err != nil || err2 != nil || got < seen || got%size != 0 || seen%size != 0 {
					t.Errorf("saw %d rows, then %d through filters (way %d), %v, %v", seen, got, round%4, err, err2)
				}
			}
		})
	}
	wg.Wait()
	if n, err := h.Count(ctx, everything); n != size*batches || err != nil {
		t.Errorf("%d rows in the end, %v; want %d", n, err, size*batches)
	}
}

// countVia counts all rows through filters, or topic by topic.
func countVia(ctx context.Context, h storage.History, way int) (n int64, err error) {
	switch way {
	case 0:
		return h.Count(ctx, everything)
	case 1:
		err = h.Scan(ctx, everything, func(storage.Row) bool { n++; return true })
		return n, err
	case 2:
		infos, err := h.Topics(ctx, "")
		for _, i := range infos {
			n += i.Count
		}
		return n, err
	default:
		q := everything
		q.Limit = 1 << 20
		p, err := h.Page(ctx, q, 0)
		return int64(len(p.Rows)), err
	}
}

// testDeleteWhileWriting deletes through filters while new topics come: what
// was counted before must go, by whole batches, and nothing be left behind.
func testDeleteWhileWriting(t *testing.T, h storage.History) {
	ctx := t.Context()
	const size, batches = 70, 30
	writing, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() { appendNew(ctx, t, h, batches, size, stop) })
	var gone int64
	remove := func() {
		seen, err := h.Count(ctx, storage.Query{})
		n, err2 := h.Delete(ctx, everything)
		if err != nil || err2 != nil || n < seen || n%size != 0 {
			t.Errorf("saw %d rows and deleted %d, %v, %v", seen, n, err, err2)
		}
		gone += n
	}
	for writing.Err() == nil && !t.Failed() {
		if h.Stats().Rows >= 5*size { // enough for more than one step
			remove()
		}
	}
	wg.Wait()
	remove()
	left, err := h.Count(ctx, storage.Query{})
	if s := h.Stats(); gone != size*batches || left != 0 || s.Rows != 0 || err != nil {
		t.Errorf("deleted %d of %d rows; %d are left, %v, stats %+v", gone, size*batches, left, err, s)
	}
}
