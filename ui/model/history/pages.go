package history

import (
	"bytes"
	"slices"
	"sort"
	"time"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/storage"
	"github.com/thingdesk/thingdesk/ui/model"
)

// lineRunes bounds the payload in a cell. A payload of headBytes fills it.
const lineRunes = headBytes/4 - 16

// Row is one message of the list.
type Row struct {
	ID                 int64
	Source, Connection string
	Time               int64
	Direction          broker.Direction
	Topic              string
	QoS                byte
	Retained, Dup      bool
	// Size is the size of the payload in bytes.
	Size int

	head []byte // the payload, or its beginning when it is large
}

func newRow(r storage.Row) Row {
	m := r.Message
	head := m.Payload
	if len(head) > headBytes {
		head = bytes.Clone(head[:headBytes])
	}
	return Row{
		ID: r.ID, Source: r.Source, Connection: r.SourceName, Time: m.Time, Direction: m.Direction, Topic: m.Topic,
		QoS: m.QoS, Retained: m.Retained, Dup: m.Dup, Size: len(m.Payload), head: head,
	}
}

// Line returns the payload on one line, shortened with … when it is long.
func (r Row) Line() string { return model.OneLine(r.head, lineRunes) }

// Flags returns QoS and flags in short: "1 R dup".
func (r Row) Flags() string {
	s := string('0' + rune(r.QoS))
	if r.Retained {
		s += " R"
	}
	if r.Dup {
		s += " dup"
	}
	return s
}

// page is a run of rows of the list. Its rows can be let go and read again.
type page struct {
	start          int // place of the first row in the list
	n              int
	newest, oldest int64 // IDs
	newestTime     int64
	rows           []Row // nil while let go
	used           uint64
}

func newPage(rows []Row) *page {
	p := &page{n: len(rows), rows: rows}
	if p.n > 0 {
		p.newest, p.oldest, p.newestTime = rows[0].ID, rows[p.n-1].ID, rows[0].Time
	}
	return p
}

// list is a gapless run of the rows that match, from the newest on.
type list struct {
	pages  []*page
	n      int  // rows
	loaded int  // rows in memory
	more   bool // older rows match
	ticks  uint64
}

// count brings the sums up to date after a change.
func (l *list) count() {
	l.pages = slices.DeleteFunc(l.pages, func(p *page) bool { return p.n == 0 })
	l.n, l.loaded = 0, 0
	for _, p := range l.pages {
		p.start = l.n
		l.n += p.n
		l.loaded += len(p.rows)
	}
}

// append adds older rows.
func (l *list) append(rows []Row, more bool) {
	l.pages = append(l.pages, newPage(rows))
	l.more = more
	l.count()
}

// prepend adds newer rows. The oldest go when there are too many: they can be
// read again by scrolling.
func (l *list) prepend(rows []Row) {
	if len(l.pages) > 0 && l.pages[0].rows != nil && l.pages[0].n+len(rows) <= pageRows {
		rows = append(rows, l.pages[0].rows...)
		l.pages[0] = newPage(rows)
	} else {
		l.pages = slices.Insert(l.pages, 0, newPage(rows))
	}
	l.count()
	for len(l.pages) > 1 && l.n-l.pages[len(l.pages)-1].n >= mostRows {
		l.n -= l.pages[len(l.pages)-1].n
		l.pages = l.pages[:len(l.pages)-1]
		l.more = true
	}
	l.count()
}

// at returns the page that holds row i.
func (l *list) at(i int) *page {
	if i < 0 || i >= l.n {
		return nil
	}
	return l.pages[sort.Search(len(l.pages), func(k int) bool { return l.pages[k].start > i })-1]
}

// newest returns the ID of the newest row, oldest that of the oldest; 0 when
// there is none.
func (l *list) newest() int64 {
	if len(l.pages) == 0 {
		return 0
	}
	return l.pages[0].newest
}

func (l *list) oldest() int64 {
	if len(l.pages) == 0 {
		return 0
	}
	return l.pages[len(l.pages)-1].oldest
}

// find returns the place of a row, or -1 when it is not loaded.
func (l *list) find(id int64) int {
	k := sort.Search(len(l.pages), func(k int) bool { return l.pages[k].oldest <= id })
	if k == len(l.pages) {
		return -1
	}
	p := l.pages[k]
	if i := slices.IndexFunc(p.rows, func(r Row) bool { return r.ID == id }); i >= 0 {
		return p.start + i
	}
	return -1
}

// touch marks the pages of rows first to last as used, and returns those that
// were let go.
func (l *list) touch(first, last int) (gone []*page) {
	l.ticks++
	for i := max(first, 0); i < min(last, l.n); {
		p := l.at(i)
		p.used = l.ticks
		if p.rows == nil {
			gone = append(gone, p)
		}
		i = p.start + p.n
	}
	return gone
}

// shrink lets go of the pages that were not used for longest.
func (l *list) shrink() {
	for l.loaded > mostRows {
		var least *page
		for _, p := range l.pages {
			if p.rows != nil && p.used < l.ticks && (least == nil || p.used < least.used) {
				least = p
			}
		}
		if least == nil {
			return
		}
		l.loaded -= len(least.rows)
		least.rows = nil
	}
}

// Len returns how many rows the list has at present. It grows as older pages
// are read.
func (m *Model) Len() int { return m.list.n }

// Row returns row i, 0 being the newest; ok is false while it is being read.
func (m *Model) Row(i int) (r Row, ok bool) {
	p := m.list.at(i)
	if p == nil || p.rows == nil {
		return Row{}, false
	}
	return p.rows[i-p.start], true
}

// Interval returns the time from the row before (the next older one) to row i;
// ok is false when that is not known.
func (m *Model) Interval(i int) (d time.Duration, ok bool) {
	r, ok := m.Row(i)
	if !ok || i+1 >= m.list.n {
		return 0, false
	}
	before := m.list.at(i + 1)
	at := before.newestTime
	if before.start <= i {
		at = before.rows[i+1-before.start].Time
	}
	return time.Duration(r.Time-at) * time.Microsecond, true
}
