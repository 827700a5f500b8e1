package load

import (
	"context"
	"sync"
	"time"
)

// ReceiverConfig says what a Receiver receives.
type ReceiverConfig struct {
	Addr    string
	Hello   Hello // not Clean for a persistent session
	QoS     byte
	Filters []string
	// Shared says that it is one of several of a shared subscription: repeated
	// messages count as new ones then, and Lost says nothing.
	Shared bool
	// Stay and Away make it leave: at random times it is connected for less
	// than Stay and then absent for less than Away. 0 lets it stay.
	Stay, Away time.Duration
}

// Receiver is a subscriber that keeps the identifiers of QoS 2 messages until
// they are released, over connections, as MQTT wants of clients with a session
// (section 4.3.3), and counts messages by their Stamp. Messages with the RETAIN
// flag are acknowledged and not counted.
type Receiver struct {
	c ReceiverConfig

	mu       sync.Mutex
	received map[uint16]struct{} // QoS 2, not released
	tracks   map[uint32]*Track   // by publisher
	stats    ReceiverStats
	there    bool // subscribed
	// Of this connection, for the receive maximum: messages at QoS 2 that are
	// open, and how many of earlier connections were finished, each of which
	// allows the broker one more (MQTT 5 section 4.9).
	open  map[uint16]struct{}
	older int
}

// ReceiverStats are counters of a Receiver.
type ReceiverStats struct {
	Connections  int
	Received     uint64 // messages, each once
	OutOfOrder   uint64 // came first after a later one of the same Sender
	Repeated     uint64 // came again, which is allowed at QoS 1
	Twice        uint64 // came again at QoS 2 or 0, which is not
	SessionsLost int    // the broker had no session though there was one
	Overrun      uint64 // messages at QoS 2 beyond Hello.ReceiveMaximum
	Strange      uint64 // messages without a Stamp
}

// NewReceiver returns a Receiver that Run makes receive.
func NewReceiver(c ReceiverConfig) *Receiver {
	return &Receiver{c: c, received: make(map[uint16]struct{}), open: make(map[uint16]struct{}), tracks: make(map[uint32]*Track)}
}

// Run connects again and again and receives until ctx ends.
func (r *Receiver) Run(ctx context.Context) {
	for ctx.Err() == nil {
		if conn, err := Dial(ctx, r.c.Addr, r.c.Hello); err == nil {
			r.serve(ctx, conn)
		}
		wait(ctx, retry+upTo(r.c.Away))
	}
}

// Subscribed tells whether the broker has ever granted the subscription.
func (r *Receiver) Subscribed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.there
}

// Stats returns the counters.
func (r *Receiver) Stats() ReceiverStats {
	r.mu.Lock()
	defer r.mu.Unlock()
	st := r.stats
	for _, t := range r.tracks {
		st.Received += t.First
		st.OutOfOrder += t.OutOfOrder
	}
	return st
}

// Received is how many messages of a Sender have come, each counted once.
func (r *Receiver) Received(sender uint32) uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	if t := r.tracks[sender]; t != nil {
		return t.First
	}
	return 0
}

// Lost is how many of the messages that a Sender has sent are missing.
func (r *Receiver) Lost(sender uint32, sent uint64) uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	if t := r.tracks[sender]; t != nil {
		return t.Lost(sent)
	}
	return sent
}

// serve receives over one connection until it or ctx ends.
func (r *Receiver) serve(ctx context.Context, conn *Conn) {
	stop := context.AfterFunc(ctx, func() { _ = conn.Cut() })
	defer stop()
	defer func() { _ = conn.Cut() }()
	if r.connected(conn.Present) {
		if conn.Subscribe(ctx, r.c.QoS, r.c.Filters...) != nil {
			return
		}
		r.mu.Lock()
		r.there = true
		r.mu.Unlock()
	}
	if r.c.Stay > 0 {
		conn.Bound(time.Now().Add(retry + upTo(r.c.Stay)))
	}
	for {
		p, err := conn.Next()
		if err != nil {
			return
		}
		switch p.Kind {
		case Publish:
			r.message(conn, p)
		case Pubrel:
			r.release(p.ID)
			conn.QueueAck(Pubcomp, p.ID)
		default:
		}
	}
}

// connected tells whether it has to subscribe.
func (r *Receiver) connected(present bool) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stats.Connections++
	clear(r.open)
	r.older = 0
	if !present {
		clear(r.received)
		if r.there && !r.c.Hello.Clean {
			r.stats.SessionsLost++
		}
	}
	return !present || !r.there
}

func (r *Receiver) release(id uint16) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.received, id)
	if _, ours := r.open[id]; !ours {
		r.older++
	}
	delete(r.open, id)
}

// message takes a PUBLISH and queues its acknowledgement.
func (r *Receiver) message(conn *Conn, p Packet) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch p.QoS {
	case 1:
		conn.QueueAck(Puback, p.ID)
	case 2:
		conn.QueueAck(Pubrec, p.ID)
		r.open[p.ID] = struct{}{}
		if most := int(r.c.Hello.ReceiveMaximum); most > 0 && len(r.open) > most+r.older {
			r.stats.Overrun++
		}
		if _, had := r.received[p.ID]; had {
			return
		}
		r.received[p.ID] = struct{}{}
	default:
	}
	if p.Retain {
		return
	}
	stamp, ok := ReadStamp(p.Payload)
	if !ok {
		r.stats.Strange++
		return
	}
	t := r.tracks[stamp.Publisher]
	if t == nil {
		t = &Track{}
		r.tracks[stamp.Publisher] = t
	}
	if r.c.Shared {
		t.addShared(stamp.Seq)
		return
	}
	switch first := t.Add(stamp.Seq); {
	case first:
	case p.QoS == 1:
		r.stats.Repeated++
	default:
		r.stats.Twice++
	}
}
