package broker

import "time"

// State is where a connection stands.
type State int

// The states, in the order a connection usually passes them.
const (
	Closed     State = iota // not wanted: never opened or closed by the user
	Connecting              // an attempt is running
	Connected               // CONNACK received
	Waiting                 // the connection or attempt failed; trying again later
)

// String returns the state in words.
func (s State) String() string {
	switch s {
	case Connecting:
		return "connecting"
	case Connected:
		return "connected"
	case Waiting:
		return "waiting to reconnect"
	default:
		return "closed"
	}
}

// Status is a state with its circumstances.
type Status struct {
	// State is where the connection stands.
	State State
	// Reason says why, when State is Waiting; zero otherwise.
	Reason Reason
	// Since is when the state began.
	Since time.Time
	// Attempt counts the attempts since the connection was last up, from 1; it
	// is 0 when State is Waiting because an open connection was lost.
	Attempt int
	// Retry is when the next attempt starts, when State is Waiting.
	Retry time.Time
	// SessionPresent tells, when State is Connected, that the broker had kept
	// our session.
	SessionPresent bool
}

// Reason says why a connection is not up.
type Reason struct {
	// Kind is the sort of reason, for decisions.
	Kind ReasonKind
	// Text says what happened, to what: "broker.example.com:1883 refused the
	// connection".
	Text string
	// Hint says what to do next; may be empty.
	Hint string
}

// String returns text and hint as sentences.
func (r Reason) String() string {
	if r.Hint == "" {
		return r.Text
	}
	return r.Text + ". " + r.Hint
}

// ReasonKind sorts the reasons.
type ReasonKind int

// The kinds of reasons.
const (
	ReasonNone         ReasonKind = iota
	ReasonUnknownHost             // the name does not resolve
	ReasonRefused                 // nothing listens there
	ReasonTimeout                 // no answer in time
	ReasonUnreachable             // no route to the host
	ReasonTLS                     // handshake or certificate
	ReasonCredentials             // CONNACK 4: bad user name or password
	ReasonUnauthorized            // CONNACK 5: not authorised
	ReasonClientID                // CONNACK 2: client ID refused
	ReasonProtocol                // CONNACK 1, or not an MQTT broker
	ReasonUnavailable             // CONNACK 3: server unavailable
	ReasonLost                    // an open connection broke
	ReasonKeepAlive               // the broker stopped answering pings
	ReasonOther                   // anything else, in the library's words
)
