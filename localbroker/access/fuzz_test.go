package access

import (
	"strings"
	"testing"

	"github.com/thingdesk/thingdesk/things/topic"
)

// FuzzRule holds the tree to the plain meaning: a filter with the names put in
// as text matches what topic.Match says, and no name opens more than itself.
func FuzzRule(f *testing.F) {
	f.Add("a/%u/#", "eve", "c", "", "a/eve/x")
	f.Add("%c-%n/+", "", "c", "n", "c-n/x")
	f.Add("%u/#", "$SYS", "c", "n", "$SYS/x")
	f.Add("a%%/%u%c", "+", "#", "a/b", "a%/x")
	f.Add("+/%n", "u", "c", "\xff", "a/b")
	f.Fuzz(func(t *testing.T, filter, user, client, certificate, name string) {
		r, err := NewRules([]Rule{{Allow: true, Actions: []Action{All}, Filter: filter}})
		if err != nil {
			return
		}
		if topic.ValidateName(name) != nil {
			return
		}
		p := r.For(Identity{User: user, Client: client, Certificate: certificate})
		own, ok := r.rules[0].filter(&p.names)
		want := ok && topic.Match(own, name)
		if got := p.Publish(name); got != want {
			t.Errorf("filter %q as %q: publish to %q: %v, want %v", filter, own, name, got, want)
		}
		if p.Receive(name) != want || p.Subscribe(name) != want && !strings.HasPrefix(name, "$share/") {
			t.Errorf("filter %q as %q: publish, receive and subscribe differ for %q", filter, own, name)
		}
		if !ok {
			return
		}
		if len(own) <= topic.MaxBytes && topic.ValidateFilter(own) != nil {
			t.Errorf("filter %q became %q", filter, own)
		}
		if strings.Count(own, "/") != strings.Count(filter, "/") || strings.Count(own, "+") != strings.Count(filter, "+") || strings.HasSuffix(own, "#") != strings.HasSuffix(filter, "#") {
			t.Errorf("a name changed the form of %q: %q", filter, own)
		}
		if strings.HasPrefix(own, "$") && !strings.HasPrefix(filter, "$") {
			t.Errorf("a name opened $ topics: %q became %q", filter, own)
		}
	})
}

func FuzzHash(f *testing.F) {
	f.Add("$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$c2FsdHNhbHRzYWx0c2FsdA")
	f.Add("$2a$04$abcdefghijklmnopqrstuuTestTestTestTestTestTestTestTestTe")
	f.Fuzz(func(t *testing.T, s string) {
		h, why := parseHash(s)
		switch {
		case (h == nil) != (why != ""):
			t.Errorf("%q: %v, %q", s, h, why)
		case len(s) > 30 && strings.Contains(why, s):
			t.Errorf("the hash is shown: %s", why)
		}
		if a, ok := h.(argonHash); ok && (a.memory > maxMemory || len(a.key) < minKey || len(a.salt) > maxField) {
			t.Errorf("%q was taken", s)
		}
	})
}
