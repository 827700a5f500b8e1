package conformance

import (
	"encoding/binary"
	"fmt"
)

// inOrder publishes many messages at one QoS and wants them in their order.
func (r *run) inOrder(up string, qos byte) {
	const count = 100
	r.play(fmt.Sprintf("B %s\nB sub \"~/a\" %02X\nA %s", up, qos, up))
	r.publishNumbers("A", qos, 0, count)
	r.wantNumbers("B", 0, count)
}

// publishNumbers publishes the numbers from..to-1 to ~/a and goes
// through with the acknowledgements.
func (r *run) publishNumbers(name string, qos byte, from, to int) {
	const window = 1000
	for from < to {
		end := min(to, from+window)
		var all []byte
		for i := from; i < end; i++ {
			all = append(all, r.numbered(name, "~/a", qos, i)...)
		}
		r.conn(name).write(all)
		if qos > 0 {
			r.acknowledged(name, qos, from, end)
		}
		from = end
	}
}

// acknowledged takes the acknowledgements of publishNumbers; with QoS 2 it
// releases.
func (r *run) acknowledged(name string, qos byte, from, end int) {
	pending := end - from
	for pending > 0 {
		p := r.read(name)
		switch p.bytes[0] {
		case 0x40, 0x70:
			pending--
		case 0x50:
			r.conn(name).write([]byte{0x62, 2, p.bytes[2], p.bytes[3]})
			continue
		default:
			r.fail("%s received % X for its messages of QoS %d", name, head(p.bytes), qos)
		}
		if len(p.bytes) > 4 && p.bytes[4] >= 0x80 {
			r.fail("message refused: % X", p.bytes)
		}
	}
}

// numbered is a PUBLISH that carries a number.
func (r *run) numbered(name, topic string, qos byte, i int) []byte {
	body := r.pattern(`"` + topic + `"`).bytes
	if qos > 0 {
		body = binary.BigEndian.AppendUint16(body, packetID(i))
	}
	if r.isV5(name) {
		body = append(body, 0)
	}
	body = binary.BigEndian.AppendUint32(body, uint32(i))
	return append(append([]byte{0x30 | qos<<1}, varint(len(body))...), body...)
}

// packetID spreads numbers over the packet identifiers.
func packetID(i int) uint16 { return uint16(i%65535) + 1 }

// A message is a PUBLISH as received.
type message struct {
	first   byte
	topic   string
	id      [2]byte
	payload []byte
}

// number is what numbered carries.
func (m message) number() int {
	if len(m.payload) != 4 {
		return -1
	}
	return int(binary.BigEndian.Uint32(m.payload))
}

func (m message) qos() byte { return m.first >> 1 & 3 }

// message reads a PUBLISH in canonical form.
func (r *run) message(name string, p packet) message {
	_, n, ok := readVarint(p.bytes[1:])
	body := p.bytes[1+n:]
	if p.bytes[0]>>4 != 3 || !ok || len(body) < 2 {
		r.fail("%s received % X, want a PUBLISH", name, head(p.bytes))
	}
	at := 2 + int(body[0])<<8 + int(body[1])
	m := message{first: p.bytes[0], topic: string(body[2:at])}
	if m.qos() > 0 {
		m.id = [2]byte(body[at : at+2])
		at += 2
	}
	if r.isV5(name) {
		size, skip, _ := readVarint(body[at:])
		at += skip + size
	}
	m.payload = body[at:]
	return m
}

// next receives the next PUBLISH, acknowledging it and what comes before it.
func (r *run) next(name string) message {
	for {
		p := r.read(name)
		c := r.conn(name)
		switch p.bytes[0] >> 4 {
		case 3:
			m := r.message(name, p)
			switch m.qos() {
			case 1:
				c.write([]byte{0x40, 2, m.id[0], m.id[1]})
			case 2:
				c.write([]byte{0x50, 2, m.id[0], m.id[1]})
			}
			return m
		case 6:
			c.write([]byte{0x70, 2, p.bytes[2], p.bytes[3]})
		default:
			r.fail("%s received % X, want a PUBLISH", name, head(p.bytes))
		}
	}
}

// wantNumbers receives the numbers from..to-1 in this order, once each.
func (r *run) wantNumbers(name string, from, to int) {
	for i := from; i < to; i++ {
		if got := r.next(name).number(); got != i {
			r.fail("%s received message %d where %d was due", name, got, i)
		}
	}
}
