package navigator

import (
	"strings"

	"github.com/thingdesk/thingdesk/things"
	"github.com/thingdesk/thingdesk/things/topic"
)

// filter selects Things and topics by a text: a topic filter when it holds
// MQTT wildcards, otherwise a part of the name, whatever its case.
type filter struct {
	text string // lower case
	mqtt string // the topic filter, "" when text is a part
}

func (f filter) on() bool { return f.text != "" }

// SetFilter shows only what matches text, with everything above it; "" shows
// all. It returns an error in words for a topic filter that is not valid, and
// leaves the old filter in place.
func (m *Model) SetFilter(text string) error {
	text = strings.TrimSpace(text)
	f := filter{text: strings.ToLower(text)}
	if topic.HasWildcard(text) {
		if err := topic.ValidateFilter(text); err != nil {
			return err
		}
		f.mqtt = text
	}
	m.filter = f
	m.rebuild()
	return nil
}

// Filtered tells whether a filter is set.
func (m *Model) Filtered() bool { return m.filter.on() }

func (f filter) thing(t things.Summary) bool {
	if !f.on() {
		return true
	}
	if f.mqtt != "" {
		return false
	}
	return strings.Contains(strings.ToLower(t.Name), f.text) || strings.Contains(strings.ToLower(t.Display), f.text) ||
		strings.Contains(strings.ToLower(t.Group), f.text)
}

// topics returns the matching nodes and everything above them, nil without a
// filter. At most MaxFiltered names match.
func (f filter) topics(ix *topic.Index) map[topic.NodeID]bool {
	if !f.on() {
		return nil
	}
	only := make(map[topic.NodeID]bool)
	found := 0
	ix.Walk(topic.Root, func(name string, _ uint64, _ topic.Sample) bool {
		if f.mqtt != "" && !topic.Match(f.mqtt, name) || f.mqtt == "" && !strings.Contains(strings.ToLower(name), f.text) {
			return true
		}
		found++
		id, ok := ix.Find(name)
		for ok && id != topic.Root && !only[id] {
			only[id] = true
			id = ix.Node(id, 0).Parent
		}
		return found < MaxFiltered
	})
	return only
}
