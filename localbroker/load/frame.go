package load

import (
	"encoding/binary"
	"errors"
)

// Kind is the type of a packet: the high four bits of its first byte.
type Kind byte

// The kinds that clients send and receive.
const (
	Connect Kind = iota + 1
	Connack
	Publish
	Puback
	Pubrec
	Pubrel
	Pubcomp
	Subscribe
	Suback
	Unsubscribe
	Unsuback
	Pingreq
	Pingresp
	Disconnect
)

// Packet is a packet from the broker. Topic and Payload are valid until the
// next call of Conn.Next.
type Packet struct {
	Kind    Kind
	QoS     byte // of PUBLISH
	Dup     bool // of PUBLISH
	Retain  bool // of PUBLISH
	Present bool // of CONNACK: the broker has kept the session
	Code    byte // return or reason code of CONNACK, PUBACK, PUBREC, PUBREL and PUBCOMP
	ID      uint16
	Topic   []byte
	Payload []byte // of PUBLISH; of SUBACK the return codes
}

var errMalformed = errors.New("malformed packet from the broker")

// parse reads the packet at the beginning of b and tells its length, which is
// 0 when b ends too early.
func parse(b []byte, version byte) (p Packet, size int, err error) {
	if len(b) < 2 {
		return p, 0, nil
	}
	length, n, ok := varint(b[1:])
	if !ok {
		return p, 0, errMalformed
	}
	if n == 0 || len(b) < 1+n+length {
		return p, 0, nil
	}
	size = 1 + n + length
	p.Kind = Kind(b[0] >> 4)
	body := b[1+n : size]
	switch p.Kind {
	case Publish:
		ok = p.publish(b[0], body, version)
	case Connack:
		if ok = len(body) >= 2; ok {
			p.Present, p.Code = body[0]&1 == 1, body[1]
		}
	case Puback, Pubrec, Pubrel, Pubcomp:
		if ok = len(body) >= 2; ok {
			p.ID = binary.BigEndian.Uint16(body)
		}
		if len(body) > 2 {
			p.Code = body[2]
		}
	case Suback, Unsuback:
		if ok = len(body) >= 2; ok {
			p.ID = binary.BigEndian.Uint16(body)
			p.Payload, ok = properties(body[2:], version)
		}
	default:
	}
	if !ok {
		return p, 0, errMalformed
	}
	return p, size, nil
}

// publish reads what follows the length of a PUBLISH.
func (p *Packet) publish(first byte, body []byte, version byte) bool {
	p.QoS, p.Dup, p.Retain = first>>1&3, first&8 != 0, first&1 != 0
	if len(body) < 2 {
		return false
	}
	n := 2 + int(binary.BigEndian.Uint16(body))
	if len(body) < n {
		return false
	}
	p.Topic, body = body[2:n], body[n:]
	if p.QoS > 0 {
		if len(body) < 2 {
			return false
		}
		p.ID, body = binary.BigEndian.Uint16(body), body[2:]
	}
	var ok bool
	p.Payload, ok = properties(body, version)
	return ok
}

// properties steps over the properties that MQTT 5 has at the beginning of b.
func properties(b []byte, version byte) ([]byte, bool) {
	if version < 5 {
		return b, true
	}
	length, n, ok := varint(b)
	if !ok || n == 0 || len(b) < n+length {
		return nil, false
	}
	return b[n+length:], true
}

// varint reads a variable byte integer and tells its size, which is 0 when b
// ends too early.
func varint(b []byte) (value, size int, ok bool) {
	for i := range min(4, len(b)) {
		value |= int(b[i]&127) << (7 * i)
		if b[i] < 128 {
			return value, i + 1, true
		}
	}
	return 0, 0, len(b) < 4
}

func appendVarint(b []byte, n int) []byte {
	for ; n > 127; n >>= 7 {
		b = append(b, byte(n)|128)
	}
	return append(b, byte(n))
}

func appendString[S string | []byte](b []byte, s S) []byte {
	return append(append(b, byte(len(s)>>8), byte(len(s))), s...)
}

// Message is an application message to publish.
type Message struct {
	Topic   string
	Payload []byte
	QoS     byte
	Retain  bool
	Dup     bool
	ID      uint16 // packet identifier, for QoS 1 and 2
}

// AppendPublish appends a PUBLISH for a client of the protocol level.
func AppendPublish(b []byte, version byte, m Message) []byte {
	first := byte(Publish)<<4 | m.QoS<<1
	if m.Retain {
		first |= 1
	}
	if m.Dup {
		first |= 8
	}
	size := 2 + len(m.Topic) + len(m.Payload)
	if m.QoS > 0 {
		size += 2
	}
	if version == 5 {
		size++
	}
	b = appendVarint(append(b, first), size)
	b = appendString(b, m.Topic)
	if m.QoS > 0 {
		b = append(b, byte(m.ID>>8), byte(m.ID))
	}
	if version == 5 {
		b = append(b, 0)
	}
	return append(b, m.Payload...)
}

// AppendAck appends a PUBACK, PUBREC, PUBREL or PUBCOMP.
func AppendAck(b []byte, k Kind, id uint16) []byte {
	first := byte(k) << 4
	if k == Pubrel {
		first |= 2
	}
	return append(b, first, 2, byte(id>>8), byte(id))
}

// AppendSubscribe appends a SUBSCRIBE, all filters at one QoS.
func AppendSubscribe(b []byte, version byte, id uint16, qos byte, filters ...string) []byte {
	size := 2
	if version == 5 {
		size++
	}
	for _, f := range filters {
		size += 3 + len(f)
	}
	b = appendVarint(append(b, byte(Subscribe)<<4|2), size)
	b = append(b, byte(id>>8), byte(id))
	if version == 5 {
		b = append(b, 0)
	}
	for _, f := range filters {
		b = append(appendString(b, f), qos)
	}
	return b
}

// AppendConnect appends the CONNECT of h.
func AppendConnect(b []byte, h Hello) []byte {
	version := h.version()
	var flags byte
	if h.Clean {
		flags |= 2
	}
	if h.Will != nil {
		flags |= 4 | h.Will.QoS<<3
		if h.Will.Retain {
			flags |= 0x20
		}
	}
	body := appendString(nil, "MQTT")
	body = append(body, version, flags, byte(h.KeepAlive>>8), byte(h.KeepAlive))
	if version == 5 {
		var props []byte
		if h.Expiry > 0 {
			props = binary.BigEndian.AppendUint32(append(props, 0x11), h.Expiry)
		}
		if h.ReceiveMaximum > 0 {
			props = binary.BigEndian.AppendUint16(append(props, 0x21), h.ReceiveMaximum)
		}
		body = append(appendVarint(body, len(props)), props...)
	}
	body = appendString(body, h.ID)
	if h.Will != nil {
		if version == 5 {
			body = append(body, 0)
		}
		body = appendString(appendString(body, h.Will.Topic), h.Will.Payload)
	}
	return append(appendVarint(append(b, byte(Connect)<<4), len(body)), body...)
}
