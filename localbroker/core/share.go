package core

// pick chooses the next member of a group that may receive m: one that is
// connected and not behind, else one that is connected, else one that will come
// back.
func (g *group) pick(m *message) *subscription {
	var second, third *subscription
	n := len(g.members)
	for i := range n {
		at := (g.last + 1 + i) % n
		sub := g.members[at]
		switch s := sub.s; {
		case s.permit != nil && !s.permit.Receive(m.Topic):
		case s.conn != nil && s.queued < behind && !s.conn.windowFull():
			g.last = at
			return sub
		case s.conn != nil && second == nil:
			second = sub
		case s.conn == nil && third == nil && m.QoS > 0 && sub.options.QoS() > 0:
			third = sub
		}
	}
	g.last++
	if second != nil {
		return second
	}
	return third
}

// behind is how many bytes may wait for a member of a group before others are
// preferred.
const behind = 256 << 10

// redistribute gives a message of a shared subscription to another member.
func (b *Broker) redistribute(it *item) {
	if sub := it.group.pick(it.m); sub != nil {
		t := sub.target(it.m, it.group)
		b.enqueue(&t, it.m)
	}
}
