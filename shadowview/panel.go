package shadowview

import (
	"fmt"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"github.com/thingdesk/thingdesk/shadowview/form"
	"github.com/thingdesk/thingdesk/things/shadow"
	"github.com/thingdesk/thingdesk/ui/model"
	"github.com/thingdesk/thingdesk/ui/widgets"
)

// Panel is the editor of one shadow: header, property grid, footer and
// activity. Give it a Form with SetForm and call Apply at the sampler's pace.
type Panel struct {
	widget.BaseWidget

	actions Actions
	form    *form.Form
	root    fyne.CanvasObject
	grid    *grid
	head    header
	foot    footer
	log     *activity

	at       int64  // time of the last Apply
	revision uint64 // of the form, as drawn
	second   int64  // of the ages, as drawn
}

// header is the line above the grid.
type header struct {
	shadow  *widget.Select
	names   []string
	quiet   bool
	age     *widget.Label
	version *widget.Label
	pending *widgets.Badge
	menu    *widget.Button // nil when there is no menu
}

// footer is what stands under the grid.
type footer struct {
	path, value           *cellEntry
	add                   *widget.Button
	addFault              *widget.Label
	notice                *widget.Label
	summary               *widget.Label
	preview, revert, send *widget.Button
}

// NewPanel returns a Panel without a form.
func NewPanel(a Actions) *Panel {
	p := &Panel{actions: a.complete()}
	p.grid = newGrid(p)
	p.log = newActivity(p.actions.OpenActivity)
	upper := container.NewBorder(p.newHeader(), p.newFooter(), nil, nil, p.grid.object)
	split := container.NewVSplit(upper, p.log.object)
	split.Offset = 0.74
	p.root = split
	p.ExtendBaseWidget(p)
	p.SetForm(form.New(shadow.Key{}, form.Config{}))
	return p
}

// CreateRenderer implements fyne.Widget.
func (p *Panel) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(p.root) }

// Refresh implements fyne.Widget; it measures anew, for the theme may have
// changed.
func (p *Panel) Refresh() {
	p.grid.restyle()
	p.BaseWidget.Refresh()
}

// SetForm shows a form. The Form keeps its edits when another is shown.
func (p *Panel) SetForm(f *form.Form) {
	if p.form == f {
		return
	}
	p.form = f
	p.head.quiet = true
	p.head.shadow.SetSelected(title(f.Key().Name))
	p.head.quiet = false
	p.foot.path.SetText("")
	p.foot.value.SetText("")
	widgets.SetText(p.foot.addFault, "")
	p.grid.setForm(f)
	p.redraw()
}

// Form returns the form that is shown.
func (p *Panel) Form() *form.Form { return p.form }

// SetShadows tells which named shadows the Thing has; the classic one always
// stands first.
func (p *Panel) SetShadows(names []string) {
	if p.head.names != nil && slices.Equal(p.head.names, names) {
		return
	}
	p.head.names = append([]string{}, names...)
	options := []string{classic}
	for _, n := range names {
		if n != "" {
			options = append(options, title(n))
		}
	}
	p.head.quiet = true
	p.head.shadow.SetOptions(options)
	p.head.shadow.SetSelected(title(p.form.Key().Name)) // it may have been no option before
	p.head.quiet = false
}

// title returns what a shadow is called on screen.
func title(name string) string {
	switch name {
	case "":
		return classic
	case classic:
		return namedClassic
	}
	return name
}

// untitled is the inverse of title.
func untitled(s string) string {
	switch s {
	case classic:
		return ""
	case namedClassic:
		return classic
	}
	return s
}

// Apply takes what is known at the time now: the newest view of the shadow and
// its activity, oldest line first. It costs next to nothing when nothing
// changed.
func (p *Panel) Apply(v form.View, lines []form.Line, now int64) {
	p.at = now
	p.form.Apply(v)
	p.form.Tick(now)
	p.log.set(lines)
	if p.form.Revision() != p.revision || now/1_000_000 != p.second {
		p.redraw()
	}
}

func (p *Panel) now() int64 { return max(p.at, p.actions.Now()) }

// redraw brings the screen to the form.
func (p *Panel) redraw() {
	now := p.now()
	if p.form.Revision() != p.revision {
		p.revision = p.form.Revision()
		p.grid.refresh(false)
		p.drawFooter()
	} else {
		p.grid.sync(false)
	}
	p.second = p.at / 1_000_000
	p.drawHeader(now)
}

// Send sends the edits, if the form allows it.
func (p *Panel) Send() {
	u, err := p.form.Send(p.now(), p.actions.Token())
	if err != nil {
		_, why := p.form.CanSend()
		p.say("Not sent: "+why+".", form.Warning)
		return
	}
	p.redraw()
	p.actions.Send(p.form, u)
	p.redraw()
}

func (p *Panel) newHeader() fyne.CanvasObject {
	h := &p.head
	h.shadow = widget.NewSelect([]string{classic}, func(s string) {
		if h.quiet {
			return
		}
		p.actions.SelectShadow(untitled(s))
	})
	h.age, h.version, h.pending = widget.NewLabel(""), widget.NewLabel(""), widgets.NewBadge()
	h.age.Importance, h.version.Importance = widget.LowImportance, widget.LowImportance
	reread := small("Read again", p.actions.Reread)
	chosen := container.NewHBox(widget.NewLabel("Shadow:"), h.shadow)
	if p.actions.Menu != nil {
		h.menu = small("More…", p.showMenu)
		chosen.Add(h.menu)
	}
	return container.NewBorder(nil, nil, chosen,
		container.NewHBox(h.pending, h.version, h.age, reread), nil)
}

// showMenu opens what can be done with the shadow as a whole.
func (p *Panel) showMenu() {
	if c := canvasOf(p.head.menu); c != nil {
		widget.ShowPopUpMenuAtRelativePosition(p.actions.Menu(), c, fyne.NewPos(0, p.head.menu.Size().Height), p.head.menu)
	}
}

func (p *Panel) drawHeader(now int64) {
	v := p.form.View()
	var age, version string
	switch {
	case !v.Known:
		age = "not read yet"
	case !v.Exists:
		age = "no shadow yet"
	default:
		age = "last update " + ago(v.ReceivedAt, now)
		version = fmt.Sprintf("v%d", v.Doc.Version)
	}
	widgets.SetText(p.head.age, age)
	widgets.SetText(p.head.version, version)
	if n := p.form.Summary().Pending; n > 0 {
		p.head.pending.Set("⟳", fmt.Sprintf("%d pending", n), widgets.ToneWarn)
	} else {
		p.head.pending.Set("", "", widgets.ToneDim)
	}
}

// ago says how long ago something was in a sentence.
func ago(at, now int64) string {
	s := model.Ago(at, now)
	if s == "now" {
		return s
	}
	return s + " ago"
}

func (p *Panel) newFooter() fyne.CanvasObject {
	f := &p.foot
	f.path, f.value = newCellEntry(), newCellEntry()
	f.path.SetPlaceHolder("new.property")
	f.value.SetPlaceHolder("value: 28, true, text, [1, 2], {…}")
	f.path.send, f.value.send = p.Send, p.Send
	f.path.key = func(k fyne.KeyName) bool { return enterKey(k, func() { focusNext(f.path) }) }
	f.value.key = func(k fyne.KeyName) bool { return enterKey(k, p.addProperty) }
	f.add = widget.NewButton("Add", p.addProperty)
	f.addFault = widget.NewLabel("")
	f.addFault.Importance, f.addFault.Wrapping = widget.DangerImportance, fyne.TextWrapWord
	f.addFault.Hide()
	f.notice = widget.NewLabel("")
	f.notice.Wrapping = fyne.TextWrapWord
	f.notice.Hide()
	f.summary = cut(widget.NewLabel(""))
	f.preview = widget.NewButton("Preview message", p.showPreview)
	f.revert = widget.NewButton("Revert", func() { p.form.RevertAll(); p.grid.forceAll() })
	f.send = widget.NewButton("Send desired  Ctrl+Enter", p.Send)
	f.send.Importance = widget.HighImportance
	add := container.New(addLayout{}, f.path, f.value, f.add)
	buttons := container.NewBorder(nil, nil, nil, container.NewHBox(f.preview, f.revert, f.send), f.summary)
	return container.NewVBox(widget.NewSeparator(), add, f.addFault, f.notice, buttons)
}

func enterKey(k fyne.KeyName, do func()) bool {
	if k != fyne.KeyReturn && k != fyne.KeyEnter {
		return false
	}
	do()
	return true
}

func (p *Panel) addProperty() {
	f := &p.foot
	err := p.form.AddProperty(f.path.Text, f.value.Text)
	words := ""
	if err != nil {
		words = err.Error()
	}
	widgets.SetText(f.addFault, words)
	widgets.Show(f.addFault, err != nil)
	if err != nil {
		return
	}
	f.path.SetText("")
	f.value.SetText("")
	p.redraw()
}

func (p *Panel) drawFooter() {
	s, f := p.form.Summary(), &p.foot
	can, why := p.form.CanSend()
	var text string
	switch {
	case s.Sent > 0 && s.Edited == 0:
		text = fmt.Sprintf("%d sent, waiting for the answer", s.Sent)
	case s.Edited == 0:
		text = "no unsent edits"
	case s.Edited == 1:
		text = "1 unsent edit"
	default:
		text = fmt.Sprintf("%d unsent edits", s.Edited)
	}
	if !can && s.Edited > 0 {
		text += ": " + why
	}
	widgets.SetText(f.summary, text)
	widgets.Enable(f.preview, can)
	widgets.Enable(f.send, can)
	widgets.Enable(f.revert, s.Edited > 0)
	n := p.form.Notice()
	p.say(n.Text, n.Severity)
}

// say shows words above the buttons.
func (p *Panel) say(text string, severity form.Severity) {
	n := p.foot.notice
	if n.Importance != importance(severity) {
		n.Importance = importance(severity)
		n.Refresh()
	}
	widgets.SetText(n, text)
	widgets.Show(n, text != "")
}

// previewText says exactly what Send would publish.
func (p *Panel) previewText() string {
	u, err := p.form.Preview()
	if err != nil {
		return err.Error()
	}
	version := "no version check"
	if u.Version > 0 {
		version = fmt.Sprintf("only if the shadow is still at v%d", u.Version)
	}
	return fmt.Sprintf("Topic    %s\nQoS      %d, not retained\nCheck    %s\nPayload  %d bytes\n\n%s\n\nThe answer comes on\n  %s\n\nThe client token is made anew for each message.",
		u.Topic, u.QoS, version, len(u.Payload), indented(u.Payload), strings.Join(u.AnswerTopics, "\n  "))
}

func (p *Panel) showPreview() {
	c := canvasOf(p)
	if c == nil {
		return
	}
	view := widgets.NewCodeView()
	view.OnCopy = p.actions.Copy
	view.SetText(p.previewText(), widgets.Plain)
	var pop *widget.PopUp
	shut := widget.NewButton("Close", func() { pop.Hide() })
	copyIt := widget.NewButton("Copy payload", func() {
		if u, err := p.form.Preview(); err == nil {
			p.actions.Copy(string(u.Payload))
		}
	})
	head := widget.NewLabelWithStyle("The message that Send would publish", fyne.TextAlignLeading, fyne.TextStyle{Bold: true})
	pop = widget.NewModalPopUp(container.NewBorder(head, container.NewHBox(shut, copyIt), nil, nil, view), c)
	pop.Resize(fyne.NewSize(min(640, c.Size().Width*0.9), min(420, c.Size().Height*0.8)))
	pop.Show()
}
