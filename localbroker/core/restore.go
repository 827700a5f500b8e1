package core

import (
	"time"

	"github.com/thingdesk/thingdesk/localbroker/durable"
	"github.com/thingdesk/thingdesk/localbroker/packet"
)

// restore takes over what was stored. Connections that the store believes in
// have ended with the program.
func (b *Broker) restore(state *durable.State) {
	now := time.Now().UnixMicro()
	for _, m := range state.Retained {
		if r := (&message{Message: *m}); r.expired(now) {
			b.note(durable.Change{Kind: durable.Unretain, Topic: m.Topic})
		} else {
			b.retained.set(r)
		}
	}
	shared := make(map[uint64]*message)
	for i := range state.Sessions {
		stored := &state.Sessions[i]
		b.numbers = max(b.numbers, stored.Number)
		b.restoreSession(stored, shared)
	}
	b.restoreNumbers(state)
	for i := range state.Sessions {
		b.resume(b.sessions[state.Sessions[i].Client], now)
	}
}

// restoreNumbers learns which session numbers are free.
func (b *Broker) restoreNumbers(state *durable.State) {
	used := make(map[uint64]bool, len(state.Sessions))
	for i := range state.Sessions {
		used[state.Sessions[i].Number] = true
	}
	for n := uint64(1); n < b.numbers; n++ {
		if !used[n] {
			b.freeNumbers = append(b.freeNumbers, n)
		}
	}
}

func (b *Broker) restoreSession(stored *durable.SessionState, shared map[uint64]*message) {
	s := b.newSession(stored.Client)
	s.number, s.stored, s.owner = stored.Number, true, stored.Owner
	s.version, s.expiry, s.ended, s.will = packet.Version(stored.Version), stored.Expiry, stored.Ended, stored.Will
	for _, sub := range stored.Subscriptions {
		share, filter, _ := splitShare(sub.Filter)
		r := &subscription{s: s, full: sub.Filter, share: share, filter: filter}
		r.options = packet.Subscription{Filter: sub.Filter, Options: sub.Options}
		if sub.ID != 0 {
			r.ids = []uint32{sub.ID}
		}
		b.enter(r)
	}
	if len(stored.Received) > 0 {
		s.received = make(map[uint16]struct{}, len(stored.Received))
	}
	for _, id := range stored.Received {
		s.received[id] = struct{}{}
	}
	o := &s.out
	if o.sent = stored.Sent; len(stored.Deliveries) > 0 {
		o.first = stored.Deliveries[0].Seq
	} else {
		o.first = stored.Sent + 1
	}
	for i := range stored.Deliveries {
		d := &stored.Deliveries[i]
		for o.end() < d.Seq {
			o.add(item{state: done})
		}
		it := item{qos: d.QoS, retain: d.Retain, ids: d.IDs, held: true}
		if it.state = released; !d.Released && d.Message != nil {
			it.state, it.m = waiting, b.restoreMessage(d.Message, shared)
			s.queued += it.m.size()
			b.queued += it.m.size()
		}
		o.add(it)
	}
	for o.end() <= o.sent { // so that no number is given to a second message
		o.add(item{state: done})
	}
	o.rewind()
}

// restoreMessage returns the message of a delivery, the same for all that share
// it.
func (b *Broker) restoreMessage(m *durable.Message, shared map[uint64]*message) *message {
	if m.ID == 0 {
		return &message{Message: *m}
	}
	b.messages = max(b.messages, m.ID)
	r := shared[m.ID]
	if r == nil {
		r = &message{Message: *m}
		shared[m.ID] = r
	}
	r.holders++
	return r
}

// resume lets the time go on that a session has left.
func (b *Broker) resume(s *session, now int64) {
	if s.ended == 0 {
		s.ended = now
	}
	left := time.Duration(s.ended-now)*time.Microsecond + time.Duration(s.expiry)*time.Second
	switch {
	case s.expiry == 0 || s.expiry != never && left <= 0:
		b.discard(s)
	default:
		b.startWill(s, s.ended)
		b.expireLater(s, left)
		b.keep(s)
	}
}
