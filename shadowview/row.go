package shadowview

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"github.com/thingdesk/thingdesk/shadowview/form"
	"github.com/thingdesk/thingdesk/ui/model"
	"github.com/thingdesk/thingdesk/ui/widgets"
)

// editorKind is which editor a row has.
type editorKind uint8

const (
	editNothing editorKind = iota
	editSet                // a button that opens the editor
	editRemoved            // words: removed when sent
	editBool
	editNumber
	editText
	editLong // one line of text and a button for the pop-up
)

// rowView draws one row. It is made once and updated in place.
type rowView struct {
	grid *grid
	row  form.Row
	box  *fyne.Container

	fold     *widget.Button
	name     *widget.Label
	reported *widget.Label
	age      *widget.Label
	editor   *fyne.Container
	chip     *widgets.Badge
	menu     *widget.Button
	note     *widget.Label
	mine     *widget.Button
	theirs   *widget.Button

	kind   editorKind
	opened bool // the user asked for an editor although desired is absent
	quiet  bool // the editor is being set by us
	seen   any  // desired as the editor shows it; nil for absent
	entry  *cellEntry
	check  *cellCheck
}

func newRowView(g *grid, r form.Row) *rowView {
	v := &rowView{grid: g, editor: container.NewStack(), chip: widgets.NewBadge()}
	v.name = cut(widget.NewLabel(""))
	v.reported = cut(widget.NewLabel(""))
	v.reported.TextStyle.Monospace = true
	v.age = widget.NewLabel("")
	v.age.Alignment, v.age.Importance = fyne.TextAlignTrailing, widget.LowImportance
	v.note = cut(widget.NewLabel(""))
	v.menu = widget.NewButton("⋮", v.showMenu)
	v.menu.Importance = widget.LowImportance
	v.fold = widget.NewButton("", func() { g.form.Toggle(v.row.Path); g.changed() })
	v.fold.Importance, v.fold.Alignment = widget.LowImportance, widget.ButtonAlignLeading
	v.mine = widget.NewButton("Keep mine", func() { g.form.KeepMine(v.row.Path); g.changed() })
	v.theirs = widget.NewButton("Take theirs", func() { g.form.TakeTheirs(v.row.Path); g.force(v) })
	v.box = container.New(&rowLayout{v}, v.fold, v.name, v.reported, v.age, v.editor, v.chip, v.menu, v.note, v.mine, v.theirs)
	for _, o := range []fyne.CanvasObject{v.note, v.mine, v.theirs, v.fold} {
		o.Hide()
	}
	v.row = r
	return v
}

func cut(l *widget.Label) *widget.Label {
	l.Truncation = fyne.TextTruncateEllipsis
	return l
}

// lines is how many lines high the row is.
func lines(r form.Row) int {
	if note(r) != "" {
		return 2
	}
	return 1
}

// update shows r. It touches only what differs. With force the editor takes
// what the form holds even while it has the focus.
func (v *rowView) update(r form.Row, now int64, force bool) {
	v.row = r
	if r.Group {
		sign := "▸ "
		if r.Open {
			sign = "▾ "
		}
		if t := sign + clip(r.Label, 40); v.fold.Text != t {
			v.fold.SetText(t)
		}
	}
	widgets.Show(v.fold, r.Group)
	widgets.Show(v.name, !r.Group)
	widgets.SetText(v.name, r.Label)
	value, age := "", ""
	if r.HasReported && !r.Group {
		value, age = clip(form.Shown(r.Reported), 200), model.Ago(r.ReportedAt*1_000_000, now)
	}
	widgets.SetText(v.reported, value)
	widgets.SetText(v.age, age)
	mark, words := chip(r, now)
	v.chip.Set(mark, words, tone(v.grid.form.Severity(r, now)))
	v.updateNote(r, now)
	v.updateEditor(r, force)
}

func (v *rowView) updateNote(r form.Row, now int64) {
	text := note(r)
	widgets.SetText(v.note, text)
	if im := importance(v.grid.form.Severity(r, now)); text != "" && v.note.Importance != im {
		v.note.Importance = im
		v.note.Refresh()
	}
	widgets.Show(v.note, text != "")
	if ask := r.HasEdit && r.State == form.Conflict; ask != v.mine.Visible() {
		widgets.Show(v.mine, ask)
		widgets.Show(v.theirs, ask)
		v.box.Refresh() // lays out anew
	}
}

// wants returns the editor that fits a row.
func (v *rowView) wants(r form.Row) editorKind {
	switch {
	case r.Clear:
		return editRemoved
	case r.Group:
		return editNothing
	case !r.HasDesired && !r.HasEdit && !v.opened:
		return editSet
	case r.Type == form.Bool && r.Fault == "":
		return editBool
	case r.Type == form.Number:
		return editNumber
	case r.Type == form.Array, r.Type == form.Map:
		return editLong
	case strings.ContainsAny(v.text(r), "\n\r"):
		return editLong
	default:
		return editText
	}
}

// text returns what the editor of r shows.
func (v *rowView) text(r form.Row) string {
	switch {
	case r.HasEdit:
		return r.Edit
	case r.HasDesired:
		return form.Text(r.Desired)
	default:
		return ""
	}
}

func (v *rowView) updateEditor(r form.Row, force bool) {
	busy := v.entry != nil && v.entry.has && !force
	if k := v.wants(r); k != v.kind && !busy {
		v.build(k)
	}
	switch {
	case v.kind == editBool:
		v.setCheck(r)
	case v.entry != nil && !busy:
		v.setEntry(v.text(r))
		v.seen = nil
		if r.HasDesired {
			v.seen = r.Desired
		}
	}
}

func (v *rowView) setEntry(text string) {
	long := strings.ContainsAny(text, "\n\r") && v.kind == editLong && v.row.Type == form.String
	shown := text
	if long { // one line cannot hold it: shown as JSON, edited in the pop-up
		shown = form.Shown(text)
	}
	v.quiet = true
	if v.entry.Text != shown {
		v.entry.SetText(shown)
	}
	if long != v.entry.Disabled() {
		if long {
			v.entry.Disable()
		} else {
			v.entry.Enable()
		}
	}
	v.quiet = false
}

func (v *rowView) setCheck(r form.Row) {
	on := v.text(r) == "true" || v.text(r) == "on"
	word := "off"
	if on {
		word = "on"
	}
	v.quiet = true
	if v.check.Checked != on {
		v.check.SetChecked(on)
	}
	if v.check.Text != word {
		v.check.SetText(word)
	}
	v.quiet = false
}

// typed takes what the user typed into the editor.
func (v *rowView) typed(text string) {
	if v.quiet {
		return
	}
	v.grid.form.EditSeen(v.row.Path, text, v.seen)
	v.grid.changed()
}

func (v *rowView) step(n int64) {
	if v.grid.form.Step(v.row.Path, n) {
		v.grid.force(v)
		v.entry.CursorColumn = len(v.entry.Text)
		v.entry.Refresh()
	}
}

func (v *rowView) revert() {
	v.opened = false
	v.grid.form.Revert(v.row.Path)
	v.grid.force(v)
}

// set opens the editor of a property that desired does not have.
func (v *rowView) set() {
	if on, ok := v.row.Reported.(bool); ok {
		v.grid.form.EditBool(v.row.Path, on)
		v.grid.force(v)
		return
	}
	v.opened = true
	v.grid.force(v)
	if v.entry != nil {
		v.entry.SetPlaceHolder(clip(form.Text(v.row.Reported), 60))
		// Of the panel: Fyne does not know the new entry's canvas before it is drawn.
		if c := canvasOf(v.grid.panel); c != nil {
			c.Focus(v.entry)
		}
	}
}
