package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// migrate brings a database forward to version len(steps), which
// PRAGMA user_version holds. Step i leads from version i to i+1 in a
// transaction of its own. backup, when not nil, is called once before the first
// step of a database that is not new. A database of a later version is left
// alone: ErrNewer.
func migrate(ctx context.Context, db *sql.DB, path string, steps []string, backup func(context.Context, *sql.DB, int) error) error {
	var version int
	if err := db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return wrap(err, "read version of %q", path)
	}
	if version > len(steps) {
		return fmt.Errorf("open %q: %w (version %d, known is %d)", path, ErrNewer, version, len(steps))
	}
	if version > 0 && version < len(steps) && backup != nil {
		if err := backup(ctx, db, version); err != nil {
			return err
		}
	}
	for ; version < len(steps); version++ {
		err := inTx(ctx, db, func(tx *sql.Tx) error {
			if _, err := tx.ExecContext(ctx, steps[version]); err != nil {
				return err
			}
			_, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", version+1))
			return err
		})
		if err != nil {
			return wrap(err, "bring %q to version %d", path, version+1)
		}
	}
	return nil
}

// backupBefore copies a database beside itself before an upgrade: app.db of
// version 3 becomes app-backup-v3.db. An older copy of that name is replaced
// once the new one is whole.
func backupBefore(path string) func(context.Context, *sql.DB, int) error {
	return func(ctx context.Context, db *sql.DB, version int) error {
		ext := filepath.Ext(path)
		dst := fmt.Sprintf("%s-backup-v%d%s", path[:len(path)-len(ext)], version, ext)
		part := dst + ".part"
		if err := os.Remove(part); err != nil && !errors.Is(err, os.ErrNotExist) {
			return wrap(err, "back up %q", path)
		}
		if err := ownFile(part); err != nil {
			return err
		}
		if _, err := db.ExecContext(ctx, "VACUUM INTO ?", part); err != nil {
			return wrap(err, "back up %q to %q", path, dst)
		}
		return wrap(os.Rename(part, dst), "back up %q to %q", path, dst)
	}
}
