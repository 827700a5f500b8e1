package history

import (
	"time"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/storage"
	"github.com/thingdesk/thingdesk/things/topic"
	"github.com/thingdesk/thingdesk/ui/model"
)

// Range is a range of time.
type Range uint8

// The ranges.
const (
	AllTime Range = iota
	Minutes5
	Hour
	Day
	Week
	Custom // what is typed in From and To
)

// Ranges lists the ranges in the order of the screen.
func Ranges() []Range { return []Range{AllTime, Minutes5, Hour, Day, Week, Custom} }

// String returns the name on the screen.
func (r Range) String() string {
	switch r {
	case Minutes5:
		return "last 5 min"
	case Hour:
		return "last hour"
	case Day:
		return "last 24 h"
	case Week:
		return "last 7 days"
	case Custom:
		return "from … to …"
	default:
		return "all time"
	}
}

func (r Range) span() time.Duration {
	switch r {
	case Minutes5:
		return 5 * time.Minute
	case Hour:
		return time.Hour
	case Day:
		return 24 * time.Hour
	case Week:
		return 7 * 24 * time.Hour
	default:
		return 0
	}
}

// Way is a choice of direction.
type Way uint8

// The ways.
const (
	AnyWay Way = iota
	Received
	Sent
)

// Ways lists the ways in the order of the screen.
func Ways() []Way { return []Way{AnyWay, Received, Sent} }

// String returns the name on the screen.
func (w Way) String() string {
	switch w {
	case Received:
		return "received"
	case Sent:
		return "sent"
	default:
		return "in and out"
	}
}

// Filter is what the user asks for, as typed. The zero Filter asks for all.
type Filter struct {
	// Topic is an MQTT topic filter; "" asks for all topics, $ topics too.
	Topic string
	// Text must occur in the payload.
	Text string
	// Way is the direction.
	Way Way
	// Retained asks for messages with the RETAIN flag only.
	Retained bool
	// Range is the range of time; From and To are read for Custom only. An
	// empty bound is none. To is the first moment that is no longer asked for;
	// a date as To includes that day.
	Range    Range
	From, To string
	// Source is the ID of a connection; "" asks for all.
	Source string
}

// Faults says in words what is wrong with the fields of a Filter.
type Faults struct{ Topic, From, To string }

// Any tells whether there is a fault.
func (f Faults) Any() bool { return f != Faults{} }

// Query turns f into a query as of now. With faults the query is not usable.
func (f Filter) Query(now time.Time, zone *time.Location) (storage.Query, Faults) {
	q := storage.Query{Source: f.Source, Retained: f.Retained, Limit: pageRows}
	var faults Faults
	if f.Topic != "" {
		if err := topic.ValidateFilter(f.Topic); err != nil {
			faults.Topic = err.Error()
		}
		q.Filters = []string{f.Topic}
	}
	if f.Text != "" {
		q.Contains = []byte(f.Text)
	}
	switch f.Way {
	case Received:
		in := broker.In
		q.Direction = &in
	case Sent:
		out := broker.Out
		q.Direction = &out
	case AnyWay:
	}
	if span := f.Range.span(); span > 0 {
		q.From = now.Add(-span).UnixMicro()
	}
	if f.Range == Custom {
		q.From, faults.From = bound(f.From, now, zone, false)
		q.To, faults.To = bound(f.To, now, zone, true)
		if !faults.Any() && q.From != 0 && q.To != 0 && q.To <= q.From {
			faults.To = "the end must be after the beginning"
		}
	}
	return q, faults
}

func bound(s string, now time.Time, zone *time.Location, end bool) (at int64, fault string) {
	if s == "" {
		return 0, ""
	}
	at, err := ParseTime(s, now, zone, end)
	if err != nil {
		return 0, err.Error()
	}
	return at, ""
}

// Filter returns the filter as typed.
func (m *Model) Filter() Filter { return m.filter }

// Faults says what is wrong with the filter. With faults the list still shows
// what the last filter without faults asked for.
func (m *Model) Faults() Faults { return m.faults }

// Filtered tells whether the list is less than everything.
func (m *Model) Filtered() bool { return m.filter != Filter{} }

// SetFilter asks for f. A filter that is being typed waits a moment for the
// next key; a newer one cancels the reading for an older one.
func (m *Model) SetFilter(f Filter) {
	pause := time.Duration(0)
	if f.Topic != m.filter.Topic || f.Text != m.filter.Text || f.From != m.filter.From || f.To != m.filter.To {
		pause = settle
	}
	m.filter = f
	m.revision++
	q, faults := f.Query(m.clock(), model.In(m.utc))
	m.faults = faults
	if !faults.Any() {
		m.query = q
		m.fill(pause)
	}
}

// Reload reads the list anew, from the newest message on, and follows live. A
// range such as the last hour is counted from now.
func (m *Model) Reload() {
	if q, faults := m.filter.Query(m.clock(), model.In(m.utc)); !faults.Any() {
		m.query = q
	}
	m.fill(0)
}

// clock returns the present time.
func (m *Model) clock() time.Time { return time.Now() }
