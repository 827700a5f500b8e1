package connections

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/thingdesk/thingdesk/broker"
	model "github.com/thingdesk/thingdesk/ui/model/connections"
	"github.com/thingdesk/thingdesk/ui/widgets"
)

// The names of the transports on the screen, in the order of transports.
var (
	transportNames = []string{"TCP – not encrypted", "TLS – checked with the system's certificates"}
	transports     = []broker.Transport{broker.TCP, broker.TLS}
)

// scrollBar is the room that the scroll bar takes.
const scrollBar = 12

// form edits one connection.
type form struct {
	screen *Screen
	model  *model.Model
	object fyne.CanvasObject

	title, state                            *widget.Label
	toggle                                  *widget.Button
	name, address, clientID, username, keep *widget.Entry
	password                                *widget.Entry
	transport                               *widget.Select
	persistent, auto, forget                *widget.Check
	faults                                  map[string]*widget.Label
	addressHint, passwordHint, note         *widget.Label
	subs                                    *subscriptions
	fields                                  *fyne.Container
	scroll                                  *container.Scroll
	words                                   *widget.Label
	save, connect, revert                   *widget.Button
	shown                                   *model.Form
	drawing                                 bool // the widgets are being set, not used
}

func newForm(s *Screen) *form {
	f := &form{screen: s, model: s.model, faults: make(map[string]*widget.Label)}
	f.makeFields()
	f.subs = newSubscriptions(f)
	f.title = widget.NewLabel("")
	f.title.TextStyle.Bold = true
	f.title.Truncation = fyne.TextTruncateEllipsis
	f.state = widget.NewLabel("")
	f.state.Wrapping = fyne.TextWrapWord
	f.toggle = widget.NewButton("Connect", func() {
		f.model.Toggle()
		s.redraw()
	})
	f.words = newFault()
	f.note = newHint("")
	f.save = widget.NewButtonWithIcon("Save", theme.DocumentSaveIcon(), func() { f.submit(false) })
	f.connect = widget.NewButton("Save and connect", func() { f.submit(true) })
	f.connect.Importance = widget.HighImportance
	f.revert = widget.NewButton("Revert", func() {
		f.model.Revert()
		s.redraw()
	})
	f.fields = container.New(&grid{}, f.lines()...)
	f.scroll = container.NewVScroll(container.New(layout.NewCustomPaddedLayout(0, 0, 0, scrollBar),
		container.NewVBox(f.fields, f.subs.object)))
	head := container.NewVBox(container.NewBorder(nil, nil, nil, f.toggle, f.title), f.state, widget.NewSeparator())
	foot := container.NewVBox(widget.NewSeparator(), f.words, f.note,
		container.NewBorder(nil, nil, f.revert, container.NewHBox(f.save, f.connect)))
	f.object = padded(container.NewBorder(head, foot, nil, nil, f.scroll))
	return f
}

func (f *form) makeFields() {
	f.name = f.entry("Site A", func(m *model.Form, t string) { m.Name = t })
	f.address = f.entry("broker.example.com:1883, or paste mqtt://user:password@host:1883", func(m *model.Form, t string) { m.SetAddress(t) })
	f.address.OnSubmitted = func(string) {
		if m := f.model.Form(); m != nil {
			m.TakeApart()
			f.screen.redraw()
		}
	}
	f.clientID = f.entry("empty: made anew for each connection", func(m *model.Form, t string) { m.ClientID = t })
	f.username = f.entry("none", func(m *model.Form, t string) { m.Username = t })
	f.keep = f.entry("60", func(m *model.Form, t string) { m.KeepAlive = t })
	f.password = widget.NewPasswordEntry()
	f.password.OnChanged = f.typed(func(m *model.Form, t string) { m.Password = t })
	f.transport = widget.NewSelect(transportNames, func(string) {
		f.edit(func(m *model.Form) { m.Transport = transports[max(f.transport.SelectedIndex(), 0)] })
	})
	f.persistent = f.check("Persistent session (kept by the broker while away)", func(m *model.Form, on bool) { m.Persistent = on })
	f.auto = f.check("Connect when Thingdesk starts", func(m *model.Form, on bool) { m.AutoConnect = on })
	f.forget = f.check("Forget the stored password", func(m *model.Form, on bool) { m.Forget = on })
}

// lines are the triples of the grid.
func (f *form) lines() []fyne.CanvasObject {
	f.addressHint, f.passwordHint = newHint(""), newHint("")
	var out []fyne.CanvasObject
	add := func(caption string, field fyne.CanvasObject, name string) {
		fault := newFault()
		if name != "" {
			f.faults[name] = fault
		}
		out = append(out, widget.NewLabel(caption), field, fault)
	}
	hint := func(l *widget.Label) {
		out = append(out, widget.NewLabel(""), l, newFault())
	}
	add("Name", f.name, model.FieldName)
	add("Address", f.address, model.FieldAddress)
	hint(f.addressHint)
	add("Transport", f.transport, model.FieldTransport)
	add("User name", f.username, model.FieldUsername)
	add("Password", f.password, model.FieldPassword)
	hint(f.passwordHint)
	add("", f.forget, "")
	add("Client ID", f.clientID, model.FieldClientID)
	add("", f.persistent, "")
	add("Keep alive (s)", f.keep, model.FieldKeepAlive)
	add("", f.auto, "")
	return out
}

func (f *form) entry(hint string, set func(*model.Form, string)) *widget.Entry {
	e := widget.NewEntry()
	e.SetPlaceHolder(hint)
	e.OnChanged = f.typed(set)
	return e
}

func (f *form) typed(set func(*model.Form, string)) func(string) {
	return func(text string) { f.edit(func(m *model.Form) { set(m, text) }) }
}

func (f *form) check(text string, set func(*model.Form, bool)) *widget.Check {
	return widget.NewCheck(text, func(on bool) { f.edit(func(m *model.Form) { set(m, on) }) })
}

// edit changes the form as the user did on the screen.
func (f *form) edit(change func(m *model.Form)) {
	m := f.model.Form()
	if f.drawing || m == nil {
		return
	}
	change(m)
	f.screen.redraw()
}

func (f *form) submit(open bool) {
	f.model.Save(open)
	f.screen.redraw()
}

// draw shows the form of the selected connection. What is typed is the form, so
// it stays.
func (f *form) draw() {
	m := f.model.Form()
	widgets.Show(f.object, m != nil)
	if m == nil {
		return
	}
	f.drawing = true
	defer func() { f.drawing = false }()
	f.drawHead(m)
	moved := f.drawFields(m)
	moved = f.drawHints(m) || moved
	moved = f.subs.draw(m) || moved
	if moved {
		f.fields.Refresh()
		f.scroll.Refresh()
	}
	if m != f.shown {
		f.shown = m
		f.scroll.ScrollToTop()
	}
	f.drawFoot(m)
}

func (f *form) drawHead(m *model.Form) {
	item := f.model.Items()[f.model.Selected()]
	widgets.SetText(f.title, item.Name)
	widgets.SetText(f.state, item.Words)
	importance := widget.MediumImportance
	if item.State == broker.Waiting {
		importance = widget.DangerImportance
	}
	if f.state.Importance != importance {
		f.state.Importance = importance
		f.state.Refresh()
	}
	verb, ok := f.model.MayToggle()
	if f.toggle.Text != verb {
		f.toggle.SetText(verb)
	}
	widgets.Enable(f.toggle, ok)
	widgets.Show(f.toggle, !m.New())
}

// drawFields reports whether anything changed its height.
func (f *form) drawFields(m *model.Form) (moved bool) {
	for entry, text := range map[*widget.Entry]string{
		f.name: m.Name, f.address: m.Address, f.clientID: m.ClientID, f.username: m.Username, f.keep: m.KeepAlive, f.password: m.Password,
	} {
		if entry.Text != text {
			entry.SetText(text)
		}
	}
	index := 0
	for i, t := range transports {
		if t == m.Transport {
			index = i
		}
	}
	if f.transport.SelectedIndex() != index {
		f.transport.SetSelectedIndex(index)
	}
	for c, on := range map[*widget.Check]bool{f.persistent: m.Persistent, f.auto: m.AutoConnect, f.forget: m.Forget} {
		if c.Checked != on {
			c.SetChecked(on)
		}
	}
	for _, w := range []fyne.Disableable{f.address, f.transport, f.username, f.password} {
		widgets.Enable(w, !m.Local())
	}
	auto := "Connect when Thingdesk starts"
	if m.Local() {
		auto = "Start the local broker with Thingdesk"
	}
	if f.auto.Text != auto {
		f.auto.SetText(auto)
	}
	return widgets.Show(f.forget, !m.New() && !m.Local() && m.Username != "")
}

func (f *form) drawHints(m *model.Form) (moved bool) {
	faults := m.Faults()
	for field, label := range f.faults {
		text := faults[field]
		if label.Text != text {
			label.SetText(text)
			moved = true
		}
		moved = widgets.Show(label, text != "") || moved
	}
	address, password := "", m.PasswordWords()
	if m.Local() {
		address, password = "This is Thingdesk's own broker. Where it listens is set when Thingdesk starts (--listen).", ""
	}
	for label, text := range map[*widget.Label]string{f.addressHint: address, f.passwordHint: password} {
		if label.Text != text {
			label.SetText(text)
			moved = true
		}
		moved = widgets.Show(label, text != "") || moved
	}
	return moved
}

func (f *form) drawFoot(m *model.Form) {
	widgets.SetText(f.words, f.model.Fault())
	widgets.Show(f.words, f.words.Text != "")
	note := m.Note
	if note == "" && m.New() {
		note = m.Missing()
	}
	item := f.model.Items()[f.model.Selected()]
	if note == "" && m.Edited() && item.State != broker.Closed && !m.Local() {
		note = "Saving connects anew."
	}
	widgets.SetText(f.note, note)
	widgets.Show(f.note, note != "")
	widgets.Enable(f.save, f.model.MaySave())
	widgets.Enable(f.connect, f.model.MaySave())
	widgets.Show(f.connect, !m.Local() && item.State == broker.Closed)
	widgets.Enable(f.revert, m.Edited() && !f.model.Busy())
	verb := "Revert"
	if m.New() {
		verb = "Throw away"
	}
	if f.revert.Text != verb {
		f.revert.SetText(verb)
	}
}
