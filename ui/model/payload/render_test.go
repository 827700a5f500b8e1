package payload

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRender(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name string
		in   Request
		want Shown
	}{
		{
			"auto takes JSON",
			Request{Payload: []byte(`{"a":1}`)},
			Shown{Form: Tinted, Text: "{\n  \"a\": 1\n}", Took: "Auto: JSON object"},
		},
		{"auto takes text", Request{Payload: []byte("on")}, Shown{Text: "on", Took: "Auto: text (UTF-8)"}},
		{"auto takes nothing", Request{}, Shown{Took: "Auto: empty payload"}},
		{
			"auto takes binary",
			Request{Payload: []byte{0xff}},
			Shown{Form: Dump, Bytes: []byte{0xff}, Took: "Auto: binary: byte 0xff at 0 is not UTF-8"},
		},
		{
			"auto shows what changed",
			Request{Payload: []byte("2"), Before: []byte("1"), Compare: true},
			Shown{Form: Diff, Lines: []Line{{Op: Gone, Text: "1"}, {Op: New, Text: "2"}}, Took: "changes as JSON: −1 +1 lines"},
		},
		{
			"auto shows the value when nothing changed",
			Request{Payload: []byte("2"), Before: []byte("2"), Compare: true},
			Shown{Form: Tinted, Text: "2", Took: "Auto: JSON number"},
		},
		{
			"JSON asked, text given",
			Request{Payload: []byte("on"), View: AsJSON},
			Shown{Text: "on", Took: "text", Fault: "Not JSON: line 1, column 1: invalid character 'o' looking for beginning of value"},
		},
		{
			"text of bytes",
			Request{Payload: []byte("a\x00\xff\xfe\r\nb\rc"), View: AsText},
			Shown{Text: "a␀�\nb\rc", Took: "text", Note: "2 bytes shown as �, being no UTF-8; control characters are shown as symbols"},
		},
		{
			"diff without another",
			Request{Payload: []byte("on"), View: AsDiff},
			Shown{Text: "on", Took: "Auto: text (UTF-8)", Fault: "There is no earlier message to compare with"},
		},
		{
			"diff of equals",
			Request{Payload: []byte("on"), Before: []byte("on"), Compare: true, View: AsDiff},
			Shown{Text: "on", Took: "no difference; text (UTF-8)"},
		},
		{
			"diff of the same JSON",
			Request{Payload: []byte("[ ]"), Before: []byte("[]"), Compare: true, View: AsDiff},
			Shown{Form: Diff, Lines: []Line{{Op: Same, Text: "[]"}}, Took: "same JSON, written differently"},
		},
		{
			"diff after clearing",
			Request{Payload: nil, Before: []byte("1"), Compare: true, View: AsDiff},
			Shown{Form: Diff, Lines: []Line{{Op: Gone, Text: "1"}}, Took: "changes as JSON: −1 +0 lines"},
		},
	}
	for _, c := range cases {
		if diff := cmp.Diff(c.want, Render(c.in)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

// TestNothingIsCutSilently looks at a large payload in every view: what is
// hidden is named, and all of it is there when asked for.
func TestNothingIsCutSilently(t *testing.T) {
	t.Parallel()
	big := []byte(`{"a":"` + strings.Repeat("ä", 700_000) + `"}`)
	text := bytes.Repeat([]byte("ä"), 700_000)
	for _, c := range []struct {
		view    View
		payload []byte
		limit   string
		lift    string
	}{
		{AsJSON, big, "JSON over 1.0 MB is not checked or laid out unasked; showing the first 1.0 MB of 1.4 MB", "Lay out all 1.4 MB"},
		{Auto, text, "showing the first 1.0 MB of 1.4 MB", "Show all 1.4 MB"},
		{AsText, text, "showing the first 1.0 MB of 1.4 MB", "Show all 1.4 MB"},
		{AsHex, text, "showing the first 64.0 kB of 1.4 MB", "Dump all 1.4 MB"},
		{AsDiff, text, "payloads over 1.0 MB are not compared unasked; showing the first 1.0 MB of 1.4 MB", "Compare"},
	} {
		r := Request{Payload: c.payload, View: c.view, Before: []byte("x"), Compare: true}
		s := Render(r)
		if s.Limit != c.limit || s.Lift != c.lift {
			t.Errorf("%s: limit %q lift %q", c.view, s.Limit, s.Lift)
		}
		if strings.Contains(s.Text, "�") {
			t.Errorf("%s: cut inside a character", c.view)
		}
		r.All = true
		s = Render(r)
		if s.Limit != "" || s.Lift != "" {
			t.Errorf("%s: lifted, but limit %q lift %q", c.view, s.Limit, s.Lift)
		}
		if n := len(s.Text) + len(s.Bytes); c.view != AsDiff && c.view != Auto && n < len(c.payload) {
			t.Errorf("%s: lifted, but only %d of %d bytes", c.view, n, len(c.payload))
		}
	}
}

func FuzzRender(f *testing.F) {
	for _, s := range []string{"", "{}", `{"a":[1,2.0,"x\""],"a":{}}`, "on", "\xff\x00", "[[[[", "\"\\", "1e5", "{\"a\" :\n[ ] , \"b\":\"\xff\"}"} {
		f.Add([]byte(s), []byte("x"))
		f.Add([]byte(s), []byte(s+" "))
	}
	f.Fuzz(func(t *testing.T, now, before []byte) {
		for _, v := range Views() {
			Render(Request{Payload: now, Before: before, Compare: true, View: v})
			Render(Request{Payload: now, View: v, All: true})
		}
		pretty, fault := Pretty(now)
		if (fault == nil) != json.Valid(now) {
			t.Fatalf("Pretty and json.Valid differ: %v", fault)
		}
		if fault != nil {
			if fault.Line < 1 || fault.Column < 1 {
				t.Fatalf("fault at %d:%d", fault.Line, fault.Column)
			}
			return
		}
		var a, b bytes.Buffer
		if json.Compact(&a, now) != nil || json.Compact(&b, pretty) != nil {
			t.Fatal("pretty JSON is not JSON")
		}
		if a.String() != b.String() {
			t.Fatalf("pretty JSON says something else:\n%s\n%s", &a, &b)
		}
	})
}

func FuzzParseHex(f *testing.F) {
	for _, s := range []string{"", "7b22", "7B 22", "0x7b,0x22", "7b:22\n", "7", "0x", "zz", "0", "0x0x", "é"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := ParseHex(s)
		if err != nil {
			return
		}
		again, err := ParseHex(FormatHex(p))
		if err != nil || !bytes.Equal(p, again) {
			t.Fatalf("%q → % x → % x, %v", s, p, again, err)
		}
	})
}

func TestParseHex(t *testing.T) {
	t.Parallel()
	want := []byte{0x7b, 0x22, 0x0f}
	for _, s := range []string{"7b220f", "7B 22 0F", "7b:22:0f", "0x7b, 0x22,0x0f", "7b-22\n0f\t"} {
		got, err := ParseHex(s)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("ParseHex(%q) = % x, %v", s, got, err)
		}
	}
	for s, fault := range map[string]string{
		"7b2":   "character 3: half a byte: give two hex digits for each byte",
		"7b 2 ": "character 4: half a byte: give two hex digits for each byte",
		"7b zz": "character 4: 'z' is no hex digit (0-9, a-f)",
		"7b 2g": "character 5: 'g' is no hex digit (0-9, a-f)",
		"0x":    "character 2: 0x must be followed by two hex digits",
	} {
		if _, err := ParseHex(s); err == nil || err.Error() != fault {
			t.Errorf("ParseHex(%q): %v, want %s", s, err, fault)
		}
	}
}

func TestParseBase64(t *testing.T) {
	t.Parallel()
	want := []byte{0xfb, 0xff, 0xfe, 0x01}
	for _, s := range []string{"+//+AQ==", "-__-AQ==", "+//+AQ", " +//+\n AQ= = "} {
		got, err := ParseBase64(s)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("ParseBase64(%q) = % x, %v", s, got, err)
		}
	}
	for s, fault := range map[string]string{
		"ab!d":      "character 3: '!' is no base64 character",
		"AQ==x":     "character 5: text after the padding (=)",
		"AQIDA":     "the text ends inside a byte: a base64 character is missing or one too many",
		"AQ=":       "wrong padding: the = signs must fill the last group of four",
		"AQIDAQ===": "wrong padding: the = signs must fill the last group of four",
	} {
		if _, err := ParseBase64(s); err == nil || !strings.Contains(err.Error(), strings.Replace(fault, "is no base64", "is not a base64", 1)) {
			t.Errorf("ParseBase64(%q): %v, want %s", s, err, fault)
		}
	}
}

func BenchmarkCompare(b *testing.B) {
	before, now := make([]string, 40_000), make([]string, 40_000)
	for i := range before {
		before[i] = strings.Repeat("x", i%50)
		now[i] = before[i]
		if i%60 == 0 {
			now[i] = "y"
		}
	}
	for b.Loop() {
		if _, ok := Compare(before, now, nil); !ok {
			b.Fatal("refused")
		}
	}
}
