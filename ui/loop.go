package ui

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// loop holds the only two doors to Fyne's goroutine: the sampler, which draws
// what changed ten times a second, and async, which runs one-shot work and
// brings its result back. Nothing passes after close.
type loop struct {
	// set at construction
	post func(func())    // fyne.Do in the program
	ctx  context.Context //nolint:containedctx // ends all work; see close
	stop context.CancelFunc
	wg   sync.WaitGroup

	// safe for concurrent use
	closing atomic.Bool
	pending atomic.Bool
	slots   chan struct{}
}

// maxWork bounds the one-shot work that runs at a time; more waits its turn.
const maxWork = 16

func newLoop(ctx context.Context, post func(func())) *loop {
	ctx, stop := context.WithCancel(ctx)
	return &loop{post: post, ctx: ctx, stop: stop, slots: make(chan struct{}, maxWork)}
}

// sample calls draw on Fyne's goroutine each time the ticker ticks, skipping
// while the last call has not run yet: at most one is pending.
func (l *loop) sample(every time.Duration, draw func()) {
	l.wg.Go(func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-l.ctx.Done():
				return
			case <-tick.C:
			}
			if !l.pending.CompareAndSwap(false, true) {
				continue
			}
			l.toUI(func() {
				defer l.pending.Store(false)
				draw()
			})
		}
	})
}

// async runs work on a goroutine and then done on Fyne's. work must return
// soon after its context ends. done may be nil, and is not called any more
// when the window closes.
func (l *loop) async(work func(ctx context.Context), done func()) {
	if l.closing.Load() {
		return
	}
	l.wg.Go(func() {
		select {
		case l.slots <- struct{}{}:
			defer func() { <-l.slots }()
		case <-l.ctx.Done():
			return
		}
		work(l.ctx)
		if done != nil {
			l.toUI(done)
		}
	})
}

// toUI runs f on Fyne's goroutine unless the window is closing: after the end
// of the program's main loop Fyne would run it right here.
func (l *loop) toUI(f func()) {
	if l.closing.Load() {
		return
	}
	l.post(func() {
		if !l.closing.Load() {
			f()
		}
	})
}

// close lets nothing more through and waits for all work to end.
func (l *loop) close() {
	l.closing.Store(true)
	l.stop()
	l.wg.Wait()
}
