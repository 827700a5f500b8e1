package form

import (
	"fmt"
	"slices"
	"strconv"
	"testing"

	"github.com/thingdesk/thingdesk/things/shadow"
)

func FuzzParsePath(f *testing.F) {
	for _, s := range []string{"a.b", `"".x`, `"a.b"."\""`, "a..b", " a . b ", `"x`, "ä[0]", `"\u0000"`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := ParsePath(text)
		if err != nil {
			if len(p) != 0 || err.Error() == "" {
				t.Fatalf("%q: %q with %v", text, p, err)
			}
			return
		}
		again, err := ParsePath(PathText(p))
		if err != nil || !slices.Equal(p, again) {
			t.Fatalf("%q → %q → %q → %q, %v", text, p, PathText(p), again, err)
		}
	})
}

// FuzzForm presses everything there is in any order, two bytes a press.
func FuzzForm(f *testing.F) {
	f.Add([]byte{0, 0, 5, 0, 6, 0, 10, 1})
	f.Add([]byte{0, 1, 10, 2, 5, 0, 7, 0, 10, 3, 9, 1})
	f.Add([]byte{2, 3, 0, 4, 1, 5, 3, 6, 4, 7, 11, 3, 5, 1, 12, 1, 8, 2})
	f.Add([]byte{3, 3, 0, 10, 5, 0, 0, 10, 6, 0, 10, 4, 2, 2})
	f.Fuzz(func(t *testing.T, presses []byte) {
		m := newMonkey(t)
		for i := 0; i+1 < len(presses) && i < 120; i += 2 {
			m.press(presses[i], int(presses[i+1]))
			m.check()
		}
	})
}

var fuzzPaths = [][]string{{"a"}, {"g"}, {"g", "x"}, {"g", "y"}, {"g", "d"}, {"g", "d", "z"}, {"l"}, {"o"}, {"new.dot", ""}}

var fuzzDocs = [][2]string{
	{`{"a":1,"g":{"x":1,"y":"s","d":{"z":true}},"l":[1]}`, `{"a":2,"g":{"x":1,"d":{"z":false}}}`},
	{`{"a":{"b":1},"g":5,"o":{}}`, `{"a":"x","g":{"x":{"deep":1}},"l":{"m":1}}`},
	{`{}`, `{}`},
	{`{"g":{}}`, `{"g":{},"o":{"p":{"q":1}}}`},
	{`{"a":null}`, `{"g":{"d":3},"a":28}`},
}

var fuzzTexts = []string{"28", "28.0", "", "x", "true", "[1,2]", `{"q":{"r":1}}`, "{}", "null", `{"p":null}`}

type monkey struct {
	t       *testing.T
	f       *Form
	version int
	now     int64
	token   int
}

func newMonkey(t *testing.T) *monkey {
	t.Helper()
	m := &monkey{t: t, f: New(key, Config{})}
	m.apply(0)
	return m
}

func (m *monkey) apply(n int) {
	m.version++
	d := fuzzDocs[n%len(fuzzDocs)]
	m.f.Apply(document(m.t, m.version, d[0], d[1]))
}

func (m *monkey) press(what byte, n int) {
	f, p := m.f, fuzzPaths[n%len(fuzzPaths)]
	before := len(f.edits)
	keeps := true // the press may not lose an edit
	switch what % 17 {
	case 0, 1:
		f.Edit(p, fuzzTexts[n/len(fuzzPaths)%len(fuzzTexts)])
		keeps = false // typing desired back
	case 2:
		f.SetType(p, []Type{Bool, Number, String, Array, Map, Null}[n/16%6])
		keeps = false
	case 3:
		f.ClearDesired(p)
		keeps = false
	case 4:
		f.AdoptReported(p)
		keeps = false
	case 5:
		m.token++
		m.send()
	case 6:
		f.Accepted(m.last(), int64(m.version+1), m.now)
		keeps = false
	case 7:
		f.Rejected(m.last(), []int{400, 409, 500}[n%3], "m", m.now)
	case 8:
		f.Revert(p)
		keeps = false
	case 9:
		f.KeepMine(p)
	case 10:
		before -= m.accepted() // those may settle
		m.apply(n)
	case 11:
		f.TakeTheirs(p)
		keeps = false
	case 12:
		m.now += int64(n) * second
		f.Tick(m.now)
		keeps = false // accepted ones end
	case 13:
		_ = f.AddProperty(PathText(p), fuzzTexts[n/len(fuzzPaths)%len(fuzzTexts)])
	case 14:
		f.Toggle(p)
		f.Step(p, 1)
		f.EditBool(p, n%2 == 0)
		keeps = false
	case 16: // a plan stands beside the edits, and only where there are none
		m.token++
		u, err := f.SendPlan(f.PlanClear(Clearing(n%2)), m.now, m.last())
		if err == nil && (f.Summary().Edited > 0 || !f.Waiting() || u.Token != m.last()) {
			m.t.Fatalf("sent %s with %+v", u.Payload, f.Summary())
		}
	case 15:
		g := New(key, Config{})
		g.Apply(f.View())
		if saved := f.Edits(); g.RestoreEdits(saved) != len(saved) {
			m.t.Fatalf("restored %v of %v", g.Edits(), saved)
		}
		if n%7 == 0 {
			f.EditRawDesired(fuzzDocs[n%len(fuzzDocs)][1])
			keeps = false
		}
	}
	if keeps && len(f.edits) < before {
		m.t.Fatalf("press %d lost an edit", what%16)
	}
}

func (m *monkey) last() string { return strconv.Itoa(m.token) }

func (m *monkey) accepted() int {
	n := 0
	for _, e := range m.f.edits {
		if e.phase == accepted {
			n++
		}
	}
	return n
}

// send checks that the payload does to desired what the edits say.
func (m *monkey) send() {
	f := m.f
	edits := f.Edits()
	sending := map[string]bool{}
	for k, e := range f.edits {
		sending[k] = !e.waiting()
	}
	u, err := f.Send(m.now, m.last())
	if err != nil {
		return
	}
	v, err := shadow.DecodeValue(u.Payload)
	if err != nil {
		m.t.Fatalf("payload %s: %v", u.Payload, err)
	}
	body, _ := v.(shadow.Object)
	state, _ := body["state"].(shadow.Object)
	patch, ok := state["desired"].(shadow.Object)
	if !ok || len(patch) == 0 {
		m.t.Fatalf("payload %s has no desired", u.Payload)
	}
	merged := shadow.Merge(f.View().Doc.Desired, patch)
	for _, e := range edits {
		if !sending[PathText(e.Path)] {
			continue
		}
		got, has := lookup(merged, e.Path)
		want, err := parse(e.Text, e.Type)
		if e.Clear && has || !e.Clear && (err != nil || !shadow.Equal(got, want)) {
			m.t.Fatalf("%s on %s gives %s at %s, want %s clear %v", u.Payload, Text(f.View().Doc.Desired), fmt.Sprint(got), PathText(e.Path), e.Text, e.Clear)
		}
	}
}

func (m *monkey) check() {
	seen := map[string]bool{}
	for _, r := range m.f.Rows() {
		if seen[r.ID] {
			m.t.Fatalf("row %s stands twice", r.ID)
		}
		seen[r.ID] = true
		if r.State != Edited && r.Fault != "" && r.State != Conflict && r.State != Refused && r.State != NoAnswer && !r.Group {
			m.t.Fatalf("row %s: fault in state %v", r.ID, r.State)
		}
	}
	for k, e := range m.f.edits {
		for l, other := range m.f.edits {
			if within(other.path, e.path) {
				m.t.Fatalf("edit %s stands above edit %s", k, l)
			}
		}
	}
	folded := m.f.folded
	m.f.folded = map[string]bool{}
	m.f.revision++
	for k, e := range m.f.edits {
		if _, ok := m.f.Row(k); !ok && e.phase != accepted {
			m.t.Fatalf("edit %s has no row", k)
		}
	}
	m.f.folded = folded
	m.f.revision++
}
