package topics

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/things/topic"
	"github.com/thingdesk/thingdesk/ui/model"
)

const (
	undoBytes    = 64 << 20              // payload kept for Undo
	clearBatch   = 32                    // messages under way at the same time
	clearPause   = 20 * time.Millisecond // between batches, so that live traffic gets through
	clearTimeout = 10 * time.Second      // for one acknowledgement
)

// Retained is a message that the broker seems to keep.
type Retained struct {
	Name    string
	Payload []byte
	QoS     byte
	Time    int64
	// Seen tells that it was seen with the RETAIN flag, so that Undo may
	// publish it again.
	Seen bool
}

// Plan says what clearing would do, for the user to confirm.
type Plan struct {
	// Target is what to clear; Subtree means all below it as well.
	Target  Target
	Subtree bool
	// Messages are the retained messages that would be cleared, by name.
	Messages []Retained
	// Bytes is the size of their payloads.
	Bytes int64
	// Lost counts those that Undo could not bring back.
	Lost int
}

// Words say in a sentence or two what the plan does.
func (p Plan) Words() string {
	if len(p.Messages) == 0 {
		return "No retained message was seen here."
	}
	var s string
	if !p.Subtree {
		s = fmt.Sprintf("Publish an empty retained message to %s, so that the broker forgets the one it keeps.", p.Messages[0].Name)
		if !p.Messages[0].Seen {
			return s + " None was seen so far; subscribers get an empty message all the same."
		}
	} else {
		s = fmt.Sprintf("Clear %s (%s) by publishing an empty retained message to each.",
			count(uint64(len(p.Messages)), "retained message"), model.Bytes(p.Bytes))
	}
	if p.Lost > 0 {
		return s + fmt.Sprintf(" Undo can not bring back %s: the payload is not in memory.", model.Count(p.Lost))
	}
	return s + " Undo publishes them again."
}

// Progress tells where a run of clearing or restoring stands.
type Progress struct {
	// Verb is "Clearing" or "Restoring"; "" before the first run.
	Verb string
	// Total messages are to be published; Done were, Failed of them in vain.
	Total, Done, Failed int
	// Running tells that it is not over; Cancelled that it was cut short.
	Running, Cancelled bool
	// Err is the first reason for a failure.
	Err error
}

// Words say the progress in one line; "" before the first run.
func (p Progress) Words() string {
	if p.Verb == "" {
		return ""
	}
	past := map[string]string{"Clearing": "Cleared", "Restoring": "Restored"}[p.Verb]
	good := p.Done - p.Failed
	switch {
	case p.Running:
		return fmt.Sprintf("%s retained messages: %s of %s", p.Verb, model.Count(p.Done), model.Count(p.Total))
	case p.Err != nil:
		return fmt.Sprintf("%s %s of %s; then: %v", past, model.Count(good), model.Count(p.Total), p.Err)
	case p.Cancelled:
		return fmt.Sprintf("%s %s of %s, then stopped", past, model.Count(good), model.Count(p.Total))
	default:
		return past + " " + count(uint64(good), "retained message")
	}
}

// Clearing clears retained messages and can undo the last run. Only one run
// goes on at a time.
type Clearing struct {
	async Async
	pause time.Duration

	planning int // counts plans, to know late ones
	run      *run
	undo     []Retained // cleared by the last run, ready to be restored
	session  Session    // where they were cleared
}

// NewClearing returns a Clearing without anything to undo.
func NewClearing(async Async) *Clearing { return &Clearing{async: async, pause: clearPause} }

// run is one run; the worker writes it, the screen reads it.
type run struct {
	stop    chan struct{}
	stopped sync.Once

	mu       sync.Mutex
	progress Progress
	good     []Retained
}

// Plan finds out what clearing the target would do and hands it to ready on
// the screen's goroutine. Of several plans asked for, only the last is handed
// over.
func (c *Clearing) Plan(t Target, subtree bool, now int64, ready func(Plan)) {
	if t.Session == nil {
		return
	}
	c.planning++
	seq := c.planning
	p := Plan{Target: t, Subtree: subtree}
	c.async(func(ctx context.Context) {
		if subtree {
			p.Messages = findRetained(ctx, t, now)
		} else {
			p.Messages = []Retained{single(t, now)}
		}
		p.weigh()
	}, func() {
		if seq == c.planning {
			ready(p)
		}
	})
}

// weigh sums up the payloads and marks what Undo has no room for.
func (p *Plan) weigh() {
	for i, m := range p.Messages {
		p.Bytes += int64(len(m.Payload))
		if m.Seen && m.Payload == nil || p.Bytes > undoBytes {
			p.Messages[i].Payload = nil
			p.Lost++
		}
	}
}

// single is the message of exactly the target, retained or not.
func single(t Target, now int64) Retained {
	m := Retained{Name: t.Name}
	t.Session.Topics(func(ix *topic.Index) {
		if id, ok := t.find(ix); ok {
			if i := ix.Node(id, now); i.Own > 0 {
				m = retained(i)
			}
		}
	})
	return m
}

func retained(i topic.Info) Retained {
	return Retained{
		Name: i.Name, Payload: i.Last.Payload, QoS: i.Last.QoS, Time: i.Last.Time, Seen: seenRetained(i.Last, i.Prev),
	}
}

// findRetained walks everything at and below the target, a name before those
// below it, holding the session's lock for a few nodes at a time.
func findRetained(ctx context.Context, t Target, now int64) []Retained {
	var stack []topic.NodeID
	t.Session.Topics(func(ix *topic.Index) {
		if id, ok := t.find(ix); ok {
			stack = append(stack, id)
		}
	})
	var out []Retained
	for len(stack) > 0 && ctx.Err() == nil {
		t.Session.Topics(func(ix *topic.Index) {
			for range stepNodes {
				if len(stack) == 0 {
					return
				}
				i := ix.Node(stack[len(stack)-1], now)
				stack = stack[:len(stack)-1]
				if m := retained(i); m.Seen {
					out = append(out, m)
				}
				at := len(stack)
				stack = ix.Children(i.ID, stack)
				for a, b := at, len(stack)-1; a < b; a, b = a+1, b-1 { // the first is to come off first
					stack[a], stack[b] = stack[b], stack[a]
				}
			}
		})
	}
	return out
}

// Start clears what the plan says. It is refused, and false returned, while
// another run goes on or when there is nothing to do.
func (c *Clearing) Start(p Plan) bool {
	if c.Progress().Running || len(p.Messages) == 0 {
		return false
	}
	c.undo, c.session = nil, p.Target.Session
	c.start("Clearing", p.Target.Session, p.Messages, func(m Retained) broker.Message {
		return broker.Message{Topic: m.Name, QoS: 1, Retained: true, Payload: []byte{}}
	}, func(r *run) {
		for _, m := range r.good {
			if m.Seen && m.Payload != nil {
				c.undo = append(c.undo, m)
			}
		}
	})
	return true
}

// Undoable counts the messages that Undo would publish again.
func (c *Clearing) Undoable() int {
	if c.Progress().Running {
		return 0
	}
	return len(c.undo)
}

// Undo publishes the messages again that the last run cleared, as they were.
func (c *Clearing) Undo() {
	if c.Undoable() == 0 {
		return
	}
	messages := c.undo
	c.start("Restoring", c.session, messages, func(m Retained) broker.Message {
		return broker.Message{Topic: m.Name, QoS: m.QoS, Retained: true, Payload: m.Payload}
	}, func(r *run) {
		back := make(map[string]bool, len(r.good))
		for _, m := range r.good {
			back[m.Name] = true
		}
		c.undo = nil
		for _, m := range messages {
			if !back[m.Name] {
				c.undo = append(c.undo, m)
			}
		}
	})
}

// Cancel ends the present run after the messages under way.
func (c *Clearing) Cancel() {
	if c.run != nil {
		c.run.stopped.Do(func() { close(c.run.stop) })
	}
}

// Forget drops what is kept for Undo and what the last run said.
func (c *Clearing) Forget() {
	if !c.Progress().Running {
		c.undo, c.session, c.run = nil, nil, nil
	}
}

// Progress tells where the last run stands.
func (c *Clearing) Progress() Progress {
	if c.run == nil {
		return Progress{}
	}
	c.run.mu.Lock()
	defer c.run.mu.Unlock()
	return c.run.progress
}

func (c *Clearing) start(
	verb string, s Session, messages []Retained, message func(Retained) broker.Message, over func(*run),
) {
	r := &run{stop: make(chan struct{}), progress: Progress{Verb: verb, Total: len(messages), Running: true}}
	c.run = r
	pause := c.pause
	c.async(func(ctx context.Context) { r.work(ctx, s, messages, message, pause) }, func() {
		over(r)
		r.mu.Lock()
		r.progress.Running = false
		r.mu.Unlock()
	})
}

// work publishes in batches and waits for each batch, with a pause between.
func (r *run) work(
	ctx context.Context, s Session, messages []Retained, message func(Retained) broker.Message, pause time.Duration,
) {
	for len(messages) > 0 {
		batch := messages[:min(clearBatch, len(messages))]
		messages = messages[len(batch):]
		if !r.batch(ctx, s, batch, message) {
			return
		}
		if len(messages) == 0 {
			return
		}
		select {
		case <-ctx.Done():
		case <-r.stop:
		case <-time.After(pause):
			continue
		}
		r.mu.Lock()
		r.progress.Cancelled = true
		r.mu.Unlock()
		return
	}
}

// batch publishes messages side by side. It returns false when going on makes
// no sense: the connection is down, or nothing of the batch went through.
func (r *run) batch(ctx context.Context, s Session, batch []Retained, message func(Retained) broker.Message) bool {
	errs := make([]error, len(batch))
	var wg sync.WaitGroup
	for i, m := range batch {
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, clearTimeout)
			defer cancel()
			_, errs[i] = s.Publish(ctx, message(m))
		})
	}
	wg.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	failed, down := 0, false
	for i, err := range errs {
		if err == nil {
			r.good = append(r.good, batch[i])
			continue
		}
		failed++
		down = down || errors.Is(err, broker.ErrNotConnected) || errors.Is(err, broker.ErrClosed)
		if r.progress.Err == nil {
			r.progress.Err = err
		}
	}
	r.progress.Done += len(batch)
	r.progress.Failed += failed
	return !down && failed < len(batch)
}
