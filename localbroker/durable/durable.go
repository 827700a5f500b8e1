// Package durable says what of a broker's state outlives it and how changes of
// it are told to a store: sessions with their subscriptions, the messages that
// wait for them or are in flight, and retained messages. Package core makes the
// changes, package storage keeps them.
package durable

import "context"

// Store keeps the state. One goroutine calls it.
type Store interface {
	// Load returns what is stored.
	Load(ctx context.Context) (*State, error)
	// Commit makes the changes, in their order and in one transaction, and
	// returns when they outlive the process. On an error nothing of them is
	// stored, and they will be offered again.
	Commit(ctx context.Context, changes []Change) error
}

// State is all that is stored.
type State struct {
	Sessions []SessionState // by Number
	Retained []*Message     // at most one for a topic
}

// SessionState is a session and what belongs to it.
type SessionState struct {
	Session
	Subscriptions []Subscription
	// Deliveries are the messages not yet acknowledged by the client, by Seq.
	// Deliveries of several sessions share one *Message when it has an ID.
	Deliveries []Delivery
	// Sent is the number of the last delivery that was sent once.
	Sent uint64
	// Received are the packet identifiers of QoS 2 messages that the client
	// sent and has not released.
	Received []uint16
}

// Message is an application message. It is never changed once made.
type Message struct {
	// ID is the number under which several deliveries share the message; 0
	// when it belongs to one delivery or is a retained message.
	ID         uint64
	Topic      string
	Payload    []byte
	Properties []byte // as in package packet: those that are passed on
	QoS        byte   // as published
	Retain     bool   // as published
	From       string // client ID of the publisher; "" for the broker itself
	At         int64  // when it was published, microseconds since 1970 UTC
	Expires    int64  // when it expires, microseconds since 1970 UTC; 0 for never
}

// Session is the session of one client.
type Session struct {
	Number  uint64 // from 1, below 1<<22; unique among what is stored
	Client  string // client ID, unique
	Owner   string // the authenticated user it belongs to; "" for anybody
	Version byte   // protocol level of the last connection: 3, 4 or 5
	Expiry  uint32 // seconds it outlives its connection; 0xFFFFFFFF for ever
	// Ended is when the connection ended, microseconds since 1970 UTC; 0 while
	// there is one, so also after a crash.
	Ended int64
	// Will is what is to be published when the connection has ended; nil for
	// nothing.
	Will *Will
}

// Will is a Will Message.
type Will struct {
	Message
	Delay uint32 // seconds between the end of the connection and publishing
}

// Subscription is one subscription of a session.
type Subscription struct {
	Filter  string // with $share/NAME/ when shared
	Options byte   // as in SUBSCRIBE of MQTT 5
	ID      uint32 // subscription identifier; 0 for none
}

// Delivery is a message for one session, at QoS 1 or 2.
type Delivery struct {
	// Seq counts the deliveries of a session. Its packet identifier follows
	// from it: 1 + Seq mod 65535. Below 1<<40.
	Seq    uint64
	QoS    byte
	Retain bool // the RETAIN flag it is delivered with
	// Released tells that the client has confirmed a QoS 2 message with
	// PUBREC. Then Message is nil.
	Released bool
	IDs      []uint32 // subscription identifiers
	Message  *Message
}

// Kind is what a Change does.
type Kind byte

// The kinds of change, with the fields of Change that they use.
const (
	// PutSession stores Record, new or in place of the one of that Number.
	PutSession Kind = iota
	// DropSession removes session Session and everything of it.
	DropSession
	// Subscribe stores Subscription, in place of one with the same Filter.
	Subscribe
	// Unsubscribe removes the subscription with Subscription.Filter.
	Unsubscribe
	// PutMessage stores Message, which has an ID, for deliveries to share.
	PutMessage
	// DropMessage removes the message with the number Seq.
	DropMessage
	// Deliver stores Delivery for session Session. When Delivery.Message has an
	// ID its PutMessage came before.
	Deliver
	// Release marks delivery Seq of session Session as Released and drops its
	// message, unless that is shared.
	Release
	// Acknowledge removes delivery Seq of session Session.
	Acknowledge
	// Sent notes that deliveries of Session up to Seq have been sent once.
	Sent
	// Receive notes packet identifier Seq as received by session Session.
	Receive
	// Forget removes packet identifier Seq.
	Forget
	// Retain stores Message as the retained one of its topic.
	Retain
	// Unretain removes the retained message of topic Topic.
	Unretain
)

// Change is one change of the state. What a removal names may be missing: then
// it does nothing. So does every change of a session that is not stored.
type Change struct {
	Kind         Kind
	Session      uint64
	Seq          uint64
	Topic        string
	Message      *Message
	Delivery     *Delivery
	Record       *Session
	Subscription *Subscription
}
