package core

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/thingdesk/thingdesk/localbroker/packet"
)

// conn is one connection, from accept to close.
type conn struct {
	// Set when it is made.
	b     *Broker
	net   net.Conn
	door  *Door
	since int64 // microseconds since 1970 UTC
	room  *sync.Cond

	// Set by CONNECT, before anybody else sees the connection.
	version   packet.Version
	keepAlive time.Duration // 0 for none
	permit    Permit
	owner     string
	user      string // as claimed
	maxPacket int    // the longest packet the client takes; 0 for any
	window    int    // QoS 1 and 2 messages it takes at once
	aliasMost uint16 // Topic Aliases it takes
	terms     Terms  // what it was granted; all limits are set
	exempt    bool   // see Pass
	problems  bool   // it wants Reason Strings everywhere

	// Owned by the reader.
	heard    int64             // when the last bytes came, microseconds since 1970 UTC
	aliases  map[uint16]string // that the client set
	topics   map[string]string // recent topics, to share their memory
	deadline time.Time         // the read deadline that is set

	// Owned by the writer that is at work.
	outAliases map[string]uint16
	writeUntil time.Time // the write deadline that is set

	// over is ended, for those who do not hold the lock.
	over atomic.Bool

	// Guarded by Broker.mu.
	s        *session // nil before CONNECT is accepted; then set for good
	control  ring[control]
	backlog  int    // bytes in control
	taken    uint64 // messages that a writer took, also older ones
	unacked  int    // QoS 1 messages of the client that are not acknowledged yet
	touched  bool   // it is in Broker.touched
	awaiting bool   // it is in journal.waiters
	stuck    bool   // its reader waits at room
	flushing bool   // a writer is at work
	ended    bool   // nothing of the client is accepted any more
	hungUp   bool   // nothing is written any more
	farewell []byte
	limbo    limbo
	stats    connStats
}

type connStats struct {
	packetsIn, packetsOut uint64
	bytesIn, bytesOut     uint64
	in, out               uint64 // PUBLISH
	last                  int64  // when the last bytes came
}

// control is a packet other than PUBLISH that is to be sent.
type control struct {
	gate  uint64    // see journal
	after uint64    // it follows so many messages of the connection
	until time.Time // but is not held back longer
	ack   packet.Ack
	raw   []byte // a whole packet; nil for ack
}

// keepOrder is how long a reply waits for the messages that could be sent when
// it was made. MQTT does not ask for it, but people expect what was there before
// a PINGRESP or UNSUBACK to come before it. A client that takes its messages
// slowly gets its replies first after that, for it may be waiting for them.
const keepOrder = time.Second

// Serve takes a connection, which it owns from now on, and returns when the client
// has been let in or turned away. What follows runs in a goroutine of its own:
// TLS, passwords and rules need a deep stack, which an idle client should not
// keep.
func (b *Broker) Serve(ctx context.Context, nc net.Conn, d *Door) {
	c := &conn{b: b, net: nc, door: d, since: time.Now().UnixMicro(), room: sync.NewCond(&b.mu)}
	b.lock()
	if b.closing || len(b.conns) >= b.limits.Clients+spareConns {
		b.unlock()
		_ = nc.Close() // nobody is told
		return
	}
	b.conns[c] = struct{}{}
	b.running++
	b.unlock()
	r := &reader{c: c, small: make([]byte, smallBuffer)}
	if !c.greet(ctx, r) {
		c.drain(r)
		c.leave(r)
		return
	}
	go func() {
		defer c.leave(r)
		c.read(r)
	}()
}

// leave ends a connection for good.
func (c *conn) leave(r *reader) {
	r.shrink()
	b := c.b
	b.lock()
	b.end(c, Ending{Reason: packet.UnspecifiedError, Text: "the connection broke"}, forget)
	c.hungUp = true // nobody would read it, and no writer may begin after the last has left
	delete(b.conns, c)
	b.left()
	b.unlock()
	_ = c.net.Close() // it is over in any case
}

// spareConns is how many connections beyond Limits.Clients may be open without
// being let in.
const spareConns = 256

// What becomes of packets that wait to be sent when a connection ends.
type rest bool

const (
	forget rest = false
	send   rest = true
)

// end ends a connection. The client gets a DISCONNECT with the reason, if it
// knows that packet and did not send one itself. The session goes on, or not,
// without it. The lock is held.
func (b *Broker) end(c *conn, why Ending, pending rest) {
	if c.ended {
		return
	}
	c.ended = true
	c.over.Store(true)
	if c.version == packet.V5 && !why.ByClient && !why.quiet && c.s != nil && why.Reason != packet.UnspecifiedError {
		c.farewell = c.disconnect(why)
	}
	if pending == forget {
		c.control, c.backlog = ring[control]{}, 0
	}
	c.cut()
	c.room.Broadcast()
	if b.journal != nil {
		b.journal.room.Broadcast()
	}
	if c.s != nil {
		b.detach(c, why)
	}
	b.touch(c)
}

// farewellTime is how long an ending connection may take to read what is still
// sent, and to close.
const farewellTime = 500 * time.Millisecond

// cut bounds the time of a connection that has ended. Errors mean that it is
// closed already.
func (c *conn) cut() {
	now := time.Now()
	_ = c.net.SetWriteDeadline(now.Add(farewellTime))
	_ = c.net.SetReadDeadline(now.Add(2 * farewellTime))
}

// disconnect returns a DISCONNECT.
func (c *conn) disconnect(why Ending) []byte {
	f := packet.Farewell{Type: packet.DISCONNECT, Reason: why.Reason}
	if why.Text != "" {
		f.Properties = f.Properties.AppendString(packet.ReasonString, why.Text)
	}
	raw := f.Append(nil, c.version)
	if c.maxPacket > 0 && len(raw) > c.maxPacket { // [MQTT-3.14.2-3]
		f.Properties = nil
		raw = f.Append(nil, c.version)
	}
	return raw
}

// queue queues a packet other than PUBLISH.
func (c *conn) queue(k control) {
	if n := c.sendable(); n > 0 {
		k.after, k.until = c.taken+uint64(n), time.Now().Add(keepOrder)
	}
	c.enqueue(k)
}

// queueFirst queues a packet that no message comes before.
func (c *conn) queueFirst(raw []byte) { c.enqueue(control{raw: raw}) }

func (c *conn) enqueue(k control) {
	c.control.push(k)
	c.backlog += k.size()
	c.b.touch(c)
}

// size is how many bytes the packet has, roughly.
func (k *control) size() int { return len(k.raw) + len(k.ack.Properties) + 4 }

// reply queues an acknowledgement.
func (c *conn) reply(t packet.Type, id uint16, reason packet.Reason, gate uint64) {
	c.queue(control{gate: gate, ack: packet.Ack{Type: t, ID: id, Reason: reason}})
}

// replyText queues an acknowledgement with a Reason String, for clients that
// want them [MQTT-3.1.2-29].
func (c *conn) replyText(t packet.Type, id uint16, reason packet.Reason, text string, gate uint64) {
	a := packet.Ack{Type: t, ID: id, Reason: reason}
	if c.version == packet.V5 && c.problems && text != "" {
		a.Properties = a.Properties.AppendString(packet.ReasonString, text)
	}
	if c.maxPacket > 0 && len(a.Append(nil, c.version)) > c.maxPacket { // [MQTT-3.4.2-2]
		a.Properties = nil
	}
	c.queue(control{gate: gate, ack: a})
}

// send queues a whole packet.
func (c *conn) send(raw []byte, gate uint64) {
	c.queue(control{gate: gate, raw: raw})
}
