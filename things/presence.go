package things

import (
	"strings"
)

// Presence tells whether a Thing is connected to its broker.
type Presence int

// The presences. Unknown is for brokers that do not tell who is connected.
const (
	Unknown Presence = iota
	Online
	Offline
)

// String returns the presence in a word.
func (p Presence) String() string {
	switch p {
	case Online:
		return "online"
	case Offline:
		return "offline"
	default:
		return "unknown"
	}
}

// clients knows which clients of a broker speak for which Thing. A client
// speaks for the Thing that its client ID names (the convention of AWS IoT),
// and for the Thing whose own shadow topics it subscribed to.
type clients struct {
	// told is set when the broker tells who is connected.
	told bool
	// things lists, by connected client ID, the Things it speaks for.
	things map[string]map[string]bool
	// online counts the clients that speak for a Thing.
	online map[string]int
	// since is when a Thing last came or went, microseconds since 1970 UTC.
	since map[string]int64
}

func newClients() clients {
	return clients{
		things: make(map[string]map[string]bool), online: make(map[string]int), since: make(map[string]int64),
	}
}

func (c *clients) connected(id string, at int64) {
	c.gone(id, at) // a takeover comes without a disconnect in between
	c.told = true
	c.things[id] = make(map[string]bool)
	c.speaks(id, id, at)
}

func (c *clients) subscribed(id string, filters []string, at int64) {
	if c.things[id] == nil {
		return
	}
	for _, f := range filters {
		if rest, ok := strings.CutPrefix(f, "$aws/things/"); ok {
			if name, tail, _ := strings.Cut(rest, "/"); name != "+" && name != "#" && strings.HasPrefix(tail, "shadow") {
				c.speaks(id, name, at)
			}
		}
	}
}

func (c *clients) speaks(id, thing string, at int64) {
	if c.things[id][thing] {
		return
	}
	c.things[id][thing] = true
	if c.online[thing]++; c.online[thing] == 1 {
		c.since[thing] = at
	}
}

func (c *clients) gone(id string, at int64) {
	for thing := range c.things[id] {
		if c.online[thing]--; c.online[thing] == 0 {
			delete(c.online, thing)
			c.since[thing] = at
		}
	}
	delete(c.things, id)
}

func (c *clients) presence(thing string) (Presence, int64) {
	switch {
	case c.online[thing] > 0:
		return Online, c.since[thing]
	case c.told:
		return Offline, c.since[thing]
	default:
		return Unknown, 0
	}
}
