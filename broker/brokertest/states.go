package brokertest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/thingdesk/thingdesk/broker"
)

func (s *suite) down(t *testing.T) {
	addr, stop, _ := s.start(t)
	c, h := s.connect(t, profile(addr, "#"))
	stop()
	h.WaitState(broker.Waiting, 0)
	for qos := range byte(3) {
		began := time.Now()
		_, err := c.Publish(within(t), broker.Message{Topic: "a", QoS: qos})
		notConnected(t, began, err)
	}
	closeNow(t, c, h) // must not take long while down
}

func (s *suite) nothingListens(t *testing.T) {
	c, h := s.open(t, profile(unused(t)))
	first, n := h.WaitState(broker.Waiting, 0)
	if first.Reason.Kind != broker.ReasonRefused || first.Reason.Hint == "" || first.Attempt != 1 {
		t.Errorf("first: %+v", first)
	}
	if wait := time.Until(first.Retry); wait > 2*time.Second {
		t.Errorf("the first retry comes only after %v", wait)
	}
	second, _ := h.WaitState(broker.Waiting, n)
	if second.Attempt != 2 {
		t.Errorf("second: %+v", second)
	}
	began := time.Now()
	_, err := c.Publish(within(t), broker.Message{Topic: "a"})
	notConnected(t, began, err)
}

func (s *suite) blackHole(t *testing.T) {
	c, h := s.open(t, profile(blackHole(t)))
	h.WaitState(broker.Connecting, 0)
	began := time.Now()
	_, err := c.Publish(within(t), broker.Message{Topic: "a", QoS: 1})
	notConnected(t, began, err)
	closeNow(t, c, h) // must not wait for the answer
}

func (s *suite) impossibleProfile(t *testing.T) {
	h := NewHandler(t)
	c, err := s.dial(broker.Profile{Name: "x"}, "", h)
	var fault *broker.FieldError
	if c != nil || !errors.As(err, &fault) || fault.Field != "address" {
		t.Errorf("dial without an address: %v, %v", c, err)
	}
	h.Over()
}

func (s *suite) closeTwice(t *testing.T) {
	addr, _, _ := s.start(t)
	c, h := s.connect(t, profile(addr, "#"))
	closeNow(t, c, h)
	closeNow(t, c, h)
	if _, err := c.Publish(within(t), broker.Message{Topic: "a"}); !errors.Is(err, broker.ErrClosed) {
		t.Errorf("publish after Close: %v", err)
	}
	if _, err := c.Subscribe(within(t), broker.Subscription{Filter: "a"}); !errors.Is(err, broker.ErrClosed) {
		t.Errorf("subscribe after Close: %v", err)
	}
	if err := c.Unsubscribe(within(t), "a"); !errors.Is(err, broker.ErrClosed) {
		t.Errorf("unsubscribe after Close: %v", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.Close(ended); err != nil {
		t.Errorf("Close of what is closed: %v", err)
	}
}
