package brokerview

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/localbroker/durable"
	"github.com/thingdesk/thingdesk/things/topic"
	"github.com/thingdesk/thingdesk/ui/model"
)

// Of retained messages the first ones are read, twice as many each time that
// the end of what is shown comes into sight. The broker looks at all that match
// for each reading, so that many small ones would cost more.
const (
	retainedFirst = 500
	retainedMost  = 64_000
)

// retainedList is the first retained messages that match a filter, by topic.
type retainedList struct {
	text   string // as typed
	bad    string // what is wrong with it, in words
	want   int    // how many to read
	rows   []*durable.Message
	more   bool // there are others
	picked string
}

// retainedPage is one reading of them.
type retainedPage struct {
	filter string // "" reads nothing
	want   int
	rows   []*durable.Message
	more   bool
}

func (l *retainedList) setFilter(text string) {
	l.text, l.bad, l.want = text, "", retainedFirst
	if err := topic.ValidateFilter(l.filter()); err != nil {
		l.bad = err.Error()
	}
}

func (l *retainedList) filter() string {
	if text := strings.TrimSpace(l.text); text != "" {
		return text
	}
	return "#"
}

// page says what is to be read now.
func (l *retainedList) page() retainedPage {
	if l.bad != "" {
		return retainedPage{want: l.want}
	}
	return retainedPage{filter: l.filter(), want: l.want}
}

func (p *retainedPage) read(e Engine) {
	if p.filter != "" {
		p.rows, p.more = e.BrokerRetained(p.filter, "", p.want)
	}
}

// take shows what was read and tells whether it is what is to be shown now.
func (l *retainedList) take(p retainedPage) bool {
	now := l.page()
	if p.filter != now.filter {
		return false
	}
	l.rows, l.more = p.rows, p.more
	return p.want == now.want
}

func (l *retainedList) pick(i int) {
	l.picked = ""
	if i >= 0 && i < len(l.rows) {
		l.picked = l.rows[i].Topic
	}
}

// Retained lists the retained messages that were read, by topic. They must not
// be changed.
func (m *Model) Retained() []*durable.Message { return m.retained.rows }

// RetainedFilter returns what was typed as filter.
func (m *Model) RetainedFilter() string { return m.retained.text }

// MoreRetained reads more messages, when there are and as long as their number
// makes sense to scroll through.
func (m *Model) MoreRetained() {
	l := &m.retained
	if !l.more || l.want >= retainedMost || l.want > len(l.rows) {
		return // or they are being read
	}
	l.want = min(2*l.want, retainedMost)
	m.work(true)
}

// RetainedWords says how many there are.
func (m *Model) RetainedWords() string {
	n := len(m.retained.rows)
	words := model.Messages(n)
	if m.retained.more {
		words = "the first " + model.Count(n)
		if n >= retainedMost {
			words += "; narrow the filter to see others"
		}
	}
	if all := m.Stats().Retained; m.Running() && all > n {
		words += " of " + model.Count(all)
	}
	return words
}

// RetainedEmpty says why there are none and what to do; "" when there are some.
func (m *Model) RetainedEmpty() string {
	l := &m.retained
	switch {
	case l.bad != "":
		return "That is no topic filter: " + l.bad + "."
	case len(l.rows) > 0 || !m.read[Retained]:
		return ""
	case !m.Running():
		return "The local broker is stopped. Its retained messages are kept on disk; start it with the button above to see them."
	case strings.TrimSpace(l.text) != "":
		return "No retained message matches the filter. + stands for one level, # at the end for all below."
	default:
		return "No message is retained. One is when a client publishes with the retain flag; who subscribes later gets it at once."
	}
}

// RetainedRow returns where the selected message is, or -1.
func (m *Model) RetainedRow() int {
	if m.retained.picked == "" {
		return -1
	}
	i, ok := slices.BinarySearchFunc(m.retained.rows, m.retained.picked, func(r *durable.Message, name string) int { return strings.Compare(r.Topic, name) })
	if !ok {
		return -1
	}
	return i
}

// RetainedSelected returns the selected message, nil when none is or it is
// there no more.
func (m *Model) RetainedSelected() *durable.Message {
	if i := m.RetainedRow(); i >= 0 {
		return m.retained.rows[i]
	}
	return nil
}

// payloadMost is how much of a payload is shown.
const payloadMost = 8 << 10

// PayloadText returns a payload to read, the beginning of it where it is long,
// and what is not text in the words of model.OneLine.
func PayloadText(p []byte) string {
	head := p
	if len(head) > payloadMost {
		head = head[:payloadMost]
		for len(head) > 0 && !utf8.RuneStart(p[len(head)]) { // not in the middle of a character
			head = head[:len(head)-1]
		}
	}
	if !utf8.Valid(head) || slices.ContainsFunc([]rune(string(head)), func(r rune) bool { return unicode.IsControl(r) && !strings.ContainsRune("\n\r\t", r) }) {
		return model.OneLine(p, payloadMost)
	}
	if len(head) < len(p) {
		return string(head) + "…\n(" + model.Bytes(int64(len(p))) + " in all)"
	}
	return string(head)
}

// RetainedFacts says what is known of a message beside its payload, at now.
func RetainedFacts(r *durable.Message, now int64) string {
	from := "the broker itself"
	if r.From != "" {
		from = r.From
	}
	words := fmt.Sprintf("%s · QoS %d · from %s at %s", model.Bytes(int64(len(r.Payload))), r.QoS, from, model.Stamp(r.At))
	if r.Expires != 0 {
		words += " · expires in " + seconds(max(0, (r.Expires-now)/1e6))
	}
	return words
}

// MayDelete tells whether the selected message can be deleted.
func (m *Model) MayDelete() bool {
	return m.RetainedSelected() != nil && m.Publish != nil && !m.Busy() && m.Running()
}

// DeleteWords says what deleting a message will do, to be confirmed.
func DeleteWords(name string) string {
	return "Delete the retained message on " + name + "?\n\nAn empty retained message is published there: clients that are subscribed receive it, and who " +
		"subscribes later gets nothing."
}

// DeleteRetained deletes the retained message of a topic, by publishing an empty
// one.
func (m *Model) DeleteRetained(name string) {
	publish := m.Publish
	if publish == nil {
		return
	}
	m.command("deleting…", "Deleted the retained message on "+name, func(ctx context.Context) error {
		return publish(ctx, broker.Message{Topic: name, QoS: 1, Retained: true})
	})
}
