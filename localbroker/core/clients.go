package core

import (
	"cmp"
	"errors"
	"slices"
	"time"

	"github.com/thingdesk/thingdesk/localbroker/durable"
	"github.com/thingdesk/thingdesk/localbroker/packet"
)

// Client describes a connected client.
type Client struct {
	ID        string
	Address   string
	Door      string // Door.Name
	Version   packet.Version
	User      string // as it called itself
	Owner     string // as it was authenticated; "" for nobody
	Since     int64  // microseconds since 1970 UTC
	LastHeard int64  // microseconds since 1970 UTC
	KeepAlive time.Duration
	// PacketsIn to Out are counted since the connection began; In and Out are
	// PUBLISH.
	PacketsIn, PacketsOut uint64
	BytesIn, BytesOut     uint64
	In, Out               uint64
}

// Session describes a session, with or without connection.
type Session struct {
	ID            string
	Connected     bool
	Ended         int64  // when the connection ended, microseconds since 1970 UTC; 0 while there is one
	Expiry        uint32 // seconds it outlives its connection; 0xFFFFFFFF for ever
	Subscriptions []durable.Subscription
	Queued        int   // messages waiting or in flight
	QueuedBytes   int64 // their bytes
	InFlight      int   // messages sent and not acknowledged
	Dropped       uint64
	WillTopic     string // "" for no Will
}

// client describes the connection. The lock is held.
func (c *conn) client() Client {
	st := &c.stats
	return Client{
		ID: c.s.id, Address: c.net.RemoteAddr().String(), Door: c.door.Name, Version: c.version,
		User: c.user, Owner: c.owner, Since: c.since, LastHeard: max(st.last, c.since), KeepAlive: c.keepAlive,
		PacketsIn: st.packetsIn, PacketsOut: st.packetsOut, BytesIn: st.bytesIn, BytesOut: st.bytesOut,
		In: st.in, Out: st.out,
	}
}

// Clients lists the connected clients by ID.
func (b *Broker) Clients() []Client {
	b.lock()
	clients := make([]Client, 0, b.online)
	for _, s := range b.sessions {
		if s.conn != nil {
			clients = append(clients, s.conn.client())
		}
	}
	b.unlock()
	slices.SortFunc(clients, func(a, b Client) int { return cmp.Compare(a.ID, b.ID) })
	return clients
}

// Sessions lists all sessions by client ID.
func (b *Broker) Sessions() []Session {
	b.lock()
	sessions := make([]Session, 0, len(b.sessions))
	for _, s := range b.sessions {
		sessions = append(sessions, s.describe())
	}
	b.unlock()
	slices.SortFunc(sessions, func(a, b Session) int { return cmp.Compare(a.ID, b.ID) })
	return sessions
}

// ErrNoClient is returned for a client ID that nobody has.
var ErrNoClient = errors.New("there is no such client")

// Session describes the session of a client, or returns ErrNoClient.
func (b *Broker) Session(id string) (Session, error) {
	b.lock()
	defer b.unlock()
	s := b.sessions[id]
	if s == nil {
		return Session{}, ErrNoClient
	}
	return s.describe(), nil
}

func (s *session) describe() Session {
	d := Session{
		ID: s.id, Connected: s.conn != nil, Expiry: s.expiry,
		Queued: s.out.live + s.zero.len(), QueuedBytes: s.queued, Dropped: s.dropped,
	}
	if s.conn != nil {
		d.InFlight = s.out.open
	} else {
		d.Ended = s.ended
	}
	if s.will != nil {
		d.WillTopic = s.will.Topic
	}
	for _, sub := range s.subs {
		one := durable.Subscription{Filter: sub.full, Options: sub.options.Options}
		if sub.ids != nil {
			one.ID = sub.ids[0]
		}
		d.Subscriptions = append(d.Subscriptions, one)
	}
	slices.SortFunc(d.Subscriptions, func(a, b durable.Subscription) int { return cmp.Compare(a.Filter, b.Filter) })
	return d
}

// Kick ends the connection of a client, for the reason given in text, or
// returns ErrNoClient. Its session goes on and its Will is published.
func (b *Broker) Kick(id, text string) error {
	b.lock()
	defer b.unlock()
	s := b.sessions[id]
	if s == nil || s.conn == nil {
		return ErrNoClient
	}
	b.end(s.conn, Ending{Reason: packet.AdministrativeAction, Text: text}, forget)
	return nil
}

// DropSession ends the session of a client for good, and its connection, or
// returns ErrNoClient.
func (b *Broker) DropSession(id string) error {
	b.lock()
	defer b.unlock()
	s := b.sessions[id]
	if s == nil {
		return ErrNoClient
	}
	if s.conn != nil {
		b.end(s.conn, Ending{Reason: packet.AdministrativeAction, Text: "the session was removed"}, forget)
	}
	if b.sessions[id] == s {
		b.discard(s)
	}
	return nil
}
