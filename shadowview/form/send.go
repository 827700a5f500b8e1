package form

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/thingdesk/thingdesk/things/shadow"
)

// maxToken is the longest clientToken in bytes.
const maxToken = 64

// Update is one update request, ready to publish without RETAIN.
type Update struct {
	Key          shadow.Key
	Topic        string
	Payload      []byte
	QoS          byte
	Token        string
	AnswerTopics []string // where accepted or rejected comes
	Version      int64    // the version it insists on; 0 for none
}

// Effect is what the caller must do after an answer.
type Effect struct {
	Reread bool // read the shadow again (publish get)
}

// CanSend tells whether Send would work now, and if not, why in words.
func (f *Form) CanSend() (ok bool, why string) {
	s := f.Summary()
	switch {
	case f.flight != nil:
		return false, "waiting for the answer to the last update"
	case f.reread != 0:
		return false, "reading the shadow again"
	case s.Edited == 0:
		return false, "nothing is edited"
	case s.Faults > 0:
		return false, plural(s.Faults, "edit has a fault", "edits have faults") + ": mend or revert"
	case s.Conflicts > 0:
		return false, plural(s.Conflicts, "edit is", "edits are") + " in conflict: keep mine or take theirs"
	}
	return true, ""
}

func plural(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + more
}

// Preview returns the update that Send would make, without sending anything.
// Its token is only an example.
func (f *Form) Preview() (Update, error) { return f.build("preview") }

// Send makes one update of all edits and marks them sent. The caller publishes
// it, and brings the answer with that token to Accepted or Rejected. token is
// opaque, fresh for each update, 1 to 64 bytes.
func (f *Form) Send(now int64, token string) (Update, error) {
	if token == "" || len(token) > maxToken {
		return Update{}, errors.New("build update: the client token must have 1 to 64 bytes")
	}
	u, err := f.build(token)
	if err != nil {
		return Update{}, err
	}
	for _, e := range f.edits {
		if !e.waiting() {
			e.phase, e.token, e.why = sent, token, ""
		}
	}
	f.flight, f.late = &flight{token: token, version: f.version(), at: now}, nil
	f.say(Notice{})
	f.revision++
	return u, nil
}

func (f *Form) build(token string) (Update, error) {
	if ok, why := f.CanSend(); !ok {
		return Update{}, fmt.Errorf("build update: %s", why)
	}
	return f.update(shadow.Object{desiredName: f.patch()}, token), nil
}

// patch returns the desired section of an update with all unsent edits that
// validate.
func (f *Form) patch() shadow.Object {
	patch := shadow.Object{}
	for _, e := range slices.SortedFunc(maps.Values(f.edits), byPath) {
		if e.waiting() || e.fault != "" {
			continue
		}
		at := patch
		for _, name := range e.path[:len(e.path)-1] {
			inner, ok := at[name].(shadow.Object)
			if !ok {
				inner = shadow.Object{}
				at[name] = inner
			}
			at = inner
		}
		old, _ := lookup(f.view.Doc.Desired, e.path)
		at[e.path[len(e.path)-1]] = replacing(old, e.value)
		if e.clear {
			at[e.path[len(e.path)-1]] = nil
		}
	}
	return patch
}

// replacing returns the patch that turns old into v: members of old that v
// lacks become null.
func replacing(old, v any) any {
	o, ok1 := old.(shadow.Object)
	n, ok2 := v.(shadow.Object)
	if !ok1 || !ok2 {
		return v
	}
	patch := maps.Clone(n)
	for k, before := range o {
		if after, ok := n[k]; ok {
			patch[k] = replacing(before, after)
		} else {
			patch[k] = nil
		}
	}
	return patch
}

// Accepted takes the answer update/accepted. It returns false when the token
// is not that of an update of this Form.
func (f *Form) Accepted(token string, version, now int64) bool {
	plan, known := f.ends(token)
	f.each(token, func(e *edit) {
		known = true
		e.phase, e.version, e.since, e.token, e.why = accepted, version, now, "", ""
	})
	if !known {
		return false
	}
	f.say(Notice{})
	if plan != nil {
		f.say(Notice{fmt.Sprintf("%s. The shadow is at v%d.", capital(plan.done), version), Good})
	}
	f.accepted = max(f.accepted, version)
	f.settle()
	f.revision++
	return true
}

// Rejected takes the answer update/rejected. The edits stay. Answers with an
// unknown token are ignored.
func (f *Form) Rejected(token string, code int, message string, now int64) Effect {
	plan, known := f.ends(token)
	r := Refusal{Op: "update", Key: f.view.Key, Code: code, Message: message}
	why := r.Brief()
	f.each(token, func(e *edit) {
		known = true
		if code == 409 {
			e.phase, e.why, e.token = unsent, "", ""
		} else {
			e.phase, e.why, e.token = refused, why, ""
		}
	})
	if !known {
		return Effect{}
	}
	f.revision++
	kept := " Your edits are kept."
	if plan != nil {
		kept = " Nothing was changed."
	}
	if code == 409 {
		f.reread = max(now, 1)
		f.accepted = 0
		f.say(Notice{r.Words() + kept, Warning})
		return Effect{Reread: true}
	}
	f.say(Notice{r.Words() + kept, Alarm})
	return Effect{}
}

// ReadRefused takes the answer get/rejected with another code than 404. It is
// told only while the Form waits for a document: others read the shadow too.
func (f *Form) ReadRefused(code int, message string) {
	if f.view.Known && f.reread == 0 {
		return
	}
	r := Refusal{Op: "get", Key: f.view.Key, Code: code, Message: message}
	f.notice, f.unread = Notice{r.Words(), Alarm}, true
	f.revision++
}

// SendFailed tells that the update with that token did not leave: the edits
// are unsent again, with the reason in words.
func (f *Form) SendFailed(token, reason string) {
	plan, known := f.ends(token)
	if !known {
		return
	}
	f.each(token, func(e *edit) { e.phase, e.token, e.why = unanswered, "", "not sent: "+reason })
	kept := "Your edits are kept."
	if plan != nil {
		kept = "Nothing was changed."
	}
	f.say(Notice{"The update was not sent: " + reason + ". " + kept, Alarm})
	f.revision++
}

func (f *Form) say(n Notice) { f.notice, f.unread = n, false }

// ends ends the flight of a token, if it is under way, and returns the plan it
// was made of; nil for edits. A late answer to a plan counts too.
func (f *Form) ends(token string) (plan *Plan, known bool) {
	if f.late != nil && token != "" && f.late.token == token {
		plan, f.late = f.late.plan, nil
		return plan, true
	}
	if f.flight == nil || f.flight.token != token {
		return nil, false
	}
	plan, f.flight = f.flight.plan, nil
	return plan, true
}

// each calls do for the edits that the update with that token carried.
func (f *Form) each(token string, do func(*edit)) {
	for _, e := range f.edits {
		if token != "" && e.token == token {
			do(e)
		}
	}
}

// noAnswer says what may be wrong when nothing came back.
const noAnswer = "the connection may be down, nothing may serve shadows on this broker, or the policy may forbid the update or listening for its answer"

// Tick lets time pass: it marks updates that were not answered. It is cheap
// and may be called at any rate.
func (f *Form) Tick(now int64) {
	limit := f.config.Answer.Microseconds()
	if fl := f.flight; fl != nil && now-fl.at >= limit {
		f.flight = nil
		f.unanswer(fl)
		f.revision++
	}
	if f.reread != 0 && now-f.reread >= limit {
		f.reread = 0
		f.revision++
	}
	for k, e := range f.edits {
		if e.phase == accepted && now-e.since >= limit {
			delete(f.edits, k) // the document will come or not; do not pretend any longer
			f.revision++
		}
	}
}

// unanswer marks the edits of an unanswered update, unless the document shows
// that it arrived.
func (f *Form) unanswer(fl *flight) {
	why := fmt.Sprintf("no answer in %g s", f.config.Answer.Round(time.Second/10).Seconds())
	lost := false
	for k, e := range f.edits {
		if e.phase != sent || e.token != fl.token {
			continue
		}
		now, has := lookup(f.view.Doc.Desired, e.path)
		arrived := f.view.Doc.Version > fl.version && has != e.clear && (e.clear || shadow.Equal(now, e.value))
		if arrived {
			delete(f.edits, k)
			continue
		}
		e.phase, e.why = unanswered, why
		lost = true
	}
	if fl.plan != nil && !f.arrived(fl) {
		f.late = fl
		f.say(Notice{"There was " + why + ": " + noAnswer + ". It is not known whether this was done: " + fl.plan.done + ". Read the shadow again; a late answer still counts.", Warning})
	}
	if lost {
		f.say(Notice{"There was " + why + ": " + noAnswer + ". Your edits are kept; a late answer still counts.", Warning})
	}
}
