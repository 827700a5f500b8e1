// Package connections draws the Connections screen: the list of connections
// with their states, and the form that edits one. The rules are in
// ui/model/connections.
package connections

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/thingdesk/thingdesk/broker"
	model "github.com/thingdesk/thingdesk/ui/model/connections"
	"github.com/thingdesk/thingdesk/ui/widgets"
)

// Screen is the list and the form, to be put into a tab or a dialog. Its
// methods belong on Fyne's goroutine.
type Screen struct {
	model  *model.Model
	window fyne.Window
	root   fyne.CanvasObject

	table             *widgets.Table
	duplicate, remove *widget.Button
	form              *form
	drawn             uint64
}

// New returns the screen of m, whose OnChange it takes. window is the parent of
// dialogs.
func New(m *model.Model, window fyne.Window) *Screen {
	s := &Screen{model: m, window: window}
	m.OnChange = s.redraw
	s.table = widgets.NewTable([]widgets.Column{
		{Title: "", Width: 24}, {Title: "Connection", Width: 130}, {Title: "State"},
	}, items{m})
	s.table.OnSelected = func(row int) {
		m.Select(m.Items()[row].ID)
		s.redraw()
	}
	s.table.OnActivated = func(row int) {
		m.Select(m.Items()[row].ID)
		m.Toggle()
		s.redraw()
	}
	s.table.OnDelete = func(int) { s.askDelete() }
	create := widget.NewButtonWithIcon("New", theme.ContentAddIcon(), s.Create)
	s.duplicate = widget.NewButtonWithIcon("Duplicate", theme.ContentCopyIcon(), func() {
		m.Duplicate()
		s.redraw()
	})
	s.remove = widget.NewButtonWithIcon("Delete…", theme.DeleteIcon(), s.askDelete)
	s.form = newForm(s)
	left := container.NewBorder(nil, padded(container.NewHBox(create, s.duplicate, s.remove)), nil, nil, s.table)
	split := container.NewHSplit(left, s.form.object)
	split.SetOffset(0.4)
	s.root = split
	s.redraw()
	return s
}

func padded(o fyne.CanvasObject) fyne.CanvasObject {
	return container.New(layout.NewCustomPaddedLayout(4, 4, 6, 6), o)
}

// Object returns what to put into the tab or dialog.
func (s *Screen) Object() fyne.CanvasObject { return s.root }

// Create begins a new connection.
func (s *Screen) Create() {
	s.model.Create()
	s.redraw()
	s.window.Canvas().Focus(s.form.name)
}

// Edit shows the form of a connection.
func (s *Screen) Edit(id string) {
	s.model.Select(id)
	s.redraw()
}

// Refresh brings states up to date. It is cheap when nothing changed.
func (s *Screen) Refresh(now time.Time) {
	s.model.Apply(now)
	if s.drawn != s.model.Revision() {
		s.redraw()
	}
}

// redraw shows what the model holds.
func (s *Screen) redraw() {
	s.model.Apply(time.Now())
	s.drawn = s.model.Revision()
	if row := s.model.Selected(); row != s.table.Selected() {
		s.table.Select(row)
	}
	s.table.Refresh()
	widgets.Enable(s.duplicate, s.model.Form() != nil)
	widgets.Enable(s.remove, s.model.MayDelete())
	s.form.draw()
}

func (s *Screen) askDelete() {
	if !s.model.MayDelete() {
		return
	}
	id := s.model.Form().ID()
	words := widget.NewLabel(s.model.DeleteWords())
	words.Wrapping = fyne.TextWrapWord
	d := dialog.NewCustomConfirm("Delete connection", "Delete", "Cancel", words, func(yes bool) {
		if f := s.model.Form(); yes && f != nil && f.ID() == id {
			s.model.Delete()
			s.redraw()
		}
	}, s.window)
	d.SetConfirmImportance(widget.DangerImportance)
	d.Resize(fyne.NewSize(430, 200))
	d.Show()
}

// items gives the table its rows.
type items struct{ m *model.Model }

// Len implements widgets.TableSource.
func (t items) Len() int { return len(t.m.Items()) }

// Cells implements widgets.TableSource.
func (t items) Cells(i int, out []widgets.Cell) {
	item := t.m.Items()[i]
	out[0] = mark(item)
	out[1] = widgets.Cell{Text: item.Name, Bold: true}
	out[2] = widgets.Cell{Text: item.Words, Tone: widgets.ToneDim}
	if item.Edited && !item.New {
		out[1].Text += " *"
		out[2].Text = "unsaved changes · " + item.Words
	}
	if item.State == broker.Waiting {
		out[2].Tone = widgets.ToneBad
	}
}

func mark(item model.Item) widgets.Cell {
	switch {
	case item.New:
		return widgets.Cell{Text: "+", Tone: widgets.ToneAccent}
	case item.State == broker.Connected:
		return widgets.Cell{Text: "●", Tone: widgets.ToneGood}
	case item.State == broker.Connecting:
		return widgets.Cell{Text: "◌", Tone: widgets.ToneWarn}
	case item.State == broker.Waiting:
		return widgets.Cell{Text: "◌", Tone: widgets.ToneBad}
	default:
		return widgets.Cell{Text: "○", Tone: widgets.ToneDim}
	}
}

// Small helpers that touch a widget only when something changes.
