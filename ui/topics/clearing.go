package topics

import (
	"fmt"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/widget"

	"github.com/thingdesk/thingdesk/ui/model"
	topics "github.com/thingdesk/thingdesk/ui/model/topics"
	"github.com/thingdesk/thingdesk/ui/widgets"
)

// clearTapped clears the topic, or asks which when there are some below it.
func (s *Screen) clearTapped() {
	d := s.cfg.Detail
	switch {
	case !d.HasChildren():
		s.ClearRetained(d.Target(), false)
	case !d.HasValue():
		s.ClearRetained(d.Target(), true)
	default:
		menu := fyne.NewMenu("",
			fyne.NewMenuItem("This topic only…", func() { s.ClearRetained(d.Target(), false) }),
			fyne.NewMenuItem("This topic and all below…", func() { s.ClearRetained(d.Target(), true) }),
		)
		widget.ShowPopUpMenuAtRelativePosition(menu, s.cfg.Window.Canvas(), fyne.NewPos(0, s.clear.Size().Height), s.clear)
	}
}

// ClearRetained asks the user whether to clear the retained message of a
// topic, or those of all topics at and below it, and does it. Nothing happens
// while another clearing goes on.
func (s *Screen) ClearRetained(t topics.Target, subtree bool) {
	if s.cfg.Clearing.Progress().Running {
		s.cfg.Say("Retained messages are being cleared already")
		return
	}
	s.cfg.Clearing.Plan(t, subtree, s.now, s.confirm)
}

func (s *Screen) confirm(p topics.Plan) {
	words := widget.NewLabel(p.Words())
	words.Wrapping = fyne.TextWrapWord
	if len(p.Messages) == 0 {
		dialog.NewCustom("Clear retained messages", "Close", sized(words, 420, 80), s.cfg.Window).Show()
		return
	}
	content, confirm := sized(words, 480, 80), "Clear"
	if p.Subtree {
		table := widgets.NewTable([]widgets.Column{
			{Title: "Topic"},
			{Title: "Size", Width: wide(80), Right: true},
			{Title: "Age", Width: wide(80), Right: true},
		}, &planRows{p, s.now})
		content = sized(container.NewBorder(words, nil, nil, nil, table), 640, 340)
		confirm = "Clear " + model.Count(len(p.Messages))
	}
	d := dialog.NewCustomConfirm("Clear retained messages", confirm, "Cancel", content, func(ok bool) {
		if ok {
			s.cfg.Clearing.Start(p)
			s.progress.draw()
		}
	}, s.cfg.Window)
	d.SetConfirmImportance(widget.DangerImportance)
	d.Show()
}

// sized gives an object room of at least w by h.
func sized(o fyne.CanvasObject, w, h float32) fyne.CanvasObject {
	return container.New(&leastSize{fyne.NewSize(w, h)}, o)
}

// leastSize is a layout with one object and a least size.
type leastSize struct{ least fyne.Size }

// Layout implements fyne.Layout.
func (l *leastSize) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	for _, o := range objects {
		o.Move(fyne.NewPos(0, 0))
		o.Resize(size)
	}
}

// MinSize implements fyne.Layout.
func (l *leastSize) MinSize(objects []fyne.CanvasObject) fyne.Size {
	size := l.least
	for _, o := range objects {
		size.Height = max(size.Height, o.MinSize().Height)
	}
	return size
}

// planRows are the messages of a plan as a table.
type planRows struct {
	plan topics.Plan
	now  int64
}

// Len implements widgets.TableSource.
func (r *planRows) Len() int { return len(r.plan.Messages) }

// Cells implements widgets.TableSource.
func (r *planRows) Cells(row int, out []widgets.Cell) {
	m := r.plan.Messages[row]
	out[0].Text = m.Name
	out[1].Text = model.Bytes(int64(len(m.Payload)))
	out[2] = widgets.Cell{Text: model.Ago(m.Time, r.now), Tone: widgets.ToneDim}
	if m.Payload == nil {
		out[1] = widgets.Cell{Text: "?", Tone: widgets.ToneDim}
	}
}

// progressBar tells how clearing goes on, and offers to stop or undo it.
type progressBar struct {
	clearing *topics.Clearing
	object   *fyne.Container
	words    *widget.Label
	bar      *widget.ProgressBar
	cancel   *widget.Button
	undo     *widget.Button
	dismiss  *widget.Button
	drawn    string // what was drawn, as one text
}

func newProgressBar(c *topics.Clearing) *progressBar {
	p := &progressBar{clearing: c, words: widget.NewLabel(""), bar: widget.NewProgressBar()}
	p.words.Truncation = fyne.TextTruncateEllipsis
	p.cancel = widget.NewButton("Stop", c.Cancel)
	p.undo = widget.NewButton("Undo", func() {
		c.Undo()
		p.draw()
	})
	p.dismiss = quiet("Dismiss", nil, func() {
		c.Forget()
		p.draw()
	})
	right := container.NewHBox(sized(p.bar, 160, 0), p.cancel, p.undo, p.dismiss)
	p.object = bar(p.words, right)
	p.object.Hide()
	return p
}

func (p *progressBar) draw() {
	now := p.clearing.Progress()
	n := p.clearing.Undoable()
	key := fmt.Sprint(now.Words(), now.Running, now.Done, n)
	if key == p.drawn {
		return
	}
	p.drawn = key
	widgets.Show(p.object, now.Verb != "")
	widgets.SetText(p.words, now.Words())
	widgets.Show(p.cancel, now.Running)
	widgets.Show(p.bar, now.Running)
	widgets.Show(p.dismiss, !now.Running)
	widgets.Show(p.undo, n > 0)
	if text := "Undo (" + model.Count(n) + ")"; n > 0 && p.undo.Text != text {
		p.undo.SetText(text)
	}
	if now.Total > 0 {
		p.bar.SetValue(float64(now.Done) / float64(now.Total))
	}
}
