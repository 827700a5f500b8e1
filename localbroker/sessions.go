package localbroker

import (
	"cmp"
	"slices"
	"sync"
	"time"

	mochi "github.com/mochi-mqtt/server/v2"
)

// sessions knows who is connected and tells events in an order that makes
// sense: mochi may report the end of a client after the beginning of the one
// that took its place.
type sessions struct {
	onEvent func(Event)

	mu      sync.Mutex // guards what follows and orders the events
	current map[string]session
}

// session is one connected client.
type session struct {
	client *mochi.Client
	info   Client
}

func newSessions(onEvent func(Event)) *sessions {
	if onEvent == nil {
		onEvent = func(Event) {}
	}
	return &sessions{onEvent: onEvent, current: make(map[string]session)}
}

func (s *sessions) connected(c *mochi.Client) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now().UnixMicro()
	if _, taken := s.current[c.ID]; taken {
		s.onEvent(Event{Kind: EventDisconnected, Client: c.ID, At: now})
	}
	s.current[c.ID] = session{c, Client{
		ID: c.ID, Address: c.Net.Remote, Protocol: protocol(c.Properties.ProtocolVersion),
		User: string(c.Properties.Username), Since: now,
	}}
	s.onEvent(Event{Kind: EventConnected, Client: c.ID, At: now})
}

func (s *sessions) disconnected(c *mochi.Client) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current[c.ID].client != c {
		return // was told when the session was taken over
	}
	delete(s.current, c.ID)
	s.onEvent(Event{Kind: EventDisconnected, Client: c.ID, At: time.Now().UnixMicro()})
}

func (s *sessions) subscribed(c *mochi.Client, filters []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current[c.ID].client != c {
		return
	}
	s.onEvent(Event{Kind: EventSubscribed, Client: c.ID, Filters: filters, At: time.Now().UnixMicro()})
}

// byConn returns the connected client that uses the connection, or nil.
func (s *sessions) byConn(c *conn) *mochi.Client {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, session := range s.current {
		if session.client.Net.Conn == c {
			return session.client
		}
	}
	return nil
}

func (s *sessions) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.current)
}

func (s *sessions) list() []Client {
	s.mu.Lock()
	defer s.mu.Unlock()
	clients := make([]Client, 0, len(s.current))
	for _, session := range s.current {
		clients = append(clients, session.info)
	}
	slices.SortFunc(clients, func(a, b Client) int { return cmp.Compare(a.ID, b.ID) })
	return clients
}

// protocol names the version number of a CONNECT.
func protocol(version byte) string {
	switch version {
	case 3:
		return "3.1"
	case 5:
		return "5"
	default:
		return "3.1.1"
	}
}
