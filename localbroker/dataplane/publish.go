package dataplane

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/thingdesk/thingdesk/localbroker/durable"
	"github.com/thingdesk/thingdesk/localbroker/packet"
	"github.com/thingdesk/thingdesk/things/shadow"
	"github.com/thingdesk/thingdesk/things/topic"
)

// The headers of Publish that MQTT 5 has properties for.
const (
	headerUser        = "X-Amz-Mqtt5-User-Properties"
	headerFormat      = "X-Amz-Mqtt5-Payload-Format-Indicator"
	headerCorrelation = "X-Amz-Mqtt5-Correlation-Data"
)

// publish publishes a message.
func (h *Handler) publish(a *answer, r *http.Request, t target, q query) *fault {
	m, bad := parsePublish(t.name, q, r.Header)
	if bad != nil {
		return bad
	}
	if m.Payload, bad = body(a, r); bad != nil {
		return bad
	}
	if err := h.broker.Publish(m); err != nil {
		return h.outcome(r.Context(), "publish", err)
	}
	return a.json(struct {
		Message string `json:"message"`
		TraceID string `json:"traceId"`
	}{"OK", a.id})
}

// parsePublish returns the message, without payload, that a request is for.
func parsePublish(name string, q query, head http.Header) (durable.Message, *fault) {
	m := durable.Message{Topic: name}
	if err := topic.ValidateName(name); err != nil {
		return m, invalid("Invalid topic: %s", err)
	}
	qos, bad := q.number("qos", 0, 1, 0)
	if bad != nil {
		return m, bad
	}
	m.QoS = byte(qos)
	if m.Retain, bad = q.flag("retain"); bad != nil {
		return m, bad
	}
	if bad := reserved(name, m.Retain); bad != nil {
		return m, bad
	}
	m.Properties, bad = parseProperties(q, head)
	return m, bad
}

// reserved says why a topic that begins with $ cannot be published on: the
// broker's own values, the answers of the shadow service; nothing is retained
// there.
func reserved(name string, retain bool) *fault {
	if !strings.HasPrefix(name, "$") {
		return nil
	}
	if strings.HasPrefix(name, "$SYS/") || name == "$SYS" {
		return invalid("Invalid topic: only the broker publishes on $SYS")
	}
	if _, suffix, ok := shadow.ParseTopic(name); ok && suffix != string(Get) && suffix != string(Update) && suffix != string(Delete) {
		return invalid("Invalid topic: only the shadow service publishes on it")
	}
	if retain {
		return invalid("Invalid retain: messages on topics that begin with $ are not retained")
	}
	return nil
}

// parseProperties returns the properties of MQTT 5 that a request names.
func parseProperties(q query, head http.Header) ([]byte, *fault) {
	var p packet.Properties
	switch format := head.Get(headerFormat); format {
	case "":
	case "UNSPECIFIED_BYTES":
		p = p.AppendUint(packet.PayloadFormat, 0)
	case "UTF8_DATA":
		p = p.AppendUint(packet.PayloadFormat, 1)
	default:
		return nil, invalid("payloadFormatIndicator must be UNSPECIFIED_BYTES or UTF8_DATA")
	}
	expiry, bad := q.number("messageExpiry", 1, math.MaxUint32, 0)
	if bad != nil {
		return nil, bad
	}
	if expiry > 0 {
		p = p.AppendUint(packet.MessageExpiry, uint32(expiry))
	}
	if s, ok := q.text("contentType"); ok {
		if !validText(s) {
			return nil, invalid("Invalid contentType")
		}
		p = p.AppendString(packet.ContentType, s)
	}
	if s, ok := q.text("responseTopic"); ok {
		if err := topic.ValidateName(s); err != nil {
			return nil, invalid("Invalid responseTopic: %s", err)
		}
		p = p.AppendString(packet.ResponseTopic, s)
	}
	if s := head.Get(headerCorrelation); s != "" {
		data, err := decodeBase64(s)
		if err != nil || len(data) > math.MaxUint16 {
			return nil, invalid("Invalid correlationData: it must be base64")
		}
		p = p.AppendString(packet.CorrelationData, string(data))
	}
	if s := head.Get(headerUser); s != "" {
		list, err := decodeBase64(s)
		if err == nil {
			p, err = appendUser(p, list)
		}
		if err != nil {
			return nil, invalid(`Invalid userProperties: they must be base64 of a JSON array like [{"name": "value"}]`)
		}
	}
	return p, nil
}

// decodeBase64 reads base64 with or without padding.
func decodeBase64(s string) ([]byte, error) {
	return base64.RawStdEncoding.DecodeString(strings.TrimRight(s, "="))
}

// validText tells whether s may be a string of MQTT [MQTT-1.5.4-1, -2].
func validText(s string) bool {
	return len(s) <= math.MaxUint16 && utf8.ValidString(s) && !strings.Contains(s, "\x00")
}

var errNoProperties = errors.New("no array of objects with strings")

// appendUser appends the User Properties in a JSON array of objects, in the
// order in which they stand there.
func appendUser(p packet.Properties, list []byte) (packet.Properties, error) {
	var objects []json.RawMessage
	if !utf8.Valid(list) {
		return nil, errNoProperties
	}
	if err := json.Unmarshal(list, &objects); err != nil {
		return nil, err
	}
	for _, object := range objects {
		d := json.NewDecoder(bytes.NewReader(object))
		if open, err := d.Token(); err != nil || open != json.Delim('{') {
			return nil, errNoProperties
		}
		for d.More() {
			key, err := nextString(d)
			if err != nil {
				return nil, err
			}
			value, err := nextString(d)
			if err != nil {
				return nil, err
			}
			p = p.AppendUser(key, value)
		}
	}
	return p, nil
}

// nextString reads a string that MQTT can carry.
func nextString(d *json.Decoder) (string, error) {
	t, err := d.Token()
	if err != nil {
		return "", err
	}
	s, ok := t.(string)
	if !ok || !validText(s) {
		return "", errNoProperties
	}
	return s, nil
}
