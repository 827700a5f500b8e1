package storage

import (
	"context"
	"database/sql"
	"errors"
)

// Setting returns a stored setting; ok is false when it was never set.
func (d *Dir) Setting(ctx context.Context, key string) (value string, ok bool, err error) {
	err = d.r.QueryRowContext(ctx, "SELECT value FROM setting WHERE key = ?", key).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return "", false, nil
	}
	return value, err == nil, wrap(err, "read setting %q", key)
}

// SetSetting stores a setting.
func (d *Dir) SetSetting(ctx context.Context, key, value string) error {
	_, err := d.w.ExecContext(ctx,
		"INSERT INTO setting (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = ?2", key, value)
	return wrap(err, "save setting %q", key)
}
