package ui

import (
	"testing"

	"fyne.io/fyne/v2"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/localbroker/faults"
	brokermodel "github.com/thingdesk/thingdesk/ui/model/brokerview"
)

// item returns an item of the main menu.
func (k *desk) item(label string) *fyne.MenuItem {
	k.t.Helper()
	for _, m := range k.win.MainMenu().Items {
		for _, item := range m.Items {
			if item.Label == label {
				return item
			}
		}
	}
	k.t.Fatalf("no item %q", label)
	return nil
}

// The AWS mode is switched in the menu and marked everywhere; a restart keeps it.
func TestAWSModeIsMarked(t *testing.T) { //nolint:paralleltest // Fyne's test application is global
	dir := t.TempDir()
	k := newDesk(t, dir)
	if k.item(awsModeName).Checked || k.status.aws.Visible() {
		t.Error("marked while it is off")
	}
	k.item(awsModeName).Action()
	k.eventually("it is marked", func() bool { return k.item(awsModeName).Checked && k.status.aws.Visible() && k.bench.AWSMode() })
	k.workspace.showBroker()
	k.eventually("the page says what it does", func() bool { return k.says("no QoS 2") })
	k.end()
	k = newDesk(t, dir)
	k.eventually("it is on after a restart", func() bool { return k.item(awsModeName).Checked && k.status.aws.Visible() })
	k.item(awsModeName).Action()
	k.eventually("it is off", func() bool { return !k.item(awsModeName).Checked && !k.status.aws.Visible() && !k.bench.AWSMode() })
}

// Trouble on purpose is marked, does what it says, is counted and logged.
func TestTroubleIsMarked(t *testing.T) { //nolint:paralleltest // Fyne's test application is global
	k := newDesk(t, t.TempDir())
	dev, conn := k.dial("press-7")
	dev.until(k, broker.Connected)
	k.workspace.showBroker()
	m := k.workspace.broker.model
	m.Show(brokermodel.Trouble)
	k.eventually("no trouble yet", func() bool { return k.says("No trouble.") && !k.status.mischief.Visible() })
	form := brokermodel.RuleForm{Kind: faults.Drop}
	form.Text[brokermodel.FieldFilter] = "lost/#"
	if err := m.AddRule(form); err != nil {
		t.Fatal(err)
	}
	k.eventually("the mark", func() bool { return k.status.mischief.Visible() && k.says("1 rule") })
	if _, err := conn.Publish(t.Context(), broker.Message{Topic: "lost/1", QoS: 1}); err != nil { // Thingdesk itself is spared
		t.Fatal(err)
	}
	k.eventually("a hit", func() bool { return len(m.Rules()) == 1 && m.Rules()[0].Hits > 0 })
	k.tap("Remove all")
	k.eventually("no mark", func() bool { return !k.status.mischief.Visible() && k.says("No trouble.") })
	m.Show(brokermodel.Log)
	m.SetLogKind(brokermodel.Faults)
	k.eventually("the log", func() bool { return k.says("lost/1") })
}

// A retained message is found by its topic, and gone after Delete.
func TestRetainedIsDeleted(t *testing.T) { //nolint:paralleltest // Fyne's test application is global
	k := newDesk(t, t.TempDir())
	k.publish("line/plain", "x")
	for _, name := range []string{"line/1/status", "line/2/status"} {
		if _, err := k.bench.Session(broker.LocalID).Publish(t.Context(), broker.Message{Topic: name, Payload: []byte("up"), QoS: 1, Retained: true}); err != nil {
			t.Fatal(err)
		}
	}
	k.workspace.showBroker()
	m := k.workspace.broker.model
	m.Show(brokermodel.Retained)
	m.SetFilter("line/#")
	k.eventually("both", func() bool { return len(m.Retained()) == 2 })
	m.Pick(1)
	k.eventually("the second", func() bool { return k.says("line/2/status") && k.says("2 B · QoS 1") })
	k.tap("Delete…")
	k.eventually("what will happen", func() bool { return k.says("Delete the retained message on line/2/status?") })
	k.answer("Delete")
	k.eventually("one is left", func() bool { return len(m.Retained()) == 1 && m.Retained()[0].Topic == "line/1/status" })
	if ms, _ := k.bench.BrokerRetained("line/#", "", 10); len(ms) != 1 {
		t.Errorf("the broker keeps %d", len(ms))
	}
}
