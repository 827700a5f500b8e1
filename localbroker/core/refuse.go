package core

import (
	"errors"
	"strings"

	"github.com/thingdesk/thingdesk/localbroker/packet"
)

// refuse ends a connection that is not let in, with CONNACK unless v is 0.
func (c *conn) refuse(v packet.Version, r Refusal) {
	c.b.lock()
	defer c.b.unlock()
	if !c.ended {
		c.turnAway(v, r)
	}
}

// turnAway is refuse with the lock held.
func (c *conn) turnAway(v packet.Version, r Refusal) {
	if v != 0 {
		ack := packet.Connack{Code: byte(r.Reason)}
		if v != packet.V5 {
			ack.Code = r.Reason.V3()
		} else if r.Text != "" && r.Reason != packet.UnsupportedProtocolVersion { // who knows what it speaks
			ack.Properties = ack.Properties.AppendString(packet.ReasonString, r.Text)
		}
		c.send(ack.Append(nil, v), 0)
	}
	if r.Text == "" {
		r.Text = r.Reason.String()
	}
	r.Address, r.Door = c.net.RemoteAddr().String(), c.door.Name
	if o, ok := c.b.observer.(RefusalObserver); ok {
		o.Refused(r)
	}
	c.b.log.Debug("connection refused", "address", r.Address, "client", r.Client, "reason", r.Text)
	c.b.end(c, Ending{Reason: packet.UnspecifiedError, Text: r.Text}, send)
}

// refuseError answers a CONNECT that could not be read, if it is one of MQTT.
func (c *conn) refuseError(p *packet.Connect, body []byte, err error) {
	name := func(s string) bool { return strings.HasPrefix(string(body[:min(len(body), 16)]), s) }
	r := Refusal{Reason: packet.MalformedPacket, Text: err.Error()}
	if e, ok := errors.AsType[*packet.Error](err); ok {
		r.Reason = e.Reason
	}
	switch {
	case !name("\x00\x04MQTT") && !name("\x00\x06MQIsdp"): // [MQTT-3.1.2-1]
		c.refuse(0, r)
	case p != nil && r.Reason == packet.UnsupportedProtocolVersion && p.Version < packet.V5: // [MQTT-3.1.2-2]
		c.refuse(packet.V311, r)
	case p != nil && p.Version >= packet.V5, name("\x00\x04MQTT\x05"): // [MQTT-3.1.4-1, -2]
		c.refuse(packet.V5, r)
	default:
		c.refuse(0, r)
	}
}
