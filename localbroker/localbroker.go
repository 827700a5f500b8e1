// Package localbroker is the broker that comes with Thingdesk, with its Device
// Shadow service. The broker itself is in package core, its packets in packet,
// its listeners in listen, users and rules in access, its settings in settings;
// this package puts them together.
package localbroker

import (
	"context"
	"log/slog"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/localbroker/core"
	"github.com/thingdesk/thingdesk/localbroker/durable"
	"github.com/thingdesk/thingdesk/localbroker/listen"
	"github.com/thingdesk/thingdesk/localbroker/settings"
	"github.com/thingdesk/thingdesk/things/shadow"
)

// DefaultListen is where the bundled broker listens unless told otherwise.
const DefaultListen = listen.DefaultAddress

// ShadowStore keeps shadows across restarts. Package storage fills it.
type ShadowStore interface {
	// LoadShadows returns every stored record, tombstones too.
	LoadShadows(ctx context.Context) ([]shadow.Record, error)
	// SaveShadows stores the records durably in one transaction, later
	// records of one key replacing earlier ones.
	SaveShadows(ctx context.Context, records []shadow.Record) error
	// ForgetShadows removes the records of keys; those that are missing are no
	// error.
	ForgetShadows(ctx context.Context, keys []shadow.Key) error
}

// Config says how to run the broker. The zero value listens on DefaultListen
// and keeps everything in memory.
type Config struct {
	// Settings say how to listen and what to allow; nil stands for
	// settings.Default.
	Settings *settings.Settings
	// Listen is HOST:PORT of the first listener, in place of what Settings say;
	// port 0 picks a free one, "" leaves it to Settings.
	Listen string
	// AnyPort lets the first listener take a free port of the same host, a near
	// one if it can, when its own is in use. It counts only with Listen.
	AnyPort bool
	// HTTP is HOST:PORT of AWS IoT's data plane over HTTP, see package
	// dataplane; port 0 picks a free one, "" is off. Whoever reaches the port
	// may do everything: no user or rule counts there.
	HTTP string
	// State keeps sessions, retained messages and messages that wait; nil
	// keeps them in memory.
	State durable.Store
	// Store keeps the shadows; nil keeps them in memory.
	Store ShadowStore
	// OnEvent is told what clients do. It is called from the broker's
	// goroutines, one call at a time, must return at once and must not call
	// the Server.
	OnEvent func(Event)
	// OnMessage is told each message that the broker took: from clients, Wills,
	// and with an empty client ID the shadow service's own and those that came
	// over HTTP. Direction is In;
	// Retained is the flag as published. Under the same rules as OnEvent;
	// messages come in the order in which they were taken.
	OnMessage func(client string, m broker.Message)
	// Busy tells that whoever gets OnMessage cannot keep up; then clients that
	// publish are slowed down. nil for never. See core.Config.
	Busy func() bool
	// AWSMode starts in AWS mode, see Server.SetAWSMode.
	AWSMode bool
	// Judge is asked about each message of a client; nil passes all. See
	// core.Config.
	Judge func(core.Publication) core.Verdict
	// Log takes what only a developer needs; nil discards.
	Log *slog.Logger
}

// Event is something a client of the broker did.
type Event struct {
	Kind    EventKind
	Client  string   // client ID
	Filters []string // EventSubscribed and EventUnsubscribed: which
	Reason  string   // why, or what; "" for EventConnected
	Topic   string   // EventDropped and EventFault: of the message, "" for none
	Address string   // EventConnected and EventRefused: where it comes from
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
	EventUnsubscribed
	// EventDropped is a message that the client did not get, or that was
	// refused from it.
	EventDropped
	// EventRefused is a client that was not let in.
	EventRefused
	// EventViolation is something that AWS IoT Core refuses: in AWS mode it was
	// refused here too, else it is a warning.
	EventViolation
	// EventFault is trouble on purpose that hit a client.
	EventFault
)

// Stats are counters since Start.
type Stats struct {
	Clients           int    // connected now
	In, Out           uint64 // messages received from and sent to clients
	BytesIn, BytesOut uint64
	Dropped           uint64 // messages not delivered because a client was too slow, or not allowed
	Retained          int    // messages in the retained store
	Sessions          int    // with and without connection
	QueuedBytes       int64  // of messages that wait for clients
	ShadowsDropped    uint64 // shadow requests refused because the queue was full
	// StoreErr is why the last shadow update could not be stored; nil when it was.
	StoreErr error
	// StateErr is why sessions and retained messages cannot be stored; nil when
	// they can. Acknowledgements wait meanwhile.
	StateErr error
}

// Client describes one connected client.
type Client struct {
	ID       string
	Address  string
	Protocol string // "3.1", "3.1.1" or "5"
	User     string
	Since    int64 // microseconds since 1970 UTC
}
