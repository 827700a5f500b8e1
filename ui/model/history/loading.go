package history

import (
	"context"
	"time"

	"github.com/thingdesk/thingdesk/storage"
)

// fill reads the first page of the query after a pause and then shows it
// instead of what is shown now. All other reading for the list is cancelled.
func (m *Model) fill(pause time.Duration) {
	m.filling.stop()
	m.stopReading()
	m.count.reset()
	m.fault, m.filling = "", nil
	if m.cfg.Store == nil {
		return
	}
	m.since = m.clock()
	stats := m.recorder()
	m.live.water.note(m.since.UnixMicro(), stats)
	low := m.live.water.low
	var p storage.Page
	var rows []Row
	q := m.query
	j := &job{}
	m.filling = j
	m.run(j, func(ctx context.Context) (err error) {
		if err := sleep(ctx, pause); err != nil {
			return err
		}
		p, err = m.cfg.Store.Page(ctx, q, 0)
		rows = newRows(p.Rows)
		return err
	}, func(err error) {
		m.filling = nil
		if err != nil {
			m.fault = "The history could not be read: " + err.Error()
			m.list = list{}
		} else {
			m.restart(rows, p.More)
			m.live.begin(low, stats.Stored)
		}
		m.generation++
		m.changed()
		m.want()
	})
}

// restart makes rows the whole list.
func (m *Model) restart(rows []Row, more bool) {
	m.stopReading()
	m.list = list{}
	m.list.append(rows, more)
}

// stopReading cancels what is being read for the present list.
func (m *Model) stopReading() {
	m.older.stop()
	m.older = nil
	for _, j := range m.rereads {
		j.stop()
	}
	m.rereads = make(map[*page]*job)
	m.live.job.stop()
	m.live.job = nil
}

func newRows(in []storage.Row) []Row {
	rows := make([]Row, len(in))
	for i, r := range in {
		rows[i] = newRow(r)
	}
	return rows
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Visible tells which rows are on screen, so that they and the next ones are
// read, and whether the first row is among them: then the list follows live.
func (m *Model) Visible(first, rows int, atTop bool) {
	m.first, m.seen = max(first, 0), max(rows, 1)
	switch {
	case m.filling != nil: // what is on screen is of the past
	case atTop:
		m.Follow()
	default:
		m.live.leave(m.list.newest())
	}
	m.want()
}

// want reads what is missing on screen.
func (m *Model) want() {
	if m.cfg.Store == nil || m.filling != nil || m.fault != "" {
		return
	}
	last := m.first + m.seen + prefetch
	for _, p := range m.list.touch(m.first-prefetch, last) {
		if m.rereads[p] == nil {
			m.reread(p)
		}
	}
	if m.list.more && m.older == nil && last >= m.list.n {
		m.readOlder()
	}
}

// readOlder reads the page after the last row.
func (m *Model) readOlder() {
	var p storage.Page
	var rows []Row
	q, before := m.query, storage.Cursor(m.list.oldest())
	j := &job{}
	m.older = j
	m.run(j, func(ctx context.Context) (err error) {
		p, err = m.cfg.Store.Page(ctx, q, before)
		rows = newRows(p.Rows)
		return err
	}, func(err error) {
		m.older = nil
		if err != nil {
			m.fault = "Older messages could not be read: " + err.Error()
		} else if before == storage.Cursor(m.list.oldest()) { // else its end was let go meanwhile
			m.list.append(rows, p.More)
		}
		m.keepBound()
		m.changed()
		m.want()
	})
}

// keepBound lets go of pages that are far from what is on screen.
func (m *Model) keepBound() {
	m.list.touch(m.first-prefetch, m.first+m.seen+prefetch)
	m.list.shrink()
}

// reread reads the rows of a page again. They are the same, less what was
// deleted meanwhile.
func (m *Model) reread(p *page) {
	q := m.query
	q.Limit = p.n
	j := &job{}
	m.rereads[p] = j
	var rows []Row
	m.run(j, func(ctx context.Context) error {
		got, err := m.cfg.Store.Page(ctx, q, storage.Cursor(p.newest+1))
		for _, r := range got.Rows {
			if r.ID >= p.oldest {
				rows = append(rows, newRow(r))
			}
		}
		return err
	}, func(err error) {
		delete(m.rereads, p)
		if err != nil {
			m.fault = "Messages could not be read again: " + err.Error()
		} else {
			p.rows, p.n = rows, len(rows)
			m.list.count()
		}
		m.keepBound()
		m.changed()
		m.want()
	})
}

// Reading tells whether the list is being read from the start: what it shows
// may not be what the filter asks for yet.
func (m *Model) Reading() bool { return m.filling != nil }

// ReadingOlder tells whether older messages are being read for the end of the
// list.
func (m *Model) ReadingOlder() bool { return m.older != nil }

// More tells whether the list goes on behind the last row.
func (m *Model) More() bool { return m.list.more }

// Fault says why the list cannot be read; "" when it can. Retry tries again.
func (m *Model) Fault() string { return m.fault }

// Retry reads on after a fault.
func (m *Model) Retry() {
	if m.list.n == 0 {
		m.Reload()
		return
	}
	m.fault = ""
	m.revision++
	m.want()
}

// Generation grows when the list has begun anew and is to be shown from its
// top.
func (m *Model) Generation() int { return m.generation }

// Empty says why the list has no rows, for the place where they would be; ""
// when it has some.
func (m *Model) Empty() string {
	switch {
	case m.list.n > 0 || m.fault != "":
		return ""
	case m.cfg.Store == nil && m.cfg.Why != "":
		return m.cfg.Why
	case m.cfg.Store == nil:
		return "No history is kept."
	case m.filling != nil:
		return "Searching…"
	case m.Filtered():
		return "Nothing in the history matches this filter."
	default:
		return "Nothing is recorded yet. Messages of all open connections come here."
	}
}
