package packet

import (
	"bytes"
	"slices"
)

// Subscribe is SUBSCRIBE.
type Subscribe struct {
	ID         uint16
	Properties Properties
	Filters    []Subscription // at least one
}

// Subscription is one entry of SUBSCRIBE. Filter is UTF-8 without U+0000 but
// not checked otherwise: a bad filter fails alone.
type Subscription struct {
	Filter  string
	Options byte // the options byte of MQTT 5; for 3.1.1 just the QoS
}

// QoS returns the highest QoS the client wants.
func (s Subscription) QoS() byte { return s.Options & 3 }

// NoLocal tells that the client wants no messages of its own.
func (s Subscription) NoLocal() bool { return s.Options&4 != 0 }

// RetainAsPublished tells that the RETAIN flag is to be passed on.
func (s Subscription) RetainAsPublished() bool { return s.Options&8 != 0 }

// RetainHandling returns 0 to send retained messages, 1 to send them only for a
// new subscription, 2 never to send them.
func (s Subscription) RetainHandling() byte { return s.Options >> 4 & 3 }

// sharePrefix begins the filter of a Shared Subscription (section 4.8.2).
var sharePrefix = []byte("$share/")

// DecodeSubscribe reads the body of SUBSCRIBE. It copies what it keeps.
func DecodeSubscribe(v Version, body []byte) (*Subscribe, error) {
	r := reader{v: v, t: SUBSCRIBE, b: body}
	s := &Subscribe{ID: r.id(), Properties: slices.Clone(r.properties(in(SUBSCRIBE)))}
	for len(r.b) > 0 {
		filter := r.text("the topic filter")
		options := r.byte("the subscription options")
		if r.err == nil {
			if err := checkOptions(v, filter, options); err != nil {
				r.fail(err)
			}
		}
		s.Filters = append(s.Filters, Subscription{Filter: string(filter), Options: options})
	}
	if err := r.end(); err != nil {
		return nil, err
	}
	if len(s.Filters) == 0 {
		return nil, violation("SUBSCRIBE has no topic filter " + v.cite("[MQTT-3.8.3-3]", "[MQTT-3.8.3-2]"))
	}
	return s, nil
}

// checkOptions checks the options byte of one entry.
func checkOptions(v Version, filter []byte, options byte) error {
	s := Subscription{Options: options}
	switch {
	case v < V5 && options > 2:
		return malformed("requested QoS is not 0, 1 or 2 [MQTT-3-8.3-4]")
	case options&0xC0 != 0:
		return malformed("reserved bits of the subscription options are not 0 [MQTT-3.8.3-5]")
	case s.QoS() == 3:
		return violation("Maximum QoS of the subscription options is 3")
	case s.RetainHandling() == 3:
		return violation("Retain Handling of the subscription options is 3")
	case s.NoLocal() && bytes.HasPrefix(filter, sharePrefix):
		return violation("No Local on a Shared Subscription [MQTT-3.8.3-4]")
	default:
		return nil
	}
}

// Append appends the packet to dst. For MQTT 3 only the QoS of the options is
// written.
func (s *Subscribe) Append(dst []byte, v Version) []byte {
	n := 2 + propertiesLen(v, s.Properties)
	for _, f := range s.Filters {
		n += 3 + len(clipText(f.Filter))
	}
	dst = slices.Grow(dst, 1+varintLen(n)+n)
	dst = appendVarint(append(dst, SUBSCRIBE.first()), n)
	dst = appendProperties(append(dst, byte(s.ID>>8), byte(s.ID)), v, s.Properties)
	for _, f := range s.Filters {
		options := f.Options
		if v < V5 {
			options = f.QoS()
		}
		dst = append(appendField(dst, clipText(f.Filter)), options)
	}
	return dst
}

// Unsubscribe is UNSUBSCRIBE.
type Unsubscribe struct {
	ID         uint16
	Properties Properties
	Filters    []string // at least one; UTF-8 without U+0000, not checked otherwise
}

// DecodeUnsubscribe reads the body of UNSUBSCRIBE. It copies what it keeps.
func DecodeUnsubscribe(v Version, body []byte) (*Unsubscribe, error) {
	r := reader{v: v, t: UNSUBSCRIBE, b: body}
	u := &Unsubscribe{ID: r.id(), Properties: slices.Clone(r.properties(in(UNSUBSCRIBE)))}
	for len(r.b) > 0 {
		u.Filters = append(u.Filters, string(r.text("the topic filter")))
	}
	if err := r.end(); err != nil {
		return nil, err
	}
	if len(u.Filters) == 0 {
		return nil, violation("UNSUBSCRIBE has no topic filter [MQTT-3.10.3-2]")
	}
	return u, nil
}

// Append appends the packet to dst.
func (u *Unsubscribe) Append(dst []byte, v Version) []byte {
	n := 2 + propertiesLen(v, u.Properties)
	for _, f := range u.Filters {
		n += 2 + len(clipText(f))
	}
	dst = slices.Grow(dst, 1+varintLen(n)+n)
	dst = appendVarint(append(dst, UNSUBSCRIBE.first()), n)
	dst = appendProperties(append(dst, byte(u.ID>>8), byte(u.ID)), v, u.Properties)
	for _, f := range u.Filters {
		dst = appendField(dst, clipText(f))
	}
	return dst
}
