package payload

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// deepest is the nesting up to which pretty JSON is indented further, so that
// hostile nesting cannot make the text explode.
const deepest = 40

// A JSONError says where text stops being JSON.
type JSONError struct {
	Line, Column int    // from 1; columns count bytes
	Why          string // the parser's words
}

// Error returns the place and the reason: "line 2, column 7: …".
func (f *JSONError) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", f.Line, f.Column, f.Why)
}

// CheckJSON returns nil when p is exactly one JSON value, else where it fails.
func CheckJSON(p []byte) *JSONError {
	if json.Valid(p) {
		return nil
	}
	var raw json.RawMessage
	err := json.Unmarshal(p, &raw)
	var syntax *json.SyntaxError
	if !errors.As(err, &syntax) {
		return &JSONError{1, 1, "is not JSON"}
	}
	// Offset counts the bytes read, the offending one included, except at the end.
	at := int(syntax.Offset) - 1
	why := syntax.Error()
	if strings.HasPrefix(why, "unexpected end") {
		at, why = len(p), "ends too early: a value, quote or bracket is missing"
	}
	at = min(max(at, 0), len(p))
	before := p[:at]
	return &JSONError{
		Line:   bytes.Count(before, []byte("\n")) + 1,
		Column: at - (bytes.LastIndexByte(before, '\n') + 1) + 1,
		Why:    why,
	}
}

// Pretty returns p over several lines, indented by two spaces, with every
// literal and the order of members exactly as in p. It returns the fault, and
// nil text, when p is not JSON.
func Pretty(p []byte) ([]byte, *JSONError) {
	if f := CheckJSON(p); f != nil {
		return nil, f
	}
	var out bytes.Buffer
	out.Grow(len(p) + len(p)/2)
	depth := 0
	newline := func() {
		out.WriteByte('\n')
		for range min(depth, deepest) {
			out.WriteString("  ")
		}
	}
	for i := 0; i < len(p); i++ {
		switch c := p[i]; c {
		case ' ', '\t', '\r', '\n':
		case '"':
			end := stringEnd(p, i)
			out.Write(p[i:end])
			i = end - 1
		case '{', '[':
			out.WriteByte(c)
			if next := skipSpace(p, i+1); p[next] == '}' || p[next] == ']' {
				out.WriteByte(p[next])
				i = next
				continue
			}
			depth++
			newline()
		case '}', ']':
			depth--
			newline()
			out.WriteByte(c)
		case ',':
			out.WriteByte(c)
			newline()
		case ':':
			out.WriteString(": ")
		default:
			out.WriteByte(c)
		}
	}
	return out.Bytes(), nil
}

// stringEnd returns the index after the JSON string that begins at i in valid
// JSON.
func stringEnd(p []byte, i int) int {
	for i++; p[i] != '"'; i++ {
		if p[i] == '\\' {
			i++
		}
	}
	return i + 1
}

func skipSpace(p []byte, i int) int {
	for p[i] == ' ' || p[i] == '\t' || p[i] == '\r' || p[i] == '\n' {
		i++
	}
	return i
}
