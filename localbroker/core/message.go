package core

import (
	"unsafe"

	"github.com/thingdesk/thingdesk/localbroker/durable"
	"github.com/thingdesk/thingdesk/localbroker/packet"
)

// message is an application message on its way. What is not said to be guarded
// does not change.
type message struct {
	durable.Message

	// Guarded by Broker.mu.
	gate    uint64 // the change with which it is stored; it is delivered after that
	holders int    // deliveries in the store that share it
}

// overhead is what a message that waits costs beside its bytes, roughly.
const overhead = 160

// size is what the message counts in limits.
func (m *message) size() int64 {
	return int64(len(m.Topic) + len(m.Payload) + len(m.Properties) + overhead)
}

func (m *message) expired(now int64) bool { return m.Expires != 0 && now >= m.Expires }

// expiry returns when a message with the properties expires.
func expiry(p packet.Properties, now int64) int64 {
	if len(p) == 0 {
		return 0
	}
	seconds, ok := p.Uint(packet.MessageExpiry)
	if !ok {
		return 0
	}
	return now + int64(seconds)*1e6
}

// passedOn returns the properties of a PUBLISH that its receivers get
// [MQTT-3.3.2-4, -15, -16, -17, -18, -20]: all but Topic Alias and
// Message Expiry, which is sent with the time that is left.
func passedOn(dst []byte, p packet.Properties) []byte {
	for id, raw := range p.All() {
		if id != packet.TopicAlias && id != packet.MessageExpiry && id != packet.WillDelay {
			dst = append(dst, raw...)
		}
	}
	return dst
}

// unretainable takes the RETAIN flag off where it is not wanted. Nobody else
// has seen the message yet.
func (b *Broker) unretainable(m *message) {
	if m.Retain && b.cfg.NeverRetained != nil && b.cfg.NeverRetained(m.Topic) {
		m.Retain = false
	}
}

// bytesOf returns the bytes of s, which nobody may change.
func bytesOf(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) } //nolint:gosec // G103: saves a copy of each topic
