package core

import (
	"time"

	"github.com/thingdesk/thingdesk/localbroker/durable"
	"github.com/thingdesk/thingdesk/localbroker/packet"
)

// never is the Session Expiry Interval that does not end.
const never = 0xFFFFFFFF

// session is what the broker knows of a client, with or without a connection.
// All of it is guarded by Broker.mu.
type session struct {
	id      string
	number  uint64 // in the store, when stored
	owner   string
	version packet.Version
	expiry  uint32 // seconds it outlives its connection
	stored  bool   // there is a record of it in the store
	conn    *conn  // nil while there is none
	permit  Permit // as of the last connection; nil for everything
	ended   int64  // when the last connection ended, microseconds since 1970 UTC

	subs     map[string]*subscription // by filter, with $share/NAME/
	out      outbound                 // QoS 1 and 2
	zero     ring[zero]               // QoS 0
	received map[uint16]struct{}      // QoS 2 messages that the client has not released
	queued   int64                    // bytes in out and zero
	dropped  uint64

	will      *durable.Will
	willTimer *time.Timer // publishes will
	endTimer  *time.Timer // ends the session

	// For route: the target of this session in its current round.
	mark uint64
	slot int
}

// subscription is a filter that a session subscribes to.
type subscription struct {
	s       *session
	full    string // as subscribed
	share   string // share name; "" when not shared
	filter  string // without $share/NAME/
	options packet.Subscription
	ids     []uint32 // its subscription identifier; nil for none
	at      int      // index in its node or group
	group   *group   // when shared
}

// group is a shared subscription: every message goes to one of its members.
type group struct {
	members []*subscription
	last    int // index of the member that got the last message
}

// keeps tells whether what waits for the session is stored.
func (s *session) keeps() bool { return s.stored && s.expiry > 0 }

func (s *session) stopTimers() {
	for _, t := range []*time.Timer{s.willTimer, s.endTimer} {
		if t != nil {
			t.Stop()
		}
	}
	s.willTimer, s.endTimer = nil, nil
}

// record returns the session as it is stored.
func (s *session) record() *durable.Session {
	r := &durable.Session{
		Number: s.number, Client: s.id, Owner: s.owner, Version: byte(s.version), Expiry: s.expiry, Will: s.will,
	}
	if s.will != nil && s.permit != nil && !s.permit.Publish(s.will.Topic) {
		r.Will = nil // after a restart nobody could tell that it is not allowed
	}
	if s.conn == nil {
		r.Ended = max(1, s.ended)
	}
	return r
}

// keep stores the record of a session that is worth it, or removes it.
func (b *Broker) keep(s *session) {
	switch worth := s.expiry > 0 || s.will != nil; {
	case b.journal == nil:
	case worth:
		if !s.stored {
			s.stored = true
			s.number = b.takeNumber()
		}
		b.note(durable.Change{Kind: durable.PutSession, Session: s.number, Record: s.record()})
	default:
		b.letGo(s)
		b.unkeep(s)
	}
}

// letGo makes what waits for a session that is no longer stored live in memory
// only: its number may soon be that of another.
func (b *Broker) letGo(s *session) {
	for i := range s.out.len() {
		it := s.out.at(i)
		if it.held && it.m != nil {
			b.release(it.m)
		}
		it.held = false
	}
}

// unkeep removes the session from the store.
func (b *Broker) unkeep(s *session) {
	if s.stored {
		s.stored = false
		b.note(durable.Change{Kind: durable.DropSession, Session: s.number})
		b.freeNumbers = append(b.freeNumbers, s.number)
	}
}

// takeNumber returns a number for a session in the store.
func (b *Broker) takeNumber() uint64 {
	if last := len(b.freeNumbers) - 1; last >= 0 {
		n := b.freeNumbers[last]
		b.freeNumbers = b.freeNumbers[:last]
		return n
	}
	b.numbers++
	return b.numbers
}

// newSession makes a session.
func (b *Broker) newSession(id string) *session {
	s := &session{id: id}
	s.out.init()
	b.sessions[id] = s
	return s
}

// discard ends a session for good. Its Will, if it is still to come, is
// published now [MQTT-3.1.2-8]. Messages of shared subscriptions that it did
// not get go to other members.
func (b *Broker) discard(s *session) {
	s.stopTimers()
	b.publishWill(s)
	delete(b.sessions, s.id)
	for _, sub := range s.subs {
		b.unsubscribe(sub)
	}
	s.subs = nil
	b.unkeep(s)
	b.clear(s)
}

// clear empties the queues of a session that has ended.
func (b *Broker) clear(s *session) {
	b.queued -= s.queued
	s.queued = 0
	s.zero = ring[zero]{}
	out := s.out
	s.out = outbound{}
	s.received = nil
	for i := range out.len() {
		it := out.at(i)
		if it.m == nil || it.state == done {
			continue
		}
		seq := out.first + uint64(i)
		if it.group != nil && len(it.group.members) > 0 && (it.qos == 1 || seq > out.sent) { // [MQTT-4.8.2-4, -5]
			b.redistribute(it)
		}
		if it.held {
			b.release(it.m)
		}
	}
}

// release drops one hold of the store on a shared message. The deliveries that
// hold it are removed by the caller.
func (b *Broker) release(m *message) {
	if m.ID == 0 {
		return
	}
	if m.holders--; m.holders == 0 {
		b.note(durable.Change{Kind: durable.DropMessage, Seq: m.ID})
	}
}

// expireLater ends a session that has no connection when nobody takes it up in
// time.
func (b *Broker) expireLater(s *session, after time.Duration) {
	if s.expiry == never {
		return
	}
	b.later(&s.endTimer, after, func() {
		b.stats.Expired++
		b.discard(s)
	})
}

// later runs f with the lock held after d, unless slot holds another timer or
// none by then, or the Broker closes. The lock is held.
func (b *Broker) later(slot **time.Timer, d time.Duration, f func()) {
	var t *time.Timer
	t = time.AfterFunc(d, func() {
		b.lock()
		defer b.unlock()
		if *slot == t && !b.closing {
			*slot = nil
			f()
		}
	})
	*slot = t
}
