package storage

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func decodeAll(t *testing.T, b []byte, lo int64) (topics []int32, newest, ids []int64, err error) {
	t.Helper()
	err = walkPostings(b, lo, func(p posting) {
		got, err := p.appendIDs(nil, lo)
		if err != nil {
			t.Skip("damage inside a posting was told")
		}
		if len(got) != p.count {
			t.Fatalf("topic %d has %d IDs, says %d", p.topic, len(got), p.count)
		}
		topics, newest, ids = append(topics, p.topic), append(newest, p.newest), append(ids, got...)
	})
	return topics, newest, ids, err
}

func TestPostingsRoundTrip(t *testing.T) {
	t.Parallel()
	ps := []place{
		{id: 100, time: 90, topic: 7},
		{id: 101, time: 101, topic: 1},
		{id: 102, time: math.MinInt64, topic: 7},
		{id: 1 << 62, time: math.MaxInt64, topic: maxTopics},
		{id: 1<<62 + 1, time: -5, topic: 1},
	}
	b := encodePostings(ps, 100)
	topics, newest, ids, err := decodeAll(t, b, 100)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]int32{1, 7, maxTopics}, topics) + cmp.Diff([]int64{101, 90, math.MaxInt64}, newest) +
		cmp.Diff([]int64{101, 1<<62 + 1, 100, 102, 1 << 62}, ids); d != "" {
		t.Error(d)
	}
	for n := range b {
		if err := walkPostings(b[:n], 100, func(posting) {}); n != 1 && !errors.Is(err, ErrDamaged) && !wholeTopics(b, n) {
			t.Errorf("first %d of %d bytes: %v, want ErrDamaged", n, len(b), err)
		}
	}
}

// wholeTopics tells that a cut lies between two topics, which cannot be seen.
func wholeTopics(b []byte, n int) bool {
	ends := []int{}
	r := varints{b: b[1:]}
	for len(r.b) > 0 {
		r.unsigned()
		r.take(r.unsigned())
		ends = append(ends, len(b)-len(r.b))
	}
	return slices.Contains(ends, n)
}

func FuzzPostings(f *testing.F) {
	rnd := rand.New(rand.NewPCG(1, 1))
	var ps []place
	for i := range int64(100) {
		ps = append(ps, place{id: i * 3, time: i, topic: 1 + rnd.Int32N(20)})
	}
	f.Add(encodePostings(ps, 0), int64(0))
	f.Add([]byte{}, int64(1))
	f.Add([]byte{1, 1, 3, 200, 1, 1}, int64(-1))
	f.Fuzz(func(t *testing.T, b []byte, lo int64) {
		if _, _, _, err := decodeAll(t, b, lo); err != nil && !errors.Is(err, ErrDamaged) {
			t.Errorf("error is not ErrDamaged: %v", err)
		}
	})
}
