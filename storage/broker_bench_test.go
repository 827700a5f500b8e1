package storage_test

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/thingdesk/thingdesk/localbroker/durable"
	"github.com/thingdesk/thingdesk/storage"
)

func openBroker(tb testing.TB, dir string, sync storage.Sync) *storage.BrokerStore {
	tb.Helper()
	s, err := storage.OpenBroker(tb.Context(), dir, sync)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

func commit(tb testing.TB, s durable.Store, changes ...durable.Change) {
	tb.Helper()
	if err := s.Commit(tb.Context(), changes); err != nil {
		tb.Fatal(err)
	}
}

// putSessions returns changes that make sessions 1 to n.
func putSessions(n int) (changes []durable.Change) {
	for i := 1; i <= n; i++ {
		changes = append(changes, durable.Change{Kind: durable.PutSession, Record: &durable.Session{
			Number: uint64(i), Client: fmt.Sprint("client-", i), Version: 5, Expiry: 3600,
		}})
	}
	return changes
}

func hundredBytes(topic string, n int) *durable.Message {
	payload := make([]byte, 100)
	copy(payload, strconv.Itoa(n))
	return &durable.Message{Topic: topic, Payload: payload, QoS: 1, From: "publisher-1", At: 1_800_000_000_000_000 + int64(n)}
}

// flow makes the changes of durable QoS 1: messages are delivered to sessions
// in turn and acknowledged in a later batch.
type flow struct {
	sessions, n, acknowledged int
}

func (f *flow) at(n int) (session, seq uint64) {
	return uint64(n%f.sessions + 1), uint64(n / f.sessions)
}

func (f *flow) batch(deliver, acknowledge int) []durable.Change {
	changes := make([]durable.Change, 0, deliver+acknowledge)
	for range deliver {
		session, seq := f.at(f.n)
		changes = append(changes, durable.Change{Kind: durable.Deliver, Session: session, Delivery: &durable.Delivery{
			Seq: seq, QoS: 1, Message: hundredBytes(fmt.Sprint("factory/machine/", session, "/temperature"), f.n),
		}})
		f.n++
	}
	for range acknowledge {
		session, seq := f.at(f.acknowledged)
		changes = append(changes, durable.Change{Kind: durable.Acknowledge, Session: session, Seq: seq})
		f.acknowledged++
	}
	for i := range min(f.sessions, deliver) {
		session, seq := f.at(f.n - 1 - i)
		changes = append(changes, durable.Change{Kind: durable.Sent, Session: session, Seq: seq})
	}
	return changes
}

// BenchmarkBrokerCommit commits batches of Deliver and Acknowledge, of which
// each message is acknowledged in the batch after its own.
func BenchmarkBrokerCommit(b *testing.B) {
	for _, sync := range []storage.Sync{storage.Process, storage.Power} {
		for _, sessions := range []int{1, 50, 5000} {
			for _, size := range []int{1, 500, 5000} {
				name := fmt.Sprintf("%s/sessions=%d/batch=%d", map[storage.Sync]string{storage.Process: "Process", storage.Power: "Power"}[sync], sessions, size)
				b.Run(name, func(b *testing.B) {
					s := openBroker(b, b.TempDir(), sync)
					commit(b, s, putSessions(sessions)...)
					f := &flow{sessions: sessions}
					half := (size + 1) / 2
					commit(b, s, f.batch(half, 0)...)
					n := 0
					for b.Loop() {
						b.StopTimer()
						deliver := half
						if size == 1 && f.n > f.acknowledged { // one or the other
							deliver = 0
						}
						changes := f.batch(deliver, size-deliver)
						if size == 1 {
							changes = changes[:1]
						}
						b.StartTimer()
						commit(b, s, changes...)
						n += size
					}
					b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "changes/s")
				})
			}
		}
	}
}

// BenchmarkBrokerPairs commits messages that are acknowledged in their batch.
func BenchmarkBrokerPairs(b *testing.B) {
	s := openBroker(b, b.TempDir(), storage.Process)
	commit(b, s, putSessions(50)...)
	f := &flow{sessions: 50}
	for b.Loop() {
		b.StopTimer()
		changes := f.batch(250, 250)
		b.StartTimer()
		commit(b, s, changes...)
	}
	b.ReportMetric(float64(b.N)*500/b.Elapsed().Seconds(), "changes/s")
}

// BenchmarkBrokerRetain commits batches of 500 retained messages over 10,000
// topics.
func BenchmarkBrokerRetain(b *testing.B) {
	s := openBroker(b, b.TempDir(), storage.Process)
	n := 0
	for b.Loop() {
		b.StopTimer()
		changes := make([]durable.Change, 500)
		for i := range changes {
			n++
			changes[i] = durable.Change{Kind: durable.Retain, Message: hundredBytes(fmt.Sprint("factory/state/", n*7919%10_000), n)}
		}
		b.StartTimer()
		commit(b, s, changes...)
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "changes/s")
}

// BenchmarkBrokerOpen opens a file with 100,000 retained messages and 100,000
// deliveries, and loads it.
func BenchmarkBrokerOpen(b *testing.B) {
	dir := b.TempDir()
	s := openBroker(b, dir, storage.Process)
	commit(b, s, putSessions(100)...)
	f := &flow{sessions: 100}
	for n := range 20 {
		changes := f.batch(5000, 0)
		for i := range 5000 {
			changes = append(changes, durable.Change{Kind: durable.Retain, Message: hundredBytes(fmt.Sprint("factory/state/", n*5000+i), n)})
		}
		commit(b, s, changes...)
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	var load time.Duration
	for b.Loop() {
		s, err := storage.OpenBroker(b.Context(), dir, storage.Process)
		if err != nil {
			b.Fatal(err)
		}
		begun := time.Now()
		for range 2 { // the second one reads the file again
			state, err := s.Load(b.Context())
			if err != nil || len(state.Retained) != 100_000 || len(state.Sessions[99].Deliveries) != 1000 {
				b.Fatal(err, len(state.Retained))
			}
		}
		load += time.Since(begun)
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(load.Seconds()*1000/float64(b.N), "ms/load")
}
