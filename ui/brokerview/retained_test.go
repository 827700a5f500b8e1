package brokerview

import (
	"context"
	"fmt"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/localbroker/durable"
	model "github.com/thingdesk/thingdesk/ui/model/brokerview"
	"github.com/thingdesk/thingdesk/ui/widgets"
)

func TestRetainedIsShownAndDeleted(t *testing.T) {
	b := newBench(t)
	for i := range 2000 {
		b.retained = append(b.retained, &durable.Message{Topic: fmt.Sprintf("line/%04d", i), Payload: []byte(`{"n": 1}`), QoS: 1, At: b.clock.UnixMicro()})
	}
	b.status.Stats.Retained = 2000
	var deleted []string
	b.model.Publish = func(_ context.Context, m broker.Message) error {
		deleted = append(deleted, m.Topic)
		b.retained = b.retained[1:]
		return nil
	}
	b.tabs.SelectIndex(int(model.Retained))
	b.settle()
	v := b.Screen.retained
	cells := make([]widgets.Cell, 5)
	v.Cells(0, cells)
	if v.Len() != 500 || cells[0].Text != "line/0000" || cells[1].Text != `{"n": 1}` || cells[2].Text != "8 B" || cells[3].Text != "1" {
		t.Errorf("%d rows, the first %+v", v.Len(), cells)
	}
	if v.body.Visible() || !v.none.Visible() || v.words.Text != "the first 500 of 2,000" {
		t.Errorf("before anything is selected: %q", v.words.Text)
	}
	v.table.ScrollTo(499)
	v.table.OnScrolled()
	b.settle()
	if v.Len() != 1000 {
		t.Errorf("%d rows after the end came into sight", v.Len())
	}
	v.table.OnSecondary(0, fyne.NewPos(10, 10))
	b.choose(1)
	if v.title.Text != "line/0000" || v.payload.Text != `{"n": 1}` || !v.body.Visible() || b.copied[0] != `{"n": 1}` {
		t.Errorf("detail of %q, copied %q", v.title.Text, b.copied)
	}
	test.Tap(v.remove)
	if !b.dialogSays("Delete the retained message on line/0000?") {
		t.Errorf("asks %q", b.overlayText())
	}
	b.tapInDialog("Cancel")
	v.table.OnDelete(0)
	b.tapInDialog("Delete")
	b.settle()
	if len(deleted) != 1 || deleted[0] != "line/0000" || v.body.Visible() || !v.remove.Disabled() {
		t.Errorf("deleted %q, still shown %v", deleted, v.body.Visible())
	}
	test.Type(v.filter, "line/0007")
	b.settle()
	if v.Len() != 1 {
		t.Errorf("%d rows match", v.Len())
	}
	test.Type(v.filter, "#")
	b.settle()
	if v.Len() != 0 || !v.hint.Visible() || v.none.Visible() {
		t.Errorf("a filter that is none: %d rows, %q", v.Len(), v.hint.Text)
	}
}
