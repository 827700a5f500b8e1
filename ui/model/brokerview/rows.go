package brokerview

import (
	"cmp"
	"math"
	"strings"

	"github.com/thingdesk/thingdesk/localbroker/core"
)

// Client is a row of the list of clients.
type Client struct {
	core.Client

	// Session is what the broker keeps for it.
	Session core.Session
	// Own tells that it is this program's own connection.
	Own bool
	// Gone tells that it is connected no more.
	Gone bool
}

// Session is a row of the list of sessions.
type Session struct {
	core.Session

	// Since is when its connection began, microseconds since 1970 UTC; 0
	// without one.
	Since int64
	// Own tells that it is this program's own.
	Own bool
	// Gone tells that it has ended.
	Gone bool
}

// The columns of the list of clients.
const (
	ClientID = iota
	ClientAddress
	ClientProtocol
	ClientUser
	ClientSince
	ClientKeepAlive
	ClientSubscriptions
	ClientInFlight
	ClientQueued
	ClientIn
	ClientOut
	ClientBytesIn
	ClientBytesOut
	ClientDropped
	ClientExpiry
)

// The columns of the list of sessions.
const (
	SessionID = iota
	SessionState
	SessionExpires
	SessionSubscriptions
	SessionInFlight
	SessionQueued
	SessionBytes
	SessionDropped
	SessionWill
)

func text[T any](title string, of func(*T) string) column[T] {
	return column[T]{Column{Title: title}, func(a, b *T) int { return cmp.Compare(of(a), of(b)) }}
}

func number[T any, N cmp.Ordered](title string, of func(*T) N) column[T] {
	return column[T]{Column{Title: title, Numeric: true}, func(a, b *T) int { return cmp.Compare(of(a), of(b)) }}
}

var clientKind = &kind[Client]{
	columns: []column[Client]{
		ClientID:       text("Client ID", func(c *Client) string { return c.ID }),
		ClientAddress:  text("Address", func(c *Client) string { return c.Address }),
		ClientProtocol: number("MQTT", func(c *Client) byte { return byte(c.Version) }),
		ClientUser:     text("User", func(c *Client) string { return c.UserWords() }),
		// The one that is connected longest is the largest.
		ClientSince:         number("Connected", func(c *Client) int64 { return -c.Since }),
		ClientKeepAlive:     number("Keep-alive", func(c *Client) int64 { return int64(c.KeepAlive) }),
		ClientSubscriptions: number("Subs", func(c *Client) int { return len(c.Session.Subscriptions) }),
		ClientInFlight:      number("In flight", func(c *Client) int { return c.Session.InFlight }),
		ClientQueued:        number("Queued", func(c *Client) int { return c.Session.Queued }),
		ClientIn:            number("Msgs in", func(c *Client) uint64 { return c.In }),
		ClientOut:           number("Msgs out", func(c *Client) uint64 { return c.Out }),
		ClientBytesIn:       number("Bytes in", func(c *Client) uint64 { return c.BytesIn }),
		ClientBytesOut:      number("Bytes out", func(c *Client) uint64 { return c.BytesOut }),
		ClientDropped:       number("Dropped", func(c *Client) uint64 { return c.Session.Dropped }),
		ClientExpiry:        number("Session kept", func(c *Client) uint32 { return c.Session.Expiry }),
	},
	id: func(c *Client) string { return c.ID },
	texts: func(c *Client, f func(string) bool) bool {
		return f(c.ID) || f(c.Address) || f(c.User) || f(c.Owner) || f(c.Door) || f("MQTT "+Protocol(c.Version)) || filters(&c.Session, f)
	},
	shown: func(*Client, order) bool { return true },
	gone: func(c *Client) *Client {
		gone := *c
		gone.Gone = true
		return &gone
	},
}

var sessionKind = &kind[Session]{
	columns: []column[Session]{
		SessionID:            text("Client ID", func(s *Session) string { return s.ID }),
		SessionState:         number("Connection", (*Session).age),
		SessionExpires:       number("Expires", (*Session).expires),
		SessionSubscriptions: number("Subs", func(s *Session) int { return len(s.Subscriptions) }),
		SessionInFlight:      number("In flight", func(s *Session) int { return s.InFlight }),
		SessionQueued:        number("Queued", func(s *Session) int { return s.Queued }),
		SessionBytes:         number("Bytes queued", func(s *Session) int64 { return s.QueuedBytes }),
		SessionDropped:       number("Dropped", func(s *Session) uint64 { return s.Dropped }),
		SessionWill:          text("Will topic", func(s *Session) string { return s.WillTopic }),
	},
	id: func(s *Session) string { return s.ID },
	texts: func(s *Session, f func(string) bool) bool {
		return f(s.ID) || f(s.WillTopic) || filters(&s.Session, f)
	},
	shown: func(s *Session, o order) bool { return !o.absent || !s.Connected },
	gone: func(s *Session) *Session {
		gone := *s
		gone.Gone = true
		return &gone
	},
}

func filters(s *core.Session, f func(string) bool) bool {
	for i := range s.Subscriptions {
		if f(s.Subscriptions[i].Filter) {
			return true
		}
	}
	return f(s.WillTopic)
}

// age sorts by connection: absent ones above connected ones, those that have
// been so longest first.
func (s *Session) age() int64 {
	if s.Connected {
		return math.MinInt64/2 - s.Since
	}
	return -s.Ended
}

// expires sorts by what is left: those that end with their connection, then
// absent ones by when they end, then those that are kept for ever.
func (s *Session) expires() int64 {
	switch {
	case s.Expiry == forever:
		return math.MaxInt64
	case s.Connected:
		return int64(s.Expiry)
	default:
		return s.Ended + int64(s.Expiry)*1e6
	}
}

// joinClients makes rows of clients and sessions, both sorted by ID.
func joinClients(clients []core.Client, sessions []core.Session, own string) []Client {
	rows := make([]Client, len(clients))
	k := 0
	for i := range clients {
		rows[i] = Client{Client: clients[i], Own: own != "" && clients[i].ID == own}
		for k < len(sessions) && strings.Compare(sessions[k].ID, clients[i].ID) < 0 {
			k++
		}
		if k < len(sessions) && sessions[k].ID == clients[i].ID {
			rows[i].Session = sessions[k]
		}
	}
	return rows
}

// joinSessions is the same for the list of sessions.
func joinSessions(sessions []core.Session, clients []core.Client, own string) []Session {
	rows := make([]Session, len(sessions))
	k := 0
	for i := range sessions {
		rows[i] = Session{Session: sessions[i], Own: own != "" && sessions[i].ID == own}
		for k < len(clients) && strings.Compare(clients[k].ID, sessions[i].ID) < 0 {
			k++
		}
		if sessions[i].Connected && k < len(clients) && clients[k].ID == sessions[i].ID {
			rows[i].Since = clients[k].Since
		}
	}
	return rows
}
