package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
)

// Append stores a batch durably, all or nothing.
func (h *rowsHistory) Append(ctx context.Context, batch []Entry) error {
	if h.w == nil {
		return h.errReading("write")
	}
	if len(batch) == 0 {
		return ctx.Err()
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	// With a context that can end, the driver starts a goroutine for every
	// statement. A batch is short; it is stored or not as a whole.
	if err := ctx.Err(); err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	a := appending{h: h, last: h.dict.newest(), tail: h.tail, known: make(map[topicKey]int32)}
	if err := inTx(ctx, h.w, func(tx *sql.Tx) error { return a.run(ctx, tx, batch) }); err != nil {
		return wrap(err, "store %d messages", len(batch))
	}
	h.tail = a.tail
	h.seals += a.seals
	if err := h.dict.add(a.last, a.sources, a.topics); err != nil {
		return err
	}
	h.addToStats(batch)
	return nil
}

func (h *rowsHistory) addToStats(batch []Entry) {
	h.statsMu.Lock()
	defer h.statsMu.Unlock()
	s := &h.stats
	for i := range batch {
		t := batch[i].Message.Time
		if s.Rows == 0 {
			s.Oldest, s.Newest = t, t
		}
		s.Oldest, s.Newest = min(s.Oldest, t), max(s.Newest, t)
		s.Rows++
	}
}

// appending is one Append: what becomes of the fields of the history when the
// transaction succeeds.
type appending struct {
	h       *rowsHistory
	last    int64
	tail    []place
	seals   int
	sources []numberedSource // new or renamed
	topics  []numberedTopic  // new
	known   map[topicKey]int32
	from    numberedSource // of the message before
}

type numberedSource struct {
	n int32
	source
}

type numberedTopic struct {
	n int32
	topicKey
}

func (a *appending) run(ctx context.Context, tx *sql.Tx, batch []Entry) (err error) {
	insert, err := tx.PrepareContext(ctx, "INSERT INTO msg (id, time, topic_id, flags, payload) VALUES (?, ?, ?, ?, ?)")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, insert.Close()) }()
	for i := range batch {
		e := &batch[i]
		n, err := a.topic(ctx, tx, e)
		if err != nil {
			return err
		}
		a.last = max(a.last+1, min(e.Message.Time, maxClock))
		if _, err := insert.ExecContext(ctx, a.last, e.Message.Time, n, flagsOf(&e.Message), notNil(e.Message.Payload)); err != nil {
			return err
		}
		// Beyond len(h.tail) the array is ours: a rollback leaves no trace.
		a.tail = append(a.tail, place{id: a.last, time: e.Message.Time, topic: n})
		if len(a.tail) >= a.h.chunkRows {
			if err := a.seal(ctx, tx); err != nil {
				return err
			}
		}
	}
	return nil
}

// seal makes a chunk of the tail.
func (a *appending) seal(ctx context.Context, tx *sql.Tx) error {
	c := chunkOf(a.tail)
	_, err := tx.ExecContext(ctx, "INSERT INTO chunk (hi, lo, n, tmin, tmax, post) VALUES (?, ?, ?, ?, ?, ?)",
		c.hi, c.lo, c.n, c.tmin, c.tmax, encodePostings(a.tail, c.lo))
	a.tail = make([]place, 0, a.h.chunkRows)
	a.seals++
	return err
}

// chunkOf describes rows, which are some and in order.
func chunkOf(ps []place) segment {
	c := segment{lo: ps[0].id, hi: ps[len(ps)-1].id, n: int64(len(ps)), tmin: math.MaxInt64, tmax: math.MinInt64, sealed: true}
	for _, p := range ps {
		c.tmin, c.tmax = min(c.tmin, p.time), max(c.tmax, p.time)
	}
	return c
}

// topic returns the number of an Entry's topic; a new topic or source is
// written, and a new name of a source too.
func (a *appending) topic(ctx context.Context, tx *sql.Tx, e *Entry) (int32, error) {
	if s := (source{id: e.Source, label: e.SourceName}); a.from.n == 0 || a.from.source != s {
		n, err := a.source(ctx, tx, s)
		if err != nil {
			return 0, err
		}
		a.from = numberedSource{n, s}
	}
	k := topicKey{a.from.n, e.Message.Topic}
	if n, ok := a.known[k]; ok {
		return n, nil
	}
	d := &a.h.dict
	d.mu.RLock()
	n, ok := d.numbers[k]
	count := len(d.topics) + len(a.topics)
	d.mu.RUnlock()
	if !ok {
		if count >= maxTopics {
			return 0, fmt.Errorf("store topic %q: there are %d topics already", k.name, maxTopics)
		}
		n = int32(count + 1)
		if _, err := tx.ExecContext(ctx, "INSERT INTO topic (id, source_id, name) VALUES (?, ?, ?)", n, k.source, k.name); err != nil {
			return 0, err
		}
		a.topics = append(a.topics, numberedTopic{n, k})
	}
	a.known[k] = n
	return n, nil
}

// source returns the number of a source. Within a batch, as between batches,
// the last name that is given counts.
func (a *appending) source(ctx context.Context, tx *sql.Tx, s source) (int32, error) {
	d := &a.h.dict
	d.mu.RLock()
	n, label, count := d.byID[s.id], "", len(d.sources)
	if n > 0 {
		label = d.sources[n-1].label
	}
	d.mu.RUnlock()
	for _, have := range a.sources {
		if have.id == s.id {
			n, label = have.n, have.label
		}
		count = max(count, int(have.n))
	}
	var err error
	switch {
	case n == 0:
		n = int32(count + 1)
		_, err = tx.ExecContext(ctx, "INSERT INTO source (id, uuid, label) VALUES (?, ?, ?)", n, s.id, s.label)
	case label != s.label:
		_, err = tx.ExecContext(ctx, "UPDATE source SET label = ? WHERE id = ?", s.label, n)
	default:
		return n, nil
	}
	a.sources = append(a.sources, numberedSource{n, s})
	return n, err
}
