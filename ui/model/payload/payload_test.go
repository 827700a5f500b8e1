package payload

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDetect(t *testing.T) {
	t.Parallel()
	cases := []struct {
		in   string
		kind Kind
		why  string
	}{
		{"", Empty, "empty payload"},
		{`{"a":1}`, JSON, "JSON object"},
		{" [1]\n", JSON, "JSON array"},
		{"28", JSON, "JSON number"},
		{`"x"`, JSON, "JSON string"},
		{"true", JSON, "JSON boolean"},
		{"null", JSON, "JSON null"},
		{"21.5 °C", Text, "text (UTF-8)"},
		{"  ", Text, "text (UTF-8)"},
		{"{\n \"a\":}", Text, "text (UTF-8), not JSON: line 2, column 6: invalid character '}' looking for beginning of value"},
		{"\x1f\x8b\x08", Binary, "binary (looks like gzip): byte 0x8b at 1 is not UTF-8"},
		{"a\x00b", Binary, "binary: control character 0x00 at 1"},
		{"\"\xff\"", Binary, "binary: byte 0xff at 1 is not UTF-8"},
	}
	for _, c := range cases {
		kind, why := Detect([]byte(c.in))
		if kind != c.kind || why != c.why {
			t.Errorf("Detect(%q) = %d, %q; want %d, %q", c.in, kind, why, c.kind, c.why)
		}
	}
}

func TestCheckJSON(t *testing.T) {
	t.Parallel()
	cases := []struct{ in, want string }{
		{"", "line 1, column 1: ends too early: a value, quote or bracket is missing"},
		{`{"a":1`, "line 1, column 7: ends too early: a value, quote or bracket is missing"},
		{`{"a":1}}`, "line 1, column 8: invalid character '}' after top-level value"},
		{"{\n  \"a\": 1,\n  b: 2}", "line 3, column 3: invalid character 'b' looking for beginning of object key string"},
	}
	for _, c := range cases {
		f := CheckJSON([]byte(c.in))
		if f == nil || f.Error() != c.want {
			t.Errorf("CheckJSON(%q) = %v, want %s", c.in, f, c.want)
		}
	}
	if f := CheckJSON([]byte(" 1.0 ")); f != nil {
		t.Errorf("a number is refused: %v", f)
	}
}

func TestPrettyKeepsLiteralsAndOrder(t *testing.T) {
	t.Parallel()
	in := `{"z":1.0,"a":[1e400,12345678901234567890,{}, [ ],{"b":" { , : \" ] \\"}],"z":-0,"u":"\u00e4ä"}`
	got, fault := Pretty([]byte(in))
	if fault != nil {
		t.Fatal(fault)
	}
	var want bytes.Buffer
	if err := json.Indent(&want, []byte(in), "", "  "); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want.String(), string(got)); diff != "" {
		t.Errorf("not as json.Indent (-want +got):\n%s", diff)
	}
}

func TestPrettyBoundsHostileNesting(t *testing.T) {
	t.Parallel()
	const deep = 9000
	in := strings.Repeat("[", deep) + "1" + strings.Repeat("]", deep)
	got, fault := Pretty([]byte(in))
	if fault != nil {
		t.Fatal(fault)
	}
	if most := len(in) * (2*deepest + 2); len(got) > most {
		t.Errorf("%d bytes became %d, more than %d", len(in), len(got), most)
	}
	if kind, _ := Detect([]byte(strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000))); kind != Text {
		t.Errorf("nesting beyond the parser is taken for %d", kind)
	}
}

func TestHexLines(t *testing.T) {
	t.Parallel()
	got := HexLines([]byte("{\"a\":1}\x00\xff and more"))
	want := []string{
		`00000000  7b 22 61 22 3a 31 7d 00  ff 20 61 6e 64 20 6d 6f  {"a":1}.. and mo`,
		`00000010  72 65                                             re`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestCompare(t *testing.T) {
	t.Parallel()
	cases := []struct{ before, now, want string }{
		{"", "", ""},
		{"a", "a", "=a"},
		{"", "a b", "+a +b"},
		{"a b", "", "-a -b"},
		{"a b c", "a x c", "=a -b +x =c"},
		{"a b c d", "b c d e", "-a =b =c =d +e"},
		{"a b c", "x y z", "-a -b -c +x +y +z"},
		{"a, b", "a b, c", "=a =b, +c"},
		{"{ a b }", "{ a }", "={ =a -b =}"},
	}
	for _, c := range cases {
		lines, ok := Compare(strings.Fields(c.before), strings.Fields(c.now), jsonKey)
		if !ok {
			t.Errorf("%q → %q is refused", c.before, c.now)
		}
		if got := words(lines); got != c.want {
			t.Errorf("%q → %q: got %q, want %q", c.before, c.now, got, c.want)
		}
	}
}

func words(lines []Line) string {
	out := make([]string, len(lines))
	for i, l := range lines {
		out[i] = string([]rune("=-+~")[l.Op]) + l.Text
	}
	return strings.Join(out, " ")
}

// TestCompareIsShortest compares with the textbook table of longest common
// subsequences.
func TestCompareIsShortest(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(1, 2))
	random := func() []string {
		out := make([]string, rnd.IntN(30))
		for i := range out {
			out[i] = string(rune('a' + rnd.IntN(4)))
		}
		return out
	}
	for range 500 {
		a, b := random(), random()
		lines, ok := Compare(a, b, nil)
		if !ok {
			t.Fatalf("%q → %q is refused", a, b)
		}
		var before, now []string
		same := 0
		for _, l := range lines {
			if l.Op != New {
				before = append(before, l.Text)
			}
			if l.Op != Gone {
				now = append(now, l.Text)
			}
			if l.Op == Same {
				same++
			}
		}
		if !slices.Equal(before, a) || !slices.Equal(now, b) || same != commonLength(a, b) {
			t.Fatalf("%q → %q: %s", a, b, words(lines))
		}
	}
}

func commonLength(a, b []string) int {
	row := make([]int, len(b)+1)
	for _, x := range a {
		diagonal := 0
		for j, y := range b {
			next := max(row[j+1], row[j])
			if x == y {
				next = diagonal + 1
			}
			diagonal, row[j+1] = row[j+1], next
		}
	}
	return row[len(b)]
}

func TestCompareIsBounded(t *testing.T) {
	t.Parallel()
	a, b := make([]string, 30_000), make([]string, 30_000)
	for i := range a {
		a[i], b[i] = fmt.Sprint("a", i), fmt.Sprint("b", i)
	}
	if _, ok := Compare(a, b, nil); ok {
		t.Error("60,000 changed lines were compared")
	}
	s := Render(Request{
		Payload: []byte(strings.Join(b, "\n")), Before: []byte(strings.Join(a, "\n")), Compare: true, View: AsDiff,
	})
	if want := "Too different to compare line by line: 30,000 lines before, 30,000 lines now"; s.Fault != want {
		t.Errorf("fault %q, want %q", s.Fault, want)
	}
	if s.Form != Plain || s.Text == "" {
		t.Error("the present value is not shown instead")
	}
}

func TestFoldSame(t *testing.T) {
	t.Parallel()
	before := make([]string, 100)
	for i := range before {
		before[i] = strconv.Itoa(i)
	}
	now := slices.Clone(before)
	now[50] = "x"
	lines, _ := Compare(before, now, nil)
	folded := FoldSame(lines, 2, 5)
	if got, want := words(folded), "~⋯ 48 equal lines =48 =49 -50 +x =51 =52 ~⋯ 47 equal lines"; got != want {
		t.Errorf("got %q", got)
	}
	n := 0
	for _, l := range folded {
		n += max(l.N, 1)
	}
	if n != len(lines) {
		t.Errorf("%d lines stand for %d", n, len(lines))
	}
}
