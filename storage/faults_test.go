package storage_test

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/storage"
)

// childDir tells the child of TestKill where to write.
const childDir = "THINGDESK_TEST_CHILD_DIR"

// TestKillChild is no test: TestKill runs it in a process of its own and kills
// it. It appends batches without end and prints the last number acknowledged.
func TestKillChild(t *testing.T) {
	dir := os.Getenv(childDir)
	if dir == "" {
		t.Skip("runs only as the child of TestKill")
	}
	d, err := storage.OpenDir(t.Context(), dir)
	must(t, err)
	h, notice := openHistory(t, d)
	if notice != "" {
		t.Fatal(notice)
	}
	n := int(h.Stats().Rows)
	for {
		es := make([]storage.Entry, 700)
		for i := range es {
			n++
			es[i] = entry(fmt.Sprintf("topic/%d", n%500), int64(n))
			es[i].Message.Payload = fmt.Append(nil, n)
		}
		must(t, h.Append(t.Context(), es))
		fmt.Fprintf(os.Stdout, "acknowledged %d\n", n)
	}
}

// TestKill kills a writing process again and again, and wants all that was
// acknowledged, once and in order, in a sound file.
func TestKill(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes seconds")
	}
	dir := t.TempDir()
	for round := range 3 {
		acknowledged := killedWriter(t, dir, time.Duration(40+round*70)*time.Millisecond)
		ro, err := storage.OpenHistoryReadOnly(t.Context(), dir) // recovers what the dead one left
		must(t, err)
		fromReader := count(t, ro, storage.Query{})
		must(t, ro.Close())
		d, err := storage.OpenDir(t.Context(), dir) // the lock died with its holder
		must(t, err)
		h, notice := openHistory(t, d)
		if v, err := storage.IntegrityCheck(t.Context(), h); v != "ok" || err != nil || notice != "" {
			t.Errorf("integrity: %s, %v, notice %q", v, err, notice)
		}
		n := 0
		must(t, h.Scan(t.Context(), storage.Query{}, func(r storage.Row) bool {
			n++
			if string(r.Message.Payload) != strconv.Itoa(n) || r.Message.Topic != fmt.Sprintf("topic/%d", n%500) {
				t.Errorf("row %d is %+v", n, r)
				return false
			}
			return true
		}))
		if n < acknowledged || n%700 != 0 || fromReader != int64(n) || h.Stats().Rows != int64(n) {
			t.Errorf("%d rows (reader %d, stats %d), %d were acknowledged", n, fromReader, h.Stats().Rows, acknowledged)
		}
		if one := count(t, h, storage.Query{Filters: []string{"topic/7"}}); one != int64((n+493)/500) {
			t.Errorf("%d rows of one topic among %d", one, n)
		}
		must(t, h.Close(), d.Close())
	}
}

// killedWriter runs TestKillChild, kills it some time after its first word and
// returns the last number it had acknowledged.
func killedWriter(t *testing.T, dir string, after time.Duration) (acknowledged int) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestKillChild$", "-test.v")
	cmd.Env = append(os.Environ(), childDir+"="+dir)
	out, err := cmd.StdoutPipe()
	must(t, err, cmd.Start())
	var timer *time.Timer
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if _, err := fmt.Sscanf(lines.Text(), "acknowledged %d", &acknowledged); err == nil && timer == nil {
			timer = time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
		}
	}
	if err := cmd.Wait(); err == nil || acknowledged == 0 {
		t.Fatalf("the child ended by itself (%v) after %d", err, acknowledged)
	}
	return acknowledged
}

// TestDiskFull makes SQLite's limit of pages stand for a full disk.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	h := openRows(t, t.TempDir(), 50)
	batch := func(from int) []storage.Entry {
		es := make([]storage.Entry, 100)
		for i := range es {
			es[i] = entry(fmt.Sprint("t/", from+i), int64(from+i))
			es[i].Message.Payload = make([]byte, 2000)
		}
		return es
	}
	must(t, h.Append(ctx, batch(0)))
	used, err := storage.LimitPages(ctx, h, 0)
	must(t, err)
	_, err = storage.LimitPages(ctx, h, used+8)
	must(t, err)
	err = h.Append(ctx, batch(100))
	if !errors.Is(err, storage.ErrFull) || !strings.Contains(storage.Explain(err), "disk is full") {
		t.Fatalf("append to a full disk: %v", err)
	}
	if n := count(t, h, storage.Query{}); n != 100 {
		t.Errorf("%d rows after a failed append, want 100", n)
	}

	r := storage.NewRecorder(h, storage.RecorderConfig{})
	for _, e := range batch(100) {
		r.Put(e.Source, e.SourceName, []broker.Message{e.Message})
	}
	waitFor(t, "trouble", func() bool { return r.Stats().Trouble != "" })
	_, err = storage.LimitPages(ctx, h, 0)
	must(t, err)
	r.Close()
	wantStats(t, r, storage.RecorderStats{Stored: 100})
	next := 0
	must(t, h.Scan(ctx, storage.Query{}, func(row storage.Row) bool {
		if row.Message.Topic != fmt.Sprint("t/", next) {
			t.Errorf("row %d has topic %q", next, row.Message.Topic)
		}
		next++
		return true
	}))
	if v, err := storage.IntegrityCheck(ctx, h); v != "ok" || err != nil || next != 200 {
		t.Errorf("%d rows, integrity %s, %v", next, v, err)
	}
	for i := range 200 {
		if n := count(t, h, storage.Query{Filters: []string{fmt.Sprint("t/", i)}}); n != 1 {
			t.Errorf("topic %d has %d rows", i, n)
		}
	}
}

// waitFor polls, for what real I/O does in its own time.
func waitFor(t *testing.T, what string, f func() bool) {
	t.Helper()
	for range 500 {
		if f() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("no %s within 5 s", what)
}
