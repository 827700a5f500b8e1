// Package localbroker is the broker that comes with Thingdesk, with its
// Device Shadow service. It keeps sessions and retained messages in memory and
// shadows in a ShadowStore. In this issue the protocol is served by mochi-mqtt;
// nothing outside of this package sees it.
package localbroker

import (
	"context"
	"log/slog"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/things/shadow"
)

// DefaultListen is where the bundled broker listens unless told otherwise.
const DefaultListen = "127.0.0.1:1883"

// ShadowStore keeps shadows across restarts. Package storage fills it.
type ShadowStore interface {
	// LoadShadows returns every stored record, tombstones too.
	LoadShadows(ctx context.Context) ([]shadow.Record, error)
	// SaveShadows stores the records durably in one transaction, later
	// records of one key replacing earlier ones.
	SaveShadows(ctx context.Context, records []shadow.Record) error
}

// Config says how to run the broker. The zero value listens on DefaultListen
// and keeps shadows in memory.
type Config struct {
	// Listen is HOST:PORT; port 0 picks a free one.
	Listen string
	// AnyPort lets Start take a free port of the same host, a near one if it can,
	// when Listen is in use.
	AnyPort bool
	// Store keeps the shadows; nil keeps them in memory.
	Store ShadowStore
	// OnEvent is told what clients do. It is called from the broker's
	// goroutines, one call at a time, must return at once and must not call
	// the Server.
	OnEvent func(Event)
	// OnMessage is told each message that the broker took: from clients, Wills,
	// and with an empty client ID the shadow service's own. Direction is In;
	// Retained is the flag as published. Under the same rules as OnEvent;
	// messages of one client come in their order.
	OnMessage func(client string, m broker.Message)
	// Log takes what only a developer needs; nil discards.
	Log *slog.Logger
}

// Event is something a client of the broker did.
type Event struct {
	Kind    EventKind
	Client  string   // client ID
	Filters []string // EventSubscribed: the filters that were granted
	At      int64    // microseconds since 1970 UTC
}

// EventKind is what a client did.
type EventKind int

// The events. A client that takes over the session of another with the same
// ID gives EventDisconnected for the old one, then EventConnected.
const (
	EventConnected EventKind = iota
	EventDisconnected
	EventSubscribed
)

// Stats are counters since Start.
type Stats struct {
	Clients           int    // connected now
	In, Out           uint64 // messages received from and sent to clients
	BytesIn, BytesOut uint64
	Dropped           uint64 // messages not delivered because a client was too slow
	Retained          int    // messages in the retained store
	ShadowsDropped    uint64 // shadow requests refused because the queue was full
	// StoreErr is why the last shadow update could not be stored; nil when it was.
	StoreErr error
}

// Client describes one connected client.
type Client struct {
	ID       string
	Address  string
	Protocol string // "3.1", "3.1.1" or "5"
	User     string
	Since    int64 // microseconds since 1970 UTC
}
