package packet

import (
	"bytes"
	"unicode/utf8"
)

// maxField is the greatest length of a string or of binary data.
const maxField = 65535

// varint reads the Variable Byte Integer at the start of b. width is 0 while b
// ends before it does. fault says what is wrong, to follow its name.
func varint(b []byte) (value, width int, fault string) {
	for i := range min(len(b), 4) {
		value |= int(b[i]&0x7F) << (7 * i)
		if b[i] < 0x80 {
			if i > 0 && b[i] == 0 {
				return 0, 0, " is not in the fewest bytes [MQTT-1.5.5-1]"
			}
			return value, i + 1, ""
		}
	}
	if len(b) >= 4 {
		return 0, 0, " has more than four bytes"
	}
	return 0, 0, ""
}

// varintLen is the length of n as a Variable Byte Integer.
func varintLen(n int) int {
	switch {
	case n < 1<<7:
		return 1
	case n < 1<<14:
		return 2
	case n < 1<<21:
		return 3
	default:
		return 4
	}
}

// appendVarint appends n as a Variable Byte Integer.
func appendVarint(dst []byte, n int) []byte {
	for n >= 0x80 {
		dst = append(dst, byte(n)|0x80)
		n >>= 7
	}
	return append(dst, byte(n))
}

// field splits b after a field with its length in two bytes in front.
func field(b []byte) (value, rest []byte, ok bool) {
	if len(b) < 2 {
		return nil, nil, false
	}
	n := 2 + int(b[0])<<8 + int(b[1])
	if len(b) < n {
		return nil, nil, false
	}
	return b[2:n:n], b[n:], true
}

// appendField appends s with its length in front.
func appendField[S string | []byte](dst []byte, s S) []byte {
	dst = append(dst, byte(len(s)>>8), byte(len(s)))
	return append(dst, s...)
}

// clipText cuts s at the end of a character so that it fits a field.
func clipText[S string | []byte](s S) S {
	if len(s) <= maxField {
		return s
	}
	n := maxField
	for n > maxField-utf8.UTFMax && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// clipBytes cuts b so that it fits a field.
func clipBytes(b []byte) []byte { return b[:min(len(b), maxField)] }

// appendProperties appends properties with their length in front for MQTT 5,
// nothing for older versions.
func appendProperties(dst []byte, v Version, p Properties) []byte {
	if v < V5 {
		return dst
	}
	return append(appendVarint(dst, len(p)), p...)
}

// propertiesLen is the length of what appendProperties appends.
func propertiesLen(v Version, p Properties) int {
	if v < V5 {
		return 0
	}
	return varintLen(len(p)) + len(p)
}

// checkText checks that s is a string as MQTT has it.
func checkText(v Version, what string, s []byte) error {
	if !utf8.Valid(s) {
		return malformed(what + " is not UTF-8 " + v.cite("[MQTT-1.5.3-1]", "[MQTT-1.5.4-1]"))
	}
	if bytes.IndexByte(s, 0) >= 0 {
		return malformed(what + " has a null character " + v.cite("[MQTT-1.5.3-2]", "[MQTT-1.5.4-2]"))
	}
	return nil
}

// hasWildcard tells whether + or # stands in s.
func hasWildcard(s []byte) bool {
	return bytes.IndexByte(s, '+') >= 0 || bytes.IndexByte(s, '#') >= 0
}

// cite chooses the number of a statement: that of 3.1.1 or that of 5.0.
func (v Version) cite(v3, v5 string) string {
	if v < V5 {
		return v3
	}
	return v5
}
