// Package historytest is the conformance suite of storage.History. Every engine
// behind that contract must pass it: the rows engine does, and whatever takes
// its place must pass it too, unchanged.
package historytest

import (
	"context"
	"errors"
	"strconv"
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
	t.Run("Times", func(t *testing.T) { testTimes(t, open(t)) })
	t.Run("Delete", func(t *testing.T) { testDelete(t, open(t)) })
	t.Run("AllOrNothing", func(t *testing.T) { testCancelled(t, open(t)) })
	t.Run("ReadWhileWriting", func(t *testing.T) { testReadWhileWriting(t, open(t)) })
	t.Run("FilteredSeesAll", func(t *testing.T) { testFilteredSeesAll(t, open(t)) })
	t.Run("DeleteWhileWriting", func(t *testing.T) { testDeleteWhileWriting(t, open(t)) })
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
	for ref.len() < 700 {
		ref.append(t, h, g.batch(1+g.IntN(200))...)
	}
	check(t, h, &ref, storage.Query{}, 23)
	for range 25 {
		check(t, h, &ref, g.query(), 20+g.IntN(100))
	}
	checkTopics(t, h, &ref)
	checkStats(t, h, &ref)
}

// testTimes asks for each moment of a history, the first and the last ones of
// whatever it is made of among them.
func testTimes(t *testing.T, h storage.History) {
	es := newGenerator(3).batch(120)
	for i := range es {
		es[i].Message.Time = int64(i + 1)
	}
	var ref reference
	ref.append(t, h, es...)
	for at := range int64(122) {
		q := storage.Query{From: at, To: at + 1}
		want := int64(len(ref.find(q)))
		if n, err := h.Count(t.Context(), q); n != want || err != nil {
			t.Errorf("Count(%s) = %d, %v; want %d", describe(q), n, err, want)
		}
	}
}

// testDelete deletes by random queries and looks at what stays, between appends.
func testDelete(t *testing.T, h storage.History) {
	ctx := t.Context()
	g := newGenerator(99)
	var ref reference
	for range 6 {
		ref.append(t, h, g.batch(130)...)
		last := ref.lastID(t, h)
		q := g.query()
		want := ref.delete(q)
		if got, err := h.Delete(ctx, q); got != want || err != nil {
			t.Fatalf("Delete(%s) = %d, %v; want %d", describe(q), got, err, want)
		}
		check(t, h, &ref, storage.Query{}, 50)
		check(t, h, &ref, g.query(), 20)
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
