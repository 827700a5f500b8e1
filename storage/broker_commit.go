package storage

import (
	"context"
	"database/sql/driver"
	"math"

	"github.com/thingdesk/thingdesk/localbroker/durable"
)

// Commit makes the changes, in one transaction, and returns when they outlive
// the process or a power cut, as the store was opened. On an error nothing of
// them is stored: ErrFull, ErrBusy and ErrReadOnly may pass, so that the same
// changes can be offered again. A change of a session that is not stored does
// nothing. A change that lacks what its kind needs is an error.
//
// The context may keep the commit from beginning; once begun, it is ended.
func (s *BrokerStore) Commit(ctx context.Context, changes []durable.Change) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := s.plan.make(changes, s.next, s.newest); err != nil {
		return err
	}
	defer s.plan.reset(nil, 0)
	if s.plan.empty() {
		return nil
	}
	if s.conn == nil {
		return wrap(errBrokerClosed, "write %q", s.path)
	}
	if err := s.conn.inTx(s.write); err != nil {
		for _, b := range s.conn.bulks() {
			b.forget()
			b.many.forget()
		}
		return wrap(err, "write %q", s.path)
	}
	s.loaded = nil
	s.note()
	return nil
}

// note brings what is known of the sessions up to date with a plan that was
// committed.
func (s *BrokerStore) note() {
	p := &s.plan
	for number := range p.drops {
		delete(s.next, number)
	}
	for _, x := range p.sessions {
		if _, ok := s.next[x.key]; !ok {
			s.next[x.key] = 0
		}
	}
	for _, x := range p.messages {
		s.newest = max(s.newest, x.key)
	}
	for i, x := range p.store {
		session := x.key >> seqBits
		if i+1 == len(p.store) || p.store[i+1].key>>seqBits != session { // the greatest of its session
			s.next[session] = max(s.next[session], x.key&maxSeq+1)
		}
	}
}

// write carries out the plan.
func (s *BrokerStore) write() error {
	for _, f := range []func() error{s.writeDrops, s.writeSessions, s.writeMessages, s.writeDeliveries, s.writeReceived, s.writeRetained} {
		if err := f(); err != nil {
			return err
		}
	}
	return nil
}

// writeDrops removes sessions with all of theirs.
func (s *BrokerStore) writeDrops() error {
	c := s.conn
	for number := range s.plan.drops {
		if _, stored := s.next[number]; !stored {
			continue
		}
		for _, stmt := range []*brokerStmt{c.dropSession, c.dropSent, c.dropSubscriptions} {
			if err := stmt.exec(int64(number)); err != nil {
				return err
			}
		}
		if err := c.remove.exec(int64(number<<seqBits), int64(number<<seqBits|maxSeq)); err != nil {
			return err
		}
		if err := c.forget.exec(int64(number<<packetBits), int64(number<<packetBits|math.MaxUint16)); err != nil {
			return err
		}
	}
	return nil
}

func (s *BrokerStore) writeSessions() error {
	b := s.conn.putSession
	for _, x := range s.plan.sessions {
		r := x.c.Record
		var will driver.Value
		if r.Will != nil {
			will = b.blob(appendWill(b.buf, r.Will), len(b.buf))
		}
		if err := b.add(int64(r.Number), r.Client, r.Owner, int64(r.Version), int64(r.Expiry), r.Ended, will); err != nil {
			return err
		}
	}
	if err := b.flush(); err != nil {
		return err
	}
	b = s.conn.subscribe
	for _, x := range s.plan.subscriptions {
		sub := x.c.Subscription
		var err error
		if x.c.Kind == durable.Subscribe {
			err = b.add(int64(x.key), sub.Filter, int64(sub.Options), int64(sub.ID))
		} else {
			err = s.conn.unsubscribe.exec(int64(x.key), sub.Filter)
		}
		if err != nil {
			return err
		}
	}
	if err := b.flush(); err != nil {
		return err
	}
	b = s.conn.sent
	for _, x := range s.plan.sent {
		if err := b.add(int64(x.key), int64(x.c.Seq)); err != nil {
			return err
		}
	}
	return b.flush()
}

func (s *BrokerStore) writeMessages() error {
	b := s.conn.putMessage
	for _, x := range s.plan.messages {
		var err error
		if m := x.c.Message; x.c.Kind == durable.PutMessage {
			err = b.add(int64(x.key), b.blob(appendMessage(b.buf, m, m.Topic), len(b.buf)))
		} else {
			err = s.conn.dropMessage.exec(int64(x.key))
		}
		if err != nil {
			return err
		}
	}
	return b.flush()
}

func (s *BrokerStore) writeDeliveries() error {
	if err := execSpans(s.conn.remove, s.plan.remove); err != nil {
		return err
	}
	if err := execSpans(s.conn.release, s.plan.release); err != nil {
		return err
	}
	b := s.conn.deliver
	for _, x := range s.plan.store {
		d := x.c.Delivery
		flags := int64(d.QoS & deliveryQoS)
		if d.Retain {
			flags |= deliveryRetain
		}
		var ids, shared, data driver.Value
		if len(d.IDs) > 0 {
			ids = b.blob(appendIDs(b.buf, d.IDs), len(b.buf))
		}
		switch {
		case d.Released || x.released:
			flags |= deliveryReleased
		case d.Message.ID != 0:
			shared = int64(d.Message.ID)
		default:
			data = b.blob(appendMessage(b.buf, d.Message, d.Message.Topic), len(b.buf))
		}
		if err := b.add(int64(x.key), flags, ids, shared, data); err != nil {
			return err
		}
	}
	return b.flush()
}

func (s *BrokerStore) writeReceived() error {
	if err := execSpans(s.conn.forget, s.plan.forget); err != nil {
		return err
	}
	b := s.conn.receive
	for _, x := range s.plan.received {
		if err := b.add(int64(x.key)); err != nil {
			return err
		}
	}
	return b.flush()
}

func (s *BrokerStore) writeRetained() error {
	b := s.conn.retain
	for _, x := range s.plan.retained {
		var err error
		if x.c.Kind == durable.Retain {
			err = b.add(x.name, b.blob(appendMessage(b.buf, x.c.Message, ""), len(b.buf)))
		} else {
			err = s.conn.unretain.exec(x.name)
		}
		if err != nil {
			return err
		}
	}
	return b.flush()
}

// execSpans runs a statement for each span of keys.
func execSpans(stmt *brokerStmt, spans []span) error {
	for _, x := range spans {
		if err := stmt.exec(int64(x.from), int64(x.to)); err != nil {
			return err
		}
	}
	return nil
}
