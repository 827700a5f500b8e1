package storage_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/thingdesk/thingdesk/storage"
)

// powerless makes the thread that runs f a user who may not pass by the
// permissions of files: root may.
func powerless(t *testing.T, f func()) {
	t.Helper()
	if os.Getuid() == 0 {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		must(t, syscall.Setfsuid(65534))
		defer func() { must(t, syscall.Setfsuid(0)) }()
	}
	f()
}

// sealDir makes a directory that may be read but not written, by anybody.
func sealDir(t *testing.T, dir string, files os.FileMode) {
	t.Helper()
	for d := dir; d != os.TempDir() && len(d) > 1; d = filepath.Dir(d) { // the way there
		must(t, os.Chmod(d, 0o755))
	}
	entries, err := os.ReadDir(dir)
	must(t, err)
	for _, e := range entries {
		must(t, os.Chmod(filepath.Join(dir, e.Name()), files))
	}
	must(t, os.Chmod(dir, 0o555))
	t.Cleanup(func() { must(t, os.Chmod(dir, 0o700)) })
}

func TestReadOnlyDirectory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	fill(t, dir, 1000)
	must(t, os.Remove(filepath.Join(dir, "lock")))
	sealDir(t, dir, 0o444)
	powerless(t, func() {
		d, err := storage.OpenDir(t.Context(), dir)
		if err == nil {
			t.Fatalf("opened a directory that may not be written; closing gave %v", d.Close())
		}
		if !errors.Is(err, storage.ErrReadOnly) || !strings.Contains(err.Error(), dir) || !strings.Contains(err.Error(), "make it writable") {
			t.Errorf("directory: %v", err)
		}
		h, err := storage.OpenHistoryReadOnly(t.Context(), dir)
		if err == nil {
			n, err := h.Count(t.Context(), storage.Query{})
			t.Fatalf("opened a WAL database without its companions: %d rows, %v, %v", n, err, h.Close())
		}
		if !strings.Contains(err.Error(), "may be written") || !strings.Contains(err.Error(), dir) {
			t.Errorf("history: %v", err)
		}
		if _, err := storage.OpenDir(t.Context(), filepath.Join(dir, "new")); !errors.Is(err, storage.ErrReadOnly) || !strings.Contains(err.Error(), "may write to") {
			t.Errorf("new directory: %v", err)
		}
	})
}

func TestReadOnlyHistoryFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	fill(t, dir, 1000)
	d := openDir(t, dir)
	sealDir(t, dir, 0o444)
	powerless(t, func() {
		h, _, err := d.OpenHistory(t.Context())
		if err == nil {
			err = errors.Join(h.Append(t.Context(), []storage.Entry{entry("a", 1)}), h.Close())
		}
		if !errors.Is(err, storage.ErrReadOnly) && !errors.Is(err, storage.ErrCannotOpen) {
			t.Errorf("history that may not be written: %v", err)
		} else if !strings.Contains(err.Error(), "history.db") {
			t.Errorf("the error does not name the file: %v", err)
		}
	})
}
