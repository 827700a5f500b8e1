package things

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/things/shadow"
)

// service plays the shadow service between a Registry and the test: it feeds
// each request and each reply, as a subscription to the shadow topics would.
type service struct {
	t   *testing.T
	svc *shadow.Service
	reg *Registry
	now int64
}

func newService(t *testing.T) *service {
	t.Helper()
	svc, err := shadow.NewService(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &service{t: t, svc: svc, reg: NewRegistry("c1", nil), now: 1_700_000_000_000_000}
}

func (s *service) send(topic, payload string) {
	s.now += 1_000_000
	s.reg.Feed(broker.Message{Time: s.now, Topic: topic, Payload: []byte(payload)})
	replies, _ := s.svc.Handle(topic, []byte(payload), time.UnixMicro(s.now))
	for _, r := range replies {
		s.reg.Feed(broker.Message{Time: s.now, Topic: r.Topic, Payload: r.Payload})
	}
}

func TestRegistryFollowsTheStory(t *testing.T) {
	t.Parallel()
	s := newService(t)
	key := shadow.Key{Thing: "thermal-01"}
	pending := func(want int, version int64) {
		t.Helper()
		v, ok := s.reg.Shadow(key)
		if !ok || !v.Exists || v.Pending != want || v.Doc.Version != version {
			t.Fatalf("shadow = %+v (known %v), want %d pending at version %d", v, ok, want, version)
		}
	}
	s.send(key.Topic("update"), `{"state":{"reported":{"temperature":36,"net":{"rssi":-60,"ip":"a"}}}}`)
	pending(0, 1)
	s.send(key.Topic("update"), `{"state":{"desired":{"temperature":28,"net":{"rssi":-50,"ip":"b"}}}}`)
	pending(3, 2)
	s.send(key.Topic("update"), `{"state":{"reported":{"temperature":28}}}`)
	pending(2, 3)
	if sum, ok := s.reg.Thing("thermal-01"); !ok || sum.Pending != 2 || !cmp.Equal(sum.Shadows, []string{""}) {
		t.Errorf("summary = %+v", sum)
	}
	if found := s.reg.Found(); len(found) != 1 || found[0].Name != "thermal-01" || found[0].Connection != "c1" {
		t.Errorf("found = %+v, want thermal-01 once", found)
	}
	if len(s.reg.Found()) != 0 {
		t.Error("Found gave the same Thing twice")
	}
	s.send(key.Topic("delete"), "")
	if v, ok := s.reg.Shadow(key); !ok || v.Exists || !v.Known {
		t.Errorf("after delete = %+v, want known and not existing", v)
	}
}

func TestRegistryTakesAcceptedWithoutDocuments(t *testing.T) {
	t.Parallel()
	s := newService(t)
	key := shadow.Key{Thing: "t", Name: "cfg"}
	feed := func(op, payload string) {
		s.reg.Feed(broker.Message{Time: 1, Topic: key.Topic(op), Payload: []byte(payload)})
	}
	feed("get/accepted", `{"state":{"desired":{"a":1},"reported":{"a":0}},"metadata":{},"version":4,"timestamp":1}`)
	feed("update/accepted", `{"state":{"reported":{"a":1}},"metadata":{"reported":{"a":{"timestamp":2}}},"version":5,"timestamp":2}`)
	v, _ := s.reg.Shadow(key)
	if v.Pending != 0 || v.Doc.Version != 5 {
		t.Fatalf("after next version: %+v, want merged version 5", v)
	}
	s.reg.Wanted(10)
	feed("update/accepted", `{"state":{"reported":{"a":7}},"metadata":{},"version":9,"timestamp":3}`)
	v, _ = s.reg.Shadow(key)
	if v.Doc.Version != 5 {
		t.Errorf("version %d was taken over a gap", v.Doc.Version)
	}
	if got := s.reg.Wanted(10); !cmp.Equal(got, []shadow.Key{key}) {
		t.Errorf("wanted after a gap = %v, want %v", got, key)
	}
	feed("update/documents", `{"previous":null,"current":{"state":{"reported":{"a":0}},"metadata":{},"version":3},"timestamp":1}`)
	if v, _ = s.reg.Shadow(key); v.Doc.Version == 3 {
		t.Error("an old document replaced a newer one")
	}
}

func TestRegistryIgnoresWhatIsNoThing(t *testing.T) {
	t.Parallel()
	r := NewRegistry("c", nil)
	for _, topic := range []string{
		"factory/1", "$aws/things", "$aws/things/", "$aws/things/x", "$aws/things/x/jobs/get",
		"$aws/things/ghost/shadow/get", "$aws/things/ghost/shadow/delete", "$aws/things/ghost/shadow/get/rejected", "$SYS/broker/clients",
	} {
		r.Feed(broker.Message{Time: 1, Topic: topic, Payload: []byte(`{"code":404,"message":"No shadow exists"}`)})
	}
	if r.Len() != 0 {
		t.Errorf("found %+v", r.Things())
	}
	for _, payload := range []string{"", "nonsense", `{"state":5}`, `[]`, "\xff"} {
		for _, op := range []string{"update/documents", "get/accepted", "update/accepted", "update/delta", "update/rejected"} {
			r.Feed(broker.Message{Time: 1, Topic: "$aws/things/x/shadow/" + op, Payload: []byte(payload)})
		}
	}
	if v, _ := r.Shadow(shadow.Key{Thing: "x"}); v.Exists && v.Doc.Version != 0 {
		t.Errorf("nonsense made a document: %+v", v)
	}
}

func TestPresence(t *testing.T) {
	t.Parallel()
	r := NewRegistry("c", []Thing{{Name: "valve-7"}, {Name: "pump-1"}})
	check := func(when, thing string, want Presence, since int64) {
		t.Helper()
		if s, _ := r.Thing(thing); s.Presence != want || s.PresenceSince != since {
			t.Errorf("%s: %s is %v since %d, want %v since %d", when, thing, s.Presence, s.PresenceSince, want, since)
		}
	}
	check("at first", "valve-7", Unknown, 0)
	r.ForgetClients(true)
	check("told that nobody is there", "valve-7", Offline, 0)
	r.ClientConnected("valve-7", 10)
	check("client ID is the thing name", "valve-7", Online, 10)
	r.ClientConnected("valve-7", 12) // takeover
	check("takeover", "valve-7", Online, 12)
	r.ClientConnected("gateway", 20)
	r.ClientSubscribed("gateway", []string{"$aws/things/pump-1/shadow/update/delta", "$aws/things/+/shadow/#", "#"}, 21)
	check("a gateway speaks for it", "pump-1", Online, 21)
	r.ClientSubscribed("gateway", []string{"$aws/things/valve-7/shadow/#"}, 22)
	r.ClientGone("valve-7", 30)
	check("gateway still speaks", "valve-7", Online, 12)
	r.ClientGone("gateway", 40)
	check("all gone", "valve-7", Offline, 40)
	check("all gone", "pump-1", Offline, 40)
	r.ClientSubscribed("never-connected", []string{"$aws/things/pump-1/shadow/#"}, 50)
	check("unknown client", "pump-1", Offline, 40)
}

func TestActivityIsBounded(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for i := range 3 * MaxActivity {
		s.send("$aws/things/t/shadow/update", fmt.Sprintf(`{"state":{"reported":{"n":%d}}}`, i))
	}
	all := s.reg.Activity("t", 0)
	if len(all) > MaxActivity || len(all) < MaxActivity/2 {
		t.Errorf("%d activities kept, want at most %d", len(all), MaxActivity)
	}
	for i := 1; i < len(all); i++ {
		if all[i].Seq != all[i-1].Seq+1 {
			t.Fatalf("gap between %d and %d", all[i-1].Seq, all[i].Seq)
		}
	}
	last := all[len(all)-1].Seq
	if got := s.reg.Activity("t", last-2); len(got) != 2 || got[0].Seq != last-1 {
		t.Errorf("after %d: %d activities", last-2, len(got))
	}
	if s.reg.Activity("t", last) != nil || s.reg.Activity("nobody", 0) != nil {
		t.Error("activities out of nothing")
	}
}

func TestThingsAreSorted(t *testing.T) {
	t.Parallel()
	r := NewRegistry("c", []Thing{{Name: "z"}, {Name: "b", Group: "g"}, {Name: "a", Display: "zz", Group: "g"}, {Name: "y"}})
	var got []string
	for _, s := range r.Things() {
		got = append(got, s.Name)
	}
	if want := []string{"y", "z", "b", "a"}; !cmp.Equal(got, want) {
		t.Errorf("order = %v, want %v", got, want)
	}
	r.Remove("z")
	if _, ok := r.Thing("z"); ok || r.Len() != 3 {
		t.Error("z was not removed")
	}
}

func TestWanted(t *testing.T) {
	t.Parallel()
	r := NewRegistry("c", []Thing{{Name: "a"}, {Name: "b"}})
	r.PutShadow(shadow.Key{Thing: "a", Name: "s"}, 1)
	if got := len(r.Wanted(2)); got != 2 {
		t.Errorf("first two: got %d", got)
	}
	if got := len(r.Wanted(2)); got != 1 {
		t.Errorf("the rest: got %d", got)
	}
	r.AskAll()
	if got := len(r.Wanted(99)); got != 3 {
		t.Errorf("all again: got %d", got)
	}
}

func TestValidateName(t *testing.T) {
	t.Parallel()
	long := make([]byte, MaxName+1)
	for i := range long {
		long[i] = 'a'
	}
	for name, ok := range map[string]bool{
		"thermal-01": true, "A:b_c-9": true, "": false, "a b": false, "a/b": false, "ä": false, "+": false,
		string(long): false, string(long[1:]): true,
	} {
		if err := ValidateName(name); (err == nil) != ok {
			t.Errorf("ValidateName(%q) = %v, want ok %v", name, err, ok)
		}
	}
}

func TestTopicFilters(t *testing.T) {
	t.Parallel()
	th := Thing{Name: "p1", Filters: []string{"{thing}/#", "site/+/{thing}"}}
	if got, want := th.TopicFilters(), []string{"p1/#", "site/+/p1"}; !cmp.Equal(got, want) {
		t.Errorf("TopicFilters = %v, want %v", got, want)
	}
	if th.Title() != "p1" || (Thing{Name: "a", Display: "b"}).Title() != "b" {
		t.Error("Title")
	}
}

func FuzzFeed(f *testing.F) {
	f.Add("$aws/things/t/shadow/update/documents", []byte(`{"previous":null,"current":{"state":{},"version":1}}`))
	f.Add("$aws/things/t/shadow/name/n/update/accepted", []byte(`{"state":{"reported":null},"version":2}`))
	f.Fuzz(func(_ *testing.T, topic string, payload []byte) {
		r := NewRegistry("c", []Thing{{Name: "t"}})
		for range 2 {
			r.Feed(broker.Message{Time: 1, Topic: topic, Payload: payload})
		}
		for _, th := range r.Things() {
			for _, s := range th.Shadows {
				r.Shadow(shadow.Key{Thing: th.Name, Name: s})
			}
		}
	})
}
