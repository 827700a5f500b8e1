package storage

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/thingdesk/thingdesk/localbroker/durable"
)

// brokerPlan is what a batch of changes comes to: each row is written or
// removed once at most, in the order of its key. Rows of different keys have
// nothing to do with each other, but for DropSession, so that the result is
// that of making the changes in their order. The slices are used again.
type brokerPlan struct {
	known  map[uint64]uint64 // BrokerStore.next
	newest uint64            // BrokerStore.newest
	exists map[uint64]bool   // sessions put or dropped in this batch
	drops  map[uint64]int    // sessions dropped in this batch and stored before: position of the last drop
	last   uint64            // session asked for last
	has    bool              // whether it exists

	sessions, messages, subscriptions, sent, received, retained, deliveries []planned

	store   []planned // deliveries to store
	remove  []span    // deliveries to remove
	release []span    // deliveries to release
	forget  []span    // received packet identifiers to remove
}

// planned is one change of the row with a key.
type planned struct {
	key  uint64
	name string
	at   int // position in the batch
	c    *durable.Change
	// released tells of a delivery to store that the batch also releases.
	released bool
}

// span is a range of keys, both ends included.
type span struct{ from, to uint64 }

// make plans a batch. The plan points into changes.
func (p *brokerPlan) make(changes []durable.Change, known map[uint64]uint64, newest uint64) error {
	p.reset(known, newest)
	for i := range changes {
		if err := p.add(i, &changes[i]); err != nil {
			return fmt.Errorf("make change %d of kind %d: %w", i, changes[i].Kind, err)
		}
	}
	for _, list := range []*[]planned{&p.sessions, &p.messages, &p.subscriptions, &p.sent, &p.retained} {
		*list = lastOfEach(*list)
	}
	p.messages = slices.DeleteFunc(p.messages, func(x planned) bool { return x.c.Kind == durable.DropMessage && x.key > newest })
	p.dropOlder(&p.sessions, 0)
	p.dropOlder(&p.subscriptions, 0)
	p.dropOlder(&p.sent, 0)
	p.foldReceived()
	p.foldDeliveries()
	return nil
}

// empty tells that the batch changes nothing.
func (p *brokerPlan) empty() bool {
	return len(p.sessions)+len(p.messages)+len(p.subscriptions)+len(p.sent)+len(p.received)+len(p.retained)+
		len(p.drops)+len(p.store)+len(p.remove)+len(p.release)+len(p.forget) == 0
}

func (p *brokerPlan) reset(known map[uint64]uint64, newest uint64) {
	if p.exists == nil {
		p.exists, p.drops = make(map[uint64]bool), make(map[uint64]int)
	}
	p.known, p.newest, p.last, p.has = known, newest, 0, false
	clear(p.exists)
	clear(p.drops)
	for _, list := range []*[]planned{&p.sessions, &p.messages, &p.subscriptions, &p.sent, &p.received, &p.retained, &p.deliveries, &p.store} {
		clear(*list) // lets go of the messages of the batch before
		*list = (*list)[:0]
	}
	p.remove, p.release, p.forget = p.remove[:0], p.release[:0], p.forget[:0]
}

// live tells whether a session exists at this point of the batch. What is told
// of others is left out: their number may be given again.
func (p *brokerPlan) live(session uint64) bool {
	if session == p.last {
		return p.has
	}
	has, ok := p.exists[session]
	if !ok {
		_, has = p.known[session]
	}
	p.last, p.has = session, has
	return has
}

// add notes one change.
func (p *brokerPlan) add(at int, c *durable.Change) error {
	switch c.Kind {
	case durable.PutSession:
		if c.Record == nil || c.Record.Number == 0 || c.Record.Number > maxSession {
			return fmt.Errorf("it has no session with a number from 1 to %d", maxSession)
		}
		p.exists[c.Record.Number], p.last, p.has = true, c.Record.Number, true
		p.sessions = append(p.sessions, planned{key: c.Record.Number, at: at, c: c})
		return nil
	case durable.PutMessage, durable.Retain:
		if c.Message == nil || c.Message.ID == 0 && c.Kind == durable.PutMessage {
			return errors.New("it has no message, or one without an ID")
		}
		if c.Kind == durable.Retain {
			p.retained = append(p.retained, planned{name: c.Message.Topic, at: at, c: c})
		} else {
			p.messages = append(p.messages, planned{key: c.Message.ID, at: at, c: c})
		}
		return nil
	case durable.DropMessage:
		p.messages = append(p.messages, planned{key: c.Seq, at: at, c: c})
		return nil
	case durable.Unretain:
		p.retained = append(p.retained, planned{name: c.Topic, at: at, c: c})
		return nil
	default:
		if !p.live(c.Session) {
			return nil
		}
		return p.addOfSession(at, c)
	}
}

// addOfSession notes a change of a session that exists.
func (p *brokerPlan) addOfSession(at int, c *durable.Change) error {
	switch c.Kind {
	case durable.DropSession:
		p.exists[c.Session], p.last, p.has = false, c.Session, false
		p.drops[c.Session] = at
	case durable.Subscribe, durable.Unsubscribe:
		if c.Subscription == nil {
			return errors.New("it has no subscription")
		}
		p.subscriptions = append(p.subscriptions, planned{key: c.Session, name: c.Subscription.Filter, at: at, c: c})
	case durable.Deliver:
		d := c.Delivery
		if d == nil || d.Seq > maxSeq || d.Message == nil && !d.Released {
			return fmt.Errorf("it has no delivery with a message and a number up to %d", uint64(maxSeq))
		}
		p.deliveries = append(p.deliveries, planned{key: c.Session<<seqBits | d.Seq, at: at, c: c})
	case durable.Release, durable.Acknowledge:
		if c.Seq <= maxSeq { // there is none beyond
			p.deliveries = append(p.deliveries, planned{key: c.Session<<seqBits | c.Seq, at: at, c: c})
		}
	case durable.Sent:
		p.sent = append(p.sent, planned{key: c.Session, at: at, c: c})
	case durable.Receive, durable.Forget:
		if c.Seq >= 1<<packetBits {
			return fmt.Errorf("%d is no packet identifier", c.Seq)
		}
		p.received = append(p.received, planned{key: c.Session<<packetBits | c.Seq, at: at, c: c})
	default:
		return errors.New("it is of an unknown kind")
	}
	return nil
}

// gone tells that a change of a session came before the session was dropped.
func (p *brokerPlan) gone(session uint64, at int) bool {
	if len(p.drops) == 0 {
		return false
	}
	drop, ok := p.drops[session]
	return ok && at < drop
}

// dropOlder removes the changes that came before their session was dropped.
// The session's number is the key without its lowest bits.
func (p *brokerPlan) dropOlder(list *[]planned, bits uint) {
	if len(p.drops) > 0 {
		*list = slices.DeleteFunc(*list, func(x planned) bool { return p.gone(x.key>>bits, x.at) })
	}
}

func sortPlanned(list []planned) {
	slices.SortFunc(list, func(a, b planned) int {
		if a.key != b.key {
			return cmp.Compare(a.key, b.key)
		}
		if a.name != b.name {
			return cmp.Compare(a.name, b.name)
		}
		return a.at - b.at
	})
}

// lastOfEach sorts changes by key and leaves the last one of each.
func lastOfEach(list []planned) []planned {
	sortPlanned(list)
	out := list[:0]
	for i := range list {
		if n := len(out); n > 0 && out[n-1].key == list[i].key && out[n-1].name == list[i].name {
			out[n-1] = list[i]
		} else {
			out = append(out, list[i])
		}
	}
	return out
}

// foldReceived leaves the packet identifiers to store in received, and those to
// remove in forget.
func (p *brokerPlan) foldReceived() {
	p.received = lastOfEach(p.received)
	p.dropOlder(&p.received, packetBits)
	p.received = slices.DeleteFunc(p.received, func(x planned) bool {
		if x.c.Kind == durable.Forget {
			p.forget = extend(p.forget, x.key)
			return true
		}
		return false
	})
}

// extend adds a key, which is greater than all before, to spans of keys.
func extend(spans []span, key uint64) []span {
	if n := len(spans); n > 0 && spans[n-1].to+1 == key {
		spans[n-1].to = key
		return spans
	}
	return append(spans, span{key, key})
}

// foldDeliveries finds out what becomes of each delivery.
func (p *brokerPlan) foldDeliveries() {
	p.dropOlder(&p.deliveries, seqBits)
	sortPlanned(p.deliveries)
	for i := 0; i < len(p.deliveries); {
		key := p.deliveries[i].key
		kind := durable.Forget // of the delivery's changes, what they come to; Forget is none of them
		var d planned
		for ; i < len(p.deliveries) && p.deliveries[i].key == key; i++ {
			switch x := p.deliveries[i]; x.c.Kind {
			case durable.Deliver:
				d, kind = x, durable.Deliver
			case durable.Acknowledge:
				kind = durable.Acknowledge
			case durable.Release:
				switch kind {
				case durable.Deliver:
					d.released = true
				case durable.Acknowledge:
				default:
					kind = durable.Release
				}
			default: // no others are in the list
			}
		}
		switch {
		case kind == durable.Deliver:
			p.store = append(p.store, d)
		case !p.stored(key):
		case kind == durable.Acknowledge:
			p.remove = extend(p.remove, key)
		default:
			p.release = extend(p.release, key)
		}
	}
}

// stored tells that a delivery may be in the file when the sessions that the
// batch drops are gone.
func (p *brokerPlan) stored(key uint64) bool {
	session := key >> seqBits
	if len(p.drops) > 0 {
		if _, dropped := p.drops[session]; dropped {
			return false
		}
	}
	return key&maxSeq < p.known[session]
}
