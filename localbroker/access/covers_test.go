package access

import (
	"slices"
	"strings"
	"testing"

	"github.com/thingdesk/thingdesk/things/topic"
)

func TestCovers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		filter, asked string
		want          bool
	}{
		{"a/#", "a", true},
		{"a/#", "a/b", true},
		{"a/#", "a/+", true},
		{"a/#", "a/+/c/#", true},
		{"a/#", "a/#", true},
		{"a/#", "#", false},
		{"a/+", "a/b", true},
		{"a/+", "a/+", true},
		{"a/+", "a/#", false},
		{"a/+", "a", false},
		{"a/+", "a/b/c", false},
		{"a/+/#", "a/#", false},
		{"+/#", "#", true},
		{"#", "+/+", true},
		{"#", "$SYS/#", false},
		{"+/a", "$SYS/a", false},
		{"$SYS/#", "$SYS/+", true},
		{"a/b", "a/b", true},
		{"a/b", "a/+", false},
	} {
		if got := Covers(c.filter, c.asked); got != c.want {
			t.Errorf("Covers(%q, %q) = %v", c.filter, c.asked, got)
		}
	}
}

// sequences returns all lists of 1 to depth levels out of an alphabet.
func sequences(alphabet []string, depth int) [][]string {
	var all [][]string
	last := [][]string{nil}
	for range depth {
		var longer [][]string
		for _, s := range last {
			for _, l := range alphabet {
				longer = append(longer, append(slices.Clone(s), l))
			}
		}
		all = append(all, longer...)
		last = longer
	}
	return all
}

// TestCoversIsWhatMatchingSays compares Covers with the definition: every topic
// name of a small world that the asked filter matches is matched. The level z
// stands for all that no filter names.
func TestCoversIsWhatMatchingSays(t *testing.T) {
	t.Parallel()
	var names, filters []string
	for _, s := range sequences([]string{"", "a", "$a", "z"}, 4) {
		if n := strings.Join(s, "/"); n != "" {
			names = append(names, n)
		}
	}
	for _, s := range sequences([]string{"", "a", "$a", "+"}, 3) {
		f := strings.Join(s, "/")
		if f != "" {
			filters = append(filters, f)
		}
		if len(s) < 3 {
			filters = append(filters, f+"/#")
		}
	}
	filters = append(filters, "#")
	const word = 64
	matched := make(map[string][]uint64, len(filters))
	for _, f := range filters {
		if err := topic.ValidateFilter(f); err != nil {
			t.Fatal(err)
		}
		set := make([]uint64, (len(names)+word-1)/word)
		for i, n := range names {
			if topic.Match(f, n) {
				set[i/word] |= 1 << (i % word)
			}
		}
		matched[f] = set
	}
	covered := 0
	for _, filter := range filters {
		for _, asked := range filters {
			want := true
			for i, bits := range matched[asked] {
				want = want && bits&^matched[filter][i] == 0
			}
			if got := Covers(filter, asked); got != want {
				t.Errorf("Covers(%q, %q) = %v, the names say %v", filter, asked, got, want)
			}
			if want {
				covered++
			}
		}
	}
	if covered <= len(filters) || len(filters) < 100 {
		t.Errorf("%d filters with %d covered pairs are no test", len(filters), covered)
	}
}
