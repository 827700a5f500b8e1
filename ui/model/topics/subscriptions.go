package topics

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/engine"
	"github.com/thingdesk/thingdesk/things/topic"
)

// answerTimeout is how long the broker may take to answer a subscribe.
const answerTimeout = 10 * time.Second

// Subscriber is what Subscriptions needs of an open connection.
type Subscriber interface {
	Subscriptions() []engine.SubscriptionInfo
	// Subscribe adds or replaces a subscription.
	Subscribe(ctx context.Context, sub broker.Subscription) (broker.Grant, error)
	Unsubscribe(ctx context.Context, filter string) error
}

// Mood is how the broker's answer is meant.
type Mood uint8

// The moods.
const (
	MoodQuiet   Mood = iota // paused, nothing to say
	MoodGood                // granted as asked
	MoodWaiting             // not answered yet, or granted less than asked
	MoodBad                 // refused
)

// SubscriptionRow is one subscription.
type SubscriptionRow struct {
	broker.Subscription
	Messages uint64
	Answer   string // the broker's answer in words
	Mood     Mood
}

// Subscriptions lists and changes the topic filters of one connection.
type Subscriptions struct {
	async    Async
	session  Subscriber
	rows     []SubscriptionRow
	revision uint64
	busy     int // commands under way
	result   string
	failed   bool
}

// NewSubscriptions returns a list without a connection.
func NewSubscriptions(async Async) *Subscriptions { return &Subscriptions{async: async} }

// Show selects the connection; nil for none.
func (s *Subscriptions) Show(session Subscriber) {
	if s.session == session {
		return
	}
	*s = Subscriptions{async: s.async, session: session, revision: s.revision + 1}
	s.Apply()
}

// Apply takes in the present state of the connection.
func (s *Subscriptions) Apply() {
	if s.session == nil {
		return
	}
	infos := s.session.Subscriptions()
	rows := make([]SubscriptionRow, len(infos))
	for i, info := range infos {
		rows[i] = SubscriptionRow{Subscription: info.Subscription, Messages: info.Messages}
		rows[i].Answer, rows[i].Mood = answer(info)
	}
	if !slices.Equal(rows, s.rows) {
		s.rows = rows
		s.revision++
	}
}

func answer(i engine.SubscriptionInfo) (string, Mood) {
	switch {
	case i.Paused:
		return "paused", MoodQuiet
	case !i.Answered:
		return "waiting for the broker", MoodWaiting
	case i.Grant.Refused && i.Grant.Why == "":
		return "refused; the broker gave no reason", MoodBad
	case i.Grant.Refused:
		return "refused: " + i.Grant.Why, MoodBad
	case i.Grant.QoS < i.QoS:
		return fmt.Sprintf("granted only QoS %d", i.Grant.QoS), MoodWaiting
	default:
		return fmt.Sprintf("granted QoS %d", i.Grant.QoS), MoodGood
	}
}

// Active tells whether a connection is shown.
func (s *Subscriptions) Active() bool { return s.session != nil }

// Rows are the subscriptions in the order of the profile.
func (s *Subscriptions) Rows() []SubscriptionRow { return s.rows }

// Revision grows when anything shown changed.
func (s *Subscriptions) Revision() uint64 { return s.revision }

// Busy tells that a command is under way.
func (s *Subscriptions) Busy() bool { return s.busy > 0 }

// Result says how the last command went, and whether it failed.
func (s *Subscriptions) Result() (words string, failed bool) { return s.result, s.failed }

// Check says what is wrong with a filter typed to be added, or what to know
// about it. fault means that it can not be added.
func (s *Subscriptions) Check(filter string) (words string, fault bool) {
	if filter == "" {
		return "", true
	}
	var bad *topic.Error
	if err := topic.ValidateFilter(filter); errors.As(err, &bad) {
		return "The filter " + bad.Why + ".", true
	}
	if i := slices.IndexFunc(s.rows, func(r SubscriptionRow) bool { return r.Filter == filter }); i >= 0 {
		return fmt.Sprintf("Already in the list with QoS %d.", s.rows[i].QoS), true
	}
	switch {
	case strings.TrimSpace(filter) != filter:
		return "The filter begins or ends with a space. That is allowed, but seldom meant.", false
	case filter == "#" || strings.HasPrefix(filter, "+"):
		return "Topics that begin with $ are not matched by a wildcard in front.", false
	}
	return "", false
}

// Add subscribes to a filter. It returns false when Check finds a fault.
func (s *Subscriptions) Add(filter string, qos byte) bool {
	if _, fault := s.Check(filter); fault {
		return false
	}
	s.put(broker.Subscription{Filter: filter, QoS: qos})
	return true
}

// SetQoS asks for another QoS.
func (s *Subscriptions) SetQoS(filter string, qos byte) {
	s.change(filter, func(sub *broker.Subscription) { sub.QoS = qos })
}

// SetPaused stops a subscription without forgetting it, or takes it up again.
func (s *Subscriptions) SetPaused(filter string, paused bool) {
	s.change(filter, func(sub *broker.Subscription) { sub.Paused = paused })
}

func (s *Subscriptions) change(filter string, f func(*broker.Subscription)) {
	i := slices.IndexFunc(s.rows, func(r SubscriptionRow) bool { return r.Filter == filter })
	if i < 0 {
		return
	}
	sub := s.rows[i].Subscription
	f(&sub)
	if sub != s.rows[i].Subscription {
		s.put(sub)
	}
}

func (s *Subscriptions) put(sub broker.Subscription) {
	var grant broker.Grant
	s.command(func(ctx context.Context, session Subscriber) (err error) {
		grant, err = session.Subscribe(ctx, sub)
		return err
	}, func() string {
		switch {
		case sub.Paused:
			return sub.Filter + " is paused."
		case grant.Filter == "":
			return sub.Filter + " will be asked for when the connection is up."
		}
		words, mood := answer(engine.SubscriptionInfo{Subscription: sub, Answered: true, Grant: grant})
		s.failed = mood == MoodBad
		return sub.Filter + ": " + words + "."
	})
}

// Remove unsubscribes from a filter and forgets it.
func (s *Subscriptions) Remove(filter string) {
	s.command(func(ctx context.Context, session Subscriber) error { return session.Unsubscribe(ctx, filter) },
		func() string { return filter + " is removed." })
}

// command runs one command beside and tells how it went. The list itself
// follows from the session.
func (s *Subscriptions) command(work func(context.Context, Subscriber) error, words func() string) {
	if s.session == nil {
		return
	}
	session := s.session
	s.busy++
	s.revision++
	var err error
	s.async(func(ctx context.Context) {
		ctx, cancel := context.WithTimeout(ctx, answerTimeout)
		defer cancel()
		err = work(ctx, session)
	}, func() {
		if s.session != session {
			return
		}
		s.busy--
		s.revision++
		s.failed = err != nil
		switch {
		case errors.Is(err, context.DeadlineExceeded):
			s.result = fmt.Sprintf("The broker did not answer in %d s.", int(answerTimeout.Seconds()))
		case err != nil:
			s.result = err.Error()
		default:
			s.result = words()
		}
		s.Apply()
	})
}
