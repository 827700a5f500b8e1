package form

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/thingdesk/thingdesk/things/shadow"
)

// Row is one line of the property grid. It is a copy; its values must not be
// changed.
type Row struct {
	Path  []string
	ID    string // PathText(Path)
	Label string // the last name of Path
	Depth int
	Group bool // a nested object
	Open  bool // of a group: its members follow

	Reported, Desired       any
	HasReported, HasDesired bool
	ReportedAt, DesiredAt   int64 // epoch seconds; 0 when not known

	Type         Type
	State        State
	PendingSince int64 // microseconds; 0 when not pending or not known

	HasEdit  bool   // an edit that is not in desired yet
	Clear    bool   // the edit removes the member
	Edit     string // text of the edit
	Fault    string // what is wrong with the edit
	Note     string // words for Refused and NoAnswer
	Theirs   any    // of a Conflict: what desired holds now
	HasTheir bool   // false: desired was removed

	// Of a group: what stands in it.
	Leaves, PendingLeaves, EditedLeaves int
}

// node is one path of reported ∪ desired ∪ edits.
type node struct {
	path                    []string
	group                   bool
	reported, desired       any
	hasReported, hasDesired bool
	reportedMeta            any
	desiredMeta             any
	edit                    *edit
	children                []*node
}

// each calls f for n and everything below it, parents first.
func (n *node) each(f func(*node)) {
	for _, c := range n.children {
		f(c)
		c.each(f)
	}
}

// tree builds the nodes; the root stands for the whole document.
func (f *Form) tree() *node {
	root := &node{group: true}
	below := map[string]bool{} // paths with edits below them
	for _, e := range f.edits {
		for i := 1; i < len(e.path); i++ {
			below[PathText(e.path[:i])] = true
		}
	}
	d := f.view.Doc
	f.fill(root, d.Reported, d.Desired, d.ReportedMeta, d.DesiredMeta, below)
	return root
}

// fill adds the children of n.
func (f *Form) fill(n *node, reported, desired, reportedMeta, desiredMeta shadow.Object, below map[string]bool) {
	names := map[string]bool{}
	for k := range reported {
		names[k] = true
	}
	for k := range desired {
		names[k] = true
	}
	for _, e := range f.edits {
		if within(e.path, n.path) {
			names[e.path[len(n.path)]] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		c := &node{path: append(slices.Clone(n.path), name)}
		c.reported, c.hasReported = reported[name]
		c.desired, c.hasDesired = desired[name]
		c.reportedMeta, c.desiredMeta = reportedMeta[name], desiredMeta[name]
		k := PathText(c.path)
		c.edit = f.edits[k]
		if c.edit != nil && c.edit.phase == accepted { // the document is on its way
			c.desired, c.hasDesired, c.desiredMeta = c.edit.value, !c.edit.clear, nil
		}
		c.group = c.isGroup(below[k])
		n.children = append(n.children, c)
		if c.group {
			r, _ := c.reported.(shadow.Object)
			w, _ := c.desired.(shadow.Object)
			rm, _ := c.reportedMeta.(shadow.Object)
			wm, _ := c.desiredMeta.(shadow.Object)
			f.fill(c, r, w, rm, wm, below)
		}
	}
}

// isGroup tells whether a node is shown with members: it has edits below, or
// what exists of it are objects and not all are empty.
func (n *node) isGroup(editsBelow bool) bool {
	if editsBelow {
		return true
	}
	if n.edit != nil && !n.edit.clear && n.edit.phase != accepted {
		return false
	}
	members := 0
	for _, side := range []struct {
		v   any
		has bool
	}{{n.reported, n.hasReported}, {n.desired, n.hasDesired}} {
		if o, ok := side.v.(shadow.Object); ok {
			members += len(o)
		} else if side.has {
			return false
		}
	}
	return members > 0
}

// plainState is the state of a leaf without its edit.
func (f *Form) plainState(n *node) State {
	switch {
	case n.hasDesired && n.hasReported && shadow.Equal(n.desired, n.reported):
		return InSync
	case n.hasDesired && n.hasReported:
		return Pending
	case n.hasDesired:
		return DesiredOnly
	default:
		return DeviceOnly
	}
}

// state is the state of a leaf, or of a group that has an edit itself.
func (f *Form) state(n *node) State {
	e := n.edit
	switch {
	case e == nil || e.phase == accepted:
		return f.plainState(n)
	case e.phase == sent:
		return Sent
	case f.conflict(e):
		return Conflict
	case e.phase == refused:
		return Refused
	case e.phase == unanswered:
		return NoAnswer
	default:
		return Edited
	}
}

// Rows returns the rows that are not folded away, in the order of their
// paths. The slice is valid until the next change and must not be changed.
func (f *Form) Rows() []Row {
	if f.rowsAt != f.revision {
		f.rows = f.appendRows(nil, f.tree())
		f.rowsAt = f.revision
	}
	return f.rows
}

// Row returns the row of an ID as Rows gives it.
func (f *Form) Row(id string) (Row, bool) {
	for _, r := range f.Rows() {
		if r.ID == id {
			return r, true
		}
	}
	return Row{}, false
}

func (f *Form) appendRows(rows []Row, n *node) []Row {
	for _, c := range n.children {
		rows = append(rows, f.row(c))
		if last := rows[len(rows)-1]; last.Group && last.Open {
			rows = f.appendRows(rows, c)
		}
	}
	return rows
}

func (f *Form) row(n *node) Row {
	r := Row{
		Path: n.path, ID: PathText(n.path), Label: n.path[len(n.path)-1], Depth: len(n.path) - 1, Group: n.group,
		Reported: n.reported, Desired: n.desired, HasReported: n.hasReported, HasDesired: n.hasDesired,
		Type: f.typeAt(n.path),
	}
	if r.Label == "" {
		r.Label = `""`
	}
	if n.group {
		f.groupRow(&r, n)
	} else {
		r.ReportedAt, r.DesiredAt = metaTime(n.reported, n.reportedMeta), metaTime(n.desired, n.desiredMeta)
		r.State = f.state(n)
		if r.State == Pending || r.State == DesiredOnly {
			r.PendingSince = r.DesiredAt * 1_000_000
		}
	}
	if e := n.edit; e != nil && e.phase != accepted {
		r.HasEdit, r.Clear, r.Edit, r.Fault, r.Note = true, e.clear, e.text, e.fault, e.why
		if r.State == Conflict {
			r.Theirs, r.HasTheir = lookup(f.view.Doc.Desired, n.path)
		}
	}
	return r
}

// groupRow fills what a group says about its members.
func (f *Form) groupRow(r *Row, n *node) {
	r.Open = !f.folded[r.ID]
	if n.edit != nil && n.edit.phase != accepted {
		r.State = f.state(n)
	}
	n.each(func(c *node) {
		if c.group && c.edit == nil {
			return
		}
		s := f.state(c)
		if s.rank() > r.State.rank() {
			r.State = s
		}
		if c.edit != nil && c.edit.phase != accepted {
			r.EditedLeaves++
		}
		if c.group {
			return
		}
		r.Leaves++
		if f.plainState(c) == Pending {
			r.PendingLeaves++
			if t := metaTime(c.desired, c.desiredMeta) * 1_000_000; t > 0 && (r.PendingSince == 0 || t < r.PendingSince) {
				r.PendingSince = t
			}
		}
	})
}

// metaTime returns the newest timestamp of a value's metadata, 0 when there is
// none.
func metaTime(v, meta any) int64 {
	switch v := v.(type) {
	case []any:
		nodes, _ := meta.([]any)
		var newest int64
		for i := range min(len(v), len(nodes)) {
			newest = max(newest, metaTime(v[i], nodes[i]))
		}
		return newest
	case shadow.Object:
		nodes, _ := meta.(shadow.Object)
		var newest int64
		for k, e := range v {
			newest = max(newest, metaTime(e, nodes[k]))
		}
		return newest
	default:
		leaf, _ := meta.(shadow.Object)
		number, _ := leaf["timestamp"].(json.Number)
		n, err := number.Int64()
		if err != nil {
			return 0
		}
		return n
	}
}

// byPath orders edits by their paths.
func byPath(a, b *edit) int { return slices.Compare(a.path, b.path) }
