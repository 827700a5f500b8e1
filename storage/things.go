package storage

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/thingdesk/thingdesk/things"
)

// Things returns the Things of all connections, by connection and name.
func (d *Dir) Things(ctx context.Context) ([]things.Thing, error) {
	var ts []things.Thing
	const query = "SELECT connection, name, display, grp, filters, created FROM thing ORDER BY connection, name"
	err := each(ctx, d.r, query, nil, func(rows *sql.Rows) error {
		var (
			t       things.Thing
			filters string
		)
		if err := rows.Scan(&t.Connection, &t.Name, &t.Display, &t.Group, &filters, &t.Created); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(filters), &t.Filters); err != nil {
			return fmt.Errorf("decode filters of Thing %q: %w", t.Name, err)
		}
		ts = append(ts, t)
		return nil
	})
	if err != nil {
		return nil, wrap(err, "read Things")
	}
	return ts, nil
}

// SaveThings adds or replaces Things, all or nothing. The connection of a Thing
// need not have a profile.
func (d *Dir) SaveThings(ctx context.Context, ts ...things.Thing) error {
	err := d.inTx(ctx, func(tx *sql.Tx) (err error) {
		save, err := tx.PrepareContext(ctx, `INSERT INTO thing (connection, name, display, grp, filters, created)
			VALUES (?1, ?2, ?3, ?4, ?5, ?6)
			ON CONFLICT (connection, name) DO UPDATE SET display = ?3, grp = ?4, filters = ?5, created = ?6`)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, save.Close()) }()
		for _, t := range ts {
			filters, err := json.Marshal(t.Filters)
			if err != nil {
				return fmt.Errorf("encode filters of Thing %q: %w", t.Name, err)
			}
			if _, err := save.ExecContext(ctx, t.Connection, t.Name, t.Display, t.Group, string(filters), t.Created); err != nil {
				return fmt.Errorf("save Thing %q: %w", t.Name, err)
			}
		}
		return nil
	})
	return wrap(err, "save %d Things", len(ts))
}

// DeleteThing removes a Thing. It is no error when there is none.
func (d *Dir) DeleteThing(ctx context.Context, connection, name string) error {
	_, err := d.w.ExecContext(ctx, "DELETE FROM thing WHERE connection = ? AND name = ?", connection, name)
	return wrap(err, "delete Thing %q", name)
}
