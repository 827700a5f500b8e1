package storage

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"strings"
)

// brokerRows is how many rows one statement stores at most.
const brokerRows = 16

// brokerConn is the one connection of a BrokerStore. It runs statements past
// database/sql, whose bookkeeping would cost as much as storing a row does.
type brokerConn struct {
	conn *sql.Conn
	raw  driver.ConnPrepareContext
	base context.Context //nolint:containedctx // without an end: the driver starts a goroutine for each statement whose context may end
	all  []driver.Stmt

	begin, commit, rollback *brokerStmt

	dropSession, dropSent, dropSubscriptions                          *brokerStmt // by session
	dropMessage, unsubscribe, unretain                                *brokerStmt // by key
	release, remove, forget                                           *brokerStmt // by first and last key
	putSession, putMessage, subscribe, deliver, sent, receive, retain *brokerBulk
}

// openBrokerConn takes the connection of a pool of one and prepares all
// statements.
func openBrokerConn(ctx context.Context, db *sql.DB) (*brokerConn, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	c := &brokerConn{conn: conn, base: context.WithoutCancel(ctx)}
	err = conn.Raw(func(raw any) error {
		var ok bool
		if c.raw, ok = raw.(driver.ConnPrepareContext); !ok {
			return fmt.Errorf("prepare statements: the driver has no %T", &c.raw)
		}
		return c.prepare()
	})
	if err != nil {
		return nil, errors.Join(err, c.close())
	}
	return c, nil
}

// close ends the statements and gives the connection back.
func (c *brokerConn) close() error {
	err := c.run(func() error {
		var errs []error
		for _, s := range c.all {
			errs = append(errs, s.Close())
		}
		c.all = nil
		return errors.Join(errs...)
	})
	return errors.Join(err, c.conn.Close())
}

// run runs f, which may use the statements.
func (c *brokerConn) run(f func() error) error {
	return c.conn.Raw(func(any) error { return f() })
}

// inTx runs f in one transaction: all of it or nothing.
func (c *brokerConn) inTx(f func() error) error {
	return c.run(func() error {
		if err := c.begin.exec(); err != nil {
			// None is open, unless a rollback before this failed: it must not
			// fail for ever.
			_ = c.rollback.exec()
			return err
		}
		err := f()
		if err == nil {
			err = c.commit.exec()
		}
		if err != nil {
			// SQLite may have rolled back already, for a full disk: then this
			// fails, and that is no news.
			_ = c.rollback.exec()
		}
		return err
	})
}

// query runs a query once and calls f for each row, whose values are used again.
// Texts and blobs among them are f's to keep.
func (c *brokerConn) query(query string, f func(row []driver.Value) error) (err error) {
	stmt, err := c.raw.PrepareContext(c.base, query)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stmt.Close()) }()
	q, ok := stmt.(driver.StmtQueryContext)
	if !ok {
		return fmt.Errorf("run a query: the driver has no %T", &q)
	}
	rows, err := q.QueryContext(c.base, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	row := make([]driver.Value, len(rows.Columns()))
	for {
		switch err := rows.Next(row); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		if err := f(row); err != nil {
			return err
		}
	}
}

// tidy removes what nothing refers to. Such rows are left when the broker died
// between storing a message and its deliveries, and when a file was mended.
func (c *brokerConn) tidy() error {
	for _, query := range []string{
		"DELETE FROM delivery WHERE id >> 40 NOT IN (SELECT number FROM session) OR message NOT IN (SELECT id FROM message)",
		"DELETE FROM message WHERE id NOT IN (SELECT message FROM delivery WHERE message IS NOT NULL)",
		"DELETE FROM subscription WHERE session NOT IN (SELECT number FROM session)",
		"DELETE FROM sent WHERE session NOT IN (SELECT number FROM session)",
		"DELETE FROM received WHERE id >> 16 NOT IN (SELECT number FROM session)",
	} {
		if err := c.query(query, func([]driver.Value) error { return nil }); err != nil {
			return err
		}
	}
	return nil
}

// brokerStmt is a prepared statement.
type brokerStmt struct {
	c    *brokerConn
	stmt driver.StmtExecContext
	args []driver.NamedValue
}

// exec runs the statement, which takes as many values as it has parameters.
func (s *brokerStmt) exec(values ...driver.Value) error {
	for i, v := range values {
		s.args[i].Value = v
	}
	return s.again()
}

// again runs the statement with the values that stand in args, and forgets them.
func (s *brokerStmt) again() error {
	_, err := s.stmt.ExecContext(s.c.base, s.args)
	s.forget()
	return err
}

func (s *brokerStmt) forget() {
	for i := range s.args {
		s.args[i].Value = nil
	}
}

// brokerBulk stores rows, several by one statement.
type brokerBulk struct {
	one, many *brokerStmt
	n         int    // rows that wait in many
	buf       []byte // where the blobs of these rows are
}

// add stores a row now or with those that follow.
func (b *brokerBulk) add(values ...driver.Value) error {
	at := b.n * len(b.one.args)
	for i, v := range values {
		b.many.args[at+i].Value = v
	}
	if b.n++; b.n < brokerRows {
		return nil
	}
	b.forget()
	return b.many.again()
}

// flush stores the rows that wait.
func (b *brokerBulk) flush() error {
	cols, n := len(b.one.args), b.n
	b.forget()
	defer b.many.forget()
	for i := range n {
		for j := range cols {
			b.one.args[j].Value = b.many.args[i*cols+j].Value
		}
		if err := b.one.again(); err != nil {
			return err
		}
	}
	return nil
}

// forget forgets that rows wait. A large buffer is not kept.
func (b *brokerBulk) forget() {
	const keep = 1 << 20
	b.n = 0
	if b.buf = b.buf[:0]; cap(b.buf) > keep {
		b.buf = nil
	}
}

// blob takes buf with something appended and returns what was appended since
// it had length from.
func (b *brokerBulk) blob(buf []byte, from int) []byte {
	b.buf = buf
	return buf[from:len(buf):len(buf)]
}

// placeholders returns "(?, ?), (?, ?)" for rows of 2.
func placeholders(cols, rows int) string {
	row := "(?" + strings.Repeat(", ?", cols-1) + ")"
	return row + strings.Repeat(", "+row, rows-1)
}
