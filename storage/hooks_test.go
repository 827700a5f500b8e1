package storage

import (
	"context"
	"fmt"
)

// OpenRows opens the rows engine with chunks of a given size.
func OpenRows(ctx context.Context, path string, chunkRows int) (History, error) {
	return openRows(ctx, path, chunkRows)
}

// LimitPages makes the disk of a history full, as SQLite sees it, beyond pages;
// 0 takes the limit away. It returns the pages in use.
func LimitPages(ctx context.Context, h History, pages int) (used int, err error) {
	w := h.(*rowsHistory).w //nolint:errcheck,forcetypeassert // a test of this engine
	if err := w.QueryRowContext(ctx, "PRAGMA page_count").Scan(&used); err != nil {
		return 0, err
	}
	if pages == 0 {
		pages = 1 << 30
	}
	_, err = w.ExecContext(ctx, fmt.Sprintf("PRAGMA max_page_count = %d", pages))
	return used, err
}

// LimitReaders leaves n connections to the readers of a history.
func LimitReaders(h History, n int) {
	h.(*rowsHistory).r.SetMaxOpenConns(n) //nolint:errcheck,forcetypeassert // a test of this engine
}

// IntegrityCheck returns SQLite's verdict on a history.
func IntegrityCheck(ctx context.Context, h History) (verdict string, err error) {
	err = h.(*rowsHistory).w.QueryRowContext(ctx, "PRAGMA integrity_check").Scan(&verdict) //nolint:errcheck,forcetypeassert // a test of this engine
	return verdict, err
}

// AppendRow is appendRow, for its fuzz test.
func AppendRow(b []byte, r *Row) []byte { return appendRow(b, r) }
