// Package publish draws the publish drawer. The rules are in ui/model/publish.
package publish

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/thingdesk/thingdesk/broker"
	model "github.com/thingdesk/thingdesk/ui/model/publish"
)

// editorRows is the height of the payload editor in lines.
const editorRows = 5

// Config says what a Drawer stands on. Model, Async and Window are required.
type Config struct {
	// Model is the view-model.
	Model *model.Drawer
	// Async runs work on a goroutine and then done on Fyne's.
	Async model.Async
	// Window is the parent of the file dialog and the menu.
	Window fyne.Window
	// Toggled is told when the drawer was opened or closed; it may be nil.
	Toggled func(open bool)
	// Sent is told when a message was handed over for sending, for example to
	// save the recent list; it may be nil.
	Sent func()
}

// Drawer is the publish drawer, a panel for the bottom edge. It begins closed
// (hidden). Its methods belong on Fyne's goroutine.
type Drawer struct {
	cfg    Config
	model  *model.Drawer
	object *fyne.Container

	target    *widget.Label // the connection
	topic     *entry
	follow    *widget.Button
	qos       *widget.RadioGroup
	retain    *widget.Check
	send      *widget.Button
	topicNote *widget.Label

	formats  *widget.RadioGroup
	tidy     *widget.Button
	recent   *widget.Button
	text     *entry
	aside    *fyne.Container
	asideOf  *widget.Label
	note     *widget.Label
	result   *widget.Label
	refused  string // why a format was refused, until the next edit
	filling  bool   // the drawer itself changes an entry
	reading  int    // counts files asked for, to know late ones
	drawn    drawn
	everDrew bool
}

// drawn is what the last drawing showed, to know whether another is needed.
type drawn struct {
	revision   uint64
	connection string
	can        bool
	why        string
	refused    string
}

// New returns a closed drawer.
func New(cfg Config) *Drawer {
	d := &Drawer{cfg: cfg, model: cfg.Model}
	d.object = container.NewPadded(container.NewBorder(
		container.NewVBox(d.topicRow(), d.formatRow()), d.footer(), nil, nil, d.editor()))
	d.object.Hide()
	d.draw()
	return d
}

// Object returns what to put at the bottom edge. It is hidden while closed.
func (d *Drawer) Object() fyne.CanvasObject { return d.object }

// Opened tells whether the drawer is open.
func (d *Drawer) Opened() bool { return d.object.Visible() }

// Open opens the drawer and puts the cursor where typing goes on: in the
// topic when there is none, else in the payload.
func (d *Drawer) Open() {
	if !d.Opened() {
		d.object.Show()
		d.toggled()
	}
	d.draw()
	if d.model.Topic() == "" || d.aside.Visible() {
		d.cfg.Window.Canvas().Focus(d.topic)
	} else {
		d.cfg.Window.Canvas().Focus(d.text)
	}
}

// Close closes the drawer; what is typed stays.
func (d *Drawer) Close() {
	if d.Opened() {
		d.cfg.Window.Canvas().Unfocus()
		d.object.Hide()
		d.toggled()
	}
}

// Toggle opens or closes the drawer.
func (d *Drawer) Toggle() {
	if d.Opened() {
		d.Close()
	} else {
		d.Open()
	}
}

// Load opens the drawer with a message, for example one to be sent again.
func (d *Drawer) Load(m broker.Message) {
	d.model.Load(m)
	d.Open()
}

// Refresh redraws what changed. It is cheap when nothing did.
func (d *Drawer) Refresh() {
	if d.Opened() {
		d.draw()
	}
}

func (d *Drawer) toggled() {
	if d.cfg.Toggled != nil {
		d.cfg.Toggled(d.Opened())
	}
}

func (d *Drawer) topicRow() fyne.CanvasObject {
	d.target = widget.NewLabel("")
	d.target.TextStyle.Bold = true
	d.topic = newEntry(false, d.sendTapped, d.Close)
	d.topic.SetPlaceHolder("Topic")
	d.topic.OnChanged = func(text string) {
		if !d.filling {
			d.model.SetTopic(text)
			d.draw()
		}
	}
	d.topic.OnSubmitted = func(string) { d.cfg.Window.Canvas().Focus(d.text) }
	d.follow = widget.NewButtonWithIcon("Follow selection", theme.ViewRefreshIcon(), func() {
		d.model.Follow()
		d.draw()
	})
	d.follow.Importance = widget.LowImportance
	d.qos = widget.NewRadioGroup([]string{"0", "1", "2"}, func(name string) {
		for i, o := range d.qos.Options {
			if o == name {
				d.model.SetQoS(byte(i))
			}
		}
		d.draw()
	})
	d.qos.Horizontal, d.qos.Required = true, true
	d.retain = widget.NewCheck("Retain", func(on bool) {
		d.model.SetRetain(on)
		d.draw()
	})
	d.send = widget.NewButtonWithIcon("Send", theme.MailSendIcon(), d.sendTapped)
	d.send.Importance = widget.HighImportance
	hide := widget.NewButtonWithIcon("", theme.CancelIcon(), d.Close)
	hide.Importance = widget.LowImportance
	d.topicNote = widget.NewLabel("")
	d.topicNote.Truncation = fyne.TextTruncateEllipsis
	row := container.NewBorder(nil, nil, d.target,
		container.NewHBox(d.follow, widget.NewLabel("QoS"), d.qos, d.retain, d.send, hide), d.topic)
	return container.NewVBox(row, d.topicNote)
}

func (d *Drawer) formatRow() fyne.CanvasObject {
	names := make([]string, 0, len(model.Formats()))
	for _, f := range model.Formats() {
		names = append(names, f.String())
	}
	d.formats = widget.NewRadioGroup(names, d.formatChosen)
	d.formats.Horizontal, d.formats.Required = true, true
	low := func(text string, icon fyne.Resource, tapped func()) *widget.Button {
		b := widget.NewButtonWithIcon(text, icon, tapped)
		b.Importance = widget.LowImportance
		return b
	}
	file := low("From file…", theme.FolderOpenIcon(), d.chooseFile)
	d.tidy = low("Lay out JSON", theme.ListIcon(), func() {
		d.model.Tidy()
		d.draw()
	})
	d.recent = low("Recent", theme.HistoryIcon(), d.recentMenu)
	return container.NewBorder(nil, nil, d.formats, container.NewHBox(d.tidy, file, d.recent))
}

func (d *Drawer) editor() fyne.CanvasObject {
	d.text = newEntry(true, d.sendTapped, d.Close)
	d.text.SetPlaceHolder("Payload — Ctrl+Enter sends")
	d.text.SetMinRowsVisible(editorRows)
	d.text.paste = d.model.SetText
	d.text.pasted = d.draw
	d.text.OnChanged = func(text string) {
		if d.filling {
			return
		}
		d.refused = ""
		d.model.SetText(text)
		d.draw()
	}
	d.asideOf = widget.NewLabel("")
	d.asideOf.Wrapping = fyne.TextWrapWord
	d.asideOf.Alignment = fyne.TextAlignCenter
	discard := widget.NewButtonWithIcon("Discard", theme.DeleteIcon(), func() {
		d.model.Discard()
		d.draw()
		d.cfg.Window.Canvas().Focus(d.text)
	})
	d.aside = container.NewVBox(d.asideOf, container.NewCenter(discard))
	d.aside.Hide()
	return container.NewStack(d.text, d.aside)
}

func (d *Drawer) footer() fyne.CanvasObject {
	d.note = widget.NewLabel("")
	d.note.Truncation = fyne.TextTruncateEllipsis
	d.result = widget.NewLabel("")
	return container.NewBorder(nil, nil, nil, d.result, d.note)
}

func (d *Drawer) sendTapped() {
	can, _ := d.model.CanSend()
	d.model.Send() // tells why when it can not
	d.draw()
	if can && d.cfg.Sent != nil {
		d.cfg.Sent()
	}
}

func (d *Drawer) formatChosen(name string) {
	d.refused = ""
	for _, f := range model.Formats() {
		if f.String() == name {
			d.refused = d.model.SetFormat(f)
		}
	}
	d.draw()
}
