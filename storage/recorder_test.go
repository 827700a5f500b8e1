package storage_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/storage"
)

// store is a History that only appends, or fails as told.
type store struct {
	storage.History // nil: only Append is used

	mu      sync.Mutex
	err     error
	tries   int
	batches []int
	topics  []string
}

func (s *store) Append(_ context.Context, b []storage.Entry) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tries++
	if s.err != nil {
		return s.err
	}
	s.batches = append(s.batches, len(b))
	for _, e := range b {
		s.topics = append(s.topics, e.Source+"|"+e.SourceName+"|"+e.Message.Topic)
	}
	return nil
}

func (s *store) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

// numbered makes n messages of which each weighs 10.
func numbered(from, n int) []broker.Message {
	ms := make([]broker.Message, n)
	for i := range ms {
		ms[i] = broker.Message{Topic: fmt.Sprintf("t%06d", from+i), Payload: []byte("abc")}
	}
	return ms
}

func wantStats(t *testing.T, r *storage.Recorder, want storage.RecorderStats) {
	t.Helper()
	if want.DroppedBy == nil {
		want.DroppedBy = map[string]uint64{}
	}
	if d := cmp.Diff(want, r.Stats()); d != "" {
		t.Errorf("stats (-want +got):\n%s", d)
	}
}

func TestRecorderGroups(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &store{}
		r := storage.NewRecorder(s, storage.RecorderConfig{})
		r.Put("id", "name", numbered(0, 3))
		r.Put("id", "name", nil)
		time.Sleep(199 * time.Millisecond)
		synctest.Wait()
		wantStats(t, r, storage.RecorderStats{Queued: 3})
		time.Sleep(2 * time.Millisecond)
		synctest.Wait()
		wantStats(t, r, storage.RecorderStats{Stored: 3})

		time.Sleep(time.Second)
		r.Put("id", "name", numbered(3, 4096)) // many: at once
		synctest.Wait()
		wantStats(t, r, storage.RecorderStats{Stored: 4099})
		r.Put("id", "name", numbered(4099, 25_000)) // not so soon again, and in batches
		time.Sleep(49 * time.Millisecond)
		synctest.Wait()
		wantStats(t, r, storage.RecorderStats{Stored: 4099, Queued: 25_000})
		time.Sleep(2 * time.Millisecond)
		synctest.Wait()
		wantStats(t, r, storage.RecorderStats{Stored: 29_099})

		r.Put("id", "name", numbered(29_099, 1))
		r.Flush()
		wantStats(t, r, storage.RecorderStats{Stored: 29_100})
		r.Put("id2", "other", numbered(29_100, 1))
		r.Close()
		r.Close()
		r.Flush()
		r.Put("id", "name", numbered(0, 2))
		wantStats(t, r, storage.RecorderStats{Stored: 29_101, Dropped: 2, DroppedBy: map[string]uint64{"recording has ended": 2}})
		if d := cmp.Diff([]int{3, 4096, 10_000, 10_000, 5000, 1, 1}, s.batches); d != "" {
			t.Errorf("batches (-want +got):\n%s", d)
		}
		for i, got := range s.topics {
			if i < 29_100 && got != fmt.Sprintf("id|name|t%06d", i) || i == 29_100 && got != "id2|other|t029100" {
				t.Fatalf("message %d is %q", i, got)
			}
		}
	})
}

func TestRecorderOverflowAndRecovery(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &store{err: fmt.Errorf("store 5 messages: %w", storage.ErrFull)}
		r := storage.NewRecorder(s, storage.RecorderConfig{MaxMessages: 100, MaxBytes: 10_000})
		r.Put("id", "name", numbered(0, 60))
		r.Put("id", "name", numbered(60, 45)) // 5 too many, with no trouble yet
		time.Sleep(time.Minute)
		synctest.Wait()
		trouble := storage.Explain(storage.ErrFull)
		if !strings.Contains(trouble, "disk is full") {
			t.Errorf("trouble %q", trouble)
		}
		r.Put("id", "name", numbered(105, 7))
		want := storage.RecorderStats{
			Queued: 100, Dropped: 12, Trouble: trouble,
			DroppedBy: map[string]uint64{"queue full": 5, "queue full: " + trouble: 7},
		}
		wantStats(t, r, want)
		if s.tries < 10 || s.tries > 20 { // 0.25 s, doubled up to 5 s
			t.Errorf("%d tries in a minute", s.tries)
		}
		s.fail(nil)
		r.Flush()
		want.Stored, want.Queued, want.Trouble = 100, 0, ""
		wantStats(t, r, want)
		r.Put("id", "name", numbered(100, 100))
		r.Close()
		want.Stored = 200
		wantStats(t, r, want)
		for i, got := range s.topics {
			if got != fmt.Sprintf("id|name|t%06d", i) {
				t.Fatalf("message %d is %q", i, got)
			}
		}
	})
}

func TestRecorderBytes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &store{err: errors.New("broken")}
		r := storage.NewRecorder(s, storage.RecorderConfig{MaxBytes: 100})
		large := broker.Message{Topic: "large", Payload: make([]byte, 1000)}
		r.Put("id", "name", []broker.Message{large, large})
		r.Put("id", "name", numbered(0, 11))
		time.Sleep(time.Second)
		synctest.Wait()
		want := storage.RecorderStats{Queued: 11, Dropped: 2, Trouble: "broken", DroppedBy: map[string]uint64{
			"queue full": 1, "larger than the queue of 100 bytes, and another such message was waiting": 1,
		}}
		wantStats(t, r, want)
		s.fail(nil)
		r.Flush()
		r.Put("id", "name", []broker.Message{large})
		r.Put("id", "name", numbered(10, 10))
		r.Close()
		want.Stored, want.Queued, want.Trouble = 22, 0, ""
		wantStats(t, r, want)
	})
}

func TestRecorderCloseGivesUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &store{err: storage.ErrReadOnly}
		r := storage.NewRecorder(s, storage.RecorderConfig{})
		r.Put("id", "name", numbered(0, 25_000))
		time.Sleep(time.Minute)
		flushed := make(chan struct{})
		go func() {
			r.Flush()
			close(flushed)
		}()
		begun := time.Now()
		r.Close()
		<-flushed
		if took := time.Since(begun); took < 9*time.Second || took > 11*time.Second {
			t.Errorf("Close of a failing store took %v", took)
		}
		trouble := storage.Explain(storage.ErrReadOnly)
		wantStats(t, r, storage.RecorderStats{
			Dropped: 25_000, Trouble: trouble, DroppedBy: map[string]uint64{"not stored before the end: " + trouble: 25_000},
		})
	})
}

// TestRecorderCloseWaits: a store that works again within the grace loses nothing.
func TestRecorderCloseWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &store{err: storage.ErrBusy}
		r := storage.NewRecorder(s, storage.RecorderConfig{})
		r.Put("id", "name", numbered(0, 25_000))
		go func() {
			time.Sleep(5 * time.Second)
			s.fail(nil)
		}()
		time.Sleep(time.Second)
		r.Close()
		wantStats(t, r, storage.RecorderStats{Stored: 25_000})
	})
}

// TestRecorderIntoRows records from several goroutines into the real store.
func TestRecorderIntoRows(t *testing.T) {
	t.Parallel()
	h := openRows(t, t.TempDir(), 1<<15)
	r := storage.NewRecorder(h, storage.RecorderConfig{})
	var wg sync.WaitGroup
	for c := range 4 {
		wg.Go(func() {
			for i := range 8 {
				r.Put(strconv.Itoa(c), "name", numbered(i*100, 100))
			}
		})
	}
	wg.Wait()
	r.Close()
	wantStats(t, r, storage.RecorderStats{Stored: 3200})
	for c := range 4 {
		next := 0
		must(t, h.Scan(t.Context(), storage.Query{Source: strconv.Itoa(c)}, func(row storage.Row) bool {
			if want := fmt.Sprintf("t%06d", next); row.Message.Topic != want {
				t.Errorf("source %d: %q instead of %q", c, row.Message.Topic, want)
				return false
			}
			next++
			return true
		}))
		if next != 800 {
			t.Errorf("source %d has %d messages, want 800", c, next)
		}
	}
}
