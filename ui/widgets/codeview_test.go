package widgets

import (
	"fmt"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"github.com/google/go-cmp/cmp"
)

func numbered(n int) string {
	var lines []string
	for i := range n {
		lines = append(lines, fmt.Sprint("line ", i))
	}
	return strings.Join(lines, "\n")
}

func TestCodeViewShowsText(t *testing.T) {
	v := NewCodeView()
	show(t, v, 400, 300)
	v.SetText("{\n\t\"a\": [1, true], \"b\": \"x\\\"y\"\n}\r", JSON)
	want := map[int]string{0: "{", 1: `"a"|: [|1|, |true|], |"b"|: |"x\"y"`, 2: "}|·"}
	if diff := cmp.Diff(want, shown(&v.list)); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
	first := v.slots[1].cells[0].obj
	if want := v.textStart() + 4*v.grid.cell; first.Position().X != want {
		t.Errorf("after a tab text begins at %v, want %v", first.Position().X, want)
	}
	v.SetLineNumbers(true)
	if got := shown(&v.list)[2]; got != "3|}|·" {
		t.Errorf("with line numbers: %q", got)
	}
	v.SetText("{}", Plain)
	if got := shown(&v.list)[0]; got != "1|{}" {
		t.Errorf("plain: %q", got)
	}
}

func TestCodeViewColours(t *testing.T) {
	v := NewCodeView()
	show(t, v, 400, 300)
	v.SetText(`{"k": "s", "n": -1.5e3, "l": null}`, JSON)
	got := map[string]bool{}
	for _, c := range v.slots[0].cells[:v.slots[0].used] {
		for class, col := range v.classes {
			if c.obj.Color == col {
				got[fmt.Sprint(c.obj.Text, " ", class)] = true
			}
		}
	}
	for _, want := range []string{`"k" 1`, `"s" 2`, "-1.5e3 3", "null 4"} {
		if !got[want] {
			t.Errorf("no %s in %v", want, got)
		}
	}
}

func TestCodeViewKeepsItsPlace(t *testing.T) {
	v := NewCodeView()
	show(t, v, 400, 300)
	v.SetText(numbered(1000), Plain)
	v.ScrollToLine(500)
	at := v.FirstVisible()
	if at == 0 || !strings.HasPrefix(shown(&v.list)[at], fmt.Sprint("line ", at)) {
		t.Fatalf("scrolled to %d, which shows %q", at, shown(&v.list)[at])
	}
	v.SetText(strings.ReplaceAll(numbered(1000), "line", "row"), Plain)
	if v.FirstVisible() != at || !strings.HasPrefix(shown(&v.list)[at], "row ") {
		t.Errorf("as many lines: first is %d, want %d, showing %q", v.FirstVisible(), at, shown(&v.list)[at])
	}
	v.SetText(numbered(999), Plain)
	if v.FirstVisible() != 0 {
		t.Errorf("another text begins at line %d", v.FirstVisible())
	}
	press(v, fyne.KeyPageDown, fyne.KeyDown, fyne.KeyDown, fyne.KeyUp)
	if got, want := v.FirstVisible(), v.VisibleRows(); got != want {
		t.Errorf("the keys scrolled to %d, want %d", got, want)
	}
	press(v, fyne.KeyEnd)
	if _, ok := shown(&v.list)[998]; !ok {
		t.Error("End does not show the last line")
	}
	v.ScrollToTop()
	if v.FirstVisible() != 0 {
		t.Errorf("ScrollToTop scrolled to %d", v.FirstVisible())
	}
}

func TestCodeViewScrollsSideways(t *testing.T) {
	v := NewCodeView()
	c := show(t, v, 300, 200)
	v.SetText(strings.Repeat("0123456789", 20)+"END\nshort", Plain)
	if got := shown(&v.list)[0]; !strings.HasPrefix(got, "0123456789") || len(got) != v.viewColumns() {
		t.Errorf("at the left %q, %d columns are in sight", got, v.viewColumns())
	}
	press(v, fyne.KeyRight)
	if got := shown(&v.list)[0]; !strings.HasPrefix(got, "456789") {
		t.Errorf("four columns on: %q", got)
	}
	test.Drag(c, fyne.NewPos(10, 195), 1000, 0)
	if got := shown(&v.list)[0]; !strings.HasSuffix(got, "END") {
		t.Errorf("dragged to the end: %q", got)
	}
	test.Scroll(c, fyne.NewPos(50, 50), 10_000, 0)
	if got := shown(&v.list)[0]; !strings.HasPrefix(got, "0123") {
		t.Errorf("wheeled back: %q", got)
	}
	press(v, fyne.KeyLeft)
	test.TapCanvas(c, fyne.NewPos(280, 195)) // right of the thumb: a page
	if v.left != v.viewColumns() {
		t.Errorf("a page on, the first column is %d, want %d", v.left, v.viewColumns())
	}
	v.SetText("short\nshort", Plain)
	if v.left != 0 || v.footHeight() != 0 {
		t.Errorf("a short text is scrolled to %d with a foot of %v", v.left, v.footHeight())
	}
}

func TestCodeViewDiff(t *testing.T) {
	v := NewCodeView()
	show(t, v, 400, 300)
	v.SetLineNumbers(true)
	v.SetDiff([]DiffLine{{Same, "{"}, {Removed, "36"}, {Added, "28"}, {Same, "}"}})
	want := map[int]string{0: "1| |{", 1: "|-|36", 2: "2|+|28", 3: "3| |}"}
	if diff := cmp.Diff(want, shown(&v.list)); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
	if b := visibleBack(&v.list, 1); b == nil || b.FillColor != v.removed {
		t.Error("the removed line has no ground")
	}
	if b := visibleBack(&v.list, 2); b == nil || b.FillColor != v.added {
		t.Error("the added line has no ground")
	}
	if visibleBack(&v.list, 0) != nil {
		t.Error("a line that is the same has a ground")
	}
	if got, want := v.Text(), "  {\n- 36\n+ 28\n  }\n"; got != want {
		t.Errorf("text is %q, want %q", got, want)
	}
}

func TestCodeViewHex(t *testing.T) {
	v := NewCodeView()
	show(t, v, 900, 300)
	v.SetLineNumbers(true) // a dump has offsets instead
	v.SetHex([]byte("Hello, hex dump!\x00\x7f\xff~"))
	want := "00000000  48 65 6c 6c 6f 2c 20 68  65 78 20 64 75 6d 70 21  Hello, hex dump!\n" +
		"00000010  00 7f ff 7e                                       ...~\n"
	if got := v.Text(); got != want {
		t.Errorf("dump is\n%s, want\n%s", got, want)
	}
	if got := shown(&v.list)[1]; got != strings.Split(want, "\n")[1] {
		t.Errorf("line 1 shows %q", got)
	}
	v.SetHex(nil)
	if got := shown(&v.list)[0]; !strings.HasPrefix(got, "00000000") {
		t.Errorf("nothing shows %q", got)
	}
	v.SetHex(make([]byte, 64<<20)) // lines are made when they are seen
	press(v, fyne.KeyEnd)
	if got := shown(&v.list)[64<<20/16-1]; !strings.HasPrefix(got, "03fffff0") {
		t.Errorf("the last line of 64 MB shows %q", got)
	}
}

func TestCodeViewCopyAndClick(t *testing.T) {
	v := NewCodeView()
	c := show(t, v, 400, 300)
	v.SetText("one\n\ttwo", Plain)
	v.TypedShortcut(&fyne.ShortcutCopy{}) // nobody listens
	copied, line := "", -1
	v.OnCopy = func(text string) { copied = text }
	v.OnLine = func(l int) { line = l }
	v.TypedShortcut(&fyne.ShortcutPaste{})
	if copied != "" {
		t.Errorf("paste copied %q", copied)
	}
	v.TypedShortcut(&fyne.ShortcutCopy{})
	if copied != "one\n\ttwo" {
		t.Errorf("copied %q", copied)
	}
	test.TapCanvas(c, rowMiddle(t, &v.list, 1))
	if line != 1 || !v.HasFocus() {
		t.Errorf("clicked line %d, focus %v", line, v.HasFocus())
	}
}

func TestCodeViewOddText(t *testing.T) {
	v := NewCodeView()
	show(t, v, 500, 300)
	for _, text := range []string{"", "\n", "\xff\xfe\x00", "日本語 abc 😀 e\u0301 \u202eabc", strings.Repeat("\"", 5000), "\t\t\tx"} {
		v.SetText(text, JSON)
		press(v, fyne.KeyRight, fyne.KeyLeft)
		if v.Text() != text {
			t.Errorf("text %q became %q", text, v.Text())
		}
	}
	v.SetText("日本x", Plain)
	wide := v.grid.columns("日本")
	x := v.slots[0].cells[v.slots[0].used-1].obj
	if want := v.textStart() + float32(wide)*v.grid.cell; x.Text != "x" || x.Position().X != want {
		t.Errorf("%q stands at %v, want x in its column at %v", x.Text, x.Position().X, want)
	}
}

func FuzzLexJSON(f *testing.F) {
	for _, s := range []string{`{"a": [1, -2.5e+3, true, null], "b": "x\"y"}`, `"open`, `\"`, "-", "日本: 5", `"a" :`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		line := []rune(s)
		last := 0
		for _, tok := range lexJSON(line) {
			if tok.start < last || tok.end <= tok.start || tok.end > len(line) || tok.class == classPlain || tok.class >= classCount {
				t.Fatalf("token %v of %q overlaps, is empty or has no class (last ended at %d)", tok, s, last)
			}
			last = tok.end
		}
	})
}
