package brokertest

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/things/topic"
)

var stages = [...]string{"written", "PUBACK", "PUBCOMP"}

func publish(t *testing.T, c broker.Conn, m broker.Message) {
	t.Helper()
	ack, err := c.Publish(within(t), m)
	if err != nil {
		t.Fatalf("publish to %q: %v", m.Topic, err)
	}
	if ack.Stage != stages[m.QoS] {
		t.Errorf("publish at QoS %d: stage %q, want %q", m.QoS, ack.Stage, stages[m.QoS])
	}
}

// strip takes out what differs from run to run.
func strip(ms []broker.Message) []broker.Message {
	out := make([]broker.Message, len(ms))
	for i, m := range ms {
		m.Time = 0
		out[i] = m
	}
	return out
}

func (s *suite) roundTrip(t *testing.T) {
	addr, _, _ := s.start(t)
	c, h := s.connect(t, profile(addr, "t/#"))
	binary := make([]byte, 256)
	for i := range binary {
		binary[i] = byte(i)
	}
	large := bytes.Repeat(binary, 1<<20/len(binary))
	began := time.Now()
	var want []broker.Message
	for qos := range byte(3) {
		for _, payload := range [][]byte{{}, []byte("21.5"), binary, []byte("\xff\x00"), large} {
			for _, name := range []string{"t/plain", "t//", "t/küche/🌡"} {
				m := broker.Message{Topic: name, Payload: payload, QoS: qos}
				publish(t, c, m)
				want = append(want, m)
				h.WaitMessages(len(want)) // brokers may mix QoS levels
			}
		}
	}
	publish(t, c, broker.Message{Topic: "t/nil"})
	want = append(want, broker.Message{Topic: "t/nil", Payload: []byte{}})
	got := h.WaitMessages(len(want))
	for i, m := range strip(got) {
		if !bytes.Equal(m.Payload, want[i].Payload) {
			t.Fatalf("message %d: %d bytes differ from what was sent", i, len(m.Payload))
		}
		m.Payload, want[i].Payload = nil, nil
		if diff := cmp.Diff(want[i], m); diff != "" {
			t.Errorf("message %d (-want +got):\n%s", i, diff)
		}
	}
	for _, m := range got {
		if m.Time < broker.Micros(began) || m.Time > broker.Micros(time.Now()) {
			t.Fatalf("time %d is not that of receipt", m.Time)
		}
	}
}

func (s *suite) retained(t *testing.T) {
	addr, _, _ := s.start(t)
	c, h := s.connect(t, profile(addr, "r/+"))
	publish(t, c, broker.Message{Topic: "r/a", Payload: []byte("kept"), QoS: 1, Retained: true})
	if m := h.WaitMessages(1)[0]; m.Retained {
		t.Error("a live message is marked as retained")
	}
	_, late := s.connect(t, profile(addr, "r/+"))
	want := []broker.Message{{Topic: "r/a", Payload: []byte("kept"), QoS: 1, Retained: true}}
	if diff := cmp.Diff(want, strip(late.WaitMessages(1))); diff != "" {
		t.Errorf("stored message (-want +got):\n%s", diff)
	}
	publish(t, c, broker.Message{Topic: "r/a", Payload: nil, QoS: 1, Retained: true}) // clears it
	h.WaitMessages(2)
	third, later := s.connect(t, profile(addr, "r/+"))
	publish(t, third, broker.Message{Topic: "r/end", QoS: 1})
	if m := later.WaitMessages(1)[0]; m.Topic != "r/end" {
		t.Errorf("a cleared message came: %+v", m)
	}
}

func (s *suite) order(t *testing.T) {
	const n = 10_000
	addr, _, _ := s.start(t)
	for qos := range byte(2) {
		c, h := s.connect(t, profile(addr, "o"))
		for i := range n {
			publish(t, c, broker.Message{Topic: "o", Payload: []byte(strconv.Itoa(i)), QoS: qos})
		}
		for i, m := range h.WaitMessages(n) {
			if string(m.Payload) != strconv.Itoa(i) {
				t.Fatalf("QoS %d: message %d holds %s", qos, i, m.Payload)
			}
		}
		if got := len(h.Messages()); got != n {
			t.Errorf("QoS %d: %d messages came, want %d", qos, got, n)
		}
	}
}

func (s *suite) wildcards(t *testing.T) {
	addr, _, _ := s.start(t)
	filters := []string{"a/+/c", "d/#", "+"}
	c, h := s.connect(t, profile(addr, filters...))
	var want, got []string
	for _, name := range []string{"a/b/c", "a//c", "a/c", "a/b/c/d", "d", "d/e", "d/e/f", "x", "/x", "a/b", "d/"} {
		matches := 0
		for _, f := range filters {
			if topic.Match(f, name) {
				matches = 1
			}
		}
		if matches > 0 && name != "d" { // which two filters match: one copy or two
			want = append(want, name)
		}
		publish(t, c, broker.Message{Topic: name, QoS: 1})
	}
	publish(t, c, broker.Message{Topic: "end", QoS: 1})
	h.Wait("the end", func() bool {
		ms := h.Messages()
		return len(ms) > 0 && ms[len(ms)-1].Topic == "end"
	})
	for _, m := range h.Messages() {
		if m.Topic != "end" && m.Topic != "d" {
			got = append(got, m.Topic)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("topics (-want +got):\n%s", diff)
	}
}

func (s *suite) invalidPublish(t *testing.T) {
	addr, _, _ := s.start(t)
	c, h := s.connect(t, profile(addr))
	for _, m := range []broker.Message{
		{Topic: ""},
		{Topic: "a/+"},
		{Topic: "a/#"},
		{Topic: "a\x00"},
		{Topic: "a\xff"},
		{Topic: strings.Repeat("a", topic.MaxBytes+1)},
		{Topic: "a", QoS: 3},
	} {
		if _, err := c.Publish(within(t), m); err == nil {
			t.Errorf("published to %.20q at QoS %d", m.Topic, m.QoS)
		}
	}
	publish(t, c, broker.Message{Topic: "a", QoS: 1})
	if n := len(h.Statuses()); n != 2 {
		t.Errorf("the connection did not stay up: %+v", h.Statuses())
	}
}

func (s *suite) concurrentUse(t *testing.T) {
	const workers, each = 8, 200
	addr, _, _ := s.start(t)
	c, h := s.connect(t, profile(addr, "w/#"))
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			name := fmt.Sprintf("w/%d", w)
			for i := range each {
				if _, err := c.Publish(within(t), broker.Message{Topic: name, Payload: []byte(strconv.Itoa(i)), QoS: 1}); err != nil {
					t.Errorf("publish: %v", err)
					return
				}
				if i%50 == 0 {
					if _, err := c.Subscribe(within(t), broker.Subscription{Filter: fmt.Sprintf("other/%d/%d", w, i)}); err != nil {
						t.Errorf("subscribe: %v", err)
					}
				}
			}
		})
	}
	wg.Wait()
	next := map[string]int{}
	for _, m := range h.WaitMessages(workers * each) {
		if string(m.Payload) != strconv.Itoa(next[m.Topic]) {
			t.Fatalf("%s: got %s, want %d", m.Topic, m.Payload, next[m.Topic])
		}
		next[m.Topic]++
	}
}

// notConnected checks that err is broker.ErrNotConnected and came at once.
func notConnected(t *testing.T, began time.Time, err error) {
	t.Helper()
	if !errors.Is(err, broker.ErrNotConnected) {
		t.Errorf("publish while down: %v, want ErrNotConnected", err)
	}
	if took := time.Since(began); took > quickly {
		t.Errorf("publish while down took %v", took)
	}
}
