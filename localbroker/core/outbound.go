package core

import "github.com/thingdesk/thingdesk/localbroker/durable"

// maxPacketIDs is how many packet identifiers there are.
const maxPacketIDs = 65535

// outbound are the messages of QoS 1 and 2 for one client, from routing to the
// last acknowledgement. They are numbered, and the packet identifier follows
// from the number: 1 + number mod 65535. So it needs no storing of its own, a
// message has the same one after a restart [MQTT-4.4.0-1], and an
// acknowledgement finds its message without a map. The price: while a message
// stays unacknowledged at most 65,534 later ones can be sent.
type outbound struct {
	ring[item]
	first uint64 // the number of item 0
	next  uint64 // the number of the next one to send on this connection
	sent  uint64 // the highest number that was ever sent: up to it DUP is set
	open  int    // sent on this connection and not yet acknowledged
	live  int    // items that are not done
	gate  uint64 // PUBREL is sent again when what came on earlier connections is stored
}

// item is one of them.
type item struct {
	m      *message // nil when released or done
	ids    []uint32 // subscription identifiers
	group  *group   // of a shared subscription
	qos    byte
	state  state
	retain bool
	held   bool // the delivery is in the store
}

type state byte

const (
	waiting  state = iota // to be sent, or sent and not acknowledged
	released              // QoS 2: PUBREC came, PUBCOMP is awaited
	done                  // nothing is left to do, but an earlier one is not done
)

// zero is a message of QoS 0 for one client.
type zero struct {
	m      *message
	ids    []uint32
	retain bool
	after  uint64 // the number of the last item before it
}

func (o *outbound) init() { o.first, o.next = 1, 1 }

// add appends an item.
func (o *outbound) add(it item) {
	if it.state != done {
		o.live++
	}
	o.push(it)
}

func (o *outbound) end() uint64 { return o.first + uint64(o.len()) }

func (o *outbound) item(seq uint64) *item { return o.at(int(seq - o.first)) }

func packetID(seq uint64) uint16 { return uint16(1 + seq%maxPacketIDs) }

// find returns the number of the item that was sent with a packet identifier on
// this connection and is not done.
func (o *outbound) find(id uint16) (seq uint64, ok bool) {
	if id == 0 || o.len() == 0 {
		return 0, false
	}
	ahead := (uint64(id-1) + maxPacketIDs - o.first%maxPacketIDs) % maxPacketIDs
	seq = o.first + ahead
	if seq >= o.next || o.item(seq).state == done {
		return 0, false
	}
	return seq, true
}

// rewind has all that is not done sent again, from the first
// [MQTT-4.4.0-1, MQTT-4.6.0-1].
func (o *outbound) rewind() { o.next, o.open = o.first, 0 }

// finish ends the delivery with number seq, which is not done.
func (b *Broker) finish(s *session, seq uint64) {
	o := &s.out
	it := o.item(seq)
	b.unqueue(s, it)
	if it.held {
		b.note(durable.Change{Kind: durable.Acknowledge, Session: s.number, Seq: seq})
	}
	*it = item{state: done}
	o.live--
	for o.len() > 0 && o.at(0).state == done {
		o.pop()
		o.first++
	}
	o.next = max(o.next, o.first)
}

// unqueue lets go of the message of an item.
func (b *Broker) unqueue(s *session, it *item) {
	if it.m == nil {
		return
	}
	s.queued -= it.m.size()
	b.queued -= it.m.size()
	if it.held {
		b.release(it.m)
	}
	it.m, it.ids, it.group = nil, nil, nil
}
