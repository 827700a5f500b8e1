package storage

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/thingdesk/thingdesk/broker"
)

// Bounds and times of a Recorder.
const (
	defaultMaxMessages = 262_144
	defaultMaxBytes    = 64 << 20

	recordWait  = 200 * time.Millisecond // a message waits at most so long for company
	recordEager = 4096                   // so many are enough company
	recordPause = 50 * time.Millisecond  // but commits begin at least so far apart
	recordBatch = 10_000                 // most messages in a commit
	retryFirst  = 250 * time.Millisecond // first wait after an error; doubled up to retryMost
	retryMost   = 5 * time.Second
	closeGrace  = 10 * time.Second // how long Close tries a store that fails

	maxReasons = 32 // entries of RecorderStats.DroppedBy
)

// Recorder brings messages to a History without ever blocking a connection: a
// bounded queue in front of one writer goroutine that commits groups.
//
// When a commit fails its messages are kept and tried again with growing waits;
// meanwhile the queue fills, and what does not fit is dropped and counted with
// the reason. The bounds are on all messages that are not committed yet.
type Recorder struct {
	h    History
	max  RecorderConfig
	some chan struct{} // the queue is no longer empty
	many chan struct{} // commit now
	stop chan struct{} // closed by Close
	done chan struct{} // closed when the writer has ended

	lost string // why the writer has given up; its own

	mu        sync.Mutex
	progress  sync.Cond // handled grew; on mu
	queue     []Entry
	spare     []Entry // the other buffer, when the writer does not have it
	waiting   int     // messages in queue and with the writer
	bytes     int     // their size, but for the oversized one
	oversized bool    // one message that alone passes max.MaxBytes is waiting
	taken     uint64  // messages ever queued
	handled   uint64  // of these, stored or dropped
	stats     RecorderStats
	closed    bool
	deadline  time.Time // of Close
}

// RecorderConfig bounds the queue. Zero values take the defaults.
type RecorderConfig struct {
	MaxMessages int // 262,144
	MaxBytes    int // 64 MiB of payload and topics
}

// RecorderStats tells how recording goes.
type RecorderStats struct {
	Stored  uint64 // messages committed since start
	Queued  int    // messages waiting
	Dropped uint64 // messages that will never be stored, all reasons
	// DroppedBy counts Dropped by reason in words ("queue full", "disk full").
	DroppedBy map[string]uint64
	// Trouble says in words what is wrong now and what to do; "" when all is well.
	Trouble string
}

// NewRecorder starts the writer. h is not closed by the Recorder.
func NewRecorder(h History, c RecorderConfig) *Recorder {
	r := &Recorder{
		h: h,
		max: RecorderConfig{
			MaxMessages: cmp.Or(max(c.MaxMessages, 0), defaultMaxMessages),
			MaxBytes:    cmp.Or(max(c.MaxBytes, 0), defaultMaxBytes),
		},
		some: make(chan struct{}, 1), many: make(chan struct{}, 1),
		stop: make(chan struct{}), done: make(chan struct{}),
	}
	r.progress.L = &r.mu
	r.stats.DroppedBy = make(map[string]uint64)
	ctx := context.Background() //nolint:forbidigo // recording ends by Close, which must store what is queued, not by a context
	go r.write(ctx)
	return r
}

// Put queues messages of one source. It never blocks; what does not fit is
// counted. The messages are not copied and must not change.
//
// One message larger than MaxBytes may wait beside the others, so that it can
// be stored at all; a second one is dropped.
func (r *Recorder) Put(source, sourceName string, ms []broker.Message) {
	if len(ms) == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		r.dropLocked("recording has ended", len(ms))
		return
	}
	for i := range ms {
		if why := r.roomLocked(&ms[i]); why != "" {
			r.dropLocked(why, 1)
			continue
		}
		r.queue = append(r.queue, Entry{Source: source, SourceName: sourceName, Message: ms[i]})
		r.waiting++
		r.taken++
	}
	if len(r.queue) > 0 {
		signal(r.some)
	}
	if len(r.queue) >= recordEager {
		signal(r.many)
	}
}

// roomLocked books the room for m or says why there is none.
func (r *Recorder) roomLocked(m *broker.Message) (why string) {
	size := weight(m)
	switch {
	case r.waiting >= r.max.MaxMessages || r.bytes >= r.max.MaxBytes:
		return r.fullLocked()
	case size > r.max.MaxBytes && r.oversized:
		return fmt.Sprintf("larger than the queue of %d bytes, and another such message was waiting", r.max.MaxBytes)
	case size > r.max.MaxBytes:
		r.oversized = true
	case r.bytes+size > r.max.MaxBytes:
		return r.fullLocked()
	default:
		r.bytes += size
	}
	return ""
}

func (r *Recorder) fullLocked() string {
	if r.stats.Trouble == "" {
		return "queue full"
	}
	return "queue full: " + r.stats.Trouble
}

func (r *Recorder) dropLocked(why string, n int) {
	if _, ok := r.stats.DroppedBy[why]; !ok && len(r.stats.DroppedBy) >= maxReasons {
		why = "other reasons"
	}
	r.stats.Dropped += uint64(n)
	r.stats.DroppedBy[why] += uint64(n)
}

// weight is what a message counts for in RecorderConfig.MaxBytes.
func weight(m *broker.Message) int { return len(m.Payload) + len(m.Topic) }

// signal sets a flag that a channel of one holds.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Stats returns the counters.
func (r *Recorder) Stats() RecorderStats {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.stats
	s.Queued = r.waiting
	s.DroppedBy = maps.Clone(s.DroppedBy)
	return s
}

// Busy tells whether the queue is half full although storing works: who can
// slow down the senders should.
func (r *Recorder) Busy() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stats.Trouble == "" && !r.closed && (r.waiting > r.max.MaxMessages/2 || r.bytes > r.max.MaxBytes/2)
}

// Flush returns when everything put before it is stored or dropped. While the
// store fails, that is when it works again or the Recorder is closed.
func (r *Recorder) Flush() {
	r.mu.Lock()
	defer r.mu.Unlock()
	signal(r.many)
	for goal := r.taken; r.handled < goal; {
		r.progress.Wait()
	}
}

// Close flushes and ends the writer. While the store works it takes the time it
// needs; a store that fails is tried for ten seconds more, and what is then
// still waiting is dropped and counted. It is safe to call it twice.
func (r *Recorder) Close() {
	r.mu.Lock()
	if !r.closed {
		r.closed = true
		r.deadline = time.Now().Add(closeGrace)
		close(r.stop)
	}
	r.mu.Unlock()
	<-r.done
}
