package shadowview

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
)

// column is the place of a column in a row.
type column struct{ x, w float32 }

// columns divides the width of a row: property, reported, desired, state,
// menu.
func columns(width float32) [5]column {
	menu := theme.TextSize()*2 + theme.Padding()
	state := min(max(width*0.17, theme.TextSize()*11), theme.TextSize()*14)
	rest := max(width-menu-state-theme.Padding()*2, 0)
	property, reported := rest*0.30, rest*0.31
	return [5]column{
		{0, property},
		{property, reported},
		{property + reported, rest - property - reported},
		{rest + theme.Padding(), state},
		{rest + state + 2*theme.Padding(), menu},
	}
}

// headLayout lays out the titles of the columns.
type headLayout struct{}

// MinSize implements fyne.Layout.
func (headLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(420, objects[0].MinSize().Height)
}

// Layout implements fyne.Layout.
func (headLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	cs := columns(size.Width)
	for i, o := range objects {
		o.Move(fyne.NewPos(cs[i].x, 0))
		o.Resize(fyne.NewSize(cs[i].w, size.Height))
	}
}

// bodyLayout gives the rows the width of the grid.
type bodyLayout struct{ g *grid }

// MinSize implements fyne.Layout.
func (l bodyLayout) MinSize([]fyne.CanvasObject) fyne.Size {
	if len(l.g.tops) == 0 {
		return fyne.NewSize(420, 0)
	}
	return fyne.NewSize(420, l.g.tops[len(l.g.tops)-1])
}

// Layout implements fyne.Layout.
func (l bodyLayout) Layout(_ []fyne.CanvasObject, size fyne.Size) {
	if l.g.width == size.Width {
		return
	}
	l.g.width = size.Width
	l.g.sync(false)
}

// rowLayout lays out one row, and under it the note when there is one.
type rowLayout struct{ v *rowView }

// MinSize implements fyne.Layout. The grid gives the size.
func (l *rowLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(420, l.v.grid.line) }

// Layout implements fyne.Layout.
func (l *rowLayout) Layout(_ []fyne.CanvasObject, size fyne.Size) {
	v, cs, line := l.v, columns(size.Width), l.v.grid.line
	pad := theme.Padding()
	h := line - pad
	put := func(o fyne.CanvasObject, x, y, w float32) {
		o.Move(fyne.NewPos(x, y))
		o.Resize(fyne.NewSize(max(w, 0), h))
	}
	indent := float32(v.row.Depth) * theme.TextSize() * 1.4
	indent = min(indent, cs[0].w*0.6)
	put(v.fold, indent, pad/2, cs[0].w-indent)
	put(v.name, indent, pad/2, cs[0].w-indent)
	age := min(theme.TextSize()*5, cs[1].w*0.4)
	put(v.reported, cs[1].x, pad/2, cs[1].w-age)
	put(v.age, cs[1].x+cs[1].w-age-pad, pad/2, age)
	put(v.editor, cs[2].x, pad/2, cs[2].w)
	put(v.chip, cs[3].x, pad/2, cs[3].w)
	put(v.menu, cs[4].x, pad/2, cs[4].w)
	x := cs[2].x
	if v.mine.Visible() {
		mine, theirs := v.mine.MinSize().Width, v.theirs.MinSize().Width
		end := size.Width - pad
		put(v.theirs, end-theirs, line, theirs)
		put(v.mine, end-theirs-mine-pad, line, mine)
		put(v.note, x, line, end-theirs-mine-2*pad-x)
		return
	}
	x = cs[0].x + theme.TextSize()*1.4
	put(v.note, x, line, size.Width-x)
}

// addLayout lays out the line that adds a property: path under the property
// column, value under reported and desired, then the button.
type addLayout struct{}

// MinSize implements fyne.Layout.
func (addLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(420, objects[0].MinSize().Height)
}

// Layout implements fyne.Layout.
func (addLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	cs, pad := columns(size.Width), theme.Padding()
	places := []column{{cs[0].x, cs[0].w - pad}, {cs[1].x, cs[1].w + cs[2].w}, {cs[3].x, objects[2].MinSize().Width}}
	for i, o := range objects {
		o.Move(fyne.NewPos(places[i].x, 0))
		o.Resize(fyne.NewSize(max(places[i].w, 0), size.Height))
	}
}
