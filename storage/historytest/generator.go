package historytest

import (
	"fmt"
	"math/rand/v2"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/storage"
)

// generator makes random messages and queries about them.
type generator struct {
	*rand.Rand
	now int64
}

func newGenerator(seed uint64) *generator {
	return &generator{Rand: rand.New(rand.NewPCG(seed, 1)), now: 1_800_000_000_000_000}
}

var (
	topics = []string{
		"a", "a/b", "a/b/c", "/a", "a/", "//", "/", "a//c", "$SYS/broker/uptime", "$aws/things/t1/shadow/update", "$", "$a/b",
		"plant/😀/temp", "plant/ü/temp", "plant/+1/temp", "plant/a#b", "plant/%_'/temp", "rare/once", "A", "a b/c d",
	}
	filters = []string{
		"#", "+", "+/+", "a", "a/#", "a/+", "a/+/c", "/#", "/+", "+/", "//", "$SYS/#", "$aws/things/+/shadow/#", "$/#", "plant/+/temp",
		"plant/😀/temp", "+/b/#", "nothing/here", "rare/once", "+/+/temp", "A",
	}
	names   = []string{"one", "two", "three"}
	needles = []string{"", "1", "on", "\x00", "\xff", "%", "ü", "not in any payload"}
)

// batch makes n messages. Times mostly grow, are often equal and sometimes jump
// either way.
func (g *generator) batch(n int) []storage.Entry {
	es := make([]storage.Entry, n)
	for i := range es {
		switch g.IntN(20) {
		case 0:
			g.now -= g.Int64N(5000)
		case 1:
			g.now += g.Int64N(20000)
		default:
			g.now += g.Int64N(3)
		}
		name := pick(g, names)
		m := broker.Message{
			Time: g.now, Direction: broker.Direction(g.IntN(2)), Topic: pick(g, topics), Payload: g.payload(),
			QoS: byte(g.IntN(3)), Retained: g.IntN(4) == 0, Dup: g.IntN(4) == 0,
		}
		if m.Topic == "rare/once" && g.IntN(50) > 0 {
			m.Topic = "a"
		}
		es[i] = storage.Entry{Source: "id-" + name, SourceName: name, Message: m}
	}
	return es
}

func (g *generator) payload() []byte {
	switch g.IntN(5) {
	case 0:
		return nil
	case 1:
		b := make([]byte, g.IntN(40))
		for i := range b {
			b[i] = byte(g.Uint32())
		}
		return b
	}
	return fmt.Appendf(nil, `{"on":%v,"ü":"%d%%"}`, g.IntN(2) == 0, g.IntN(1000))
}

func (g *generator) query() storage.Query {
	var q storage.Query
	if g.IntN(3) == 0 {
		q.Source = "id-" + pick(g, append(names, "nobody"))
	}
	for range g.IntN(4) {
		q.Filters = append(q.Filters, pick(g, filters))
	}
	if g.IntN(3) == 0 {
		q.From = g.now - g.Int64N(200_000)
	}
	if g.IntN(3) == 0 {
		q.To = g.now - g.Int64N(200_000)
	}
	if g.IntN(4) == 0 {
		q.Contains = []byte(pick(g, needles))
	}
	if g.IntN(4) == 0 {
		d := broker.Direction(g.IntN(2))
		q.Direction = &d
	}
	q.Retained = g.IntN(6) == 0
	return q
}

func pick(g *generator, from []string) string { return from[g.IntN(len(from))] }
