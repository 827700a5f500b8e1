package brokerview

import (
	"cmp"
	"slices"
	"strings"
)

// Column is a column of a list, by which it can be sorted.
type Column struct {
	// Title heads it.
	Title string
	// Numeric columns begin with the largest when sorted by, others with the
	// first of the alphabet.
	Numeric bool
}

// column is a Column with what it sorts by.
type column[T any] struct {
	Column

	compare func(a, b *T) int
}

// order says which rows a list shows and in which order.
type order struct {
	filter     string
	column     int
	descending bool
	absent     bool // sessions without connection only
}

// kind is what a list needs to know of its rows.
type kind[T any] struct {
	columns []column[T]
	id      func(*T) string
	// texts calls f for each text of a row that the filter looks at, until f
	// returns true, and returns whether it did.
	texts func(r *T, f func(string) bool) bool
	// shown tells whether a row is shown whatever the filter says.
	shown func(r *T, o order) bool
	// gone returns the row as it is shown once it is no more.
	gone func(*T) *T
}

// List is rows in an order, with one of them selected. While it is held no row
// moves, comes or goes, but values go on changing.
type List[T any] struct {
	kind   *kind[T]
	order  order
	rows   []*T
	all    []T // what was read last; never changed
	picked string
	last   *T // the selected row as it was last seen
	hold   bool
	by     order // that rows are in
	stale  bool  // rows are to be put in order even while held
	fresh  int   // rows that will come when it is no longer held
	seek   bool  // the selected row was picked elsewhere: see jump
	jump   bool  // the selected row, else the first, is to be brought into view
}

// arranged is the result of arrange.
type arranged[T any] struct {
	by    order
	held  bool
	rows  []*T
	all   []T
	fresh int
	last  *T
}

// arrange puts what was read into the order asked for. It is called off the
// screen's goroutine and touches nothing that is shown.
func (k *kind[T]) arrange(all []T, o order, hold bool, shown []*T, picked string, last *T) arranged[T] {
	out := arranged[T]{by: o, held: hold, all: all, last: last}
	var byID map[string]*T
	if hold {
		byID = make(map[string]*T, len(all))
	}
	words := strings.Fields(strings.ToLower(o.filter))
	match := make([]*T, 0, len(all))
	seen := false
	for i := range all {
		r := &all[i]
		id := k.id(r)
		if picked != "" && id == picked {
			out.last, seen = r, true
		}
		if hold {
			byID[id] = r
		}
		if k.shown(r, o) && k.matches(r, words) {
			match = append(match, r)
		}
	}
	if !seen && last != nil {
		out.last = k.gone(last)
	}
	if hold {
		out.rows, out.fresh = k.keep(shown, byID, match)
		return out
	}
	k.sort(match, o)
	out.rows = match
	return out
}

// keep returns the rows that are shown with their new values, and how many
// others there are.
func (k *kind[T]) keep(shown []*T, byID map[string]*T, match []*T) (rows []*T, fresh int) {
	rows = make([]*T, len(shown))
	here := make(map[string]struct{}, len(shown))
	for i, r := range shown {
		id := k.id(r)
		here[id] = struct{}{}
		if rows[i] = byID[id]; rows[i] == nil {
			rows[i] = k.gone(r)
		}
	}
	for _, r := range match {
		if _, ok := here[k.id(r)]; !ok {
			fresh++
		}
	}
	return rows, fresh
}

func (k *kind[T]) matches(r *T, words []string) bool {
	for _, w := range words {
		if !k.texts(r, func(text string) bool { return strings.Contains(strings.ToLower(text), w) }) {
			return false
		}
	}
	return true
}

// sort sorts by the column asked for, and by client ID where that is the same.
func (k *kind[T]) sort(rows []*T, o order) {
	compare := k.columns[o.column].compare
	slices.SortFunc(rows, func(a, b *T) int {
		c := compare(a, b)
		if o.descending {
			c = -c
		}
		return cmp.Or(c, cmp.Compare(k.id(a), k.id(b)))
	})
}

// take shows the result of arrange.
func (l *List[T]) take(a arranged[T], picked string) {
	if a.by != l.by || l.seek && !a.held {
		l.jump, l.seek = true, false
	}
	l.rows, l.all, l.fresh, l.by = a.rows, a.all, a.fresh, a.by
	l.stale = l.stale && a.held
	if picked == l.picked {
		l.last = a.last
	}
}

// snapshot returns the list as work takes it: a copy that shares only what never
// changes. It is held only when its rows are in the order asked for.
func (l *List[T]) snapshot() List[T] {
	c := *l
	c.hold = c.hold && len(c.rows) > 0 && c.by == c.order && !c.stale
	return c
}

// TakeJump tells whether rows were put in another order since it was called
// last, so that the selected one, else the first, should be brought into view.
func (l *List[T]) TakeJump() bool {
	jump := l.jump
	l.jump = false
	return jump
}

// Missing returns the client ID that was to be shown and is not there; "" when
// there is none.
func (l *List[T]) Missing() string {
	if l.last != nil {
		return ""
	}
	return l.picked
}

// Len returns how many rows are shown.
func (l *List[T]) Len() int { return len(l.rows) }

// Row returns row i of those shown. It must not be changed.
func (l *List[T]) Row(i int) (r *T, ok bool) {
	if i < 0 || i >= len(l.rows) {
		return nil, false
	}
	return l.rows[i], true
}

// All returns how many rows there are, shown or not.
func (l *List[T]) All() int { return len(l.all) }

// Fresh returns how many rows will come when the list is no longer held.
func (l *List[T]) Fresh() int { return l.fresh }

// Selected returns the selected row as it was last seen, also when it is not
// shown or is no more; nil when none is.
func (l *List[T]) Selected() *T {
	if l.picked == "" {
		return nil
	}
	return l.last
}

// SelectedRow returns where the selected row is shown, or -1.
func (l *List[T]) SelectedRow() int {
	if l.picked == "" {
		return -1
	}
	return slices.IndexFunc(l.rows, func(r *T) bool { return l.kind.id(r) == l.picked })
}

// Filter returns what was typed to filter by.
func (l *List[T]) Filter() string { return l.order.filter }

// Sort returns the column that the list is sorted by, and which way.
func (l *List[T]) Sort() (col int, descending bool) { return l.order.column, l.order.descending }

// Columns lists the columns.
func (l *List[T]) Columns() []Column {
	out := make([]Column, len(l.kind.columns))
	for i, c := range l.kind.columns {
		out[i] = c.Column
	}
	return out
}

// pick selects row i; -1 selects none.
func (l *List[T]) pick(i int) {
	l.picked, l.last = "", nil
	if r, ok := l.Row(i); ok {
		l.picked, l.last = l.kind.id(r), r
	}
}

// sortBy sorts by col, or the other way when the list is sorted by it already.
func (l *List[T]) sortBy(col int) {
	if col < 0 || col >= len(l.kind.columns) {
		return
	}
	if l.order.column == col {
		l.order.descending = !l.order.descending
		return
	}
	l.order.column, l.order.descending = col, l.kind.columns[col].Numeric
}
