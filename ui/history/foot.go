package history

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	model "github.com/thingdesk/thingdesk/ui/model/history"
	"github.com/thingdesk/thingdesk/ui/widgets"
)

// foot is what stands below: what is stored, what could not be, and the work
// on what is filtered.
type foot struct {
	model  *model.Model
	object fyne.CanvasObject

	stored, trouble       *widget.Label
	count, export, remove *widget.Button
	task                  *fyne.Container
	words                 *widget.Label
	stop, dismiss         *widget.Button
}

func newFoot(s *Screen) *foot {
	f := &foot{model: s.model}
	f.stored = low("")
	f.stored.Truncation = fyne.TextTruncateEllipsis
	f.trouble = widget.NewLabel("")
	f.trouble.Importance = widget.DangerImportance
	f.trouble.Wrapping = fyne.TextWrapWord
	f.trouble.Hide()
	f.count = quiet("", theme.InfoIcon(), func() {
		s.model.CountMatches()
		s.draw()
	})
	f.export = widget.NewButtonWithIcon("Export…", theme.DocumentSaveIcon(), s.askExport)
	f.remove = widget.NewButtonWithIcon("Delete…", theme.DeleteIcon(), s.askDelete)
	f.words = widget.NewLabel("")
	f.words.Truncation = fyne.TextTruncateEllipsis
	f.stop = widget.NewButtonWithIcon("Cancel", theme.CancelIcon(), func() {
		s.model.CancelTask()
		s.draw()
	})
	f.dismiss = quiet("", theme.CancelIcon(), func() {
		s.model.ClearTask()
		s.draw()
	})
	f.task = container.NewBorder(nil, nil, nil, container.NewHBox(f.stop, f.dismiss), f.words)
	f.task.Hide()
	f.object = padded(container.NewVBox(f.task, f.trouble,
		container.NewBorder(nil, nil, nil, container.NewHBox(f.count, f.export, f.remove), f.stored)))
	return f
}

func (f *foot) draw() {
	widgets.SetText(f.stored, f.model.StoredWords())
	widgets.SetText(f.trouble, f.model.TroubleWords())
	widgets.Show(f.trouble, f.trouble.Text != "")
	words := f.model.CountWords()
	if words == "" {
		words = "Count"
	}
	widgets.SetButton(f.count, words)
	widgets.Enable(f.count, f.model.MayAct())
	widgets.Enable(f.export, f.model.MayAct())
	widgets.Enable(f.remove, f.model.MayAct())
	f.drawTask()
}

func (f *foot) drawTask() {
	t := f.model.Task()
	widgets.SetText(f.words, t.Words)
	setImportance(f.words, t.Failed, widget.DangerImportance)
	widgets.Show(f.stop, t.Running)
	widgets.Show(f.dismiss, !t.Running)
	widgets.Show(f.task, t.Words != "")
}
