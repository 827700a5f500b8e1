package storage

import (
	"database/sql/driver"
	"fmt"
	"strings"
)

// prepare prepares all statements.
func (c *brokerConn) prepare() error {
	for _, x := range []struct {
		to    **brokerStmt
		query string
	}{
		{&c.begin, "BEGIN IMMEDIATE"},
		{&c.commit, "COMMIT"},
		{&c.rollback, "ROLLBACK"},
		{&c.dropMessage, "DELETE FROM message WHERE id = ?"},
		{&c.unsubscribe, "DELETE FROM subscription WHERE session = ? AND filter = ?"},
		{&c.unretain, "DELETE FROM retained WHERE topic = ?"},
		{&c.release, fmt.Sprintf("UPDATE delivery SET flags = flags | %d, message = NULL, data = NULL WHERE id BETWEEN ? AND ?", deliveryReleased)},
		{&c.remove, "DELETE FROM delivery WHERE id BETWEEN ? AND ?"},
		{&c.forget, "DELETE FROM received WHERE id BETWEEN ? AND ?"},
		{&c.dropSession, "DELETE FROM session WHERE number = ?"},
		{&c.dropSent, "DELETE FROM sent WHERE session = ?"},
		{&c.dropSubscriptions, "DELETE FROM subscription WHERE session = ?"},
	} {
		var err error
		if *x.to, err = c.prepareOne(x.query); err != nil {
			return err
		}
	}
	for _, x := range []struct {
		to    **brokerBulk
		table string
		cols  int
	}{
		{&c.putSession, "session (number, client, owner, version, expiry, ended, will)", 7},
		{&c.putMessage, "message (id, data)", 2},
		{&c.subscribe, "subscription (session, filter, options, id)", 4},
		{&c.deliver, "delivery (id, flags, ids, message, data)", 5},
		{&c.sent, "sent (session, seq)", 2},
		{&c.receive, "received (id)", 1},
		{&c.retain, "retained (topic, data)", 2},
	} {
		var err error
		b := &brokerBulk{}
		into := "INSERT OR REPLACE INTO " + x.table + " VALUES "
		if b.one, err = c.prepareOne(into + placeholders(x.cols, 1)); err != nil {
			return err
		}
		if b.many, err = c.prepareOne(into + placeholders(x.cols, brokerRows)); err != nil {
			return err
		}
		*x.to = b
	}
	return nil
}

func (c *brokerConn) prepareOne(query string) (*brokerStmt, error) {
	stmt, err := c.raw.PrepareContext(c.base, query)
	if err != nil {
		return nil, fmt.Errorf("prepare %q: %w", query, err)
	}
	c.all = append(c.all, stmt)
	run, ok := stmt.(driver.StmtExecContext)
	if !ok {
		return nil, fmt.Errorf("prepare %q: the driver has no %T", query, &run)
	}
	args := make([]driver.NamedValue, strings.Count(query, "?"))
	for i := range args {
		args[i].Ordinal = i + 1
	}
	return &brokerStmt{c: c, stmt: run, args: args}, nil
}

// bulks returns all that may have rows waiting.
func (c *brokerConn) bulks() []*brokerBulk {
	return []*brokerBulk{c.putSession, c.putMessage, c.subscribe, c.deliver, c.sent, c.receive, c.retain}
}
