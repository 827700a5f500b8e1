package broker

import (
	"context"
	"errors"
)

// Errors that callers decide on. Implementations wrap them with what they were
// doing.
var (
	// ErrNotConnected means that nothing was sent because the connection is
	// not up at this moment.
	ErrNotConnected = errors.New("not connected")
	// ErrUnconfirmed means that the connection was lost before the broker
	// confirmed: it may have got the request or not.
	ErrUnconfirmed = errors.New("connection lost before the broker confirmed")
	// ErrClosed means that the Conn was closed by its owner.
	ErrClosed = errors.New("connection closed")
)

// Conn is one lasting connection to a broker. It connects in the background,
// reconnects by itself with growing waits, and restores the subscriptions that
// were asked for each time it comes up. All methods may be called from any
// goroutine.
type Conn interface {
	// Publish sends m and waits until the broker has it: written for QoS 0,
	// PUBACK for QoS 1, PUBCOMP for QoS 2. It returns ErrNotConnected at once
	// when the connection is not up, ErrUnconfirmed when it breaks meanwhile,
	// and ctx.Err when ctx ends first; in these two cases the message may or
	// may not arrive.
	Publish(ctx context.Context, m Message) (Ack, error)

	// Subscribe adds subs to the table of subscriptions and, when the
	// connection is up, sends them and waits for the broker's answer. A filter
	// already in the table is replaced. When the connection is down the table
	// is changed and the grants come later through Handler.Granted.
	// A refused filter is no error: its Grant says so. An invalid filter is
	// refused without asking the broker and does not enter the table. A paused
	// subscription is kept in the table, gets no Grant, and is unsubscribed
	// from when it was active.
	Subscribe(ctx context.Context, subs ...Subscription) ([]Grant, error)

	// Unsubscribe removes filters from the table and from the broker.
	Unsubscribe(ctx context.Context, filters ...string) error

	// Close disconnects, waits until all goroutines of the Conn have ended and
	// no Handler method runs any more. It is safe to call it twice.
	Close(ctx context.Context) error
}

// Handler receives what happens on a Conn. Its methods are called from the
// Conn's goroutines, one at a time and in order. They must return at once:
// a Handler never blocks and never calls back into the Conn.
type Handler interface {
	// Receive takes one message.
	Receive(m Message)
	// StatusChanged takes each change of state, in order.
	StatusChanged(s Status)
	// Granted takes the broker's answers after a (re)connect has restored the
	// subscriptions.
	Granted(gs []Grant)
}

// Dialer starts a Conn for a profile. It returns at once: connecting goes on
// in the background and is reported through h. The error is for a profile that
// can never work. password may be empty.
type Dialer func(p Profile, password string, h Handler) (Conn, error)

// Ack tells how far a publish got.
type Ack struct {
	// Stage is "written" (QoS 0), "PUBACK" (QoS 1) or "PUBCOMP" (QoS 2).
	Stage string
}

// Subscription asks for the messages that match a topic filter.
type Subscription struct {
	// Filter is a topic filter, with wildcards or without.
	Filter string `json:"filter"`
	// QoS is the highest QoS wanted: 0, 1 or 2.
	QoS byte `json:"qos"`
	// Paused keeps the filter in the profile without subscribing to it.
	Paused bool `json:"paused,omitempty"`
}

// Grant is the broker's answer for one filter.
type Grant struct {
	// Filter is the topic filter the answer is for.
	Filter string
	// QoS is the granted QoS; meaningless when Refused.
	QoS byte
	// Refused tells that the broker will send nothing for the filter.
	Refused bool
	// Why says in words why a filter was refused, as far as the broker told.
	Why string
}
