package brokerview

import (
	"slices"
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/thingdesk/thingdesk/localbroker/durable"
	"github.com/thingdesk/thingdesk/localbroker/packet"
	"github.com/thingdesk/thingdesk/ui/model/brokerview"
	"github.com/thingdesk/thingdesk/ui/widgets"
)

// detail shows all that is known of one client or session: facts at the left,
// subscriptions at the right.
type detail struct {
	object fyne.CanvasObject
	body   fyne.CanvasObject
	hint   *widget.Label

	title *widget.Label
	state *widgets.Badge
	act   *widget.Button
	more  *widget.Button // nil for none
	facts []*widget.Label
	subs  *widgets.Table
	none  *widget.Label
	rows  []durable.Subscription

	full   *widget.Label // the selected subscription, whole
	picked string        // its filter

	options, ids bool // whether there is a column for them
}

// setColumns shows the columns in which there is anything, so that filters get
// the room.
func (d *detail) setColumns(options, ids bool) {
	d.options, d.ids = options, ids
	cols := []widgets.Column{{Title: "Subscribes to"}, {Title: "QoS", Width: 44, Right: true}}
	if options {
		cols = append(cols, widgets.Column{Title: "Options"})
	}
	if ids {
		cols = append(cols, widgets.Column{Title: "ID", Width: 48, Right: true})
	}
	d.subs.SetColumns(cols)
}

func newDetail(captions []string, act, more *widget.Button) *detail {
	d := &detail{title: widget.NewLabel(""), state: widgets.NewBadge(), act: act, more: more, none: hint(), hint: hint()}
	d.none.SetText("It subscribes to nothing.")
	d.none.Importance, d.hint.Importance = widget.LowImportance, widget.LowImportance
	d.title.TextStyle.Bold = true
	d.title.Truncation = fyne.TextTruncateEllipsis
	grid := container.New(&factGrid{})
	for _, c := range captions {
		value := widget.NewLabel("")
		value.Truncation = fyne.TextTruncateEllipsis
		d.facts = append(d.facts, value)
		caption := widget.NewLabel(c)
		caption.Importance = widget.LowImportance
		grid.Add(caption)
		grid.Add(value)
	}
	d.subs = widgets.NewTable(nil, d)
	d.setColumns(false, false)
	d.subs.OnSelected = func(row int) {
		d.picked = d.rows[row].Filter
		d.drawPicked()
	}
	d.full = hint()
	d.full.Alignment = fyne.TextAlignLeading
	d.full.Selectable = true
	d.full.Hide()
	buttons := container.NewHBox(d.state, d.act)
	if more != nil {
		buttons.Add(more)
	}
	left := container.NewBorder(
		container.NewBorder(nil, nil, nil, buttons, d.title), nil, nil, nil, container.NewVScroll(grid))
	right := container.NewStack(d.subs, container.New(inMiddle{}, d.none))
	split := container.NewHSplit(left, container.NewBorder(nil, d.full, nil, nil, right))
	split.SetOffset(0.54)
	d.body = split
	d.object = container.NewStack(d.body, container.New(inMiddle{}, d.hint))
	return d
}

// showNothing shows words in place of facts.
func (d *detail) showNothing(words string) {
	widgets.SetText(d.hint, words)
	widgets.Show(d.hint, true)
	widgets.Show(d.body, false)
}

// show shows the facts, in the order of their captions.
func (d *detail) show(title, mark, state string, tone widgets.Tone, facts []string, subs []durable.Subscription) {
	widgets.Show(d.hint, false)
	widgets.Show(d.body, true)
	widgets.SetText(d.title, title)
	d.state.Set(mark, state, tone)
	for i, f := range facts {
		widgets.SetText(d.facts[i], f)
	}
	d.rows = subs
	options := slices.ContainsFunc(subs, func(s durable.Subscription) bool { return brokerview.OptionWords(s) != "" })
	ids := slices.ContainsFunc(subs, func(s durable.Subscription) bool { return s.ID != 0 })
	if options != d.options || ids != d.ids {
		d.setColumns(options, ids)
	}
	d.subs.Refresh()
	widgets.Show(d.none, len(subs) == 0)
	d.drawPicked()
}

// drawPicked marks the selected subscription and shows it whole.
func (d *detail) drawPicked() {
	row := slices.IndexFunc(d.rows, func(s durable.Subscription) bool { return s.Filter == d.picked })
	d.subs.Mark(row)
	if row >= 0 {
		s := d.rows[row]
		words := s.Filter + " · QoS " + qosWord(s)
		if options := brokerview.OptionWords(s); options != "" {
			words += " · " + options
		}
		widgets.SetText(d.full, words)
	}
	widgets.Show(d.full, row >= 0)
}

func qosWord(s durable.Subscription) string {
	return strconv.Itoa(int(packet.Subscription{Options: s.Options}.QoS()))
}

// Len implements widgets.TableSource.
func (d *detail) Len() int { return len(d.rows) }

// Cells implements widgets.TableSource.
func (d *detail) Cells(i int, out []widgets.Cell) {
	if i >= len(d.rows) {
		return
	}
	s := d.rows[i]
	out[0].Text = s.Filter
	out[1].Text = qosWord(s)
	if d.options {
		out[2] = dim(brokerview.OptionWords(s))
	}
	if d.ids && s.ID != 0 {
		out[len(out)-1].Text = strconv.FormatUint(uint64(s.ID), 10)
	}
}

// factGrid sets pairs of labels, caption and value, in lines closer to each
// other than labels would be. Where there is room it makes two columns, the
// first half at the left, and gives the last pair, which is the longest, a line
// of its own.
type factGrid struct{ wide bool }

// wideFacts is how wide two columns are, in sizes of the text.
const wideFacts = 34

// lineHeight is that of a label without the air around it.
func lineHeight(l fyne.CanvasObject) float32 {
	return l.MinSize().Height - 2*theme.InnerPadding() + 4
}

// MinSize implements fyne.Layout. It follows from the width that there was last.
func (g *factGrid) MinSize(objects []fyne.CanvasObject) fyne.Size {
	if len(objects) < 2 {
		return fyne.Size{}
	}
	lines := len(objects) / 2
	if g.wide {
		lines = lines/2 + 1
	}
	return fyne.NewSize(200, float32(lines)*lineHeight(objects[0])+2*theme.InnerPadding())
}

// Layout implements fyne.Layout.
func (g *factGrid) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	pairs := len(objects) / 2
	if pairs == 0 {
		return
	}
	g.wide = size.Width >= wideFacts*theme.TextSize()
	if !g.wide {
		caption := widest(objects, 0, pairs)
		for i := range pairs {
			putFact(objects, i, 0, i, caption, size.Width)
		}
		return
	}
	half := pairs / 2 // of all but the last, rounded up
	left := max(widest(objects, 0, half), widest(objects, pairs-1, pairs))
	for i := range half {
		putFact(objects, i, 0, i, left, size.Width/2)
	}
	right := widest(objects, half, pairs-1)
	for i := half; i < pairs-1; i++ {
		putFact(objects, i, size.Width/2, i-half, right, size.Width/2)
	}
	putFact(objects, pairs-1, 0, half, left, size.Width)
}

// widest returns the width of the widest caption of some pairs.
func widest(objects []fyne.CanvasObject, from, to int) float32 {
	width := float32(0)
	for i := from; i < to; i++ {
		width = max(width, objects[2*i].MinSize().Width)
	}
	return width
}

// putFact puts pair i at x in a line.
func putFact(objects []fyne.CanvasObject, i int, x float32, line int, caption, width float32) {
	c, v := objects[2*i], objects[2*i+1]
	y := float32(line)*lineHeight(c) - 2
	c.Move(fyne.NewPos(x, y))
	c.Resize(fyne.NewSize(caption, c.MinSize().Height))
	v.Move(fyne.NewPos(x+caption, y))
	v.Resize(fyne.NewSize(max(0, width-caption), v.MinSize().Height))
}
