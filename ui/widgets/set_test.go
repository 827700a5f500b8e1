package widgets

import (
	"testing"

	"fyne.io/fyne/v2/widget"
)

func TestSet(t *testing.T) {
	t.Parallel()
	l, b := widget.NewLabel("a"), widget.NewButton("a", nil)
	SetText(l, "b")
	SetButton(b, "b")
	if l.Text != "b" || b.Text != "b" {
		t.Errorf("texts are %q and %q", l.Text, b.Text)
	}
	if !Show(l, false) || l.Visible() || Show(l, false) || !Show(l, true) || !l.Visible() {
		t.Error("Show")
	}
	Enable(b, false)
	if !b.Disabled() {
		t.Error("not disabled")
	}
	Enable(b, true)
	if b.Disabled() {
		t.Error("not enabled")
	}
}
