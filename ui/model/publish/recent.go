package publish

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/thingdesk/thingdesk/broker"
)

const (
	mostRecent = 20      // messages remembered
	mostSaved  = 256_000 // bytes of a payload that is still saved
)

// Sent is a message that was sent before.
type Sent struct {
	Topic   string `json:"topic"`
	Payload []byte `json:"payload"`
	QoS     byte   `json:"qos"`
	Retain  bool   `json:"retain,omitempty"`
}

func (s Sent) equal(o Sent) bool {
	return s.Topic == o.Topic && s.QoS == o.QoS && s.Retain == o.Retain && bytes.Equal(s.Payload, o.Payload)
}

// remember puts a message on top of the recent ones, once.
func (d *Drawer) remember(m broker.Message) {
	s := Sent{m.Topic, m.Payload, m.QoS, m.Retained}
	d.recent = slices.DeleteFunc(slices.Clone(d.recent), s.equal)
	d.recent = slices.Insert(d.recent, 0, s)
	d.recent = d.recent[:min(len(d.recent), mostRecent)]
}

// Recent lists the messages sent before, newest first, each once. The slice is
// not to be changed.
func (d *Drawer) Recent() []Sent { return d.recent }

// Use fills the drawer with a recent message.
func (d *Drawer) Use(i int) {
	if i < 0 || i >= len(d.recent) {
		return
	}
	s := d.recent[i]
	d.Load(broker.Message{Topic: s.Topic, Payload: s.Payload, QoS: s.QoS, Retained: s.Retain})
}

// SaveRecent returns the recent messages as JSON, to be kept until the next
// start. Those with more than 256 kB are left out.
func (d *Drawer) SaveRecent() ([]byte, error) {
	kept := make([]Sent, 0, len(d.recent))
	for _, s := range d.recent {
		if len(s.Payload) <= mostSaved {
			kept = append(kept, s)
		}
	}
	data, err := json.Marshal(kept)
	if err != nil {
		return nil, fmt.Errorf("write recent messages: %w", err)
	}
	return data, nil
}

// LoadRecent takes what SaveRecent returned; no data is no error.
func (d *Drawer) LoadRecent(data []byte) error {
	if len(data) == 0 {
		return nil
	}
	var list []Sent
	if err := json.Unmarshal(data, &list); err != nil {
		return fmt.Errorf("read recent messages: %w", err)
	}
	d.recent = list[:min(len(list), mostRecent)]
	d.revision++
	return nil
}
