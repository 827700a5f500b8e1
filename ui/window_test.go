package ui

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/things"
	"github.com/thingdesk/thingdesk/things/shadow"
	"github.com/thingdesk/thingdesk/things/topic"
	"github.com/thingdesk/thingdesk/ui/model/navigator"
)

func (k *desk) publish(name, payload string) {
	k.t.Helper()
	m := broker.Message{Topic: name, Payload: []byte(payload), QoS: 1}
	var err error
	k.eventually("publish to "+name, func() bool {
		_, err = k.bench.Session(broker.LocalID).Publish(k.t.Context(), m)
		return err == nil
	})
}

// knows waits until a topic has arrived.
func (k *desk) knows(name string) {
	k.t.Helper()
	k.eventually(name+" to arrive", func() (ok bool) {
		k.bench.Session(broker.LocalID).Topics(func(ix *topic.Index) { _, ok = ix.Find(name) })
		return ok
	})
}

// What is typed and not sent is there after a restart.
func TestTypedEditSurvivesRestart(t *testing.T) { //nolint:paralleltest // Fyne's test application is global
	dir := t.TempDir()
	k := newDesk(t, dir)
	key := shadow.Key{Thing: "pump-1"}
	k.publish(key.Topic("update"), `{"state":{"reported":{"speed":1000}}}`)
	k.eventually("pump-1", func() bool { return k.shadow(key).Exists })
	ref := navigator.Ref{Kind: navigator.Thing, Session: broker.LocalID, Thing: "pump-1"}
	k.open(ref)
	k.eventually("the form", func() bool { return k.says("speed") })
	k.typeDesired("speed", "1450")
	k.publish(key.Topic("update"), `{"state":{"reported":{"speed":1001}}}`)
	k.eventually("live value beside the edit", func() bool { return k.says("1001") && k.says("1 unsent edit") })
	k.end()

	k = newDesk(t, dir)
	k.eventually("the Thing selected again with its edit", func() bool { return k.says("speed") && k.says("1 unsent edit") })
	k.tap("Send desired")
	k.eventually("sent", func() bool { v, ok := k.shadow(key).Doc.Desired["speed"]; return ok && number(v) == "1450" })
}

func TestConnectionThatIsRefused(t *testing.T) { //nolint:paralleltest // Fyne's test application is global
	k := newDesk(t, t.TempDir())
	p := broker.NewProfile("Nobody there", "127.0.0.1:1")
	if _, err := k.bench.SaveProfile(t.Context(), p, nil); err != nil {
		t.Fatal(err)
	}
	k.open(navigator.Ref{Kind: navigator.Connection, Session: p.ID})
	k.tap("Connect")
	k.eventually("the reason in words", func() bool { return k.says("127.0.0.1:1") && k.says("refused") && k.says("Trying again") })
	k.eventually("the button to disconnect", func() bool { return k.says("Disconnect") })
	k.tap("Disconnect")
	k.eventually("closed", func() bool { return k.bench.Session(p.ID).Status().State == broker.Closed })
}

func TestTopicPage(t *testing.T) { //nolint:paralleltest // Fyne's test application is global
	k := newDesk(t, t.TempDir())
	k.publish("factory/1/temp", `{"t":20}`)
	k.publish("factory/1/temp", `{"t":21}`)
	k.knows("factory/1/temp")
	k.open(navigator.Ref{Kind: navigator.Topic, Session: broker.LocalID, Topic: "factory/1/temp"})
	k.eventually("the recent messages", func() bool { return k.says(`{"t":20}`) && k.says(`{"t":21}`) })
	k.workspace.topic.tabs.SelectIndex(1)
	k.eventually("the history", func() bool { return k.says("Interval") && k.says(`{"t":21}`) })
	k.workspace.toggleDrawer()
	k.eventually("the topic in the drawer", func() bool { return k.workspace.publish.model.Topic() == "factory/1/temp" })
}

func TestThingByHandAndDelete(t *testing.T) { //nolint:paralleltest // Fyne's test application is global
	k := newDesk(t, t.TempDir())
	s := k.bench.Session(broker.LocalID)
	k.editThing(s, things.Thing{})
	k.fill("thermal-01", "not a name")
	k.tap("Add")
	if !k.says("may only hold") {
		t.Errorf("a bad name was not refused: %s", strings.Join(k.texts(), " | "))
	}
	k.fill("thermal-01", "valve-7")
	k.fill("floor-1/line-2", "hall/east")
	k.tap("Add")
	k.eventually("the Thing", func() bool { return k.says("valve-7") && k.win.Canvas().Overlays().Top() == nil })
	var sum things.Summary
	s.Things(func(r *things.Registry) { sum, _ = r.Thing("valve-7") })
	if sum.Group != "hall/east" {
		t.Errorf("Thing = %+v", sum)
	}
	k.deleteSelected()
	k.tap("Delete")
	k.eventually("the Thing gone", func() bool {
		s.Things(func(r *things.Registry) { sum, _ = r.Thing("valve-7") })
		return sum.Name == ""
	})
}

// fill types into the entry with a placeholder.
func (k *desk) fill(placeholder, text string) {
	k.t.Helper()
	for _, o := range k.visible() {
		if e, ok := o.(*widget.Entry); ok && e.PlaceHolder == placeholder {
			e.SetText("")
			test.Type(e, text)
			return
		}
	}
	k.t.Fatalf("no entry %q", placeholder)
}

// A damaged history is set aside, a new one begun, and the window says so.
func TestDamagedHistoryIsSaid(t *testing.T) { //nolint:paralleltest // Fyne's test application is global
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "history.db"), []byte(strings.Repeat("not a database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	k := newDesk(t, dir)
	if !k.says("history-damaged-") {
		t.Errorf("nothing said: %s", strings.Join(k.texts(), " | "))
	}
}

func TestLayoutIsChecked(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "nonsense", `{"width":1,"height":99999,"split":7,"drawer":-1,"scale":100}`, `{"width":"x"}`} {
		if l, d := readLayout(text), defaultLayout(); l.Width != d.Width || l.Height != d.Height || l.Split != d.Split || l.Scale != d.Scale {
			t.Errorf("readLayout(%q) = %+v", text, l)
		}
	}
	if l := readLayout(`{"width":1600,"height":900,"split":0.4,"theme":"light"}`); l.Width != 1600 || l.Split != 0.4 || l.Theme != "light" {
		t.Errorf("a good layout came back as %+v", l)
	}
}

// An update that cannot be sent stays typed, with the reason in words.
func TestSendWhileTheBrokerIsStopped(t *testing.T) { //nolint:paralleltest // Fyne's test application is global
	k := newDesk(t, t.TempDir())
	key := shadow.Key{Thing: "pump-1"}
	k.publish(key.Topic("update"), `{"state":{"reported":{"speed":1000}}}`)
	k.eventually("pump-1", func() bool { return k.shadow(key).Exists })
	k.open(navigator.Ref{Kind: navigator.Thing, Session: broker.LocalID, Thing: "pump-1"})
	k.eventually("the form", func() bool { return k.says("speed") })
	if err := k.bench.StopBroker(t.Context()); err != nil {
		t.Fatal(err)
	}
	k.typeDesired("speed", "1450")
	k.tap("Send desired")
	k.eventually("the reason, and the edit still there", func() bool { return k.says("not connected") && k.says("1 unsent edit") })
	if err := k.bench.StartBroker(t.Context()); err != nil {
		t.Fatal(err)
	}
	k.eventually("connected again", func() bool { return k.bench.Session(broker.LocalID).Status().State == broker.Connected })
	k.tap("Send desired")
	k.eventually("sent", func() bool { v, ok := k.shadow(key).Doc.Desired["speed"]; return ok && number(v) == "1450" })
}

// Somebody else's update arrives under a typed edit: both are shown, and the
// user chooses.
func TestTheirsBesideMine(t *testing.T) { //nolint:paralleltest // Fyne's test application is global
	k := newDesk(t, t.TempDir())
	key := shadow.Key{Thing: "pump-1"}
	k.publish(key.Topic("update"), `{"state":{"reported":{"speed":1000},"desired":{"speed":1100}}}`)
	k.eventually("pump-1", func() bool { return k.shadow(key).Exists })
	k.open(navigator.Ref{Kind: navigator.Thing, Session: broker.LocalID, Thing: "pump-1"})
	k.eventually("the form", func() bool { return k.says("speed") })
	k.typeDesired("speed", "1450")
	k.publish(key.Topic("update"), `{"state":{"desired":{"speed":1200}}}`)
	k.eventually("theirs beside mine", func() bool { return k.says("1200") && k.says("Keep mine") && k.says("Take theirs") })
	k.tap("Keep mine")
	k.tap("Send desired")
	k.eventually("mine", func() bool { return number(k.shadow(key).Doc.Desired["speed"]) == "1450" })
}
