package brokerview

import (
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/thingdesk/thingdesk/ui/model"
	brokermodel "github.com/thingdesk/thingdesk/ui/model/brokerview"
	"github.com/thingdesk/thingdesk/ui/widgets"
)

// retainedView is the list of retained messages with the selected one below.
type retainedView struct {
	screen *Screen
	model  *brokermodel.Model
	object fyne.CanvasObject

	filter *widget.Entry
	words  *widget.Label
	hint   *widget.Label
	table  *widgets.Table

	body    fyne.CanvasObject
	none    *widget.Label // in place of body
	title   *widget.Label
	facts   *widget.Label
	payload *widget.Label
	remove  *widget.Button
}

func newRetainedView(s *Screen) *retainedView {
	v := &retainedView{screen: s, model: s.model, words: widget.NewLabel(""), hint: hint(), none: hint()}
	v.filter = widget.NewEntry()
	v.filter.SetPlaceHolder("Topic filter, such as line/+/status or line/#; $SYS/# for the broker's own")
	v.filter.OnChanged = func(text string) {
		if text != v.model.RetainedFilter() {
			v.model.SetFilter(text)
			v.table.ScrollTo(0)
			s.draw()
		}
	}
	v.words.Importance = widget.LowImportance
	v.table = widgets.NewTable([]widgets.Column{
		{Title: "Topic"},
		{Title: "Payload"},
		{Title: "Bytes", Width: 80, Right: true},
		{Title: "QoS", Width: 44, Right: true},
		{Title: "Age", Width: 70, Right: true},
	}, v)
	v.table.OnSelected = func(row int) {
		s.model.Pick(row)
		s.draw()
	}
	v.table.OnScrolled = v.readMore
	v.table.OnDelete = func(int) { v.askDelete() }
	v.table.OnSecondary = v.menu
	bar := padded(container.NewBorder(nil, nil, nil, v.words, v.filter))
	rows := container.NewStack(v.table, container.New(inMiddle{}, v.hint))
	split := container.NewVSplit(container.NewBorder(bar, nil, nil, nil, rows), v.detail())
	split.SetOffset(0.7)
	v.object = split
	return v
}

// detail returns what shows the selected message.
func (v *retainedView) detail() fyne.CanvasObject {
	v.title, v.facts, v.payload = widget.NewLabel(""), low(""), widget.NewLabel("")
	v.title.TextStyle.Bold, v.title.Selectable = true, true
	v.title.Truncation = fyne.TextTruncateEllipsis
	v.payload.TextStyle.Monospace, v.payload.Selectable = true, true
	v.payload.Wrapping = fyne.TextWrapBreak
	v.remove = widget.NewButtonWithIcon("Delete…", theme.DeleteIcon(), v.askDelete)
	v.none.Importance = widget.LowImportance
	v.none.SetText("Select a message to see it whole, or to delete it.")
	head := container.NewVBox(container.NewBorder(nil, nil, nil, v.remove, v.title), v.facts)
	v.body = container.NewBorder(head, nil, nil, nil, container.NewVScroll(v.payload))
	return container.NewStack(v.body, container.New(inMiddle{}, v.none))
}

// readMore reads more when the end comes into sight.
func (v *retainedView) readMore() {
	if v.table.FirstVisible()+2*v.table.VisibleRows() >= v.Len() {
		v.model.MoreRetained()
	}
}

func (v *retainedView) draw() {
	m := v.model
	v.table.Mark(m.RetainedRow())
	v.table.Refresh()
	if v.filter.Text != m.RetainedFilter() {
		v.filter.SetText(m.RetainedFilter())
	}
	widgets.SetText(v.words, m.RetainedWords())
	widgets.SetText(v.hint, m.RetainedEmpty())
	widgets.Show(v.hint, v.hint.Text != "")
	r := m.RetainedSelected()
	widgets.Show(v.body, r != nil)
	widgets.Show(v.none, r == nil && m.RetainedEmpty() == "")
	widgets.Enable(v.remove, m.MayDelete())
	if r != nil {
		widgets.SetText(v.title, r.Topic)
		widgets.SetText(v.facts, brokermodel.RetainedFacts(r, m.Now()))
		widgets.SetText(v.payload, brokermodel.PayloadText(r.Payload))
	}
	v.readMore()
}

// askDelete asks before it deletes the selected message.
func (v *retainedView) askDelete() {
	if !v.model.MayDelete() {
		return
	}
	name := v.model.RetainedSelected().Topic
	v.screen.confirm("Delete retained message", "Delete", func() string { return brokermodel.DeleteWords(name) },
		func() { v.model.DeleteRetained(name) })
}

// menu is the context menu of a message.
func (v *retainedView) menu(row int, at fyne.Position) {
	if row >= v.Len() {
		return
	}
	r := v.model.Retained()[row]
	v.table.OnSelected(row)
	v.screen.menu(at,
		fyne.NewMenuItem("Copy topic", func() { v.screen.cfg.Copy(r.Topic) }),
		fyne.NewMenuItem("Copy payload", func() { v.screen.cfg.Copy(string(r.Payload)) }),
		fyne.NewMenuItemSeparator(),
		fyne.NewMenuItem("Delete…", v.askDelete))
}

// previewMost is how much of a payload a row shows.
const previewMost = 160

// Len implements widgets.TableSource.
func (v *retainedView) Len() int { return len(v.model.Retained()) }

// Cells implements widgets.TableSource.
func (v *retainedView) Cells(i int, out []widgets.Cell) {
	if i >= v.Len() {
		return
	}
	r := v.model.Retained()[i]
	out[0].Text = r.Topic
	out[1] = dim(model.OneLine(r.Payload, previewMost))
	out[2] = size(int64(len(r.Payload)))
	out[3].Text = strconv.Itoa(int(r.QoS))
	out[4] = dim(model.Ago(r.At, v.model.Now()))
}
