// Package durabletest says by example what a durable.Store is: Test is the
// suite that every one of them passes, Model the store that keeps nothing.
package durabletest

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/thingdesk/thingdesk/localbroker/durable"
)

// Store is a store under test.
type Store interface {
	durable.Store
	Close() error
}

// Test runs the suite. open opens the store that is kept in a directory, again
// after it was closed.
//
//nolint:tparallel // t is the caller's
func Test(t *testing.T, open func(t *testing.T, dir string) Store) {
	t.Helper()
	t.Run("Empty", func(t *testing.T) {
		t.Parallel()
		s := open(t, t.TempDir())
		commit(t, s)
		WantState(t, s, &Model{})
		closeStore(t, s)
	})
	for seed := range uint64(24) {
		t.Run(fmt.Sprint("Random", seed), func(t *testing.T) {
			t.Parallel()
			testRandom(t, open, seed)
		})
	}
	t.Run("Limits", func(t *testing.T) {
		t.Parallel()
		testLimits(t, open)
	})
}

// testRandom makes random changes in batches of random sizes in the store and
// in a Model, and opens the store again between them.
func testRandom(t *testing.T, open func(t *testing.T, dir string) Store, seed uint64) {
	t.Helper()
	dir, source, want := t.TempDir(), NewChanges(seed), &Model{}
	rnd := rand.New(rand.NewPCG(seed, 2))
	largest := []int{1, 4, 30, 300}[seed%4]
	for range 6 {
		s := open(t, dir)
		WantState(t, s, want)
		for range 10 {
			changes := source.Batch(1 + rnd.IntN(largest))
			commit(t, s, changes...)
			commit(t, want, changes...)
			if rnd.IntN(5) == 0 {
				WantState(t, s, want)
			}
		}
		WantState(t, s, want)
		closeStore(t, s)
		source.Restart()
		if t.Failed() {
			return
		}
	}
}

// testLimits stores the largest numbers and what is empty.
func testLimits(t *testing.T, open func(t *testing.T, dir string) Store) {
	t.Helper()
	dir, want := t.TempDir(), &Model{}
	shared := &durable.Message{ID: 1<<64 - 1, Topic: "t", At: -1 << 63, Expires: 1<<63 - 1}
	changes := []durable.Change{
		{Kind: durable.PutSession, Record: &durable.Session{
			Number: 1<<22 - 1, Expiry: 1<<32 - 1, Ended: 1<<63 - 1, Version: 5,
			Will: &durable.Will{Delay: 1<<32 - 1},
		}},
		{Kind: durable.PutSession, Record: &durable.Session{Number: 1<<22 - 2}},
		{Kind: durable.PutMessage, Message: shared},
		{Kind: durable.Subscribe, Session: 1<<22 - 1, Subscription: &durable.Subscription{Options: 255, ID: 1<<32 - 1}},
		{Kind: durable.Sent, Session: 1<<22 - 1, Seq: 1<<40 - 1},
		{Kind: durable.Receive, Session: 1<<22 - 1, Seq: 65535},
		{Kind: durable.Receive, Session: 1<<22 - 1, Seq: 0},
		{Kind: durable.Retain, Message: &durable.Message{}},
		{Kind: durable.Retain, Message: &durable.Message{Topic: "large", Payload: make([]byte, 3<<20), Properties: make([]byte, 70_000)}},
	}
	for _, session := range []uint64{1<<22 - 1, 1<<22 - 2} {
		for _, seq := range []uint64{0, 1<<40 - 2, 1<<40 - 1} {
			d := &durable.Delivery{Seq: seq, QoS: 2, IDs: []uint32{0, 1<<32 - 1}, Message: shared}
			changes = append(changes, durable.Change{Kind: durable.Deliver, Session: session, Delivery: d})
		}
	}
	step := func(changes ...durable.Change) {
		t.Helper()
		s := open(t, dir)
		commit(t, s, changes...)
		commit(t, want, changes...)
		closeStore(t, s)
		s = open(t, dir)
		WantState(t, s, want)
		closeStore(t, s)
	}
	step(changes...)
	step(durable.Change{Kind: durable.Release, Session: 1<<22 - 2, Seq: 1<<40 - 1},
		durable.Change{Kind: durable.Acknowledge, Session: 1<<22 - 1, Seq: 0})
	step(durable.Change{Kind: durable.DropSession, Session: 1<<22 - 1})
	step(durable.Change{Kind: durable.PutSession, Record: &durable.Session{Number: 1<<22 - 1}})
}

func commit(t *testing.T, s durable.Store, changes ...durable.Change) {
	t.Helper()
	if err := s.Commit(t.Context(), changes); err != nil {
		t.Fatal(err)
	}
}

func closeStore(t *testing.T, s Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// WantState wants a store to hold what a model holds, and deliveries of one
// message to share it.
func WantState(t *testing.T, s durable.Store, model *Model) {
	t.Helper()
	got, err := s.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want, err := model.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, cmp.Comparer(bytes.Equal), cmp.FilterPath(notBytes, cmpopts.EquateEmpty())); diff != "" {
		t.Fatalf("stored state (-want +got):\n%s", diff)
	}
	shared := make(map[uint64]*durable.Message)
	for _, x := range got.Sessions {
		for _, d := range x.Deliveries {
			if d.Message == nil || d.Message.ID == 0 {
				continue
			}
			if m := shared[d.Message.ID]; m != nil && m != d.Message {
				t.Errorf("message %d was loaded more than once", m.ID)
			}
			shared[d.Message.ID] = d.Message
		}
	}
}

// notBytes leaves slices of bytes to bytes.Equal, which is quick and takes nil
// and empty for the same.
func notBytes(p cmp.Path) bool { return p.Last().Type() != reflect.TypeFor[[]byte]() }
