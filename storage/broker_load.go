package storage

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"

	"github.com/thingdesk/thingdesk/localbroker/durable"
)

// errBrokerClosed means that the store was closed before.
var errBrokerClosed = errors.New("broker state is closed")

// Load returns what is stored: Subscriptions by Filter, Deliveries by Seq,
// Received by number, Retained by Topic. Strings that repeat are stored once in
// memory; empty slices are nil. It is quick when it is called once, before the
// first Commit, for then it has been read already.
func (s *BrokerStore) Load(ctx context.Context) (*durable.State, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if state := s.loaded; state != nil {
		s.loaded = nil
		return state, nil
	}
	if s.conn == nil {
		return nil, wrap(errBrokerClosed, "read %q", s.path)
	}
	r, err := s.read()
	if err != nil {
		return nil, err
	}
	return r.state, nil
}

// read reads everything.
func (s *BrokerStore) read() (*brokerReader, error) {
	r := &brokerReader{
		state: &durable.State{}, tidy: true,
		strings: make(map[string]string), shared: make(map[uint64]*sharedMessage),
	}
	err := s.conn.run(func() error {
		for _, x := range []struct {
			query string
			row   func(row []driver.Value) error
		}{
			{"SELECT number, client, owner, version, expiry, ended, will FROM session ORDER BY number", r.session},
			{"SELECT session, seq FROM sent", r.sent},
			{"SELECT session, filter, options, id FROM subscription ORDER BY session, filter", r.subscription},
			{"SELECT id, data FROM message", r.message},
			{"SELECT id, flags, ids, message, data FROM delivery ORDER BY id", r.delivery},
			{"SELECT id FROM received ORDER BY id", r.received},
			{"SELECT topic, data FROM retained ORDER BY topic", r.retained},
		} {
			r.at = 0
			if err := s.conn.query(x.query, x.row); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, wrap(err, "read %q", s.path)
	}
	for _, m := range r.shared {
		r.tidy = r.tidy && m.used
	}
	return r, nil
}

// brokerReader makes a State of rows.
type brokerReader struct {
	state   *durable.State
	tidy    bool // nothing was found that did not come into the state
	at      int  // session found last, as its place in the state
	strings map[string]string
	shared  map[uint64]*sharedMessage
}

type sharedMessage struct {
	durable.Message
	used bool
}

// intern returns b as a string, the same one for the same bytes.
func (r *brokerReader) intern(b []byte) string {
	s, ok := r.strings[string(b)]
	if !ok {
		s = string(b)
		r.strings[s] = s
	}
	return s
}

// of returns the session with a number, or nil: then the row is no one's.
// It is quick when the number is that of the row before, or of the next session.
func (r *brokerReader) of(number int64) *durable.SessionState {
	all := r.state.Sessions
	for ; r.at < len(all); r.at++ {
		if n := int64(all[r.at].Number); n == number {
			return &all[r.at]
		} else if n > number {
			break
		}
	}
	r.tidy = false
	return nil
}

func (r *brokerReader) session(row []driver.Value) error {
	x := durable.SessionState{Session: durable.Session{
		Number: uint64(integer(row[0])), Client: text(row[1]), Owner: r.intern([]byte(text(row[2]))),
		Version: byte(integer(row[3])), Expiry: uint32(integer(row[4])), Ended: integer(row[5]),
	}}
	if x.Number == 0 || x.Number > maxSession {
		return damaged("session", row[0], errors.New("its number is out of range"))
	}
	if will := blob(row[6]); will != nil {
		var err error
		if x.Will, err = decodeWill(will, r.intern); err != nil {
			return damaged("will of session", row[0], err)
		}
	}
	r.state.Sessions = append(r.state.Sessions, x)
	return nil
}

func (r *brokerReader) sent(row []driver.Value) error {
	if x := r.of(integer(row[0])); x != nil {
		x.Sent = uint64(integer(row[1]))
	}
	return nil
}

func (r *brokerReader) subscription(row []driver.Value) error {
	if x := r.of(integer(row[0])); x != nil {
		x.Subscriptions = append(x.Subscriptions, durable.Subscription{
			Filter: r.intern([]byte(text(row[1]))), Options: byte(integer(row[2])), ID: uint32(integer(row[3])),
		})
	}
	return nil
}

func (r *brokerReader) message(row []driver.Value) error {
	m := &sharedMessage{}
	if err := decodeMessage(&m.Message, blob(row[1]), r.intern); err != nil {
		return damaged("message", row[0], err)
	}
	m.ID = uint64(integer(row[0]))
	r.shared[m.ID] = m
	return nil
}

func (r *brokerReader) delivery(row []driver.Value) error {
	id, flags := integer(row[0]), integer(row[1])
	x := r.of(id >> seqBits)
	if x == nil {
		return nil
	}
	d := durable.Delivery{
		Seq: uint64(id) & maxSeq, QoS: byte(flags & deliveryQoS), Retain: flags&deliveryRetain != 0, Released: flags&deliveryReleased != 0,
	}
	var err error
	if d.IDs, err = decodeIDs(blob(row[2])); err != nil {
		return damaged("delivery", id, err)
	}
	if row[3] != nil {
		m := r.shared[uint64(integer(row[3]))]
		if m == nil { // nothing is left to deliver
			r.tidy = false
			return nil
		}
		m.used, d.Message = true, &m.Message
	} else if !d.Released {
		d.Message = &durable.Message{}
		if err := decodeMessage(d.Message, blob(row[4]), r.intern); err != nil {
			return damaged("delivery", id, err)
		}
	}
	x.Deliveries = append(x.Deliveries, d)
	return nil
}

func (r *brokerReader) received(row []driver.Value) error {
	id := integer(row[0])
	if x := r.of(id >> packetBits); x != nil {
		x.Received = append(x.Received, uint16(id))
	}
	return nil
}

func (r *brokerReader) retained(row []driver.Value) error {
	m := &durable.Message{}
	if err := decodeMessage(m, blob(row[1]), r.intern); err != nil {
		return damaged("retained message", row[0], err)
	}
	m.Topic = text(row[0])
	r.state.Retained = append(r.state.Retained, m)
	return nil
}

// damaged says which row cannot be understood.
func damaged(what string, key driver.Value, err error) error {
	return fmt.Errorf("%w: %s %v: %w", ErrDamaged, what, key, err)
}

// integer, text and blob return a value of a strict table, whose type is sure.
func integer(v driver.Value) int64 { n, _ := v.(int64); return n }
func text(v driver.Value) string   { s, _ := v.(string); return s }
func blob(v driver.Value) []byte   { b, _ := v.([]byte); return b }
