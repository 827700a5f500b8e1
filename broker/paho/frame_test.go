package paho

import (
	"bytes"
	"errors"
	"net"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang/packets"

	"github.com/thingdesk/thingdesk/broker"
)

// tape is a net.Conn that plays bytes and then ends.
type tape struct {
	net.Conn
	*bytes.Reader
}

func (t tape) Read(p []byte) (int, error)     { return t.Reader.Read(p) }
func (tape) Write(p []byte) (int, error)      { return len(p), nil }
func (tape) Close() error                     { return nil }
func (tape) SetDeadline(time.Time) error      { return nil }
func (tape) SetReadDeadline(time.Time) error  { return nil }
func (tape) SetWriteDeadline(time.Time) error { return nil }
func play(b []byte, shut func()) *wire {
	return newWire(tape{Reader: bytes.NewReader(b)}, fast(), shut)
}

func packet(t *testing.T, w *wire, want error) { // reads one packet, or the end
	t.Helper()
	if _, err := mqtt.ReadPacket(w); !errors.Is(err, want) {
		t.Fatalf("read: %v, want %v", err, want)
	}
}

func subscribePacket(id uint16, filters ...string) *mqtt.SubscribePacket {
	return &mqtt.SubscribePacket{
		FixedHeader: mqtt.FixedHeader{MessageType: mqtt.Subscribe, Qos: 1},
		MessageID:   id, Topics: filters, Qoss: make([]byte, len(filters)),
	}
}

// FuzzWire checks that the library can decode every packet that wire lets
// pass: the only errors it meets are those of wire.
func FuzzWire(f *testing.F) {
	for _, b := range [][]byte{
		{0x30, 3, 0, 1, 'a'},
		{0x32, 5, 0, 1, 'a', 0, 1},
		{0x90, 3, 0, 1, 0},
		{0xD0, 0},
		{0x40, 2, 0, 1},
		{0x62, 2, 0, 1},
		{0x30, 0x80, 1},
		{0x90, 4, 0, 1, 0, 0},
		{0x30, 4, 0, 9, 'a', 'b'},
		{0xB0, 2, 0, 1, 0x50, 3, 0, 1, 0},
		{0x20, 2, 0, 0},
	} {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		shut := 0
		w := play(append(append([]byte{}, accepted...), b...), func() { shut++ })
		packet(t, w, nil)
		question := subscribePacket(1, "a")
		if err := question.Write(w); err != nil {
			t.Fatal(err)
		}
		for {
			p, err := mqtt.ReadPacket(w)
			if err != nil {
				if _, ok := errors.AsType[*broker.LostError](err); !ok {
					t.Fatalf("the library met an error of its own: %v", err)
				}
				break
			}
			if s, ok := p.(*mqtt.SubackPacket); ok && (s.MessageID != 1 || len(s.ReturnCodes) != 1) {
				t.Fatalf("SUBACK %+v answers nothing", s)
			}
			if w.left != 0 {
				t.Fatalf("%d bytes left after a packet", w.left)
			}
		}
		if shut == 0 {
			t.Fatal("the end was reported before shut")
		}
	})
}

func FuzzFirstPacket(f *testing.F) {
	f.Add([]byte{0x20, 2, 1, 0})
	f.Add([]byte{0x20, 2, 0, 5})
	f.Add([]byte("HTTP/1.1 400"))
	f.Fuzz(func(t *testing.T, b []byte) {
		w := play(b, func() { t.Error("shut before the connection was up") })
		p, err := mqtt.ReadPacket(w)
		if err != nil {
			return
		}
		if c, ok := p.(*mqtt.ConnackPacket); !ok || c.ReturnCode != 0 || c.SessionPresent != w.session() {
			t.Fatalf("%v passed", p)
		}
	})
}

func TestCountFilters(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 2, 50} {
		var filters []string
		for i := range n {
			filters = append(filters, string(rune('a'+i))+"/#")
		}
		p := subscribePacket(0x1234, filters...)
		var b bytes.Buffer
		if err := p.Write(&b); err != nil {
			t.Fatal(err)
		}
		if id, got, ok := countFilters(b.Bytes()); !ok || id != 0x1234 || got != n {
			t.Errorf("%d filters: id %x, %d, %t", n, id, got, ok)
		}
		if _, _, ok := countFilters(b.Bytes()[:b.Len()-1]); ok {
			t.Error("a packet cut short was counted")
		}
	}
}
