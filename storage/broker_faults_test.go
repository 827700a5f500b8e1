package storage_test

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/thingdesk/thingdesk/localbroker/durable"
	"github.com/thingdesk/thingdesk/localbroker/durable/durabletest"
	"github.com/thingdesk/thingdesk/storage"
)

func rawExec(t *testing.T, path, query string) {
	t.Helper()
	raw(t, path, func(db *sql.DB) {
		t.Helper()
		if _, err := db.ExecContext(t.Context(), query); err != nil {
			t.Fatal(err)
		}
	})
}

// fillBroker makes a store of some size.
func fillBroker(t *testing.T, dir string) (path string) {
	t.Helper()
	s := openBroker(t, dir, storage.Process)
	commit(t, s, putSessions(10)...)
	f := &flow{sessions: 10}
	commit(t, s, f.batch(1000, 0)...)
	commit(t, s, durable.Change{Kind: durable.Retain, Message: hundredBytes("a/b", 1)})
	must(t, s.Close())
	return filepath.Join(dir, "broker.db")
}

// TestBrokerDamaged sets aside what is no database, fails its check, or holds
// what no store has written.
func TestBrokerDamaged(t *testing.T) {
	t.Parallel()
	query := func(query string) func(t *testing.T, path string) {
		return func(t *testing.T, path string) { t.Helper(); rawExec(t, path, query) }
	}
	for name, damage := range map[string]func(t *testing.T, path string){
		"header":   func(t *testing.T, path string) { t.Helper(); garble(t, path, 0) },
		"text":     func(t *testing.T, path string) { t.Helper(); write(t, path, strings.Repeat("no database ", 999)) },
		"pages":    func(t *testing.T, path string) { t.Helper(); garble(t, path, 8192) },
		"message":  query("UPDATE delivery SET data = x'01ff' WHERE id = (SELECT max(id) FROM delivery)"),
		"lost":     query("UPDATE delivery SET data = NULL"),
		"ids":      query("UPDATE delivery SET ids = x'ff'"),
		"will":     query("UPDATE session SET will = x'05'"),
		"retained": query("UPDATE retained SET data = x'00000000'"),
		"number":   query("UPDATE session SET number = -1 WHERE number = 3"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			path := fillBroker(t, dir)
			damage(t, path)
			damaged, err := os.ReadFile(path)
			must(t, err)
			s := openBroker(t, dir, storage.Process)
			aside, _ := filepath.Glob(filepath.Join(dir, "broker-damaged-*.db"))
			if len(aside) != 1 || !strings.Contains(s.Notice(), aside[0]) {
				t.Fatalf("set aside: %q, notice %q", aside, s.Notice())
			}
			if kept, err := os.ReadFile(aside[0]); err != nil || string(kept) != string(damaged) {
				t.Errorf("the damaged file was changed or is gone: %v", err)
			}
			durabletest.WantState(t, s, &durabletest.Model{})
			model := &durabletest.Model{}
			commit(t, s, putSessions(3)...)
			commit(t, model, putSessions(3)...)
			must(t, s.Close())
			s = openBroker(t, dir, storage.Process)
			if s.Notice() != "" {
				t.Error(s.Notice())
			}
			durabletest.WantState(t, s, model)
		})
	}
}

// TestBrokerRefused wants each error to name the file and say what to do, and
// the file to stay.
func TestBrokerRefused(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		prepare func(t *testing.T, path string)
		want    error
		words   string
	}{
		{"newer", func(t *testing.T, path string) { t.Helper(); setVersion(t, path, 99) }, storage.ErrNewer, "update Thingdesk"},
		{"directory", func(t *testing.T, path string) { t.Helper(); must(t, os.Mkdir(path, 0o700)) }, storage.ErrCannotOpen, "start Thingdesk again"},
		{"foreign", func(t *testing.T, path string) { t.Helper(); rawExec(t, path, "CREATE TABLE session (x)") }, nil, "already exists"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			path := filepath.Join(dir, "broker.db")
			tt.prepare(t, path)
			s, err := storage.OpenBroker(t.Context(), dir, storage.Process)
			if err == nil {
				t.Fatalf("opened; closing gave %v", s.Close())
			}
			if tt.want != nil && !errors.Is(err, tt.want) || !strings.Contains(err.Error(), "broker.db") || !strings.Contains(err.Error(), tt.words) {
				t.Errorf("error does not say %q, %q: %v", tt.want, tt.words, err)
			}
			if left, _ := filepath.Glob(filepath.Join(dir, "broker-damaged*")); len(left) > 0 {
				t.Errorf("set aside: %q", left)
			}
		})
	}
	_, err := storage.OpenBroker(t.Context(), filepath.Join(t.TempDir(), "nowhere"), storage.Process)
	if err == nil || !strings.Contains(err.Error(), "nowhere") {
		t.Errorf("a directory that is not there: %v", err)
	}
}

// TestBrokerLocked holds the file by another connection, as another program
// would.
func TestBrokerLocked(t *testing.T) {
	t.Parallel()
	dir, ctx := t.TempDir(), t.Context()
	path := fillBroker(t, dir)
	s := openBroker(t, dir, storage.Process)
	must(t, storage.SetBrokerBusyTimeout(s, 20))
	state, err := s.Load(ctx)
	must(t, err)
	changes := []durable.Change{{Kind: durable.DropSession, Session: 3}, {Kind: durable.Retain, Message: hundredBytes("new", 1)}}
	raw(t, path, func(db *sql.DB) {
		conn, err := db.Conn(ctx)
		must(t, err)
		_, err = conn.ExecContext(ctx, "BEGIN IMMEDIATE")
		must(t, err)
		if err := s.Commit(ctx, changes); !errors.Is(err, storage.ErrBusy) || !strings.Contains(storage.Explain(err), "another program") {
			t.Errorf("commit to a locked file: %v", err)
		}
		must(t, conn.Close())
	})
	after, err := s.Load(ctx)
	if err != nil || len(after.Sessions) != len(state.Sessions) || len(after.Retained) != len(state.Retained) {
		t.Errorf("something of a failed commit was stored: %v", err)
	}
	commit(t, s, changes...)
	after, err = s.Load(ctx)
	if err != nil || len(after.Sessions) != len(state.Sessions)-1 || len(after.Retained) != len(state.Retained)+1 {
		t.Errorf("the same again was not stored: %v", err)
	}
	must(t, s.Close())

	raw(t, path, func(db *sql.DB) {
		conn, err := db.Conn(ctx)
		must(t, err)
		_, err = conn.ExecContext(ctx, "PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE; CREATE TABLE x (x); COMMIT")
		must(t, err)
		if _, err := storage.OpenBroker(ctx, dir, storage.Process); !errors.Is(err, storage.ErrBusy) || !strings.Contains(err.Error(), "close that program") {
			t.Errorf("open a file held by another program: %v", err)
		}
		must(t, conn.Close())
	})
}

// TestBrokerAllOrNothing fails at the end of a batch, whose beginning must be
// undone, and wants the same batch to be taken as soon as the fault is over.
func TestBrokerAllOrNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := fillBroker(t, dir)
	s := openBroker(t, dir, storage.Process)
	before, err := s.Load(t.Context())
	must(t, err)
	rawExec(t, path, "ALTER TABLE retained RENAME TO hidden")
	changes := append(putSessions(12), durable.Change{Kind: durable.Retain, Message: hundredBytes("late", 1)})
	for range 2 {
		if err := s.Commit(t.Context(), changes); err == nil || !strings.Contains(err.Error(), "broker.db") || !strings.Contains(err.Error(), "retained") {
			t.Errorf("commit without a table: %v", err)
		}
	}
	rawExec(t, path, "ALTER TABLE hidden RENAME TO retained")
	after, err := s.Load(t.Context())
	if diff := cmp.Diff(before, after); diff != "" || err != nil {
		t.Errorf("state after failed commits: %v (-want +got):\n%s", err, diff)
	}
	commit(t, s, changes...)
	after, err = s.Load(t.Context())
	if err != nil || len(after.Sessions) != 12 || len(after.Retained) != 2 {
		t.Errorf("the same again was not stored: %v", err)
	}
}

// TestBrokerCanceled wants a context that has ended to keep a commit from
// beginning.
func TestBrokerCanceled(t *testing.T) {
	t.Parallel()
	s := openBroker(t, t.TempDir(), storage.Process)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Commit(ctx, putSessions(1)); !errors.Is(err, context.Canceled) {
		t.Errorf("commit: %v", err)
	}
	durabletest.WantState(t, s, &durabletest.Model{})
}

// TestBrokerFull fills a small disk, and goes on when there is room again.
func TestBrokerFull(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", dir).CombinedOutput(); err != nil {
		t.Skipf("LOUD: a small disk cannot be mounted without root: %v, %s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", dir).CombinedOutput(); err != nil {
			t.Errorf("umount: %v, %s", err, out)
		}
	})
	s := openBroker(t, dir, storage.Process)
	source, model := durabletest.NewChanges(7), &durabletest.Model{}
	next := source.Batch(100)
	ballast := filepath.Join(dir, "ballast")
	must(t, os.WriteFile(ballast, make([]byte, 3<<20), 0o600))
	var err error
	for range 5000 {
		if err = s.Commit(t.Context(), next); err != nil {
			break
		}
		commit(t, model, next...)
		next = source.Batch(100)
	}
	if !errors.Is(err, storage.ErrFull) || !strings.Contains(err.Error(), "broker.db") {
		t.Fatalf("commit to a full disk: %v", err)
	}
	durabletest.WantState(t, s, model)
	for range 3 {
		if err := s.Commit(t.Context(), next); !errors.Is(err, storage.ErrFull) {
			t.Fatalf("the same again: %v", err)
		}
	}
	must(t, os.Remove(ballast))
	for range 5 {
		commit(t, s, next...)
		commit(t, model, next...)
		next = source.Batch(100)
	}
	durabletest.WantState(t, s, model)
	must(t, s.Close())
	s = openBroker(t, dir, storage.Process)
	durabletest.WantState(t, s, model)
	must(t, s.Close())

	must(t, os.WriteFile(ballast, nil, 0o600))
	_ = os.WriteFile(ballast, make([]byte, 6<<20), 0o600) // all there is
	if s, err := storage.OpenBroker(t.Context(), dir, storage.Process); err == nil {
		must(t, s.Close())
	} else if !errors.Is(err, storage.ErrFull) {
		t.Errorf("open on a full disk: %v", err)
	}
}

// What the child of TestBrokerKill is told: where to write, and after which
// batches the file was opened again.
const (
	brokerChildDir  = "THINGDESK_TEST_BROKER_DIR"
	brokerChildRuns = "THINGDESK_TEST_BROKER_RUNS"
)

// killed makes the batches of TestBrokerKill, the same ones in each process.
type killed struct {
	source *durabletest.Changes
	model  durabletest.Model
	n      int
}

// next returns the next batch, which says its number in a retained message.
func (k *killed) next(t *testing.T) []durable.Change {
	t.Helper()
	k.n++
	changes := k.source.Batch(1 + k.n*31%150)
	changes = append(changes, durable.Change{Kind: durable.Retain, Message: &durable.Message{Topic: "batch", Payload: []byte(strconv.Itoa(k.n))}})
	commit(t, &k.model, changes...)
	return changes
}

// after makes batches up to n and notes that the file is opened again.
func (k *killed) after(t *testing.T, n int) {
	t.Helper()
	for k.n < n {
		k.next(t)
	}
	k.source.Restart()
}

// TestBrokerKillChild is no test: TestBrokerKill runs it in a process of its
// own and kills it. It commits batches without end and says which are stored.
func TestBrokerKillChild(t *testing.T) {
	dir := os.Getenv(brokerChildDir)
	if dir == "" {
		t.Skip("runs only as the child of TestBrokerKill")
	}
	k := &killed{source: durabletest.NewChanges(3)}
	for run := range strings.FieldsSeq(os.Getenv(brokerChildRuns)) {
		n, err := strconv.Atoi(run)
		must(t, err)
		k.after(t, n)
	}
	s := openBroker(t, dir, storage.Sync(k.n%2))
	for {
		commit(t, s, k.next(t)...)
		fmt.Fprintf(os.Stdout, "stored %d\n", k.n)
	}
}

// TestBrokerKill kills a broker's process at random moments, and wants the file
// to hold all batches it has reported, at most one more, and that one whole.
func TestBrokerKill(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes seconds")
	}
	dir, runs, last := t.TempDir(), "", 0
	k := &killed{source: durabletest.NewChanges(3)}
	for round := range 8 {
		reported := killBroker(t, dir, runs, time.Duration(rand.IntN(80_000))*time.Microsecond)
		s := openBroker(t, dir, storage.Process)
		if s.Notice() != "" {
			t.Fatal(s.Notice())
		}
		if v, err := s.Pragma("integrity_check"); v != "ok" || err != nil {
			t.Fatalf("round %d: integrity: %v, %v", round, v, err)
		}
		state, err := s.Load(t.Context())
		must(t, err)
		n := 0
		for _, m := range state.Retained {
			if m.Topic == "batch" {
				n, err = strconv.Atoi(string(m.Payload))
				must(t, err)
			}
		}
		if n < max(reported, last) || n > max(reported, last)+1 {
			t.Fatalf("round %d: batches up to %d are stored, %d was reported last", round, n, reported)
		}
		k.after(t, n)
		durabletest.WantState(t, s, &k.model)
		must(t, s.Close())
		runs, last = fmt.Sprint(runs, " ", n), n
		if t.Failed() {
			return
		}
	}
	t.Logf("batches stored at each kill:%s", runs)
}

// killBroker runs TestBrokerKillChild, kills it some time after its first
// report and returns the last one.
func killBroker(t *testing.T, dir, runs string, after time.Duration) (reported int) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestBrokerKillChild$", "-test.v")
	cmd.Env = append(os.Environ(), brokerChildDir+"="+dir, brokerChildRuns+"="+runs)
	out, err := cmd.StdoutPipe()
	must(t, err, cmd.Start())
	first := true
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if _, err := fmt.Sscanf(lines.Text(), "stored %d", &reported); err == nil && first {
			first = false
			time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
		}
	}
	if err := cmd.Wait(); err == nil || first {
		t.Fatalf("the child ended by itself (%v) after %d", err, reported)
	}
	return reported
}
