package publish

import (
	"fyne.io/fyne/v2/widget"

	model "github.com/thingdesk/thingdesk/ui/model/publish"
	"github.com/thingdesk/thingdesk/ui/widgets"
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
	widgets.Enable(d.send, now.can)
	d.drawNotes(now)
}

func (d *Drawer) drawTopic(connection string) {
	target := "Publish"
	if connection != "" {
		target = "Publish to " + connection
	}
	widgets.SetText(d.target, target)
	d.fill(d.topic, d.model.Topic())
	widgets.Show(d.follow, !d.model.Following())
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
	widgets.SetText(d.asideOf, words+". It is sent whole, as it is.")
	widgets.Show(d.aside, aside)
	widgets.Show(d.text, !aside)
	widgets.Show(d.tidy, d.model.CanTidy())
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
	widgets.Show(d.topicNote, topic.Text != "")
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
