package topic

import "strings"

// NodeID names a node of an Index: one level of the topic tree. IDs are never
// reused while the Index lives. Root is the node above all first levels.
type NodeID uint32

// Root is the parent of the first levels; it has no name of its own.
const Root NodeID = 0

// Defaults of Limits.
const (
	DefaultTopics  = 1_000_000
	DefaultPayload = 256 << 20
)

// Sample is one message as the Index keeps it. Payload is shared, never copied
// or changed. In an Info a nil Payload of a Sample with a Time means that the
// payload was let go to stay within Limits.Payload; a message without payload
// has an empty one that is not nil.
type Sample struct {
	Time     int64 // microseconds since 1970 UTC; 0 means there is no sample
	Payload  []byte
	QoS      byte
	Retained bool
}

// Limits bound an Index. Zero values take the defaults.
//
// When Topics is reached, messages of names that would need new nodes are
// counted in Totals but not indexed; known names go on as before. When Payload
// is passed, previous samples are let go, the one set longest ago first; when
// there are none left, the last payloads of the names that were silent longest.
// The counters of all names stay exact in either case.
type Limits struct {
	Topics  int // most nodes kept; default 1,000,000
	Payload int // most bytes of payload kept; default 256 MiB
}

// Info is a copy of what the Index knows of a node.
type Info struct {
	ID, Parent NodeID
	Level      string  // the last level, may be empty
	Name       string  // the whole name from the first level
	Depth      int     // 0 for first levels, -1 for Root
	Children   int     // direct children
	Topics     int     // names with messages at or below this node
	Messages   uint64  // messages at or below this node
	Bytes      uint64  // payload bytes at or below this node
	Rate       float64 // messages per second at or below this node, last seconds
	LastTime   int64   // time of the newest message at or below this node
	Own        uint64  // messages of exactly this name
	Last, Prev Sample  // newest and second newest message of exactly this name
}

// Totals are counters of a whole Index.
type Totals struct {
	Nodes, Topics  int
	Messages       uint64 // all messages, those not indexed too
	Bytes          uint64 // their payload bytes
	Rate           float64
	PayloadBytes   int    // bytes of payload kept now
	NotIndexed     uint64 // messages of names beyond Limits.Topics
	PrevReleased   uint64 // previous samples let go to stay within Limits.Payload
	PayloadDropped uint64 // last samples whose payload was let go
}

// Index is the live topic tree with counters. It is not safe for concurrent
// use: its owner guards it, for reading too, as reading sorts what is new.
type Index struct {
	limits Limits
	nodes  arena[NodeID, node]
	slots  slots
	words  words
	// childOf finds the child of a node by level: parent<<32 | word.
	childOf map[uint64]NodeID

	revision, shape uint64

	all                  counter // every message, indexed or not
	bytes                uint64
	notIndexed           uint64
	payload              int // bytes kept
	prevs, lasts         fifo
	prevFreed, lastFreed uint64
}

// NewIndex returns an empty Index.
func NewIndex(l Limits) *Index {
	if l.Topics <= 0 {
		l.Topics = DefaultTopics
	}
	if l.Payload <= 0 {
		l.Payload = DefaultPayload
	}
	ix := &Index{
		limits: l, words: words{ids: make(map[string]word)}, childOf: make(map[uint64]NodeID),
		prevs: fifo{links: prevLinks}, lasts: fifo{links: lastLinks},
	}
	ix.slots.add(slot{}) // none
	ix.nodes.add(node{depth: -1, word: ix.words.add("")})
	return ix
}

// Add takes one message. The name is kept as it is, valid or not: a//b, /a and
// a/ are names of their own. It costs one step per level.
func (ix *Index) Add(name string, s Sample) {
	ix.revision++
	ix.all.add(s.Time)
	ix.bytes += uint64(len(s.Payload))
	id, ok := ix.reach(name)
	if !ok {
		ix.notIndexed++
		return
	}
	if s.Payload == nil {
		s.Payload = []byte{}
	}
	n := ix.nodes.at(id)
	fresh := n.slot == none
	if fresh {
		n.slot = ix.slots.add(slot{})
	}
	ix.keep(n.slot, s)
	for at := id; ; {
		n := ix.nodes.at(at)
		n.counter.add(s.Time)
		n.messages++
		n.bytes += uint64(len(s.Payload))
		n.lastTime = max(n.lastTime, s.Time)
		if fresh {
			n.topics++
		}
		if at == Root {
			return
		}
		at = n.parent
	}
}

// reach returns the node of name and makes what is missing of its path; ok is
// false when that would pass Limits.Topics.
func (ix *Index) reach(name string) (id NodeID, ok bool) {
	id, rest, found := ix.descend(name)
	if found {
		return id, true
	}
	if ix.nodes.len()-1+strings.Count(rest, "/")+1 > ix.limits.Topics {
		return 0, false
	}
	ix.shape++
	for more := true; more; {
		var level string
		level, rest, more = strings.Cut(rest, "/")
		id = ix.grow(id, level)
	}
	return id, true
}

// descend follows name from Root as far as there are nodes. When found is
// false, id is the last node there is and rest the levels missing below it.
func (ix *Index) descend(name string) (id NodeID, rest string, found bool) {
	rest = name
	for {
		level, below, more := strings.Cut(rest, "/")
		w, ok := ix.words.ids[level]
		if !ok {
			return id, rest, false
		}
		child, ok := ix.childOf[edge(id, w)]
		if !ok {
			return id, rest, false
		}
		id = child
		if !more {
			return id, "", true
		}
		rest = below
	}
}

// grow adds a child to parent.
func (ix *Index) grow(parent NodeID, level string) NodeID {
	w, ok := ix.words.ids[level]
	if !ok {
		w = ix.words.add(level)
	}
	p := ix.nodes.at(parent)
	id := ix.nodes.add(node{parent: parent, word: w, depth: p.depth + 1})
	p.children = append(p.children, id)
	ix.childOf[edge(parent, w)] = id
	return id
}

func edge(parent NodeID, w word) uint64 { return uint64(parent)<<32 | uint64(w) }
