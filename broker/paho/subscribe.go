package paho

import (
	"context"
	"errors"
	"fmt"
	"slices"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/things/topic"
)

// perPacket is how many filters go into one SUBSCRIBE or UNSUBSCRIBE: some
// brokers, AWS IoT Core among them, cut connections that send more than eight.
const perPacket = 8

// refusedWhy is all there is to say about return code 0x80.
const refusedWhy = "the broker refused the filter and MQTT 3.1.1 gives no reason; this user may not be allowed to read these topics"

// refused is the return code of a SUBACK for a filter that was refused (3.9.3).
const refused = 0x80

// pending is a request that waits for its answer.
type pending struct {
	subs  []broker.Subscription
	token mqtt.Token
}

// Subscribe implements broker.Conn.
func (c *conn) Subscribe(ctx context.Context, subs ...broker.Subscription) ([]broker.Grant, error) {
	valid, grants := sift(subs)
	l, sent, err := c.change(ctx, func() (add, drop []broker.Subscription) {
		for _, s := range valid {
			switch {
			case !s.Paused:
				add = append(add, s)
			case c.table.active(s.Filter):
				drop = append(drop, s)
			}
		}
		c.table.set(valid...)
		return add, drop
	})
	if err == nil {
		var answers []broker.Grant
		answers, err = l.answers(ctx, sent)
		grants = append(grants, answers...)
	}
	if err = c.settle(err); err != nil {
		return grants, fmt.Errorf("subscribe to %d filters: %w", len(subs), err)
	}
	return grants, nil
}

// Unsubscribe implements broker.Conn.
func (c *conn) Unsubscribe(ctx context.Context, filters ...string) error {
	drop := make([]broker.Subscription, 0, len(filters))
	for _, f := range filters {
		if err := topic.ValidateFilter(f); err != nil {
			return fmt.Errorf("unsubscribe: %w", err)
		}
		drop = append(drop, broker.Subscription{Filter: f})
	}
	l, sent, err := c.change(ctx, func() (_, _ []broker.Subscription) {
		c.table.remove(filters...)
		return nil, drop
	})
	if err == nil {
		_, err = l.answers(ctx, sent)
	}
	if err == nil && l != nil {
		c.mu.Lock()
		c.table.settled(filters...)
		c.mu.Unlock()
	}
	if err = c.settle(err); err != nil {
		return fmt.Errorf("unsubscribe from %d filters: %w", len(filters), err)
	}
	return nil
}

// sift takes out what is invalid, with its refusal, and all but the last of
// entries with the same filter.
func sift(subs []broker.Subscription) (valid []broker.Subscription, refusals []broker.Grant) {
	at := make(map[string]int)
	for _, s := range subs {
		err := topic.ValidateFilter(s.Filter)
		if err == nil && s.QoS > 2 {
			err = fmt.Errorf("QoS %d: must be 0, 1 or 2", s.QoS)
		}
		if err != nil {
			refusals = append(refusals, broker.Grant{Filter: s.Filter, Refused: true, Why: err.Error()})
			continue
		}
		if i, ok := at[s.Filter]; ok {
			valid[i] = s
			continue
		}
		at[s.Filter] = len(valid)
		valid = append(valid, s)
	}
	return valid, refusals
}

// settle forgives a connection that is down or breaks: the table is restored
// when it comes up again.
func (c *conn) settle(err error) error {
	if c.closed() {
		return broker.ErrClosed
	}
	if errors.Is(err, broker.ErrNotConnected) || errors.Is(err, broker.ErrUnconfirmed) {
		return nil
	}
	return err
}

// change calls f, which changes the table, and sends what f returns. The link
// is nil when there is none.
func (c *conn) change(ctx context.Context, f func() (add, drop []broker.Subscription)) (*link, []pending, error) {
	if err := c.takeOrder(ctx); err != nil {
		return nil, nil, err
	}
	defer c.giveOrder()
	c.mu.Lock()
	l := c.link
	add, drop := f()
	c.mu.Unlock()
	if l == nil {
		return nil, nil, broker.ErrNotConnected
	}
	sent, err := l.send(ctx, add, drop)
	return l, sent, err
}

func (c *conn) takeOrder(ctx context.Context) error {
	if c.closed() {
		return broker.ErrClosed
	}
	select {
	case c.order <- struct{}{}:
		return nil
	case <-c.closing:
		return broker.ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c *conn) giveOrder() { <-c.order }

// restore tells the broker what the table held when l came up, as far as it
// still does, and reports the answers.
func (c *conn) restore(ctx context.Context, l *link) {
	unwanted := l.unwanted
	if !l.session() {
		unwanted = nil
	}
	var sent []pending
	for _, part := range []struct {
		subs []broker.Subscription
		drop bool
	}{{unwanted, true}, {l.wanted, false}} {
		for subs := range slices.Chunk(part.subs, perPacket) {
			ps, err := c.restoreSome(ctx, l, subs, part.drop)
			if err != nil {
				return
			}
			sent = append(sent, ps...)
		}
	}
	grants, err := l.answers(ctx, sent)
	if err != nil {
		return
	}
	c.mu.Lock()
	for _, s := range l.unwanted {
		c.table.settled(s.Filter)
	}
	c.mu.Unlock()
	if len(grants) > 0 {
		c.granted(grants)
	}
}

func (c *conn) restoreSome(ctx context.Context, l *link, subs []broker.Subscription, drop bool) ([]pending, error) {
	if err := c.takeOrder(ctx); err != nil {
		return nil, err
	}
	defer c.giveOrder()
	c.mu.Lock()
	subs = slices.DeleteFunc(slices.Clone(subs), func(s broker.Subscription) bool {
		if drop {
			return c.table.active(s.Filter)
		}
		return !c.table.has(s)
	})
	c.mu.Unlock()
	if drop {
		return l.send(ctx, nil, subs)
	}
	return l.send(ctx, subs, nil)
}

// send hands requests over without waiting for answers.
func (l *link) send(ctx context.Context, add, drop []broker.Subscription) (sent []pending, err error) {
	for subs := range slices.Chunk(drop, perPacket) {
		filters := make([]string, len(subs))
		for i, s := range subs {
			filters[i] = s.Filter
		}
		token, err := l.handOver(ctx, func(client mqtt.Client) mqtt.Token { return client.Unsubscribe(filters...) })
		if err != nil {
			return sent, err
		}
		sent = append(sent, pending{nil, token})
	}
	for subs := range slices.Chunk(add, perPacket) {
		filters := make(map[string]byte, len(subs))
		for _, s := range subs {
			filters[s.Filter] = s.QoS
		}
		token, err := l.handOver(ctx, func(client mqtt.Client) mqtt.Token { return client.SubscribeMultiple(filters, nil) })
		if err != nil {
			return sent, err
		}
		sent = append(sent, pending{subs, token})
	}
	return sent, nil
}

// answers waits for the answers to what was sent.
func (l *link) answers(ctx context.Context, sent []pending) (grants []broker.Grant, err error) {
	for _, p := range sent {
		if err := l.await(ctx, p.token); err != nil {
			return grants, err
		}
		token, ok := p.token.(*mqtt.SubscribeToken)
		if !ok {
			continue
		}
		codes := token.Result()
		for _, s := range p.subs {
			g := broker.Grant{Filter: s.Filter, QoS: codes[s.Filter]}
			if g.QoS >= refused {
				g = broker.Grant{Filter: s.Filter, Refused: true, Why: refusedWhy}
			}
			grants = append(grants, g)
		}
	}
	return grants, nil
}
