package core

import (
	"encoding/binary"
	"errors"
	"os"
	"sync"
	"time"

	"github.com/thingdesk/thingdesk/localbroker/packet"
)

// How much a writer takes at once.
const (
	takeItems = 256
	takeBytes = 64 << 10
	// bigPayload is a payload that is written from where it is.
	bigPayload = 16 << 10
)

// outgoing is one packet that a writer has taken.
type outgoing struct {
	ack    packet.Ack
	raw    []byte
	m      *message // for PUBLISH
	ids    []uint32
	id     uint16
	qos    byte
	retain bool
	dup    bool
}

// writer is what a goroutine that writes needs. Writers are used again.
type writer struct {
	items []outgoing
	bytes int
	buf   []byte
	props packet.Properties
}

var writers = sync.Pool{New: func() any {
	return &writer{items: make([]outgoing, 0, takeItems), buf: make([]byte, 0, 4<<10)}
}}

func (w *writer) room() bool { return len(w.items) < takeItems && w.bytes < takeBytes }

func (w *writer) reset() {
	clear(w.items)
	w.items, w.bytes = w.items[:0], 0
}

// ready tells whether there is something to send now. The lock is held.
func (c *conn) ready() bool {
	if c.control.len() > 0 {
		if c.b.open(c.control.at(0).gate, c) {
			return true
		}
		if c.ended {
			return false
		}
	}
	if c.ended {
		return true // to say goodbye
	}
	s := c.s
	if s == nil || s.conn != c {
		return false
	}
	if s.zero.len() > 0 {
		return true
	}
	o := &s.out
	return o.next < o.end() && !c.windowFull() && c.mayLeave(o.item(o.next))
}

// mayLeave tells whether what is to be stored with a message is. While the store
// fails, clients whose messages are not stored anyway get them at once.
func (c *conn) mayLeave(it *item) bool {
	return it.m == nil || !it.held && c.b.journal != nil && c.b.journal.err != nil || c.b.open(it.m.gate, c)
}

// windowFull tells whether the client has as many unacknowledged messages as it
// takes [MQTT-3.3.4-9], or there is no packet identifier for the next one.
func (c *conn) windowFull() bool {
	o := &c.s.out
	return o.open >= c.window || o.next-o.first >= maxPacketIDs-1
}

// sendable is how many messages can be sent now, if they are stored.
func (c *conn) sendable() int {
	s := c.s
	if s == nil || s.conn != c || c.ended {
		return 0
	}
	return s.zero.len() + max(0, min(c.window-s.out.open, int(s.out.end()-s.out.next)))
}

// take moves what can be sent now to w and tells whether there is any. The lock
// is held.
func (c *conn) take(w *writer) bool {
	live := c.s != nil && c.s.conn == c && !c.ended
	now := time.Now().UnixMicro()
	var sent uint64
	if live {
		sent = c.s.out.sent
	}
	for w.room() {
		reply := c.control.len() > 0 && c.b.open(c.control.at(0).gate, c)
		switch {
		case reply && (!live || c.control.at(0).after <= c.taken || time.Now().After(c.control.at(0).until)):
			c.takeControl(w)
			continue
		case live && c.takeMessage(w, now):
			continue
		case reply:
			c.takeControl(w)
			continue
		}
		break
	}
	if live && c.s.out.sent != sent && c.s.keeps() {
		c.b.noteSent(c.s)
	}
	if c.stuck && c.control.len() < controlLow {
		c.room.Broadcast()
	}
	return len(w.items) > 0
}

func (c *conn) takeControl(w *writer) {
	k := c.control.pop()
	c.backlog -= k.size()
	if k.ack.Type == packet.PUBACK {
		c.unacked--
	}
	w.items = append(w.items, outgoing{ack: k.ack, raw: k.raw})
	w.bytes += len(k.raw) + 4
	c.stats.packetsOut++
	c.b.stats.PacketsOut++
}

// takeMessage takes or drops the next message, in the order in which they came,
// and tells whether there was one. QoS 0 does not wait for room in the window.
func (c *conn) takeMessage(w *writer, now int64) bool {
	s, o := c.s, &c.s.out
	for o.next < o.end() && o.item(o.next).state == done {
		o.next++
	}
	more := o.next < o.end()
	blocked := more && c.windowFull()
	c.taken++
	if s.zero.len() > 0 && (!more || blocked || s.zero.at(0).after < o.next) {
		c.takeZero(w, now)
		return true
	}
	if more && !blocked && c.takeItem(w, now) {
		return true
	}
	c.taken--
	return false
}

func (c *conn) takeZero(w *writer, now int64) {
	s := c.s
	z := s.zero.pop()
	s.queued -= z.m.size()
	c.b.queued -= z.m.size()
	switch {
	case z.m.expired(now):
		c.b.drop(s, z.m, DropExpired)
	case c.tooLarge(z.m, z.ids, 0):
		c.b.drop(s, z.m, DropTooLarge)
	default:
		c.takePublish(w, outgoing{m: z.m, ids: z.ids, retain: z.retain})
	}
}

// takeItem takes the next message of QoS 1 or 2, or the PUBREL that follows it,
// and tells whether it could: it may have to be stored first.
func (c *conn) takeItem(w *writer, now int64) bool {
	s, o := c.s, &c.s.out
	seq := o.next
	it := o.item(seq)
	if it.state == released { // [MQTT-4.4.0-1]
		if !c.b.open(o.gate, c) {
			return false
		}
		o.next++
		o.open++
		w.items = append(w.items, outgoing{ack: packet.Ack{Type: packet.PUBREL, ID: packetID(seq)}})
		return true
	}
	if !c.mayLeave(it) {
		return false
	}
	fresh := seq > o.sent
	switch m := it.m; {
	case fresh && m.expired(now): // [MQTT-3.3.2-5]
		c.b.drop(s, m, DropExpired)
		c.b.finish(s, seq)
	case c.tooLarge(m, it.ids, it.qos): // [MQTT-3.1.2-25]
		c.b.drop(s, m, DropTooLarge)
		c.b.finish(s, seq)
	default:
		o.next++
		o.open++
		o.sent = max(o.sent, seq)
		c.takePublish(w, outgoing{m: m, ids: it.ids, id: packetID(seq), qos: it.qos, retain: it.retain, dup: !fresh})
	}
	return true
}

func (c *conn) takePublish(w *writer, out outgoing) {
	w.items = append(w.items, out)
	w.bytes += len(out.m.Payload) + len(out.m.Topic) + 8
	c.stats.packetsOut++
	c.stats.out++
	st := &c.b.stats
	st.PacketsOut++
	st.Out++
	st.PayloadOut += uint64(len(out.m.Payload))
}

// tooLarge tells whether the client does not take the message
// [MQTT-3.1.2-24].
func (c *conn) tooLarge(m *message, ids []uint32, qos byte) bool {
	if c.maxPacket == 0 {
		return false
	}
	w := writer{}
	p := c.packet(&w, &outgoing{m: m, ids: ids, qos: qos, id: 1})
	return p.Size(c.version) > c.maxPacket
}

// packet returns the PUBLISH of out. Its properties are in w.
func (c *conn) packet(w *writer, out *outgoing) packet.Publish {
	m := out.m
	p := packet.Publish{
		Dup: out.dup, Retain: out.retain, QoS: out.qos, ID: out.id,
		Topic: bytesOf(m.Topic), Payload: m.Payload,
	}
	if c.version != packet.V5 {
		return p
	}
	w.props = append(w.props[:0], m.Properties...)
	if m.Expires != 0 { // [MQTT-3.3.2-6]
		left := max(0, m.Expires-time.Now().UnixMicro())
		w.props = w.props.AppendUint(packet.MessageExpiry, uint32((left+999_999)/1_000_000))
	}
	for _, id := range out.ids {
		w.props = w.props.AppendUint(packet.SubscriptionIdentifier, id)
	}
	p.Properties = w.props
	return p
}

// flush writes until there is nothing more to send. At most one runs for a
// connection, and none while it is idle.
func (c *conn) flush() {
	b := c.b
	w, _ := writers.Get().(*writer)
	defer func() {
		w.reset()
		writers.Put(w)
	}()
	for written := 0; ; {
		b.lock()
		w.reset()
		c.stats.bytesOut += uint64(written)
		b.stats.BytesOut += uint64(written)
		if !c.take(w) {
			goodbye := c.ended && c.control.len() == 0
			farewell := c.farewell
			c.flushing, c.hungUp = false, c.hungUp || goodbye
			if !goodbye {
				b.left()
				b.unlock()
				return
			}
			b.unlock()
			c.hangUp(farewell)
			b.lock()
			b.left()
			b.unlock()
			return
		}
		b.unlock()
		var err error
		if written, err = c.write(w); err != nil {
			b.lock()
			b.end(c, writeEnding(err), forget)
			c.flushing, c.hungUp = false, true
			b.left()
			b.unlock()
			_ = c.net.Close() // the reader ends and nothing else is to be done
			return
		}
	}
}

func writeEnding(err error) Ending {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return Ending{Reason: packet.UnspecifiedError, Text: "the client does not read what is sent to it"}
	}
	return Ending{Reason: packet.UnspecifiedError, Text: "the connection broke: " + err.Error()}
}

// write encodes what was taken and writes it.
func (c *conn) write(w *writer) (written int, err error) {
	buf := w.buf[:0]
	for i := range w.items {
		out := &w.items[i]
		switch {
		case out.raw != nil:
			buf = append(buf, out.raw...)
		case out.m == nil:
			buf = out.ack.Append(buf, c.version)
		default:
			p := c.packet(w, out)
			c.alias(w, &p)
			if len(p.Payload) < bigPayload {
				buf = p.Append(buf, c.version)
				break
			}
			payload := p.Payload
			buf = appendHead(buf, p, c.version)
			if err := c.writeAll(buf); err != nil {
				return written, err
			}
			written += len(buf) + len(payload)
			if err := c.writeAll(payload); err != nil {
				return written, err
			}
			buf = buf[:0]
		}
	}
	if cap(buf) <= 2*takeBytes {
		w.buf = buf
	}
	if len(buf) == 0 {
		return written, nil
	}
	return written + len(buf), c.writeAll(buf)
}

// appendHead appends the packet without its payload.
func appendHead(buf []byte, p packet.Publish, v packet.Version) []byte {
	payload := len(p.Payload)
	p.Payload = nil
	head := p.Append(nil, v)
	// The remaining length is that of the whole packet.
	_, n := binary.Uvarint(head[1:])
	body := head[1+n:]
	buf = append(buf, head[0])
	buf = binary.AppendUvarint(buf, uint64(len(body)+payload))
	buf = append(buf, body...)
	return buf
}

// writeAll writes b. A client that takes nothing for Limits.StallTime gives an
// error. The deadline is moved only now and then, for that costs time.
func (c *conn) writeAll(b []byte) error {
	const step = 64 << 10
	for len(b) > 0 {
		if now := time.Now(); c.writeUntil.Sub(now) < c.b.limits.StallTime*3/4 {
			c.writeUntil = now.Add(c.b.limits.StallTime)
			c.extend()
		}
		n, err := c.net.Write(b[:min(step, len(b))])
		if err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

// extend sets the write deadline, unless the connection has ended, for then it
// has a shorter one.
func (c *conn) extend() {
	_ = c.net.SetWriteDeadline(c.writeUntil) // an error shows in writing too
	if c.over.Load() {
		_ = c.net.SetWriteDeadline(time.Now().Add(farewellTime))
	}
}

// hangUp says goodbye and closes the connection. A client that still sends gets
// time to read the goodbye: closing at once would make its system throw that
// away.
func (c *conn) hangUp(farewell []byte) {
	if len(farewell) > 0 {
		_, _ = c.net.Write(farewell) // it is over in any case
	}
	half, ok := c.net.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil || c.net.SetReadDeadline(time.Now().Add(farewellTime)) != nil {
		_ = c.net.Close() // it is over in any case
	}
}
