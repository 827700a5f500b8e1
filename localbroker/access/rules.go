package access

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/thingdesk/thingdesk/things/topic"
)

// Action is something a rule allows or denies.
type Action string

// The actions. Read is Subscribe and Receive; All is every action. A Will is
// judged as Publish.
const (
	Publish   Action = "publish"
	Subscribe Action = "subscribe"
	Receive   Action = "receive"
	Read      Action = "read"
	All       Action = "all"
)

// actions is a set of publish, subscribe and receive.
type actions byte

const (
	publishing actions = 1 << iota
	subscribing
	receiving
)

var actionSets = map[Action]actions{
	Publish: publishing, Subscribe: subscribing, Receive: receiving,
	Read: subscribing | receiving, All: publishing | subscribing | receiving,
}

// Rule allows or denies actions on the topics of a filter to some clients.
//
// User, Client and Certificate choose the clients: empty is any, otherwise the
// name itself, where * stands for any run of characters. A rule that names a
// user, client or certificate never concerns a client that has none.
//
// Filter is an MQTT topic filter. In it %u stands for the user name, %c for the
// client ID, %n for the common name of the certificate and %% for a percent
// sign, alone or as part of a level. A name that is empty, holds /, +, # or
// U+0000, or begins with $ where the filter begins with it, never matches.
type Rule struct {
	Allow                     bool
	User, Client, Certificate string
	Actions                   []Action
	Filter                    string
}

// Identity is who a client is. User is empty without login, Certificate
// without a verified client certificate.
type Identity struct {
	User, Client, Certificate string
}

// Rules are the rules of one listener. Once there is any rule, all is denied
// that no rule allows; a rule that denies wins over all that allow, whatever
// their order. They do not change and are safe for concurrent use; nil has
// none.
type Rules struct {
	rules []rule

	mu sync.Mutex // guards what follows
	// selections are the rules that concern a client, by which ones they are:
	// most clients share theirs. Bounded by maxSelections.
	selections map[string]*selection
}

// maxSelections bounds the selections that are kept for clients to come.
const maxSelections = 256

// rule is a checked Rule.
type rule struct {
	allow                     bool
	user, client, certificate pattern
	actions                   actions
	levels                    []level
}

// NewRules checks and compiles rules; an *Error says which one is wrong.
func NewRules(rules []Rule) (*Rules, error) {
	r := &Rules{rules: make([]rule, len(rules)), selections: make(map[string]*selection)}
	for i, given := range rules {
		compiled, field, why := compile(given)
		if why != "" {
			return nil, &Error{List: "rules", Index: i, Field: field, Why: why}
		}
		r.rules[i] = compiled
	}
	return r, nil
}

// compile checks a rule, or says which field is wrong and why.
func compile(given Rule) (r rule, field, why string) {
	r = rule{
		allow: given.Allow, user: pattern(given.User),
		client: pattern(given.Client), certificate: pattern(given.Certificate),
	}
	if len(given.Actions) == 0 {
		return rule{}, "actions", "is empty: " + actionAdvice
	}
	for _, a := range given.Actions {
		set, ok := actionSets[a]
		if !ok {
			return rule{}, "actions", fmt.Sprintf("names %q: %s", a, actionAdvice)
		}
		r.actions |= set
	}
	r.levels, why = compileFilter(given.Filter)
	if why != "" {
		return rule{}, "filter", why
	}
	return r, "", ""
}

const actionAdvice = `give "publish", "subscribe", "receive", "read" (subscribe and receive) or "all"`

// compileFilter splits a rule's filter into levels, or says what is wrong.
func compileFilter(filter string) (levels []level, why string) {
	if filter == "" {
		return nil, `is empty: give a topic filter; "#" is every topic but those that begin with $`
	}
	if strings.HasPrefix(filter, "$share/") {
		return nil, "begins with $share/: give the filter behind $share/NAME/, which is what shared subscriptions are judged by"
	}
	if err := topic.ValidateFilter(filter); err != nil {
		if bad, ok := errors.AsType[*topic.Error](err); ok {
			return nil, bad.Why
		}
		return nil, err.Error()
	}
	for s := range strings.SplitSeq(filter, "/") {
		l, ok := parseLevel(s)
		if !ok {
			return nil, fmt.Sprintf("has a percent sign that means nothing in the level %q: %%u is the user name, %%c the client ID, %%n the certificate name, %%%% a percent sign", s)
		}
		levels = append(levels, l)
	}
	return levels, ""
}

// Len returns how many rules there are; nil has none.
func (r *Rules) Len() int {
	if r == nil {
		return 0
	}
	return len(r.rules)
}

// For returns what id may do, or nil, which allows everything, when there are no
// rules. Call it once for a client and keep the Permit.
func (r *Rules) For(id Identity) *Permit {
	if r.Len() == 0 {
		return nil
	}
	chosen := make([]byte, (len(r.rules)+7)/8)
	for i := range r.rules {
		if r.rules[i].concerns(id) {
			chosen[i/8] |= 1 << (i % 8)
		}
	}
	return &Permit{names: namesOf(id), rules: r.selection(chosen)}
}

// concerns tells whether the rule is about a client.
func (r *rule) concerns(id Identity) bool {
	return r.user.match(id.User) && r.client.match(id.Client) && r.certificate.match(id.Certificate)
}

// selection returns the chosen rules, a set of bits, compiled.
func (r *Rules) selection(chosen []byte) *selection {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s, ok := r.selections[string(chosen)]; ok {
		return s
	}
	s := &selection{}
	for i := range r.rules {
		if chosen[i/8]&(1<<(i%8)) != 0 {
			s.add(&r.rules[i])
		}
	}
	if len(r.selections) >= maxSelections {
		clear(r.selections) // clients keep theirs; the next ones share again
	}
	r.selections[string(chosen)] = s
	return s
}
