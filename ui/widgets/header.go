package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
)

const (
	narrowestColumn   = 28 // what the user can drag a column to
	narrowestFlexible = 60 // what a column of width 0 gets at least
	columnTextSize    = 13 // the text size that Column.Width is meant for
	edgeReach         = 4  // how far from an edge the pointer takes hold of it
)

// header is the header row of a Table and the widths of its columns.
type header struct {
	back, line *canvas.Rectangle
	titles     []*cell
	edges      []*canvas.Rectangle
	x, width   []float32

	sorted     int // column, or -1
	descending bool

	edge      int // being dragged, or -1
	edgeStart float32
	startW    float32
}

func newHeader() header {
	return header{back: &canvas.Rectangle{}, line: &canvas.Rectangle{}, sorted: -1, edge: -1}
}

func (h *header) setColumns(n int) {
	h.titles, h.edges = make([]*cell, n), make([]*canvas.Rectangle, n)
	for i := range n {
		h.titles[i], h.edges[i] = newCell(), &canvas.Rectangle{}
	}
	h.x, h.width = make([]float32, n), make([]float32, n)
	h.sorted, h.edge = -1, -1
}

// share gives each column its place in room. Widths are multiplied by scale.
func (h *header) share(cols []Column, room, scale float32) {
	fixed, flexible := float32(0), 0
	for _, c := range cols {
		if c.Width > 0 {
			fixed += c.Width * scale
		} else {
			flexible++
		}
	}
	shrink, each := float32(1), float32(0)
	if flexible > 0 {
		each = max(narrowestFlexible, (room-fixed)/float32(flexible))
	}
	if over := room - each*float32(flexible); fixed > over && fixed > 0 && over > 0 {
		shrink = over / fixed
	}
	x := float32(0)
	for i, c := range cols {
		h.x[i], h.width[i] = x, each
		if c.Width > 0 {
			h.width[i] = float32(int(c.Width * scale * shrink))
		}
		x += h.width[i]
	}
}

// edgeAt returns the column whose right edge is at x, or -1. The right edge of
// the last column is the table's and stays.
func (h *header) edgeAt(x float32) int {
	for i := range len(h.x) - 1 {
		if edge := h.x[i] + h.width[i]; x >= edge-edgeReach && x <= edge+edgeReach {
			return i
		}
	}
	return -1
}

func (h *header) columnAt(x float32) int {
	for i := range h.x {
		if x >= h.x[i] && x < h.x[i]+h.width[i] {
			return i
		}
	}
	return -1
}

func (t *Table) headHeight() float32 { return t.rowH + 1 }

func (t *Table) extra() []fyne.CanvasObject {
	objs := []fyne.CanvasObject{t.head.back}
	for i := range t.head.titles {
		objs = append(objs, t.head.titles[i].obj, t.head.edges[i])
	}
	return append(objs, t.head.line)
}

func (t *Table) prepare() { t.head.share(t.cols, t.contentWidth(), t.scale()) }

// scale is what the widths of columns are multiplied with.
func (t *Table) scale() float32 { return t.textSize / columnTextSize }

func (t *Table) drawAround() {
	h := &t.head
	paint(h.back, t.colors.header)
	h.back.Resize(fyne.NewSize(t.size.Width, t.rowH))
	paint(h.line, t.colors.line)
	h.line.Move(fyne.NewPos(0, t.rowH))
	h.line.Resize(fyne.NewSize(t.size.Width, 1))
	for i, col := range t.cols {
		title, tone := col.Title, ToneDim
		if i == h.sorted {
			tone = ToneNormal
			if h.descending {
				title += " ▾"
			} else {
				title += " ▴"
			}
		}
		h.titles[i].show(span{
			text: title, x: h.x[i] + t.pad, room: max(0, h.width[i]-2*t.pad), h: t.rowH,
			right: col.Right, m: t.bold, color: t.colors.tone(tone),
		})
		paint(h.edges[i], nil)
		if i < len(t.cols)-1 {
			paint(h.edges[i], t.colors.line)
			h.edges[i].Move(fyne.NewPos(h.x[i]+h.width[i]-1, 4))
			h.edges[i].Resize(fyne.NewSize(1, t.rowH-8))
		}
	}
}

// Cursor implements desktop.Cursorable: over an edge of the header it can be
// dragged.
func (t *Table) Cursor() desktop.Cursor {
	if t.head.edge >= 0 || (t.input.inside && t.onEdge(t.input.pointer) >= 0) {
		return desktop.HResizeCursor
	}
	return desktop.DefaultCursor
}

func (t *Table) onEdge(p fyne.Position) int {
	if p.Y < 0 || p.Y >= t.headHeight() {
		return -1
	}
	return t.head.edgeAt(p.X)
}

// MouseDown implements desktop.Mouseable: it takes hold of the edge under the
// pointer.
func (t *Table) MouseDown(ev *desktop.MouseEvent) {
	if ev.Position.Y < t.headHeight() {
		if t.pressing(ev) {
			t.takeFocus()
			t.grab(ev.Position)
		}
		return
	}
	t.list.MouseDown(ev)
}

// MouseUp implements desktop.Mouseable.
func (t *Table) MouseUp(ev *desktop.MouseEvent) {
	t.head.edge = -1
	t.list.MouseUp(ev)
}

// Tapped implements fyne.Tappable: in the header it asks to sort.
func (t *Table) Tapped(ev *fyne.PointEvent) {
	if ev.Position.Y >= t.headHeight() {
		t.list.Tapped(ev)
		return
	}
	if t.onEdge(ev.Position) >= 0 {
		return
	}
	if col := t.head.columnAt(ev.Position.X); col >= 0 && t.OnHeader != nil {
		t.OnHeader(col)
	}
}

// Dragged implements fyne.Draggable.
func (t *Table) Dragged(ev *fyne.DragEvent) {
	from, to, first := t.follow(ev)
	if first {
		t.grab(from)
	}
	if t.head.edge >= 0 {
		t.resizeColumn(to.X - t.head.edgeStart)
		return
	}
	t.draggedTo(from, to, first)
}

// DragEnd implements fyne.Draggable.
func (t *Table) DragEnd() {
	t.head.edge = -1
	t.list.DragEnd()
}

// grab takes hold of the edge at p, if there is one.
func (t *Table) grab(p fyne.Position) {
	if edge := t.onEdge(p); edge >= 0 {
		t.head.edge, t.head.edgeStart, t.head.startW = edge, p.X, t.head.width[t.sized(edge)]
	}
}

// sized returns the column that gets another width when edge moves: the one
// left of it, or the one right of it when the left one is flexible.
func (t *Table) sized(edge int) int {
	if t.cols[edge].Width > 0 || t.cols[edge+1].Width == 0 {
		return edge
	}
	return edge + 1
}

func (t *Table) resizeColumn(by float32) {
	col := t.sized(t.head.edge)
	if col != t.head.edge {
		by = -by
	}
	drawn := max(narrowestColumn, t.head.startW+by)
	if t.cols[col].Width == 0 { // both are flexible: from now on this one is fixed
		drawn = min(drawn, max(narrowestColumn, t.contentWidth()-narrowestFlexible))
	}
	width := drawn / t.scale()
	if t.cols[col].Width == width {
		return
	}
	t.cols[col].Width = width
	t.place()
	if t.OnResized != nil {
		t.OnResized(col, width)
	}
}
