package shadow

import (
	"errors"
	"fmt"
	"time"
	"unicode/utf8"
)

const (
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
	// Expired names tombstones whose 48 hours are over and which the service
	// has forgotten. A store may delete their records.
	Expired []Key

	op     string
	token  token
	before *Record // what Record replaced; nil for nothing
}

// Service is the Device Shadow service. It is not safe for concurrent use.
type Service struct {
	// Limits may be set before the first request.
	Limits Limits

	// records holds every shadow and tombstone by Thing and name. A Record is
	// never changed once it is in the map, and no inner map is empty.
	records    map[string]map[string]*Record
	tombstones int
	parser     parser // its nodes live as long as one request
	sweepAt    int    // tombstones at which expired ones are removed
}

// NewService returns a service that holds the stored records, of records with
// the same key the last. It keeps the Documents, which must not be changed
// afterwards. A record that no service can have made is an error.
func NewService(records []Record) (*Service, error) {
	s := &Service{records: make(map[string]map[string]*Record), sweepAt: minSweep}
	for _, r := range records {
		if err := r.check(&s.parser); err != nil {
			return nil, fmt.Errorf("load shadow %q: %w", r.Key.Prefix(), err)
		}
		s.set(r.Key, &r)
	}
	return s, nil
}

// check tells what is wrong with a stored record.
func (r Record) check(p *parser) error {
	p.free()
	switch {
	case !r.Key.Valid():
		return errors.New("names are not valid")
	case r.Version < 1 || r.Version > maxVersion:
		return fmt.Errorf("version %d is out of range", r.Version)
	case r.Deleted:
		return nil
	}
	if !utf8.Valid(r.Document) {
		return errors.New("document is not UTF-8")
	}
	d, err := p.parseStored(string(r.Document))
	if err != nil {
		return err
	}
	if d.version != r.Version {
		return fmt.Errorf("document has version %d, its record %d", d.version, r.Version)
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
	s.parser.free()
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
	names := s.records[k.Thing]
	if old := names[k.Name]; old != nil && old.Deleted {
		s.tombstones--
	}
	if r == nil {
		if delete(names, k.Name); len(names) == 0 {
			delete(s.records, k.Thing)
		}
		return
	}
	if names == nil {
		names = make(map[string]*Record, 1)
		s.records[k.Thing] = names
	}
	names[k.Name] = r
	if r.Deleted {
		s.tombstones++
	}
}

// commit makes r the record of its key and returns the change.
func (s *Service) commit(r Record, op string, token token) *Change {
	change := &Change{Record: r, op: op, token: token, before: s.record(r.Key)}
	s.set(r.Key, &r)
	return change
}

// record returns what there is of k, or nil.
func (s *Service) record(k Key) *Record { return s.records[k.Thing][k.Name] }

// live returns the record of an existing shadow, or nil.
func (s *Service) live(k Key) *Record {
	if r := s.record(k); r != nil && !r.Deleted {
		return r
	}
	return nil
}

// tombstone returns the record of a shadow deleted in the last 48 hours, or nil.
func (s *Service) tombstone(k Key, now time.Time) *Record {
	if r := s.record(k); r != nil && r.Deleted && !r.expired(now) {
		return r
	}
	return nil
}

func (r *Record) expired(now time.Time) bool {
	return r.Deleted && now.Sub(time.UnixMicro(r.At)) >= tombstoneLife
}

// sweep removes expired tombstones when there are many, and returns them.
func (s *Service) sweep(now time.Time) (expired []Key) {
	if s.tombstones < s.sweepAt {
		return nil
	}
	for _, names := range s.records {
		for _, r := range names {
			if r.expired(now) {
				expired = append(expired, r.Key)
			}
		}
	}
	for _, k := range expired {
		s.set(k, nil)
	}
	s.sweepAt = max(minSweep, 2*s.tombstones)
	return expired
}
