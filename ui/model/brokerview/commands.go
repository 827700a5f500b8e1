package brokerview

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/thingdesk/thingdesk/localbroker/core"
	"github.com/thingdesk/thingdesk/ui/model"
)

// Busy tells whether a command is under way.
func (m *Model) Busy() bool { return m.busy != "" }

// command runs do off the screen's goroutine. busy says what it does, done what
// it has done.
func (m *Model) command(busy, done string, do func(ctx context.Context) error) {
	if m.busy != "" {
		return
	}
	m.busy, m.fault = busy, ""
	m.revision++
	var err error
	m.async(func(ctx context.Context) { err = do(ctx) }, func() {
		m.busy = ""
		if err != nil {
			m.fault = err.Error()
		} else if m.OnSaid != nil {
			m.OnSaid(done)
		}
		m.revision++
		m.clients.stale, m.sessions.stale = true, true // what was done is to be seen
		m.work(true)
		if m.OnChange != nil {
			m.OnChange()
		}
	})
}

// Start starts the broker.
func (m *Model) Start() { m.command("starting…", "Started the local broker", m.engine.StartBroker) }

// Stop stops the broker.
func (m *Model) Stop() { m.command("stopping…", "Stopped the local broker", m.engine.StopBroker) }

// StopWords says what stopping will do, to be confirmed; "" when no other
// client is connected and nothing needs to be confirmed.
func (m *Model) StopWords() string {
	others := m.Stats().Clients
	if m.own() != "" {
		others--
	}
	if !m.Running() || others < 1 {
		return ""
	}
	who, theirs := "1 client is", "Its Will is"
	if others > 1 {
		who, theirs = model.Count(others)+" clients are", "Their Wills are"
	}
	return who + " disconnected, and nobody can connect until you start the broker again. " + theirs + " published then. " +
		"Persistent sessions, waiting messages and retained messages are kept."
}

// MayDisconnect tells whether the selected client can be disconnected.
func (m *Model) MayDisconnect() bool {
	c := m.clients.Selected()
	return c != nil && !c.Gone && m.busy == ""
}

// DisconnectWords says what disconnecting c will do, to be confirmed.
func (m *Model) DisconnectWords(c *Client) string {
	words := []string{fmt.Sprintf("Disconnect %q at %s?", c.ID, c.Address)}
	if c.Own {
		words = append(words, "This is Thingdesk's own connection, through which this window sees the broker. It connects again at once.")
	} else {
		words = append(words, "It may connect again at once: most clients do.")
	}
	if w := c.Session.WillTopic; w != "" {
		words = append(words, "Its Will is published on "+w+".")
	}
	switch s := c.Session; {
	case s.Expiry != 0:
		words = append(words, keepWords(&s))
	case s.Queued > 0:
		words = append(words, fmt.Sprintf("Its session ends with the connection: %s that were not delivered to it are forgotten.", model.Messages(s.Queued)))
	default:
		words = append(words, "Its session and its subscriptions end with the connection.")
	}
	return strings.Join(words, "\n\n")
}

// keepWords says what stays of a session that outlives its connection.
func keepWords(s *core.Session) string {
	kept := KeptWords(s.Expiry)
	if s.Expiry != forever {
		kept = "for " + kept
	}
	words := "Its session is kept " + kept + ", with " + subscriptions(len(s.Subscriptions))
	if s.Queued > 0 {
		verb := "wait"
		if s.Queued == 1 {
			verb = "waits"
		}
		words += fmt.Sprintf(" and %s that %s for it", model.Messages(s.Queued), verb)
	}
	return words + "."
}

// Disconnect ends the connection of a client.
func (m *Model) Disconnect(id string) {
	m.command("disconnecting "+id+"…", "Disconnected "+id, func(context.Context) error { return m.engine.KickClient(id) })
}

// BanSpans are the times for which a client can be kept out; 0 is until it is
// let in again.
func BanSpans() []time.Duration {
	return []time.Duration{time.Minute, 10 * time.Minute, time.Hour, 0}
}

// BanSpanWords says one of them.
func BanSpanWords(d time.Duration) string {
	if d == 0 {
		return "until it is let in again"
	}
	return "for " + seconds(int64(d/time.Second))
}

// MayBan tells whether the selected client can be kept out: any but this
// program itself, connected or not.
func (m *Model) MayBan() bool {
	c := m.clients.Selected()
	return c != nil && !c.Own && m.busy == "" && m.Running()
}

// Ban ends the connection of a client and keeps it out for so long.
func (m *Model) Ban(id string, d time.Duration) {
	m.command("keeping "+id+" out…", "Keeps "+id+" out "+BanSpanWords(d), func(context.Context) error { return m.engine.BanClient(id, d) })
}

// Banned is a client that is kept out.
type Banned struct {
	ID    string
	Until time.Time // zero: until it is let in again
}

// Bans lists the clients that are kept out, by ID.
func (m *Model) Bans() []Banned {
	var out []Banned
	for id, until := range m.bans {
		if until.IsZero() || until.After(m.now) {
			out = append(out, Banned{id, until})
		}
	}
	slices.SortFunc(out, func(a, b Banned) int { return strings.Compare(a.ID, b.ID) })
	return out
}

// Words says until when it is kept out, at now.
func (b Banned) Words(now time.Time) string {
	if b.Until.IsZero() {
		return "kept out until it is let in again"
	}
	return "kept out for " + seconds(int64(b.Until.Sub(now)/time.Second)) + " more"
}

// LetIn lets a client in again.
func (m *Model) LetIn(id string) {
	m.command("letting "+id+" in…", "Lets "+id+" in again", func(context.Context) error {
		m.engine.UnbanClient(id)
		return nil
	})
}

// MayEnd tells whether the selected session can be ended.
func (m *Model) MayEnd() bool {
	s := m.sessions.Selected()
	return s != nil && !s.Gone && m.busy == ""
}

// EndWords says what ending a session will do, to be confirmed.
func (m *Model) EndWords(s *Session) string {
	words := []string{fmt.Sprintf("End the session of %q for good?", s.ID)}
	lost := subscriptions(len(s.Subscriptions))
	switch n := s.Queued; {
	case n == 1:
		lost += " and the 1 message that waits for it"
	case n > 1:
		lost += fmt.Sprintf(" and the %s messages (%s) that wait for it", model.Count(n), model.Bytes(s.QueuedBytes))
	}
	if len(s.Subscriptions) == 1 && s.Queued == 0 {
		words = append(words, "Its "+lost+" is forgotten.")
	} else {
		words = append(words, "Its "+lost+" are forgotten.")
	}
	if s.Connected {
		words = append(words, "Its connection is ended; it may connect again at once, with a new session.")
	}
	if s.WillTopic != "" {
		words = append(words, "Its Will is published on "+s.WillTopic+".")
	}
	if s.Own {
		words = append(words, "This is Thingdesk's own session; it begins a new one at once.")
	}
	return strings.Join(words, "\n\n")
}

// End ends a session for good.
func (m *Model) End(id string) {
	m.command("ending the session of "+id+"…", "Ended the session of "+id, func(context.Context) error { return m.engine.EndBrokerSession(id) })
}
