package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// pageLayout holds one object at a readable width, at the left with a margin.
type pageLayout struct{ width float32 }

const pageMargin = 16

// Layout implements fyne.Layout.
func (l *pageLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	for _, o := range objects {
		o.Move(fyne.NewPos(pageMargin, pageMargin))
		o.Resize(fyne.NewSize(min(l.width, size.Width-2*pageMargin), size.Height-2*pageMargin))
	}
}

// MinSize implements fyne.Layout.
func (l *pageLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	var size fyne.Size
	for _, o := range objects {
		size = size.Max(o.MinSize())
	}
	return size.AddWidthHeight(2*pageMargin, 2*pageMargin)
}

// formGrid sets pairs of objects in two columns: captions as wide as the
// widest, values in what is left.
type formGrid struct{}

// Layout implements fyne.Layout.
func (formGrid) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	caption := captionWidth(objects)
	gap := theme.Padding()
	y := float32(0)
	for i := 0; i+1 < len(objects); i += 2 {
		if !objects[i].Visible() {
			continue
		}
		left, right := objects[i], objects[i+1]
		width := size.Width - caption - gap
		right.Resize(fyne.NewSize(width, right.MinSize().Height))
		h := max(left.MinSize().Height, right.MinSize().Height)
		left.Move(fyne.NewPos(0, y))
		left.Resize(fyne.NewSize(caption, left.MinSize().Height))
		right.Move(fyne.NewPos(caption+gap, y))
		right.Resize(fyne.NewSize(width, h))
		y += h + gap
	}
}

// MinSize implements fyne.Layout.
func (formGrid) MinSize(objects []fyne.CanvasObject) fyne.Size {
	var size fyne.Size
	caption := captionWidth(objects)
	for i := 0; i+1 < len(objects); i += 2 {
		if !objects[i].Visible() {
			continue
		}
		right := objects[i+1].MinSize()
		size.Width = max(size.Width, caption+theme.Padding()+right.Width)
		size.Height += max(objects[i].MinSize().Height, right.Height) + theme.Padding()
	}
	return size
}

func captionWidth(objects []fyne.CanvasObject) float32 {
	w := float32(0)
	for i := 0; i < len(objects); i += 2 {
		if objects[i].Visible() {
			w = max(w, objects[i].MinSize().Width)
		}
	}
	return w
}

// heading returns a line that begins a part of a page.
func heading(text string) fyne.CanvasObject {
	return widget.NewLabelWithStyle(text, fyne.TextAlignLeading, fyne.TextStyle{Bold: true})
}
