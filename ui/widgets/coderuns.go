package widgets

import (
	"image/color"
	"sort"
	"unicode"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
)

// runs draws the columns from..to of l at x, a text for each stretch of one
// colour. A rune that does not fill its columns exactly begins and ends a
// stretch, so that what follows stands in its column again.
func (v *CodeView) runs(s *slot, l *laidLine, x float32, from, to int) {
	t := sort.Search(len(l.tokens), func(i int) bool { return l.tokens[i].end > from })
	for at := from; at < to; {
		class, end := uint8(classPlain), to
		if t < len(l.tokens) {
			if tok := l.tokens[t]; tok.start <= at {
				class, end = tok.class, min(tok.end, to)
			} else {
				end = min(tok.start, to)
			}
		}
		for at < end {
			stop := v.even(l.cells, at, end)
			v.run(s, l.cells[at:stop], x+float32(at-from)*v.grid.cell, v.classes[class])
			at = stop
		}
		if t < len(l.tokens) && l.tokens[t].end <= at {
			t++
		}
	}
}

// even returns where the stretch of runes that are alike exact, or alike not,
// ends.
func (v *CodeView) even(cells []rune, at, end int) int {
	exact := v.exact(cells[at])
	i := at + 1
	for i < end && v.exact(cells[i]) == exact {
		i++
	}
	return i
}

func (v *CodeView) exact(r rune) bool {
	if r == filler {
		return false
	}
	_, ok := v.grid.width(r)
	return ok
}

// run draws one stretch; blanks need no object.
func (v *CodeView) run(s *slot, cells []rune, x float32, c color.Color) {
	text := make([]rune, 0, len(cells))
	blank := true
	for _, r := range cells {
		if r != filler {
			text = append(text, r)
			blank = blank && unicode.IsSpace(r)
		}
	}
	if blank {
		return
	}
	v.next(s).show(span{text: string(text), x: x, y: s.y, room: float32(len(cells)+1) * v.grid.cell * 2, h: v.rowH, m: v.mono, color: c})
}

func (v *CodeView) scrollSideways(left int) {
	left = max(0, min(left, v.longest-v.viewColumns()))
	if left != v.left {
		v.left = left
		v.place()
	}
}

// Scrolled implements fyne.Scrollable.
func (v *CodeView) Scrolled(ev *fyne.ScrollEvent) {
	if dx := ev.Scrolled.DX; dx != 0 {
		v.scrollSideways(v.left - int(round(dx/v.grid.cell)))
	}
	if ev.Scrolled.DY != 0 {
		v.list.Scrolled(ev)
	}
}

func (v *CodeView) onFoot(p fyne.Position) bool {
	return v.hbar.needed() && p.Y >= v.size.Height-v.barW && p.X < v.contentWidth()
}

func (v *CodeView) pressFoot(x float32) {
	v.takeFocus()
	v.scrollSideways(int(v.hbar.press(x)))
}

// MouseDown implements desktop.Mouseable.
func (v *CodeView) MouseDown(ev *desktop.MouseEvent) {
	if v.onFoot(ev.Position) && v.pressing(ev) {
		v.input.handled = true
		v.pressFoot(ev.Position.X)
		return
	}
	v.list.MouseDown(ev)
}

// MouseUp implements desktop.Mouseable.
func (v *CodeView) MouseUp(ev *desktop.MouseEvent) {
	v.hbar.dragging = false
	v.drawAround()
	v.list.MouseUp(ev)
}

// Tapped implements fyne.Tappable.
func (v *CodeView) Tapped(ev *fyne.PointEvent) {
	if v.onFoot(ev.Position) && !v.input.handled {
		v.pressFoot(ev.Position.X)
		v.hbar.dragging = false
		return
	}
	v.list.Tapped(ev)
}

// Dragged implements fyne.Draggable.
func (v *CodeView) Dragged(ev *fyne.DragEvent) {
	from, to, first := v.follow(ev)
	if first && v.onFoot(from) {
		v.pressFoot(from.X)
	}
	if v.hbar.dragging {
		v.scrollSideways(int(v.hbar.posAt(to.X-v.hbar.grab) + 0.5))
		return
	}
	v.draggedTo(from, to, first)
}

// DragEnd implements fyne.Draggable.
func (v *CodeView) DragEnd() {
	v.hbar.dragging = false
	v.drawAround()
	v.list.DragEnd()
}

// MouseMoved implements desktop.Hoverable.
func (v *CodeView) MouseMoved(ev *desktop.MouseEvent) {
	v.list.MouseMoved(ev)
	if over := v.onFoot(ev.Position); over != v.hbar.hover {
		v.hbar.hover = over
		v.drawAround()
	}
}

// MouseIn implements desktop.Hoverable.
func (v *CodeView) MouseIn(ev *desktop.MouseEvent) { v.MouseMoved(ev) }

// MouseOut implements desktop.Hoverable.
func (v *CodeView) MouseOut() {
	v.hbar.hover = false
	v.drawAround()
	v.list.MouseOut()
}
