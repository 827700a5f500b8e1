// Package core is an MQTT broker for versions 3.1, 3.1.1 and 5.0: sessions,
// subscriptions, retained messages, Wills and their delivery. It is given
// connections and gives back what happens on them; listeners, users and files
// are its callers' business.
//
// One mutex guards all state (Broker.mu). It is held for work in memory only,
// never for I/O: a connection's reader decodes a few packets without it, then
// applies them all under it, and a connection's writer takes what is to be sent
// under it and writes without it. What changes the durable state is noted in
// the same critical section and committed by one goroutine, the journal; what
// tells the outside of a change waits for that commit (see journal.go).
package core

import (
	"log/slog"
	"time"

	"github.com/thingdesk/thingdesk/localbroker/durable"
)

// Config says how to run a Broker. The zero value keeps all in memory and lets
// everybody in.
type Config struct {
	// Store keeps the state; nil for a broker that forgets.
	Store durable.Store
	// Limits bound what clients may use.
	Limits Limits
	// Observer is told what happens; nil for nobody.
	Observer Observer
	// Judge is asked about each PUBLISH of a client before it is accepted; nil
	// passes all. It is called from the goroutines of the connections, several
	// at once, and must return at once. Wills and the broker's own messages are
	// not judged.
	Judge func(Publication) Verdict
	// Policy narrows what clients get; nil for nothing beyond Limits.
	Policy Policy
	// NeverRetained tells of topics on which the RETAIN flag of a client is taken
	// off; nil for none. It is called as Judge is, for Wills too.
	NeverRetained func(topic string) bool
	// Busy tells that whoever listens to Observer.Published cannot keep up; nil
	// for never. Meanwhile clients that publish are read slowly, which slows
	// them down as any network does. It is called as Judge is.
	Busy func() bool
	// HideDenials answers what is not allowed with "unspecified error" instead
	// of "not authorized", so that nobody learns which topics are guarded.
	HideDenials bool
	// SysInterval is how often $SYS topics are sent while somebody subscribes
	// to them; 0 for ten seconds.
	SysInterval time.Duration
	// Name is what $SYS/broker/version says.
	Name string
	// Log takes what a developer needs; nil discards.
	Log *slog.Logger
}

// Limits bound what clients may use. A zero field stands for its default.
type Limits struct {
	Clients        int           // connected clients; 20,000
	Sessions       int           // sessions, with and without connection; 200,000
	PacketBytes    int           // longest packet that is read; 16 MiB and 128 KiB
	Subscriptions  int           // of one client; 20,000
	Inflight       int           // QoS 1 and 2 messages sent to a client and not acknowledged; 16,384
	ReceiveMaximum int           // QoS 1 and 2 messages that a client of MQTT 5 may have open; 1,024
	QueuedMessages int           // waiting for one client; 250,000
	QueuedBytes    int64         // waiting for one client; 128 MiB
	QueuedTotal    int64         // bytes waiting for all clients, beside 64 KiB for each connected one; 1 GiB
	Retained       int           // retained messages; 1,000,000
	RetainedBytes  int64         // 512 MiB
	ConnectTime    time.Duration // until a client must have sent CONNECT; 10 s
	StallTime      time.Duration // that a client may read nothing while there is something to send; 2 min
	MaxKeepAlive   uint16        // seconds, of clients of MQTT 5; 0 for any
	SessionExpiry  uint32        // seconds, the longest that a session outlives its connection; 0 for any
	TopicAliases   uint16        // that a client may use, and that are used for one; 64
}

// maxConnect is the longest CONNECT that is read: five fields of 64 KiB and
// properties.
const maxConnect = 512 << 10

// maxTopicNodes bounds the memory of subscriptions: one filter can have
// thousands of levels.
const maxTopicNodes = 4 << 20

// maxRetainedNodes does the same for the topics of retained messages.
const maxRetainedNodes = 8 << 20

// maxFilterBytes bounds the memory of all subscriptions together.
const (
	maxFilterBytes       = 1 << 30
	subscriptionOverhead = 256
)

func (l Limits) withDefaults() Limits {
	or(&l.Clients, 20_000)
	or(&l.Sessions, 200_000)
	or(&l.PacketBytes, 16<<20+128<<10)
	or(&l.Subscriptions, 20_000)
	or(&l.Inflight, 16_384)
	or(&l.ReceiveMaximum, 1024)
	or(&l.QueuedMessages, 250_000)
	or(&l.QueuedBytes, 128<<20)
	or(&l.QueuedTotal, 1<<30)
	or(&l.Retained, 1_000_000)
	or(&l.RetainedBytes, 512<<20)
	or(&l.ConnectTime, 10*time.Second)
	or(&l.StallTime, 2*time.Minute)
	or(&l.TopicAliases, 64)
	l.Inflight = min(l.Inflight, maxPacketIDs)
	l.ReceiveMaximum = min(l.ReceiveMaximum, maxPacketIDs)
	return l
}

func or[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
