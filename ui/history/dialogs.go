package history

import (
	"fmt"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/dialog"
	fynestorage "fyne.io/fyne/v2/storage"
	"fyne.io/fyne/v2/widget"

	"github.com/thingdesk/thingdesk/storage"
	"github.com/thingdesk/thingdesk/ui/model"
	"github.com/thingdesk/thingdesk/ui/widgets"
)

// formats are the choices of the export dialog.
var formats = []struct {
	name   string
	format storage.Format
}{
	{"CSV – a table for spreadsheets", storage.CSV},
	{"NDJSON – one JSON object a line", storage.NDJSON},
}

// askExport asks for the format, then for the file.
func (s *Screen) askExport() {
	if !s.model.MayAct() {
		return
	}
	var options []string
	for _, f := range formats {
		options = append(options, f.name)
	}
	choice := widget.NewRadioGroup(options, nil)
	choice.Required = true
	choice.Selected = options[0]
	what := widget.NewLabel("Exports " + s.model.Describe() + ", oldest first.\nPayloads that are not text are written in Base64.")
	what.Wrapping = fyne.TextWrapWord
	d := dialog.NewCustomConfirm("Export history", "Choose file…", "Cancel", container.NewVBox(what, choice), func(yes bool) {
		if !yes {
			return
		}
		for _, f := range formats {
			if f.name == choice.Selected {
				s.askFile(f.format)
			}
		}
	}, s.cfg.Window)
	d.Resize(fyne.NewSize(460, 230))
	d.Show()
}

func (s *Screen) askFile(format storage.Format) {
	d := dialog.NewFileSave(func(w fyne.URIWriteCloser, err error) {
		if err != nil {
			dialog.ShowError(err, s.cfg.Window)
			return
		}
		if w == nil {
			return
		}
		s.exportTo(w, format)
	}, s.cfg.Window)
	d.SetFileName("history-" + s.now.Format("20060102-150405") + "." + string(format))
	d.Show()
	d.Resize(fyne.NewSize(820, 560)) // before Show it is a panic in Fyne 2.8.1
}

// exportTo exports to the file that the dialog has made. The export puts its
// own file there when it is complete, so that there is never half a one.
func (s *Screen) exportTo(w fyne.URIWriteCloser, format storage.Format) {
	at := w.URI()
	err := w.Close()
	if err == nil {
		err = fynestorage.Delete(at)
	}
	if err != nil {
		dialog.ShowError(fmt.Errorf("write %q: %w", at.Path(), err), s.cfg.Window)
		return
	}
	s.model.Export(at.Path(), format)
	s.draw()
}

// deleteDialog asks before messages are deleted, once they are counted.
type deleteDialog struct {
	screen *Screen
	dialog *dialog.CustomDialog
	words  *widget.Label
	ok     *widget.Button
}

func (s *Screen) askDelete() {
	s.model.PlanDelete()
	if _, ok := s.model.Plan(); !ok {
		return
	}
	d := &deleteDialog{screen: s, words: widget.NewLabel("")}
	d.words.Wrapping = fyne.TextWrapWord
	d.ok = widget.NewButton("Delete", func() {
		s.model.Delete()
		d.dialog.Hide()
	})
	d.ok.Importance = widget.DangerImportance
	d.dialog = dialog.NewCustomWithoutButtons("Delete from the history", d.words, s.cfg.Window)
	d.dialog.SetButtons([]fyne.CanvasObject{widget.NewButton("Cancel", func() { d.dialog.Hide() }), d.ok})
	d.dialog.SetOnClosed(func() {
		s.asking = nil
		s.model.DropPlan()
		s.draw()
	})
	s.asking = d
	d.draw()
	d.dialog.Resize(fyne.NewSize(460, 200))
	d.dialog.Show()
}

func (d *deleteDialog) draw() {
	p, ok := d.screen.model.Plan()
	if !ok {
		return
	}
	text := "What is to be deleted: " + p.What + ".\n\n"
	switch {
	case p.Fault != "":
		text += p.Fault
	case !p.Counted:
		text += "Counting…"
	case p.N == 0:
		text += "Nothing matches: there is nothing to delete."
	default:
		text += model.Messages(p.N) + " will be deleted. This cannot be undone."
	}
	widgets.SetText(d.words, text)
	widgets.Enable(d.ok, p.Counted && p.N > 0)
}
