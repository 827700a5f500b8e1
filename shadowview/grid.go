package shadowview

import (
	"slices"
	"sort"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/thingdesk/thingdesk/shadowview/form"
	"github.com/thingdesk/thingdesk/ui/widgets"
)

// grid shows the rows of a Form. Row objects are made when they are first seen
// and kept, so that focus and caret survive live updates; those out of sight
// are hidden and not updated.
type grid struct {
	panel  *Panel
	form   *form.Form
	object fyne.CanvasObject
	head   *fyne.Container
	scroll *container.Scroll
	body   *fyne.Container
	hint   *widget.Label

	rows   []form.Row
	tops   []float32 // of the rows, and the end
	views  map[string]*rowView
	text   float32 // size of text that line was measured for
	line   float32 // height of one line
	width  float32
	height float32 // of all rows, as the scroll knows it
}

func newGrid(p *Panel) *grid {
	g := &grid{panel: p, views: map[string]*rowView{}}
	g.body = container.New(bodyLayout{g})
	g.scroll = container.NewVScroll(g.body)
	g.scroll.OnScrolled = func(fyne.Position) { g.sync(false) }
	g.head = container.New(headLayout{})
	for _, t := range []string{"Property", "Reported", "Desired", "State"} {
		g.head.Add(cut(widget.NewLabelWithStyle(t, fyne.TextAlignLeading, fyne.TextStyle{Bold: true})))
	}
	g.hint = widget.NewLabel("")
	g.hint.Wrapping, g.hint.Alignment, g.hint.Importance = fyne.TextWrapWord, fyne.TextAlignCenter, widget.LowImportance
	head := container.NewVBox(g.head, widget.NewSeparator())
	g.object = container.NewBorder(head, nil, nil, nil, container.NewStack(g.scroll, container.NewVBox(g.hint)))
	return g
}

// setForm shows another form.
func (g *grid) setForm(f *form.Form) {
	g.form = f
	g.views = map[string]*rowView{}
	g.body.Objects = nil
	g.scroll.ScrollToTop()
	g.refresh(false)
}

// changed redraws everything after an action of the user.
func (g *grid) changed() { g.panel.redraw() }

// force redraws after an action that decides what the editor of v shows.
func (g *grid) force(v *rowView) {
	g.panel.redraw()
	if r, ok := g.form.Row(v.row.ID); ok {
		v.update(r, g.panel.now(), true)
	}
}

func (g *grid) forceAll() {
	g.panel.redraw()
	g.sync(true)
}

// refresh takes the rows of the form.
func (g *grid) refresh(force bool) {
	g.rows = g.form.Rows()
	g.measure()
	alive := make(map[string]bool, len(g.rows))
	for _, r := range g.rows {
		alive[r.ID] = true
	}
	for id, v := range g.views {
		if !alive[id] {
			g.drop(id, v)
		}
	}
	words := ""
	if len(g.rows) == 0 {
		words = g.emptyWords()
	}
	widgets.SetText(g.hint, words)
	widgets.Show(g.hint, words != "")
	g.sync(force)
}

// drop lets a row object go; the focus does not stay on it.
func (g *grid) drop(id string, v *rowView) {
	if v.entry != nil && v.entry.has {
		if c := canvasOf(v.entry); c != nil {
			c.Unfocus()
		}
	}
	delete(g.views, id)
}

func (g *grid) emptyWords() string {
	switch v := g.form.View(); {
	case !v.Known:
		return "Waiting for the shadow. If nothing comes, this broker may serve no shadows, or the connection is down."
	case !v.Exists:
		return "This shadow does not exist yet. It is made when the device reports something, or when you add a property below and send it."
	default:
		return "The shadow is empty. Add a property below."
	}
}

// measure places the rows one below the other.
func (g *grid) measure() {
	if size := theme.TextSize(); g.text != size {
		g.text = size
		g.line = max(widget.NewEntry().MinSize().Height, widget.NewLabel("x").MinSize().Height) + theme.Padding()
	}
	g.tops = append(g.tops[:0], 0)
	y := float32(0)
	for _, r := range g.rows {
		y += float32(lines(r)) * g.line
		g.tops = append(g.tops, y)
	}
}

// restyle lays the rows out anew when the size of text changed.
func (g *grid) restyle() {
	if g.form == nil || g.text == theme.TextSize() {
		return
	}
	g.measure()
	g.sync(false)
	for _, v := range g.views {
		v.box.Refresh()
	}
}

// margin is how many rows beyond the visible ones are kept ready, so that Tab
// finds the next editor.
const margin = 2

// sync makes, places and updates the rows in sight.
func (g *grid) sync(force bool) {
	if g.form == nil || len(g.tops) == 0 {
		return
	}
	top, end := g.scroll.Offset.Y, g.scroll.Offset.Y+max(g.scroll.Size().Height, 1)
	first := max(sort.Search(len(g.rows), func(i int) bool { return g.tops[i+1] > top })-margin, 0)
	last := min(sort.Search(len(g.rows), func(i int) bool { return g.tops[i] >= end })+margin, len(g.rows))
	now := g.panel.now()
	objects := make([]fyne.CanvasObject, 0, len(g.views)+last-first)
	for i, r := range g.rows {
		v := g.views[r.ID]
		seen := i >= first && i < last
		if v == nil && !seen {
			continue
		}
		if v == nil {
			v = newRowView(g, r)
			g.views[r.ID] = v
		}
		objects = append(objects, v.box)
		widgets.Show(v.box, seen || v.entry != nil && v.entry.has)
		if v.box.Visible() {
			v.update(r, now, force)
		}
		g.place(v, i)
	}
	if !slices.Equal(g.body.Objects, objects) {
		g.body.Objects = objects
		canvas.Refresh(g.body) // body.Refresh would refresh every row
	}
	if h := g.tops[len(g.tops)-1]; h != g.height {
		g.height = h
		g.scroll.Refresh()
	}
}

func (g *grid) place(v *rowView, i int) {
	pos, size := fyne.NewPos(0, g.tops[i]), fyne.NewSize(g.width, g.tops[i+1]-g.tops[i])
	if v.box.Position() != pos {
		v.box.Move(pos)
	}
	if v.box.Size() != size {
		v.box.Resize(size)
	}
}

// reveal scrolls so that the row is in sight.
func (g *grid) reveal(v *rowView) {
	if i := slices.IndexFunc(g.rows, func(r form.Row) bool { return r.ID == v.row.ID }); i >= 0 {
		g.revealRow(i)
	}
}

func (g *grid) revealRow(i int) {
	y, h := g.tops[i], g.tops[i+1]-g.tops[i]
	switch top := g.scroll.Offset.Y; {
	case y < top:
		g.scroll.ScrollToOffset(fyne.NewPos(0, y))
	case y+h > top+g.scroll.Size().Height:
		g.scroll.ScrollToOffset(fyne.NewPos(0, y+h-g.scroll.Size().Height))
	}
	g.sync(false)
}

// focusFrom moves the focus from a row to the next one in the direction step,
// with editors to the next one that has an editor. Beyond the ends it goes on
// as Fyne has it.
func (g *grid) focusFrom(v *rowView, step int, editors bool) {
	c := canvasOf(v.box)
	if c == nil {
		return
	}
	i := slices.IndexFunc(g.rows, func(r form.Row) bool { return r.ID == v.row.ID })
	for i += step; i >= 0 && i < len(g.rows); i += step {
		next := g.views[g.rows[i].ID]
		if next == nil || !next.box.Visible() {
			g.revealRow(i)
			next = g.views[g.rows[i].ID]
		}
		if next == nil {
			return
		}
		if t := next.target(editors); t != nil {
			g.revealRow(i)
			c.Focus(t)
			return
		}
	}
	if step > 0 {
		c.Focus(g.panel.foot.path)
	} else {
		c.FocusPrevious()
	}
}
