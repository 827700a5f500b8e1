package storage

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/thingdesk/thingdesk/broker"
)

// TestSealedMeanwhile makes a chunk of the tail between the steps of a read and
// of a delete.
func TestSealedMeanwhile(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	h, err := openRows(ctx, filepath.Join(t.TempDir(), "history.db"), 10)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	add := func(n int) {
		var es []Entry
		for i := range n {
			es = append(es, Entry{Source: "s", Message: broker.Message{Time: 1, Topic: fmt.Sprint("t/", n, "/", i)}})
		}
		if err := h.Append(ctx, es); err != nil {
			t.Fatal(err)
		}
	}
	add(6)
	all, err := h.selectFor(ctx, Query{})
	if err != nil {
		t.Fatal(err)
	}
	old, err := h.segments(ctx, all)
	if err != nil || len(old) != 1 {
		t.Fatalf("%d segments, %v; want the tail", len(old), err)
	}
	seals := h.seals
	add(7)
	if n, stale, err := h.deleteIn(ctx, all, old[0], seals); n != 0 || !stale || err != nil {
		t.Errorf("delete in what was the tail = %d, stale %v, %v; want to be told", n, stale, err)
	}
	now, err := h.segments(ctx, all)
	if err != nil || len(now) != 1 || !now[0].sealed || len(h.tail) != 3 {
		t.Fatalf("segments %+v, %d rows in the tail, %v; want one chunk and 3", now, len(h.tail), err)
	}
	for _, g := range []segment{old[0], now[0]} {
		if n, err := h.countIn(ctx, all, g); n != 6 || err != nil {
			t.Errorf("counted %d in %+v, %v; want the 6 rows there were", n, g, err)
		}
	}
	if n, err := h.deleteAll(ctx, all); n != 6 || err != nil {
		t.Errorf("deleted %d, %v; want the 6 rows there were", n, err)
	}
	if n, err := h.Count(ctx, Query{Filters: []string{"t/7/+"}}); n != 7 || h.Stats().Rows != 7 || err != nil {
		t.Errorf("%d rows are left, %v, stats %+v; want 7", n, err, h.Stats())
	}
}
