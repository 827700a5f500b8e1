package core

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/thingdesk/thingdesk/localbroker/durable"
)

// Bounds of what waits to be stored. When they are reached, clients that
// publish at QoS 1 or 2, or retained messages, are not read until there is room.
const (
	maxPending      = 100_000
	maxPendingBytes = 64 << 20
)

// Pauses between attempts to store, doubled each time.
const (
	firstRetry = 20 * time.Millisecond
	lastRetry  = time.Second
)

// journal commits changes of the durable state in the order in which they were
// made, all that came up during one commit in the next.
//
// Changes are numbered. Who may go on only when a change is stored takes the
// number of the last change as a gate: acknowledgements of what a client sent,
// and messages of QoS 1 and 2, leave the broker when Broker's committed number
// has reached theirs. So nothing is ever acknowledged, or seen by anybody, that
// a crash could undo.
type journal struct {
	b     *Broker
	store durable.Store
	wake  chan struct{}
	quit  chan struct{}
	ended chan struct{}

	// Guarded by Broker.mu.
	pending   []durable.Change
	bytes     int
	next      uint64 // the number of the last change
	committed uint64 // the number of the last change that is stored
	waiters   []*conn
	room      *sync.Cond // readers wait here while too much is pending
	kicked    bool
	err       error // what the last attempt came to
	lost      int   // changes that could not be stored until the end
}

func newJournal(b *Broker, store durable.Store) *journal {
	return &journal{
		b: b, store: store, room: sync.NewCond(&b.mu),
		wake: make(chan struct{}, 1), quit: make(chan struct{}), ended: make(chan struct{}),
	}
}

// note appends a change. The lock is held.
func (b *Broker) note(c durable.Change) {
	j := b.journal
	if j == nil {
		return
	}
	j.pending = append(j.pending, c)
	j.next++
	if c.Message != nil {
		j.bytes += len(c.Message.Payload)
	}
	if c.Delivery != nil && c.Delivery.Message != nil && c.Delivery.Message.ID == 0 {
		j.bytes += len(c.Delivery.Message.Payload)
	}
}

// gate returns the number of the last change, for clients of a durable door.
func (b *Broker) gate(durable bool) uint64 {
	if b.journal == nil || !durable || b.journal.next == b.journal.committed {
		return 0
	}
	return b.journal.next
}

// open tells whether what waits for a gate may leave. If not, c will be touched
// after the next commit.
func (b *Broker) open(gate uint64, c *conn) bool {
	if gate == 0 || gate <= b.journal.committed {
		return true
	}
	if !c.awaiting {
		c.awaiting = true
		b.journal.waiters = append(b.journal.waiters, c)
	}
	return false
}

// full tells whether too much waits to be stored.
func (b *Broker) full() bool {
	j := b.journal
	return j != nil && !b.closing && (len(j.pending) > maxPending || j.bytes > maxPendingBytes)
}

// kick wakes the journal when there is something to store. The lock is held.
func (j *journal) kick() {
	if len(j.pending) > 0 && !j.kicked {
		j.kicked = true
		select {
		case j.wake <- struct{}{}:
		default:
		}
	}
}

// run commits until stop. ctx is the Broker's.
func (j *journal) run(ctx context.Context) {
	defer close(j.ended)
	ctx = context.WithoutCancel(ctx)
	var batch []durable.Change
	for stopping := false; !stopping; {
		select {
		case <-j.wake:
		case <-j.quit:
			stopping = true
		}
		for {
			j.b.lock()
			batch, j.pending = j.pending, batch[:0]
			upto := j.next
			j.bytes, j.kicked = 0, false
			j.b.unlock()
			if len(batch) == 0 {
				break
			}
			if !j.commit(ctx, batch) {
				j.b.lock()
				j.lost = len(batch) + len(j.pending)
				j.b.unlock()
				return
			}
			j.b.lock()
			j.committed, j.err = upto, nil
			j.release()
			j.b.unlock()
			clear(batch) // or it keeps messages alive
			if cap(batch) > maxPending/8 {
				batch = nil
			}
		}
	}
}

// release lets those go on who wait for a commit. The lock is held.
func (j *journal) release() {
	for i, c := range j.waiters {
		c.awaiting = false
		j.b.touch(c)
		j.waiters[i] = nil
	}
	j.waiters = j.waiters[:0]
	j.room.Broadcast()
}

// lastChance is how long it is tried to store what is left when the Broker
// closes.
const lastChance = 300 * time.Millisecond

// commit stores a batch, however often it takes, and tells whether it did. Once
// the Broker closes it gives up after lastChance.
func (j *journal) commit(ctx context.Context, batch []durable.Change) bool {
	quit, giveUp := j.quit, time.Time{}
	for pause := firstRetry; ; pause = min(2*pause, lastRetry) {
		err := j.store.Commit(ctx, batch)
		if err == nil {
			return true
		}
		j.b.lock()
		j.err = err
		j.release() // some need not wait while storing fails
		closing := j.b.closed
		j.b.unlock()
		j.b.log.ErrorContext(ctx, "store broker state", "error", err, "changes", len(batch))
		switch {
		case !closing:
		case giveUp.IsZero():
			giveUp, pause = time.Now().Add(lastChance), firstRetry
		case time.Now().After(giveUp):
			return false
		default:
			pause = min(pause, lastChance/4)
		}
		select {
		case <-time.After(pause):
		case <-quit:
			quit = nil // once
		}
	}
}

// stop stores what is left and ends the journal.
func (j *journal) stop(ctx context.Context) error {
	close(j.quit)
	select {
	case <-j.ended:
	case <-ctx.Done():
		return fmt.Errorf("store broker state: %w", ctx.Err())
	}
	j.b.lock()
	defer j.b.unlock()
	if j.lost > 0 {
		return fmt.Errorf("store broker state: %d changes are lost: %w", j.lost, j.err)
	}
	return nil
}
