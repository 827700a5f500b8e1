package widgets

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
)

// Table shows rows in columns below a header, any number of rows at the same
// cost. Columns keep their widths until the user drags the edges of the header;
// columns of width 0 share what is left.
//
// Keys: Up, Down, Page Up, Page Down, Home and End walk; Enter activates, Delete
// deletes.
//
// All methods belong on Fyne's goroutine. Callbacks may be nil and may be set
// at any time.
type Table struct {
	list

	// OnSelected is called when the user selects row, also when it was selected
	// before and is clicked again.
	OnSelected func(row int)
	// OnActivated is called for Enter and for a double click.
	OnActivated func(row int)
	// OnSecondary is called for a secondary click, at a position on the canvas.
	// It does not select the row.
	OnSecondary func(row int, at fyne.Position)
	// OnHeader is called when the header of col is tapped, to sort by it.
	OnHeader func(col int)
	// OnResized is called while the user drags the edge of col, with its new
	// Column.Width.
	OnResized func(col int, width float32)
	// OnScrolled is called when another part of the rows came into view.
	OnScrolled func()
	// OnDelete is called for the Delete key on the selected row.
	OnDelete func(row int)
	// OnRune is called for a letter typed while the table has the focus.
	OnRune func(r rune)

	src   TableSource
	cols  []Column
	cells []Cell // scratch for the source
	head  header
}

var (
	_ fyne.Focusable         = (*Table)(nil)
	_ fyne.Tappable          = (*Table)(nil)
	_ fyne.SecondaryTappable = (*Table)(nil)
	_ fyne.Scrollable        = (*Table)(nil)
	_ fyne.Draggable         = (*Table)(nil)
	_ desktop.Mouseable      = (*Table)(nil)
	_ desktop.Hoverable      = (*Table)(nil)
	_ desktop.Cursorable     = (*Table)(nil)
)

// NewTable returns a Table of cols over src.
func NewTable(cols []Column, src TableSource) *Table {
	t := &Table{src: src}
	t.head = newHeader()
	t.setColumns(cols)
	t.init(t, true)
	return t
}

// Refresh re-reads the rows in sight. It is cheap when nothing changed, so it
// may be called at each tick. A selected row beyond the end is unselected.
func (t *Table) Refresh() { t.BaseWidget.Refresh() }

// Selected returns the selected row, or -1.
func (t *Table) Selected() int { return t.sel }

// Select selects row and scrolls it into view; -1 selects none. It does not
// call OnSelected.
func (t *Table) Select(row int) {
	t.mark(row)
	t.reveal(row)
}

// Mark selects row as Select does, but does not scroll.
func (t *Table) Mark(row int) { t.mark(row) }

// Unselect selects nothing.
func (t *Table) Unselect() { t.mark(-1) }

// ScrollTo scrolls just so far that row is visible.
func (t *Table) ScrollTo(row int) { t.reveal(row) }

// Shift keeps the same rows in sight and selected after n rows were added above
// them (removed, when negative). Call it after the source has changed.
func (t *Table) Shift(n int) {
	if t.sel >= 0 {
		t.sel = max(-1, t.sel+n)
	}
	t.top += float64(n)
	t.place()
}

// AtTop reports whether the first row is wholly visible.
func (t *Table) AtTop() bool { return t.top == 0 }

// PointerInside reports whether the mouse pointer is over the table.
func (t *Table) PointerInside() bool { return t.input.inside }

// HasFocus reports whether the table has the keyboard.
func (t *Table) HasFocus() bool { return t.input.focused }

// FirstVisible returns the topmost row of which anything is visible.
func (t *Table) FirstVisible() int { return t.firstVisible() }

// VisibleRows returns how many rows fit, at least one.
func (t *Table) VisibleRows() int { return t.visibleRows() }

// SetColumns replaces the columns. The sort sign goes.
func (t *Table) SetColumns(cols []Column) {
	t.setColumns(cols)
	for _, s := range t.slots {
		s.clear()
	}
	t.place()
}

// Columns returns a copy of the columns, with the widths the user gave them.
func (t *Table) Columns() []Column { return slices.Clone(t.cols) }

// SetSort shows in the header of col that rows are sorted by it; -1 shows none.
// It sorts nothing.
func (t *Table) SetSort(col int, descending bool) {
	t.head.sorted, t.head.descending = col, descending
	t.drawAround()
}

// TypedKey implements fyne.Focusable.
func (t *Table) TypedKey(ev *fyne.KeyEvent) {
	if ev.Name == fyne.KeyDelete {
		if t.sel >= 0 && t.OnDelete != nil {
			t.OnDelete(t.sel)
		}
		return
	}
	t.list.TypedKey(ev)
}

// TypedRune implements fyne.Focusable.
func (t *Table) TypedRune(r rune) {
	if t.OnRune != nil {
		t.OnRune(r)
	}
}

func (t *Table) setColumns(cols []Column) {
	t.cols = slices.Clone(cols)
	t.cells = make([]Cell, len(cols))
	t.head.setColumns(len(cols))
	t.stale = true
}

func (t *Table) length() int { return t.src.Len() }

func (t *Table) fill(s *slot, row int) {
	clear(t.cells)
	t.src.Cells(row, t.cells)
	for i, col := range t.cols {
		c := t.cells[i]
		x, width := t.head.x[i], t.head.width[i]
		t.next(s).show(span{
			text: c.Text, x: x + t.pad, y: s.y, room: max(0, width-2*t.pad), h: t.rowH,
			right: col.Right, m: t.meter(col.Mono, c.Bold), color: t.colors.tone(c.Tone),
		})
	}
}

func (t *Table) footHeight() float32            { return 0 }
func (t *Table) picked(int, fyne.Position) bool { return false }

func (t *Table) selected(row int) {
	if t.OnSelected != nil {
		t.OnSelected(row)
	}
}

func (t *Table) activated(row int) {
	if t.OnActivated != nil {
		t.OnActivated(row)
	}
}

func (t *Table) secondary(row int, at fyne.Position) {
	if t.OnSecondary != nil {
		t.OnSecondary(row, at)
	}
}

func (t *Table) scrolled() {
	if t.OnScrolled != nil {
		t.OnScrolled()
	}
}
