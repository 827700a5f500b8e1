package localbroker_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/thingdesk/thingdesk/localbroker/load"
)

// both starts our broker and mosquitto, if that is installed.
func both(b *testing.B, nodelay bool) []*process {
	b.Helper()
	brokers := []*process{ours(b, "")}
	if m := mosquitto(b, nodelay); m != nil {
		brokers = append(brokers, m)
	}
	return brokers
}

// metric is the name of a metric of p: ours are not marked.
func (p *process) metric(unit string) string {
	if p.name == "ours" {
		return unit
	}
	return p.name + "-" + unit
}

// sums is what several runs against one broker came to.
type sums struct {
	received, lost uint64
	elapsed, cpu   time.Duration
	p50, p99       []time.Duration
}

// measure adds a run. Ours must not lose, repeat or reorder anything.
func (s *sums) measure(b *testing.B, p *process, c load.Config) {
	b.Helper()
	c.Addr = p.addr
	before := p.cpu(b)
	r, err := load.Run(b.Context(), c)
	if err != nil {
		b.Fatalf("%s: %v", p.name, err)
	}
	if r.Faults() && p.name == "ours" {
		b.Errorf("faults: %+v", r)
	}
	s.received += r.Received
	s.lost += r.Lost
	s.elapsed += r.Elapsed
	s.cpu += p.cpu(b) - before
	s.p50, s.p99 = append(s.p50, r.P50), append(s.p99, r.P99)
}

func (s *sums) rate() float64 { return float64(s.received) / s.elapsed.Seconds() }

func (s *sums) report(b *testing.B, p *process) {
	b.Helper()
	b.ReportMetric(s.rate(), p.metric("msg/s"))
	b.ReportMetric(float64(s.cpu.Microseconds())/float64(max(1, s.received)), p.metric("us-cpu/msg"))
	if s.lost > 0 {
		b.ReportMetric(float64(s.lost), p.metric("lost"))
	}
}

// rounds is how often the brokers take turns at least.
const rounds = 3

// compare runs c for a second in turns against all brokers.
func compare(b *testing.B, brokers []*process, c load.Config) []sums {
	b.Helper()
	c.PayloadBytes, c.Duration = 100, time.Second
	results := make([]sums, len(brokers))
	for b.Loop() {
		for range rounds {
			for i, p := range brokers {
				results[i].measure(b, p, c)
			}
		}
	}
	b.ReportMetric(0, "ns/op")
	return results
}

// BenchmarkThroughput is a closed loop: as much as goes, with at most 4000
// deliveries under way.
func BenchmarkThroughput(b *testing.B) {
	for _, shape := range []struct {
		name        string
		publishers  int
		subscribers int
	}{{"1to1", 1, 1}, {"50to1", 50, 1}, {"1to50", 1, 50}} {
		for qos := range byte(3) {
			b.Run(fmt.Sprintf("%s/qos%d", shape.name, qos), func(b *testing.B) {
				brokers := both(b, false)
				results := compare(b, brokers, load.Config{Publishers: shape.publishers, Subscribers: shape.subscribers, QoS: qos})
				for i, p := range brokers {
					results[i].report(b, p)
				}
				if len(results) > 1 {
					b.ReportMetric(results[0].rate()/results[1].rate(), "ratio-to-mosquitto")
				}
			})
		}
	}
}

// BenchmarkLatency is from write to read at 1000 messages a second.
func BenchmarkLatency(b *testing.B) {
	for qos := range byte(3) {
		b.Run(fmt.Sprintf("qos%d", qos), func(b *testing.B) {
			brokers := both(b, true)
			results := compare(b, brokers, load.Config{QoS: qos, Rate: 1000})
			for i, p := range brokers {
				b.ReportMetric(micros(results[i].p50), p.metric("p50-us"))
				b.ReportMetric(micros(results[i].p99), p.metric("p99-us"))
			}
			if len(results) > 1 {
				b.ReportMetric(micros(results[0].p99)/micros(results[1].p99), "p99-ratio-to-mosquitto")
			}
		})
	}
}

// micros is the median in microseconds: on a shared machine a round in which
// another program ran says nothing.
func micros(ds []time.Duration) float64 {
	return float64(slices.Sorted(slices.Values(ds))[len(ds)/2].Nanoseconds()) / 1000
}

// BenchmarkIdleClients is the memory for 5000 clients with one subscription
// each that do nothing.
func BenchmarkIdleClients(b *testing.B) {
	const n = 5000
	for b.Loop() {
		for _, p := range both(b, false) {
			before := p.memory(b)
			clients, err := load.Idle(b.Context(), p.addr, n)
			if err != nil {
				clients.Close()
				b.Fatalf("%s: after %d clients: %v", p.name, len(clients), err)
			}
			after := p.memory(b)
			clients.Close()
			b.ReportMetric(float64(after)/(1<<20), p.metric("MB"))
			b.ReportMetric(float64(after-before)/n/1000, p.metric("kB/client"))
		}
	}
	b.ReportMetric(0, "ns/op")
}

// BenchmarkRetained is 100,000 retained messages for a new subscriber to "#",
// twice, so that memory which only grows shows itself.
func BenchmarkRetained(b *testing.B) {
	r := load.Retained{Prefix: "retained", Topics: 100_000, PayloadBytes: 100}
	for qos := range byte(3) {
		b.Run(fmt.Sprintf("qos%d", qos), func(b *testing.B) {
			brokers := both(b, false)
			for _, p := range brokers {
				r.Addr = p.addr
				if err := load.Retain(b.Context(), r); err != nil {
					b.Fatalf("%s: %v", p.name, err)
				}
			}
			for b.Loop() {
				for _, p := range brokers {
					fetch(b, p, r, qos)
				}
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}

func fetch(b *testing.B, p *process, r load.Retained, qos byte) {
	b.Helper()
	r.Addr = p.addr
	before := p.memory(b)
	var sum time.Duration
	for range rounds {
		got, err := load.Fetch(b.Context(), r, qos, patience)
		if err != nil && p.name == "ours" {
			b.Fatal(err)
		}
		sum += got.Elapsed
	}
	b.ReportMetric(sum.Seconds()*1000/rounds, p.metric("ms"))
	b.ReportMetric(float64(before)/(1<<20), p.metric("MB-before"))
	b.ReportMetric(float64(p.memory(b))/(1<<20), p.metric("MB-after"))
}

// BenchmarkDurable is QoS 1 between sessions that outlive their connections,
// with a store: acknowledged is what is stored, or what the subscriber has
// acknowledged already.
func BenchmarkDurable(b *testing.B) {
	for _, c := range []load.Config{{Publishers: 1}, {Publishers: 50}} {
		b.Run(fmt.Sprintf("%dto1/qos1", c.Publishers), func(b *testing.B) {
			p := ours(b, b.TempDir())
			c.QoS, c.Persistent = 1, true
			results := compare(b, []*process{p}, c)
			results[0].report(b, p)
		})
	}
}

// BenchmarkDurableBacklog is QoS 1 for a session whose client is away, so that
// each message has to be stored, until it comes back and takes all.
func BenchmarkDurableBacklog(b *testing.B) {
	const messages = 50_000
	p := ours(b, b.TempDir())
	var stored, fetched, cpu time.Duration
	for b.Loop() {
		before := p.cpu(b)
		r, err := load.Backlog(b.Context(), p.addr, messages, 100, 1000, patience)
		if err != nil || r.Lost+r.OutOfOrder+r.Repeated > 0 {
			b.Fatalf("%+v, %v", r, err)
		}
		cpu += p.cpu(b) - before
		stored += r.Stored
		fetched += r.Fetched
	}
	all := float64(messages * b.N)
	b.ReportMetric(all/stored.Seconds(), "stored/s")
	b.ReportMetric(all/fetched.Seconds(), "fetched/s")
	b.ReportMetric(float64(cpu.Microseconds())/all, "us-cpu/msg")
	b.ReportMetric(0, "ns/op")
}
