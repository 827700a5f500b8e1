package shadowview

import (
	"fmt"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/thingdesk/thingdesk/shadowview/form"
)

func TestKeysOfAnEntry(t *testing.T) {
	b := newBench(t, view(t, 41, `{"a":1,"b":"x"}`, `{"a":9.5,"b":"x"}`))
	e := b.row("a").entry
	b.window.Canvas().Focus(e)
	press := func(k fyne.KeyName) { e.TypedKey(&fyne.KeyEvent{Name: k}) }
	press(fyne.KeyUp)
	press(fyne.KeyUp)
	press(fyne.KeyDown)
	if e.Text != "10.5" || b.state("a") != form.Edited {
		t.Errorf("after steps %q", e.Text)
	}
	press(fyne.KeyEscape)
	if e.Text != "9.5" || b.state("a") != form.Pending {
		t.Errorf("after Escape %q %v", e.Text, b.state("a"))
	}
	press(fyne.KeyReturn)
	if b.window.Canvas().Focused() == e {
		t.Error("Enter does not move on")
	}
}

func TestEnterAndTabWalkTheRows(t *testing.T) {
	var members []string
	for i := range 100 {
		members = append(members, fmt.Sprintf(`"p%02d":%d`, i, i))
	}
	body := "{" + strings.Join(members, ",") + `,"z":{"on":true,"only":1}}`
	b := newBench(t, view(t, 41, body, strings.Replace(body, `,"only":1`, "", 1)))
	c := b.window.Canvas()
	c.Focus(b.row("p00").entry)
	press := func(k fyne.KeyName) { c.Focused().TypedKey(&fyne.KeyEvent{Name: k}) }
	for range 99 {
		press(fyne.KeyReturn)
	}
	if c.Focused() != b.row("p99").entry || !b.row("p99").box.Visible() {
		t.Fatalf("after 99 Enter: %T", c.Focused())
	}
	press(fyne.KeyTab)
	if c.Focused() != b.row("z").fold {
		t.Errorf("Tab: %T, not the group", c.Focused())
	}
	c.Focus(b.row("p99").entry)
	press(fyne.KeyReturn)
	if c.Focused() != b.row("z.on").check {
		t.Errorf("Enter: %T, not the switch", c.Focused())
	}
	c.Focus(b.row("z.on").check)
	press(fyne.KeyTab)
	if c.Focused() != b.row("z.only").target(false) || b.row("z.only").kind != editSet {
		t.Errorf("Tab: %T, not the set button", c.Focused())
	}
}

func TestSetAndClear(t *testing.T) {
	b := newBench(t, view(t, 41, `{"n":5,"on":true,"l":[1,2]}`, `{"l":[1]}`))
	if b.row("n").kind != editSet {
		t.Fatalf("kind %v", b.row("n").kind)
	}
	b.row("n").set()
	e := b.row("n").entry
	if e == nil || b.window.Canvas().Focused() != e || b.state("n") != form.DeviceOnly {
		t.Fatal("no focused entry")
	}
	test.Type(e, "6")
	b.row("on").set()
	for _, i := range b.row("l").actions().Items {
		if i.Label == "Clear desired (null)" {
			i.Action()
		}
		if i.Label == "Copy path" || i.Label == "Show history" {
			i.Action()
		}
	}
	if b.row("l").kind != editRemoved || b.copied != "l" || len(b.history) != 1 {
		t.Errorf("kind %v, copied %q, history %v", b.row("l").kind, b.copied, b.history)
	}
	text := b.previewText()
	for _, want := range []string{"$aws/things/thermal-01/shadow/update\n", "QoS      1", "still at v41", `"n": 6`, `"l": null`, `"on": true`, "update/rejected"} {
		if !strings.Contains(text, want) {
			t.Errorf("preview lacks %q:\n%s", want, text)
		}
	}
	b.row("l").revert()
	if b.row("l").entry.Text != "[1]" {
		t.Errorf("after revert %q", b.row("l").entry.Text)
	}
}

func TestPopUpEditor(t *testing.T) {
	b := newBench(t, view(t, 41, `{"l":[1,2]}`, `{"l":[1]}`))
	b.row("l").openLong()
	pop := b.window.Canvas().Overlays().Top()
	if pop == nil {
		t.Fatal("no pop-up")
	}
	var text *cellEntry
	var use *widget.Button
	for _, o := range test.LaidOutObjects(pop) {
		switch o := o.(type) {
		case *cellEntry:
			text = o
		case *widget.Button:
			if strings.HasPrefix(o.Text, "Use") {
				use = o
			}
		}
	}
	if text == nil || use == nil || text.Text != "[\n  1\n]" {
		t.Fatalf("text %v", text)
	}
	text.SetText("[1,")
	if !use.Disabled() {
		t.Error("broken JSON can be used")
	}
	text.SetText("[\n1,\n2.50\n]")
	test.Tap(use)
	if e := b.row("l").entry; e.Text != "[1,2.50]" || b.state("l") != form.Edited || b.window.Canvas().Overlays().Top() != nil {
		t.Errorf("entry %q, %v", e.Text, b.state("l"))
	}
}

func TestTextWithLineBreaks(t *testing.T) {
	b := newBench(t, view(t, 41, `{}`, `{"s":"a\nb"}`))
	if e := b.row("s").entry; !e.Disabled() || e.Text != `"a\nb"` || b.Form().Summary().Edited != 0 {
		t.Errorf("entry %q, disabled %v", e.Text, e.Disabled())
	}
}

func TestTextScale(t *testing.T) {
	b := newBench(t, view(t, 41, `{"a":1,"b":2}`, `{}`))
	before := b.grid.line
	fyne.CurrentApp().Settings().SetTheme(large{theme.DefaultTheme()})
	b.Panel.Refresh()
	if b.grid.line <= before || b.row("b").box.Position().Y != b.grid.line {
		t.Errorf("line %v after %v, second row at %v", b.grid.line, before, b.row("b").box.Position().Y)
	}
}

type large struct{ fyne.Theme }

func (l large) Size(n fyne.ThemeSizeName) float32 { return 1.5 * l.Theme.Size(n) }
