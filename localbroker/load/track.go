package load

import (
	"encoding/binary"
	"slices"
)

// stampSize is the size of a Stamp in a payload, in bytes.
const stampSize = 20

// Stamp is at the beginning of each payload.
type Stamp struct {
	Publisher uint32
	Seq       uint64 // counts the messages of the publisher from 0
	At        int64  // when it was sent, nanoseconds by the clock of the run
}

// Put writes the stamp to b, which has room for 20 bytes.
func (s Stamp) Put(b []byte) {
	binary.BigEndian.PutUint32(b, s.Publisher)
	binary.BigEndian.PutUint64(b[4:], s.Seq)
	binary.BigEndian.PutUint64(b[12:], uint64(s.At))
}

// ReadStamp reads a stamp; false when b is too short for one.
func ReadStamp(b []byte) (Stamp, bool) {
	if len(b) < stampSize {
		return Stamp{}, false
	}
	return Stamp{binary.BigEndian.Uint32(b), binary.BigEndian.Uint64(b[4:]), int64(binary.BigEndian.Uint64(b[12:]))}, true
}

// Track compares what one subscriber received of one publisher with what it
// should have. The zero value is ready.
type Track struct {
	First      uint64 // messages received, each counted once
	OutOfOrder uint64 // of these: came first after a later one
	Duplicates uint64 // receipts of a message that was there already

	next uint64 // one more than the highest number received
	gaps []gap  // what is missing below next, ascending
}

// gap is the missing numbers from to before to.
type gap struct{ from, to uint64 }

// Add notes a receipt and tells whether it was the first of its number.
func (t *Track) Add(seq uint64) bool {
	if seq >= t.next {
		if seq > t.next {
			t.gaps = append(t.gaps, gap{t.next, seq})
		}
		t.next = seq + 1
		t.First++
		return true
	}
	i, found := slices.BinarySearchFunc(t.gaps, seq, func(g gap, seq uint64) int {
		switch {
		case seq < g.from:
			return 1
		case seq >= g.to:
			return -1
		}
		return 0
	})
	if !found {
		t.Duplicates++
		return false
	}
	t.fill(i, seq)
	t.First++
	t.OutOfOrder++
	return true
}

// addShared notes a receipt by one of several who share the messages: what is
// missing went to another, so that only the order can be told.
func (t *Track) addShared(seq uint64) {
	t.First++
	if seq < t.next {
		t.OutOfOrder++
	}
	t.next = max(t.next, seq+1)
}

// fill takes seq out of gap i.
func (t *Track) fill(i int, seq uint64) {
	g := t.gaps[i]
	switch {
	case g.to-g.from == 1:
		t.gaps = slices.Delete(t.gaps, i, i+1)
	case seq == g.from:
		t.gaps[i].from++
	case seq == g.to-1:
		t.gaps[i].to--
	default:
		t.gaps[i].to = seq
		t.gaps = slices.Insert(t.gaps, i+1, gap{seq + 1, g.to})
	}
}

// Lost is how many of the first sent messages are missing.
func (t *Track) Lost(sent uint64) uint64 {
	lost := max(sent, t.next) - t.next
	for _, g := range t.gaps {
		lost += g.to - g.from
	}
	return lost
}
