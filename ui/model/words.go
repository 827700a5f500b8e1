// Package model holds what every screen says in the same words: times, sizes,
// rates and counts for people. The view-models of the screens are its
// subpackages. Nothing here knows a toolkit.
package model

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Ago says how long before now a moment (both in microseconds since 1970 UTC)
// was, in one short word such as "3 s" or "5 min"; "" when at is 0. It changes
// at most once a second.
func Ago(at, now int64) string {
	if at == 0 {
		return ""
	}
	return Span(time.Duration(now-at) * time.Microsecond)
}

// Span says a duration in its largest fitting unit: "3 s", "5 min", "2 h", "4 d".
func Span(d time.Duration) string {
	switch {
	case d < time.Second:
		return "now"
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", int(d.Hours()))
	default:
		return fmt.Sprintf("%d d", int(d.Hours()/24))
	}
}

// Interval says the time between two messages exactly enough to judge jitter:
// "0.8 ms", "12 ms", "1.204 s", "3 min 2 s".
func Interval(d time.Duration) string {
	switch {
	case d < 0:
		return "−" + Interval(-d)
	case d < 10*time.Millisecond:
		return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000)
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < time.Minute:
		return fmt.Sprintf("%.3f s", d.Seconds())
	case d < time.Hour:
		return fmt.Sprintf("%d min %d s", int(d.Minutes()), int(d.Seconds())%60)
	default:
		return fmt.Sprintf("%d h %d min", int(d.Hours()), int(d.Minutes())%60)
	}
}

// Bytes says a size: "127 B", "1.2 kB", "2.1 GB" (powers of 1000).
func Bytes(n int64) string {
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	f, unit := float64(n)/1000, 0
	for f >= 999.95 && unit < 3 {
		f, unit = f/1000, unit+1
	}
	return fmt.Sprintf("%.1f %cB", f, "kMGT"[unit])
}

// Count writes a number with thousands separators: "12,345,678".
func Count[N int | int64 | uint64](n N) string {
	s := strconv.FormatInt(int64(n), 10)
	var b strings.Builder
	for i, r := range s {
		if i > 0 && r != '-' && (len(s)-i)%3 == 0 && s[i-1] != '-' {
			b.WriteByte(',')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// Rate says messages per second: "0.4/s", "12/s", "9.1k/s"; "" for none.
func Rate(f float64) string {
	switch {
	case f < 0.05:
		return ""
	case f < 9.95:
		return fmt.Sprintf("%.1f/s", f)
	case f < 9999.5:
		return fmt.Sprintf("%.0f/s", f)
	default:
		return fmt.Sprintf("%.1fk/s", f/1000)
	}
}

// Clock writes the local time of day with milliseconds of a moment in
// microseconds since 1970 UTC.
func Clock(at int64) string { return time.UnixMicro(at).Format("15:04:05.000") }

// Stamp writes local date and time with milliseconds.
func Stamp(at int64) string { return time.UnixMicro(at).Format("2006-01-02 15:04:05.000") }

// OneLine writes a payload on one line of at most limit runes for a table cell:
// text as it is with line breaks as spaces, binary as hex. What is left out is
// marked with ….
func OneLine(payload []byte, limit int) string {
	if len(payload) == 0 {
		return "(empty)"
	}
	head := payload
	if most := 4 * limit; len(head) > most {
		head = head[:most]
		for i := 0; i < utf8.UTFMax && !utf8.Valid(head); i++ { // not inside a rune
			head = head[:len(head)-1]
		}
	}
	if !utf8.Valid(head) || strings.ContainsFunc(string(head), binaryRune) {
		if most := limit / 3; len(payload) > most {
			return fmt.Sprintf("% x…", payload[:most])
		}
		return fmt.Sprintf("% x", payload)
	}
	s := strings.Join(strings.Fields(string(head)), " ")
	if r := []rune(s); len(r) > limit {
		return string(r[:limit]) + "…"
	}
	if len(head) < len(payload) {
		return s + "…"
	}
	return s
}

func binaryRune(r rune) bool {
	return r == utf8.RuneError || r < ' ' && !unicode.IsSpace(r)
}
