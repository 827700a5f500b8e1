package shadowview

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
)

// cellEntry is the entry of a grid row: it hands the keys that mean something
// to the row on, and tells when the focus comes and goes.
type cellEntry struct {
	widget.Entry

	key     func(fyne.KeyName) bool // true when the key is dealt with
	send    func()
	focused func(bool)
	tab     func(back bool) // takes Tab, where it is not Fyne's
	has     bool            // the focus is here
}

func newCellEntry() *cellEntry {
	e := &cellEntry{}
	e.TextStyle.Monospace = true
	e.ExtendBaseWidget(e)
	return e
}

// AcceptsTab implements fyne.Tabbable.
func (e *cellEntry) AcceptsTab() bool { return e.tab != nil || e.Entry.AcceptsTab() }

// TypedKey implements fyne.Focusable.
func (e *cellEntry) TypedKey(k *fyne.KeyEvent) {
	if k.Name == fyne.KeyTab && e.tab != nil {
		e.tab(shiftHeld())
		return
	}
	if e.key != nil && e.key(k.Name) {
		return
	}
	e.Entry.TypedKey(k)
}

// TypedShortcut implements fyne.Shortcutable: Ctrl+Enter sends.
func (e *cellEntry) TypedShortcut(s fyne.Shortcut) {
	if isSend(s) && e.send != nil {
		e.send()
		return
	}
	e.Entry.TypedShortcut(s)
}

// FocusGained implements fyne.Focusable.
func (e *cellEntry) FocusGained() {
	e.has = true
	e.Entry.FocusGained()
	if e.focused != nil {
		e.focused(true)
	}
}

// FocusLost implements fyne.Focusable.
func (e *cellEntry) FocusLost() {
	e.has = false
	e.Entry.FocusLost()
	if e.focused != nil {
		e.focused(false)
	}
}

// isSend tells whether s is Ctrl+Enter (Cmd+Enter on a Mac).
func isSend(s fyne.Shortcut) bool {
	c, ok := s.(*desktop.CustomShortcut)
	return ok && c.Modifier == fyne.KeyModifierShortcutDefault && (c.KeyName == fyne.KeyReturn || c.KeyName == fyne.KeyEnter)
}

// cellCheck is the switch of a boolean row.
type cellCheck struct {
	widget.Check

	revert func()
	send   func()
	tab    func(back bool)
}

func newCellCheck(changed func(bool)) *cellCheck {
	c := &cellCheck{}
	c.OnChanged = changed
	c.ExtendBaseWidget(c)
	return c
}

// AcceptsTab implements fyne.Tabbable.
func (c *cellCheck) AcceptsTab() bool { return true }

// TypedKey implements fyne.Focusable: Escape reverts.
func (c *cellCheck) TypedKey(k *fyne.KeyEvent) {
	switch k.Name {
	case fyne.KeyEscape:
		c.revert()
	case fyne.KeyTab:
		c.tab(shiftHeld())
	default:
		c.Check.TypedKey(k)
	}
}

// shiftHeld tells whether the shift key is down.
func shiftHeld() bool {
	d, ok := fyne.CurrentApp().Driver().(desktop.Driver)
	return ok && d.CurrentKeyModifiers()&fyne.KeyModifierShift != 0
}

// TypedShortcut implements fyne.Shortcutable: Ctrl+Enter sends.
func (c *cellCheck) TypedShortcut(s fyne.Shortcut) {
	if isSend(s) {
		c.send()
	}
}

// focusNext moves the focus on from o.
func focusNext(o fyne.CanvasObject) {
	if c := canvasOf(o); c != nil {
		c.FocusNext()
	}
}

// canvasOf returns the canvas that o is on, nil when it is on none.
func canvasOf(o fyne.CanvasObject) fyne.Canvas {
	return fyne.CurrentApp().Driver().CanvasForObject(o)
}
