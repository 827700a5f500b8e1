package storage

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/thingdesk/thingdesk/broker"
)

// Profiles returns the connection profiles in the order they were made.
func (d *Dir) Profiles(ctx context.Context) (_ []broker.Profile, err error) {
	defer func() { err = wrap(err, "read connection profiles") }()
	rows, err := d.r.QueryContext(ctx, "SELECT id, cfg FROM profile ORDER BY n")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var ps []broker.Profile
	for rows.Next() {
		var id, cfg string
		if err := rows.Scan(&id, &cfg); err != nil {
			return nil, err
		}
		var p broker.Profile
		if err := json.Unmarshal([]byte(cfg), &p); err != nil {
			return nil, fmt.Errorf("decode profile %q: %w", id, err)
		}
		p.ID = id
		ps = append(ps, p)
	}
	return ps, rows.Err()
}

// SaveProfile adds or replaces a profile. Names are unique: a name that another
// profile has is refused.
func (d *Dir) SaveProfile(ctx context.Context, p broker.Profile) error {
	cfg, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("encode profile %q: %w", p.Name, err)
	}
	err = d.inTx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO profile (id, name, cfg) VALUES (?1, ?2, ?3)
			ON CONFLICT (id) DO UPDATE SET name = ?2, cfg = ?3`, p.ID, p.Name, string(cfg))
		return err
	})
	if se, ok := errors.AsType[*sqlite.Error](err); ok && se.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE {
		return fmt.Errorf("save profile %q: another connection has this name: choose another name", p.Name)
	}
	return wrap(err, "save profile %q", p.Name)
}

// DeleteProfile removes a profile and its Things. It is no error when there is
// none.
func (d *Dir) DeleteProfile(ctx context.Context, id string) error {
	err := d.inTx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "DELETE FROM thing WHERE connection = ?", id); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "DELETE FROM profile WHERE id = ?", id)
		return err
	})
	return wrap(err, "delete profile %q", id)
}
