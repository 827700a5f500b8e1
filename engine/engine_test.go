package engine_test

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/engine"
	"github.com/thingdesk/thingdesk/storage"
	"github.com/thingdesk/thingdesk/things"
	"github.com/thingdesk/thingdesk/things/shadow"
	"github.com/thingdesk/thingdesk/things/topic"
)

// The story: the demo controller reports 36, desired 28 is sent, it gets the
// delta, goes to 28 and reports it.
func TestDemoStory(t *testing.T) {
	t.Parallel()
	w, s := started(t, t.TempDir())
	key := shadow.Key{Thing: engine.DemoThing}
	if err := w.StartDemo(t.Context()); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the device reports 36", func() bool { return value(view(s, key).Doc.Reported, "temperature") == "36" })
	eventually(t, "the device is online", func() bool { return summary(s, engine.DemoThing).Presence == things.Online })
	publish(t, s, key.Topic("update"), `{"state":{"desired":{"temperature":34}},"clientToken":"x"}`)
	eventually(t, "pending", func() bool { return view(s, key).Pending == 1 })
	eventually(t, "in sync at 34", func() bool {
		v := view(s, key)
		return v.Pending == 0 && value(v.Doc.Reported, "temperature") == "34"
	})

	w.StopDemo(t.Context())
	eventually(t, "the device is offline", func() bool { return summary(s, engine.DemoThing).Presence == things.Offline })
	publish(t, s, key.Topic("update"), `{"state":{"desired":{"temperature":32,"mode":"cool"}}}`)
	eventually(t, "pending while offline", func() bool { return view(s, key).Pending == 2 })
	if err := w.StartDemo(t.Context()); err != nil {
		t.Fatal(err)
	}
	eventually(t, "in sync after its return", func() bool {
		v := view(s, key)
		return v.Pending == 0 && value(v.Doc.Reported, "temperature") == "32" && value(v.Doc.Reported, "mode") == "cool"
	})
}

func publish(t *testing.T, s *engine.Session, name, payload string) {
	t.Helper()
	if _, err := s.Publish(t.Context(), broker.Message{Topic: name, Payload: []byte(payload), QoS: 1}); err != nil {
		t.Fatal(err)
	}
}

func TestEverythingIsRecordedAndSurvives(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	w, s := started(t, dir)
	device := dial(t, w.Broker().Addr, "device")
	want := map[string]string{}
	for i := range 500 {
		name := fmt.Sprintf("factory/%d", i%7)
		device.publish(t, name, strconv.Itoa(i))
		want[strconv.Itoa(i)] = name
	}
	device.publish(t, "bin", "\xff\x00")
	publish(t, s, "from/thingdesk", "hello")
	device.close(t)
	closeBench(t, w)

	h, err := storage.OpenHistoryReadOnly(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	got, out := map[string]string{}, 0
	err = h.Scan(t.Context(), storage.Query{}, func(r storage.Row) bool {
		switch {
		case r.Message.Direction == broker.Out:
			out++
		case strings.HasPrefix(r.Message.Topic, "factory/"):
			got[string(r.Message.Payload)] = r.Message.Topic
		case r.Message.Topic == "bin" && !bytes.Equal(r.Message.Payload, []byte("\xff\x00")):
			t.Errorf("binary payload came back as %x", r.Message.Payload)
		}
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("recorded (-want +got):\n%s", d)
	}
	if out != 1 {
		t.Errorf("%d messages out, want 1", out)
	}
}

func TestThingsAndShadowsSurvive(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	w, s := started(t, dir)
	device := dial(t, w.Broker().Addr, "pump-1")
	named := shadow.Key{Thing: "pump-1", Name: "config"}
	device.publish(t, named.Topic("update"), `{"state":{"desired":{"big":12345678901234567890}}}`)
	eventually(t, "pump-1 found", func() bool { return view(s, named).Exists })
	if err := s.PutThing(t.Context(), things.Thing{Name: "by-hand", Group: "g/h", Display: "By hand", Filters: []string{"x/{thing}/#"}}); err != nil {
		t.Fatal(err)
	}
	if err := s.PutThing(t.Context(), things.Thing{Name: "no good"}); err == nil {
		t.Error("a Thing with a space in its name was taken")
	}
	if err := s.PutThing(t.Context(), things.Thing{Name: "bad", Filters: []string{"a#"}}); err == nil {
		t.Error("a Thing with a filter that is not valid was taken")
	}
	closeBench(t, w)

	w, s = started(t, dir)
	if sum := summary(s, "by-hand"); sum.Group != "g/h" || sum.Display != "By hand" || !cmp.Equal(sum.Filters, []string{"x/{thing}/#"}) {
		t.Errorf("by-hand came back as %+v", sum)
	}
	eventually(t, "named shadow read again", func() bool { return value(view(s, named).Doc.Desired, "big") == "12345678901234567890" })
	if err := s.RemoveThing(t.Context(), "pump-1", true); err != nil {
		t.Fatal(err)
	}
	closeBench(t, w)

	_, s = started(t, dir)
	if sum := summary(s, "pump-1"); sum.Name != "" {
		t.Errorf("deleted Thing came back as %+v", sum)
	}
}

func TestRemoteBrokerAndSubscriptions(t *testing.T) {
	t.Parallel()
	far, _ := started(t, t.TempDir())
	dir := t.TempDir()
	w := open(t, dir)
	p := broker.NewProfile("far", far.Broker().Addr)
	p.Subscriptions = []broker.Subscription{{Filter: "a/#", QoS: 1}}
	if _, err := w.SaveProfile(t.Context(), p, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := w.SaveProfile(t.Context(), broker.NewProfile("far", "x:1"), nil); err == nil {
		t.Error("two connections of one name were taken")
	}
	if err := w.Connect(t.Context(), p.ID); err != nil {
		t.Fatal(err)
	}
	s := w.Session(p.ID)
	eventually(t, "connected", func() bool { return s.Status().State == broker.Connected })
	g, err := s.Subscribe(t.Context(), broker.Subscription{Filter: "b/+", QoS: 2})
	if err != nil || g.Refused || g.QoS != 2 {
		t.Fatalf("Subscribe = %+v, %v", g, err)
	}
	if _, err := s.Subscribe(t.Context(), broker.Subscription{Filter: "b#"}); err == nil {
		t.Error("a filter that is not valid was taken")
	}
	publish(t, s, "a/1", "x")
	publish(t, s, "b/1", "y")
	publish(t, s, "c/1", "z")
	eventually(t, "a/1 and b/1", func() bool { return s.Counters().Received == 2 })
	if err := s.Unsubscribe(t.Context(), "a/#"); err != nil {
		t.Fatal(err)
	}
	publish(t, s, "a/2", "x")
	publish(t, s, "b/2", "y")
	eventually(t, "b/2", func() (ok bool) {
		s.Topics(func(ix *topic.Index) { _, ok = ix.Find("b/2") })
		return ok
	})
	s.Topics(func(ix *topic.Index) {
		for name, want := range map[string]bool{"a/1": true, "b/1": true, "b/2": true, "a/2": false, "c/1": false} {
			if _, ok := ix.Find(name); ok != want {
				t.Errorf("topic %s known: %v, want %v", name, ok, want)
			}
		}
	})
	closeBench(t, w)

	again := open(t, dir)
	got := again.Session(p.ID).Subscriptions()
	if len(got) != 1 || got[0].Filter != "b/+" || got[0].QoS != 2 {
		t.Errorf("subscriptions after a restart = %+v", got)
	}
	if again.Session(p.ID).Status().State != broker.Closed {
		t.Error("a connection without AutoConnect was opened")
	}
	if err := again.DeleteProfile(t.Context(), p.ID); err != nil || again.Session(p.ID) != nil {
		t.Errorf("DeleteProfile: %v", err)
	}
	if err := again.DeleteProfile(t.Context(), broker.LocalID); err == nil {
		t.Error("the bundled broker was deleted")
	}
}

func TestBrokerStopsAndStarts(t *testing.T) {
	t.Parallel()
	w, s := started(t, t.TempDir())
	if err := w.StopBroker(t.Context()); err != nil {
		t.Fatal(err)
	}
	st := s.Status()
	if st.State != broker.Closed || st.Reason.Text == "" || w.Broker().Running {
		t.Errorf("after stop: %+v, running %v", st, w.Broker().Running)
	}
	if _, err := s.Publish(t.Context(), broker.Message{Topic: "a"}); !errors.Is(err, broker.ErrNotConnected) {
		t.Errorf("publish while stopped: %v, want %v", err, broker.ErrNotConnected)
	}
	if err := w.StartDemo(t.Context()); err == nil {
		t.Error("the demo started without a broker")
	}
	if err := w.StartBroker(t.Context()); err != nil {
		t.Fatal(err)
	}
	eventually(t, "connected again", func() bool { return s.Status().State == broker.Connected })
	publish(t, s, "a", "b")
	eventually(t, "message after restart", func() bool { return s.Counters().Received == 1 })
	if _, err := s.Publish(t.Context(), broker.Message{Topic: "a/+"}); err == nil {
		t.Error("a wildcard was published to")
	}
}

func TestPortInUse(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	addr := taken.Addr().String()
	strict := open(t, t.TempDir(), func(c *engine.Config) { c.Listen = addr })
	if err := strict.StartBroker(t.Context()); err == nil || !strings.Contains(err.Error(), addr) {
		t.Errorf("StartBroker on a taken port: %v, want an error that names %s", err, addr)
	}
	if st := strict.Broker(); st.Running || st.Err == nil {
		t.Errorf("status = %+v", st)
	}
	w, _ := started(t, t.TempDir(), func(c *engine.Config) { c.Listen, c.AnyPort = addr, true })
	if st := w.Broker(); !st.Moved || st.Addr == addr || st.Wanted != addr {
		t.Errorf("status = %+v, want moved away from %s", st, addr)
	}
}

func TestRecordingCanBeSwitchedOff(t *testing.T) {
	t.Parallel()
	w, s := started(t, t.TempDir())
	count := func(filter string) int64 {
		n, err := w.History().Count(t.Context(), storage.Query{Filters: []string{filter}})
		if err != nil {
			t.Error(err)
		}
		return n
	}
	w.SetRecording(false)
	publish(t, s, "off", "1")
	publish(t, s, "between", "1") // applied after "off" was judged
	eventually(t, "between taken in", func() (ok bool) {
		s.Topics(func(ix *topic.Index) { _, ok = ix.Find("between") })
		return ok
	})
	w.SetRecording(true)
	publish(t, s, "on", "1")
	eventually(t, "recorded", func() bool { return count("on") == 1 })
	if n := count("off"); n != 0 {
		t.Errorf("%d messages recorded while off", n)
	}
	n, err := w.DeleteHistory(t.Context(), storage.Query{Filters: []string{"on"}})
	if err != nil || n != 1 || count("on") != 0 {
		t.Errorf("DeleteHistory = %d, %v, want 1", n, err)
	}

	none, _ := started(t, t.TempDir(), func(c *engine.Config) { c.NoHistory = true })
	none.SetRecording(true)
	if none.Recording() || none.History() != nil {
		t.Error("recording without a history")
	}
}

// What the bundled broker carries is recorded as it was published, and our own
// messages as going out.
func TestLocalRecordingIsExact(t *testing.T) {
	t.Parallel()
	w, s := started(t, t.TempDir())
	device := dial(t, w.Broker().Addr, "device")
	for qos := range byte(3) {
		eventually(t, "publish", func() bool {
			_, err := device.Publish(t.Context(), broker.Message{Topic: "a", Payload: []byte{qos}, QoS: qos, Retained: qos == 1})
			return err == nil
		})
	}
	if _, err := s.Publish(t.Context(), broker.Message{Topic: "a", Payload: []byte{9}, QoS: 2}); err != nil {
		t.Fatal(err)
	}
	want := []string{"in q0 retained false 00", "in q1 retained true 01", "in q2 retained false 02", "out q2 retained false 09"}
	var got []string
	eventually(t, "four messages", func() bool {
		got = nil
		err := w.History().Scan(t.Context(), storage.Query{Filters: []string{"a"}}, func(r storage.Row) bool {
			m := r.Message
			got = append(got, fmt.Sprintf("%s q%d retained %v %x", m.Direction, m.QoS, m.Retained, m.Payload))
			return true
		})
		return err == nil && len(got) == 4
	})
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("recorded (-want +got):\n%s", d)
	}
}
