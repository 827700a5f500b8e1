package publish

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"
	"github.com/google/go-cmp/cmp"

	"github.com/thingdesk/thingdesk/broker"
	model "github.com/thingdesk/thingdesk/ui/model/publish"
)

type session struct {
	state broker.State
	sent  []broker.Message
}

func (s *session) Profile() broker.Profile { return broker.Profile{Name: "Bench"} }
func (s *session) Status() broker.Status   { return broker.Status{State: s.state} }

func (s *session) Publish(_ context.Context, m broker.Message) (broker.Ack, error) {
	s.sent = append(s.sent, m)
	return broker.Ack{Stage: "written"}, nil
}

func open(t *testing.T) (*Drawer, *session, fyne.Window) {
	t.Helper()
	test.NewTempApp(t)
	w := test.NewTempWindow(t, widget.NewLabel(""))
	w.Resize(fyne.NewSize(1000, 400))
	s := &session{state: broker.Connected}
	async := func(work func(context.Context), done func()) { work(t.Context()); done() }
	m := model.New(async)
	m.Connect(s)
	d := New(Config{Model: m, Async: async, Window: w})
	w.SetContent(d.Object())
	w.Resize(fyne.NewSize(1000, 400))
	return d, s, w
}

func ctrlEnter() fyne.Shortcut {
	return &desktop.CustomShortcut{KeyName: fyne.KeyReturn, Modifier: fyne.KeyModifierShortcutDefault}
}

func TestTypeAndSend(t *testing.T) {
	d, s, w := open(t)
	var told []bool
	d.cfg.Toggled = func(open bool) { told = append(told, open) }
	d.Open()
	if w.Canvas().Focused() != d.topic {
		t.Error("the cursor is not in the empty topic")
	}
	test.Type(d.topic, "a/b")
	test.Type(d.text, `{"t":28}`)
	test.Tap(d.retain)
	d.qos.SetSelected("1")
	w.Canvas().Focus(d.text)
	d.text.TypedShortcut(ctrlEnter())
	want := []broker.Message{{Topic: "a/b", Payload: []byte(`{"t":28}`), QoS: 1, Retained: true}}
	if diff := cmp.Diff(want, s.sent); diff != "" {
		t.Error(diff)
	}
	if !strings.HasPrefix(d.result.Text, "written after") {
		t.Errorf("result %q", d.result.Text)
	}
	w.Canvas().Focused().TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
	if d.Opened() || !cmp.Equal(told, []bool{true, false}) {
		t.Errorf("not closed by Escape: %v", told)
	}
}

func TestSendIsGreyedOutWithTheReason(t *testing.T) {
	d, s, _ := open(t)
	d.Open()
	test.Type(d.topic, "a/+")
	if !d.send.Disabled() || !strings.Contains(d.topicNote.Text, "wildcard") || d.topicNote.Importance != widget.DangerImportance {
		t.Errorf("wildcard: %v %q", d.send.Disabled(), d.topicNote.Text)
	}
	d.topic.SetText("a")
	if d.send.Disabled() || d.topicNote.Visible() {
		t.Errorf("a good topic: %v %q", d.send.Disabled(), d.topicNote.Text)
	}
	d.text.SetText("{")
	if !d.send.Disabled() || !strings.Contains(d.note.Text, "line 1, column 2") {
		t.Errorf("bad JSON: %v %q", d.send.Disabled(), d.note.Text)
	}
	d.text.SetText("1")
	s.state = broker.Waiting
	d.Refresh()
	if !d.send.Disabled() || d.result.Text != "Bench is waiting to reconnect." {
		t.Errorf("down: %v %q", d.send.Disabled(), d.result.Text)
	}
	s.state = broker.Connected
	d.Refresh()
	if d.send.Disabled() {
		t.Error("still disabled after the connection came up")
	}
}

func TestFollowsTheSelection(t *testing.T) {
	d, _, _ := open(t)
	d.Open()
	d.model.Select("x/y")
	d.Refresh()
	if d.topic.Text != "x/y" || d.follow.Visible() {
		t.Errorf("topic %q, follow button %v", d.topic.Text, d.follow.Visible())
	}
	test.Type(d.topic, "z")
	d.model.Select("other")
	d.Refresh()
	if d.topic.Text == "other" || !d.follow.Visible() {
		t.Errorf("typed topic lost: %q", d.topic.Text)
	}
	test.Tap(d.follow)
	if d.topic.Text != "other" {
		t.Errorf("follows again: %q", d.topic.Text)
	}
}

func TestFormats(t *testing.T) {
	d, _, _ := open(t)
	d.Open()
	d.text.SetText(`{"a":1}`)
	d.formats.SetSelected("Hex")
	if d.text.Text != "7b 22 61 22 3a 31 7d" {
		t.Errorf("as hex %q", d.text.Text)
	}
	d.text.SetText("ff")
	d.formats.SetSelected("JSON")
	if d.formats.Selected != "Hex" || !strings.Contains(d.note.Text, "no UTF-8 text") {
		t.Errorf("binary as JSON: %s, %q", d.formats.Selected, d.note.Text)
	}
	d.text.SetText("7b7d")
	d.formats.SetSelected("JSON")
	if d.text.Text != "{}" {
		t.Errorf("back as JSON %q", d.text.Text)
	}
	d.text.SetText(`{"a":1}`)
	test.Tap(d.tidy)
	if d.text.Text != "{\n  \"a\": 1\n}" {
		t.Errorf("laid out %q", d.text.Text)
	}
}

func TestLargePasteIsKeptAside(t *testing.T) {
	d, s, _ := open(t)
	d.Open()
	d.topic.SetText("t")
	d.formats.SetSelected("Text")
	big := strings.Repeat("line\n", 3000)
	fyne.CurrentApp().Clipboard().SetContent(big)
	d.text.TypedShortcut(&fyne.ShortcutPaste{Clipboard: fyne.CurrentApp().Clipboard()})
	if d.text.Visible() || !d.aside.Visible() || d.text.Text != "" {
		t.Errorf("in the editor: %d bytes", len(d.text.Text))
	}
	if !strings.HasPrefix(d.asideOf.Text, "pasted text, 15.0 kB, text.") {
		t.Errorf("says %q", d.asideOf.Text)
	}
	d.topic.TypedShortcut(ctrlEnter())
	if len(s.sent) != 1 || string(s.sent[0].Payload) != big {
		t.Error("not sent whole")
	}
}

func TestSmallPasteGoesIn(t *testing.T) {
	d, _, _ := open(t)
	d.Open()
	fyne.CurrentApp().Clipboard().SetContent("28")
	d.text.TypedShortcut(&fyne.ShortcutPaste{Clipboard: fyne.CurrentApp().Clipboard()})
	if d.text.Text != "28" || d.note.Text != "2 B" {
		t.Errorf("pasted %q, %q", d.text.Text, d.note.Text)
	}
}

type file struct {
	io.Reader
	closed bool
}

func (f *file) Close() error { f.closed = true; return nil }

func TestFile(t *testing.T) {
	d, s, w := open(t)
	d.Open()
	d.topic.SetText("t")
	f := &file{Reader: strings.NewReader("\x00\x01")}
	d.readFile("a.bin", f)
	if !f.closed || !strings.HasPrefix(d.asideOf.Text, "a.bin, 2 B, binary") {
		t.Errorf("closed %v, %q", f.closed, d.asideOf.Text)
	}
	test.Tap(d.send)
	if len(s.sent) != 1 || string(s.sent[0].Payload) != "\x00\x01" {
		t.Errorf("sent %+v", s.sent)
	}
	d.readFile("b.bin", &file{Reader: io.MultiReader(strings.NewReader("x"), broken{})})
	if w.Canvas().Overlays().Top() == nil || !strings.HasPrefix(d.asideOf.Text, "a.bin") {
		t.Error("a file that can not be read is taken, or nothing said")
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("bad disk") }

func TestRecentMenu(t *testing.T) {
	d, _, w := open(t)
	d.Open()
	d.topic.SetText("first")
	d.text.SetText("1")
	test.Tap(d.send)
	d.topic.SetText("second")
	test.Tap(d.recent)
	if w.Canvas().Overlays().Top() == nil {
		t.Fatal("no menu")
	}
	d.model.Use(0)
	d.Refresh()
	if d.topic.Text != "first" || !d.follow.Visible() {
		t.Errorf("topic %q", d.topic.Text)
	}
}

func TestRefreshIsCheapAtRest(t *testing.T) {
	d, _, _ := open(t)
	d.Open()
	d.topic.SetText("t")
	d.Refresh()
	if n := testing.AllocsPerRun(100, d.Refresh); n > 5 {
		t.Errorf("%v allocations although nothing changed", n)
	}
}
