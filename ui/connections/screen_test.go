package connections

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"github.com/thingdesk/thingdesk/broker"
	model "github.com/thingdesk/thingdesk/ui/model/connections"
	"github.com/thingdesk/thingdesk/ui/widgets"
)

// bench is a screen over an engine in memory; background work runs when the
// test says.
type bench struct {
	*Screen
	win       fyne.Window
	profiles  []broker.Profile
	status    map[string]broker.Status
	passwords map[string]string
	fail      error
	ctx       context.Context
	pending   []func()
}

func newBench(t *testing.T) *bench {
	t.Helper()
	app := test.NewTempApp(t)
	local := broker.NewProfile("Local broker", "127.0.0.1:1883")
	local.ID = broker.LocalID
	site := broker.NewProfile("Site A", "site-a.example.com")
	site.ID, site.Username = "site-a", "ann"
	b := &bench{
		ctx: t.Context(), profiles: []broker.Profile{local, site}, passwords: make(map[string]string),
		status: map[string]broker.Status{broker.LocalID: {State: broker.Connected}},
	}
	b.win = app.NewWindow("")
	b.Screen = New(model.New(func(work func(context.Context), done func()) {
		b.pending = append(b.pending, func() { work(b.ctx); done() })
	}, b), b.win)
	b.win.SetContent(b.Object())
	b.win.Resize(fyne.NewSize(1000, 700))
	return b
}

func (b *bench) run() {
	for len(b.pending) > 0 {
		f := b.pending[0]
		b.pending = b.pending[1:]
		f()
	}
	b.Refresh(time.Now())
}

func (b *bench) Profiles() []broker.Profile     { return slices.Clone(b.profiles) }
func (b *bench) Status(id string) broker.Status { return b.status[id] }

func (b *bench) Open(_ context.Context, id string) error {
	b.status[id] = broker.Status{State: broker.Waiting, Reason: broker.Reason{Text: "nobody answers"}}
	return nil
}

func (b *bench) Close(_ context.Context, id string) error {
	delete(b.status, id)
	return nil
}

func (b *bench) Delete(_ context.Context, id string) error {
	b.profiles = slices.DeleteFunc(b.profiles, func(p broker.Profile) bool { return p.ID == id })
	return nil
}

func (b *bench) Save(_ context.Context, p broker.Profile, password *string) (bool, error) {
	if b.fail != nil {
		return false, b.fail
	}
	if password != nil {
		b.passwords[p.ID] = *password
	}
	if i := slices.IndexFunc(b.profiles, func(o broker.Profile) bool { return o.ID == p.ID }); i >= 0 {
		b.profiles[i] = p
	} else {
		b.profiles = append(b.profiles, p)
	}
	return true, nil
}

func (b *bench) cells(row int) []string {
	cells := make([]widgets.Cell, 3)
	items{b.model}.Cells(row, cells)
	return []string{cells[0].Text, cells[1].Text, cells[2].Text}
}

func TestNewConnectionFromPastedAddress(t *testing.T) {
	b := newBench(t)
	b.Create()
	f := b.form
	if b.table.Selected() != 2 || !f.save.Disabled() || f.note.Text != "Give a name and an address." || f.revert.Text != "Throw away" {
		t.Errorf("row %d, note %q", b.table.Selected(), f.note.Text)
	}
	if b.win.Canvas().Focused() != f.name {
		t.Error("the name has not got the focus")
	}
	fyne.CurrentApp().Clipboard().SetContent("mqtts://bob:secret@mq.example.com:8884")
	f.address.TypedShortcut(&fyne.ShortcutPaste{Clipboard: fyne.CurrentApp().Clipboard()})
	if f.address.Text != "mq.example.com:8884" || f.username.Text != "bob" || f.password.Text != "secret" ||
		f.transport.Selected != transportNames[1] || f.name.Text != "mq.example.com:8884" {
		t.Errorf("address %q, user %q, transport %q, name %q", f.address.Text, f.username.Text, f.transport.Selected, f.name.Text)
	}
	test.Type(f.address, "5") // goes on at the end, though the text became shorter
	if f.address.Text != "mq.example.com:88845" || !f.faults[model.FieldAddress].Visible() {
		t.Errorf("address %q, fault %q", f.address.Text, f.faults[model.FieldAddress].Text)
	}
	f.address.SetText("mq.example.com")
	if f.connect.Disabled() {
		t.Fatalf("cannot be saved: %v", b.model.Form().Faults())
	}
	test.Tap(f.connect)
	b.run()
	p := b.profiles[2]
	if p.Address != "mq.example.com" || p.Transport != broker.TLS || p.Username != "bob" || b.passwords[p.ID] != "secret" {
		t.Errorf("saved %+v, password %q", p, b.passwords[p.ID])
	}
	if got := b.cells(2); got[0] != "◌" || !strings.Contains(got[2], "nobody answers") || f.password.Text != "" {
		t.Errorf("row %q", got)
	}
	if !strings.Contains(f.note.Text, "keyring") || f.toggle.Text != "Disconnect" {
		t.Errorf("note %q, button %q", f.note.Text, f.toggle.Text)
	}
}

func TestFaultsStandBesideTheFields(t *testing.T) {
	b := newBench(t)
	b.Edit("site-a")
	f := b.form
	if !f.save.Disabled() {
		t.Error("nothing was typed, but Save is enabled")
	}
	f.keep.SetText("soon")
	if l := f.faults[model.FieldKeepAlive]; !l.Visible() || l.Text == "" || !f.save.Disabled() {
		t.Errorf("fault %q", l.Text)
	}
	f.keep.SetText("30")
	if f.faults[model.FieldKeepAlive].Visible() || f.save.Disabled() {
		t.Error("the fault stays")
	}
	f.persistent.SetChecked(true)
	if !f.faults[model.FieldClientID].Visible() {
		t.Error("a persistent session without client ID has no fault")
	}
	f.clientID.SetText("me")
	f.subs.lines[0].filter.SetText("a/b#")
	if !f.subs.lines[0].fault.Visible() || f.subs.lines[1].fault.Visible() || !f.save.Disabled() {
		t.Errorf("fault of the filter %q", f.subs.lines[0].fault.Text)
	}
	f.subs.lines[0].filter.SetText("a/b")
	f.subs.lines[0].qos.SetSelectedIndex(2)
	if got := b.cells(1); !strings.Contains(got[2], "unsaved changes") || !strings.HasSuffix(got[1], "*") {
		t.Errorf("row %q", got)
	}
	b.fail = errors.New("no space left")
	test.Tap(f.save)
	b.run()
	if !f.words.Visible() || f.words.Text != "No space left" || f.clientID.Text != "me" || f.keep.Text != "30" {
		t.Errorf("words %q, client ID %q", f.words.Text, f.clientID.Text)
	}
	b.fail = nil
	test.Tap(f.save)
	b.run()
	p := b.profiles[1]
	if p.KeepAlive != 30 || !p.Persistent || p.ClientID != "me" || p.Subscriptions[0] != (broker.Subscription{Filter: "a/b", QoS: 2}) {
		t.Errorf("saved %+v", p)
	}
	if f.words.Visible() || !f.save.Disabled() {
		t.Error("the form still looks unsaved")
	}
}

func TestSubscriptionLines(t *testing.T) {
	b := newBench(t)
	b.Edit("site-a")
	s := b.form.subs
	add := s.object.Objects[3].(*fyne.Container).Objects[0] //nolint:errcheck // panics when it is not so
	test.Tap(add.(fyne.Tappable))                           //nolint:errcheck // panics when it is not so
	if len(s.lines) != 3 || b.win.Canvas().Focused() != s.lines[2].filter || !s.lines[2].fault.Visible() {
		t.Fatalf("%d lines", len(s.lines))
	}
	test.Type(s.lines[2].filter, "c")
	b.form.edit(func(m *model.Form) { m.Subscriptions = slices.Delete(m.Subscriptions, 0, 1) })
	if len(s.lines) != 2 || s.lines[1].filter.Text != "c" {
		t.Errorf("%d lines", len(s.lines))
	}
	b.Edit(broker.LocalID)
	if len(s.lines) != 2 || s.lines[0].filter.Text != "#" {
		t.Errorf("the lines of another connection: %d", len(s.lines))
	}
	b.Edit("site-a")
	if s.lines[1].filter.Text != "c" {
		t.Error("what was typed is lost")
	}
}

func TestBundledBroker(t *testing.T) {
	b := newBench(t)
	f := b.form
	if !f.address.Disabled() || !f.transport.Disabled() || !b.remove.Disabled() || f.toggle.Text != "Stop broker" || f.connect.Visible() {
		t.Error("the bundled broker's address can be edited, or it deleted")
	}
	test.Tap(f.toggle)
	b.run()
	if f.toggle.Text != "Start broker" || f.state.Text != "not connected" {
		t.Errorf("button %q, state %q", f.toggle.Text, f.state.Text)
	}
	b.Edit("site-a")
	if f.address.Disabled() || b.remove.Disabled() || f.address.Text != "site-a.example.com" {
		t.Error("another connection cannot be edited")
	}
}

func TestDeleteAsks(t *testing.T) {
	b := newBench(t)
	b.Edit("site-a")
	test.Tap(b.remove)
	if b.win.Canvas().Overlays().Top() == nil || len(b.profiles) != 2 {
		t.Fatal("deleted without a question")
	}
	b.model.Delete()
	b.run()
	if len(b.profiles) != 1 || b.form.name.Text != "Local broker" {
		t.Errorf("%d profiles, form of %q", len(b.profiles), b.form.name.Text)
	}
}
