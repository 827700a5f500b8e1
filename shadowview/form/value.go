package form

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/thingdesk/thingdesk/things/shadow"
)

// Type is the JSON type of a value; "" means that it is not known.
type Type string

// The types.
const (
	Bool   Type = "bool"
	Number Type = "number"
	String Type = "string"
	Array  Type = "array"
	Map    Type = "object"
	Null   Type = "null"
)

// TypeOf returns the type of a decoded JSON value.
func TypeOf(v any) Type {
	switch v.(type) {
	case bool:
		return Bool
	case json.Number:
		return Number
	case string:
		return String
	case []any:
		return Array
	case shadow.Object:
		return Map
	default:
		return Null
	}
}

// Text writes a value as an editor shows it: strings as they are, anything
// else as compact JSON.
func Text(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	return string(shadow.EncodeValue(v))
}

// Shown writes a value as the reported column shows it: strings in quotes,
// booleans as on and off, anything else as compact JSON.
func Shown(v any) string {
	switch v := v.(type) {
	case bool:
		if v {
			return "on"
		}
		return "off"
	default:
		return string(shadow.EncodeValue(v))
	}
}

// Pretty writes a value as indented JSON.
func Pretty(v any) string { return indent(shadow.EncodeValue(v)) }

func indent(text []byte) string {
	var b bytes.Buffer
	if err := json.Indent(&b, text, "", "  "); err != nil {
		return string(text)
	}
	return b.String()
}

var numberForm = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)

// parse reads the text of an editor. An error says in words what is wrong.
func parse(text string, t Type) (any, error) {
	switch t {
	case Number:
		return parseNumber(strings.TrimSpace(text))
	case Bool:
		switch strings.ToLower(strings.TrimSpace(text)) {
		case "true", "on":
			return true, nil
		case "false", "off":
			return false, nil
		}
		return nil, errors.New("write true or false")
	case String:
		if !utf8.ValidString(text) {
			return nil, errors.New("the text is not valid UTF-8")
		}
		return text, nil
	case Array, Map:
		return parseJSON(text, t)
	case Null:
		return nil, nil //nolint:nilnil // null is the value
	default:
		return guess(text)
	}
}

func parseNumber(s string) (any, error) {
	switch {
	case s == "":
		return nil, errors.New("type a number")
	case numberForm.MatchString(s):
		return json.Number(s), nil
	case numberForm.MatchString(strings.Replace(s, ",", ".", 1)):
		return nil, errors.New("use a point for decimals, not a comma")
	default:
		return nil, fmt.Errorf("%s is not a number: write digits, such as 28 or -2.5", clip(s, 20))
	}
}

func parseJSON(text string, t Type) (any, error) {
	v, err := shadow.DecodeValue([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("not valid JSON: %s", jsonFault(text, err))
	}
	if got := TypeOf(v); got != t {
		return nil, fmt.Errorf("this is %s; the property holds %s", got.article(), t.article())
	}
	if err := nullFault(v, nil); err != nil {
		return nil, err
	}
	return v, nil
}

// jsonFault says where a JSON text is broken.
func jsonFault(text string, err error) string {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) && syntax.Offset > 0 && int(syntax.Offset) <= len(text) {
		line := 1 + strings.Count(text[:syntax.Offset-1], "\n")
		column := utf8.RuneCountInString(text[strings.LastIndex(text[:syntax.Offset-1], "\n")+1 : syntax.Offset])
		return fmt.Sprintf("line %d, column %d: %v", line, column, err)
	}
	if strings.Contains(err.Error(), "EOF") {
		return "it ends too early"
	}
	return err.Error()
}

// guess takes JSON for what it is and everything else for a string.
func guess(text string) (any, error) {
	v, err := shadow.DecodeValue([]byte(text))
	if err != nil {
		if t := strings.TrimSpace(text); strings.HasPrefix(t, "{") || strings.HasPrefix(t, "[") {
			return nil, fmt.Errorf("not valid JSON: %s", jsonFault(text, err))
		}
		return parse(text, String)
	}
	if v == nil {
		return nil, errors.New("null removes a property: use clear desired instead")
	}
	return v, nullFault(v, nil)
}

// nullFault refuses null inside of a value: in an object it would remove a
// member, in an array the service refuses it.
func nullFault(v any, path []string) error {
	switch v := v.(type) {
	case shadow.Object:
		for k, e := range v {
			if err := nullFault(e, append(path, k)); err != nil {
				return err
			}
		}
	case []any:
		for i, e := range v {
			if err := nullFault(e, append(path, "item "+strconv.Itoa(i+1))); err != nil {
				return err
			}
		}
	case nil:
		return fmt.Errorf("null at %s: shadows hold no null; leave the member out to remove it", PathText(path))
	}
	return nil
}

// article returns the type as "a number".
func (t Type) article() string {
	switch t {
	case Bool:
		return "true or false"
	case Array:
		return "a list"
	case Map:
		return "an object"
	case Null:
		return "null"
	case Number, String:
	}
	return "a " + string(t)
}

// step adds n to a JSON number in decimal arithmetic and keeps its decimals.
// ok is false when text is no number or far out of the usual.
func step(text string, n int64) (string, bool) {
	if !numberForm.MatchString(text) || len(text) > 60 {
		return "", false
	}
	mantissa, exponent, _ := strings.Cut(strings.ToLower(text), "e")
	whole, fraction, _ := strings.Cut(mantissa, ".")
	exp := 0
	if exponent != "" {
		var err error
		if exp, err = strconv.Atoi(exponent); err != nil || exp > 40 || exp < -40 {
			return "", false
		}
	}
	sum, ok := new(big.Int).SetString(whole+fraction, 10)
	if !ok {
		return "", false
	}
	scale := len(fraction) - exp // value = sum / 10^scale
	if scale < 0 {
		sum.Mul(sum, power(-scale))
		scale = 0
	}
	sum.Add(sum, new(big.Int).Mul(big.NewInt(n), power(scale)))
	sign := ""
	if sum.Sign() < 0 {
		sign = "-"
		sum.Neg(sum)
	}
	digits := sum.String()
	if scale == 0 {
		return sign + digits, true
	}
	if len(digits) <= scale {
		digits = strings.Repeat("0", scale-len(digits)+1) + digits
	}
	return sign + digits[:len(digits)-scale] + "." + digits[len(digits)-scale:], true
}

func power(n int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }

// clip cuts s to n runes and marks the cut with ….
func clip(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:max(n-1, 0)]) + "…"
}

// same tells that two values are written the same: 28 and 28.0 are not.
func same(a, b any) bool { return bytes.Equal(shadow.EncodeValue(a), shadow.EncodeValue(b)) }
