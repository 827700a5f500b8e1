package faults

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Config says how a Set works. The zero value is fine.
type Config struct {
	// Source is where chance comes from; nil for one that cannot be foretold.
	// The Set uses it from one goroutine at a time.
	Source rand.Source
	// Observe is told each Hit; nil for nobody. It is called in the goroutine
	// that asked the Set, after the Set decided, several at once when several
	// ask. It must return soon and may call the Set.
	Observe func(Hit)
}

// Hit is one time that a Rule took effect.
type Hit struct {
	Rule   string // its ID
	Kind   Kind
	Client string
	Topic  string // "" for connections
	At     time.Time
	Text   string // what happened, whole: "a message of press-07 on a/b was dropped"
}

// Status is a Rule of a Set and what became of it.
type Status struct {
	Rule
	// Hits counts the messages, connections and requests that it hit.
	Hits uint64
	Last time.Time // of the last hit
	// Over tells that it takes no effect any more: its time or its number of
	// times is up. Rule.Remaining is 0 then too.
	Over bool
}

// Decision is what is to be done with one message. The zero value passes it.
// Cut, Reject and Drop exclude each other and what follows.
type Decision struct {
	// Cut ends the connection; the message is forgotten.
	Cut bool
	// Reject is the reason code of MQTT 5 that the message is refused with; 0 for
	// none.
	Reject byte
	// Drop acknowledges and forgets the message.
	Drop bool
	// Delay is for how long the message waits, Again how many more times it is
	// delivered.
	Delay time.Duration
	Again int
	// Text says who did it, for a Reason String or a log; "" for a message that
	// passes.
	Text string
}

// Set is the rules that are in force. It is safe for concurrent use, and quick
// while it has no rules. Make one with New.
type Set struct {
	observe func(Hit)
	rules   atomic.Int32 // how many there are

	mu      sync.Mutex
	random  *rand.Rand
	list    []*active
	blocked map[string]block
	given   int // IDs given out
}

// active is a Rule in a Set.
type active struct {
	Rule
	limited bool // Remaining counts
	hits    uint64
	last    time.Time
}

// block keeps a client out.
type block struct {
	rule  *active
	until time.Time
}

// maxBlocked bounds the clients that are kept out at a time. Further ones are
// let in.
const maxBlocked = 20_000

// Errors of a Set.
var (
	ErrFull    = fmt.Errorf("there are %d rules already; remove one first", MaxRules)
	ErrUnknown = errors.New("there is no such rule")
	ErrExists  = errors.New("there is a rule of this name already")
)

// New returns a Set without rules.
func New(c Config) *Set {
	s := &Set{observe: c.Observe, blocked: make(map[string]block)}
	if c.Source == nil {
		c.Source = rand.NewPCG(rand.Uint64(), rand.Uint64()) //nolint:gosec // trouble need not be secret
	}
	s.random = rand.New(c.Source) //nolint:gosec // as above
	return s
}

// Add puts a Rule in force and returns its ID.
func (s *Set) Add(r Rule) (id string, err error) {
	if err := r.Validate(); err != nil {
		return "", fmt.Errorf("add fault %q: %w", r.ID, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.ID != "" && s.find(r.ID) >= 0 {
		return "", fmt.Errorf("add fault %q: %w", r.ID, ErrExists)
	}
	if len(s.list) >= MaxRules {
		return "", fmt.Errorf("add fault %q: %w", r.ID, ErrFull)
	}
	for r.ID == "" {
		s.given++
		if id := "fault " + strconv.Itoa(s.given); s.find(id) < 0 {
			r.ID = id
		}
	}
	s.list = append(s.list, &active{Rule: r, limited: r.Remaining > 0})
	s.rules.Store(int32(len(s.list)))
	return r.ID, nil
}

// Remove takes a Rule out of force. Clients that it kept out are let in.
func (s *Set) Remove(id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.find(id)
	if i < 0 {
		return fmt.Errorf("remove fault %q: %w", id, ErrUnknown)
	}
	gone := s.list[i]
	s.list = slices.Delete(s.list, i, i+1)
	s.rules.Store(int32(len(s.list)))
	for client, b := range s.blocked {
		if b.rule == gone {
			delete(s.blocked, client)
		}
	}
	return nil
}

// Clear takes all rules out of force.
func (s *Set) Clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = nil
	s.rules.Store(0)
	clear(s.blocked)
}

// List returns the rules in the order in which they were added, those that are
// over too.
func (s *Set) List(now time.Time) []Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Status, len(s.list))
	for i, a := range s.list {
		out[i] = Status{Rule: a.Rule, Hits: a.hits, Last: a.last, Over: !a.inForce(now)}
	}
	return out
}

// On tells whether any trouble is on: a Rule in force, or a client that is kept
// out. A window marks that plainly.
func (s *Set) On(now time.Time) bool {
	if s.rules.Load() == 0 {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.list {
		if a.inForce(now) {
			return true
		}
	}
	for _, b := range s.blocked {
		if now.Before(b.until) {
			return true
		}
	}
	return false
}

func (s *Set) find(id string) int {
	return slices.IndexFunc(s.list, func(a *active) bool { return a.ID == id })
}

// inForce tells whether the Rule can still take effect.
func (a *active) inForce(now time.Time) bool { return a.on(now) && (!a.limited || a.Remaining > 0) }

// use counts down the number of times.
func (a *active) use() {
	if a.limited {
		a.Remaining--
	}
}

// hit counts a hit and returns it.
func (a *active) hit(client, name string, now time.Time, text string) Hit {
	a.hits++
	a.last = now
	return Hit{Rule: a.ID, Kind: a.Kind, Client: client, Topic: name, At: now, Text: text}
}

// picked decides by chance whether this time is one of the Share.
func (s *Set) picked(a *active) bool { return a.Share >= 1 || s.random.Float64() < a.Share }

// tell passes hits on. The lock is not held.
func (s *Set) tell(hits []Hit) {
	if s.observe == nil {
		return
	}
	for _, h := range hits {
		s.observe(h)
	}
}

// textMost is how many bytes of a name texts show.
const textMost = 80

// short returns a name for a text.
func short(name string) string {
	cut := len(name) > textMost
	if cut {
		name = strings.ToValidUTF8(name[:textMost], "")
	}
	if q := strconv.Quote(name); name == "" || len(q) != len(name)+2 || strings.Contains(name, " ") {
		name = q
	}
	if cut {
		name += "…"
	}
	return name
}
