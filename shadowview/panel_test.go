package shadowview

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"

	"github.com/thingdesk/thingdesk/shadowview/form"
	"github.com/thingdesk/thingdesk/things/shadow"
)

const second = int64(1_000_000)

var key = shadow.Key{Thing: "thermal-01"}

func view(tb testing.TB, version int, reported, desired string) form.View {
	tb.Helper()
	d, err := shadow.DecodeDocument(fmt.Appendf(nil, `{"state":{"reported":%s,"desired":%s},"version":%d}`, reported, desired, version))
	if err != nil {
		tb.Fatal(err)
	}
	return form.View{Key: key, Known: true, Exists: true, Doc: d, ReceivedAt: int64(version) * second}
}

// bench is a Panel in a window, with what it asked for.
type bench struct {
	*Panel
	t       *testing.T
	window  fyne.Window
	sent    []form.Update
	copied  string
	rereads int
	picked  string
	history []string
}

func newBench(t *testing.T, v form.View) *bench {
	t.Helper()
	test.NewTempApp(t).Settings().SetTheme(theme.DefaultTheme())
	b := &bench{t: t}
	tokens := 0
	b.Panel = NewPanel(Actions{
		Send:         func(_ *form.Form, u form.Update) { b.sent = append(b.sent, u) },
		Reread:       func() { b.rereads++ },
		Copy:         func(s string) { b.copied = s },
		SelectShadow: func(s string) { b.picked = s },
		OpenHistory:  func(p []string) { b.history = p },
		Token:        func() string { tokens++; return fmt.Sprint("tok", tokens) },
		Now:          func() int64 { return 0 },
	})
	b.SetForm(form.New(key, form.Config{}))
	b.window = test.NewTempWindow(t, b.Panel)
	b.window.Resize(fyne.NewSize(900, 700))
	b.Apply(v, nil, 100*second)
	return b
}

func (b *bench) row(id string) *rowView {
	b.t.Helper()
	v := b.grid.views[id]
	if v == nil {
		b.t.Fatalf("row %s is not drawn", id)
	}
	return v
}

// write replaces the text of a row's editor by typing.
func (b *bench) write(id, text string) *cellEntry {
	b.t.Helper()
	e := b.row(id).entry
	if e == nil {
		b.t.Fatalf("row %s has no entry", id)
	}
	b.window.Canvas().Focus(e)
	e.TypedShortcut(&fyne.ShortcutSelectAll{})
	e.TypedKey(&fyne.KeyEvent{Name: fyne.KeyDelete})
	test.Type(e, text)
	return e
}

func (b *bench) state(id string) form.State {
	b.t.Helper()
	r, ok := b.Form().Row(id)
	if !ok {
		b.t.Fatalf("no row %s", id)
	}
	return r.State
}

func TestTypeAndSend(t *testing.T) {
	b := newBench(t, view(t, 41, `{"temperature":36}`, `{"temperature":36}`))
	if !b.foot.send.Disabled() || !b.foot.preview.Disabled() {
		t.Error("can send without edits")
	}
	e := b.write("temperature", "28")
	if b.foot.summary.Text != "1 unsent edit" || b.foot.send.Disabled() {
		t.Errorf("summary %q", b.foot.summary.Text)
	}
	e.TypedShortcut(&desktop.CustomShortcut{KeyName: fyne.KeyReturn, Modifier: fyne.KeyModifierShortcutDefault})
	if len(b.sent) != 1 {
		t.Fatalf("sent %v", b.sent)
	}
	want := `{"state":{"desired":{"temperature":28}},"version":41,"clientToken":"tok1"}`
	if got := string(b.sent[0].Payload); got != want {
		t.Errorf("payload %s", got)
	}
	if b.state("temperature") != form.Sent || !strings.Contains(b.foot.summary.Text, "waiting") {
		t.Errorf("%v, %q", b.state("temperature"), b.foot.summary.Text)
	}
	b.Form().Accepted("tok1", 42, 101*second)
	b.Apply(view(t, 42, `{"temperature":36}`, `{"temperature":28}`), nil, 101*second)
	if b.state("temperature") != form.Pending || e.Text != "28" || !strings.Contains(b.head.version.Text, "v42") {
		t.Errorf("%v, %q, %q", b.state("temperature"), e.Text, b.head.version.Text)
	}
}

func TestLiveUpdatesLeaveEditsAlone(t *testing.T) {
	b := newBench(t, view(t, 41, `{"a":1,"temperature":36}`, `{"a":1,"temperature":36}`))
	e := b.write("temperature", "2")
	for i := range 20 {
		n := 42 + i
		b.Apply(view(t, n, fmt.Sprintf(`{"a":%d,"new%d":1,"temperature":%d}`, n, i, n), `{"a":1,"temperature":36}`), nil, int64(n)*second)
	}
	if e.Text != "2" || e.CursorColumn != 1 || b.window.Canvas().Focused() != e || b.row("temperature").entry != e {
		t.Errorf("text %q, caret %d, focus %v", e.Text, e.CursorColumn, b.window.Canvas().Focused())
	}
	test.Type(e, "8")
	if got := b.row("temperature").reported.Text; e.Text != "28" || got != "61" {
		t.Errorf("entry %q, reported %q", e.Text, got)
	}
	b.window.Canvas().Unfocus()
	b.Apply(view(t, 99, `{"temperature":1}`, `{"a":1,"temperature":36}`), nil, 99*second)
	if e.Text != "28" {
		t.Errorf("after the focus left: %q", e.Text)
	}
}

// TestSeenUnderTheCaret: desired changes while the entry has the focus and
// shows the old value; what is typed then is in conflict.
func TestSeenUnderTheCaret(t *testing.T) {
	b := newBench(t, view(t, 41, `{"t":36}`, `{"t":30}`))
	e := b.row("t").entry
	b.window.Canvas().Focus(e)
	b.Apply(view(t, 42, `{"t":36}`, `{"t":31}`), nil, 102*second)
	if e.Text != "30" {
		t.Fatalf("the focused entry was overwritten with %q", e.Text)
	}
	test.Type(e, "5")
	if b.state("t") != form.Conflict {
		t.Errorf("state %v", b.state("t"))
	}
}

func TestConflictButtons(t *testing.T) {
	for _, mine := range []bool{true, false} {
		b := newBench(t, view(t, 41, `{"t":36}`, `{"t":30}`))
		e := b.write("t", "28")
		b.Apply(view(t, 42, `{"t":36}`, `{"t":31}`), nil, 102*second)
		v := b.row("t")
		if !v.mine.Visible() || v.note.Text != "theirs: 31" || !b.foot.send.Disabled() {
			t.Fatalf("note %q, summary %q", v.note.Text, b.foot.summary.Text)
		}
		if mine {
			test.Tap(v.mine)
			if b.state("t") != form.Edited || e.Text != "28" || b.foot.send.Disabled() {
				t.Errorf("keep mine: %v %q", b.state("t"), e.Text)
			}
		} else {
			test.Tap(v.theirs)
			if b.state("t") != form.Pending || e.Text != "31" {
				t.Errorf("take theirs: %v %q", b.state("t"), e.Text)
			}
		}
		if v.mine.Visible() || v.note.Visible() {
			t.Error("the conflict is still shown")
		}
	}
}

func TestRefusedAndNoAnswerShowWords(t *testing.T) {
	b := newBench(t, view(t, 41, `{"t":36}`, `{"t":30}`))
	b.write("t", "28")
	test.Tap(b.foot.send)
	b.Form().Rejected("tok1", 403, "Forbidden", 101*second)
	b.Apply(b.Form().View(), nil, 101*second)
	if v := b.row("t"); !strings.Contains(v.note.Text, "policy") || !v.note.Visible() || v.entry.Text != "28" {
		t.Errorf("note %q, entry %q", v.note.Text, v.entry.Text)
	}
	if !strings.Contains(b.foot.notice.Text, "403 Forbidden") || !b.foot.notice.Visible() {
		t.Errorf("notice %q", b.foot.notice.Text)
	}
	test.Tap(b.foot.send)
	b.Apply(b.Form().View(), nil, 130*second)
	if !strings.Contains(b.row("t").note.Text, "no answer in 5 s") {
		t.Errorf("note %q", b.row("t").note.Text)
	}
	test.Tap(b.foot.revert)
	if b.row("t").entry.Text != "30" || b.foot.notice.Visible() {
		t.Errorf("after revert: %q, notice %q", b.row("t").entry.Text, b.foot.notice.Text)
	}
}

func TestAddProperty(t *testing.T) {
	b := newBench(t, form.View{Key: key, Known: true, ReceivedAt: 1})
	if !b.grid.hint.Visible() || !strings.Contains(b.grid.hint.Text, "does not exist yet") {
		t.Errorf("hint %q", b.grid.hint.Text)
	}
	test.Type(b.foot.path, "a..b")
	test.Tap(b.foot.add)
	if !b.foot.addFault.Visible() || !strings.Contains(b.foot.addFault.Text, "empty") {
		t.Errorf("fault %q", b.foot.addFault.Text)
	}
	b.foot.path.SetText("climate.on")
	test.Type(b.foot.value, "true")
	b.foot.value.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	if b.foot.addFault.Visible() || b.grid.hint.Visible() || !b.row("climate.on").check.Checked {
		t.Error("the property is not there")
	}
	test.Tap(b.row("climate.on").check)
	test.Tap(b.foot.send)
	if len(b.sent) != 1 || !strings.Contains(string(b.sent[0].Payload), `{"climate":{"on":false}}},"clientToken"`) {
		t.Errorf("sent %v", b.sent)
	}
}

func TestShadowSelector(t *testing.T) {
	b := newBench(t, view(t, 41, `{"n":5}`, `{}`))
	b.SetShadows([]string{"config"})
	b.head.shadow.SetSelected("config")
	if b.picked != "config" {
		t.Errorf("picked %q", b.picked)
	}
	b.picked = "none"
	b.SetForm(form.New(shadow.Key{Thing: "x", Name: "config"}, form.Config{}))
	if b.picked != "none" {
		t.Error("SetForm calls back")
	}
}

func TestManyRows(t *testing.T) {
	o := shadow.Object{}
	for i := range 500 {
		o[fmt.Sprintf("p%03d", i)] = json.Number("1")
	}
	body := string(shadow.EncodeValue(o))
	b := newBench(t, view(t, 41, body, body))
	if n := len(b.grid.views); n > 60 {
		t.Errorf("%d row objects for a window of some twenty", n)
	}
	b.grid.scroll.ScrollToBottom()
	if v := b.grid.views["p499"]; v == nil || !v.box.Visible() {
		t.Error("the last row is not there after scrolling")
	}
}

func TestActivityNewestFirst(t *testing.T) {
	b := newBench(t, view(t, 41, `{"n":5}`, `{}`))
	b.Apply(b.Form().View(), []form.Line{{At: 1, Text: "old"}, {At: 2, Text: "new"}}, 100*second)
	if b.log.list.Length() != 2 || b.log.line(0).Text != "new" {
		t.Errorf("lines %v", b.log.lines)
	}
}

func TestRawView(t *testing.T) {
	test.NewTempApp(t).Settings().SetTheme(theme.DefaultTheme())
	var sent []form.Update
	r := NewRawView(Actions{
		Send:  func(_ *form.Form, u form.Update) { sent = append(sent, u) },
		Token: func() string { return "tok" }, Now: func() int64 { return 0 },
	})
	f := form.New(key, form.Config{})
	r.SetForm(f)
	test.NewTempWindow(t, r).Resize(fyne.NewSize(800, 600))
	r.Apply(view(t, 41, `{"a":1}`, `{"a":2,"b":3}`), 0)
	if text := r.code.Text(); !strings.Contains(text, `"delta": {`) || !strings.Contains(text, `"version": 41`) {
		t.Errorf("document %s", text)
	}
	test.Tap(r.edit)
	if r.text.Text != "{\n  \"a\": 2,\n  \"b\": 3\n}" || !r.send.Disabled() {
		t.Errorf("text %q", r.text.Text)
	}
	r.text.SetText(`{"a":`)
	if !strings.Contains(r.fault.Text, "not valid JSON") || !r.send.Disabled() {
		t.Errorf("fault %q", r.fault.Text)
	}
	r.text.SetText(`{"a":28}`)
	r.Apply(view(t, 42, `{"a":1}`, `{"a":2,"b":3}`), second)
	if r.text.Text != `{"a":28}` {
		t.Error("a live update changed the text")
	}
	test.Tap(r.send)
	if len(sent) != 1 || !strings.Contains(string(sent[0].Payload), `{"a":28,"b":null}},"version":42`) || r.editor.Visible() {
		t.Errorf("sent %v, %q", sent, r.fault.Text)
	}
}

func BenchmarkApplyUnchanged(b *testing.B) {
	test.NewTempApp(b).Settings().SetTheme(theme.DefaultTheme())
	p := NewPanel(Actions{Now: func() int64 { return 0 }})
	p.SetForm(form.New(key, form.Config{}))
	test.NewTempWindow(b, p).Resize(fyne.NewSize(900, 700))
	v := view(b, 41, `{"a":1,"b":{"c":2}}`, `{"a":2}`)
	for b.Loop() {
		p.Apply(v, nil, 100*second)
	}
}

// BenchmarkApplyChanging is one changed value among 500.
func BenchmarkApplyChanging(b *testing.B) {
	test.NewTempApp(b).Settings().SetTheme(theme.DefaultTheme())
	p := NewPanel(Actions{Now: func() int64 { return 0 }})
	p.SetForm(form.New(key, form.Config{}))
	test.NewTempWindow(b, p).Resize(fyne.NewSize(900, 700))
	o := shadow.Object{}
	for i := range 500 {
		o[fmt.Sprintf("p%03d", i)] = json.Number("1")
	}
	n := 1
	for b.Loop() {
		n++
		o["p003"] = json.Number(strconv.Itoa(n))
		p.Apply(view(b, n, string(shadow.EncodeValue(o)), `{"p003":1}`), nil, int64(n)*second/10)
	}
}
