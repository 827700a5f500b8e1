package brokerview

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/thingdesk/thingdesk/localbroker/faults"
	"github.com/thingdesk/thingdesk/ui/model"
	brokermodel "github.com/thingdesk/thingdesk/ui/model/brokerview"
	"github.com/thingdesk/thingdesk/ui/widgets"
)

// troubleView is the list of the rules of trouble on purpose.
type troubleView struct {
	screen *Screen
	model  *brokermodel.Model
	object fyne.CanvasObject

	add       *widget.Button
	remove    *widget.Button
	removeAll *widget.Button
	words     *widget.Label
	hint      *widget.Label
	table     *widgets.Table
}

func newTroubleView(s *Screen) *troubleView {
	v := &troubleView{screen: s, model: s.model, words: widget.NewLabel(""), hint: hint()}
	v.words.Importance = widget.LowImportance
	v.add = widget.NewButtonWithIcon("Add…", theme.ContentAddIcon(), func() { showRuleForm(s) })
	v.add.Importance = widget.HighImportance
	v.remove = widget.NewButtonWithIcon("Remove", theme.DeleteIcon(), v.removeSelected)
	v.removeAll = widget.NewButton("Remove all", func() {
		s.model.RemoveRules()
		s.draw()
	})
	v.table = widgets.NewTable([]widgets.Column{
		{Title: "What it does", Width: 160},
		{Title: "Client ID", Width: 120},
		{Title: "Topic filter"},
		{Title: "Share", Width: 60, Right: true},
		{Title: "Details", Width: 200},
		{Title: "Hits", Width: 60, Right: true},
		{Title: "Last hit", Width: 70, Right: true},
		{Title: "Ends", Width: 150},
	}, v)
	v.table.OnSelected = func(row int) {
		s.model.Pick(row)
		s.draw()
	}
	v.table.OnDelete = func(int) { v.removeSelected() }
	v.table.OnSecondary = func(row int, at fyne.Position) {
		v.table.OnSelected(row)
		s.menu(at, fyne.NewMenuItem("Remove", v.removeSelected))
	}
	bar := padded(container.NewBorder(nil, nil, container.NewHBox(v.add, v.remove, v.removeAll), v.words))
	v.object = container.NewBorder(bar, nil, nil, nil, container.NewStack(v.table, container.New(inMiddle{}, v.hint)))
	return v
}

func (v *troubleView) removeSelected() {
	v.model.RemoveRule()
	v.screen.draw()
}

func (v *troubleView) draw() {
	m := v.model
	v.table.Mark(m.RuleSelected())
	v.table.Refresh()
	n := len(m.Rules())
	widgets.SetText(v.words, countWords(n, n, "rule"))
	widgets.SetText(v.hint, m.RulesEmpty())
	widgets.Show(v.hint, v.hint.Text != "")
	widgets.Enable(v.add, m.Running())
	widgets.Enable(v.remove, m.RuleSelected() >= 0)
	widgets.Enable(v.removeAll, n > 0)
}

// Len implements widgets.TableSource.
func (v *troubleView) Len() int { return len(v.model.Rules()) }

// Cells implements widgets.TableSource.
func (v *troubleView) Cells(i int, out []widgets.Cell) {
	if i >= len(v.model.Rules()) {
		return
	}
	r, now := &v.model.Rules()[i], v.model.Now()
	out[0].Text = brokermodel.KindWords(r.Kind)
	out[1] = orAll(r.Client)
	if r.Kind != faults.RefuseReconnect {
		out[2] = orAll(r.Filter)
	}
	out[3].Text = brokermodel.ShareWords(r.Share)
	out[4] = dim(brokermodel.RuleWords(&r.Rule))
	out[5] = quantity(r.Hits)
	if !r.Last.IsZero() {
		out[6] = dim(model.Ago(r.Last.UnixMicro(), now))
	}
	out[7] = dim(brokermodel.RuleLeft(r, time.UnixMicro(now)))
	if r.Over {
		for k := range out {
			out[k].Tone = widgets.ToneDim
		}
	}
}

func orAll(text string) widgets.Cell {
	if text == "" {
		return dim("all")
	}
	return widgets.Cell{Text: text}
}
