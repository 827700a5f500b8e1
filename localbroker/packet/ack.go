package packet

// Ack is PUBACK, PUBREC, PUBREL or PUBCOMP.
type Ack struct {
	Type       Type
	ID         uint16
	Reason     Reason
	Properties Properties
}

// The reason codes of the acknowledgements of MQTT 5 (tables 3-4 to 3-7).
var (
	receivedReasons = []Reason{
		Success, NoMatchingSubscribers, UnspecifiedError, ImplementationSpecific, NotAuthorized,
		TopicNameInvalid, PacketIdentifierInUse, QuotaExceeded, PayloadFormatInvalid,
	}
	releaseReasons = []Reason{Success, PacketIdentifierNotFound}
)

// DecodeAck reads the body of a packet of type t, without allocating; the
// Properties are a slice of body. Reason codes that do not belong to the type
// are refused.
func DecodeAck(v Version, t Type, body []byte) (Ack, error) {
	r := reader{v: v, t: t, b: body}
	a := Ack{Type: t, ID: r.id()}
	if v == V5 && len(r.b) > 0 {
		a.Reason = Reason(r.byte("the reason code"))
		if r.err == nil && !a.Reason.oneOf(ackReasons(t)) {
			r.fail(violation(t.String() + " has " + reasonNotIts(a.Reason) + " " + ackStatement(t)))
		}
	}
	if len(r.b) > 0 {
		a.Properties = r.properties(in(t))
	}
	if err := r.end(); err != nil {
		return Ack{}, err
	}
	return a, nil
}

// ackReasons are the reason codes that belong to a type.
func ackReasons(t Type) []Reason {
	if t == PUBREL || t == PUBCOMP {
		return releaseReasons
	}
	return receivedReasons
}

// ackStatement is the statement that lists the reason codes of a type.
func ackStatement(t Type) string {
	switch t {
	case PUBREC:
		return "[MQTT-3.5.2-1]"
	case PUBREL:
		return "[MQTT-3.6.2-1]"
	case PUBCOMP:
		return "[MQTT-3.7.2-1]"
	default:
		return "[MQTT-3.4.2-1]"
	}
}

// reasonNotIts names a reason code that does not belong to a packet.
func reasonNotIts(r Reason) string {
	const digits = "0123456789ABCDEF"
	return "reason code 0x" + string(digits[r>>4]) + string(digits[r&15]) + ", which is not one of its own"
}

// Append appends the packet to dst in its shortest form, without allocating
// when dst has room.
func (a *Ack) Append(dst []byte, v Version) []byte {
	switch {
	case v < V5 || a.Reason == Success && len(a.Properties) == 0:
		return append(dst, a.Type.first(), 2, byte(a.ID>>8), byte(a.ID))
	case len(a.Properties) == 0:
		return append(dst, a.Type.first(), 3, byte(a.ID>>8), byte(a.ID), byte(a.Reason))
	}
	dst = appendVarint(append(dst, a.Type.first()), 3+propertiesLen(v, a.Properties))
	dst = append(dst, byte(a.ID>>8), byte(a.ID), byte(a.Reason))
	return appendProperties(dst, v, a.Properties)
}
