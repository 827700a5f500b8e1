// Package navigator draws the tree on the left of the window.
package navigator

import (
	"fmt"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/things"
	"github.com/thingdesk/thingdesk/ui/model"
	"github.com/thingdesk/thingdesk/ui/model/navigator"
	"github.com/thingdesk/thingdesk/ui/widgets"
)

// keyHold is how long after a key the rows stay where they are.
const keyHold = 2 * time.Second

// View is the navigator. Its callbacks may be set before it is shown. All
// methods belong on Fyne's goroutine.
type View struct {
	// OnSelected is told what the user selected; OnActivated what was double
	// clicked or got Enter; OnDelete what got the Delete key; OnMenu where a
	// context menu was asked for, in canvas coordinates.
	OnSelected  func(navigator.Ref)
	OnActivated func(navigator.Ref)
	OnDelete    func(navigator.Ref)
	OnMenu      func(navigator.Ref, fyne.Position)

	model  *navigator.Model
	tree   *widgets.Tree
	filter *widget.Entry
	fault  *widget.Label
	chip   *widget.Button
	object fyne.CanvasObject

	lastKey time.Time
	release bool // merge new rows at the next Refresh whatever the pointer does
}

// New returns a View of m.
func New(m *navigator.Model) *View {
	v := &View{model: m}
	v.tree = widgets.NewTree(v)
	v.tree.OnToggle = v.toggle
	v.tree.OnSelected = v.selected
	v.tree.OnActivated = func(row int) { v.with(row, v.OnActivated) }
	v.tree.OnDelete = func(row int) { v.with(row, v.OnDelete) }
	v.tree.OnSecondary = func(row int, at fyne.Position) {
		if ref, ok := m.Ref(row); ok && v.OnMenu != nil {
			v.tree.Select(row)
			v.selected(row)
			v.OnMenu(ref, at)
		}
	}
	v.tree.OnRune = func(r rune) {
		v.filter.SetText(v.filter.Text + string(r))
		v.FocusFilter()
	}
	v.filter = widget.NewEntry()
	v.filter.SetPlaceHolder("Find things and topics (text or a/+/b)")
	v.filter.OnChanged = v.setFilter
	v.filter.ActionItem = widget.NewButtonWithIcon("", theme.CancelIcon(), func() { v.filter.SetText("") })
	v.fault = widget.NewLabel("")
	v.fault.Importance = widget.DangerImportance
	v.fault.Wrapping = fyne.TextWrapWord
	v.fault.Hide()
	v.chip = widget.NewButton("", func() { v.release = true })
	v.chip.Importance = widget.HighImportance
	v.chip.Hide()
	v.object = container.NewBorder(container.NewVBox(v.filter, v.fault), container.New(layout.NewCustomPaddedLayout(2, 2, 4, 4), v.chip), nil, nil, v.tree)
	return v
}

// Object returns what to put into the window.
func (v *View) Object() fyne.CanvasObject { return v.object }

// FocusFilter puts the keyboard into the filter.
func (v *View) FocusFilter() {
	if c := fyne.CurrentApp().Driver().CanvasForObject(v.filter); c != nil {
		c.Focus(v.filter)
	}
}

// Refresh brings the rows up to date. It is called by the sampler.
func (v *View) Refresh(sessions []navigator.Session) {
	hold := !v.release && (v.tree.PointerInside() || time.Since(v.lastKey) < keyHold)
	v.release = false
	if v.model.Sync(sessions, hold) {
		v.reselect()
	}
	v.showChip(v.model.Waiting())
	v.tree.Refresh()
}

// Reveal selects r and brings it into view. It does not call OnSelected.
func (v *View) Reveal(r navigator.Ref) {
	v.model.Select(r)
	if row := v.model.Reveal(r); row >= 0 {
		v.tree.Select(row)
	}
	v.tree.Refresh()
}

func (v *View) reselect() {
	if ref, ok := v.model.Selected(); ok {
		if row := v.model.Find(ref); row != v.tree.Selected() {
			v.tree.Mark(row)
		}
	}
}

func (v *View) showChip(n int) {
	if n == 0 {
		if v.chip.Visible() {
			v.chip.Hide()
		}
		return
	}
	if text := model.Count(n) + " new – show"; text != v.chip.Text {
		v.chip.SetText(text)
	}
	if !v.chip.Visible() {
		v.chip.Show()
	}
}

func (v *View) toggle(row int) {
	v.lastKey = time.Now()
	v.model.Toggle(row)
	v.reselect()
	v.tree.Refresh()
}

func (v *View) selected(row int) {
	v.lastKey = time.Now()
	if ref, ok := v.model.Ref(row); ok {
		v.model.Select(ref)
		if v.OnSelected != nil {
			v.OnSelected(ref)
		}
	}
}

func (v *View) with(row int, f func(navigator.Ref)) {
	if ref, ok := v.model.Ref(row); ok && f != nil {
		f(ref)
	}
}

func (v *View) setFilter(text string) {
	if err := v.model.SetFilter(text); err != nil {
		v.fault.SetText(err.Error())
		v.fault.Show()
		return
	}
	v.fault.Hide()
	v.reselect()
	v.tree.Refresh()
}

// Len implements widgets.TreeSource.
func (v *View) Len() int { return v.model.Len() }

// Row implements widgets.TreeSource: it maps meaning to signs and tones.
func (v *View) Row(i int) widgets.TreeRow {
	r := v.model.Row(i)
	row := widgets.TreeRow{
		Depth: r.Depth, Branch: r.Branch, Open: r.Open, Text: r.Text, Value: r.Value, Highlight: r.Fresh,
	}
	switch r.Kind {
	case navigator.Connection:
		row.Bold = true
		row.Mark, row.MarkTone = connectionMark(r.State)
		row.Note = model.Rate(r.Rate)
	case navigator.Thing:
		row.Mark, row.MarkTone = PresenceMark(r.Presence)
	case navigator.ThingsFolder, navigator.TopicsFolder, navigator.Shadows:
		row.Text = fmt.Sprintf("%s (%s)", r.Text, model.Count(r.Count))
		row.Note = model.Rate(r.Rate)
	case navigator.Topic:
		if r.Count > 0 {
			row.Note = model.Count(r.Count)
			if rate := model.Rate(r.Rate); rate != "" {
				row.Note += ", " + rate
			}
		}
	default:
	}
	if r.Pending > 0 {
		row.Note, row.NoteTone = fmt.Sprintf("⟳ %d", r.Pending), widgets.ToneWarn
	}
	return row
}

// PresenceMark returns the sign of a presence and its tone.
func PresenceMark(p things.Presence) (mark string, tone widgets.Tone) {
	switch p {
	case things.Online:
		return "●", widgets.ToneGood
	case things.Offline:
		return "○", widgets.ToneDim
	default:
		return "?", widgets.ToneDim
	}
}

func connectionMark(s broker.State) (mark string, tone widgets.Tone) {
	switch s {
	case broker.Connected:
		return "●", widgets.ToneGood
	case broker.Connecting:
		return "◌", widgets.ToneWarn
	case broker.Waiting:
		return "◌", widgets.ToneBad
	default:
		return "○", widgets.ToneDim
	}
}
