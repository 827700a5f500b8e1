package brokerview

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	model "github.com/thingdesk/thingdesk/ui/model/brokerview"
	"github.com/thingdesk/thingdesk/ui/widgets"
)

// head is the top of the page: state, addresses, counts.
type head struct {
	screen *Screen
	model  *model.Model
	object fyne.CanvasObject

	state     *widgets.Badge
	addresses *widget.Label
	copy      *widget.Button
	toggle    *widget.Button
	trouble   *widget.Label
	figures   []figure

	aws      *widget.Check
	awsWords *widget.Label
	mischief *widget.Button
}

// troubleOnWords marks a broker that makes trouble on purpose.
const troubleOnWords = "Trouble on purpose"

// figure is a number with what it is below.
type figure struct{ value, caption *widget.Label }

func newHead(s *Screen) *head {
	h := &head{screen: s, model: s.model, state: widgets.NewBadge(), addresses: widget.NewLabel(""), trouble: widget.NewLabel("")}
	h.addresses.Truncation = fyne.TextTruncateEllipsis
	h.addresses.TextStyle.Monospace = true
	h.trouble.Importance = widget.DangerImportance
	h.trouble.Wrapping = fyne.TextWrapWord
	h.trouble.Hide()
	h.copy = widget.NewButtonWithIcon("Copy address", theme.ContentCopyIcon(), h.copyAddress)
	h.toggle = widget.NewButton("", h.startOrStop)
	row := container.New(figureRow{})
	for _, f := range s.model.Figures() {
		one := figure{widget.NewLabel(f.Value), low(f.Caption)}
		one.value.TextStyle.Bold = true
		one.value.Truncation = fyne.TextTruncateEllipsis
		one.caption.SizeName = theme.SizeNameCaptionText
		h.figures = append(h.figures, one)
		row.Add(one.value)
		row.Add(one.caption)
	}
	h.aws = widget.NewCheck("AWS mode", func(on bool) {
		s.model.SetAWSMode(on)
		s.draw()
	})
	h.awsWords = low("")
	h.mischief = widget.NewButtonWithIcon(troubleOnWords, theme.WarningIcon(), func() {
		s.model.Show(model.Trouble)
		s.draw()
	})
	h.mischief.Importance = widget.WarningImportance
	h.mischief.Hide()
	title := widget.NewLabelWithStyle("Local broker", fyne.TextAlignLeading, fyne.TextStyle{Bold: true})
	h.object = padded(container.NewVBox(
		container.NewBorder(nil, nil, container.NewHBox(title, h.state), container.NewHBox(h.copy, h.toggle), h.addresses),
		row, container.NewBorder(nil, nil, h.aws, h.mischief, h.awsWords), h.trouble,
	))
	return h
}

func (h *head) draw() {
	m := h.model
	switch words := m.StateWords(); {
	case m.Busy() || !m.Known():
		h.state.Set("◌", words, widgets.ToneWarn)
	case m.Running():
		h.state.Set("●", words, widgets.ToneGood)
	case m.Trouble() != "":
		h.state.Set("○", words, widgets.ToneBad)
	default:
		h.state.Set("○", words, widgets.ToneDim)
	}
	widgets.SetText(h.addresses, strings.Join(m.Addresses(), "   "))
	widgets.Show(h.copy, m.Running())
	verb := "Start broker"
	if m.Running() {
		verb = "Stop broker"
	}
	widgets.SetButton(h.toggle, verb)
	widgets.Enable(h.toggle, m.Known() && !m.Busy())
	for i, f := range m.Figures() {
		widgets.SetText(h.figures[i].value, f.Value)
		importance := widget.MediumImportance
		if f.Bad {
			importance = widget.DangerImportance
		}
		setImportance(h.figures[i].value, importance)
	}
	if h.aws.Checked != m.AWSMode() {
		h.aws.SetChecked(m.AWSMode())
	}
	widgets.Enable(h.aws, m.Known() && !m.Busy())
	widgets.SetText(h.awsWords, m.AWSWords())
	widgets.Show(h.mischief, m.TroubleOn())
	widgets.SetText(h.trouble, m.Trouble())
	widgets.Show(h.trouble, h.trouble.Text != "")
}

// copyAddress copies the address, or asks which one.
func (h *head) copyAddress() {
	all := h.model.Addresses()
	if len(all) == 1 {
		h.screen.cfg.Copy(all[0])
		return
	}
	var items []*fyne.MenuItem
	for _, url := range all {
		items = append(items, fyne.NewMenuItem(url, func() { h.screen.cfg.Copy(url) }))
	}
	h.screen.below(h.copy, items...)
}

func (h *head) startOrStop() {
	switch {
	case !h.model.Running():
		h.model.Start()
	case h.model.StopWords() == "":
		h.model.Stop()
	default:
		h.screen.confirm("Stop the local broker", "Stop broker", h.model.StopWords, h.model.Stop)
		return
	}
	h.screen.draw()
}

// figureRow sets pairs of labels side by side, the second of a pair below the
// first. The last two pairs, which are the longest, get half as much room again.
type figureRow struct{}

const wideFigures = 2

// captionRise is how far a caption moves up into the air below its value.
const captionRise = 9

// MinSize implements fyne.Layout.
func (figureRow) MinSize(objects []fyne.CanvasObject) fyne.Size {
	if len(objects) < 2 {
		return fyne.Size{}
	}
	return fyne.NewSize(float32(len(objects))*30, objects[0].MinSize().Height+objects[1].MinSize().Height-captionRise)
}

// Layout implements fyne.Layout.
func (figureRow) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	pairs := len(objects) / 2
	unit := size.Width / (float32(pairs) + wideFigures/2)
	x := float32(0)
	for i := range pairs {
		width := unit
		if i >= pairs-wideFigures {
			width *= 1.5
		}
		value, caption := objects[2*i], objects[2*i+1]
		h := value.MinSize().Height
		value.Move(fyne.NewPos(x, 0))
		value.Resize(fyne.NewSize(width, h))
		caption.Move(fyne.NewPos(x, h-captionRise))
		caption.Resize(fyne.NewSize(width, caption.MinSize().Height))
		x += width
	}
}
