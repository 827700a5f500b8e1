package core

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/thingdesk/thingdesk/localbroker/packet"
)

// poll waits a moment for a packet.
func (c *peer) poll(d time.Duration) (f frame, ok bool, err error) {
	_ = c.nc.SetReadDeadline(time.Now().Add(d))
	if _, err := c.r.Peek(1); err != nil {
		var timeout interface{ Timeout() bool }
		if errors.As(err, &timeout) && timeout.Timeout() {
			return frame{}, false, nil
		}
		return frame{}, false, err
	}
	_ = c.nc.SetReadDeadline(time.Now().Add(patience))
	f, err = readFrame(c.r)
	return f, err == nil, err
}

// source publishes numbered messages until all are acknowledged.
type source struct {
	w       *world
	id      string
	rnd     *rand.Rand
	options []option
	total   [3]int // per QoS
	pending []outbox
	nextID  uint16
}

type outbox struct {
	packet.Publish
	released bool
}

func (s *source) run() {
	var c *peer
	defer func() {
		if c != nil {
			c.cut()
		}
	}()
	made := [3]int{}
	for s.w.ctx.Err() == nil {
		if c == nil {
			if c = s.w.connect(s.id, s.options...); c == nil || !s.resend(c) {
				continue
			}
		}
		qos := s.rnd.IntN(3)
		if made[qos] < s.total[qos] && len(s.pending) < 20 {
			made[qos]++
			s.nextID = s.nextID%2000 + 1
			m := publishOf(fmt.Sprintf("t/%s/%d", s.id, qos), fmt.Sprintf("%s/%d/%06d", s.id, qos, made[qos]), byte(qos), s.nextID)
			if qos > 0 {
				s.pending = append(s.pending, outbox{Publish: m})
			}
			_, _ = c.nc.Write(m.Append(nil, c.v)) // an error shows in reading
		}
		if made == s.total && len(s.pending) == 0 {
			return
		}
		f, ok, err := c.poll(time.Duration(s.rnd.IntN(300)) * time.Microsecond)
		if ok {
			err = s.handle(c, f)
		}
		switch {
		case err != nil || s.rnd.IntN(200) == 0:
			c.cut()
			c = nil
		case s.rnd.IntN(300) == 0: // take over
			old := c
			c = nil
			if next := s.w.connect(s.id, s.options...); next != nil && s.resend(next) {
				c = next
			}
			old.cut()
		}
	}
}

// resend sends again what is not acknowledged.
func (s *source) resend(c *peer) bool {
	var raw []byte
	for _, o := range s.pending {
		if o.released {
			a := packet.Ack{Type: packet.PUBREL, ID: o.ID}
			raw = a.Append(raw, c.v)
			continue
		}
		o.Dup = true
		raw = o.Append(raw, c.v)
	}
	_, _ = c.nc.Write(raw)
	return true
}

func (s *source) handle(c *peer, f frame) error {
	if f.kind() == packet.DISCONNECT {
		return errors.New("hung up")
	}
	a, err := packet.DecodeAck(c.v, f.kind(), f.body)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(s.pending, func(o outbox) bool { return o.ID == a.ID })
	if at < 0 {
		return nil
	}
	switch o := &s.pending[at]; {
	case a.Reason >= packet.UnspecifiedError && f.kind() != packet.PUBCOMP:
		s.w.fault("%s: %v has %v", s.id, f.kind(), a.Reason)
	case f.kind() == packet.PUBREC:
		o.released = true
		rel := packet.Ack{Type: packet.PUBREL, ID: a.ID}
		_, err = c.nc.Write(rel.Append(nil, c.v))
	default:
		s.pending = slices.Delete(s.pending, at, at+1)
		s.w.mu.Lock()
		s.w.sent++
		s.w.mu.Unlock()
	}
	return err
}

// sink subscribes once and for ever, and acknowledges when it likes to.
type sink struct {
	w        *world
	id       string
	rnd      *rand.Rand
	filter   string
	options  []option
	received map[uint16]bool
	acks     []packet.Ack
	ready    chan struct{}
}

func (s *sink) run() {
	s.received = make(map[uint16]bool)
	var c *peer
	defer func() {
		if c != nil {
			c.cut()
		}
	}()
	subscribed := false
	for s.w.ctx.Err() == nil {
		if c == nil {
			if c = s.w.connect(s.id, s.options...); c == nil {
				continue
			}
			s.acks = nil
			if subscribed && !c.ack.SessionPresent {
				s.w.fault("%s: the session is gone", s.id)
				return
			}
			if !subscribed {
				sub := packet.Subscribe{ID: 1, Filters: []packet.Subscription{{Filter: s.filter, Options: 2}}}
				_, _ = c.nc.Write(sub.Append(nil, c.v))
			}
		}
		f, ok, err := c.poll(time.Duration(s.rnd.IntN(800)) * time.Microsecond)
		if ok && f.kind() == packet.SUBACK && !subscribed {
			subscribed = true
			close(s.ready)
			continue
		}
		if ok {
			err = s.handle(c, f)
		}
		if err == nil && (s.rnd.IntN(4) == 0 || !ok) {
			err = s.flush(c)
		}
		if err != nil || s.rnd.IntN(150) == 0 {
			if s.rnd.IntN(2) == 0 { // take over, or come back
				old := c
				defer old.cut()
			} else {
				c.cut()
			}
			c = nil
		}
	}
}

func (s *sink) flush(c *peer) error {
	var raw []byte
	for _, a := range s.acks {
		raw = a.Append(raw, c.v)
	}
	s.acks = s.acks[:0]
	_, err := c.nc.Write(raw)
	return err
}

func (s *sink) handle(c *peer, f frame) error {
	switch f.kind() {
	case packet.PUBLISH:
		var p packet.Publish
		if err := p.Decode(c.v, f.first, f.body, false); err != nil {
			s.w.fault("%s: %w", s.id, err)
			return err
		}
		if p.QoS == 1 {
			s.acks = append(s.acks, packet.Ack{Type: packet.PUBACK, ID: p.ID})
		}
		if p.QoS == 2 {
			s.acks = append(s.acks, packet.Ack{Type: packet.PUBREC, ID: p.ID})
			if s.received[p.ID] {
				return nil
			}
			s.received[p.ID] = true
		}
		s.w.mu.Lock()
		s.w.got[s.id] = append(s.w.got[s.id], string(p.Payload))
		s.w.mu.Unlock()
	case packet.PUBREL:
		a, err := packet.DecodeAck(c.v, packet.PUBREL, f.body)
		if err != nil {
			return err
		}
		delete(s.received, a.ID)
		s.acks = append(s.acks, packet.Ack{Type: packet.PUBCOMP, ID: a.ID})
	case packet.DISCONNECT:
		return errors.New("hung up")
	default:
	}
	return nil
}

// churn is a client that comes and goes in all ways and checks nothing.
func (w *world) churn(id string, rnd *rand.Rand) {
	for n := 0; w.ctx.Err() == nil; n++ {
		var options []option
		switch rnd.IntN(5) {
		case 0:
			options = append(options, clean)
		case 1:
			options = append(options, func(c *packet.Connect) { c.Clean = false }) // the session ends with the connection
		case 2:
			options = append(options, keep)
		case 3:
			options = append(options, v4, func(c *packet.Connect) { c.Clean = false })
		default:
			options = append(options, func(c *packet.Connect) { c.Clean = false }, prop(packet.SessionExpiry, 1))
		}
		if rnd.IntN(3) == 0 {
			wm := packet.Will{QoS: byte(rnd.IntN(3)), Retain: rnd.IntN(2) == 0, Topic: "w/" + id, Payload: []byte("gone")}
			options = append(options, withWill(wm))
		}
		c := w.connect(id, options...)
		if c == nil {
			continue
		}
		for range rnd.IntN(30) {
			if f, ok, err := c.poll(time.Duration(rnd.IntN(1000)) * time.Microsecond); err != nil {
				break
			} else if ok && f.kind() == packet.PUBLISH && rnd.IntN(2) == 0 {
				var p packet.Publish
				if p.Decode(c.v, f.first, f.body, false) == nil && p.QoS > 0 {
					a := packet.Ack{Type: packet.PUBACK + packet.Type(p.QoS-1), ID: p.ID}
					_, _ = c.nc.Write(a.Append(nil, c.v))
				}
			} else if ok && f.kind() == packet.PUBREL && rnd.IntN(2) == 0 {
				_, _ = c.nc.Write([]byte{0x70, 2, f.body[0], f.body[1]})
			}
			_, _ = c.nc.Write(w.mischief(id, rnd, c.v))
		}
		if rnd.IntN(3) == 0 {
			bye := packet.Farewell{Type: packet.DISCONNECT}
			_, _ = c.nc.Write(bye.Append(nil, c.v))
		}
		c.cut()
	}
}

// mischief is a packet of a client that churns.
func (w *world) mischief(id string, rnd *rand.Rand, v packet.Version) []byte {
	filters := []string{"t/#", "#", "$share/g2/t/#", "w/+", "r/#", "$share/g2/c/+", "c/+"}
	filter := filters[rnd.IntN(len(filters))]
	switch rnd.IntN(4) {
	case 0:
		s := packet.Subscribe{ID: 7, Filters: []packet.Subscription{{Filter: filter, Options: byte(rnd.IntN(3))}}}
		return s.Append(nil, v)
	case 1:
		u := packet.Unsubscribe{ID: 8, Filters: []string{filter}}
		return u.Append(nil, v)
	case 2:
		p := publishOf("r/"+string(rune('a'+rnd.IntN(5))), strings.Repeat("x", rnd.IntN(2)*50), byte(rnd.IntN(3)), uint16(1+rnd.IntN(50)))
		p.Retain = true
		return p.Append(nil, v)
	default:
		p := publishOf("c/"+id, "hello", byte(rnd.IntN(3)), uint16(1+rnd.IntN(50)))
		if v == packet.V5 {
			p.Properties = p.Properties.AppendUint(packet.MessageExpiry, 1)
		}
		return p.Append(nil, v)
	}
}
