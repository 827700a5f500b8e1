package brokerview

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/thingdesk/thingdesk/ui/model"
	brokermodel "github.com/thingdesk/thingdesk/ui/model/brokerview"
	"github.com/thingdesk/thingdesk/ui/widgets"
)

// logView is the log, newest first. It follows while its top is in sight and
// the pointer is elsewhere.
type logView struct {
	screen *Screen
	model  *brokermodel.Model
	object fyne.CanvasObject

	filter *widget.Entry
	kind   *widget.Select
	pause  *widget.Button
	words  *widget.Label
	chip   *widget.Button
	hint   *widget.Label
	full   *widget.Label // the selected line, whole
	table  *widgets.Table

	following bool
	fresh     int // lines above those in sight since the user went away from the top
}

func newLogView(s *Screen) *logView {
	v := &logView{screen: s, model: s.model, following: true}
	v.filter = widget.NewEntry()
	v.filter.SetPlaceHolder("Client ID or words of what happened")
	v.filter.OnChanged = func(text string) {
		if text != v.model.LogFilter() {
			v.model.SetFilter(text)
			v.top()
		}
	}
	var names []string
	for _, k := range brokermodel.LogKinds() {
		names = append(names, k.String())
	}
	v.kind = widget.NewSelect(names, func(string) {
		if k := brokermodel.LogKinds()[max(0, v.kind.SelectedIndex())]; k != v.model.LogKind() {
			v.model.SetLogKind(k)
			v.top()
		}
	})
	v.kind.SetSelectedIndex(0)
	v.pause = widget.NewButtonWithIcon("Pause", theme.MediaPauseIcon(), func() {
		v.model.Pause(!v.model.Paused())
		s.draw()
	})
	copyAll := widget.NewButtonWithIcon("Copy lines", theme.ContentCopyIcon(), func() { s.cfg.Copy(v.model.LogText()) })
	v.words = widget.NewLabel("")
	v.words.Importance = widget.LowImportance
	v.table = widgets.NewTable([]widgets.Column{
		{Title: "Time", Width: 140, Mono: true}, {Title: "", Width: 26}, {Title: "Client", Width: 190}, {Title: "What happened, and why"},
	}, v)
	v.table.OnSelected = func(row int) {
		v.model.Pick(row)
		s.draw()
	}
	v.table.OnActivated = func(row int) {
		if row < len(v.model.LogLines()) {
			s.showClient(v.model.LogLines()[row].Client)
		}
	}
	v.table.OnSecondary = v.menu
	v.table.OnScrolled = func() {
		v.following = v.table.AtTop()
		v.drawChip()
	}
	v.chip = widget.NewButtonWithIcon("", theme.MoveUpIcon(), v.top)
	v.chip.Importance = widget.HighImportance
	v.chip.Hide()
	v.hint = hint()
	v.full = widget.NewLabel("")
	v.full.Wrapping = fyne.TextWrapWord
	v.full.Selectable = true
	v.full.Hide()
	bar := padded(container.NewBorder(nil, nil, nil, container.NewHBox(v.kind, v.pause, copyAll, v.words), v.filter))
	rows := container.NewStack(v.table, container.New(inMiddle{}, v.hint), container.New(chipLayout{}, v.chip))
	v.object = container.NewBorder(bar, v.full, nil, nil, rows)
	return v
}

// showLog shows the lines of one client.
func (s *Screen) showLog(client string) {
	s.model.Show(brokermodel.Log)
	s.model.SetLogKind(brokermodel.AllLines)
	s.model.SetFilter(client)
	s.log.following = true
	s.draw()
}

// top goes back to the newest line and follows.
func (v *logView) top() {
	v.following, v.fresh = true, 0
	v.table.ScrollTo(0)
	v.screen.draw()
	v.drawChip()
}

// follow goes back to the top when the pointer has left a list that followed.
func (v *logView) follow() {
	if v.following && !v.table.AtTop() && !v.table.PointerInside() {
		v.table.ScrollTo(0)
		v.fresh = 0
		v.drawChip()
	}
}

func (v *logView) draw() {
	m := v.model
	if n := m.TakeNew(); n > 0 && (!v.following || v.table.PointerInside()) {
		following := v.following
		v.table.Shift(n)
		v.following = following
		v.fresh += n
	}
	v.table.Mark(m.LogSelected())
	v.table.Refresh()
	if v.filter.Text != m.LogFilter() {
		v.filter.SetText(m.LogFilter())
	}
	if v.kind.SelectedIndex() != int(m.LogKind()) {
		v.kind.SetSelectedIndex(int(m.LogKind()))
	}
	if m.Paused() {
		v.pause.Icon = theme.MediaPlayIcon()
		widgets.SetButton(v.pause, "Go on")
	} else {
		v.pause.Icon = theme.MediaPauseIcon()
		widgets.SetButton(v.pause, "Pause")
	}
	widgets.SetText(v.words, m.LogWords())
	widgets.SetText(v.hint, m.LogEmpty())
	widgets.Show(v.hint, v.hint.Text != "")
	row := m.LogSelected()
	if row >= 0 {
		e := m.LogLines()[row]
		widgets.SetText(v.full, model.Stamp(e.At)+"  "+e.Client+"  "+e.Text)
	}
	widgets.Show(v.full, row >= 0)
	v.drawChip()
}

func (v *logView) drawChip() {
	if v.table.AtTop() {
		v.fresh = 0
	}
	if v.fresh > 0 {
		widgets.SetButton(v.chip, model.Count(v.fresh)+" new – show")
	}
	widgets.Show(v.chip, v.fresh > 0)
}

// menu is the context menu of a line.
func (v *logView) menu(row int, at fyne.Position) {
	if row >= len(v.model.LogLines()) {
		return
	}
	e := v.model.LogLines()[row]
	line := v.model.LogLineText(row)
	v.table.OnSelected(row)
	v.screen.menu(at,
		fyne.NewMenuItem("Copy line", func() { v.screen.cfg.Copy(line) }),
		fyne.NewMenuItem("Only "+e.Client, func() { v.screen.showLog(e.Client) }),
		fyne.NewMenuItem("Show the client", func() { v.screen.showClient(e.Client) }))
}

// Len implements widgets.TableSource.
func (v *logView) Len() int { return len(v.model.LogLines()) }

// Cells implements widgets.TableSource.
func (v *logView) Cells(i int, out []widgets.Cell) {
	if i >= len(v.model.LogLines()) {
		return
	}
	e := v.model.LogLines()[i]
	out[0] = dim(model.Moment(e.At, v.model.Now(), model.In(false)))
	out[1] = lineSign(brokermodel.KindOf(e))
	out[2].Text = e.Client
	out[3].Text = e.Text
	if brokermodel.KindOf(e) == brokermodel.Drops {
		out[3].Tone = widgets.ToneBad
	}
}

// lineSign is the sign of a kind of line.
func lineSign(k brokermodel.LogKind) widgets.Cell {
	switch k {
	case brokermodel.Connects:
		return widgets.Cell{Text: "●", Tone: widgets.ToneGood}
	case brokermodel.Subscribes:
		return widgets.Cell{Text: "+", Tone: widgets.ToneAccent}
	case brokermodel.Drops:
		return widgets.Cell{Text: "✕", Tone: widgets.ToneBad}
	case brokermodel.Violations:
		return widgets.Cell{Text: "!", Tone: widgets.ToneWarn}
	case brokermodel.Faults:
		return widgets.Cell{Text: "*", Tone: widgets.ToneAccent}
	default:
		return widgets.Cell{Text: "○", Tone: widgets.ToneWarn}
	}
}
