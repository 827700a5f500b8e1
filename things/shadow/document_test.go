package shadow_test

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/thingdesk/thingdesk/things/shadow"
)

// object reads JSON text; "" is nil.
func object(t *testing.T, text string) shadow.Object {
	t.Helper()
	if text == "" {
		return nil
	}
	v, err := shadow.DecodeValue([]byte(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	o, ok := v.(shadow.Object)
	if !ok {
		t.Fatalf("%s is no object", text)
	}
	return o
}

func TestMerge(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, section, patch, want string }{
		{"others stay", `{"a":1,"b":2}`, `{"a":3}`, `{"a":3,"b":2}`},
		{"null removes", `{"a":1,"b":{"c":1,"d":2}}`, `{"a":null,"b":{"c":null}}`, `{"b":{"d":2}}`},
		{"null for nothing", `{"a":1}`, `{"x":null,"a":1}`, `{"a":1}`},
		{"emptied object stays", `{"b":{"c":1}}`, `{"b":{"c":null}}`, `{"b":{}}`},
		{"emptied section goes", `{"a":1}`, `{"a":null}`, ``},
		{"empty into nothing", ``, `{}`, ``},
		{"empty into section (U3)", `{"a":1}`, `{}`, `{"a":1}`},
		{"empty object into object (U4)", `{"a":{"b":1}}`, `{"a":{}}`, `{"a":{"b":1}}`},
		{"empty object is a value", `{"a":1}`, `{"a":{},"b":{}}`, `{"a":{},"b":{}}`},
		{"only nulls (U5)", ``, `{"a":{"b":null}}`, `{"a":{}}`},
		{"nulls dropped in new objects", `{"a":1}`, `{"a":{"b":null,"c":{"d":null,"e":1}}}`, `{"a":{"c":{"e":1}}}`},
		{"nulls dropped in objects in arrays", ``, `{"a":[{"b":null,"c":1}]}`, `{"a":[{"c":1}]}`},
		{"arrays replace", `{"a":[1,2,3]}`, `{"a":[4]}`, `{"a":[4]}`},
		{"kinds replace", `{"a":{"x":1},"b":[1],"c":1}`, `{"a":[1],"b":1,"c":{"x":1}}`, `{"a":[1],"b":1,"c":{"x":1}}`},
		{"falsy values", ``, `{"a":"","b":0,"c":false,"d":[]}`, `{"a":"","b":0,"c":false,"d":[]}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			section, patch := object(t, tt.section), object(t, tt.patch)
			got := shadow.Merge(section, patch)
			if diff := cmp.Diff(object(t, tt.want), got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(object(t, tt.section), section) + cmp.Diff(object(t, tt.patch), patch); diff != "" {
				t.Errorf("an input was changed:\n%s", diff)
			}
		})
	}
}

func TestDelta(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, desired, reported, want string }{
		{"no desired", ``, `{"a":1}`, ``},
		{"no reported", `{"a":{"b":{}}}`, ``, `{"a":{"b":{}}}`},
		{"equal", `{"a":{"b":[1,{"c":2}]}}`, `{"a":{"b":[1,{"c":2.0}]},"z":1}`, ``},
		{"path to the leaf", `{"a":{"b":1,"c":2},"d":3}`, `{"a":{"b":1,"c":9},"d":3}`, `{"a":{"c":2}}`},
		{"whole array", `{"a":[1,2]}`, `{"a":[2,1]}`, `{"a":[1,2]}`},
		{"array against longer", `{"a":[1]}`, `{"a":[1,2]}`, `{"a":[1]}`},
		{"object in array", `{"a":[{"x":1}]}`, `{"a":[{"x":1,"y":2}]}`, `{"a":[{"x":1}]}`},
		{"kinds", `{"a":{"x":1},"b":1,"c":"1"}`, `{"a":1,"b":{"x":1},"c":1}`, `{"a":{"x":1},"b":1,"c":"1"}`},
		{"empty object missing (U12)", `{"a":{}}`, `{"b":1}`, `{"a":{}}`},
		{"empty object against object (U12)", `{"a":{}}`, `{"a":{"b":1}}`, ``},
		{"empty object against scalar", `{"a":{}}`, `{"a":1}`, `{"a":{}}`},
		{"case matters", `{"a":"On"}`, `{"a":"on"}`, `{"a":"On"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := shadow.Delta(object(t, tt.desired), object(t, tt.reported))
			if diff := cmp.Diff(object(t, tt.want), got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestEqualNumbers(t *testing.T) {
	t.Parallel()
	tests := []struct {
		a, b string
		want bool
	}{
		{"1", "1.0", true},
		{"1e3", "1000", true},
		{"0", "-0.00e5", true},
		{"120", "1.2E+2", true},
		{"0.001", "1e-3", true},
		{"-1", "1", false},
		{"9007199254740993", "9007199254740992", false},
		{"1", "10", false},
		{"0.1", "0.01", false},
		{"1e999999999999999999999999", "10e999999999999999999999998", true},
		{"1e999999999999999999999999", "1e999999999999999999999998", false},
		{"1e-999999999999999999999999", "0.1e-999999999999999999999998", true},
	}
	for _, tt := range tests {
		if got := shadow.Equal(json.Number(tt.a), json.Number(tt.b)); got != tt.want {
			t.Errorf("Equal(%s, %s) = %v", tt.a, tt.b, got)
		}
	}
	for _, pair := range [][2]any{{json.Number("1"), "1"}, {true, "true"}, {nil, false}, {nil, shadow.Object{}}, {[]any{}, shadow.Object{}}} {
		if shadow.Equal(pair[0], pair[1]) || shadow.Equal(pair[1], pair[0]) {
			t.Errorf("%v equals %v", pair[0], pair[1])
		}
	}
}

func TestDecodeDocument(t *testing.T) {
	t.Parallel()
	got, err := shadow.DecodeDocument([]byte(`{"state":{"desired":{"a":1.0},"reported":{},"delta":{"a":1.0}},
		"metadata":{"desired":{"a":{"timestamp":5}},"reported":null},"version":3,"timestamp":9,"clientToken":"t"}`))
	if err != nil {
		t.Fatal(err)
	}
	want := shadow.Document{
		Desired:     shadow.Object{"a": json.Number("1.0")},
		DesiredMeta: shadow.Object{"a": shadow.Object{"timestamp": json.Number("5")}},
		Version:     3,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got, err := shadow.DecodeDocument([]byte(`{}`)); err != nil || !cmp.Equal(got, shadow.Document{}) {
		t.Errorf("{} gives %+v, %v", got, err)
	}
	for _, bad := range []string{
		``, `null`, `[]`, `{`, `{}{}`, `{"state":1}`, `{"state":{"desired":[]}}`, `{"metadata":{"reported":1}}`,
		`{"version":"1"}`, `{"version":1.5}`, `{"version":-1}`, `{"version":1e30}`,
	} {
		if _, err := shadow.DecodeDocument([]byte(bad)); err == nil {
			t.Errorf("%q: no error", bad)
		} else if !strings.HasPrefix(err.Error(), "decode shadow document: ") {
			t.Errorf("%q: error %q", bad, err)
		}
	}
}

func TestParseTopic(t *testing.T) {
	t.Parallel()
	for _, k := range []shadow.Key{
		{Thing: "x"},
		{Thing: "x", Name: "n"},
		{Thing: "shadow", Name: "name"},
		{Thing: strings.Repeat("a", 128), Name: strings.Repeat("$", 64)},
		{Thing: "Az09:_-", Name: "Az09:_-$"},
	} {
		for _, suffix := range []string{"get", "update/documents", "delete/rejected"} {
			gotKey, gotSuffix, ok := shadow.ParseTopic(k.Topic(suffix))
			if !ok || gotKey != k || gotSuffix != suffix {
				t.Errorf("ParseTopic(%s) = %v, %s, %v", k.Topic(suffix), gotKey, gotSuffix, ok)
			}
		}
	}
	if got, want := (shadow.Key{Thing: "t", Name: "n"}).Topic("get"), "$aws/things/t/shadow/name/n/get"; got != want {
		t.Errorf("Topic = %s, want %s", got, want)
	}
}

func TestEncodeValue(t *testing.T) {
	t.Parallel()
	v := shadow.Object{"b": []any{nil, true, json.Number("1.0")}, "a": "\x00\x1f\n\r\t\"\\<é\u2028", "c": 7}
	want := `{"a":"\u0000\u001f\n\r\t\"\\<é` + "\u2028" + `","b":[null,true,1.0],"c":null}`
	if got := string(shadow.EncodeValue(v)); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := string(shadow.EncodeValue("a\xffb")); got != `"a`+"\ufffd"+`b"` {
		t.Errorf("bad UTF-8 gives %q", got)
	}
}

// TestDecodeValueExplains looks for what callers show of an error.
func TestDecodeValueExplains(t *testing.T) {
	t.Parallel()
	for text, offset := range map[string]int64{`[1,x]`: 4, `{"a":01}`: 7, "\"\t\"": 2, `{"a" 1}`: 6} {
		_, err := shadow.DecodeValue([]byte(text))
		var syntax *json.SyntaxError
		if !errors.As(err, &syntax) || syntax.Offset != offset {
			t.Errorf("%s: %v, want a SyntaxError at %d", text, err, offset)
		}
	}
	for _, text := range []string{``, ` `, `[1,`, `{"a":`, `"`} {
		if _, err := shadow.DecodeValue([]byte(text)); !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := shadow.DecodeValue([]byte(`{} {}`)); err == nil || err.Error() != "more than one JSON value" {
		t.Errorf("two values: %v", err)
	}
}
