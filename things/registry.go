package things

import (
	"slices"
	"strings"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/things/dialect"
	"github.com/thingdesk/thingdesk/things/shadow"
)

// DefaultFilters are the topics of a Thing that nobody has said anything about.
var DefaultFilters = []string{"{thing}/#", "devices/{thing}/#"}

// Bounds of what a Registry keeps.
const (
	// MaxThings bounds the Things of one connection; traffic of further ones
	// is counted in Registry.Ignored.
	MaxThings = 100_000
	// MaxActivity bounds the shadow messages kept of each Thing.
	MaxActivity = 200
	// maxActivityPayload bounds a payload kept in the activity; a shadow
	// message is at most about three documents of 30 kB.
	maxActivityPayload = 128 << 10
)

// ShadowView is what is known of one shadow. Doc is replaced, never changed,
// so that a view may be kept.
type ShadowView struct {
	Key shadow.Key
	// Known tells that the service was heard about this shadow; Exists that
	// it has a document.
	Known, Exists bool
	// Doc is the newest document known.
	Doc shadow.Document
	// Pending counts the leaves of desired that differ from reported.
	Pending int
	// ReceivedAt is when Doc was learnt, microseconds since 1970 UTC.
	ReceivedAt int64
}

// Activity is one shadow message of a Thing.
type Activity struct {
	// Seq counts the activities of the Thing from 1, without gaps.
	Seq uint64
	// Fact is what the message says.
	Fact dialect.Fact
	// Message is the message.
	Message broker.Message
}

// Summary is a Thing with what a list shows of it.
type Summary struct {
	Thing
	Presence      Presence
	PresenceSince int64 // microseconds since 1970 UTC; 0 when not known
	Pending       int   // over all shadows
	Shadows       []string
	LastSeen      int64 // newest shadow message, microseconds since 1970 UTC
}

// Registry knows the Things of one connection. It is not safe for concurrent
// use: its owner guards it.
type Registry struct {
	connection string
	things     map[string]*entry
	clients    clients
	found      []Thing      // not yet taken by Found
	wanted     []shadow.Key // documents to ask for, not yet taken by Wanted
	revision   uint64
	shape      uint64
	ignored    uint64
}

type entry struct {
	thing    Thing
	shadows  map[string]*shadowEntry
	activity []Activity
	seq      uint64
	lastSeen int64
}

type shadowEntry struct {
	ShadowView
	asked bool
}

// NewRegistry returns a Registry of a connection that knows the given Things.
func NewRegistry(connection string, known []Thing) *Registry {
	r := &Registry{connection: connection, things: make(map[string]*entry), clients: newClients()}
	for _, t := range known {
		r.Put(t)
	}
	return r
}

// Revision grows with every change.
func (r *Registry) Revision() uint64 { return r.revision }

// Shape grows when Things or shadows were added, changed by the user or removed.
func (r *Registry) Shape() uint64 { return r.shape }

// Ignored counts the shadow messages of Things beyond MaxThings.
func (r *Registry) Ignored() uint64 { return r.ignored }

// Put adds a Thing or replaces what the user says about it, and asks for its
// classic shadow.
func (r *Registry) Put(t Thing) {
	r.revision++
	r.shape++
	e := r.things[t.Name]
	if e == nil {
		e = &entry{shadows: make(map[string]*shadowEntry)}
		r.things[t.Name] = e
		r.touch(e, shadow.Key{Thing: t.Name})
	}
	e.thing = t
}

// PutShadow makes a shadow known by name, and asks for its document.
func (r *Registry) PutShadow(key shadow.Key, at int64) {
	if e := r.entry(key.Thing, at); e != nil {
		r.touch(e, key)
	}
}

// Remove forgets a Thing. When it is heard of again it is found anew.
func (r *Registry) Remove(name string) {
	r.revision++
	r.shape++
	delete(r.things, name)
	r.found = slices.DeleteFunc(r.found, func(t Thing) bool { return t.Name == name })
	r.wanted = slices.DeleteFunc(r.wanted, func(k shadow.Key) bool { return k.Thing == name })
}

// entry returns the entry of a Thing, which is found by this when it is new;
// nil when there are too many.
func (r *Registry) entry(name string, at int64) *entry {
	if e := r.things[name]; e != nil {
		return e
	}
	if len(r.things) >= MaxThings {
		r.ignored++
		return nil
	}
	t := Thing{Connection: r.connection, Name: name, Filters: slices.Clone(DefaultFilters), Created: at}
	r.Put(t)
	r.found = append(r.found, t)
	return r.things[name]
}

// touch makes sure that a shadow is there, and wants its document when it was
// never asked for.
func (r *Registry) touch(e *entry, key shadow.Key) *shadowEntry {
	s := e.shadows[key.Name]
	if s == nil {
		r.shape++
		s = &shadowEntry{ShadowView: ShadowView{Key: key}}
		e.shadows[key.Name] = s
	}
	if !s.Known && !s.asked {
		s.asked = true
		r.wanted = append(r.wanted, key)
	}
	return s
}

// Found returns the Things found since the last call, for keeping.
func (r *Registry) Found() []Thing {
	found := r.found
	r.found = nil
	return found
}

// Wanted returns the shadows whose documents should be asked for, up to limit,
// and takes them off the list.
func (r *Registry) Wanted(limit int) []shadow.Key {
	n := min(limit, len(r.wanted))
	keys := slices.Clone(r.wanted[:n])
	if r.wanted = r.wanted[n:]; len(r.wanted) == 0 {
		r.wanted = nil
	}
	return keys
}

// AskAll wants the documents of all shadows again: the connection came up, and
// what was missed is unknown.
func (r *Registry) AskAll() {
	r.wanted = r.wanted[:0]
	for _, name := range r.names() {
		for _, s := range r.things[name].shadowList() {
			s.asked = true
			r.wanted = append(r.wanted, s.Key)
		}
	}
}

// Ask wants one shadow's document again.
func (r *Registry) Ask(key shadow.Key) { r.wanted = append(r.wanted, key) }

// ClientConnected tells that a client has connected to the broker; at is in
// microseconds since 1970 UTC, here and below.
func (r *Registry) ClientConnected(id string, at int64) {
	r.clients.connected(id, at)
	r.revision++
}

// ClientSubscribed tells which filters a connected client was granted.
func (r *Registry) ClientSubscribed(id string, filters []string, at int64) {
	r.clients.subscribed(id, filters, at)
	r.revision++
}

// ClientGone tells that a client's connection has ended.
func (r *Registry) ClientGone(id string, at int64) {
	r.clients.gone(id, at)
	r.revision++
}

// ForgetClients starts over with no client connected: the broker has stopped or
// begun, or the connection is lost. told says whether the broker tells who is
// connected; without that every presence is unknown.
func (r *Registry) ForgetClients(told bool) {
	r.clients = newClients()
	r.clients.told = told
	r.revision++
}

// Len counts the Things.
func (r *Registry) Len() int { return len(r.things) }

// Things lists all Things by group and title.
func (r *Registry) Things() []Summary {
	list := make([]Summary, 0, len(r.things))
	for _, e := range r.things {
		list = append(list, r.summary(e))
	}
	slices.SortFunc(list, func(a, b Summary) int {
		if c := strings.Compare(a.Group, b.Group); c != 0 {
			return c
		}
		if c := strings.Compare(a.Title(), b.Title()); c != 0 {
			return c
		}
		return strings.Compare(a.Name, b.Name)
	})
	return list
}

// Thing returns one Thing.
func (r *Registry) Thing(name string) (Summary, bool) {
	e := r.things[name]
	if e == nil {
		return Summary{}, false
	}
	return r.summary(e), true
}

// Shadow returns what is known of one shadow; ok is false for a Thing or
// shadow never heard of.
func (r *Registry) Shadow(key shadow.Key) (v ShadowView, ok bool) {
	if e := r.things[key.Thing]; e != nil {
		if s := e.shadows[key.Name]; s != nil {
			return s.ShadowView, true
		}
	}
	return ShadowView{Key: key}, false
}

// Activity returns the kept activities of a Thing after seq, oldest first.
func (r *Registry) Activity(thing string, seq uint64) []Activity {
	e := r.things[thing]
	if e == nil || e.seq <= seq {
		return nil
	}
	i := len(e.activity)
	for i > 0 && e.activity[i-1].Seq > seq {
		i--
	}
	return slices.Clone(e.activity[i:])
}

func (r *Registry) summary(e *entry) Summary {
	s := Summary{Thing: e.thing, LastSeen: e.lastSeen}
	s.Presence, s.PresenceSince = r.clients.presence(e.thing.Name)
	for _, sh := range e.shadowList() {
		s.Shadows = append(s.Shadows, sh.Key.Name)
		s.Pending += sh.Pending
	}
	return s
}

// shadowList lists the shadows, the classic one first, then by name.
func (e *entry) shadowList() []*shadowEntry {
	list := make([]*shadowEntry, 0, len(e.shadows))
	for _, s := range e.shadows {
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b *shadowEntry) int { return strings.Compare(a.Key.Name, b.Key.Name) })
	return list
}

func (r *Registry) names() []string {
	names := make([]string, 0, len(r.things))
	for name := range r.things {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
