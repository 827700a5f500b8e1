package core

import (
	"github.com/thingdesk/thingdesk/localbroker/durable"
	"github.com/thingdesk/thingdesk/localbroker/packet"
)

// Policy narrows what clients get, beside Config.Judge. Its methods are called
// with the Broker's lock held, must return at once and must not call the
// Broker.
type Policy interface {
	// Connect is asked about a client that the Guard has admitted.
	Connect(Connecting) Terms
	// Subscribe is asked about each SUBSCRIBE. Of the Verdict, Refuse, Text and
	// Disconnect count; Refuse without Disconnect refuses all its filters.
	Subscribe(Subscribing) Verdict
	// Delivers tells whether a message that matches a subscription is to be
	// delivered for it; retained tells that it is one that was kept. Of shared
	// subscriptions, filter is the one in it.
	Delivers(filter, topic string, shared, retained bool) bool
}

// Connecting is a client that wants to connect.
type Connecting struct {
	Client, Owner, Address string
	Assigned               bool // Client was made up, for the client sent none
	Version                packet.Version
	Clean                  bool
	KeepAlive              uint16        // seconds, as asked; 0 for none
	Expiry                 uint32        // seconds, as asked; 0xFFFFFFFF for ever
	Will                   *durable.Will // nil for none
}

// Terms are what a client is granted. The zero value grants what it asks,
// within Limits.
type Terms struct {
	// Refuse is the reason why it is not let in; packet.Success lets it in.
	Refuse packet.Reason
	Text   string // goes with Refuse
	// KeepAlive is used instead of what was asked, in seconds; 0 leaves it.
	KeepAlive uint16
	// Expiry is the longest that the session may outlive the connection, in
	// seconds; 0 for any.
	Expiry uint32
	// ReceiveMaximum, TopicAliases and PacketBytes narrow Limits; 0 leaves them.
	ReceiveMaximum int
	TopicAliases   uint16
	PacketBytes    int
	// MaximumQoS is 1 to tell clients of MQTT 5 that there is no QoS 2; 0 for
	// all.
	MaximumQoS byte
	// NoSubscriptionIDs tells clients of MQTT 5 that there are none.
	NoSubscriptionIDs bool
}

// Subscribing is a SUBSCRIBE.
type Subscribing struct {
	Client, Owner string
	Version       packet.Version
	Filters       []packet.Subscription
	ID            uint32 // subscription identifier; 0 for none
	Has           int    // subscriptions that the client has
}

// Refusal is a client that was not let in, or bytes that were no CONNECT.
type Refusal struct {
	Address, Door string
	Client, User  string // "" when not known
	Reason        packet.Reason
	Text          string
}

// RefusalObserver is an Observer that is also told who was not let in. Refused
// is called under the same rules.
type RefusalObserver interface {
	Refused(Refusal)
}

// connecting describes a client to the Policy.
func (c *conn) connecting(p *packet.Connect, pass Pass, assigned bool) Connecting {
	expiry := uint32(0)
	if p.Version == packet.V5 {
		expiry, _ = p.Properties.Uint(packet.SessionExpiry)
	} else if !p.Clean {
		expiry = never
	}
	return Connecting{
		Client: p.ClientID, Owner: pass.Owner, Assigned: assigned, Address: c.net.RemoteAddr().String(), Version: p.Version,
		Clean: p.Clean, KeepAlive: p.KeepAlive, Expiry: expiry, Will: will(p),
	}
}

// terms returns the limits of one client.
func (l *Limits) terms(t Terms) Terms {
	narrow := func(limit, wish int) int {
		if wish > 0 {
			return min(limit, wish)
		}
		return limit
	}
	t.ReceiveMaximum = narrow(l.ReceiveMaximum, t.ReceiveMaximum)
	t.PacketBytes = narrow(l.PacketBytes, t.PacketBytes)
	t.TopicAliases = uint16(narrow(int(l.TopicAliases), int(t.TopicAliases)))
	return t
}

// delivers asks the Policy.
func (b *Broker) delivers(sub *subscription, topic string, retained bool) bool {
	c := sub.s.conn
	return b.cfg.Policy == nil || c != nil && c.exempt || b.cfg.Policy.Delivers(sub.filter, topic, sub.share != "", retained)
}
