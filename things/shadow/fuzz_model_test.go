package shadow_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/thingdesk/thingdesk/things/shadow"
)

// story makes requests of bytes: every byte is a decision, and when there are
// no more the simplest one is taken.
type story struct {
	bytes []byte
}

func (s *story) pick(n int) int {
	if len(s.bytes) == 0 {
		return 0
	}
	b := s.bytes[0]
	s.bytes = s.bytes[1:]
	return int(b) % n
}

var (
	storyNames   = []string{"a", "b", "timestamp", "state", "delta", "metadata", "é", `\"`, `\u0062`, ""}
	storyScalars = []string{
		"1", "1.0", "1e0", "true", "false", `"1"`, `"true"`, `""`, "0", "-0", "9007199254740993", "9007199254740992",
		"1E40", "10e39", `"\n"`, `"\u00e9"`,
	}
)

// value writes a value that has at most depth levels.
func (s *story) value(b *strings.Builder, depth int) {
	kind := s.pick(12)
	switch {
	case kind == 1:
		b.WriteString("null")
	case kind < 5 || depth == 0:
		b.WriteString(storyScalars[s.pick(len(storyScalars))])
	case kind < 7:
		b.WriteByte('[')
		for i := range s.pick(4) {
			if i > 0 {
				b.WriteByte(',')
			}
			s.value(b, depth-1)
		}
		b.WriteByte(']')
	default:
		s.object(b, depth)
	}
}

func (s *story) object(b *strings.Builder, depth int) {
	b.WriteByte('{')
	for i := range s.pick(5) {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(b, `"%s":`, storyNames[s.pick(len(storyNames))])
		s.value(b, depth-1)
	}
	b.WriteByte('}')
}

// request writes an update, a get or a delete.
func (s *story) request(version int) (op, payload string) {
	op = []string{"update", "update", "update", "update", "update", "update", "get", "delete"}[s.pick(8)]
	var b strings.Builder
	b.WriteByte('{')
	if op == "update" {
		b.WriteString(`"state":`)
		switch kind := s.pick(16); kind {
		case 1:
			b.WriteString("null")
		case 2:
			b.WriteString("{}")
		default:
			b.WriteByte('{')
			for i, name := range [][]string{{"reported"}, {"desired"}, {"reported", "desired"}}[kind%3] {
				if i > 0 {
					b.WriteByte(',')
				}
				fmt.Fprintf(&b, `"%s":`, name)
				if s.pick(12) == 1 {
					b.WriteString("null")
				} else {
					s.object(&b, 5)
				}
			}
			b.WriteByte('}')
		}
		if s.pick(4) == 1 {
			fmt.Fprintf(&b, `,"version":%d`, max(0, version-1+s.pick(3)))
		}
	} else {
		b.WriteString(`"x":0`)
	}
	if s.pick(2) == 1 {
		fmt.Fprintf(&b, `,"clientToken":"t\u0041%d"`, s.pick(3))
	}
	b.WriteByte('}')
	return op, b.String()
}

// tellBoth tells a story to the service and to the model.
func tellBoth(t *testing.T, choices []byte) {
	t.Helper()
	limits := shadow.Limits{Document: 220, Depth: 4}
	s, m := newService(t), &model{limits: limits}
	s.Limits = limits
	now, st := int64(1000), &story{choices}
	for step := 0; len(st.bytes) > 0 && step < 60; step++ {
		now += []int64{0, 1, 7, 100000, 172800}[st.pick(5)]
		op, payload := st.request(m.version)
		request, err := decodeStd(payload)
		if err != nil {
			t.Fatalf("step %d: %s: %v", step, payload, err)
		}
		want := m.handle(op, request.(map[string]any), now) //nolint:errcheck // requests are objects
		replies, change := s.Handle("$aws/things/x/shadow/"+op, []byte(payload), at(now))
		got := make([]message, 0, len(want))
		for _, r := range replies {
			v, err := decodeStd(string(r.Payload))
			o, ok := v.(map[string]any)
			if err != nil || !ok {
				t.Fatalf("step %d: %s: %v in %s", step, payload, err, r.Payload)
			}
			got = append(got, message{strings.TrimPrefix(r.Topic, "$aws/things/x/shadow/"), o})
		}
		if !reflect.DeepEqual(want, got) { // much faster than cmp
			t.Fatalf("step %d, second %d: %s %s (-model +service):\n%s", step, now, op, payload, cmp.Diff(want, got, cmp.AllowUnexported(message{})))
		}
		if changed := want[0].suffix != "get/accepted" && !strings.HasSuffix(want[0].suffix, "rejected"); changed != (change != nil) {
			t.Fatalf("step %d: %s %s: change %v", step, op, payload, change)
		}
		if op == "update" && change != nil {
			checkViews(t, request, got)
		}
		if change != nil && st.pick(4) == 1 { // the program starts again
			s = newService(t, change.Record)
			s.Limits = limits
		}
	}
}

// checkViews compares Merge and Delta, which views use, with what the service
// answered to an update.
func checkViews(t *testing.T, request any, got []message) {
	t.Helper()
	documents := got[len(got)-2].payload
	var before, after shadow.Document
	for of, d := range map[string]*shadow.Document{"previous": &before, "current": &after} {
		if documents[of] == nil {
			continue
		}
		var err error
		if *d, err = shadow.DecodeDocument([]byte(encodeStd(documents[of]))); err != nil {
			t.Fatal(err)
		}
	}
	if state, _ := request.(shadow.Object)["state"].(shadow.Object); state != nil {
		for name, section := range map[string][2]shadow.Object{
			"desired": {before.Desired, after.Desired}, "reported": {before.Reported, after.Reported},
		} {
			if patch, ok := state[name].(shadow.Object); ok {
				if merged := shadow.Merge(section[0], patch); !reflect.DeepEqual(section[1], merged) {
					t.Fatalf("Merge of %s (-service +got):\n%s", name, cmp.Diff(section[1], merged))
				}
			}
		}
	}
	want, _ := got[0].payload["state"].(shadow.Object)
	if got[0].suffix != "update/delta" {
		want = nil
	}
	if delta := shadow.Delta(after.Desired, after.Reported); !reflect.DeepEqual(want, delta) {
		t.Fatalf("Delta (-service +got):\n%s", cmp.Diff(want, delta))
	}
}

// FuzzModel compares the service with the model.
func FuzzModel(f *testing.F) {
	for i := range uint64(20) {
		f.Add(choices(i, 200))
	}
	f.Fuzz(tellBoth)
}

func choices(seed uint64, n int) []byte {
	r := rand.New(rand.NewPCG(seed, 1))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// TestModel is FuzzModel on many stories that are long.
func TestModel(t *testing.T) {
	t.Parallel()
	for i := range uint64(40) {
		tellBoth(t, choices(1000+i, 1000))
	}
}

// FuzzDecodeValue compares the parser with encoding/json.
func FuzzDecodeValue(f *testing.F) {
	for _, text := range []string{
		`{"a":[1,-0.5e+3,"\u00e9\ud83d\ude00\n",true,null,{}],"a":2}`, `[[[]]]`, `"\ud800\u0041"`, ` 1E400 `, `{"a":01}`, "\"\xff\"",
		`{"b":1,"a":{"d":1,"c":2},"b":{}}`, `"\x"`, `-`, `{}{}`, "\"\t\"", `"\u12g4"`, `[1,]`, `{,}`, `tru`, `"\ud800\ud800\udc00"`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		got, err := shadow.DecodeValue(payload)
		if valid := json.Valid(payload); valid != (err == nil) {
			t.Fatalf("error %v, encoding/json says valid: %v", err, valid)
		}
		if err != nil {
			return
		}
		want, err := decodeStd(string(payload))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" && !strings.Contains(strings.ToLower(string(payload)), `\ud`) {
			t.Fatalf("(-encoding/json +got):\n%s", diff)
		}
		text := shadow.EncodeValue(got)
		if again, err := shadow.DecodeValue(text); err != nil || !cmp.Equal(got, again) || !utf8.Valid(text) {
			t.Fatalf("%s does not come back: %v, %v", text, again, err)
		}
	})
}
