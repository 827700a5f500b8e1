package storage

import (
	"context"
	"database/sql"
	"math"
	"slices"
)

// Delete removes the rows that match q and returns how many they were. It goes
// chunk by chunk, each a transaction, so that recording goes on between them;
// when ctx ends, what is gone is gone and counted.
func (h *rowsHistory) Delete(ctx context.Context, q Query) (int64, error) {
	if h.w == nil {
		return 0, h.errReading("delete from")
	}
	h.deleting.Lock()
	defer h.deleting.Unlock()
	s, err := h.selectFor(ctx, q)
	if err != nil {
		return 0, err
	}
	gone, err := h.deleteAll(ctx, s)
	if gone > 0 {
		h.tidy(context.WithoutCancel(ctx))
	}
	return gone, err
}

func (h *rowsHistory) deleteAll(ctx context.Context, s selection) (gone int64, err error) {
	steady := context.WithoutCancel(ctx)
	for {
		h.mu.Lock()
		seals := h.seals
		h.mu.Unlock()
		gs, err := h.segments(steady, s)
		if err != nil {
			return gone, err
		}
		again := false
		for _, g := range gs {
			if err := ctx.Err(); err != nil {
				return gone, err
			}
			n, stale, err := h.deleteIn(steady, s, g, seals)
			gone += n
			if err != nil {
				return gone, err
			}
			again = again || stale
		}
		if !again {
			return gone, nil
		}
	}
}

// deleteIn removes rows of one segment. stale tells that the tail has become a
// chunk since it was listed and nothing was done.
func (h *rowsHistory) deleteIn(ctx context.Context, s selection, g segment, seals int) (gone int64, stale bool, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !g.sealed && seals != h.seals {
		return 0, true, nil
	}
	var ids []int64
	if err := h.look(ctx, s, g, false, false, func(r *rawRow) error { ids = append(ids, r.id); return nil }); err != nil {
		return 0, false, err
	}
	if len(ids) == 0 {
		return 0, false, nil
	}
	ps := h.tail
	if g.sealed {
		if ps, err = h.places(ctx, g.lo-1, g.hi); err != nil {
			return 0, false, err
		}
	}
	var kept []place
	err = inTx(ctx, h.w, func(tx *sql.Tx) error {
		kept, err = deletePlaces(ctx, tx, ps, ids)
		if err != nil {
			return err
		}
		if g.sealed {
			if err := rewriteChunk(ctx, tx, g, kept); err != nil {
				return err
			}
		}
		_, err = tx.ExecContext(ctx, "INSERT INTO stat (key, value) VALUES ('last_id', ?1) ON CONFLICT (key) DO UPDATE SET value = ?1", h.dict.newest())
		return err
	})
	if err != nil {
		return 0, false, wrap(err, "delete from history")
	}
	if !g.sealed {
		h.tail = kept
	}
	totals, err := h.totals(ctx)
	h.statsMu.Lock()
	defer h.statsMu.Unlock()
	if err == nil {
		totals.Bytes = h.stats.Bytes
		h.stats = totals
	}
	return int64(len(ids)), false, err
}

// deletePlaces deletes the rows ids, some of ps, in runs without a kept row
// between, and returns the places that stay.
func deletePlaces(ctx context.Context, tx *sql.Tx, ps []place, ids []int64) (kept []place, err error) {
	from, to := int64(0), int64(0)
	open := false
	flush := func() error {
		if !open {
			return nil
		}
		open = false
		_, err := tx.ExecContext(ctx, "DELETE FROM msg WHERE id BETWEEN ? AND ?", from, to)
		return err
	}
	for _, p := range ps {
		if _, found := slices.BinarySearch(ids, p.id); found {
			if !open {
				from, open = p.id, true
			}
			to = p.id
			continue
		}
		if err := flush(); err != nil {
			return nil, err
		}
		kept = append(kept, p)
	}
	return kept, flush()
}

// rewriteChunk makes the description of a chunk fit the rows that stayed. Its
// key stays, for it tells where the next chunk begins.
func rewriteChunk(ctx context.Context, tx *sql.Tx, g segment, kept []place) error {
	if len(kept) == 0 {
		_, err := tx.ExecContext(ctx, "DELETE FROM chunk WHERE hi = ?", g.key)
		return err
	}
	c := chunkOf(kept)
	_, err := tx.ExecContext(ctx, "UPDATE chunk SET lo = ?, n = ?, tmin = ?, tmax = ?, post = ? WHERE hi = ?",
		c.lo, c.n, c.tmin, c.tmax, encodePostings(kept, c.lo), g.key)
	return err
}

// tidy gives the space of deleted rows back to the system in short steps. It is
// no loss when it cannot: the space is used again.
func (h *rowsHistory) tidy(ctx context.Context) {
	for before := int64(math.MaxInt64); ; {
		var free int64
		if err := h.w.QueryRowContext(ctx, "PRAGMA freelist_count").Scan(&free); err != nil || free == 0 || free >= before {
			break
		}
		before = free
		if _, err := h.w.ExecContext(ctx, "PRAGMA incremental_vacuum(500)"); err != nil {
			break
		}
	}
	_, _ = h.w.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)") // a reader may be in the way
}
