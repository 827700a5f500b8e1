package paho

import (
	"context"
	"fmt"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/things/topic"
)

// maxPacket is the longest remaining length of a packet (MQTT 3.1.1, 2.2.3).
const maxPacket = 268_435_455

// stages name how far a publish got, by QoS.
var stages = [...]string{"written", "PUBACK", "PUBCOMP"}

// Publish implements broker.Conn.
func (c *conn) Publish(ctx context.Context, m broker.Message) (broker.Ack, error) {
	if err := c.publish(ctx, m); err != nil {
		return broker.Ack{}, fmt.Errorf("publish to %q: %w", m.Topic, err)
	}
	return broker.Ack{Stage: stages[m.QoS]}, nil
}

func (c *conn) publish(ctx context.Context, m broker.Message) error {
	if err := topic.ValidateName(m.Topic); err != nil {
		return err
	}
	if m.QoS > 2 {
		return fmt.Errorf("QoS %d: must be 0, 1 or 2", m.QoS)
	}
	if size := len(m.Payload) + len(m.Topic) + 4; size > maxPacket {
		return fmt.Errorf("payload of %d bytes is too long: a packet holds at most %d", len(m.Payload), maxPacket)
	}
	l, err := c.current()
	if err != nil {
		return err
	}
	token, err := l.handOver(ctx, func(client mqtt.Client) mqtt.Token {
		payload := m.Payload
		if payload == nil {
			payload = []byte{}
		}
		return client.Publish(m.Topic, m.QoS, m.Retained, payload)
	})
	if err != nil {
		return err
	}
	if err := l.await(ctx, token); err != nil {
		return err
	}
	if m.QoS == 0 && l.wire.lossy() {
		return l.goneError(broker.ErrUnconfirmed)
	}
	return nil
}
