package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// Caption returns the header of a section: a dim, bold line of text over a thin
// rule that fills the width.
func Caption(text string) fyne.CanvasObject {
	c := &caption{text: canvas.NewText(text, nil), rule: &canvas.Rectangle{}}
	c.text.TextStyle.Bold = true
	c.ExtendBaseWidget(c)
	return c
}

type caption struct {
	widget.BaseWidget

	text *canvas.Text
	rule *canvas.Rectangle
}

// CreateRenderer implements fyne.Widget.
func (c *caption) CreateRenderer() fyne.WidgetRenderer {
	r := &captionRenderer{c}
	r.apply()
	return r
}

type captionRenderer struct{ c *caption }

// Destroy implements fyne.WidgetRenderer.
func (r *captionRenderer) Destroy() {}

// Objects implements fyne.WidgetRenderer.
func (r *captionRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.c.text, r.c.rule}
}

func (r *captionRenderer) apply() {
	th := r.c.Theme()
	r.c.text.TextSize = th.Size(theme.SizeNameText)
	r.c.text.Color = toneOf(th, ToneDim)
	r.c.rule.FillColor = colorOf(th, theme.ColorNameSeparator)
}

// Refresh implements fyne.WidgetRenderer.
func (r *captionRenderer) Refresh() {
	r.apply()
	r.Layout(r.c.Size())
	canvas.Refresh(r.c)
}

// MinSize implements fyne.WidgetRenderer.
func (r *captionRenderer) MinSize() fyne.Size {
	size := r.c.text.MinSize()
	return fyne.NewSize(size.Width+8, round(size.Height+6))
}

// Layout implements fyne.WidgetRenderer.
func (r *captionRenderer) Layout(size fyne.Size) {
	width := r.c.text.MinSize().Width
	r.c.text.Move(fyne.NewPos(4, 0))
	r.c.text.Resize(fyne.NewSize(width, size.Height))
	x := width + 12
	r.c.rule.Move(fyne.NewPos(x, round(size.Height/2)))
	r.c.rule.Resize(fyne.NewSize(max(0, size.Width-x-4), 1))
}
