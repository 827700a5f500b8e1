package core

import (
	"errors"
	"net"
	"os"
	"sync"
	"time"

	"github.com/thingdesk/thingdesk/localbroker/packet"
)

const (
	// smallBuffer is what an idle connection holds; bigBuffer what one holds
	// that has much to say.
	smallBuffer = 512
	bigBuffer   = 32 << 10
	// holdBig is how long a connection that says nothing keeps the big one.
	holdBig = 100 * time.Millisecond
	// batchMost is how many packets are applied under one lock.
	batchMost = 32
)

var bigBuffers = sync.Pool{New: func() any { b := make([]byte, bigBuffer); return &b }}

// reader reads from a connection into a buffer that fits what comes.
type reader struct {
	c     *conn
	small []byte
	big   *[]byte // from bigBuffers; nil when not in use
	huge  []byte  // for one packet that is longer than big; nil when not in use
	n     int     // bytes in the buffer
}

func (r *reader) buffer() []byte {
	switch {
	case r.huge != nil:
		return r.huge
	case r.big != nil:
		return *r.big
	}
	return r.small
}

// fill reads once, after making room. need is the length of the packet that
// begins the buffer, as far as it is known.
func (r *reader) fill(need int) error {
	if r.n == 0 && r.huge != nil {
		r.huge = nil
	}
	if len(r.buffer()) == r.n || need > len(r.buffer()) {
		r.widen(need)
	}
	for {
		hold := r.n == 0 && r.big != nil
		if hold && !r.c.holdable() {
			r.shrink()
			hold = false
		}
		if err := r.c.await(hold); err != nil {
			return err
		}
		n, err := r.c.net.Read(r.buffer()[r.n:])
		r.n += n
		if n > 0 {
			return nil
		}
		if hold && errors.Is(err, os.ErrDeadlineExceeded) {
			r.shrink()
			continue
		}
		return err
	}
}

// widen changes to a larger buffer. A long packet gets its memory as its bytes
// come, not as it promises.
func (r *reader) widen(need int) {
	old := r.buffer()
	switch {
	case r.big == nil && r.huge == nil:
		r.big, _ = bigBuffers.Get().(*[]byte)
		copy(*r.big, old[:r.n])
	case r.n == len(old):
		size := 2 * len(old)
		if need > len(old) {
			size = min(size, need)
		}
		r.huge = make([]byte, size)
		copy(r.huge, old[:r.n])
	}
}

// shrink goes back to the small buffer. There is nothing in the big one.
func (r *reader) shrink() {
	if r.big != nil {
		bigBuffers.Put(r.big)
		r.big = nil
	}
	r.huge = nil
}

// consume removes n bytes from the front.
func (r *reader) consume(n int) {
	if n == 0 {
		return
	}
	b := r.buffer()
	copy(b, b[n:r.n])
	r.n -= n
}

// holdable tells whether reading may be given up and taken up again later,
// which WebSocket connections do not allow.
func (c *conn) holdable() bool {
	_, ok := c.net.(*net.TCPConn)
	return ok
}

// await sets the deadline for the next read: hold for a short one, else that of
// the keep-alive [MQTT-3.1.2-22]. It is moved only when that matters, for that
// costs time.
func (c *conn) await(hold bool) error {
	if c.s == nil {
		return nil // Serve has set that for CONNECT
	}
	now := time.Now()
	var next time.Time
	switch {
	case hold && (c.keepAlive == 0 || c.keepAlive > 2*holdBig):
		next = now.Add(holdBig)
	case c.keepAlive > 0:
		slack := min(c.keepAlive/4, time.Second)
		if left := c.deadline.Sub(now); left > c.keepAlive*3/2 {
			return nil
		}
		next = now.Add(c.keepAlive*3/2 + slack)
	default:
		if c.deadline.IsZero() {
			return nil
		}
	}
	c.deadline = next
	err := c.net.SetReadDeadline(next)
	if c.over.Load() { // end has set a shorter one, perhaps just before
		err = c.net.SetReadDeadline(time.Now().Add(farewellTime))
	}
	return err
}

// read reads until the connection ends.
func (c *conn) read(r *reader) {
	for { // what came together with CONNECT is there already
		used, need, ok := c.process(r.buffer()[:r.n])
		if !ok {
			break
		}
		r.consume(used)
		if err := r.fill(need); err != nil {
			c.broke(err)
			break
		}
	}
	c.drain(r)
}

// broke ends the connection after an error of reading.
func (c *conn) broke(err error) {
	why := Ending{Reason: packet.UnspecifiedError, Text: "the connection was closed without DISCONNECT"}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		why = Ending{Reason: packet.KeepAliveTimeout, Text: "nothing came for 1.5 times the keep-alive"}
	}
	c.b.lock()
	defer c.b.unlock()
	c.b.end(c, why, forget)
}

// drainMost is how long a client that is told goodbye may go on sending.
const drainMost = 10 * time.Second

// drain reads and forgets what the client still sends while it is told goodbye:
// closing before it has read that would make its system throw the goodbye away.
func (c *conn) drain(r *reader) {
	if r.big == nil {
		r.n = 0
	}
	for until := time.Now().Add(drainMost); ; {
		if _, err := c.net.Read(r.buffer()); err != nil {
			return
		}
		now := time.Now()
		if now.After(until) || c.net.SetReadDeadline(now.Add(farewellTime)) != nil {
			return
		}
	}
}

// process decodes the packets in buf and applies them. It returns how many
// bytes it used, and how long the packet is that begins after them, 0 when that
// is not known. ok is false when the connection has ended.
func (c *conn) process(buf []byte) (used, need int, ok bool) {
	batch, _ := batches.Get().(*batch)
	defer batches.Put(batch)
	for {
		start := used
		used, need = c.decode(batch, buf, used)
		if len(batch.items) == 0 {
			return used, need, true
		}
		batch.bytes = used - start
		if batch.publishes {
			c.linger(batch.now)
		}
		c.heard = batch.now
		ok := c.apply(batch)
		full, paced := len(batch.items) == batchMost, batch.publishes
		batch.reset()
		if ok && paced && c.b.cfg.Busy != nil {
			c.pace()
		}
		if !ok || !full {
			return used, need, ok
		}
	}
}

// How a client that publishes is slowed down while nobody can keep up: for each
// batch it waits so long at most.
const (
	paceStep = 5 * time.Millisecond
	paceMost = 100 * time.Millisecond
)

// pace waits while Config.Busy says so.
func (c *conn) pace() {
	if !c.b.cfg.Busy() {
		return
	}
	tick := time.NewTicker(paceStep)
	defer tick.Stop()
	for waited := time.Duration(0); waited < paceMost && !c.over.Load() && c.b.cfg.Busy(); waited += paceStep {
		<-tick.C
	}
}

// A PUBLISH that ends a silence waits a moment, while there is little to do.
// Somebody who subscribes on one connection and then publishes on another
// expects to get the message. MQTT does not promise that, but a broker with one
// thread does it nearly always, and scripts are written so. Here the two arrive
// in two goroutines, and the later one may come first.
const (
	lingerFor   = 300 * time.Microsecond
	lingerAfter = 100 * time.Millisecond // silence of the client
	lingerBelow = 2 * time.Millisecond   // since anybody's last PUBLISH
)

func (c *conn) linger(now int64) {
	last := c.b.published.Swap(now)
	if now-c.heard < lingerAfter.Microseconds() || now-last < lingerBelow.Microseconds() {
		return
	}
	timer := time.NewTimer(lingerFor)
	defer timer.Stop()
	<-timer.C
}
