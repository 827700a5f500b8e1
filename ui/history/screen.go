// Package history draws the History tab: the filter, the list of stored
// messages, the message that is looked at, and the dialogs to export and
// delete. The rules are in ui/model/history.
package history

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	model "github.com/thingdesk/thingdesk/ui/model/history"
	"github.com/thingdesk/thingdesk/ui/widgets"
)

// Config says what a Screen stands on. Model and Window are required.
type Config struct {
	// Model is the view-model; the Screen takes its OnChange.
	Model *model.Model
	// Window is the parent of dialogs.
	Window fyne.Window
	// ShowTopic shows a topic of a connection in the explorer; nil hides what
	// needs it.
	ShowTopic func(source, topic string)
	// Say tells in the status bar what was done; may be nil.
	Say func(text string)
}

// Screen is the tab. Its methods belong on Fyne's goroutine.
type Screen struct {
	cfg   Config
	model *model.Model
	root  fyne.CanvasObject

	bar    *filterBar
	table  *widgets.Table
	chip   *widget.Button
	empty  *widget.Label
	retry  *widget.Button
	split  *container.Split
	viewer *viewer
	foot   *foot
	asking *deleteDialog

	now        time.Time
	drawn      uint64
	generation int
	utc        bool
}

// New returns the screen.
func New(cfg Config) *Screen {
	if cfg.Say == nil {
		cfg.Say = func(string) {}
	}
	s := &Screen{cfg: cfg, model: cfg.Model, now: time.Now()}
	s.model.OnChange = s.draw
	s.bar = newFilterBar(s)
	s.viewer = newViewer(s)
	s.foot = newFoot(s)
	s.split = container.NewVSplit(s.list(), s.viewer.object)
	s.split.SetOffset(0.62)
	s.root = container.NewBorder(s.bar.object, s.foot.object, nil, nil, s.split)
	s.redraw()
	return s
}

// list is the table with what lies over it: the chip and the words for no rows.
func (s *Screen) list() fyne.CanvasObject {
	s.table = widgets.NewTable(columns(false), rows{s})
	s.table.OnSelected = func(row int) {
		s.model.Pick(row)
		s.draw()
	}
	s.table.OnActivated = func(row int) { s.showTopic(row) }
	s.table.OnSecondary = s.menu
	s.table.OnScrolled = func() {
		s.tell()
		s.draw()
	}
	s.chip = widget.NewButtonWithIcon("", theme.MoveUpIcon(), s.follow)
	s.chip.Importance = widget.HighImportance
	s.chip.Hide()
	s.empty = widget.NewLabel("")
	s.empty.Alignment = fyne.TextAlignCenter
	s.retry = widget.NewButtonWithIcon("Try again", theme.ViewRefreshIcon(), func() {
		s.model.Retry()
		s.draw()
	})
	s.retry.Hide()
	words := container.NewCenter(container.NewVBox(s.empty, container.NewCenter(s.retry)))
	return container.NewStack(s.table, words, container.New(chipLayout{}, s.chip))
}

// chipLayout puts the chip at the top, in the middle, below the header.
type chipLayout struct{}

// MinSize implements fyne.Layout.
func (chipLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.Size{} }

// Layout implements fyne.Layout.
func (chipLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	for _, o := range objects {
		o.Resize(o.MinSize())
		o.Move(fyne.NewPos((size.Width-o.MinSize().Width)/2, 1.2*o.MinSize().Height))
	}
}

// Object returns what to put into the tab.
func (s *Screen) Object() fyne.CanvasObject { return s.root }

// OpenAt shows the messages of one connection that match a topic filter; ""
// stands for all connections, or all topics.
func (s *Screen) OpenAt(filter, source string) {
	s.model.SetFilter(model.Filter{Topic: filter, Source: source})
	s.redraw()
}

// Export asks for a file and writes what is filtered to it.
func (s *Screen) Export() { s.askExport() }

// Refresh looks for new messages and redraws what changed. It is cheap when
// nothing did. The sampler calls it while the tab is shown.
func (s *Screen) Refresh(now time.Time) {
	day := s.now.YearDay() != now.YearDay()
	s.now = now
	s.model.Tick(now)
	s.tell()
	s.foot.drawTask() // progress has no revision
	s.bar.drawConnections()
	if day {
		s.redraw()
		return
	}
	s.draw()
}

// tell tells the model what is on screen.
func (s *Screen) tell() {
	s.model.Visible(s.table.FirstVisible(), s.table.VisibleRows(), s.table.AtTop())
}

func (s *Screen) follow() {
	s.table.ScrollTo(0)
	s.tell()
	s.draw()
}

// draw shows what the model holds when that has changed.
func (s *Screen) draw() {
	if s.drawn != s.model.Revision() {
		s.redraw()
	}
}

func (s *Screen) redraw() {
	m := s.model
	s.drawn = m.Revision()
	if g := m.Generation(); g != s.generation {
		s.generation = g
		s.table.ScrollTo(0)
	}
	if m.UTC() != s.utc {
		s.utc = m.UTC()
		widths := s.table.Columns()
		cols := columns(s.utc)
		for i := range cols {
			cols[i].Width = widths[i].Width
		}
		s.table.SetColumns(cols)
	}
	s.table.Mark(m.PickedRow())
	s.table.Refresh()
	widgets.SetText(s.empty, m.Fault()+m.Empty())
	setImportance(s.empty, m.Fault() != "", widget.DangerImportance)
	widgets.Show(s.retry, m.Fault() != "")
	widgets.Show(s.empty, s.empty.Text != "")
	if w := m.Waiting(); w != "" {
		widgets.SetButton(s.chip, w+" – show")
	}
	widgets.Show(s.chip, m.Waiting() != "")
	s.bar.draw()
	s.viewer.draw()
	s.foot.draw()
	if s.asking != nil {
		s.asking.draw()
	}
	s.tell()
}

// Small helpers that touch a widget only when something changes.

func setImportance(l *widget.Label, on bool, i widget.Importance) {
	if !on {
		i = widget.MediumImportance
	}
	if l.Importance != i {
		l.Importance = i
		l.Refresh()
	}
}

// quiet is a button that does not draw the eye.
func quiet(text string, icon fyne.Resource, tapped func()) *widget.Button {
	b := widget.NewButtonWithIcon(text, icon, tapped)
	b.Importance = widget.LowImportance
	return b
}

// padded leaves a little room around a bar.
func padded(o fyne.CanvasObject) *fyne.Container {
	return container.New(layout.NewCustomPaddedLayout(3, 3, 4, 4), o)
}
