// Package form is the view-model of the reported/desired editor: the rows of
// one shadow, the edits typed on them, what is sent and how it was answered.
// It knows no toolkit, reads no clock and starts no goroutine.
package form

import (
	"maps"
	"time"

	"github.com/thingdesk/thingdesk/things/shadow"
)

// View is what is known of one shadow at one moment.
type View struct {
	Key shadow.Key
	// Known tells that the shadow was read: a document, or the answer that
	// there is none.
	Known bool
	// Exists tells that there is a document; false with Known means that no
	// shadow exists yet.
	Exists bool
	Doc    shadow.Document
	// ReceivedAt is when Doc was received, microseconds since 1970 UTC.
	ReceivedAt int64
}

// Config sets the limits of a Form. Zero values take the defaults.
type Config struct {
	Amber  time.Duration // a pending row warns after it; default 30 s
	Red    time.Duration // a pending row alarms after it; default 5 min
	Answer time.Duration // an update is unanswered after it; default 5 s
}

// Defaults of Config.
const (
	DefaultAmber  = 30 * time.Second
	DefaultRed    = 5 * time.Minute
	DefaultAnswer = 5 * time.Second
)

// Form is the view-model of one shadow of one Thing. It belongs to one
// goroutine. All times are microseconds since 1970 UTC.
type Form struct {
	// CheckVersion makes an update fail when somebody else changed the shadow
	// in between. It is on in a new Form.
	CheckVersion bool

	config   Config
	view     View
	edits    map[string]*edit // by PathText
	folded   map[string]bool
	flight   *flight
	late     *flight // of a plan, when no answer came in time
	accepted int64   // highest version an answer told of
	reread   int64   // when a 409 asked for a re-read that has not come; 0 none
	notice   Notice  // about the last update
	unread   bool    // notice is about reading, which did not work
	revision uint64
	rows     []Row // cache of Rows for rowsAt
	rowsAt   uint64
}

// Notice is a message about the form as a whole.
type Notice struct {
	Text     string // "" means none
	Severity Severity
}

// flight is the update that waits for its answer.
type flight struct {
	token   string
	version int64 // of the document it was made from
	at      int64
	plan    *Plan // what it was made of; nil for edits
}

// New returns an empty Form for a shadow.
func New(key shadow.Key, c Config) *Form {
	if c.Amber <= 0 {
		c.Amber = DefaultAmber
	}
	if c.Red <= 0 {
		c.Red = DefaultRed
	}
	if c.Answer <= 0 {
		c.Answer = DefaultAnswer
	}
	return &Form{
		CheckVersion: true, config: c, view: View{Key: key}, revision: 1,
		edits: map[string]*edit{}, folded: map[string]bool{},
	}
}

// Key returns the shadow that the Form shows.
func (f *Form) Key() shadow.Key { return f.view.Key }

// View returns what was applied last.
func (f *Form) View() View { return f.view }

// Revision grows with every change that Rows, Summary, Notice or CanSend may
// show.
func (f *Form) Revision() uint64 { return f.revision }

// Notice returns the message about the last update; empty when there is none.
func (f *Form) Notice() Notice { return f.notice }

// Tell shows words about the form as a whole, until the next update.
func (f *Form) Tell(text string, s Severity) {
	f.say(Notice{text, s})
	f.revision++
}

// Apply takes a newer view of the shadow. Edits stay as they are. A view of
// another key is ignored. The document must not be changed afterwards.
func (f *Form) Apply(v View) {
	if v.Key != f.view.Key {
		return
	}
	same := v.Known == f.view.Known && v.Exists == f.view.Exists && v.ReceivedAt == f.view.ReceivedAt &&
		v.Doc.Version == f.view.Doc.Version
	if same {
		return
	}
	if !v.Exists {
		v.Doc = shadow.Document{}
		f.accepted = 0
	}
	if f.reread != 0 {
		f.reread = 0
	}
	f.view = v
	if f.unread {
		f.unread, f.notice = false, Notice{}
	}
	f.settle()
	f.revision++
}

// settle drops the accepted edits that the document has caught up with.
func (f *Form) settle() {
	maps.DeleteFunc(f.edits, func(_ string, e *edit) bool {
		return e.phase == accepted && (f.view.Doc.Version >= e.version || f.view.Known && !f.view.Exists)
	})
}

// version returns the newest version known, 0 when there is none.
func (f *Form) version() int64 {
	if !f.view.Exists {
		return f.accepted
	}
	return max(f.view.Doc.Version, f.accepted)
}

// Summary counts what the form holds.
type Summary struct {
	Pending     int // leaves where the device has something else than desired
	DesiredOnly int // leaves that the device never reported
	Edited      int // edits not sent yet, those with faults included
	Sent        int // edits on their way
	Faults      int // edits that do not validate
	Conflicts   int // edits under which desired changed
}

// Summary returns the counts; folded rows count too.
func (f *Form) Summary() Summary {
	var s Summary
	f.tree().each(func(n *node) {
		if n.group {
			return
		}
		switch f.plainState(n) {
		case Pending:
			s.Pending++
		case DesiredOnly:
			s.DesiredOnly++
		default:
		}
	})
	for _, e := range f.edits {
		switch e.phase {
		case sent:
			s.Sent++
		case accepted:
		default:
			s.Edited++
			if e.fault != "" {
				s.Faults++
			} else if f.conflict(e) {
				s.Conflicts++
			}
		}
	}
	return s
}

// Toggle folds or unfolds a group.
func (f *Form) Toggle(path []string) {
	k := PathText(path)
	if f.folded[k] {
		delete(f.folded, k)
	} else {
		f.folded[k] = true
	}
	f.revision++
}
