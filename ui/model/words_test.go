package model

import (
	"testing"
	"time"
)

func TestWords(t *testing.T) {
	t.Parallel()
	cases := []struct{ name, got, want string }{
		{"ago zero", Ago(0, 5), ""},
		{"ago now", Ago(1, 2), "now"},
		{"ago seconds", Ago(1_000_000, 13_000_000), "12 s"},
		{"span minutes", Span(5*time.Minute + 59*time.Second), "5 min"},
		{"span hours", Span(47 * time.Hour), "47 h"},
		{"span days", Span(49 * time.Hour), "2 d"},
		{"interval fine", Interval(800 * time.Microsecond), "0.8 ms"},
		{"interval ms", Interval(12 * time.Millisecond), "12 ms"},
		{"interval s", Interval(1204 * time.Millisecond), "1.204 s"},
		{"interval min", Interval(182 * time.Second), "3 min 2 s"},
		{"interval back", Interval(-12 * time.Millisecond), "−12 ms"},
		{"bytes", Bytes(999), "999 B"},
		{"bytes k", Bytes(1234), "1.2 kB"},
		{"bytes no 1000.0", Bytes(999_999), "1.0 MB"},
		{"bytes G", Bytes(2_100_000_000), "2.1 GB"},
		{"count", Count(12345678), "12,345,678"},
		{"count small", Count(7), "7"},
		{"count three", Count(123), "123"},
		{"count negative", Count(-123456), "-123,456"},
		{"rate none", Rate(0.01), ""},
		{"rate", Rate(12.4), "12/s"},
		{"rate k", Rate(9999.6), "10.0k/s"},
		{"one line", OneLine([]byte("{\n  \"a\": 1\n}"), 40), `{ "a": 1 }`},
		{"one line cut", OneLine([]byte("abcdefgh"), 4), "abcd…"},
		{"one line cut at rune", OneLine([]byte("ääääääääää"), 2), "ää…"},
		{"one line binary", OneLine([]byte{0, 1, 255}, 40), "00 01 ff"},
		{"one line binary cut", OneLine([]byte{0, 1, 255, 3, 4}, 6), "00 01…"},
		{"one line empty", OneLine(nil, 4), "(empty)"},
	}
	for _, c := range cases {
		if c.got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, c.got, c.want)
		}
	}
}
