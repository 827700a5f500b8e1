package packet

// Connack is CONNACK. Code is a Reason for MQTT 5, else a return code.
type Connack struct {
	SessionPresent bool
	Code           byte
	Properties     Properties
}

// connackReasons are the reason codes of CONNACK (table 3-1).
var connackReasons = []Reason{
	Success, UnspecifiedError, MalformedPacket, ProtocolError, ImplementationSpecific,
	UnsupportedProtocolVersion, ClientIdentifierNotValid, BadUserNameOrPassword, NotAuthorized,
	ServerUnavailable, ServerBusy, Banned, BadAuthenticationMethod, TopicNameInvalid, PacketTooLarge,
	QuotaExceeded, PayloadFormatInvalid, RetainNotSupported, QoSNotSupported, UseAnotherServer, ServerMoved,
	ConnectionRateExceeded,
}

// DecodeConnack reads the body of CONNACK. The Properties are a slice of body.
func DecodeConnack(v Version, body []byte) (Connack, error) {
	r := reader{v: v, t: CONNACK, b: body}
	flags := r.byte("the acknowledge flags")
	c := Connack{SessionPresent: flags&1 != 0, Code: r.byte("the reason code"), Properties: r.properties(in(CONNACK))}
	if err := r.end(); err != nil {
		return Connack{}, err
	}
	switch {
	case flags > 1 || v == V31 && flags != 0:
		return Connack{}, malformed("reserved bits of the acknowledge flags are not 0 [MQTT-3.2.2-1]")
	case v < V5 && c.Code > 5:
		return Connack{}, violation("the return code of CONNACK is reserved")
	case v == V5 && !Reason(c.Code).oneOf(connackReasons):
		return Connack{}, violation("CONNACK has " + reasonNotIts(Reason(c.Code)) + " [MQTT-3.2.2-8]")
	case c.SessionPresent && c.Code != 0:
		return Connack{}, violation("CONNACK refuses with Session Present " + v.cite("[MQTT-3.2.2-4]", "[MQTT-3.2.2-6]"))
	}
	return c, nil
}

// Append appends the packet to dst. MQTT 3.1 has no Session Present.
func (c *Connack) Append(dst []byte, v Version) []byte {
	var flags byte
	if c.SessionPresent && v > V31 {
		flags = 1
	}
	dst = appendVarint(append(dst, CONNACK.first()), 2+propertiesLen(v, c.Properties))
	return appendProperties(append(dst, flags, c.Code), v, c.Properties)
}
