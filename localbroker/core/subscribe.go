package core

import (
	"strings"
	"time"

	"github.com/thingdesk/thingdesk/localbroker/durable"
	"github.com/thingdesk/thingdesk/localbroker/packet"
	"github.com/thingdesk/thingdesk/things/topic"
)

// grant is what became of one filter in SUBSCRIBE.
type grant struct {
	sub   *subscription // nil when it was refused
	isNew bool
}

// subscribe answers SUBSCRIBE [MQTT-3.8.4-1 to -6], then sends what is retained.
func (c *conn) subscribe(p *packet.Subscribe) {
	b := c.b
	id, _ := p.Properties.Uint(packet.SubscriptionIdentifier)
	ack := packet.Suback{Type: packet.SUBACK, ID: p.ID, Codes: make([]packet.Reason, len(p.Filters))}
	grants := make([]grant, len(p.Filters))
	var granted []durable.Subscription
	verdict := c.judgeSubscribe(p, id)
	if verdict.Disconnect {
		b.end(c, Ending{Reason: verdict.Refuse, Text: verdict.Text}, send)
		return
	}
	before := b.noted()
	for i, f := range p.Filters {
		if ack.Codes[i] = verdict.Refuse; verdict.Refuse == packet.Success {
			grants[i], ack.Codes[i] = b.subscribe(c.s, f, id)
		}
		if grants[i].sub != nil {
			granted = append(granted, durable.Subscription{Filter: f.Filter, Options: f.Options, ID: id})
		} else if c.version != packet.V5 {
			ack.Codes[i] = packet.UnspecifiedError // [MQTT-3.9.3-2]
		}
	}
	gate := uint64(0)
	if b.noted() != before {
		gate = b.gate(c.door.Durable)
	}
	c.send(ack.Append(nil, c.version), gate)
	if granted != nil {
		b.observer.Subscribed(c.s.id, granted)
	}
	c.sendFirst(grants)
}

// judgeSubscribe asks the Policy.
func (c *conn) judgeSubscribe(p *packet.Subscribe, id uint32) Verdict {
	if c.b.cfg.Policy == nil || c.exempt {
		return Verdict{}
	}
	return c.b.cfg.Policy.Subscribe(Subscribing{
		Client: c.s.id, Owner: c.owner, Version: c.version, Filters: p.Filters, ID: id, Has: len(c.s.subs),
	})
}

// sendFirst sends what there is to new subscriptions. A filter that is in the
// same SUBSCRIBE thousands of times counts once.
func (c *conn) sendFirst(grants []grant) {
	now := time.Now().UnixMicro()
	seen := make(map[*subscription]struct{})
	for i := range grants {
		g := &grants[i]
		if _, again := seen[g.sub]; again || g.sub == nil {
			continue
		}
		if len(grants) > 1 {
			seen[g.sub] = struct{}{}
		}
		c.b.sendRetained(g, now)
		c.b.watchSys(g.sub)
	}
}

// subscribe enters or replaces one subscription.
func (b *Broker) subscribe(s *session, f packet.Subscription, id uint32) (grant, packet.Reason) {
	share, filter, ok := splitShare(f.Filter)
	if !ok || topic.ValidateFilter(filter) != nil {
		return grant{}, packet.TopicFilterInvalid
	}
	if s.permit != nil && !s.permit.Subscribe(filter) {
		return grant{}, b.denial()
	}
	sub := s.subs[f.Filter]
	isNew := sub == nil
	if isNew {
		if len(s.subs) >= b.limits.Subscriptions || b.trie.nodes >= maxTopicNodes || b.filterBytes >= maxFilterBytes {
			return grant{}, packet.QuotaExceeded
		}
		sub = &subscription{s: s, full: f.Filter, share: share, filter: filter}
	}
	sub.options, sub.ids = f, nil
	if id != 0 {
		sub.ids = []uint32{id}
	}
	if isNew {
		b.enter(sub)
	}
	if s.keeps() {
		b.note(durable.Change{Kind: durable.Subscribe, Session: s.number, Subscription: &durable.Subscription{
			Filter: f.Filter, Options: f.Options, ID: id,
		}})
	}
	return grant{sub, isNew}, packet.Reason(f.QoS())
}

// enter makes a new subscription count.
func (b *Broker) enter(sub *subscription) {
	if sub.s.subs == nil {
		sub.s.subs = make(map[string]*subscription)
	}
	sub.s.subs[sub.full] = sub
	b.trie.add(sub)
	b.subs++
	b.filterBytes += len(sub.full) + subscriptionOverhead
	if sub.share != "" {
		b.stats.SharedSubscriptions++
	}
}

// unsubscribe removes a subscription.
func (b *Broker) unsubscribe(sub *subscription) {
	delete(sub.s.subs, sub.full)
	b.trie.remove(sub)
	b.subs--
	b.filterBytes -= len(sub.full) + subscriptionOverhead
	if sub.share != "" {
		b.stats.SharedSubscriptions--
	}
}

// unsubscribe answers UNSUBSCRIBE [MQTT-3.10.4-1 to -6]. What is queued already
// is still delivered.
func (c *conn) unsubscribe(p *packet.Unsubscribe) {
	b, s := c.b, c.s
	ack := packet.Suback{Type: packet.UNSUBACK, ID: p.ID, Codes: make([]packet.Reason, len(p.Filters))}
	before := b.noted()
	var removed []string
	for i, f := range p.Filters {
		sub := s.subs[f]
		if sub == nil {
			ack.Codes[i] = packet.NoSubscriptionExisted
			continue
		}
		b.unsubscribe(sub)
		removed = append(removed, f)
		if s.keeps() {
			b.note(durable.Change{Kind: durable.Unsubscribe, Session: s.number, Subscription: &durable.Subscription{Filter: f}})
		}
	}
	gate := uint64(0)
	if b.noted() != before {
		gate = b.gate(c.door.Durable)
	}
	c.send(ack.Append(nil, c.version), gate)
	if removed != nil {
		b.observer.Unsubscribed(s.id, removed)
	}
}

// splitShare splits $share/NAME/FILTER. ok is false when it begins so but is
// not of that form [MQTT-4.8.2-1, -2].
func splitShare(full string) (share, filter string, ok bool) {
	rest, shared := strings.CutPrefix(full, "$share/")
	if !shared {
		return "", full, full != "$share"
	}
	share, filter, ok = strings.Cut(rest, "/")
	return share, filter, ok && share != "" && filter != "" && !strings.ContainsAny(share, "+#")
}

// sendRetained queues the retained messages of a subscription [MQTT-3.3.1-9 to
// -11]. They are not counted against the bounds of the queue, for they are
// bounded themselves, but a client that is too far behind gets none.
func (b *Broker) sendRetained(g *grant, now int64) {
	sub := g.sub
	s := sub.s
	handling := sub.options.RetainHandling()
	if sub.share != "" || handling == 2 || handling == 1 && !g.isNew {
		return
	}
	behind := s.out.live+s.zero.len() >= b.limits.QueuedMessages || s.queued >= b.limits.QueuedBytes || b.crowded(s, 0)
	for _, m := range b.retained.match(nil, sub.filter) {
		switch {
		case m.expired(now):
			b.unretain(m)
		case s.permit != nil && !s.permit.Receive(m.Topic), !b.delivers(sub, m.Topic, true):
		case sub.options.NoLocal() && m.From == s.id: // [MQTT-3.8.3-3]
		case behind:
			b.drop(s, m, DropQueueFull)
		default:
			t := sub.target(m, nil)
			t.retain = true // [MQTT-3.3.1-8]
			b.deliver(&t, m)
		}
	}
}
