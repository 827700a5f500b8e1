package brokerview

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"github.com/thingdesk/thingdesk/localbroker/faults"
	model "github.com/thingdesk/thingdesk/ui/model/brokerview"
	"github.com/thingdesk/thingdesk/ui/widgets"
)

// ruleForm is the dialog to add trouble on purpose. Only the fields of the kind
// that is chosen are shown.
type ruleForm struct {
	screen *Screen
	dialog *dialog.CustomDialog

	kind     *widget.Select
	hint     *widget.Label
	captions []fyne.CanvasObject
	entries  []*widget.Entry // by field; that of the code is not shown
	code     *widget.Select
	codes    []int // in the order of code
	fault    *widget.Label
	add      *widget.Button
}

func showRuleForm(s *Screen) *ruleForm {
	f := &ruleForm{screen: s, hint: widget.NewLabel(""), fault: widget.NewLabel("")}
	f.hint.Importance, f.hint.Wrapping = widget.LowImportance, fyne.TextWrapWord
	f.fault.Importance, f.fault.Wrapping = widget.DangerImportance, fyne.TextWrapWord
	f.code = widget.NewSelect(nil, nil)
	grid := container.New(layout.NewFormLayout())
	var names []string
	for _, k := range faults.Kinds() {
		names = append(names, model.KindWords(k))
	}
	f.kind = widget.NewSelect(names, func(string) { f.choose() })
	grid.Add(widget.NewLabel("Trouble"))
	grid.Add(f.kind)
	for _, field := range model.RuleFields() {
		caption, e := widget.NewLabel(field.String()), widget.NewEntry()
		e.SetPlaceHolder(field.Hint())
		e.OnSubmitted = func(string) { f.submit() }
		f.captions, f.entries = append(f.captions, caption), append(f.entries, e)
		grid.Add(caption)
		grid.Add(f.input(field))
	}
	f.add = widget.NewButton("Add", f.submit)
	f.add.Importance = widget.HighImportance
	body := container.NewBorder(container.NewVBox(grid, f.hint), nil, nil, nil, container.NewVScroll(f.fault))
	f.dialog = dialog.NewCustomWithoutButtons("Trouble on purpose", body, s.cfg.Window)
	f.dialog.SetButtons([]fyne.CanvasObject{widget.NewButton("Cancel", f.dialog.Hide), f.add})
	f.kind.SetSelectedIndex(0)
	f.dialog.Resize(fyne.NewSize(560, 480))
	f.dialog.Show()
	return f
}

// input returns what a field is typed into or chosen from.
func (f *ruleForm) input(field model.RuleField) fyne.CanvasObject {
	if field == model.FieldCode {
		return f.code
	}
	return f.entries[field]
}

// choose shows the fields of the kind that is chosen.
func (f *ruleForm) choose() {
	k := f.chosen()
	widgets.SetText(f.hint, model.KindHint(k))
	widgets.SetText(f.fault, "")
	f.codes = model.CodesOf(k)
	var names []string
	for _, c := range f.codes {
		names = append(names, model.CodeWords(k, c))
	}
	f.code.SetOptions(names)
	f.code.ClearSelected()
	if len(names) > 0 {
		f.code.SetSelectedIndex(0)
	}
	for _, field := range model.RuleFields() {
		widgets.Show(f.captions[field], model.FieldOf(k, field))
		widgets.Show(f.input(field), model.FieldOf(k, field))
	}
}

func (f *ruleForm) chosen() faults.Kind { return faults.Kinds()[max(0, f.kind.SelectedIndex())] }

// submit adds the rule, or says what is wrong and stays open.
func (f *ruleForm) submit() {
	form := model.RuleForm{Kind: f.chosen()}
	for i, e := range f.entries {
		form.Text[i] = e.Text
	}
	if i := f.code.SelectedIndex(); i >= 0 && i < len(f.codes) {
		form.Code = f.codes[i]
	}
	if err := f.screen.model.AddRule(form); err != nil {
		widgets.SetText(f.fault, capitals(err.Error()))
		return
	}
	f.dialog.Hide()
	f.screen.draw()
}

// capitals begins each line with a capital letter.
func capitals(text string) string {
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		if l != "" {
			lines[i] = strings.ToUpper(l[:1]) + l[1:]
		}
	}
	return strings.Join(lines, "\n")
}
