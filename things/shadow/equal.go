package shadow

import (
	"encoding/json"
	"math/big"
	"strconv"
	"strings"
)

// Equal tells JSON equality with types: 1, "1" and true all differ, the order
// of array elements matters, that of members does not. Numbers are equal by
// value, whatever their size and however they are written (U2).
func Equal(a, b any) bool {
	switch a := a.(type) {
	case Object:
		b, ok := b.(Object)
		return ok && equalObjects(a, b)
	case []any:
		b, ok := b.([]any)
		return ok && equalArrays(a, b)
	case json.Number:
		b, ok := b.(json.Number)
		return ok && (a == b || equalNumbers(string(a), string(b)))
	case string:
		b, ok := b.(string)
		return ok && a == b
	case bool:
		b, ok := b.(bool)
		return ok && a == b
	default:
		return a == nil && b == nil
	}
}

func equalObjects(a, b Object) bool {
	if len(a) != len(b) {
		return false
	}
	for k, v := range a {
		w, ok := b[k]
		if !ok || !Equal(v, w) {
			return false
		}
	}
	return true
}

func equalArrays(a, b []any) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !Equal(a[i], b[i]) {
			return false
		}
	}
	return true
}

// equalNumbers compares the literals of two numbers.
func equalNumbers(a, b string) bool {
	return a == b || numbersByValue && parseDecimal(a) == parseDecimal(b)
}

// decimal is the value of a JSON number, digits × 10^exp, in its only form:
// digits neither begin nor end with 0, and zero has none. Values of equal
// numbers are equal under ==. No number is ever expanded, so that 1e999999999
// costs nothing.
type decimal struct {
	negative bool
	digits   string
	exp      string // decimal integer
}

func parseDecimal(s string) decimal {
	var d decimal
	s, d.negative = strings.CutPrefix(s, "-")
	mantissa, exponent := s, "0"
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		mantissa, exponent = s[:i], s[i+1:]
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits := strings.TrimLeft(whole+fraction, "0")
	if digits == "" {
		return decimal{} // -0 is 0
	}
	d.digits = strings.TrimRight(digits, "0")
	d.exp = addExponent(exponent, int64(len(digits)-len(d.digits)-len(fraction)))
	return d
}

// addExponent returns the exponent as written, plus n.
func addExponent(exponent string, n int64) string {
	if len(exponent) < 18 {
		if e, err := strconv.ParseInt(exponent, 10, 64); err == nil {
			return strconv.FormatInt(e+n, 10)
		}
	}
	e, ok := new(big.Int).SetString(exponent, 10)
	if !ok { // no JSON number; equal only to the same text
		return exponent
	}
	return e.Add(e, big.NewInt(n)).String()
}

// integer returns the value when it is a whole number that is not negative.
// fits is false when it is greater than an int64 holds.
func (d decimal) integer() (n int64, fits, ok bool) {
	if d.digits == "" {
		return 0, true, true
	}
	if d.negative || strings.HasPrefix(d.exp, "-") {
		return 0, false, false
	}
	zeros, err := strconv.Atoi(d.exp)
	if err != nil || zeros > 18 {
		return 0, false, true
	}
	n, err = strconv.ParseInt(d.digits+strings.Repeat("0", zeros), 10, 64)
	return n, err == nil, true
}
