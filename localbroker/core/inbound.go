package core

import (
	"strings"
	"sync"
	"time"

	"github.com/thingdesk/thingdesk/localbroker/durable"
	"github.com/thingdesk/thingdesk/localbroker/packet"
)

// inbound is a packet of a client, decoded and judged without the lock.
type inbound struct {
	kind packet.Type
	ack  packet.Ack
	sub  *packet.Subscribe
	uns  *packet.Unsubscribe
	bye  packet.Farewell
	pub  publication
	err  error // *packet.Error: the connection ends here; kind is 0
}

// publication is a PUBLISH of a client.
type publication struct {
	m       *message
	id      uint16
	qos     byte
	dup     bool
	denied  bool // by the rules of the door
	verdict Verdict
	due     time.Time // when it is accepted, if it is delayed
}

// batch is what is applied under one lock.
type batch struct {
	items     []inbound
	bytes     int
	needs     bool // it has something that may have to be stored
	publishes bool // it has a PUBLISH
	now       int64
}

var batches = sync.Pool{New: func() any { return &batch{items: make([]inbound, 0, batchMost)} }}

func (b *batch) reset() {
	clear(b.items)
	b.items, b.needs, b.publishes = b.items[:0], false, false
}

// decode decodes the whole packets in buf from the offset at, up to batchMost.
// It returns the offset after them, and the length of the one that begins
// there, 0 when that is not known.
func (c *conn) decode(b *batch, buf []byte, at int) (next, need int) {
	b.now = time.Now().UnixMicro()
	for len(b.items) < batchMost {
		first, body, n, done, err := packet.SplitAs(c.version, buf[at:])
		if err == nil && n > c.terms.PacketBytes {
			err = &packet.Error{Reason: packet.PacketTooLarge, Text: "the packet is longer than allowed [MQTT-3.2.2-15]"}
		}
		if err == nil && !done {
			return at, n
		}
		b.items = append(b.items, inbound{})
		in := &b.items[len(b.items)-1]
		if err == nil {
			in.kind = packet.TypeOf(first)
			err = c.decodeBody(b, in, first, body)
		}
		if err != nil {
			in.kind, in.err = 0, err
			return at, 0
		}
		at += n
	}
	return at, 0
}

// errSecondConnect closes the connection without DISCONNECT: a client that
// connects twice waits for CONNACK and takes it badly, the Paho interoperability
// suite for one.
var errSecondConnect = &packet.Error{Reason: packet.ProtocolError, Text: "a second CONNECT [MQTT-3.1.0-2]"}

func (c *conn) decodeBody(b *batch, in *inbound, first byte, body []byte) (err error) {
	switch in.kind {
	case packet.PUBLISH:
		return c.decodePublish(b, in, first, body)
	case packet.PUBACK, packet.PUBREC, packet.PUBREL, packet.PUBCOMP:
		in.ack, err = packet.DecodeAck(c.version, in.kind, body)
	case packet.SUBSCRIBE:
		b.needs = true
		if in.sub, err = packet.DecodeSubscribe(c.version, body); err == nil {
			err = c.checkFilters(len(in.sub.Filters))
		}
	case packet.UNSUBSCRIBE:
		b.needs = true
		if in.uns, err = packet.DecodeUnsubscribe(c.version, body); err == nil {
			err = c.checkFilters(len(in.uns.Filters))
		}
	case packet.PINGREQ:
		err = packet.CheckEmpty(in.kind, body)
	case packet.DISCONNECT:
		in.bye, err = packet.DecodeFarewell(c.version, in.kind, body, true)
	case packet.CONNECT:
		err = errSecondConnect
	case packet.AUTH:
		err = &packet.Error{Reason: packet.ProtocolError, Text: "AUTH without an authentication method in CONNECT [MQTT-4.12.0-1]"}
	default:
		err = &packet.Error{Reason: packet.ProtocolError, Text: "a packet that only servers send"}
	}
	return err
}

// filtersMost is how many filters one packet may have in any case.
const filtersMost = 1000

// checkFilters refuses a packet with more filters than a client may have: there
// can be millions, and each takes time under the lock.
func (c *conn) checkFilters(n int) error {
	if n <= max(filtersMost, c.b.limits.Subscriptions) {
		return nil
	}
	return &packet.Error{Reason: packet.QuotaExceeded, Text: "one packet has more filters than a client may have"}
}

func (c *conn) decodePublish(b *batch, in *inbound, first byte, body []byte) error {
	var p packet.Publish
	if err := p.Decode(c.version, first, body, true); err != nil {
		return err
	}
	name, err := c.topic(&p)
	if err != nil {
		return err
	}
	m := &message{Message: durable.Message{
		Topic: name, QoS: p.QoS, Retain: p.Retain, From: c.s.id, At: b.now, Expires: expiry(p.Properties, b.now),
	}}
	space := make([]byte, 0, len(p.Payload)+len(p.Properties))
	space = append(space, p.Payload...)
	m.Payload = space[:len(p.Payload):len(p.Payload)]
	if len(p.Properties) > 0 {
		m.Properties = passedOn(space[len(p.Payload):], p.Properties)
	}
	c.b.unretainable(m)
	in.pub = publication{m: m, id: p.ID, qos: p.QoS, dup: p.Dup}
	b.publishes = true
	b.needs = b.needs || p.QoS > 0 || p.Retain
	in.pub.denied = strings.HasPrefix(name, sysPrefix) || c.permit != nil && !c.permit.Publish(name)
	if !in.pub.denied && !c.exempt && c.b.cfg.Judge != nil {
		c.judge(&in.pub)
	}
	return nil
}

func (c *conn) judge(p *publication) {
	p.verdict = c.b.cfg.Judge(Publication{Client: c.s.id, Owner: c.owner, Version: c.version, Message: &p.m.Message})
	if p.verdict.Delay > 0 {
		p.due = time.Now().Add(p.verdict.Delay)
	}
}

// topicsKept is how many recent topics a connection remembers.
const topicsKept = 64

// topic returns the topic of a PUBLISH, also of one that has only an alias.
// The string is shared with earlier messages on it.
func (c *conn) topic(p *packet.Publish) (string, error) {
	alias, has := uint32(0), false
	if len(p.Properties) > 0 {
		alias, has = p.Properties.Uint(packet.TopicAlias)
	}
	if has && alias > uint32(c.terms.TopicAliases) { // [MQTT-3.3.2-9]
		return "", &packet.Error{Reason: packet.TopicAliasInvalid, Text: "the Topic Alias is higher than allowed [MQTT-3.3.2-9]"}
	}
	if len(p.Topic) == 0 {
		name, ok := c.aliases[uint16(alias)]
		if !has || !ok {
			return "", &packet.Error{Reason: packet.ProtocolError, Text: "neither a topic nor a known Topic Alias [MQTT-3.3.2-8]"}
		}
		return name, nil
	}
	name, ok := c.topics[string(p.Topic)]
	if !ok {
		name = string(p.Topic)
		if c.topics == nil || len(c.topics) >= topicsKept {
			c.topics = make(map[string]string)
		}
		c.topics[name] = name
	}
	if has {
		if c.aliases == nil {
			c.aliases = make(map[uint16]string)
		}
		c.aliases[uint16(alias)] = name
	}
	return name, nil
}

// Bounds of the replies that wait for one client. When there are more, it is
// not read until it has taken some.
const (
	controlHigh = 8192
	controlLow  = 4096
	// controlBytes bounds them where they are long, as SUBACK can be.
	controlBytes = 1 << 20
)

// apply carries out a batch and tells whether the connection goes on.
func (c *conn) apply(batch *batch) bool {
	b := c.b
	b.lock()
	defer b.unlock()
	for !c.ended && (c.control.len() > controlHigh || c.backlog > controlBytes || c.limbo.full()) {
		c.stuck = true
		b.flushTouched()
		c.room.Wait()
		c.stuck = false
	}
	for !c.ended && batch.needs && b.full() {
		b.flushTouched()
		b.journal.room.Wait()
	}
	if c.ended {
		return false
	}
	c.stats.packetsIn += uint64(len(batch.items))
	c.stats.bytesIn += uint64(batch.bytes)
	c.stats.last = batch.now
	b.stats.PacketsIn += uint64(len(batch.items))
	b.stats.BytesIn += uint64(batch.bytes)
	until := b.work + workMost
	for i := range batch.items {
		c.handle(&batch.items[i])
		if b.work > until { // it went to many: let others have the lock
			b.unlock()
			b.lock()
			until = b.work + workMost
		}
		if c.ended {
			return false
		}
	}
	return true
}

// workMost is for how many deliveries the lock is held.
const workMost = 2048

// handle carries out one packet.
func (c *conn) handle(in *inbound) {
	b := c.b
	switch in.kind {
	case packet.PUBLISH:
		c.stats.in++
		b.stats.In++
		b.stats.PayloadIn += uint64(len(in.pub.m.Payload))
		c.arrived(&in.pub)
	case packet.PUBACK:
		c.puback(in.ack)
	case packet.PUBREC:
		c.pubrec(in.ack)
	case packet.PUBREL:
		c.pubrel(in.ack)
	case packet.PUBCOMP:
		c.pubcomp(in.ack)
	case packet.SUBSCRIBE:
		c.subscribe(in.sub)
	case packet.UNSUBSCRIBE:
		c.unsubscribe(in.uns)
	case packet.PINGREQ: // [MQTT-3.12.4-1]
		c.send(packet.Pingresp, 0)
	case packet.DISCONNECT:
		c.goodbye(in.bye)
	default:
		c.fail(in.err)
	}
}
