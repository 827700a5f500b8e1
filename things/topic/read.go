package topic

import (
	"slices"
	"strings"
)

// Revision grows with every Add; Shape only when nodes were added.
func (ix *Index) Revision() uint64 { return ix.revision }

// Shape grows when nodes were added or removed.
func (ix *Index) Shape() uint64 { return ix.shape }

// Find returns the node of a name or of the levels above one.
func (ix *Index) Find(name string) (NodeID, bool) {
	id, _, found := ix.descend(name)
	return id, found
}

// Node returns what is known of a node at the time now (for rates), the zero
// Info for an ID that was never given out.
func (ix *Index) Node(id NodeID, now int64) Info {
	if !ix.nodes.has(id) {
		return Info{}
	}
	n := ix.nodes.at(id)
	s := ix.slots.at(n.slot) // that of none is empty
	return Info{
		ID: id, Parent: n.parent, Level: ix.words.texts[n.word], Name: ix.name(id), Depth: int(n.depth),
		Children: len(n.children), Topics: int(n.topics), Messages: n.messages, Bytes: n.bytes,
		Rate: n.counter.rate(now), LastTime: n.lastTime, Own: s.own, Last: s.last, Prev: s.prev,
	}
}

// name joins the levels from the first down to id.
func (ix *Index) name(id NodeID) string {
	if id == Root {
		return ""
	}
	size := -1
	for at := id; at != Root; at = ix.nodes.at(at).parent {
		size += 1 + len(ix.level(at))
	}
	buf := make([]byte, size)
	for at := id; ; {
		level := ix.level(at)
		size -= copy(buf[size-len(level):], level)
		if at = ix.nodes.at(at).parent; at == Root {
			return string(buf)
		}
		size--
		buf[size] = '/'
	}
}

func (ix *Index) level(id NodeID) string { return ix.words.texts[ix.nodes.at(id).word] }

// Children appends the children of id to dst, sorted by level, byte by byte.
func (ix *Index) Children(id NodeID, dst []NodeID) []NodeID {
	if !ix.nodes.has(id) {
		return dst
	}
	return append(dst, ix.sorted(id)...)
}

// sorted returns the children of id in order. It sorts only what was added
// since the last time and merges it in.
func (ix *Index) sorted(id NodeID) []NodeID {
	n := ix.nodes.at(id)
	done := int(n.sorted)
	if done == len(n.children) {
		return n.children
	}
	byLevel := func(a, b NodeID) int { return strings.Compare(ix.level(a), ix.level(b)) }
	slices.SortFunc(n.children[done:], byLevel)
	if done > 0 {
		added := slices.Clone(n.children[done:])
		for i, to := done-1, len(n.children)-1; len(added) > 0; to-- {
			last := added[len(added)-1]
			if i >= 0 && byLevel(n.children[i], last) > 0 {
				n.children[to] = n.children[i]
				i--
			} else {
				n.children[to] = last
				added = added[:len(added)-1]
			}
		}
	}
	n.sorted = uint32(len(n.children))
	return n.children
}

// Walk calls f for every name with messages at or below id until f returns
// false: a name before the names below it, siblings sorted by level. f must
// not call Add.
func (ix *Index) Walk(id NodeID, f func(name string, own uint64, last Sample) bool) {
	if !ix.nodes.has(id) {
		return
	}
	type step struct {
		id   NodeID
		next int // index of the next child to visit
		size int // bytes of path up to this node
	}
	path := []byte(ix.name(id))
	visit := func(id NodeID) bool {
		n := ix.nodes.at(id)
		if n.slot == none {
			return true
		}
		s := ix.slots.at(n.slot)
		return f(string(path), s.own, s.last)
	}
	if !visit(id) {
		return
	}
	stack := []step{{id: id, size: len(path)}}
	for len(stack) > 0 {
		top := &stack[len(stack)-1]
		children := ix.sorted(top.id)
		if top.next == len(children) {
			stack = stack[:len(stack)-1]
			continue
		}
		child := children[top.next]
		top.next++
		path = path[:top.size]
		if top.id != Root {
			path = append(path, '/')
		}
		path = append(path, ix.level(child)...)
		if !visit(child) {
			return
		}
		stack = append(stack, step{id: child, size: len(path)})
	}
}

// Totals returns the counters at the time now.
func (ix *Index) Totals(now int64) Totals {
	root := ix.nodes.at(Root)
	return Totals{
		Nodes: ix.nodes.len() - 1, Topics: int(root.topics),
		Messages: root.messages + ix.notIndexed, Bytes: ix.bytes, Rate: ix.all.rate(now),
		PayloadBytes: ix.payload, NotIndexed: ix.notIndexed,
		PrevReleased: ix.prevFreed, PayloadDropped: ix.lastFreed,
	}
}
