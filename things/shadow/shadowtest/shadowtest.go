// Package shadowtest holds the cases that every Device Shadow service of
// Thingdesk must pass, and runs them against one.
package shadowtest

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
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
		Base64  []byte          `json:"base64"` // instead of Payload, what is no UTF-8
	} `json:"publish"`
	Expect     []Expectation `json:"expect"`
	ExpectNone []string      `json:"expect_none"`
	// Order, unless nil, names the topics of all messages in their order.
	Order []string `json:"order"`
}

// Expectation is a message that must come exactly once.
type Expectation struct {
	Topic    string          `json:"topic"`
	Payload  json.RawMessage `json:"payload"`
	Absent   []string        `json:"absent"`   // JSON pointers
	Exact    bool            `json:"exact"`    // no members but those of Payload
	Contains []string        `json:"contains"` // parts of the text, for literals
}

// vectors are the shared cases, own those of this project.
var (
	//go:embed testdata/shadow.json
	vectors []byte
	//go:embed testdata/own.json
	own []byte
)

// repeated is <<text*n>> for n times text.
var repeated = regexp.MustCompile(`<<(.+?)\*(\d+)>>`)

// Cases returns the cases.
func Cases(t *testing.T) []Case {
	t.Helper()
	var all []Case
	for _, text := range [][]byte{vectors, own} {
		text = repeated.ReplaceAllFunc(text, func(m []byte) []byte {
			parts := repeated.FindSubmatch(m)
			n, err := strconv.Atoi(string(parts[2]))
			if err != nil {
				t.Fatalf("read shadow vectors: %v", err)
			}
			return bytes.Repeat(parts[1], n)
		})
		var cases []Case
		if err := json.Unmarshal(text, &cases); err != nil {
			t.Fatalf("read shadow vectors: %v", err)
		}
		if len(cases) == 0 {
			t.Fatal("no shadow vectors")
		}
		all = append(all, cases...)
	}
	return all
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
	var order []string
	for _, m := range exchange(t, c.topic(step.Publish.Topic), step.payload(t)) {
		got[m.Topic] = append(got[m.Topic], m.Payload)
		order = append(order, m.Topic)
	}
	if step.Order != nil {
		want := make([]string, 0, len(step.Order))
		for _, suffix := range step.Order {
			want = append(want, c.topic(suffix))
		}
		if !slices.Equal(want, order) {
			t.Errorf("step %d: messages %q, want %q", i, order, want)
		}
	}
	for _, want := range step.Expect {
		payloads := got[c.topic(want.Topic)]
		if len(payloads) != 1 {
			t.Errorf("step %d: %d messages on %s, want 1; all: %.2000q", i, len(payloads), want.Topic, got)
			continue
		}
		want.judge(t, fmt.Sprintf("step %d: %s", i, want.Topic), payloads[0], began)
	}
	for _, topic := range step.ExpectNone {
		if payloads := got[c.topic(topic)]; len(payloads) > 0 {
			t.Errorf("step %d: want nothing on %s, got %q", i, topic, payloads)
		}
	}
}

// judge compares a message with what is expected of it.
func (e Expectation) judge(t *testing.T, what string, payload []byte, began int64) {
	t.Helper()
	have, err := shadow.DecodeValue(payload)
	if err != nil {
		t.Errorf("%s: %v in %q", what, err, payload)
		return
	}
	expected, err := shadow.DecodeValue(e.Payload)
	if err != nil {
		t.Fatalf("%s: vector: %v", what, err)
	}
	if why := mismatch(expected, have, e.Exact, began); why != "" {
		t.Errorf("%s%s\ngot %.4000s", what, why, payload)
	}
	for _, pointer := range e.Absent {
		if exists(have, pointer) {
			t.Errorf("%s has %s, which must be absent\ngot %.4000s", what, pointer, payload)
		}
	}
	for _, part := range e.Contains {
		if !bytes.Contains(payload, []byte(part)) {
			t.Errorf("%s lacks %s\ngot %.4000s", what, part, payload)
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
	if s.Publish.Base64 != nil {
		return s.Publish.Base64
	}
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
// does. Objects are compared by subset unless exact; "<ts>" stands for epoch
// seconds not before began, give or take a minute of clock.
func mismatch(want, have any, exact bool, began int64) string {
	switch want := want.(type) {
	case shadow.Object:
		object, ok := have.(shadow.Object)
		if !ok {
			return fmt.Sprintf(": want an object, got %v", have)
		}
		if exact {
			for k := range object {
				if _, ok := want[k]; !ok {
					return "/" + k + ": not expected"
				}
			}
		}
		for k, v := range want {
			w, ok := object[k]
			if !ok {
				return "/" + k + ": missing"
			}
			if why := mismatch(v, w, exact, began); why != "" {
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
			if why := mismatch(want[i], array[i], exact, began); why != "" {
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
