package navigator

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/things"
	"github.com/thingdesk/thingdesk/things/shadow"
	"github.com/thingdesk/thingdesk/things/topic"
	"github.com/thingdesk/thingdesk/ui/look"
	"github.com/thingdesk/thingdesk/ui/model/navigator"
	"github.com/thingdesk/thingdesk/ui/widgets"
)

// session is a Session over a real index and a real registry.
type session struct {
	index    *topic.Index
	registry *things.Registry
	state    broker.State
}

func (s *session) Profile() broker.Profile           { return broker.Profile{ID: "c", Name: "Plant"} }
func (s *session) Status() broker.Status             { return broker.Status{State: s.state} }
func (s *session) Topics(f func(ix *topic.Index))    { f(s.index) }
func (s *session) Things(f func(r *things.Registry)) { f(s.registry) }

func newView(t *testing.T) (*View, *session, fyne.Window) {
	t.Helper()
	app := test.NewTempApp(t)
	app.Settings().SetTheme(look.New(look.Dark, 1))
	s := &session{
		index: topic.NewIndex(topic.Limits{}), registry: things.NewRegistry("c", []things.Thing{{Name: "pump"}}), state: broker.Connected,
	}
	now := int64(10_000_000)
	v := New(navigator.New(func() int64 { now += 1_000_000; return now }))
	w := test.NewTempWindow(t, v.Object())
	w.Resize(fyne.NewSize(300, 400))
	v.Refresh([]navigator.Session{s})
	return v, s, w
}

func TestRowsHaveSigns(t *testing.T) { //nolint:paralleltest // Fyne's test application is global
	v, s, _ := newView(t)
	s.registry.ForgetClients(true)
	key := shadow.Key{Thing: "pump"}
	s.registry.Feed(broker.Message{Time: 1, Topic: key.Topic("get/accepted"), Payload: []byte(`{"state":{"desired":{"a":1}},"version":1}`)})
	s.index.Add("a/b", topic.Sample{Time: 1, Payload: []byte("21")})
	v.Reveal(navigator.Ref{Kind: navigator.Topic, Session: "c", Topic: "a/b"})
	rows := map[string]widgets.TreeRow{}
	for i := range v.Len() {
		r := v.Row(i)
		rows[r.Text] = r
	}
	for text, want := range map[string]struct{ mark, note, value string }{
		"Plant": {mark: "●"}, "Things (1)": {}, "pump": {mark: "○", note: "⟳ 1"}, "Topics (1)": {}, "a": {}, "b": {value: "21"},
	} {
		got, ok := rows[text]
		if !ok || got.Mark != want.mark || got.Note != want.note || got.Value != want.value {
			t.Errorf("row %q = %+v (there: %v), want %+v", text, got, ok, want)
		}
	}
	s.state = broker.Waiting
	if r := v.Row(0); r.MarkTone != widgets.ToneBad {
		t.Errorf("a lost connection looks like %+v", r)
	}
}

func TestFilterFaultIsSaid(t *testing.T) { //nolint:paralleltest // Fyne's test application is global
	v, s, w := newView(t)
	s.index.Add("factory/1", topic.Sample{Time: 1})
	v.Refresh([]navigator.Session{s})
	w.Canvas().Focus(v.filter)
	test.Type(v.filter, "fac#")
	if !v.fault.Visible() || v.fault.Text == "" {
		t.Error("a filter that is not valid was taken silently")
	}
	v.filter.SetText("factory/+")
	if v.fault.Visible() || v.model.Find(navigator.Ref{Kind: navigator.Topic, Session: "c", Topic: "factory/1"}) < 0 {
		t.Error("a valid filter did not show its topic")
	}
}

func TestKeysSelect(t *testing.T) { //nolint:paralleltest // Fyne's test application is global
	v, _, w := newView(t)
	var selected, activated []navigator.Kind
	v.OnSelected = func(r navigator.Ref) { selected = append(selected, r.Kind) }
	v.OnActivated = func(r navigator.Ref) { activated = append(activated, r.Kind) }
	w.Canvas().Focus(v.tree)
	for range 3 {
		v.tree.TypedKey(&fyne.KeyEvent{Name: fyne.KeyDown})
	}
	v.tree.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	if n := len(selected); n == 0 || selected[n-1] != navigator.Thing || len(activated) != 1 || activated[0] != navigator.Thing {
		t.Errorf("selected %v, activated %v", selected, activated)
	}
	v.tree.TypedRune('p')
	if v.filter.Text != "p" {
		t.Errorf("a letter went to %q", v.filter.Text)
	}
}

// Rows that were added stay away while the user works in the tree.
func TestChip(t *testing.T) { //nolint:paralleltest // Fyne's test application is global
	v, s, w := newView(t)
	v.model.SetOpen(navigator.Ref{Kind: navigator.TopicsFolder, Session: "c"}, true)
	w.Canvas().Focus(v.tree)
	v.tree.TypedKey(&fyne.KeyEvent{Name: fyne.KeyDown})
	s.index.Add("new", topic.Sample{Time: 1})
	v.Refresh([]navigator.Session{s})
	if !v.chip.Visible() || v.chip.Text != "1 new – show" {
		t.Errorf("chip %v %q", v.chip.Visible(), v.chip.Text)
	}
	test.Tap(v.chip)
	v.Refresh([]navigator.Session{s})
	if v.chip.Visible() || v.model.Find(navigator.Ref{Kind: navigator.Topic, Session: "c", Topic: "new"}) < 0 {
		t.Error("the chip did not bring the row")
	}
}
