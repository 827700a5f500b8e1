package localbroker_test

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"github.com/thingdesk/thingdesk/localbroker"
	"github.com/thingdesk/thingdesk/localbroker/settings"
)

func TestPortInUse(t *testing.T) {
	t.Parallel()
	first := start(t, localbroker.Config{})
	if first.Moved() {
		t.Error("Moved although the port was free")
	}
	_, err := localbroker.Start(t.Context(), localbroker.Config{Listen: first.Addr()})
	if !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("error %v does not wrap EADDRINUSE", err)
	}
	if want := fmt.Sprintf("listen on %q: address already in use: stop the program that listens there or choose another port; 0 takes a free one", first.Addr()); err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}

	second := start(t, localbroker.Config{Listen: first.Addr(), AnyPort: true})
	host, port, _ := net.SplitHostPort(second.Addr())
	if !second.Moved() || host != "127.0.0.1" || port == "0" || second.Addr() == first.Addr() {
		t.Errorf("Moved %v to %s", second.Moved(), second.Addr())
	}
	connect(t, second, "c")
}

func TestBadAddress(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"nonsense", "127.0.0.1", "127.0.0.1:99999", "127.0.0.1:-1", "192.0.2.1:0", "[::1"} {
		s, err := localbroker.Start(t.Context(), localbroker.Config{Listen: address, AnyPort: true})
		if err == nil {
			t.Errorf("%s: no error but %s", address, s.Addr())
			_ = s.Close(t.Context())
			continue
		}
		if !strings.HasPrefix(err.Error(), fmt.Sprintf("listen on %q: ", address)) || errors.Is(err, syscall.EADDRINUSE) {
			t.Errorf("%s: error %v", address, err)
		}
		if address == "192.0.2.1:0" && !strings.Contains(err.Error(), "choose an address of this computer") {
			t.Errorf("%s: error %v does not say what to do", address, err)
		}
	}
}

func TestEvents(t *testing.T) {
	t.Parallel()
	got := make(events, 100)
	s := start(t, localbroker.Config{OnEvent: got.add})
	c := connect(t, s, "c", func(o *mqtt.ClientOptions) { o.SetUsername("ann").SetPassword("x") })
	got.want(t, localbroker.EventConnected, "c")
	list := s.Clients()
	if len(list) != 1 || list[0].ID != "c" || list[0].User != "ann" || list[0].Protocol != "3.1.1" ||
		!strings.HasPrefix(list[0].Address, "127.0.0.1:") || time.Since(time.UnixMicro(list[0].Since)) > time.Minute {
		t.Errorf("Clients = %+v", list)
	}

	finish(t, c.SubscribeMultiple(map[string]byte{"a/#": 1}, nil))
	got.want(t, localbroker.EventSubscribed, "c", "a/#")
	c.publish(t, "$aws/things/x/shadow/get", 1, "") // the inline client gives no events

	old := dial(t, s)
	old.send(hello(5, "a"))
	old.expect(2)
	got.want(t, localbroker.EventConnected, "a")
	if list := s.Clients(); len(list) != 2 || list[0].ID != "a" || list[0].Protocol != "5" {
		t.Errorf("Clients = %+v", list)
	}
	taker := dial(t, s)
	taker.send(hello(4, "a"))
	taker.expect(2)
	got.want(t, localbroker.EventDisconnected, "a")
	got.want(t, localbroker.EventConnected, "a")
	if n := s.Stats().Clients; n != 2 {
		t.Errorf("%d clients, want 2", n)
	}
	_ = taker.Close()
	got.want(t, localbroker.EventDisconnected, "a")

	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	got.want(t, localbroker.EventDisconnected, "c")
	if len(got) != 0 {
		t.Errorf("one more event: %+v", <-got)
	}
}

func TestInvalidFiltersAreRefused(t *testing.T) {
	t.Parallel()
	got := make(events, 100)
	s := start(t, localbroker.Config{OnEvent: got.add})
	w := dial(t, s)
	w.send(hello(4, "w"))
	w.expect(2)
	got.want(t, localbroker.EventConnected, "w")
	for _, filter := range []string{"foo+", "a#", "a/b+/c", "+a/x", "a/#/b", "\xff", "a\x00b"} {
		w.send(packet(0x82, "\x00\x01", str(filter), "\x01"))
		kind, body, err := w.read()
		if err != nil { // malformed UTF-8 may end the connection
			w = dial(t, s)
			w.send(hello(4, "w"))
			w.expect(2)
			got.want(t, localbroker.EventDisconnected, "w")
			got.want(t, localbroker.EventConnected, "w")
			continue
		}
		if kind != 9 || body[2] != 0x80 {
			t.Errorf("%q: packet %d % x, want a refusal", filter, kind, body)
		}
	}
	w.send(packet(0x82, "\x00\x02", str("+/b"), "\x01", str("$share/g/x"), "\x00", str("bad#"), "\x00"))
	if body := w.expect(9); !bytes.Equal(body, []byte{0, 2, 1, 0, 0x80}) {
		t.Errorf("SUBACK % x", body)
	}
	got.want(t, localbroker.EventSubscribed, "w", "+/b", "$share/g/x")
}

// TestMalformedPacketEndsOnlyItsConnection sends the SUBSCRIBE that makes mochi
// panic.
func TestMalformedPacketEndsOnlyItsConnection(t *testing.T) {
	t.Parallel()
	got := make(events, 100)
	s := start(t, localbroker.Config{OnEvent: got.add})
	other := connect(t, s, "other")
	other.subscribe(t, "x", 1)
	got.want(t, localbroker.EventConnected, "other")
	got.want(t, localbroker.EventSubscribed, "other", "x")

	for range 2 { // the second asks for the session of the first, which must be gone
		w := dial(t, s)
		w.send(packet(0x10, str("MQTT"), "\x05\x00\x00\x00\x00", str("bad")))
		if connack := w.expect(2); connack[0] != 0 || connack[1] != 0 {
			t.Errorf("CONNACK % x", connack)
		}
		got.want(t, localbroker.EventConnected, "bad")
		w.send([]byte{0x82, 5, 0, 1, 0, 0, 0})
		if kind, _, err := w.read(); err == nil && kind != 14 {
			t.Errorf("packet %d after a malformed SUBSCRIBE", kind)
		}
		got.want(t, localbroker.EventDisconnected, "bad")
	}
	if n := s.Stats().Clients; n != 1 {
		t.Errorf("%d clients, want 1", n)
	}
	other.publish(t, "x", 1, "alive")
	other.want(t, "x", "alive")
}

func TestLargePayload(t *testing.T) {
	t.Parallel()
	c := connect(t, start(t, localbroker.Config{}), "c")
	c.subscribe(t, "big", 1)
	payload := strings.Repeat("0123456789", 1<<20)
	c.publish(t, "big", 1, payload)
	if m := c.next(t); string(m.Payload()) != payload {
		t.Errorf("%d bytes came back, want %d", len(m.Payload()), len(payload))
	}
	c.publish(t, "$aws/things/x/shadow/get", 1, payload) // and it may be a request
}

// TestBurst sends more to a subscriber that does not read than its socket
// takes. Nothing may be lost.
func TestBurst(t *testing.T) {
	t.Parallel()
	s := start(t, localbroker.Config{})
	reader, writer := dial(t, s), dial(t, s)
	for _, w := range []wire{reader, writer} {
		w.send(hello(4, w.LocalAddr().String()))
		w.expect(2)
	}
	reader.send(packet(0x82, "\x00\x01", str("burst"), "\x00"))
	reader.expect(9)

	const n = 100_000
	one := packet(0x30, str("burst"), strings.Repeat("x", 100))
	writer.send(bytes.Repeat(one, n))
	writer.send([]byte{0xc0, 0})
	writer.expect(13) // PINGRESP: all have been taken
	for range n {
		reader.expect(3)
	}
	if stats := s.Stats(); stats.Dropped != 0 || stats.In != n || stats.Out != n ||
		stats.BytesIn < n*100 || stats.BytesOut < n*100 {
		t.Errorf("Stats = %+v", stats)
	}
}

// TestSysTopics has a subscriber of $SYS get the values at once, and again when
// they change; nobody else sees them, and they are not retained messages.
func TestSysTopics(t *testing.T) {
	t.Parallel()
	set := settings.Default()
	set.Sys = 20 * time.Millisecond
	s := start(t, localbroker.Config{Settings: &set})
	all := connect(t, s, "all")
	all.subscribe(t, "#", 0)
	c := connect(t, s, "c")
	c.subscribe(t, "$SYS/broker/clients/connected", 0)
	c.want(t, "$SYS/broker/clients/connected", "2")
	connect(t, s, "third")
	for m := c.next(t); string(m.Payload()) != "3"; m = c.next(t) {
		t.Logf("meanwhile %s", m.Payload()) // the value may have been sent once more before
	}
	c.publish(t, "$SYS/broker/clients/connected", 1, "1000")
	c.publish(t, "t", 1, "x")
	all.want(t, "t", "x")
	if n := s.Stats().Retained; n != 0 {
		t.Errorf("%d retained messages, want 0", n)
	}
}

// TestCloseWithAStalledClient has a subscriber that never reads while a large
// message is being written to it, for every QoS.
func TestCloseWithAStalledClient(t *testing.T) {
	t.Parallel()
	s := start(t, localbroker.Config{})
	for qos := range byte(2) {
		w := dial(t, s)
		w.send(hello(4, fmt.Sprintf("stalled-%d", qos)))
		w.expect(2)
		w.send(packet(0x82, "\x00\x01", str("big"), string(rune(qos))))
		w.expect(9)
	}
	c := connect(t, s, "c")
	var last mqtt.Token
	for range 3 {
		last = c.Publish("big", 1, false, make([]byte, 8<<20))
	}
	last.WaitTimeout(300 * time.Millisecond) // may well be held up

	began := time.Now()
	var wg sync.WaitGroup
	for range 2 { // also from two sides
		wg.Go(func() {
			if err := s.Close(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if took := time.Since(began); took > 1500*time.Millisecond {
		t.Errorf("Close took %v", took)
	}
	if _, err := new(net.Dialer).DialContext(t.Context(), "tcp", s.Addr()); err == nil {
		t.Error("the port still accepts connections")
	}
}

// TestPublishersWaitWhileTheListenerIsBusy has OnMessage's owner be behind for
// a while: what a client publishes next is taken only then.
func TestPublishersWaitWhileTheListenerIsBusy(t *testing.T) {
	t.Parallel()
	var asked, behind atomic.Int64
	behind.Store(4)
	s := start(t, localbroker.Config{Busy: func() bool {
		asked.Add(1)
		return behind.Add(-1) >= 0
	}})
	c := connect(t, s, "c")
	c.publish(t, "t", 1, "first")
	c.publish(t, "t", 1, "second")
	if n := asked.Load(); n < 5 {
		t.Errorf("asked %d times before the second message was taken, want 5", n)
	}
}
