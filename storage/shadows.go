package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/thingdesk/thingdesk/things/shadow"
)

// LoadShadows returns the shadows of the bundled broker, tombstones too, by
// Thing and name.
func (d *Dir) LoadShadows(ctx context.Context) ([]shadow.Record, error) {
	var rs []shadow.Record
	const query = "SELECT thing, name, version, document, deleted, at FROM shadow ORDER BY thing, name"
	err := each(ctx, d.r, query, nil, func(rows *sql.Rows) error {
		var r shadow.Record
		err := rows.Scan(&r.Key.Thing, &r.Key.Name, &r.Version, &r.Document, &r.Deleted, &r.At)
		rs = append(rs, r)
		return err
	})
	if err != nil {
		return nil, wrap(err, "read shadows")
	}
	return rs, nil
}

// SaveShadows stores shadow records in one transaction. Of several records of
// one shadow the last stays.
func (d *Dir) SaveShadows(ctx context.Context, rs []shadow.Record) error {
	err := d.inTx(ctx, func(tx *sql.Tx) (err error) {
		save, err := tx.PrepareContext(ctx, `INSERT INTO shadow (thing, name, version, document, deleted, at)
			VALUES (?1, ?2, ?3, ?4, ?5, ?6)
			ON CONFLICT (thing, name) DO UPDATE SET version = ?3, document = ?4, deleted = ?5, at = ?6`)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, save.Close()) }()
		for _, r := range rs {
			var document any // NULL
			if !r.Deleted {
				document = notNil(r.Document)
			}
			if _, err := save.ExecContext(ctx, r.Key.Thing, r.Key.Name, r.Version, document, r.Deleted, r.At); err != nil {
				return fmt.Errorf("save shadow %q of Thing %q: %w", r.Key.Name, r.Key.Thing, err)
			}
		}
		return nil
	})
	return wrap(err, "save %d shadows", len(rs))
}

// ForgetShadows removes shadow records, such as tombstones whose time is over.
func (d *Dir) ForgetShadows(ctx context.Context, keys []shadow.Key) error {
	err := d.inTx(ctx, func(tx *sql.Tx) error {
		for _, k := range keys {
			if _, err := tx.ExecContext(ctx, "DELETE FROM shadow WHERE thing = ?1 AND name = ?2", k.Thing, k.Name); err != nil {
				return err
			}
		}
		return nil
	})
	return wrap(err, "forget %d shadows", len(keys))
}

// notNil returns b, never nil: the driver stores nil as NULL.
func notNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}
