package faults_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/thingdesk/thingdesk/localbroker/faults"
)

func TestCutKeepsOut(t *testing.T) {
	t.Parallel()
	s, hits := set(t, faults.Rule{ID: "r", Kind: faults.Cut, Share: 1, For: time.Minute, Remaining: 1})
	if !s.Judge("c", "a", start).Cut {
		t.Fatal("not cut")
	}
	if ok, why := s.AdmitConnect("c", start.Add(48*time.Second)); ok || why != "c was not let in, on purpose, for 12s more (r)" {
		t.Errorf("after 48 s: %v, %q", ok, why)
	}
	if ok, _ := s.AdmitConnect("other", start); !ok {
		t.Error("another client is kept out")
	}
	if !s.On(start) {
		t.Error("not on while a client is kept out")
	}
	if ok, why := s.AdmitConnect("c", start.Add(time.Minute)); !ok {
		t.Errorf("after a minute: %q", why)
	}
	if s.Judge("c", "a", start.Add(time.Minute)).Cut {
		t.Error("cut twice, though only one time was left")
	}
	if len(*hits) != 2 || (*hits)[1].Topic != "" {
		t.Errorf("hits %+v", *hits)
	}
	for name, stop := range map[string]func(*faults.Set){
		"Clear":  func(s *faults.Set) { s.Clear() },
		"Remove": func(s *faults.Set) { _ = s.Remove("r") },
	} {
		s, _ := set(t, faults.Rule{ID: "r", Kind: faults.Cut, Share: 1, For: time.Minute})
		_ = s.Judge("c", "a", start)
		stop(s)
		if _, err := s.Add(faults.Rule{Kind: faults.Drop, Share: 1}); err != nil { // so that the Set has a rule
			t.Fatal(err)
		}
		if ok, why := s.AdmitConnect("c", start); !ok {
			t.Errorf("after %s: %s", name, why)
		}
	}
}

func TestRefuseReconnect(t *testing.T) {
	t.Parallel()
	always, hits := set(t, faults.Rule{ID: "r", Kind: faults.RefuseReconnect, Share: 1, Client: "c*", Until: start.Add(time.Minute)})
	for range 3 {
		if ok, why := always.AdmitConnect("c1", start); ok || why != "c1 was not let in, on purpose (r)" {
			t.Errorf("let in: %v, %q", ok, why)
		}
	}
	if ok, _ := always.AdmitConnect("d", start); !ok {
		t.Error("another client is kept out")
	}
	if ok, _ := always.AdmitConnect("c1", start.Add(time.Minute)); !ok {
		t.Error("kept out after Until")
	}
	if d := always.Judge("c1", "a", start); d != (faults.Decision{}) || len(*hits) != 3 {
		t.Errorf("%+v, %d hits", d, len(*hits))
	}

	once, _ := set(t, faults.Rule{ID: "r", Kind: faults.RefuseReconnect, Share: 1, Remaining: 1})
	once.Ended("c", start) // counts for rules with For only
	if ok, _ := once.AdmitConnect("c", start); ok {
		t.Error("the one time was used up when a connection ended")
	}
	if ok, why := once.AdmitConnect("c", start); !ok {
		t.Error(why)
	}
	none, _ := set(t)
	none.Ended("c", start)
	if ok, why := none.AdmitConnect("c", start); !ok {
		t.Error(why)
	}

	after, _ := set(t, faults.Rule{ID: "r", Kind: faults.RefuseReconnect, Share: 1, For: 30 * time.Second, Remaining: 2})
	if ok, _ := after.AdmitConnect("c", start); !ok {
		t.Error("kept out before it was connected")
	}
	now := start
	for i := range 2 {
		after.Ended("c", now)
		for range 2 {
			if ok, _ := after.AdmitConnect("c", now.Add(29*time.Second)); ok {
				t.Errorf("time %d: let in after 29 s", i+1)
			}
		}
		if ok, why := after.AdmitConnect("c", now.Add(30*time.Second)); !ok {
			t.Errorf("time %d: %s", i+1, why)
		}
		now = now.Add(time.Minute)
	}
	after.Ended("c", now)
	if ok, _ := after.AdmitConnect("c", now); !ok {
		t.Error("kept out a third time")
	}
	if st := after.List(now)[0]; st.Hits != 4 || !st.Over {
		t.Errorf("status %+v", st)
	}
}

func TestLongerBlockHolds(t *testing.T) {
	t.Parallel()
	s, _ := set(t,
		faults.Rule{Kind: faults.Cut, Share: 1, For: time.Hour},
		faults.Rule{Kind: faults.RefuseReconnect, Share: 1, For: time.Second})
	_ = s.Judge("c", "a", start)
	s.Ended("c", start)
	if ok, _ := s.AdmitConnect("c", start.Add(59*time.Minute)); ok {
		t.Error("a shorter block replaced a longer one")
	}
}

func TestShadowError(t *testing.T) {
	t.Parallel()
	s, hits := set(t,
		faults.Rule{ID: "r", Kind: faults.ShadowError, Share: 1, Client: "c", Code: 409},
		faults.Rule{ID: "g", Kind: faults.ShadowError, Share: 1, Filter: "$aws/things/+/shadow/name/s/#"})
	for _, c := range []struct {
		client, topic string
		want          int
	}{
		{"c", "$aws/things/t/shadow/update", 409},
		{"c", "$aws/things/t/shadow/get", 0},
		{"", "$aws/things/t/shadow/update", 0},
		{"d", "$aws/things/t/shadow/update", 0},
		{"d", "$aws/things/t/shadow/name/s/update", 500},
		{"d", "$aws/things/t/shadow/name/s/get", 500},
		{"", "$aws/things/t/shadow/name/s/delete", 500},
		{"d", "$aws/things/t/shadow/name/other/update", 0},
		{"c", "$aws/things/t/shadow/name/other/update", 409},
		{"c", "a/b", 0},
		{"c", "$aws/things/a b/shadow/update", 0},
	} {
		code, fails := s.ShadowError(c.client, c.topic, start)
		if code != c.want || fails != (c.want != 0) {
			t.Errorf("ShadowError(%q, %q) = %d, %v, want %d", c.client, c.topic, code, fails, c.want)
		}
	}
	if len(*hits) != 5 {
		t.Errorf("%d hits, want 5", len(*hits))
	}
	if want := "the shadow request of c on $aws/things/t/shadow/update was rejected on purpose with code 409 (r)"; (*hits)[0].Text != want {
		t.Errorf("text %q, want %q", (*hits)[0].Text, want)
	}
	if d := s.Judge("c", "$aws/things/t/shadow/update", start); d != (faults.Decision{}) {
		t.Errorf("the message itself: %+v", d)
	}
}

// TestKeptOutAreBounded: very many clients that are kept out cost no more
// memory; those beyond the bound are let in, until others' time is up.
func TestKeptOutAreBounded(t *testing.T) {
	t.Parallel()
	s := faults.New(faults.Config{})
	if _, err := s.Add(faults.Rule{Kind: faults.RefuseReconnect, Share: 1, For: time.Minute}); err != nil {
		t.Fatal(err)
	}
	const bound = 20_000
	for i := range bound + 1 {
		s.Ended(strconv.Itoa(i), start)
	}
	if ok, _ := s.AdmitConnect("0", start); ok {
		t.Error("the first is let in")
	}
	if ok, why := s.AdmitConnect(strconv.Itoa(bound), start); !ok {
		t.Error(why)
	}
	later := start.Add(time.Hour)
	s.Ended("x", later)
	if ok, _ := s.AdmitConnect("x", later); ok {
		t.Error("one is let in though the others' time is up")
	}
}

func TestTextsAreShort(t *testing.T) {
	t.Parallel()
	s, hits := set(t, faults.Rule{ID: "r", Kind: faults.Drop, Share: 1})
	_ = s.Judge("a b", strings.Repeat("ü", 1000), start)
	want := `a message of "a b" on ` + strings.Repeat("ü", 40) + "… was dropped on purpose (r)"
	if got := (*hits)[0].Text; got != want {
		t.Errorf("text %q, want %q", got, want)
	}
	if d := s.Judge("", "a", start); d.Text != `a message of "" on a was dropped on purpose (r)` {
		t.Errorf("text %q", d.Text)
	}
}
