package history

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/ui/model"
	"github.com/thingdesk/thingdesk/ui/model/history"
	"github.com/thingdesk/thingdesk/ui/model/payload"
	"github.com/thingdesk/thingdesk/ui/widgets"
)

// viewer shows one message whole.
type viewer struct {
	screen *Screen
	model  *history.Model
	object *fyne.Container

	hint, topic, facts, took *widget.Label
	views                    *widget.RadioGroup
	body                     *fyne.Container
	notice                   *fyne.Container
	words                    *widget.Label
	lift                     *widget.Button
	code                     *widgets.CodeView

	shown payload.Shown
	id    int64
}

func newViewer(s *Screen) *viewer {
	v := &viewer{screen: s, model: s.model, code: widgets.NewCodeView()}
	v.hint = low("Select a message to see it whole.")
	v.hint.Alignment = fyne.TextAlignCenter
	v.topic = widget.NewLabel("")
	v.topic.TextStyle.Bold = true
	v.topic.Truncation = fyne.TextTruncateEllipsis
	v.facts = low("")
	v.facts.Truncation = fyne.TextTruncateEllipsis
	v.took = low("")
	v.took.Truncation = fyne.TextTruncateEllipsis
	v.views = widget.NewRadioGroup(names(history.Views()), v.choose)
	v.views.Horizontal, v.views.Required = true, true
	v.views.Selected = payload.Auto.String()
	v.code.OnCopy = func(text string) { v.copy(text, "Copied what is shown") }
	v.words = widget.NewLabel("")
	v.words.Wrapping = fyne.TextWrapWord
	v.words.Importance = widget.WarningImportance
	v.lift = widget.NewButton("", func() {
		v.model.Lift()
		s.draw()
	})
	v.notice = container.NewBorder(nil, nil, nil, container.NewVBox(v.lift), v.words)
	buttons := container.NewHBox(quiet("Copy topic", theme.ContentCopyIcon(), v.copyTopic))
	if s.cfg.ShowTopic != nil {
		buttons.Add(quiet("Show topic", theme.SearchIcon(), v.showTopic))
	}
	head := container.NewVBox(
		container.NewBorder(nil, nil, nil, buttons, v.topic), v.facts,
		container.NewBorder(nil, nil, v.views, quiet("Copy payload", theme.ContentCopyIcon(), v.copyPayload), v.took),
		v.notice)
	v.body = container.NewBorder(head, nil, nil, nil, v.code)
	v.object = container.NewStack(container.NewCenter(v.hint), v.body)
	return v
}

func (v *viewer) choose(name string) {
	for _, view := range history.Views() {
		if view.String() == name {
			v.model.SetView(view)
			v.screen.draw()
		}
	}
}

func (v *viewer) copy(text, say string) {
	fyne.CurrentApp().Clipboard().SetContent(text)
	v.screen.cfg.Say(say)
}

func (v *viewer) copyTopic() {
	if p, ok := v.model.Picked(); ok {
		v.copy(p.Topic, "Copied the topic name")
	}
}

func (v *viewer) copyPayload() {
	if p, ok := v.model.Picked(); ok && p.Loaded {
		text, as := v.model.CopyText()
		v.copy(text, "Copied the payload as "+as)
	}
}

func (v *viewer) showTopic() {
	if p, ok := v.model.Picked(); ok {
		v.screen.cfg.ShowTopic(p.Source, p.Topic)
	}
}

// facts says all that is known of a message but its topic and payload.
func facts(r history.Row, utc bool) string {
	words := []string{model.Exact(r.Time, model.In(utc)), "received from " + r.Connection}
	if r.Direction == broker.Out {
		words[1] = "sent to " + r.Connection
	}
	words = append(words, "QoS "+string('0'+rune(r.QoS)))
	if r.Retained {
		words = append(words, "retained")
	}
	if r.Dup {
		words = append(words, "duplicate")
	}
	size := model.Bytes(int64(r.Size))
	if r.Size >= 1000 {
		size += " (" + model.Count(r.Size) + " bytes)"
	}
	return strings.Join(append(words, size), " · ")
}

func (v *viewer) draw() {
	p, ok := v.model.Picked()
	widgets.Show(v.hint, !ok)
	widgets.Show(v.body, ok)
	if !ok {
		v.id = 0
		return
	}
	widgets.SetText(v.topic, p.Topic)
	widgets.SetText(v.facts, facts(p.Row, v.model.UTC()))
	s := v.model.Shown()
	took := s.Took
	notice := strings.Join(nonEmpty(p.Fault, s.Fault, s.Note, s.Limit), ". ")
	switch {
	case v.model.Preparing() && !p.Loaded:
		took = "reading…"
	case v.model.Preparing():
		took = "laying out…"
	}
	widgets.SetText(v.took, took)
	widgets.SetText(v.words, notice)
	widgets.SetButton(v.lift, s.Lift)
	widgets.Show(v.lift, s.Lift != "")
	widgets.Show(v.notice, notice != "")
	if p.ID == v.id && s.Equal(v.shown) {
		return
	}
	v.shown = s
	switch s.Form {
	case payload.Dump:
		v.code.SetHex(s.Bytes)
	case payload.Tinted:
		v.code.SetText(s.Text, widgets.JSON)
	default:
		v.code.SetText(s.Text, widgets.Plain)
	}
	if p.ID != v.id {
		v.id = p.ID
		v.code.ScrollToTop()
	}
}

func nonEmpty(words ...string) []string {
	var out []string
	for _, w := range words {
		if w != "" {
			out = append(out, w)
		}
	}
	return out
}
