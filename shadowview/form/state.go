package form

import (
	"fmt"
	"time"
)

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

// refusal explains the code of a rejected update in the user's words.
func refusal(code int, message string) string {
	var why string
	switch code {
	case 400:
		why = "the service did not understand the update"
	case 401:
		why = "the connection is not signed in for this Thing: check the certificate or password"
	case 403:
		why = "the policy of this connection does not allow changing this shadow"
	case 404:
		why = "the Thing or the shadow does not exist"
	case 409:
		why = "somebody else changed the shadow in between"
	case 413:
		why = "the shadow would grow too large (8 kB): clear what is not needed"
	case 415:
		why = "the text is not valid UTF-8"
	case 422:
		why = "the service could not work with the update"
	case 429:
		why = "too many requests at once: wait a moment and send again"
	case 500, 503:
		why = "the service had a fault of its own: send again later"
	default:
		why = "the service gave a reason we do not know"
	}
	if message == "" {
		return fmt.Sprintf("refused %d: %s", code, why)
	}
	return fmt.Sprintf("refused %d %s: %s", code, message, why)
}
