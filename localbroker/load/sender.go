package load

import (
	"context"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// retry is how long Sender and Receiver wait before they connect again.
const retry = 10 * time.Millisecond

// SenderConfig says what a Sender sends.
type SenderConfig struct {
	Addr   string
	Hello  Hello    // not Clean for a persistent session
	Number uint32   // in the Stamp of its messages
	Topics []string // used in turn
	QoS    byte
	Retain bool
	Window int // messages unacknowledged at most, so also the identifiers used; 0 is 50
	Rate   int // messages per second; 0 is 1000
	// Hold is asked now and then; while it says true nothing new is sent.
	Hold func() bool
}

// Sender is a publisher that keeps what is not acknowledged and sends it again,
// in order and with the same identifiers, on each new connection, as MQTT
// wants of clients with a session (sections 4.3 and 4.4).
type Sender struct {
	c SenderConfig

	mu       sync.Mutex
	open     []sending         // in the order of their first sending
	free     []uint16          // identifiers, used in turn
	sent     uint64            // messages
	complete map[string]uint64 // by topic: one more than the last Seq that is acknowledged to the end
	stats    SenderStats
	finished bool
}

// SenderStats are counters of a Sender.
type SenderStats struct {
	Sent         uint64 // messages
	Acknowledged uint64 // by PUBACK, or by PUBREC for the first time
	Open         int    // sent and not acknowledged to the end
	Connections  int
	SessionsLost int    // the broker had no session though there was one
	Refused      uint64 // acknowledged with a reason code that says no
	WrongAcks    uint64 // acknowledgements that answer nothing
}

// sending is a message at QoS 1 or 2 under way.
type sending struct {
	id       uint16
	seq      uint64
	received bool // PUBREC has come; PUBREL is the answer
}

// answeredBy tells whether an acknowledgement is one that can come now.
func (o sending) answeredBy(k Kind, qos byte) bool {
	switch k {
	case Puback:
		return qos == 1
	case Pubrec:
		return qos == 2
	default:
		return qos == 2 && o.received
	}
}

// NewSender returns a Sender that Run makes send.
func NewSender(c SenderConfig) *Sender {
	if c.Window == 0 {
		c.Window = 50
	}
	if c.Rate == 0 {
		c.Rate = 1000
	}
	s := &Sender{c: c, complete: make(map[string]uint64)}
	for id := range c.Window {
		s.free = append(s.free, uint16(id+1))
	}
	return s
}

// Run connects again and again and sends until ctx ends.
func (s *Sender) Run(ctx context.Context) {
	for ctx.Err() == nil {
		if conn, err := Dial(ctx, s.c.Addr, s.c.Hello); err == nil {
			s.connected(conn.Present)
			s.serve(ctx, conn)
		}
		wait(ctx, retry)
	}
}

// Finish lets the Sender send nothing new; what is open goes on.
func (s *Sender) Finish() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.finished = true
}

// Stats returns the counters.
func (s *Sender) Stats() SenderStats {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.stats
	st.Sent, st.Open = s.sent, len(s.open)
	return st
}

// Complete returns for each topic one more than the Seq of the last message
// that was acknowledged to the end: by PUBACK or PUBCOMP.
func (s *Sender) Complete() map[string]uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.complete)
}

func (s *Sender) connected(present bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stats.Connections++; !present && !s.c.Hello.Clean && s.stats.Connections > 1 {
		s.stats.SessionsLost++
	}
}

// serve sends over one connection until it or ctx ends.
func (s *Sender) serve(ctx context.Context, conn *Conn) {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(ctx, func() { _ = conn.Cut() })
	defer stop()
	var reader sync.WaitGroup
	defer reader.Wait()
	defer cancel()
	if _, err := conn.Write(s.again(conn.version)); err != nil {
		return
	}
	reader.Go(func() {
		defer cancel()
		s.read(conn)
	})
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	due, last := 0.0, time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			due = min(due+now.Sub(last).Seconds()*float64(s.c.Rate), 100)
			last = now
		}
		if s.c.Hold != nil && s.c.Hold() {
			continue
		}
		for ; due >= 1; due-- {
			frame := s.next(conn.version)
			if frame == nil {
				break
			}
			if _, err := conn.Write(frame); err != nil {
				return
			}
		}
	}
}

// again returns what has to be sent first on a new connection.
func (s *Sender) again(version byte) (frames []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range s.open {
		if o.received {
			frames = AppendAck(frames, Pubrel, o.id)
		} else {
			m := s.message(o.seq)
			m.ID, m.Dup = o.id, true
			frames = AppendPublish(frames, version, m)
		}
	}
	return frames
}

// next returns the frame of the next message; nil when there may be none.
func (s *Sender) next(version byte) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.finished {
		return nil
	}
	m := s.message(s.sent)
	if s.c.QoS > 0 {
		if len(s.free) == 0 {
			return nil
		}
		m.ID = s.free[0]
		s.free = slices.Delete(s.free, 0, 1)
		s.open = append(s.open, sending{id: m.ID, seq: s.sent})
	}
	s.sent++
	return AppendPublish(nil, version, m)
}

func (s *Sender) message(seq uint64) Message {
	payload := make([]byte, 100)
	Stamp{Publisher: s.c.Number, Seq: seq}.Put(payload)
	return Message{Topic: s.topic(seq), Payload: payload, QoS: s.c.QoS, Retain: s.c.Retain}
}

func (s *Sender) topic(seq uint64) string { return s.c.Topics[seq%uint64(len(s.c.Topics))] }

func (s *Sender) read(conn *Conn) {
	for {
		p, err := conn.Next()
		if err != nil {
			return
		}
		switch p.Kind {
		case Puback, Pubrec, Pubcomp:
			s.answered(conn, p)
		default:
		}
	}
}

// answered takes an acknowledgement.
func (s *Sender) answered(conn *Conn, p Packet) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.open, func(o sending) bool { return o.id == p.ID })
	if i < 0 || !s.open[i].answeredBy(p.Kind, s.c.QoS) {
		s.stats.WrongAcks++
		return
	}
	o := &s.open[i]
	refused := p.Code >= 0x80
	switch {
	case refused && p.Kind != Pubcomp:
		s.stats.Refused++
	case !o.received:
		s.stats.Acknowledged++
	}
	if p.Kind == Pubrec && !refused {
		o.received = true
		conn.QueueAck(Pubrel, p.ID)
		return
	}
	if !refused {
		topic := s.topic(o.seq)
		s.complete[topic] = max(s.complete[topic], o.seq+1)
	}
	s.free = append(s.free, o.id)
	s.open = slices.Delete(s.open, i, i+1)
}

// wait waits for d or until ctx ends.
func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// upTo is a random duration below d, or 0.
func upTo(d time.Duration) time.Duration {
	if d <= 0 {
		return 0
	}
	return rand.N(d) //nolint:gosec // load, no secret
}
