package storage

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"math"
	"slices"
)

// selection is a Query in the terms of the rows engine.
type selection struct {
	topics     *topicSet
	lo, hi     int64 // IDs
	tmin, tmax int64
	mask, want int64 // flags&mask == want
	contains   []byte
}

// selectFor resolves q, bounded to the rows there are now. An ID is never less than the time of its message, so
// From bounds the IDs too; To does not, for a clock may have been set back.
func (h *rowsHistory) selectFor(ctx context.Context, q Query) (selection, error) {
	if h.w == nil { // another process may have added topics
		if err := h.dict.load(ctx, h.r); err != nil {
			return selection{}, err
		}
	}
	topics, last, err := h.dict.resolve(q)
	if err != nil {
		return selection{}, err
	}
	s := selection{topics: topics, lo: math.MinInt64, hi: last, tmin: math.MinInt64, tmax: math.MaxInt64, contains: q.Contains}
	if q.From != 0 {
		s.tmin, s.lo = q.From, min(q.From, maxClock)
	}
	if q.To != 0 {
		s.tmax = q.To - 1
		if q.To == math.MinInt64 { // nothing is before the beginning
			s.tmin, s.tmax = 1, 0
		}
	}
	if q.Direction != nil {
		s.mask, s.want = flagOut, int64(*q.Direction)&flagOut
	}
	if q.Retained {
		s.mask, s.want = s.mask|flagRetained, s.want|flagRetained
	}
	return s, nil
}

// nothing tells that no topic is asked for.
func (s *selection) nothing() bool { return s.topics != nil && s.topics.size == 0 }

// allOf tells that every row of a segment passes but for its topic.
func (s *selection) allOf(g segment) bool {
	return s.mask == 0 && len(s.contains) == 0 && g.sealed &&
		s.tmin <= g.tmin && g.tmax <= s.tmax && s.lo <= g.lo && g.hi <= s.hi
}

// segment is a range of IDs: a chunk, the tail, or what is left to read of one.
type segment struct {
	lo, hi     int64
	n          int64
	tmin, tmax int64
	sealed     bool  // a chunk
	key        int64 // its hi in the database
}

// segments lists what may hold rows of s, by ID. The tail is what lies behind
// the last chunk now: chunks that are made of it later change nothing, for rows
// stay where they are.
func (h *rowsHistory) segments(ctx context.Context, s selection) ([]segment, error) {
	if s.nothing() {
		return nil, nil
	}
	var sealed sql.NullInt64
	if err := h.r.QueryRowContext(ctx, "SELECT max(hi) FROM chunk").Scan(&sealed); err != nil {
		return nil, wrap(err, "read history")
	}
	var gs []segment
	tail := int64(math.MinInt64)
	if sealed.Valid {
		tail = sealed.Int64 + 1
		err := each(ctx, h.r, `SELECT hi, lo, n, tmin, tmax FROM chunk
			WHERE hi BETWEEN ?1 AND ?2 AND lo <= ?3 AND tmin <= ?4 AND tmax >= ?5 ORDER BY hi`,
			[]any{s.lo, sealed.Int64, s.hi, s.tmax, s.tmin}, func(rows *sql.Rows) error {
				g := segment{sealed: true}
				err := rows.Scan(&g.hi, &g.lo, &g.n, &g.tmin, &g.tmax)
				g.key = g.hi
				gs = append(gs, g)
				return err
			})
		if err != nil {
			return nil, wrap(err, "read history")
		}
	}
	if tail <= s.hi {
		gs = append(gs, segment{lo: tail, hi: math.MaxInt64})
	}
	return gs, nil
}

// postings reads where topics stand in a chunk; nothing when the chunk is gone.
func (h *rowsHistory) postings(ctx context.Context, g segment, topics *topicSet, f func(p posting, lo int64)) error {
	return wrap(each(ctx, h.r, "SELECT lo, post FROM chunk WHERE hi = ?", []any{g.key}, func(rows *sql.Rows) error {
		var lo int64
		var b sql.RawBytes
		if err := rows.Scan(&lo, &b); err != nil {
			return err
		}
		return walkPostings(b, lo, func(p posting) {
			if topics.has(p.topic) {
				f(p, lo)
			}
		})
	}), "read history")
}

// candidates lists the IDs of the wanted topics in a segment, ascending. dense
// means that they are so many, or so likely, that all rows should be read.
func (h *rowsHistory) candidates(ctx context.Context, s selection, g segment) (ids []int64, dense bool, err error) {
	if s.topics == nil || !g.sealed && s.topics.broad() {
		return nil, true, nil
	}
	if !g.sealed {
		err = each(ctx, h.r, "SELECT id, topic_id FROM msg WHERE id BETWEEN ?1 AND ?2 AND topic_id BETWEEN ?3 AND ?4 ORDER BY id",
			[]any{max(g.lo, s.lo), min(g.hi, s.hi), s.topics.lo, s.topics.hi}, func(rows *sql.Rows) error {
				var id int64
				var topic int32
				if err := rows.Scan(&id, &topic); err != nil {
					return err
				}
				if s.topics.has(topic) {
					ids = append(ids, id)
				}
				return nil
			})
		return ids, false, wrap(err, "read history")
	}
	type found struct {
		posting
		lo int64
	}
	var fs []found
	total := 0
	err = h.postings(ctx, g, s.topics, func(p posting, lo int64) {
		p.ids = bytes.Clone(p.ids)
		fs = append(fs, found{p, lo})
		total += p.count
	})
	if err != nil || total == 0 {
		return nil, false, err
	}
	if int64(total)*denseShare >= g.n {
		return nil, true, nil
	}
	for _, f := range fs {
		if ids, err = f.appendIDs(ids, f.lo); err != nil {
			return nil, false, wrap(err, "read history")
		}
	}
	slices.Sort(ids)
	return ids, false, nil
}

// rawRow is a row as the database holds it. The payload is valid only while the
// function runs that it is given to.
type rawRow struct {
	id, time int64
	topic    int32
	flags    int64
	payload  sql.RawBytes
}

// rowFilter is the part of a selection that SQL checks.
const rowFilter = "id BETWEEN ?1 AND ?2 AND time BETWEEN ?3 AND ?4 AND (flags & ?5) = ?6"

// look calls f for each row of s in a segment, in order of ID, until f returns
// errStop. f must return at once, for a read transaction is open. Without
// payloads, rows come without them unless s looks into them.
func (h *rowsHistory) look(ctx context.Context, s selection, g segment, descending, payloads bool, f func(r *rawRow) error) (err error) {
	ids, dense, err := h.candidates(ctx, s, g)
	if err != nil {
		return err
	}
	columns := "SELECT id, time, topic_id, flags, payload FROM msg WHERE "
	if !payloads && len(s.contains) == 0 {
		columns = "SELECT id, time, topic_id, flags, NULL FROM msg WHERE "
	}
	var row rawRow
	take := func(rows *sql.Rows) error {
		if err := rows.Scan(&row.id, &row.time, &row.topic, &row.flags, &row.payload); err != nil {
			return err
		}
		if !s.topics.has(row.topic) || !bytes.Contains(row.payload, s.contains) {
			return nil
		}
		return f(&row)
	}
	lo, hi := max(g.lo, s.lo), min(g.hi, s.hi)
	args := []any{lo, hi, s.tmin, s.tmax, s.mask, s.want}
	if dense {
		order := " ORDER BY id"
		if descending {
			order = " ORDER BY id DESC"
		}
		return wrap(each(ctx, h.r, columns+rowFilter+order, args, take), "read history")
	}
	if len(ids) == 0 {
		return nil
	}
	if descending {
		slices.Reverse(ids)
	}
	point, err := h.r.PrepareContext(ctx, columns+rowFilter)
	if err != nil {
		return wrap(err, "read history")
	}
	defer func() { err = errors.Join(err, wrap(point.Close(), "read history")) }()
	for _, id := range ids {
		if id < lo || id > hi {
			continue
		}
		args[0], args[1] = id, id
		rows, err := point.QueryContext(ctx, args...)
		if err == nil {
			err = walk(rows, take)
		}
		if errors.Is(err, errStop) {
			return nil
		}
		if err != nil {
			return wrap(err, "read history")
		}
	}
	return nil
}
