package load

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// answerMost bounds the wait for the answer to CONNECT and SUBSCRIBE when ctx
// has no deadline.
const answerMost = 30 * time.Second

// Hello says how a client introduces itself.
type Hello struct {
	ID      string
	Version byte // protocol level: 4, which 0 means too, or 5
	// Clean drops an earlier session. At level 4 the session then ends with the
	// connection; at level 5 Expiry says when.
	Clean          bool
	Expiry         uint32 // level 5: seconds the session outlives the connection
	ReceiveMaximum uint16 // level 5: 0 says nothing
	KeepAlive      uint16 // seconds; 0 for none
	Will           *Message
}

func (h Hello) version() byte {
	if h.Version == 5 {
		return 5
	}
	return 4
}

// RefusedError is a CONNACK or SUBACK that says no.
type RefusedError struct{ Code byte }

func (e *RefusedError) Error() string { return fmt.Sprintf("refused with code %#x", e.Code) }

// Conn is a connection that is cheap rather than comfortable: it answers
// nothing by itself, and what is queued is written by Flush, or by Next before
// it waits. One goroutine may call Next and the Queue methods while others
// call Write.
type Conn struct {
	// Present tells that the broker has kept the session.
	Present bool

	net     net.Conn
	version byte
	in      []byte // what was read; in[read:] is not parsed yet
	read    int
	out     []byte
	idle    func() // called by Next before it waits; may be nil
}

// Dial connects and waits for the CONNACK. ctx bounds only this. A CONNACK that
// says no gives a *RefusedError.
func Dial(ctx context.Context, addr string, h Hello) (*Conn, error) {
	c, err := open(ctx, addr, h)
	if err != nil {
		return nil, fmt.Errorf("connect %q to %s: %w", h.ID, addr, err)
	}
	return c, nil
}

func open(ctx context.Context, addr string, h Hello) (*Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	c := &Conn{net: conn, version: h.version(), in: make([]byte, 0, 512)}
	err = c.answered(ctx, Connack, AppendConnect(nil, h), func(p Packet) error {
		c.Present = p.Present
		if p.Code != 0 {
			return &RefusedError{p.Code}
		}
		return nil
	})
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return c, nil
}

// answered sends a request and hands its answer to f. Other packets that come
// before are dropped.
func (c *Conn) answered(ctx context.Context, k Kind, request []byte, f func(Packet) error) error {
	deadline, ok := ctx.Deadline()
	if !ok {
		deadline = time.Now().Add(answerMost)
	}
	if err := c.net.SetDeadline(deadline); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = c.net.SetDeadline(time.Now()) })
	defer stop()
	c.out = append(c.out, request...)
	for {
		p, err := c.Next()
		switch {
		case err != nil:
			return errors.Join(ctx.Err(), err)
		case p.Kind != k:
			continue
		}
		if err := f(p); err != nil {
			return err
		}
		return c.net.SetDeadline(time.Time{})
	}
}

// Subscribe subscribes to filters, all at one QoS, and waits for the answer.
// Messages that come before it are lost. A filter that was not granted gives a
// *RefusedError.
func (c *Conn) Subscribe(ctx context.Context, qos byte, filters ...string) error {
	err := c.answered(ctx, Suback, AppendSubscribe(nil, c.version, 1, qos, filters...), func(p Packet) error {
		for _, code := range p.Payload {
			if code >= 0x80 {
				return &RefusedError{code}
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("subscribe to %q: %w", filters, err)
	}
	return nil
}

// Next returns the next packet. When it has to wait for one it first writes
// what is queued. io.EOF says that the broker closed the connection.
func (c *Conn) Next() (Packet, error) {
	for {
		p, size, err := parse(c.in[c.read:], c.version)
		if err != nil {
			return p, err
		}
		if size > 0 {
			c.read += size
			return p, nil
		}
		if err := c.Flush(); err != nil {
			return p, err
		}
		if c.idle != nil {
			c.idle()
		}
		if err := c.fill(); err != nil {
			return p, err
		}
	}
}

// fill reads once, after it has made room. The buffer begins small, so that
// idle clients are cheap, and grows with what arrives.
func (c *Conn) fill() error {
	const most = 256 << 10
	rest := copy(c.in, c.in[c.read:])
	c.in, c.read = c.in[:rest], 0
	if room := cap(c.in) - rest; room == 0 {
		c.in = append(make([]byte, 0, 4*cap(c.in)), c.in...)
	}
	n, err := c.net.Read(c.in[rest:cap(c.in)])
	c.in = c.in[:rest+n]
	if n == cap(c.in)-rest && cap(c.in) < most {
		c.in = append(make([]byte, 0, 4*cap(c.in)), c.in...)
	}
	if n > 0 {
		return nil
	}
	return err
}

// QueueAck queues a PUBACK, PUBREC, PUBREL or PUBCOMP.
func (c *Conn) QueueAck(k Kind, id uint16) { c.out = AppendAck(c.out, k, id) }

// QueuePublish queues a message.
func (c *Conn) QueuePublish(m Message) { c.out = AppendPublish(c.out, c.version, m) }

// Flush writes what is queued.
func (c *Conn) Flush() error {
	if len(c.out) == 0 {
		return nil
	}
	_, err := c.net.Write(c.out)
	c.out = c.out[:0]
	return err
}

// Write writes whole packets at once. Several goroutines may call it.
func (c *Conn) Write(packets []byte) (int, error) { return c.net.Write(packets) }

// Bound makes reads and writes that are not done at t fail; the zero time
// takes the bound away.
func (c *Conn) Bound(t time.Time) { _ = c.net.SetDeadline(t) }

// Close sends DISCONNECT, so that no Will is published, and closes the
// connection.
func (c *Conn) Close() error {
	_ = c.net.SetWriteDeadline(time.Now().Add(time.Second))
	_, _ = c.net.Write([]byte{byte(Disconnect) << 4, 0})
	return c.net.Close()
}

// Cut closes the connection as a crash would.
func (c *Conn) Cut() error { return c.net.Close() }

var _ io.Writer = (*Conn)(nil)
