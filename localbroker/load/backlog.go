package load

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"
)

// Backlogged is what Backlog measured.
type Backlogged struct {
	Stored     time.Duration // until all messages were acknowledged
	Fetched    time.Duration // until the subscriber had all of them
	Lost       uint64
	OutOfOrder uint64
	Repeated   uint64
}

// Backlog publishes messages at QoS 1, window of them unacknowledged at a time,
// for a session whose client is away, and then lets the client come back: a
// broker with a store has to write each message. An error comes with what was
// counted until then; when nothing has come for patience, what is missing is
// Lost.
func Backlog(ctx context.Context, addr string, messages, payloadBytes, window int, patience time.Duration) (Backlogged, error) {
	var b Backlogged
	name := "backlog-" + rand.Text()[:8]
	h := Hello{ID: name + "-s"}
	sub, err := Dial(ctx, addr, h)
	if err != nil {
		return b, err
	}
	err = sub.Subscribe(ctx, 1, name)
	_ = sub.Close()
	if err != nil {
		return b, err
	}
	if b.Stored, err = fill(ctx, addr, name, messages, payloadBytes, window); err != nil {
		return b, fmt.Errorf("fill a backlog: %w", err)
	}
	if sub, err = Dial(ctx, addr, h); err != nil {
		return b, err
	}
	err = b.drain(ctx, sub, messages, patience)
	_ = sub.Close()
	h.Clean = true
	if last, err := Dial(ctx, addr, h); err == nil { // removes the session
		_ = last.Close()
	}
	return b, err
}

// fill publishes the messages and returns how long it took.
func fill(ctx context.Context, addr, topic string, messages, payloadBytes, window int) (time.Duration, error) {
	c, err := Dial(ctx, addr, Hello{ID: topic + "-p", Clean: true})
	if err != nil {
		return 0, err
	}
	defer func() { _ = c.Close() }()
	stop := context.AfterFunc(ctx, func() { c.Bound(time.Unix(1, 0)) })
	defer stop()
	payload := make([]byte, max(payloadBytes, stampSize))
	began := time.Now()
	for sent, acked := 0, 0; acked < messages; {
		for ; sent < messages && sent-acked < window; sent++ {
			Stamp{Seq: uint64(sent)}.Put(payload)
			c.QueuePublish(Message{Topic: topic, Payload: payload, QoS: 1, ID: uint16(sent%window + 1)})
		}
		p, err := c.Next()
		if err != nil {
			return 0, ended(err)
		}
		if p.Kind == Puback {
			acked++
		}
	}
	return time.Since(began), nil
}

// drain receives the messages.
func (b *Backlogged) drain(ctx context.Context, c *Conn, messages int, patience time.Duration) error {
	stop := context.AfterFunc(ctx, func() { c.Bound(time.Unix(1, 0)) })
	defer stop()
	var t Track
	var err error
	c.idle = func() { c.Bound(time.Now().Add(patience)) }
	began := time.Now()
	for t.First < uint64(messages) {
		var p Packet
		if p, err = c.Next(); err != nil {
			err = fmt.Errorf("fetch a backlog: %w", ended(err))
			break
		}
		if stamp, ok := ReadStamp(p.Payload); ok && p.Kind == Publish {
			t.Add(stamp.Seq)
			c.QueueAck(Puback, p.ID)
		}
	}
	b.Fetched = time.Since(began)
	b.Lost, b.OutOfOrder, b.Repeated = t.Lost(uint64(messages)), t.OutOfOrder, t.Duplicates
	_ = c.Flush()
	return err
}
