package core

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/thingdesk/thingdesk/localbroker/durable"
	"github.com/thingdesk/thingdesk/localbroker/packet"
)

func TestLimitClients(t *testing.T) {
	t.Parallel()
	h := start(t, Config{Limits: Limits{Clients: 2, Sessions: 3}}, Door{})
	a := h.connect(t, "a", keep)
	h.connect(t, "b", keep)
	if c := h.knock(t, "c"); c.ack.Code != byte(packet.ServerBusy) {
		t.Errorf("a third client: %v", packet.Reason(c.ack.Code))
	}
	if c := h.knock(t, "c", v4); c.ack.Code != 3 {
		t.Errorf("a third client of MQTT 3: %d", c.ack.Code)
	}
	h.connect(t, "b", keep) // takes over
	a.leave(t, 0)
	c := h.connect(t, "c", keep)
	c.leave(t, 0)
	if d := h.knock(t, "d"); d.ack.Code != byte(packet.QuotaExceeded) {
		t.Errorf("a fourth session: %v", packet.Reason(d.ack.Code))
	}
	if st := h.Stats(); st.Clients != 1 || st.ClientsMost != 2 || st.Sessions != 3 {
		t.Errorf("Stats: %+v", st)
	}
}

func TestLimitSubscriptions(t *testing.T) {
	t.Parallel()
	h := start(t, Config{Limits: Limits{Subscriptions: 2}}, Door{})
	c := h.connect(t, "c")
	want := []packet.Reason{0, 0, packet.QuotaExceeded, 0}
	if codes := c.subscribe(t, 0, "a", "b", "c", "a"); !slices.Equal(codes, want) {
		t.Errorf("SUBACK: %v, want %v", codes, want)
	}
	four := h.connect(t, "four", v4)
	if codes := four.subscribe(t, 0, "a", "b", "c"); codes[2] != 0x80 {
		t.Errorf("SUBACK of MQTT 3: %v", codes)
	}
	if st := h.Stats(); st.Subscriptions != 4 {
		t.Errorf("%d subscriptions", st.Subscriptions)
	}
}

// TestLimitQueue: what does not fit is dropped and counted, and the bytes of
// what was delivered come back.
func TestLimitQueue(t *testing.T) {
	t.Parallel()
	size := (&message{Message: durable.Message{Topic: "t", Payload: make([]byte, 100)}}).size()
	for name, limits := range map[string]Limits{
		"messages": {QueuedMessages: 3},
		"bytes":    {QueuedBytes: 3*size + 5},
		"total":    {QueuedTotal: 3*size + 5},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := &diary{}
			h := start(t, Config{Limits: limits, Observer: d}, Door{})
			h.absent(t, "s", "t", 1)
			pub := h.connect(t, "pub")
			for i := range 5 {
				text := strconv.Itoa(i) + strings.Repeat("x", 99)
				if r := pub.publish(t, publishOf("t", text, 1, uint16(i+1))); r != 0 {
					t.Errorf("PUBACK has %v", r)
				}
			}
			s, err := h.Session("s")
			if err != nil || s.Queued != 3 || s.Dropped != 2 || s.QueuedBytes != 3*size {
				t.Errorf("session: %+v, %v", s, err)
			}
			if st := h.Stats(); st.Dropped != 2 || st.Queued != 3*size {
				t.Errorf("Stats: %+v", st)
			}
			why := DropQueueFull
			if name == "total" {
				why = DropTotalFull
			}
			if n := d.count("dropped s t: " + string(why)); n != 2 {
				t.Errorf("%d are dropped:\n%s", n, d.text())
			}
			c := h.connect(t, "s", keep)
			for i := range 3 {
				c.want(t, strconv.Itoa(i)+strings.Repeat("x", 99))
			}
			c.ping(t)
			if st := h.Stats(); st.Queued != 0 {
				t.Errorf("%d bytes are left", st.Queued)
			}
		})
	}
}

// TestTotalFullOfAbsent: what waits for those who are away does not stop those
// who read.
func TestTotalFullOfAbsent(t *testing.T) {
	t.Parallel()
	h := start(t, Config{Limits: Limits{QueuedTotal: 100_000}}, Door{})
	h.absent(t, "away", "#", 1)
	c := h.connect(t, "c")
	c.subscribe(t, 1, "#")
	for range 300 {
		if err := h.Publish(durable.Message{Topic: "t", QoS: 1, Payload: make([]byte, 1000)}); err != nil {
			t.Fatal(err)
		}
		c.reply(t, packet.PUBACK, c.message(t).ID)
		c.ping(t)
	}
	if st := h.Stats(); st.Queued > 100_000 || st.Dropped < 200 {
		t.Errorf("%d bytes are queued, %d dropped", st.Queued, st.Dropped)
	}
	if s, err := h.Session("c"); err != nil || s.Dropped != 0 {
		t.Errorf("session: %+v, %v", s, err)
	}
}

// TestQueueWithHole: one message that is never acknowledged does not count for
// those that came after it and were.
func TestQueueWithHole(t *testing.T) {
	t.Parallel()
	h := start(t, Config{Limits: Limits{QueuedMessages: 10}}, Door{})
	c := h.connect(t, "c")
	c.subscribe(t, 1, "t")
	for i := range 50 {
		if err := h.Publish(durable.Message{Topic: "t", QoS: 1}); err != nil {
			t.Fatal(err)
		}
		if p := c.message(t); i > 0 {
			c.reply(t, packet.PUBACK, p.ID)
			c.ping(t)
		}
	}
	if s, err := h.Session("c"); err != nil || s.Dropped != 0 || s.Queued != 1 || s.InFlight != 1 {
		t.Errorf("session: %+v, %v", s, err)
	}
}

func TestLimitRetained(t *testing.T) {
	t.Parallel()
	retain := func(c *peer, topic string, n int) {
		p := publishOf(topic, strings.Repeat("x", n), 1, 1)
		p.Retain = true
		c.publish(t, p)
	}
	d := &diary{}
	h := start(t, Config{Limits: Limits{Retained: 2, RetainedBytes: 5000}, Observer: d}, Door{})
	c := h.connect(t, "c")
	retain(c, "a", 1)
	retain(c, "b", 1)
	retain(c, "c", 1) // one too many
	retain(c, "a", 4000)
	retain(c, "b", 4000) // too long, also in place of another
	retain(c, "b", 2)
	if st := h.Stats(); st.Retained != 2 || st.RetainedBytes > 5000 || st.Dropped != 2 {
		t.Errorf("%d retained, %d bytes, %d dropped", st.Retained, st.RetainedBytes, st.Dropped)
	}
	if n := d.count(string(DropRetained)); n != 2 {
		t.Errorf("dropped:\n%s", d.text())
	}
	retain(c, "a", 0)
	retain(c, "b", 0)
	if st := h.Stats(); st.Retained != 0 || st.RetainedBytes != 0 {
		t.Errorf("%d retained, %d bytes", st.Retained, st.RetainedBytes)
	}
}

func TestKeepAlive(t *testing.T) {
	t.Parallel()
	h := start(t, Config{Limits: Limits{MaxKeepAlive: 1}}, Door{})
	c := h.connect(t, "c")
	if n, ok := c.ack.Properties.Uint(packet.ServerKeepAlive); n != 1 || !ok {
		t.Errorf("CONNACK has Server Keep Alive %d %v", n, ok)
	}
	begun := time.Now()
	c.gone(t, packet.KeepAliveTimeout)
	if took := time.Since(begun); took < 1400*time.Millisecond || took > 3*time.Second {
		t.Errorf("it ended after %v", took)
	}
	four := h.connect(t, "four", v4)
	four.silent(t, 100*time.Millisecond)
}

func TestSessionExpiryLimit(t *testing.T) {
	t.Parallel()
	h := start(t, Config{Limits: Limits{SessionExpiry: 1}}, Door{})
	c := h.connect(t, "c", keep)
	if n, ok := c.ack.Properties.Uint(packet.SessionExpiry); n != 1 || !ok {
		t.Errorf("CONNACK has Session Expiry Interval %d %v", n, ok)
	}
	c.subscribe(t, 1, "t")
	c.cut()
	h.absent(t, "four", "t", 1)
	eventually(t, "the sessions end", func() bool { st := h.Stats(); return st.Sessions == 0 && st.Expired == 2 && st.Subscriptions == 0 })
}

// brief is a Policy that lets no session outlive its connection for long.
type brief struct{}

// Connect limits the expiry.
func (brief) Connect(Connecting) Terms { return Terms{Expiry: 5} }

// Subscribe allows everything.
func (brief) Subscribe(Subscribing) Verdict { return Verdict{} }

// Delivers allows everything.
func (brief) Delivers(string, string, bool, bool) bool { return true }

// TestSessionExpiryTerms: DISCONNECT does not get around what a Policy grants.
func TestSessionExpiryTerms(t *testing.T) {
	t.Parallel()
	h := start(t, Config{Policy: brief{}}, Door{})
	c := h.connect(t, "c", keep)
	if n, ok := c.ack.Properties.Uint(packet.SessionExpiry); n != 5 || !ok {
		t.Errorf("CONNACK has Session Expiry Interval %d %v", n, ok)
	}
	f := packet.Farewell{Type: packet.DISCONNECT, Properties: packet.Properties(nil).AppendUint(packet.SessionExpiry, 1000)}
	c.send(t, f.Append(nil, c.v))
	c.gone(t, 0)
	if s, err := h.Session("c"); err != nil || s.Expiry != 5 {
		t.Errorf("session: %+v, %v", s, err)
	}
}

// TestInflight: no more than the broker and the client allow are open at once,
// and later ones follow.
func TestInflight(t *testing.T) {
	t.Parallel()
	h := start(t, Config{Limits: Limits{Inflight: 4}}, Door{})
	for name, o := range map[string]struct {
		option
		most int
	}{"broker": {clean, 4}, "client": {prop(packet.ReceiveMaximum, 2), 2}} {
		c := h.connect(t, name, o.option)
		c.subscribe(t, 2, "t")
		for i := range 8 {
			if err := h.Publish(durable.Message{Topic: "t", QoS: 1 + byte(i%2), Payload: fmt.Append(nil, i)}); err != nil {
				t.Fatal(err)
			}
		}
		var open []packet.Publish
		for i := range 8 {
			if len(open) == o.most {
				c.silent(t, 20*time.Millisecond)
				if s, err := h.Session(name); err != nil || s.InFlight != o.most {
					t.Errorf("session: %+v, %v", s, err)
				}
				p := open[0]
				open = open[1:]
				if p.QoS == 1 {
					c.reply(t, packet.PUBACK, p.ID)
				} else {
					c.reply(t, packet.PUBREC, p.ID)
					c.acked(t, packet.PUBREL, p.ID)
					c.silent(t, 10*time.Millisecond) // it is still open
					c.reply(t, packet.PUBCOMP, p.ID)
				}
			}
			p := c.message(t)
			if string(p.Payload) != strconv.Itoa(i) {
				t.Errorf("%q came, want %d", p.Payload, i)
			}
			open = append(open, p)
		}
		c.cut()
		eventually(t, "it goes", func() bool { return h.Stats().Clients == 0 })
	}
}

func TestReceiveMaximum(t *testing.T) {
	t.Parallel()
	h := start(t, Config{Limits: Limits{ReceiveMaximum: 3}}, Door{})
	for name, v := range map[string]option{"five": clean, "four": v4} {
		c := h.connect(t, name, v)
		for i := range 4 {
			p := publishOf("t", "x", 2, uint16(i+1))
			c.send(t, p.Append(nil, c.v))
		}
		for i := range 3 {
			c.acked(t, packet.PUBREC, uint16(i+1))
		}
		if c.v == packet.V5 {
			c.gone(t, packet.ReceiveMaximumExceeded)
		} else {
			c.acked(t, packet.PUBREC, 4)
		}
	}
}
