package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
)

// Tree shows the flattened rows of a tree, of any length at the same cost. The
// source says which rows there are; the Tree folds nothing itself but asks for
// it through OnToggle.
//
// Keys: Up, Down, Page Up, Page Down, Home and End walk; Left closes a branch or
// goes to its parent, Right opens it or goes to its first child; Enter
// activates, Delete deletes, letters search.
//
// All methods belong on Fyne's goroutine. Callbacks may be nil and may be set
// at any time.
type Tree struct {
	list

	// OnToggle asks to open or close the branch in row. The owner changes its
	// rows and calls Refresh.
	OnToggle func(row int)
	// OnSelected is called when the user selects row, also when it was selected
	// before and is clicked again.
	OnSelected func(row int)
	// OnActivated is called for Enter and for a double click. A double click on a
	// branch does not toggle it; the owner may.
	OnActivated func(row int)
	// OnSecondary is called for a secondary click, at a position on the canvas.
	// It does not select the row.
	OnSecondary func(row int, at fyne.Position)
	// OnDelete is called for the Delete key on the selected row.
	OnDelete func(row int)
	// OnRune is called for a letter typed while the tree has the focus.
	OnRune func(r rune)

	src TreeSource
}

var (
	_ fyne.Focusable         = (*Tree)(nil)
	_ fyne.Tappable          = (*Tree)(nil)
	_ fyne.SecondaryTappable = (*Tree)(nil)
	_ fyne.Scrollable        = (*Tree)(nil)
	_ fyne.Draggable         = (*Tree)(nil)
	_ desktop.Mouseable      = (*Tree)(nil)
	_ desktop.Hoverable      = (*Tree)(nil)
)

// NewTree returns a Tree over src.
func NewTree(src TreeSource) *Tree {
	t := &Tree{src: src}
	t.init(t, true)
	return t
}

// Refresh re-reads the rows in sight. It is cheap when nothing changed, so it
// may be called at each tick. A selected row beyond the end is unselected.
func (t *Tree) Refresh() { t.BaseWidget.Refresh() }

// Selected returns the selected row, or -1.
func (t *Tree) Selected() int { return t.sel }

// Select selects row and scrolls it into view; -1 selects none. It does not
// call OnSelected.
func (t *Tree) Select(row int) {
	t.mark(row)
	t.reveal(row)
}

// Mark selects row as Select does, but does not scroll. It keeps the selection
// at its row when rows come and go above it.
func (t *Tree) Mark(row int) { t.mark(row) }

// ScrollTo scrolls just so far that row is visible.
func (t *Tree) ScrollTo(row int) { t.reveal(row) }

// PointerInside reports whether the mouse pointer is over the tree.
func (t *Tree) PointerInside() bool { return t.input.inside }

// HasFocus reports whether the tree has the keyboard.
func (t *Tree) HasFocus() bool { return t.input.focused }

// FirstVisible returns the topmost row of which anything is visible.
func (t *Tree) FirstVisible() int { return t.firstVisible() }

// VisibleRows returns how many rows fit, at least one.
func (t *Tree) VisibleRows() int { return t.visibleRows() }

// TypedKey implements fyne.Focusable.
func (t *Tree) TypedKey(ev *fyne.KeyEvent) {
	switch ev.Name {
	case fyne.KeyLeft:
		t.left()
	case fyne.KeyRight:
		t.right()
	case fyne.KeyDelete:
		if t.sel >= 0 && t.OnDelete != nil {
			t.OnDelete(t.sel)
		}
	default:
		t.list.TypedKey(ev)
	}
}

// TypedRune implements fyne.Focusable.
func (t *Tree) TypedRune(r rune) {
	if t.OnRune != nil {
		t.OnRune(r)
	}
}

func (t *Tree) left() {
	if t.sel < 0 {
		return
	}
	row := t.src.Row(t.sel)
	if row.Branch && row.Open {
		t.toggle(t.sel)
		return
	}
	if up := t.parent(t.sel, row.Depth); up >= 0 {
		t.choose(up, false)
	}
}

// longestClimb bounds the search for a parent, should a branch have more
// children than one wants to ask for at a key press.
const longestClimb = 200_000

// parent returns the nearest row above with a smaller depth, or -1.
func (t *Tree) parent(row, depth int) int {
	if depth == 0 {
		return -1
	}
	for i := row - 1; i >= max(0, row-longestClimb); i-- {
		if t.src.Row(i).Depth < depth {
			return i
		}
	}
	return -1
}

func (t *Tree) right() {
	if t.sel < 0 {
		return
	}
	row := t.src.Row(t.sel)
	switch {
	case row.Branch && !row.Open:
		t.toggle(t.sel)
	case row.Branch && t.sel+1 < t.src.Len() && t.src.Row(t.sel+1).Depth > row.Depth:
		t.choose(t.sel+1, false)
	}
}

func (t *Tree) toggle(row int) {
	if t.OnToggle != nil {
		t.OnToggle(row)
	}
}

// Measures of a row, as parts of the text size.
const (
	indentPart   = 1.15
	trianglePart = 1.2
	markPart     = 1.25
)

// indent returns where the triangle of a row begins. Very deep rows all begin
// at the same place, so that their text stays readable.
func (t *Tree) indent(depth int) float32 {
	return min(t.pad+float32(depth)*round(t.textSize*indentPart), max(t.pad, t.contentWidth()*0.6))
}

func (t *Tree) length() int { return t.src.Len() }

func (t *Tree) fill(s *slot, row int) {
	r := t.src.Row(row)
	s.highlight = r.Highlight
	x, right := t.indent(r.Depth), t.contentWidth()-t.pad
	put := func(text string, x, room float32, m *meter, tone Tone, trailing bool) float32 {
		return t.next(s).show(span{text: text, x: x, y: s.y, room: max(0, room), h: t.rowH, right: trailing, m: m, color: t.colors.tone(tone)})
	}
	triangle := ""
	if r.Branch {
		triangle = "▸"
		if r.Open {
			triangle = "▾"
		}
	}
	zone := round(t.textSize * trianglePart)
	put(triangle, x, zone, t.folds, ToneDim, false)
	x += zone
	if r.Mark != "" {
		put(r.Mark, x, round(t.textSize*markPart*2), t.marks, r.MarkTone, false)
		x += max(round(t.textSize*markPart), t.cellWidth(s)+t.pad)
	} else {
		put("", x, 0, t.marks, ToneDim, false)
	}
	half := max(0, (right-x)/2)
	note := put(r.Note, right-half, half, t.plain, noteTone(r), true)
	if note > 0 {
		right -= note + 2*t.pad
	}
	x += put(r.Text, x, right-x, t.meter(false, r.Bold), r.TextTone, false) + 2*t.pad
	if room := right - x; room > 2*t.textSize {
		put(r.Value, x, room, t.mono, ToneDim, false)
	}
}

// cellWidth returns the width of what the last cell of s shows.
func (t *Tree) cellWidth(s *slot) float32 { return s.cells[s.used-1].width }

func noteTone(r TreeRow) Tone {
	if r.NoteTone == ToneNormal {
		return ToneDim
	}
	return r.NoteTone
}

func (t *Tree) prepare()                   {}
func (t *Tree) drawAround()                {}
func (t *Tree) extra() []fyne.CanvasObject { return nil }
func (t *Tree) headHeight() float32        { return 0 }
func (t *Tree) footHeight() float32        { return 0 }
func (t *Tree) scrolled()                  {}

func (t *Tree) picked(row int, at fyne.Position) bool {
	r := t.src.Row(row)
	x := t.indent(r.Depth)
	if !r.Branch || at.X < x-4 || at.X >= x+round(t.textSize*trianglePart) {
		return false
	}
	t.toggle(row)
	return true
}

func (t *Tree) selected(row int) {
	if t.OnSelected != nil {
		t.OnSelected(row)
	}
}

func (t *Tree) activated(row int) {
	if t.OnActivated != nil {
		t.OnActivated(row)
	}
}

func (t *Tree) secondary(row int, at fyne.Position) {
	if t.OnSecondary != nil {
		t.OnSecondary(row, at)
	}
}
