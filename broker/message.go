// Package broker says what an MQTT broker is to Thingdesk: messages,
// connection profiles, states and the reasons for them, and the Conn contract
// that every client library is wrapped in. It imports no client library.
package broker

import "time"

// Message is one MQTT application message as it passed a connection.
// A Message is immutable: Payload is shared by everyone who holds the Message,
// from the socket to the recorder, and must never be changed.
type Message struct {
	// Time is when the message passed, in microseconds since 1970-01-01 UTC.
	Time int64
	// Direction tells whether Thingdesk received or sent the message.
	Direction Direction
	// Topic is the topic name exactly as received.
	Topic string
	// Payload is the application message, byte for byte.
	Payload []byte
	// QoS is 0, 1 or 2.
	QoS byte
	// Retained is the RETAIN flag: for a received message it marks a stored
	// message, for a sent one it asks the broker to store it.
	Retained bool
	// Dup is the DUP flag of a received message.
	Dup bool
}

// Direction tells which way a message passed, seen from Thingdesk.
type Direction uint8

// The two directions.
const (
	In  Direction = iota // received from the broker
	Out                  // published by Thingdesk
)

// String returns "in" or "out", the words used in exports.
func (d Direction) String() string {
	if d == Out {
		return "out"
	}
	return "in"
}

// Micros returns t in microseconds since 1970-01-01 UTC, the unit of
// Message.Time.
func Micros(t time.Time) int64 { return t.UnixMicro() }
