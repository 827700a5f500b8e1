// Package shadowtest holds the cases that every Device Shadow service of
// Thingdesk must pass, and runs them against one.
package shadowtest

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/thingdesk/thingdesk/things/shadow"
)

// Message is one message the service published.
type Message struct {
	Topic   string
	Payload []byte
}

// Exchange publishes one request and returns every message on shadow topics
// that the service published because of it, once it is sure that no more will
// come. The request itself is not among them.
type Exchange func(t *testing.T, topic string, payload []byte) []Message

// Case is one story told to a service that knows none of its shadows.
type Case struct {
	ID     string `json:"id"`
	About  string `json:"about"`
	Source string `json:"source"`
	Thing  string `json:"thing"`
	Shadow string `json:"shadow"` // "" is the classic shadow
	Steps  []Step `json:"steps"`
}

// Step is one request and what must and must not come of it.
type Step struct {
	Publish struct {
		Topic   string          `json:"topic"`
		Payload json.RawMessage `json:"payload"`
	} `json:"publish"`
	Expect []struct {
		Topic   string          `json:"topic"`
		Payload json.RawMessage `json:"payload"`
		Absent  []string        `json:"absent"` // JSON pointers
	} `json:"expect"`
	ExpectNone []string `json:"expect_none"`
}

//go:embed testdata/shadow.json
var vectors []byte

// Cases returns the cases.
func Cases(t *testing.T) []Case {
	t.Helper()
	var cases []Case
	if err := json.Unmarshal(vectors, &cases); err != nil {
		t.Fatalf("read shadow vectors: %v", err)
	}
	if len(cases) == 0 {
		t.Fatal("no shadow vectors")
	}
	return cases
}

// Run runs every case as a subtest. start returns the Exchange of a service
// without shadows; a service may be shared by cases whose fresh shadows are
// kept apart by other means, for no two cases that need a missing shadow create
// it first.
func Run(t *testing.T, start func(t *testing.T) Exchange) {
	t.Helper()
	for _, c := range Cases(t) {
		t.Run(c.ID, func(t *testing.T) {
			exchange := start(t)
			t.Log(c.About)
			for i := range c.Steps {
				c.step(t, i, exchange)
			}
		})
	}
}

// step publishes a request and judges the answers.
func (c Case) step(t *testing.T, i int, exchange Exchange) {
	t.Helper()
	step := c.Steps[i]
	began := time.Now().Unix()
	got := make(map[string][][]byte)
	for _, m := range exchange(t, c.topic(step.Publish.Topic), step.payload(t)) {
		got[m.Topic] = append(got[m.Topic], m.Payload)
	}
	for _, want := range step.Expect {
		payloads := got[c.topic(want.Topic)]
		if len(payloads) != 1 {
			t.Errorf("step %d: %d messages on %s, want 1; all: %q", i, len(payloads), want.Topic, got)
			continue
		}
		have, err := shadow.DecodeValue(payloads[0])
		if err != nil {
			t.Errorf("step %d: %s: %v in %q", i, want.Topic, err, payloads[0])
			continue
		}
		expected, err := shadow.DecodeValue(want.Payload)
		if err != nil {
			t.Fatalf("step %d: vector %s: %v", i, want.Topic, err)
		}
		if why := mismatch(expected, have, began); why != "" {
			t.Errorf("step %d: %s%s\ngot %s", i, want.Topic, why, payloads[0])
		}
		for _, pointer := range want.Absent {
			if exists(have, pointer) {
				t.Errorf("step %d: %s has %s, which must be absent\ngot %s", i, want.Topic, pointer, payloads[0])
			}
		}
	}
	for _, topic := range step.ExpectNone {
		if payloads := got[c.topic(topic)]; len(payloads) > 0 {
			t.Errorf("step %d: want nothing on %s, got %q", i, topic, payloads)
		}
	}
}

// topic returns the full topic for a suffix or a full topic of the vectors.
func (c Case) topic(suffix string) string {
	if strings.HasPrefix(suffix, "$aws/") {
		return suffix
	}
	return shadow.Key{Thing: c.Thing, Name: c.Shadow}.Topic(suffix)
}

// payload returns the bytes to publish: a JSON string stands for its text.
func (s Step) payload(t *testing.T) []byte {
	t.Helper()
	if len(s.Publish.Payload) > 0 && s.Publish.Payload[0] == '"' {
		var text string
		if err := json.Unmarshal(s.Publish.Payload, &text); err != nil {
			t.Fatalf("vector payload: %v", err)
		}
		return []byte(text)
	}
	return s.Publish.Payload
}

// mismatch says where have does not contain want, as "/path: why"; "" when it
// does. Objects are compared by subset; "<ts>" stands for epoch seconds not
// before began, give or take a minute of clock.
func mismatch(want, have any, began int64) string {
	switch want := want.(type) {
	case shadow.Object:
		object, ok := have.(shadow.Object)
		if !ok {
			return fmt.Sprintf(": want an object, got %v", have)
		}
		for k, v := range want {
			w, ok := object[k]
			if !ok {
				return "/" + k + ": missing"
			}
			if why := mismatch(v, w, began); why != "" {
				return "/" + k + why
			}
		}
		return ""
	case []any:
		array, ok := have.([]any)
		if !ok || len(array) != len(want) {
			return fmt.Sprintf(": want %v, got %v", want, have)
		}
		for i := range want {
			if why := mismatch(want[i], array[i], began); why != "" {
				return fmt.Sprintf("/%d%s", i, why)
			}
		}
		return ""
	case string:
		if want == "<ts>" {
			return noTimestamp(have, began)
		}
	}
	if !shadow.Equal(want, have) {
		return fmt.Sprintf(": want %v, got %v", want, have)
	}
	return ""
}

func noTimestamp(have any, began int64) string {
	number, _ := have.(json.Number)
	n, err := number.Int64()
	if err != nil || n < began-3600 || n > began+60 {
		return fmt.Sprintf(": want epoch seconds of now, got %v", have)
	}
	return ""
}

// exists tells whether v has the place that an RFC 6901 pointer names.
func exists(v any, pointer string) bool {
	unescape := strings.NewReplacer("~1", "/", "~0", "~")
	for name := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		object, _ := v.(shadow.Object)
		next, ok := object[unescape.Replace(name)]
		if !ok {
			return false
		}
		v = next
	}
	return true
}
