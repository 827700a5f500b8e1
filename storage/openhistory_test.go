package storage_test

import (
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/storage"
)

func openHistory(t *testing.T, d *storage.Dir) (h storage.History, notice string) {
	t.Helper()
	h, notice, err := d.OpenHistory(t.Context())
	must(t, err)
	return h, notice
}

// fill appends n messages and closes the history of a directory.
func fill(t *testing.T, dir string, n int) {
	t.Helper()
	d, err := storage.OpenDir(t.Context(), dir)
	must(t, err)
	h, _ := openHistory(t, d)
	for i := range n / 1000 {
		es := make([]storage.Entry, 1000)
		for j := range es {
			es[j] = entry(fmt.Sprintf("topic/%d", j%50), int64(i*1000+j+1))
		}
		must(t, h.Append(t.Context(), es))
	}
	must(t, h.Close(), d.Close())
}

func count(t *testing.T, h storage.History, q storage.Query) int64 {
	t.Helper()
	n, err := h.Count(t.Context(), q)
	must(t, err)
	return n
}

func TestReopenHistory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	fill(t, dir, 33_000) // a chunk and a tail
	fill(t, dir, 1000)   // older times than those that are there
	d := openDir(t, dir)
	h, notice := openHistory(t, d)
	defer h.Close()
	if n := count(t, h, storage.Query{Filters: []string{"topic/7"}}); n != 680 || notice != "" {
		t.Errorf("%d rows of a topic, want 680; notice %q", n, notice)
	}
	if s := h.Stats(); s.Rows != 34_000 || s.Oldest != 1 || s.Newest != 33_000 || s.Bytes < 1<<19 {
		t.Errorf("stats %+v", s)
	}
	// IDs follow the clock as long as it goes forward.
	p, err := h.Page(t.Context(), storage.Query{To: 33_001, From: 33_000}, 0)
	if err != nil || len(p.Rows) != 1 || p.Rows[0].ID != 33_000 || p.Rows[0].Message.Time != 33_000 {
		t.Errorf("page of one time: %+v, %v", p, err)
	}
	next := int64(1)
	must(t, h.Scan(t.Context(), storage.Query{}, func(r storage.Row) bool { // in more than one step
		if r.ID != next || r.Message.Time != (next-1)%33_000+1 {
			t.Errorf("row %d has ID %d and time %d", next, r.ID, r.Message.Time)
			return false
		}
		next++
		return true
	}))
	if next != 34_001 {
		t.Errorf("Scan ended before row %d", next)
	}
	must(t, h.Append(t.Context(), []storage.Entry{entry("new", 1_000_000)}))
	if p, err = h.Page(t.Context(), storage.Query{Limit: 1}, 0); err != nil || p.Rows[0].ID != 1_000_000 {
		t.Errorf("newest row: %+v, %v", p, err)
	}
}

func TestSourceRenamed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	h := openRows(t, dir, 10)
	named := func(name string) storage.Entry {
		e := entry("a", 1)
		e.SourceName = name
		return e
	}
	must(t, h.Append(t.Context(), []storage.Entry{named("old"), named("new"), named("old")}),
		h.Append(t.Context(), []storage.Entry{named("old"), named("newest")}))
	ro, err := storage.OpenHistoryReadOnly(t.Context(), dir)
	must(t, err)
	defer ro.Close()
	for _, h := range []storage.History{h, ro} {
		must(t, h.Scan(t.Context(), storage.Query{}, func(r storage.Row) bool {
			if r.SourceName != "newest" {
				t.Errorf("row %d is of %q", r.ID, r.SourceName)
			}
			return true
		}))
	}
}

// TestDamagedHistory sets aside what is no database or fails its check.
func TestDamagedHistory(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(t *testing.T, path string){
		"header": func(t *testing.T, path string) { t.Helper(); garble(t, path, 0) },
		"text":   func(t *testing.T, path string) { t.Helper(); write(t, path, strings.Repeat("no database ", 99)) },
		"pages":  func(t *testing.T, path string) { t.Helper(); garble(t, path, 8192) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			fill(t, dir, 3000)
			damage(t, filepath.Join(dir, "history.db"))
			damaged, err := os.ReadFile(filepath.Join(dir, "history.db"))
			must(t, err)
			if h, err := storage.OpenHistoryReadOnly(t.Context(), dir); err == nil {
				if err = h.Scan(t.Context(), storage.Query{}, func(storage.Row) bool { return true }); !errors.Is(err, storage.ErrDamaged) {
					t.Errorf("read-only scan: %v, want ErrDamaged", err)
				}
				must(t, h.Close())
			} else if !errors.Is(err, storage.ErrDamaged) {
				t.Errorf("read-only: %v, want ErrDamaged", err)
			}
			d := openDir(t, dir)
			h, notice := openHistory(t, d)
			defer h.Close()
			aside, _ := filepath.Glob(filepath.Join(dir, "history-damaged-*.db"))
			if len(aside) != 1 || !strings.Contains(notice, aside[0]) {
				t.Fatalf("set aside: %q, notice %q", aside, notice)
			}
			if kept, err := os.ReadFile(aside[0]); err != nil || string(kept) != string(damaged) {
				t.Errorf("the damaged file was changed or is gone: %v", err)
			}
			must(t, h.Append(t.Context(), []storage.Entry{entry("a", 1)}))
			if n := count(t, h, storage.Query{}); n != 1 {
				t.Errorf("%d rows in the new history, want 1", n)
			}
		})
	}
}

// TestDamageFoundLater reads and writes histories whose pages went bad after
// they were opened: errors, never a panic, and never a wrong row.
func TestDamageFoundLater(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(3, 3))
	found := 0
	path := filepath.Join(t.TempDir(), "history.db")
	whole, err := storage.OpenRows(t.Context(), path, 500)
	must(t, err)
	for i := range 4 {
		es := make([]storage.Entry, 1050)
		for j := range es {
			es[j] = entry(fmt.Sprintf("topic/%d", j%50), int64(i))
		}
		must(t, whole.Append(t.Context(), es))
	}
	must(t, whole.Close())
	sound, err := os.ReadFile(path)
	must(t, err)
	for range 10 {
		b := slices.Clone(sound)
		for range 4 {
			page := 1 + rnd.IntN(len(b)/4096-1)
			for i := range 4096 {
				b[page*4096+i] = byte(rnd.Uint32())
			}
		}
		must(t, os.WriteFile(path, b, 0o600))
		h, err := storage.OpenHistoryReadOnly(t.Context(), filepath.Dir(path)) // no check at opening
		if err != nil {
			found++
			continue
		}
		check := func(what string, err error) {
			if err != nil && !errors.Is(err, storage.ErrDamaged) {
				t.Errorf("%s: %v is not ErrDamaged", what, err)
			}
			if err != nil {
				found++
			}
		}
		check("scan", h.Scan(t.Context(), storage.Query{}, func(storage.Row) bool { return true }))
		_, err = h.Page(t.Context(), storage.Query{Filters: []string{"topic/7"}, Limit: 10_000}, 0)
		check("page", err)
		_, err = h.Count(t.Context(), storage.Query{Contains: []byte("7")})
		check("count", err)
		_, err = h.Topics(t.Context(), "")
		check("topics", err)
		h.Stats()
		must(t, h.Close())
	}
	if found == 0 {
		t.Error("no damage was found: the test is blind")
	}
}

func TestNewerHistory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	fill(t, dir, 1000)
	setVersion(t, filepath.Join(dir, "history.db"), 99)
	d := openDir(t, dir)
	if _, _, err := d.OpenHistory(t.Context()); !errors.Is(err, storage.ErrNewer) || !strings.Contains(err.Error(), "history.db") {
		t.Errorf("newer: %v", err)
	}
	if _, err := storage.OpenHistoryReadOnly(t.Context(), dir); !errors.Is(err, storage.ErrNewer) {
		t.Errorf("newer, read-only: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "history-damaged*")); len(left) > 0 {
		t.Errorf("a newer history was set aside: %q", left)
	}
}

func TestReadOnlyHistory(t *testing.T) {
	t.Parallel()
	ctx, dir := t.Context(), t.TempDir()
	_, err := storage.OpenHistoryReadOnly(ctx, dir)
	if !errors.Is(err, storage.ErrNoHistory) || !strings.Contains(err.Error(), dir) {
		t.Errorf("no history: %v", err)
	}
	d := openDir(t, dir)
	w, _ := openHistory(t, d)
	must(t, w.Append(ctx, []storage.Entry{entry("a", 1), entry("b", 2)}))
	r, err := storage.OpenHistoryReadOnly(ctx, dir)
	must(t, err)
	for i := range 50 { // each commit is seen at once, new topics and sources too
		e := entry(fmt.Sprint("new/", i), int64(i+10))
		e.Source = fmt.Sprint("source", i/10)
		must(t, w.Append(ctx, []storage.Entry{e}))
		if n := count(t, r, storage.Query{Source: e.Source, Filters: []string{"new/#"}}); n != int64(i%10+1) {
			t.Fatalf("the reader counts %d after %d", n, i+1)
		}
	}
	if s := r.Stats(); s.Rows != 52 || s.Newest != 59 || s.Bytes == 0 {
		t.Errorf("reader's stats %+v", s)
	}
	if err := r.Append(ctx, []storage.Entry{entry("a", 1)}); !errors.Is(err, storage.ErrReadOnly) {
		t.Errorf("append by the reader: %v", err)
	}
	if _, err := r.Delete(ctx, storage.Query{}); !errors.Is(err, storage.ErrReadOnly) {
		t.Errorf("delete by the reader: %v", err)
	}
	must(t, w.Close())
	if n := count(t, r, storage.Query{}); n != 52 { // the writer is gone
		t.Errorf("%d rows after the writer has closed", n)
	}
	must(t, r.Close())

	dir = t.TempDir()
	fill(t, dir, 1000) // nobody has it open: no -wal, no -shm
	for _, suffix := range []string{"-wal", "-shm"} {
		if _, err := os.Stat(filepath.Join(dir, "history.db"+suffix)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("closing left history.db%s: %v", suffix, err)
		}
	}
	r, err = storage.OpenHistoryReadOnly(ctx, dir)
	must(t, err)
	if n := count(t, r, storage.Query{}); n != 1000 {
		t.Errorf("%d rows with nobody writing, want 1000", n)
	}
	must(t, r.Close())
}

// TestDeleteGivesSpaceBack also wants what was deleted to be gone for good.
func TestDeleteGivesSpaceBack(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	h := openRows(t, dir, 500)
	var es []storage.Entry
	for i := range 3000 {
		es = append(es, storage.Entry{Source: "s", Message: broker.Message{Time: int64(i), Topic: fmt.Sprint("t/", i%3), Payload: make([]byte, 1000)}})
	}
	must(t, h.Append(t.Context(), es))
	path := filepath.Join(dir, "history.db")
	size := func() int64 {
		info, err := os.Stat(path)
		must(t, err)
		return info.Size()
	}
	if n, err := h.Delete(t.Context(), storage.Query{From: 200, To: 2900}); n != 2700 || err != nil {
		t.Fatalf("deleted %d, %v; want 2700", n, err)
	}
	if got := size(); got > 1<<20 {
		t.Errorf("the file has %d bytes for 300 messages", got)
	}
	if v, err := storage.IntegrityCheck(t.Context(), h); v != "ok" || err != nil {
		t.Errorf("integrity: %s, %v", v, err)
	}
}

func TestForeignSchema(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	raw(t, filepath.Join(dir, "history.db"), func(db *sql.DB) {
		if _, err := db.Exec("CREATE TABLE msg (x)"); err != nil {
			t.Fatal(err)
		}
	})
	d := openDir(t, dir)
	if _, _, err := d.OpenHistory(t.Context()); err == nil || !strings.Contains(err.Error(), "history.db") {
		t.Errorf("another program's database: %v", err)
	}
}
