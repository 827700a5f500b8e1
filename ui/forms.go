package ui

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/engine"
	"github.com/thingdesk/thingdesk/shadowview/form"
	"github.com/thingdesk/thingdesk/things"
	"github.com/thingdesk/thingdesk/things/dialect"
	"github.com/thingdesk/thingdesk/things/shadow"
)

// formKeeper keeps the forms that hold something typed, whatever is selected,
// brings them the answers of the shadow service, and keeps what was typed
// across restarts.
type formKeeper struct {
	win   *Window
	forms map[formKey]*keptForm
	saved map[string]json.RawMessage // typed before the last restart, not opened yet
}

type formKey struct {
	session string
	key     shadow.Key
}

func (k formKey) String() string {
	return strings.Join([]string{k.session, k.key.Thing, k.key.Name}, "\x1f")
}

type keptForm struct {
	form     *form.Form
	session  *engine.Session
	seq      uint64      // activity seen
	lines    []form.Line // activity in words
	linesSeq uint64      // up to which activity
}

// Bounds of the activity shown.
const (
	activityRunes = 160
	activityLines = 100
)

func newFormKeeper(w *Window) *formKeeper {
	saved := w.layout.Edits
	if saved == nil {
		saved = make(map[string]json.RawMessage)
	}
	return &formKeeper{win: w, forms: make(map[formKey]*keptForm), saved: saved}
}

// form returns the form of a shadow, with what was typed into it before.
func (k *formKeeper) form(s *engine.Session, key shadow.Key) *form.Form {
	k.forget()
	fk := formKey{s.Profile().ID, key}
	if kept := k.forms[fk]; kept != nil {
		return kept.form
	}
	kept := &keptForm{form: form.New(key, form.Config{}), session: s}
	k.forms[fk] = kept
	s.Things(func(r *things.Registry) {
		v, _ := r.Shadow(key)
		kept.form.Apply(formView(v))
		if all := r.Activity(key.Thing, 0); len(all) > 0 { // old answers are not for this form
			kept.seq = all[len(all)-1].Seq
		}
	})
	if b, ok := k.saved[fk.String()]; ok {
		delete(k.saved, fk.String())
		var edits []form.Saved
		if err := json.Unmarshal(b, &edits); err != nil {
			k.win.log.Warn("read typed edits", "error", err)
		} else {
			kept.form.RestoreEdits(edits)
		}
	}
	return kept.form
}

// forget lets go of forms with nothing typed and nothing under way.
func (k *formKeeper) forget() {
	for fk, kept := range k.forms {
		if s := kept.form.Summary(); s.Edited+s.Sent == 0 && !kept.form.Waiting() && len(kept.form.Edits()) == 0 {
			delete(k.forms, fk)
		}
	}
}

func formView(v things.ShadowView) form.View {
	return form.View{Key: v.Key, Known: v.Known, Exists: v.Exists, Doc: v.Doc, ReceivedAt: v.ReceivedAt}
}

// sendWait bounds the sending of one update.
const sendWait = 5 * time.Second

// send publishes an update; its answer comes by collect.
func (k *formKeeper) send(f *form.Form, u form.Update) {
	var s *engine.Session
	for _, kept := range k.forms {
		if kept.form == f {
			s = kept.session
		}
	}
	if s == nil {
		f.SendFailed(u.Token, "the connection is gone")
		return
	}
	var err error
	k.win.loop.async(func(ctx context.Context) {
		ctx, cancel := context.WithTimeout(ctx, sendWait)
		defer cancel()
		_, err = s.Publish(ctx, broker.Message{Topic: u.Topic, Payload: u.Payload, QoS: u.QoS})
	}, func() {
		if err != nil {
			f.SendFailed(u.Token, fmt.Sprintf("%v", err))
		}
	})
}

// collect brings answers to all kept forms.
func (k *formKeeper) collect(now time.Time) {
	for fk, kept := range k.forms {
		var fresh []things.Activity
		var view things.ShadowView
		kept.session.Things(func(r *things.Registry) {
			fresh = r.Activity(fk.key.Thing, kept.seq)
			view, _ = r.Shadow(fk.key)
		})
		for _, a := range fresh {
			kept.seq = a.Seq
			if a.Fact.Key == fk.key {
				k.answer(kept, a.Fact, now.UnixMicro())
			}
		}
		kept.form.Apply(formView(view))
		kept.form.Tick(now.UnixMicro())
	}
}

func (k *formKeeper) answer(kept *keptForm, f dialect.Fact, now int64) {
	switch f.Op {
	case "update/accepted":
		kept.form.Accepted(f.Token, f.Version, now)
	case "update/rejected":
		if kept.form.Rejected(f.Token, f.Code, f.Message, now).Reread {
			kept.session.Reread(f.Key)
		}
	case "get/rejected":
		if f.Kind == dialect.Rejected { // 404 says that there is none, which the view tells
			kept.form.ReadRefused(f.Code, f.Message)
		}
	default:
	}
}

// activity puts the last shadow messages of a Thing's shadow into words.
func (k *formKeeper) activity(s *engine.Session, key shadow.Key) []form.Line {
	kept := k.forms[formKey{s.Profile().ID, key}]
	var all []things.Activity
	s.Things(func(r *things.Registry) { all = r.Activity(key.Thing, 0) })
	if kept != nil && len(all) > 0 && len(kept.lines) > 0 && kept.linesSeq == all[len(all)-1].Seq {
		return kept.lines
	}
	var ms []form.Message
	for _, a := range all {
		if a.Fact.Key == key {
			ms = append(ms, form.Message{
				At: a.Message.Time, Suffix: a.Fact.Op, Payload: a.Message.Payload, Out: a.Message.Direction == broker.Out,
			})
		}
	}
	slices.SortStableFunc(ms, func(a, b form.Message) int { return int(a.At - b.At) })
	lines := form.Activity(ms, activityRunes)
	lines = lines[max(0, len(lines)-activityLines):]
	if kept != nil && len(all) > 0 {
		kept.lines, kept.linesSeq = lines, all[len(all)-1].Seq
	}
	return lines
}

// keep returns what is typed and not sent, for the next start.
func (k *formKeeper) keep() map[string]json.RawMessage {
	out := make(map[string]json.RawMessage, len(k.saved))
	maps.Copy(out, k.saved)
	for fk, kept := range k.forms {
		edits := kept.form.Edits()
		if len(edits) == 0 {
			continue
		}
		if b, err := json.Marshal(edits); err == nil {
			out[fk.String()] = b
		}
	}
	return out
}
