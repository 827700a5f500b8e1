package form

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/thingdesk/thingdesk/things/shadow"
)

// Message is one message on a shadow topic.
type Message struct {
	At      int64  // microseconds since 1970 UTC
	Suffix  string // "update", "update/accepted" ...
	Payload []byte
	Out     bool // published by Thingdesk
}

// Line is a Message in words.
type Line struct {
	At       int64
	Text     string
	Severity Severity
}

// echoTime is how long after publishing the broker may send a request back.
const echoTime = 5_000_000

// Activity puts messages, given in the order of their times, into words of at
// most limit runes of JSON each. The broker's copies of our own requests are
// left out, and so are the documents messages, which only repeat what accepted
// says.
func Activity(ms []Message, limit int) []Line {
	var lines []Line
	for i, m := range ms {
		if m.Suffix == "update/documents" || !m.Out && echoed(ms[:i], m) {
			continue
		}
		lines = append(lines, Describe(m, limit))
	}
	return lines
}

func echoed(before []Message, m Message) bool {
	for _, o := range slices.Backward(before) {
		if m.At-o.At > echoTime {
			return false
		}
		if o.Out && o.Suffix == m.Suffix && bytes.Equal(o.Payload, m.Payload) {
			return true
		}
	}
	return false
}

// Describe puts one message into words; JSON is cut to limit runes.
func Describe(m Message, limit int) Line {
	line := Line{At: m.At}
	v, err := shadow.DecodeValue(m.Payload)
	o, _ := v.(shadow.Object)
	op, kind, _ := strings.Cut(m.Suffix, "/")
	switch {
	case m.Suffix == "update" && (err != nil || o == nil):
		line.Text = who(m.Out, "device") + " → update that is no JSON object: " + clip(string(m.Payload), limit)
		line.Severity = Warning
	case m.Suffix == "update":
		line.Text = request(m.Out, o, limit)
		if m.Out {
			line.Severity = Own
		}
	case m.Suffix == "get":
		line.Text = who(m.Out, "someone") + " asked for the shadow"
	case m.Suffix == "delete":
		line.Text = who(m.Out, "someone") + " deleted the shadow"
		line.Severity = Warning
	case kind == "accepted":
		line.Text = accepts(op, o)
		line.Severity = Good
	case kind == "rejected":
		line.Text = rejects(op, o)
		line.Severity = Alarm
	case kind == "delta":
		line.Text = "delta → device " + compact(o["state"], limit)
	default:
		line.Text = strings.ReplaceAll(m.Suffix, "/", " ") + " " + clip(string(m.Payload), limit)
	}
	return line
}

func accepts(op string, o shadow.Object) string {
	switch op {
	case "get":
		return "the shadow was read, v" + word(o["version"])
	case "delete":
		return "deleted v" + word(o["version"])
	default:
		return "accepted v" + word(o["version"])
	}
}

// rejects describes a rejection. A payload without a code is none that the
// service sends.
func rejects(op string, o shadow.Object) string {
	text := "refused without a code"
	if n, ok := o["code"].(json.Number); ok {
		code, _ := strconv.Atoi(n.String()) // a code that is no integer counts as unknown
		message, _ := o["message"].(string)
		text = Refusal{Op: op, Code: code, Message: message}.Brief()
	}
	if op != "update" {
		return op + " " + text
	}
	return text
}

// request describes an update request. Who wrote desired from outside is not
// known; who wrote reported is taken to be the device.
func request(out bool, o shadow.Object, limit int) string {
	state, ok := o["state"].(shadow.Object)
	if !ok {
		return who(out, "someone") + " → state " + compact(o["state"], limit)
	}
	var parts []string
	if v, ok := state["desired"]; ok {
		parts = append(parts, who(out, "someone else")+" → desired "+compact(v, limit))
	}
	if v, ok := state["reported"]; ok {
		parts = append(parts, who(out, "device")+" → reported "+compact(v, limit))
	}
	if parts == nil {
		return who(out, "someone") + " → empty update"
	}
	return strings.Join(parts, ", ")
}

func who(out bool, other string) string {
	if out {
		return "you"
	}
	return other
}

func word(v any) string {
	switch v := v.(type) {
	case json.Number:
		return v.String()
	case string:
		return v
	default:
		return "?"
	}
}

// compact writes JSON for reading: {temperature: 28, mode: "auto"}.
func compact(v any, limit int) string {
	var b strings.Builder
	writeCompact(&b, v, 4*limit)
	return clip(b.String(), limit)
}

// writeCompact stops when b has grown past most bytes.
func writeCompact(b *strings.Builder, v any, most int) {
	if b.Len() > most {
		return
	}
	switch v := v.(type) {
	case shadow.Object:
		b.WriteByte('{')
		first := true
		names := make([]string, 0, len(v))
		for k := range v {
			names = append(names, k)
		}
		slices.Sort(names)
		for _, k := range names {
			if !first {
				b.WriteString(", ")
			}
			first = false
			b.WriteString(PathText([]string{k}))
			b.WriteString(": ")
			writeCompact(b, v[k], most)
		}
		b.WriteByte('}')
	case []any:
		b.WriteByte('[')
		for i, e := range v {
			if i > 0 {
				b.WriteString(", ")
			}
			writeCompact(b, e, most)
		}
		b.WriteByte(']')
	default:
		b.Write(shadow.EncodeValue(v))
	}
}
