package storage_test

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/storage"
	"github.com/thingdesk/thingdesk/things"
	"github.com/thingdesk/thingdesk/things/shadow"
)

func openDir(tb testing.TB, path string) *storage.Dir {
	tb.Helper()
	d, err := storage.OpenDir(tb.Context(), path)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := d.Close(); err != nil {
			tb.Error(err)
		}
	})
	return d
}

func TestProfilesAndThings(t *testing.T) {
	t.Parallel()
	ctx, path := t.Context(), filepath.Join(t.TempDir(), "a ?#%ü dir", "data")
	d := openDir(t, path)
	one, two := broker.NewProfile("One", "one.example:1883"), broker.NewProfile("Two", "two.example")
	two.Transport, two.KeepAlive, two.Persistent, two.ClientID = broker.TLS, 30, true, "me"
	one.ID = "z" // made first, though last by ID
	ts := []things.Thing{
		{Connection: broker.LocalID, Name: "lamp", Filters: []string{"home/{thing}/#", "ü/\"x\""}, Created: 5},
		{Connection: two.ID, Name: "a/b", Display: "Pump <7>", Group: "floor-1/line-2", Created: -1},
		{Connection: one.ID, Name: "lamp"},
	}
	must(t, d.SaveProfile(ctx, one), d.SaveProfile(ctx, two), d.SaveThings(ctx, ts...))
	one.Name = "Uno"
	ts[0].Display = "Lamp"
	must(t, d.SaveProfile(ctx, one), d.SaveThings(ctx, ts[0]), d.SaveThings(ctx))
	if err := d.SaveProfile(ctx, broker.Profile{ID: "other", Name: "Two"}); err == nil || !strings.Contains(err.Error(), "another name") {
		t.Errorf("a name used twice: %v", err)
	}
	must(t, d.Close())
	d = openDir(t, path)
	ps, err := d.Profiles(ctx)
	if diff := cmp.Diff([]broker.Profile{one, two}, ps); diff != "" || err != nil {
		t.Errorf("profiles: %v (-want +got):\n%s", err, diff)
	}
	wantThings(t, d, ts[1], ts[0], ts[2])
	must(t, d.DeleteProfile(ctx, two.ID), d.DeleteThing(ctx, one.ID, "lamp"), d.DeleteThing(ctx, "no", "body"), d.DeleteProfile(ctx, "nobody"))
	wantThings(t, d, ts[0])
	if ps, err := d.Profiles(ctx); len(ps) != 1 || err != nil || ps[0].ID != one.ID {
		t.Errorf("profiles after a delete: %v, %v", ps, err)
	}
	if runtime.GOOS != "windows" {
		for name, want := range map[string]os.FileMode{"": 0o700, "app.db": 0o600} {
			if info, err := os.Stat(filepath.Join(path, name)); err != nil || info.Mode().Perm() != want {
				t.Errorf("%q has mode %v, %v; want %v", name, info.Mode(), err, want)
			}
		}
	}
}

func wantThings(t *testing.T, d *storage.Dir, want ...things.Thing) {
	t.Helper()
	got, err := d.Things(t.Context())
	byConnection := func(ts []things.Thing) map[string]things.Thing {
		m := make(map[string]things.Thing)
		for _, x := range ts {
			m[x.Connection+"|"+x.Name] = x
		}
		return m
	}
	if diff := cmp.Diff(byConnection(want), byConnection(got)); diff != "" || err != nil || len(got) != len(want) {
		t.Errorf("Things: %v (-want +got):\n%s", err, diff)
	}
	for i := range got[min(1, len(got)):] {
		if got[i].Connection+"\x00"+got[i].Name >= got[i+1].Connection+"\x00"+got[i+1].Name {
			t.Errorf("Things are not in order: %v", got)
		}
	}
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

func TestShadows(t *testing.T) {
	t.Parallel()
	ctx, path := t.Context(), t.TempDir()
	d := openDir(t, path)
	var want []shadow.Record
	for i := range 256 {
		want = append(want, shadow.Record{
			Key:     shadow.Key{Thing: fmt.Sprintf("thing-%03d", i/2), Name: []string{"", "config"}[i%2]},
			Version: int64(i), Document: fmt.Appendf(nil, `{"state":{"n":%d.50},"version":%d}`, i, i), At: int64(1000 + i),
		})
	}
	must(t, d.SaveShadows(ctx, want), d.SaveShadows(ctx, nil))
	want[3].Document, want[3].Deleted, want[3].Version = nil, true, 77
	must(t, d.SaveShadows(ctx, want[3:4]), d.Close())
	d = openDir(t, path)
	got, err := d.LoadShadows(ctx)
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("shadows: %v (-want +got):\n%s", err, diff)
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	ctx, d := t.Context(), openDir(t, t.TempDir())
	if v, ok, err := d.Setting(ctx, "window"); v != "" || ok || err != nil {
		t.Errorf("a setting never set = %q, %v, %v", v, ok, err)
	}
	for _, want := range []string{"800x600", ""} {
		must(t, d.SetSetting(ctx, "window", want))
		if v, ok, err := d.Setting(ctx, "window"); v != want || !ok || err != nil {
			t.Errorf("setting = %q, %v, %v; want %q", v, ok, err, want)
		}
	}
}

func TestSecondOpen(t *testing.T) {
	t.Parallel()
	path := t.TempDir()
	d := openDir(t, path)
	_, err := storage.OpenDir(t.Context(), path)
	if !errors.Is(err, storage.ErrInUse) || !strings.Contains(err.Error(), path) {
		t.Errorf("second open: %v; want ErrInUse with the directory", err)
	}
	must(t, d.Close())
	openDir(t, path)
	if _, err := d.Things(t.Context()); err == nil {
		t.Error("a closed directory could be read")
	}
}

// TestOpenDirRefused wants each error to name the place and say what to do.
func TestOpenDirRefused(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		prepare func(t *testing.T, dir string)
		sub     string
		want    error
		words   []string
	}{
		{"file in the way", func(t *testing.T, dir string) { t.Helper(); write(t, dir+"/data", "x") }, "data", nil, []string{"a file of that name", "choose another"}},
		{"parent is a file", func(t *testing.T, dir string) { t.Helper(); write(t, dir+"/f", "x") }, "f/data", nil, []string{"f/data", "choose"}},
		{"lock is a directory", func(t *testing.T, dir string) { t.Helper(); must(t, os.Mkdir(dir+"/lock", 0o700)) }, "", nil, []string{"make it writable"}},
		{"app.db is a directory", func(t *testing.T, dir string) { t.Helper(); must(t, os.Mkdir(dir+"/app.db", 0o700)) }, "", storage.ErrCannotOpen, []string{"app.db"}},
		{"no database", func(t *testing.T, dir string) { t.Helper(); write(t, dir+"/app.db", strings.Repeat("garbage ", 1000)) }, "", storage.ErrDamaged, []string{"app.db", "backup"}},
		{"newer", func(t *testing.T, dir string) { t.Helper(); setVersion(t, dir+"/app.db", 1000) }, "", storage.ErrNewer, []string{"app.db", "update Thingdesk"}},
		{"garbled pages", garbledApp, "", storage.ErrDamaged, []string{"app.db", "backup"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			tt.prepare(t, dir)
			app, _ := os.ReadFile(filepath.Join(dir, "app.db"))
			d, err := storage.OpenDir(t.Context(), filepath.Join(dir, tt.sub))
			if err == nil {
				t.Fatalf("opened; closing gave %v", d.Close())
			}
			if tt.want != nil && !errors.Is(err, tt.want) {
				t.Errorf("error is not %q: %v", tt.want, err)
			}
			for _, w := range append(tt.words, dir) {
				if !strings.Contains(filepath.ToSlash(err.Error()), filepath.ToSlash(w)) {
					t.Errorf("error does not say %q: %v", w, err)
				}
			}
			if after, _ := os.ReadFile(filepath.Join(dir, "app.db")); string(after) != string(app) {
				t.Error("app.db was changed")
			}
		})
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	must(t, os.WriteFile(path, []byte(text), 0o600))
}

// raw opens a database beside the package, to prepare a fault.
func raw(t *testing.T, path string, f func(db *sql.DB)) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	f(db)
	must(t, db.Close())
}

func setVersion(t *testing.T, path string, v int) {
	t.Helper()
	raw(t, path, func(db *sql.DB) {
		if _, err := db.Exec(fmt.Sprintf("PRAGMA journal_mode = WAL; PRAGMA user_version = %d", v)); err != nil {
			t.Fatal(err)
		}
	})
}

// garbledApp makes an app.db with a whole header and nonsense behind it.
func garbledApp(t *testing.T, dir string) {
	t.Helper()
	d, err := storage.OpenDir(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 200 {
		must(t, d.SetSetting(t.Context(), fmt.Sprint("key", i), strings.Repeat("v", 200)))
	}
	must(t, d.Close())
	garble(t, filepath.Join(dir, "app.db"), 4096)
}

// garble overwrites all of a file from an offset on.
func garble(t *testing.T, path string, from int) {
	t.Helper()
	b, err := os.ReadFile(path)
	must(t, err)
	if len(b) <= from {
		t.Fatalf("%s has only %d bytes", path, len(b))
	}
	for i := range b[from:] {
		b[from+i] = byte(i*7 + 13)
	}
	must(t, os.WriteFile(path, b, 0o600))
}
