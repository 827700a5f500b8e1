package connections

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/thingdesk/thingdesk/broker"
)

// Busy tells whether a command on the selected connection is under way.
func (m *Model) Busy() bool { return m.busy[m.selected] != "" }

// Fault says how the last command on the selected connection failed; "" when
// it did not.
func (m *Model) Fault() string { return m.faults[m.selected] }

// MaySave tells whether the selected form can be saved now.
func (m *Model) MaySave() bool {
	f := m.Form()
	return f != nil && !m.Busy() && f.Edited() && !f.Faulty()
}

// Save stores the selected form. What was typed stays when that fails. With
// open set the connection is opened afterwards.
func (m *Model) Save(open bool) {
	f := m.Form()
	if f == nil {
		return
	}
	f.TakeApart()
	if !m.MaySave() {
		m.revision++
		return
	}
	current, ok := m.profile(f.ID())
	if !ok {
		current = f.base
	}
	p, faults := f.profile(current)
	if len(faults) > 0 {
		return
	}
	password := f.password()
	typed := f.Password
	var lasting, stored bool
	m.do(p.ID, "saving…", func(ctx context.Context) (err error) {
		lasting, err = m.engine.Save(ctx, p, password)
		if stored = err == nil; stored && open {
			err = m.engine.Open(ctx, p.ID)
		}
		return err
	}, func(err error) {
		if stored {
			f.saved(p, typed)
			if password != nil {
				f.Note = passwordNote(*password, lasting)
			}
		}
		if fault := (*broker.FieldError)(nil); errors.As(err, &fault) {
			f.refused = append(f.refused, fault)
			f.refusedFor = p
		}
	})
}

func passwordNote(password string, lasting bool) string {
	switch {
	case password == "":
		return "The password was forgotten."
	case lasting:
		return "The password is kept in the system's keyring."
	default:
		return "There is no keyring on this system: the password is kept until Thingdesk closes, and then asked for again."
	}
}

// do runs a command on a connection.
func (m *Model) do(id, words string, command func(ctx context.Context) error, then func(err error)) {
	if m.busy[id] != "" {
		return
	}
	m.busy[id] = words
	delete(m.faults, id)
	m.revision++
	m.Apply(time.Now())
	var err error
	m.async(func(ctx context.Context) { err = command(ctx) }, func() {
		delete(m.busy, id)
		if err != nil && !errors.Is(err, context.Canceled) {
			m.faults[id] = capital(err.Error())
		}
		if then != nil {
			then(err)
		}
		m.changed()
	})
}

func capital(s string) string {
	if s == "" || s[0] >= utf8.RuneSelf {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// MayToggle says what the connect button of the selected connection does, and
// whether it may.
func (m *Model) MayToggle() (verb string, ok bool) {
	i := m.Selected()
	if i < 0 {
		return "Connect", false
	}
	item := m.items[i]
	verb = "Connect"
	switch {
	case item.State != broker.Closed && item.ID == broker.LocalID:
		verb = "Stop broker"
	case item.ID == broker.LocalID:
		verb = "Start broker"
	case item.State != broker.Closed:
		verb = "Disconnect"
	}
	return verb, !item.New && !item.Busy
}

// Toggle connects or disconnects the selected connection.
func (m *Model) Toggle() {
	if _, ok := m.MayToggle(); !ok {
		return
	}
	id := m.selected
	if m.items[m.Selected()].State == broker.Closed {
		m.do(id, "connecting…", func(ctx context.Context) error { return m.engine.Open(ctx, id) }, nil)
		return
	}
	m.do(id, "disconnecting…", func(ctx context.Context) error { return m.engine.Close(ctx, id) }, nil)
}

// MayDelete tells whether the selected connection can be deleted: the bundled
// broker's cannot.
func (m *Model) MayDelete() bool {
	i := m.Selected()
	return i >= 0 && !m.Busy() && m.items[i].ID != broker.LocalID
}

// DeleteWords asks whether to delete the selected connection and says what
// happens then.
func (m *Model) DeleteWords() string {
	i := m.Selected()
	if i < 0 {
		return ""
	}
	if m.items[i].New {
		return fmt.Sprintf("Throw away the new connection %q?", m.items[i].Name)
	}
	return fmt.Sprintf("Delete the connection %q?\nIts Things, subscriptions and password are forgotten.\nIts messages stay in the history.", m.items[i].Name)
}

// Delete deletes the selected connection.
func (m *Model) Delete() {
	if !m.MayDelete() {
		return
	}
	id := m.selected
	if m.items[m.Selected()].New {
		m.Revert()
		return
	}
	m.do(id, "deleting…", func(ctx context.Context) error { return m.engine.Delete(ctx, id) }, func(err error) {
		if err == nil {
			delete(m.forms, id)
		}
	})
}
