package topics

import (
	"context"
	"time"
	"unicode/utf8"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/things/topic"
	"github.com/thingdesk/thingdesk/ui/model"
	"github.com/thingdesk/thingdesk/ui/model/payload"
)

const (
	smallRender = 32_000                 // bytes rendered at once on the screen's goroutine
	bigPause    = 500 * time.Millisecond // least time between live renders of more
)

// Detail shows one topic: its facts, its value in the chosen view, compared
// with the previous message or with one picked from the recent ones, and what
// is below it.
type Detail struct {
	// Recent are its recent messages; on a branch without messages of its own,
	// those of all topics below.
	Recent *Recent
	// Children are the levels directly below it.
	Children *Children

	async  Async
	target Target
	seq    int // counts targets, to know late answers

	info     topic.Info
	found    bool
	rows     uint64 // revision of Recent when last looked at
	retained bool   // seen retained since the target was chosen and not cleared

	view      payload.View
	all       bool // limits lifted
	picked    *Row
	unpicked  payload.View // the view before a row was picked
	stale     bool         // what is shown is not what is wanted
	rendering bool
	nextBig   int64
	shown     payload.Shown
	revision  uint64
	now       int64
}

// NewDetail returns a Detail that shows nothing. history may be nil.
func NewDetail(async Async, history History) *Detail {
	return &Detail{
		async:    async,
		Recent:   &Recent{async: async, history: history},
		Children: &Children{async: async, sort: ByName},
	}
}

// Show selects what to show. The chosen view stays; everything else starts
// anew. Showing the same again changes nothing.
func (d *Detail) Show(t Target, now int64) {
	if t.sameAs(d.target) {
		return
	}
	if d.picked != nil {
		d.view = d.unpicked
	}
	d.target = t
	d.seq++
	d.info, d.found, d.retained = topic.Info{}, false, false
	d.picked, d.all, d.rendering, d.nextBig = nil, false, false, 0
	d.shown = payload.Shown{}
	d.stale = true
	d.revision++
	d.Recent.show(t)
	d.Children.show(t)
	d.Apply(now)
}

// Target returns what is shown.
func (d *Detail) Target() Target { return d.target }

// Apply takes the present state of the session in. It is meant to be called a
// few times a second, also when nothing happened; now is in microseconds since
// 1970 UTC.
func (d *Detail) Apply(now int64) {
	d.now = now
	if d.target.Session == nil {
		return
	}
	var info topic.Info
	found := false
	d.target.Session.Topics(func(ix *topic.Index) {
		var id topic.NodeID
		if id, found = d.target.find(ix); found {
			info = ix.Node(id, now)
		}
	})
	before := d.info
	d.info, d.found = info, found
	if info.Own != before.Own {
		d.stale = true
		d.retained = seenRetained(info.Last, info.Prev) ||
			d.retained && (info.Last.Payload == nil || len(info.Last.Payload) > 0)
	}
	d.Recent.apply(info, now)
	if r := d.Recent.Revision(); r != d.rows {
		d.rows = r
		if info.Own > 0 && (info.Last.Payload == nil || info.Prev.Time == 0) {
			d.stale = true // what the index does not hold may be in the history
		}
	}
	d.Children.apply(info, now)
	d.render(false)
}

// Exists tells whether any message at or below the target was received.
func (d *Detail) Exists() bool { return d.found && d.info.Messages > 0 }

// HasValue tells whether the target itself had a message.
func (d *Detail) HasValue() bool { return d.info.Own > 0 }

// HasChildren tells whether there are levels below the target.
func (d *Detail) HasChildren() bool { return d.info.Children > 0 }

// Crumbs are the connection and the levels.
func (d *Detail) Crumbs() []string { return d.target.crumbs() }

// SeenRetained tells, as far as this client can know, whether the broker keeps
// a retained message of this name.
func (d *Detail) SeenRetained() bool { return d.retained }

// Revision grows when Shown or the picked message changed.
func (d *Detail) Revision() uint64 { return d.revision }

// Shown is the value as it is to be drawn.
func (d *Detail) Shown() payload.Shown { return d.shown }

// View is the chosen view.
func (d *Detail) View() payload.View { return d.view }

// SetView chooses a view.
func (d *Detail) SetView(v payload.View) {
	if d.view == v {
		return
	}
	d.view, d.all, d.stale = v, false, true
	d.render(true)
}

// Lift shows everything, whatever the size, until another topic or view is
// chosen.
func (d *Detail) Lift() {
	d.all, d.stale = true, true
	d.render(true)
}

// Pick compares the newest message with a row of Recent; picking the same row
// again ends that. Views other than Diff then show the picked message itself.
func (d *Detail) Pick(r Row) {
	if d.picked != nil && d.picked.same(r) {
		d.Latest()
		return
	}
	if d.picked == nil {
		d.unpicked = d.view
	}
	d.picked, d.view, d.all, d.stale = &r, payload.AsDiff, false, true
	d.revision++
	d.render(true)
}

// Latest goes back to the newest message.
func (d *Detail) Latest() {
	if d.picked == nil {
		return
	}
	d.picked, d.view, d.all, d.stale = nil, d.unpicked, false, true
	d.revision++
	d.render(true)
}

// Picked returns the message picked for comparison; ok is false when there is
// none.
func (d *Detail) Picked() (r Row, ok bool) {
	if d.picked == nil {
		return Row{}, false
	}
	return *d.picked, true
}

// Caption says in words what the value view shows: "changes since the message
// of 10:14:02.113".
func (d *Detail) Caption() string {
	switch {
	case d.picked != nil && d.shown.Form == payload.Diff:
		return "from " + model.Clock(d.picked.Time) + " to the newest"
	case d.picked != nil && (d.view == payload.AsDiff || d.view == payload.Auto):
		return "newest, beside " + model.Clock(d.picked.Time)
	case d.picked != nil:
		return "the message of " + model.Clock(d.picked.Time)
	case d.shown.Form == payload.Diff:
		return "since the previous message"
	default:
		return ""
	}
}

// request says what is to be rendered; ok is false when there is nothing.
func (d *Detail) request() (r payload.Request, fault string, ok bool) {
	if d.info.Own == 0 && d.picked == nil {
		return r, "", false
	}
	r = payload.Request{View: d.view, All: d.all, Payload: d.info.Last.Payload}
	if r.Payload == nil {
		r.Payload = d.Recent.payloadAt(d.info.Last.Time)
	}
	if r.Payload == nil && d.info.Own > 0 {
		fault = "The payload was let go to save memory. Record the history to keep it."
	}
	switch {
	case d.picked != nil && d.view != payload.AsDiff && d.view != payload.Auto:
		r.Payload, fault = d.picked.Payload, ""
	case d.picked != nil:
		r.Before, r.Compare = d.picked.Payload, true
	case d.info.Prev.Time != 0:
		r.Before, r.Compare = d.info.Prev.Payload, true
	default:
		r.Before, r.Compare = d.Recent.before(d.info.Last.Time)
	}
	return r, fault, true
}

// render brings what is shown up to date: small payloads at once, large ones
// beside, one at a time and, unless asked by the user, not too often.
func (d *Detail) render(asked bool) {
	if !d.stale || d.rendering {
		return
	}
	r, fault, ok := d.request()
	if !ok || fault != "" {
		d.stale = false
		d.setShown(payload.Shown{Fault: fault})
		return
	}
	if len(r.Payload)+len(r.Before) <= smallRender {
		d.stale = false
		d.setShown(payload.Render(r))
		return
	}
	if d.now < d.nextBig && !asked {
		return
	}
	d.stale, d.rendering = false, true
	d.nextBig = d.now + bigPause.Microseconds()
	seq := d.seq
	var s payload.Shown
	d.async(func(context.Context) { s = payload.Render(r) }, func() {
		if seq != d.seq {
			return
		}
		d.rendering = false
		d.setShown(s)
		d.render(false)
	})
}

func (d *Detail) setShown(s payload.Shown) {
	if s.Equal(d.shown) {
		return
	}
	d.shown = s
	d.revision++
}

// Payload returns the payload that is shown: that of the picked message when
// there is one, else of the newest.
func (d *Detail) Payload() []byte {
	if d.picked != nil {
		return d.picked.Payload
	}
	r, _, _ := d.request()
	return r.Payload
}

// CopyText returns the payload for the clipboard: text exactly as it is, or
// hex with as "hex" when it is not UTF-8.
func (d *Detail) CopyText() (text, as string) {
	p := d.Payload()
	if utf8.Valid(p) {
		return string(p), "text"
	}
	return payload.FormatHex(p), "hex"
}

// Again returns the message that is shown, ready to be published again.
func (d *Detail) Again() broker.Message {
	m := broker.Message{Topic: d.target.Name, Payload: d.Payload(), QoS: d.info.Last.QoS, Retained: d.retained}
	if d.picked != nil {
		m.QoS, m.Retained = d.picked.QoS, d.picked.Retained
	}
	return m
}
