package topics

import (
	"fmt"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/ui/model"
	topics "github.com/thingdesk/thingdesk/ui/model/topics"
	"github.com/thingdesk/thingdesk/ui/widgets"
)

// cellRunes is the most of a payload that a table cell shows.
const cellRunes = 200

// recentPanel is the table of recent messages.
type recentPanel struct {
	screen *Screen
	recent *topics.Recent
	object fyne.CanvasObject

	title  *widget.Label
	status *dimText
	fresh  *widget.Button
	table  *widgets.Table

	drawn   uint64
	marked  uint64 // revision of the Detail when the picked row was marked
	subtree bool   // the columns are those of a stream of many topics
	letGo   bool   // the user asked for the new messages
}

func newRecentPanel(s *Screen) *recentPanel {
	p := &recentPanel{screen: s, recent: s.cfg.Detail.Recent}
	p.title = widget.NewLabel("Recent messages")
	p.title.TextStyle.Bold = true
	p.status = newDimText()
	p.fresh = widget.NewButton("", func() {
		p.letGo = true
		p.table.ScrollTo(0)
		s.Refresh(s.now)
	})
	p.fresh.Importance = widget.HighImportance
	p.fresh.Hide()
	p.table = widgets.NewTable(recentColumns(false), p)
	p.table.OnSelected = p.selected
	p.table.OnActivated = p.activated
	p.table.OnScrolled = func() {
		if p.table.FirstVisible()+2*p.table.VisibleRows() >= p.Len() {
			p.recent.Older()
		}
	}
	head := container.NewBorder(nil, nil, p.title, p.fresh, p.status)
	p.object = container.NewBorder(head, nil, nil, nil, p.table)
	return p
}

func recentColumns(subtree bool) []widgets.Column {
	cols := []widgets.Column{
		{Title: "Time", Width: wide(106), Mono: true},
		{Title: "Interval", Width: wide(86), Right: true},
	}
	if subtree {
		cols = append(cols, widgets.Column{Title: "Topic", Width: wide(260)})
	}
	return append(cols,
		widgets.Column{Title: "Flags", Width: wide(96)},
		widgets.Column{Title: "Size", Width: wide(64), Right: true},
		widgets.Column{Title: "Payload", Mono: true},
	)
}

// Len implements widgets.TableSource.
func (p *recentPanel) Len() int { return len(p.recent.Rows()) }

// Cells implements widgets.TableSource.
func (p *recentPanel) Cells(row int, out []widgets.Cell) {
	rows := p.recent.Rows()
	if row >= len(rows) {
		return
	}
	r := rows[row]
	out[0].Text = model.Clock(r.Time)
	out[1] = widgets.Cell{Text: p.interval(row), Tone: widgets.ToneDim}
	rest := out[2:]
	if p.subtree {
		rest[0].Text = p.recent.Relative(r.Topic)
		rest = rest[1:]
	}
	rest[0] = widgets.Cell{Text: flags(r), Tone: flagTone(r)}
	if r.Payload == nil {
		rest[2] = widgets.Cell{Text: "(let go to save memory)", Tone: widgets.ToneDim}
		return
	}
	rest[1] = widgets.Cell{Text: model.Bytes(int64(len(r.Payload))), Tone: widgets.ToneDim}
	rest[2].Text = model.OneLine(r.Payload, cellRunes)
	if len(r.Payload) == 0 {
		rest[2].Tone = widgets.ToneDim
	}
}

func (p *recentPanel) interval(row int) string {
	if n := p.recent.Rows()[row].Missing; n > 0 {
		return fmt.Sprintf("+%s more", model.Count(n))
	}
	d, ok := p.recent.Interval(row)
	if !ok {
		return ""
	}
	return model.Interval(d)
}

// flags says direction, QoS and flags: "in  QoS 1  retained".
func flags(r topics.Row) string {
	text := fmt.Sprintf("%s QoS %d", r.Direction, r.QoS)
	if r.Retained {
		text += " R"
	}
	if r.Dup {
		text += " dup"
	}
	return text
}

func flagTone(r topics.Row) widgets.Tone {
	if r.Retained || r.Direction == broker.Out {
		return widgets.ToneAccent
	}
	return widgets.ToneDim
}

// selected compares with the row, or goes to its topic in a stream of many.
func (p *recentPanel) selected(row int) {
	rows := p.recent.Rows()
	if p.subtree || row < 0 || row >= len(rows) {
		return
	}
	p.screen.cfg.Detail.Pick(rows[row])
	p.screen.draw()
}

func (p *recentPanel) activated(row int) {
	rows := p.recent.Rows()
	if p.subtree && row >= 0 && row < len(rows) && p.screen.cfg.Open != nil {
		p.screen.cfg.Open(rows[row].Topic)
	}
}

// hold keeps the rows still while the pointer is on them or they are scrolled.
func (p *recentPanel) hold() {
	if p.letGo {
		p.letGo = false
		p.recent.Hold(false)
		return
	}
	p.recent.Hold(p.table.PointerInside() || !p.table.AtTop())
}

func (p *recentPanel) draw() {
	detail := p.screen.cfg.Detail
	if p.drawn != p.recent.Revision() {
		p.drawn = p.recent.Revision()
		p.marked = 0
		if p.subtree != p.recent.Subtree() {
			p.subtree = p.recent.Subtree()
			p.table.SetColumns(recentColumns(p.subtree))
		}
		p.drawHead()
		p.table.Refresh()
	}
	if p.marked != detail.Revision() {
		p.marked = detail.Revision()
		at := -1
		if row, ok := detail.Picked(); ok {
			at = p.recent.IndexOf(row)
		}
		if !p.subtree && p.table.Selected() != at {
			p.table.Mark(at)
		}
	}
}

func (p *recentPanel) drawHead() {
	title := "Recent messages"
	if p.subtree {
		title = "Messages below"
	}
	widgets.SetText(p.title, title)
	n := p.recent.Waiting()
	widgets.Show(p.fresh, n > 0)
	if text := model.Count(n) + " new"; n > 0 && p.fresh.Text != text {
		p.fresh.SetText(text)
	}
	switch err := p.recent.Err(); {
	case err != nil:
		p.status.set("The history can not be read: " + err.Error())
	case p.subtree:
		p.status.set("Enter or double click goes to the topic")
	case p.Len() > 1:
		p.status.set("Click a row to compare the newest message with it")
	default:
		p.status.set("")
	}
}
