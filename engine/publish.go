package engine

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/things/topic"
)

// Publish sends m (Time, Direction and Dup are filled in), records it and
// waits for the broker's acknowledgement as broker.Conn does.
func (s *Session) Publish(ctx context.Context, m broker.Message) (broker.Ack, error) {
	if err := topic.ValidateName(m.Topic); err != nil {
		return broker.Ack{}, err
	}
	conn := s.current()
	if conn == nil {
		return broker.Ack{}, fmt.Errorf("publish to %q: %w", s.Profile().Name, broker.ErrNotConnected)
	}
	m.Time, m.Direction, m.Dup = time.Now().UnixMicro(), broker.Out, false
	ack, err := conn.Publish(ctx, m)
	if err != nil {
		return ack, fmt.Errorf("publish to %q: %w", s.Profile().Name, err)
	}
	s.mu.Lock()
	s.sent++
	s.registry.Note(m)
	profile := s.profile
	s.mu.Unlock()
	s.keep.record(profile, []broker.Message{m})
	return ack, nil
}

func (s *Session) current() broker.Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.conn
}

// Subscriptions lists the subscriptions in the order of the profile.
func (s *Session) Subscriptions() []SubscriptionInfo {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]SubscriptionInfo, 0, len(s.profile.Subscriptions))
	for _, sub := range s.profile.Subscriptions {
		if info := s.subs[sub.Filter]; info != nil {
			list = append(list, *info)
		}
	}
	return list
}

// Subscribe adds or replaces a subscription, now and in the stored profile.
// The Grant has no Filter when the broker has not answered: the connection is
// down, or the subscription paused.
func (s *Session) Subscribe(ctx context.Context, sub broker.Subscription) (broker.Grant, error) {
	if err := topic.ValidateFilter(sub.Filter); err != nil {
		return broker.Grant{}, err
	}
	err := s.changeSubscriptions(ctx, func(list []broker.Subscription) []broker.Subscription {
		if i := slices.IndexFunc(list, func(o broker.Subscription) bool { return o.Filter == sub.Filter }); i >= 0 {
			list[i] = sub
			return list
		}
		return append(list, sub)
	})
	if err != nil {
		return broker.Grant{}, err
	}
	conn := s.current()
	if conn == nil {
		return broker.Grant{}, nil
	}
	if sub.Paused {
		if err := conn.Unsubscribe(ctx, sub.Filter); err != nil {
			return broker.Grant{}, fmt.Errorf("pause subscription %q: %w", sub.Filter, err)
		}
		return broker.Grant{}, nil
	}
	grants, err := conn.Subscribe(ctx, sub)
	if err != nil {
		return broker.Grant{}, fmt.Errorf("subscribe %q: %w", sub.Filter, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.granted(grants)
	if len(grants) == 0 {
		return broker.Grant{}, nil
	}
	return grants[0], nil
}

// Unsubscribe removes a subscription, now and in the stored profile.
func (s *Session) Unsubscribe(ctx context.Context, filter string) error {
	err := s.changeSubscriptions(ctx, func(list []broker.Subscription) []broker.Subscription {
		return slices.DeleteFunc(list, func(o broker.Subscription) bool { return o.Filter == filter })
	})
	if err != nil {
		return err
	}
	if conn := s.current(); conn != nil {
		if err := conn.Unsubscribe(ctx, filter); err != nil {
			return fmt.Errorf("unsubscribe %q: %w", filter, err)
		}
	}
	return nil
}

// changeSubscriptions stores the profile with changed subscriptions, then uses
// it.
func (s *Session) changeSubscriptions(ctx context.Context, change func([]broker.Subscription) []broker.Subscription) error {
	p := s.Profile()
	p.Subscriptions = change(slices.Clone(p.Subscriptions))
	if err := s.keep.keepProfile(ctx, p); err != nil {
		return fmt.Errorf("keep profile %q: %w", p.Name, err)
	}
	s.setProfile(p)
	return nil
}
