package packet_test

import (
	"testing"

	"github.com/thingdesk/thingdesk/localbroker/packet"
)

// TestNothingIsAllocated is not parallel: AllocsPerRun counts for the process.
func TestNothingIsAllocated(t *testing.T) {
	buffer := make([]byte, 0, 4096)
	for _, s := range samples {
		b := wire(s.bytes)
		run := func(what string, f func()) {
			if n := testing.AllocsPerRun(100, f); n != 0 {
				t.Errorf("%s: %s allocates %v times", s.name, what, n)
			}
		}
		run("Split", func() { _, _, _, _, _ = packet.Split(b) })
		first, body, _, _, err := packet.Split(b)
		if err != nil {
			t.Fatal(s.name, err)
		}
		switch want := s.want.(type) {
		case packet.Publish:
			var p packet.Publish
			run("Decode", func() { err = p.Decode(s.v, first, body, s.client) })
			run("Append", func() { buffer = p.Append(buffer[:0], s.v) })
			run("Size", func() { _ = p.Size(s.v) })
			run("getters", func() { sumOf(p.Properties) })
		case packet.Ack:
			var a packet.Ack
			run("DecodeAck", func() { a, err = packet.DecodeAck(s.v, want.Type, body) })
			run("Append", func() { buffer = a.Append(buffer[:0], s.v) })
		case packet.Connack:
			run("Append", func() { buffer = want.Append(buffer[:0], s.v) })
		case packet.Farewell:
			run("DecodeFarewell", func() { _, err = packet.DecodeFarewell(s.v, want.Type, body, s.client) })
			run("Append", func() { buffer = want.Append(buffer[:0], s.v) })
		case *packet.Connect:
			run("Append", func() { buffer = want.Append(buffer[:0]) })
		case *packet.Subscribe:
			run("Append", func() { buffer = want.Append(buffer[:0], s.v) })
		case *packet.Unsubscribe:
			run("Append", func() { buffer = want.Append(buffer[:0], s.v) })
		case *packet.Suback:
			run("Append", func() { buffer = want.Append(buffer[:0], s.v) })
		}
		if err != nil {
			t.Error(s.name, err)
		}
	}
}

// sumOf reads properties in every way that does not make strings.
func sumOf(p packet.Properties) int {
	sum := 0
	for id, raw := range p.All() {
		n, _ := p.Uint(id)
		b, _ := p.Bytes(id)
		sum += len(raw) + int(n) + len(b)
	}
	return sum
}

func BenchmarkSplit(b *testing.B) {
	stream := (&packet.Publish{Topic: []byte("sensors/kitchen/temperature"), Payload: make([]byte, 100)}).Append(nil, packet.V311)
	b.SetBytes(int64(len(stream)))
	b.ReportAllocs()
	for b.Loop() {
		if _, _, _, done, err := packet.Split(stream); !done || err != nil {
			b.Fatal(done, err)
		}
	}
}

// benchmarked are the packets of the benchmarks of PUBLISH.
var benchmarked = []struct {
	name string
	v    packet.Version
	p    packet.Publish
}{
	{"v3.1.1 QoS 0", packet.V311, packet.Publish{Topic: []byte("sensors/kitchen/temperature"), Payload: make([]byte, 100)}},
	{"v3.1.1 QoS 1", packet.V311, packet.Publish{
		QoS: 1, ID: 1, Topic: []byte("sensors/kitchen/temperature"), Payload: make([]byte, 100),
	}},
	{"v5 QoS 1 with properties", packet.V5, packet.Publish{
		QoS: 1, ID: 1, Topic: []byte("sensors/kitchen/temperature"), Payload: make([]byte, 100),
		Properties: packet.Properties(nil).AppendUint(packet.MessageExpiry, 60).AppendUser("unit", "celsius").
			AppendString(packet.ContentType, "application/json"),
	}},
}

func BenchmarkPublishDecode(b *testing.B) {
	for _, c := range benchmarked {
		b.Run(c.name, func(b *testing.B) {
			first, body, _, _, _ := packet.Split(c.p.Append(nil, c.v))
			b.ReportAllocs()
			var p packet.Publish
			for b.Loop() {
				if err := p.Decode(c.v, first, body, true); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkPublishAppend(b *testing.B) {
	for _, c := range benchmarked {
		b.Run(c.name, func(b *testing.B) {
			buffer := make([]byte, 0, c.p.Size(c.v))
			b.ReportAllocs()
			for b.Loop() {
				buffer = c.p.Append(buffer[:0], c.v)
			}
		})
	}
}
