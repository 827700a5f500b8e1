package packet

import "iter"

// Properties are the properties of a packet as they are on the wire, without
// their length in front. Decoded ones are valid: only known properties that
// belong to the packet, none twice that may stand once, values in their range.
// nil has none. With bytes that are not valid the getters end at the first
// fault.
type Properties []byte

// find returns the value of the first property with the identifier.
func (p Properties) find(want Property) (value []byte, ok bool) {
	for len(p) > 0 {
		id, value, rest, fault := p.cut()
		if fault != "" {
			return nil, false
		}
		if id == want {
			return value, true
		}
		p = rest
	}
	return nil, false
}

// Uint returns the value of a property that is a number of any width; the
// first one for SubscriptionIdentifier.
func (p Properties) Uint(id Property) (value uint32, ok bool) {
	s := define(id).shape
	if !s.number() {
		return 0, false
	}
	raw, ok := p.find(id)
	if !ok {
		return 0, false
	}
	return number(s, raw), true
}

// Bytes returns the value of a property that is a string or binary data, as a
// slice of p.
func (p Properties) Bytes(id Property) (value []byte, ok bool) {
	if s := define(id).shape; s != text && s != binary {
		return nil, false
	}
	return p.find(id)
}

// All iterates over the properties; raw is the whole one with its identifier, a
// slice of p.
func (p Properties) All() iter.Seq2[Property, []byte] {
	return func(yield func(Property, []byte) bool) {
		for p := p; len(p) > 0; {
			id, _, rest, fault := p.cut()
			n := len(p) - len(rest)
			if fault != "" || !yield(id, p[:n:n]) {
				return
			}
			p = rest
		}
	}
}

// User iterates over the User Properties in their order. The strings are
// copies.
func (p Properties) User() iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for p := p; len(p) > 0; {
			id, value, rest, fault := p.cut()
			if fault != "" {
				return
			}
			if id == UserProperty {
				key, after, _ := field(value)
				val, _, _ := field(after)
				if !yield(string(key), string(val)) {
					return
				}
			}
			p = rest
		}
	}
}

// AppendUint appends a property that is a number, at the width that the
// property has; the value must fit. Any other property is left out.
func (p Properties) AppendUint(id Property, value uint32) Properties {
	switch define(id).shape {
	case flag:
		return append(p, byte(id), byte(value))
	case two:
		return append(p, byte(id), byte(value>>8), byte(value))
	case four:
		return append(p, byte(id), byte(value>>24), byte(value>>16), byte(value>>8), byte(value))
	case variable:
		return appendVarint(append(p, byte(id)), int(value&MaxRemaining))
	default:
		return p
	}
}

// AppendString appends a property that is a string or binary data. A value
// longer than 65,535 bytes is cut there (at the end of a character for strings).
// Any other property is left out.
func (p Properties) AppendString(id Property, value string) Properties {
	switch define(id).shape {
	case text:
		return appendField(append(p, byte(id)), clipText(value))
	case binary:
		return appendField(append(p, byte(id)), value[:min(len(value), maxField)])
	default:
		return p
	}
}

// AppendUser appends a User Property. Strings longer than 65,535 bytes are cut
// at the end of a character.
func (p Properties) AppendUser(key, value string) Properties {
	p = appendField(append(p, byte(UserProperty)), clipText(key))
	return appendField(p, clipText(value))
}
