package brokerview

import (
	"slices"
	"strings"

	"github.com/thingdesk/thingdesk/engine"
	"github.com/thingdesk/thingdesk/localbroker"
	"github.com/thingdesk/thingdesk/ui/model"
)

// LogKind says which lines of the log are shown.
type LogKind int

// The kinds of line.
const (
	AllLines LogKind = iota
	Connects
	Endings // disconnects and refusals
	Subscribes
	Drops
	Violations // of the limits of AWS IoT Core
	Faults     // trouble on purpose
)

// LogKinds lists the kinds in the order to offer them.
func LogKinds() []LogKind {
	return []LogKind{AllLines, Connects, Endings, Subscribes, Drops, Violations, Faults}
}

// String names the kind.
func (k LogKind) String() string {
	switch k {
	case AllLines:
		return "everything"
	case Connects:
		return "connects"
	case Endings:
		return "disconnects and refusals"
	case Subscribes:
		return "subscriptions"
	case Drops:
		return "dropped messages"
	case Violations:
		return "what AWS IoT Core refuses"
	default:
		return "trouble on purpose"
	}
}

// KindOf returns the kind of a line, never AllLines.
func KindOf(e engine.BrokerEntry) LogKind {
	switch e.Kind {
	case localbroker.EventConnected:
		return Connects
	case localbroker.EventSubscribed, localbroker.EventUnsubscribed:
		return Subscribes
	case localbroker.EventDropped:
		return Drops
	case localbroker.EventViolation:
		return Violations
	case localbroker.EventFault:
		return Faults
	default: // disconnected, refused
		return Endings
	}
}

// logList is the log: the lines that were read, and those of them that are
// shown, newest first.
type logList struct {
	lines  []engine.BrokerEntry
	shown  []engine.BrokerEntry
	newer  []engine.BrokerEntry // what was read while it is paused
	filter string
	kind   LogKind
	paused bool
	picked uint64
	before int // lines that came above those shown before, see TakeNew
}

func (l *logList) take(lines []engine.BrokerEntry) {
	if l.paused {
		l.newer = lines
		return
	}
	l.newer = nil
	newest := uint64(0)
	if len(l.lines) > 0 {
		newest = l.lines[0].Number
	}
	l.lines = lines
	l.choose()
	for _, e := range l.shown {
		if e.Number <= newest {
			break
		}
		l.before++
	}
}

// choose finds the lines to show.
func (l *logList) choose() {
	words := strings.Fields(strings.ToLower(l.filter))
	l.shown = make([]engine.BrokerEntry, 0, len(l.lines))
	for _, e := range l.lines {
		if (l.kind == AllLines || KindOf(e) == l.kind) && l.matches(e, words) {
			l.shown = append(l.shown, e)
		}
	}
}

func (l *logList) matches(e engine.BrokerEntry, words []string) bool {
	client, what := strings.ToLower(e.Client), strings.ToLower(e.Text)
	for _, w := range words {
		if !strings.Contains(client, w) && !strings.Contains(what, w) {
			return false
		}
	}
	return true
}

func (l *logList) pick(i int) {
	l.picked = 0
	if i >= 0 && i < len(l.shown) {
		l.picked = l.shown[i].Number
	}
}

// LogLines lists the lines of the log that are shown, newest first. They must
// not be changed.
func (m *Model) LogLines() []engine.BrokerEntry { return m.log.shown }

// LogAll returns how many lines there are, shown or not.
func (m *Model) LogAll() int { return len(m.log.lines) }

// LogSelected returns where the selected line is shown, or -1.
func (m *Model) LogSelected() int {
	if m.log.picked == 0 {
		return -1
	}
	return slices.IndexFunc(m.log.shown, func(e engine.BrokerEntry) bool { return e.Number == m.log.picked })
}

// TakeNew returns how many lines came above those that were shown when it was
// called last, so that a list can keep what is in sight.
func (m *Model) TakeNew() int {
	n := m.log.before
	m.log.before = 0
	return n
}

// LogFilter returns what was typed to filter the log by.
func (m *Model) LogFilter() string { return m.log.filter }

// LogKind returns which lines are shown.
func (m *Model) LogKind() LogKind { return m.log.kind }

// SetLogKind shows lines of one kind only.
func (m *Model) SetLogKind(k LogKind) {
	m.log.kind = k
	m.log.choose()
	m.revision++
}

// Paused tells whether the log stands still.
func (m *Model) Paused() bool { return m.log.paused }

// Pause lets the log stand still, or go on.
func (m *Model) Pause(on bool) {
	if m.log.paused == on {
		return
	}
	m.log.paused = on
	if newer := m.log.newer; !on && newer != nil {
		m.log.take(newer)
	}
	m.revision++
	m.renew()
}

// LogWords says how much of the log is shown.
func (m *Model) LogWords() string {
	l := &m.log
	words := model.Count(len(l.shown)) + " lines"
	if len(l.shown) == 1 {
		words = "1 line"
	}
	if len(l.shown) != len(l.lines) {
		words = model.Count(len(l.shown)) + " of " + model.Count(len(l.lines)) + " lines"
	}
	if !l.paused {
		return words
	}
	if n := l.waiting(); n > 0 {
		return words + " · paused, " + model.Count(n) + " newer"
	}
	return words + " · paused"
}

// waiting is how many lines came while it is paused.
func (l *logList) waiting() int {
	if len(l.newer) == 0 {
		return 0
	}
	n := l.newer[0].Number
	if len(l.lines) > 0 {
		n -= min(n, l.lines[0].Number)
	}
	return int(n)
}

// LogText writes the lines that are shown, one a line with tabs between time,
// client and words, for the clipboard.
func (m *Model) LogText() string {
	var b strings.Builder
	for _, e := range m.log.shown {
		writeLine(&b, e)
	}
	return b.String()
}

// LogLineText writes line i of those shown in the same way; "" when there is
// none.
func (m *Model) LogLineText(i int) string {
	if i < 0 || i >= len(m.log.shown) {
		return ""
	}
	var b strings.Builder
	writeLine(&b, m.log.shown[i])
	return strings.TrimSuffix(b.String(), "\n")
}

func writeLine(b *strings.Builder, e engine.BrokerEntry) {
	b.WriteString(model.Stamp(e.At) + "\t" + e.Client + "\t" + e.Text + "\n")
}
