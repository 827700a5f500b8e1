package history

import (
	"errors"
	"strings"
	"time"
)

// errTime tells how to write a time.
var errTime = errors.New("write a time as 2026-11-21 08:00, as 08:00 for today, or in RFC 3339")

// timeForms are the forms of a typed time. Those of the second kind are days,
// those of the third times of today.
var timeForms = [3][]string{
	{
		"2006-01-02 15:04", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02T15:04:05",
		time.RFC3339, "2006-01-02 15:04Z07:00", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05 Z07:00",
	},
	{"2006-01-02"},
	{"15:04", "15:04:05"},
}

// ParseTime reads a time as the user types it and returns microseconds since
// 1970 UTC: RFC 3339, date and time, a date, or a time of today. Seconds may
// have a fraction. Without an offset the time is in zone. A date is the
// beginning of the day, or its end when end is set.
func ParseTime(s string, now time.Time, zone *time.Location, end bool) (int64, error) {
	s = strings.Join(strings.Fields(s), " ")
	for kind, forms := range timeForms {
		for _, form := range forms {
			t, err := time.ParseInLocation(form, s, zone)
			if err != nil {
				continue
			}
			switch kind {
			case 1:
				if end {
					t = t.AddDate(0, 0, 1)
				}
			case 2:
				y, m, d := now.In(zone).Date()
				t = time.Date(y, m, d, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), zone)
			}
			if t.UnixMicro() <= 0 {
				return 0, errors.New("no message is older than 1970")
			}
			return t.UnixMicro(), nil
		}
	}
	return 0, errTime
}
