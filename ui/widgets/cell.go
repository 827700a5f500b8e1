package widgets

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
)

// cell is one text of a row. It remembers what it shows, so that showing the
// same again costs a comparison.
type cell struct {
	obj  *canvas.Text
	raw  string
	room float32
	m    *meter

	width float32 // of what is shown
}

// span says what a cell shows and where.
type span struct {
	text  string
	x, y  float32
	room  float32 // cut to this width
	h     float32
	right bool
	m     *meter
	color color.Color
}

func newCell() *cell {
	return &cell{obj: &canvas.Text{}}
}

// show brings the cell to s and returns the width of its text. Only what
// changed is touched: each touch costs a redraw.
func (c *cell) show(s span) float32 {
	dirty := false
	if c.m != s.m || c.raw != s.text || c.room != s.room {
		shown, width := s.m.cut(s.text, s.room)
		c.m, c.raw, c.room, c.width = s.m, s.text, s.room, width
		dirty = shown != c.obj.Text || c.obj.TextSize != s.m.size || c.obj.TextStyle != s.m.style
		c.obj.Text, c.obj.TextSize, c.obj.TextStyle = shown, s.m.size, s.m.style
	}
	if c.obj.Color != s.color {
		c.obj.Color, dirty = s.color, true
	}
	align := fyne.TextAlignLeading
	if s.right {
		align = fyne.TextAlignTrailing
	}
	if c.obj.Alignment != align {
		c.obj.Alignment, dirty = align, true
	}
	c.obj.Move(fyne.NewPos(s.x, s.y))
	size := fyne.NewSize(s.room, s.h)
	switch {
	case c.obj.Size() != size:
		c.obj.Resize(size) // refreshes as well
	case dirty:
		c.obj.Refresh()
	}
	return c.width
}

// clear shows nothing.
func (c *cell) clear() {
	c.raw, c.width = "", 0
	if c.obj.Text != "" {
		c.obj.Text, c.m = "", nil
		c.obj.Refresh()
	}
}

// paint fills r with c, and hides it when c is nil: a hidden rectangle costs
// the painter nothing.
func paint(r *canvas.Rectangle, c color.Color) {
	if c == nil {
		if r.Visible() {
			r.Hide()
		}
		return
	}
	if r.FillColor != c {
		r.FillColor = c
		r.Refresh()
	}
	if !r.Visible() {
		r.Show()
	}
}
