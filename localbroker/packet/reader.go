package packet

// reader takes the fields of a body one after the other. After the first error
// every field is zero and err stays.
type reader struct {
	v   Version
	t   Type
	b   []byte
	err error
}

// fail keeps the first error.
func (r *reader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
	r.b = nil
}

// short fails with a field that is not whole.
func (r *reader) short(what string) {
	r.fail(malformed(r.t.String() + " ends in " + what))
}

// byte takes a byte.
func (r *reader) byte(what string) byte {
	if len(r.b) < 1 {
		r.short(what)
		return 0
	}
	b := r.b[0]
	r.b = r.b[1:]
	return b
}

// uint16 takes a two byte integer.
func (r *reader) uint16(what string) uint16 {
	if len(r.b) < 2 {
		r.short(what)
		return 0
	}
	n := uint16(r.b[0])<<8 | uint16(r.b[1])
	r.b = r.b[2:]
	return n
}

// id takes a packet identifier, which is never 0.
func (r *reader) id() uint16 {
	id := r.uint16("the packet identifier")
	if id == 0 && r.err == nil {
		r.fail(violation("the packet identifier of " + r.t.String() + " is 0 " +
			r.v.cite("[MQTT-2.3.1-1]", "[MQTT-2.2.1-3]")))
	}
	return id
}

// binary takes binary data, as a slice of the body.
func (r *reader) binary(what string) []byte {
	value, rest, ok := field(r.b)
	if !ok {
		r.short(what)
		return nil
	}
	r.b = rest
	return value
}

// text takes a string, as a slice of the body.
func (r *reader) text(what string) []byte {
	value := r.binary(what)
	if r.err == nil {
		if err := checkText(r.v, what, value); err != nil {
			r.fail(err)
			return nil
		}
	}
	return value
}

// properties takes the properties of MQTT 5, as a slice of the body; nil for
// none. Older versions have none.
func (r *reader) properties(where place) Properties {
	if r.v < V5 || r.err != nil {
		return nil
	}
	n, width, fault := varint(r.b)
	if fault != "" {
		r.fail(malformed("the property length of " + where.String() + fault))
		return nil
	}
	if width == 0 || n > len(r.b)-width {
		r.short("the properties")
		return nil
	}
	p := Properties(r.b[width : width+n : width+n])
	r.b = r.b[width+n:]
	if n == 0 {
		return nil
	}
	if err := p.check(where); err != nil {
		r.fail(err)
		return nil
	}
	return p
}

// end returns the error, or one when bytes are left.
func (r *reader) end() error {
	if r.err == nil && len(r.b) > 0 {
		r.fail(malformed("bytes follow the last field of " + r.t.String()))
	}
	return r.err
}
