package widgets

import (
	"image/color"
	"strconv"

	"fyne.io/fyne/v2"
)

// Lang is how a CodeView colours its text.
type Lang uint8

// The languages.
const (
	Plain Lang = iota
	JSON
)

// DiffKind says what became of a line.
type DiffKind uint8

// The kinds of diff line.
const (
	Same DiffKind = iota
	Added
	Removed
)

// DiffLine is one line of a diff, without a sign and without a line end.
type DiffLine struct {
	Kind DiffKind
	Text string
}

// CodeView shows a text, a diff or a hex dump of any size; it cannot be edited.
// Only the lines in sight are split, coloured and drawn, so megabytes cost no
// more than a page; a line longer than the view scrolls sideways and is never
// wrapped. Control characters are shown as signs.
//
// Keys: arrows, Page Up, Page Down, Home and End scroll; Ctrl+C gives the whole
// text to OnCopy.
//
// All methods belong on Fyne's goroutine.
type CodeView struct {
	list

	// OnCopy is given all that Text returns when the user presses Ctrl+C.
	OnCopy func(text string)
	// OnLine is called when the user clicks on a line, counted from 0.
	OnLine func(line int)

	src     codeSource
	numbers bool

	grid    *grid
	longest int // columns of the longest line
	left    int // first column in sight
	hbar    bar
	laid    map[int]*laidLine

	classes [classCount]color.Color
	added   color.Color
	removed color.Color
}

// laidLine is a line ready to be drawn.
type laidLine struct {
	cells  []rune
	tokens []token
	about  codeLine
}

var (
	_ fyne.Focusable    = (*CodeView)(nil)
	_ fyne.Scrollable   = (*CodeView)(nil)
	_ fyne.Draggable    = (*CodeView)(nil)
	_ fyne.Shortcutable = (*CodeView)(nil)
)

// NewCodeView returns an empty CodeView without line numbers.
func NewCodeView() *CodeView {
	v := &CodeView{src: newTextLines("", Plain), hbar: newBar()}
	v.dense = true
	v.init(v, false)
	return v
}

// SetText shows text. A text of as many lines as the one before stays scrolled
// as it was; another begins at the top.
func (v *CodeView) SetText(text string, lang Lang) {
	if t, ok := v.src.(*textLines); ok && t.lang == lang && t.text == text {
		return
	}
	v.set(newTextLines(text, lang))
}

// SetDiff shows lines with a sign and a tint for each kind, coloured as JSON. It
// keeps lines, which must not be changed after. The place is kept as by
// SetText.
func (v *CodeView) SetDiff(lines []DiffLine) { v.set(newDiffLines(lines)) }

// SetHex shows data as offset, hexadecimal and ASCII, sixteen bytes a line and
// without line numbers. It keeps data, which must not be changed after. The
// place is kept as by SetText.
func (v *CodeView) SetHex(data []byte) { v.set(&hexLines{data: data}) }

// SetLineNumbers shows or hides line numbers. In a diff they are those of the
// new text.
func (v *CodeView) SetLineNumbers(on bool) {
	if on != v.numbers {
		v.numbers = on
		v.place()
	}
}

// Text returns all that is shown as text, for copying: the text as it was set,
// the diff with its signs, or the whole hex dump, which is nearly five times as
// long as its data and made at each call.
func (v *CodeView) Text() string { return v.src.all() }

// Lines returns how many lines there are, at least one.
func (v *CodeView) Lines() int { return v.src.count() }

// ScrollToTop shows the first line from its beginning.
func (v *CodeView) ScrollToTop() {
	v.left = 0
	v.scrollTo(0)
	v.place()
}

// ScrollToLine scrolls just so far that line, counted from 0, is visible.
func (v *CodeView) ScrollToLine(line int) { v.reveal(line) }

// FirstVisible returns the topmost line of which anything is visible.
func (v *CodeView) FirstVisible() int { return v.firstVisible() }

// VisibleRows returns how many lines fit, at least one.
func (v *CodeView) VisibleRows() int { return v.visibleRows() }

// HasFocus reports whether the view has the keyboard.
func (v *CodeView) HasFocus() bool { return v.input.focused }

// Refresh redraws the lines in sight in the colours of the theme.
func (v *CodeView) Refresh() { v.BaseWidget.Refresh() }

// TypedShortcut implements fyne.Shortcutable.
func (v *CodeView) TypedShortcut(s fyne.Shortcut) {
	if _, ok := s.(*fyne.ShortcutCopy); ok && v.OnCopy != nil {
		v.OnCopy(v.Text())
	}
}

// TypedKey implements fyne.Focusable.
func (v *CodeView) TypedKey(ev *fyne.KeyEvent) {
	switch ev.Name {
	case fyne.KeyLeft:
		v.scrollSideways(v.left - tabWidth)
	case fyne.KeyRight:
		v.scrollSideways(v.left + tabWidth)
	default:
		v.list.TypedKey(ev)
	}
}

func (v *CodeView) set(src codeSource) {
	same := src.count() == v.src.count()
	v.src, v.grid = src, nil
	if !same {
		v.top, v.left = 0, 0
	}
	v.place()
}

func (v *CodeView) length() int { return v.src.count() }

// prepare measures the text anew when it or the font is another.
func (v *CodeView) prepare() {
	if v.grid == nil || v.grid.m != v.mono {
		v.grid = newGrid(v.mono)
		v.laid = map[int]*laidLine{}
		v.longest = v.src.longest(v.grid)
	}
	v.left = max(0, min(v.left, v.longest-v.viewColumns()))
	th := v.Theme()
	v.classes = [classCount]color.Color{
		classPlain: v.colors.tone(ToneNormal), classKey: colorOf(th, ColorJSONKey), classString: colorOf(th, ColorJSONString),
		classNumber: colorOf(th, ColorJSONNumber), classLiteral: colorOf(th, ColorJSONLiteral),
	}
	v.added, v.removed = colorOf(th, ColorAdded), colorOf(th, ColorRemoved)
}

// mostLaid bounds how many lines are kept laid out.
const mostLaid = 256

func (v *CodeView) lay(i int) *laidLine {
	if l, ok := v.laid[i]; ok {
		return l
	}
	if len(v.laid) >= mostLaid {
		clear(v.laid)
	}
	text, about := v.src.line(i)
	l := &laidLine{cells: v.grid.cells(text), about: about}
	if about.lang == JSON {
		l.tokens = lexJSON(l.cells)
	}
	v.laid[i] = l
	return l
}

// gutter returns the width of the line numbers, 0 without them.
func (v *CodeView) gutter() float32 {
	if _, hex := v.src.(*hexLines); hex || !v.numbers {
		return 0
	}
	digits := max(2, len(strconv.Itoa(v.src.count())))
	return round(float32(digits)*v.mono.advance('0') + 2*v.pad)
}

// textStart returns where column left is drawn.
func (v *CodeView) textStart() float32 { return v.gutter() + v.pad }

// viewColumns returns how many columns are in sight.
func (v *CodeView) viewColumns() int {
	return max(1, int((v.contentWidth()-v.textStart())/v.mono.advance('0')))
}

func (v *CodeView) fill(s *slot, row int) {
	l := v.lay(row)
	gutter := v.gutter()
	if gutter > 0 {
		number := ""
		if l.about.number > 0 {
			number = strconv.Itoa(l.about.number)
		}
		v.next(s).show(span{text: number, x: 0, y: s.y, room: gutter - v.pad, h: v.rowH, right: true, m: v.mono, color: v.colors.tone(ToneDim)})
	}
	x := v.textStart()
	from, to := v.left, v.left+v.viewColumns()
	if l.about.diff {
		v.sign(s, l.about.kind, x)
		x += signColumns * v.grid.cell
		to -= signColumns
	}
	v.runs(s, l, x, from, min(to, len(l.cells)))
}

// sign shows what became of a line, by sign and by ground.
func (v *CodeView) sign(s *slot, kind DiffKind, x float32) {
	tone := ToneDim
	switch kind {
	case Added:
		tone, s.ground = ToneGood, v.added
	case Removed:
		tone, s.ground = ToneBad, v.removed
	default:
	}
	v.next(s).show(span{text: diffSign(kind), x: x, y: s.y, room: 2 * v.grid.cell, h: v.rowH, m: v.mono, color: v.colors.tone(tone)})
}

// drawAround draws the bar for scrolling sideways.
func (v *CodeView) drawAround() {
	b := &v.hbar
	b.total, b.view, b.pos = float64(v.longest), float64(v.viewColumns()), float64(v.left)
	b.start, b.length = 2, v.contentWidth()-4
	b.place(v.size.Height-v.barW, v.barW, false, v.colors.thumb)
}

func (v *CodeView) extra() []fyne.CanvasObject { return []fyne.CanvasObject{v.hbar.thumb} }
func (v *CodeView) headHeight() float32        { return v.pad }

func (v *CodeView) footHeight() float32 {
	if v.longest > v.viewColumns() {
		return v.barW
	}
	return 0
}

func (v *CodeView) picked(row int, _ fyne.Position) bool {
	if v.OnLine != nil {
		v.OnLine(row)
	}
	return true
}

func (v *CodeView) selected(int)                 {}
func (v *CodeView) activated(int)                {}
func (v *CodeView) secondary(int, fyne.Position) {}
func (v *CodeView) scrolled()                    {}
