package shadowview

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"github.com/thingdesk/thingdesk/shadowview/form"
	"github.com/thingdesk/thingdesk/things/shadow"
	"github.com/thingdesk/thingdesk/ui/widgets"
)

// RawView shows the whole document of a Form as JSON, and lets the user edit
// all of desired as text. It shares the Form with a Panel.
type RawView struct {
	widget.BaseWidget

	actions  Actions
	form     *form.Form
	revision uint64
	at       int64

	root   *fyne.Container
	code   *widgets.CodeView
	reader fyne.CanvasObject
	edit   *widget.Button

	editor *fyne.Container
	text   *widget.Entry
	diff   *widgets.CodeView
	fault  *widget.Label
	send   *widget.Button
	stage  *widget.Button
	words  *widget.Label // about the document or the last update
}

// NewRawView returns a RawView without a form.
func NewRawView(a Actions) *RawView {
	r := &RawView{actions: a.complete(), code: widgets.NewCodeView(), diff: widgets.NewCodeView()}
	r.code.OnCopy, r.diff.OnCopy = r.actions.Copy, r.actions.Copy
	r.words = widget.NewLabel("")
	r.words.Wrapping = fyne.TextWrapWord
	r.edit = widget.NewButton("Edit desired", r.open)
	copyAll := widget.NewButton("Copy", func() { r.actions.Copy(r.form.DocumentText()) })
	reread := widget.NewButton("Read again", r.actions.Reread)
	r.reader = container.NewBorder(container.NewVBox(container.NewHBox(r.edit, copyAll, reread), r.words), nil, nil, nil, r.code)
	r.editor = r.newEditor()
	r.editor.Hide()
	r.root = container.NewStack(r.reader, r.editor)
	r.ExtendBaseWidget(r)
	r.SetForm(form.New(shadow.Key{}, form.Config{}))
	return r
}

// CreateRenderer implements fyne.Widget.
func (r *RawView) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(r.root) }

// SetForm shows a form; a text being edited for another one is given up.
func (r *RawView) SetForm(f *form.Form) {
	if r.form == f {
		return
	}
	r.form, r.revision = f, 0
	r.close()
	r.draw()
}

// Apply takes a view, as Panel.Apply does. Either may be called with the same
// view; a text being edited is not touched.
func (r *RawView) Apply(v form.View, now int64) {
	r.at = now
	r.form.Apply(v)
	r.form.Tick(now)
	if r.form.Revision() != r.revision {
		r.draw()
	}
}

func (r *RawView) draw() {
	r.revision = r.form.Revision()
	text := r.form.DocumentText()
	if r.code.Text() != text {
		r.code.SetText(text, widgets.JSON)
	}
	words := r.form.Notice().Text
	switch v := r.form.View(); {
	case words != "":
	case !v.Known:
		words = "The shadow was not read yet."
	case !v.Exists:
		words = "This shadow does not exist yet: sending desired makes it."
	}
	widgets.SetText(r.words, words)
	widgets.Show(r.words, words != "")
	if r.editor.Visible() {
		r.check(r.text.Text)
	}
}

func (r *RawView) newEditor() *fyne.Container {
	r.text = widget.NewMultiLineEntry()
	r.text.TextStyle.Monospace = true
	r.text.OnChanged = r.check
	r.fault = widget.NewLabel("")
	r.fault.Wrapping = fyne.TextWrapWord
	r.send = widget.NewButton("Send desired", r.sendText)
	r.send.Importance = widget.HighImportance
	r.stage = widget.NewButton("Keep as unsent edits", func() {
		if _, fault := r.form.EditRawDesired(r.text.Text); fault == "" {
			r.close()
			r.draw()
		}
	})
	cancel := widget.NewButton("Cancel", r.close)
	title := widget.NewLabelWithStyle("Changes against desired now", fyne.TextAlignLeading, fyne.TextStyle{Bold: true})
	split := container.NewHSplit(r.text, container.NewBorder(title, nil, nil, nil, r.diff))
	return container.NewBorder(nil, container.NewVBox(r.fault, container.NewHBox(r.send, r.stage, cancel)), nil, nil, split)
}

// open begins to edit the whole of desired.
func (r *RawView) open() {
	text := r.form.RawDesired()
	if why := tooLong(text); why != "" {
		widgets.SetText(r.words, why)
		r.words.Show()
		return
	}
	r.reader.Hide()
	r.editor.Show()
	r.text.SetText(text)
	r.check(text)
	if c := canvasOf(r); c != nil { // of the view: the entry was never drawn
		c.Focus(r.text)
	}
}

func (r *RawView) close() {
	r.editor.Hide()
	r.reader.Show()
}

// check validates the text and shows what it would change.
func (r *RawView) check(text string) {
	fault := tooLong(text)
	var diff []form.Difference
	if fault == "" {
		diff, fault = r.form.DiffRawDesired(text)
	}
	words, im := fault, widget.DangerImportance
	if fault == "" {
		r.diff.SetDiff(DiffLines(diff))
		words, im = "", widget.MediumImportance
		if len(diff) == 0 {
			words = "Nothing is changed."
		}
	}
	if r.fault.Importance != im {
		r.fault.Importance = im
		r.fault.Refresh()
	}
	widgets.SetText(r.fault, words)
	widgets.Enable(r.send, fault == "" && len(diff) > 0)
	widgets.Enable(r.stage, fault == "")
}

// DiffLines shows differences as lines that a CodeView draws: what goes, then
// what comes.
func DiffLines(ds []form.Difference) []widgets.DiffLine {
	lines := make([]widgets.DiffLine, 0, 2*len(ds))
	for _, d := range ds {
		name := form.PathText(d.Path) + ": "
		if d.Before != "" {
			lines = append(lines, widgets.DiffLine{Kind: widgets.Removed, Text: name + d.Before})
		}
		if d.After != "" {
			lines = append(lines, widgets.DiffLine{Kind: widgets.Added, Text: name + d.After})
		}
	}
	return lines
}

// sendText makes edits of the text and sends them.
func (r *RawView) sendText() {
	if _, fault := r.form.EditRawDesired(r.text.Text); fault != "" {
		widgets.SetText(r.fault, strings.ToUpper(fault[:1])+fault[1:])
		return
	}
	u, err := r.form.Send(max(r.at, r.actions.Now()), r.actions.Token())
	if err != nil {
		_, why := r.form.CanSend()
		widgets.SetText(r.fault, "Not sent: "+why+".")
		return
	}
	r.close()
	r.actions.Send(r.form, u)
	r.draw()
}
