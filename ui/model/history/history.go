// Package history holds the view-model of the History screen: a list of stored
// messages, newest first, that is read page by page while the user scrolls and
// follows live while they do not; the filter; the message that is looked at;
// counting, exporting and deleting what is filtered; and how recording goes.
//
// A Model belongs to one goroutine, the screen's. What takes time goes through
// an Async and comes back to that goroutine; an answer that a newer question
// has overtaken is thrown away, and its work is cancelled.
package history

import (
	"context"
	"time"

	"github.com/thingdesk/thingdesk/storage"
	"github.com/thingdesk/thingdesk/ui/model/payload"
)

// Async runs work on a goroutine of its own and then done on the screen's
// goroutine. It returns at once. ctx ends when the window closes; then done may
// never be called.
type Async func(work func(ctx context.Context), done func())

// Store is what the screen needs of the message history.
type Store interface {
	Page(ctx context.Context, q storage.Query, before storage.Cursor) (storage.Page, error)
	Count(ctx context.Context, q storage.Query) (int64, error)
	Delete(ctx context.Context, q storage.Query) (int64, error)
	Stats() storage.HistoryStats
}

// ExportFunc writes the messages that match q to the file at path and returns
// how many they were. It tells progress, from its own goroutine, how many are
// written so far. When it fails or ctx ends it leaves no file behind. See
// FileExporter.
type ExportFunc func(ctx context.Context, q storage.Query, format storage.Format, path string, progress func(n int64)) (int64, error)

// Connection is a connection that messages can come from.
type Connection struct {
	// ID is the ID of the profile, storage.Entry.Source; Name is shown.
	ID, Name string
}

// Config says what a Model stands on. Async is required; the rest may be nil.
type Config struct {
	Async Async
	// Store is the history; nil when there is none.
	Store Store
	// Why says why there is no history, for the user.
	Why string
	// Recorder tells how recording goes; it must return at once.
	Recorder func() storage.RecorderStats
	// Recording tells whether messages are being recorded.
	Recording func() bool
	// Connections lists what the user can choose from.
	Connections func() []Connection
	// Export writes files.
	Export ExportFunc
}

// Sizes and paces.
const (
	pageRows  = 200    // rows read at a time
	mostRows  = 20_000 // rows kept in memory, give or take a page
	prefetch  = 100    // rows that should be loaded beyond those seen
	headBytes = 1024   // bytes of a payload kept with its row

	settle      = 200 * time.Millisecond // a filter being typed waits so long for the next key
	patience    = 500 * time.Millisecond // then the rows of the old filter go
	awayPace    = time.Second            // between looks for new rows while they are not shown
	figuresPace = 500 * time.Millisecond
	workShare   = 4 // looking for new rows rests so many times as long as it took
)

// Model is the view-model. Create it with New.
type Model struct {
	// OnChange, when not nil, is called on the screen's goroutine after
	// something that was worked on in the background has changed what is shown.
	OnChange func()

	cfg      Config
	revision uint64

	filter Filter
	faults Faults
	utc    bool
	query  storage.Query // what filter asked for when it was last valid

	generation int // counts beginnings of the list
	list       list
	filling    *job // of the first page
	since      time.Time
	older      *job // of the next older page
	rereads    map[*page]*job
	fault      string
	first      int // rows on screen
	seen       int

	live live
	now  time.Time

	picked viewer
	view   payload.View

	count   count
	plan    *plan
	task    task
	figures figures
}

// New returns a Model that shows all messages and starts to read them.
func New(c Config) *Model {
	m := &Model{cfg: c, now: time.Now()}
	m.Reload()
	return m
}

// Revision grows when anything shown changed.
func (m *Model) Revision() uint64 { return m.revision }

// changed is called when background work has changed what is shown.
func (m *Model) changed() {
	m.revision++
	if m.OnChange != nil {
		m.OnChange()
	}
}

// UTC tells whether times are shown and read in UTC instead of local time.
func (m *Model) UTC() bool { return m.utc }

// SetUTC switches between UTC and local time.
func (m *Model) SetUTC(on bool) {
	if on == m.utc {
		return
	}
	m.utc = on
	m.revision++
	if m.filter.Range == Custom { // the typed times mean other moments now
		m.SetFilter(m.filter)
	}
}

// Connections lists what the connection filter can be set to.
func (m *Model) Connections() []Connection {
	if m.cfg.Connections == nil {
		return nil
	}
	return m.cfg.Connections()
}
