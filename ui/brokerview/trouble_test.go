package brokerview

import (
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"github.com/thingdesk/thingdesk/localbroker/faults"
	model "github.com/thingdesk/thingdesk/ui/model/brokerview"
	"github.com/thingdesk/thingdesk/ui/widgets"
)

func TestAWSModeOfTheHead(t *testing.T) {
	b := newBench(t)
	if b.head.aws.Checked || b.head.mischief.Visible() || !strings.HasPrefix(b.head.awsWords.Text, "Off") {
		t.Errorf("at first %v, %q", b.head.aws.Checked, b.head.awsWords.Text)
	}
	test.Tap(b.head.aws)
	b.settle()
	if !b.aws || !b.head.aws.Checked || !strings.Contains(b.head.awsWords.Text, "QoS 2") {
		t.Errorf("switched on: %v, %q", b.aws, b.head.awsWords.Text)
	}
	b.aws = false // by the menu
	b.settle()
	if b.head.aws.Checked {
		t.Error("checked after it was switched off elsewhere")
	}
}

func TestTroubleIsAddedByTheForm(t *testing.T) {
	b := newBench(t)
	b.tabs.SelectIndex(int(model.Trouble))
	b.settle()
	if !strings.HasPrefix(b.trouble.hint.Text, "No trouble.") || !b.trouble.removeAll.Disabled() {
		t.Errorf("at first %q", b.trouble.hint.Text)
	}
	f := showRuleForm(b.Screen)
	f.kind.SetSelected("Delay messages")
	if !f.entries[model.FieldDelay].Visible() || f.code.Visible() || f.entries[model.FieldFor].Visible() {
		t.Error("the fields are not those of a delay")
	}
	test.Type(f.entries[model.FieldClient], "press-*")
	b.tapInDialog("Add")
	if !strings.Contains(f.fault.Text, "A delay must be longer than nothing") || len(b.faults.List(b.clock)) != 0 {
		t.Errorf("fault %q", f.fault.Text)
	}
	test.Type(f.entries[model.FieldDelay], "3")
	b.tapInDialog("Add")
	if b.win.Canvas().Overlays().Top() != nil {
		t.Fatal("the form is still open")
	}
	b.settle()
	cells := make([]widgets.Cell, 8)
	b.trouble.Cells(0, cells)
	if cells[0].Text != "Delay messages" || cells[1].Text != "press-*" || cells[2].Text != "all" || cells[4].Text != "3 s" || cells[7].Text != "until it is removed" {
		t.Errorf("row %+v", cells)
	}
	if !b.head.mischief.Visible() || b.trouble.words.Text != "1 rule" || b.trouble.table.Selected() != 0 {
		t.Errorf("marked %v, %q", b.head.mischief.Visible(), b.trouble.words.Text)
	}

	f = showRuleForm(b.Screen)
	f.kind.SetSelected("Fail shadow requests")
	f.code.SetSelected("409 Version conflict")
	f.entries[model.FieldClient].OnSubmitted("")
	b.settle()
	if rules := b.faults.List(b.clock); len(rules) != 2 || rules[1].Kind != faults.ShadowError || rules[1].Code != 409 {
		t.Errorf("rules %+v", rules)
	}
	b.tabs.SelectIndex(int(model.Clients))
	test.Tap(b.head.mischief)
	b.settle()
	if b.tabs.SelectedIndex() != int(model.Trouble) {
		t.Error("the mark does not show the rules")
	}
	b.trouble.table.OnSecondary(0, fyne.NewPos(10, 10))
	b.choose(0)
	b.settle()
	if rules := b.faults.List(b.clock); len(rules) != 1 || rules[0].Kind != faults.ShadowError {
		t.Errorf("after one was removed: %+v", rules)
	}
	test.Tap(b.trouble.removeAll)
	b.settle()
	if len(b.faults.List(b.clock)) != 0 || b.head.mischief.Visible() || !b.trouble.hint.Visible() {
		t.Error("not all was removed")
	}
}
