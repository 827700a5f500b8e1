package history

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sort"
	"strconv"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/storage"
	"github.com/thingdesk/thingdesk/things/topic"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// store is a history in memory with a recorder's queue in front of it.
type store struct {
	rows   []storage.Row // oldest first
	queue  []storage.Row
	stored uint64
	nextID int64
	fail   error
	pages  int
	lows   []int64 // From of each Page
}

func (s *store) match(q storage.Query, r storage.Row) bool {
	m := r.Message
	return (q.Source == "" || q.Source == r.Source) &&
		(len(q.Filters) == 0 || slices.ContainsFunc(q.Filters, func(f string) bool { return topic.Match(f, m.Topic) })) &&
		(q.From == 0 || m.Time >= q.From) && (q.To == 0 || m.Time < q.To) && bytes.Contains(m.Payload, q.Contains) &&
		(q.Direction == nil || *q.Direction == m.Direction) && (!q.Retained || m.Retained)
}

func (s *store) Page(ctx context.Context, q storage.Query, before storage.Cursor) (storage.Page, error) {
	s.pages++
	s.lows = append(s.lows, q.From)
	if err := errors.Join(s.fail, ctx.Err()); err != nil {
		return storage.Page{}, err
	}
	i := len(s.rows)
	if before != 0 {
		i = sort.Search(len(s.rows), func(i int) bool { return s.rows[i].ID >= int64(before) })
	}
	var p storage.Page
	for i--; i >= 0; i-- {
		if !s.match(q, s.rows[i]) {
			continue
		}
		if len(p.Rows) == q.Limit {
			p.More = true
			break
		}
		p.Rows = append(p.Rows, s.rows[i])
		p.Next = storage.Cursor(s.rows[i].ID)
	}
	return p, nil
}

func (s *store) find(q storage.Query) (ids []int64) {
	for _, r := range slices.Backward(s.rows) {
		if s.match(q, r) {
			ids = append(ids, r.ID)
		}
	}
	return ids
}

func (s *store) Count(ctx context.Context, q storage.Query) (int64, error) {
	return int64(len(s.find(q))), errors.Join(s.fail, ctx.Err())
}

func (s *store) Delete(_ context.Context, q storage.Query) (int64, error) {
	before := len(s.rows)
	s.rows = slices.DeleteFunc(s.rows, func(r storage.Row) bool { return s.match(q, r) })
	return int64(before - len(s.rows)), s.fail
}

func (s *store) Stats() storage.HistoryStats { return storage.HistoryStats{Rows: int64(len(s.rows))} }

func (s *store) recorder() storage.RecorderStats {
	return storage.RecorderStats{Stored: s.stored, Queued: len(s.queue)}
}

// put queues a message with the time of the clock; commit stores the queue.
func (s *store) put(name, payload string) {
	s.queue = append(s.queue, storage.Row{Entry: storage.Entry{
		Source: "src", SourceName: "Bench",
		Message: broker.Message{Time: time.Now().UnixMicro(), Topic: name, Payload: []byte(payload), Retained: len(payload) == 1},
	}})
}

func (s *store) commit() {
	for _, r := range s.queue {
		s.nextID += 1 + s.nextID%3 // IDs have gaps
		r.ID = s.nextID
		s.rows = append(s.rows, r)
	}
	s.stored += uint64(len(s.queue))
	s.queue = nil
}

func (s *store) record(n int) {
	for range n {
		s.put(fmt.Sprintf("t/%d", s.nextID%7), strconv.FormatInt(s.nextID, 10))
		s.commit()
	}
}

// screen runs background work when, and in the order, the test says.
type screen struct {
	t       *testing.T
	pending []func()
}

func (s *screen) async(work func(context.Context), done func()) {
	s.pending = append(s.pending, func() { work(s.t.Context()); done() })
}

// step does the k-th of what waits.
func (s *screen) step(k int) {
	if len(s.pending) > 0 {
		f := s.pending[k%len(s.pending)]
		s.pending = slices.Delete(s.pending, k%len(s.pending), k%len(s.pending)+1)
		f()
	}
}

func (s *screen) settle() {
	for range 10_000 {
		if len(s.pending) == 0 {
			return
		}
		s.step(0)
	}
	s.t.Fatal("work never ends")
}

func newTestModel(t *testing.T, st *store) (*Model, *screen) {
	t.Helper()
	sc := &screen{t: t}
	m := New(Config{Async: sc.async, Store: st, Recorder: st.recorder})
	return m, sc
}

// checkList wants the list to be a gapless run of what matches.
func checkList(t *testing.T, m *Model, st *store) {
	t.Helper()
	want := st.find(m.query)
	if m.Len() == 0 {
		return
	}
	at := slices.Index(want, m.list.newest())
	if at < 0 {
		t.Fatalf("the first row, %d, does not match", m.list.newest())
	}
	if at+m.Len() > len(want) {
		t.Fatalf("%d rows from %d on, of %d", m.Len(), at, len(want))
	}
	for i := range m.Len() {
		if r, ok := m.Row(i); ok && r.ID != want[at+i] {
			t.Fatalf("row %d is message %d, want %d", i, r.ID, want[at+i])
		}
	}
	if more := at+m.Len() < len(want); m.filling == nil && m.More() != more {
		t.Fatalf("More = %v with %d rows of %d", m.More(), m.Len(), len(want)-at)
	}
	if m.list.loaded > mostRows+2*pageRows {
		t.Fatalf("%d rows in memory", m.list.loaded)
	}
}

func tick(m *Model, d time.Duration) {
	time.Sleep(d)
	m.Tick(time.Now())
}

func pick[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }
