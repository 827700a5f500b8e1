// Package storage keeps everything that outlives the program in SQLite files
// in one data directory: app.db holds profiles, Things, shadows and settings,
// broker.db what the bundled broker keeps, history.db the message history.
package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Names of the files in a data directory.
const (
	lockFile    = "lock"
	appFile     = "app.db"
	historyFile = "history.db"
)

// Dir is an open data directory. One process at a time holds it. Its methods
// may be called from any goroutine.
type Dir struct {
	path string
	lock *os.File
	w    *sql.DB // one connection, the only one that writes
	r    *sql.DB
}

// OpenDir makes the directory when it is missing, takes its lock and opens
// app.db. It returns ErrInUse, ErrNewer, ErrDamaged or an error that says what
// the system refused.
func OpenDir(ctx context.Context, path string) (*Dir, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open data directory %q: %w", path, err)
	}
	if err := makeDir(path); err != nil {
		return nil, err
	}
	lock, err := takeLock(path)
	if err != nil {
		return nil, err
	}
	d := &Dir{path: path, lock: lock}
	if err := d.openApp(ctx); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// Path returns the directory, absolute.
func (d *Dir) Path() string { return d.path }

// Close closes app.db and gives the lock back. Histories are closed by their
// owners before.
func (d *Dir) Close() error {
	var errs []error
	for _, db := range []*sql.DB{d.r, d.w} {
		if db != nil {
			errs = append(errs, wrap(db.Close(), "close %q", filepath.Join(d.path, appFile)))
		}
	}
	if d.lock != nil {
		errs = append(errs, wrap(errors.Join(unlock(d.lock), d.lock.Close()), "unlock data directory %q", d.path))
		d.lock = nil
	}
	return errors.Join(errs...)
}

// makeDir makes the directory, for its owner only, unless it is there.
func makeDir(path string) error {
	switch info, err := os.Stat(path); {
	case err == nil && info.IsDir():
		return nil
	case err == nil:
		return fmt.Errorf("open data directory %q: a file of that name is in the way: move it or choose another data directory", path)
	case !errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("open data directory %q: %w: choose a directory that you may use", path, classify(err))
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return fmt.Errorf("create data directory %q: %w: choose a directory that you may write to", path, classify(err))
	}
	return nil
}

// takeLock opens the lock file and locks it for this process. The file stays
// when the lock is given back, for removing it would race with the next taker.
func takeLock(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // G304: the user chose the directory
	if err != nil {
		return nil, fmt.Errorf("open data directory %q: %w: make it writable or choose another data directory", dir, classify(err))
	}
	switch err := lock(f); {
	case errors.Is(err, errLocked):
		return nil, errors.Join(
			fmt.Errorf("open data directory %q: %w: close that one or choose another data directory", dir, ErrInUse), f.Close())
	case err != nil:
		return nil, errors.Join(fmt.Errorf("lock data directory %q: %w", dir, classify(err)), f.Close())
	}
	return f, nil
}

// openApp opens app.db, checks it and brings it up to date.
func (d *Dir) openApp(ctx context.Context) (err error) {
	path := filepath.Join(d.path, appFile)
	defer func() {
		switch {
		case errors.Is(err, ErrDamaged):
			err = fmt.Errorf("%w: the file is left as it is: put a backup in its place, or move it away to begin anew without profiles and Things", err)
		case errors.Is(err, ErrNewer):
			err = fmt.Errorf("%w: update Thingdesk or choose another data directory", err)
		case errors.Is(err, ErrBusy):
			err = fmt.Errorf("%w: close that program and start again", err)
		case errors.Is(err, ErrFull):
			err = fmt.Errorf("%w: free some space and start again", err)
		case errors.Is(err, ErrCannotOpen), errors.Is(err, ErrReadOnly):
			err = fmt.Errorf("%w: look whether it is a file and whether file and directory may be written to, and start again", err)
		}
	}()
	if err := ownFile(path); err != nil {
		return err
	}
	if d.w, err = openWriter(ctx, path, "foreign_keys(1)"); err != nil {
		return err
	}
	if err := quickCheck(ctx, d.w, path); err != nil {
		return err
	}
	if err := migrate(ctx, d.w, path, appSteps, backupBefore(path)); err != nil {
		return err
	}
	d.r, err = openReaders(ctx, path, false)
	return err
}

// inTx runs f in one write transaction of app.db.
func (d *Dir) inTx(ctx context.Context, f func(tx *sql.Tx) error) error {
	return inTx(ctx, d.w, f)
}
