package storage

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"math"
	"slices"
	"strings"
)

const (
	defaultPageRows = 200
	maxPageBytes    = 64 << 20 // a page ends early when its payloads pass this
	scanRows        = 4096     // rows and bytes that Scan reads at a time
	scanBytes       = 8 << 20
)

// Page returns up to q.Limit rows, newest first, older than the cursor.
func (h *rowsHistory) Page(ctx context.Context, q Query, before Cursor) (Page, error) {
	s, err := h.selectFor(ctx, q)
	if err != nil {
		return Page{}, err
	}
	if before != 0 {
		s.hi = min(s.hi, int64(before)-1)
	}
	limit := q.Limit
	if limit <= 0 {
		limit = defaultPageRows
	}
	gs, err := h.segments(ctx, s)
	if err != nil {
		return Page{}, err
	}
	// One row more than wanted tells whether there are more.
	b := buffer{h: h, maxRows: min(limit, math.MaxInt32) + 1, maxBytes: maxPageBytes, minRows: 2}
	for _, g := range slices.Backward(gs) {
		if err := b.read(ctx, s, g, true); err != nil {
			return Page{}, err
		}
		if b.full() {
			break
		}
	}
	p := Page{Rows: b.rows, Next: before, More: b.full()}
	if p.More {
		p.Rows = p.Rows[:len(p.Rows)-1]
	}
	if len(p.Rows) > 0 {
		p.Next = Cursor(p.Rows[len(p.Rows)-1].ID)
	}
	return p, nil
}

// Scan calls f for each row, oldest first, until f returns false. Rows that are
// stored while it runs are not seen.
func (h *rowsHistory) Scan(ctx context.Context, q Query, f func(Row) bool) error {
	s, gs, err := h.snapshot(ctx, q)
	if err != nil {
		return err
	}
	for _, g := range gs {
		for {
			b := buffer{h: h, maxRows: scanRows, maxBytes: scanBytes, minRows: 1}
			if err := b.read(ctx, s, g, false); err != nil {
				return err
			}
			for i := range b.rows {
				if i%256 == 0 && ctx.Err() != nil {
					return ctx.Err()
				}
				if !f(b.rows[i]) {
					return nil
				}
			}
			if !b.full() {
				break
			}
			g.lo = b.rows[len(b.rows)-1].ID + 1
		}
	}
	return nil
}

// snapshot resolves q and lists where its rows may be.
func (h *rowsHistory) snapshot(ctx context.Context, q Query) (selection, []segment, error) {
	s, err := h.selectFor(ctx, q)
	if err != nil {
		return s, nil, err
	}
	gs, err := h.segments(ctx, s)
	return s, gs, err
}

// buffer collects rows up to a number and a size.
type buffer struct {
	h                          *rowsHistory
	rows                       []Row
	bytes                      int
	maxRows, maxBytes, minRows int
}

func (b *buffer) full() bool {
	return len(b.rows) >= b.maxRows || b.bytes >= b.maxBytes && len(b.rows) >= b.minRows
}

// read appends the rows of one segment until the buffer is full.
func (b *buffer) read(ctx context.Context, s selection, g segment, descending bool) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	steady := context.WithoutCancel(ctx) // a step is short; see Append
	return b.h.look(steady, s, g, descending, true, func(r *rawRow) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := b.take(r); err != nil {
			return err
		}
		if b.full() {
			return errStop
		}
		return nil
	})
}

func (b *buffer) take(r *rawRow) error {
	from, name, ok := b.h.dict.entry(r.topic)
	if !ok {
		return errNoTopic(r.topic)
	}
	m := message(r.flags)
	m.Time, m.Topic, m.Payload = r.time, name, append([]byte{}, r.payload...)
	b.rows = append(b.rows, Row{ID: r.id, Entry: Entry{Source: from.id, SourceName: from.label, Message: m}})
	b.bytes += len(m.Payload) + len(name)
	return nil
}

func errNoTopic(n int32) error {
	return fmt.Errorf("%w: there is no topic with number %d", ErrDamaged, n)
}

// Count counts the rows that match q, whatever q.Limit.
func (h *rowsHistory) Count(ctx context.Context, q Query) (int64, error) {
	s, gs, err := h.snapshot(ctx, q)
	if err != nil {
		return 0, err
	}
	steady := context.WithoutCancel(ctx)
	var n int64
	for _, g := range gs {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		m, err := h.countIn(steady, s, g)
		if err != nil {
			return 0, err
		}
		n += m
	}
	return n, nil
}

func (h *rowsHistory) countIn(ctx context.Context, s selection, g segment) (n int64, err error) {
	switch {
	case s.allOf(g) && s.topics == nil:
		return g.n, nil
	case s.allOf(g):
		err = h.postings(ctx, g, s.topics, func(p posting, _ int64) { n += int64(p.count) })
	case len(s.contains) > 0:
		err = h.look(ctx, s, g, false, false, func(*rawRow) error { n++; return nil })
	default:
		err = wrap(each(ctx, h.r, "SELECT topic_id, count(*) FROM msg WHERE "+rowFilter+" GROUP BY topic_id",
			[]any{max(g.lo, s.lo), min(g.hi, s.hi), s.tmin, s.tmax, s.mask, s.want}, func(rows *sql.Rows) error {
				var topic int32
				var m int64
				err := rows.Scan(&topic, &m)
				if s.topics.has(topic) {
					n += m
				}
				return err
			}), "count history")
	}
	return n, err
}

// Topics lists the topics of a source with their counts, by name.
func (h *rowsHistory) Topics(ctx context.Context, from string) ([]TopicInfo, error) {
	s, gs, err := h.snapshot(ctx, Query{Source: from})
	if err != nil {
		return nil, err
	}
	steady := context.WithoutCancel(ctx)
	infos := make(map[int32]TopicInfo)
	add := func(topic int32, count, newest int64) {
		t, ok := infos[topic]
		if !ok {
			t.Last = newest
		}
		t.Count, t.Last = t.Count+count, max(t.Last, newest)
		infos[topic] = t
	}
	for _, g := range gs {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if s.allOf(g) {
			err = h.postings(steady, g, s.topics, func(p posting, _ int64) { add(p.topic, int64(p.count), p.newest) })
		} else {
			err = each(steady, h.r, "SELECT topic_id, count(*), max(time) FROM msg WHERE id BETWEEN ? AND ? GROUP BY topic_id",
				[]any{g.lo, min(g.hi, s.hi)}, func(rows *sql.Rows) error {
					var topic int32
					var count, newest int64
					err := rows.Scan(&topic, &count, &newest)
					if s.topics.has(topic) {
						add(topic, count, newest)
					}
					return err
				})
		}
		if err != nil {
			return nil, wrap(err, "read topics of history")
		}
	}
	out := make([]TopicInfo, 0, len(infos))
	for n, t := range infos {
		src, name, ok := h.dict.entry(n)
		if !ok {
			return nil, wrap(errNoTopic(n), "read topics of history")
		}
		t.Source, t.Name = src.id, name
		out = append(out, t)
	}
	slices.SortFunc(out, func(a, b TopicInfo) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Source, b.Source))
	})
	return out, nil
}
