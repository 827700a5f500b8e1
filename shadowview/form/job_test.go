package form

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/thingdesk/thingdesk/things/shadow"
)

// jobWorld is the real service with a Job on it.
type jobWorld struct {
	t       *testing.T
	service *shadow.Service
	now     time.Time
	tokens  int
}

func newJobWorld(t *testing.T, updates ...string) *jobWorld {
	t.Helper()
	s, err := shadow.NewService(nil)
	if err != nil {
		t.Fatal(err)
	}
	w := &jobWorld{t: t, service: s, now: time.Unix(1000, 0)}
	for _, u := range updates {
		name, payload, _ := strings.Cut(u, " ")
		w.handle(shadow.Key{Thing: "pump", Name: name}.Topic("update"), []byte(payload))
	}
	return w
}

func (w *jobWorld) token() string { w.tokens++; return fmt.Sprint("t", w.tokens) }

func (w *jobWorld) handle(topic string, payload []byte) []shadow.Reply {
	w.now = w.now.Add(time.Second)
	replies, _ := w.service.Handle(topic, payload, w.now)
	return replies
}

// run plays a Job to its end; before is called with each request, and may
// answer it in the service's place.
func (w *jobWorld) run(j *Job, before func(n int, r Request) []shadow.Reply) Outcome {
	w.t.Helper()
	r, more := j.Start(w.now.UnixMicro()), true
	for n := 1; more; n++ {
		var replies []shadow.Reply
		if before != nil {
			replies = before(n, r)
		}
		if replies == nil {
			replies = w.handle(r.Topic, r.Payload)
		}
		more = false
		for _, reply := range replies {
			_, suffix, _ := shadow.ParseTopic(reply.Topic)
			var a struct {
				Token   string `json:"clientToken"`
				Version int64  `json:"version"`
				Code    int    `json:"code"`
				Message string `json:"message"`
			}
			if err := json.Unmarshal(reply.Payload, &a); err != nil {
				w.t.Fatal(err)
			}
			answer := Answer{Op: suffix, Version: a.Version, Code: a.Code, Message: a.Message}
			if suffix == "get/accepted" {
				answer.Doc, _ = shadow.DecodeDocument(reply.Payload)
			}
			if next, yes := j.Answer(a.Token, answer, w.now.UnixMicro()); yes {
				r, more = next, true
			}
		}
	}
	o, ok := j.Outcome()
	if !ok {
		w.t.Fatal("the job has not ended")
	}
	return o
}

// holds returns the state of a shadow, "" when there is none.
func (w *jobWorld) holds(name string) string {
	replies := w.handle(shadow.Key{Thing: "pump", Name: name}.Topic("get"), nil)
	if _, suffix, _ := shadow.ParseTopic(replies[0].Topic); suffix != "get/accepted" {
		return ""
	}
	d, err := shadow.DecodeDocument(replies[0].Payload)
	if err != nil {
		w.t.Fatal(err)
	}
	return string(shadow.EncodeValue(sections(d.Desired, d.Reported)))
}

const (
	oldUpdate = `old {"state":{"desired":{"a":1.0,"g":{}},"reported":{"b":[1]}}}`
	oldState  = `{"desired":{"a":1.0,"g":{}},"reported":{"b":[1]}}`
)

var (
	oldKey = shadow.Key{Thing: "pump", Name: "old"}
	newKey = shadow.Key{Thing: "pump", Name: "new"}
)

func TestRename(t *testing.T) {
	t.Parallel()
	w := newJobWorld(t, oldUpdate)
	o := w.run(RenameShadow(oldKey, "new", w.token), nil)
	if !o.OK || o.Show != newKey || !strings.Contains(o.Text, `called "new" now`) {
		t.Errorf("%+v", o)
	}
	if w.holds("old") != "" || w.holds("new") != oldState {
		t.Errorf("old %s, new %s", w.holds("old"), w.holds("new"))
	}
}

// Whatever is refused, everything is in one of the two shadows, and the words
// say which.
func TestRenameRefused(t *testing.T) {
	t.Parallel()
	for n, words := range map[int]string{1: "Nothing was changed", 2: "Nothing was changed", 3: `everything is in "old"`, 4: `"new" has everything, and "old" is still there`, 5: `"new" has everything, and "old" is still there`} {
		w := newJobWorld(t, oldUpdate)
		o := w.run(RenameShadow(oldKey, "new", w.token), func(i int, r Request) []shadow.Reply {
			if i != n {
				return nil
			}
			return shadow.Refuse(r.Topic, r.Payload, 403)
		})
		if o.OK || o.Show != oldKey || !strings.Contains(o.Text, words) || !strings.Contains(o.Text, "403 Forbidden") || !strings.Contains(o.Text, "policy") {
			t.Errorf("%d: %+v", n, o)
		}
		if w.holds("old") != oldState || n > 3 != (w.holds("new") == oldState) {
			t.Errorf("%d: old %s, new %s", n, w.holds("old"), w.holds("new"))
		}
	}
}

func TestRenameNotAnsweredNotSent(t *testing.T) {
	t.Parallel()
	const nothing, copied = "Nothing was changed", "not known whether the copy"
	const there, deleted = "is still there", `not known whether "old" was deleted`
	for n, words := range map[int][3]string{
		1: {nothing, nothing, nothing},
		2: {nothing, nothing, nothing},
		3: {copied, nothing, copied},
		4: {there, there, there},
		5: {deleted, there, deleted},
	} {
		for i, end := range []func(*Job, Request){
			func(j *Job, _ Request) { j.Tick(1 << 60) },
			func(j *Job, r Request) { j.Failed(r.Token, "the connection is closed") },
			func(j *Job, r Request) { j.Unsure(r.Token, "the broker did not confirm") },
		} {
			w := newJobWorld(t, oldUpdate)
			j := RenameShadow(oldKey, "new", w.token)
			o := w.run(j, func(at int, r Request) []shadow.Reply {
				if at != n {
					return nil
				}
				end(j, r)
				return []shadow.Reply{}
			})
			if o.OK || !strings.Contains(o.Text, words[i]) {
				t.Errorf("%d.%d: %+v", n, i, o)
			}
			if _, more := j.Answer(fmt.Sprint("t", n), Answer{Op: "get/accepted"}, 0); more {
				t.Errorf("%d.%d: goes on after its end", n, i)
			}
		}
	}
}

func TestRenameFindsOthersWork(t *testing.T) {
	t.Parallel()
	w := newJobWorld(t, oldUpdate, `new {"state":{"desired":{"x":1}}}`)
	if o := w.run(RenameShadow(oldKey, "new", w.token), nil); o.OK || !strings.Contains(o.Text, "already") || w.holds("old") != oldState {
		t.Errorf("onto another: %+v", o)
	}
	w = newJobWorld(t, oldUpdate)
	o := w.run(RenameShadow(oldKey, "new", w.token), func(n int, _ Request) []shadow.Reply {
		if n == 4 {
			w.handle(oldKey.Topic("update"), []byte(`{"state":{"reported":{"b":[2]}}}`))
		}
		return nil
	})
	if o.OK || !strings.Contains(o.Text, "was changed while it was copied (v1, now v2)") || !strings.Contains(w.holds("old"), "[2]") || w.holds("new") != oldState {
		t.Errorf("changed meanwhile: %+v", o)
	}
	w = newJobWorld(t)
	if o := w.run(RenameShadow(oldKey, "new", w.token), nil); o.OK || !strings.Contains(o.Text, "no shadow") || w.holds("new") != "" {
		t.Errorf("of nothing: %+v", o)
	}
}

func TestAddAndDeleteShadow(t *testing.T) {
	t.Parallel()
	w := newJobWorld(t)
	if o := w.run(AddShadow(newKey, w.token), nil); !o.OK || o.Show != newKey || w.holds("new") != "{}" {
		t.Errorf("add: %+v, %q", o, w.holds("new"))
	}
	if o := w.run(AddShadow(newKey, w.token), nil); o.OK || !strings.Contains(o.Text, "already (v1)") {
		t.Errorf("add again: %+v", o)
	}
	if o := w.run(DeleteShadow(newKey, w.token), func(_ int, r Request) []shadow.Reply { return shadow.Refuse(r.Topic, r.Payload, 500) }); o.OK || !strings.Contains(o.Text, "still there") {
		t.Errorf("delete refused: %+v", o)
	}
	if o := w.run(DeleteShadow(newKey, w.token), nil); !o.OK || o.Show.Name != "" || w.holds("new") != "" {
		t.Errorf("delete: %+v", o)
	}
	if o := w.run(DeleteShadow(newKey, w.token), nil); !o.OK || !strings.Contains(o.Text, "not there any more") {
		t.Errorf("delete again: %+v", o)
	}
}

func TestValidateShadowName(t *testing.T) {
	t.Parallel()
	for name, words := range map[string]string{
		"": "give", strings.Repeat("x", 65): "65 characters", "a b": "only hold", "a/b": "only hold", "ä": "only hold", "#": "only hold",
		"$a:b_c-1": "", strings.Repeat("x", 64): "",
	} {
		err := ValidateShadowName(name)
		if (err == nil) != (words == "") || err != nil && !strings.Contains(err.Error(), words) {
			t.Errorf("%q: %v", name, err)
		}
	}
}
