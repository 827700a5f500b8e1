package model

import "time"

// In returns the zone that times are shown and read in.
func In(utc bool) *time.Location {
	if utc {
		return time.UTC
	}
	return time.Local
}

// Moment writes a moment as short as it can be understood at now (both in
// microseconds since 1970 UTC): the time of day with milliseconds, with the day
// before it when that is not today, and the year when it is another one.
func Moment(at, now int64, zone *time.Location) string {
	t, n := time.UnixMicro(at).In(zone), time.UnixMicro(now).In(zone)
	switch {
	case t.Year() != n.Year():
		return t.Format("2006-01-02 15:04:05.000")
	case t.YearDay() != n.YearDay():
		return t.Format("01-02 15:04:05.000")
	default:
		return t.Format("15:04:05.000")
	}
}

// Exact writes a moment in microseconds since 1970 UTC with all its digits and
// the offset of the zone.
func Exact(at int64, zone *time.Location) string {
	return time.UnixMicro(at).In(zone).Format("2006-01-02 15:04:05.000000 Z07:00")
}

// Messages writes a number of messages: "1 message", "12,345 messages".
func Messages[N int | int64 | uint64](n N) string {
	if n == 1 {
		return "1 message"
	}
	return Count(n) + " messages"
}
