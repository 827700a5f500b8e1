package load

import (
	"encoding/binary"
	"fmt"
	"io"
	"sync/atomic"
	"time"
)

// batch is how many frames are written at once at most.
const batch = 64

// publisher sends messages that differ in their stamp and identifier only: its
// buffer holds a batch of finished frames.
type publisher struct {
	run    *run
	conn   *Conn
	number uint32
	ids    *ids
	sent   atomic.Uint64

	frames []byte // batch of them
	size   int    // of one
	id, at int    // where identifier and stamp are in a frame
}

func newPublisher(r *run, conn *Conn, number int) *publisher {
	p := &publisher{run: r, conn: conn, number: uint32(number), ids: newIDs(r.unacknowledged())}
	payload := make([]byte, r.PayloadBytes)
	for i := range payload {
		payload[i] = 'x'
	}
	frame := AppendPublish(nil, conn.version, Message{Topic: r.topic(number), Payload: payload, QoS: r.QoS})
	p.size = len(frame)
	p.at = len(frame) - len(payload)
	p.id = p.at - 2
	if conn.version == 5 {
		p.id--
	}
	for range batch {
		p.frames = append(p.frames, frame...)
	}
	return p
}

// publish sends until the gate has ended or the messages are used up.
func (p *publisher) publish() error {
	r := p.run
	left := r.Messages / r.Publishers
	if int(p.number) < r.Messages%r.Publishers {
		left++
	}
	pace := newPace(r)
	defer pace.stop()
	for r.Messages == 0 || left > 0 {
		most := min(batch, pace.due(p.sent.Load()))
		if r.Messages > 0 {
			most = min(most, left)
		}
		n := r.gate.take(most, r.Subscribers)
		if n == 0 {
			return nil
		}
		if err := p.send(n); err != nil {
			return err
		}
		left -= n
	}
	return nil
}

// send sends n messages, as soon as there are identifiers for them.
func (p *publisher) send(n int) error {
	var scratch [batch]uint16
	for n > 0 {
		m := n
		if p.run.QoS > 0 {
			got := p.ids.take(scratch[:n])
			if len(got) == 0 {
				return nil
			}
			m = len(got)
			for i, id := range got {
				binary.BigEndian.PutUint16(p.frames[i*p.size+p.id:], id)
			}
		}
		seq, now := p.sent.Load(), int64(time.Since(p.run.began))
		for i := range m {
			Stamp{p.number, seq + uint64(i), now}.Put(p.frames[i*p.size+p.at:])
		}
		if _, err := p.conn.Write(p.frames[:m*p.size]); err != nil {
			return fmt.Errorf("publish: %w", err)
		}
		p.sent.Add(uint64(m))
		n -= m
	}
	return nil
}

// acknowledge reads what the broker answers.
func (p *publisher) acknowledge() error {
	var acked []uint16
	p.conn.idle = func() {
		p.ids.release(acked)
		acked = acked[:0]
	}
	for {
		packet, err := p.conn.Next()
		if err != nil {
			return ended(err)
		}
		switch packet.Kind {
		case Puback, Pubcomp:
			acked = append(acked, packet.ID)
		case Pubrec:
			if packet.Code >= 0x80 {
				acked = append(acked, packet.ID)
			} else {
				p.conn.QueueAck(Pubrel, packet.ID)
			}
		case Disconnect:
			return io.EOF
		default:
		}
	}
}

// subscriber counts what it receives.
type subscriber struct {
	run     *run
	conn    *Conn
	tracks  []Track // by publisher
	latency []time.Duration
}

func newSubscriber(r *run, conn *Conn) *subscriber {
	return &subscriber{run: r, conn: conn, tracks: make([]Track, r.Publishers)}
}

func (s *subscriber) receive() error {
	received := 0
	s.conn.idle = func() {
		if received > 0 {
			s.run.gate.release(received)
			received = 0
		}
	}
	for {
		p, err := s.conn.Next()
		if err != nil {
			return ended(err)
		}
		switch p.Kind {
		case Publish:
			received++
			if !s.count(p) {
				return fmt.Errorf("received what nobody sent: %q", p.Topic)
			}
			switch p.QoS {
			case 1:
				s.conn.QueueAck(Puback, p.ID)
			case 2:
				s.conn.QueueAck(Pubrec, p.ID)
			default:
			}
		case Pubrel:
			s.conn.QueueAck(Pubcomp, p.ID)
		case Disconnect:
			return io.EOF
		default:
		}
	}
}

// count notes a message; false when it is none of ours.
func (s *subscriber) count(p Packet) bool {
	stamp, ok := ReadStamp(p.Payload)
	if !ok || int(stamp.Publisher) >= len(s.tracks) {
		return false
	}
	s.tracks[stamp.Publisher].Add(stamp.Seq)
	if s.run.Rate > 0 {
		s.latency = append(s.latency, time.Since(s.run.began)-time.Duration(stamp.At))
	}
	return true
}

// ended says in words that the broker has closed the connection.
func ended(err error) error {
	if err == io.EOF { //nolint:errorlint // Next returns it as it is
		return fmt.Errorf("connection closed by the broker: %w", err)
	}
	return err
}

// pace spreads the messages of one publisher over the time.
type pace struct {
	run   *run
	every float64 // nanoseconds between two messages; 0 for no pace
	timer *time.Timer
}

func newPace(r *run) *pace {
	p := &pace{run: r}
	if r.Rate > 0 {
		p.every = float64(time.Second) * float64(r.Publishers) / float64(r.Rate)
		p.timer = time.NewTimer(0)
	}
	return p
}

// due waits until at least one message is due and returns how many are.
func (p *pace) due(sent uint64) int {
	if p.every == 0 {
		return batch
	}
	wait := time.Duration(float64(sent)*p.every) - time.Since(p.run.began)
	if wait > 0 {
		p.timer.Reset(wait)
		<-p.timer.C
	}
	return max(1, int(float64(time.Since(p.run.began))/p.every)+1-int(sent))
}

func (p *pace) stop() {
	if p.timer != nil {
		p.timer.Stop()
	}
}
