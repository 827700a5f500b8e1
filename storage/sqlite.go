package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// quickCheckBytes is the largest file that is checked whole when it is opened:
// about 50 ms.
const quickCheckBytes = 64 << 20

// dsn builds the name under which the driver opens a file. The driver runs the
// pragmas on each new connection, in this order.
func dsn(path, params string, pragmas ...string) string {
	p := filepath.ToSlash(path)
	if !strings.HasPrefix(p, "/") { // a Windows drive
		p = "/" + p
	}
	u := url.URL{Scheme: "file", Path: p, RawQuery: params}
	for _, pragma := range pragmas {
		u.RawQuery += "&_pragma=" + url.QueryEscape(pragma)
	}
	return u.String()
}

// openWriter opens the one connection that writes a file. Extra pragmas run
// before the file is first written.
func openWriter(ctx context.Context, path string, extra ...string) (*sql.DB, error) {
	pragmas := append([]string{"busy_timeout(5000)"}, extra...)
	pragmas = append(pragmas, "journal_mode(WAL)", "synchronous(FULL)", "wal_autocheckpoint(4000)",
		"journal_size_limit(67108864)", "cache_size(-8192)", "temp_store(MEMORY)")
	return open(ctx, path, dsn(path, "mode=rw&_txlock=immediate", pragmas...), 1)
}

// openReaders opens the connections that read a file. With readOnly nothing at
// all is written, not even when this process is the last to close it.
func openReaders(ctx context.Context, path string, readOnly bool) (*sql.DB, error) {
	mode := "mode=rw"
	if readOnly {
		mode = "mode=ro"
	}
	name := dsn(path, mode, "busy_timeout(5000)", "query_only(1)", "cache_size(-16384)", "temp_store(MEMORY)")
	return open(ctx, path, name, min(max(runtime.NumCPU(), 2), 4))
}

// open opens a pool that keeps its connections, and tries the first one.
func open(ctx context.Context, path, name string, conns int) (*sql.DB, error) {
	db, err := sql.Open("sqlite", name)
	if err != nil {
		return nil, wrap(err, "open %q", path)
	}
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(wrap(err, "open %q", path), db.Close())
	}
	return db, nil
}

// ownFile makes a missing database file for its owner's eyes only; SQLite gives
// its companions the same rights. An existing file is never opened here, for
// closing it would drop the locks that SQLite holds on it in this process.
func ownFile(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // G304: a name of ours in the directory the user chose
	switch {
	case errors.Is(err, os.ErrExist):
		return nil
	case err != nil:
		return fmt.Errorf("create %q: %w: make the directory writable or choose another data directory", path, classify(err))
	}
	return wrap(f.Close(), "create %q", path)
}

// quickCheck reads the header and, when the file is not large, checks its
// structure. It returns ErrDamaged or the reason why it could not look.
func quickCheck(ctx context.Context, db *sql.DB, path string) error {
	var n int
	if err := db.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&n); err != nil {
		return wrap(err, "read %q", path)
	}
	if info, err := os.Stat(path); err != nil || info.Size() > quickCheckBytes {
		return wrap(err, "read %q", path)
	}
	var verdict string
	if err := db.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&verdict); err != nil {
		return wrap(err, "check %q", path)
	}
	if verdict != "ok" {
		verdict = strings.Join(strings.Fields(strings.ReplaceAll(verdict, "*** in database main ***", "")), " ")
		return fmt.Errorf("check %q: %w: %s", path, ErrDamaged, verdict)
	}
	return nil
}

// each runs a query and calls f for each row until f returns an error; errStop
// ends it without one.
func each(ctx context.Context, db *sql.DB, query string, args []any, f func(rows *sql.Rows) error) error {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	if err := walk(rows, f); !errors.Is(err, errStop) {
		return err
	}
	return nil
}

// walk calls f for each row and closes rows. It returns what f returned.
func walk(rows *sql.Rows, f func(rows *sql.Rows) error) (err error) {
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := f(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// errStop ends a walk early.
var errStop = errors.New("stop")

// inTx runs f in one write transaction: all of it or nothing.
func inTx(ctx context.Context, db *sql.DB, f func(tx *sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := f(tx); err != nil {
		return rollback(tx, err)
	}
	if err := tx.Commit(); err != nil {
		return rollback(tx, err)
	}
	return nil
}

// rollback ends tx without a trace and returns the error that led here.
// SQLite may have rolled back already, a full disk for one: that is no news.
func rollback(tx *sql.Tx, cause error) error {
	if err := tx.Rollback(); err != nil && !errors.Is(err, sql.ErrTxDone) {
		return errors.Join(cause, err)
	}
	return cause
}
