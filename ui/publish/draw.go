package publish

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"

	model "github.com/thingdesk/thingdesk/ui/model/publish"
)

// draw shows what the view-model holds; it touches only what changed.
func (d *Drawer) draw() {
	now := drawn{revision: d.model.Revision(), connection: d.model.Connection(), refused: d.refused}
	now.can, now.why = d.model.CanSend()
	if d.everDrew && now == d.drawn {
		return
	}
	d.drawn, d.everDrew = now, true
	d.drawTopic(now.connection)
	d.drawPayload()
	enable(d.send, now.can)
	d.drawNotes(now)
}

func (d *Drawer) drawTopic(connection string) {
	target := "Publish"
	if connection != "" {
		target = "Publish to " + connection
	}
	setText(d.target, target)
	d.fill(d.topic, d.model.Topic())
	show(d.follow, !d.model.Following())
	if want := d.qos.Options[d.model.QoS()]; d.qos.Selected != want {
		d.qos.Selected = want // not SetSelected: that would call back
		d.qos.Refresh()
	}
	if d.retain.Checked != d.model.Retain() {
		d.retain.Checked = d.model.Retain()
		d.retain.Refresh()
	}
}

func (d *Drawer) drawPayload() {
	if want := d.model.Format().String(); d.formats.Selected != want {
		d.formats.Selected = want
		d.formats.Refresh()
	}
	words, aside := d.model.Aside()
	d.fill(d.text, d.model.Text())
	setText(d.asideOf, words+". It is sent whole, as it is.")
	show(d.aside, aside)
	show(d.text, !aside)
	show(d.tidy, d.model.CanTidy())
}

func (d *Drawer) drawNotes(now drawn) {
	topic, payload := d.model.TopicNote(), d.model.PayloadNote()
	if d.model.Topic() == "" {
		topic.Level = model.Quiet // nothing is wrong yet
	}
	if d.refused != "" {
		payload = model.Note{Level: model.Warning, Text: d.refused}
	}
	setNote(d.topicNote, topic)
	show(d.topicNote, topic.Text != "")
	setNote(d.note, payload)
	result := d.model.Result()
	if result.Text == "" && !now.can && now.why != topic.Text && now.why != payload.Text {
		result = model.Note{Level: model.Warning, Text: now.why}
	}
	setNote(d.result, result)
}

// fill puts text into an entry without taking it for typing.
func (d *Drawer) fill(e *entry, text string) {
	if e.Text == text {
		return
	}
	d.filling = true
	e.SetText(text)
	d.filling = false
}

func setNote(l *widget.Label, n model.Note) {
	importance := widget.MediumImportance
	switch n.Level {
	case model.Warning:
		importance = widget.WarningImportance
	case model.Fault:
		importance = widget.DangerImportance
	default:
	}
	if l.Text != n.Text || l.Importance != importance {
		l.Importance = importance
		l.SetText(n.Text)
	}
}

func setText(l *widget.Label, text string) {
	if l.Text != text {
		l.SetText(text)
	}
}

func show(o fyne.CanvasObject, on bool) {
	switch {
	case on && !o.Visible():
		o.Show()
	case !on && o.Visible():
		o.Hide()
	}
}

func enable(o fyne.Disableable, on bool) {
	switch {
	case on && o.Disabled():
		o.Enable()
	case !on && !o.Disabled():
		o.Disable()
	}
}
