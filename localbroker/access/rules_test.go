package access

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func mustRules(tb testing.TB, rules ...Rule) *Rules {
	tb.Helper()
	r, err := NewRules(rules)
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

func allow(filter string, a ...Action) Rule { return Rule{Allow: true, Actions: a, Filter: filter} }
func deny(filter string, a ...Action) Rule  { return Rule{Actions: a, Filter: filter} }

// may tells what a Permit says: p, s and r for publish, subscribe and receive.
func may(p *Permit, topic string) string {
	s := ""
	if p.Publish(topic) {
		s += "p"
	}
	if p.Subscribe(topic) {
		s += "s"
	}
	if p.Receive(topic) {
		s += "r"
	}
	return s
}

func TestNoRulesAllowAll(t *testing.T) {
	t.Parallel()
	var none *Rules
	if p := none.For(Identity{}); p != nil || may(p, "a") != "psr" {
		t.Error("nil Rules deny")
	}
	if p := mustRules(t).For(Identity{User: "u"}); p != nil {
		t.Error("empty Rules made a Permit")
	}
}

func TestPermit(t *testing.T) {
	t.Parallel()
	type ask map[string]string // topic to what is allowed
	for name, c := range map[string]struct {
		rules []Rule
		id    Identity
		want  ask
	}{
		"denied unless allowed": {
			rules: []Rule{allow("a/#", Publish)},
			want:  ask{"a": "p", "a/b": "p", "b": "", "$SYS/a": ""},
		},
		"actions": {
			rules: []Rule{allow("s", Subscribe), allow("r", Receive), allow("b", Read), allow("x", All), allow("y", Publish, Receive)},
			want:  ask{"s": "s", "r": "r", "b": "sr", "x": "psr", "y": "pr"},
		},
		"deny wins whatever the order": {
			rules: []Rule{deny("a/1", All), allow("a/#", All), deny("a/2", Publish)},
			want:  ask{"a/1": "", "a/2": "sr", "a/3": "psr"},
		},
		"wildcards in front do not reach $ topics": {
			rules: []Rule{allow("#", All), allow("+/x", All), allow("$SYS/+", Read)},
			want:  ask{"a": "psr", "$SYS/x": "sr", "$SYS": "", "$aws/x": ""},
		},
		"a deny of # does not reach $ topics either": {
			rules: []Rule{allow("$SYS/#", All), deny("#", All)},
			want:  ask{"$SYS/x": "psr", "a": ""},
		},
		"names of the client": {
			rules: []Rule{allow("u/%u", All), allow("c/%c/+", All), allow("n/x%ny/#", All), allow("%u-%c", All), allow("100%%/%%u", All)},
			id:    Identity{User: "eve", Client: "dev1", Certificate: "cn"},
			want: ask{
				"u/eve": "psr", "u/bob": "", "u/%u": "", "c/dev1/t": "psr", "c/dev2/t": "", "n/xcny": "psr", "n/xcny/a/b": "psr",
				"n/cn": "", "eve-dev1": "psr", "eve-": "", "100%/%u": "psr", "100%/eve": "",
			},
		},
		"names that are not there": {
			rules: []Rule{allow("u/%u", All), allow("u%c", All), allow("%n", All)},
			want:  ask{"u/": "", "u": "", "u/%u": "", "/": ""},
		},
		"names with wildcards and slashes": {
			rules: []Rule{allow("u/%u", All), allow("c/%c", All), allow("n/%n/#", All)},
			id:    Identity{User: "+", Client: "a/b", Certificate: "#"},
			want:  ask{"u/+": "", "u/x": "", "c/a/b": "", "n/#": "", "n/x": ""},
		},
		"a name does not open $ topics": {
			rules: []Rule{allow("%u/#", All), allow("a/%u", All)},
			id:    Identity{User: "$SYS"},
			want:  ask{"$SYS/x": "", "$SYS": "", "a/$SYS": "psr"},
		},
		"clients are chosen": {
			rules: []Rule{
				{Allow: true, User: "eve", Actions: []Action{All}, Filter: "1"},
				{Allow: true, User: "bob", Actions: []Action{All}, Filter: "2"},
				{Allow: true, Client: "dev-*-x", Actions: []Action{All}, Filter: "3"},
				{Allow: true, Client: "dev-*-y", Actions: []Action{All}, Filter: "4"},
				{Allow: true, Certificate: "*", Actions: []Action{All}, Filter: "5"},
				{Allow: true, User: "*", Actions: []Action{All}, Filter: "6"},
				{Allow: true, User: "eve", Client: "other", Actions: []Action{All}, Filter: "7"},
			},
			id:   Identity{User: "eve", Client: "dev-1-2-x"},
			want: ask{"1": "psr", "2": "", "3": "psr", "4": "", "5": "", "6": "psr", "7": ""},
		},
		"filters": {
			rules: []Rule{allow("a/+/c", Read), allow("d/#", Read), deny("d/secret/#", Read)},
			want: ask{
				"a/+/c": "sr", "a/x/c": "sr", "a/+/+": "", "a/#": "", "d/#": "sr", "d/secret/x": "", "d/secret/#": "", "d/secret": "",
				"$share/g/d/#": "s", "$share/g/d/secret/+": "", "$share/g/x": "", "$share/g": "", "$share/g/": "",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := mustRules(t, c.rules...).For(c.id)
			got := ask{}
			for asked := range c.want {
				got[asked] = may(p, asked)
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestWrongRules(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rule        Rule
		field, says string
	}{
		{Rule{Filter: "a"}, "actions", "is empty"},
		{allow("a", "write"), "actions", `names "write"`},
		{allow("", All), "filter", "is empty"},
		{allow("a/#/b", All), "filter", "# must be the last level"},
		{allow("a%u+", All), "filter", "must stand alone"},
		{allow("a/%x", All), "filter", "percent sign that means nothing"},
		{allow("a/100%", All), "filter", "percent sign that means nothing"},
		{allow("$share/g/a", All), "filter", "behind $share/NAME/"},
		{allow("a\x00b", All), "filter", "zero character"},
	} {
		_, err := NewRules([]Rule{allow("ok", All), c.rule})
		wrong, ok := errors.AsType[*Error](err)
		if !ok || wrong.List != "rules" || wrong.Index != 1 || wrong.Field != c.field || !strings.Contains(wrong.Why, c.says) {
			t.Errorf("%+v: %v", c.rule, err)
		}
	}
}

func TestPattern(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pattern, name string
		want          bool
	}{
		{"", "", true},
		{"", "x", true},
		{"*", "", false},
		{"*", "x", true},
		{"a", "a", true},
		{"a", "ab", false},
		{"a*", "a", true},
		{"a*", "ba", false},
		{"*b", "ab", true},
		{"a*ab", "ab", false},
		{"a*ab", "aab", true},
		{"a*b*c", "a-b-b-c", true},
		{"a*b*c", "a-c-b", false},
		{"**", "x", true},
		{"a*b*b", "ab", false},
		{"a*b*b", "abb", true},
	} {
		if got := pattern(c.pattern).match(c.name); got != c.want {
			t.Errorf("%q matches %q: %v", c.pattern, c.name, got)
		}
	}
}

// TestManySelections makes more sets of rules than are kept.
func TestManySelections(t *testing.T) {
	t.Parallel()
	var rules []Rule
	for i := range 2 * maxSelections {
		rules = append(rules, Rule{Allow: true, Client: fmt.Sprint("c", i), Actions: []Action{All}, Filter: fmt.Sprint("t/", i)})
	}
	r := mustRules(t, rules...)
	for i := range rules {
		p := r.For(Identity{Client: fmt.Sprint("c", i)})
		if !p.Publish(fmt.Sprint("t/", i)) || p.Publish(fmt.Sprint("t/", i+1)) {
			t.Fatalf("client %d is judged by the rules of another", i)
		}
	}
	if n := len(r.selections); n > maxSelections {
		t.Errorf("%d selections are kept, at most %d should be", n, maxSelections)
	}
}

// TestJudgingDoesNotAllocate holds Publish and Receive to their promise.
func TestJudgingDoesNotAllocate(t *testing.T) {
	p := hundredRules(t)
	if n := testing.AllocsPerRun(100, func() {
		if !p.Publish("site/7/dev-eve/temp") || p.Receive("nothing/of/it") {
			t.Error("judged wrong")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func hundredRules(tb testing.TB) *Permit {
	tb.Helper()
	var rules []Rule
	for i := range 25 {
		rules = append(rules,
			allow(fmt.Sprintf("site/%d/dev-%%u/#", i), All), allow(fmt.Sprintf("line/+/%d/%%c", i), Read),
			allow(fmt.Sprintf("plain/%d/+/x", i), Publish), deny(fmt.Sprintf("site/%d/+/secret", i), All))
	}
	return mustRules(tb, rules...).For(Identity{User: "eve", Client: "c1"})
}

func BenchmarkPublish100Rules(b *testing.B) {
	p := hundredRules(b)
	b.ReportAllocs()
	for b.Loop() {
		if !p.Publish("site/7/dev-eve/line/temp") {
			b.Fatal("denied")
		}
	}
}

func BenchmarkFor100Rules(b *testing.B) {
	p := hundredRules(b)
	rules := make([]Rule, 100)
	for i := range rules {
		rules[i] = allow(fmt.Sprintf("a/%d/%%u", i), All)
	}
	r := mustRules(b, rules...)
	b.ReportAllocs()
	for b.Loop() {
		p = r.For(Identity{User: "eve", Client: "c1"})
	}
	if !p.Publish("a/1/eve") {
		b.Fatal("denied")
	}
}
