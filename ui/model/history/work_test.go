package history

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/storage"
	"github.com/thingdesk/thingdesk/ui/model/payload"
)

func TestCount(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		st := &store{}
		st.record(1400)
		m, sc := newTestModel(t, st)
		sc.settle()
		m.CountMatches()
		if m.CountWords() != "counting…" {
			t.Errorf("while counting: %q", m.CountWords())
		}
		sc.settle()
		if m.CountWords() != "1,400 messages match" {
			t.Errorf("counted: %q", m.CountWords())
		}
		m.CountMatches()
		m.SetFilter(Filter{Text: "nowhere"})
		if sc.settle(); m.CountWords() != "" {
			t.Errorf("the count of another filter: %q", m.CountWords())
		}
		st.fail = errors.New("disk gone")
		m.CountMatches()
		if sc.settle(); m.CountWords() != "not counted: disk gone" {
			t.Errorf("failed: %q", m.CountWords())
		}
	})
}

func TestDeleteCountsFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		st := &store{}
		st.record(700)
		m, sc := newTestModel(t, st)
		sc.settle()
		m.SetFilter(Filter{Topic: "t/1"})
		sc.settle()
		n := len(st.find(storage.Query{Filters: []string{"t/1"}}))
		time.Sleep(time.Second)
		m.PlanDelete()
		m.Delete() // not counted yet
		if p, ok := m.Plan(); !ok || p.Counted || p.What != "messages: topic t/1" {
			t.Errorf("plan %+v, %v", p, ok)
		}
		sc.settle()
		p, _ := m.Plan()
		if !p.Counted || p.N != int64(n) {
			t.Fatalf("plan %+v, want %d", p, n)
		}
		time.Sleep(time.Second)
		st.put("t/1", "after the question")
		st.commit()
		m.Delete()
		if !m.Task().Running || m.MayAct() {
			t.Error("not deleting")
		}
		sc.settle()
		if left := st.find(m.query); len(left) != 1 || m.Task().Words == "" || m.Task().Failed {
			t.Errorf("%d left, want the one that came later; %+v", len(left), m.Task())
		}
		if m.Len() != 1 {
			t.Errorf("%d rows shown", m.Len())
		}
		m.PlanDelete()
		m.DropPlan()
		m.Delete()
		if sc.settle(); len(st.find(m.query)) != 1 {
			t.Error("deleted without a plan")
		}
		m.SetFilter(Filter{Topic: "t/1#"})
		if m.PlanDelete(); m.plan != nil {
			t.Error("a filter with a fault can be deleted by")
		}
	})
}

// history makes a whole History of a store.
type wholeHistory struct {
	storage.History
	st *store
}

func (h wholeHistory) Scan(_ context.Context, q storage.Query, f func(storage.Row) bool) error {
	for _, r := range h.st.rows {
		if h.st.match(q, r) && !f(r) {
			break
		}
	}
	return nil
}

func TestFileExporter(t *testing.T) {
	t.Parallel()
	st := &store{}
	st.record(1400)
	dir := t.TempDir()
	path := filepath.Join(dir, "out.ndjson")
	var steps []int64
	export := FileExporter(wholeHistory{st: st})
	n, err := export(t.Context(), storage.Query{}, storage.NDJSON, path, func(n int64) { steps = append(steps, n) })
	text, rerr := os.ReadFile(path)
	if err != nil || rerr != nil || n != 1400 || strings.Count(string(text), "\n") != 1400 {
		t.Fatalf("exported %d: %v, %v", n, err, rerr)
	}
	if d := cmp.Diff([]int64{500, 1000}, steps); d != "" {
		t.Errorf("progress: %s", d)
	}
	if _, err := export(t.Context(), storage.Query{}, storage.CSV, filepath.Join(dir, "no", "dir"), func(int64) {}); err == nil {
		t.Error("wrote into a directory that is not there")
	}
	if _, err := export(t.Context(), storage.Query{}, "tar", filepath.Join(dir, "x"), func(int64) {}); err == nil {
		t.Error("wrote an unknown format")
	}
	if names, _ := os.ReadDir(dir); len(names) != 1 {
		t.Errorf("files are left behind: %v", names)
	}
}

func TestExportProgressAndCancel(t *testing.T) {
	t.Parallel()
	st := &store{}
	st.record(10)
	sc := &screen{t: t}
	var got storage.Query
	var m *Model
	m = New(Config{Async: sc.async, Store: st, Export: func(ctx context.Context, q storage.Query, _ storage.Format, _ string, progress func(int64)) (int64, error) {
		got = q
		progress(1234)
		if words := m.Task().Words; words != "Exporting to out.csv: 1,234 of 10 messages" {
			t.Errorf("progress %q", words)
		}
		m.CancelTask()
		return 1234, ctx.Err()
	}})
	sc.settle()
	m.SetFilter(Filter{Text: "1"})
	sc.settle()
	m.SetFilter(Filter{})
	sc.settle()
	m.CountMatches()
	sc.settle()
	m.Export("/tmp/out.csv", storage.CSV)
	m.Export("/tmp/other.csv", storage.CSV) // one at a time
	if len(sc.pending) != 1 {
		t.Fatalf("%d works", len(sc.pending))
	}
	sc.settle()
	if d := cmp.Diff(m.query, got); d != "" {
		t.Error(d)
	}
	if w := m.Task(); w.Running || w.Failed || w.Words != "The export was cancelled" {
		t.Errorf("%+v", w)
	}
	m.ClearTask()
	if m.Task() != (Task{}) {
		t.Error("not cleared")
	}
}

func TestViewer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		st := &store{}
		big := `{"a":"` + strings.Repeat("x", 50_000) + `"}`
		st.put("a", big)
		st.put("b", `{"t":28}`)
		st.put("c", "\xff\x00")
		st.commit()
		m, sc := newTestModel(t, st)
		sc.settle()
		m.Pick(1)
		if p, ok := m.Picked(); !ok || !p.Loaded || string(p.Payload) != `{"t":28}` || m.Shown().Form != payload.Tinted {
			t.Errorf("picked %+v, shown %+v", p, m.Shown())
		}
		m.SetView(payload.AsHex)
		if m.Shown().Form != payload.Dump {
			t.Errorf("shown %+v", m.Shown())
		}
		m.SetView(payload.Auto)
		m.Pick(0)
		if text, as := m.CopyText(); as != "hex" || text == "" {
			t.Errorf("copied %q as %s", text, as)
		}
		m.Pick(2)
		if p, _ := m.Picked(); p.Loaded || !m.Preparing() {
			t.Error("a large payload is there at once")
		}
		sc.settle()
		if p, _ := m.Picked(); string(p.Payload) != big || m.Preparing() || m.Shown().Text == "" {
			t.Errorf("payload of %d bytes, shown %d", len(p.Payload), len(m.Shown().Text))
		}
		m.Pick(1)
		m.Pick(2)
		st.rows = st.rows[1:]
		sc.settle()
		if p, _ := m.Picked(); !strings.Contains(p.Fault, "deleted") {
			t.Errorf("fault %q", p.Fault)
		}
		m.Unpick()
		if _, ok := m.Picked(); ok || m.PickedRow() != -1 {
			t.Error("still picked")
		}
	})
}

func TestFigures(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		st := &store{}
		st.record(1400)
		sc := &screen{t: t}
		r := storage.RecorderStats{Queued: 1200}
		on := true
		m := New(Config{
			Async: sc.async, Store: st, Recorder: func() storage.RecorderStats { return r }, Recording: func() bool { return on },
		})
		tick(m, time.Second)
		sc.settle()
		if got := m.StoredWords(); got != "1,400 messages stored · 0 B · queue 1,200" || m.TroubleWords() != "" {
			t.Errorf("%q, trouble %q", got, m.TroubleWords())
		}
		r.Dropped, r.Trouble = 1204, "The disk is full; free some space"
		r.DroppedBy = map[string]uint64{"disk full": 4, "queue full": 1200}
		on = false
		before := m.Revision()
		tick(m, time.Second)
		if m.Revision() == before {
			t.Error("the revision does not tell")
		}
		want := "The disk is full; free some space · 1,204 messages not stored (1,200 queue full; 4 disk full)"
		if got := m.TroubleWords(); got != want {
			t.Errorf("trouble %q\nwant    %q", got, want)
		}
		if !strings.HasSuffix(m.StoredWords(), "recording is off") {
			t.Errorf("%q", m.StoredWords())
		}
	})
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	m := New(Config{Async: (&screen{t: t}).async, Connections: func() []Connection { return []Connection{{ID: "x", Name: "Site A"}} }})
	for want, f := range map[string]Filter{
		"all messages": {},
		"messages: topic a/#, payload with \"28\"":   {Topic: "a/#", Text: "28"},
		"messages: sent, retained, last hour":        {Way: Sent, Retained: true, Range: Hour},
		"messages: from 10:00, of Site A":            {Range: Custom, From: "10:00", Source: "x"},
		"messages: until 11:00, of the local broker": {Range: Custom, To: "11:00", Source: broker.LocalID},
		"messages: of a deleted connection":          {Source: "y"},
	} {
		m.SetFilter(f)
		if got := m.Describe(); got != want {
			t.Errorf("%+v: %q, want %q", f, got, want)
		}
	}
}
