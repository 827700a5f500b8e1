package topics

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"
	"github.com/google/go-cmp/cmp"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/things/topic"
	"github.com/thingdesk/thingdesk/ui/look"
	"github.com/thingdesk/thingdesk/ui/model/payload"
	model "github.com/thingdesk/thingdesk/ui/model/topics"
	"github.com/thingdesk/thingdesk/ui/widgets"
)

const second = 1_000_000

type bench struct {
	ix   *topic.Index
	mu   sync.Mutex
	sent []broker.Message
}

func (b *bench) Topics(f func(*topic.Index)) { f(b.ix) }

func (b *bench) Publish(_ context.Context, m broker.Message) (broker.Ack, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sent = append(b.sent, m)
	return broker.Ack{Stage: "PUBACK"}, nil
}

func (b *bench) see(name, payload string, at int64, retained bool) {
	b.ix.Add(name, topic.Sample{Time: at, Payload: []byte(payload), Retained: retained})
}

func (b *bench) target(name string) model.Target {
	return model.Target{Session: b, Connection: "Bench", Name: name}
}

// open puts a screen into a window; asked collects what it asks of the window.
func open(t *testing.T) (s *Screen, b *bench, asked *[]string) {
	t.Helper()
	test.NewTempApp(t).Settings().SetTheme(look.New(look.Light, 1))
	w := test.NewTempWindow(t, widget.NewLabel(""))
	async := func(work func(context.Context), done func()) { work(t.Context()); done() }
	b = &bench{ix: topic.NewIndex(topic.Limits{})}
	asked = new([]string)
	ask := func(format string, args ...any) { *asked = append(*asked, fmt.Sprintf(format, args...)) }
	s = New(Config{
		Detail: model.NewDetail(async, nil), Clearing: model.NewClearing(async), Window: w,
		Open:    func(name string) { ask("open %s", name) },
		Publish: func(m broker.Message) { ask("publish %s %s", m.Topic, m.Payload) },
		Say:     func(text string) { ask("say %s", text) },
	})
	w.SetContent(s.Object())
	w.Resize(fyne.NewSize(1000, 700))
	return s, b, asked
}

func (s *Screen) chipText() string {
	var out []string
	for _, c := range s.chips.shown {
		out = append(out, c.Text)
	}
	return strings.Join(out, " | ")
}

func cells(t *testing.T, src widgets.TableSource, columns, row int) string {
	t.Helper()
	out := make([]widgets.Cell, columns)
	src.Cells(row, out)
	texts := make([]string, columns)
	for i, c := range out {
		texts[i] = c.Text
	}
	return strings.Join(texts, "|")
}

func TestEmptyScreen(t *testing.T) {
	s, b, _ := open(t)
	s.Refresh(second)
	if !s.empty.Visible() || s.body.Visible() || !strings.HasPrefix(s.empty.text(), "Select a topic") {
		t.Errorf("nothing selected: %q", s.empty.text())
	}
	s.cfg.Detail.Show(b.target("a"), second)
	s.Refresh(second)
	if s.empty.text() != "No message on a since the connection was opened." {
		t.Errorf("no message: %q", s.empty.text())
	}
	b.see("a", "1", second, false)
	s.Refresh(second)
	if s.empty.Visible() || !s.body.Visible() || s.arranged != leaf {
		t.Error("the first message is not shown")
	}
}

func TestLeaf(t *testing.T) {
	s, b, asked := open(t)
	b.see("f/t", `{"t":1}`, second, true)
	s.cfg.Detail.Show(b.target("f/t"), second)
	s.Refresh(second)
	if s.crumbs.Text != "Bench › f › t" || !strings.HasPrefix(s.chipText(), "seen retained | QoS 0 | 7 B") {
		t.Errorf("head: %q, %q", s.crumbs.Text, s.chipText())
	}
	if s.value.took.text() != "Auto: JSON object" || !strings.Contains(s.value.code.Text(), `"t": 1`) {
		t.Errorf("value: %q %q", s.value.took.text(), s.value.code.Text())
	}
	b.see("f/t", `{"t":2}`, 2*second, false)
	s.Refresh(2 * second)
	if s.value.caption.Text != "since the previous message" {
		t.Errorf("caption %q", s.value.caption.Text)
	}
	s.value.views.SetSelected("Hex")
	if s.cfg.Detail.View() != payload.AsHex || s.value.took.text() != "7 bytes" {
		t.Errorf("hex: %q", s.value.took.text())
	}
	if s.recent.Len() != 2 {
		t.Fatalf("%d recent rows", s.recent.Len())
	}
	if got := cells(t, s.recent, 5, 0); !strings.HasSuffix(got, `|1.000 s|in QoS 0|7 B|{"t":2}`) {
		t.Errorf("row %q", got)
	}
	s.recent.table.OnSelected(1)
	if !s.value.latest.Visible() || s.value.views.Selected != "Diff" || s.recent.table.Selected() != 1 {
		t.Errorf("picked: view %s, row %d", s.value.views.Selected, s.recent.table.Selected())
	}
	b.see("f/t", `{"t":3}`, 3*second, false)
	s.Refresh(3 * second)
	if s.recent.table.Selected() != 2 {
		t.Errorf("the mark stays on row %d, not on the message", s.recent.table.Selected())
	}
	test.Tap(s.value.latest)
	if s.value.latest.Visible() || s.value.views.Selected != "Hex" || s.recent.table.Selected() != -1 {
		t.Errorf("latest: view %s, row %d", s.value.views.Selected, s.recent.table.Selected())
	}
	test.Tap(s.copyName)
	if got := fyne.CurrentApp().Clipboard().Content(); got != "f/t" {
		t.Errorf("copied %q", got)
	}
	test.Tap(s.again)
	if diff := cmp.Diff([]string{"say Copied the topic name", `publish f/t {"t":3}`}, *asked); diff != "" {
		t.Error(diff)
	}
}

func TestLimitIsNamedAndLifted(t *testing.T) {
	s, b, _ := open(t)
	b.see("t", strings.Repeat("\x00", payload.HexLimit+1), second, false)
	s.cfg.Detail.Show(b.target("t"), second)
	s.Refresh(second)
	if !s.value.notice.Visible() || !strings.Contains(s.value.words.Text, "showing the first 64.0 kB of 64.0 kB") || s.value.lift.Text != "Dump all 64.0 kB" {
		t.Errorf("notice %q, button %q", s.value.words.Text, s.value.lift.Text)
	}
	test.Tap(s.value.lift)
	if s.value.notice.Visible() {
		t.Errorf("still limited: %q", s.value.words.Text)
	}
}

func TestBranch(t *testing.T) {
	s, b, asked := open(t)
	for i := range 3 {
		b.see(fmt.Sprint("f/", i), strings.Repeat("x", i), second, false)
	}
	b.see("f/0/deep", "", second, false)
	s.cfg.Detail.Show(b.target("f"), second)
	s.Refresh(second)
	if s.arranged != branch || s.children.Len() != 3 {
		t.Fatalf("arranged %d, %d children", s.arranged, s.children.Len())
	}
	if got := cells(t, s.children, 6, 0); !strings.HasPrefix(got, "0 /|2|2|") {
		t.Errorf("row %q", got)
	}
	s.children.table.OnHeader(int(model.ByBytes))
	if got := cells(t, s.children, 6, 0); !strings.HasPrefix(got, "2|1|1|") {
		t.Errorf("most bytes first: %q", got)
	}
	s.children.table.OnActivated(0)
	if diff := cmp.Diff([]string{"open f/2"}, *asked); diff != "" {
		t.Error(diff)
	}
	s.children.table.OnSelected(0)
	s.children.table.OnHeader(int(model.ByName))
	if got := s.children.table.Selected(); got != 2 {
		t.Errorf("the selection is on row %d, not on the level that was selected", got)
	}
	b.see("f", "own", 2*second, false)
	s.Refresh(2 * second)
	if s.arranged != both {
		t.Errorf("with a value of its own: arranged %d", s.arranged)
	}
}

func TestAnotherTopicBeginsAtItsTop(t *testing.T) {
	s, b, _ := open(t)
	for i := range 100 {
		b.see(fmt.Sprintf("f/%03d", i), "x", second, false)
		b.see(fmt.Sprintf("g/%03d", i), "x", second, false)
	}
	s.cfg.Detail.Show(b.target("f"), second)
	s.Refresh(second)
	s.children.table.ScrollTo(99)
	if s.children.table.AtTop() {
		t.Fatal("the table does not scroll")
	}
	s.cfg.Detail.Show(b.target("g"), 2*second)
	s.Refresh(2 * second)
	if !s.children.table.AtTop() {
		t.Error("still scrolled as the topic before")
	}
}

func TestRowsStandStillWhileScrolled(t *testing.T) {
	s, b, _ := open(t)
	s.cfg.Detail.Show(b.target("t"), second)
	for i := range 100 {
		b.see("t", strconv.Itoa(i), int64(i+1)*second, false)
		s.Refresh(int64(i+1) * second)
	}
	if s.recent.Len() != 100 {
		t.Fatalf("%d rows", s.recent.Len())
	}
	s.recent.table.ScrollTo(99)
	b.see("t", "new", 101*second, false)
	s.Refresh(101 * second)
	if s.recent.Len() != 100 || !s.recent.fresh.Visible() || s.recent.fresh.Text != "1 new" {
		t.Errorf("scrolled: %d rows, button %q", s.recent.Len(), s.recent.fresh.Text)
	}
	test.Tap(s.recent.fresh)
	if s.recent.Len() != 101 || s.recent.fresh.Visible() || !s.recent.table.AtTop() {
		t.Errorf("after the tap: %d rows, button %v, at top %v", s.recent.Len(), s.recent.fresh.Visible(), s.recent.table.AtTop())
	}
}

func TestClearSubtree(t *testing.T) {
	s, b, asked := open(t)
	for i := range 3 {
		b.see(fmt.Sprint("f/", i), "x", second, true)
	}
	s.cfg.Detail.Show(b.target("f"), second)
	s.Refresh(second)
	test.Tap(s.clear)
	top := s.cfg.Window.Canvas().Overlays().Top()
	if top == nil {
		t.Fatal("no question asked")
	}
	button := findButton(top, "Clear 3")
	if button == nil {
		t.Fatal("the dialog does not name the count")
	}
	test.Tap(button)
	s.Refresh(2 * second)
	if len(b.sent) != 3 || s.progress.words.Text != "Cleared 3 retained messages" || s.progress.undo.Text != "Undo (3)" {
		t.Errorf("sent %d, %q, %q", len(b.sent), s.progress.words.Text, s.progress.undo.Text)
	}
	test.Tap(s.progress.undo)
	if len(b.sent) != 6 || string(b.sent[5].Payload) != "x" || s.progress.undo.Visible() {
		t.Errorf("undone: sent %d", len(b.sent))
	}
	test.Tap(s.progress.dismiss)
	if s.progress.object.Visible() || len(*asked) != 0 {
		t.Errorf("not dismissed: %v", *asked)
	}
}

func TestCancelledDialogClearsNothing(t *testing.T) {
	s, b, _ := open(t)
	b.see("t", "x", second, true)
	s.ClearRetained(b.target("t"), false)
	test.Tap(findButton(s.cfg.Window.Canvas().Overlays().Top(), "Cancel"))
	s.ClearRetained(b.target("nothing/here"), true)
	test.Tap(findButton(s.cfg.Window.Canvas().Overlays().Top(), "Close"))
	if len(b.sent) != 0 {
		t.Errorf("sent %+v", b.sent)
	}
}

// findButton looks for a button by its text.
func findButton(o fyne.CanvasObject, text string) *widget.Button {
	switch o := o.(type) {
	case *widget.Button:
		if o.Text == text {
			return o
		}
	case *fyne.Container:
		for _, c := range o.Objects {
			if b := findButton(c, text); b != nil {
				return b
			}
		}
	case fyne.Widget:
		for _, c := range test.WidgetRenderer(o).Objects() {
			if b := findButton(c, text); b != nil {
				return b
			}
		}
	}
	return nil
}

func TestFlowWraps(t *testing.T) {
	test.NewTempApp(t).Settings().SetTheme(look.New(look.Light, 1))
	var objects []fyne.CanvasObject
	for range 4 {
		objects = append(objects, widget.NewLabel("some words"))
	}
	f := &flow{}
	one := f.MinSize(objects).Height
	c := container.New(f, objects...)
	c.Resize(fyne.NewSize(2.5*objects[0].MinSize().Width, 10))
	if got := f.MinSize(objects).Height; got < 2*one {
		t.Errorf("height %v for two lines of %v", got, one)
	}
	if objects[2].Position().Y == 0 || objects[1].Position().Y != 0 {
		t.Errorf("at %v and %v", objects[1].Position(), objects[2].Position())
	}
}

func TestRefreshIsCheapAtRest(t *testing.T) {
	s, b, _ := open(t)
	b.see("f/t", "1", second, false)
	s.cfg.Detail.Show(b.target("f/t"), second)
	s.Refresh(100 * second)
	if n := testing.AllocsPerRun(100, func() { s.Refresh(100 * second) }); n > 60 {
		t.Errorf("%v allocations although nothing changed", n)
	}
}
