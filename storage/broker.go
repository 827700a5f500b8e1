package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/thingdesk/thingdesk/localbroker/durable"
)

// brokerFile holds the state of the bundled broker, in a data directory.
const brokerFile = "broker.db"

// Sync says what a commit outlives.
type Sync int

const (
	// Process means that a commit outlives the process, however it ends. After
	// a power cut the last commits may be missing, newest first.
	Process Sync = iota
	// Power means that a commit outlives a power cut too, as far as the disk
	// tells the truth. Each commit waits for the disk.
	Power
)

// BrokerStore keeps the state of the bundled broker in broker.db. It is a
// durable.Store: one goroutine calls Load and Commit, and Close after them.
type BrokerStore struct {
	// set at construction
	path   string
	notice string
	db     *sql.DB
	conn   *brokerConn

	// owned by the goroutine that calls
	loaded *durable.State    // what the file held when it was opened, until it is asked for or changed
	next   map[uint64]uint64 // session number to 1 + the greatest Seq stored since opening, for all sessions stored
	newest uint64            // the greatest ID of a shared message stored since opening
	plan   brokerPlan
}

// OpenBroker opens broker.db in a data directory, whose lock the caller holds
// (OpenDir), and reads it whole. A damaged file is set aside as
// broker-damaged-TIME.db and a new one begun: then Notice says so. It returns
// ErrNewer, ErrBusy, ErrFull, ErrReadOnly, ErrCannotOpen or an error that says
// what the system refused.
func OpenBroker(ctx context.Context, dir string, sync Sync) (*BrokerStore, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("open broker state in %q: %w", dir, err)
	}
	path := filepath.Join(dir, brokerFile)
	s, err := openBroker(ctx, path, sync)
	if errors.Is(err, ErrDamaged) {
		aside, moved := setAside(path, time.Now())
		if moved != nil {
			return nil, fmt.Errorf("set damaged broker state %q aside: %w", path, classify(moved))
		}
		if s, err = openBroker(ctx, path, sync); err == nil {
			s.notice = fmt.Sprintf("The stored state of the bundled broker was damaged. It has been set aside as %s, and the broker begins anew, "+
				"without retained messages and sessions. What can be read of it comes back with: sqlite3 %s .recover", aside, filepath.Base(aside))
		}
	}
	switch {
	case errors.Is(err, ErrNewer):
		return nil, fmt.Errorf("%w: update Thingdesk, or move the file away to begin with an empty broker", err)
	case errors.Is(err, ErrBusy):
		return nil, fmt.Errorf("open broker state: %w: close that program and start Thingdesk again", err)
	case errors.Is(err, ErrFull):
		return nil, fmt.Errorf("open broker state: %w: free some space and start Thingdesk again", err)
	case errors.Is(err, ErrReadOnly), errors.Is(err, ErrCannotOpen):
		return nil, fmt.Errorf("open broker state: %w: allow writing to it and start Thingdesk again", err)
	case err != nil:
		return nil, fmt.Errorf("open broker state: %w", err)
	}
	return s, nil
}

// Notice says in words for the user that a damaged file was set aside when the
// store was opened; "" when all was well.
func (s *BrokerStore) Notice() string { return s.notice }

// Close closes the file. What was committed is safe.
func (s *BrokerStore) Close() error {
	var errs []error
	if s.conn != nil {
		errs = append(errs, wrap(s.conn.close(), "close %q", s.path))
		s.conn = nil
	}
	if s.db != nil {
		errs = append(errs, wrap(s.db.Close(), "close %q", s.path))
		s.db = nil
	}
	return errors.Join(errs...)
}

func openBroker(ctx context.Context, path string, sync Sync) (*BrokerStore, error) {
	s := &BrokerStore{path: path}
	if err := s.open(ctx, sync); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *BrokerStore) open(ctx context.Context, sync Sync) (err error) {
	if err := ownFile(s.path); err != nil {
		return err
	}
	synchronous := "synchronous(NORMAL)"
	if sync == Power {
		synchronous = "synchronous(FULL)"
	}
	// A commit that waits holds up the broker: it fails sooner than others do,
	// and is offered again.
	name := dsn(s.path, "mode=rw&_txlock=immediate", "busy_timeout(1000)", "journal_mode(WAL)", synchronous,
		"wal_autocheckpoint(4000)", "journal_size_limit(67108864)", "cache_size(-8192)", "temp_store(MEMORY)")
	if s.db, err = open(ctx, s.path, name, 1); err != nil {
		return err
	}
	if err := quickCheck(ctx, s.db, s.path); err != nil {
		return err
	}
	if err := migrate(ctx, s.db, s.path, brokerSteps, backupBefore(s.path)); err != nil {
		return err
	}
	if err := s.shrink(ctx); err != nil {
		return err
	}
	if s.conn, err = openBrokerConn(ctx, s.db); err != nil {
		return wrap(err, "open %q", s.path)
	}
	// A file that can only be read is refused now, not at the first commit.
	if err := s.conn.inTx(func() error { return s.conn.dropSent.exec(int64(-1)) }); err != nil {
		return wrap(err, "write %q", s.path)
	}
	r, err := s.read()
	if err != nil {
		return err
	}
	if !r.tidy {
		if err := s.conn.run(s.conn.tidy); err != nil {
			return wrap(err, "tidy %q", s.path)
		}
	}
	s.loaded = r.state
	for id := range r.shared {
		s.newest = max(s.newest, id)
	}
	s.next = make(map[uint64]uint64, len(s.loaded.Sessions))
	for i := range s.loaded.Sessions {
		x := &s.loaded.Sessions[i]
		s.next[x.Number] = 0
		if n := len(x.Deliveries); n > 0 {
			s.next[x.Number] = x.Deliveries[n-1].Seq + 1
		}
	}
	return nil
}

// shrink gives space back to the system that a backlog long gone has left
// behind, when that is most of a large file.
func (s *BrokerStore) shrink(ctx context.Context) error {
	const worthwhile = 16 << 20 / 4096 // pages
	var pages, free int
	err := s.db.QueryRowContext(ctx, "SELECT page_count, freelist_count FROM pragma_page_count, pragma_freelist_count").Scan(&pages, &free)
	if err != nil {
		return wrap(err, "read %q", s.path)
	}
	if free < worthwhile || free < pages/4*3 {
		return nil
	}
	if _, err := s.db.ExecContext(ctx, "VACUUM"); err != nil && !errors.Is(classify(err), ErrFull) { // without room it stays as large as it was
		return wrap(err, "shrink %q", s.path)
	}
	return nil
}
