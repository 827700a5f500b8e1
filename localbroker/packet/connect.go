package packet

import (
	"bytes"
	"slices"
)

// Connect is CONNECT. The Version is 3, 4 or 5.
type Connect struct {
	Version              Version
	Clean                bool // Clean Session or Clean Start
	KeepAlive            uint16
	ClientID             string
	HasUser, HasPassword bool
	User                 string
	Password             []byte
	Properties           Properties
	Will                 *Will // nil for none
}

// Will is the Will in CONNECT.
type Will struct {
	QoS        byte
	Retain     bool
	Topic      string
	Payload    []byte
	Properties Properties
}

// The bits of the connect flags.
const (
	reservedFlag   = 1
	cleanFlag      = 1 << 1
	willFlag       = 1 << 2
	willQoSFlags   = 3 << 3
	willRetainFlag = 1 << 5
	passwordFlag   = 1 << 6
	userFlag       = 1 << 7
)

// DecodeConnect reads the body of CONNECT. It copies what it keeps. A protocol
// name or level that is not known gives UnsupportedProtocolVersion, together
// with a Connect that has only the Version set, for the answer to it: V5 for a
// level above it, V31 for the name of MQTT 3.1, else V311. The bit that a bridge
// sets in the level makes it an unknown one.
func DecodeConnect(body []byte) (*Connect, error) {
	r := reader{v: V311, t: CONNECT, b: body}
	name := r.binary("the protocol name")
	level := r.byte("the protocol level")
	if r.err != nil {
		return nil, r.err
	}
	c := &Connect{Version: answerVersion(name, level)}
	if err := checkProtocol(name, level); err != nil {
		return c, err
	}
	r.v = c.Version
	flags := r.byte("the connect flags")
	if err := checkConnectFlags(r.v, flags); err != nil {
		r.fail(err)
	}
	c.Clean = flags&cleanFlag != 0
	c.KeepAlive = r.uint16("the keep alive")
	c.Properties = slices.Clone(r.properties(in(CONNECT)))
	c.ClientID = string(r.text("the client identifier"))
	if flags&willFlag != 0 {
		c.Will = r.will(flags)
	}
	c.credentials(&r, flags)
	if err := r.end(); err != nil {
		return nil, err
	}
	return c, nil
}

// checkProtocol checks that a protocol name and level are one of the three
// versions.
func checkProtocol(name []byte, level byte) error {
	want := "MQTT"
	if Version(level) == V31 {
		want = "MQIsdp"
	}
	switch {
	case string(name) != "MQTT" && string(name) != "MQIsdp":
		return &Error{Reason: UnsupportedProtocolVersion, Text: "the protocol name is not known [MQTT-3.1.2-1]"}
	case Version(level) < V31 || Version(level) > V5 || string(name) != want:
		return &Error{Reason: UnsupportedProtocolVersion, Text: "the protocol level is not known [MQTT-3.1.2-2]"}
	default:
		return nil
	}
}

// answerVersion is the version to answer a CONNECT in.
func answerVersion(name []byte, level byte) Version {
	switch level &^= 0x80; {
	case level >= byte(V5):
		return V5
	case string(name) == "MQIsdp":
		return V31
	default:
		return V311
	}
}

// checkConnectFlags checks the connect flags.
func checkConnectFlags(v Version, flags byte) error {
	qos := flags & willQoSFlags
	switch {
	case flags&reservedFlag != 0:
		return malformed("the reserved connect flag is not 0 [MQTT-3.1.2-3]")
	case qos == willQoSFlags:
		return malformed("Will QoS is 3 " + v.cite("[MQTT-3.1.2-14]", "[MQTT-3.1.2-12]"))
	case flags&willFlag == 0 && qos != 0:
		return malformed("Will QoS without a Will " + v.cite("[MQTT-3.1.2-13]", "[MQTT-3.1.2-11]"))
	case flags&willFlag == 0 && flags&willRetainFlag != 0:
		return malformed("Will Retain without a Will " + v.cite("[MQTT-3.1.2-15]", "[MQTT-3.1.2-13]"))
	case v < V5 && flags&passwordFlag != 0 && flags&userFlag == 0:
		return malformed("a password without a user name [MQTT-3.1.2-22]")
	default:
		return nil
	}
}

// will takes the Will and copies it.
func (r *reader) will(flags byte) *Will {
	w := &Will{
		QoS:        flags & willQoSFlags >> 3,
		Retain:     flags&willRetainFlag != 0,
		Properties: slices.Clone(r.properties(inWill)),
	}
	topic := r.text("the Will Topic")
	w.Topic = string(topic)
	w.Payload = bytes.Clone(r.binary("the Will Payload"))
	switch {
	case r.err != nil:
	case len(topic) == 0:
		r.fail(violation("the Will Topic is empty [MQTT-4.7.3-1]"))
	case hasWildcard(topic):
		r.fail(violation("the Will Topic has a wildcard " + r.v.cite("[MQTT-4.7.1-1]", "[MQTT-4.7.0-1]")))
	}
	return w
}

// credentials takes the user name and the password. In MQTT 3.1 the remaining
// length counts for more than the flags: either may be missing at the end.
func (c *Connect) credentials(r *reader, flags byte) {
	missing := func() bool { return c.Version == V31 && len(r.b) == 0 }
	if flags&userFlag != 0 && !missing() {
		c.HasUser = true
		c.User = string(r.text("the user name"))
	}
	if flags&passwordFlag != 0 && !missing() {
		c.HasPassword = true
		c.Password = bytes.Clone(r.binary("the password"))
	}
}

// Append appends the packet to dst.
func (c *Connect) Append(dst []byte) []byte {
	name := "MQTT"
	if c.Version == V31 {
		name = "MQIsdp"
	}
	n := c.remaining(name)
	dst = slices.Grow(dst, 1+varintLen(n)+n)
	dst = appendVarint(append(dst, CONNECT.first()), n)
	dst = append(appendField(dst, name), byte(c.Version), c.flags(), byte(c.KeepAlive>>8), byte(c.KeepAlive))
	dst = appendProperties(dst, c.Version, c.Properties)
	dst = appendField(dst, clipText(c.ClientID))
	if w := c.Will; w != nil {
		dst = appendProperties(dst, c.Version, w.Properties)
		dst = appendField(dst, clipText(w.Topic))
		dst = appendField(dst, clipBytes(w.Payload))
	}
	if c.HasUser {
		dst = appendField(dst, clipText(c.User))
	}
	if c.HasPassword {
		dst = appendField(dst, clipBytes(c.Password))
	}
	return dst
}

// remaining is the remaining length.
func (c *Connect) remaining(name string) int {
	n := 2 + len(name) + 4 + propertiesLen(c.Version, c.Properties) + 2 + len(clipText(c.ClientID))
	if w := c.Will; w != nil {
		n += propertiesLen(c.Version, w.Properties) + 2 + len(clipText(w.Topic)) + 2 + len(clipBytes(w.Payload))
	}
	if c.HasUser {
		n += 2 + len(clipText(c.User))
	}
	if c.HasPassword {
		n += 2 + len(clipBytes(c.Password))
	}
	return n
}

// flags are the connect flags.
func (c *Connect) flags() byte {
	var flags byte
	if c.Clean {
		flags |= cleanFlag
	}
	if w := c.Will; w != nil {
		flags |= willFlag | w.QoS&3<<3
		if w.Retain {
			flags |= willRetainFlag
		}
	}
	if c.HasUser {
		flags |= userFlag
	}
	if c.HasPassword {
		flags |= passwordFlag
	}
	return flags
}
