package storage_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/thingdesk/thingdesk/storage"
)

// TestBrokerReadOnly wants a file or directory that may not be written to be
// refused with what to do, and left as it is.
func TestBrokerReadOnly(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(t *testing.T, dir string){
		"all":   func(t *testing.T, dir string) { t.Helper(); fillBroker(t, dir); sealDir(t, dir, 0o444) },
		"empty": func(t *testing.T, dir string) { t.Helper(); sealDir(t, dir, 0o444) },
		"file": func(t *testing.T, dir string) {
			t.Helper()
			path := fillBroker(t, dir)
			sealDir(t, dir, 0o444)
			must(t, os.Chmod(dir, 0o777), os.Chmod(path, 0o444))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			prepare(t, dir)
			path := filepath.Join(dir, "broker.db")
			before, _ := os.ReadFile(path)
			powerless(t, func() {
				s, err := storage.OpenBroker(t.Context(), dir, storage.Process)
				if err == nil {
					t.Fatalf("opened what may not be written; closing gave %v", s.Close())
				}
				if !errors.Is(err, storage.ErrReadOnly) && !errors.Is(err, storage.ErrCannotOpen) ||
					!strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "allow writing to it") {
					t.Errorf("error says too little: %v", err)
				}
			})
			after, _ := os.ReadFile(path)
			if aside, _ := filepath.Glob(filepath.Join(dir, "*damaged*")); len(aside) > 0 || string(before) != string(after) {
				t.Errorf("changed or set aside: %q", aside)
			}
		})
	}
}
