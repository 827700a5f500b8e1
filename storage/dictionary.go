package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/thingdesk/thingdesk/things/topic"
)

// maxTopics is the greatest topic number.
const maxTopics = math.MaxInt32 - 1

// dictionary numbers the sources and topics of a history, from 1, without gaps.
// It is held whole in memory. Its lock is held only for looking into it, never
// while waiting for anything else.
//
// It also tells how far queries may look: rows are committed before their topics
// come here, and a query that saw them sooner would miss them once it filters.
type dictionary struct {
	mu      sync.RWMutex
	last    int64    // greatest message ID given; the topics of all messages up to it are here
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
// present labels.
func (d *dictionary) load(ctx context.Context, db *sql.DB) error {
	d.mu.RLock()
	known := len(d.topics)
	d.mu.RUnlock()
	// A message is stored with its topic and after its source. In this order each
	// finds the other, whatever another process adds meanwhile.
	var last, greatest int64
	err := db.QueryRowContext(ctx, `SELECT (SELECT coalesce(max(id), 0) FROM topic), max(
		(SELECT coalesce(max(id), 0) FROM msg), (SELECT coalesce(max(value), 0) FROM stat WHERE key = 'last_id'))`).Scan(&greatest, &last)
	if err != nil {
		return wrap(err, "read topics of history")
	}
	var sources []numberedSource
	err = each(ctx, db, "SELECT id, uuid, label FROM source ORDER BY id", nil, func(rows *sql.Rows) error {
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
	return wrap(d.add(last, sources, topics), "read topics of history")
}

// add takes numbered sources and topics, in order; those it has are no fault.
// With them it has the topics of all messages up to last.
func (d *dictionary) add(last int64, sources []numberedSource, topics []numberedTopic) error {
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
	d.last = max(d.last, last)
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

// newest returns the greatest message ID given.
func (d *dictionary) newest() int64 {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.last
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

// resolve returns the topics that q asks for, and the ID of the last message
// that q may see. A filter that is not valid gives an error that says why.
func (d *dictionary) resolve(q Query) (set *topicSet, last int64, err error) {
	var exact, wild []string
	var errs []error
	for _, f := range q.Filters {
		if err := topic.ValidateFilter(f); err != nil {
			errs = append(errs, err)
		}
		if topic.HasWildcard(f) {
			wild = append(wild, f)
		} else {
			exact = append(exact, f)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, 0, fmt.Errorf("read history: %w", err)
	}
	d.mu.RLock()
	defer d.mu.RUnlock()
	if q.Source == "" && len(q.Filters) == 0 {
		return nil, d.last, nil
	}
	set = &topicSet{in: make([]bool, len(d.topics)+1), of: len(d.topics)}
	from, to := int32(1), int32(len(d.sources))
	if q.Source != "" {
		from = d.byID[q.Source]
		if to = from; from == 0 { // a source that never sent
			return set, d.last, nil
		}
	}
	for _, f := range exact {
		for s := from; s <= to; s++ {
			if n, ok := d.numbers[topicKey{s, f}]; ok {
				set.add(n)
			}
		}
	}
	if len(exact) == 0 || len(wild) > 0 {
		for i, k := range d.topics {
			if k.source >= from && k.source <= to && (len(q.Filters) == 0 || matchesAny(wild, k.name)) {
				set.add(int32(i + 1))
			}
		}
	}
	return set, d.last, nil
}

func matchesAny(filters []string, name string) bool {
	return slices.ContainsFunc(filters, func(f string) bool { return topic.Match(f, name) })
}
