package conformance

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"time"
)

// A conn is one network connection to the broker. It is used by one goroutine.
type conn struct {
	net   net.Conn
	in    *bufio.Reader
	level byte     // the protocol level in the CONNECT that was sent
	last  packet   // received last
	held  []packet // PUBLISH that came before a SUBACK, to be read again
}

// A packet is what the broker sent, in one form (see the package comment).
type packet struct {
	bytes []byte
	raw   []byte     // as it came
	props []property // what bytes may have lost
}

// errClosed is what reading reports when the broker has closed the connection.
var errClosed = errors.New("the broker closed the connection")

// errQuiet is what reading reports when nothing came in time.
var errQuiet = errors.New("nothing came")

// dial connects. A small window makes the broker notice at once that this
// client does not read.
func dial(addr string, window int) (*conn, error) {
	d := net.Dialer{Timeout: patience}
	nc, err := d.Dial("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("dial the broker: %w", err)
	}
	if tcp, ok := nc.(*net.TCPConn); ok && window > 0 {
		if err := tcp.SetReadBuffer(window); err != nil {
			return nil, fmt.Errorf("make the window small: %w", err)
		}
	}
	return &conn{net: nc, in: bufio.NewReaderSize(nc, 16<<10), level: 4}, nil
}

// write sends b as it is. A broker may close while it is still being told more,
// so that only a later read tells what happened.
func (c *conn) write(b []byte) {
	if err := c.net.SetWriteDeadline(time.Now().Add(patience)); err != nil {
		return
	}
	_, _ = c.net.Write(b)
}

// levelOf returns the protocol level in a CONNECT; otherwise is what it returns
// for anything else.
func levelOf(b []byte, otherwise byte) byte {
	if len(b) < 2 || b[0] != 0x10 {
		return otherwise
	}
	_, n, ok := readVarint(b[1:])
	if at := 1 + n; ok && at+6 < len(b) && string(b[at:at+6]) == "\x00\x04MQTT" {
		return b[at+6]
	}
	return otherwise
}

// read returns the next packet.
func (c *conn) read(within time.Duration) (packet, error) {
	if len(c.held) > 0 {
		c.last, c.held = c.held[0], c.held[1:]
		return c.last, nil
	}
	if err := c.net.SetReadDeadline(time.Now().Add(within)); err != nil {
		return packet{}, fmt.Errorf("read: %w", err)
	}
	raw, err := c.frame()
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return packet{}, fmt.Errorf("%w within %v", errQuiet, within)
	case err != nil && len(raw) > 0:
		return packet{}, fmt.Errorf("%w within a packet: % X", errClosed, head(raw))
	case err != nil:
		return packet{}, errClosed
	}
	p, err := canonical(raw, c.level == 5)
	c.last = p
	return p, err
}

func (c *conn) frame() ([]byte, error) {
	first, err := c.in.ReadByte()
	if err != nil {
		return nil, err
	}
	raw := []byte{first}
	n, shift := 0, 0
	for {
		b, err := c.in.ReadByte()
		if err != nil {
			return raw, err
		}
		raw = append(raw, b)
		n |= int(b&0x7F) << shift
		shift += 7
		if b&0x80 == 0 {
			break
		}
		if shift > 21 {
			return nil, errors.New("the broker sent a malformed length")
		}
	}
	start := len(raw)
	raw = slices.Grow(raw, n)[:start+n]
	_, err = io.ReadFull(c.in, raw[start:])
	return raw, err
}

// canonical brings a packet of the broker into one form and checks that MQTT
// 5.0 allows its properties there.
func canonical(raw []byte, v5 bool) (packet, error) {
	p := packet{bytes: raw, raw: raw}
	if !v5 {
		return p, nil
	}
	_, skip, ok := readVarint(raw[1:])
	if !ok {
		return p, errors.New("malformed length")
	}
	body := raw[1+skip:]
	bad := fmt.Errorf("the broker sent what is no packet of MQTT 5.0: % X", head(raw))
	fixed := map[byte]int{2: 2, 3: 0, 4: 2, 5: 2, 6: 2, 7: 2, 9: 2, 11: 2, 13: 0, 14: 0, 15: 0}
	keep, ok := fixed[raw[0]>>4]
	if !ok || len(body) < keep {
		return p, bad
	}
	front, rest := body[:keep:keep], body[keep:]
	switch raw[0] >> 4 {
	case 3:
		return canonicalPublish(p, body)
	case 4, 5, 6, 7, 14, 15:
		code := byte(0)
		if len(rest) > 0 {
			code, rest = rest[0], rest[1:]
		}
		front = append(front, code)
		if len(rest) == 0 {
			rest = []byte{0}
		}
	case 13:
		if len(body) != 0 {
			return p, bad
		}
		return p, nil
	}
	props, after, err := readProperties(rest, raw[0]>>4)
	if err != nil {
		return p, fmt.Errorf("%w: %w", bad, err)
	}
	p.props = props
	switch raw[0] >> 4 {
	case 2:
		front = append(front, 0)
	case 9, 11:
		front = append(append(front, 0), after...)
		after = nil
	}
	if len(after) > 0 {
		return p, bad
	}
	p.bytes = append(append([]byte{raw[0]}, varint(len(front))...), front...)
	return p, nil
}

func canonicalPublish(p packet, body []byte) (packet, error) {
	bad := fmt.Errorf("the broker sent what is no PUBLISH of MQTT 5.0: % X", head(p.raw))
	if len(body) < 2 {
		return p, bad
	}
	at := 2 + int(body[0])<<8 + int(body[1])
	if p.raw[0]&6 != 0 {
		at += 2
	}
	if at > len(body) {
		return p, bad
	}
	props, payload, err := readProperties(body[at:], 3)
	if err != nil {
		return p, fmt.Errorf("%w: %w", bad, err)
	}
	slices.SortStableFunc(props, func(a, b property) int {
		if a.id == b.id && a.id == 0x0B {
			return slices.Compare(a.value, b.value)
		}
		return int(a.id) - int(b.id)
	})
	p.props = props
	var list []byte
	for _, x := range props {
		list = append(append(list, x.id), x.value...)
	}
	out := slices.Concat(body[:at], varint(len(list)), list, payload)
	p.bytes = slices.Concat(p.raw[:1], varint(len(out)), out)
	return p, nil
}

// head is the beginning of b, for messages.
func head(b []byte) []byte { return b[:min(len(b), 200)] }
