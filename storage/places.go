package storage

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"
)

// place is where a message stands in the history.
type place struct {
	id, time int64
	topic    int32
}

// postingsFormat is the first byte of encoded postings. A format is never
// changed: add another.
const postingsFormat = 1

// encodePostings lists for each topic of a chunk where its messages stand:
//
//	format, then per topic in ascending order:
//	uvarint topic - previous topic, uvarint length of the rest,
//	uvarint count, varint newest time - lo, uvarint id - previous id (from lo) ...
//
// ps is sorted by ID; lo is the first ID of the chunk.
func encodePostings(ps []place, lo int64) []byte {
	ps = slices.Clone(ps)
	slices.SortFunc(ps, func(a, b place) int {
		return cmp.Or(cmp.Compare(a.topic, b.topic), cmp.Compare(a.id, b.id))
	})
	out := make([]byte, 1, 4*len(ps)+1)
	out[0] = postingsFormat
	var body []byte
	var topic int32
	for len(ps) > 0 {
		n, newest := 0, ps[0].time
		for n < len(ps) && ps[n].topic == ps[0].topic {
			newest = max(newest, ps[n].time)
			n++
		}
		body = binary.AppendUvarint(body[:0], uint64(n))
		body = binary.AppendVarint(body, newest-lo)
		previous := lo
		for _, p := range ps[:n] {
			body = binary.AppendUvarint(body, uint64(p.id-previous))
			previous = p.id
		}
		out = binary.AppendUvarint(out, uint64(ps[0].topic-topic))
		out = binary.AppendUvarint(out, uint64(len(body)))
		out = append(out, body...)
		topic, ps = ps[0].topic, ps[n:]
	}
	return out
}

// posting is what the postings of a chunk say of one topic.
type posting struct {
	topic  int32
	count  int
	newest int64  // greatest time
	ids    []byte // encoded, see appendIDs
}

// walkPostings calls f for each topic in encoded postings. It returns
// ErrDamaged, and never panics, when b is not what encodePostings made.
func walkPostings(b []byte, lo int64, f func(p posting)) error {
	if len(b) == 0 || b[0] != postingsFormat {
		return fmt.Errorf("read chunk of history: %w: unknown postings format", ErrDamaged)
	}
	r := varints{b: b[1:]}
	var topic uint64
	for len(r.b) > 0 && !r.bad {
		topic += r.unsigned()
		body := varints{b: r.take(r.unsigned())}
		p := posting{topic: int32(topic), count: int(body.unsigned()), newest: lo + body.signed(), ids: body.b}
		if r.bad || body.bad || topic > maxTopics || p.count < 0 || p.count > len(p.ids) {
			r.bad = true
			break
		}
		f(p)
	}
	if r.bad {
		return fmt.Errorf("read chunk of history: %w: postings are cut or garbled", ErrDamaged)
	}
	return nil
}

// appendIDs appends the IDs of a posting, ascending.
func (p posting) appendIDs(dst []int64, lo int64) ([]int64, error) {
	r := varints{b: p.ids}
	for range p.count {
		lo += int64(r.unsigned())
		dst = append(dst, lo)
	}
	if r.bad {
		return nil, fmt.Errorf("read chunk of history: %w: postings are cut or garbled", ErrDamaged)
	}
	return dst, nil
}

// varints reads varints from b; bad is set when b ends too soon.
type varints struct {
	b   []byte
	bad bool
}

func (r *varints) unsigned() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.b, r.bad = nil, true
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *varints) signed() int64 {
	v, n := binary.Varint(r.b)
	if n <= 0 {
		r.b, r.bad = nil, true
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *varints) take(n uint64) []byte {
	if n > uint64(len(r.b)) {
		r.b, r.bad = nil, true
		return nil
	}
	out := r.b[:n]
	r.b = r.b[n:]
	return out
}
