package widgets

import (
	"strings"
	"testing"
	"unicode/utf8"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
)

func TestCut(t *testing.T) {
	test.NewTempApp(t)
	m := newMeter(13, fyne.TextStyle{Monospace: true})
	w := m.advance('0')
	tests := map[string]struct {
		text string
		room float32
		want string
	}{
		"fits":               {"abc", 3 * w, "abc"},
		"cut":                {"abcdef", 3 * w, "ab…"},
		"one column":         {"abc", w, "…"},
		"no room":            {"abc", w / 2, ""},
		"negative room":      {"abc", -1, ""},
		"empty":              {"", 0, ""},
		"line end":           {"a\nb", 3 * w, "a↵b"},
		"tab":                {"a\tb", 3 * w, "a b"},
		"control":            {"a\x01\x7f", 3 * w, "a··"},
		"cut after control":  {"\x01bcdef", 3 * w, "·b…"},
		"direction override": {"\u202eab", 3 * w, "·ab"},
		"not UTF-8":          {"a\xff", 30 * w, "a\ufffd"},
		"accents":            {"äöü", 3 * w, "äöü"},
	}
	for name, tt := range tests {
		got, width := m.cut(tt.text, tt.room)
		if got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
		if width > max(0, tt.room) {
			t.Errorf("%s: width is %v in room %v", name, width, tt.room)
		}
	}
}

// TestWidthIsNotTooSmall holds the summed width against the shaped one: text
// must not be drawn over its neighbour.
func TestWidthIsNotTooSmall(t *testing.T) {
	test.NewTempApp(t)
	for _, style := range []fyne.TextStyle{{}, {Bold: true}, {Monospace: true}} {
		m := newMeter(13, style)
		for _, text := range []string{"factory/line-1/machine-42/temperature", "AVAWA To Ty", "fi ffi", "{\"value\": 21.5}", "Привет мир", "日本語"} {
			_, sum := m.cut(text, 10_000)
			if drawn := fyne.MeasureText(text, 13, style).Width; sum < drawn-1 || sum > drawn*1.1+2 {
				t.Errorf("%q %+v: summed %v, drawn %v", text, style, sum, drawn)
			}
		}
	}
}

func TestCutOfHugeTextIsBounded(t *testing.T) {
	test.NewTempApp(t)
	m := newMeter(13, fyne.TextStyle{})
	got, _ := m.cut(strings.Repeat("\u0301", 1<<20), 100) // combining marks may be 0 wide
	if n := utf8.RuneCountInString(got); n > longestCut+1 {
		t.Errorf("%d runes are shown", n)
	}
}

func FuzzCut(f *testing.F) {
	app := test.NewApp()
	f.Cleanup(app.Quit)
	m := newMeter(13, fyne.TextStyle{})
	f.Add("abc\n\t\x00", float32(20))
	f.Add("日本語😀\xff", float32(33))
	f.Fuzz(func(t *testing.T, text string, room float32) {
		got, width := m.cut(text, room)
		if got != "" && !(width <= room) {
			t.Fatalf("%q in %v: %q is %v wide", text, room, got, width)
		}
		if strings.ContainsAny(got, "\n\r\t\x00") || !utf8.ValidString(got) {
			t.Fatalf("%q is shown as %q", text, got)
		}
	})
}
