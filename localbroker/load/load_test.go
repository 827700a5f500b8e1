package load_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/thingdesk/thingdesk/localbroker"
	"github.com/thingdesk/thingdesk/localbroker/load"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// broker runs a broker until the test ends and returns its address.
func broker(t *testing.T) string {
	t.Helper()
	s, err := localbroker.Start(t.Context(), localbroker.Config{Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(context.WithoutCancel(t.Context())) })
	return s.Addr()
}

func TestRunCountsEveryMessage(t *testing.T) {
	t.Parallel()
	addr := broker(t)
	for _, c := range []load.Config{
		{Messages: 5000},
		{Messages: 3000, QoS: 1, PayloadBytes: 100},
		{Messages: 1001, QoS: 2, Version: 5, Window: 100},
		{Messages: 3000, QoS: 1, Publishers: 7, Version: 5},
		{Messages: 300, QoS: 2, Subscribers: 9},
		{Messages: 200, QoS: 1, Persistent: true, Window: 50},
	} {
		t.Run(fmt.Sprintf("%d to %d at QoS %d version %d", c.Publishers, c.Subscribers, c.QoS, c.Version), func(t *testing.T) {
			t.Parallel()
			c.Addr = addr
			got, err := load.Run(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			if got.PerSecond <= 0 || got.Elapsed <= 0 {
				t.Errorf("%v msg/s in %v", got.PerSecond, got.Elapsed)
			}
			want := load.Result{Sent: uint64(c.Messages), Received: uint64(c.Messages * max(1, c.Subscribers))}
			if c.QoS > 0 {
				want.Acknowledged = want.Sent
			}
			got.PerSecond, got.Elapsed = 0, 0
			if d := cmp.Diff(want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestRunKeepsTheRate(t *testing.T) {
	t.Parallel()
	got, err := load.Run(t.Context(), load.Config{Addr: broker(t), QoS: 1, Rate: 1000, Publishers: 2, Duration: 500 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	if got.Sent < 300 || got.Sent > 510 || got.Faults() {
		t.Errorf("%+v, want about 500 messages", got)
	}
	if got.P50 <= 0 || got.P99 < got.P50 || got.Max < got.P99 || got.Max > time.Second {
		t.Errorf("latency %v, %v, %v", got.P50, got.P99, got.Max)
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := load.Run(ctx, load.Config{Addr: broker(t), QoS: 1, Duration: time.Hour}); err == nil {
		t.Error("no error from a run that was ended")
	}
}

func TestIdleAndRetained(t *testing.T) {
	t.Parallel()
	addr := broker(t)
	clients, err := load.Idle(t.Context(), addr, 50)
	if err != nil || len(clients) != 50 {
		t.Errorf("%d clients, %v", len(clients), err)
	}
	defer clients.Close()
	r := load.Retained{Addr: addr, Prefix: "r", Topics: 2000, PayloadBytes: 10}
	if err := load.Retain(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	for qos := range byte(3) {
		got, err := load.Fetch(t.Context(), r, qos, 10*time.Second)
		if err != nil || got.Received != r.Topics || got.Elapsed <= 0 {
			t.Errorf("QoS %d: %+v, %v", qos, got, err)
		}
	}
	r.Topics++
	if got, err := load.Fetch(t.Context(), r, 0, 100*time.Millisecond); err == nil || got.Received != r.Topics-1 {
		t.Errorf("one too many: %+v, %v", got, err)
	}
}

func TestBacklog(t *testing.T) {
	t.Parallel()
	got, err := load.Backlog(t.Context(), broker(t), 3000, 50, 100, 10*time.Second)
	if err != nil || got.Stored <= 0 || got.Fetched <= 0 {
		t.Errorf("%+v, %v", got, err)
	}
	got.Stored, got.Fetched = 0, 0
	if got != (load.Backlogged{}) {
		t.Errorf("%+v", got)
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	if _, err := load.Dial(t.Context(), broker(t), load.Hello{}); err == nil {
		t.Error("an empty client ID with a session is accepted")
	}
}

// Clients that come and go miss nothing.
func TestSenderAndReceiver(t *testing.T) {
	t.Parallel()
	addr := broker(t)
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()
	receivers := []*load.Receiver{
		load.NewReceiver(load.ReceiverConfig{Addr: addr, Hello: load.Hello{ID: "r1"}, QoS: 1, Filters: []string{"s/#"}}),
		load.NewReceiver(load.ReceiverConfig{Addr: addr, Hello: load.Hello{ID: "r2", Version: 5, Expiry: 600}, QoS: 2, Filters: []string{"s/#", "other"}}),
	}
	for _, r := range receivers {
		running.Go(func() { r.Run(ctx) })
	}
	until(t, "subscriptions", func() bool {
		return !slices.ContainsFunc(receivers, func(r *load.Receiver) bool { return !r.Subscribed() })
	})
	var senders []*load.Sender
	for qos := range byte(3) {
		s := load.NewSender(load.SenderConfig{
			Addr: addr, Hello: load.Hello{ID: fmt.Sprint("s", qos)}, Number: uint32(qos), QoS: qos, Topics: []string{"s/a", "s/b"}, Window: 20,
		})
		senders = append(senders, s)
		running.Go(func() { s.Run(ctx) })
	}
	until(t, "messages", func() bool {
		return !slices.ContainsFunc(senders, func(s *load.Sender) bool { return s.Stats().Sent < 200 })
	})
	for _, s := range senders {
		s.Finish()
	}
	until(t, "the rest", func() bool {
		for i, s := range senders {
			st := s.Stats()
			if st.Open > 0 || receivers[0].Lost(uint32(i), st.Sent)+receivers[1].Lost(uint32(i), st.Sent) > 0 {
				return false
			}
		}
		return true
	})
	for i, s := range senders {
		st := s.Stats()
		want := load.SenderStats{Sent: st.Sent, Connections: 1}
		if i > 0 {
			want.Acknowledged = st.Sent
			if done := s.Complete(); max(done["s/a"], done["s/b"]) != st.Sent {
				t.Errorf("complete %v of %d", done, st.Sent)
			}
		}
		if d := cmp.Diff(want, st); d != "" {
			t.Errorf("sender %d: %s", i, d)
		}
	}
	for i, r := range receivers {
		st := r.Stats()
		if d := cmp.Diff(load.ReceiverStats{Received: st.Received, Connections: 1}, st); d != "" {
			t.Errorf("receiver %d: %s", i, d)
		}
	}
}

// until waits until f says true.
func until(t *testing.T, what string, f func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !f(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("no %s", what)
		}
	}
}

func TestTrack(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		received         []uint64
		sent             uint64
		first, late, dup uint64
		lost             uint64
	}{
		{nil, 3, 0, 0, 0, 3},
		{[]uint64{0, 1, 2}, 3, 3, 0, 0, 0},
		{[]uint64{0, 2, 1}, 3, 3, 1, 0, 0},
		{[]uint64{5}, 10, 1, 0, 0, 9},
		{[]uint64{5, 2, 2, 0, 4, 1, 3, 5, 6}, 8, 7, 5, 2, 1},
		{[]uint64{0, 0, 3, 1, 1}, 4, 3, 1, 2, 1},
		{[]uint64{9, 4, 5, 3}, 10, 4, 3, 0, 6},
	} {
		var tr load.Track
		for _, seq := range c.received {
			tr.Add(seq)
		}
		if tr.First != c.first || tr.OutOfOrder != c.late || tr.Duplicates != c.dup || tr.Lost(c.sent) != c.lost {
			t.Errorf("%v: %+v, %d lost; want %+v", c.received, tr, tr.Lost(c.sent), c)
		}
	}
}

func FuzzTrack(f *testing.F) {
	f.Add([]byte{3, 1, 1, 0, 2, 9})
	f.Fuzz(func(t *testing.T, received []byte) {
		var tr load.Track
		seen := make(map[byte]bool)
		for _, seq := range received {
			if first := tr.Add(uint64(seq)); first == seen[seq] {
				t.Errorf("%d of %v: first %v", seq, received, first)
			}
			seen[seq] = true
		}
		if want := uint64(256 - len(seen)); tr.Lost(256) != want || tr.First != uint64(len(seen)) {
			t.Errorf("%v: %d lost, want %d", received, tr.Lost(256), want)
		}
	})
}
