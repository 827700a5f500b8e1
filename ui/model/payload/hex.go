package payload

import (
	"encoding/base64"
	"fmt"
	"strings"
	"unicode"
)

// hexWidth is how many bytes a line of a hex dump shows.
const hexWidth = 16

// HexLines returns p as lines of offset, bytes and characters:
//
//	00000010  7b 22 61 22 3a 31 7d                              {"a":1}
func HexLines(p []byte) []string {
	lines := make([]string, 0, (len(p)+hexWidth-1)/hexWidth)
	for at := 0; at < len(p); at += hexWidth {
		lines = append(lines, hexLine(at, p[at:min(at+hexWidth, len(p))]))
	}
	return lines
}

func hexLine(at int, row []byte) string {
	const digits = "0123456789abcdef"
	var b strings.Builder
	b.Grow(10 + 3*hexWidth + 2 + hexWidth)
	fmt.Fprintf(&b, "%08x  ", at)
	for i := range hexWidth {
		if i == hexWidth/2 {
			b.WriteByte(' ')
		}
		if i < len(row) {
			b.WriteByte(digits[row[i]>>4])
			b.WriteByte(digits[row[i]&15])
			b.WriteByte(' ')
		} else {
			b.WriteString("   ")
		}
	}
	b.WriteByte(' ')
	for _, c := range row {
		if c < ' ' || c > '~' {
			c = '.'
		}
		b.WriteByte(c)
	}
	return b.String()
}

// A DecodeError says where text in hex or base64 cannot be understood.
type DecodeError struct {
	At  int    // which character, from 1; 0 when the fault is the text as a whole
	Why string // what is wrong and what to do
}

// Error returns the reason with its place.
func (f *DecodeError) Error() string {
	if f.At == 0 {
		return f.Why
	}
	return fmt.Sprintf("character %d: %s", f.At, f.Why)
}

// ParseHex reads pairs of hex digits. Between pairs there may be spaces, line
// breaks, commas, colons, dashes and a 0x before each: "7b 22", "7B:22",
// "0x7b, 0x22" and "7b22" are all the same. The error is a *DecodeError.
func ParseHex(s string) ([]byte, error) {
	out := make([]byte, 0, len(s)/2)
	runes := []rune(s)
	for i := 0; i < len(runes); {
		r := runes[i]
		if unicode.IsSpace(r) || strings.ContainsRune(",:-", r) {
			i++
			continue
		}
		if r == '0' && i+1 < len(runes) && (runes[i+1] == 'x' || runes[i+1] == 'X') {
			i += 2
			if i >= len(runes) {
				return nil, &DecodeError{i, "0x must be followed by two hex digits"}
			}
		}
		hi, ok := hexDigit(runes[i])
		if !ok {
			return nil, &DecodeError{i + 1, fmt.Sprintf("%q is no hex digit (0-9, a-f)", runes[i])}
		}
		if i+1 >= len(runes) {
			return nil, &DecodeError{i + 1, "half a byte: give two hex digits for each byte"}
		}
		lo, ok := hexDigit(runes[i+1])
		if !ok {
			if unicode.IsSpace(runes[i+1]) || strings.ContainsRune(",:-", runes[i+1]) {
				return nil, &DecodeError{i + 1, "half a byte: give two hex digits for each byte"}
			}
			return nil, &DecodeError{i + 2, fmt.Sprintf("%q is no hex digit (0-9, a-f)", runes[i+1])}
		}
		out = append(out, hi<<4|lo)
		i += 2
	}
	return out, nil
}

func hexDigit(r rune) (byte, bool) {
	switch {
	case r >= '0' && r <= '9':
		return byte(r - '0'), true
	case r >= 'a' && r <= 'f':
		return byte(r-'a') + 10, true
	case r >= 'A' && r <= 'F':
		return byte(r-'A') + 10, true
	}
	return 0, false
}

// FormatHex writes p as pairs of digits with spaces, 16 bytes a line, so that
// ParseHex reads it back.
func FormatHex(p []byte) string {
	var b strings.Builder
	for at := 0; at < len(p); at += hexWidth {
		if at > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "% x", p[at:min(at+hexWidth, len(p))])
	}
	return b.String()
}

// ParseBase64 reads base64 in the standard or the URL alphabet, with padding
// or without; white space is skipped. The error is a *DecodeError.
func ParseBase64(s string) ([]byte, error) {
	var digits strings.Builder
	padding := 0
	for i, r := range []rune(s) {
		switch {
		case unicode.IsSpace(r):
		case r == '=':
			padding++
		case padding > 0:
			return nil, &DecodeError{i + 1, "text after the padding (=)"}
		case r == '-':
			digits.WriteByte('+')
		case r == '_':
			digits.WriteByte('/')
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '+', r == '/':
			digits.WriteRune(r)
		default:
			return nil, &DecodeError{i + 1, fmt.Sprintf("%q is not a base64 character", r)}
		}
	}
	n := digits.Len()
	if n%4 == 1 {
		return nil, &DecodeError{0, "the text ends inside a byte: a base64 character is missing or one too many"}
	}
	if padding > 0 && (n+padding)%4 != 0 {
		return nil, &DecodeError{0, "wrong padding: the = signs must fill the last group of four"}
	}
	p, err := base64.RawStdEncoding.DecodeString(digits.String())
	if err != nil {
		return nil, &DecodeError{0, "not base64: " + err.Error()}
	}
	return p, nil
}

// FormatBase64 writes p in the standard alphabet with padding.
func FormatBase64(p []byte) string { return base64.StdEncoding.EncodeToString(p) }
