package history

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/storage"
)

var testNow = time.Date(2026, 11, 21, 14, 30, 0, 0, time.UTC)

func TestParseTime(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("", 2*3600)
	for _, c := range []struct {
		in, want string // want in RFC 3339, "" for a fault
		end      bool
	}{
		{"2026-11-21 10:14", "2026-11-21T10:14:00+02:00", false},
		{" 2026-11-21   10:14:02 ", "2026-11-21T10:14:02+02:00", false},
		{"2026-11-21 10:14:02.5", "2026-11-21T10:14:02.5+02:00", false},
		{"2026-11-21T10:14:02Z", "2026-11-21T10:14:02Z", false},
		{"2026-11-21T10:14:02.000001-07:00", "2026-11-21T10:14:02.000001-07:00", true},
		{"2026-11-21 10:14:02.123456 +02:00", "2026-11-21T10:14:02.123456+02:00", false},
		{"2026-11-21 10:14Z", "2026-11-21T10:14:00Z", false},
		{"2026-11-21", "2026-11-21T00:00:00+02:00", false},
		{"2026-11-21", "2026-11-22T00:00:00+02:00", true},
		{"10:14", "2026-11-21T10:14:00+02:00", true},
		{"10:14:02.25", "2026-11-21T10:14:02.25+02:00", false},
		{"1969-12-31 10:00", "", false},
		{"2026-13-01", "", false},
		{"2026-02-30", "", false},
		{"25:00", "", false},
		{"yesterday", "", false},
		{"", "", false},
	} {
		got, err := ParseTime(c.in, testNow, zone, c.end)
		if c.want == "" {
			if err == nil {
				t.Errorf("%q is read as %v", c.in, time.UnixMicro(got).UTC())
			}
			continue
		}
		want, perr := time.Parse(time.RFC3339, c.want)
		if err != nil || perr != nil || got != want.UnixMicro() {
			t.Errorf("%q is read as %v, %v; want %s", c.in, time.UnixMicro(got).In(zone), err, c.want)
		}
	}
}

// FuzzParseTime wants that every time that can be read is one, and that what
// the screen shows can be typed.
func FuzzParseTime(f *testing.F) {
	f.Add("2026-11-21 10:14:02.5", int64(1_700_000_000_123_456))
	f.Add("10:14", int64(1))
	f.Add("0000-00-00T24:60Z", int64(253_402_300_799_999_999))
	zone := time.FixedZone("", -5*3600-1800)
	f.Fuzz(func(t *testing.T, s string, at int64) {
		if got, err := ParseTime(s, testNow, zone, false); err == nil && got <= 0 {
			t.Errorf("%q is read as %d", s, got)
		}
		if at <= 0 || at > 253_402_300_799_999_999-86_400_000_000 {
			return
		}
		for _, form := range []string{time.RFC3339Nano, "2006-01-02 15:04:05.000000", "2006-01-02 15:04:05.000000 Z07:00"} {
			text := time.UnixMicro(at).In(zone).Format(form)
			if got, err := ParseTime(text, testNow, zone, false); err != nil || got != at {
				t.Errorf("%q is read as %d, %v; want %d", text, got, err, at)
			}
		}
	})
}

func TestFilterQuery(t *testing.T) {
	t.Parallel()
	in, out := broker.In, broker.Out
	at := func(h, m int) int64 { return time.Date(2026, 11, 21, h, m, 0, 0, time.UTC).UnixMicro() }
	for _, c := range []struct {
		name   string
		f      Filter
		want   storage.Query
		faults []bool // topic, from, to
	}{
		{"all", Filter{}, storage.Query{}, nil},
		{"topic", Filter{Topic: "a/+/#"}, storage.Query{Filters: []string{"a/+/#"}}, nil},
		{"bad topic", Filter{Topic: "a/b#"}, storage.Query{}, []bool{true, false, false}},
		{"text", Filter{Text: "28 "}, storage.Query{Contains: []byte("28 ")}, nil},
		{"received", Filter{Way: Received, Retained: true, Source: "x"}, storage.Query{Direction: &in, Retained: true, Source: "x"}, nil},
		{"sent", Filter{Way: Sent}, storage.Query{Direction: &out}, nil},
		{"hour", Filter{Range: Hour}, storage.Query{From: at(13, 30)}, nil},
		{"5 min", Filter{Range: Minutes5}, storage.Query{From: at(14, 25)}, nil},
		{"custom", Filter{Range: Custom, From: "10:00", To: "11:00"}, storage.Query{From: at(10, 0), To: at(11, 0)}, nil},
		{"one day", Filter{Range: Custom, From: "2026-11-21", To: "2026-11-21"}, storage.Query{From: at(0, 0), To: at(24, 0)}, nil},
		{"open", Filter{Range: Custom}, storage.Query{}, nil},
		{"bounds not in use", Filter{Range: AllTime, From: "nonsense"}, storage.Query{}, nil},
		{"bad from", Filter{Range: Custom, From: "x"}, storage.Query{}, []bool{false, true, false}},
		{"bad to", Filter{Range: Custom, To: "x"}, storage.Query{}, []bool{false, false, true}},
		{"reversed", Filter{Range: Custom, From: "11:00", To: "11:00"}, storage.Query{}, []bool{false, false, true}},
	} {
		got, faults := c.f.Query(testNow, time.UTC)
		if has := []bool{faults.Topic != "", faults.From != "", faults.To != ""}; c.faults != nil {
			if d := cmp.Diff(c.faults, has); d != "" {
				t.Errorf("%s: faults %+v", c.name, faults)
			}
			continue
		}
		c.want.Limit = pageRows
		if d := cmp.Diff(c.want, got); d != "" || faults.Any() {
			t.Errorf("%s: faults %+v (-want +got):\n%s", c.name, faults, d)
		}
	}
}

func TestChoicesHaveNames(t *testing.T) {
	t.Parallel()
	seen := make(map[string]bool)
	for _, r := range Ranges() {
		seen[r.String()] = true
	}
	for _, w := range Ways() {
		seen[w.String()] = true
	}
	if len(seen) != len(Ranges())+len(Ways()) {
		t.Errorf("names are not unique: %v", seen)
	}
}
