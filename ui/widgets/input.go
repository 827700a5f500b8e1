package widgets

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
)

// input is what the mouse and the keyboard are doing with a list.
type input struct {
	focused bool
	inside  bool
	pointer fyne.Position // last seen, relative to the list
	hover   int           // row under the pointer, or -1

	pressed   bool // the primary button is down
	handled   bool // the press of the tap to come was dealt with
	dragging  bool
	dragAt    fyne.Position
	lastRow   int // of the last press, for double clicks
	lastPress time.Time
	now       func() time.Time // nil is time.Now; tests set it
}

func (in *input) time() time.Time {
	if in.now != nil {
		return in.now()
	}
	return time.Now()
}

// rowAt returns the row at p, or -1.
func (l *list) rowAt(p fyne.Position) int {
	head := l.own.headHeight()
	if !l.input.inside || p.Y < head || p.Y >= head+l.viewHeight() || p.X < 0 || p.X >= l.contentWidth() {
		return -1
	}
	return l.rowAtY(p.Y)
}

func (l *list) rowAtY(y float32) int {
	for _, s := range l.slots {
		if s.row >= 0 && y >= s.y && y < s.y+l.rowH {
			return s.row
		}
	}
	return -1
}

func (l *list) onBar(p fyne.Position) bool {
	return p.X >= l.contentWidth() && p.Y >= l.own.headHeight() && l.vbar.needed()
}

// press deals with the primary button going down at p. It acts on the press and
// not on the tap, for a tap is lost when the mouse moves two pixels meanwhile.
func (l *list) press(p fyne.Position) {
	l.takeFocus()
	if l.onBar(p) {
		l.scrollTo(l.vbar.press(p.Y))
		return
	}
	if p.Y < l.own.headHeight() || p.Y >= l.own.headHeight()+l.viewHeight() {
		return
	}
	row := l.rowAtY(p.Y)
	now := l.input.time()
	double := row >= 0 && row == l.input.lastRow && now.Sub(l.input.lastPress) < doubleTapDelay()
	l.input.lastRow, l.input.lastPress = row, now
	if row < 0 {
		return
	}
	if l.own.picked(row, p) {
		l.input.lastRow = -1
		return
	}
	if double {
		l.input.lastRow = -1
		l.own.activated(row)
		return
	}
	l.choose(row, true)
}

func doubleTapDelay() time.Duration {
	if d := fyne.CurrentApp().Driver().DoubleTapDelay(); d > 0 {
		return d
	}
	return 400 * time.Millisecond
}

// choose selects row for the user. The owner is told when it is another row than
// before, or always.
func (l *list) choose(row int, always bool) {
	if !l.selectable {
		return
	}
	n := l.own.length()
	if n == 0 {
		return
	}
	row = min(max(0, row), n-1)
	tell := always || row != l.sel
	l.sel = row
	l.reveal(row)
	l.tint()
	if tell {
		l.own.selected(row)
	}
}

func (l *list) takeFocus() {
	if c := fyne.CurrentApp().Driver().CanvasForObject(l.own); c != nil && c.Focused() != fyne.Focusable(l.own) {
		c.Focus(l.own)
	}
}

// MouseDown implements desktop.Mouseable.
func (l *list) MouseDown(ev *desktop.MouseEvent) {
	if l.pressing(ev) {
		l.input.handled = true
		l.press(ev.Position)
	}
}

// pressing notes where the primary button went down, and reports whether it was
// that one.
func (l *list) pressing(ev *desktop.MouseEvent) bool {
	if ev.Button != desktop.MouseButtonPrimary {
		return false
	}
	l.input.pressed, l.input.dragging, l.input.dragAt = true, false, ev.Position
	return true
}

// MouseUp implements desktop.Mouseable.
func (l *list) MouseUp(*desktop.MouseEvent) { l.release() }

func (l *list) release() {
	l.input.pressed, l.input.dragging = false, false
	l.vbar.dragging = false
	l.placeBar(l.own.length())
}

// Tapped implements fyne.Tappable.
func (l *list) Tapped(ev *fyne.PointEvent) {
	if l.input.handled {
		l.input.handled = false
		return
	}
	l.press(ev.Position)
	l.vbar.dragging = false
}

// TappedSecondary implements fyne.SecondaryTappable.
func (l *list) TappedSecondary(ev *fyne.PointEvent) {
	l.takeFocus()
	head := l.own.headHeight()
	if ev.Position.Y < head || ev.Position.Y >= head+l.viewHeight() {
		return
	}
	if row := l.rowAtY(ev.Position.Y); row >= 0 {
		l.own.secondary(row, ev.AbsolutePosition)
	}
}

// Scrolled implements fyne.Scrollable.
func (l *list) Scrolled(ev *fyne.ScrollEvent) {
	l.scrollTo(l.top - float64(ev.Scrolled.DY)/float64(l.rowH))
}

// Dragged implements fyne.Draggable.
func (l *list) Dragged(ev *fyne.DragEvent) { l.draggedTo(l.follow(ev)) }

// follow returns from where to where ev drags. The way is summed up from where
// the button went down; first reports that a drag begins which no MouseDown
// announced, as on a touch screen.
func (l *list) follow(ev *fyne.DragEvent) (from, to fyne.Position, first bool) {
	in := &l.input
	first = !in.pressed && !in.dragging
	if first {
		in.dragAt = ev.Position
	}
	in.dragging = true
	from, in.dragAt = in.dragAt, in.dragAt.AddXY(ev.Dragged.DX, ev.Dragged.DY)
	return from, in.dragAt, first
}

func (l *list) draggedTo(from, to fyne.Position, first bool) {
	if first && l.onBar(from) {
		l.scrollTo(l.vbar.press(from.Y))
	}
	if l.vbar.dragging {
		l.scrollTo(l.vbar.posAt(to.Y - l.vbar.grab))
	}
}

// DragEnd implements fyne.Draggable.
func (l *list) DragEnd() {
	l.input.handled = false // no tap follows
	l.release()
}

// MouseIn implements desktop.Hoverable.
func (l *list) MouseIn(ev *desktop.MouseEvent) { l.MouseMoved(ev) }

// MouseMoved implements desktop.Hoverable.
func (l *list) MouseMoved(ev *desktop.MouseEvent) {
	l.input.inside, l.input.pointer = true, ev.Position
	l.point(l.rowAt(ev.Position), l.onBar(ev.Position))
}

// MouseOut implements desktop.Hoverable.
func (l *list) MouseOut() {
	l.input.inside = false
	l.point(-1, false)
}

func (l *list) point(row int, bar bool) {
	if row != l.input.hover {
		l.input.hover = row
		l.tint()
	}
	if bar != l.vbar.hover {
		l.vbar.hover = bar
		l.placeBar(l.own.length())
	}
}

// FocusGained implements fyne.Focusable.
func (l *list) FocusGained() { l.input.focused = true; l.tint() }

// FocusLost implements fyne.Focusable.
func (l *list) FocusLost() { l.input.focused = false; l.tint() }

// TypedRune implements fyne.Focusable.
func (l *list) TypedRune(rune) {}

// TypedKey implements fyne.Focusable: arrows and pages walk the rows, Enter
// activates.
func (l *list) TypedKey(ev *fyne.KeyEvent) {
	page := max(1, l.visibleRows()-1)
	switch ev.Name { //nolint:exhaustive // other keys mean nothing here
	case fyne.KeyUp:
		l.walk(-1)
	case fyne.KeyDown:
		l.walk(1)
	case fyne.KeyPageUp:
		l.walk(-page)
	case fyne.KeyPageDown:
		l.walk(page)
	case fyne.KeyHome:
		l.walk(-l.own.length())
	case fyne.KeyEnd:
		l.walk(l.own.length())
	case fyne.KeyReturn, fyne.KeyEnter:
		if l.sel >= 0 {
			l.own.activated(l.sel)
		}
	}
}

// walk moves the selection by rows, or scrolls where nothing can be selected.
func (l *list) walk(rows int) {
	switch {
	case !l.selectable:
		l.scrollTo(l.top + float64(rows))
	case l.sel < 0 && (rows == 1 || rows == -1):
		l.choose(l.firstVisible(), false)
	default:
		l.choose(max(0, l.sel)+rows, false)
	}
}
