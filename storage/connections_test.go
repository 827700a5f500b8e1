package storage_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/pprof"
	"sync"
	"testing"
	"time"

	"github.com/thingdesk/thingdesk/storage"
)

// TestOneConnection lets many read at once, through a single connection, while
// new topics and sources come and rows go. Whoever holds a lock while waiting
// for the connection, or the connection while waiting for a lock or a second
// connection, stops them all.
func TestOneConnection(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	w := openRows(t, dir, 40)
	must(t, w.Append(t.Context(), newTopics(0)))
	r, err := storage.OpenHistoryReadOnly(t.Context(), dir)
	must(t, err)
	t.Cleanup(func() { must(t, r.Close()) })
	storage.LimitReaders(w, 1)
	storage.LimitReaders(r, 1)

	writing, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for _, h := range []storage.History{w, r} {
		for range 4 {
			wg.Go(func() {
				for writing.Err() == nil {
					if err := readAllWays(t.Context(), h); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
	}
	wg.Go(func() {
		defer stop()
		for i := range 30 {
			if err := w.Append(t.Context(), newTopics(i+1)); err != nil {
				t.Error(err)
			}
			if i%10 == 9 {
				if _, err := w.Delete(t.Context(), storage.Query{Filters: []string{fmt.Sprintf("new/%d/#", i-5), "+/+/7"}}); err != nil {
					t.Error(err)
				}
			}
		}
	})
	ended := make(chan struct{})
	go func() {
		wg.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-time.After(time.Minute):
		must(t, pprof.Lookup("goroutine").WriteTo(os.Stderr, 1))
		t.Fatal("the history stands still")
	}
}

// newTopics makes messages of a new source, each with a new topic.
func newTopics(n int) []storage.Entry {
	es := make([]storage.Entry, 20)
	for i := range es {
		es[i] = entry(fmt.Sprintf("new/%d/%d", n, i), int64(n))
		es[i].Source = fmt.Sprint("source", n)
	}
	return es
}

// readAllWays calls every method that reads, some from inside Scan.
func readAllWays(ctx context.Context, h storage.History) error {
	_, page := h.Page(ctx, storage.Query{}, 0)
	_, filtered := h.Page(ctx, storage.Query{Filters: []string{"new/+/3"}}, 0)
	_, topics := h.Topics(ctx, "")
	var inside error
	scan := h.Scan(ctx, storage.Query{Contains: []byte("new")}, func(storage.Row) bool {
		h.Stats()
		_, inside = h.Count(ctx, storage.Query{Source: "source1"})
		return false
	})
	return errors.Join(page, filtered, topics, scan, inside)
}
