package storage

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Errors that callers decide on.
var (
	// ErrInUse means that another Thingdesk has the data directory open.
	ErrInUse = errors.New("data directory is already open in another Thingdesk")
	// ErrNewer means that a database was written by a newer Thingdesk.
	ErrNewer = errors.New("database is from a newer Thingdesk")
	// ErrDamaged means that a file is no SQLite database or fails its check.
	ErrDamaged = errors.New("database is damaged")
	// ErrNoHistory means that nothing was ever recorded in a directory.
	ErrNoHistory = errors.New("there is no history yet")
	// ErrFull means that the disk is full; nothing of the request was stored.
	ErrFull = errors.New("disk is full")
	// ErrReadOnly means that a file or directory may not be written.
	ErrReadOnly = errors.New("no permission to write")
	// ErrBusy means that another program held the database for too long.
	ErrBusy = errors.New("database is locked by another program")
	// ErrCannotOpen means that the system refused to open a database file.
	ErrCannotOpen = errors.New("database file cannot be opened")
)

// Explain says in words for the user what an error of this package means and
// what to do, without a final full stop. It is "" for nil, and the error's own
// text when there is nothing better to say.
func Explain(err error) string {
	err = classify(err)
	switch {
	case err == nil:
		return ""
	case errors.Is(err, ErrFull):
		return "the disk is full: free some space, storing goes on by itself"
	case errors.Is(err, ErrReadOnly):
		return "the data directory may not be written: allow writing to it, storing goes on by itself"
	case errors.Is(err, ErrBusy):
		return "another program holds the database: close it, storing goes on by itself"
	case errors.Is(err, ErrDamaged):
		return "the database is damaged: restart Thingdesk, which sets a damaged history aside and begins a new one"
	case errors.Is(err, ErrNewer):
		return "the database is from a newer Thingdesk: update Thingdesk or choose another data directory"
	case errors.Is(err, ErrInUse):
		return "the data directory is open in another Thingdesk: close that one or choose another data directory"
	case errors.Is(err, ErrNoHistory):
		return "there is no history in this data directory yet: connect to a broker first"
	case errors.Is(err, ErrCannotOpen):
		return "the database file cannot be opened: look whether it is there, is a file and may be read"
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return "stopped before it was done"
	}
	return err.Error()
}

// wrap adds what was being done and the sentinel for the SQLite or system code.
// It is nil when err is nil.
func wrap(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", fmt.Sprintf(format, args...), classify(err))
}

// classify wraps err with the sentinel that fits its code.
func classify(err error) error {
	if err == nil {
		return nil
	}
	kind := kindOf(err)
	if kind == nil || errors.Is(err, kind) {
		return err
	}
	return fmt.Errorf("%w: %w", kind, err)
}

func kindOf(err error) error {
	if se, ok := errors.AsType[*sqlite.Error](err); ok {
		switch se.Code() & 0xff {
		case sqlite3.SQLITE_FULL:
			return ErrFull
		case sqlite3.SQLITE_READONLY:
			return ErrReadOnly
		case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
			return ErrBusy
		case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
			return ErrDamaged
		case sqlite3.SQLITE_CANTOPEN:
			return ErrCannotOpen
		}
		if se.Code() == sqlite3.SQLITE_IOERR_SHMSIZE { // no room for the companion file -shm
			return ErrFull
		}
		return nil
	}
	switch {
	case errors.Is(err, syscall.ENOSPC):
		return ErrFull
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return ErrReadOnly
	}
	return nil
}
