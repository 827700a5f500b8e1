package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/thingdesk/thingdesk/localbroker"
	"github.com/thingdesk/thingdesk/localbroker/core"
	"github.com/thingdesk/thingdesk/localbroker/durable"
	"github.com/thingdesk/thingdesk/localbroker/faults"
)

// errNoBroker is returned for what needs the bundled broker while it is
// stopped.
var errNoBroker = errors.New("the bundled broker is stopped; start it in the Broker menu first")

// brokerCore returns the running bundled broker, or nil.
func (w *Workbench) brokerCore() *core.Broker {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.local == nil {
		return nil
	}
	return w.local.Core()
}

// BrokerClients lists the clients of the bundled broker by ID, none while it is
// stopped.
func (w *Workbench) BrokerClients() []core.Client {
	if b := w.brokerCore(); b != nil {
		return b.Clients()
	}
	return nil
}

// BrokerSessions lists the sessions that the bundled broker keeps, with and
// without connection, by client ID; none while it is stopped.
func (w *Workbench) BrokerSessions() []core.Session {
	if b := w.brokerCore(); b != nil {
		return b.Sessions()
	}
	return nil
}

// KickClient ends the connection of a client of the bundled broker. The client
// may come back at once.
func (w *Workbench) KickClient(id string) error {
	b := w.brokerCore()
	if b == nil {
		return fmt.Errorf("disconnect client %q: %w", id, errNoBroker)
	}
	if err := b.Kick(id, "disconnected by the user of Thingdesk"); err != nil {
		return fmt.Errorf("disconnect client %q: %w", id, err)
	}
	return nil
}

// EndBrokerSession ends the session of a client for good: its subscriptions and
// the messages that wait for it are forgotten, and its connection is ended.
func (w *Workbench) EndBrokerSession(id string) error {
	b := w.brokerCore()
	if b == nil {
		return fmt.Errorf("end the session of client %q: %w", id, errNoBroker)
	}
	if err := b.DropSession(id); err != nil {
		return fmt.Errorf("end the session of client %q: %w", id, err)
	}
	return nil
}

// awsModeSetting is the key of the AWS mode among the settings.
const awsModeSetting = "broker.awsMode"

// SetAWSMode switches the AWS mode of the bundled broker, see
// localbroker.Server, for now and for later starts.
func (w *Workbench) SetAWSMode(ctx context.Context, on bool) error {
	w.awsMode.Store(on)
	w.mu.Lock()
	if w.local != nil {
		w.local.SetAWSMode(on)
	}
	w.mu.Unlock()
	value := "off"
	if on {
		value = "on"
	}
	return w.SetSetting(ctx, awsModeSetting, value)
}

// AWSMode tells whether the AWS mode of the bundled broker is on.
func (w *Workbench) AWSMode() bool { return w.awsMode.Load() }

// Faults returns the trouble on purpose of the bundled broker; nil while it is
// stopped. It is forgotten when the broker stops.
func (w *Workbench) Faults() *faults.Set {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.local == nil {
		return nil
	}
	return w.local.Faults()
}

// BanClient ends the connection of a client of the bundled broker and keeps it
// out for so long, or until UnbanClient or a new start when that is 0.
func (w *Workbench) BanClient(id string, d time.Duration) error {
	w.mu.Lock()
	local := w.local
	w.mu.Unlock()
	if local == nil {
		return fmt.Errorf("ban client %q: %w", id, errNoBroker)
	}
	local.Ban(id, d)
	return nil
}

// UnbanClient lets a client in again.
func (w *Workbench) UnbanClient(id string) {
	w.mu.Lock()
	local := w.local
	w.mu.Unlock()
	if local != nil {
		local.Unban(id)
	}
}

// Bans lists the clients that the bundled broker keeps out, and until when; the
// zero time is until UnbanClient.
func (w *Workbench) Bans() map[string]time.Time {
	w.mu.Lock()
	local := w.local
	w.mu.Unlock()
	if local == nil {
		return nil
	}
	return local.Bans()
}

// BrokerRetained returns retained messages of the bundled broker on topics that
// match filter and come after one, in the order of topics, at most limit, and
// whether there are more.
func (w *Workbench) BrokerRetained(filter, after string, limit int) (ms []*durable.Message, more bool) {
	if b := w.brokerCore(); b != nil {
		return b.Retained(filter, after, limit)
	}
	return nil, false
}

// BrokerEntry is a line of the bundled broker's log.
type BrokerEntry struct {
	Number uint64 // counts from 1, without gaps
	At     int64  // microseconds since 1970 UTC
	Kind   localbroker.EventKind
	Client string // client ID
	Text   string // what happened, and why
}

// brokerLogMost is how many lines of the log are kept.
const brokerLogMost = 2000

// brokerLog keeps what clients of the bundled broker did last. Dropped messages
// come in floods: those of one client and reason within a second are one line.
type brokerLog struct {
	mu      sync.Mutex
	entries []BrokerEntry
	last    uint64
	dropped int // messages in the last line, when it is of drops
}

func (l *brokerLog) add(e localbroker.Event) {
	text := e.Reason
	switch e.Kind {
	case localbroker.EventConnected:
		text = "connected from " + e.Address
	case localbroker.EventDisconnected:
		text = "connection ended: " + e.Reason
	case localbroker.EventSubscribed:
		text = "subscribed to " + strings.Join(e.Filters, ", ")
	case localbroker.EventUnsubscribed:
		text = "unsubscribed from " + strings.Join(e.Filters, ", ")
	case localbroker.EventRefused:
		text = "not let in from " + e.Address + ": " + e.Reason
	case localbroker.EventDropped, localbroker.EventViolation, localbroker.EventFault:
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if e.Kind == localbroker.EventDropped {
		if n := len(l.entries); n > 0 {
			last := &l.entries[n-1]
			if last.Kind == e.Kind && last.Client == e.Client && e.At-last.At < int64(time.Second/time.Microsecond) &&
				strings.HasSuffix(last.Text, e.Reason) {
				l.dropped++
				last.Text = fmt.Sprintf("%d messages not delivered, on %s and others: %s", l.dropped, e.Topic, e.Reason)
				return
			}
		}
		l.dropped = 1
		text = fmt.Sprintf("a message on %s was not delivered: %s", e.Topic, e.Reason)
	}
	l.last++
	l.entries = append(l.entries, BrokerEntry{Number: l.last, At: e.At, Kind: e.Kind, Client: e.Client, Text: text})
	if len(l.entries) >= 2*brokerLogMost {
		l.entries = append([]BrokerEntry(nil), l.entries[brokerLogMost:]...)
	}
}

// BrokerLog returns the newest lines of the bundled broker's log, newest first,
// at most limit.
func (w *Workbench) BrokerLog(limit int) []BrokerEntry {
	l := &w.brokerEvents
	l.mu.Lock()
	defer l.mu.Unlock()
	n := min(limit, len(l.entries), brokerLogMost)
	newest := make([]BrokerEntry, 0, n)
	for i := range n {
		newest = append(newest, l.entries[len(l.entries)-1-i])
	}
	return newest
}
