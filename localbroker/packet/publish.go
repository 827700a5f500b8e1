package packet

import "slices"

// Publish is PUBLISH.
type Publish struct {
	Dup, Retain bool
	QoS         byte
	ID          uint16 // 0 for QoS 0
	Topic       []byte // empty only with a Topic Alias; at most 65,535 bytes
	Properties  Properties
	Payload     []byte
}

// Decode reads the body of PUBLISH with the given first byte. All slices are
// slices of body: nothing is allocated. The topic is valid for publishing
// (UTF-8, no U+0000, no wildcard); a Topic Alias of 0 and, with fromClient, a
// Subscription Identifier are refused. After an error p has no meaning.
func (p *Publish) Decode(v Version, first byte, body []byte, fromClient bool) error {
	if err := checkPublishFlags(first); err != nil {
		return err
	}
	r := reader{v: v, t: PUBLISH, b: body}
	p.Dup, p.Retain, p.QoS, p.ID = first&8 != 0, first&1 != 0, first>>1&3, 0
	p.Topic = r.text("the topic")
	if p.QoS > 0 {
		p.ID = r.id()
	}
	p.Properties = r.properties(in(PUBLISH))
	if r.err != nil {
		return r.err
	}
	p.Payload = slices.Clip(r.b)
	if err := p.checkTopic(v); err != nil {
		return err
	}
	if fromClient && p.Properties != nil {
		if _, ok := p.Properties.find(SubscriptionIdentifier); ok {
			return violation("PUBLISH of a client has a Subscription Identifier [MQTT-3.3.4-6]")
		}
	}
	return nil
}

// checkTopic checks the topic, which is a valid string.
func (p *Publish) checkTopic(v Version) error {
	if hasWildcard(p.Topic) {
		return violation("the topic of PUBLISH has a wildcard [MQTT-3.3.2-2]")
	}
	if len(p.Topic) > 0 {
		return nil
	}
	if v < V5 {
		return violation("the topic of PUBLISH is empty [MQTT-4.7.3-1]")
	}
	if _, ok := p.Properties.find(TopicAlias); !ok {
		return violation("PUBLISH has neither a topic nor a Topic Alias [MQTT-4.7.3-1]")
	}
	return nil
}

// Append appends the packet to dst, without allocating when dst has room. The
// whole must not be longer than MaxRemaining allows. DUP is left out with QoS 0
// [MQTT-3.3.1-2], as is the ID [MQTT-2.2.1-2].
func (p *Publish) Append(dst []byte, v Version) []byte {
	n := p.remaining(v)
	dst = slices.Grow(dst, 1+varintLen(n)+n)
	dst = appendVarint(append(dst, p.first()), n)
	dst = appendField(dst, clipText(p.Topic))
	if p.QoS > 0 {
		dst = append(dst, byte(p.ID>>8), byte(p.ID))
	}
	dst = appendProperties(dst, v, p.Properties)
	return append(dst, p.Payload...)
}

// first is the first byte.
func (p *Publish) first() byte {
	first := byte(PUBLISH)<<4 | p.QoS&3<<1
	if p.Dup && p.QoS > 0 {
		first |= 8
	}
	if p.Retain {
		first |= 1
	}
	return first
}

// remaining is the remaining length.
func (p *Publish) remaining(v Version) int {
	n := 2 + len(clipText(p.Topic)) + propertiesLen(v, p.Properties) + len(p.Payload)
	if p.QoS > 0 {
		n += 2
	}
	return n
}

// Size returns the length of the whole packet.
func (p *Publish) Size(v Version) int {
	n := p.remaining(v)
	return 1 + varintLen(n) + n
}
