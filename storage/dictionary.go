package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"sync"

	"github.com/thingdesk/thingdesk/things/topic"
)

// maxTopics is the greatest topic number.
const maxTopics = math.MaxInt32 - 1

// dictionary numbers the sources and topics of a history, from 1, without gaps.
// It is held whole in memory.
type dictionary struct {
	mu      sync.RWMutex
	sources []source // source number-1
	topics  []topicKey
	numbers map[topicKey]int32
	byID    map[string]int32 // source ID to source number
}

type source struct{ id, label string }

// topicKey is a topic name of one source, which is a source number.
type topicKey struct {
	source int32
	name   string
}

// load reads what was added to the database since the last load, and the
// present labels. It queries without the lock: whoever has a connection of the
// pool may be waiting for the lock.
func (d *dictionary) load(ctx context.Context, db *sql.DB) error {
	d.mu.RLock()
	known := len(d.topics)
	d.mu.RUnlock()
	// A topic is stored after its source: with this order each topic up to the
	// greatest finds its source, whatever another process adds meanwhile.
	var greatest int64
	if err := db.QueryRowContext(ctx, "SELECT coalesce(max(id), 0) FROM topic").Scan(&greatest); err != nil {
		return wrap(err, "read topics of history")
	}
	var sources []numberedSource
	err := each(ctx, db, "SELECT id, uuid, label FROM source ORDER BY id", nil, func(rows *sql.Rows) error {
		var s numberedSource
		err := rows.Scan(&s.n, &s.id, &s.label)
		sources = append(sources, s)
		return err
	})
	if err != nil {
		return wrap(err, "read sources of history")
	}
	var topics []numberedTopic
	err = each(ctx, db, "SELECT id, source_id, name FROM topic WHERE id > ? AND id <= ? ORDER BY id", []any{known, greatest}, func(rows *sql.Rows) error {
		var t numberedTopic
		err := rows.Scan(&t.n, &t.source, &t.name)
		topics = append(topics, t)
		return err
	})
	if err != nil {
		return wrap(err, "read topics of history")
	}
	return wrap(d.add(sources, topics), "read topics of history")
}

// add takes numbered sources and topics, in order; those it has are no fault.
func (d *dictionary) add(sources []numberedSource, topics []numberedTopic) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.numbers == nil {
		d.numbers, d.byID = make(map[topicKey]int32), make(map[string]int32)
	}
	for _, s := range sources {
		if err := d.setSourceLocked(s.n, s.source); err != nil {
			return err
		}
	}
	for _, t := range topics {
		if err := d.addTopicLocked(t.n, t.topicKey); err != nil {
			return err
		}
	}
	return nil
}

func (d *dictionary) setSourceLocked(n int32, s source) error {
	switch {
	case n >= 1 && int(n) <= len(d.sources):
		d.sources[n-1] = s
	case int(n) == len(d.sources)+1:
		d.sources = append(d.sources, s)
	default:
		return fmt.Errorf("%w: source number %d is out of order", ErrDamaged, n)
	}
	d.byID[s.id] = n
	return nil
}

func (d *dictionary) addTopicLocked(n int32, k topicKey) error {
	if int(n) <= len(d.topics) && n >= 1 && d.topics[n-1] == k {
		return nil
	}
	if int(n) != len(d.topics)+1 || k.source < 1 || int(k.source) > len(d.sources) {
		return fmt.Errorf("%w: topic number %d is out of order", ErrDamaged, n)
	}
	d.topics = append(d.topics, k)
	d.numbers[k] = n
	return nil
}

// entry returns source and topic name of a topic number.
func (d *dictionary) entry(n int32) (s source, name string, ok bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if n < 1 || int(n) > len(d.topics) {
		return source{}, "", false
	}
	k := d.topics[n-1]
	return d.sources[k.source-1], k.name, true
}

// topicSet is a set of topic numbers; nil is the set of all, also of topics
// that come later.
type topicSet struct {
	in   []bool
	size int
	of   int // topics there are
	lo   int32
	hi   int32
}

func (s *topicSet) has(n int32) bool {
	return s == nil || n >= 1 && int(n) < len(s.in) && s.in[n]
}

// broad tells that the set holds so many topics that looking for their rows
// one by one is slower than reading all rows.
func (s *topicSet) broad() bool { return s == nil || s.size*denseShare >= s.of }

func (s *topicSet) add(n int32) {
	if s.in[n] {
		return
	}
	if s.size == 0 {
		s.lo, s.hi = n, n
	}
	s.in[n], s.lo, s.hi = true, min(s.lo, n), max(s.hi, n)
	s.size++
}

// resolve returns the topics that q asks for. A filter that is not valid gives
// an error that says why.
func (d *dictionary) resolve(q Query) (*topicSet, error) {
	var errs []error
	for _, f := range q.Filters {
		if err := topic.ValidateFilter(f); err != nil {
			errs = append(errs, err)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("read history: %w", err)
	}
	if q.Source == "" && len(q.Filters) == 0 {
		return nil, nil //nolint:nilnil // nil is the set of all topics
	}
	d.mu.RLock()
	defer d.mu.RUnlock()
	set := &topicSet{in: make([]bool, len(d.topics)+1), of: len(d.topics)}
	from, to := int32(1), int32(len(d.sources))
	if q.Source != "" {
		n, ok := d.byID[q.Source]
		if !ok {
			return set, nil
		}
		from, to = n, n
	}
	var wild []string
	for _, f := range q.Filters {
		if topic.HasWildcard(f) {
			wild = append(wild, f)
			continue
		}
		for s := from; s <= to; s++ {
			if n, ok := d.numbers[topicKey{s, f}]; ok {
				set.add(n)
			}
		}
	}
	if len(wild) > 0 || len(q.Filters) == 0 {
		for i, k := range d.topics {
			if k.source >= from && k.source <= to && (len(q.Filters) == 0 || matchesAny(wild, k.name)) {
				set.add(int32(i + 1))
			}
		}
	}
	return set, nil
}

func matchesAny(filters []string, name string) bool {
	for _, f := range filters {
		if topic.Match(f, name) {
			return true
		}
	}
	return false
}
