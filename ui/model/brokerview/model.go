// Package brokerview holds the view-model of the Broker page: how the bundled
// broker does, its clients, the sessions it keeps and its log, each sorted and
// filtered, with what can be done about them.
//
// A Model belongs to one goroutine, the screen's. What takes time, reading tens
// of thousands of clients as well as sorting them, goes through an Async and
// comes back to that goroutine.
package brokerview

import (
	"context"
	"time"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/engine"
	"github.com/thingdesk/thingdesk/localbroker/core"
	"github.com/thingdesk/thingdesk/localbroker/durable"
	"github.com/thingdesk/thingdesk/localbroker/faults"
)

// Async runs work on a goroutine of its own and then done on the screen's
// goroutine. It returns at once. ctx ends when the window closes; then done may
// never be called.
type Async func(work func(ctx context.Context), done func())

// Engine is what the page needs of the engine. Its methods are safe for
// concurrent use.
type Engine interface {
	// Broker returns the status of the bundled broker.
	Broker() engine.BrokerStatus
	// BrokerClients and BrokerSessions list by client ID.
	BrokerClients() []core.Client
	BrokerSessions() []core.Session
	// BrokerLog returns the newest lines, newest first, at most limit.
	BrokerLog(limit int) []engine.BrokerEntry
	// KickClient ends a connection, EndBrokerSession a session with it.
	KickClient(id string) error
	EndBrokerSession(id string) error
	// BanClient ends a connection and keeps the client out for so long, or until
	// UnbanClient when that is 0. Bans lists who is kept out, and until when; the
	// zero time is until UnbanClient.
	BanClient(id string, d time.Duration) error
	UnbanClient(id string)
	Bans() map[string]time.Time
	// AWSMode tells whether the broker behaves as AWS IoT Core, or will when it
	// is started.
	AWSMode() bool
	SetAWSMode(ctx context.Context, on bool) error
	// Faults returns the trouble on purpose, nil while the broker is stopped.
	Faults() *faults.Set
	// BrokerRetained lists the first retained messages, at most limit, that match
	// a filter and come after a topic, by topic, and whether there are more.
	BrokerRetained(filter, after string, limit int) (ms []*durable.Message, more bool)
	// StartBroker and StopBroker return when that is done.
	StartBroker(ctx context.Context) error
	StopBroker(ctx context.Context) error
}

// Tab is one of the tabs.
type Tab int

// The tabs.
const (
	Clients Tab = iota
	Sessions
	Retained
	Trouble // on purpose
	Log
)

// readEvery is the pace at which lists are read. A broker has one lock, held
// while it lists: what takes long is read less often, so that it is held for
// that a twentieth of the time at most.
const (
	readEvery = time.Second
	readShare = 20
)

// logLines is how many lines of the log are looked at.
const logLines = 2000

// Model is the view-model. Create it with New.
type Model struct {
	// OnChange, when not nil, is called on the screen's goroutine when work that
	// was begun has ended.
	OnChange func()
	// OnSaid, when not nil, is told what a command has done.
	OnSaid func(text string)
	// Publish publishes to the broker; nil when that cannot be done.
	Publish func(ctx context.Context, m broker.Message) error

	// set at construction
	async  Async
	engine Engine
	own    func() string

	tab      Tab
	clients  List[Client]
	sessions List[Session]
	log      logList
	retained retainedList
	rules    ruleList
	head     head
	bans     map[string]time.Time
	aws      bool

	now      time.Time
	next     time.Time // when to read again
	working  bool
	again    bool // something to be arranged changed meanwhile
	reread   bool // lists are to be read anew at once
	read     [Log + 1]bool
	busy     string // command under way, in words
	fault    string // how the last command failed
	revision uint64
}

// New returns a Model that shows the clients by ID. own, which may be nil,
// returns the client ID of this program's own connection.
func New(async Async, e Engine, own func() string) *Model {
	if own == nil {
		own = func() string { return "" }
	}
	return &Model{
		async: async, engine: e, own: own,
		clients: List[Client]{kind: clientKind}, sessions: List[Session]{kind: sessionKind},
		retained: retainedList{want: retainedFirst},
	}
}

// Revision grows when anything shown changed, except for ages.
func (m *Model) Revision() uint64 { return m.revision }

// Now returns the moment of the last Tick, microseconds since 1970 UTC.
func (m *Model) Now() int64 { return m.now.UnixMicro() }

// Clients returns the list of clients.
func (m *Model) Clients() *List[Client] { return &m.clients }

// Sessions returns the list of sessions.
func (m *Model) Sessions() *List[Session] { return &m.sessions }

// Tab returns the tab that is shown.
func (m *Model) Tab() Tab { return m.tab }

// Show shows a tab; only what it holds is read.
func (m *Model) Show(t Tab) {
	if t == m.tab {
		return
	}
	m.tab = t
	m.revision++
	m.renew()
}

// Tick reads what changed when it is time to. It returns at once. The sampler
// calls it.
func (m *Model) Tick(now time.Time) {
	m.now = now
	if m.reread || !now.Before(m.next) {
		m.work(true)
	} else if m.again {
		m.work(false)
	}
}

// Hold keeps the rows of the list that is shown where they are, as long as the
// pointer or the keyboard is there.
func (m *Model) Hold(on bool) {
	var hold *bool
	var waits bool
	switch m.tab {
	case Clients:
		hold, waits = &m.clients.hold, m.clients.fresh > 0
	case Sessions:
		hold, waits = &m.sessions.hold, m.sessions.fresh > 0
	case Retained, Trouble, Log:
		return
	}
	if *hold == on {
		return
	}
	*hold = on
	if !on && waits {
		m.work(false)
	}
}

// Release shows the rows that wait, held or not.
func (m *Model) Release() {
	m.clients.stale, m.sessions.stale = true, true
	m.work(false)
}

// SetFilter shows rows of the shown list only that hold every word of text.
func (m *Model) SetFilter(text string) {
	switch m.tab {
	case Clients:
		m.clients.order.filter = text
	case Sessions:
		m.sessions.order.filter = text
	case Retained:
		m.retained.setFilter(text)
		m.renew()
	case Trouble:
		return
	case Log:
		m.log.filter = text
		m.log.choose()
	}
	m.revision++
	m.work(false)
}

// SortBy sorts the shown list by a column, or the other way round.
func (m *Model) SortBy(col int) {
	switch m.tab {
	case Clients:
		m.clients.sortBy(col)
	case Sessions:
		m.sessions.sortBy(col)
	case Retained, Trouble, Log:
		return
	}
	m.revision++
	m.work(false)
}

// AbsentOnly tells whether only sessions without connection are shown.
func (m *Model) AbsentOnly() bool { return m.sessions.order.absent }

// SetAbsentOnly shows only sessions without connection, or all.
func (m *Model) SetAbsentOnly(on bool) {
	m.sessions.order.absent = on
	m.revision++
	m.work(false)
}

// Pick selects row i of the shown list; -1 selects none.
func (m *Model) Pick(i int) {
	switch m.tab {
	case Clients:
		m.clients.pick(i)
	case Sessions:
		m.sessions.pick(i)
	case Retained:
		m.retained.pick(i)
	case Trouble:
		m.rules.pick(i)
	case Log:
		m.log.pick(i)
	}
	m.revision++
}

// PickClient shows a client in the list of clients, selected, whatever was
// filtered.
func (m *Model) PickClient(id string) {
	m.Show(Clients)
	m.clients.order.filter, m.clients.stale, m.clients.seek = "", true, true
	m.clients.picked, m.clients.last = id, nil
	m.revision++
	m.renew()
}

// renew reads at the next Tick, or when the work under way has ended.
func (m *Model) renew() { m.reread = true }

// reading is what one piece of work reads and arranges.
type reading struct {
	tab      Tab
	fetch    bool
	now      time.Time
	own      string
	status   engine.BrokerStatus
	bans     map[string]time.Time
	aws      bool
	clients  arranged[Client]
	sessions arranged[Session]
	retained retainedPage
	rules    []faults.Status
	log      []engine.BrokerEntry
	cost     time.Duration
}

// work arranges the shown list, after reading it when fetch is set. When other
// work is under way that comes after it.
func (m *Model) work(fetch bool) {
	if m.working {
		m.again, m.reread = true, m.reread || fetch
		return
	}
	fetch = fetch || m.reread || !m.read[m.tab]
	m.working, m.again, m.reread = true, false, false
	r := &reading{tab: m.tab, fetch: fetch, now: m.now, own: m.own(), retained: m.retained.page()}
	c, s := m.clients.snapshot(), m.sessions.snapshot()
	m.async(func(context.Context) {
		begun := time.Now()
		if fetch {
			r.status, r.bans, r.aws = m.engine.Broker(), m.engine.Bans(), m.engine.AWSMode()
		}
		m.readTab(r, &c, &s)
		r.cost = time.Since(begun)
	}, func() { m.done(r, c.picked, s.picked) })
}

// readTab is the part of work for the tab. It is off the screen's goroutine and
// uses nothing of m that changes.
func (m *Model) readTab(r *reading, c *List[Client], s *List[Session]) {
	switch r.tab {
	case Clients:
		if r.fetch {
			c.all = joinClients(m.engine.BrokerClients(), m.engine.BrokerSessions(), r.own)
		}
		r.clients = c.kind.arrange(c.all, c.order, c.hold, c.rows, c.picked, c.last)
	case Sessions:
		if r.fetch {
			s.all = joinSessions(m.engine.BrokerSessions(), m.engine.BrokerClients(), r.own)
		}
		r.sessions = s.kind.arrange(s.all, s.order, s.hold, s.rows, s.picked, s.last)
	case Retained:
		r.retained.read(m.engine)
	case Trouble:
		if set := m.engine.Faults(); set != nil {
			r.rules = set.List(r.now)
		}
	case Log:
		if r.fetch {
			r.log = m.engine.BrokerLog(logLines)
		}
	}
}

// done shows what was read.
func (m *Model) done(r *reading, client, session string) {
	m.working = false
	if r.fetch {
		m.head.take(r.status, m.now)
		m.bans = r.bans
		if !m.Busy() {
			m.aws = r.aws
		}
		m.read[r.tab] = true
		m.next = m.now.Add(max(readEvery, readShare*r.cost))
	}
	switch r.tab {
	case Clients:
		m.clients.take(r.clients, client)
	case Sessions:
		m.sessions.take(r.sessions, session)
	case Retained:
		if !m.retained.take(r.retained) {
			m.renew()
		}
	case Trouble:
		m.rules.all = r.rules
	case Log:
		if r.fetch {
			m.log.take(r.log)
		}
	}
	m.revision++
	if m.again {
		m.work(false)
	}
	if m.OnChange != nil {
		m.OnChange()
	}
}
