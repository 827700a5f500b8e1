package storage_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/thingdesk/thingdesk/localbroker/durable"
	"github.com/thingdesk/thingdesk/localbroker/durable/durabletest"
	"github.com/thingdesk/thingdesk/storage"
)

func TestBrokerStore(t *testing.T) {
	t.Parallel()
	durabletest.Test(t, func(t *testing.T, dir string) durabletest.Store {
		t.Helper()
		s, err := storage.OpenBroker(t.Context(), dir, storage.Process)
		if err != nil {
			t.Fatal(err)
		}
		if n := s.Notice(); n != "" {
			t.Fatal(n)
		}
		return s
	})
}

func TestBrokerSync(t *testing.T) {
	t.Parallel()
	for sync, want := range map[storage.Sync]int64{storage.Process: 1, storage.Power: 2} {
		dir := t.TempDir()
		s := openBroker(t, dir, sync)
		for pragma, want := range map[string]any{
			"synchronous": want, "journal_mode": "wal", "wal_autocheckpoint": int64(4000), "journal_size_limit": int64(64 << 20),
		} {
			if got, err := s.Pragma(pragma); got != want || err != nil {
				t.Errorf("%s is %v, %v; want %v", pragma, got, err, want)
			}
		}
		commit(t, s, putSessions(1)...)
		for _, name := range []string{"broker.db", "broker.db-wal", "broker.db-shm"} {
			info, err := os.Stat(filepath.Join(dir, name))
			if err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
				t.Errorf("%s: %v, %v", name, info, err)
			}
		}
		must(t, s.Close())
		if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) != 1 {
			t.Errorf("closing left %q", left)
		}
	}
}

// TestBrokerLeavesNothing wants the rows of what came and went to be gone, in
// one batch as in several.
func TestBrokerLeavesNothing(t *testing.T) {
	t.Parallel()
	shared := hundredBytes("a", 1)
	shared.ID = 1
	deliver := func(session, seq uint64, m *durable.Message) durable.Change {
		return durable.Change{Kind: durable.Deliver, Session: session, Delivery: &durable.Delivery{Seq: seq, QoS: 1, Message: m}}
	}
	changes := append(putSessions(2),
		durable.Change{Kind: durable.PutMessage, Message: shared},
		deliver(1, 1, shared), deliver(2, 1, shared), deliver(2, 2, hundredBytes("b", 2)),
		durable.Change{Kind: durable.Sent, Session: 1, Seq: 1},
		durable.Change{Kind: durable.Subscribe, Session: 2, Subscription: &durable.Subscription{Filter: "a"}},
		durable.Change{Kind: durable.Receive, Session: 1, Seq: 9},
		durable.Change{Kind: durable.Receive, Session: 2, Seq: 9},
		durable.Change{Kind: durable.Retain, Message: hundredBytes("c", 3)},
		durable.Change{Kind: durable.Acknowledge, Session: 1, Seq: 1},
		durable.Change{Kind: durable.Release, Session: 2, Seq: 1},
		durable.Change{Kind: durable.DropMessage, Seq: 1},
		durable.Change{Kind: durable.Unretain, Topic: "c"},
		durable.Change{Kind: durable.DropSession, Session: 1},
		durable.Change{Kind: durable.DropSession, Session: 2},
	)
	for _, size := range []int{1, 2, 3, 5, 8, len(changes)} {
		s := openBroker(t, t.TempDir(), storage.Process)
		for rest := changes; len(rest) > 0; rest = rest[min(size, len(rest)):] {
			commit(t, s, rest[:min(size, len(rest))]...)
		}
		for _, table := range []string{"session", "sent", "subscription", "message", "delivery", "received", "retained"} {
			if n, err := s.StoredRows(table); n != 0 || err != nil {
				t.Errorf("batches of %d leave %d rows in %s, %v", size, n, table, err)
			}
		}
		must(t, s.Close())
	}
}

// TestBrokerTidies wants rows that nothing refers to, as a broker that died
// leaves them, to be gone after the next start, and a session that gets the
// number of another not to inherit.
func TestBrokerTidies(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openBroker(t, dir, storage.Process)
	shared, lost := hundredBytes("a", 1), hundredBytes("a", 2)
	shared.ID, lost.ID = 1, 2
	commit(t, s, append(putSessions(2),
		durable.Change{Kind: durable.PutMessage, Message: shared}, durable.Change{Kind: durable.PutMessage, Message: lost},
		durable.Change{Kind: durable.Deliver, Session: 1, Delivery: &durable.Delivery{Seq: 1, QoS: 1, Message: shared}},
		durable.Change{Kind: durable.Deliver, Session: 2, Delivery: &durable.Delivery{Seq: 1, QoS: 1, Message: hundredBytes("b", 1)}},
		durable.Change{Kind: durable.Receive, Session: 2, Seq: 7}, durable.Change{Kind: durable.Sent, Session: 2, Seq: 1},
		durable.Change{Kind: durable.Subscribe, Session: 2, Subscription: &durable.Subscription{Filter: "f"}},
	)...)
	must(t, s.Close())
	rawExec(t, filepath.Join(dir, "broker.db"), "DELETE FROM session WHERE number = 2")
	s = openBroker(t, dir, storage.Process)
	for table, want := range map[string]int64{"message": 1, "delivery": 1, "received": 0, "sent": 0, "subscription": 0} {
		if n, err := s.StoredRows(table); n != want || err != nil {
			t.Errorf("%d rows in %s, %v; want %d", n, table, err, want)
		}
	}
	commit(t, s, putSessions(2)[1:]...)
	state, err := s.Load(t.Context())
	must(t, err)
	if len(state.Sessions) != 2 || len(state.Sessions[1].Deliveries)+len(state.Sessions[1].Received)+len(state.Sessions[1].Subscriptions) > 0 {
		t.Errorf("the second session has inherited: %+v", state.Sessions)
	}
	if diff := cmp.Diff(shared, state.Sessions[0].Deliveries[0].Message); diff != "" {
		t.Error(diff)
	}
	commit(t, s, durable.Change{Kind: durable.Acknowledge, Session: 1, Seq: 1}, durable.Change{Kind: durable.DropMessage, Seq: 1})
	if n, err := s.StoredRows("message"); n != 0 || err != nil {
		t.Errorf("%d messages are left, %v", n, err)
	}
	commit(t, s, durable.Change{Kind: durable.PutMessage, Message: lost})
	must(t, s.Close())
	s = openBroker(t, dir, storage.Process)
	if n, err := s.StoredRows("message"); n != 0 || err != nil {
		t.Errorf("%d messages without a delivery are left, %v", n, err)
	}
}

// TestBrokerBadChange wants a change that says too little to be refused with
// its place, and nothing of its batch to be stored.
func TestBrokerBadChange(t *testing.T) {
	t.Parallel()
	s := openBroker(t, t.TempDir(), storage.Process)
	commit(t, s, putSessions(1)...)
	for name, c := range map[string]durable.Change{
		"no session":        {Kind: durable.PutSession},
		"number 0":          {Kind: durable.PutSession, Record: &durable.Session{}},
		"number too great":  {Kind: durable.PutSession, Record: &durable.Session{Number: 1 << 22}},
		"no message":        {Kind: durable.Retain},
		"no ID":             {Kind: durable.PutMessage, Message: &durable.Message{}},
		"no subscription":   {Kind: durable.Subscribe, Session: 1},
		"no delivery":       {Kind: durable.Deliver, Session: 1},
		"nothing delivered": {Kind: durable.Deliver, Session: 1, Delivery: &durable.Delivery{Seq: 1}},
		"seq too great":     {Kind: durable.Deliver, Session: 1, Delivery: &durable.Delivery{Seq: 1 << 40, Released: true}},
		"identifier":        {Kind: durable.Receive, Session: 1, Seq: 1 << 16},
		"kind":              {Kind: 99, Session: 1},
	} {
		err := s.Commit(t.Context(), []durable.Change{{Kind: durable.Retain, Message: hundredBytes("a", 1)}, c})
		if err == nil || cmp.Diff(err.Error()[:len("make change 1 ")], "make change 1 ") != "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	state, err := s.Load(t.Context())
	must(t, err)
	if len(state.Sessions) != 1 || len(state.Retained) > 0 {
		t.Errorf("something was stored: %+v", state)
	}
}

// TestBrokerFileStaysSmall wants neither the file nor its log to grow under a
// steady flow of messages that are delivered and acknowledged.
func TestBrokerFileStaysSmall(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes seconds")
	}
	const pairs, window, size = 50_000, 2000, 50
	dir := t.TempDir()
	s := openBroker(t, dir, storage.Process)
	commit(t, s, putSessions(20)...)
	f := &flow{sessions: 20}
	commit(t, s, f.batch(window, 0)...)
	for f.n < pairs {
		commit(t, s, f.batch(size, size)...)
	}
	for name, limit := range map[string]int64{"broker.db": 4 << 20, "broker.db-wal": 20 << 20} {
		info, err := os.Stat(filepath.Join(dir, name))
		must(t, err)
		if info.Size() > limit {
			t.Errorf("%s has %d bytes after %d messages, %d of them waiting", name, info.Size(), pairs, window)
		}
		t.Logf("%s: %d kB", name, info.Size()>>10)
	}
	state, err := s.Load(t.Context())
	must(t, err)
	waiting := 0
	for _, x := range state.Sessions {
		waiting += len(x.Deliveries)
	}
	if waiting != window {
		t.Errorf("%d messages wait, want %d", waiting, window)
	}
}

// TestBrokerShrinks wants a long backlog, once gone, to give its space back.
func TestBrokerShrinks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openBroker(t, dir, storage.Process)
	commit(t, s, putSessions(1)...)
	const messages, size = 24, 1 << 20
	for i := range uint64(messages) {
		commit(t, s, durable.Change{Kind: durable.Deliver, Session: 1, Delivery: &durable.Delivery{
			Seq: i, QoS: 1, Message: &durable.Message{Topic: "t", Payload: make([]byte, size)},
		}})
	}
	for i := range uint64(messages - 1) {
		commit(t, s, durable.Change{Kind: durable.Acknowledge, Session: 1, Seq: i})
	}
	must(t, s.Close())
	path := filepath.Join(dir, "broker.db")
	before, err := os.Stat(path)
	must(t, err)
	s = openBroker(t, dir, storage.Process)
	state, err := s.Load(t.Context())
	must(t, err, s.Close())
	after, err := os.Stat(path)
	must(t, err)
	if before.Size() < messages*size || after.Size() > 3*size || len(state.Sessions[0].Deliveries) != 1 {
		t.Errorf("%d bytes before, %d after, %d deliveries", before.Size(), after.Size(), len(state.Sessions[0].Deliveries))
	}
}

// TestBrokerClosed wants errors, no panic.
func TestBrokerClosed(t *testing.T) {
	t.Parallel()
	s := openBroker(t, t.TempDir(), storage.Process)
	_, err := s.Load(t.Context())
	must(t, err, s.Close(), s.Close())
	if err := s.Commit(t.Context(), putSessions(1)); err == nil {
		t.Error("a closed store takes changes")
	}
	if _, err := s.Load(t.Context()); err == nil {
		t.Error("a closed store can be read")
	}
	if _, err := os.Stat(fmt.Sprint(t.TempDir(), "/broker.db")); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}
