package form

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/thingdesk/thingdesk/things/shadow"
)

func changes(p Plan) string {
	lines := make([]string, 0, p.Count())
	for _, c := range p.Changes {
		lines = append(lines, c.String())
	}
	return strings.Join(lines, "\n")
}

// carry sends a plan to the real service.
func (w *world) carry(p Plan) Update {
	w.t.Helper()
	u, err := w.f.SendPlan(p, w.now.UnixMicro(), "plan-"+w.now.String())
	if err != nil {
		w.t.Fatal(err)
	}
	w.publish("update", u.Payload)
	return u
}

func TestClearAllAndWhatDiffers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		what         Clearing
		changes, sub string
		left         string
	}{
		{ClearAll, "− desired.a: 2\n− desired.g.x: 1\n− desired.g.y: [1,2]\n− desired.h.z: 3\n− desired.s: true", `{"state":{"desired":null},"version":1,`, ``},
		{ClearDiffers, "− desired.a: 2\n− desired.g.y: [1,2]\n− desired.h.z: 3", `{"state":{"desired":{"a":null,"g":{"y":null},"h":null}},"version":1,`, `{"g":{"x":1},"s":true}`},
	} {
		w := newWorld(t)
		w.publish("update", []byte(`{"state":{"reported":{"a":1,"g":{"x":1},"s":true,"h":{}},"desired":{"a":2,"g":{"x":1,"y":[1,2]},"h":{"z":3},"s":true}}}`))
		p := w.f.PlanClear(c.what)
		if changes(p) != c.changes {
			t.Errorf("changes\n%s", changes(p))
		}
		u := w.carry(p)
		if !strings.HasPrefix(string(u.Payload), c.sub) {
			t.Errorf("payload %s", u.Payload)
		}
		left := ""
		if d := w.f.View().Doc.Desired; d != nil {
			left = string(shadow.EncodeValue(d))
		}
		if n := w.f.Notice(); left != c.left || n.Severity != Good || !strings.Contains(n.Text, fmt.Sprintf("%d desired values were cleared. The shadow is at v2", p.Count())) {
			t.Errorf("left %s, notice %+v", left, n)
		}
		if p := w.f.PlanClear(ClearDiffers); p.Count() != 0 {
			t.Errorf("still differs: %s", changes(p))
		}
	}
}

func TestPlanStandsBack(t *testing.T) {
	t.Parallel()
	f := newForm(t, `{"a":1}`, `{"a":2,"b":3}`)
	p := f.PlanClear(ClearAll)
	f.Edit([]string{"a"}, "5")
	if _, err := f.SendPlan(p, 0, "t"); err == nil || !strings.Contains(err.Error(), "1 unsent edit") {
		t.Errorf("with an edit: %v", err)
	}
	f.RevertAll()
	f.Apply(document(t, 42, `{"a":1}`, `{"a":9}`))
	if _, err := f.SendPlan(p, 0, "t"); !errors.Is(err, ErrChanged) {
		t.Errorf("with an old plan: %v", err)
	}
	if _, err := f.SendPlan(Plan{Version: 42}, 0, "t"); err == nil {
		t.Error("an empty plan was sent")
	}
	if _, err := f.SendPlan(f.PlanClear(ClearAll), 0, strings.Repeat("t", 65)); err == nil {
		t.Error("a long token was taken")
	}
	if _, err := f.SendPlan(f.PlanClear(ClearAll), 0, "t"); err != nil {
		t.Fatal(err)
	}
	if ok, why := f.CanPlan(); ok || !strings.Contains(why, "answer") || !f.Waiting() {
		t.Errorf("two at a time: %v %q", ok, why)
	}
	if f.Rejected("t", 403, "Forbidden", 1).Reread || !strings.Contains(f.Notice().Text, "policy") || !strings.Contains(f.Notice().Text, "Nothing was changed") {
		t.Errorf("notice %+v", f.Notice())
	}
	if _, err := f.SendPlan(f.PlanClear(ClearAll), 0, "u"); err != nil {
		t.Fatal(err)
	}
	if !f.Rejected("u", 409, "Version conflict", 1).Reread {
		t.Error("no re-read after 409")
	}
}

// No plan is made of a document that is known to be old.
func TestPlanWaitsForTheDocument(t *testing.T) {
	t.Parallel()
	f := newForm(t, `{}`, `{"a":2}`)
	f.Edit([]string{"a"}, "3")
	if _, err := f.Send(0, "t"); err != nil {
		t.Fatal(err)
	}
	f.Accepted("t", 42, 1)
	if _, err := f.SendPlan(f.PlanClear(ClearAll), 2, "u"); err == nil || !strings.Contains(err.Error(), "has not come yet") {
		t.Errorf("with an old document: %v", err)
	}
	f.Apply(document(t, 42, `{}`, `{"a":3}`))
	if u, err := f.SendPlan(f.PlanClear(ClearAll), 2, "u"); err != nil || u.Version != 42 {
		t.Errorf("%+v %v", u, err)
	}
}

func TestPlanWithoutAnswer(t *testing.T) {
	t.Parallel()
	start := func() *Form {
		f := newForm(t, `{}`, `{"a":2}`)
		if _, err := f.SendPlan(f.PlanClear(ClearAll), 100*second, "t"); err != nil {
			t.Fatal(err)
		}
		return f
	}
	f := start()
	f.Tick(105 * second)
	if n := f.Notice(); n.Severity != Warning || !strings.Contains(n.Text, "not known whether this was done: 1 desired value was cleared") {
		t.Errorf("notice %+v", n)
	}
	if !f.Accepted("t", 42, 110*second) || f.Notice().Severity != Good { // late
		t.Errorf("late: %+v", f.Notice())
	}
	f = start()
	f.Apply(document(t, 42, `{}`, `{}`)) // the document shows what no answer told
	f.Tick(105 * second)
	if n := f.Notice(); n.Severity != Good {
		t.Errorf("notice %+v", n)
	}
	f = start()
	f.SendFailed("t", "the connection is gone")
	if n := f.Notice(); !strings.Contains(n.Text, "connection is gone. Nothing was changed") {
		t.Errorf("notice %+v", n)
	}
}

func TestReadImportRefuses(t *testing.T) {
	t.Parallel()
	deep := func(n int) string { return strings.Repeat(`{"a":`, n) + "1" + strings.Repeat("}", n) }
	for file, words := range map[string]string{
		"":                                      "empty",
		`{"state":{"desired":`:                  "not valid JSON",
		"{\n \"a\": x}":                         "line 2, column 7",
		"\xff{}":                                "UTF-8",
		`[1]`:                                   "holds a list",
		`{"state":{"foo":1}}`:                   "state holds foo",
		`{"state":{"desired":5}}`:               "desired is a number",
		`{"state":{}}`:                          "neither desired nor reported",
		`{"state":{"delta":{"a":1}}}`:           "neither",
		`{"state":{"desired":{"l":[1,null]}}}`:  "null in the list desired.l",
		`{"state":{"desired":` + deep(9) + `}}`: "9 levels",
		deep(9):                                 "9 levels",
		strings.Repeat(" ", MaxFile) + "{}":     "larger than 1 MB",
		strings.Repeat("[", 200000):             "not valid JSON",
	} {
		if _, err := ReadImport([]byte(file)); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%.60q: %v", file, err)
		}
	}
	for _, file := range []string{`{"state":{"desired":` + deep(8) + `}}`, deep(8), "\ufeff{}", `{"state":{"desired":{"a":null}}}`} {
		if _, err := ReadImport([]byte(file)); err != nil {
			t.Errorf("%.60q: %v", file, err)
		}
	}
}

func TestImport(t *testing.T) {
	t.Parallel()
	both := Choice{Desired: true, Reported: true}
	for _, c := range []struct {
		name, file, want, payload string
		choice                    Choice
	}{
		{
			"merge", `{"state":{"desired":{"a":5,"g":{"n":1}},"reported":{"a":1.50}},"metadata":{},"version":99}`,
			"~ desired.a: 2 → 5\n+ desired.g.n: 1\n~ reported.a: 1 → 1.50", `{"desired":{"a":5,"g":{"n":1}},"reported":{"a":1.50}}`, both,
		},
		{"desired only", `{"state":{"desired":{"a":5},"reported":{"a":9}}}`, "~ desired.a: 2 → 5", `{"desired":{"a":5}}`, Choice{Desired: true}},
		{"replace", `{"state":{"desired":{"a":2,"g":{"x":1}}}}`, "− desired.g.y: 2", `{"desired":{"g":{"y":null}}}`, Choice{Desired: true, Reported: true, Replace: true}},
		{"replace by nothing", `{"desired":{}}`, "− desired.a: 2\n− desired.g: {\"x\":1,\"y\":2}", `{"desired":null}`, Choice{Desired: true, Replace: true}},
		{"null", `{"state":{"desired":{"g":{"x":null}},"reported":null}}`, "− desired.g.x: 1\n− reported.a: 1", `{"desired":{"g":{"x":null}},"reported":null}`, both},
		{"bare", `{"a":7,"state":"on"}`, "~ desired.a: 2 → 7\n+ desired.state: \"on\"", `{"desired":{"a":7,"state":"on"}}`, both},
		{"bare as reported", `{"a":7}`, "~ reported.a: 1 → 7", `{"reported":{"a":7}}`, Choice{AsReported: true}},
		{"sections alone", `{"reported":{"b":1}}`, "+ reported.b: 1", `{"reported":{"b":1}}`, both},
		{"kind changes", `{"desired":{"g":3}}`, `~ desired.g: {"x":1,"y":2} → 3`, `{"desired":{"g":3}}`, both},
		{"same", `{"desired":{"a":2}}`, "", `{}`, both},
	} {
		w := newWorld(t)
		w.publish("update", []byte(`{"state":{"reported":{"a":1},"desired":{"a":2,"g":{"x":1,"y":2}}}}`))
		i, err := ReadImport([]byte(c.file))
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		p, err := w.f.PlanImport(i, c.choice)
		if err != nil || changes(p) != c.want || string(shadow.EncodeValue(p.patch)) != c.payload {
			t.Errorf("%s: %v\n%s\n%s", c.name, err, changes(p), shadow.EncodeValue(p.patch))
			continue
		}
		if p.Count() == 0 {
			continue
		}
		w.carry(p)
		if again, err := w.f.PlanImport(i, c.choice); err != nil || again.Count() != 0 {
			t.Errorf("%s: after the import still\n%s", c.name, changes(again))
		}
	}
}

// What is exported comes back whole, into the same and into another shadow.
func TestExportImport(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if _, ok := w.f.Export(); ok {
		t.Error("exported nothing")
	}
	w.publish("update", []byte(`{"state":{"reported":{"a":1.0,"l":[]},"desired":{"big":9007199254740993,"g":{},"ü":"\u2028"}}}`))
	file, ok := w.f.Export()
	if !ok || w.f.FileName() != "thermal-01.shadow.json" {
		t.Fatalf("%v %s", ok, w.f.FileName())
	}
	var all struct {
		State     map[string]any
		Metadata  map[string]any
		Version   int
		Timestamp int64
	}
	if err := json.Unmarshal(file, &all); err != nil || len(all.State) != 3 || len(all.Metadata) != 2 || all.Version != 1 || all.Timestamp != w.now.Unix() {
		t.Errorf("%v: %s", err, file)
	}
	i, err := ReadImport(file)
	if err != nil {
		t.Fatal(err)
	}
	whole := Choice{Desired: true, Reported: true, Replace: true}
	if p, err := w.f.PlanImport(i, whole); err != nil || p.Count() != 0 {
		t.Errorf("into itself: %v %s", err, changes(p))
	}
	other := newWorld(t)
	other.publish("update", []byte(`{"state":{"reported":{"old":1},"desired":{"g":{"old":1}}}}`))
	p, err := other.f.PlanImport(i, whole)
	if err != nil {
		t.Fatal(err)
	}
	other.carry(p)
	a, b := w.f.View().Doc, other.f.View().Doc
	if !same(a.Desired, b.Desired) || !same(a.Reported, b.Reported) {
		t.Errorf("became %s", other.f.DocumentText())
	}
}

func TestImportTooLarge(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.publish("update", []byte(`{"state":{"reported":{"r":"`+strings.Repeat("r", 4000)+`"}}}`))
	for n, fits := range map[int]bool{8192 - 4008 - 8: true, 8192 - 4008 - 7: false} {
		i, err := ReadImport([]byte(`{"state":{"desired":{"d":"` + strings.Repeat("d", n) + `"}}}`))
		if err != nil {
			t.Fatal(err)
		}
		p, err := w.f.PlanImport(i, Choice{Desired: true})
		if fits != (err == nil) || !fits && !strings.Contains(err.Error(), "8,193 bytes") {
			t.Errorf("%d: %v", n, err)
		}
		u := w.f.update(p.patch, "t")
		replies, _ := w.service.Handle(u.Topic, u.Payload, time.Unix(2000, 0))
		if _, suffix, _ := shadow.ParseTopic(replies[len(replies)-1].Topic); fits != (suffix == "update/accepted") {
			t.Errorf("the service thinks otherwise of %d: %s", n, suffix)
		}
	}
}

// Any import onto any shadow makes of it what the plan says: checked with the
// real service.
func TestImportRandom(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for range 400 {
		w := newWorld(t)
		w.publish("update", shadow.EncodeValue(shadow.Object{"state": shadow.Object{"desired": randomObject(r, 3), "reported": randomObject(r, 3)}}))
		file := shadow.EncodeValue(shadow.Object{"state": shadow.Object{"desired": randomObject(r, 3), "reported": randomObject(r, 3)}})
		i, err := ReadImport(file)
		if err != nil {
			t.Fatal(err)
		}
		c := Choice{Desired: true, Reported: r.IntN(2) == 0, Replace: r.IntN(2) == 0}
		before := w.f.DocumentText()
		p, err := w.f.PlanImport(i, c)
		if err != nil {
			t.Fatal(err)
		}
		if p.Count() > 0 {
			w.carry(p)
		}
		want := shadow.Merge(nil, i.sections["desired"].object)
		if got := w.f.View().Doc.Desired; c.Replace && !same(got, want) {
			t.Fatalf("%s\nonto %s\nbecame %s", file, before, w.f.DocumentText())
		}
		if again, err := w.f.PlanImport(i, c); err != nil || again.Count() != 0 {
			t.Fatalf("%s\nonto %s\nleft %s %v", file, before, changes(again), err)
		}
		for _, what := range []Clearing{ClearDiffers, ClearAll} {
			if p := w.f.PlanClear(what); p.Count() > 0 {
				w.carry(p)
			}
			if p := w.f.PlanClear(what); p.Count() > 0 {
				t.Fatalf("not cleared: %s\n%s", changes(p), w.f.DocumentText())
			}
		}
	}
}

func randomObject(r *rand.Rand, deep int) shadow.Object {
	o := shadow.Object{}
	for range r.IntN(4) {
		name := string(rune('a' + r.IntN(4)))
		switch n := r.IntN(6); {
		case n < 2 && deep > 0:
			o[name] = randomObject(r, deep-1)
		case n == 2:
			o[name] = []any{json.Number("1"), json.Number(strconv.Itoa(r.IntN(3)))}
		default:
			o[name] = json.Number(strconv.Itoa(r.IntN(3)))
		}
	}
	return o
}

func FuzzReadImport(f *testing.F) {
	for _, s := range []string{`{"state":{"desired":{"a":1},"reported":null},"version":1}`, `{"a":[null]}`, `{"desired":{}}`, `{"state":5}`, "\ufeff{}"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		i, err := ReadImport(file)
		if (i == nil) != (err != nil) {
			t.Fatalf("%v with %v", i, err)
		}
		if err != nil {
			return
		}
		form := newForm(t, `{"a":1}`, `{"a":{"b":2}}`)
		for _, c := range []Choice{{Desired: true}, {Desired: true, Reported: true, Replace: true}, {AsReported: true}} {
			p, err := form.PlanImport(i, c)
			if err != nil || p.Count() == 0 {
				continue
			}
			if _, err := form.SendPlan(p, 0, "t"); err != nil {
				t.Fatal(err)
			}
			form.SendFailed("t", "x")
		}
	})
}
