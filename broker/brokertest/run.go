package brokertest

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/thingdesk/thingdesk/broker"
)

// quickly is how long what must happen at once may take on a busy machine.
const quickly = 3 * time.Second

// Start starts a broker that lets everyone in. addr is HOST:PORT; stop ends
// the broker and returns when its port is closed; restart starts it again at
// the same address. The broker is gone when the test is over.
type Start func(t *testing.T) (addr string, stop, restart func())

// Run runs all tests of the contract of broker.Conn.
func Run(t *testing.T, dial broker.Dialer, start Start) {
	t.Helper()
	s := &suite{dial: dial, start: start}
	for _, c := range []struct {
		name string
		test func(*testing.T)
	}{
		{"RoundTrip", s.roundTrip},
		{"Retained", s.retained},
		{"Order", s.order},
		{"Wildcards", s.wildcards},
		{"InvalidFilter", s.invalidFilter},
		{"InvalidPublish", s.invalidPublish},
		{"SubscribeWhileUp", s.subscribeWhileUp},
		{"ManyFilters", s.manyFilters},
		{"ConcurrentUse", s.concurrentUse},
		{"Restart", s.restart},
		{"Down", s.down},
		{"PersistentSession", s.persistentSession},
		{"NothingListens", s.nothingListens},
		{"BlackHole", s.blackHole},
		{"ImpossibleProfile", s.impossibleProfile},
		{"CloseTwice", s.closeTwice},
	} {
		t.Run(c.name, c.test)
	}
}

type suite struct {
	dial  broker.Dialer
	start Start
}

// profile returns a profile for addr with the filters at QoS 2.
func profile(addr string, filters ...string) broker.Profile {
	p := broker.NewProfile("test", addr)
	p.Subscriptions = nil
	for _, f := range filters {
		p.Subscriptions = append(p.Subscriptions, broker.Subscription{Filter: f, QoS: 2})
	}
	return p
}

// open dials; the connection is closed and its statuses are checked when the
// test is over.
func (s *suite) open(t *testing.T, p broker.Profile) (broker.Conn, *Handler) {
	t.Helper()
	h := NewHandler(t)
	c, err := s.dial(p, "", h)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeNow(t, c, h) })
	return c, h
}

// connect dials, waits until connected and subscribed.
func (s *suite) connect(t *testing.T, p broker.Profile) (broker.Conn, *Handler) {
	t.Helper()
	c, h := s.open(t, p)
	h.WaitState(broker.Connected, 0)
	h.Wait("grants", func() bool { return len(h.Grants()) >= len(p.Subscriptions) })
	return c, h
}

// closeNow closes c, which must not take long, and checks that it is the end.
func closeNow(t *testing.T, c broker.Conn, h *Handler) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), patience)
	defer cancel()
	began := time.Now()
	if err := c.Close(ctx); err != nil {
		t.Errorf("close: %v", err)
	}
	h.Over()
	if took := time.Since(began); took > quickly {
		t.Errorf("Close took %v", took)
	}
	h.CheckStatuses()
	if all := h.Statuses(); len(all) == 0 || all[len(all)-1].State != broker.Closed {
		t.Errorf("the last status is not closed: %+v", all)
	}
}

// within returns a context for what must succeed.
func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// unused returns an address at which nothing listens.
func unused(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// blackHole returns the address of a listener that accepts and never answers.
func blackHole(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		var held []net.Conn
		for {
			c, err := l.Accept()
			if err != nil {
				break
			}
			held = append(held, c)
		}
		for _, c := range held {
			_ = c.Close()
		}
	}()
	t.Cleanup(func() {
		_ = l.Close()
		<-ended
	})
	return l.Addr().String()
}
