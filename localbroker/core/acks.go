package core

import (
	"errors"
	"fmt"

	"github.com/thingdesk/thingdesk/localbroker/durable"
	"github.com/thingdesk/thingdesk/localbroker/packet"
)

// noteSent remembers up to which number messages have been sent.
func (b *Broker) noteSent(s *session) {
	b.note(durable.Change{Kind: durable.Sent, Session: s.number, Seq: s.out.sent})
}

// puback ends a delivery at QoS 1. One that is not known is ignored: the client
// may know it from before a crash.
func (c *conn) puback(a packet.Ack) {
	o := &c.s.out
	seq, ok := o.find(a.ID)
	if !ok || o.item(seq).qos != 1 {
		return
	}
	o.open--
	c.b.finish(c.s, seq)
	c.b.touch(c)
}

// pubrec is the first half of the end of a delivery at QoS 2
// [MQTT-4.3.3-3, -4]. PUBREL waits until it is stored: if it were not, the
// message would be sent again to a client that has it.
func (c *conn) pubrec(a packet.Ack) {
	o := &c.s.out
	seq, ok := o.find(a.ID)
	if !ok || o.item(seq).qos != 2 {
		if a.Reason < packet.UnspecifiedError {
			c.reply(packet.PUBREL, a.ID, packet.PacketIdentifierNotFound, 0)
		}
		return
	}
	it := o.item(seq)
	if a.Reason >= packet.UnspecifiedError { // the client does not want it [MQTT-4.3.3-4]
		o.open--
		c.b.finish(c.s, seq)
		c.b.touch(c)
		return
	}
	if it.state == waiting {
		it.state = released
		if it.held {
			c.b.note(durable.Change{Kind: durable.Release, Session: c.s.number, Seq: seq})
		}
		c.b.unqueue(c.s, it)
	}
	c.reply(packet.PUBREL, a.ID, packet.Success, c.gate())
}

// gate is what waits for all noted so far to be stored, if the session is.
func (c *conn) gate() uint64 { return c.b.gate(c.door.Durable && c.s.keeps()) }

// pubcomp ends a delivery at QoS 2.
func (c *conn) pubcomp(a packet.Ack) {
	o := &c.s.out
	seq, ok := o.find(a.ID)
	if !ok || o.item(seq).state != released {
		return
	}
	o.open--
	c.b.finish(c.s, seq)
	c.b.touch(c)
}

// pubrel ends a publish at QoS 2 [MQTT-4.3.3-11, -12]. PUBCOMP waits until it
// is stored: if it were not, a new message with the identifier would be taken
// for the old one.
func (c *conn) pubrel(a packet.Ack) {
	if _, ok := c.s.received[a.ID]; !ok {
		c.reply(packet.PUBCOMP, a.ID, packet.PacketIdentifierNotFound, c.gate())
		return
	}
	delete(c.s.received, a.ID)
	if c.s.keeps() {
		c.b.note(durable.Change{Kind: durable.Forget, Session: c.s.number, Seq: uint64(a.ID)})
	}
	c.reply(packet.PUBCOMP, a.ID, packet.Success, c.gate())
}

// goodbye ends the connection as the client wishes [MQTT-3.14.4-3].
func (c *conn) goodbye(f packet.Farewell) {
	s := c.s
	if seconds, ok := f.Properties.Uint(packet.SessionExpiry); ok {
		if s.expiry == 0 && seconds > 0 { // [MQTT-3.14.2-2]
			c.fail(&packet.Error{Reason: packet.ProtocolError, Text: "DISCONNECT sets a Session Expiry Interval after CONNECT had none"})
			return
		}
		s.expiry = c.b.cap(seconds)
		if most := c.terms.Expiry; most > 0 {
			s.expiry = min(s.expiry, most)
		}
	}
	if f.Reason == packet.Success {
		s.will = nil // [MQTT-3.1.2-10]
	}
	c.b.end(c, Ending{Reason: f.Reason, ByClient: true}, send)
}

// fail ends the connection of a client that broke the rules [MQTT-4.13.1-1].
func (c *conn) fail(err error) {
	why := Ending{Reason: packet.ProtocolError, Text: fmt.Sprint(err)}
	if e, ok := errors.AsType[*packet.Error](err); ok {
		why.Reason, why.quiet = e.Reason, e == errSecondConnect
	}
	c.b.end(c, why, send)
}

// denial is how a client learns that something is not allowed.
func (b *Broker) denial() packet.Reason {
	if b.cfg.HideDenials {
		return packet.UnspecifiedError
	}
	return packet.NotAuthorized
}
