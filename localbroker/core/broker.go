package core

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/thingdesk/thingdesk/localbroker/durable"
	"github.com/thingdesk/thingdesk/localbroker/packet"
	"github.com/thingdesk/thingdesk/things/topic"
)

// Broker is a running broker.
type Broker struct {
	// Set at construction.
	cfg      Config
	limits   Limits
	log      *slog.Logger
	observer Observer
	journal  *journal // nil without a Store
	started  time.Time
	ctx      context.Context //nolint:containedctx // ends the waiting in Guards when the Broker closes
	cancel   context.CancelFunc

	published atomic.Int64 // when the last PUBLISH of a client came, microseconds since 1970 UTC

	mu sync.Mutex // guards all that follows, and the fields of sessions and connections that say so

	sessions    map[string]*session // by client ID
	numbers     uint64              // the highest Session.Number given
	freeNumbers []uint64            // given back
	messages    uint64              // the highest Message.ID given
	trie        trie
	subs        int // subscriptions
	filterBytes int // their filters, and subscriptionOverhead for each
	retained    retained
	purged      time.Time          // when retained messages were last looked through
	conns       map[*conn]struct{} // from accept to the end of their reader
	online      int                // sessions with a connection
	queued      int64              // bytes waiting in all sessions
	stats       Stats
	sys         sys

	// For route, so that it need not allocate.
	epoch   uint64
	matched []*node
	targets []target
	work    uint64 // deliveries queued so far

	// Connections that have something new to send when the lock is released.
	touched []*conn

	closing bool          // nobody is let in any more
	closed  bool          // nothing is published any more
	running int           // readers, writers and timers at work
	idle    chan struct{} // closed when closing and running is 0
}

// Stats are counters since the start, and gauges.
type Stats struct {
	Clients             int    // connected now
	ClientsMost         int    // most that were connected at once
	Sessions            int    // with and without connection
	Connections         uint64 // CONNECTs that were let in
	Subscriptions       int
	Retained            int
	RetainedBytes       int64
	PacketsIn           uint64 // all packets
	PacketsOut          uint64
	BytesIn             uint64
	BytesOut            uint64
	In                  uint64 // PUBLISH
	Out                 uint64
	PayloadIn           uint64 // bytes
	PayloadOut          uint64
	Dropped             uint64 // messages that did not get to a client, or into the retained store
	Queued              int64  // bytes waiting for clients
	Expired             uint64 // sessions that ended because they were not taken up again
	Waiting             int    // changes not yet stored
	StoreErr            error  // why the last storing failed; nil when it did not
	SharedSubscriptions int
}

// New returns a Broker with what is in the Store. It runs until Close.
func New(ctx context.Context, cfg Config) (*Broker, error) {
	b := &Broker{
		cfg: cfg, limits: cfg.Limits.withDefaults(), log: cfg.Log, observer: cfg.Observer,
		started: time.Now(), sessions: make(map[string]*session), conns: make(map[*conn]struct{}),
		idle: make(chan struct{}),
	}
	if b.log == nil {
		b.log = slog.New(slog.DiscardHandler)
	}
	if b.observer == nil {
		b.observer = nobody{}
	}
	b.ctx, b.cancel = context.WithCancel(context.WithoutCancel(ctx))
	if cfg.Store == nil {
		return b, nil
	}
	state, err := cfg.Store.Load(ctx)
	if err != nil {
		b.cancel()
		return nil, fmt.Errorf("load broker state: %w", err)
	}
	b.journal = newJournal(b, cfg.Store)
	b.lock()
	b.restore(state)
	b.unlock()
	go b.journal.run(b.ctx)
	return b, nil
}

func (b *Broker) lock() { b.mu.Lock() }

// unlock starts the writers of connections that have something new to send,
// then releases the lock. Every critical section that changes anything ends
// with it.
func (b *Broker) unlock() {
	b.flushTouched()
	b.mu.Unlock()
}

func (b *Broker) flushTouched() {
	for i, c := range b.touched {
		c.touched = false
		b.touched[i] = nil
		if !c.flushing && !c.hungUp && c.ready() {
			c.flushing = true
			b.running++
			go c.flush()
		}
	}
	b.touched = b.touched[:0]
	if b.journal != nil {
		b.journal.kick()
	}
}

// touch has the writer of c look for work when the lock is released.
func (b *Broker) touch(c *conn) {
	if c != nil && !c.touched {
		c.touched = true
		b.touched = append(b.touched, c)
	}
}

// left notes that something that was counted in running has ended. The lock is
// held.
func (b *Broker) left() {
	if b.running--; b.running == 0 && b.closing {
		close(b.idle)
	}
}

// ErrClosed is returned when the Broker has been closed.
var ErrClosed = errors.New("the broker is closed")

// Publish publishes a message of the broker itself. Topic, Payload, Properties,
// QoS and Retain are used; the rest is set.
func (b *Broker) Publish(m durable.Message) error {
	if err := topic.ValidateName(m.Topic); err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	now := time.Now().UnixMicro()
	m.ID, m.From, m.At = 0, "", now
	m.Expires = expiry(packet.Properties(m.Properties), now)
	m.Properties = passedOn(nil, m.Properties)
	b.lock()
	defer b.unlock()
	if b.closed {
		return fmt.Errorf("publish %q: %w", m.Topic, ErrClosed)
	}
	b.publish(&message{Message: m}, Origin{}, true)
	return nil
}

// Stats returns the counters.
func (b *Broker) Stats() Stats {
	b.lock()
	defer b.unlock()
	return b.statsLocked()
}

func (b *Broker) statsLocked() Stats {
	s := b.stats
	s.Clients, s.Sessions, s.Subscriptions = b.online, len(b.sessions), b.subs
	s.Retained, s.RetainedBytes, s.Queued = b.retained.count, b.retained.bytes, b.queued
	if b.journal != nil {
		s.Waiting, s.StoreErr = int(b.journal.next-b.journal.committed), b.journal.err
	}
	return s
}

// HangUp disconnects everybody and lets nobody in any more, within a second. The
// broker's own messages are still taken. Wills of clients that were connected
// are published when a Broker starts over the same Store: MQTT 5.0 section
// 3.1.2.5 lets a server that stops put them off.
func (b *Broker) HangUp(ctx context.Context) {
	b.lock()
	if b.closing {
		b.unlock()
		return
	}
	b.closing = true
	b.running++ // so that idle is closed in one place
	for c := range b.conns {
		b.end(c, Ending{Reason: packet.ServerShuttingDown}, forget)
	}
	for _, s := range b.sessions {
		s.stopTimers()
	}
	b.sys.stop()
	b.left()
	b.unlock()
	b.cancelAfterGrace(ctx)
}

// Close hangs up and returns when all is stored, or with the error of storing.
// It is called once.
func (b *Broker) Close(ctx context.Context) error {
	b.HangUp(ctx)
	b.lock()
	b.closed = true
	b.unlock()
	if b.journal != nil {
		return b.journal.stop(ctx)
	}
	return nil
}

// closeGrace is how long connections get to say goodbye when the Broker closes.
const closeGrace = 300 * time.Millisecond

// cancelAfterGrace waits until readers and writers have ended, and cuts those
// that take too long.
func (b *Broker) cancelAfterGrace(ctx context.Context) {
	defer b.cancel()
	grace := time.NewTimer(closeGrace)
	defer grace.Stop()
	select {
	case <-b.idle:
		return
	case <-grace.C:
	case <-ctx.Done():
	}
	b.cancel()
	b.lock()
	var open []*conn
	for c := range b.conns {
		open = append(open, c)
	}
	b.unlock()
	for _, c := range open {
		_ = c.net.Close() // nothing can be done about an error
	}
	select {
	case <-b.idle:
	case <-ctx.Done():
	}
}

// nobody is the Observer when there is none.
type nobody struct{}

// Connected does nothing, as do all its methods.
func (nobody) Connected(Client) {}

// Disconnected does nothing.
func (nobody) Disconnected(Client, Ending) {}

// Subscribed does nothing.
func (nobody) Subscribed(string, []durable.Subscription) {}

// Unsubscribed does nothing.
func (nobody) Unsubscribed(string, []string) {}

// Published does nothing.
func (nobody) Published(*durable.Message, Origin) {}

// Dropped does nothing.
func (nobody) Dropped(string, *durable.Message, Drop) {}
