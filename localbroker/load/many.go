package load

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Clients are connected clients that do nothing.
type Clients []*Conn

// Idle connects n clients with one subscription each. The caller closes them,
// also those that are returned with an error.
func Idle(ctx context.Context, addr string, n int) (Clients, error) {
	name := "idle-" + rand.Text()[:8]
	clients := make(Clients, 0, n)
	for i := range n {
		c, err := Dial(ctx, addr, Hello{ID: fmt.Sprintf("%s-%d", name, i), Clean: true})
		if err != nil {
			return clients, err
		}
		clients = append(clients, c)
		if err := c.Subscribe(ctx, 1, fmt.Sprintf("%s/%d", name, i)); err != nil {
			return clients, err
		}
	}
	return clients, nil
}

// Close disconnects all.
func (cs Clients) Close() {
	for _, c := range cs {
		_ = c.Close()
	}
}

// Retained says what Retain stores and Fetch expects.
type Retained struct {
	Addr         string
	Prefix       string // of the topics, without the last slash
	Topics       int
	PayloadBytes int
}

func (r Retained) topic(i int) string { return fmt.Sprintf("%s/%d/%d", r.Prefix, i%100, i) }

// number is the inverse of topic; false when p is none of them.
func (r Retained) number(p Packet) (int, bool) {
	if p.Kind != Publish || !p.Retain || !bytes.HasPrefix(p.Topic, []byte(r.Prefix)) {
		return 0, false
	}
	n, err := strconv.Atoi(string(p.Topic[bytes.LastIndexByte(p.Topic, '/')+1:]))
	return n, err == nil && n >= 0 && n < r.Topics
}

// Retain publishes one retained message on each topic at QoS 1 and returns
// when all are acknowledged.
func Retain(ctx context.Context, r Retained) error {
	const window = 1000
	c, err := Dial(ctx, r.Addr, Hello{ID: "retain-" + rand.Text()[:8], Clean: true})
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	stop := context.AfterFunc(ctx, func() { c.Bound(time.Unix(1, 0)) })
	defer stop()
	payload := []byte(strings.Repeat("x", r.PayloadBytes))
	for sent, acked := 0, 0; acked < r.Topics; {
		for ; sent < r.Topics && sent-acked < window; sent++ {
			c.QueuePublish(Message{Topic: r.topic(sent), Payload: payload, QoS: 1, Retain: true, ID: uint16(sent%window + 1)})
		}
		p, err := c.Next()
		if err != nil {
			return fmt.Errorf("retain on %q: %w", r.Prefix, err)
		}
		if p.Kind == Puback {
			acked++
		}
	}
	return nil
}

// Fetched is what Fetch found.
type Fetched struct {
	Received int           // of the topics of Retained, at most one for each
	Elapsed  time.Duration // from SUBSCRIBE to the last of them
}

// Fetch connects a new client, subscribes to "#" at the QoS and waits for all
// retained messages, or until none has come for patience.
func Fetch(ctx context.Context, r Retained, qos byte, patience time.Duration) (Fetched, error) {
	var f Fetched
	c, err := Dial(ctx, r.Addr, Hello{ID: "fetch-" + rand.Text()[:8], Clean: true})
	if err != nil {
		return f, err
	}
	defer func() { _ = c.Close() }()
	stop := context.AfterFunc(ctx, func() { c.Bound(time.Unix(1, 0)) })
	defer stop()
	c.idle = func() { c.Bound(time.Now().Add(patience)) }
	seen := make([]bool, r.Topics)
	began := time.Now()
	if _, err := c.Write(AppendSubscribe(nil, c.version, 1, qos, "#")); err != nil {
		return f, fmt.Errorf("fetch retained: %w", err)
	}
	for f.Received < r.Topics {
		p, err := c.Next()
		if err != nil {
			return f, fmt.Errorf("fetch retained, %d of %d are there: %w", f.Received, r.Topics, err)
		}
		switch {
		case p.Kind == Pubrel:
			c.QueueAck(Pubcomp, p.ID)
		case p.Kind != Publish:
			continue
		case p.QoS == 1:
			c.QueueAck(Puback, p.ID)
		case p.QoS == 2:
			c.QueueAck(Pubrec, p.ID)
		}
		if i, ok := r.number(p); ok && !seen[i] {
			seen[i] = true
			f.Received++
			f.Elapsed = time.Since(began)
		}
	}
	return f, nil
}
