package core

import "github.com/thingdesk/thingdesk/localbroker/packet"

// aliasBytes is by how much a Topic Alias can lengthen a packet: itself and the
// two lengths before it.
const aliasBytes = 3 + 1 + 1

// alias replaces the topic by a Topic Alias where the client takes them: the
// first topics on a connection get one.
func (c *conn) alias(w *writer, p *packet.Publish) {
	if c.aliasMost == 0 || len(p.Topic) < 3 {
		return
	}
	if c.maxPacket > 0 && p.Size(c.version)+aliasBytes > c.maxPacket { // [MQTT-3.1.2-24]
		return
	}
	if id, ok := c.outAliases[string(p.Topic)]; ok {
		w.props = w.props.AppendUint(packet.TopicAlias, uint32(id))
		p.Topic, p.Properties = nil, w.props
		return
	}
	if len(c.outAliases) >= int(min(c.aliasMost, c.b.limits.TopicAliases)) { // [MQTT-3.1.2-26]
		return
	}
	id := uint16(len(c.outAliases) + 1)
	if c.outAliases == nil {
		c.outAliases = make(map[string]uint16)
	}
	c.outAliases[string(p.Topic)] = id
	w.props = w.props.AppendUint(packet.TopicAlias, uint32(id))
	p.Properties = w.props
}
