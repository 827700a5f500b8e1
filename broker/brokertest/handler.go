// Package brokertest checks that an implementation of broker.Conn keeps the
// contract, against a real broker.
package brokertest

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/thingdesk/thingdesk/broker"
)

// patience is how long a test waits for what must come.
const patience = 20 * time.Second

// Handler is a broker.Handler that keeps all it is told and checks that it is
// told one thing at a time, and nothing after Over.
type Handler struct {
	t      testing.TB
	inside atomic.Int32

	mu       sync.Mutex // guards:
	over     bool
	messages []broker.Message
	statuses []broker.Status
	grants   []broker.Grant
	changed  chan struct{} // closed and remade with each change
}

var _ broker.Handler = (*Handler)(nil)

// NewHandler returns a Handler that reports breaches to t.
func NewHandler(t testing.TB) *Handler {
	t.Helper()
	return &Handler{t: t, changed: make(chan struct{})}
}

// Receive implements broker.Handler.
func (h *Handler) Receive(m broker.Message) {
	h.note("Receive", func() { h.messages = append(h.messages, m) })
}

// StatusChanged implements broker.Handler.
func (h *Handler) StatusChanged(s broker.Status) {
	h.note("StatusChanged", func() { h.statuses = append(h.statuses, s) })
}

// Granted implements broker.Handler.
func (h *Handler) Granted(gs []broker.Grant) {
	h.note("Granted", func() { h.grants = append(h.grants, gs...) })
}

func (h *Handler) note(method string, f func()) {
	if h.inside.Add(1) != 1 {
		h.t.Errorf("%s was called while another method was running", method)
	}
	h.mu.Lock()
	if h.over {
		h.t.Errorf("%s was called after Close had returned", method)
	}
	f()
	close(h.changed)
	h.changed = make(chan struct{})
	h.mu.Unlock()
	h.inside.Add(-1)
}

// Over says that nothing may be told any more.
func (h *Handler) Over() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.over = true
}

// Messages returns the messages so far.
func (h *Handler) Messages() []broker.Message {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.messages)
}

// Statuses returns the statuses so far.
func (h *Handler) Statuses() []broker.Status {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.statuses)
}

// Grants returns the grants that came by Granted so far.
func (h *Handler) Grants() []broker.Grant {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.grants)
}

// Wait waits until done returns true and ends the test when it does not come
// to that. done is called after each change.
func (h *Handler) Wait(what string, done func() bool) {
	h.t.Helper()
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	for {
		h.mu.Lock()
		changed := h.changed
		h.mu.Unlock()
		if done() {
			return
		}
		select {
		case <-changed:
		case <-timeout.C:
			h.t.Fatalf("waited in vain for %s; statuses %+v, %d messages, grants %+v", what, h.Statuses(), len(h.Messages()), h.Grants())
		}
	}
}

// WaitMessages waits until n messages have come and returns them.
func (h *Handler) WaitMessages(n int) []broker.Message {
	h.t.Helper()
	h.Wait("messages", func() bool {
		h.mu.Lock()
		defer h.mu.Unlock()
		return len(h.messages) >= n
	})
	return h.Messages()
}

// WaitState waits until state is entered after the first n statuses. It
// returns the status and how many there were up to it.
func (h *Handler) WaitState(state broker.State, n int) (s broker.Status, count int) {
	h.t.Helper()
	h.Wait(state.String(), func() bool {
		all := h.Statuses()
		for i := n; i < len(all); i++ {
			if all[i].State == state {
				s, count = all[i], i+1
				return true
			}
		}
		return false
	})
	return s, count
}

// CheckStatuses checks that the statuses so far may follow each other so.
func (h *Handler) CheckStatuses() {
	h.t.Helper()
	from := broker.Closed
	attempt, began := 0, false
	for i, s := range h.Statuses() {
		ok := false
		switch s.State {
		case broker.Connecting:
			attempt++
			ok = (!began || from == broker.Waiting) && s.Attempt == attempt
		case broker.Connected:
			ok = from == broker.Connecting && s.Attempt == attempt
		case broker.Waiting:
			if from == broker.Connected {
				attempt = 0
			}
			ok = (from == broker.Connecting || from == broker.Connected) && s.Attempt == attempt &&
				s.Reason.Kind != broker.ReasonNone && s.Reason.Text != "" && s.Retry.After(s.Since.Add(-time.Second))
		case broker.Closed:
			ok = from != broker.Closed || !began // closed at once, before anything began
		}
		if (s.Reason.Kind != broker.ReasonNone) != (s.State == broker.Waiting) || s.Since.IsZero() {
			ok = false
		}
		if !ok {
			h.t.Errorf("status %d cannot be: %+v in %+v", i, s, h.Statuses())
		}
		from, began = s.State, true
	}
}
