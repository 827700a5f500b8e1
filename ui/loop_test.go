package ui

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// queue plays Fyne's goroutine: functions wait until run is called.
type queue chan func()

func (q queue) post(f func()) { q <- f }

func (q queue) run() (n int) {
	for {
		select {
		case f := <-q:
			f()
			n++
		default:
			return n
		}
	}
}

func TestSampleKeepsOneCallPending(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := make(queue, 100)
		l := newLoop(t.Context(), q.post)
		drawn := 0
		l.sample(100*time.Millisecond, func() { drawn++ })
		time.Sleep(time.Second + time.Millisecond)
		synctest.Wait()
		if n := q.run(); n != 1 || drawn != 1 {
			t.Errorf("a busy screen got %d calls, %d drawn; want 1", n, drawn)
		}
		time.Sleep(100 * time.Millisecond)
		synctest.Wait()
		if q.run() != 1 {
			t.Error("no call after the last has run")
		}
		l.close()
	})
}

func TestAsync(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := make(queue, 1000)
		l := newLoop(t.Context(), q.post)
		var running, most atomic.Int32
		done := 0
		for range 3 * maxWork {
			l.async(func(context.Context) {
				n := running.Add(1)
				for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
				}
				time.Sleep(time.Second)
				running.Add(-1)
			}, func() { done++ })
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		q.run()
		if done != 3*maxWork || most.Load() != maxWork {
			t.Errorf("%d done, %d at a time; want %d and %d", done, most.Load(), 3*maxWork, maxWork)
		}
		ended := false
		l.async(func(ctx context.Context) { <-ctx.Done(); ended = true }, func() { t.Error("done after close") })
		synctest.Wait()
		l.close()
		q.run()
		if !ended {
			t.Error("close did not wait for the work")
		}
		l.async(func(context.Context) { t.Error("work after close") }, nil)
		synctest.Wait()
	})
}
