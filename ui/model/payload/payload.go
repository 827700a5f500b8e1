// Package payload turns message payloads into what a person reads: it says what
// a payload was taken for and why, writes JSON prettily without changing any
// literal, dumps bytes as hex, and compares two payloads line by line. Nothing
// is cut silently: a limit that took effect is named and can be lifted.
package payload

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/thingdesk/thingdesk/ui/model"
)

// Kind is what a payload looks like.
type Kind uint8

// The kinds.
const (
	Empty  Kind = iota // no bytes
	JSON               // one JSON value (RFC 8259) in UTF-8
	Text               // UTF-8 without control characters
	Binary             // anything else
)

// Detect tells what p looks like and why, in words such as "JSON object",
// "text (UTF-8)" or "binary: byte 0x80 at 12 is not UTF-8".
func Detect(p []byte) (Kind, string) {
	if len(p) == 0 {
		return Empty, "empty payload"
	}
	if at := invalidUTF8(p); at >= 0 {
		return Binary, binaryWords(p, fmt.Sprintf("byte 0x%02x at %s is not UTF-8", p[at], model.Count(at)))
	}
	if json.Valid(p) {
		return JSON, "JSON " + jsonType(p)
	}
	if at := bytes.IndexFunc(p, control); at >= 0 {
		return Binary, binaryWords(p, fmt.Sprintf("control character 0x%02x at %s", p[at], model.Count(at)))
	}
	if b := bytes.TrimSpace(p); len(b) > 0 && (b[0] == '{' || b[0] == '[') {
		if f := CheckJSON(p); f != nil {
			return Text, "text (UTF-8), not JSON: " + f.Error()
		}
	}
	return Text, "text (UTF-8)"
}

// invalidUTF8 returns the offset of the first byte that is not UTF-8, or -1.
func invalidUTF8(p []byte) int {
	for i := 0; i < len(p); {
		if p[i] < utf8.RuneSelf {
			i++
			continue
		}
		r, n := utf8.DecodeRune(p[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return -1
}

func control(r rune) bool {
	return r < ' ' && r != '\n' && r != '\r' && r != '\t' || r == 0x7f
}

func jsonType(p []byte) string {
	switch b := bytes.TrimSpace(p); b[0] {
	case '{':
		return "object"
	case '[':
		return "array"
	case '"':
		return "string"
	case 't', 'f':
		return "boolean"
	case 'n':
		return "null"
	default:
		return "number"
	}
}

// binaryWords names the format when the first bytes give it away.
func binaryWords(p []byte, why string) string {
	for _, m := range []struct{ magic, name string }{
		{"\x1f\x8b", "gzip"},
		{"\x89PNG\r\n\x1a\n", "PNG image"},
		{"\xff\xd8\xff", "JPEG image"},
		{"GIF8", "GIF image"},
		{"PK\x03\x04", "zip"},
		{"\x28\xb5\x2f\xfd", "Zstandard"},
		{"\x30\x82", "DER, perhaps a certificate"},
	} {
		if bytes.HasPrefix(p, []byte(m.magic)) {
			return "binary (looks like " + m.name + "): " + why
		}
	}
	return "binary: " + why
}

// readable returns p as text for the screen: line ends as \n, bytes that are
// not UTF-8 as � and control characters as their symbols, with a note about
// what was replaced.
func readable(p []byte) (text, note string) {
	text = string(p)
	if strings.ContainsRune(text, '\r') {
		text = strings.ReplaceAll(text, "\r\n", "\n")
	}
	if !utf8.ValidString(text) {
		n := 0
		for i := 0; i < len(p); {
			r, size := utf8.DecodeRune(p[i:])
			if r == utf8.RuneError && size == 1 {
				n++
			}
			i += size
		}
		note = plural(n, "byte") + " shown as �, being no UTF-8"
		text = strings.ToValidUTF8(text, "�")
	}
	if strings.ContainsFunc(text, control) {
		text = strings.Map(func(r rune) rune {
			switch {
			case r == 0x7f:
				return '␡'
			case control(r):
				return '␀' + r
			default:
				return r
			}
		}, text)
		note = joinNotes(note, "control characters are shown as symbols")
	}
	return text, note
}

func joinNotes(notes ...string) string {
	var kept []string
	for _, n := range notes {
		if n != "" {
			kept = append(kept, n)
		}
	}
	return strings.Join(kept, "; ")
}

// plural writes a count with its noun: "1 byte", "1,204 bytes".
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return model.Count(n) + " " + noun + "s"
}
