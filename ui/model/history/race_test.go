package history

import (
	"context"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/thingdesk/thingdesk/storage"
)

// lockedStore is a store for many goroutines.
type lockedStore struct {
	mu sync.Mutex
	st store
}

func (s *lockedStore) Page(ctx context.Context, q storage.Query, before storage.Cursor) (storage.Page, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.st.Page(ctx, q, before)
}

func (s *lockedStore) Count(ctx context.Context, q storage.Query) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.st.Count(ctx, q)
}

func (s *lockedStore) Delete(ctx context.Context, q storage.Query) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.st.Delete(ctx, q)
}

func (s *lockedStore) Stats() storage.HistoryStats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.st.Stats()
}

func (s *lockedStore) recorder() storage.RecorderStats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.st.recorder()
}

// TestRealGoroutines works on goroutines as the program does, for the race
// detector.
func TestRealGoroutines(t *testing.T) {
	t.Parallel()
	s := &lockedStore{}
	s.st.record(2000)
	posted := make(chan func(), 1000)
	under := 0 // works begun whose end has not come
	m := New(Config{
		Async: func(work func(context.Context), done func()) {
			under++
			go func() {
				work(t.Context())
				posted <- done
			}()
		},
		Store: s, Recorder: s.recorder,
		Export: func(_ context.Context, _ storage.Query, _ storage.Format, _ string, progress func(int64)) (int64, error) {
			for n := range int64(100) {
				progress(n)
			}
			return 100, nil
		},
	})
	r := rand.New(rand.NewPCG(1, 2))
	for range 400 {
		switch r.IntN(8) {
		case 0:
			m.SetFilter(Filter{Topic: pick(r, "", "t/1"), Way: pick(r, AnyWay, Received), Retained: r.IntN(5) == 0})
		case 1:
			m.Visible(r.IntN(m.Len()+1), 30, r.IntN(2) == 0)
		case 2:
			m.PlanDelete()
		case 3:
			m.Plan()
			m.Delete()
		case 4:
			m.Export(filepath.Join("x", "y.csv"), storage.CSV)
			m.CancelTask()
		case 5:
			m.CountMatches()
			m.Pick(r.IntN(m.Len() + 1))
		default:
			s.mu.Lock()
			s.st.record(20)
			s.mu.Unlock()
			m.Tick(time.Now().Add(time.Duration(r.IntN(10)) * time.Second))
		}
		m.Task()
		select {
		case f := <-posted:
			under--
			f()
		case <-time.After(200 * time.Microsecond):
		}
	}
	for ; under > 0; under-- {
		(<-posted)()
	}
}
