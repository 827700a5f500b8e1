// Package load makes load for MQTT brokers, for benchmarks and for tests that
// count. Run, Idle, Retain and Fetch cost much less than a broker does for the
// same messages: frames are encoded once, written in batches and read in
// place. Sender and Receiver are clients for tests that break connections and
// brokers: they keep the state that MQTT wants clients to keep, and count what
// the broker lost, reordered or invented. Nothing here is part of the program.
package load

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// Config says what Run does. The zero value sends QoS 0 from one publisher to
// one subscriber for two seconds.
type Config struct {
	Addr         string // HOST:PORT of the broker
	Publishers   int    // 0 is 1; each has a topic of its own
	Subscribers  int    // 0 is 1; each receives all messages
	QoS          byte   // of messages and subscriptions
	Version      byte   // protocol level, 4 or 5; 0 is 4
	PayloadBytes int    // at least 20, which 0 means too
	// Window bounds the deliveries that are under way, over all subscribers;
	// 0 is 4000. At QoS 1 and 2 each publisher has at most its share of the
	// window, and at most 1000 messages, unacknowledged.
	Window int
	// Persistent gives everybody a session that outlives the connection, which
	// a broker with a store has to store. Run removes them at its end.
	Persistent bool
	// Rate is messages per second over all publishers; 0 is as many as the
	// window lets through. With a Rate the latency of deliveries is measured.
	Rate int
	// Duration is how long is published; 0 is two seconds, unless Messages
	// bounds the number of messages instead.
	Duration time.Duration
	Messages int
	// Patience is how long nothing may come before what is missing counts as
	// lost; 0 is two seconds.
	Patience time.Duration
}

// Result is what came of a run.
type Result struct {
	Sent         uint64 // messages published
	Acknowledged uint64 // of these at QoS 1 and 2
	Received     uint64 // deliveries, each message counted once for a subscriber
	Lost         uint64 // deliveries that did not come
	OutOfOrder   uint64 // deliveries after a later message of the same publisher
	Duplicates   uint64 // deliveries of what had been delivered
	WrongAcks    uint64 // acknowledgements of identifiers that were not in use
	Elapsed      time.Duration
	PerSecond    float64 // Received in Elapsed
	// With a Rate only: latency from write to read.
	P50, P99, Max time.Duration
}

// Faults tells whether something was lost, came twice, in the wrong order or
// was acknowledged for no reason.
func (r Result) Faults() bool { return r.Lost+r.OutOfOrder+r.Duplicates+r.WrongAcks > 0 }

// withDefaults returns c with its zero values replaced.
func (c Config) withDefaults() (Config, error) {
	c.Publishers = cmp.Or(c.Publishers, 1)
	c.Subscribers = cmp.Or(c.Subscribers, 1)
	c.PayloadBytes = max(c.PayloadBytes, stampSize)
	c.Window = max(cmp.Or(c.Window, 4000), c.Subscribers)
	c.Patience = cmp.Or(c.Patience, 2*time.Second)
	if c.Messages == 0 {
		c.Duration = cmp.Or(c.Duration, 2*time.Second)
	}
	if c.Publishers < 1 || c.Subscribers < 1 || c.QoS > 2 || c.Rate < 0 || c.Messages < 0 {
		return c, errors.New("configure load: a number is out of range")
	}
	return c, nil
}

// unacknowledged is how many messages a publisher may have open.
func (c Config) unacknowledged() int { return min(max(1, c.Window/c.Publishers), 1000) }

// run is a Run under way.
type run struct {
	Config
	name  string // in topics and client IDs
	began time.Time
	gate  *gate
	pubs  []*publisher
	subs  []*subscriber

	failing sync.Once
	failed  error
	cancel  context.CancelFunc
}

// Run makes load until c says that it is enough, waits for what is under way,
// and tells what came of it. An error is returned with what was counted until
// then; ctx ends a run early, which is an error.
func Run(ctx context.Context, c Config) (Result, error) {
	c, err := c.withDefaults()
	if err != nil {
		return Result{}, err
	}
	r := &run{Config: c, name: "load-" + rand.Text()[:8], gate: newGate(c.Window)}
	inner, cancel := context.WithCancel(ctx)
	r.cancel = cancel
	defer cancel()
	if err := r.connect(inner); err != nil {
		r.close()
		return Result{}, err
	}
	elapsed := r.perform(inner)
	r.close()
	if c.Persistent {
		r.forget(ctx)
	}
	return r.result(elapsed), errors.Join(ctx.Err(), r.failed)
}

func (r *run) hello(id string) Hello {
	h := Hello{ID: id, Version: r.Version, Clean: !r.Persistent}
	if r.Persistent {
		h.Expiry = 3600
	}
	return h
}

func (r *run) topic(publisher int) string { return fmt.Sprintf("%s/%d", r.name, publisher) }

// filter matches the topics of all publishers.
func (r *run) filter() string {
	if r.Publishers == 1 {
		return r.topic(0)
	}
	return r.name + "/#"
}

func (r *run) connect(ctx context.Context) error {
	for i := range r.Subscribers {
		conn, err := Dial(ctx, r.Addr, r.hello(fmt.Sprintf("%s-s%d", r.name, i)))
		if err != nil {
			return err
		}
		r.subs = append(r.subs, newSubscriber(r, conn))
		if err := conn.Subscribe(ctx, r.QoS, r.filter()); err != nil {
			return err
		}
	}
	for i := range r.Publishers {
		conn, err := Dial(ctx, r.Addr, r.hello(fmt.Sprintf("%s-p%d", r.name, i)))
		if err != nil {
			return err
		}
		r.pubs = append(r.pubs, newPublisher(r, conn, i))
	}
	return nil
}

// perform runs all clients and returns how long it took to deliver everything.
func (r *run) perform(ctx context.Context) time.Duration {
	var readers, writers sync.WaitGroup
	stop := context.AfterFunc(ctx, r.cut)
	r.began = time.Now()
	for i, s := range r.subs {
		readers.Go(func() { r.check(ctx, "subscriber", i, s.receive()) })
	}
	for i, p := range r.pubs {
		readers.Go(func() { r.check(ctx, "publisher", i, p.acknowledge()) })
		writers.Go(func() { r.check(ctx, "publisher", i, p.publish()) })
	}
	var end <-chan time.Time
	if r.Duration > 0 {
		timer := time.NewTimer(r.Duration)
		defer timer.Stop()
		end = timer.C
	}
	published := make(chan struct{})
	go func() { writers.Wait(); close(published) }()
	elapsed := r.settle(ctx, end, published)
	r.cancel()
	stop() // either it has cut, or it is done here
	r.cut()
	<-published
	readers.Wait()
	return elapsed
}

// settle returns when everything is delivered, or nothing came for long.
func (r *run) settle(ctx context.Context, end <-chan time.Time, published <-chan struct{}) time.Duration {
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	last, lastAt, sending := uint64(0), r.began, true
	for {
		select {
		case <-ctx.Done():
			return lastAt.Sub(r.began)
		case <-end:
			r.gate.end()
		case <-published:
			sending, published = false, nil
		case <-tick.C:
		}
		now := time.Now()
		if done := r.gate.done(); done != last {
			last, lastAt = done, now
		}
		if !sending && last >= r.sent()*uint64(r.Subscribers) && r.open() == 0 {
			return lastAt.Sub(r.began)
		}
		if now.Sub(lastAt) < r.Patience {
			continue
		}
		if !sending || r.open() > 0 {
			return lastAt.Sub(r.began)
		}
		if r.Rate == 0 {
			r.gate.writeOff(r.Window)
			lastAt = now
		}
	}
}

// check notes the first error that is not of our own making and ends the run.
func (r *run) check(ctx context.Context, what string, i int, err error) {
	if err == nil || ctx.Err() != nil {
		return
	}
	r.failing.Do(func() { r.failed = fmt.Errorf("%s %d: %w", what, i, err) })
	r.cancel()
}

// cut ends every goroutine of the run.
func (r *run) cut() {
	r.gate.end()
	for _, p := range r.pubs {
		p.ids.end()
		p.conn.Bound(time.Unix(1, 0))
	}
	for _, s := range r.subs {
		s.conn.Bound(time.Unix(1, 0))
	}
}

func (r *run) close() {
	for _, p := range r.pubs {
		_ = p.conn.Close()
	}
	for _, s := range r.subs {
		_ = s.conn.Close()
	}
}

// forget removes the sessions; a broker that is gone has none.
func (r *run) forget(ctx context.Context) {
	remove := func(id string) {
		if conn, err := Dial(ctx, r.Addr, Hello{ID: id, Clean: true}); err == nil {
			_ = conn.Close()
		}
	}
	for i := range r.subs {
		remove(fmt.Sprintf("%s-s%d", r.name, i))
	}
	for i := range r.pubs {
		remove(fmt.Sprintf("%s-p%d", r.name, i))
	}
}

func (r *run) sent() (n uint64) {
	for _, p := range r.pubs {
		n += p.sent.Load()
	}
	return n
}

// open is how many messages are not acknowledged.
func (r *run) open() (n int) {
	for _, p := range r.pubs {
		n += p.ids.unacknowledged()
	}
	return n
}

func (r *run) result(elapsed time.Duration) Result {
	res := Result{Elapsed: elapsed, Sent: r.sent()}
	for _, p := range r.pubs {
		if r.QoS > 0 {
			res.Acknowledged += p.sent.Load() - uint64(p.ids.unacknowledged())
		}
		res.WrongAcks += p.ids.wrong
	}
	var all []time.Duration
	for _, s := range r.subs {
		for i := range s.tracks {
			t := &s.tracks[i]
			res.Received += t.First
			res.OutOfOrder += t.OutOfOrder
			res.Duplicates += t.Duplicates
			res.Lost += t.Lost(r.pubs[i].sent.Load())
		}
		all = append(all, s.latency...)
	}
	if elapsed > 0 {
		res.PerSecond = float64(res.Received) / elapsed.Seconds()
	}
	if len(all) > 0 {
		slices.Sort(all)
		res.P50, res.P99, res.Max = all[len(all)/2], all[len(all)*99/100], all[len(all)-1]
	}
	return res
}
