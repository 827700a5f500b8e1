package connections

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// grid is a layout for triples of objects: a caption, a field at its right, and
// words below the field, which take no room while hidden. A hidden field hides
// the line.
type grid struct{ width float32 }

const gridGap = 4

// Layout implements fyne.Layout.
func (g *grid) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	g.width = size.Width
	caption := captions(objects)
	x := caption + theme.Padding()
	room := size.Width - x
	y := float32(0)
	for i := 0; i+2 < len(objects); i += 3 {
		field, words := objects[i+1], objects[i+2]
		if !field.Visible() {
			continue
		}
		h := max(objects[i].MinSize().Height, field.MinSize().Height)
		objects[i].Move(fyne.NewPos(0, y))
		objects[i].Resize(fyne.NewSize(caption, objects[i].MinSize().Height))
		field.Move(fyne.NewPos(x, y))
		field.Resize(fyne.NewSize(room, max(field.MinSize().Height, h)))
		y += h
		if words.Visible() {
			words.Move(fyne.NewPos(x, y))
			words.Resize(fyne.NewSize(room, words.MinSize().Height))
			words.Resize(fyne.NewSize(room, words.MinSize().Height)) // its height follows from its width
			y += words.MinSize().Height
		}
		y += gridGap
	}
}

// MinSize implements fyne.Layout.
func (g *grid) MinSize(objects []fyne.CanvasObject) fyne.Size {
	caption := captions(objects)
	size := fyne.NewSize(caption+theme.Padding()+200, 0)
	for i := 0; i+2 < len(objects); i += 3 {
		field, words := objects[i+1], objects[i+2]
		if !field.Visible() {
			continue
		}
		size.Width = max(size.Width, caption+theme.Padding()+field.MinSize().Width)
		size.Height += max(objects[i].MinSize().Height, field.MinSize().Height) + gridGap
		if words.Visible() {
			size.Height += words.MinSize().Height
		}
	}
	return size
}

func captions(objects []fyne.CanvasObject) float32 {
	w := float32(0)
	for i := 0; i+2 < len(objects); i += 3 {
		if objects[i+1].Visible() {
			w = max(w, objects[i].MinSize().Width)
		}
	}
	return w
}

// newFault is where a fault stands.
func newFault() *widget.Label {
	l := widget.NewLabel("")
	l.Importance = widget.DangerImportance
	l.Wrapping = fyne.TextWrapWord
	l.Hide()
	return l
}

// newHint is where words of help stand.
func newHint(text string) *widget.Label {
	l := widget.NewLabel(text)
	l.Importance = widget.LowImportance
	l.Wrapping = fyne.TextWrapWord
	return l
}
