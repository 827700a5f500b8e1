package shadow

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"slices"
	"unicode/utf8"
)

// Object is a JSON object with its values as encoding/json decodes them with
// UseNumber: nil, bool, string, json.Number, []any, Object. Numbers keep their
// literal.
type Object = map[string]any

// errTrailing means that a payload goes on after its JSON value.
var errTrailing = errors.New("more than one JSON value")

// DecodeValue reads exactly one JSON value. Numbers keep their literal; of
// members that stand twice the last wins (U22).
func DecodeValue(b []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errTrailing
	}
	return v, nil
}

// EncodeValue writes a value of the kinds that Object names as compact JSON:
// members sorted, numbers with their literal, only those characters escaped
// that JSON demands. Anything else becomes null.
func EncodeValue(v any) []byte { return appendValue(nil, v) }

func appendValue(b []byte, v any) []byte {
	switch v := v.(type) {
	case Object:
		return appendObject(b, v)
	case []any:
		b = append(b, '[')
		for i, e := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendValue(b, e)
		}
		return append(b, ']')
	case string:
		return appendString(b, v)
	case json.Number:
		return append(b, v...)
	case bool:
		if v {
			return append(b, "true"...)
		}
		return append(b, "false"...)
	default:
		return append(b, "null"...)
	}
}

func appendObject(b []byte, o Object) []byte {
	b = append(b, '{')
	for i, k := range slices.Sorted(maps.Keys(o)) {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, k)
		b = append(b, ':')
		b = appendValue(b, o[k])
	}
	return append(b, '}')
}

func appendString(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	for _, r := range s { // invalid UTF-8 gives U+FFFD
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r == '\n':
			b = append(b, `\n`...)
		case r == '\r':
			b = append(b, `\r`...)
		case r == '\t':
			b = append(b, `\t`...)
		case r < 0x20:
			b = append(b, `\u00`...)
			b = append(b, hex[r>>4], hex[r&15])
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return append(b, '"')
}

// member is a member of an object whose order matters.
type member struct {
	name  string
	value any // a value of the kinds that Object names, or raw
}

// raw is JSON text to be written as it is.
type raw []byte

// encodeMembers writes an object with its members in the given order.
func encodeMembers(ms ...member) raw {
	b := []byte{'{'}
	for i, m := range ms {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, m.name)
		b = append(b, ':')
		if r, ok := m.value.(raw); ok {
			b = append(b, r...)
		} else {
			b = appendValue(b, m.value)
		}
	}
	return append(b, '}')
}
