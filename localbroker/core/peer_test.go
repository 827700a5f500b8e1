package core

import (
	"bufio"
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/thingdesk/thingdesk/localbroker/packet"
)

// frame is a packet that came.
type frame struct {
	first byte
	body  []byte
}

func (f frame) kind() packet.Type { return packet.TypeOf(f.first) }

// readFrame reads one packet.
func readFrame(r *bufio.Reader) (frame, error) {
	first, err := r.ReadByte()
	if err != nil {
		return frame{}, err
	}
	n := 0
	for shift := 0; ; shift += 7 {
		b, err := r.ReadByte()
		if err != nil {
			return frame{}, err
		}
		n |= int(b&0x7F) << shift
		if b < 0x80 {
			break
		}
	}
	f := frame{first, make([]byte, n)}
	_, err = io.ReadFull(r, f.body)
	return f, err
}

// peer is a client of a test. Nothing happens that the test does not say.
type peer struct {
	nc  net.Conn
	r   *bufio.Reader
	v   packet.Version
	ack packet.Connack
	// held are packets that came before another that was waited for: messages
	// and acknowledgements may overtake each other.
	held []frame
}

// option changes CONNECT.
type option func(*packet.Connect)

func v4(c *packet.Connect)    { c.Version = packet.V311 }
func keep(c *packet.Connect)  { c.Clean = false; prop(packet.SessionExpiry, never)(c) }
func clean(c *packet.Connect) { c.Clean = true }

func prop(id packet.Property, value uint32) option {
	return func(c *packet.Connect) { c.Properties = c.Properties.AppendUint(id, value) }
}

func withWill(w packet.Will) option { return func(c *packet.Connect) { c.Will = &w } }

func user(name string) option { return func(c *packet.Connect) { c.HasUser, c.User = true, name } }

// connectTo sends CONNECT, of MQTT 5 with Clean Start if no option says else,
// and waits for CONNACK.
func (h *host) connectTo(id string, options ...option) (*peer, error) {
	nc, err := (&net.Dialer{Timeout: patience}).Dial("tcp", h.l.Addr().String())
	if err != nil {
		return nil, err
	}
	p := &packet.Connect{Version: packet.V5, Clean: true, ClientID: id}
	for _, o := range options {
		o(p)
	}
	if p.Version != packet.V5 {
		p.Properties = nil
	}
	c := &peer{nc: nc, r: bufio.NewReader(nc), v: p.Version}
	if _, err := nc.Write(p.Append(nil)); err != nil {
		return nil, errors.Join(err, nc.Close())
	}
	_ = nc.SetReadDeadline(time.Now().Add(patience))
	f, err := readFrame(c.r)
	if err != nil {
		return nil, errors.Join(err, nc.Close())
	}
	if c.ack, err = packet.DecodeConnack(c.v, f.body); err != nil || f.kind() != packet.CONNACK {
		return nil, errors.Join(errors.New("no CONNACK"), err, nc.Close())
	}
	return c, nil
}

// connect is a client that is let in, until the test ends.
func (h *host) connect(t *testing.T, id string, options ...option) *peer {
	t.Helper()
	c := h.knock(t, id, options...)
	if c.ack.Code != 0 {
		t.Fatalf("CONNACK for %q has %d", id, c.ack.Code)
	}
	return c
}

// knock is a client that may be refused.
func (h *host) knock(t *testing.T, id string, options ...option) *peer {
	t.Helper()
	c, err := h.connectTo(id, options...)
	if err != nil {
		t.Fatalf("connect %q: %v", id, err)
	}
	t.Cleanup(c.cut)
	return c
}

// cut closes the connection without a word.
func (c *peer) cut() { _ = c.nc.Close() }

func (c *peer) send(t *testing.T, raw []byte) {
	t.Helper()
	_ = c.nc.SetWriteDeadline(time.Now().Add(patience))
	if _, err := c.nc.Write(raw); err != nil {
		t.Fatal(err)
	}
}

// recv waits for a packet of a type and holds others back.
func (c *peer) recv(t *testing.T, want packet.Type) frame {
	t.Helper()
	for i, f := range c.held {
		if f.kind() == want {
			c.held = slices.Delete(c.held, i, i+1)
			return f
		}
	}
	_ = c.nc.SetReadDeadline(time.Now().Add(patience))
	for {
		f, err := readFrame(c.r)
		if err != nil || len(c.held) > 1000 {
			t.Fatalf("no %v came: %v; %d other packets did", want, err, len(c.held))
		}
		if f.kind() == want {
			return f
		}
		c.held = append(c.held, f)
	}
}

// silent checks that nothing comes for a while.
func (c *peer) silent(t *testing.T, d time.Duration) {
	t.Helper()
	_ = c.nc.SetReadDeadline(time.Now().Add(d))
	if f, err := readFrame(c.r); err == nil || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("%v % x came, or %v", f.kind(), f.body, err)
	}
}

// gone waits for the end of the connection; DISCONNECT with a reason comes
// before it, unless want is 0.
func (c *peer) gone(t *testing.T, want packet.Reason) {
	t.Helper()
	_ = c.nc.SetReadDeadline(time.Now().Add(patience))
	var got packet.Reason
	for {
		f, err := readFrame(c.r)
		if err != nil {
			if errors.Is(err, os.ErrDeadlineExceeded) {
				t.Fatal("the connection did not end")
			}
			break
		}
		if f.kind() == packet.DISCONNECT {
			d, err := packet.DecodeFarewell(c.v, f.kind(), f.body, false)
			if err != nil {
				t.Fatal(err)
			}
			got = d.Reason
		}
	}
	if got != want {
		t.Errorf("DISCONNECT has %v, want %v", got, want)
	}
}

// ping waits until the broker has dealt with all that was sent. Nothing else
// may come.
func (c *peer) ping(t *testing.T) {
	t.Helper()
	c.send(t, packet.Pingreq)
	c.recv(t, packet.PINGRESP)
	for _, f := range c.held {
		t.Errorf("%v % x came", f.kind(), f.body[:min(60, len(f.body))])
	}
}

// subscribe returns the reason codes.
func (c *peer) subscribe(t *testing.T, options byte, filters ...string) []packet.Reason {
	t.Helper()
	s := packet.Subscribe{ID: 1}
	for _, f := range filters {
		s.Filters = append(s.Filters, packet.Subscription{Filter: f, Options: options})
	}
	c.send(t, s.Append(nil, c.v))
	return c.suback(t)
}

func (c *peer) suback(t *testing.T) []packet.Reason {
	t.Helper()
	f := c.recv(t, packet.SUBACK)
	a, err := packet.DecodeSuback(c.v, packet.SUBACK, f.body)
	if err != nil {
		t.Fatal(err)
	}
	return a.Codes
}

func publishOf(topic, payload string, qos byte, id uint16) packet.Publish {
	return packet.Publish{Topic: []byte(topic), Payload: []byte(payload), QoS: qos, ID: id}
}

// publish sends a message and, when qos is not 0, takes the acknowledgements.
// It returns the first reason code.
func (c *peer) publish(t *testing.T, p packet.Publish) packet.Reason {
	t.Helper()
	c.send(t, p.Append(nil, c.v))
	switch p.QoS {
	case 1:
		return c.acked(t, packet.PUBACK, p.ID).Reason
	case 2:
		a := c.acked(t, packet.PUBREC, p.ID)
		if a.Reason < packet.UnspecifiedError {
			c.reply(t, packet.PUBREL, p.ID)
			c.acked(t, packet.PUBCOMP, p.ID)
		}
		return a.Reason
	}
	return packet.Success
}

// acked takes an acknowledgement.
func (c *peer) acked(t *testing.T, kind packet.Type, id uint16) packet.Ack {
	t.Helper()
	a, err := packet.DecodeAck(c.v, kind, c.recv(t, kind).body)
	if err != nil {
		t.Fatal(err)
	}
	if a.ID != id {
		t.Errorf("%v has packet identifier %d, want %d", kind, a.ID, id)
	}
	return a
}

func (c *peer) reply(t *testing.T, kind packet.Type, id uint16) {
	t.Helper()
	a := packet.Ack{Type: kind, ID: id}
	c.send(t, a.Append(nil, c.v))
}

// message takes a message and does not acknowledge it.
func (c *peer) message(t *testing.T) packet.Publish {
	t.Helper()
	f := c.recv(t, packet.PUBLISH)
	var p packet.Publish
	if err := p.Decode(c.v, f.first, f.body, false); err != nil {
		t.Fatal(err)
	}
	return p
}

// want takes a message with a payload and acknowledges it.
func (c *peer) want(t *testing.T, payload string) packet.Publish {
	t.Helper()
	p := c.message(t)
	if string(p.Payload) != payload {
		t.Fatalf("message %.80q came, not %.80q", p.Payload, payload)
	}
	switch p.QoS {
	case 1:
		c.reply(t, packet.PUBACK, p.ID)
	case 2:
		c.reply(t, packet.PUBREC, p.ID)
		c.acked(t, packet.PUBREL, p.ID)
		c.reply(t, packet.PUBCOMP, p.ID)
	}
	return p
}

// leave sends DISCONNECT and waits for the end.
func (c *peer) leave(t *testing.T, reason packet.Reason) {
	t.Helper()
	f := packet.Farewell{Type: packet.DISCONNECT, Reason: reason}
	c.send(t, f.Append(nil, c.v))
	c.gone(t, 0)
	c.cut()
}
