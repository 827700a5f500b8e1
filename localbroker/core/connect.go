package core

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/thingdesk/thingdesk/localbroker/packet"
)

// greet reads CONNECT and lets the client in, or not.
func (c *conn) greet(ctx context.Context, r *reader) bool {
	until := time.Now().Add(c.b.limits.ConnectTime)
	if c.net.SetReadDeadline(until) != nil || c.net.SetWriteDeadline(until) != nil {
		return false
	}
	body, n, err := readConnect(r)
	if err != nil {
		c.refuse(0, Refusal{Reason: packet.ProtocolError, Text: err.Error()})
		return false
	}
	p, err := packet.DecodeConnect(body)
	if err != nil {
		c.refuseError(p, body, err)
		return false
	}
	r.consume(n)
	assigned, reason := c.check(p)
	if reason != packet.Success {
		c.refuse(p.Version, Refusal{Client: p.ClientID, User: p.User, Reason: reason})
		return false
	}
	pass := Pass{}
	if c.door.Guard != nil {
		ctx, cancel := context.WithDeadline(ctx, until)
		stop := context.AfterFunc(c.b.ctx, cancel)
		pass, reason = c.door.Guard.Admit(ctx, Applicant{
			Conn: c.net, ClientID: p.ClientID,
			HasUser: p.HasUser, User: p.User, HasPassword: p.HasPassword, Password: p.Password,
		})
		stop()
		cancel()
		if reason != packet.Success {
			c.refuse(p.Version, Refusal{Client: p.ClientID, User: p.User, Reason: reason})
			return false
		}
	}
	return c.enter(p, pass, assigned)
}

var errNotConnect = errors.New("the first packet is not CONNECT [MQTT-3.1.0-1]")

// readConnect returns the body of the first packet, and its whole length.
func readConnect(r *reader) (body []byte, n int, err error) {
	need := 0
	for {
		if err := r.fill(need); err != nil {
			return nil, 0, err
		}
		first, body, n, done, err := packet.Split(r.buffer()[:r.n])
		switch {
		case err != nil:
			return nil, 0, err
		case packet.TypeOf(r.buffer()[0]) != packet.CONNECT:
			return nil, 0, errNotConnect
		case n > min(maxConnect, r.c.b.limits.PacketBytes):
			return nil, 0, errors.New("CONNECT is too long")
		case done:
			_ = first
			return body, n, nil
		}
		need = n
	}
}

// check looks at what CONNECT asks for, gives a client without an ID one, and
// says whether it did.
func (c *conn) check(p *packet.Connect) (assigned bool, reason packet.Reason) {
	if _, ok := p.Properties.Bytes(packet.AuthenticationMethod); ok { // [MQTT-4.12.0-1]
		return false, packet.BadAuthenticationMethod
	}
	if p.Will != nil && !validWill(p.Will) {
		return false, packet.TopicNameInvalid
	}
	if p.ClientID != "" {
		return false, packet.Success
	}
	if p.Version == packet.V31 || p.Version == packet.V311 && !p.Clean { // [MQTT-3.1.3-8]
		return false, packet.ClientIdentifierNotValid
	}
	p.ClientID = "auto-" + uuid.NewString() // [MQTT-3.1.3-6, -7]
	return true, packet.Success
}

// enter gives the client its session and answers with CONNACK.
func (c *conn) enter(p *packet.Connect, pass Pass, assigned bool) bool {
	b := c.b
	b.lock()
	defer b.unlock()
	if c.ended {
		return false
	}
	refusal := Refusal{Client: p.ClientID, User: p.User, Reason: b.room(p.ClientID, pass.Owner)}
	var terms Terms
	if refusal.Reason == packet.Success && b.cfg.Policy != nil && !pass.Exempt {
		terms = b.cfg.Policy.Connect(c.connecting(p, pass, assigned))
		refusal.Reason, refusal.Text = terms.Refuse, terms.Text
	}
	if refusal.Reason != packet.Success {
		c.turnAway(p.Version, refusal)
		return false
	}
	c.adopt(p, pass, terms)
	s, present := b.session(p, pass)
	s.conn, s.permit, s.version, s.owner = c, pass.Permit, p.Version, pass.Owner
	s.will = will(p)
	s.expiry = b.expiryOf(p)
	if terms.Expiry > 0 {
		s.expiry = min(s.expiry, terms.Expiry)
	}
	s.out.rewind()
	s.out.gate = b.gate(c.door.Durable)
	c.s = s
	b.keep(s)
	b.recheck(s)
	b.online++
	b.stats.Connections++
	b.stats.ClientsMost = max(b.stats.ClientsMost, b.online)
	ack := packet.Connack{SessionPresent: present, Properties: c.welcome(p, assigned)}
	raw := ack.Append(nil, p.Version)
	if c.maxPacket > 0 && len(raw) > c.maxPacket { // [MQTT-3.1.2-24]
		ack.Properties = nil
		raw = ack.Append(nil, p.Version)
	}
	c.queueFirst(raw) // [MQTT-3.2.0-1]
	b.observer.Connected(c.client())
	return true
}

// room tells whether there is room for a client. A session that belongs to
// somebody is not taken from it, with or without connection.
func (b *Broker) room(id, owner string) packet.Reason {
	s := b.sessions[id]
	switch {
	case b.closing:
		return packet.ServerUnavailable
	case s != nil && s.owner != "" && s.owner != owner:
		return packet.ClientIdentifierNotValid
	case s == nil && len(b.sessions) >= b.limits.Sessions:
		return packet.QuotaExceeded
	case (s == nil || s.conn == nil) && b.online >= b.limits.Clients:
		return packet.ServerBusy
	}
	return packet.Success
}

// adopt takes over what CONNECT says about the connection.
func (c *conn) adopt(p *packet.Connect, pass Pass, terms Terms) {
	c.version, c.permit, c.owner, c.user, c.exempt = p.Version, pass.Permit, pass.Owner, p.User, pass.Exempt
	keepAlive := p.KeepAlive
	if most := c.b.limits.MaxKeepAlive; c.version == packet.V5 && most > 0 && (keepAlive == 0 || keepAlive > most) {
		keepAlive = most // [MQTT-3.1.2-21]
	}
	if terms.KeepAlive > 0 {
		keepAlive = terms.KeepAlive
	}
	c.terms = c.b.limits.terms(terms)
	c.keepAlive = time.Duration(keepAlive) * time.Second
	c.window = c.b.limits.Inflight
	if n, ok := p.Properties.Uint(packet.ReceiveMaximum); ok {
		c.window = min(c.window, int(n))
	}
	if n, ok := p.Properties.Uint(packet.MaximumPacketSize); ok {
		c.maxPacket = int(n)
	}
	if n, ok := p.Properties.Uint(packet.TopicAliasMaximum); ok {
		c.aliasMost = uint16(n)
	}
	n, ok := p.Properties.Uint(packet.RequestProblem)
	c.problems = !ok || n == 1
	// For CONNECT there was a deadline; from now on await and extend set them.
	_ = c.net.SetReadDeadline(time.Time{}) // an error shows in reading too
	_ = c.net.SetWriteDeadline(time.Time{})
}

// session returns the session of a client that connects, and whether it was
// there before. Another connection that has it is ended [MQTT-3.1.4-3].
func (b *Broker) session(p *packet.Connect, pass Pass) (s *session, present bool) {
	s = b.sessions[p.ClientID]
	if s != nil && s.conn != nil {
		b.end(s.conn, Ending{Reason: packet.SessionTakenOver, Text: "another connection came with the same client ID"}, forget)
		s = b.sessions[p.ClientID] // it may have ended with its connection
	}
	if s != nil && (p.Clean || s.owner != pass.Owner) { // [MQTT-3.1.2-4]
		b.discard(s)
		s = nil
	}
	if s == nil {
		return b.newSession(p.ClientID), false
	}
	s.stopTimers() // also that of the Will [MQTT-3.1.3-9]
	return s, true
}

// expiryOf returns the Session Expiry Interval. Sessions of MQTT 3 are for
// ever or for the connection.
func (b *Broker) expiryOf(p *packet.Connect) uint32 {
	if p.Version != packet.V5 {
		if p.Clean {
			return 0
		}
		return b.cap(never)
	}
	n, _ := p.Properties.Uint(packet.SessionExpiry)
	return b.cap(n)
}

// cap returns seconds, but no more than allowed.
func (b *Broker) cap(seconds uint32) uint32 {
	if most := b.limits.SessionExpiry; most > 0 {
		return min(seconds, most)
	}
	return seconds
}

// welcome returns the properties of CONNACK: what differs from what the client
// would take for granted.
func (c *conn) welcome(p *packet.Connect, assigned bool) packet.Properties {
	if p.Version != packet.V5 {
		return nil
	}
	var props packet.Properties
	if n, _ := p.Properties.Uint(packet.SessionExpiry); n != c.s.expiry {
		props = props.AppendUint(packet.SessionExpiry, c.s.expiry)
	}
	if n := c.terms.ReceiveMaximum; n < maxPacketIDs {
		props = props.AppendUint(packet.ReceiveMaximum, uint32(n))
	}
	if c.terms.MaximumQoS == 1 {
		props = props.AppendUint(packet.MaximumQoS, 1)
	}
	if c.terms.NoSubscriptionIDs {
		props = props.AppendUint(packet.SubscriptionIDAvailable, 0)
	}
	props = props.AppendUint(packet.MaximumPacketSize, uint32(c.terms.PacketBytes))
	props = props.AppendUint(packet.TopicAliasMaximum, uint32(c.terms.TopicAliases))
	if assigned { // [MQTT-3.2.2-16]
		props = props.AppendString(packet.AssignedClientID, c.s.id)
	}
	if k := uint16(c.keepAlive / time.Second); k != p.KeepAlive {
		props = props.AppendUint(packet.ServerKeepAlive, uint32(k))
	}
	if n, _ := p.Properties.Uint(packet.RequestResponse); n == 1 {
		props = props.AppendString(packet.ResponseInformation, "response/"+c.s.id)
	}
	return props
}

// recheck drops messages that the client may not receive any more.
func (b *Broker) recheck(s *session) {
	if s.permit == nil {
		return
	}
	for seq := s.out.first; seq < s.out.end(); seq = max(seq+1, s.out.first) { // finish may remove several
		if it := s.out.item(seq); it.state == waiting && !s.permit.Receive(it.m.Topic) {
			b.drop(s, it.m, DropDenied)
			b.finish(s, seq)
		}
	}
}

// detach takes the connection from its session. What becomes of the session and
// its Will follows. The lock is held.
func (b *Broker) detach(c *conn, why Ending) {
	s := c.s
	if s.conn != c {
		return
	}
	s.conn = nil
	s.ended = time.Now().UnixMicro()
	b.online--
	b.observer.Disconnected(c.client(), why)
	for s.zero.len() > 0 { // QoS 0 is for those who listen
		z := s.zero.pop()
		s.queued -= z.m.size()
		b.queued -= z.m.size()
	}
	switch {
	case b.closing: // see Close
		b.keep(s)
	case s.expiry == 0:
		b.discard(s)
	default:
		b.startWill(s, s.ended)
		b.expireLater(s, time.Duration(s.expiry)*time.Second)
		b.keep(s)
	}
}
