package storage

import (
	"context"
	"time"
)

// write is the writer goroutine: it takes what is queued and commits it until
// the Recorder is closed and the queue is empty.
func (r *Recorder) write(ctx context.Context) {
	defer close(r.done)
	var begun time.Time // when the last commit began
	for {
		closing := r.rest(begun)
		begun = time.Now()
		batch := r.swap()
		for rest := batch; len(rest) > 0; {
			n := min(len(rest), recordBatch)
			r.store(ctx, rest[:n])
			rest = rest[n:]
		}
		r.giveBack(batch)
		if closing && len(batch) == 0 {
			return
		}
	}
}

// rest waits until it is time to commit: recordWait after the first message, or
// at once when there are many, but not within recordPause of the last commit.
// It tells that the Recorder is closing, in which case it does not wait.
func (r *Recorder) rest(begun time.Time) (closing bool) {
	select {
	case <-r.stop:
		return true
	case <-r.some:
	}
	pause := time.NewTimer(time.Until(begun.Add(recordPause)))
	defer pause.Stop()
	wait := time.NewTimer(recordWait)
	defer wait.Stop()
	select {
	case <-r.stop:
		return true
	case <-wait.C:
		return false
	case <-r.many:
	}
	select {
	case <-r.stop:
		return true
	case <-pause.C:
		return false
	}
}

// swap takes the queue and leaves an empty one. A flag raised for what it takes
// is lowered with it.
func (r *Recorder) swap() []Entry {
	r.mu.Lock()
	defer r.mu.Unlock()
	batch := r.queue
	r.queue, r.spare = r.spare, nil
	for _, c := range []chan struct{}{r.some, r.many} {
		select {
		case <-c:
		default:
		}
	}
	return batch
}

// giveBack makes a buffer ready for the next swap, without the payloads. A
// buffer that a burst has blown up is let go.
func (r *Recorder) giveBack(batch []Entry) {
	if cap(batch) > 4*recordBatch {
		batch = nil
	}
	clear(batch)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.spare = batch[:0]
}

// store commits a batch, however often it takes, or drops it when the Recorder
// is closing and its grace is over.
func (r *Recorder) store(ctx context.Context, batch []Entry) {
	for wait := retryFirst; r.lost == ""; wait = min(2*wait, retryMost) {
		err := r.h.Append(ctx, batch)
		if err == nil {
			r.settle(batch, "")
			return
		}
		trouble := Explain(err)
		if r.fail(trouble) {
			r.lost = "not stored before the end: " + trouble
			break
		}
		r.pause(wait)
	}
	r.settle(batch, r.lost)
}

// pause waits before the next try. Close cuts it short; from then on the tries
// follow each other quickly.
func (r *Recorder) pause(wait time.Duration) {
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-r.stop:
		t.Reset(min(wait, retryFirst))
		<-t.C
	default:
		select {
		case <-r.stop:
		case <-t.C:
		}
	}
}

// fail notes what is wrong and tells whether to give up.
func (r *Recorder) fail(trouble string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stats.Trouble = trouble
	return r.closed && !time.Now().Before(r.deadline)
}

// settle ends the waiting of a batch: stored when why is "", else dropped.
func (r *Recorder) settle(batch []Entry, why string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if why == "" {
		r.stats.Stored += uint64(len(batch))
		r.stats.Trouble = ""
	} else {
		r.dropLocked(why, len(batch))
	}
	for i := range batch {
		if size := weight(&batch[i].Message); size > r.max.MaxBytes {
			r.oversized = false
		} else {
			r.bytes -= size
		}
	}
	r.waiting -= len(batch)
	r.handled += uint64(len(batch))
	r.progress.Broadcast()
}
