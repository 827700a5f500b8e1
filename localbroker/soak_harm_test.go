package localbroker_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"time"

	"github.com/thingdesk/thingdesk/localbroker/load"
)

// disturb starts the clients that do harm, each again and again until ctx ends.
func (s *soak) disturb(ctx context.Context) {
	for _, harm := range []func(context.Context){
		s.comeAndGo, s.comeAndGo, s.comeAndGo, s.takeOver, s.takeOver, s.takeOver, s.stall, s.stall, s.stall,
		s.sendMalformed, s.sendMalformed, s.sendMalformed, s.leaveWill, s.leaveWill, s.makeNoise, s.crowd,
	} {
		s.running.Go(func() {
			for ctx.Err() == nil {
				harm(ctx)
				pause(ctx, 5*time.Millisecond)
			}
		})
	}
}

// pause waits for up to 2*mean, or until ctx ends.
func pause(ctx context.Context, mean time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(rand.N(2 * mean)):
	}
}

// someone is somebody of any version who wants a session or not.
func someone(id string) load.Hello {
	h := load.Hello{ID: id, Version: 4 + rand.N[byte](2), Clean: rand.N(4) > 0}
	if h.Version == 5 {
		h.Expiry, h.ReceiveMaximum = rand.N[uint32](3), rand.N[uint16](10)
	}
	return h
}

// dial connects; nil when that fails, as it may while everybody leaves.
func (s *soak) dial(ctx context.Context, h load.Hello) *load.Conn {
	c, err := load.Dial(ctx, s.addr, h)
	if err != nil {
		return nil
	}
	s.connects.Add(1)
	return c
}

// comeAndGo connects, subscribes, publishes, retains or removes, reads a bit
// and leaves, with or without a word.
func (s *soak) comeAndGo(ctx context.Context) {
	c := s.dial(ctx, someone(fmt.Sprint("guest ", rand.N(100))))
	if c == nil {
		return
	}
	filters := []string{
		"soak/+/#", "soak/h/+", "#", "+/+/x", "soak-guests/#", "$share/guests/soak/h/1", "$share/guests/#", "soak/h/1", "$SYS/#", "a/+/c/+/e",
	}
	rand.Shuffle(len(filters), func(i, j int) { filters[i], filters[j] = filters[j], filters[i] })
	_ = c.Subscribe(ctx, rand.N[byte](3), filters[:1+rand.N(5)]...)
	for i := range rand.N(10) {
		m := load.Message{Topic: fmt.Sprint("soak-guests/", rand.N(50)), QoS: rand.N[byte](3), Retain: rand.N(2) > 0, ID: uint16(i + 1)}
		if rand.N(2) > 0 {
			m.Payload = bytes.Repeat([]byte("g"), rand.N(2000))
		}
		c.QueuePublish(m)
	}
	c.Bound(time.Now().Add(rand.N(30 * time.Millisecond)))
	for {
		p, err := c.Next()
		if err != nil {
			break
		}
		if p.Kind == load.Publish && p.QoS > 0 && rand.N(3) > 0 {
			c.QueueAck(load.Kind(3+p.QoS), p.ID) // PUBACK or PUBREC
		}
	}
	s.leave(c)
}

func (s *soak) leave(c *load.Conn) {
	if rand.N(2) > 0 {
		_ = c.Close()
	} else {
		_ = c.Cut()
	}
}

// takeOver is one of several that have the same client ID.
func (s *soak) takeOver(ctx context.Context) {
	c := s.dial(ctx, someone("everybody"))
	if c == nil {
		return
	}
	s.takeovers.Add(1)
	_ = c.Subscribe(ctx, 1, "soak/h/#")
	c.Bound(time.Now().Add(rand.N(20 * time.Millisecond)))
	for {
		if _, err := c.Next(); err != nil {
			break
		}
	}
	s.leave(c)
}

// stall subscribes to everything and reads nothing.
func (s *soak) stall(ctx context.Context) {
	c := s.dial(ctx, load.Hello{ID: fmt.Sprint("stalled ", rand.N(5)), Clean: true})
	if c == nil {
		return
	}
	s.stalls.Add(1)
	_ = c.Subscribe(ctx, rand.N[byte](3), "soak/#", "soak-noise/#")
	pause(ctx, time.Second)
	s.leave(c)
}

// makeNoise sends what fills the buffers of who stalls.
func (s *soak) makeNoise(ctx context.Context) {
	c := s.dial(ctx, load.Hello{ID: "noise", Clean: true})
	if c == nil {
		return
	}
	defer func() { _ = c.Close() }()
	noise := load.AppendPublish(nil, 4, load.Message{Topic: "soak-noise/n", Payload: make([]byte, 64<<10)})
	for ctx.Err() == nil {
		if _, err := c.Write(noise); err != nil {
			return
		}
		pause(ctx, 20*time.Millisecond)
	}
}

// crowd is many at once.
func (s *soak) crowd(ctx context.Context) {
	clients, err := load.Idle(ctx, s.addr, 30)
	if err != nil && ctx.Err() == nil {
		s.t.Errorf("idle clients: %v", err)
	}
	s.connects.Add(uint64(len(clients)))
	clients.Close()
	pause(ctx, 300*time.Millisecond)
}

// leaveWill ends without a word, so that its Will must be published, or with
// DISCONNECT, so that it must not.
func (s *soak) leaveWill(ctx context.Context) {
	payload := make([]byte, 20)
	polite := rand.N(2) > 0
	h := load.Hello{Version: 4 + rand.N[byte](2), Clean: true, Will: &load.Message{Topic: "soak-wills/w", Payload: payload, QoS: 1}}
	h.ID = fmt.Sprint("mortal ", s.willsMade.Add(1))
	stamp := load.Stamp{Publisher: noWillNumber, Seq: s.willsMade.Load()}
	if !polite {
		stamp = load.Stamp{Publisher: willNumber, Seq: s.willsDue.Add(1) - 1}
	}
	stamp.Put(payload)
	// Once counted it has to come: so not under ctx.
	c, err := load.Dial(context.WithoutCancel(ctx), s.addr, h)
	if err != nil {
		s.t.Errorf("connect with a Will: %v", err)
		return
	}
	pause(ctx, 5*time.Millisecond)
	if polite {
		_ = c.Close()
	} else {
		_ = c.Cut()
	}
}

// sendMalformed sends what no client should.
func (s *soak) sendMalformed(ctx context.Context) {
	c, err := new(net.Dialer).DialContext(ctx, "tcp", s.addr)
	if err != nil {
		return
	}
	defer func() { _ = c.Close() }()
	s.malformed.Add(1)
	id := fmt.Sprint("mad ", rand.N(20))
	b := load.AppendConnect(nil, someone(id))
	if rand.N(4) == 0 { // half a CONNECT
		_, _ = c.Write(b[:rand.N(len(b))])
		pause(ctx, 50*time.Millisecond)
		return
	}
	_, _ = c.Write(append(b, madness(b[10-1])...))
	_ = c.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	for buf := make([]byte, 4096); err == nil; {
		_, err = c.Read(buf)
	}
}

// madness is a packet that is damaged, or none at all.
func madness(version byte) []byte {
	random := make([]byte, 1+rand.N(100))
	for i := range random {
		random[i] = rand.N[byte](255)
	}
	valid := [][]byte{
		load.AppendPublish(nil, version, load.Message{Topic: "mad", Payload: random, QoS: rand.N[byte](3), ID: 1}),
		load.AppendSubscribe(nil, version, 1, 1, "mad/#", "+/x"),
		load.AppendConnect(nil, someone("mad again")),
		load.AppendAck(nil, load.Pubrel, 1),
		{0x82, 5, 0, 1, 0, 0, 1}, // SUBSCRIBE that ends early
		{0xa2, 3, 0, 1, 0},
		{0xc0, 0},
		{0xf0, 2, 0x19, 0},
		{0xe0, 1, 0x80},
	}
	switch b := valid[rand.N(len(valid))]; rand.N(4) {
	case 0:
		return random
	case 1: // a byte is wrong
		b[rand.N(len(b))] ^= 1 << rand.N(8)
		return b
	case 2: // it ends early, and something else follows
		return append(b[:rand.N(len(b))], random...)
	default: // longer than anything
		return append([]byte{random[0], 0xff, 0xff, 0xff, 0x7f}, random...)
	}
}
