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
	f.flight = &flight{token: token, version: f.version(), at: now}
	f.notice = Notice{}
	f.revision++
	return u, nil
}

func (f *Form) build(token string) (Update, error) {
	if ok, why := f.CanSend(); !ok {
		return Update{}, fmt.Errorf("build update: %s", why)
	}
	u := Update{
		Key: f.view.Key, Topic: f.view.Key.Topic("update"), QoS: 1, Token: token,
		AnswerTopics: []string{f.view.Key.Topic("update/accepted"), f.view.Key.Topic("update/rejected")},
	}
	b := append([]byte(`{"state":{"desired":`), shadow.EncodeValue(f.patch())...)
	b = append(b, `}`...)
	if v := f.version(); f.CheckVersion && v > 0 {
		u.Version = v
		b = strconv.AppendInt(append(b, `,"version":`...), v, 10)
	}
	b = append(append(b, `,"clientToken":`...), shadow.EncodeValue(token)...)
	u.Payload = append(b, '}')
	return u, nil
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
	known := f.ends(token)
	f.each(token, func(e *edit) {
		known = true
		e.phase, e.version, e.since, e.token, e.why = accepted, version, now, "", ""
	})
	if !known {
		return false
	}
	f.notice = Notice{}
	f.accepted = max(f.accepted, version)
	f.settle()
	f.revision++
	return true
}

// Rejected takes the answer update/rejected. The edits stay. Answers with an
// unknown token are ignored.
func (f *Form) Rejected(token string, code int, message string, now int64) Effect {
	known := f.ends(token)
	why := refusal(code, message)
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
	if code == 409 {
		f.reread = max(now, 1)
		f.accepted = 0
		f.notice = Notice{"Somebody else changed the shadow in between (409). It is read again; your edits are kept: look at them and send again.", Warning}
		return Effect{Reread: true}
	}
	f.notice = Notice{"The update was " + why + ". Your edits are kept.", Alarm}
	return Effect{}
}

// SendFailed tells that the update with that token did not leave: the edits
// are unsent again, with the reason in words.
func (f *Form) SendFailed(token, reason string) {
	if !f.ends(token) {
		return
	}
	f.each(token, func(e *edit) { e.phase, e.token, e.why = unanswered, "", "not sent: "+reason })
	f.notice = Notice{"The update was not sent: " + reason + ". Your edits are kept.", Alarm}
	f.revision++
}

// ends ends the flight of a token, if it is under way.
func (f *Form) ends(token string) bool {
	if f.flight == nil || f.flight.token != token {
		return false
	}
	f.flight = nil
	return true
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
	if lost {
		f.notice = Notice{"There was " + why + ": " + noAnswer + ". Your edits are kept; a late answer still counts.", Warning}
	}
}
