package storage

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func openTestDB(t *testing.T, path string) *sql.DB {
	t.Helper()
	if err := ownFile(path); err != nil {
		t.Fatal(err)
	}
	db, err := openWriter(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func version(t *testing.T, db *sql.DB) (v, tables int) {
	t.Helper()
	if err := db.QueryRowContext(t.Context(), "SELECT user_version, (SELECT count(*) FROM sqlite_schema) FROM pragma_user_version").Scan(&v, &tables); err != nil {
		t.Fatal(err)
	}
	return v, tables
}

func TestMigrate(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "app.db")
	db := openTestDB(t, path)
	ctx := t.Context()
	steps := []string{"CREATE TABLE a (x)", "CREATE TABLE b (x)", "CREATE TABLE c (x); CREATE TABLE a (x)", "CREATE TABLE d (x)"}

	if err := migrate(ctx, db, path, steps[:2], backupBefore(path)); err != nil {
		t.Fatal(err)
	}
	if v, n := version(t, db); v != 2 || n != 2 {
		t.Errorf("version %d with %d tables, want 2 with 2", v, n)
	}
	backup := filepath.Join(filepath.Dir(path), "app-backup-v2.db")
	if _, err := os.Stat(backup); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a new database was backed up: %v", err)
	}
	if _, err := db.ExecContext(ctx, "INSERT INTO a VALUES (42)"); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time there is a backup already
		if err := migrate(ctx, db, path, steps, backupBefore(path)); err == nil {
			t.Fatal("a failing step gave no error")
		}
	}
	if v, n := version(t, db); v != 2 || n != 2 {
		t.Errorf("a failing step left version %d with %d tables, want 2 with 2", v, n)
	}
	copied := openTestDB(t, backup)
	var x int
	if err := copied.QueryRowContext(ctx, "SELECT x FROM a").Scan(&x); err != nil || x != 42 {
		t.Errorf("backup holds %d, %v; want 42", x, err)
	}
	if v, _ := version(t, copied); v != 2 {
		t.Errorf("backup has version %d, want 2", v)
	}
	if err := migrate(ctx, db, path, steps[:1], nil); !errors.Is(err, ErrNewer) {
		t.Errorf("a newer database: %v, want ErrNewer", err)
	}
	failing := func(context.Context, *sql.DB, int) error { return ErrFull }
	steps[2] = "CREATE TABLE c (x)"
	if err := migrate(ctx, db, path, steps, failing); !errors.Is(err, ErrFull) {
		t.Errorf("upgrade without a backup: %v, want ErrFull", err)
	}
	if v, _ := version(t, db); v != 2 {
		t.Errorf("upgraded to %d although the backup failed", v)
	}
}
