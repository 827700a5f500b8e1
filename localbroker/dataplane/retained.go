package dataplane

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"unicode/utf8"

	"github.com/thingdesk/thingdesk/localbroker/durable"
	"github.com/thingdesk/thingdesk/localbroker/packet"
	"github.com/thingdesk/thingdesk/things/shadow"
	"github.com/thingdesk/thingdesk/things/topic"
)

// Sizes of a page of retained messages. AWS's default is not known.
const (
	maxResults     = 200
	defaultResults = 50
)

// tokenMark begins what a token stands for, so that anything else is not taken
// for one.
const tokenMark = "after:"

// token returns the nextToken of a page that ends with name.
func token(name string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(tokenMark + name))
}

// token returns after which name a page begins, "" for the first.
func (q query) token() (string, *fault) {
	s, ok := q.text("nextToken")
	if !ok || s == "" {
		return "", nil
	}
	b, err := base64.RawURLEncoding.DecodeString(s)
	name, marked := strings.CutPrefix(string(b), tokenMark)
	if err != nil || !marked || !utf8.ValidString(name) || token(name) != s {
		return "", invalid("Invalid nextToken: give one of an answer, unchanged")
	}
	return name, nil
}

// summary describes a retained message in a list.
type summary struct {
	Topic            string `json:"topic"`
	PayloadSize      int    `json:"payloadSize"` // bytes
	QoS              byte   `json:"qos"`
	LastModifiedTime int64  `json:"lastModifiedTime"` // milliseconds since 1970 UTC
}

// listRetained lists all retained messages by topic, without $ topics.
func (h *Handler) listRetained(a *answer, q query) *fault {
	most, bad := q.number("maxResults", 1, maxResults, defaultResults)
	if bad != nil {
		return bad
	}
	after, bad := q.token()
	if bad != nil {
		return bad
	}
	ms, more := h.broker.Retained("#", after, int(most))
	page := struct {
		RetainedTopics []summary `json:"retainedTopics"`
		NextToken      string    `json:"nextToken,omitempty"`
	}{RetainedTopics: make([]summary, len(ms))}
	for i, m := range ms {
		page.RetainedTopics[i] = summary{m.Topic, len(m.Payload), m.QoS, m.At / 1000}
	}
	if more {
		page.NextToken = token(ms[len(ms)-1].Topic)
	}
	return a.json(page)
}

// getRetained answers with one retained message.
func (h *Handler) getRetained(a *answer, t target) *fault {
	if err := topic.ValidateName(t.name); err != nil {
		return invalid("Invalid topic: %s", err)
	}
	m := h.broker.RetainedMessage(t.name)
	if m == nil {
		return refusal(shadow.CodeNotFound, "No retained message exists for topic: '"+t.name+"'")
	}
	user, err := userProperties(m)
	if err != nil {
		return internal()
	}
	return a.json(struct {
		Topic            string `json:"topic"`
		Payload          []byte `json:"payload"` // base64
		QoS              byte   `json:"qos"`
		LastModifiedTime int64  `json:"lastModifiedTime"`         // milliseconds since 1970 UTC
		UserProperties   []byte `json:"userProperties,omitempty"` // base64 of JSON
	}{m.Topic, m.Payload, m.QoS, m.At / 1000, user})
}

// userProperties returns the User Properties of a message as a JSON array of
// objects with one member each, nil for none.
func userProperties(m *durable.Message) ([]byte, error) {
	var list []map[string]string
	for key, value := range packet.Properties(m.Properties).User() {
		list = append(list, map[string]string{key: value})
	}
	if list == nil {
		return nil, nil
	}
	return json.Marshal(list)
}
