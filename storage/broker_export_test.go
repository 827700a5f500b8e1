package storage

import (
	"database/sql/driver"
	"fmt"
)

// Pragma returns what SQLite says to a pragma on the store's own connection.
func (s *BrokerStore) Pragma(pragma string) (value any, err error) {
	err = s.conn.run(func() error {
		return s.conn.query("PRAGMA "+pragma, func(row []driver.Value) error {
			value = row[0]
			return nil
		})
	})
	return value, err
}

// SetBrokerBusyTimeout shortens how long a store waits for a lock.
func SetBrokerBusyTimeout(s *BrokerStore, ms int) error {
	_, err := s.Pragma(fmt.Sprintf("busy_timeout = %d", ms))
	return err
}

// StoredRows counts the rows of a table.
func (s *BrokerStore) StoredRows(table string) (n int64, err error) {
	err = s.conn.run(func() error {
		return s.conn.query("SELECT count(*) FROM "+table, func(row []driver.Value) error {
			n = integer(row[0])
			return nil
		})
	})
	return n, err
}
