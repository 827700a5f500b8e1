package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"os"
	"sync"
	"time"

	"github.com/thingdesk/thingdesk/broker"
)

const (
	// defaultChunkRows is how many rows make a chunk. Reading one topic costs
	// one postings blob per chunk and a look at every row behind the last one.
	defaultChunkRows = 1 << 15
	// denseShare: when more than one row in denseShare is wanted, all rows of a
	// chunk are read in order instead of the wanted ones one by one.
	denseShare = 8
	// maxClock is the greatest time that an ID follows; there is room for
	// counting on above it.
	maxClock = int64(1) << 62
)

// historySteps are the migrations of history.db. A step that was released is
// never changed: add another.
//
// There is no index over msg, for keeping one up to date costs more than all
// the rest once there are many topics. Instead every chunkRows rows get a row in
// chunk that says where each topic stands in them; rows behind the last chunk
// (the tail) are looked through.
var historySteps = []string{`
CREATE TABLE source (                 -- a connection profile as the history knows it
  id    INTEGER PRIMARY KEY,
  uuid  TEXT NOT NULL UNIQUE,
  label TEXT NOT NULL                 -- its newest name
) STRICT;
CREATE TABLE topic (
  id        INTEGER PRIMARY KEY,
  source_id INTEGER NOT NULL REFERENCES source (id),
  name      TEXT NOT NULL
) STRICT;
CREATE TABLE msg (
  id       INTEGER PRIMARY KEY,       -- greater than all before, and not less than time
  time     INTEGER NOT NULL,          -- microseconds since 1970 UTC
  topic_id INTEGER NOT NULL,
  flags    INTEGER NOT NULL,          -- 1 out, 2 and 4 QoS, 8 retained, 16 dup
  payload  BLOB NOT NULL              -- last, so that the others are read without it
) STRICT;
CREATE TABLE chunk (
  hi   INTEGER PRIMARY KEY,           -- last and first message ID
  lo   INTEGER NOT NULL,
  n    INTEGER NOT NULL,
  tmin INTEGER NOT NULL,              -- least and greatest time
  tmax INTEGER NOT NULL,
  post BLOB NOT NULL                  -- see encodePostings
) STRICT;
CREATE TABLE stat (
  key   TEXT PRIMARY KEY,             -- last_id: greatest ID ever given, written by deletes
  value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`}

// rowsHistory is the History that keeps one SQL row per message.
type rowsHistory struct {
	path      string
	chunkRows int
	base      context.Context //nolint:containedctx // values of the opener for Stats, which has no context; never cancelled
	r         *sql.DB
	w         *sql.DB // nil when read-only
	dict      dictionary

	deleting sync.Mutex // one Delete at a time; taken before mu

	mu    sync.Mutex // serialises writing and guards tail and seals; queries never take it
	tail  []place    // the rows behind the last chunk
	seals int        // grows when the tail becomes a chunk

	statsMu sync.Mutex
	stats   HistoryStats
	looked  time.Time // when the files were last looked at
}

// openRows opens history.db for writing.
func openRows(ctx context.Context, path string, chunkRows int) (_ *rowsHistory, err error) {
	h := &rowsHistory{path: path, chunkRows: chunkRows, base: context.WithoutCancel(ctx)}
	defer func() {
		if err != nil {
			err = errors.Join(err, h.Close())
		}
	}()
	if err := ownFile(path); err != nil {
		return nil, err
	}
	var extra []string
	if info, err := os.Stat(path); err == nil && info.Size() == 0 {
		extra = []string{"auto_vacuum(2)"} // incremental; only a new file can be made so
	}
	if h.w, err = openWriter(ctx, path, extra...); err != nil {
		return nil, err
	}
	if err := quickCheck(ctx, h.w, path); err != nil {
		return nil, err
	}
	if err := migrate(ctx, h.w, path, historySteps, nil); err != nil {
		return nil, err
	}
	if h.r, err = openReaders(ctx, path, false); err != nil {
		return nil, err
	}
	if err := h.dict.load(ctx, h.r); err != nil {
		return nil, err
	}
	if err := h.loadTail(ctx); err != nil {
		return nil, err
	}
	h.stats, err = h.totals(ctx)
	return h, err
}

// loadTail reads where the rows behind the last chunk stand.
func (h *rowsHistory) loadTail(ctx context.Context) error {
	var sealed int64
	err := h.r.QueryRowContext(ctx, "SELECT coalesce(max(hi), -9223372036854775808) FROM chunk").Scan(&sealed)
	if err != nil {
		return wrap(err, "read %q", h.path)
	}
	h.tail, err = h.places(ctx, sealed, math.MaxInt64)
	return err
}

// places lists the rows with after < id <= to.
func (h *rowsHistory) places(ctx context.Context, after, to int64) ([]place, error) {
	var ps []place
	err := each(ctx, h.r, "SELECT id, time, topic_id FROM msg WHERE id > ? AND id <= ? ORDER BY id", []any{after, to}, func(rows *sql.Rows) error {
		var p place
		err := rows.Scan(&p.id, &p.time, &p.topic)
		ps = append(ps, p)
		return err
	})
	return ps, wrap(err, "read history")
}

// Stats tells what is stored; the size of the files may be a second old, and
// all of it in a history opened for reading.
func (h *rowsHistory) Stats() HistoryStats {
	h.statsMu.Lock()
	s, fresh := h.stats, time.Since(h.looked) < time.Second
	h.statsMu.Unlock()
	if fresh {
		return s
	}
	if h.w == nil {
		if now, err := h.totals(h.base); err == nil {
			s = now
		}
	}
	s.Bytes = 0
	for _, suffix := range []string{"", "-wal"} {
		if info, err := os.Stat(h.path + suffix); err == nil {
			s.Bytes += info.Size()
		}
	}
	h.statsMu.Lock()
	defer h.statsMu.Unlock()
	if h.w == nil {
		h.stats = s
	}
	h.stats.Bytes, h.looked = s.Bytes, time.Now()
	return h.stats
}

// totals counts what is stored, without Bytes.
func (h *rowsHistory) totals(ctx context.Context) (HistoryStats, error) {
	var rows, oldest, newest sql.NullInt64
	err := h.r.QueryRowContext(ctx, `
		WITH sealed AS (SELECT sum(n) AS n, min(tmin) AS tmin, max(tmax) AS tmax, max(hi) AS hi FROM chunk)
		SELECT sum(n), min(tmin), max(tmax) FROM (
			SELECT n, tmin, tmax FROM sealed
			UNION ALL SELECT count(*), min(time), max(time) FROM msg
				WHERE id > coalesce((SELECT hi FROM sealed), -9223372036854775808))`).Scan(&rows, &oldest, &newest)
	return HistoryStats{Rows: rows.Int64, Oldest: oldest.Int64, Newest: newest.Int64}, wrap(err, "read %q", h.path)
}

// Close closes the store; all rows appended are safe.
func (h *rowsHistory) Close() error {
	var errs []error
	for _, db := range []*sql.DB{h.r, h.w} { // the writer last: it checkpoints and removes the -wal file
		if db != nil {
			errs = append(errs, wrap(db.Close(), "close %q", h.path))
		}
	}
	return errors.Join(errs...)
}

// flagsOf packs what a message has besides time, topic and payload.
func flagsOf(m *broker.Message) int64 {
	f := int64(m.Direction&1) | int64(m.QoS&3)<<1
	if m.Retained {
		f |= flagRetained
	}
	if m.Dup {
		f |= flagDup
	}
	return f
}

const (
	flagOut      = 1
	flagRetained = 8
	flagDup      = 16
)

// message unpacks flags.
func message(flags int64) broker.Message {
	return broker.Message{
		Direction: broker.Direction(flags & flagOut), QoS: byte(flags >> 1 & 3),
		Retained: flags&flagRetained != 0, Dup: flags&flagDup != 0,
	}
}

// errReading is what writing methods of a history opened for reading return.
func (h *rowsHistory) errReading(what string) error {
	return fmt.Errorf("%s %q: %w: it was opened for reading only", what, h.path, ErrReadOnly)
}
