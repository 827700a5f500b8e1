package packet

import "slices"

// Suback is SUBACK or UNSUBACK. UNSUBACK of MQTT 3 has no codes.
type Suback struct {
	Type       Type
	ID         uint16
	Properties Properties
	Codes      []Reason
}

// The reason codes of SUBACK (table 3-8 and MQTT 3.1.1) and UNSUBACK (table 3-9).
var (
	subackReasons = []Reason{
		Success, GrantedQoS1, GrantedQoS2, UnspecifiedError, ImplementationSpecific, NotAuthorized,
		TopicFilterInvalid, PacketIdentifierInUse, QuotaExceeded, SharedNotSupported,
		SubscriptionIDsNotSupported, WildcardsNotSupported,
	}
	subackV3        = []Reason{Success, GrantedQoS1, GrantedQoS2, UnspecifiedError}
	unsubackReasons = []Reason{
		Success, NoSubscriptionExisted, UnspecifiedError, ImplementationSpecific, NotAuthorized,
		TopicFilterInvalid, PacketIdentifierInUse,
	}
)

// subackSet returns the reason codes of a type, with the statement about them.
func subackSet(v Version, t Type) (set []Reason, statement string) {
	switch {
	case t == UNSUBACK:
		return unsubackReasons, "[MQTT-3.11.3-2]"
	case v < V5:
		return subackV3, "[MQTT-3.9.3-2]"
	default:
		return subackReasons, "[MQTT-3.9.3-2]"
	}
}

// DecodeSuback reads the body of a packet of type t. It copies what it keeps.
func DecodeSuback(v Version, t Type, body []byte) (*Suback, error) {
	r := reader{v: v, t: t, b: body}
	s := &Suback{Type: t, ID: r.id(), Properties: slices.Clone(r.properties(in(t)))}
	if r.err != nil || v < V5 && t == UNSUBACK {
		if err := r.end(); err != nil {
			return nil, err
		}
		return s, nil
	}
	set, statement := subackSet(v, t)
	for _, b := range r.b {
		if !Reason(b).oneOf(set) {
			return nil, violation(t.String() + " has " + reasonNotIts(Reason(b)) + " " + statement)
		}
		s.Codes = append(s.Codes, Reason(b))
	}
	if len(s.Codes) == 0 {
		return nil, violation(t.String() + " has no reason code")
	}
	return s, nil
}

// Append appends the packet to dst. In SUBACK of MQTT 3 every failure is
// written as 0x80 [MQTT-3.9.3-2].
func (s *Suback) Append(dst []byte, v Version) []byte {
	n := 2 + propertiesLen(v, s.Properties)
	codes := s.Codes
	if v < V5 && s.Type == UNSUBACK {
		codes = nil
	}
	n += len(codes)
	dst = slices.Grow(dst, 1+varintLen(n)+n)
	dst = appendVarint(append(dst, s.Type.first()), n)
	dst = appendProperties(append(dst, byte(s.ID>>8), byte(s.ID)), v, s.Properties)
	for _, c := range codes {
		if v < V5 && c >= UnspecifiedError {
			c = UnspecifiedError
		}
		dst = append(dst, byte(c))
	}
	return dst
}
