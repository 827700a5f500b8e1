package history

import (
	"context"
	"time"

	"github.com/thingdesk/thingdesk/storage"
	"github.com/thingdesk/thingdesk/ui/model"
)

// lateness is how much later than its time a message may come to the recorder:
// a sent one comes when it is acknowledged.
const lateness = time.Minute

// water finds a time before which no message can be stored any more, so that
// looking for new rows need not search the whole history.
type water struct {
	low  int64 // the time; 0 when none is known
	mark int64 // becomes low when as many are stored as goal says
	goal uint64
}

// note takes the counters of the recorder as of now.
func (w *water) note(now int64, s storage.RecorderStats) {
	if w.mark == 0 {
		w.mark, w.goal = now, s.Stored+uint64(s.Queued)
		return
	}
	if s.Stored >= w.goal || s.Queued == 0 {
		w.low = w.mark - lateness.Microseconds()
		w.mark, w.goal = now, s.Stored+uint64(s.Queued)
	}
	if w.low > now { // the clock was set back
		*w = water{}
	}
}

// live is how the list keeps up with the recorder.
type live struct {
	water     water
	following bool
	job       *job
	stored    uint64    // what the recorder had stored at the last look
	next      time.Time // earliest next look
	listLow   int64     // everything older is in the list

	awayLow   int64 // everything older is counted
	newest    int64 // ID of the newest row counted
	waiting   int   // rows counted
	uncounted bool  // and more
}

// begin follows a list that was complete when low and stored were read.
func (l *live) begin(low int64, stored uint64) {
	*l = live{water: l.water, following: true, listLow: low, stored: stored}
}

// leave stops following; new rows are counted from newest on.
func (l *live) leave(newest int64) {
	if !l.following {
		return
	}
	l.following, l.waiting, l.uncounted = false, 0, false
	l.newest, l.awayLow = newest, l.listLow
}

// Following tells whether new messages appear at the top by themselves.
func (m *Model) Following() bool { return m.live.following }

// Waiting says how many new messages there are above the list while it does
// not follow: "37 new", "200+ new", "" for none.
func (m *Model) Waiting() string {
	switch {
	case m.live.following || m.live.waiting == 0:
		return ""
	case m.live.uncounted:
		return model.Count(m.live.waiting) + "+ new"
	default:
		return model.Count(m.live.waiting) + " new"
	}
}

// Follow brings the list to the newest message and keeps it there.
func (m *Model) Follow() {
	if m.live.following || m.filling != nil || m.cfg.Store == nil || m.fault != "" {
		return
	}
	m.live.following = true
	m.revision++
	m.live.job.stop()
	m.look()
}

// Tick is called about ten times a second by the sampler. It looks for new
// messages and figures in the background, and costs next to nothing when there
// are none.
func (m *Model) Tick(now time.Time) {
	m.now = now
	if m.cfg.Store == nil {
		return
	}
	stats := m.recorder()
	m.live.water.note(now.UnixMicro(), stats)
	switch {
	case m.filling != nil:
		if m.list.n > 0 && now.Sub(m.since) > patience {
			m.list = list{}
			m.changed()
		}
	case m.due(now, stats.Stored):
		m.look()
	}
	m.readFigures(now, stats)
}

// due tells whether there may be new rows to look for.
func (m *Model) due(now time.Time, stored uint64) bool {
	l := &m.live
	switch {
	case l.job != nil || now.Before(l.next) || m.fault != "":
		return false
	case m.query.To != 0 && l.listLow >= m.query.To: // nothing can come any more
		return false
	default:
		return m.cfg.Recorder == nil || stored != l.stored
	}
}

// look reads the newest rows.
func (m *Model) look() {
	l := &m.live
	q := m.query
	low := l.awayLow
	if l.following {
		low = l.listLow
	}
	q.From = max(q.From, low)
	low, stored := l.water.low, m.recorder().Stored
	var p storage.Page
	var took time.Duration
	j := &job{}
	l.job = j
	m.run(j, func(ctx context.Context) (err error) {
		start := time.Now()
		p, err = m.cfg.Store.Page(ctx, q, 0)
		took = time.Since(start)
		return err
	}, func(err error) {
		l.job = nil
		l.next = m.clock().Add(workShare * took)
		if !l.following || m.cfg.Recorder == nil {
			l.next = m.clock().Add(max(awayPace, workShare*took))
		}
		if err != nil {
			m.fault = "New messages could not be read: " + err.Error()
			m.changed()
			return
		}
		l.stored = stored
		m.take(p, low)
	})
}

// take brings the newest rows into the list, or counts them. low is a time
// before which nothing can have come after p was read.
func (m *Model) take(p storage.Page, low int64) {
	l := &m.live
	known := m.list.newest()
	if !l.following {
		known = l.newest
	}
	fresh := 0
	for fresh < len(p.Rows) && p.Rows[fresh].ID > known {
		fresh++
	}
	gap := fresh == len(p.Rows) && p.More // there are more new rows than these
	if !l.following {
		l.awayLow = max(l.awayLow, low)
		if fresh > 0 {
			l.newest = p.Rows[0].ID
			l.waiting += fresh
			l.uncounted = l.uncounted || gap
			m.changed()
		}
		return
	}
	l.listLow = max(l.listLow, low)
	rows := newRows(p.Rows[:fresh])
	switch {
	case fresh == 0:
		return
	case gap:
		m.restart(rows, true)
	default:
		m.list.prepend(rows)
		m.keepBound()
	}
	m.changed()
}
