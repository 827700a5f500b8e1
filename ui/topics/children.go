package topics

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"github.com/thingdesk/thingdesk/things/topic"
	"github.com/thingdesk/thingdesk/ui/model"
	topics "github.com/thingdesk/thingdesk/ui/model/topics"
	"github.com/thingdesk/thingdesk/ui/widgets"
)

// childrenPanel is the table of the levels below.
type childrenPanel struct {
	screen   *Screen
	children *topics.Children
	object   fyne.CanvasObject
	title    *widget.Label
	table    *widgets.Table
	chosen   topic.NodeID // of the selected row; Root for none
	drawn    uint64
	second   int64 // when the ages were drawn
}

func newChildrenPanel(s *Screen) *childrenPanel {
	p := &childrenPanel{screen: s, children: s.cfg.Detail.Children}
	p.title = widget.NewLabel("")
	p.title.TextStyle.Bold = true
	p.table = widgets.NewTable(childColumns(), p)
	p.table.OnSelected = func(row int) {
		c, _ := p.at(row)
		p.chosen = c.ID
	}
	p.table.OnHeader = func(col int) {
		p.children.SortBy(topics.ChildColumn(col))
		s.draw()
	}
	p.table.OnActivated = func(row int) {
		if c, ok := p.at(row); ok && s.cfg.Open != nil {
			s.cfg.Open(c.Name)
		}
	}
	p.table.OnDelete = func(row int) {
		if c, ok := p.at(row); ok {
			t := s.cfg.Detail.Target()
			t.Name, t.Root = c.Name, false
			s.ClearRetained(t, !c.Leaf)
		}
	}
	p.object = container.NewBorder(p.title, nil, nil, nil, p.table)
	return p
}

// childColumns are in the order of topics.ChildColumn, so that a column's
// number is its order.
func childColumns() []widgets.Column {
	return []widgets.Column{
		{Title: "Level"},
		{Title: "Topics", Width: wide(60), Right: true},
		{Title: "Messages", Width: wide(80), Right: true},
		{Title: "Rate", Width: wide(60), Right: true},
		{Title: "Bytes", Width: wide(70), Right: true},
		{Title: "Last", Width: wide(60), Right: true},
	}
}

func (p *childrenPanel) at(row int) (topics.Child, bool) {
	rows := p.children.Rows()
	if row < 0 || row >= len(rows) {
		return topics.Child{}, false
	}
	return rows[row], true
}

// Len implements widgets.TableSource.
func (p *childrenPanel) Len() int { return len(p.children.Rows()) }

// Cells implements widgets.TableSource.
func (p *childrenPanel) Cells(row int, out []widgets.Cell) {
	c, ok := p.at(row)
	if !ok {
		return
	}
	name := c.Level
	if name == "" {
		name = "(empty level)"
	}
	if !c.Leaf {
		name += " /"
	}
	out[0].Text = name
	out[1] = widgets.Cell{Text: model.Count(c.Topics), Tone: widgets.ToneDim}
	out[2].Text = model.Count(c.Messages)
	out[3] = widgets.Cell{Text: model.Rate(c.Rate), Tone: widgets.ToneGood}
	out[4].Text = model.Bytes(int64(c.Bytes))
	out[5] = widgets.Cell{Text: model.Ago(c.LastTime, p.screen.now), Tone: widgets.ToneDim}
}

// hold keeps the order while the pointer is on the table or it is scrolled.
func (p *childrenPanel) hold() { p.children.Hold(p.table.PointerInside() || !p.table.AtTop()) }

func (p *childrenPanel) draw() {
	second := p.screen.now / 1_000_000
	if p.drawn == p.children.Revision() && p.second == second {
		return
	}
	p.drawn, p.second = p.children.Revision(), second
	widgets.SetText(p.title, "Levels below ("+model.Count(p.Len())+")")
	by, desc := p.children.Sorted()
	p.table.SetSort(int(by), desc)
	p.table.Refresh()
	p.mark()
}

// mark keeps the selection on the level that was selected, wherever it is now.
func (p *childrenPanel) mark() {
	at := -1
	if p.chosen != topic.Root {
		at = slices.IndexFunc(p.children.Rows(), func(c topics.Child) bool { return c.ID == p.chosen })
	}
	if p.table.Selected() != at {
		p.table.Mark(at)
	}
}

// toTop begins anew for another topic.
func (p *childrenPanel) toTop() {
	p.chosen = topic.Root
	p.table.Unselect()
	p.table.ScrollTo(0)
}
