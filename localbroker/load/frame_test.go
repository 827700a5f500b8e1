package load

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	t.Parallel()
	payload := bytes.Repeat([]byte("p"), 200)
	for _, c := range []struct {
		name    string
		b       []byte
		version byte
		want    Packet
	}{
		{"QoS 0", AppendPublish(nil, 4, Message{Topic: "a", Payload: []byte("x"), Retain: true}), 4, Packet{Kind: Publish, Retain: true, Topic: []byte("a"), Payload: []byte("x")}},
		{"QoS 2", AppendPublish(nil, 4, Message{Topic: "a/b", Payload: payload, QoS: 2, Dup: true, ID: 258}), 4, Packet{Kind: Publish, QoS: 2, Dup: true, ID: 258, Topic: []byte("a/b"), Payload: payload}},
		{"version 5", AppendPublish(nil, 5, Message{Topic: "a", Payload: payload, QoS: 1, ID: 7}), 5, Packet{Kind: Publish, QoS: 1, ID: 7, Topic: []byte("a"), Payload: payload}},
		{"with properties", []byte{0x30, 8, 0, 1, 'a', 2, 1, 1, 'x', 'y'}, 5, Packet{Kind: Publish, Topic: []byte("a"), Payload: []byte("xy")}},
		{"CONNACK", []byte{0x20, 2, 1, 5}, 4, Packet{Kind: Connack, Present: true, Code: 5}},
		{"PUBACK with a code", []byte{0x40, 4, 1, 2, 0x10, 0}, 5, Packet{Kind: Puback, ID: 258, Code: 0x10}},
		{"PUBREL", AppendAck(nil, Pubrel, 9), 4, Packet{Kind: Pubrel, ID: 9}},
		{"SUBACK", []byte{0x90, 5, 0, 1, 0, 2, 0x80}, 5, Packet{Kind: Suback, ID: 1, Payload: []byte{2, 0x80}}},
	} {
		got, size, err := parse(append(bytes.Clone(c.b), 0xff), c.version)
		if d := cmp.Diff(c.want, got); d != "" || size != len(c.b) || err != nil {
			t.Errorf("%s: size %d of %d, %v\n%s", c.name, size, len(c.b), err, d)
		}
		for n := range c.b {
			if _, size, err := parse(c.b[:n], c.version); size != 0 || err != nil {
				t.Errorf("%s: %d bytes of it are %d, %v", c.name, n, size, err)
			}
		}
	}
	for _, b := range [][]byte{{0x30, 1, 0}, {0x30, 3, 0, 5, 'a'}, {0x40, 1, 1}, {0x30, 0xff, 0xff, 0xff, 0xff}, {0x32, 3, 0, 1, 'a'}} {
		if _, _, err := parse(b, 4); err == nil {
			t.Errorf("% x is no packet, but no error", b)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(AppendPublish(nil, 5, Message{Topic: "a", QoS: 1, ID: 1}), byte(5))
	f.Add([]byte{0x90, 4, 0, 1, 0x80, 0x01}, byte(5))
	f.Fuzz(func(t *testing.T, b []byte, version byte) {
		if p, size, err := parse(b, version); size > len(b) || size > 0 && err != nil || len(p.Topic)+len(p.Payload) > len(b) {
			t.Errorf("% x: %+v, size %d, %v", b, p, size, err)
		}
	})
}

func BenchmarkNextPublish(b *testing.B) {
	frame := AppendPublish(nil, 4, Message{Topic: "load/1", Payload: make([]byte, 100)})
	b.ReportAllocs()
	for b.Loop() {
		if _, size, err := parse(frame, 4); size != len(frame) || err != nil {
			b.Fatal(size, err)
		}
	}
}
