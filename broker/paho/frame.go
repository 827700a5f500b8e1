package paho

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/thingdesk/thingdesk/broker"
)

// Packets by their first byte (MQTT 3.1.1, table 2.1), those with flags that
// may differ by their type alone.
const (
	connack   = 0x20
	subscribe = 0x82
	pingreq   = 0xC0

	typePublish  = 3
	typePuback   = 4
	typePubrec   = 5
	typePubrel   = 6
	typePubcomp  = 7
	typeSuback   = 9
	typeUnsuback = 11
	typePingresp = 13
)

// nextPacket looks at the packet that begins now and sets left. It checks all
// that the library takes for granted: a packet the library cannot decode ends
// a connection without order, a SUBACK that is too long ends the program.
func (w *wire) nextPacket() error {
	w.mu.Lock()
	up := w.up
	w.mu.Unlock()
	if !up {
		return w.firstPacket()
	}
	first, head, size, err := w.header()
	if err != nil {
		return err
	}
	least, kind := 2, first>>4
	switch kind {
	case typePublish:
		if err := w.checkPublish(first, head, size); err != nil {
			return err
		}
	case typeSuback:
		if err := w.checkSuback(head, size); err != nil {
			return err
		}
	case typePingresp:
		least = 0
		w.pong()
	case typePuback, typePubrec, typePubrel, typePubcomp, typeUnsuback:
	default:
		return &broker.ProtocolError{What: fmt.Sprintf("packet with type %d", kind)}
	}
	if size < least {
		return short(first)
	}
	w.left = head + size
	return nil
}

func short(first byte) error {
	return &broker.ProtocolError{What: fmt.Sprintf("packet with type %d is too short", first>>4)}
}

// firstPacket must be CONNACK. A refusal becomes a broker.ConnackError here:
// the library takes unknown codes for success.
func (w *wire) firstPacket() error {
	p, err := w.in.Peek(1)
	if err != nil {
		return err
	}
	if p[0] != connack {
		p, _ = w.in.Peek(min(w.in.Buffered(), 16))
		return &broker.NotMQTTError{First: append([]byte(nil), p...)}
	}
	if p, err = w.in.Peek(2); err != nil {
		return err
	}
	if p[1] != 2 {
		return &broker.ProtocolError{What: fmt.Sprintf("CONNACK of %d bytes", p[1])}
	}
	if p, err = w.in.Peek(4); err != nil {
		return err
	}
	if p[3] != 0 {
		return broker.ConnackError(p[3])
	}
	w.mu.Lock()
	w.up, w.kept = true, p[2]&1 == 1
	w.mu.Unlock()
	w.left = 4
	return nil
}

// header returns the first byte of the packet, the length of its fixed header
// and of the rest.
func (w *wire) header() (first byte, head, size int, err error) {
	for head = 2; ; head++ {
		p, err := w.in.Peek(head)
		if err != nil {
			return 0, 0, 0, err
		}
		if size, ok := remaining(p[1:]); ok {
			return p[0], head, size, nil
		}
		if head == 5 {
			return 0, 0, 0, &broker.ProtocolError{What: "remaining length of more than four bytes"}
		}
	}
}

// remaining decodes the remaining length when p holds all of it (2.2.3).
func remaining(p []byte) (n int, ok bool) {
	for i, b := range p {
		n |= int(b&0x7f) << (7 * i)
		if b < 0x80 {
			return n, true
		}
	}
	return 0, false
}

func (w *wire) checkPublish(first byte, head, size int) error {
	qos := first >> 1 & 3
	if qos == 3 {
		return &broker.ProtocolError{What: "PUBLISH with QoS 3"}
	}
	if size < 2 {
		return short(first)
	}
	p, err := w.in.Peek(head + 2)
	if err != nil {
		return err
	}
	least := 2 + int(binary.BigEndian.Uint16(p[head:]))
	if qos > 0 {
		least += 2
	}
	if size < least {
		return short(first)
	}
	return nil
}

func (w *wire) checkSuback(head, size int) error {
	if size < 2 {
		return short(typeSuback << 4)
	}
	p, err := w.in.Peek(head + 2)
	if err != nil {
		return err
	}
	id := binary.BigEndian.Uint16(p[head:])
	w.mu.Lock()
	asked, ok := w.asked[id]
	delete(w.asked, id)
	w.mu.Unlock()
	if !ok {
		return &broker.ProtocolError{What: "SUBACK that answers nothing"}
	}
	if size-2 != asked {
		return &broker.ProtocolError{What: fmt.Sprintf("SUBACK with %d answers to %d filters", size-2, asked)}
	}
	return nil
}

// pong ends the watch over a ping.
func (w *wire) pong() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pinged = false
	_ = w.raw.SetReadDeadline(time.Time{})
}

// countFilters returns the packet ID of a SUBSCRIBE and how many filters it
// holds.
func countFilters(p []byte) (id uint16, n int, ok bool) {
	at := 1
	for at < len(p) && p[at] >= 0x80 {
		at++
	}
	at++
	if at+2 > len(p) {
		return 0, 0, false
	}
	id = binary.BigEndian.Uint16(p[at:])
	for at += 2; at+2 <= len(p); n++ {
		at += 2 + int(binary.BigEndian.Uint16(p[at:])) + 1
	}
	return id, n, at == len(p)
}
