package core

import (
	"context"
	"fmt"
	"net"
	"runtime"
	"testing"
	"time"

	"github.com/thingdesk/thingdesk/localbroker/durable"
	"github.com/thingdesk/thingdesk/localbroker/packet"
)

// mostPerIdleClient is what an idle client with a subscription may take of the
// Go heap and of stacks.
const mostPerIdleClient = 10_000

// idleMemory connects n clients and returns the bytes that each takes. Their
// own side is in this process too, but not counted: it has no goroutines and
// only what net needs.
func idleMemory(tb testing.TB, n int) float64 {
	tb.Helper()
	h, err := launch(context.Background(), Config{}, Door{})
	if err != nil {
		tb.Fatal(err)
	}
	peers := make([]net.Conn, 0, n)
	used := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc + m.StackInuse
	}
	before := used()
	for i := range n {
		nc, err := (&net.Dialer{}).Dial("tcp", h.l.Addr().String())
		if err != nil {
			tb.Fatal(err)
		}
		connect := packet.Connect{Version: packet.V5, Clean: true, ClientID: fmt.Sprint("client-", i), KeepAlive: 60}
		sub := packet.Subscribe{ID: 1, Filters: []packet.Subscription{{Filter: fmt.Sprintf("device/%d/command", i)}}}
		_, err = nc.Write(sub.Append(connect.Append(nil), packet.V5))
		if err != nil {
			tb.Fatal(err)
		}
		peers = append(peers, nc)
	}
	for h.Stats().Subscriptions < n {
		time.Sleep(10 * time.Millisecond)
	}
	time.Sleep(3 * holdBig) // they give their big buffers back
	each := float64(used()-before) / float64(n)
	for _, nc := range peers {
		_ = nc.Close()
	}
	if err := h.close(); err != nil {
		tb.Fatal(err)
	}
	return each
}

func TestIdleMemory(t *testing.T) { //nolint:paralleltest // it measures the whole process
	if underRace {
		t.Skip("the race detector takes memory itself")
	}
	if each := idleMemory(t, 400); each > mostPerIdleClient {
		t.Errorf("an idle client takes %.0f bytes", each)
	}
}

func BenchmarkIdleClients(b *testing.B) {
	for b.Loop() {
		b.ReportMetric(idleMemory(b, 2000), "B/client")
	}
}

// discard is a connection that takes all and gives nothing.
type discard struct{ net.Conn }

// Write takes all.
func (d discard) Write(b []byte) (int, error) { return len(b), nil }

// BenchmarkRoute publishes a message of 100 bytes to so many subscribers, and
// takes what a writer would.
func BenchmarkRoute(b *testing.B) {
	for _, qos := range []byte{0, 1} {
		for _, n := range []int{1, 50, 1000} {
			b.Run(fmt.Sprintf("qos%d/%d", qos, n), func(b *testing.B) { benchmarkRoute(b, n, qos) })
		}
	}
}

func benchmarkRoute(b *testing.B, n int, qos byte) {
	b.Helper()
	br, err := New(context.Background(), Config{})
	if err != nil {
		b.Fatal(err)
	}
	conns := make([]*conn, n)
	for i := range conns {
		s := br.newSession(fmt.Sprint("client", i))
		c := &conn{b: br, s: s, net: discard{}, door: &Door{}, version: packet.V5, window: maxPacketIDs, flushing: true}
		s.conn = c
		br.subscribe(s, packet.Subscription{Filter: "site/+/temperature", Options: qos}, 0)
		conns[i] = c
	}
	w := &writer{}
	payload := make([]byte, 100)
	b.ReportAllocs()
	for b.Loop() {
		br.lock()
		br.publish(&message{Message: durable.Message{Topic: "site/1/temperature", Payload: payload, QoS: qos}}, Origin{}, false)
		for _, c := range conns {
			for c.take(w) {
				w.reset()
			}
			for c.s.out.open > 0 {
				c.puback(packet.Ack{ID: packetID(c.s.out.first)})
			}
		}
		br.unlock()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/delivery")
	for _, c := range conns {
		c.s.conn = nil
	}
	if err := br.Close(context.Background()); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkTrieMatch looks a topic up among 100,000 filters.
func BenchmarkTrieMatch(b *testing.B) {
	var tr trie
	for i := range 100_000 {
		filter := fmt.Sprintf("site%d/line%d/device%d/#", i%10, i%100, i)
		if i%100 == 0 {
			filter = fmt.Sprintf("site%d/+/device%d/temperature", i%10, i)
		}
		tr.add(&subscription{filter: filter})
	}
	var found []*node
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		found = tr.match(found[:0], "site7/line77/device4277/temperature")
	}
	if len(found) != 1 {
		b.Fatalf("%d filters match", len(found))
	}
}
