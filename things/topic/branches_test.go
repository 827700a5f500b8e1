package topic

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestBranches(t *testing.T) {
	t.Parallel()
	ix := NewIndex(Limits{})
	for _, n := range []string{"a/t1/x", "a/t2/x", "b/t1", "b/t1/y", "$SYS/t1", "t1", "/t1"} {
		ix.Add(n, Sample{Time: 1})
	}
	for filter, want := range map[string][]string{
		"#":        {"", "a", "b", "t1"},
		"+/t1/#":   {"/t1", "a/t1", "b/t1"},
		"+/t1":     {"/t1", "a/t1", "b/t1"},
		"t1/#":     {"t1"},
		"a/+/x":    {"a/t1/x", "a/t2/x"},
		"$SYS/+":   {"$SYS/t1"},
		"none/#":   nil,
		"a/t1/x/+": nil,
	} {
		var got []string
		for _, id := range ix.Branches(filter) {
			got = append(got, ix.Node(id, 0).Name)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("Branches(%q) (-want +got):\n%s", filter, d)
		}
	}
}
