package history

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/storage"
)

// TestPagingWhileRowsArrive scrolls to the end while messages arrive: every
// message that was there at the start is seen exactly once, in order, and
// memory stays bounded. Back at the top, all is there.
func TestPagingWhileRowsArrive(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		st := &store{}
		st.record(25_000)
		want := st.find(storage.Query{})
		m, sc := newTestModel(t, st)
		sc.settle()
		var got []int64
		for first := 0; first < len(want); first += 40 {
			m.Visible(first, 40, first == 0)
			if first == 0 {
				m.Visible(1, 40, false)
			}
			st.record(1)
			tick(m, 10*time.Millisecond)
			sc.settle()
			for i := first; i < min(first+40, m.Len()); i++ {
				r, ok := m.Row(i)
				if !ok {
					t.Fatalf("row %d is not loaded while it is seen", i)
				}
				got = append(got, r.ID)
			}
			if m.list.loaded > mostRows+2*pageRows {
				t.Fatalf("%d rows in memory", m.list.loaded)
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("saw %d rows, want %d, or in another order", len(got), len(want))
		}
		if m.More() {
			t.Error("there is more after the end")
		}
		if _, ok := m.Row(10); ok {
			t.Fatal("the first rows were not let go: the bound was not tested")
		}
		checkList(t, m, st)
		m.Visible(3, 40, false)
		sc.settle()
		if r, ok := m.Row(10); !ok || r.ID != want[10] {
			t.Errorf("row 10 read again is %d, %v; want %d", r.ID, ok, want[10])
		}
		m.Visible(0, 40, true)
		sc.settle()
		if m.list.newest() != st.rows[len(st.rows)-1].ID || !m.Following() || m.Waiting() != "" {
			t.Error("the list does not follow at its top")
		}
		checkList(t, m, st)
	})
}

// TestRandomUse does anything a user and the world can do in any order and
// lets background work end in any order.
func TestRandomUse(t *testing.T) {
	t.Parallel()
	for seed := range uint64(60) {
		synctest.Test(t, func(t *testing.T) { randomUse(t, rand.New(rand.NewPCG(seed, 1))) })
	}
}

func randomUse(t *testing.T, r *rand.Rand) {
	t.Helper()
	st := &store{}
	st.record(r.IntN(1500))
	m, sc := newTestModel(t, st)
	for range 300 {
		switch r.IntN(12) {
		case 0:
			st.record(pick(r, 1, 5, 150, 450))
		case 1:
			st.put("t/1", "late")
		case 2:
			st.commit()
		case 3:
			m.SetFilter(Filter{
				Topic: pick(r, "", "t/1", "t/+", "none", "bad#"), Text: pick(r, "", "1", "late"),
				Retained: r.IntN(6) == 0, Range: pick(r, AllTime, AllTime, Minutes5, Hour), Way: pick(r, AnyWay, AnyWay, Received, Sent),
			})
		case 4, 5:
			first := r.IntN(m.Len() + 1)
			m.Visible(first, 30, first == 0)
		case 6:
			m.Visible(0, 30, true)
		case 7:
			m.Follow()
		case 8:
			m.Pick(r.IntN(m.Len() + 1))
			m.SetView(pick(r, Views()...))
		case 9:
			tick(m, pick(r, 50*time.Millisecond, time.Second, 3*time.Minute))
		default:
			sc.step(r.IntN(100))
		}
		if !m.Reading() { // else it shows another filter
			checkList(t, m, st)
		}
		if len(m.rereads) > m.list.n/30+30 {
			t.Fatalf("%d rereads", len(m.rereads))
		}
	}
	st.commit()
	m.Visible(0, 30, true)
	for range 3 {
		sc.settle()
		tick(m, 10*time.Second)
	}
	sc.settle()
	checkList(t, m, st)
	if want := st.find(m.query); len(want) > 0 && (m.Len() == 0 || m.list.newest() != want[0]) {
		t.Fatalf("newest is %d of %d rows, want %d", m.list.newest(), m.Len(), want[0])
	}
}

func TestStaleAnswersAreIgnored(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		st := &store{}
		st.record(1000)
		m, sc := newTestModel(t, st)
		m.SetFilter(Filter{Topic: "t/1"})
		m.SetFilter(Filter{Topic: "t/2"})
		if len(sc.pending) != 3 {
			t.Fatalf("%d works wait, want 3", len(sc.pending))
		}
		sc.step(2) // the newest answers first
		sc.settle()
		for i := range m.Len() {
			if r, _ := m.Row(i); r.Topic != "t/2" {
				t.Fatalf("row %d has topic %s", i, r.Topic)
			}
		}
		if m.Len() == 0 || m.Reading() {
			t.Fatalf("%d rows, reading %v", m.Len(), m.Reading())
		}
		if st.pages != 1 {
			t.Errorf("%d pages read, want 1: overtaken work goes on", st.pages)
		}
	})
}

func TestFollowsUnlessScrolled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		st := &store{}
		st.record(500)
		m, sc := newTestModel(t, st)
		sc.settle()
		m.Visible(0, 30, true)
		grow := func(n int) {
			st.record(n)
			tick(m, 5*time.Second)
			sc.settle()
		}
		grow(3)
		if r, _ := m.Row(0); r.ID != st.nextID || !m.Following() {
			t.Fatal("new rows do not appear")
		}
		m.Pick(0)
		m.Visible(5, 30, false)
		first, _ := m.Row(0)
		grow(4)
		if r, _ := m.Row(0); r.ID != first.ID || m.Waiting() != "4 new" {
			t.Fatalf("scrolled away: row 0 is %d, want %d; waiting %q", r.ID, first.ID, m.Waiting())
		}
		if m.PickedRow() != 0 {
			t.Errorf("the picked row is at %d, want 0", m.PickedRow())
		}
		grow(300)
		if m.Waiting() != "204+ new" {
			t.Errorf("waiting %q", m.Waiting())
		}
		m.Follow()
		sc.settle()
		if r, _ := m.Row(0); r.ID != st.nextID || m.Waiting() != "" {
			t.Error("Follow does not bring the newest row")
		}
		checkList(t, m, st)
		pages := st.pages
		for range 100 {
			tick(m, 100*time.Millisecond)
			sc.settle()
		}
		if st.pages != pages {
			t.Errorf("%d pages read while nothing was stored", st.pages-pages)
		}
	})
}

// TestLateMessages stores messages long after their time: looking for new rows
// must not miss them, and must not search everything either.
func TestLateMessages(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		st := &store{}
		st.record(100)
		m, sc := newTestModel(t, st)
		sc.settle()
		m.SetFilter(Filter{Text: "rare"})
		sc.settle()
		st.put("a", "rare 1")
		for range 50 { // the store fails for long
			tick(m, 10*time.Second)
			sc.settle()
		}
		st.put("a", "rare 2")
		st.commit()
		tick(m, time.Second)
		sc.settle()
		if m.Len() != 2 {
			t.Fatalf("%d rows, want 2", m.Len())
		}
		for range 5 {
			tick(m, 2*time.Minute)
			sc.settle()
			st.record(1)
		}
		tick(m, time.Second)
		sc.settle()
		if low := st.lows[len(st.lows)-1]; low == 0 || low > time.Now().UnixMicro()-lateness.Microseconds() {
			t.Errorf("looked for new rows from %d on", low)
		}
	})
}

func TestFaultsAreShownAndRetried(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		st := &store{fail: errors.New("disk gone")}
		m, sc := newTestModel(t, st)
		sc.settle()
		if !strings.Contains(m.Fault(), "disk gone") || m.Empty() != "" {
			t.Errorf("fault %q, empty %q", m.Fault(), m.Empty())
		}
		m.Visible(0, 30, true)
		tick(m, time.Second)
		if sc.settle(); st.pages != 1 {
			t.Errorf("%d pages: a fault is retried by itself", st.pages)
		}
		st.fail = nil
		st.record(500)
		m.Retry()
		sc.settle()
		if m.Fault() != "" || m.Len() == 0 {
			t.Errorf("after retry: fault %q, %d rows", m.Fault(), m.Len())
		}
		st.fail = errors.New("disk gone")
		m.Visible(m.Len()-30, 30, false)
		sc.settle()
		if !strings.Contains(m.Fault(), "Older") {
			t.Errorf("fault %q", m.Fault())
		}
		st.fail = nil
		m.Retry()
		if sc.settle(); m.Len() != 400 {
			t.Errorf("%d rows after retry, want 400", m.Len())
		}
	})
}

func TestNoHistory(t *testing.T) {
	t.Parallel()
	m := New(Config{Async: (&screen{t: t}).async, Why: "The disk is full."})
	m.Tick(time.Now())
	m.SetFilter(Filter{Topic: "a"})
	m.Visible(0, 10, true)
	m.CountMatches()
	m.PlanDelete()
	m.Export("x", storage.CSV)
	if m.Empty() != "The disk is full." || m.MayAct() || m.Fault() != "" || m.StoredWords() != "The disk is full." {
		t.Errorf("empty %q, fault %q", m.Empty(), m.Fault())
	}
}

func TestIntervalAcrossPages(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		st := &store{}
		for range 401 {
			time.Sleep(time.Millisecond)
			st.record(1)
		}
		m, sc := newTestModel(t, st)
		sc.settle()
		m.Visible(0, 390, true)
		sc.settle()
		for i := range 400 {
			if d, ok := m.Interval(i); !ok || d != time.Millisecond {
				t.Fatalf("interval of row %d = %v, %v", i, d, ok)
			}
		}
		if _, ok := m.Interval(400); ok {
			t.Error("the oldest row has an interval")
		}
	})
}

func TestRowWords(t *testing.T) {
	t.Parallel()
	big := strings.Repeat("x", 5000)
	r := newRow(storage.Row{ID: 1, Entry: storage.Entry{Message: broker.Message{QoS: 1, Retained: true, Dup: true, Payload: []byte(big)}}})
	if r.Flags() != "1 R dup" || r.Size != 5000 || len(r.head) != headBytes {
		t.Errorf("flags %q, size %d, %d bytes kept", r.Flags(), r.Size, len(r.head))
	}
	if l := r.Line(); !strings.HasSuffix(l, "…") {
		t.Errorf("a cut line does not say so: %q", l)
	}
	for n := range 600 { // whatever the length: all, or a mark
		r := newRow(storage.Row{Entry: storage.Entry{Message: broker.Message{Payload: []byte(strings.Repeat("é", n+300))}}})
		if l := r.Line(); !strings.HasSuffix(l, "…") && len(l) != r.Size {
			t.Fatalf("%d bytes are shown as %d without a mark", r.Size, len(l))
		}
	}
	if (Row{}).Line() != "(empty)" {
		t.Error("an empty payload is not named")
	}
}

// TestOldestPagesGoWhileOlderAreRead lets the end of a long list go, because
// new rows came at its top, while the next older page is being read.
func TestOldestPagesGoWhileOlderAreRead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		st := &store{}
		st.record(mostRows + 1000)
		m, sc := newTestModel(t, st)
		sc.settle()
		for m.Len() < mostRows {
			m.Visible(m.Len()-30, 30, false)
			sc.settle()
		}
		m.Visible(m.Len()-30, 30, false)
		if len(sc.pending) != 1 || !m.ReadingOlder() {
			t.Fatalf("%d works wait for the older page", len(sc.pending))
		}
		m.Visible(0, 30, true)
		for range 4 {
			st.record(150)
			tick(m, time.Second)
			for len(sc.pending) > 1 {
				sc.step(1)
			}
		}
		checkList(t, m, st)
		if sc.settle(); m.Len() >= mostRows+pageRows {
			t.Errorf("%d rows", m.Len())
		}
		checkList(t, m, st)
	})
}
