package topics

import (
	"fmt"
	"time"

	"github.com/thingdesk/thingdesk/ui/model"
)

// ChipKind is what a chip is about.
type ChipKind uint8

// The chips.
const (
	ChipRetained ChipKind = iota
	ChipQoS
	ChipSize
	ChipTime
	ChipInterval
	ChipCount
	ChipRate
	ChipTopics
	ChipBytes
)

// Chip is one fact about a topic in a few words.
type Chip struct {
	Kind ChipKind
	Text string
}

// Chips are the facts about the target: of its own messages when it has any,
// and of all below it when there are levels below.
func (d *Detail) Chips() []Chip {
	var out []Chip
	add := func(k ChipKind, text string) {
		if text != "" {
			out = append(out, Chip{k, text})
		}
	}
	i := d.info
	if i.Own > 0 {
		if d.retained {
			add(ChipRetained, "seen retained")
		}
		add(ChipQoS, fmt.Sprintf("QoS %d", i.Last.QoS))
		if p := d.newest(); p != nil {
			add(ChipSize, model.Bytes(int64(len(p))))
		}
		add(ChipTime, ago(i.Last.Time, d.now))
		if i.Prev.Time != 0 && i.Last.Time >= i.Prev.Time {
			add(ChipInterval, model.Interval(time.Duration(i.Last.Time-i.Prev.Time)*time.Microsecond)+" after the previous")
		}
		add(ChipCount, count(i.Own, "message"))
	}
	if i.Children > 0 {
		add(ChipTopics, count(uint64(i.Topics), "topic")+" in all")
		add(ChipCount, count(i.Messages, "message")+" in all")
		add(ChipBytes, model.Bytes(int64(i.Bytes)))
		if i.Own == 0 {
			add(ChipTime, ago(i.LastTime, d.now))
		}
	}
	add(ChipRate, model.Rate(i.Rate))
	return out
}

// newest is the newest payload; nil when it was let go.
func (d *Detail) newest() []byte {
	if d.info.Last.Payload != nil {
		return d.info.Last.Payload
	}
	return d.Recent.payloadAt(d.info.Last.Time)
}

func ago(at, now int64) string {
	switch s := model.Ago(at, now); s {
	case "", "now":
		return s
	default:
		return s + " ago"
	}
}

func count(n uint64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return model.Count(n) + " " + noun + "s"
}
