package durabletest

import (
	"math/rand/v2"
	"slices"

	"github.com/thingdesk/thingdesk/localbroker/durable"
)

// Changes makes random changes such as a broker may make, crowded into few
// sessions, topics and filters so that they meet: removals of what is not
// there, sessions dropped and made again under their number, messages delivered
// and acknowledged in one breath.
type Changes struct {
	rnd      *rand.Rand
	model    Model                       // after the changes made
	messages map[uint64]*durable.Message // those put and not dropped
	ids      uint64
	seqs     map[uint64]uint64
}

// NewChanges returns a source of changes that is the same for the same seed.
func NewChanges(seed uint64) *Changes {
	return &Changes{rnd: rand.New(rand.NewPCG(seed, 1)), messages: make(map[uint64]*durable.Message), seqs: make(map[uint64]uint64)}
}

const (
	sessions = 5
	recent   = 12 // deliveries back from the last one that changes are about
)

// Batch returns the next n changes.
func (s *Changes) Batch(n int) []durable.Change {
	changes := make([]durable.Change, 0, n)
	for len(changes) < n {
		c := s.change()
		_ = s.model.Commit(nil, []durable.Change{c}) //nolint:staticcheck // SA1012: it asks for none
		changes = append(changes, c)
	}
	return changes
}

// Restart tells that the store was closed and opened: messages that nothing
// refers to may be gone.
func (s *Changes) Restart() {
	for id := range s.messages {
		if !s.used(id) {
			delete(s.messages, id)
		}
	}
}

// used tells whether a delivery refers to a shared message.
func (s *Changes) used(id uint64) bool {
	for _, x := range s.model.sessions {
		for _, d := range x.deliveries {
			if d.Message != nil && d.Message.ID == id {
				return true
			}
		}
	}
	return false
}

func (s *Changes) change() durable.Change {
	number := 1 + s.rnd.Uint64N(sessions)
	c := durable.Change{Session: number}
	kinds := []durable.Kind{
		durable.PutSession, durable.PutSession, durable.DropSession, durable.Subscribe, durable.Unsubscribe, durable.PutMessage, durable.DropMessage,
		durable.Deliver, durable.Deliver, durable.Deliver, durable.Deliver, durable.Deliver, durable.Release, durable.Acknowledge, durable.Acknowledge, durable.Acknowledge,
		durable.Acknowledge, durable.Sent, durable.Receive, durable.Receive, durable.Forget, durable.Forget, durable.Retain, durable.Unretain,
	}
	c.Kind = kinds[s.rnd.IntN(len(kinds))]
	switch c.Kind {
	case durable.PutSession:
		c.Session, c.Record = 0, s.record(number)
	case durable.Subscribe, durable.Unsubscribe:
		c.Subscription = &durable.Subscription{Filter: s.pick("a/#", "+/b", "$share/g/ü", "c"), Options: byte(s.rnd.IntN(64)), ID: s.rnd.Uint32N(3)}
	case durable.PutMessage:
		s.ids++
		c.Session, c.Message = 0, s.message(s.ids)
		s.messages[s.ids] = c.Message
	case durable.DropMessage:
		c.Session, c.Seq = 0, 1+s.rnd.Uint64N(s.ids+2)
		if s.used(c.Seq) {
			return s.change()
		}
		delete(s.messages, c.Seq)
	case durable.Deliver:
		c.Delivery = s.delivery(number)
	case durable.Release, durable.Acknowledge, durable.Sent:
		c.Seq = s.seq(number)
	case durable.Receive, durable.Forget:
		c.Seq = []uint64{1, 2, 3, 4, 65535}[s.rnd.IntN(5)]
	case durable.Retain:
		c.Session, c.Message = 0, s.message(0)
	case durable.Unretain:
		c.Session, c.Topic = 0, s.topic()
	case durable.DropSession:
	}
	return c
}

func (s *Changes) pick(from ...string) string { return from[s.rnd.IntN(len(from))] }

func (s *Changes) topic() string { return s.pick("a", "a/b", "ü/日本", "a/b/c/d", "/", "'\"?") }

// seq returns the number of a delivery that may be there.
func (s *Changes) seq(session uint64) uint64 {
	last := s.seqs[session]
	return last - min(last, s.rnd.Uint64N(recent)) + s.rnd.Uint64N(2)
}

func (s *Changes) delivery(session uint64) *durable.Delivery {
	d := &durable.Delivery{QoS: byte(1 + s.rnd.IntN(2)), Retain: s.rnd.IntN(5) == 0}
	switch s.rnd.IntN(50) {
	case 0: // once more, or where there was none
		d.Seq = s.seq(session)
	case 1:
		s.seqs[session] = min(s.seqs[session]+1<<33, 1<<40-1_000_000)
		d.Seq = s.seqs[session]
	default:
		s.seqs[session]++
		d.Seq = s.seqs[session]
	}
	for range s.rnd.IntN(8) / 5 * s.rnd.IntN(3) {
		d.IDs = append(d.IDs, s.rnd.Uint32N(268_435_456))
	}
	if len(s.messages) > 0 && s.rnd.IntN(3) == 0 {
		ids := make([]uint64, 0, len(s.messages))
		for id := range s.messages {
			ids = append(ids, id)
		}
		slices.Sort(ids)
		d.Message = s.messages[ids[s.rnd.IntN(len(ids))]]
		return d
	}
	d.Message = s.message(0)
	return d
}

func (s *Changes) message(id uint64) *durable.Message {
	m := &durable.Message{
		ID: id, Topic: s.topic(), QoS: byte(s.rnd.IntN(3)), Retain: s.rnd.IntN(3) == 0, From: s.pick("", "me", "somebody else"),
		At: s.rnd.Int64(), Payload: s.bytes(200), Properties: s.bytes(20),
	}
	if s.rnd.IntN(3) == 0 {
		m.Expires = m.At + s.rnd.Int64N(1_000_000) - 500_000
	}
	if s.rnd.IntN(30) == 0 {
		m.Payload = s.bytes(20_000)
	}
	return m
}

func (s *Changes) bytes(below int) []byte {
	b := make([]byte, s.rnd.IntN(below)*s.rnd.IntN(2))
	for i := range b {
		b[i] = byte(s.rnd.Uint32())
	}
	return b
}

func (s *Changes) record(number uint64) *durable.Session {
	x := &durable.Session{
		Number: number, Client: s.pick("client ", "Kühler ") + string(rune('0'+number)), Owner: s.pick("", "owner"), Version: byte(3 + s.rnd.IntN(3)),
		Expiry: s.rnd.Uint32(), Ended: s.rnd.Int64() * s.rnd.Int64N(2),
	}
	if s.rnd.IntN(3) == 0 {
		x.Will = &durable.Will{Message: *s.message(0), Delay: s.rnd.Uint32()}
	}
	return x
}
