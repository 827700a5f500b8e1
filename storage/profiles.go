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
func (d *Dir) Profiles(ctx context.Context) ([]broker.Profile, error) {
	var ps []broker.Profile
	err := each(ctx, d.r, "SELECT id, cfg FROM profile ORDER BY n", nil, func(rows *sql.Rows) error {
		var id, cfg string
		if err := rows.Scan(&id, &cfg); err != nil {
			return err
		}
		var p broker.Profile
		if err := json.Unmarshal([]byte(cfg), &p); err != nil {
			return fmt.Errorf("decode profile %q: %w", id, err)
		}
		p.ID = id
		ps = append(ps, p)
		return nil
	})
	if err != nil {
		return nil, wrap(err, "read connection profiles")
	}
	return ps, nil
}

// SaveProfile adds or replaces a profile. Names are unique: a name that another
// profile has is refused.
func (d *Dir) SaveProfile(ctx context.Context, p broker.Profile) error {
	cfg, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("encode profile %q: %w", p.Name, err)
	}
	_, err = d.w.ExecContext(ctx, `INSERT INTO profile (id, name, cfg) VALUES (?1, ?2, ?3)
		ON CONFLICT (id) DO UPDATE SET name = ?2, cfg = ?3`, p.ID, p.Name, string(cfg))
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
