package navigator

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/things"
	"github.com/thingdesk/thingdesk/things/topic"
)

// fake is a Session over a real index and a real registry.
type fake struct {
	profile  broker.Profile
	status   broker.Status
	index    *topic.Index
	registry *things.Registry
}

func newFake(id string, known ...things.Thing) *fake {
	return &fake{
		profile: broker.Profile{ID: id, Name: "Broker " + id}, status: broker.Status{State: broker.Connected},
		index: topic.NewIndex(topic.Limits{}), registry: things.NewRegistry(id, known),
	}
}

func (f *fake) Profile() broker.Profile          { return f.profile }
func (f *fake) Status() broker.Status            { return f.status }
func (f *fake) Topics(do func(*topic.Index))     { do(f.index) }
func (f *fake) Things(do func(*things.Registry)) { do(f.registry) }

func (f *fake) add(names ...string) {
	for _, n := range names {
		f.index.Add(n, topic.Sample{Time: 1_000_000, Payload: []byte("v:" + n)})
	}
}

// picture draws the rows: indent, triangle, text, count.
func picture(m *Model) string {
	var b strings.Builder
	for i := range m.Len() {
		r := m.Row(i)
		sign := "  "
		if r.Branch {
			sign = map[bool]string{true: "- ", false: "+ "}[r.Open]
		}
		fmt.Fprintf(&b, "%s%s%s\n", strings.Repeat("  ", r.Depth), sign, r.Text)
	}
	return b.String()
}

func newModel(s ...Session) *Model {
	m := New(func() int64 { return 1_100_000 })
	m.Sync(s, false)
	return m
}

func wantPicture(t *testing.T, m *Model, want string) {
	t.Helper()
	if d := cmp.Diff(strings.TrimLeft(want, "\n"), picture(m)); d != "" {
		t.Errorf("rows (-want +got):\n%s", d)
	}
}

func TestRowsOfAConnection(t *testing.T) {
	t.Parallel()
	f := newFake("c", things.Thing{Name: "loose"}, things.Thing{Name: "t1", Display: "Thermal", Group: "floor-1/line-2", Filters: []string{"plant/+/{thing}/#"}})
	f.add("plant/a/t1/temp", "plant/b/t1/temp", "plant/b/other", "$aws/things/x", "office")
	m := newModel(f)
	wantPicture(t, m, `
- Broker c
  - Things
    + loose
    + floor-1
  + Topics
`)
	m.Reveal(Ref{Kind: Thing, Session: "c", Thing: "t1"})
	m.SetOpen(Ref{Kind: Thing, Session: "c", Thing: "t1"}, true)
	m.SetOpen(Ref{Kind: ThingTopics, Session: "c", Thing: "t1"}, true)
	m.SetOpen(Ref{Kind: Shadows, Session: "c", Thing: "t1"}, true)
	m.Reveal(Ref{Kind: Topic, Session: "c", Topic: "plant/b/other"})
	wantPicture(t, m, `
- Broker c
  - Things
    + loose
    - floor-1
      - line-2
        - Thermal
          - Shadows
              classic
          - Topics
            + t1
            + t1
  - Topics
      office
    - plant
      + a
      - b
          other
        + t1
    + $aws
`)
}

func TestHoldKeepsRowsStill(t *testing.T) {
	t.Parallel()
	f := newFake("c")
	f.add("a")
	now := int64(5_000_000)
	m := New(func() int64 { return now })
	m.Sync([]Session{f}, false)
	m.SetOpen(Ref{Kind: TopicsFolder, Session: "c"}, true)
	before := picture(m)
	f.add("b", "c/d", "c/e/f")
	if m.Sync([]Session{f}, true) || m.Waiting() != 2 || picture(m) != before {
		t.Fatalf("held: waiting %d, rows\n%s", m.Waiting(), picture(m))
	}
	if !m.Sync([]Session{f}, false) || m.Waiting() != 0 || !strings.Contains(picture(m), "+ c") {
		t.Errorf("let go: waiting %d, rows\n%s", m.Waiting(), picture(m))
	}
	f.index.Add("a", topic.Sample{Time: 2})
	if m.Sync([]Session{f}, false) {
		t.Error("a value alone changed the rows")
	}
	f.add("c/new")
	now = 9_000_000
	if m.Sync([]Session{f}, true) || m.Waiting() != 0 {
		t.Errorf("a topic inside a closed branch makes %d rows wait", m.Waiting())
	}
}

func TestFilter(t *testing.T) {
	t.Parallel()
	f := newFake("c", things.Thing{Name: "pump"}, things.Thing{Name: "valve"})
	f.add("factory/1/temp", "factory/2/temp", "factory/1/PUMP", "office")
	m := newModel(f)
	if err := m.SetFilter(" Pump "); err != nil {
		t.Fatal(err)
	}
	wantPicture(t, m, `
- Broker c
  - Things
    + pump
  - Topics
    - factory
      - 1
          PUMP
`)
	if err := m.SetFilter("factory/+/temp"); err != nil {
		t.Fatal(err)
	}
	wantPicture(t, m, `
- Broker c
  - Things
  - Topics
    - factory
      - 1
          temp
      - 2
          temp
`)
	if err := m.SetFilter("fac#tory"); err == nil || !m.Filtered() {
		t.Error("a filter that is not valid was taken")
	}
	if err := m.SetFilter(""); err != nil || m.Filtered() {
		t.Error("filter was not taken away")
	}
}

func TestKeysSurviveARestart(t *testing.T) {
	t.Parallel()
	f := newFake("c")
	f.add("a/b/c", "/x", "a//y")
	m := newModel(f)
	m.Reveal(Ref{Kind: Topic, Session: "c", Topic: "a/b/c"})
	m.SetOpen(Ref{Kind: ThingsFolder, Session: "c"}, false)
	want := picture(m)
	again := New(func() int64 { return 1_100_000 })
	again.SetOpenKeys(append(m.OpenKeys(), "", "+", "?nonsense", "+a\x1fb"))
	again.Sync([]Session{f}, false)
	wantPicture(t, again, want)
	for i := range m.Len() {
		r, _ := m.Ref(i)
		if back, ok := ParseKey(r.Key()); !ok || back != r {
			t.Errorf("ParseKey(%q) = %+v, %v", r.Key(), back, ok)
		}
	}
}

func TestOddTopics(t *testing.T) {
	t.Parallel()
	f := newFake("c")
	deep := strings.Repeat("x/", 199) + "end"
	f.add(deep, "/", "🌡/°C")
	m := newModel(f)
	i := m.Reveal(Ref{Kind: Topic, Session: "c", Topic: deep})
	if i < 0 || m.Row(i).Depth != 2+199 || m.Row(i).Text != "end" || !m.Row(i).Fresh {
		t.Errorf("deep row %d = %+v", i, m.Row(i))
	}
	if _, ok := m.Ref(-1); ok {
		t.Error("row -1")
	}
	if m.Row(m.Len()).Text != "" {
		t.Error("row beyond the end")
	}
}

func BenchmarkRebuild20000(b *testing.B) {
	f := newFake("c")
	for i := range 20_000 {
		f.add(fmt.Sprintf("factory/%d/machine/%d/temp", i%20, i/20))
	}
	m := newModel(f)
	m.SetOpen(Ref{Kind: TopicsFolder, Session: "c"}, true)
	f.index.Walk(topic.Root, func(name string, _ uint64, _ topic.Sample) bool {
		m.openUp(Ref{Kind: Topic, Session: "c", Topic: name})
		return true
	})
	for b.Loop() {
		m.rebuild()
	}
	b.ReportMetric(float64(m.Len()), "rows")
}
