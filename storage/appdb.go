package storage

// appSteps are the migrations of app.db. A step that was released is never
// changed: add another.
//
// Things and shadows know connections by ID only and need no profile row, for
// the bundled broker has none.
var appSteps = []string{`
CREATE TABLE profile (
  n    INTEGER PRIMARY KEY,           -- the order in which they were made
  id   TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL UNIQUE,
  cfg  TEXT NOT NULL CHECK (json_valid(cfg))
) STRICT;
CREATE TABLE thing (
  connection TEXT NOT NULL,           -- profile.id or the bundled broker
  name       TEXT NOT NULL,
  display    TEXT NOT NULL,
  grp        TEXT NOT NULL,
  filters    TEXT NOT NULL CHECK (json_valid(filters)),
  created    INTEGER NOT NULL,        -- microseconds since 1970 UTC
  PRIMARY KEY (connection, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE shadow (                 -- of the bundled broker
  thing    TEXT NOT NULL,
  name     TEXT NOT NULL,             -- '' is the classic shadow
  version  INTEGER NOT NULL,
  document BLOB,                      -- NULL when deleted
  deleted  INTEGER NOT NULL,
  at       INTEGER NOT NULL,          -- microseconds since 1970 UTC
  UNIQUE (thing, name)
) STRICT;
CREATE TABLE setting (
  key   TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
`}
