package form

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/thingdesk/thingdesk/things/shadow"
)

// world is a real shadow service with a form on it.
type world struct {
	t       *testing.T
	service *shadow.Service
	f       *Form
	now     time.Time
	effect  Effect
}

func newWorld(t *testing.T) *world {
	t.Helper()
	s, err := shadow.NewService(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &world{t: t, service: s, f: New(key, Config{}), now: time.Unix(1000, 0)}
}

// publish brings a request to the service and its replies to the form.
func (w *world) publish(suffix string, payload []byte) {
	w.t.Helper()
	w.now = w.now.Add(time.Second)
	replies, _ := w.service.Handle(key.Topic(suffix), payload, w.now)
	at := w.now.UnixMicro()
	for _, r := range replies {
		_, suffix, ok := shadow.ParseTopic(r.Topic)
		if !ok {
			w.t.Fatalf("reply on %s", r.Topic)
		}
		var a struct {
			Token   string          `json:"clientToken"`
			Version int64           `json:"version"`
			Code    int             `json:"code"`
			Message string          `json:"message"`
			Current json.RawMessage `json:"current"`
		}
		if err := json.Unmarshal(r.Payload, &a); err != nil {
			w.t.Fatal(err)
		}
		switch suffix {
		case "update/documents":
			w.read(a.Current, at)
		case "get/accepted":
			w.read(r.Payload, at)
		case "update/accepted":
			w.f.Accepted(a.Token, a.Version, at)
		case "update/rejected":
			w.effect = w.f.Rejected(a.Token, a.Code, a.Message, at)
		}
	}
}

func (w *world) read(document []byte, at int64) {
	w.t.Helper()
	d, err := shadow.DecodeDocument(document)
	if err != nil {
		w.t.Fatal(err)
	}
	w.f.Apply(View{Key: key, Known: true, Exists: true, Doc: d, ReceivedAt: at})
}

func (w *world) send() {
	w.t.Helper()
	u, err := w.f.Send(w.now.UnixMicro(), "tok-"+w.now.String())
	if err != nil {
		w.t.Fatal(err)
	}
	w.publish("update", u.Payload)
}

// TestWithTheService plays 36 → 28 with the real service, then a conflict
// that the form could not have seen coming.
func TestWithTheService(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.publish("update", []byte(`{"state":{"reported":{"temperature":36,"climate":{"mode":"auto","fan":true}}}}`))
	w.f.Edit([]string{"temperature"}, "28")
	if err := w.f.AddProperty("climate.limits.high", "40.50"); err != nil {
		t.Fatal(err)
	}
	w.send()
	if r, _ := w.f.Row("temperature"); r.State != Pending || r.DesiredAt != w.now.Unix() || w.f.Summary().Edited != 0 {
		t.Fatalf("after sending: %+v, %+v", r, w.f.Summary())
	}
	if r, _ := w.f.Row("climate.limits.high"); r.State != DesiredOnly || Text(r.Desired) != "40.50" {
		t.Errorf("added: %+v", r)
	}
	w.publish("update", []byte(`{"state":{"reported":{"temperature":28}}}`))
	if state(t, w.f, "temperature") != InSync {
		t.Errorf("after the report: %v", state(t, w.f, "temperature"))
	}

	w.f.Edit([]string{"temperature"}, "20")
	u, err := w.f.Send(w.now.UnixMicro(), "mine")
	if err != nil {
		t.Fatal(err)
	}
	if _, change := w.service.Handle(key.Topic("update"), []byte(`{"state":{"desired":{"temperature":25}}}`), w.now); change == nil {
		t.Fatal("the other update was not taken")
	}
	w.publish("update", u.Payload)
	if !w.effect.Reread {
		t.Fatal("no re-read is asked for")
	}
	w.publish("get", nil)
	if r, _ := w.f.Row("temperature"); r.State != Conflict || Text(r.Theirs) != "25" || r.Edit != "20" {
		t.Fatalf("after the re-read: %+v", r)
	}
	w.f.KeepMine([]string{"temperature"})
	w.send()
	if r, _ := w.f.Row("temperature"); r.State != Pending || Text(r.Desired) != "20" {
		t.Errorf("after keep mine: %+v", r)
	}

	w.f.ClearDesired([]string{"climate"})
	w.send()
	if s := w.f.Summary(); s.DesiredOnly != 0 || s.Edited != 0 {
		t.Errorf("after clearing: %+v", s)
	}
}
