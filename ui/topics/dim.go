package topics

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// dimText is a line of secondary text. A Label of low importance would have
// the colour of disabled text, which is too faint to read.
type dimText struct {
	*widget.RichText

	segment *widget.TextSegment
}

func newDimText() *dimText {
	s := &widget.TextSegment{Style: widget.RichTextStyleInline}
	s.Style.ColorName = theme.ColorNamePlaceHolder
	t := &dimText{widget.NewRichText(s), s}
	t.Truncation = fyne.TextTruncateEllipsis
	return t
}

// set shows text, if it is another one.
func (t *dimText) set(text string) {
	if t.segment.Text != text {
		t.segment.Text = text
		t.Refresh()
	}
}

func (t *dimText) text() string { return t.segment.Text }
