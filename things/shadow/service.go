package shadow

import (
	"errors"
	"fmt"
	"time"
)

// What a Service allows unless its Limits say otherwise.
const (
	DefaultMaxDocument = 8192 // bytes of both sections, without metadata
	DefaultMaxDepth    = 8    // levels of nesting in a section (U8: AWS's texts say 6 and 8)
)

const (
	// tombstoneLife is how long the version of a deleted shadow is remembered.
	tombstoneLife = 48 * time.Hour
	// deleteSteps is what a delete adds to the version, so that the next
	// document after deleting version n is n+2 (U1: might be n+1).
	deleteSteps = 1
	// maxVersion keeps versions that are read from adding up beyond an int64.
	maxVersion = 1 << 62
	// minSweep is the number of tombstones from which expired ones are
	// looked for.
	minSweep = 1024
)

// Reply is one message that the service publishes, at QoS 1, not retained.
type Reply struct {
	Topic   string
	Payload []byte
}

// Record is a shadow as it is stored.
type Record struct {
	Key     Key
	Version int64
	// Document is {"state":..,"metadata":..,"version":n}; nil when Deleted.
	Document []byte
	// Deleted marks a tombstone, kept 48 hours so that versions go on.
	Deleted bool
	// At is when this version was made, microseconds since 1970 UTC.
	At int64
}

// Change is what a request changed. It is stored before the replies go out.
type Change struct {
	Record Record

	op     string
	token  *string
	before *Record // what Record replaced; nil for nothing
}

// Limits bounds what a Service accepts. Zero fields mean the defaults.
type Limits struct {
	Document int // bytes of both sections of a document as compact JSON
	Depth    int // levels of objects and arrays in a section
}

// Service is the Device Shadow service. It is not safe for concurrent use.
type Service struct {
	// Limits may be set before the first request.
	Limits Limits

	// records holds every shadow and tombstone. A Record is never changed
	// once it is in the map.
	records    map[Key]*Record
	tombstones int
	sweepAt    int // tombstones at which expired ones are removed
}

// NewService returns a service that holds the stored records, of records with
// the same key the last. It keeps the Documents, which must not be changed
// afterwards. A record that no service can have made is an error.
func NewService(records []Record) (*Service, error) {
	s := &Service{records: make(map[Key]*Record, len(records)), sweepAt: minSweep}
	for _, r := range records {
		if err := r.check(); err != nil {
			return nil, fmt.Errorf("load shadow %q: %w", r.Key.Prefix(), err)
		}
		s.set(r.Key, &r)
	}
	return s, nil
}

// check tells what is wrong with a stored record.
func (r Record) check() error {
	switch {
	case !r.Key.Valid():
		return errors.New("names are not valid")
	case r.Version < 1 || r.Version > maxVersion:
		return fmt.Errorf("version %d is out of range", r.Version)
	case r.Deleted:
		return nil
	}
	d, err := DecodeDocument(r.Document)
	if err != nil {
		return err
	}
	if d.Version != r.Version {
		return fmt.Errorf("document has version %d, its record %d", d.Version, r.Version)
	}
	return nil
}

// Handle answers one request that came in at now. Topics that are no requests
// give nothing, and so do names that are not valid (U25). The replies are in
// the order to publish them: delta, documents, accepted. Not safe for
// concurrent use. change is nil when nothing is to be stored.
func (s *Service) Handle(topic string, payload []byte, now time.Time) (replies []Reply, change *Change) {
	k, op, ok := ParseTopic(topic)
	if !ok {
		return nil, nil
	}
	switch op {
	case suffixGet:
		return s.get(k, payload, now), nil
	case suffixUpdate:
		return s.update(k, payload, now)
	case suffixDelete:
		return s.delete(k, payload, now)
	default:
		return nil, nil
	}
}

// Undo takes back a change that could not be stored (and all later changes of
// the same shadow must be undone first), and returns the 500 rejection to
// publish instead of the replies.
func (s *Service) Undo(change *Change) []Reply {
	if change == nil {
		return nil
	}
	k := change.Record.Key
	s.set(k, change.before)
	return []Reply{serverFault.reply(k, change.op, change.token)}
}

// set makes r the record of k; nil removes it.
func (s *Service) set(k Key, r *Record) {
	if old := s.records[k]; old != nil && old.Deleted {
		s.tombstones--
	}
	if r == nil {
		delete(s.records, k)
		return
	}
	s.records[k] = r
	if r.Deleted {
		s.tombstones++
	}
}

// commit makes r the record of its key and returns the change.
func (s *Service) commit(r Record, op string, token *string) *Change {
	change := &Change{Record: r, op: op, token: token, before: s.records[r.Key]}
	s.set(r.Key, &r)
	return change
}

// live returns the record of an existing shadow, or nil.
func (s *Service) live(k Key) *Record {
	if r := s.records[k]; r != nil && !r.Deleted {
		return r
	}
	return nil
}

// tombstone returns the record of a shadow deleted in the last 48 hours, or nil.
func (s *Service) tombstone(k Key, now time.Time) *Record {
	if r := s.records[k]; r != nil && r.Deleted && !r.expired(now) {
		return r
	}
	return nil
}

func (r *Record) expired(now time.Time) bool {
	return r.Deleted && now.Sub(time.UnixMicro(r.At)) >= tombstoneLife
}

// sweep removes expired tombstones when there are many.
func (s *Service) sweep(now time.Time) {
	if s.tombstones < s.sweepAt {
		return
	}
	for k, r := range s.records {
		if r.expired(now) {
			s.set(k, nil)
		}
	}
	s.sweepAt = max(minSweep, 2*s.tombstones)
}

func (l Limits) document() int {
	if l.Document > 0 {
		return l.Document
	}
	return DefaultMaxDocument
}

func (l Limits) depth() int {
	if l.Depth > 0 {
		return l.Depth
	}
	return DefaultMaxDepth
}
