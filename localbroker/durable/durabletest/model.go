package durabletest

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/thingdesk/thingdesk/localbroker/durable"
)

// Model is a durable.Store in memory: what a store must do, said plainly. Its
// zero value is empty. It keeps the values of changes and never copies what
// they point to.
type Model struct {
	sessions map[uint64]*session
	retained map[string]*durable.Message
}

type session struct {
	durable.Session
	subscriptions map[string]durable.Subscription
	deliveries    map[uint64]durable.Delivery
	sent          uint64
	received      map[uint16]bool
}

// Load returns what is stored: Subscriptions by Filter, Deliveries by Seq,
// Received by number, Retained by Topic. It cannot fail.
func (m *Model) Load(context.Context) (*durable.State, error) {
	state := &durable.State{}
	for _, number := range slices.Sorted(maps.Keys(m.sessions)) {
		x := m.sessions[number]
		state.Sessions = append(state.Sessions, durable.SessionState{
			Session:       x.Session,
			Subscriptions: inOrder(x.subscriptions),
			Deliveries:    inOrder(x.deliveries),
			Sent:          x.sent,
			Received:      slices.Sorted(maps.Keys(x.received)),
		})
	}
	for _, topic := range slices.Sorted(maps.Keys(m.retained)) {
		retained := *m.retained[topic]
		retained.ID = 0
		state.Retained = append(state.Retained, &retained)
	}
	return state, nil
}

func inOrder[K cmp.Ordered, V any](m map[K]V) (values []V) {
	for _, k := range slices.Sorted(maps.Keys(m)) {
		values = append(values, m[k])
	}
	return values
}

// Commit makes the changes in their order. It cannot fail.
func (m *Model) Commit(_ context.Context, changes []durable.Change) error {
	if m.sessions == nil {
		m.sessions, m.retained = make(map[uint64]*session), make(map[string]*durable.Message)
	}
	for i := range changes {
		m.make(&changes[i])
	}
	return nil
}

func (m *Model) make(c *durable.Change) {
	switch c.Kind {
	case durable.PutSession:
		x := m.sessions[c.Record.Number]
		if x == nil {
			x = &session{
				subscriptions: make(map[string]durable.Subscription),
				deliveries:    make(map[uint64]durable.Delivery), received: make(map[uint16]bool),
			}
			m.sessions[c.Record.Number] = x
		}
		x.Session = *c.Record
	case durable.Retain:
		m.retained[c.Message.Topic] = c.Message
	case durable.Unretain:
		delete(m.retained, c.Topic)
	case durable.PutMessage, durable.DropMessage: // deliveries hold their messages
	case durable.DropSession:
		delete(m.sessions, c.Session)
	default:
		if x := m.sessions[c.Session]; x != nil {
			x.make(c)
		}
	}
}

func (x *session) make(c *durable.Change) {
	switch c.Kind {
	case durable.Subscribe:
		x.subscriptions[c.Subscription.Filter] = *c.Subscription
	case durable.Unsubscribe:
		delete(x.subscriptions, c.Subscription.Filter)
	case durable.Deliver:
		x.deliveries[c.Delivery.Seq] = *c.Delivery
	case durable.Release:
		if d, ok := x.deliveries[c.Seq]; ok {
			d.Released, d.Message = true, nil
			x.deliveries[c.Seq] = d
		}
	case durable.Acknowledge:
		delete(x.deliveries, c.Seq)
	case durable.Sent:
		x.sent = c.Seq
	case durable.Receive:
		x.received[uint16(c.Seq)] = true
	case durable.Forget:
		delete(x.received, uint16(c.Seq))
	default: // not of a session
	}
}
