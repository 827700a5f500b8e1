package storage

import (
	"context"

	"github.com/thingdesk/thingdesk/broker"
)

// History is the message history: an append-only store read by topic filter
// and time. There is no SQL in it, so that another engine can take its place;
// every engine passes package historytest. All methods may be called from any
// goroutine; Append by one at a time.
type History interface {
	// Append stores a batch durably, all or nothing. It gives each row an ID
	// greater than every ID before it.
	Append(ctx context.Context, batch []Entry) error
	// Page returns up to q.Limit rows, newest first, older than the cursor
	// (the zero Cursor starts at the newest). Deep pages cost what first pages cost.
	Page(ctx context.Context, q Query, before Cursor) (Page, error)
	// Scan calls f for each row, oldest first, until f returns false. It holds
	// no lock or snapshot while f runs, so a scan may take its time.
	Scan(ctx context.Context, q Query, f func(Row) bool) error
	// Count counts the rows that match q, whatever q.Limit.
	Count(ctx context.Context, q Query) (int64, error)
	// Topics lists the topics of a source with their counts, by name; of all
	// sources when source is "".
	Topics(ctx context.Context, source string) ([]TopicInfo, error)
	// Delete removes the rows that match q and returns how many they were.
	Delete(ctx context.Context, q Query) (int64, error)
	// Stats tells what is stored.
	Stats() HistoryStats
	// Close closes the store; all rows appended are safe.
	Close() error
}

// Entry is one message to be stored.
type Entry struct {
	// Source is the ID of the connection profile; SourceName its present name.
	Source, SourceName string
	Message            broker.Message
}

// Row is one stored message.
type Row struct {
	// ID orders the history: rows stored later have greater IDs.
	ID int64
	Entry
}

// Query selects rows. The zero Query selects all.
type Query struct {
	// Source is a connection profile's ID; "" means all.
	Source string
	// Filters are MQTT topic filters, any of which may match; none means all
	// topics, $ topics too.
	Filters []string
	// From and To bound Message.Time: From <= time < To; 0 is unbounded.
	From, To int64
	// Contains is a byte string the payload must hold; nil means any.
	Contains []byte
	// Direction, when not nil, selects one direction.
	Direction *broker.Direction
	// Retained selects only messages with the RETAIN flag.
	Retained bool
	// Limit bounds a Page; 200 when 0.
	Limit int
}

// Cursor is a place in the history: the ID of the last row seen.
type Cursor int64

// Page is one page of rows, newest first.
type Page struct {
	Rows []Row
	// Next continues after the last row.
	Next Cursor
	// More tells that older rows match.
	More bool
}

// TopicInfo describes a topic in the history.
type TopicInfo struct {
	Source string
	Name   string
	Count  int64
	Last   int64 // time of the newest message, microseconds since 1970 UTC
}

// HistoryStats tells what is stored.
type HistoryStats struct {
	Rows   int64 // messages stored
	Bytes  int64 // size of the files
	Oldest int64 // time of the oldest message, microseconds since 1970 UTC; 0 when empty
	Newest int64
}
