package ui

import (
	"context"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/broker/paho"
	"github.com/thingdesk/thingdesk/engine"
	"github.com/thingdesk/thingdesk/storage"
	"github.com/thingdesk/thingdesk/things"
	"github.com/thingdesk/thingdesk/things/shadow"
	"github.com/thingdesk/thingdesk/ui/model/navigator"
)

// desk is the whole window over real parts: bundled broker, SQLite, demo
// device. The test's goroutine plays Fyne's.
type desk struct {
	*Window
	t     *testing.T
	calls chan func()
}

type secrets map[string]string

func (s secrets) Get(id string) (string, error)       { return s[id], nil }
func (s secrets) Set(id, secret string) (bool, error) { s[id] = secret; return false, nil }
func (s secrets) Delete(id string) error              { delete(s, id); return nil }

func newDesk(t *testing.T, dir string) *desk {
	t.Helper()
	d, err := storage.OpenDir(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	bench, err := engine.Open(t.Context(), engine.Config{Dir: d, Listen: "127.0.0.1:0", Dial: paho.Dial, Secrets: secrets{}})
	if err != nil {
		t.Fatal(err)
	}
	if err := bench.StartBroker(t.Context()); err != nil {
		t.Fatal(err)
	}
	k := &desk{t: t, calls: make(chan func(), 10_000)}
	k.Window = New(t.Context(), Config{App: test.NewTempApp(t), Bench: bench, Post: func(f func()) { k.calls <- f }, Quit: func() {}, Version: "test"})
	k.win.Resize(fyne.NewSize(1280, 800))
	t.Cleanup(k.end)
	return k
}

// end closes window and Workbench; a second call does nothing.
func (k *desk) end() {
	if k.calls == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	k.Close(ctx)
	if err := k.bench.Close(ctx); err != nil {
		k.t.Errorf("close: %v", err)
	}
	k.calls = nil
}

// eventually runs what was posted until ok, 15 seconds at most.
func (k *desk) eventually(what string, ok func() bool) {
	k.t.Helper()
	deadline := time.After(15 * time.Second)
	for !ok() {
		select {
		case f := <-k.calls:
			f()
		case <-deadline:
			k.t.Fatalf("waited in vain for: %s\non the screen: %s", what, strings.Join(k.texts(), " | "))
		}
	}
}

// visible lists what is on the screen.
func (k *desk) visible() []fyne.CanvasObject {
	var out []fyne.CanvasObject
	var walk func(o fyne.CanvasObject)
	walk = func(o fyne.CanvasObject) {
		if !o.Visible() {
			return
		}
		out = append(out, o)
		var below []fyne.CanvasObject
		switch o := o.(type) {
		case *fyne.Container:
			below = o.Objects
		case fyne.Widget:
			below = test.WidgetRenderer(o).Objects()
		}
		for _, child := range below {
			walk(child)
		}
	}
	walk(k.win.Content())
	for _, o := range k.win.Canvas().Overlays().List() {
		walk(o)
	}
	return out
}

// texts lists the words on the screen.
func (k *desk) texts() []string {
	var out []string
	for _, o := range k.visible() {
		switch o := o.(type) {
		case *widget.Label:
			out = append(out, o.Text)
		case *widget.Button:
			out = append(out, o.Text)
		case *canvas.Text:
			out = append(out, o.Text)
		}
	}
	return out
}

func (k *desk) says(part string) bool {
	for _, text := range k.texts() {
		if strings.Contains(text, part) {
			return true
		}
	}
	return false
}

// tap taps the button whose text begins with text.
func (k *desk) tap(text string) {
	k.t.Helper()
	for _, o := range k.visible() {
		if b, ok := o.(*widget.Button); ok && strings.HasPrefix(b.Text, text) && !b.Disabled() {
			test.Tap(b)
			return
		}
	}
	k.t.Fatalf("no button %q to tap on the screen: %s", text, strings.Join(k.texts(), " | "))
}

// beside returns the tappable object at the height of a label, right of it.
func (k *desk) beside(label string, pick func(o fyne.CanvasObject) bool) fyne.CanvasObject {
	k.t.Helper()
	driver := k.app.Driver()
	for _, o := range k.visible() {
		l, ok := o.(*widget.Label)
		if !ok || l.Text != label {
			continue
		}
		at := driver.AbsolutePositionForObject(l)
		for _, other := range k.visible() {
			pos := driver.AbsolutePositionForObject(other)
			if pick(other) && other.Visible() && pos.X > at.X && pos.Y < at.Y+l.Size().Height/2 && pos.Y+other.Size().Height > at.Y+l.Size().Height/2 {
				return other
			}
		}
	}
	k.t.Fatalf("nothing beside %q on the screen: %s", label, strings.Join(k.texts(), " | "))
	return nil
}

// setDesired types a value into the desired cell of a property and sends it.
func (k *desk) setDesired(property, value string) {
	k.t.Helper()
	k.typeDesired(property, value)
	k.tap("Send desired")
}

// typeDesired types a value into the desired cell of a property.
func (k *desk) typeDesired(property, value string) {
	k.t.Helper()
	if o := k.beside(property, func(o fyne.CanvasObject) bool { return isEntry(o) || isSetButton(o) }); isSetButton(o) {
		test.Tap(o.(*widget.Button)) //nolint:errcheck // isSetButton says so
	}
	entry, ok := k.beside(property, isEntry).(fyne.Focusable)
	if !ok {
		k.t.Fatal("the editor takes no keys")
	}
	k.win.Canvas().Focus(entry)
	entry.(fyne.Shortcutable).TypedShortcut(&fyne.ShortcutSelectAll{}) //nolint:errcheck // an entry
	test.Type(entry, value)
	k.eventually("the edit is counted", func() bool { return k.says("1 unsent edit") })
}

func isEntry(o fyne.CanvasObject) bool {
	_, focusable := o.(fyne.Focusable)
	_, mouse := o.(desktop.Mouseable)
	_, short := o.(fyne.Shortcutable)
	return focusable && mouse && short
}

func isSetButton(o fyne.CanvasObject) bool {
	b, ok := o.(*widget.Button)
	return ok && strings.Contains(b.Text, "click to set")
}

func (k *desk) shadow(key shadow.Key) (v things.ShadowView) {
	k.bench.Session(broker.LocalID).Things(func(r *things.Registry) { v, _ = r.Shadow(key) })
	return v
}

// The story: the controller reports 36, 28 is typed into the form and sent, it
// goes to 28 and reports it; then once more while it is offline.
func TestStory(t *testing.T) { //nolint:paralleltest // Fyne's test application is global
	k := newDesk(t, t.TempDir())
	key := shadow.Key{Thing: engine.DemoThing}
	k.workspace.showWelcome()
	k.tap("Start the demo thermal controller")
	k.eventually("36 reported", func() bool { return k.shadow(key).Exists && len(k.shadow(key).Doc.Reported) > 3 })
	k.tap("Open " + engine.DemoThing)
	k.eventually("the form", func() bool { return k.says("temperature") && k.says("device only") })

	k.setDesired("temperature", "28")
	k.eventually("the row is pending", func() bool { return k.says("1 pending") })
	k.eventually("in sync at 28", func() bool {
		v := k.shadow(key)
		return v.Pending == 0 && number(v.Doc.Reported["temperature"]) == "28" && k.says("in sync")
	})
	k.eventually("no unsent edits", func() bool { return k.says("no unsent edits") })

	k.open(navigator.Ref{Kind: navigator.ThingsFolder, Session: broker.LocalID})
	k.workspace.showWelcome()
	k.eventually("the demo is seen to run", func() bool { return k.says("Take the demo thermal controller offline") })
	k.tap("Take the demo thermal controller offline")
	k.eventually("offline", func() bool { return !k.bench.DemoRunning() && k.says("Start the demo") })
	k.tap("Open " + engine.DemoThing)
	k.eventually("the form again", func() bool { return k.says("temperature") })
	k.setDesired("temperature", "30")
	k.eventually("pending while offline", func() bool { return k.shadow(key).Pending == 1 })
	k.workspace.showWelcome()
	k.tap("Start the demo thermal controller")
	k.eventually("in sync at 30", func() bool {
		v := k.shadow(key)
		return v.Pending == 0 && number(v.Doc.Reported["temperature"]) == "30"
	})
}

func number(v any) string {
	if n, ok := v.(interface{ String() string }); ok {
		return n.String()
	}
	return ""
}
