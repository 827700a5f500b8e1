package form

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/thingdesk/thingdesk/things/shadow"
)

// Plan is one update that changes many properties at once, to be looked at
// before it is sent. It stands beside the edits.
type Plan struct {
	// Changes are the paths that it changes, desired or reported being the
	// first name of each.
	Changes []Difference
	// Version is that of the document it was made from, 0 when there is none.
	Version int64

	patch shadow.Object // the state of the update
	done  string        // what it does, as "5 desired values were cleared"
}

// Count returns how many properties the plan changes.
func (p Plan) Count() int { return len(p.Changes) }

// CanPlan tells whether a plan may be made and sent now, and if not, why in
// words. Unsent edits stand in the way: the plan would change what is under
// them.
func (f *Form) CanPlan() (ok bool, why string) {
	s := f.Summary()
	switch {
	case f.flight != nil:
		return false, "wait for the answer to the last update"
	case f.reread != 0:
		return false, "wait until the shadow is read again"
	case !f.view.Known:
		return false, "the shadow was not read yet"
	case f.version() != f.view.Doc.Version: // what is there after the last update is not known
		return false, "the document after the last update has not come yet: read the shadow again"
	case s.Edited > 0:
		return false, "send or revert " + plural(s.Edited, "unsent edit", "unsent edits") + " first"
	}
	return true, ""
}

// ErrChanged means that the shadow has changed since a plan was made.
var ErrChanged = errors.New("the shadow has changed since: look at what would change now")

// SendPlan makes one update of a plan. The caller publishes it and brings the
// answer with that token to Accepted or Rejected, as with Send. The error is
// ErrChanged when the document is not the plan's any more; other errors say in
// words what to do. Nothing changes with an error.
func (f *Form) SendPlan(p Plan, now int64, token string) (Update, error) {
	if token == "" || len(token) > maxToken {
		return Update{}, errors.New("build update: the client token must have 1 to 64 bytes")
	}
	if ok, why := f.CanPlan(); !ok {
		return Update{}, errors.New(why)
	}
	if p.Count() == 0 {
		return Update{}, errors.New("nothing would change")
	}
	if p.Version != f.version() {
		return Update{}, ErrChanged
	}
	u := f.update(p.patch, token)
	f.flight, f.late = &flight{token: token, version: f.version(), at: now, plan: &p}, nil
	f.say(Notice{"Sent, waiting for the answer.", Own})
	f.revision++
	return u, nil
}

// update builds the request for a state.
func (f *Form) update(state shadow.Object, token string) Update {
	u := Update{
		Key: f.view.Key, Topic: f.view.Key.Topic("update"), QoS: 1, Token: token,
		AnswerTopics: []string{f.view.Key.Topic("update/accepted"), f.view.Key.Topic("update/rejected")},
	}
	b := append([]byte(`{"state":`), shadow.EncodeValue(state)...)
	if v := f.version(); f.CheckVersion && v > 0 {
		u.Version = v
		b = strconv.AppendInt(append(b, `,"version":`...), v, 10)
	}
	b = append(append(b, `,"clientToken":`...), shadow.EncodeValue(token)...)
	u.Payload = append(b, '}')
	return u
}

// arrived tells whether the document shows all that a plan changes.
func (f *Form) arrived(fl *flight) bool {
	if f.view.Doc.Version <= fl.version {
		return false
	}
	for _, c := range fl.plan.Changes {
		section := f.view.Doc.Desired
		if c.Path[0] == reportedName {
			section = f.view.Doc.Reported
		}
		now, has := lookup(section, c.Path[1:])
		if has != (c.After != "") || has && string(shadow.EncodeValue(now)) != c.After {
			return false
		}
	}
	f.say(Notice{fmt.Sprintf("%s. The shadow is at v%d.", capital(fl.plan.done), f.view.Doc.Version), Good})
	return true
}

func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// The names of the sections of a state.
const (
	desiredName  = "desired"
	reportedName = "reported"
)

func sortedNames(o shadow.Object) []string { return slices.Sorted(maps.Keys(o)) }

// Waiting tells that an update has not been answered yet.
func (f *Form) Waiting() bool { return f.flight != nil }
