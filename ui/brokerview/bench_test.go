package brokerview

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"

	"github.com/thingdesk/thingdesk/engine"
	"github.com/thingdesk/thingdesk/localbroker/core"
	"github.com/thingdesk/thingdesk/localbroker/durable"
	"github.com/thingdesk/thingdesk/localbroker/faults"
	"github.com/thingdesk/thingdesk/things/topic"
	model "github.com/thingdesk/thingdesk/ui/model/brokerview"
	"github.com/thingdesk/thingdesk/ui/widgets"
)

// bench is a screen over a broker in memory; background work runs when the test
// says.
type bench struct {
	*Screen

	t        *testing.T
	win      fyne.Window
	status   engine.BrokerStatus
	clients  []core.Client
	sessions []core.Session
	log      []engine.BrokerEntry
	bans     map[string]time.Time
	aws      bool
	faults   *faults.Set
	retained []*durable.Message // by topic
	did      []string
	copied   []string
	pending  []func()
	clock    time.Time
}

func newBench(t *testing.T) *bench {
	t.Helper()
	app := test.NewTempApp(t)
	b := &bench{t: t, clock: time.Now(), bans: map[string]time.Time{}, faults: faults.New(faults.Config{})}
	b.status = engine.BrokerStatus{Running: true, Addr: "127.0.0.1:1883", Listeners: []string{"tcp 127.0.0.1:1883"}}
	for i, id := range []string{"dash", "oven", "press"} {
		b.clients = append(b.clients, core.Client{ID: id, Address: fmt.Sprintf("10.0.0.%d:1", i), Version: 5, In: uint64(i), Since: b.clock.UnixMicro()})
		b.sessions = append(b.sessions, core.Session{ID: id, Connected: true})
	}
	b.sessions[1].Subscriptions = []durable.Subscription{{Filter: "oven/#", Options: 1 | 4, ID: 7}, {Filter: "time"}}
	b.sessions[1].WillTopic = "oven/status"
	b.sessions = append(b.sessions, core.Session{ID: "trolley", Ended: b.clock.UnixMicro(), Expiry: 60, Queued: 4, QueuedBytes: 2000})
	m := model.New(func(work func(context.Context), done func()) {
		b.pending = append(b.pending, func() { work(t.Context()); done() })
	}, b, nil)
	b.win = app.NewWindow("")
	b.Screen = New(Config{Model: m, Window: b.win, Copy: func(text string) { b.copied = append(b.copied, text) }})
	b.win.SetContent(b.Object())
	b.win.Resize(fyne.NewSize(930, 700))
	b.settle()
	return b
}

// settle lets a second pass and all work come to its end.
func (b *bench) settle() {
	b.clock = b.clock.Add(5 * time.Second)
	for range 100 {
		b.Refresh(b.clock)
		if len(b.pending) == 0 {
			return
		}
		f := b.pending[0]
		b.pending = b.pending[1:]
		f()
	}
	b.t.Fatal("work never ends")
}

func (b *bench) Broker() engine.BrokerStatus {
	st := b.status
	st.Trouble = b.faults.On(b.clock)
	st.Stats.Clients, st.Stats.Sessions = len(b.clients), len(b.sessions)
	return st
}
func (b *bench) BrokerClients() []core.Client       { return slices.Clone(b.clients) }
func (b *bench) BrokerSessions() []core.Session     { return slices.Clone(b.sessions) }
func (b *bench) BrokerLog(int) []engine.BrokerEntry { return slices.Clone(b.log) }
func (b *bench) KickClient(id string) error         { b.did = append(b.did, "kick "+id); return nil }

func (b *bench) EndBrokerSession(id string) error { b.did = append(b.did, "end "+id); return nil }
func (b *bench) Bans() map[string]time.Time       { return maps.Clone(b.bans) }
func (b *bench) UnbanClient(id string)            { delete(b.bans, id) }
func (b *bench) BanClient(id string, d time.Duration) error {
	b.bans[id] = b.clock.Add(d)
	return nil
}
func (b *bench) Faults() *faults.Set { return b.faults }
func (b *bench) BrokerRetained(filter, _ string, limit int) (ms []*durable.Message, more bool) {
	for _, m := range b.retained {
		if topic.Match(filter, m.Topic) {
			ms = append(ms, m)
		}
	}
	n := min(limit, len(ms))
	return ms[:n], n < len(ms)
}
func (b *bench) AWSMode() bool { return b.aws }
func (b *bench) SetAWSMode(_ context.Context, on bool) error {
	b.aws = on
	return nil
}
func (b *bench) StartBroker(context.Context) error { b.status.Running = true; return nil }
func (b *bench) StopBroker(context.Context) error  { b.status.Running = false; return nil }

func (b *bench) overlay() []fyne.CanvasObject {
	top := b.win.Canvas().Overlays().Top()
	if top == nil {
		b.t.Helper()
		b.t.Fatal("nothing is open")
	}
	return test.LaidOutObjects(top)
}

func (b *bench) overlayText() string {
	var text strings.Builder
	for _, o := range b.overlay() {
		if l, ok := o.(*widget.Label); ok {
			text.WriteString(l.Text + "\n")
		}
	}
	return text.String()
}

// dialogSays tells whether the dialog that is open says part.
func (b *bench) dialogSays(part string) bool { return strings.Contains(b.overlayText(), part) }

func (b *bench) tapInDialog(text string) {
	b.t.Helper()
	for _, o := range b.overlay() {
		if button, ok := o.(*widget.Button); ok && button.Text == text {
			test.Tap(button)
			return
		}
	}
	b.t.Fatalf("no button %q", text)
}

// choose taps an item of the menu that is open.
func (b *bench) choose(i int) {
	b.t.Helper()
	for _, o := range b.overlay() {
		if m, ok := o.(*widget.PopUpMenu); ok {
			m.Items[i].(fyne.Tappable).Tapped(nil) //nolint:errcheck // panics when it cannot be tapped
			return
		}
	}
	b.t.Fatal("no menu is open")
}

// row returns what a row shows, cells joined by "|".
func row[T any](v *listView[T], i int) string {
	cells := make([]widgets.Cell, len(v.shown))
	v.Cells(i, cells)
	texts := make([]string, len(cells))
	for k, c := range cells {
		texts[k] = c.Text
	}
	return strings.Join(texts, "|")
}
