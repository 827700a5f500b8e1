package topics

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/thingdesk/thingdesk/ui/model/payload"
	model "github.com/thingdesk/thingdesk/ui/model/topics"
	"github.com/thingdesk/thingdesk/ui/widgets"
)

// valuePanel shows the payload in the chosen view.
type valuePanel struct {
	screen *Screen
	detail *model.Detail
	object fyne.CanvasObject

	views   *widget.RadioGroup
	caption *widget.Label // what is shown: the newest, a comparison
	took    *dimText      // what the payload was taken for
	latest  *widget.Button
	notice  *fyne.Container // limit or fault, with a button to lift the limit
	words   *widget.Label
	lift    *widget.Button
	code    *widgets.CodeView

	drawn uint64 // revision of the Detail
}

func newValuePanel(s *Screen) *valuePanel {
	p := &valuePanel{screen: s, detail: s.cfg.Detail, code: widgets.NewCodeView()}
	names := make([]string, 0, len(payload.Views()))
	for _, v := range payload.Views() {
		names = append(names, v.String())
	}
	p.views = widget.NewRadioGroup(names, p.chosen)
	p.views.Horizontal, p.views.Required = true, true
	p.views.Selected = payload.Auto.String()
	p.caption = widget.NewLabel("")
	p.took = newDimText()
	p.latest = widget.NewButtonWithIcon("Latest", theme.NavigateBackIcon(), func() {
		p.detail.Latest()
		s.draw()
	})
	p.latest.Hide()
	copyValue := quiet("Copy", theme.ContentCopyIcon(), p.copyValue)
	p.code.OnCopy = func(text string) { fyne.CurrentApp().Clipboard().SetContent(text) }

	p.words = widget.NewLabel("")
	p.words.Wrapping = fyne.TextWrapWord
	p.words.Importance = widget.WarningImportance
	p.lift = widget.NewButton("", func() {
		p.detail.Lift()
		s.draw()
	})
	p.notice = bar(p.words, container.NewVBox(p.lift))
	p.notice.Hide()
	head := container.NewBorder(nil, nil,
		container.NewHBox(p.views, p.latest, p.caption), copyValue, p.took)
	p.object = container.NewBorder(container.NewVBox(head, p.notice), nil, nil, nil, p.code)
	return p
}

func (p *valuePanel) chosen(name string) {
	for _, v := range payload.Views() {
		if v.String() == name {
			p.detail.SetView(v)
			p.screen.draw()
		}
	}
}

func (p *valuePanel) copyValue() {
	text, as := p.detail.CopyText()
	fyne.CurrentApp().Clipboard().SetContent(text)
	p.screen.cfg.Say("Copied the payload as " + as)
}

func (p *valuePanel) draw() {
	if p.drawn == p.detail.Revision() {
		return
	}
	p.drawn = p.detail.Revision()
	if name := p.detail.View().String(); p.views.Selected != name {
		p.views.Selected = name // not SetSelected: that would call chosen
		p.views.Refresh()
	}
	_, picked := p.detail.Picked()
	widgets.Show(p.latest, picked)
	s := p.detail.Shown()
	widgets.SetText(p.caption, p.detail.Caption())
	widgets.Show(p.caption, p.caption.Text != "")
	p.took.set(s.Took)
	notice := strings.Join(nonEmpty(s.Fault, s.Note, s.Limit), ". ")
	widgets.SetText(p.words, notice)
	if p.lift.Text != s.Lift {
		p.lift.SetText(s.Lift)
	}
	widgets.Show(p.lift, s.Lift != "")
	widgets.Show(p.notice, notice != "")
	switch s.Form {
	case payload.Dump:
		p.code.SetHex(s.Bytes)
	case payload.Diff:
		p.code.SetDiff(diffLines(s.Lines))
	case payload.Tinted:
		p.code.SetText(s.Text, widgets.JSON)
	default:
		p.code.SetText(s.Text, widgets.Plain)
	}
}

func nonEmpty(parts ...string) []string {
	var out []string
	for _, s := range parts {
		if s != "" {
			out = append(out, s)
		}
	}
	return out
}

func diffLines(lines []payload.Line) []widgets.DiffLine {
	out := make([]widgets.DiffLine, len(lines))
	for i, l := range lines {
		out[i].Text = l.Text
		switch l.Op {
		case payload.Gone:
			out[i].Kind = widgets.Removed
		case payload.New:
			out[i].Kind = widgets.Added
		default:
			out[i].Kind = widgets.Same
		}
	}
	return out
}
