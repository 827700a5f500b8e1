package shadowview

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"github.com/thingdesk/thingdesk/shadowview/form"
	"github.com/thingdesk/thingdesk/ui/model"
	"github.com/thingdesk/thingdesk/ui/widgets"
)

// activity lists the last shadow messages in words, newest first.
type activity struct {
	object fyne.CanvasObject
	list   *widget.List
	lines  []form.Line // oldest first
}

func newActivity(open func(form.Line)) *activity {
	a := &activity{}
	a.list = widget.NewList(
		func() int { return len(a.lines) },
		func() fyne.CanvasObject {
			at, text := widget.NewLabel("00:00:00.000"), cut(widget.NewLabel(""))
			at.TextStyle.Monospace, at.Importance = true, widget.LowImportance
			text.TextStyle.Monospace = true
			return container.NewBorder(nil, nil, at, nil, text)
		},
		func(i widget.ListItemID, o fyne.CanvasObject) {
			box, ok := o.(*fyne.Container)
			if !ok || i >= len(a.lines) {
				return
			}
			a.draw(a.line(i), box)
		})
	a.list.OnSelected = func(i widget.ListItemID) {
		a.list.UnselectAll()
		if open != nil && i < len(a.lines) {
			open(a.line(i))
		}
	}
	a.list.HideSeparators = true
	head := widget.NewLabelWithStyle("Activity", fyne.TextAlignLeading, fyne.TextStyle{Bold: true})
	a.object = container.NewBorder(head, nil, nil, nil, a.list)
	return a
}

func (a *activity) line(i int) form.Line { return a.lines[len(a.lines)-1-i] }

func (a *activity) draw(l form.Line, box *fyne.Container) {
	text, ok1 := box.Objects[0].(*widget.Label)
	at, ok2 := box.Objects[1].(*widget.Label)
	if !ok1 || !ok2 {
		return
	}
	widgets.SetText(at, model.Clock(l.At))
	if im := importance(l.Severity); text.Importance != im {
		text.Importance = im
		text.Refresh()
	}
	widgets.SetText(text, l.Text)
}

func (a *activity) set(lines []form.Line) {
	if slices.Equal(a.lines, lines) {
		return
	}
	a.lines = append(a.lines[:0], lines...)
	a.list.Refresh()
}
