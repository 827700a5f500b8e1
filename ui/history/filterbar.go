package history

import (
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	model "github.com/thingdesk/thingdesk/ui/model/history"
	"github.com/thingdesk/thingdesk/ui/widgets"
)

const (
	anyConnection     = "all connections"
	deletedConnection = "a deleted connection"
)

// filterBar is the filter above the list.
type filterBar struct {
	screen *Screen
	model  *model.Model
	object fyne.CanvasObject

	topic, text, from, to *widget.Entry
	span, way, connection *widget.Select
	retained, utc         *widget.Check
	reset                 *widget.Button
	custom                *fyne.Container
	fault                 *widget.Label

	connections []model.Connection
	drawing     bool // the widgets are being set, not used
}

func newFilterBar(s *Screen) *filterBar {
	b := &filterBar{screen: s, model: s.model}
	b.topic = b.entry("Topic filter, such as factory/+/machine/#")
	b.text = b.entry("Text in the payload")
	b.from = b.entry("2026-11-21 08:00, or 08:00")
	b.to = b.entry("until now")
	b.reset = widget.NewButtonWithIcon("Reset", theme.ContentClearIcon(), func() {
		s.model.SetFilter(model.Filter{})
		s.redraw()
	})
	b.span = widget.NewSelect(names(model.Ranges()), func(string) { b.changed() })
	b.way = widget.NewSelect(names(model.Ways()), func(string) { b.changed() })
	b.connection = widget.NewSelect([]string{anyConnection}, func(string) { b.changed() })
	b.retained = widget.NewCheck("Retained only", func(bool) { b.changed() })
	b.utc = widget.NewCheck("UTC", func(on bool) {
		if !b.drawing {
			s.model.SetUTC(on)
			s.redraw()
		}
	})
	hint := low("date and time, or RFC 3339; a time alone is of today")
	hint.Truncation = fyne.TextTruncateEllipsis
	b.custom = container.NewBorder(nil, nil, container.NewHBox(
		widget.NewLabel("From"), fixedWidth(b.from, 210), widget.NewLabel("to"), fixedWidth(b.to, 210)), nil, hint)
	b.fault = widget.NewLabel("")
	b.fault.Importance = widget.DangerImportance
	b.fault.Wrapping = fyne.TextWrapWord
	b.fault.Hide()
	b.custom.Hide()
	fields := container.NewGridWithColumns(2, b.topic, b.text)
	b.object = padded(container.NewVBox(
		container.NewBorder(nil, nil, nil, b.reset, fields),
		container.NewHBox(whole(b.span), whole(b.way), whole(b.connection), b.retained, b.utc),
		b.custom, b.fault))
	return b
}

func low(text string) *widget.Label {
	l := widget.NewLabel(text)
	l.Importance = widget.LowImportance
	return l
}

// fixedWidth gives an entry a width in a row.
func fixedWidth(o fyne.CanvasObject, width float32) fyne.CanvasObject {
	return container.NewGridWrap(fyne.NewSize(width, o.MinSize().Height), o)
}

// whole shows a select wide enough for the longest of its options.
func whole(s *widget.Select) fyne.CanvasObject { return container.New(wholeSelect{s}, s) }

type wholeSelect struct{ s *widget.Select }

// mostSelect bounds the width of a select.
const mostSelect = 240

// MinSize implements fyne.Layout.
func (l wholeSelect) MinSize([]fyne.CanvasObject) fyne.Size {
	size := l.s.MinSize()
	for _, o := range l.s.Options {
		w := fyne.MeasureText(o, theme.TextSize(), fyne.TextStyle{}).Width
		size.Width = max(size.Width, min(mostSelect, w+theme.IconInlineSize()+5*theme.InnerPadding()))
	}
	return size
}

// Layout implements fyne.Layout.
func (l wholeSelect) Layout(_ []fyne.CanvasObject, size fyne.Size) { l.s.Resize(size) }

func (b *filterBar) entry(hint string) *widget.Entry {
	e := widget.NewEntry()
	e.SetPlaceHolder(hint)
	e.OnChanged = func(string) { b.changed() }
	return e
}

// names lists the names of choices.
func names[T interface{ String() string }](choices []T) []string {
	out := make([]string, len(choices))
	for i, c := range choices {
		out[i] = c.String()
	}
	return out
}

// changed takes over what the user typed or chose.
func (b *filterBar) changed() {
	if b.drawing {
		return
	}
	f := model.Filter{
		Topic: b.topic.Text, Text: b.text.Text, From: b.from.Text, To: b.to.Text, Retained: b.retained.Checked,
		Range: model.Ranges()[max(b.span.SelectedIndex(), 0)], Way: model.Ways()[max(b.way.SelectedIndex(), 0)],
		Source: b.source(),
	}
	if f == b.model.Filter() {
		return
	}
	b.model.SetFilter(f)
	b.screen.redraw()
}

// source returns the ID of the chosen connection.
func (b *filterBar) source() string {
	switch i := b.connection.SelectedIndex() - 1; {
	case i >= 0 && i < len(b.connections):
		return b.connections[i].ID
	case i >= 0:
		return b.model.Filter().Source
	default:
		return ""
	}
}

// drawConnections offers the connections that there are now.
func (b *filterBar) drawConnections() {
	if now := b.model.Connections(); !slices.Equal(now, b.connections) {
		b.connections = now
		b.draw()
	}
}

// draw shows the filter. What is being typed is the filter, so it stays.
func (b *filterBar) draw() {
	b.drawing = true
	defer func() { b.drawing = false }()
	f, faults := b.model.Filter(), b.model.Faults()
	for entry, text := range map[*widget.Entry]string{b.topic: f.Topic, b.text: f.Text, b.from: f.From, b.to: f.To} {
		if entry.Text != text {
			entry.SetText(text)
		}
	}
	choose(b.span, names(model.Ranges()), int(f.Range))
	choose(b.way, names(model.Ways()), int(f.Way))
	b.chooseConnection(f.Source)
	check(b.retained, f.Retained)
	check(b.utc, b.model.UTC())
	widgets.Enable(b.reset, b.model.Filtered())
	widgets.Show(b.custom, f.Range == model.Custom)
	words := faultWords(faults)
	widgets.SetText(b.fault, words)
	widgets.Show(b.fault, words != "")
}

func faultWords(f model.Faults) string {
	var words []string
	for _, w := range [][2]string{{"Topic filter: ", f.Topic}, {"From: ", f.From}, {"To: ", f.To}} {
		if w[1] != "" {
			words = append(words, w[0]+w[1])
		}
	}
	if len(words) == 0 {
		return ""
	}
	return strings.Join(words, ". ") + ". The list still shows the last filter that was right."
}

func (b *filterBar) chooseConnection(source string) {
	options := []string{anyConnection}
	selected := 0
	for i, c := range b.connections {
		options = append(options, c.Name)
		if c.ID == source {
			selected = i + 1
		}
	}
	if source != "" && selected == 0 {
		options = append(options, deletedConnection)
		selected = len(options) - 1
	}
	choose(b.connection, options, selected)
}

func choose(s *widget.Select, options []string, i int) {
	if !slices.Equal(s.Options, options) {
		s.SetOptions(options)
	}
	if s.SelectedIndex() != i {
		s.SetSelectedIndex(i)
	}
}

func check(c *widget.Check, on bool) {
	if c.Checked != on {
		c.SetChecked(on)
	}
}
