package paho

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"github.com/thingdesk/thingdesk/broker"
)

var _ broker.Conn = (*conn)(nil)

// conn is a broker.Conn. Its run goroutine makes one link after the other.
type conn struct {
	// Set at construction.
	profile  broker.Profile
	password string
	timing   timing
	store    mqtt.Store // unconfirmed messages of a persistent session, for the next link
	cancel   context.CancelFunc
	closing  <-chan struct{} // closed by Close
	done     chan struct{}   // closed when everything has ended
	// order is held from changing the table to handing the change to the
	// library, so that the broker sees changes in the order of the table.
	order chan struct{}

	tasks sync.WaitGroup // handovers under way

	mu    sync.Mutex // guards:
	link  *link      // nil unless up
	table table

	hmu  sync.Mutex // held while h runs; guards:
	h    broker.Handler
	over bool // nothing may be told to h any more
}

// Close implements broker.Conn.
func (c *conn) Close(ctx context.Context) error {
	c.cancel()
	select {
	case <-c.done:
		return nil
	default:
	}
	select {
	case <-c.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("close connection %q: %w", c.profile.Name, ctx.Err())
	}
}

// run connects until ctx ends.
func (c *conn) run(ctx context.Context) {
	defer close(c.done)
	waits := 0
	for attempt := 1; ctx.Err() == nil; attempt++ {
		c.report(broker.Status{State: broker.Connecting, Attempt: attempt})
		began := time.Now()
		err := c.serve(ctx, attempt)
		if ctx.Err() != nil {
			break
		}
		if _, ok := errors.AsType[*broker.LostError](err); ok {
			attempt = 0
			if time.Since(began) >= c.timing.stable {
				waits = 0
			}
		}
		wait := c.timing.wait(waits)
		waits++
		c.report(broker.Status{
			State: broker.Waiting, Attempt: attempt, Retry: time.Now().Add(wait),
			Reason: broker.ReasonFor(c.profile.Endpoint(), err),
		})
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
		}
	}
	c.tasks.Wait()
	c.report(broker.Status{State: broker.Closed})
	c.hmu.Lock()
	c.over = true
	c.hmu.Unlock()
}

// wait returns how long to wait after n waits before: doubling from firstWait
// to longestWait, a fifth more or less so that many clients do not come back
// at once.
func (t timing) wait(n int) time.Duration {
	d := t.longestWait
	if n < 20 {
		d = min(d, t.firstWait<<n)
	}
	return d + time.Duration((rand.Float64()-0.5)*0.4*float64(d)) //nolint:gosec // nothing secret
}

// serve makes one attempt and, when it works, keeps the link until it is lost
// or ctx ends. The error is a *broker.LostError when the link was up.
func (c *conn) serve(ctx context.Context, attempt int) error {
	l, err := c.connect(ctx, attempt)
	if err != nil {
		return err
	}
	c.up(l)
	c.restore(ctx, l)
	select {
	case err = <-l.lost:
	case <-ctx.Done():
		l.hangUp()
		err = ctx.Err()
	}
	c.mu.Lock()
	c.link = nil
	c.mu.Unlock()
	return err
}

// up makes l the link to use and reports it, if that was not done before. The
// first message of a kept session may come before serve does.
func (c *conn) up(l *link) {
	c.hmu.Lock()
	defer c.hmu.Unlock()
	c.upLocked(l)
}

func (c *conn) upLocked(l *link) {
	if l.announced {
		return
	}
	l.announced = true
	c.mu.Lock()
	c.link = l
	l.wanted, l.unwanted = c.table.snapshot()
	c.mu.Unlock()
	c.reportLocked(broker.Status{State: broker.Connected, Attempt: l.attempt, SessionPresent: l.session()})
}

// deliver hands a message of l on.
func (c *conn) deliver(l *link, m broker.Message) {
	c.hmu.Lock()
	defer c.hmu.Unlock()
	if c.over {
		return
	}
	c.upLocked(l)
	c.h.Receive(m)
}

func (c *conn) report(s broker.Status) {
	c.hmu.Lock()
	defer c.hmu.Unlock()
	c.reportLocked(s)
}

func (c *conn) reportLocked(s broker.Status) {
	s.Since = time.Now()
	c.h.StatusChanged(s)
}

func (c *conn) granted(gs []broker.Grant) {
	c.hmu.Lock()
	defer c.hmu.Unlock()
	c.h.Granted(gs)
}

// current returns the link that is up, or why there is none.
func (c *conn) current() (*link, error) {
	c.mu.Lock()
	l := c.link
	c.mu.Unlock()
	if c.closed() {
		return nil, broker.ErrClosed
	}
	if l == nil {
		return nil, broker.ErrNotConnected
	}
	return l, nil
}

func (c *conn) closed() bool {
	select {
	case <-c.closing:
		return true
	default:
		return false
	}
}
