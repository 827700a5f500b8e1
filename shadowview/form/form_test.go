package form

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/thingdesk/thingdesk/things/shadow"
)

const second = int64(1_000_000)

var key = shadow.Key{Thing: "thermal-01"}

// document reads a document; its metadata stamps every leaf at 100 s.
func document(tb testing.TB, version int, reported, desired string) View {
	tb.Helper()
	body := fmt.Sprintf(`{"state":{"reported":%s,"desired":%s},"version":%d}`, reported, desired, version)
	d, err := shadow.DecodeDocument([]byte(body))
	if err != nil {
		tb.Fatalf("decode %s: %v", body, err)
	}
	d.DesiredMeta, _ = stamp(d.Desired).(shadow.Object)
	d.ReportedMeta, _ = stamp(d.Reported).(shadow.Object)
	return View{Key: key, Known: true, Exists: true, Doc: d, ReceivedAt: int64(version) * second}
}

func stamp(v any) any {
	switch v := v.(type) {
	case shadow.Object:
		o := shadow.Object{}
		for k, e := range v {
			o[k] = stamp(e)
		}
		return o
	case []any:
		a := make([]any, len(v))
		for i := range v {
			a[i] = stamp(v[i])
		}
		return a
	default:
		return shadow.Object{"timestamp": json.Number("100")}
	}
}

func newForm(tb testing.TB, reported, desired string) *Form {
	tb.Helper()
	f := New(key, Config{})
	f.Apply(document(tb, 41, reported, desired))
	return f
}

func state(t *testing.T, f *Form, id string) State {
	t.Helper()
	r, ok := f.Row(id)
	if !ok {
		t.Fatalf("no row %s in %v", id, ids(f))
	}
	return r.State
}

func ids(f *Form) []string {
	var out []string
	for _, r := range f.Rows() {
		out = append(out, r.ID)
	}
	return out
}

func path(tb testing.TB, text string) []string {
	tb.Helper()
	p, err := ParsePath(text)
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

func TestRows(t *testing.T) {
	t.Parallel()
	f := newForm(t, `{"climate":{"temperature":36,"mode":"auto"},"firmware":"2.1","a.b":1,"":2,"e":{},"l":[1,2],"n":1,"m":5}`,
		`{"climate":{"temperature":28,"mode":"auto"},"only":true,"l":[1,3],"n":1.0,"m":{"x":1}}`)
	type brief struct {
		ID    string
		Depth int
		State State
	}
	var got []brief
	for _, r := range f.Rows() {
		got = append(got, brief{r.ID, r.Depth, r.State})
	}
	want := []brief{
		{`""`, 0, DeviceOnly},
		{`"a.b"`, 0, DeviceOnly},
		{"climate", 0, Pending},
		{"climate.mode", 1, InSync},
		{"climate.temperature", 1, Pending},
		{"e", 0, DeviceOnly},
		{"firmware", 0, DeviceOnly},
		{"l", 0, Pending},
		{"m", 0, Pending},
		{"n", 0, InSync},
		{"only", 0, DesiredOnly},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	f.Toggle([]string{"climate"})
	if r, _ := f.Row("climate"); r.Open || r.PendingLeaves != 1 || r.Leaves != 2 || len(f.Rows()) != 9 {
		t.Errorf("folded: %+v, %v", r, ids(f))
	}
	if s := f.Summary(); s.Pending != 3 || s.DesiredOnly != 1 {
		t.Errorf("summary %+v", s)
	}
}

func TestSeverityOfPending(t *testing.T) {
	t.Parallel()
	f := newForm(t, `{"t":36,"u":1}`, `{"t":28,"u":1}`)
	r, _ := f.Row("t")
	for _, c := range []struct {
		age  int64
		want Severity
	}{{0, Calm}, {29, Calm}, {30, Warning}, {299, Warning}, {300, Alarm}} {
		if got := f.Severity(r, (100+c.age)*second); got != c.want {
			t.Errorf("after %d s: %v, want %v", c.age, got, c.want)
		}
	}
	if r, _ := f.Row("u"); f.Severity(r, 1e15) != Good {
		t.Error("in sync is not good")
	}
}

func TestSavedEdits(t *testing.T) {
	t.Parallel()
	f := newForm(t, `{"t":36,"n":1}`, `{"t":30,"z":1}`)
	f.Edit([]string{"t"}, "28")
	f.Edit([]string{"n"}, "oops")
	f.ClearDesired([]string{"z"})
	b, err := json.Marshal(f.Edits())
	if err != nil {
		t.Fatal(err)
	}
	var saved []Saved
	if err := json.Unmarshal(b, &saved); err != nil {
		t.Fatal(err)
	}
	g := New(key, Config{})
	if n := g.RestoreEdits(saved); n != 3 {
		t.Errorf("restored %d", n)
	}
	g.Apply(document(t, 50, `{"t":36,"n":1}`, `{"t":31,"z":1}`))
	if state(t, g, "t") != Conflict || state(t, g, "z") != Edited {
		t.Errorf("states %v %v", state(t, g, "t"), state(t, g, "z"))
	}
	if r, _ := g.Row("n"); r.Fault == "" || r.Edit != "oops" {
		t.Errorf("row %+v", r)
	}
}

func TestRawDesired(t *testing.T) {
	t.Parallel()
	f := newForm(t, `{"a":1}`, `{"a":1,"g":{"x":1,"y":2},"l":[1]}`)
	f.Edit([]string{"a"}, "5")
	if d := cmp.Diff("{\n  \"a\": 5,\n  \"g\": {\n    \"x\": 1,\n    \"y\": 2\n  },\n  \"l\": [\n    1\n  ]\n}", f.RawDesired()); d != "" {
		t.Error(d)
	}
	if _, fault := f.EditRawDesired(`{"a":`); fault == "" || f.Summary().Edited != 1 {
		t.Errorf("fault %q, %+v", fault, f.Summary())
	}
	diff, fault := f.EditRawDesired(`{"a":1,"g":{"x":3},"new":{"p":{"q":true}}}`)
	var lines []string
	for _, d := range diff {
		lines = append(lines, d.String())
	}
	if d := cmp.Diff([]string{"~ g.x: 1 → 3", "− g.y: 2", "− l: [1]", "+ new.p.q: true"}, lines); d != "" || fault != "" {
		t.Error(d, fault)
	}
	u, err := f.Preview()
	if err != nil || !strings.Contains(string(u.Payload), `{"desired":{"g":{"x":3,"y":null},"l":null,"new":{"p":{"q":true}}}}`) {
		t.Errorf("%s %v", u.Payload, err)
	}
}

func TestActivity(t *testing.T) {
	t.Parallel()
	mine := []byte(`{"state":{"desired":{"temperature":28}},"version":40}`)
	lines := Activity([]Message{
		{At: 1, Suffix: "update", Payload: mine, Out: true},
		{At: 2, Suffix: "update", Payload: mine},
		{At: 3, Suffix: "update/delta", Payload: []byte(`{"version":41,"state":{"temperature":28}}`)},
		{At: 4, Suffix: "update/documents", Payload: []byte(`{}`)},
		{At: 5, Suffix: "update/accepted", Payload: []byte(`{"version":41}`)},
		{At: 6, Suffix: "update", Payload: []byte(`{"state":{"reported":{"temperature":28,"mode":"auto"}}}`)},
		{At: 7, Suffix: "update/rejected", Payload: []byte(`{"code":409,"message":"Version conflict"}`)},
		{At: 8, Suffix: "update", Payload: []byte(`{"state":{"desired":null}}`)},
		{At: 9, Suffix: "update", Payload: []byte{0xff}},
	}, 40)
	want := []Line{
		{1, "you → desired {temperature: 28}", Own},
		{3, "delta → device {temperature: 28}", Calm},
		{5, "accepted v41", Good},
		{6, `device → reported {mode: "auto", temperature: 28}`, Calm},
		{7, "refused 409 Version conflict: somebody else changed the shadow in between", Alarm},
		{8, "someone else → desired null", Calm},
		{9, "device → update that is no JSON object: \xff", Warning},
	}
	if d := cmp.Diff(want, lines); d != "" {
		t.Error(d)
	}
	if got := Describe(Message{Suffix: "update/delta", Payload: []byte(`{"state":{"a":"äöüäöüäöü"}}`)}, 8).Text; got != `delta → device {a: "äö…` {
		t.Errorf("cut: %q", got)
	}
}
