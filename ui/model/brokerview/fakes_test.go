package brokerview

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/thingdesk/thingdesk/engine"
	"github.com/thingdesk/thingdesk/localbroker/core"
	"github.com/thingdesk/thingdesk/localbroker/durable"
	"github.com/thingdesk/thingdesk/localbroker/faults"
	"github.com/thingdesk/thingdesk/things/topic"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bench is a Model over a broker in memory. Work runs when the test says, so
// that what comes between its beginning and its end can be told.
type bench struct {
	*Model

	status   engine.BrokerStatus
	clients  []core.Client
	sessions []core.Session
	log      []engine.BrokerEntry
	bans     map[string]time.Time
	aws      bool
	faults   *faults.Set
	retained []*durable.Message // by topic
	asked    []string           // filters and limits
	fail     error
	did      []string
	reads    int

	begun []func()
	clock time.Time
}

// start is a moment that is easy to count from.
var start = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// before is so long before start, in microseconds.
func before(d time.Duration) int64 { return start.Add(-d).UnixMicro() }

func newBench() *bench {
	b := &bench{clock: start, bans: map[string]time.Time{}, faults: faults.New(faults.Config{})}
	b.status = engine.BrokerStatus{Running: true, Addr: "127.0.0.1:1883", Listeners: []string{"tcp 127.0.0.1:1883"}}
	b.Model = New(func(work func(context.Context), done func()) {
		b.begun = append(b.begun, func() { work(context.Background()); done() })
	}, b, func() string { return "me" })
	return b
}

// run ends all work that was begun.
func (b *bench) run() {
	for len(b.begun) > 0 {
		f := b.begun[0]
		b.begun = b.begun[1:]
		f()
	}
}

// tick lets a time pass, and what is then begun come to its end.
func (b *bench) tick(d time.Duration) {
	b.clock = b.clock.Add(d)
	b.Tick(b.clock)
	b.run()
}

// add connects clients.
func (b *bench) add(clients ...core.Client) {
	for _, c := range clients {
		b.clients = append(b.clients, c)
		b.keep(core.Session{ID: c.ID, Connected: true})
	}
	slices.SortFunc(b.clients, func(a, c core.Client) int { return strings.Compare(a.ID, c.ID) })
}

// keep puts a session in place of the one of that ID.
func (b *bench) keep(s core.Session) {
	b.sessions = slices.DeleteFunc(b.sessions, func(old core.Session) bool { return old.ID == s.ID })
	b.sessions = append(b.sessions, s)
	slices.SortFunc(b.sessions, func(a, c core.Session) int { return strings.Compare(a.ID, c.ID) })
}

func (b *bench) remove(id string) {
	b.clients = slices.DeleteFunc(b.clients, func(c core.Client) bool { return c.ID == id })
	b.sessions = slices.DeleteFunc(b.sessions, func(s core.Session) bool { return s.ID == id })
}

// ids lists the clients that are shown; those that are gone with a dash.
func (b *bench) ids() string {
	var ids []string
	for i := range b.Clients().Len() {
		c, _ := b.Clients().Row(i)
		id := c.ID
		if c.Gone {
			id = "-" + id
		}
		ids = append(ids, id)
	}
	return strings.Join(ids, " ")
}

func (b *bench) sessionIDs() string {
	var ids []string
	for i := range b.Sessions().Len() {
		s, _ := b.Sessions().Row(i)
		ids = append(ids, s.ID)
	}
	return strings.Join(ids, " ")
}

func (b *bench) Broker() engine.BrokerStatus {
	st := b.status
	st.Trouble = b.faults != nil && b.faults.On(b.clock)
	st.Stats.Clients, st.Stats.Sessions = len(b.clients), len(b.sessions)
	return st
}

func (b *bench) BrokerClients() []core.Client {
	b.reads++
	return slices.Clone(b.clients)
}

func (b *bench) BrokerSessions() []core.Session { return slices.Clone(b.sessions) }

func (b *bench) BrokerLog(limit int) []engine.BrokerEntry {
	return slices.Clone(b.log[:min(limit, len(b.log))])
}

func (b *bench) KickClient(id string) error {
	b.did = append(b.did, "kick "+id)
	return b.fail
}

func (b *bench) BanClient(id string, d time.Duration) error {
	b.did = append(b.did, "ban "+id+" "+d.String())
	until := time.Time{}
	if d > 0 {
		until = b.clock.Add(d)
	}
	b.bans[id] = until
	return b.fail
}

func (b *bench) UnbanClient(id string) {
	b.did = append(b.did, "unban "+id)
	delete(b.bans, id)
}

func (b *bench) Bans() map[string]time.Time { return maps.Clone(b.bans) }

func (b *bench) EndBrokerSession(id string) error {
	b.did = append(b.did, "end "+id)
	return b.fail
}

func (b *bench) StartBroker(context.Context) error {
	b.did = append(b.did, "start")
	b.status.Running = b.fail == nil
	b.status.Err = b.fail
	return b.fail
}

func (b *bench) StopBroker(context.Context) error {
	b.did = append(b.did, "stop")
	b.status.Running = false
	return b.fail
}

func (b *bench) Faults() *faults.Set { return b.faults }

func (b *bench) BrokerRetained(filter, after string, limit int) (ms []*durable.Message, more bool) {
	b.asked = append(b.asked, fmt.Sprint(filter, " ", limit))
	for _, m := range b.retained {
		if m.Topic > after && topic.Match(filter, m.Topic) {
			ms = append(ms, m)
		}
	}
	n := min(limit, len(ms))
	return ms[:n], n < len(ms)
}

func (b *bench) AWSMode() bool { return b.aws }

func (b *bench) SetAWSMode(_ context.Context, on bool) error {
	b.did = append(b.did, fmt.Sprintf("aws %v", on))
	if b.fail == nil {
		b.aws = on
	}
	return b.fail
}

var errBad = errors.New("it went wrong")
