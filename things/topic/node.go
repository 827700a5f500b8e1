package topic

import "strings"

// node is one level of the tree. A million of them must stay cheap: no name,
// no map, and what is rare is shared.
type node struct {
	parent   NodeID
	word     word
	depth    int32
	topics   uint32   // names with messages at or below
	children []NodeID // children[:sorted] are in order
	sorted   uint32
	counter  counter
	messages uint64
	bytes    uint64
	lastTime int64
	slot     slotID // none when no message has exactly this name
}

// slotID names a slot; none is no slot.
type slotID uint32

const none slotID = 0

// slot is what only names with messages have, which many nodes are not.
type slot struct {
	own uint64 // messages
	// last and prev are the newest samples; the links chain the slots that
	// hold payload in them.
	last, prev         Sample
	lastLink, prevLink link
}

const (
	chunkBits = 8
	chunkSize = 1 << chunkBits
)

// arena holds nodes or slots in chunks, so that growing never copies them and a
// pointer to one stays good.
type arena[ID ~uint32, T any] struct {
	chunks [][]T
}

func (a *arena[ID, T]) len() int {
	if len(a.chunks) == 0 {
		return 0
	}
	return (len(a.chunks)-1)*chunkSize + len(a.chunks[len(a.chunks)-1])
}

func (a *arena[ID, T]) at(id ID) *T { return &a.chunks[id>>chunkBits][id&(chunkSize-1)] }

func (a *arena[ID, T]) has(id ID) bool { return int(id) < a.len() }

func (a *arena[ID, T]) add(t T) ID {
	id := ID(a.len())
	if id%chunkSize == 0 {
		a.chunks = append(a.chunks, make([]T, 0, chunkSize))
	}
	last := &a.chunks[len(a.chunks)-1]
	*last = append(*last, t)
	return id
}

// word is a level's text by number: the same level under many nodes is kept
// once.
type word uint32

type words struct {
	ids   map[string]word
	texts []string
}

// add takes a text that is not in ids. It copies it, for a level is a piece of
// a whole topic name that would be kept alive otherwise.
func (w *words) add(text string) word {
	text = strings.Clone(text)
	id := word(len(w.texts))
	w.texts = append(w.texts, text)
	w.ids[text] = id
	return id
}

// rateWindow is how far back a rate looks, in microseconds.
const rateWindow = 5_000_000

// counter counts events in two neighbouring windows, which is enough to tell
// the rate over the last rateWindow at any time: no tick has to visit it.
type counter struct {
	window    uint32 // number of the current window
	cur, prev uint32 // events in the current window and the one before
}

// add counts one event at a time. Events a little late count as current; a
// clock that was set back begins anew.
func (c *counter) add(at int64) {
	switch w := windowOf(at); {
	case w == c.window || w+1 == c.window:
	case w == c.window+1:
		c.window, c.prev, c.cur = w, c.cur, 0
	default:
		c.window, c.prev, c.cur = w, 0, 0
	}
	c.cur++
}

// rate returns events per second at the time now: the current window, and of
// the one before the part that still lies within rateWindow.
func (c *counter) rate(now int64) float64 {
	cur, prev := c.cur, c.prev
	switch w := windowOf(now); {
	case w <= c.window:
	case w == c.window+1:
		cur, prev = 0, c.cur
	default:
		return 0
	}
	part := 1.0 // now lies before what was counted last: clocks differ
	if windowOf(now) >= c.window {
		part = float64(now%rateWindow) / rateWindow
	}
	return (float64(prev)*(1-part) + float64(cur)) / (rateWindow / 1e6)
}

func windowOf(at int64) uint32 { return uint32(max(at, 0) / rateWindow) }
