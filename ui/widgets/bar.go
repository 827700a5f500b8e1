package widgets

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
)

// shortestThumb keeps the thumb of a very long list big enough to grab.
const shortestThumb = 24

// bar is a scroll bar. Positions are in the caller's unit (rows, columns), as
// float64, so that they stay exact for any length.
type bar struct {
	thumb *canvas.Rectangle

	total, view, pos float64
	start, length    float32 // the track along its axis, in pixels
	grab             float32 // where in the thumb it was grabbed
	dragging, hover  bool
}

func newBar() bar {
	return bar{thumb: &canvas.Rectangle{}}
}

// needed reports whether there is anything to scroll.
func (b *bar) needed() bool { return b.total > b.view && b.length > shortestThumb }

// last is the greatest position.
func (b *bar) last() float64 { return max(0, b.total-b.view) }

// thumbSpan returns where the thumb begins and how long it is.
func (b *bar) thumbSpan() (at, length float32) {
	if !b.needed() {
		return b.start, b.length
	}
	length = max(shortestThumb, float32(b.view/b.total*float64(b.length)))
	return b.start + float32(b.pos/b.last()*float64(b.length-length)), length
}

// posAt returns the position that puts the beginning of the thumb at p.
func (b *bar) posAt(p float32) float64 {
	_, length := b.thumbSpan()
	free := float64(b.length - length)
	if free <= 0 {
		return 0
	}
	return min(1, max(0, float64(p-b.start)/free)) * b.last()
}

// press handles a press at p: on the thumb it grabs, beside it it returns the
// position one page on.
func (b *bar) press(p float32) float64 {
	at, length := b.thumbSpan()
	switch {
	case p < at:
		return b.pos - b.view
	case p > at+length:
		return b.pos + b.view
	default:
		b.grab, b.dragging = p-at, true
		return b.pos
	}
}

// place puts the thumb into the strip at across (the other axis), breadth wide.
func (b *bar) place(across, breadth float32, vertical bool, c color.Color) {
	if !b.needed() {
		paint(b.thumb, nil)
		return
	}
	thin := breadth * 0.5
	if b.hover || b.dragging {
		thin = breadth * 0.8
	} else {
		c = faded(c, uint8(uint32(alphaOf(c))*3/4))
	}
	at, length := b.thumbSpan()
	side := across + (breadth-thin)/2
	pos, size := fyne.NewPos(side, at), fyne.NewSize(thin, length)
	if !vertical {
		pos, size = fyne.NewPos(at, side), fyne.NewSize(length, thin)
	}
	b.thumb.CornerRadius = thin / 2
	b.thumb.Move(pos)
	b.thumb.Resize(size)
	paint(b.thumb, c)
}

func alphaOf(c color.Color) uint8 {
	_, _, _, a := c.RGBA()
	return uint8(a >> 8)
}
