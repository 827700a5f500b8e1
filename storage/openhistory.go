package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// OpenHistory opens history.db of the directory for reading and writing. A
// damaged file is set aside as history-damaged-TIME.db and a new one begun;
// notice then says so in words.
func (d *Dir) OpenHistory(ctx context.Context) (h History, notice string, err error) {
	path := filepath.Join(d.path, historyFile)
	rows, err := openRows(ctx, path, defaultChunkRows)
	if errors.Is(err, ErrDamaged) {
		aside, moved := setAside(path, time.Now())
		if moved != nil {
			return nil, "", fmt.Errorf("set damaged history %q aside: %w", path, classify(moved))
		}
		notice = fmt.Sprintf("The message history was damaged. It has been set aside as %s, and a new one has begun. What can be read of it comes back with: sqlite3 %s .recover", aside, filepath.Base(aside))
		rows, err = openRows(ctx, path, defaultChunkRows)
	}
	switch {
	case errors.Is(err, ErrNewer):
		return nil, "", fmt.Errorf("%w: update Thingdesk, or move the file away to begin a new history", err)
	case errors.Is(err, ErrBusy):
		return nil, "", fmt.Errorf("open history: %w: close that program and start Thingdesk again", err)
	case errors.Is(err, ErrFull):
		return nil, "", fmt.Errorf("open history: %w: free some space and start Thingdesk again", err)
	case errors.Is(err, ErrReadOnly), errors.Is(err, ErrCannotOpen):
		return nil, "", fmt.Errorf("open history: %w: allow writing to it and start Thingdesk again", err)
	case err != nil:
		return nil, "", fmt.Errorf("open history: %w", err)
	}
	return rows, notice, nil
}

// setAside renames a database and its companions, which belong together, and
// returns the new path.
func setAside(path string, now time.Time) (aside string, err error) {
	stem := strings.TrimSuffix(path, ".db") + "-damaged-" + now.UTC().Format("20060102T150405Z")
	aside = stem + ".db"
	for n := 2; ; n++ {
		if _, err := os.Lstat(aside); errors.Is(err, os.ErrNotExist) {
			break
		} else if err != nil {
			return "", err
		}
		aside = fmt.Sprintf("%s-%d.db", stem, n)
	}
	for _, suffix := range []string{"-wal", "-shm", ""} { // the database last: without it nothing is found at the next start
		if err := os.Rename(path+suffix, aside+suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return "", err
		}
	}
	return aside, nil
}

// OpenHistoryReadOnly opens history.db of a directory for reading, also while
// another process writes it. No lock is taken and nothing is changed but for
// SQLite's companion files history.db-wal and -shm. It returns ErrNoHistory
// when nothing was ever recorded there.
func OpenHistoryReadOnly(ctx context.Context, path string) (History, error) {
	dir, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open history in %q: %w", path, err)
	}
	file := filepath.Join(dir, historyFile)
	switch info, err := os.Stat(file); {
	case errors.Is(err, os.ErrNotExist):
		return nil, fmt.Errorf("open history in %q: %w: choose the data directory of a Thingdesk that has recorded", dir, ErrNoHistory)
	case err != nil:
		return nil, fmt.Errorf("open history in %q: %w", dir, classify(err))
	case info.IsDir():
		return nil, fmt.Errorf("open history in %q: %s is a directory, not a database: choose another data directory", dir, historyFile)
	}
	h := &rowsHistory{path: file, chunkRows: defaultChunkRows, base: context.WithoutCancel(ctx)}
	if err := h.openReading(ctx, dir); err != nil {
		return nil, errors.Join(err, h.Close())
	}
	return h, nil
}

func (h *rowsHistory) openReading(ctx context.Context, dir string) (err error) {
	defer func() {
		switch {
		case errors.Is(err, ErrCannotOpen), errors.Is(err, ErrReadOnly):
			err = fmt.Errorf("open history in %q: reading needs a directory that may be written to, or a Thingdesk that has it open: "+
				"allow writing to it, or copy the directory elsewhere and read the copy: %w", dir, err)
		case errors.Is(err, ErrDamaged):
			err = fmt.Errorf("%w: start Thingdesk on this data directory, which sets the damaged file aside", err)
		case errors.Is(err, ErrNewer):
			err = fmt.Errorf("%w: update Thingdesk", err)
		}
	}()
	if h.r, err = openReaders(ctx, h.path, true); err != nil {
		return err
	}
	if err := h.checkVersion(ctx, h.r, dir); err != nil {
		return err
	}
	return h.dict.load(ctx, h.r)
}

// checkVersion accepts only the present version, for reading changes nothing.
func (h *rowsHistory) checkVersion(ctx context.Context, db *sql.DB, dir string) error {
	var version int
	if err := db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return wrap(err, "read %q", h.path)
	}
	switch {
	case version == 0:
		return fmt.Errorf("open history in %q: %w: its database is empty", dir, ErrNoHistory)
	case version > len(historySteps):
		return fmt.Errorf("open %q: %w (version %d, known is %d)", h.path, ErrNewer, version, len(historySteps))
	case version < len(historySteps):
		return fmt.Errorf("open %q: it is from an older Thingdesk: start Thingdesk once to bring it up to date", h.path)
	}
	return nil
}
