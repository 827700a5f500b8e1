package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Bounds of the waiting for traffic to end when the Workbench is closed.
const (
	settleMost  = 5 * time.Second
	settleQuiet = 4 // polls without a message
	settlePoll  = 50 * time.Millisecond
)

// Close stops everything in order: device, Sessions, broker, recorder, files.
// What clients have handed to the bundled broker is taken in first, for which
// it waits until traffic has settled, five seconds at most.
func (w *Workbench) Close(ctx context.Context) error {
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		return nil
	}
	w.closed = true
	w.mu.Unlock()

	var errs []error
	w.StopDemo(ctx)
	w.settle(ctx)
	for _, s := range w.Sessions() {
		errs = append(errs, s.close(ctx))
	}
	if w.local != nil {
		errs = append(errs, w.local.Close(ctx))
	}
	if w.state != nil {
		errs = append(errs, w.state.Close())
	}
	errs = append(errs, w.closeRecorder())
	if w.history != nil {
		errs = append(errs, w.history.Close())
	}
	w.stop()
	return errors.Join(append(errs, w.cfg.Dir.Close())...)
}

// closeRecorder stores what is queued. What cannot be stored is an error: nobody
// may believe that it is kept.
func (w *Workbench) closeRecorder() error {
	if w.recorder == nil {
		return nil
	}
	before := w.recorder.Stats()
	w.recorder.Close()
	after := w.recorder.Stats()
	lost := after.Dropped - before.Dropped
	if lost == 0 {
		return nil
	}
	why := cmp.Or(after.Trouble, before.Trouble, "the queue was full")
	why, _, _ = strings.Cut(why, ", storing goes on") // it does not, now
	return fmt.Errorf("store the last messages: %d could not be stored: %s", lost, why)
}

// settle waits until nothing more comes in at the bundled broker.
func (w *Workbench) settle(ctx context.Context) {
	w.mu.Lock()
	local := w.local
	w.mu.Unlock()
	if local == nil || !w.Recording() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, settleMost)
	defer cancel()
	tick := time.NewTicker(settlePoll)
	defer tick.Stop()
	var last uint64
	for quiet := 0; quiet < settleQuiet; {
		now := local.Stats().In
		if quiet++; now != last {
			quiet = 0
		}
		last = now
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}
