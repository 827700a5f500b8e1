package shadow

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Object is a JSON object with its values as encoding/json decodes them with
// UseNumber: nil, bool, string, json.Number, []any, Object. Numbers keep their
// literal.
type Object = map[string]any

// DecodeValue reads exactly one JSON value. Numbers keep their literal; of
// members that stand twice the last wins (U22). Bytes that are no UTF-8 and
// escapes of surrogates without partner give U+FFFD. The error for text that is
// no JSON is encoding/json's: a *json.SyntaxError says where, io.EOF and
// io.ErrUnexpectedEOF that it ends too early.
func DecodeValue(b []byte) (any, error) {
	text := string(b)
	if !utf8.ValidString(text) {
		text = string([]rune(text))
	}
	n, err := parse(text)
	if err != nil {
		return nil, explained(text, err)
	}
	return n.decoded(), nil
}

// explained returns what encoding/json says to text that is no JSON, or err.
func explained(text string, err error) error {
	var v any
	if why := json.NewDecoder(strings.NewReader(text)).Decode(&v); why != nil {
		return why
	}
	return err // a whole value and more
}

// decoded returns the value as Object says.
func (n *node) decoded() any {
	switch n.kind {
	case object:
		o := make(Object, len(n.kids))
		for i := range n.kids {
			o[unescape(n.kids[i].name)] = n.kids[i].decoded()
		}
		return o
	case array:
		a := make([]any, len(n.kids))
		for i := range n.kids {
			a[i] = n.kids[i].decoded()
		}
		return a
	default:
		return decodedScalar(n.text)
	}
}

func decodedScalar(text string) any {
	switch text[0] {
	case '"':
		return unescape(text[1 : len(text)-1])
	case 'n':
		return nil
	case 't':
		return true
	case 'f':
		return false
	default:
		return json.Number(text)
	}
}

// unescape returns what canonical text between quotes stands for.
func unescape(body string) string {
	if strings.IndexByte(body, '\\') < 0 {
		return body
	}
	b := make([]byte, 0, len(body))
	p := parser{text: body}
	for p.pos < len(body) {
		if body[p.pos] != '\\' {
			b = append(b, body[p.pos])
			p.pos++
			continue
		}
		r, err := p.escape()
		if err != nil { // canonical text has no bad escapes
			return body
		}
		b = utf8.AppendRune(b, r)
	}
	return string(b)
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
	b = append(b, '"')
	for _, r := range s { // invalid UTF-8 gives U+FFFD
		b = appendRune(b, r)
	}
	return append(b, '"')
}

// appendRune appends r as canonical JSON: escaped only when it has to be, in
// the shortest way there is. A surrogate without partner can only be escaped.
func appendRune(b []byte, r rune) []byte {
	const hex = "0123456789abcdef"
	switch {
	case r == '"' || r == '\\':
		return append(b, '\\', byte(r))
	case r < ' ':
		if i := strings.IndexByte("\b\f\n\r\t", byte(r)); i >= 0 {
			return append(b, '\\', "bfnrt"[i])
		}
		return append(b, '\\', 'u', '0', '0', hex[r>>4], hex[r&15])
	case utf16.IsSurrogate(r):
		return append(b, '\\', 'u', hex[r>>12], hex[r>>8&15], hex[r>>4&15], hex[r&15])
	default:
		return utf8.AppendRune(b, r)
	}
}
