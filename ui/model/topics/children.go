package topics

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/thingdesk/thingdesk/things/topic"
)

const (
	stepNodes     = 500         // nodes read while the session's lock is held
	childrenPause = time.Second // least time between two readings of the children
	sortAtOnce    = 5_000       // rows sorted on the screen's goroutine
)

// Child is one level directly below the target with what is at and below it.
type Child struct {
	ID       topic.NodeID
	Level    string
	Name     string // the whole name
	Topics   int
	Messages uint64
	Bytes    uint64
	Rate     float64
	LastTime int64
	Leaf     bool // nothing is below it
}

// ChildColumn is what children can be sorted by.
type ChildColumn uint8

// The columns, in the order of the screen.
const (
	ByName ChildColumn = iota
	ByTopics
	ByMessages
	ByRate
	ByBytes
	ByLast
)

// Children is the table of the levels directly below the target. It is read
// beside the screen, a few hundred nodes at a time, once a second while
// messages arrive, so that a hundred thousand of them hold up nobody.
type Children struct {
	async  Async
	target Target
	sort   ChildColumn
	desc   bool
	held   bool

	rows     []Child
	revision uint64

	seq     int
	reading bool
	readAt  int64
	again   bool   // read although no message came: the order changed
	seen    uint64 // messages at or below when last read
	moving  bool   // a rate was not 0 when last read
}

func (c *Children) show(t Target) {
	*c = Children{async: c.async, target: t, sort: c.sort, desc: c.desc, seq: c.seq + 1, revision: c.revision + 1}
}

// Rows are the children in order. The slice is not to be changed.
func (c *Children) Rows() []Child { return c.rows }

// Revision grows when anything about the rows changed.
func (c *Children) Revision() uint64 { return c.revision }

// Sorted returns the column of the order and whether greater comes first.
func (c *Children) Sorted() (by ChildColumn, desc bool) { return c.sort, c.desc }

// SortBy orders by a column: numbers greatest first, names from A; the same
// column again turns the order round.
func (c *Children) SortBy(by ChildColumn) {
	if c.sort == by {
		c.desc = !c.desc
	} else {
		c.sort, c.desc = by, by != ByName
	}
	c.revision++
	if len(c.rows) <= sortAtOnce {
		c.rows = slices.Clone(c.rows)
		sortChildren(c.rows, c.sort, c.desc)
		return
	}
	c.again, c.readAt = true, 0
}

// Hold keeps the order while the pointer is on the table or it is scrolled;
// the figures go on, and new children come in at the end.
func (c *Children) Hold(held bool) {
	if c.held && !held {
		c.again, c.readAt = true, 0
	}
	c.held = held
}

func (c *Children) apply(info topic.Info, now int64) {
	if info.Children == 0 || c.reading || now < c.readAt {
		return
	}
	if info.Messages == c.seen && !c.moving && !c.again {
		return
	}
	c.reading, c.again = true, false
	c.seen = info.Messages
	seq, by, desc := c.seq, c.sort, c.desc
	session, id := c.target.Session, info.ID
	var old []Child
	if c.held {
		old = c.rows
	}
	var rows []Child
	began := now
	c.async(func(ctx context.Context) {
		rows = readChildren(ctx, session, id, now)
		if old != nil {
			rows = keepOrder(old, rows)
		} else {
			sortChildren(rows, by, desc)
		}
	}, func() {
		if seq != c.seq {
			return
		}
		c.reading = false
		c.readAt = began + childrenPause.Microseconds()
		if by != c.sort || desc != c.desc { // the user chose another order meanwhile
			c.again, c.readAt = true, 0
		}
		c.moving = slices.ContainsFunc(rows, func(r Child) bool { return r.Rate > 0 })
		if !slices.Equal(rows, c.rows) {
			c.rows = rows
			c.revision++
		}
	})
}

// readChildren copies what is known of the children, holding the session's
// lock for a few at a time.
func readChildren(ctx context.Context, s Session, parent topic.NodeID, now int64) []Child {
	var ids []topic.NodeID
	s.Topics(func(ix *topic.Index) { ids = ix.Children(parent, nil) })
	rows := make([]Child, 0, len(ids))
	for step := range slices.Chunk(ids, stepNodes) {
		if ctx.Err() != nil {
			return rows
		}
		s.Topics(func(ix *topic.Index) {
			for _, id := range step {
				i := ix.Node(id, now)
				rows = append(rows, Child{
					ID: id, Level: i.Level, Name: i.Name, Topics: i.Topics, Messages: i.Messages, Bytes: i.Bytes,
					Rate: i.Rate, LastTime: i.LastTime, Leaf: i.Children == 0,
				})
			}
		})
	}
	return rows
}

func sortChildren(rows []Child, by ChildColumn, desc bool) {
	slices.SortFunc(rows, func(a, b Child) int {
		var n int
		switch by {
		case ByTopics:
			n = cmp.Compare(a.Topics, b.Topics)
		case ByMessages:
			n = cmp.Compare(a.Messages, b.Messages)
		case ByRate:
			n = cmp.Compare(a.Rate, b.Rate)
		case ByBytes:
			n = cmp.Compare(a.Bytes, b.Bytes)
		case ByLast:
			n = cmp.Compare(a.LastTime, b.LastTime)
		default:
			n = strings.Compare(a.Level, b.Level)
		}
		if desc {
			n = -n
		}
		return cmp.Or(n, strings.Compare(a.Level, b.Level))
	})
}

// keepOrder puts fresh into the order of old; new ones stand at the end.
func keepOrder(old, fresh []Child) []Child {
	place := make(map[topic.NodeID]int, len(old))
	for i, r := range old {
		place[r.ID] = i
	}
	slices.SortStableFunc(fresh, func(a, b Child) int {
		pa, oka := place[a.ID]
		pb, okb := place[b.ID]
		switch {
		case oka && okb:
			return cmp.Compare(pa, pb)
		case oka:
			return -1
		case okb:
			return 1
		default:
			return 0
		}
	})
	return fresh
}
