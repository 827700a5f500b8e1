package localbroker

import (
	"strings"
	"time"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/things/topic"
)

// reserved begins the topics of the shadow service.
const reserved = "$aws/things/"

// hook is where mochi tells what happens. Its methods run in the goroutines of
// the clients.
type hook struct {
	mochi.HookBase
	sessions  *sessions
	requests  *shadows
	onMessage func(client string, m broker.Message)
}

// ID names the hook.
func (h *hook) ID() string { return "thingdesk" }

// Provides tells which methods mochi is to call.
func (h *hook) Provides(method byte) bool {
	switch method {
	case mochi.OnConnectAuthenticate, mochi.OnACLCheck, mochi.OnSessionEstablished, mochi.OnDisconnect,
		mochi.OnSubscribe, mochi.OnSubscribed, mochi.OnPublish, mochi.OnPublished, mochi.OnWill, mochi.OnWillSent:
		return true
	}
	return false
}

// OnConnectAuthenticate lets everybody in.
func (h *hook) OnConnectAuthenticate(*mochi.Client, packets.Packet) bool { return true }

// OnACLCheck allows everything.
func (h *hook) OnACLCheck(*mochi.Client, string, bool) bool { return true }

// OnSessionEstablished comes after CONNACK.
func (h *hook) OnSessionEstablished(c *mochi.Client, _ packets.Packet) { h.sessions.connected(c) }

// OnDisconnect comes once for each OnSessionEstablished, unless mochi panicked.
func (h *hook) OnDisconnect(c *mochi.Client, _ error, _ bool) { h.sessions.disconnected(c) }

// OnSubscribe makes mochi refuse filters that are not valid, which it takes
// otherwise: it does refuse an empty one.
func (h *hook) OnSubscribe(_ *mochi.Client, pk packets.Packet) packets.Packet {
	for i, s := range pk.Filters {
		if topic.ValidateFilter(s.Filter) != nil {
			pk.Filters[i].Filter = ""
		}
	}
	return pk
}

// OnSubscribed tells the filters that were granted.
func (h *hook) OnSubscribed(c *mochi.Client, pk packets.Packet, codes []byte) {
	var granted []string
	for i, s := range pk.Filters {
		if codes[i] <= packets.CodeGrantedQos2.Code {
			granted = append(granted, s.Filter)
		}
	}
	if granted != nil {
		h.sessions.subscribed(c, granted)
	}
}

// OnPublish takes the RETAIN flag off messages on reserved topics: a request
// must not be delivered again to those who subscribe later.
func (h *hook) OnPublish(_ *mochi.Client, pk packets.Packet) (packets.Packet, error) {
	if pk.FixedHeader.Retain && strings.HasPrefix(pk.TopicName, reserved) {
		pk.FixedHeader.Retain = false
	}
	return pk, nil
}

// OnWill does the same for a Will. The shadow service does not look at Wills:
// OnPublished is not called for them.
func (h *hook) OnWill(_ *mochi.Client, will mochi.Will) (mochi.Will, error) {
	if strings.HasPrefix(will.TopicName, reserved) {
		will.Retain = false
	}
	return will, nil
}

// OnPublished tells the message, and hands shadow requests to the service,
// after they went to their subscribers. The service's own messages come from
// the inline client.
func (h *hook) OnPublished(c *mochi.Client, pk packets.Packet) {
	h.tell(c, pk)
	if !c.Net.Inline && strings.HasPrefix(pk.TopicName, reserved) {
		h.requests.submit(pk.TopicName, pk.Payload)
	}
}

// OnWillSent tells a Will as a message.
func (h *hook) OnWillSent(c *mochi.Client, pk packets.Packet) { h.tell(c, pk) }

func (h *hook) tell(c *mochi.Client, pk packets.Packet) {
	client := c.ID
	if c.Net.Inline {
		client = ""
	}
	h.onMessage(client, broker.Message{
		Time: time.Now().UnixMicro(), Topic: pk.TopicName, Payload: pk.Payload, QoS: pk.FixedHeader.Qos,
		Retained: pk.FixedHeader.Retain, Dup: pk.FixedHeader.Dup,
	})
}
