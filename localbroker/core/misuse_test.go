package core

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/thingdesk/thingdesk/localbroker/durable"
	"github.com/thingdesk/thingdesk/localbroker/packet"
)

// TestLimitPacket: a packet that is too long ends the connection, before its
// bytes have come.
func TestLimitPacket(t *testing.T) {
	t.Parallel()
	h := start(t, Config{Limits: Limits{PacketBytes: 100_000}}, Door{})
	c := h.connect(t, "c")
	if n, _ := c.ack.Properties.Uint(packet.MaximumPacketSize); n != 100_000 {
		t.Errorf("CONNACK says %d", n)
	}
	const head = 1 + 3 + 2 + 1 + 1
	c.publish(t, publishOf("t", strings.Repeat("x", 100_000-head), 0, 0))
	c.ping(t)
	p := publishOf("t", strings.Repeat("x", 100_001-head), 0, 0)
	c.send(t, p.Append(nil, c.v)[:10])
	c.gone(t, packet.PacketTooLarge)
}

// TestClientPacketSize: a client gets nothing longer than it takes.
func TestClientPacketSize(t *testing.T) {
	t.Parallel()
	const most = 60
	h := start(t, Config{}, Door{})
	c := h.connect(t, "c", prop(packet.MaximumPacketSize, most), prop(packet.TopicAliasMaximum, 3))
	c.subscribe(t, 1, "topic/+")
	for i := range 60 {
		m := durable.Message{Topic: fmt.Sprintf("topic/%d", i), Payload: make([]byte, 59-i), QoS: byte(i % 2)}
		if err := h.Publish(m); err != nil {
			t.Fatal(err)
		}
	}
	c.send(t, packet.Pingreq)
	for {
		_ = c.nc.SetReadDeadline(time.Now().Add(patience))
		f, err := readFrame(c.r)
		if err != nil {
			t.Fatal(err)
		}
		if n := 2 + len(f.body); n > most {
			t.Errorf("%v of %d bytes came", f.kind(), n)
		}
		if f.kind() == packet.PINGRESP {
			break
		}
	}
	if s, err := h.Session("c"); err != nil || s.Dropped == 0 {
		t.Errorf("session: %+v, %v", s, err)
	}
}

func TestConnectTime(t *testing.T) {
	t.Parallel()
	h := start(t, Config{Limits: Limits{ConnectTime: 100 * time.Millisecond}}, Door{})
	for _, sent := range []string{"", "\x10", "\x10\x20\x00\x04MQ"} {
		c := h.raw(t)
		c.send(t, []byte(sent))
		begun := time.Now()
		c.gone(t, 0)
		if took := time.Since(begun); took < 50*time.Millisecond || took > 2*time.Second {
			t.Errorf("after %q it ended after %v", sent, took)
		}
	}
	c := h.connect(t, "c") // one that is in time stays
	c.silent(t, 200*time.Millisecond)
	c.ping(t)
}

// raw is a connection on which nothing was sent.
func (h *host) raw(t *testing.T) *peer {
	t.Helper()
	nc, err := (&net.Dialer{Timeout: patience}).Dial("tcp", h.l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	c := &peer{nc: nc, r: bufio.NewReader(nc), v: packet.V5}
	t.Cleanup(c.cut)
	return c
}

// TestStallTime: a client that does not read is ended, one that reads slowly is
// not.
func TestStallTime(t *testing.T) {
	t.Parallel()
	h := start(t, Config{Limits: Limits{StallTime: 300 * time.Millisecond}}, Door{})
	c := h.connect(t, "c")
	c.subscribe(t, 0, "t")
	payload := make([]byte, 1<<20)
	for range 16 {
		if err := h.Publish(durable.Message{Topic: "t", Payload: payload}); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "the client is ended", func() bool { return h.Stats().Clients == 0 })
	if st := h.Stats(); st.Queued != 0 {
		t.Errorf("%d bytes are queued", st.Queued)
	}
}

// TestBacklog: a client that asks and never reads is not read any more, so it
// cannot fill the memory.
func TestBacklog(t *testing.T) {
	t.Parallel()
	many := packet.Subscribe{ID: 1}
	for range 20_000 {
		many.Filters = append(many.Filters, packet.Subscription{Filter: "$SYS/#"})
	}
	one := packet.Subscribe{ID: 1, Filters: []packet.Subscription{{Filter: "t"}}}
	for name, raw := range map[string][]byte{
		"PINGREQ": packet.Pingreq, "SUBSCRIBE": one.Append(nil, packet.V5), "long SUBSCRIBE": many.Append(nil, packet.V5),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := start(t, Config{}, Door{})
			c := h.connect(t, "c")
			var block []byte
			for len(block) < 1<<20 {
				block = append(block, raw...)
			}
			full := false
			for range 400 {
				_ = c.nc.SetWriteDeadline(time.Now().Add(300 * time.Millisecond))
				if _, err := c.nc.Write(block); err != nil {
					full = true
					break
				}
			}
			h.lock()
			defer h.unlock()
			s := h.sessions["c"]
			if s == nil || s.conn == nil {
				t.Fatal("the client is gone")
			}
			if !full || s.conn.control.len() > controlHigh+batchMost || s.conn.backlog > 2*controlBytes+32<<10 {
				t.Errorf("stopped: %v, %d replies of %d bytes wait", full, s.conn.control.len(), s.conn.backlog)
			}
			if n := s.out.len() + s.zero.len(); n > h.limits.QueuedMessages {
				t.Errorf("%d messages wait", n)
			}
		})
	}
}

// TestSysQueue: $SYS topics fill no queue beyond its bound.
func TestSysQueue(t *testing.T) {
	t.Parallel()
	h := start(t, Config{Limits: Limits{QueuedMessages: 5}}, Door{})
	c := h.connect(t, "c")
	c.subscribe(t, 0, "$SYS/#")
	c.send(t, packet.Pingreq)
	c.recv(t, packet.PINGRESP)
	if n := len(c.held); n != 5 {
		t.Errorf("%d messages came", n)
	}
}

// TestManyFilters: a packet with more filters than a client may have ends the
// connection.
func TestManyFilters(t *testing.T) {
	t.Parallel()
	h := start(t, Config{}, Door{})
	filters := slices.Repeat([]string{"a"}, 20_001)
	s := packet.Subscribe{ID: 1}
	for _, f := range filters {
		s.Filters = append(s.Filters, packet.Subscription{Filter: f})
	}
	u := packet.Unsubscribe{ID: 1, Filters: filters}
	for _, raw := range [][]byte{s.Append(nil, packet.V5), u.Append(nil, packet.V5)} {
		c := h.connect(t, "c")
		c.send(t, raw)
		c.gone(t, packet.QuotaExceeded)
	}
}

// TestDeepTopics: topics of thousands of levels take memory by their levels, so
// there is a bound on these.
func TestDeepTopics(t *testing.T) {
	t.Parallel()
	b, err := New(t.Context(), Config{})
	if err != nil {
		t.Fatal(err)
	}
	b.retained.nodes = maxRetainedNodes // as if there were so many
	if err := b.Publish(durable.Message{Topic: strings.Repeat("/", 60_000), Payload: []byte("x"), Retain: true}); err != nil {
		t.Fatal(err)
	}
	if st := b.Stats(); st.Retained != 0 || st.Dropped != 1 {
		t.Errorf("%d retained, %d dropped", st.Retained, st.Dropped)
	}
	b.filterBytes = maxFilterBytes
	s := b.newSession("s")
	if _, r := b.subscribe(s, packet.Subscription{Filter: "t"}, 0); r != packet.QuotaExceeded {
		t.Errorf("subscribe: %v", r)
	}
	if err := b.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestCloseWithStalled: clients that do not read do not hold Close up.
func TestCloseWithStalled(t *testing.T) {
	t.Parallel()
	h, err := launch(t.Context(), Config{}, Door{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		h.connect(t, fmt.Sprint("c", i)).subscribe(t, byte(i%2), "t")
		h.raw(t) // and one that says nothing
	}
	for range 20 {
		if err := h.Publish(durable.Message{Topic: "t", Payload: make([]byte, 1<<20), QoS: 1}); err != nil {
			t.Fatal(err)
		}
	}
	time.Sleep(50 * time.Millisecond)
	begun := time.Now()
	if err := h.close(); err != nil {
		t.Error(err)
	}
	if took := time.Since(begun); took > time.Second {
		t.Errorf("Close took %v", took)
	}
	h.wantEmpty(t)
	if err := h.Publish(durable.Message{Topic: "t"}); !errors.Is(err, ErrClosed) {
		t.Errorf("Publish: %v", err)
	}
}
