package topic_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/thingdesk/thingdesk/things/topic"
)

func TestValidate(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", topic.MaxBytes)
	for _, c := range []struct {
		text         string
		name, filter bool // valid as
	}{
		{"a", true, true},
		{"a/b/c", true, true},
		{"/", true, true},
		{"/a", true, true},
		{"a/", true, true},
		{"a//b", true, true},
		{" ", true, true},
		{"$SYS/broker", true, true},
		{"haus/küche/🌡", true, true},
		{"\ufeffa", true, true},
		{"a\nb", true, true},
		{long, true, true},
		{long + "x", false, false},
		{"", false, false},
		{"a\x00b", false, false},
		{"a\xff", false, false},
		{"\xed\xa0\x80", false, false}, // a surrogate is no UTF-8
		{"#", false, true},
		{"+", false, true},
		{"+/+", false, true},
		{"/#", false, true},
		{"a/#", false, true},
		{"+/a/#", false, true},
		{"$aws/things/+/shadow/#", false, true},
		{"#/a", false, false},
		{"a/#/b", false, false},
		{"a#", false, false},
		{"a/b#", false, false},
		{"a+", false, false},
		{"+a/x", false, false},
		{"a/b+/c", false, false},
		{"##", false, false},
		{"#/", false, false},
		{"++", false, false},
	} {
		text := c.text
		if len(text) > 20 {
			text = text[:20] + "..."
		}
		if err := topic.ValidateName(c.text); (err == nil) != c.name {
			t.Errorf("ValidateName(%q) = %v, want valid %t", text, err, c.name)
		}
		if err := topic.ValidateFilter(c.text); (err == nil) != c.filter {
			t.Errorf("ValidateFilter(%q) = %v, want valid %t", text, err, c.filter)
		}
	}
}

func TestErrorTellsWhy(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  error
		want string
	}{
		{topic.ValidateName("a/+"), `topic "a/+" holds a wildcard (+ or #): wildcards are for subscribing; name one topic to publish to`},
		{topic.ValidateName(""), `topic "" is empty: give at least one character`},
		{topic.ValidateFilter("a/#/b"), `topic "a/#/b" has # before its end: # must be the last level`},
		{topic.ValidateFilter("a/b+"), `topic "a/b+" has a wildcard inside the level "b+": + and # must stand alone between slashes`},
	} {
		if _, ok := errors.AsType[*topic.Error](c.err); !ok {
			t.Errorf("%v is no *topic.Error", c.err)
		}
		if diff := cmp.Diff(c.want, c.err.Error()); diff != "" {
			t.Error(diff)
		}
	}
	long := topic.ValidateName(strings.Repeat("ä", 40_000)).Error()
	if len(long) > 200 || !strings.Contains(long, "…") || !strings.Contains(long, "80000 bytes") {
		t.Errorf("a long topic is not shortened well: %q", long)
	}
}

func TestMatch(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		filter string
		yes    []string
		no     []string
	}{
		{"a/b", []string{"a/b"}, []string{"a", "a/b/c", "A/b", "a/b/", "/a/b"}},
		{"#", []string{"a", "a/b", "/", "/a", "a//b", "🌡"}, []string{"$SYS", "$SYS/a", "$"}},
		{"+", []string{"a", "🌡"}, []string{"/a", "a/b", "a/", "$SYS"}},
		{"+/+", []string{"a/b", "/a", "/", "a/"}, []string{"a", "a/b/c", "$SYS/a"}},
		{"/+", []string{"/a", "/"}, []string{"a", "/a/b"}},
		{"a/#", []string{"a", "a/", "a/b", "a/b/c", "a//"}, []string{"ab", "b", "/a"}},
		{"a/+/c", []string{"a/b/c", "a//c"}, []string{"a/c", "a/b/c/d", "a/b/d/c"}},
		{"a/+", []string{"a/b", "a/"}, []string{"a", "a/b/c"}},
		{"a/+/#", []string{"a/b", "a/", "a/b/c/d"}, []string{"a"}},
		{"+/#", []string{"a", "a/b", "/"}, []string{"$SYS", "$SYS/b"}},
		{"$SYS/#", []string{"$SYS", "$SYS/a/b"}, []string{"$SYSTEM", "SYS/a"}},
		{"$SYS/+/b", []string{"$SYS/a/b", "$SYS//b"}, []string{"$SYS/b"}},
		{"a/+", []string{"a/$b"}, nil}, // $ counts at the start only
		{"/#", []string{"/", "/a", "/$a", ""}, []string{"a"}},
		{"haus/+/🌡", []string{"haus/küche/🌡"}, []string{"haus/küche/🌡️"}},
	} {
		for _, name := range c.yes {
			if !topic.Match(c.filter, name) {
				t.Errorf("%q does not match %q", c.filter, name)
			}
		}
		for _, name := range c.no {
			if topic.Match(c.filter, name) {
				t.Errorf("%q matches %q", c.filter, name)
			}
		}
	}
}

func TestLevels(t *testing.T) {
	t.Parallel()
	for name, want := range map[string][]string{
		"a": {"a"}, "a/b": {"a", "b"}, "/a": {"", "a"}, "a//b": {"a", "", "b"}, "a/": {"a", ""}, "/": {"", ""},
	} {
		if diff := cmp.Diff(want, topic.Levels(name)); diff != "" {
			t.Errorf("Levels(%q): %s", name, diff)
		}
	}
	for filter, want := range map[string]bool{"a/b": false, "a/+": true, "#": true} {
		if got := topic.HasWildcard(filter); got != want {
			t.Errorf("HasWildcard(%q) = %t", filter, got)
		}
	}
}

// slowMatch is Match as the standard words it, level by level.
func slowMatch(filter, name []string) bool {
	switch {
	case len(filter) == 0:
		return len(name) == 0
	case filter[0] == "#":
		return true
	case len(name) == 0:
		return false
	case filter[0] == "+" || filter[0] == name[0]:
		return slowMatch(filter[1:], name[1:])
	}
	return false
}

func FuzzMatch(f *testing.F) {
	for _, s := range [][2]string{{"a/#", "a"}, {"#", "$SYS"}, {"+/+", "/"}, {"a//b", "a//b"}, {"$a/+", "$a/"}, {"+", ""}} {
		f.Add(s[0], s[1])
	}
	f.Fuzz(func(t *testing.T, filter, name string) {
		filterErr, nameErr := topic.ValidateFilter(filter), topic.ValidateName(name)
		if nameErr == nil && topic.ValidateFilter(name) != nil {
			t.Fatalf("name %q is valid but no valid filter", name)
		}
		got := topic.Match(filter, name) // must not panic, valid or not
		if filterErr != nil || nameErr != nil {
			for _, err := range []error{filterErr, nameErr} {
				if err != nil && len(err.Error()) > 3*topic.MaxBytes {
					t.Fatalf("error of %d bytes", len(err.Error()))
				}
			}
			return
		}
		levels := topic.Levels(filter)
		want := slowMatch(levels, topic.Levels(name))
		if name[0] == '$' && (levels[0] == "#" || levels[0] == "+") {
			want = false
		}
		if got != want {
			t.Fatalf("Match(%q, %q) = %t", filter, name, got)
		}
	})
}
