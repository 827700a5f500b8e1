package widgets

import (
	"image/color"
	"math"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// owner is the widget that a list serves. All its methods are called on Fyne's
// goroutine.
type owner interface {
	fyne.Widget
	fyne.Focusable
	length() int
	// prepare comes before the rows are placed.
	prepare()
	// fill shows row in s; the row lies at s.y and is rowH high.
	fill(s *slot, row int)
	// drawAround draws what is not a row: a header, a gutter.
	drawAround()
	// extra returns the objects of drawAround, which lie over the rows.
	extra() []fyne.CanvasObject
	// headHeight is the room above the rows, footHeight that below.
	headHeight() float32
	footHeight() float32
	// The user did something with row. picked reports whether it was handled
	// other than by selecting, such as by folding.
	picked(row int, at fyne.Position) bool
	selected(row int)
	activated(row int)
	secondary(row int, at fyne.Position)
	scrolled()
}

// slot is a row object. Slots are used in turn, row modulo their number, so
// that scrolling by a row changes one slot only.
type slot struct {
	row       int // -1 shows nothing
	y         float32
	highlight bool
	ground    color.Color // when not nil, the colour behind the row
	back      *canvas.Rectangle
	cells     []*cell
	used      int // cells shown by the last fill
}

// list is the core of all views that show rows: it shows only those in sight,
// with objects that are made once. Where it stands is kept in rows, as float64:
// pixels are exact only up to some hundred thousand rows.
type list struct {
	widget.BaseWidget

	own        owner
	selectable bool

	// What is shown. sel is -1 when nothing is selected.
	top float64
	sel int

	// The objects. stale asks for a new list of them.
	slots   []*slot
	objects []fyne.CanvasObject
	stale   bool
	ring    *canvas.Rectangle
	vbar    bar

	// Measures, read from the theme by readTheme.
	size     fyne.Size
	rowH     float32
	textSize float32
	pad      float32
	barW     float32
	font     string
	colors   palette
	dense    bool // no air between rows: for code
	plain    *meter
	bold     *meter
	mono     *meter
	marks    *meter // for signs before a text
	folds    *meter // for triangles

	input input
}

func (l *list) init(own owner, selectable bool) {
	l.own, l.selectable, l.sel = own, selectable, -1
	l.ring = &canvas.Rectangle{StrokeWidth: 1}
	l.ring.Hide()
	l.vbar = newBar()
	l.input.hover = -1
	l.stale = true
	l.ExtendBaseWidget(own)
	l.readTheme()
}

// readTheme brings colours and measures up to date with the theme.
func (l *list) readTheme() {
	th := l.Theme()
	l.colors = paletteOf(th)
	l.pad = max(4, th.Size(theme.SizeNameInnerPadding))
	l.barW = max(8, th.Size(theme.SizeNameScrollBar))
	size := th.Size(theme.SizeNameText)
	font := fontName(th, fyne.TextStyle{}) + fontName(th, fyne.TextStyle{Monospace: true})
	if size == l.textSize && font == l.font {
		return
	}
	l.textSize, l.font = size, font
	l.plain = newMeter(size, fyne.TextStyle{})
	l.bold = newMeter(size, fyne.TextStyle{Bold: true})
	// The monospaced font runs larger than the other at the same size.
	l.mono = newMeter(round(size*0.94*2)/2, fyne.TextStyle{Monospace: true})
	l.marks = newMeter(size, fyne.TextStyle{Monospace: true})
	l.folds = newMeter(round(size*1.3), fyne.TextStyle{Monospace: true})
	l.rowH = round(size*1.36 + 6)
	if l.dense {
		l.rowH = round(size * 1.36)
	}
}

func fontName(th fyne.Theme, style fyne.TextStyle) string {
	if f := th.Font(style); f != nil {
		return f.Name()
	}
	return ""
}

func round(v float32) float32 { return float32(math.Round(float64(v))) }

// meter returns the meter of a style. The monospaced font has no bold cut.
func (l *list) meter(mono, bold bool) *meter {
	switch {
	case mono:
		return l.mono
	case bold:
		return l.bold
	default:
		return l.plain
	}
}

// viewHeight is the height that is left for rows.
func (l *list) viewHeight() float32 {
	return max(0, l.size.Height-l.own.headHeight()-l.own.footHeight())
}

// viewRows is viewHeight in rows.
func (l *list) viewRows() float64 { return float64(l.viewHeight()) / float64(l.rowH) }

// contentWidth is the width that is left for rows.
func (l *list) contentWidth() float32 { return max(0, l.size.Width-l.barW) }

// rebuild makes as many slots as the size needs, and none while there is no
// room for a row.
func (l *list) rebuild() {
	want := 0
	if l.size.Width > l.barW && l.viewHeight() >= 1 {
		want = int(math.Ceil(l.viewRows())) + 2
	}
	for len(l.slots) < want {
		back := &canvas.Rectangle{CornerRadius: 3}
		back.Hide()
		l.slots = append(l.slots, &slot{row: -1, back: back})
		l.stale = true
	}
	if len(l.slots) > want {
		clear(l.slots[want:])
		l.slots = l.slots[:want]
		l.stale = true
	}
}

// layout is the renderer's: it must do nothing when the size is the same, for
// Fyne calls it in the frame after a text changed.
func (l *list) layout(size fyne.Size) {
	if size == l.size {
		return
	}
	l.size = size
	l.update() // the theme may be another than when the widget was made
}

// update re-reads theme and rows.
func (l *list) update() {
	l.readTheme()
	l.place()
}

// place shows the rows in sight. It asks the owner for those only.
func (l *list) place() {
	l.own.prepare()
	l.rebuild()
	n := l.own.length()
	l.top = min(max(0, l.top), max(0, float64(n)-l.viewRows()))
	if l.sel >= n {
		l.sel = -1
	}
	first := int(math.Floor(l.top))
	shift := round(float32(l.top-math.Floor(l.top)) * l.rowH)
	y := l.own.headHeight() - shift
	foot := l.own.footHeight()
	bottom := l.size.Height - foot // no row is drawn over the foot
	for k := range l.slots {
		row := first + k
		s := l.slots[row%len(l.slots)]
		if row >= n || y >= bottom || (foot > 0 && y+l.rowH > bottom+1) {
			s.clear()
			continue
		}
		s.row, s.y, s.used, s.highlight, s.ground = row, y, 0, false, nil
		l.own.fill(s, row)
		for _, c := range s.cells[s.used:] {
			c.clear()
		}
		y += l.rowH
	}
	l.own.drawAround()
	l.tint()
	l.placeBar(n)
	if l.stale {
		l.collect()
	}
}

func (s *slot) clear() {
	s.row, s.highlight, s.used = -1, false, 0
	for _, c := range s.cells {
		c.clear()
	}
	paint(s.back, nil)
}

// next returns the next cell of s, made when needed.
func (l *list) next(s *slot) *cell {
	if s.used == len(s.cells) {
		s.cells = append(s.cells, newCell())
		l.stale = true
	}
	s.used++
	return s.cells[s.used-1]
}

// tint colours the rows and the frame: it asks the owner nothing.
func (l *list) tint() {
	width := l.contentWidth()
	for _, s := range l.slots {
		if s.row < 0 {
			continue
		}
		s.back.Move(fyne.NewPos(2, s.y))
		s.back.Resize(fyne.NewSize(max(0, width-3), l.rowH))
		switch {
		case s.row == l.sel && l.selectable:
			paint(s.back, l.colors.selected)
		case s.ground != nil:
			paint(s.back, s.ground)
		case s.highlight:
			paint(s.back, l.colors.highlight)
		case s.row == l.input.hover && l.selectable:
			paint(s.back, l.colors.hover)
		default:
			paint(s.back, nil)
		}
	}
	l.ring.Resize(l.size)
	if l.ring.StrokeColor != l.colors.focus {
		l.ring.StrokeColor = l.colors.focus
		l.ring.Refresh()
	}
	if l.ring.Visible() != l.input.focused {
		if l.input.focused {
			l.ring.Show()
		} else {
			l.ring.Hide()
		}
	}
}

func (l *list) placeBar(n int) {
	b := &l.vbar
	b.total, b.view, b.pos = float64(n), l.viewRows(), l.top
	b.start, b.length = l.own.headHeight()+2, l.viewHeight()-4
	b.place(l.size.Width-l.barW, l.barW, true, l.colors.thumb)
}

// collect lists the objects anew, after slots or cells were made.
func (l *list) collect() {
	l.stale = false
	l.objects = l.objects[:0:0]
	for _, s := range l.slots {
		l.objects = append(l.objects, s.back)
	}
	for _, s := range l.slots {
		for _, c := range s.cells {
			l.objects = append(l.objects, c.obj)
		}
	}
	l.objects = append(l.objects, l.own.extra()...)
	l.objects = append(l.objects, l.vbar.thumb, l.ring)
	canvas.Refresh(l.own)
}

// scrollTo moves the top to row top, and tells the owner when that is news.
func (l *list) scrollTo(top float64) {
	top = min(max(0, top), max(0, float64(l.own.length())-l.viewRows()))
	if top == l.top {
		return
	}
	l.top = top
	l.place()
	l.point(l.rowAt(l.input.pointer), l.vbar.hover) // another row is under the pointer now
	l.own.scrolled()
}

// reveal scrolls just so far that row is wholly visible.
func (l *list) reveal(row int) {
	switch view := l.viewRows(); {
	case row < 0 || row >= l.own.length():
	case float64(row) < l.top:
		l.scrollTo(float64(row))
	case float64(row+1) > l.top+view:
		l.scrollTo(float64(row+1) - max(1, view))
	}
}

// mark selects row without scrolling and without telling the owner.
func (l *list) mark(row int) {
	if row < 0 || row >= l.own.length() {
		row = -1
	}
	if row != l.sel {
		l.sel = row
		l.tint()
	}
}

// firstVisible returns the topmost row of which anything is seen.
func (l *list) firstVisible() int { return int(math.Floor(l.top)) }

// visibleRows returns how many rows fit wholly, at least one.
func (l *list) visibleRows() int { return max(1, int(l.viewRows())) }

// listRenderer only passes on: the objects belong to the list, for Fyne throws
// a renderer away when its widget is not seen for some seconds.
type listRenderer struct{ l *list }

// Layout implements fyne.WidgetRenderer.
func (r listRenderer) Layout(size fyne.Size) { r.l.layout(size) }

// Refresh implements fyne.WidgetRenderer.
func (r listRenderer) Refresh() { r.l.update() } // what changed asks for its own redraw

// Objects implements fyne.WidgetRenderer.
func (r listRenderer) Objects() []fyne.CanvasObject { return r.l.objects }

// Destroy implements fyne.WidgetRenderer.
func (r listRenderer) Destroy() {}

// MinSize implements fyne.WidgetRenderer.
func (r listRenderer) MinSize() fyne.Size {
	return fyne.NewSize(100, r.l.own.headHeight()+r.l.own.footHeight()+2*r.l.rowH)
}

// Show makes the widget visible again.
func (l *list) Show() {
	l.BaseWidget.Show()
	canvas.Refresh(l.own) // nothing may have changed since it was hidden
}

// CreateRenderer implements fyne.Widget.
func (l *list) CreateRenderer() fyne.WidgetRenderer { return listRenderer{l} }
