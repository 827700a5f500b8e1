package form

import (
	"strings"
	"testing"
)

func TestEditKeepsLiteralAndFaults(t *testing.T) {
	t.Parallel()
	const values = `{"n":1,"b":true,"s":"x","l":[1],"o":{}}`
	cases := []struct{ path, text, payload, fault string }{
		{"n", "28", `{"n":28}`, ""},
		{"n", " 28.0 ", `{"n":28.0}`, ""},
		{"n", "0.1000000000000000055511151231257827", `{"n":0.1000000000000000055511151231257827}`, ""},
		{"n", "9007199254740993", `{"n":9007199254740993}`, ""},
		{"n", "1e3", `{"n":1e3}`, ""},
		{"n", "28 °C", "", "not a number"},
		{"n", "2,5", "", "not a comma"},
		{"n", "", "", "type a number"},
		{"n", "01", "", "not a number"},
		{"n", "NaN", "", "not a number"},
		{"b", "off", `{"b":false}`, ""},
		{"b", "maybe", "", "true or false"},
		{"s", `he said "28"`, `{"s":"he said \"28\""}`, ""},
		{"s", "", `{"s":""}`, ""},
		{"s", "28", `{"s":"28"}`, ""},
		{"l", "[1, 2.0]", `{"l":[1,2.0]}`, ""},
		{"l", "[1,", "", "ends too early"},
		{"l", "[1,x]", "", "column 4"},
		{"l", "{}", "", "holds a list"},
		{"l", "[null]", "", "no null"},
		{"o", `{"a":{"b":1}}`, `{"o":{"a":{"b":1}}}`, ""},
		{"o", `{"a":null}`, "", "no null"},
	}
	for _, c := range cases {
		f := newForm(t, values, values)
		if !f.Edit([]string{c.path}, c.text) {
			t.Errorf("%s ← %q: refused", c.path, c.text)
		}
		r, _ := f.Row(c.path)
		ok, why := f.CanSend()
		if c.fault != "" {
			if ok || !strings.Contains(r.Fault, c.fault) || r.Edit != c.text || !strings.Contains(why, "fault") {
				t.Errorf("%s ← %q: sendable %v, fault %q, edit %q, why %q", c.path, c.text, ok, r.Fault, r.Edit, why)
			}
			continue
		}
		u, err := f.Preview()
		if err != nil || !strings.Contains(string(u.Payload), `{"desired":`+c.payload+`}`) {
			t.Errorf("%s ← %q: %s, %v", c.path, c.text, u.Payload, err)
		}
	}
}

func TestEditBackRemovesTheEdit(t *testing.T) {
	t.Parallel()
	f := newForm(t, `{"n":1}`, `{"n":28}`)
	p := []string{"n"}
	f.Edit(p, "29")
	f.Edit(p, "28")
	if s := f.Summary(); s.Edited != 0 {
		t.Errorf("after typing desired back: %+v", s)
	}
	f.Edit(p, "28.0")
	if s := f.Summary(); s.Edited != 1 {
		t.Errorf("28.0 is written otherwise than 28: %+v", s)
	}
	f.Revert(p)
	if ok, why := f.CanSend(); ok || why != "nothing is edited" {
		t.Errorf("after revert: %v %q", ok, why)
	}
}

func TestStep(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		from string
		n    int64
		want string
	}{
		{"28", 1, "29"},
		{"0.1", 1, "1.1"},
		{"-0.5", 1, "0.5"},
		{"0.5", -1, "-0.5"},
		{"9.99", 1, "10.99"},
		{"99999999999999999999", 1, "100000000000000000000"},
		{"1e3", 1, "1001"},
		{"2.50", -1, "1.50"},
		{"1e-3", 1, "1.001"},
		{"-1", 1, "0"},
		{"1e99", 1, ""},
		{"x", 1, ""},
	} {
		got, ok := step(c.from, c.n)
		if got != c.want || ok != (c.want != "") {
			t.Errorf("%s %+d = %q, want %q", c.from, c.n, got, c.want)
		}
	}
}

func TestGroups(t *testing.T) {
	t.Parallel()
	f := newForm(t, `{"c":{"a":1,"b":2,"d":{"e":5}}}`, `{"c":{"a":9,"b":8,"x":7}}`)
	f.AdoptReported([]string{"c"})
	if u, err := f.Preview(); err != nil || !strings.Contains(string(u.Payload), `{"desired":{"c":{"a":1,"b":2,"d":{"e":5}}}}`) {
		t.Errorf("adopt: %s %v", u.Payload, err)
	}
	f.ClearDesired([]string{"c"})
	if u, err := f.Preview(); err != nil || !strings.Contains(string(u.Payload), `{"desired":{"c":null}}`) {
		t.Errorf("clear: %s %v", u.Payload, err)
	}
	if state(t, f, "c") != Edited {
		t.Error("the group does not show its edit")
	}
	f.Edit(path(t, "c.a"), "3") // one member is wanted after all
	if u, err := f.Preview(); err != nil || !strings.Contains(string(u.Payload), `{"desired":{"c":{"a":3,"b":null,"x":null}}}`) {
		t.Errorf("split: %s %v", u.Payload, err)
	}
	f.Revert([]string{"c"})
	if len(f.edits) != 0 {
		t.Errorf("revert of the group left %v", f.Edits())
	}
}

func TestNoShadowYet(t *testing.T) {
	t.Parallel()
	f := New(key, Config{})
	f.Apply(View{Key: key, Known: true, ReceivedAt: 1})
	if err := f.AddProperty("climate.temperature", "28"); err != nil {
		t.Fatal(err)
	}
	u, err := f.Preview()
	if err != nil || u.Version != 0 || strings.Contains(string(u.Payload), `version`) {
		t.Errorf("%s %v", u.Payload, err)
	}
	f.Apply(document(t, 1, `{"x":1}`, `{}`))
	f.Apply(View{Key: key, Known: true, ReceivedAt: 9})
	if state(t, f, "climate.temperature") != Edited {
		t.Error("the edit is lost")
	}
	f.CheckVersion = false
	f.Apply(document(t, 7, `{"x":1}`, `{}`))
	if u, err := f.Preview(); err != nil || u.Version != 0 {
		t.Errorf("unchecked: %+v %v", u, err)
	}
}

func TestAddProperty(t *testing.T) {
	t.Parallel()
	f := newForm(t, `{"a":{"b":1},"l":[1]}`, `{"s":"x"}`)
	for _, c := range []struct{ path, value, fault string }{
		{"", "1", "give the path"},
		{"a..b", "1", "name is empty"},
		{"a.b", "1", "already exists"},
		{"a", "1", "already exists"},
		{"a.b.c", "1", "is a number"},
		{"s.t", "1", "is a string"},
		{"l[0]", "1", "brackets"},
		{"l.x", "1", "is a list"},
		{"new", "", "give a value"},
		{"new", "null", "null removes"},
		{"new", "{", "not valid JSON"},
		{`"x`, "1", "closing double quote"},
		{"new.deep", "[1,2]", ""},
		{`"dot.ted".""`, "hello world", ""},
		{"new.deep.er", "1", "unsent value"},
	} {
		err := f.AddProperty(c.path, c.value)
		if c.fault == "" && err != nil || c.fault != "" && (err == nil || !strings.Contains(err.Error(), c.fault)) {
			t.Errorf("add %q = %q: %v, want %q", c.path, c.value, err, c.fault)
		}
	}
	u, err := f.Preview()
	if err != nil || !strings.Contains(string(u.Payload), `{"dot.ted":{"":"hello world"},"new":{"deep":[1,2]}}`) {
		t.Errorf("%s %v", u.Payload, err)
	}
}

func TestSetType(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		t    Type
		want string
	}{{String, `"28"`}, {Bool, `false`}, {Array, `[28]`}, {Map, `{}`}, {Null, `null`}} {
		f := newForm(t, `{"t":28}`, `{"t":28}`)
		f.SetType([]string{"t"}, c.t)
		if u, err := f.Preview(); err != nil || !strings.Contains(string(u.Payload), `{"t":`+c.want+`}`) {
			t.Errorf("%s: %s %v", c.t, u.Payload, err)
		}
	}
}
