// Package dialect translates between MQTT messages and what they mean for a
// Thing's reported and desired state, one file for each platform. Everything
// in it is a pure function.
package dialect

import (
	"encoding/json"

	"github.com/thingdesk/thingdesk/things/shadow"
)

// Kind sorts what a message says about a shadow.
type Kind int

// The kinds of facts.
const (
	// Request is somebody's get, update or delete; nothing is known to have changed.
	Request Kind = iota
	// Document carries the whole shadow document: get/accepted, update/documents.
	Document
	// Accepted confirms an update; Doc holds just the sections of the request.
	Accepted
	// Delta carries what the device still has to do.
	Delta
	// Gone says that the shadow does not exist: delete/accepted or a get answered 404.
	Gone
	// Rejected refuses a request with Code and Message.
	Rejected
)

// Fact is what one message says about one shadow.
type Fact struct {
	Kind Kind
	// Key is the shadow it is about.
	Key shadow.Key
	// Op is the topic after the shadow's prefix: "update/accepted".
	Op string
	// Doc is the document, as far as Kind says it is there.
	Doc shadow.Document
	// Version is the shadow's version, 0 when the message has none.
	Version int64
	// Token is the client token; "" when there is none.
	Token string
	// Code and Message are those of a rejection.
	Code    int
	Message string
}

// AWSFilters are the topic filters that bring every shadow message. A leading
// wildcard such as # does not cover them (MQTT-4.7.2-1).
var AWSFilters = []string{"$aws/things/+/shadow/#"}

// AWS reads a message on the shadow topics of AWS IoT Core, which the bundled
// broker's shadow service shares. ok is false for every other topic, and for
// payloads of the service's topics that are not what the service sends.
func AWS(topic string, payload []byte) (f Fact, ok bool) {
	key, op, ok := shadow.ParseTopic(topic)
	if !ok {
		return Fact{}, false
	}
	f = Fact{Key: key, Op: op}
	var head struct {
		Version json.Number     `json:"version"`
		Token   string          `json:"clientToken"`
		Code    int             `json:"code"`
		Message string          `json:"message"`
		Current json.RawMessage `json:"current"`
	}
	bad := json.Unmarshal(payload, &head) != nil
	f.Token, f.Code, f.Message = head.Token, head.Code, head.Message
	f.Version, _ = head.Version.Int64() // a version that is no integer counts as none
	switch op {
	case "get", "update", "delete":
		f.Kind = Request
		return f, true
	case "get/accepted":
		f.Kind = Document
		return withDocument(f, payload)
	case "update/documents":
		f.Kind = Document
		return withDocument(f, head.Current)
	case "update/accepted":
		f.Kind = Accepted
		return withDocument(f, payload)
	case "update/delta":
		f.Kind = Delta
		return f, !bad
	case "delete/accepted":
		f.Kind = Gone
		return f, !bad
	case "get/rejected", "update/rejected", "delete/rejected":
		f.Kind = Rejected
		if f.Code == 404 && op != "update/rejected" {
			f.Kind = Gone
		}
		return f, !bad
	}
	return Fact{}, false
}

func withDocument(f Fact, payload []byte) (Fact, bool) {
	doc, err := shadow.DecodeDocument(payload)
	if err != nil {
		return Fact{}, false
	}
	f.Doc, f.Version = doc, doc.Version
	return f, true
}

// AWSGet returns the topic and payload that ask for a shadow's document.
func AWSGet(key shadow.Key, token string) (topic string, payload []byte) {
	if token == "" {
		return key.Topic("get"), nil
	}
	return key.Topic("get"), []byte(`{"clientToken":` + quote(token) + `}`)
}

// AWSDelete returns the topic and payload that delete a shadow.
func AWSDelete(key shadow.Key) (topic string, payload []byte) {
	return key.Topic("delete"), nil
}

func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil { // cannot happen for a string
		return `""`
	}
	return string(b)
}
