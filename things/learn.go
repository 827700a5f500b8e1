package things

import (
	"slices"
	"strings"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/things/dialect"
	"github.com/thingdesk/thingdesk/things/shadow"
)

// Feed learns from one message. Messages that say nothing about a Thing are
// passed over quickly.
func (r *Registry) Feed(m broker.Message) {
	if !strings.HasPrefix(m.Topic, "$aws/things/") {
		return
	}
	f, ok := dialect.AWS(m.Topic, m.Payload)
	if !ok || f.Key.Thing == "" {
		return
	}
	if f.Kind == dialect.Gone && r.things[f.Key.Thing] == nil {
		return // "there is no such shadow" makes no Thing
	}
	if f.Kind == dialect.Request && f.Op != "update" && r.things[f.Key.Thing] == nil {
		return // a question about a Thing makes no Thing
	}
	e := r.entry(f.Key.Thing, m.Time)
	if e == nil {
		return
	}
	r.revision++
	e.lastSeen = max(e.lastSeen, m.Time)
	r.remember(e, f, m)
	if f.Kind == dialect.Gone || f.Kind == dialect.Rejected || f.Kind == dialect.Request {
		if f.Kind == dialect.Gone {
			r.gone(e, f, m.Time)
		}
		return
	}
	r.learn(r.touch(e, f.Key), f, m.Time)
}

// Note remembers a request that Thingdesk itself published, for the activity
// of its Thing. Questions for documents are not worth it.
func (r *Registry) Note(m broker.Message) {
	f, ok := dialect.AWS(m.Topic, m.Payload)
	if e := r.things[f.Key.Thing]; ok && e != nil && f.Kind == dialect.Request && f.Op != "get" {
		r.revision++
		r.remember(e, f, m)
	}
}

func (r *Registry) remember(e *entry, f dialect.Fact, m broker.Message) {
	if len(m.Payload) > maxActivityPayload {
		return
	}
	if len(e.activity) == MaxActivity {
		e.activity = slices.Delete(e.activity, 0, MaxActivity/4)
	}
	e.seq++
	e.activity = append(e.activity, Activity{Seq: e.seq, Fact: f, Message: m})
}

func (r *Registry) gone(e *entry, f dialect.Fact, at int64) {
	s := e.shadows[f.Key.Name]
	if s == nil {
		return
	}
	if f.Key.Name != "" {
		r.shape++
		delete(e.shadows, f.Key.Name)
		return
	}
	s.ShadowView = ShadowView{Key: f.Key, Known: true, ReceivedAt: at}
}

// learn takes a document, or the accepted part of one.
func (r *Registry) learn(s *shadowEntry, f dialect.Fact, at int64) {
	switch f.Kind {
	case dialect.Document:
		// documents and get/accepted may overtake each other; old news is no news.
		if s.Exists && f.Doc.Version < s.Doc.Version && f.Op == "update/documents" {
			return
		}
		s.Doc = f.Doc
	case dialect.Accepted:
		if !s.Exists || f.Version != s.Doc.Version+1 {
			if s.Exists && f.Version > s.Doc.Version { // something was missed
				s.Known, s.asked = false, false
				r.touch(r.things[s.Key.Thing], s.Key)
			}
			return
		}
		s.Doc = shadow.Document{
			Desired: merged(s.Doc.Desired, f.Doc.Desired), Reported: merged(s.Doc.Reported, f.Doc.Reported),
			DesiredMeta: merged(s.Doc.DesiredMeta, f.Doc.DesiredMeta), ReportedMeta: merged(s.Doc.ReportedMeta, f.Doc.ReportedMeta),
			Version: f.Version,
		}
	default: // a delta alone does not tell the document
		return
	}
	s.Known, s.Exists, s.ReceivedAt = true, true, at
	s.Pending = leaves(shadow.Delta(s.Doc.Desired, s.Doc.Reported))
}

func merged(section, patch shadow.Object) shadow.Object {
	if patch == nil {
		return section
	}
	return shadow.Merge(section, patch)
}

// leaves counts the values of a delta; arrays and empty objects count as one.
func leaves(o shadow.Object) int {
	n := 0
	for _, v := range o {
		if child, ok := v.(shadow.Object); ok && len(child) > 0 {
			n += leaves(child)
		} else {
			n++
		}
	}
	return n
}
