// Package connections holds the view-model of the Connections screen: the
// profiles with their states in words, and the form that edits one, whose every
// field is checked as it is typed.
//
// A Model belongs to one goroutine, the screen's. What takes time goes through
// an Async and comes back to that goroutine. Nothing that was typed is lost
// when the selection changes or saving fails.
package connections

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/thingdesk/thingdesk/broker"
)

// Async runs work on a goroutine of its own and then done on the screen's
// goroutine. It returns at once. ctx ends when the window closes; then done may
// never be called.
type Async func(work func(ctx context.Context), done func())

// Engine is what the screen needs of the engine.
type Engine interface {
	// Profiles lists the profiles, the bundled broker's first.
	Profiles() []broker.Profile
	// Status tells where the connection of a profile stands.
	Status(id string) broker.Status
	// Save stores a profile, new or changed, and its password unless that is
	// nil. An open connection is opened anew. lasting is false when the
	// password is kept in memory only.
	Save(ctx context.Context, p broker.Profile, password *string) (lasting bool, err error)
	// Delete closes a connection and forgets its profile and password.
	Delete(ctx context.Context, id string) error
	// Open connects; Close disconnects.
	Open(ctx context.Context, id string) error
	Close(ctx context.Context, id string) error
}

// Item is one connection in the list.
type Item struct {
	ID, Name string
	State    broker.State
	// Words say where the connection stands, to what, and what happens next.
	Words string
	// New tells that it was never saved, Edited that it has unsaved changes.
	New, Edited bool
	// Busy tells that a command on it is under way.
	Busy bool
}

// Model is the view-model. Create it with New.
type Model struct {
	// OnChange, when not nil, is called on the screen's goroutine after a
	// command has ended.
	OnChange func()

	async    Async
	engine   Engine
	items    []Item
	forms    map[string]*Form // by profile ID; of those that were looked at
	fresh    []string         // IDs of forms never saved, in order
	selected string
	busy     map[string]string // what is being done, by profile ID
	faults   map[string]string // how the last command on a profile failed
	revision uint64
}

// New returns a Model that shows the first profile.
func New(async Async, engine Engine) *Model {
	m := &Model{
		async: async, engine: engine, forms: make(map[string]*Form),
		busy: make(map[string]string), faults: make(map[string]string),
	}
	m.Apply(time.Now())
	return m
}

// Revision grows when anything shown changed.
func (m *Model) Revision() uint64 { return m.revision }

func (m *Model) changed() {
	m.Apply(time.Now())
	m.revision++
	if m.OnChange != nil {
		m.OnChange()
	}
}

// Apply brings the list up to date. The sampler calls it.
func (m *Model) Apply(now time.Time) {
	profiles := m.engine.Profiles()
	items := make([]Item, 0, len(profiles)+len(m.fresh))
	for _, p := range profiles {
		f := m.forms[p.ID]
		if f != nil {
			f.follow(p)
		}
		st := m.engine.Status(p.ID)
		words := StateWords(p, st, now)
		if m.busy[p.ID] != "" {
			words = m.busy[p.ID]
		}
		items = append(items, Item{
			ID: p.ID, Name: p.Name, State: st.State, Words: words,
			Edited: f != nil && f.Edited(), Busy: m.busy[p.ID] != "",
		})
	}
	m.fresh = slices.DeleteFunc(m.fresh, func(id string) bool {
		return slices.ContainsFunc(profiles, func(p broker.Profile) bool { return p.ID == id })
	})
	for _, id := range m.fresh {
		name := m.forms[id].Name
		if strings.TrimSpace(name) == "" {
			name = "(new connection)"
		}
		items = append(items, Item{ID: id, Name: name, Words: "not saved yet", New: true, Edited: true, Busy: m.busy[id] != ""})
	}
	if !slices.Equal(items, m.items) {
		m.items = items
		m.revision++
	}
	if m.index(m.selected) < 0 {
		m.selected = ""
		if len(items) > 0 {
			m.Select(items[0].ID)
		}
	}
}

// Items lists the connections. It must not be changed.
func (m *Model) Items() []Item { return m.items }

func (m *Model) index(id string) int {
	return slices.IndexFunc(m.items, func(i Item) bool { return i.ID == id })
}

// Selected returns the place of the connection whose form is shown; -1 when
// there is none.
func (m *Model) Selected() int { return m.index(m.selected) }

// Select shows the form of a connection.
func (m *Model) Select(id string) {
	if id == m.selected || m.index(id) < 0 {
		return
	}
	if m.forms[id] == nil {
		p, ok := m.profile(id)
		if !ok {
			return
		}
		m.forms[id] = newForm(p, false, m.nameTaken)
	}
	m.selected = id
	m.revision++
}

// Form returns the form of the selected connection; nil when there is none.
func (m *Model) Form() *Form { return m.forms[m.selected] }

func (m *Model) profile(id string) (broker.Profile, bool) {
	for _, p := range m.engine.Profiles() {
		if p.ID == id {
			return p, true
		}
	}
	return broker.Profile{}, false
}

func (m *Model) nameTaken(name, id string) bool {
	return slices.ContainsFunc(m.engine.Profiles(), func(p broker.Profile) bool { return p.Name == name && p.ID != id })
}

// Create begins a new connection and shows its form.
func (m *Model) Create() { m.add(broker.NewProfile("", "")) }

// Duplicate begins a new connection with the fields of the selected one, but
// for its password and client ID.
func (m *Model) Duplicate() {
	f := m.Form()
	if f == nil {
		return
	}
	p, _ := f.profile(f.base)
	p.ID = broker.NewProfile("", "").ID
	for n := 2; ; n++ {
		if p.Name = fmt.Sprintf("%s (%d)", f.Name, n); !m.nameTaken(p.Name, p.ID) {
			break
		}
	}
	p.Subscriptions = slices.Clone(p.Subscriptions)
	if !p.Persistent {
		p.ClientID = ""
	}
	m.add(p)
	if p.Username != "" {
		m.Form().Note = "The password was not copied: type it again."
	}
}

func (m *Model) add(p broker.Profile) {
	m.forms[p.ID] = newForm(p, true, m.nameTaken)
	m.fresh = append(m.fresh, p.ID)
	m.Apply(time.Now())
	m.Select(p.ID)
}

// Revert forgets what was typed into the selected form. A connection that was
// never saved goes away.
func (m *Model) Revert() {
	f := m.Form()
	if f == nil || m.busy[m.selected] != "" {
		return
	}
	delete(m.forms, m.selected)
	delete(m.faults, m.selected)
	if f.isNew {
		m.fresh = slices.DeleteFunc(m.fresh, func(id string) bool { return id == m.selected })
	} else if p, ok := m.profile(m.selected); ok {
		m.forms[m.selected] = newForm(p, false, m.nameTaken)
	}
	m.revision++
	m.Apply(time.Now())
}
