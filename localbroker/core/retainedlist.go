package core

import (
	"slices"
	"strings"
	"time"

	"github.com/thingdesk/thingdesk/localbroker/durable"
)

// Retained lists the retained messages whose topics match filter, which must be
// valid and may have wildcards, and come after the topic after in the order of
// bytes; "" is before all. At most limit of them, 0 for all, by topic; more
// tells whether there are others. Expired ones are left out. The messages must
// not be changed.
func (b *Broker) Retained(filter, after string, limit int) (ms []*durable.Message, more bool) {
	b.lock()
	all := b.retained.match(nil, filter)
	b.unlock()

	now := time.Now().UnixMicro()
	keep := func() {
		slices.SortFunc(ms, func(a, b *durable.Message) int { return strings.Compare(a.Topic, b.Topic) })
		if limit > 0 && len(ms) > limit {
			clear(ms[limit:])
			ms, more = ms[:limit], true
		}
	}
	for _, m := range all {
		switch {
		case m.Topic <= after || m.expired(now):
			continue
		case more && m.Topic > ms[limit-1].Topic: // at the end of the last keep
			continue
		}
		ms = append(ms, &m.Message)
		if limit > 0 && len(ms) >= 2*limit+64 { // so it is not all sorted for one page
			keep()
		}
	}
	keep()
	return ms, more
}

// RetainedMessage returns the retained message of a topic, or nil. It must not
// be changed.
func (b *Broker) RetainedMessage(topic string) *durable.Message {
	b.lock()
	defer b.unlock()
	m := b.retained.get(topic)
	if m == nil || m.expired(time.Now().UnixMicro()) {
		return nil
	}
	return &m.Message
}
