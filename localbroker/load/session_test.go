package load_test

import (
	"context"
	"io"
	"net"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/thingdesk/thingdesk/localbroker/load"
)

// script plays the broker by hand: what a client does after a connection was
// lost is seen packet by packet.
type script struct {
	t      *testing.T
	listen net.Listener
	conn   net.Conn
}

func newScript(t *testing.T) *script {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return &script{t: t, listen: l}
}

// run runs a client until the test ends.
func (s *script) run(f func(context.Context)) {
	ctx, cancel := context.WithCancel(s.t.Context())
	done := make(chan struct{})
	go func() { f(ctx); close(done) }()
	s.t.Cleanup(func() { cancel(); <-done })
}

// connection waits for the next CONNECT, answers it, and ends the connection
// before.
func (s *script) connection(present byte) {
	s.t.Helper()
	if s.conn != nil {
		_ = s.conn.Close()
	}
	conn, err := s.listen.Accept()
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	s.conn = conn
	if p := s.read(); p[0] != 0x10 {
		s.t.Fatalf("% x, want CONNECT", p)
	}
	s.send([]byte{0x20, 2, present, 0})
}

func (s *script) send(packets ...[]byte) {
	s.t.Helper()
	for _, p := range packets {
		if _, err := s.conn.Write(p); err != nil {
			s.t.Fatal(err)
		}
	}
}

// read reads a packet of less than 16 kB.
func (s *script) read() []byte {
	s.t.Helper()
	p := make([]byte, 2, 256)
	_, err := io.ReadFull(s.conn, p)
	length := int(p[1] & 127)
	if err == nil && p[1] > 127 {
		p = append(p, 0)
		_, err = io.ReadFull(s.conn, p[2:])
		length |= int(p[2]) << 7
	}
	head := len(p)
	p = append(p, make([]byte, length)...)
	if err == nil {
		_, err = io.ReadFull(s.conn, p[head:])
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return p
}

func (s *script) expect(packets ...[]byte) {
	s.t.Helper()
	for i, want := range packets {
		if d := cmp.Diff(want, s.read()); d != "" {
			s.t.Fatalf("packet %d: %s", i, d)
		}
	}
}

func ack(k load.Kind, id uint16) []byte { return load.AppendAck(nil, k, id) }

// publish is message seq of Sender 7.
func publish(qos byte, id uint16, seq uint64, dup bool) []byte {
	payload := make([]byte, 100)
	load.Stamp{Publisher: 7, Seq: seq}.Put(payload)
	return load.AppendPublish(nil, 4, load.Message{Topic: "t", Payload: payload, QoS: qos, ID: id, Dup: dup})
}

func TestSenderSendsAgain(t *testing.T) {
	t.Parallel()
	s := newScript(t)
	sender := load.NewSender(load.SenderConfig{
		Addr: s.listen.Addr().String(), Hello: load.Hello{ID: "s"}, Number: 7, Topics: []string{"t"}, QoS: 2, Window: 3,
	})
	s.run(sender.Run)
	s.connection(0)
	s.expect(publish(2, 1, 0, false), publish(2, 2, 1, false), publish(2, 3, 2, false))
	s.send(ack(load.Pubrec, 1))
	s.expect(ack(load.Pubrel, 1))
	s.connection(1)
	s.expect(ack(load.Pubrel, 1), publish(2, 2, 1, true), publish(2, 3, 2, true))
	s.send(ack(load.Pubcomp, 1), ack(load.Pubrec, 2))
	s.send(ack(load.Puback, 3), ack(load.Pubcomp, 3), ack(load.Pubcomp, 9)) // answers to nothing
	until(t, "acknowledgements", func() bool { return sender.Stats().WrongAcks == 3 })
	sender.Finish()
	s.connection(0)
	want := load.SenderStats{Sent: 4, Acknowledged: 2, Open: 3, Connections: 3, SessionsLost: 1, WrongAcks: 3}
	until(t, "loss of the session", func() bool { return sender.Stats().Connections == 3 })
	if d := cmp.Diff(want, sender.Stats()); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(map[string]uint64{"t": 1}, sender.Complete()); d != "" {
		t.Error(d)
	}
}

func TestReceiverKeepsIdentifiers(t *testing.T) {
	t.Parallel()
	s := newScript(t)
	r := load.NewReceiver(load.ReceiverConfig{
		Addr: s.listen.Addr().String(), Hello: load.Hello{ID: "r", ReceiveMaximum: 2}, QoS: 2, Filters: []string{"t"},
	})
	s.run(r.Run)
	s.connection(0)
	s.expect(load.AppendSubscribe(nil, 4, 1, 2, "t"))
	s.send([]byte{0x90, 3, 0, 1, 2}, publish(2, 1, 0, false), publish(2, 2, 1, false), publish(1, 9, 2, false))
	s.expect(ack(load.Pubrec, 1), ack(load.Pubrec, 2), ack(load.Puback, 9))

	s.connection(1)
	s.send(publish(2, 1, 0, true), publish(2, 2, 1, true), publish(1, 9, 2, true)) // these again are no fault
	s.expect(ack(load.Pubrec, 1), ack(load.Pubrec, 2), ack(load.Puback, 9))
	s.send(ack(load.Pubrel, 1), ack(load.Pubrel, 2))
	s.expect(ack(load.Pubcomp, 1), ack(load.Pubcomp, 2))
	want := load.ReceiverStats{Connections: 2, Received: 3, Repeated: 1}
	if d := cmp.Diff(want, r.Stats()); d != "" {
		t.Error(d)
	}

	s.send(publish(2, 1, 1, true), publish(2, 2, 5, false), publish(2, 3, 4, false)) // twice; out of order, too many
	s.expect(ack(load.Pubrec, 1), ack(load.Pubrec, 2), ack(load.Pubrec, 3))
	s.send([]byte{0x30, 4, 0, 1, 't', 'x'}) // not from a Sender
	until(t, "strange message", func() bool { return r.Stats().Strange == 1 })
	s.connection(0)
	s.expect(load.AppendSubscribe(nil, 4, 1, 2, "t"))
	want = load.ReceiverStats{Connections: 3, Received: 5, OutOfOrder: 1, Repeated: 1, Twice: 1, SessionsLost: 1, Overrun: 1, Strange: 1}
	if d := cmp.Diff(want, r.Stats()); d != "" {
		t.Error(d)
	}
	if lost := r.Lost(7, 7); lost != 2 || r.Lost(8, 3) != 3 || r.Received(7) != 5 {
		t.Errorf("%d lost, %d received", lost, r.Received(7))
	}
}
