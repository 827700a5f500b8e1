package faults_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/thingdesk/thingdesk/localbroker/faults"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// set returns a Set with rules and the hits it tells.
func set(t *testing.T, rules ...faults.Rule) (*faults.Set, *[]faults.Hit) {
	t.Helper()
	var hits []faults.Hit
	s := faults.New(faults.Config{Source: rand.NewPCG(1, 2), Observe: func(h faults.Hit) { hits = append(hits, h) }})
	for _, r := range rules {
		if _, err := s.Add(r); err != nil {
			t.Fatal(err)
		}
	}
	return s, &hits
}

// verdict is a Decision without its Text.
func verdict(d faults.Decision) faults.Decision {
	d.Text = ""
	return d
}

func TestJudgeEachKind(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		rule faults.Rule
		want faults.Decision
		text string
	}{
		"drop": {
			faults.Rule{ID: "r", Kind: faults.Drop, Share: 1},
			faults.Decision{Drop: true},
			"a message of press-07 on a/b was dropped on purpose (r)",
		},
		"delay": {
			faults.Rule{ID: "r", Kind: faults.Delay, Share: 1, Delay: 1500 * time.Millisecond},
			faults.Decision{Delay: 1500 * time.Millisecond},
			"a message of press-07 on a/b was delayed on purpose by 1.5s (r)",
		},
		"duplicate": {
			faults.Rule{ID: "r", Kind: faults.Duplicate, Share: 1},
			faults.Decision{Again: 1},
			"a message of press-07 on a/b was duplicated on purpose (r)",
		},
		"reject": {
			faults.Rule{ID: "r", Kind: faults.Reject, Share: 1, Code: 0x97},
			faults.Decision{Reject: 0x97},
			"a message of press-07 on a/b was rejected on purpose with reason 0x97 (r)",
		},
		"reject, default": {
			faults.Rule{ID: "r", Kind: faults.Reject, Share: 1},
			faults.Decision{Reject: 0x80},
			"a message of press-07 on a/b was rejected on purpose with reason 0x80 (r)",
		},
		"cut": {
			faults.Rule{ID: "r", Kind: faults.Cut, Share: 1, For: time.Minute},
			faults.Decision{Cut: true},
			"press-07 was disconnected on purpose (r) and is kept out for 1m0s",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, hits := set(t, c.rule)
			d := s.Judge("press-07", "a/b", start)
			if diff := cmp.Diff(c.want, verdict(d)); diff != "" || d.Text != c.text {
				t.Errorf("Judge = %+v, want %+v, %q", d, c.want, c.text)
			}
			want := []faults.Hit{{Rule: "r", Kind: c.rule.Kind, Client: "press-07", Topic: "a/b", At: start, Text: c.text}}
			if diff := cmp.Diff(want, *hits); diff != "" {
				t.Errorf("hits (-want +got):\n%s", diff)
			}
			list := s.List(start)
			if list[0].Hits != 1 || !list[0].Last.Equal(start) || list[0].Over {
				t.Errorf("List = %+v", list)
			}
			if code, fails := s.ShadowError("press-07", "$aws/things/t/shadow/update", start); fails {
				t.Errorf("a shadow request fails with %d", code)
			}
		})
	}
}

func TestJudgeOnlyWhatTheRuleIsFor(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		client, filter, id, topic string
		want                      bool
	}{
		{"", "", "a", "x", true},
		{"a", "", "a", "x", true},
		{"a", "", "ab", "x", false},
		{"a", "", "A", "x", false},
		{"press-*", "", "press-07", "x", true},
		{"press-*", "", "press-", "x", true},
		{"press-*", "", "xpress-07", "x", false},
		{"*-07", "", "press-07", "x", true},
		{"p*s*7", "", "press-07", "x", true},
		{"p*s*8", "", "press-07", "x", false},
		{"*aa", "", "aaa", "x", true},
		{"a*a", "", "a", "x", false},
		{"**", "", "", "x", true},
		{"", "a/#", "c", "a", true},
		{"", "a/#", "c", "a/b", true},
		{"", "a/#", "c", "b", false},
		{"", "+/b", "c", "a/b", true},
		{"", "#", "c", "$aws/x", false},
		{"c", "a", "c", "b", false},
		{"c", "a", "d", "a", false},
	} {
		s, _ := set(t, faults.Rule{Kind: faults.Drop, Share: 1, Client: c.client, Filter: c.filter})
		if got := s.Judge(c.id, c.topic, start).Drop; got != c.want {
			t.Errorf("rule for %q, %q: client %q on %q: %v", c.client, c.filter, c.id, c.topic, got)
		}
	}
}

func TestJudgeCombines(t *testing.T) {
	t.Parallel()
	all := []faults.Rule{
		{ID: "delay", Kind: faults.Delay, Share: 1, Delay: time.Second},
		{ID: "again", Kind: faults.Duplicate, Share: 1},
		{ID: "more", Kind: faults.Delay, Share: 1, Delay: 2 * time.Second},
		{ID: "twice", Kind: faults.Duplicate, Share: 1},
		{ID: "drop", Kind: faults.Drop, Share: 1},
		{ID: "reject", Kind: faults.Reject, Share: 1},
		{ID: "cut", Kind: faults.Cut, Share: 1},
	}
	s, hits := set(t, all...)
	want := []faults.Decision{{Cut: true}, {Reject: 0x80}, {Drop: true}, {Delay: 3 * time.Second, Again: 2}}
	for i, gone := range []string{"cut", "reject", "drop", ""} {
		*hits = nil
		if got := verdict(s.Judge("c", "a", start)); got != want[i] {
			t.Errorf("Judge = %+v, want %+v", got, want[i])
		}
		if wantHits := max(1, i*4-8); len(*hits) != wantHits {
			t.Errorf("%d hits, want %d", len(*hits), wantHits)
		}
		if gone != "" {
			if err := s.Remove(gone); err != nil {
				t.Fatal(err)
			}
		}
	}
	s.Clear()
	if d := s.Judge("c", "a", start); d != (faults.Decision{}) || s.On(start) {
		t.Errorf("after Clear: %+v", d)
	}
	long, _ := set(t, faults.Rule{Kind: faults.Delay, Share: 1, Delay: time.Hour}, faults.Rule{Kind: faults.Delay, Share: 1, Delay: time.Hour})
	if d := long.Judge("c", "a", start); d.Delay != faults.MaxDelay {
		t.Errorf("two hours become %v", d.Delay)
	}
}

func TestShare(t *testing.T) {
	t.Parallel()
	s, _ := set(t, faults.Rule{Kind: faults.Drop, Share: 0.3})
	const n = 10_000
	dropped := 0
	for range n {
		if s.Judge("c", "a", start).Drop {
			dropped++
		}
	}
	if dropped < 2850 || dropped > 3150 { // three standard deviations
		t.Errorf("%d of %d dropped, want about 3,000", dropped, n)
	}
	if hits := s.List(start)[0].Hits; hits != uint64(dropped) {
		t.Errorf("%d hits counted of %d", hits, dropped)
	}
	again, _ := set(t, faults.Rule{Kind: faults.Drop, Share: 0.3})
	same := 0
	for range n {
		if again.Judge("c", "a", start).Drop {
			same++
		}
	}
	if same != dropped {
		t.Errorf("the same source drops %d, then %d", dropped, same)
	}
	other := faults.New(faults.Config{})
	if _, err := other.Add(faults.Rule{Kind: faults.Drop, Share: 0.5}); err != nil {
		t.Fatal(err)
	}
	dropped = 0
	for range 1000 {
		if other.Judge("c", "a", start).Drop {
			dropped++
		}
	}
	if dropped < 350 || dropped > 650 {
		t.Errorf("%d of 1,000 dropped without a given source", dropped)
	}
}

func TestJitter(t *testing.T) {
	t.Parallel()
	s, _ := set(t, faults.Rule{Kind: faults.Delay, Share: 1, Delay: 100 * time.Millisecond, Jitter: 50 * time.Millisecond})
	least, most := time.Hour, time.Duration(0)
	for range 2000 {
		d := s.Judge("c", "a", start).Delay
		least, most = min(least, d), max(most, d)
	}
	if least < 100*time.Millisecond || least > 102*time.Millisecond || most > 150*time.Millisecond || most < 148*time.Millisecond {
		t.Errorf("delays from %v to %v, want 100 to 150 ms", least, most)
	}
}

func TestRulesEnd(t *testing.T) {
	t.Parallel()
	end := start.Add(time.Minute)
	s, hits := set(t,
		faults.Rule{ID: "time", Kind: faults.Drop, Share: 1, Until: end, Filter: "t"},
		faults.Rule{ID: "number", Kind: faults.Drop, Share: 1, Remaining: 2, Filter: "n"})
	for _, c := range []struct {
		topic string
		at    time.Time
		drop  bool
	}{
		{"t", start, true},
		{"t", end.Add(-1), true},
		{"t", end, false},
		{"n", end, true},
		{"n", end, true},
		{"n", end, false},
		{"n", start, false},
	} {
		if !s.On(c.at) && c.drop {
			t.Errorf("at %v: not on", c.at)
		}
		if got := s.Judge("c", c.topic, c.at).Drop; got != c.drop {
			t.Errorf("%s at %v: %v", c.topic, c.at, got)
		}
	}
	if len(*hits) != 4 {
		t.Errorf("%d hits, want 4", len(*hits))
	}
	for _, st := range s.List(end) {
		if !st.Over || st.Hits != 2 || st.Remaining != 0 {
			t.Errorf("status %+v", st)
		}
	}
	if s.On(end) {
		t.Error("still on")
	}
}

func TestAddAndRemove(t *testing.T) {
	t.Parallel()
	s, _ := set(t, faults.Rule{ID: "fault 2", Kind: faults.Drop, Share: 1})
	for _, want := range []string{"fault 1", "fault 3"} {
		if id, err := s.Add(faults.Rule{Kind: faults.Drop, Share: 1}); err != nil || id != want {
			t.Errorf("Add = %q, %v, want %q", id, err, want)
		}
	}
	if _, err := s.Add(faults.Rule{ID: "fault 1", Kind: faults.Drop, Share: 1}); !errors.Is(err, faults.ErrExists) {
		t.Errorf("the same again: %v", err)
	}
	if _, err := s.Add(faults.Rule{ID: "fault 2", Kind: faults.Drop, Share: 1}); !errors.Is(err, faults.ErrExists) {
		t.Errorf("the first again: %v", err)
	}
	if _, err := s.Add(faults.Rule{ID: "bad", Kind: faults.Drop}); err == nil || !strings.HasPrefix(err.Error(), `add fault "bad": the share`) {
		t.Errorf("a bad rule: %v", err)
	}
	if err := s.Remove("fault 1"); err != nil {
		t.Error(err)
	}
	if err := s.Remove("fault 1"); !errors.Is(err, faults.ErrUnknown) {
		t.Errorf("removed twice: %v", err)
	}
	var ids []string
	for _, st := range s.List(start) {
		ids = append(ids, st.ID)
	}
	if diff := cmp.Diff([]string{"fault 2", "fault 3"}, ids); diff != "" {
		t.Errorf("List (-want +got):\n%s", diff)
	}
	for len(s.List(start)) < faults.MaxRules {
		if _, err := s.Add(faults.Rule{Kind: faults.Drop, Share: 1}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Add(faults.Rule{Kind: faults.Drop, Share: 1}); !errors.Is(err, faults.ErrFull) {
		t.Errorf("one too many: %v", err)
	}
}

// TestConcurrent: all methods at once; of a rule with a number of times exactly
// so many are hit.
func TestConcurrent(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	told := 0
	var s *faults.Set
	s = faults.New(faults.Config{Observe: func(h faults.Hit) {
		_ = s.List(h.At) // it may call the Set
		if h.Rule == "counted" {
			mu.Lock()
			told++
			mu.Unlock()
		}
	}})
	if _, err := s.Add(faults.Rule{ID: "counted", Kind: faults.Drop, Share: 0.5, Remaining: 300, Filter: "n"}); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			client := fmt.Sprint("c", g)
			for i := range 500 {
				now := start.Add(time.Duration(i) * time.Millisecond)
				_ = s.Judge(client, "n", now)
				if i%10 != 0 {
					continue
				}
				id, err := s.Add(faults.Rule{Kind: faults.Kinds()[i/10%7], Share: 0.5, Client: client, Delay: delay(faults.Kinds()[i/10%7])})
				if err != nil {
					t.Error(err)
					return
				}
				_ = s.Judge(client, "a", now)
				s.Ended(client, now)
				_, _ = s.AdmitConnect(client, now)
				_, _ = s.ShadowError(client, "$aws/things/t/shadow/update", now)
				_ = s.On(now)
				if err := s.Remove(id); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if st := s.List(start)[0]; st.Hits != 300 || told != 300 {
		t.Errorf("%d hits, %d told, want 300", st.Hits, told)
	}
}

func delay(k faults.Kind) time.Duration {
	if k == faults.Delay {
		return time.Second
	}
	return 0
}
