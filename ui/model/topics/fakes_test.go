package topics

import (
	"context"
	"slices"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/engine"
	"github.com/thingdesk/thingdesk/storage"
	"github.com/thingdesk/thingdesk/things/topic"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// What the program gives to the view-models.
var (
	_ Session    = (*engine.Session)(nil)
	_ Subscriber = (*engine.Session)(nil)
	_ History    = storage.History(nil)
)

const second = 1_000_000

// bench is a session over a real index and a history in memory.
type bench struct {
	mu      sync.Mutex
	ix      *topic.Index
	rows    []storage.Row // oldest first
	sent    []broker.Message
	publish func(broker.Message) error
	pages   int
}

func newBench() *bench { return &bench{ix: topic.NewIndex(topic.Limits{})} }

func (b *bench) Topics(f func(*topic.Index)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f(b.ix)
}

func (b *bench) Publish(_ context.Context, m broker.Message) (broker.Ack, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.publish != nil {
		if err := b.publish(m); err != nil {
			return broker.Ack{}, err
		}
	}
	b.sent = append(b.sent, m)
	return broker.Ack{Stage: "PUBACK"}, nil
}

func (b *bench) Page(_ context.Context, q storage.Query, before storage.Cursor) (storage.Page, error) {
	b.pages++
	var p storage.Page
	for _, r := range slices.Backward(b.rows) {
		match := slices.ContainsFunc(q.Filters, func(f string) bool { return topic.Match(f, r.Message.Topic) })
		if len(q.Filters) > 0 && !match || q.Source != r.Source || before != 0 && r.ID >= int64(before) {
			continue
		}
		if len(p.Rows) == q.Limit {
			p.More = true
			break
		}
		p.Rows = append(p.Rows, r)
		p.Next = storage.Cursor(r.ID)
	}
	return p, nil
}

// see takes a message into the index only; record into the history only.
func (b *bench) see(name, payload string, at int64, retained bool) {
	b.ix.Add(name, topic.Sample{Time: at, Payload: []byte(payload), Retained: retained})
}

func (b *bench) record(name, payload string, at int64) {
	b.rows = append(b.rows, storage.Row{ID: int64(len(b.rows) + 1), Entry: storage.Entry{
		Source: "src", Message: broker.Message{Time: at, Topic: name, Payload: []byte(payload)},
	}})
}

func (b *bench) message(name, payload string, at int64) {
	b.see(name, payload, at, false)
	b.record(name, payload, at)
}

func (b *bench) target(name string) Target {
	return Target{Session: b, Source: "src", Connection: "Bench", Name: name}
}

// later holds work back until the test lets it run.
type later struct {
	t    *testing.T
	jobs []func()
}

func (l *later) async(work func(context.Context), done func()) {
	l.jobs = append(l.jobs, func() { work(l.t.Context()); done() })
}

// run runs what waits, also what that asks for.
func (l *later) run() {
	for len(l.jobs) > 0 {
		job := l.jobs[0]
		l.jobs = l.jobs[1:]
		job()
	}
}

// beside runs work on a goroutine at once and done when over is called.
type beside struct {
	t    *testing.T
	wg   sync.WaitGroup
	done []func()
}

func (b *beside) async(work func(context.Context), done func()) {
	b.wg.Go(func() { work(b.t.Context()) })
	b.done = append(b.done, done)
}

func (b *beside) over() {
	b.wg.Wait()
	for _, f := range b.done {
		f()
	}
	b.done = nil
}
