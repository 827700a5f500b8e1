package core

import (
	"time"

	"github.com/thingdesk/thingdesk/localbroker/durable"
	"github.com/thingdesk/thingdesk/localbroker/packet"
	"github.com/thingdesk/thingdesk/things/topic"
)

func validWill(w *packet.Will) bool { return topic.ValidateName(w.Topic) == nil }

// will returns the Will in CONNECT, or nil.
func will(p *packet.Connect) *durable.Will {
	if p.Will == nil {
		return nil
	}
	delay, _ := p.Will.Properties.Uint(packet.WillDelay)
	var props []byte
	for id, raw := range p.Will.Properties.All() {
		if id != packet.WillDelay {
			props = append(props, raw...)
		}
	}
	return &durable.Will{
		Message: durable.Message{
			Topic: p.Will.Topic, Payload: p.Will.Payload, Properties: props,
			QoS: p.Will.QoS, Retain: p.Will.Retain, From: p.ClientID,
		},
		Delay: delay,
	}
}

// startWill publishes the Will of a session whose connection ended at the time
// ended, at once or after its delay. [MQTT-3.1.2-8, MQTT-3.1.3-9].
func (b *Broker) startWill(s *session, ended int64) {
	if s.will == nil {
		return
	}
	wait := time.Duration(ended+int64(s.will.Delay)*1e6-time.Now().UnixMicro()) * time.Microsecond
	if wait <= 0 {
		b.publishWill(s)
		return
	}
	b.later(&s.willTimer, wait, func() {
		b.publishWill(s)
		b.keep(s)
	})
}

// publishWill publishes the Will of a session, if it has one, and forgets it.
func (b *Broker) publishWill(s *session) {
	w := s.will
	s.will = nil
	if w == nil {
		return
	}
	now := time.Now().UnixMicro()
	m := &message{Message: w.Message}
	m.At = now
	m.Expires = expiry(w.Properties, now)
	m.Properties = passedOn(nil, w.Properties)
	if s.permit != nil && !s.permit.Publish(m.Topic) || reserved(m.Topic) {
		b.stats.Dropped++
		b.observer.Dropped(s.id, &m.Message, DropDenied)
		return
	}
	b.unretainable(m)
	b.publish(m, Origin{Will: true}, true)
}
