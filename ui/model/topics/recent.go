package topics

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/storage"
	"github.com/thingdesk/thingdesk/things/topic"
)

const (
	pageRows    = 100         // rows of a page
	mostRows    = 5_000       // rows kept; older ones are in the History screen
	mostLive    = 200         // rows not yet in the history
	reloadPause = time.Second // least time between reloads while messages arrive
)

// Row is one recent message.
type Row struct {
	ID        int64 // in the history; 0 while not known there
	Time      int64 // microseconds since 1970 UTC
	Direction broker.Direction
	Topic     string
	Payload   []byte // nil when it was let go to save memory
	QoS       byte
	Retained  bool
	Dup       bool
	// Missing counts messages between this row and the older one that are not
	// shown: they came faster than the screen looks.
	Missing uint64
}

// same tells whether both are the same message, also when one of them was not
// yet in the history.
func (r Row) same(o Row) bool {
	if r.ID != 0 && o.ID != 0 {
		return r.ID == o.ID
	}
	return r.Time == o.Time && r.Topic == o.Topic && bytes.Equal(r.Payload, o.Payload)
}

// Recent are the newest messages of a topic, newest first: those in the
// history, and on top of them the live ones that are not there yet.
type Recent struct {
	async   Async
	history History
	target  Target
	subtree bool // messages of all topics below, not of exactly one
	started bool

	rows     []Row
	next     storage.Cursor
	more     bool
	err      error
	revision uint64

	seq     int // counts what was asked, to know late answers
	loading bool
	stale   bool // messages came since the last load began
	loadAt  int64

	seen    uint64 // messages taken in
	held    bool
	waiting uint64 // messages that came while held
}

func (r *Recent) show(t Target) {
	*r = Recent{async: r.async, history: r.history, target: t, seq: r.seq + 1, revision: r.revision + 1}
}

// Rows are the messages, newest first. The slice is not to be changed.
func (r *Recent) Rows() []Row { return r.rows }

// Subtree tells that the rows are those of all topics below the target.
func (r *Recent) Subtree() bool { return r.subtree }

// Relative shortens a topic name of a row for a table below the target.
func (r *Recent) Relative(name string) string { return r.target.relative(name) }

// Revision grows when anything about the rows changed.
func (r *Recent) Revision() uint64 { return r.revision }

// Loading tells that the history is being read.
func (r *Recent) Loading() bool { return r.loading }

// Err is why the history could not be read; nil when it could.
func (r *Recent) Err() error { return r.err }

// More tells that Older would bring more rows.
func (r *Recent) More() bool { return r.more && len(r.rows) < mostRows }

// Waiting counts the messages that came while held.
func (r *Recent) Waiting() uint64 { return r.waiting }

// Hold keeps the rows still, so that none moves away under the pointer or
// while the list is scrolled. After letting go, the next Apply brings what
// came meanwhile.
func (r *Recent) Hold(held bool) {
	if r.held == held {
		return
	}
	r.held = held
	if !held && r.waiting > 0 {
		r.waiting, r.loadAt = 0, 0
		r.revision++
	}
}

// apply takes in what the index knows.
func (r *Recent) apply(info topic.Info, now int64) {
	if r.started && r.subtree && info.Own > 0 { // the branch got a message of its own
		r.show(r.target)
	}
	if !r.started {
		r.started, r.stale = true, true
		r.subtree = info.Own == 0 && (info.Children > 0 || r.target.Root)
		r.seen = r.arrived(info)
		if !r.subtree {
			r.take(info, min(info.Own, 2))
		}
	}
	if fresh := r.arrived(info) - r.seen; fresh > 0 {
		if r.held {
			if r.waiting != fresh {
				r.waiting = fresh
				r.revision++
			}
			return
		}
		r.seen += fresh
		r.stale = true
		if !r.subtree {
			r.take(info, fresh)
		}
	}
	r.reload(now)
}

// arrived counts the messages that belong in the rows.
func (r *Recent) arrived(info topic.Info) uint64 {
	if r.subtree {
		return info.Messages
	}
	return info.Own
}

// take puts the newest one or two samples of the index on top.
func (r *Recent) take(info topic.Info, fresh uint64) {
	stored := r.stored()
	if info.Last.Time <= stored || fresh == 0 {
		return
	}
	live := []Row{r.live(info.Last)}
	fresh--
	if fresh > 0 && info.Prev.Time > stored {
		live = append(live, r.live(info.Prev))
		fresh--
	}
	live[len(live)-1].Missing = fresh
	r.rows = append(live, r.rows...)
	n := 0
	for n < len(r.rows) && r.rows[n].ID == 0 {
		n++
	}
	if n > mostLive {
		r.rows = slices.Delete(r.rows, mostLive, n)
		r.rows[mostLive-1].Missing++
	}
	r.revision++
}

// stored is the time of the newest received message among the rows that are in
// the history: a page may already hold what the index tells only now.
func (r *Recent) stored() int64 {
	for _, row := range r.rows {
		if row.ID != 0 && row.Direction == broker.In {
			return row.Time
		}
	}
	return 0
}

func (r *Recent) live(s topic.Sample) Row {
	return Row{Time: s.Time, Topic: r.target.Name, Payload: s.Payload, QoS: s.QoS, Retained: s.Retained}
}

func (r *Recent) query() storage.Query {
	q := storage.Query{Source: r.target.Source, Filters: []string{r.target.Name}, Limit: pageRows}
	if r.subtree {
		q.Filters = r.target.below()
	}
	return q
}

// reload reads the newest page when something came, nothing is being read, the
// rows may move, and the last time is long enough ago.
func (r *Recent) reload(now int64) {
	if r.history == nil || !r.stale || r.loading || r.held || now < r.loadAt {
		return
	}
	r.stale = false
	r.loadAt = now + reloadPause.Microseconds()
	r.load(0, func(p storage.Page) {
		if r.held && r.stored() != 0 { // held meanwhile; later
			r.stale = true
			return
		}
		r.merge(p)
	})
}

// Older reads the next page of older rows.
func (r *Recent) Older() {
	if r.history == nil || r.loading || !r.More() {
		return
	}
	r.load(r.next, func(p storage.Page) {
		r.rows = append(r.rows, fromPage(p)...)
		r.next, r.more = p.Next, p.More
	})
}

func (r *Recent) load(before storage.Cursor, take func(storage.Page)) {
	r.loading = true
	r.revision++
	r.seq++
	seq, q := r.seq, r.query()
	var (
		page storage.Page
		err  error
	)
	r.async(func(ctx context.Context) { page, err = r.history.Page(ctx, q, before) }, func() {
		if seq != r.seq {
			return
		}
		r.loading = false
		r.err = err
		r.revision++
		if err == nil {
			take(page)
		}
	})
}

// sameMessage is how far apart the times of one message may be, in
// microseconds: the bundled broker's are recorded in the broker, before they
// come to us.
const sameMessage = 2_000_000

// recorded tells that a live row is in the page, under the time at which the
// history got it.
func recorded(page []Row, live Row) bool {
	return slices.ContainsFunc(page, func(row Row) bool {
		apart := live.Time - row.Time
		return row.Topic == live.Topic && -sameMessage < apart && apart < sameMessage && bytes.Equal(row.Payload, live.Payload)
	})
}

// merge puts a fresh first page in the place of what is known of it: live rows
// newer than the page stay on top, older pages stay when they follow on.
func (r *Recent) merge(p storage.Page) {
	if len(p.Rows) == 0 {
		r.more = false
		r.rows = slices.DeleteFunc(r.rows, func(row Row) bool { return row.ID != 0 })
		return
	}
	page := fromPage(p)
	newest, oldest := newestIn(page), p.Rows[len(p.Rows)-1].ID
	var top, older []Row
	follows := false
	for _, row := range r.rows {
		switch {
		case row.ID == 0:
			if row.Time > newest && !recorded(page, row) {
				top = append(top, row)
			}
		case row.ID < oldest:
			older = append(older, row)
		default:
			follows = follows || row.ID == oldest
		}
	}
	rows := append(top, page...)
	if follows && len(older) > 0 {
		r.rows = append(rows, older[:min(len(older), max(0, mostRows-len(rows)))]...)
		return
	}
	r.rows, r.next, r.more = rows, p.Next, p.More
}

// fromPage are the rows of a page by time. The history keeps them in the order
// of their arrival there, in which a message sent stands after its own echo.
func fromPage(p storage.Page) []Row {
	rows := make([]Row, len(p.Rows))
	for i, row := range p.Rows {
		rows[i] = fromHistory(row)
	}
	slices.SortStableFunc(rows, func(a, b Row) int { return cmp.Compare(b.Time, a.Time) })
	return rows
}

// newestIn is the time of the newest received message among rows; live rows up
// to there are in the history.
func newestIn(rows []Row) int64 {
	for _, row := range rows {
		if row.Direction == broker.In {
			return row.Time
		}
	}
	return 0
}

func fromHistory(r storage.Row) Row {
	m := r.Message
	if m.Payload == nil {
		m.Payload = []byte{} // nil stands for a payload that was let go
	}
	return Row{
		ID: r.ID, Time: m.Time, Direction: m.Direction, Topic: m.Topic, Payload: m.Payload,
		QoS: m.QoS, Retained: m.Retained, Dup: m.Dup,
	}
}

// Interval returns the time from the row before (the next older one) to row i;
// ok is false for the oldest and when messages between them are missing.
func (r *Recent) Interval(i int) (d time.Duration, ok bool) {
	if i+1 >= len(r.rows) || r.rows[i].Missing > 0 {
		return 0, false
	}
	return time.Duration(r.rows[i].Time-r.rows[i+1].Time) * time.Microsecond, true
}

// payloadAt returns the payload of the received message of that time, nil when
// it is not among the rows.
func (r *Recent) payloadAt(at int64) []byte {
	if r.subtree || at == 0 {
		return nil
	}
	for _, row := range r.rows {
		if row.Time == at && row.Payload != nil && row.Direction == broker.In {
			return row.Payload
		}
	}
	return nil
}

// before returns the payload of the newest received message older than at.
func (r *Recent) before(at int64) ([]byte, bool) {
	if r.subtree || at == 0 {
		return nil, false
	}
	for _, row := range r.rows {
		switch {
		case row.Direction != broker.In:
		case row.Time < at:
			return row.Payload, row.Payload != nil
		case row.Missing > 0:
			return nil, false
		}
	}
	return nil, false
}

// IndexOf returns the place of a row among the rows, -1 when it is not there.
func (r *Recent) IndexOf(row Row) int { return slices.IndexFunc(r.rows, row.same) }
