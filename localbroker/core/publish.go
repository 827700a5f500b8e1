package core

import (
	"strings"
	"time"

	"github.com/thingdesk/thingdesk/localbroker/durable"
	"github.com/thingdesk/thingdesk/localbroker/packet"
)

// limbo holds the messages of a client back that are to be delayed, and those
// behind them.
type limbo struct {
	ring[publication]
	bytes int64
	timer *time.Timer
}

// Bounds of a limbo; beyond them the client is not read.
const (
	limboMost  = 4096
	limboBytes = 16 << 20
)

func (l *limbo) full() bool { return l.len() >= limboMost || l.bytes >= limboBytes }

// arrived takes a PUBLISH, now or, when it is to be delayed, later.
func (c *conn) arrived(p *publication) {
	if p.due.IsZero() && c.limbo.len() == 0 {
		c.accept(p)
		return
	}
	c.limbo.push(*p)
	c.limbo.bytes += p.m.size()
	if c.limbo.timer == nil {
		c.b.later(&c.limbo.timer, time.Until(p.due), c.release)
	}
}

// release accepts the messages whose time has come. When the connection has
// ended, those of QoS 1 and 2 are forgotten: they were not acknowledged.
func (c *conn) release() {
	now := time.Now()
	for c.limbo.len() > 0 && !c.limbo.at(0).due.After(now) {
		p := c.limbo.pop()
		c.limbo.bytes -= p.m.size()
		if !c.ended || p.qos == 0 {
			c.accept(&p)
		}
	}
	if c.limbo.len() > 0 {
		c.b.later(&c.limbo.timer, c.limbo.at(0).due.Sub(now), c.release)
	}
	if c.stuck {
		c.room.Broadcast()
	}
}

// accept publishes a message of a client and acknowledges it.
func (c *conn) accept(p *publication) {
	b, s := c.b, c.s
	if p.qos == 2 {
		if _, again := s.received[p.id]; again { // [MQTT-4.3.3-10]
			c.reply(packet.PUBREC, p.id, packet.Success, b.gate(c.door.Durable))
			return
		}
	}
	if p.qos > 0 && c.version == packet.V5 && c.unacked+len(s.received) >= c.terms.ReceiveMaximum { // [MQTT-3.3.4-7]
		c.fail(&packet.Error{Reason: packet.ReceiveMaximumExceeded, Text: "more messages of QoS 1 and 2 are open than the Receive Maximum allows"})
		return
	}
	if reason, text := c.refusal(p); reason != packet.Success {
		c.refusePublish(p, reason, text)
		return
	}
	before := b.noted()
	if p.qos == 2 {
		if s.received == nil {
			s.received = make(map[uint16]struct{})
		}
		s.received[p.id] = struct{}{}
		if s.keeps() {
			b.note(durable.Change{Kind: durable.Receive, Session: s.number, Seq: uint64(p.id)})
		}
	}
	reason := packet.Success
	if p.verdict.Drop {
		b.dropped(s.id, p.m, DropRefused)
	} else if b.publish(p.m, Origin{Dup: p.dup}, c.door.Durable) == 0 {
		reason = packet.NoMatchingSubscribers
	}
	for range p.verdict.Again {
		again := &message{Message: p.m.Message}
		again.ID = 0 // it is stored on its own
		b.publish(again, Origin{Dup: p.dup}, c.door.Durable)
	}
	gate := uint64(0)
	if b.noted() != before {
		gate = b.gate(c.door.Durable)
	}
	c.acknowledge(p, reason, "", gate)
}

// refusal says why a message is not accepted.
func (c *conn) refusal(p *publication) (reason packet.Reason, text string) {
	if p.denied {
		if c.b.cfg.HideDenials {
			return c.b.denial(), ""
		}
		return c.b.denial(), "the rules do not allow to publish on this topic"
	}
	return p.verdict.Refuse, p.verdict.Text
}

// refusePublish answers a message that is not accepted [MQTT-3.3.5-2]: clients
// of MQTT 3 get a plain acknowledgement.
func (c *conn) refusePublish(p *publication, reason packet.Reason, text string) {
	why := DropRefused
	if p.denied {
		why = DropDenied
	}
	c.b.dropped(c.s.id, p.m, why)
	if p.verdict.Disconnect {
		c.b.end(c, Ending{Reason: reason, Text: text}, send)
		return
	}
	if p.qos == 2 && c.version != packet.V5 { // PUBREL will come
		if c.s.received == nil {
			c.s.received = make(map[uint16]struct{})
		}
		c.s.received[p.id] = struct{}{}
	}
	c.acknowledge(p, reason, text, 0)
}

func (c *conn) acknowledge(p *publication, reason packet.Reason, text string, gate uint64) {
	switch {
	case c.ended:
	case p.qos == 1:
		c.unacked++
		c.replyText(packet.PUBACK, p.id, reason, text, gate)
	case p.qos == 2:
		c.replyText(packet.PUBREC, p.id, reason, text, gate)
	}
}

// noted returns how many changes have been noted.
func (b *Broker) noted() uint64 {
	if b.journal == nil {
		return 0
	}
	return b.journal.next
}

// publish stores a message if it is to be retained, queues it for everybody
// who subscribes, and returns for how many. When gated, nobody gets it before
// what it changed is stored.
func (b *Broker) publish(m *message, o Origin, gated bool) int {
	b.observer.Published(&m.Message, o)
	before := b.noted()
	n := b.route(m)
	if m.Retain {
		b.retain(m)
	}
	if gated && m.QoS > 0 && b.noted() != before {
		m.gate = b.gate(true)
	}
	return n
}

// retain stores or removes the retained message of a topic
// [MQTT-3.3.1-5 to -8].
func (b *Broker) retain(m *message) {
	if len(m.Payload) == 0 {
		if b.retained.remove(m.Topic) {
			b.note(durable.Change{Kind: durable.Unretain, Topic: m.Topic})
		}
		return
	}
	if !b.retainable(m) {
		b.purge()
		if !b.retainable(m) {
			b.dropped(m.From, m, DropRetained)
			return
		}
	}
	b.retained.set(m)
	if b.journal != nil {
		stored := &m.Message
		if m.ID != 0 {
			alone := m.Message
			alone.ID = 0
			stored = &alone
		}
		b.note(durable.Change{Kind: durable.Retain, Message: stored})
	}
}

// retainable tells whether there is room to retain m.
func (b *Broker) retainable(m *message) bool {
	r := &b.retained
	if old := r.get(m.Topic); old != nil {
		return m.size() <= old.size() || r.bytes-old.size()+m.size() <= b.limits.RetainedBytes
	}
	return r.count < b.limits.Retained && r.bytes+m.size() <= b.limits.RetainedBytes && r.nodes < maxRetainedNodes
}

// purgeEvery is how often at most all retained messages are looked at.
const purgeEvery = 10 * time.Second

// purge removes retained messages that have expired. It looks at all of them,
// so not at each message that finds no room.
func (b *Broker) purge() {
	if time.Since(b.purged) < purgeEvery {
		return
	}
	b.purged = time.Now()
	now := b.purged.UnixMicro()
	for _, m := range b.retained.root.all(nil, false) {
		if m.expired(now) {
			b.unretain(m)
		}
	}
}

func (b *Broker) unretain(m *message) {
	b.retained.remove(m.Topic)
	b.note(durable.Change{Kind: durable.Unretain, Topic: m.Topic})
}

// target is a session that gets a message.
type target struct {
	s      *session
	ids    []uint32
	group  *group
	qos    byte
	retain bool
	lent   bool // ids belongs to a subscription
}

// route queues a message for everybody who subscribes to its topic and returns
// for how many. A client gets one copy, at the highest QoS of its subscriptions
// that match, with all their identifiers [MQTT-3.3.4-2 to -4], and one more for
// each shared subscription.
func (b *Broker) route(m *message) int {
	b.epoch++
	b.targets = b.targets[:0]
	b.matched = b.trie.match(b.matched[:0], m.Topic)
	for _, n := range b.matched {
		for _, sub := range n.subs {
			if b.delivers(sub, m.Topic, false) {
				b.aim(sub, m)
			}
		}
		for _, g := range n.groups {
			if sub := g.pick(m); sub != nil && b.delivers(sub, m.Topic, false) {
				b.targets = append(b.targets, sub.target(m, g))
			}
		}
	}
	holders := 0
	for i := range b.targets {
		if t := &b.targets[i]; t.qos > 0 && t.s.keeps() {
			holders++
		}
	}
	if holders > 1 && b.journal != nil {
		b.messages++
		m.ID = b.messages
	}
	for i := range b.targets {
		b.enqueue(&b.targets[i], m)
		b.targets[i] = target{}
	}
	return len(b.targets)
}

// aim makes the session of a subscription a target, or widens what it gets.
func (b *Broker) aim(sub *subscription, m *message) {
	s := sub.s
	if sub.options.NoLocal() && m.From == s.id { // [MQTT-3.8.3-3]
		return
	}
	if s.mark != b.epoch {
		s.mark, s.slot = b.epoch, len(b.targets)
		b.targets = append(b.targets, sub.target(m, nil))
		return
	}
	t := &b.targets[s.slot]
	t.qos = max(t.qos, min(m.QoS, sub.options.QoS()))
	t.retain = t.retain || m.Retain && sub.options.RetainAsPublished()
	if sub.ids != nil {
		if t.lent {
			t.ids = append([]uint32(nil), t.ids...)
			t.lent = false
		}
		t.ids = append(t.ids, sub.ids...)
	}
}

func (sub *subscription) target(m *message, g *group) target {
	return target{
		s: sub.s, ids: sub.ids, group: g, lent: true, qos: min(m.QoS, sub.options.QoS()),
		retain: m.Retain && sub.options.RetainAsPublished(), // [MQTT-3.3.1-12, -13]
	}
}

// enqueue queues a message for a session, or drops it when there is no room.
func (b *Broker) enqueue(t *target, m *message) {
	s := t.s
	switch {
	case t.qos == 0 && s.conn == nil:
		return
	case s.permit != nil && !s.permit.Receive(m.Topic):
		return
	case s.out.live+s.zero.len() >= b.limits.QueuedMessages || s.queued+m.size() > b.limits.QueuedBytes:
		b.drop(s, m, DropQueueFull)
		return
	case b.crowded(s, m.size()):
		b.drop(s, m, DropTotalFull)
		return
	}
	b.deliver(t, m)
}

// fairShare is how many bytes may wait for a connected client when the queues
// are full together: those of clients that are away must not stop the others.
const fairShare = 64 << 10

// crowded tells whether n more bytes for a session are too much for all
// together.
func (b *Broker) crowded(s *session, n int64) bool {
	return b.queued+n > b.limits.QueuedTotal && (s.conn == nil || s.queued+n > fairShare)
}

// deliver queues a message for a session.
func (b *Broker) deliver(t *target, m *message) {
	s := t.s
	s.queued += m.size()
	b.queued += m.size()
	b.work++
	b.touch(s.conn)
	if t.qos == 0 {
		s.zero.push(zero{m: m, ids: t.ids, retain: t.retain, after: s.out.end() - 1})
		return
	}
	it := item{m: m, ids: t.ids, group: t.group, qos: t.qos, retain: t.retain}
	if b.journal != nil && s.keeps() {
		it.held = true
		if m.ID != 0 {
			if m.holders == 0 {
				b.note(durable.Change{Kind: durable.PutMessage, Message: &m.Message})
			}
			m.holders++
		}
		b.note(durable.Change{Kind: durable.Deliver, Session: s.number, Delivery: &durable.Delivery{
			Seq: s.out.end(), QoS: t.qos, Retain: t.retain, IDs: t.ids, Message: &m.Message,
		}})
	}
	s.out.add(it)
}

// drop notes that a session does not get a message.
func (b *Broker) drop(s *session, m *message, why Drop) {
	s.dropped++
	b.dropped(s.id, m, why)
}

func (b *Broker) dropped(client string, m *message, why Drop) {
	b.stats.Dropped++
	b.observer.Dropped(client, &m.Message, why)
}

func reserved(name string) bool { return strings.HasPrefix(name, sysPrefix) }
