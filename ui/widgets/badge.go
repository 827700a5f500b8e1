package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// badgeTint is how much of its tone the ground of a Badge takes.
const badgeTint = 0x26

// Badge is a small rounded chip with a sign, a word and a tone. The sign and
// the word say the same as the colour, for those who do not see it.
type Badge struct {
	widget.BaseWidget

	mark, text string
	tone       Tone

	back       *canvas.Rectangle
	sign, word *canvas.Text
}

// NewBadge returns an empty Badge, which takes no room.
func NewBadge() *Badge {
	b := &Badge{back: &canvas.Rectangle{}, sign: &canvas.Text{}, word: &canvas.Text{}}
	b.sign.TextStyle.Monospace = true
	b.ExtendBaseWidget(b)
	return b
}

// Set shows mark and text in tone; with both empty the Badge shows nothing and
// takes no room. It is cheap when nothing changes. It belongs on Fyne's
// goroutine.
func (b *Badge) Set(mark, text string, tone Tone) {
	if mark == b.mark && text == b.text && tone == b.tone {
		return
	}
	b.mark, b.text, b.tone = mark, text, tone
	b.Refresh()
}

// CreateRenderer implements fyne.Widget.
func (b *Badge) CreateRenderer() fyne.WidgetRenderer {
	r := &badgeRenderer{b}
	r.apply()
	return r
}

type badgeRenderer struct{ b *Badge }

// Destroy implements fyne.WidgetRenderer.
func (r *badgeRenderer) Destroy() {}

// Objects implements fyne.WidgetRenderer.
func (r *badgeRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.b.back, r.b.sign, r.b.word}
}

// Refresh implements fyne.WidgetRenderer.
func (r *badgeRenderer) Refresh() {
	r.apply()
	r.Layout(r.b.Size())
	canvas.Refresh(r.b)
}

func (r *badgeRenderer) apply() {
	b := r.b
	th := b.Theme()
	size := round((th.Size(theme.SizeNameText)-1)*2) / 2
	fg := toneOf(th, b.tone)
	b.sign.Text, b.sign.TextSize, b.sign.Color = b.mark, size, fg
	b.word.Text, b.word.TextSize, b.word.Color = b.text, size, fg
	b.back.FillColor = faded(fg, badgeTint)
	b.back.Hidden = b.empty()
}

func (b *Badge) empty() bool { return b.mark == "" && b.text == "" }

// gaps returns the room beside the texts and between them.
func (b *Badge) gaps() (side, between float32) {
	side = round(b.word.TextSize * 0.6)
	if b.mark != "" && b.text != "" {
		between = round(b.word.TextSize * 0.35)
	}
	return side, between
}

// MinSize implements fyne.WidgetRenderer.
func (r *badgeRenderer) MinSize() fyne.Size {
	b := r.b
	if b.empty() {
		return fyne.Size{}
	}
	side, between := b.gaps()
	sign, word := widthOf(b.sign), widthOf(b.word)
	return fyne.NewSize(round(sign+word+between+2*side+0.5), round(b.word.TextSize*1.36+4))
}

func widthOf(t *canvas.Text) float32 {
	if t.Text == "" {
		return 0
	}
	return t.MinSize().Width
}

// Layout implements fyne.WidgetRenderer. It keeps the chip at its own height in the middle of a taller row, and at
// its own width at the left of a wider one.
func (r *badgeRenderer) Layout(size fyne.Size) {
	b := r.b
	chip := r.MinSize()
	y := max(0, round((size.Height-chip.Height)/2))
	b.back.CornerRadius = chip.Height / 2
	b.back.Move(fyne.NewPos(0, y))
	b.back.Resize(chip)
	side, between := b.gaps()
	sign := widthOf(b.sign)
	b.sign.Move(fyne.NewPos(side, y))
	b.sign.Resize(fyne.NewSize(sign, chip.Height))
	b.word.Move(fyne.NewPos(side+sign+between, y))
	b.word.Resize(fyne.NewSize(widthOf(b.word), chip.Height))
}
