package history

import (
	"context"
	"errors"
	"unicode/utf8"

	"github.com/thingdesk/thingdesk/storage"
	"github.com/thingdesk/thingdesk/ui/model/payload"
)

// smallRender is how much is made ready on the screen's goroutine.
const smallRender = 32_000

// viewer is the message that is looked at.
type viewer struct {
	row     Row
	ok      bool
	payload []byte
	loaded  bool
	all     bool // limits lifted
	job     *job
	shown   payload.Shown
	fault   string
}

// Message is the message that is looked at.
type Message struct {
	Row
	// Payload is the whole payload, when Loaded.
	Payload []byte
	Loaded  bool
	// Fault says why it cannot be loaded.
	Fault string
}

// Views lists the ways to look at a payload.
func Views() []payload.View {
	return []payload.View{payload.Auto, payload.AsJSON, payload.AsText, payload.AsHex}
}

// Pick looks at row i. It stays when the list moves on.
func (m *Model) Pick(i int) {
	r, ok := m.Row(i)
	if !ok || m.picked.ok && m.picked.row.ID == r.ID {
		return
	}
	m.picked.job.stop()
	m.picked = viewer{row: r, ok: true}
	m.revision++
	if r.Size <= headBytes {
		m.picked.payload, m.picked.loaded = r.head, true
		m.render()
		return
	}
	m.load()
}

// Unpick looks at no message.
func (m *Model) Unpick() {
	m.picked.job.stop()
	m.picked = viewer{}
	m.revision++
}

// load reads the whole payload, of which the list keeps the beginning only.
func (m *Model) load() {
	row := m.picked.row
	var p storage.Page
	j := &job{}
	m.picked.job = j
	m.run(j, func(ctx context.Context) (err error) {
		p, err = m.cfg.Store.Page(ctx, storage.Query{Source: row.Source, Limit: 1}, storage.Cursor(row.ID+1))
		if err == nil && (len(p.Rows) == 0 || p.Rows[0].ID != row.ID) {
			return errors.New("it was deleted")
		}
		return err
	}, func(err error) {
		m.picked.job = nil
		if err != nil {
			m.picked.fault = "This message cannot be shown: " + err.Error()
		} else {
			m.picked.payload, m.picked.loaded = p.Rows[0].Message.Payload, true
			m.render()
		}
		m.changed()
	})
}

// render makes the payload ready for the screen; a large one in the background.
func (m *Model) render() {
	v := &m.picked
	if !v.loaded {
		return
	}
	r := payload.Request{Payload: v.payload, View: m.view, All: v.all}
	v.job.stop()
	v.job = nil
	if len(v.payload) <= smallRender {
		v.shown = payload.Render(r)
		return
	}
	var shown payload.Shown
	j := &job{}
	v.job = j
	m.run(j, func(context.Context) error {
		shown = payload.Render(r)
		return nil
	}, func(error) {
		m.picked.job, m.picked.shown = nil, shown
		m.changed()
	})
}

// Picked returns the message that is looked at.
func (m *Model) Picked() (Message, bool) {
	v := &m.picked
	return Message{Row: v.row, Payload: v.payload, Loaded: v.loaded, Fault: v.fault}, v.ok
}

// PickedRow returns the place of that message in the list, -1 when it is not
// there.
func (m *Model) PickedRow() int {
	if !m.picked.ok {
		return -1
	}
	return m.list.find(m.picked.row.ID)
}

// View returns the way payloads are looked at.
func (m *Model) View() payload.View { return m.view }

// SetView changes it.
func (m *Model) SetView(v payload.View) {
	if v == m.view {
		return
	}
	m.view, m.picked.all = v, false
	m.revision++
	m.render()
}

// Shown returns the payload ready for the screen.
func (m *Model) Shown() payload.Shown { return m.picked.shown }

// Preparing tells whether the payload is being read or made ready.
func (m *Model) Preparing() bool { return m.picked.job != nil }

// Lift shows all of a payload of which a limit hid a part.
func (m *Model) Lift() {
	m.picked.all = true
	m.revision++
	m.render()
}

// CopyText returns the payload for the clipboard, and as what: "text", or "hex"
// when it is not UTF-8.
func (m *Model) CopyText() (text, as string) {
	if p := m.picked.payload; !utf8.Valid(p) {
		return payload.FormatHex(p), "hex"
	}
	return string(m.picked.payload), "text"
}
