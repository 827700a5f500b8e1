package navigator

import (
	"fmt"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/things"
	"github.com/thingdesk/thingdesk/things/topic"
	"github.com/thingdesk/thingdesk/ui/model"
)

// Row is what one row says. The screen maps it to colours and signs.
type Row struct {
	Ref
	Depth        int
	Branch, Open bool
	Text         string
	// Value is the last payload on one line, for topics.
	Value string
	// Count is how many topics or Things are below a closed branch; Rate the
	// messages per second there.
	Count int
	Rate  float64
	// State is that of a connection, Presence that of a Thing.
	State    broker.State
	Presence things.Presence
	// Pending counts the desired values a Thing or shadow has still to reach.
	Pending int
	// Fresh tells that a message arrived in the last moments.
	Fresh bool
}

// How long a row stays Fresh, in microseconds, and how much of a value it
// shows, in runes.
const (
	freshMicros = 400_000
	valueRunes  = 120
)

// Row returns what row i says now.
func (m *Model) Row(i int) Row {
	if i < 0 || i >= len(m.rows) {
		return Row{}
	}
	x := m.rows[i]
	r := Row{Ref: x.Ref, Depth: x.depth, Branch: x.branch, Open: x.open}
	s := m.sessions[x.Session]
	if s == nil {
		return r
	}
	switch x.Kind {
	case Connection:
		m.connectionRow(&r, s)
	case ThingsFolder:
		r.Text = "Things"
		s.Things(func(reg *things.Registry) { r.Count = reg.Len() })
	case Group:
		r.Text = x.Group[lastSlash(x.Group)+1:]
	case Thing, Shadows, Shadow, ThingTopics:
		thingRow(&r, s)
	case TopicsFolder:
		r.Text = "Topics"
		s.Topics(func(ix *topic.Index) {
			t := ix.Totals(m.view())
			r.Count, r.Rate = t.Topics, t.Rate
		})
	case Topic:
		s.Topics(func(ix *topic.Index) { topicRow(&r, ix.Node(x.node, m.view()), m.view()) })
	}
	return r
}

func (m *Model) connectionRow(r *Row, s Session) {
	r.Text, r.State = s.Profile().Name, s.Status().State
	s.Topics(func(ix *topic.Index) { r.Rate = ix.Totals(m.view()).Rate })
}

func thingRow(r *Row, s Session) {
	var t things.Summary
	var v things.ShadowView
	s.Things(func(reg *things.Registry) {
		t, _ = reg.Thing(r.Thing)
		v, _ = reg.Shadow(thingShadow(r.Ref))
	})
	switch r.Kind {
	case Thing:
		r.Text, r.Presence, r.Pending = t.Title(), t.Presence, t.Pending
	case Shadows:
		r.Text, r.Count, r.Pending = "Shadows", len(t.Shadows), t.Pending
	case ThingTopics:
		r.Text = "Topics"
	default:
		r.Text, r.Pending = ShadowTitle(r.Shadow), v.Pending
		if v.Exists {
			r.Value = fmt.Sprintf("v%d", v.Doc.Version)
		}
	}
}

// ShadowTitle returns what a shadow is called on the screen.
func ShadowTitle(name string) string {
	if name == "" {
		return "classic"
	}
	return name
}

func topicRow(r *Row, info topic.Info, now int64) {
	if r.Text = info.Level; r.Text == "" {
		r.Text = "(empty level)"
	}
	r.Fresh = info.LastTime > 0 && now-info.LastTime < freshMicros
	if info.Own > 0 {
		r.Value = model.OneLine(info.Last.Payload, valueRunes)
	}
	if r.Branch && !r.Open {
		r.Count, r.Rate = info.Topics, info.Rate
	}
}

func lastSlash(s string) int {
	for i := len(s) - 1; i >= 0; i-- {
		if s[i] == '/' {
			return i
		}
	}
	return -1
}
