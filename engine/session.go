package engine

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/things"
	"github.com/thingdesk/thingdesk/things/shadow"
	"github.com/thingdesk/thingdesk/things/topic"
)

// Bounds of a Session's inbox, the queue between the client library and the
// ingest goroutine. What does not fit is dropped and counted.
const (
	inboxMessages = 262_144
	inboxBytes    = 256 << 20
	batchMessages = 512
)

// keeper is what a Session needs kept. Workbench fills it.
type keeper interface {
	record(p broker.Profile, ms []broker.Message)
	keepThings(ctx context.Context, ts ...things.Thing) error
	dropThing(ctx context.Context, connection, name string) error
	keepProfile(ctx context.Context, p broker.Profile) error
}

// identity is who a Session is to the broker, and to the user.
type identity struct{ clientID, name string }

// SubscriptionInfo is one subscription of a Session as the screen shows it.
type SubscriptionInfo struct {
	broker.Subscription
	// Answered tells whether the broker has answered; Grant is its answer.
	Answered bool
	Grant    broker.Grant
	// Messages counts the messages received that match the filter.
	Messages uint64
}

// Session is one connection, open or closed, and all that is known through it:
// its topics, its Things, its subscriptions. It lives as long as the profile.
// All methods may be called from any goroutine and none but those with a
// context blocks.
type Session struct {
	// set at construction
	dial broker.Dialer
	keep keeper
	log  *slog.Logger
	ctx  context.Context //nolint:containedctx // ends the goroutines; see close
	stop context.CancelFunc
	wg   sync.WaitGroup

	// safe for concurrent use
	inbox      chan broker.Message
	inboxBytes atomic.Int64
	received   atomic.Uint64
	dropped    atomic.Uint64
	ask        chan struct{} // wakes the asker
	// known is what a recording of the bundled broker asks for each message: it
	// must not wait for mu, which is held while a batch is taken in.
	known atomic.Pointer[identity]

	connMu sync.Mutex // serialises connect and disconnect

	mu       sync.Mutex // guards the following
	profile  broker.Profile
	conn     broker.Conn
	clientID string // with profile.Name also in known
	status   broker.Status
	history  []broker.Status
	subs     map[string]*SubscriptionInfo
	index    *topic.Index
	registry *things.Registry
	sent     uint64
	// askShadow gets a shadow's document into the registry; nil publishes a get,
	// as any client does.
	askShadow func(ctx context.Context, key shadow.Key) error
}

func newSession(ctx context.Context, p broker.Profile, known []things.Thing, dial broker.Dialer, keep keeper, log *slog.Logger) *Session {
	ctx, stop := context.WithCancel(ctx)
	s := &Session{
		dial: dial, keep: keep, log: log, ctx: ctx, stop: stop,
		inbox: make(chan broker.Message, inboxMessages), ask: make(chan struct{}, 1),
		profile: p, subs: make(map[string]*SubscriptionInfo), index: topic.NewIndex(topic.Limits{}),
		registry: things.NewRegistry(p.ID, known),
		status:   broker.Status{State: broker.Closed, Since: time.Now()},
	}
	s.identify()
	s.resetSubs()
	s.wg.Go(s.ingest)
	s.wg.Go(s.asker)
	return s
}

// Profile returns the connection's profile.
func (s *Session) Profile() broker.Profile {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.profile
}

// Status returns where the connection stands.
func (s *Session) Status() broker.Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.status
}

// StatusLog returns the last changes of state, oldest first.
func (s *Session) StatusLog() []broker.Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.history)
}

// ClientID returns the client ID in use, "" while closed.
func (s *Session) ClientID() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.clientID
}

// Counters tells what passed through a Session since the program started.
type Counters struct {
	Received uint64 // messages received
	Sent     uint64 // messages published by Thingdesk
	Dropped  uint64 // messages lost because Thingdesk could not keep up
}

// Counters returns the counters.
func (s *Session) Counters() Counters {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Counters{Received: s.received.Load(), Sent: s.sent, Dropped: s.dropped.Load()}
}

// Topics calls f with the topic index while holding the Session's lock, so f
// must be short and must not keep the index.
func (s *Session) Topics(f func(ix *topic.Index)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(s.index)
}

// Things calls f with the registry of Things under the same rules as Topics.
func (s *Session) Things(f func(r *things.Registry)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(s.registry)
}

// connect opens the connection, or opens it anew when it is open.
func (s *Session) connect(ctx context.Context, p broker.Profile, password string) error {
	s.connMu.Lock()
	defer s.connMu.Unlock()
	if err := s.disconnectLocked(ctx); err != nil {
		return err
	}
	if p.ClientID == "" {
		p.ClientID = "thingdesk-" + strings.ReplaceAll(uuid.NewString(), "-", "")[:12]
	}
	s.mu.Lock()
	s.clientID = p.ClientID
	s.identify()
	s.resetSubs()
	s.mu.Unlock()
	conn, err := s.dial(p, password, (*handler)(s))
	if err != nil {
		s.setStatus(broker.Status{State: broker.Closed, Since: time.Now(), Reason: broker.Reason{Kind: broker.ReasonOther, Text: err.Error()}})
		return fmt.Errorf("connect %q: %w", p.Name, err)
	}
	s.mu.Lock()
	s.conn = conn
	s.mu.Unlock()
	return nil
}

// disconnect closes the connection if it is open and waits for it. Why says
// in words why it is closed, when it was not the user.
func (s *Session) disconnect(ctx context.Context, why broker.Reason) error {
	s.connMu.Lock()
	defer s.connMu.Unlock()
	err := s.disconnectLocked(ctx)
	s.setStatus(broker.Status{State: broker.Closed, Since: time.Now(), Reason: why})
	return err
}

func (s *Session) disconnectLocked(ctx context.Context) error {
	s.mu.Lock()
	conn := s.conn
	s.conn, s.clientID = nil, ""
	s.identify()
	s.mu.Unlock()
	if conn == nil {
		return nil
	}
	if err := conn.Close(ctx); err != nil {
		return fmt.Errorf("disconnect %q: %w", s.Profile().Name, err)
	}
	return nil
}

// close disconnects, hands what was received to the recorder and ends.
func (s *Session) close(ctx context.Context) error {
	err := s.disconnect(ctx, broker.Reason{})
	s.stop()
	s.wg.Wait()
	return err
}

// setProfile replaces the profile of a closed Session, or its name and
// subscriptions at any time.
func (s *Session) setProfile(p broker.Profile) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.profile = p
	s.identify()
	s.resetSubs()
}

// identify keeps known true. Needs mu, or no other user.
func (s *Session) identify() { s.known.Store(&identity{s.clientID, s.profile.Name}) }

// resetSubs rebuilds the table of subscriptions from the profile, keeping
// counters and answers of filters that stay. Needs mu, or no other user.
func (s *Session) resetSubs() {
	old := s.subs
	s.subs = make(map[string]*SubscriptionInfo, len(s.profile.Subscriptions))
	for _, sub := range s.profile.Subscriptions {
		info := &SubscriptionInfo{Subscription: sub}
		if o := old[sub.Filter]; o != nil {
			info.Messages = o.Messages
			info.Answered, info.Grant = o.Answered && s.conn != nil, o.Grant
		}
		s.subs[sub.Filter] = info
	}
}

func (s *Session) setStatus(st broker.Status) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.setStatusLocked(st)
}

// maxStatusLog bounds StatusLog.
const maxStatusLog = 100

func (s *Session) setStatusLocked(st broker.Status) {
	s.status = st
	if len(s.history) == maxStatusLog {
		s.history = slices.Delete(s.history, 0, 1)
	}
	s.history = append(s.history, st)
	switch {
	case st.State == broker.Connected:
		s.wakeAsker()
	case !s.profile.Local():
		s.registry.ForgetClients(false)
	}
	s.log.Info("connection state", "connection", s.profile.Name, "state", st.State.String(), "reason", st.Reason.Text)
}

// Things and shadows: commands.

// PutThing adds a Thing or changes what the user says about it.
func (s *Session) PutThing(ctx context.Context, t things.Thing) error {
	if err := things.ValidateName(t.Name); err != nil {
		return err
	}
	for _, f := range t.TopicFilters() {
		if err := topic.ValidateFilter(f); err != nil {
			return err
		}
	}
	t.Connection = s.Profile().ID
	if t.Created == 0 {
		t.Created = time.Now().UnixMicro()
	}
	if err := s.keep.keepThings(ctx, t); err != nil {
		return fmt.Errorf("keep thing %q: %w", t.Name, err)
	}
	s.Things(func(r *things.Registry) { r.Put(t) })
	s.wakeAsker()
	return nil
}

// RemoveThing forgets a Thing here; with deleteShadows it first deletes its
// known shadows at the broker.
func (s *Session) RemoveThing(ctx context.Context, name string, deleteShadows bool) error {
	if deleteShadows {
		if err := s.deleteShadows(ctx, name); err != nil {
			return err
		}
	}
	if err := s.keep.dropThing(ctx, s.Profile().ID, name); err != nil {
		return fmt.Errorf("delete thing %q: %w", name, err)
	}
	s.Things(func(r *things.Registry) { r.Remove(name) })
	return nil
}

func (s *Session) deleteShadows(ctx context.Context, name string) error {
	var keys []shadow.Key
	s.Things(func(r *things.Registry) {
		sum, _ := r.Thing(name)
		for _, sh := range sum.Shadows {
			key := shadow.Key{Thing: name, Name: sh}
			if v, ok := r.Shadow(key); ok && v.Exists {
				keys = append(keys, key)
			}
		}
	})
	for _, key := range keys {
		if _, err := s.Publish(ctx, broker.Message{Topic: key.Topic("delete"), QoS: 1}); err != nil {
			return fmt.Errorf("delete shadow %q of %q: %w", key.Name, key.Thing, err)
		}
	}
	return nil
}

// Reread asks the shadow service for a shadow's document; the answer comes
// through Things.
func (s *Session) Reread(key shadow.Key) {
	s.Things(func(r *things.Registry) { r.Ask(key) })
	s.wakeAsker()
}

// Rate returns the messages received per second, over the last seconds.
func (s *Session) Rate() float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.index.Totals(time.Now().UnixMicro()).Rate
}
