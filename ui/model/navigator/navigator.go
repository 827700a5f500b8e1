// Package navigator is the view-model of the tree on the left: connections,
// their Things and their topics, flattened into rows. It belongs to one
// goroutine and knows no toolkit.
package navigator

import (
	"slices"
	"strings"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/things"
	"github.com/thingdesk/thingdesk/things/shadow"
	"github.com/thingdesk/thingdesk/things/topic"
)

// Session is what the navigator reads of a connection.
type Session interface {
	Profile() broker.Profile
	Status() broker.Status
	Topics(f func(ix *topic.Index))
	Things(f func(r *things.Registry))
}

// Kind says what a row stands for.
type Kind int

// The kinds of rows.
const (
	Connection   Kind = iota // a connection
	ThingsFolder             // all Things of a connection
	Group                    // a group of Things
	Thing                    // a Thing
	Shadows                  // the shadows of a Thing
	Shadow                   // one shadow
	ThingTopics              // the topics of a Thing
	TopicsFolder             // all topics of a connection
	Topic                    // one level of a topic
)

// Ref names what a row stands for. It stays the same while the program runs
// and across restarts.
type Ref struct {
	Kind    Kind
	Session string // profile ID
	Group   string // Group: path
	Thing   string // Thing, Shadows, Shadow, ThingTopics; Topic below a Thing
	Shadow  string // Shadow: its name, "" for the classic one
	Topic   string // Topic: the whole name
}

// Key returns the Ref as text, for keeping.
func (r Ref) Key() string {
	return strings.Join([]string{string(rune('a' + int(r.Kind))), r.Session, r.Group, r.Thing, r.Shadow, r.Topic}, "\x1f")
}

// ParseKey reads what Key wrote; ok is false for anything else.
func ParseKey(s string) (r Ref, ok bool) {
	f := strings.Split(s, "\x1f")
	if len(f) != 6 || len(f[0]) != 1 || f[0][0] < 'a' || f[0][0] > 'a'+byte(Topic) {
		return Ref{}, false
	}
	return Ref{Kind: Kind(f[0][0] - 'a'), Session: f[1], Group: f[2], Thing: f[3], Shadow: f[4], Topic: f[5]}, true
}

// row is one visible line.
type row struct {
	Ref
	depth  int
	branch bool
	open   bool
	node   topic.NodeID // Topic
}

// shape is what the rows were built from: when it is the same, they still hold.
type shape struct{ topics, things uint64 }

// Model is the flattened tree.
type Model struct {
	rows     []row
	sessions map[string]Session
	order    []string
	shapes   map[string]shape
	open     map[Ref]bool
	selected Ref
	hasSel   bool
	filter   filter
	dirty    bool
	waiting  int
	spare    []row // for look
	looked   int64
	view     func() int64
}

// MaxFiltered bounds the topics that a filter shows for each connection.
const MaxFiltered = 5000

// New returns a Model. now tells the time in microseconds since 1970 UTC.
func New(now func() int64) *Model {
	return &Model{
		sessions: make(map[string]Session), shapes: make(map[string]shape), open: make(map[Ref]bool), dirty: true, view: now,
	}
}

// Len returns the number of rows.
func (m *Model) Len() int { return len(m.rows) }

// Ref returns what a row stands for; ok is false outside of the rows.
func (m *Model) Ref(i int) (r Ref, ok bool) {
	if i < 0 || i >= len(m.rows) {
		return Ref{}, false
	}
	return m.rows[i].Ref, true
}

// Waiting counts the rows that are not shown yet because Sync was told to hold
// the rows still.
func (m *Model) Waiting() int { return m.waiting }

// Sync brings the rows up to date with the sessions. With hold the rows stay
// where they are, whatever was added: Waiting counts it. It returns whether
// the rows changed.
func (m *Model) Sync(sessions []Session, hold bool) bool {
	changed := m.takeSessions(sessions)
	for _, id := range m.order {
		if sh := shapeOf(m.sessions[id]); sh != m.shapes[id] {
			changed = true
		}
	}
	if !changed && !m.dirty {
		return false
	}
	if hold && !m.dirty {
		m.look()
		return false
	}
	m.rebuild()
	return true
}

// lookEvery is how often held rows are compared with what they would be, in
// microseconds.
const lookEvery = 500_000

// look counts the rows that wait to be shown.
func (m *Model) look() {
	now := m.view()
	if now-m.looked < lookEvery && now >= m.looked {
		return
	}
	m.looked = now
	held := m.rows
	m.rows = m.spare[:0]
	shapes := m.build()
	fresh := m.rows
	m.rows, m.spare = held, fresh
	m.waiting = max(0, len(fresh)-len(held))
	if slices.EqualFunc(held, fresh, func(a, b row) bool { return a.Ref == b.Ref }) {
		copy(held, fresh) // a branch may have got its first child
		m.shapes = shapes
	}
}

func (m *Model) takeSessions(sessions []Session) (changed bool) {
	order := make([]string, 0, len(sessions))
	byID := make(map[string]Session, len(sessions))
	for _, s := range sessions {
		id := s.Profile().ID
		order, byID[id] = append(order, id), s
	}
	for _, id := range order {
		if m.sessions[id] == nil { // a connection never seen opens, and its folders
			m.openNew(id)
		}
	}
	if changed = !slices.Equal(order, m.order); changed {
		m.dirty = true
	}
	m.order, m.sessions = order, byID
	return changed
}

func (m *Model) openNew(id string) {
	for _, k := range []Kind{Connection, ThingsFolder, TopicsFolder} {
		r := Ref{Kind: k, Session: id}
		if _, known := m.open[r]; !known {
			m.open[r] = k != TopicsFolder
		}
	}
}

func shapeOf(s Session) shape {
	var sh shape
	s.Topics(func(ix *topic.Index) { sh.topics = ix.Shape() })
	s.Things(func(r *things.Registry) { sh.things = r.Shape() })
	return sh
}

// build appends the rows of all connections and returns what they were made
// from.
func (m *Model) build() map[string]shape {
	shapes := make(map[string]shape, len(m.order))
	for _, id := range m.order {
		s := m.sessions[id]
		shapes[id] = shapeOf(s)
		b := builder{Model: m, session: s, id: id}
		b.connection()
	}
	return shapes
}

// rebuild makes the rows anew.
func (m *Model) rebuild() {
	m.rows = m.rows[:0]
	m.shapes = m.build()
	m.dirty, m.waiting = false, 0
}

// Toggle opens or closes a branch.
func (m *Model) Toggle(i int) {
	if i < 0 || i >= len(m.rows) || !m.rows[i].branch {
		return
	}
	m.SetOpen(m.rows[i].Ref, !m.rows[i].open)
}

// SetOpen opens or closes a branch by name, also one not shown now.
func (m *Model) SetOpen(r Ref, open bool) {
	m.open[r] = open
	m.rebuild()
}

// Reveal opens everything above r and returns its row, -1 when there is none.
func (m *Model) Reveal(r Ref) int {
	m.openUp(r)
	m.rebuild()
	return m.Find(r)
}

func (m *Model) openUp(r Ref) {
	m.open[Ref{Kind: Connection, Session: r.Session}] = true
	switch r.Kind {
	case Thing, Shadows, Shadow, ThingTopics, Group:
		m.open[Ref{Kind: ThingsFolder, Session: r.Session}] = true
		if s := m.sessions[r.Session]; s != nil {
			s.Things(func(reg *things.Registry) {
				if t, ok := reg.Thing(r.Thing); ok {
					for _, g := range groups(t.Group) {
						m.open[Ref{Kind: Group, Session: r.Session, Group: g}] = true
					}
				}
			})
		}
		if r.Kind == Shadow {
			m.open[Ref{Kind: Thing, Session: r.Session, Thing: r.Thing}] = true
			m.open[Ref{Kind: Shadows, Session: r.Session, Thing: r.Thing}] = true
		}
	case Topic:
		if r.Thing != "" {
			break
		}
		m.open[Ref{Kind: TopicsFolder, Session: r.Session}] = true
		for i := range len(r.Topic) {
			if r.Topic[i] == '/' {
				m.open[Ref{Kind: Topic, Session: r.Session, Topic: r.Topic[:i]}] = true
			}
		}
	default:
	}
}

// groups lists "a", "a/b", "a/b/c" for the path "a/b/c".
func groups(path string) []string {
	if path == "" {
		return nil
	}
	var list []string
	for i := range len(path) {
		if path[i] == '/' {
			list = append(list, path[:i])
		}
	}
	return append(list, path)
}

// Find returns the row of r, -1 when it is not shown.
func (m *Model) Find(r Ref) int {
	return slices.IndexFunc(m.rows, func(x row) bool { return x.Ref == r })
}

// Select notes what is selected.
func (m *Model) Select(r Ref) { m.selected, m.hasSel = r, true }

// Selected returns what is selected.
func (m *Model) Selected() (r Ref, ok bool) { return m.selected, m.hasSel }

// OpenKeys lists the branches that were opened or closed by hand, for keeping:
// keys with a leading + or -.
func (m *Model) OpenKeys() []string {
	keys := make([]string, 0, len(m.open))
	for r, open := range m.open {
		if open {
			keys = append(keys, "+"+r.Key())
		} else {
			keys = append(keys, "-"+r.Key())
		}
	}
	slices.Sort(keys)
	return keys
}

// SetOpenKeys takes what OpenKeys gave; what it cannot read it passes over.
func (m *Model) SetOpenKeys(keys []string) {
	for _, k := range keys {
		if len(k) < 2 {
			continue
		}
		if r, ok := ParseKey(k[1:]); ok {
			m.open[r] = k[0] == '+'
		}
	}
	m.dirty = true
}

func thingShadow(r Ref) shadow.Key { return shadow.Key{Thing: r.Thing, Name: r.Shadow} }
