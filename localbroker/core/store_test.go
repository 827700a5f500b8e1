package core

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/thingdesk/thingdesk/localbroker/durable"
	"github.com/thingdesk/thingdesk/localbroker/durable/durabletest"
)

// memStore is a durable.Store that also checks that the changes make sense.
type memStore struct {
	model   durabletest.Model
	strict  ledger
	before  func() error // called by Commit
	mu      sync.Mutex
	faults  []error
	commits int
	changes int
	frozen  bool
}

var errFrozen = errors.New("the store is frozen")

// Load returns what is stored.
func (s *memStore) Load(ctx context.Context) (*durable.State, error) { return s.model.Load(ctx) }

// Commit stores changes, unless before says otherwise.
func (s *memStore) Commit(ctx context.Context, changes []durable.Change) error {
	s.mu.Lock()
	before := s.before
	s.mu.Unlock()
	if before != nil {
		if err := before(); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.frozen {
		return errFrozen
	}
	s.commits++
	s.changes += len(changes)
	for i := range changes {
		if err := s.strict.check(&changes[i]); err != nil {
			s.faults = append(s.faults, fmt.Errorf("change %d of commit %d: %w", i, s.commits, err))
		}
	}
	if err := s.strict.whole(); err != nil {
		s.faults = append(s.faults, fmt.Errorf("after commit %d: %w", s.commits, err))
	}
	return s.model.Commit(ctx, changes)
}

// hook has f called before each Commit.
func (s *memStore) hook(f func() error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.before = f
}

// freeze stores nothing more, as after a crash.
func (s *memStore) freeze() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.frozen = true
}

// thaw is for the next Broker over the store.
func (s *memStore) thaw() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.frozen, s.before = false, nil
}

// verify reports what was wrong with the changes.
func (s *memStore) verify(t *testing.T) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, err := range s.faults {
		if i < 5 {
			t.Error(err)
		}
	}
}

// state returns what is stored.
func (s *memStore) state() *durable.State {
	s.mu.Lock()
	defer s.mu.Unlock()
	state, _ := s.model.Load(context.Background())
	return state
}

// ledger knows the numbers in a store, and so which changes make sense.
type ledger struct {
	sessions map[uint64]*entry
	shared   map[uint64]int // deliveries that hold it
}

type entry struct {
	client string
	held   map[uint64]uint64 // delivery: message number, 0 for one of its own
}

// whole checks that each shared message has deliveries, and each delivery its
// message.
func (l *ledger) whole() error {
	for id, n := range l.shared {
		if n <= 0 {
			return fmt.Errorf("message %d is an orphan", id)
		}
	}
	for _, e := range l.sessions {
		for seq, id := range e.held {
			if _, ok := l.shared[id]; id != 0 && !ok {
				return fmt.Errorf("message %d of delivery %d of %q is not stored", id, seq, e.client)
			}
		}
	}
	return nil
}

func (l *ledger) check(c *durable.Change) error {
	if l.sessions == nil {
		l.sessions, l.shared = make(map[uint64]*entry), make(map[uint64]int)
	}
	e := l.sessions[c.Session]
	switch c.Kind {
	case durable.PutSession:
		return l.put(c, e)
	case durable.PutMessage:
		if _, ok := l.shared[c.Message.ID]; ok || c.Message.ID == 0 {
			return fmt.Errorf("message %d is put twice", c.Message.ID)
		}
		l.shared[c.Message.ID] = 0
	case durable.DropMessage:
		if _, ok := l.shared[c.Seq]; !ok {
			return fmt.Errorf("message %d is dropped, which is not stored", c.Seq)
		}
		delete(l.shared, c.Seq)
	case durable.Retain, durable.Unretain:
	default:
		if e == nil {
			return fmt.Errorf("change %d of session %d, which is not stored", c.Kind, c.Session)
		}
		return l.ofSession(c, e)
	}
	return nil
}

func (l *ledger) put(c *durable.Change, e *entry) error {
	if c.Session != c.Record.Number || c.Session == 0 {
		return fmt.Errorf("session %d has number %d", c.Session, c.Record.Number)
	}
	if e != nil && e.client != c.Record.Client {
		return fmt.Errorf("session %d belongs to %q, then %q", c.Session, e.client, c.Record.Client)
	}
	for n, other := range l.sessions {
		if n != c.Session && other.client == c.Record.Client {
			return fmt.Errorf("%q has sessions %d and %d", other.client, n, c.Session)
		}
	}
	if e == nil {
		l.sessions[c.Session] = &entry{client: c.Record.Client, held: make(map[uint64]uint64)}
	}
	return nil
}

func (l *ledger) ofSession(c *durable.Change, e *entry) error {
	switch c.Kind {
	case durable.DropSession:
		for _, id := range e.held {
			l.unhold(id)
		}
		delete(l.sessions, c.Session)
	case durable.Deliver:
		d := c.Delivery
		if _, ok := e.held[d.Seq]; ok {
			return fmt.Errorf("delivery %d of session %d is made twice", d.Seq, c.Session)
		}
		if d.Message == nil || d.Released {
			return fmt.Errorf("delivery %d has no message", d.Seq)
		}
		id := d.Message.ID
		if _, ok := l.shared[id]; id != 0 && !ok {
			return fmt.Errorf("delivery %d has message %d, which is not stored", d.Seq, id)
		}
		if id != 0 {
			l.shared[id]++
		}
		e.held[d.Seq] = id
	case durable.Release, durable.Acknowledge:
		id, ok := e.held[c.Seq]
		if !ok {
			return fmt.Errorf("delivery %d of session %d is not stored", c.Seq, c.Session)
		}
		l.unhold(id)
		e.held[c.Seq] = 0
		if c.Kind == durable.Acknowledge {
			delete(e.held, c.Seq)
		}
	default:
	}
	return nil
}

func (l *ledger) unhold(id uint64) {
	if _, ok := l.shared[id]; ok {
		l.shared[id]--
	}
}
