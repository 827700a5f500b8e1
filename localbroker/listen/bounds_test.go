package listen_test

import (
	"io"
	"net"
	"runtime"
	"testing"
	"time"

	"github.com/thingdesk/thingdesk/localbroker/listen"
)

const upgrade = "GET /mqtt HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n"

// TestWaitingIsBounded fills the slots with clients that say nothing: others
// wait until there is room, and no longer.
func TestWaitingIsBounded(t *testing.T) {
	l := start(t, listen.Config{WebSocket: &listen.WebSocket{}})
	var silent []net.Conn
	for range listen.Waiting {
		silent = append(silent, dial(t, l))
	}
	late := dial(t, l)
	if _, err := io.WriteString(late, upgrade); err != nil {
		t.Fatal(err)
	}
	_ = late.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
	if n, err := late.Read(make([]byte, 1)); n > 0 || err == nil {
		t.Fatal("served beyond the bound")
	}
	_ = silent[0].Close()
	_ = late.SetReadDeadline(time.Now().Add(patience))
	if _, err := late.Read(make([]byte, 1)); err != nil {
		t.Fatalf("not served when there was room: %v", err)
	}
	accept(t, l)
}

// TestCloseWithWaitingClients closes while clients are open that nobody
// accepts.
func TestCloseWithWaitingClients(t *testing.T) {
	t.Parallel()
	l := start(t, listen.Config{WebSocket: &listen.WebSocket{}})
	var clients []*webClient
	for range 10 {
		clients = append(clients, webDial(t, l, nil, nil))
	}
	accepted := accept(t, l)
	began := time.Now()
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > time.Second {
		t.Errorf("Close took %v", took)
	}
	if _, err := accepted.Write([]byte("still here")); err != nil {
		t.Errorf("Close closed an accepted connection: %v", err)
	}
	open := 0
	for _, c := range clients {
		_ = c.SetReadDeadline(time.Now().Add(patience))
		if _, err := c.Read(make([]byte, 1)); err == nil {
			open++
		}
	}
	if open != 1 {
		t.Errorf("%d clients are served, 1 was accepted", open)
	}
}

// TestIdleWebSocketIsSmall measures the memory of idle connections, the bare
// sockets of the test's clients too.
func TestIdleWebSocketIsSmall(t *testing.T) {
	l := start(t, listen.Config{WebSocket: &listen.WebSocket{}})
	const n, most = 200, 4 << 10
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	keep := make([]net.Conn, 0, 2*n)
	for range n {
		c := dial(t, l)
		if _, err := io.WriteString(c, upgrade); err != nil {
			t.Fatal(err)
		}
		keep = append(keep, c, accept(t, l))
	}
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&after)
	each := (int64(after.HeapAlloc) - int64(before.HeapAlloc)) / n
	t.Logf("%d bytes for each idle client", each)
	if each > most {
		t.Errorf("%d bytes for each idle client, at most %d should be", each, most)
	}
	runtime.KeepAlive(keep)
}

// BenchmarkWebSocketWrite writes small packets to a client that reads them.
func BenchmarkWebSocketWrite(b *testing.B) {
	l, err := listen.Listen(b.Context(), listen.Config{Address: "127.0.0.1:0", WebSocket: &listen.WebSocket{}})
	if err != nil {
		b.Fatal(err)
	}
	near, err := net.Dial("tcp", l.Addr())
	if err != nil {
		b.Fatal(err)
	}
	if _, err := io.WriteString(near, upgrade); err != nil {
		b.Fatal(err)
	}
	far, err := l.Accept()
	if err != nil {
		b.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, near)
		close(ended)
	}()
	packet := make([]byte, 130)
	b.ReportAllocs()
	b.SetBytes(int64(len(packet)))
	for b.Loop() {
		if _, err := far.Write(packet); err != nil {
			b.Fatal(err)
		}
	}
	_ = far.Close()
	_ = near.Close()
	<-ended
	if err := l.Close(); err != nil {
		b.Error(err)
	}
}
