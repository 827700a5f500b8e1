package ui

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/shadowview/form"
	"github.com/thingdesk/thingdesk/things"
	"github.com/thingdesk/thingdesk/things/shadow"
	"github.com/thingdesk/thingdesk/ui/model/navigator"
)

// openThing makes a shadow of pump-1 and opens the Thing.
func openThing(t *testing.T, update string) *desk {
	t.Helper()
	k := newDesk(t, t.TempDir())
	key := shadow.Key{Thing: "pump-1"}
	k.publish(key.Topic("update"), update)
	k.eventually("pump-1", func() bool { return k.shadow(key).Exists })
	k.open(navigator.Ref{Kind: navigator.Thing, Session: broker.LocalID, Thing: "pump-1"})
	k.eventually("the form", func() bool { return k.says("v1") })
	return k
}

// choose picks an item of the form's menu.
func (k *desk) choose(label string) {
	k.t.Helper()
	k.tap("More…")
	if !k.says(label) {
		k.t.Fatalf("no %q in the menu: %s", label, strings.Join(k.texts(), " | "))
	}
	k.win.Canvas().Overlays().Remove(k.win.Canvas().Overlays().Top())
	for _, i := range k.workspace.thing.shadowMenu().Items {
		if i.Label == label {
			if i.Disabled {
				k.t.Fatalf("%q cannot be chosen", label)
			}
			i.Action()
			return
		}
	}
	k.t.Fatalf("no %q in the menu", label)
}

// typeInto replaces the text of the entry of the dialog.
func (k *desk) typeInto(text string) {
	k.t.Helper()
	e, ok := k.win.Canvas().Focused().(*widget.Entry)
	if !ok {
		k.t.Fatalf("the focus is on %T", k.win.Canvas().Focused())
	}
	e.SetText("")
	test.Type(e, text)
}

func (k *desk) shadows() (names []string) {
	k.bench.Session(broker.LocalID).Things(func(r *things.Registry) {
		sum, _ := r.Thing("pump-1")
		names = sum.Shadows
	})
	return names
}

// Named shadows are added, renamed by copy and deleted in the form.
func TestNamedShadows(t *testing.T) { //nolint:paralleltest // Fyne's test application is global
	k := openThing(t, `{"state":{"reported":{"speed":1000}}}`)
	page, dialogs := k.workspace.thing, k.win.Canvas().Overlays()
	k.choose("New named shadow…")
	k.typeInto("a b")
	k.tap("Add shadow")
	k.eventually("the fault", func() bool { return k.says("may only hold letters") })
	k.typeInto("config")
	k.tap("Add shadow")
	k.eventually("config is shown", func() bool {
		return dialogs.Top() == nil && page.key.Name == "config" && k.says("is there. It is empty") && k.says("v1")
	})
	if !slices.Equal(k.shadows(), []string{"", "config"}) {
		t.Errorf("shadows %v", k.shadows())
	}
	config, settings := shadow.Key{Thing: "pump-1", Name: "config"}, shadow.Key{Thing: "pump-1", Name: "settings"}
	k.publish(config.Topic("update"), `{"state":{"desired":{"a":1.0},"reported":{"b":[1]}}}`)
	k.eventually("v2", func() bool { return k.says("v2") && k.says("desired only") })

	k.choose("Rename…")
	k.typeInto("settings")
	k.tap("Rename")
	k.eventually("settings is shown", func() bool {
		return dialogs.Top() == nil && page.key == settings && k.says(`called "settings" now`)
	})
	k.eventually("the document moved", func() bool {
		d := k.shadow(settings).Doc
		return string(shadow.EncodeValue(d.Desired)) == `{"a":1.0}` && string(shadow.EncodeValue(d.Reported)) == `{"b":[1]}` && !k.shadow(config).Exists
	})
	k.eventually("the selector follows", func() bool { return k.selected("settings") })

	k.choose("New named shadow…") // there is one already: nothing is touched
	k.typeInto("settings")
	k.tap("Add shadow")
	k.eventually("refused", func() bool { return k.says(`There is a shadow "settings" already`) })
	k.tap("Cancel")

	k.choose("Delete shadow…")
	if !k.says(`the shadow "settings" of "pump-1"`) || !k.says("2 values") {
		t.Errorf("the question: %v", k.texts())
	}
	k.tap("Delete")
	k.eventually("the classic one is shown", func() bool {
		return page.key.Name == "" && k.says("was deleted") && slices.Equal(k.shadows(), []string{""})
	})
}

// selected tells whether a selector on the screen shows text.
func (k *desk) selected(text string) bool {
	for _, o := range k.visible() {
		if s, ok := o.(*widget.Select); ok && s.Selected == text {
			return true
		}
	}
	return false
}

// Without a connection nothing is renamed, and the dialog says so.
func TestRenameOffline(t *testing.T) { //nolint:paralleltest // Fyne's test application is global
	k := openThing(t, `{"state":{"reported":{"speed":1000}}}`)
	key := shadow.Key{Thing: "pump-1", Name: "config"}
	k.publish(key.Topic("update"), `{"state":{"desired":{"a":1}}}`)
	k.eventually("config", func() bool { return k.shadow(key).Exists })
	k.open(navigator.Ref{Kind: navigator.Shadow, Session: broker.LocalID, Thing: "pump-1", Shadow: "config"})
	k.choose("Rename…")
	if err := k.bench.Disconnect(t.Context(), broker.LocalID); err != nil {
		t.Fatal(err)
	}
	k.typeInto("other")
	k.tap("Rename")
	k.eventually("the reason", func() bool {
		return k.says("not connected") && k.says(`Nothing was changed: everything is in "config"`)
	})
	k.tap("Cancel")
}

// Desired is cleared at once, with the count on the button.
func TestClearDesired(t *testing.T) { //nolint:paralleltest // Fyne's test application is global
	k := openThing(t, `{"state":{"reported":{"a":1,"b":1},"desired":{"a":1,"b":2,"c":{"d":3}}}}`)
	key := shadow.Key{Thing: "pump-1"}
	desired := func() string { return string(shadow.EncodeValue(k.shadow(key).Doc.Desired)) }
	k.choose("Clear desired…")
	if !k.says("Clear 3 values") {
		t.Errorf("no count: %v", k.texts())
	}
	k.radio("Only what differs from reported (2 values)")
	k.publish(key.Topic("update"), `{"state":{"desired":{"e":5}}}`) // the dialog follows
	k.eventually("the new count", func() bool { return k.says("Clear 3 values") && k.radioHas("(4 values)") })
	k.tap("Clear 3 values")
	k.eventually("what differs is gone", func() bool { return desired() == `{"a":1}` && k.says("3 desired values were cleared") })
	k.choose("Clear desired…")
	k.tap("Clear 1 value")
	k.eventually("all is gone", func() bool { return len(k.shadow(key).Doc.Desired) == 0 && k.says("1 desired value was cleared") })
	for _, i := range k.workspace.thing.shadowMenu().Items {
		if i.Label == "Clear desired…" && !i.Disabled {
			t.Error("nothing is left to clear")
		}
	}
}

func (k *desk) radio(option string) {
	k.t.Helper()
	for _, o := range k.visible() {
		if r, ok := o.(*widget.RadioGroup); ok && slices.Contains(r.Options, option) {
			r.SetSelected(option)
			return
		}
	}
	k.t.Fatalf("no choice %q", option)
}

func (k *desk) radioHas(part string) bool {
	for _, o := range k.visible() {
		if r, ok := o.(*widget.RadioGroup); ok && strings.Contains(strings.Join(r.Options, "|"), part) {
			return true
		}
	}
	return false
}

// A document goes to a file and, changed, comes back from it.
func TestExportAndImport(t *testing.T) { //nolint:paralleltest // Fyne's test application is global
	k := openThing(t, `{"state":{"reported":{"a":1},"desired":{"a":28.50,"b":2}}}`)
	key, page := shadow.Key{Thing: "pump-1"}, k.workspace.thing
	path := filepath.Join(t.TempDir(), "pump.json")
	page.saveDocument(page.panel.Form(), path)
	k.eventually("exported", func() bool { return k.says("The document (v1) was exported to " + path) })
	text, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(text), `"a": 28.50`) || !strings.Contains(string(text), `"metadata"`) {
		t.Fatalf("%v: %s", err, text)
	}
	if rest, err := os.ReadDir(filepath.Dir(path)); err != nil || len(rest) != 1 {
		t.Errorf("beside the file: %v %v", rest, err)
	}

	bring := func(content string) {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		page.readDocument(page.panel.Form(), f, "pump.json")
	}
	for content, words := range map[string]string{
		`{"state":`: "not valid JSON",
		`{"state":{"desired":` + strings.Repeat(`{"a":`, 9) + "1" + strings.Repeat("}", 9) + `}}`: "too deep",
	} {
		bring(content)
		k.eventually(words, func() bool { return k.says("Pump.json cannot be imported") || k.says(words) })
		if !k.says(words) {
			t.Errorf("no %q: %v", words, k.texts())
		}
		k.win.Canvas().Overlays().Remove(k.win.Canvas().Overlays().Top())
	}
	bring(`{"state":{"desired":{"d":"` + strings.Repeat("x", 9000) + `"}}}`)
	k.eventually("too large", func() bool { return k.says("Too large: desired and reported together would have") })
	k.tap("Cancel")

	bring(strings.ReplaceAll(strings.ReplaceAll(string(text), `"a": 28.50`, `"a": 30`), `"b": 2`, `"c": 3`))
	k.eventually("the changes", func() bool { return k.says("Send 2 changes") })
	k.check("Also remove what the file does not have")
	k.eventually("one more", func() bool { return k.says("Send 3 changes") })
	if v := k.shadow(key).Doc.Version; v != 1 {
		t.Errorf("sent before it was confirmed: v%d", v)
	}
	k.tap("Send 3 changes")
	k.eventually("imported", func() bool {
		return string(shadow.EncodeValue(k.shadow(key).Doc.Desired)) == `{"a":30,"c":3}` && k.says("3 changes were imported. The shadow is at v2")
	})
	bring(`{"b":7}`)
	k.eventually("a bare file", func() bool { return k.says("Take the properties of the file") && k.says("Send 1 change") })
	k.tap("Send 1 change")
	k.eventually("taken as desired", func() bool { return number(k.shadow(key).Doc.Desired["b"]) == "7" })
	if err := writeFile(filepath.Join(path, "no", "where"), nil); err == nil {
		t.Error("wrote below a file")
	}
}

func (k *desk) check(label string) {
	k.t.Helper()
	for _, o := range k.visible() {
		if c, ok := o.(*widget.Check); ok && c.Text == label {
			c.SetChecked(!c.Checked)
			return
		}
	}
	k.t.Fatalf("no %q to check", label)
}

// A refusal is explained in the form, with the service's own words.
func TestRefusalIsExplained(t *testing.T) { //nolint:paralleltest // Fyne's test application is global
	k := openThing(t, `{"state":{"reported":{"a":"x"}}}`)
	k.workspace.thing.panel.Form().Edit([]string{"a"}, strings.Repeat("y", 8300)) // typing so much takes Fyne long
	k.eventually("the edit is counted", func() bool { return k.says("1 unsent edit") })
	k.tap("Send desired")
	k.eventually("the reason and what to do", func() bool {
		return k.says("413 The payload exceeds the maximum size allowed") && k.says(`The update of the classic shadow of "pump-1" was refused`) && k.says("Clear what is not needed")
	})
	if o := runJob(canceled(t), k.bench.Session(broker.LocalID), form.DeleteShadow(shadow.Key{Thing: "pump-1"}, func() string { return "t" })); o.OK {
		t.Errorf("deleted after the end: %+v", o)
	}
}

func canceled(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}
