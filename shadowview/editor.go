package shadowview

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"github.com/thingdesk/thingdesk/shadowview/form"
	"github.com/thingdesk/thingdesk/ui/widgets"
)

// build makes the editor of a kind.
func (v *rowView) build(k editorKind) {
	v.kind, v.entry, v.check = k, nil, nil
	var o fyne.CanvasObject
	switch k {
	case editSet:
		b := widget.NewButton("—  (click to set)", v.set)
		b.Importance, b.Alignment = widget.LowImportance, widget.ButtonAlignLeading
		o = b
	case editRemoved:
		l := cut(widget.NewLabel("removed when sent"))
		l.TextStyle.Italic = true
		o = l
	case editBool:
		v.check = newCellCheck(func(on bool) {
			if !v.quiet {
				v.grid.form.EditBool(v.row.Path, on)
				v.grid.changed()
			}
		})
		v.check.revert, v.check.send, v.check.tab = v.revert, v.grid.panel.Send, v.tab
		o = v.check
	case editNumber:
		o = container.NewBorder(nil, nil, nil, container.NewHBox(
			small("−", func() { v.step(-1) }), small("+", func() { v.step(1) })), v.newEntry())
	case editText:
		o = v.newEntry()
	case editLong:
		o = container.NewBorder(nil, nil, nil, small("…", v.openLong), v.newEntry())
	case editNothing:
	}
	v.editor.Objects = nil
	if o != nil {
		v.editor.Objects = []fyne.CanvasObject{o}
	}
	v.editor.Refresh()
}

func small(text string, tapped func()) *widget.Button {
	b := widget.NewButton(text, tapped)
	b.Importance = widget.LowImportance
	return b
}

func (v *rowView) newEntry() *cellEntry {
	e := newCellEntry()
	e.OnChanged = v.typed
	e.send = v.grid.panel.Send
	e.focused = v.focus
	e.tab = v.tab
	e.key = func(k fyne.KeyName) bool {
		switch {
		case k == fyne.KeyEscape:
			v.revert()
		case k == fyne.KeyReturn || k == fyne.KeyEnter:
			v.grid.focusFrom(v, 1, true)
		case k == fyne.KeyUp && v.kind == editNumber:
			v.step(1)
		case k == fyne.KeyDown && v.kind == editNumber:
			v.step(-1)
		default:
			return false
		}
		return true
	}
	v.entry = e
	return e
}

// tab moves the focus to the row below or above.
func (v *rowView) tab(back bool) {
	if back {
		v.grid.focusFrom(v, -1, false)
	} else {
		v.grid.focusFrom(v, 1, false)
	}
}

// target returns what takes the focus when one comes to the row by keys;
// with editors only an editor, nil when there is none.
func (v *rowView) target(editors bool) fyne.Focusable {
	switch {
	case v.entry != nil && !v.entry.Disabled():
		return v.entry
	case v.check != nil:
		return v.check
	case editors:
		return nil
	case v.row.Group:
		return v.fold
	case v.kind == editSet:
		if b, ok := v.editor.Objects[0].(*widget.Button); ok {
			return b
		}
	}
	return v.menu
}

// focus is told when the entry gains or loses the focus.
func (v *rowView) focus(on bool) {
	if on {
		v.grid.reveal(v)
		return
	}
	if v.opened && !v.row.HasEdit {
		v.opened = false
	}
	v.grid.changed() // take what came in meanwhile
}

// showMenu opens the actions of the row.
func (v *rowView) showMenu() {
	c := canvasOf(v.menu)
	if c == nil {
		return
	}
	widget.ShowPopUpMenuAtRelativePosition(v.actions(), c, fyne.NewPos(0, v.menu.Size().Height), v.menu)
}

// actions returns what can be done with the row; what cannot is disabled.
func (v *rowView) actions() *fyne.Menu {
	f, r, g := v.grid.form, v.row, v.grid
	item := func(label string, enabled bool, do func()) *fyne.MenuItem {
		i := fyne.NewMenuItem(label, do)
		i.Disabled = !enabled
		return i
	}
	edited := r.HasEdit || r.EditedLeaves > 0
	items := []*fyne.MenuItem{
		item("Set desired", !r.Group && !r.HasDesired && !r.HasEdit, v.set),
		item("Revert edit", edited && r.State != form.Sent, v.revert),
		item("Clear desired (null)", r.HasDesired && !r.Clear, func() { f.ClearDesired(r.Path); g.force(v) }),
		item("Adopt reported", r.HasReported, func() { f.AdoptReported(r.Path); g.forceAll() }),
		fyne.NewMenuItemSeparator(),
		item("Copy path", true, func() { g.panel.actions.Copy(r.ID) }),
		item("Copy reported value", r.HasReported, func() { g.panel.actions.Copy(form.Text(r.Reported)) }),
		item("Copy desired value", r.HasDesired, func() { g.panel.actions.Copy(form.Text(r.Desired)) }),
	}
	if open := g.panel.actions.OpenHistory; open != nil {
		items = append(items, item("Show history", !r.Group, func() { open(r.Path) }))
	}
	if !r.Group {
		items = append(items, fyne.NewMenuItemSeparator(), v.typeItem())
	}
	return fyne.NewMenu("", items...)
}

func (v *rowView) typeItem() *fyne.MenuItem {
	change := fyne.NewMenuItem("Change type", nil)
	var types []*fyne.MenuItem
	for _, t := range []form.Type{form.Bool, form.Number, form.String, form.Array, form.Map} {
		i := fyne.NewMenuItem(string(t), func() { v.grid.form.SetType(v.row.Path, t); v.grid.force(v) })
		i.Checked = t == v.row.Type
		types = append(types, i)
	}
	change.ChildMenu = fyne.NewMenu("", types...)
	return change
}

// maxLines and maxBytes are the longest text that Fyne's multi-line entry edits at a bearable
// speed: its cost grows with the square of the lines.
const (
	maxLines = 500
	maxBytes = 32_000
)

// openLong opens the pop-up editor, which validates while one types.
func (v *rowView) openLong() {
	c := canvasOf(v.editor)
	if c == nil {
		return
	}
	f, path := v.grid.form, v.row.Path
	text := newCellEntry()
	text.MultiLine = true
	text.SetText(v.longText())
	fault := widget.NewLabel("")
	fault.Importance, fault.Wrapping = widget.DangerImportance, fyne.TextWrapWord
	var pop *widget.PopUp
	shut := func() { pop.Hide() }
	use := widget.NewButton("Use  Ctrl+Enter", func() {
		f.EditSeen(path, compactJSON(text.Text, v.row.Type), v.seen)
		shut()
		v.grid.force(v)
	})
	text.send = func() {
		if !use.Disabled() {
			use.OnTapped()
		}
	}
	text.key = func(k fyne.KeyName) bool {
		if k == fyne.KeyEscape {
			shut()
		}
		return k == fyne.KeyEscape
	}
	use.Importance = widget.HighImportance
	check := func(s string) {
		words := tooLong(s)
		if words == "" {
			words = f.Check(path, s)
		}
		widgets.SetText(fault, words)
		widgets.Enable(use, words == "")
	}
	text.OnChanged = check
	check(text.Text)
	buttons := container.NewHBox(use, widget.NewButton("Cancel", shut))
	title := widget.NewLabelWithStyle("Desired "+v.row.ID+" ("+string(v.row.Type)+")", fyne.TextAlignLeading, fyne.TextStyle{Bold: true})
	pop = widget.NewModalPopUp(container.NewBorder(title, container.NewVBox(fault, buttons), nil, nil, text), c)
	pop.Resize(fyne.NewSize(min(640, c.Size().Width*0.9), min(460, c.Size().Height*0.8)))
	pop.Show()
	c.Focus(text)
}
