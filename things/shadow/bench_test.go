package shadow_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/thingdesk/thingdesk/things/shadow"
)

// filled returns a service with one shadow whose reported section has about n
// bytes: objects of four scalars each, the way devices report channels.
func filled(tb testing.TB, n int) *shadow.Service {
	tb.Helper()
	s := newService(tb)
	const channel = `"channel-%02d":{"celsius":%d.25,"label":"probe %02d","on":true,"raw":[1,2,3]}`
	var b strings.Builder
	for i := 0; b.Len() < n-90; i++ {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, channel, i, i, i)
	}
	payload := `{"state":{"reported":{` + b.String() + `},"desired":{"interval":60}}}`
	if _, change := s.Handle("$aws/things/x/shadow/update", []byte(payload), at(1)); change == nil {
		tb.Fatalf("a document of %d bytes was refused", b.Len())
	}
	return s
}

// BenchmarkHandle is one small update of documents of several sizes.
func BenchmarkHandle(b *testing.B) {
	for _, size := range []int{100, 1024, 8192} {
		b.Run(fmt.Sprintf("update-%d", size), func(b *testing.B) {
			s := filled(b, size)
			payload := []byte(`{"state":{"reported":{"channel-00":{"celsius":21.5},"uptime":1234}},"clientToken":"abc-123"}`)
			b.ReportAllocs()
			for b.Loop() {
				s.Handle("$aws/things/x/shadow/update", payload, at(2))
			}
		})
		b.Run(fmt.Sprintf("get-%d", size), func(b *testing.B) {
			s := filled(b, size)
			b.ReportAllocs()
			for b.Loop() {
				s.Handle("$aws/things/x/shadow/get", nil, at(2))
			}
		})
	}
}

// BenchmarkLoad is the start of a service with ten thousand shadows.
func BenchmarkLoad(b *testing.B) {
	for _, size := range []int{200, 1024} {
		_, change := filled(b, size).Handle("$aws/things/x/shadow/update", []byte(`{"state":{}}`), at(1))
		records := make([]shadow.Record, 10000)
		for i := range records {
			records[i] = change.Record
			records[i].Key.Thing = fmt.Sprintf("thing-%d", i)
		}
		b.Run(fmt.Sprintf("10000x%d", size), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				newService(b, records...)
			}
		})
	}
}
