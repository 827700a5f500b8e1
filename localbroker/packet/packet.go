// Package packet reads and writes the packets of MQTT 3.1, 3.1.1 and 5.0.
//
// It knows single packets and no connection: nothing here depends on what came
// before. Every error is an *Error with the reason code to answer with.
package packet

import "fmt"

// Version is the protocol level in CONNECT.
type Version byte

// The versions.
const (
	V31  Version = 3
	V311 Version = 4
	V5   Version = 5
)

// Type is the type of a packet: the high four bits of its first byte.
type Type byte

// The types.
const (
	CONNECT Type = iota + 1
	CONNACK
	PUBLISH
	PUBACK
	PUBREC
	PUBREL
	PUBCOMP
	SUBSCRIBE
	SUBACK
	UNSUBSCRIBE
	UNSUBACK
	PINGREQ
	PINGRESP
	DISCONNECT
	AUTH
)

// typeNames are the names of the types as in the specification.
var typeNames = [...]string{
	"reserved", "CONNECT", "CONNACK", "PUBLISH", "PUBACK", "PUBREC", "PUBREL", "PUBCOMP",
	"SUBSCRIBE", "SUBACK", "UNSUBSCRIBE", "UNSUBACK", "PINGREQ", "PINGRESP", "DISCONNECT", "AUTH",
}

// String returns the name of the type as in the specification.
func (t Type) String() string {
	if int(t) < len(typeNames) {
		return typeNames[t]
	}
	return fmt.Sprintf("type %d", byte(t))
}

// first is the first byte of a packet of type t, other than PUBLISH.
func (t Type) first() byte {
	switch t {
	case PUBREL, SUBSCRIBE, UNSUBSCRIBE:
		return byte(t)<<4 | 2
	default:
		return byte(t) << 4
	}
}

// MaxRemaining is the greatest remaining length that a packet can have.
const MaxRemaining = 1<<28 - 1

// Split finds the first packet in b. n is its whole length; 0 while b does not
// hold the whole fixed header. body is what follows the fixed header once b
// holds all n bytes, and a slice of b; before that it is nil and done is
// false. It refuses a type of 0, wrong reserved flags, QoS 3, DUP with QoS 0 and
// a remaining length that is malformed or not written in the fewest bytes as
// soon as it sees them.
func Split(b []byte) (first byte, body []byte, n int, done bool, err error) {
	return SplitAs(V5, b)
}

// SplitAs does what Split does, with the rules of one version: MQTT 3.1 allows
// the DUP flag in a PUBREL, SUBSCRIBE or UNSUBSCRIBE that is sent again.
func SplitAs(v Version, b []byte) (first byte, body []byte, n int, done bool, err error) {
	if len(b) == 0 {
		return 0, nil, 0, false, nil
	}
	first = b[0]
	if err := checkFirst(v, first); err != nil {
		return first, nil, 0, false, err
	}
	remaining, width, fault := varint(b[1:])
	if fault != "" {
		return first, nil, 0, false, malformed("the remaining length of " + TypeOf(first).String() + fault)
	}
	if width == 0 {
		return first, nil, 0, false, nil
	}
	n = 1 + width + remaining
	if len(b) < n {
		return first, nil, n, false, nil
	}
	return first, b[1+width : n : n], n, true, nil
}

// checkFirst checks the first byte of a packet.
func checkFirst(v Version, first byte) error {
	t := TypeOf(first)
	switch {
	case t == PUBLISH:
		return checkPublishFlags(first)
	case t == 0:
		return malformed("packet type 0 is reserved")
	case first == t.first():
		return nil
	case v == V31 && t.first()&2 != 0 && first == t.first()|8:
		return nil
	}
	switch t {
	case SUBSCRIBE:
		return malformed("reserved flags of SUBSCRIBE are not 0010 [MQTT-3.8.1-1]")
	case UNSUBSCRIBE:
		return malformed("reserved flags of UNSUBSCRIBE are not 0010 [MQTT-3.10.1-1]")
	case PUBREL:
		return malformed("reserved flags of PUBREL are not 0010 [MQTT-3.6.1-1]")
	case DISCONNECT:
		return malformed("reserved flags of DISCONNECT are not 0000 [MQTT-3.14.1-1]")
	case AUTH:
		return malformed("reserved flags of AUTH are not 0000 [MQTT-3.15.1-1]")
	default:
		return malformed("reserved flags of " + t.String() + " are not 0000 [MQTT-2.1.3-1]")
	}
}

// checkPublishFlags checks the first byte of PUBLISH.
func checkPublishFlags(first byte) error {
	switch qos := first >> 1 & 3; {
	case qos == 3:
		return malformed("PUBLISH has QoS 3 [MQTT-3.3.1-4]")
	case qos == 0 && first&8 != 0:
		return malformed("PUBLISH has DUP with QoS 0 [MQTT-3.3.1-2]")
	default:
		return nil
	}
}

// TypeOf returns the type in the first byte of a packet.
func TypeOf(first byte) Type { return Type(first >> 4) }
