package form

import "time"

// State is where a row stands.
type State uint8

// The states of a row.
const (
	InSync      State = iota // desired equals reported
	Pending                  // desired differs from reported
	DeviceOnly               // reported, but not desired
	DesiredOnly              // desired, but the device never reported it
	Edited                   // changed by the user, not sent
	Sent                     // sent, not answered yet
	Refused                  // the update was rejected; the edit is kept
	Conflict                 // desired changed under the edit
	NoAnswer                 // sent, and no answer came in time
)

// String returns the state in words.
func (s State) String() string {
	return [...]string{
		"in sync", "pending", "device only", "desired only", "edited", "sent", "refused", "conflict", "no answer",
	}[s]
}

// rank orders the states for group rows: the group shows the highest.
func (s State) rank() int {
	return [...]int{InSync: 0, DeviceOnly: 1, DesiredOnly: 2, Pending: 3, Sent: 4, Edited: 5, NoAnswer: 6, Refused: 7, Conflict: 8}[s]
}

// Severity says how much a state asks for attention.
type Severity uint8

// The severities.
const (
	Calm    Severity = iota // nothing to do
	Good                    // as it should be
	Own                     // the user's own unsent work
	Warning                 // worth a look
	Alarm                   // something is wrong
)

// Severity returns how much a row asks for attention at the time now.
func (f *Form) Severity(r Row, now int64) Severity {
	switch {
	case r.Fault != "":
		return Alarm
	case r.State == InSync:
		return Good
	case r.State == Pending:
		return f.pendingSeverity(r, now)
	case r.State == Edited, r.State == Sent:
		return Own
	case r.State == Refused:
		return Alarm
	case r.State == Conflict, r.State == NoAnswer:
		return Warning
	default:
		return Calm
	}
}

func (f *Form) pendingSeverity(r Row, now int64) Severity {
	age := time.Duration(now-r.PendingSince) * time.Microsecond
	switch {
	case r.PendingSince == 0 || age < f.config.Amber:
		return Calm
	case age < f.config.Red:
		return Warning
	default:
		return Alarm
	}
}
