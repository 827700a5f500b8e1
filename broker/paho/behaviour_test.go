package paho

import (
	"context"
	"errors"
	"net"
	"sync"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang/packets"
	"github.com/google/go-cmp/cmp"

	"github.com/thingdesk/thingdesk/broker"
)

func TestRefusedFilter(t *testing.T) {
	t.Parallel()
	addr := fake(t, func(c net.Conn) {
		answer(c, func(p mqtt.ControlPacket) []byte {
			b := polite(p)
			if s, ok := p.(*mqtt.SubscribePacket); ok {
				for i, name := range s.Topics {
					if name == "secret" {
						b[4+i] = 0x80
					}
				}
			}
			return b
		})
	})
	c, h := start(t, testProfile(addr, "open", "secret"), "")
	h.Wait("grants", func() bool { return len(h.Grants()) == 2 })
	secret := broker.Grant{Filter: "secret", Refused: true, Why: refusedWhy}
	want := []broker.Grant{{Filter: "open"}, secret}
	if diff := cmp.Diff(want, h.Grants()); diff != "" {
		t.Errorf("grants (-want +got):\n%s", diff)
	}
	gs, err := c.Subscribe(t.Context(), broker.Subscription{Filter: "secret", QoS: 1})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]broker.Grant{secret}, gs); diff != "" {
		t.Errorf("grant (-want +got):\n%s", diff)
	}
}

// TestConnectPacket checks what is said at the beginning, and that the filters
// of a large table go out a few at a time.
func TestConnectPacket(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var connects []*mqtt.ConnectPacket
	most := 0
	addr := fake(t, func(c net.Conn) {
		answer(c, func(p mqtt.ControlPacket) []byte {
			mu.Lock()
			defer mu.Unlock()
			switch p := p.(type) {
			case *mqtt.ConnectPacket:
				connects = append(connects, p)
			case *mqtt.SubscribePacket:
				most = max(most, len(p.Topics))
				if len(connects) == 1 {
					return nil // hangs up: a second connection follows
				}
			}
			return polite(p)
		})
	})
	p := testProfile(addr, "1", "2", "3", "4", "5", "6", "7", "8", "9")
	_, h := start(t, p, "password without a user")
	h.Wait("grants", func() bool { return len(h.Grants()) == 9 })
	mu.Lock()
	defer mu.Unlock()
	if most != perPacket {
		t.Errorf("%d filters in one packet, want %d", most, perPacket)
	}
	for _, c := range connects {
		if c.ProtocolVersion != 4 || c.ProtocolName != "MQTT" || !c.CleanSession || c.Keepalive != 60 || c.UsernameFlag || c.PasswordFlag || c.WillFlag {
			t.Errorf("CONNECT: %v", c)
		}
		if len(c.ClientIdentifier) != len("thingdesk-")+8 || c.ClientIdentifier != connects[0].ClientIdentifier {
			t.Errorf("client IDs %q and %q", connects[0].ClientIdentifier, c.ClientIdentifier)
		}
	}
}

func TestPublishIsCancelled(t *testing.T) {
	t.Parallel()
	addr := fake(t, func(c net.Conn) {
		answer(c, func(p mqtt.ControlPacket) []byte {
			if _, ok := p.(*mqtt.PublishPacket); ok {
				return []byte{} // no PUBACK
			}
			return polite(p)
		})
	})
	c, h := start(t, testProfile(addr), "")
	h.WaitState(broker.Connected, 0)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := c.Publish(ctx, broker.Message{Topic: "a", QoS: 1}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("publish: %v", err)
	}
	if _, err := c.Publish(ctx, broker.Message{Topic: "a"}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("publish with a context that has ended: %v", err)
	}
}

// TestLossWhilePublishing checks that every kind of waiting ends with the
// connection.
func TestLossWhilePublishing(t *testing.T) {
	t.Parallel()
	for _, persistent := range []bool{false, true} {
		got := make(chan struct{}, 100)
		hangUp := make(chan struct{})
		addr := fake(t, func(c net.Conn) {
			go answer(c, func(p mqtt.ControlPacket) []byte {
				if _, ok := p.(*mqtt.PublishPacket); ok {
					got <- struct{}{}
					return []byte{}
				}
				return polite(p)
			})
			<-hangUp
		})
		p := testProfile(addr)
		p.Persistent, p.ClientID = persistent, "me"
		c, h := start(t, p, "")
		h.WaitState(broker.Connected, 0)
		var wg sync.WaitGroup
		const n = 10
		for range n {
			wg.Go(func() {
				if _, err := c.Publish(t.Context(), broker.Message{Topic: "a", QoS: 1}); !errors.Is(err, broker.ErrUnconfirmed) {
					t.Errorf("persistent %t: publish: %v", persistent, err)
				}
			})
		}
		for range n {
			<-got
		}
		close(hangUp)
		wg.Wait()
	}
}

// TestStalledBroker checks that a broker that takes no data is found out, and
// that Publish and Close do not hang on it.
func TestStalledBroker(t *testing.T) {
	t.Parallel()
	stall := func(t *testing.T) (broker.Conn, func(broker.State) broker.Status, chan error) {
		t.Helper()
		addr := fake(t, func(c net.Conn) {
			_, _ = mqtt.ReadPacket(c)
			_, _ = c.Write(accepted)
			<-t.Context().Done() // reads nothing
		})
		c, h := start(t, testProfile(addr), "")
		h.WaitState(broker.Connected, 0)
		results := make(chan error, 3)
		for range 3 {
			go func() {
				_, err := c.Publish(t.Context(), broker.Message{Topic: "a", Payload: make([]byte, 50<<20)})
				results <- err
			}()
		}
		return c, func(s broker.State) broker.Status { st, _ := h.WaitState(s, 0); return st }, results
	}
	t.Run("found out", func(t *testing.T) {
		t.Parallel()
		_, wait, results := stall(t)
		if s := wait(broker.Waiting); s.Reason.Kind != broker.ReasonLost {
			t.Errorf("got %+v", s.Reason)
		}
		for range 3 {
			if err := <-results; !errors.Is(err, broker.ErrUnconfirmed) && !errors.Is(err, broker.ErrNotConnected) {
				t.Errorf("publish: %v", err)
			}
		}
	})
	t.Run("close", func(t *testing.T) {
		t.Parallel()
		c, _, results := stall(t)
		began := time.Now()
		if err := c.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("Close took %v", took)
		}
		for range 3 {
			if err := <-results; !errors.Is(err, broker.ErrClosed) {
				t.Errorf("publish: %v", err)
			}
		}
	})
}

// TestResend checks that an unconfirmed message of a persistent session goes
// out again on the next connection.
func TestResend(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var seen []string
	addr := fake(t, func(c net.Conn) {
		answer(c, func(p mqtt.ControlPacket) []byte {
			if m, ok := p.(*mqtt.PublishPacket); ok {
				mu.Lock()
				defer mu.Unlock()
				seen = append(seen, string(m.Payload))
				if len(seen) == 1 {
					return nil // hangs up
				}
			}
			return polite(p)
		})
	})
	p := testProfile(addr)
	p.Persistent, p.ClientID = true, "me"
	c, h := start(t, p, "")
	h.WaitState(broker.Connected, 0)
	if _, err := c.Publish(t.Context(), broker.Message{Topic: "a", Payload: []byte("first"), QoS: 1}); !errors.Is(err, broker.ErrUnconfirmed) {
		t.Errorf("publish: %v", err)
	}
	_, n := h.WaitState(broker.Waiting, 0)
	h.WaitState(broker.Connected, n)
	if _, err := c.Publish(t.Context(), broker.Message{Topic: "a", Payload: []byte("second"), QoS: 1}); err != nil {
		t.Error(err)
	}
	mu.Lock()
	defer mu.Unlock()
	if diff := cmp.Diff([]string{"first", "first", "second"}, seen); diff != "" {
		t.Errorf("published (-want +got):\n%s", diff)
	}
}

func TestWaits(t *testing.T) {
	t.Parallel()
	tm := standardTiming(time.Minute)
	for n, want := range map[int]time.Duration{
		0: 500 * time.Millisecond, 1: time.Second, 2: 2 * time.Second, 5: 16 * time.Second, 6: 30 * time.Second, 100: 30 * time.Second,
	} {
		seen := map[time.Duration]bool{}
		for range 50 {
			got := tm.wait(n)
			seen[got] = true
			if got < want*8/10 || got > want*12/10 {
				t.Errorf("wait %d is %v, want %v and a fifth more or less", n, got, want)
			}
		}
		if len(seen) < 10 {
			t.Errorf("wait %d does not vary", n)
		}
	}
}

// TestFlappingBroker checks that waits grow when connections come up but do not
// last, as they do when two clients take each other's place.
func TestFlappingBroker(t *testing.T) {
	t.Parallel()
	addr := fake(t, func(c net.Conn) {
		_, _ = mqtt.ReadPacket(c)
		_, _ = c.Write(accepted)
	})
	_, h := start(t, testProfile(addr), "")
	var last time.Duration
	for i, n := 0, 0; i < 3; i++ {
		var s broker.Status
		s, n = h.WaitState(broker.Waiting, n)
		wait := s.Retry.Sub(s.Since)
		if s.Attempt != 0 || wait <= last {
			t.Errorf("loss %d: attempt %d, wait %v after %v", i, s.Attempt, wait, last)
		}
		last = wait
	}
}

// TestMessageBeforeSubscription checks the order of what is told when the
// broker of a kept session sends at once.
func TestMessageBeforeSubscription(t *testing.T) {
	t.Parallel()
	const n = 1000
	addr := fake(t, func(c net.Conn) {
		answer(c, func(p mqtt.ControlPacket) []byte {
			b := polite(p)
			if _, ok := p.(*mqtt.ConnectPacket); ok {
				b = []byte{0x20, 2, 1, 0}
				for i := range n {
					b = append(b, 0x30, 5, 0, 1, 'a', byte(i>>8), byte(i))
				}
			}
			return b
		})
	})
	p := testProfile(addr, "a")
	p.Persistent, p.ClientID = true, "me"
	c, h := start(t, p, "")
	for i, m := range h.WaitMessages(n) {
		if got := int(m.Payload[0])<<8 | int(m.Payload[1]); got != i {
			t.Fatalf("message %d holds %d", i, got)
		}
	}
	if all := h.Statuses(); len(all) != 2 || all[1].State != broker.Connected || !all[1].SessionPresent {
		t.Errorf("statuses when messages came: %+v", all)
	}
	if _, err := c.Publish(t.Context(), broker.Message{Topic: "a", QoS: 1}); err != nil {
		t.Errorf("publish right after the first messages: %v", err)
	}
}
