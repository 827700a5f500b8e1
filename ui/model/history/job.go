package history

import (
	"context"
	"sync"
)

// job is background work that can be cancelled from the screen's goroutine. A
// nil job is no work.
type job struct {
	mu     sync.Mutex
	over   bool // nobody waits for it any more
	ended  bool // its context is to end
	cancel context.CancelFunc
}

// stop cancels the work, also when it has not begun yet; what was to be done
// after it is not done any more.
func (j *job) stop() {
	if j == nil {
		return
	}
	j.mu.Lock()
	j.over = true
	j.mu.Unlock()
	j.interrupt()
}

// interrupt ends the context of the work; what is to be done after it is still
// done.
func (j *job) interrupt() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.ended = true
	if j.cancel != nil {
		j.cancel()
	}
}

func (j *job) stopped() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.over
}

// begin returns the context of the work and what to call after it.
func (j *job) begin(parent context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(parent)
	j.mu.Lock()
	defer j.mu.Unlock()
	j.cancel = cancel
	if j.ended {
		cancel()
	}
	return ctx, cancel
}

// run runs work in the background as job j and then done, unless j was stopped
// before that. It may end before run returns, so the Model must know j already.
func (m *Model) run(j *job, work func(ctx context.Context) error, done func(err error)) {
	var err error
	m.cfg.Async(func(ctx context.Context) {
		ctx, cancel := j.begin(ctx)
		defer cancel()
		if err = ctx.Err(); err == nil {
			err = work(ctx)
		}
	}, func() {
		if !j.stopped() {
			done(err)
		}
	})
}
