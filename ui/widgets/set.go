package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"
)

// Live screens set the same things over and over. The functions here touch a
// widget only when something differs: each touch measures and draws it anew.

// SetText sets a label's text when it is another one.
func SetText(l *widget.Label, text string) {
	if l.Text != text {
		l.SetText(text)
	}
}

// SetButton sets a button's text when it is another one.
func SetButton(b *widget.Button, text string) {
	if b.Text != text {
		b.SetText(text)
	}
}

// Show shows or hides an object when it is not so already, and tells whether
// that changed anything.
func Show(o fyne.CanvasObject, on bool) (changed bool) {
	switch {
	case on && !o.Visible():
		o.Show()
	case !on && o.Visible():
		o.Hide()
	default:
		return false
	}
	return true
}

// Enable enables or disables a widget when it is not so already.
func Enable(w fyne.Disableable, on bool) {
	switch {
	case on && w.Disabled():
		w.Enable()
	case !on && !w.Disabled():
		w.Disable()
	}
}
