// Package publish holds the view-model of the publish drawer: what the user is
// about to send, whether it can be sent, how the last sending went and what was
// sent before.
package publish

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/things/topic"
	"github.com/thingdesk/thingdesk/ui/model"
)

const (
	// ackTimeout is how long a broker may take to acknowledge.
	ackTimeout = 30 * time.Second
	// mostUnderWay bounds the messages that wait for their acknowledgement.
	mostUnderWay = 100
)

// Async runs work on a goroutine of its own and then done on the screen's
// goroutine. It returns at once.
type Async func(work func(ctx context.Context), done func())

// Session is what the drawer needs of an open connection.
type Session interface {
	Profile() broker.Profile
	Status() broker.Status
	Publish(ctx context.Context, m broker.Message) (broker.Ack, error)
}

// Level is how serious a note is.
type Level uint8

// The levels.
const (
	Quiet Level = iota // for information
	Warning
	Fault // it can not be sent like this
)

// Note is a remark beside a field; the zero Note says nothing.
type Note struct {
	Level Level
	Text  string
}

// Drawer is the view-model of the publish drawer. It belongs to the screen's
// goroutine.
type Drawer struct {
	async   Async
	session Session

	topic     string // as typed, when not following
	selected  string // the topic selected elsewhere
	following bool
	qos       byte
	retain    bool
	content   content

	underWay int
	sent     int // counts sendings, so that the result is that of the newest
	result   Note
	recent   []Sent
	revision uint64
}

// New returns a drawer that follows the selection and holds an empty payload
// in JSON.
func New(async Async) *Drawer {
	return &Drawer{async: async, following: true}
}

// Revision grows when anything shown changed, other than by the state of the
// connection.
func (d *Drawer) Revision() uint64 { return d.revision }

// Connect chooses the connection to publish to; nil for none. What is typed
// stays.
func (d *Drawer) Connect(s Session) {
	if d.session == s {
		return
	}
	d.session = s
	d.revision++
}

// Connection returns the name of the connection; "" when there is none.
func (d *Drawer) Connection() string {
	if d.session == nil {
		return ""
	}
	return d.session.Profile().Name
}

// Select tells which topic is selected elsewhere; "" for none. The drawer
// takes it over while it follows.
func (d *Drawer) Select(name string) {
	if d.selected == name {
		return
	}
	d.selected = name
	d.revision++
}

// Topic returns the topic to publish to.
func (d *Drawer) Topic() string {
	if d.following {
		return d.selected
	}
	return d.topic
}

// Following tells whether the topic follows the selection.
func (d *Drawer) Following() bool { return d.following }

// SetTopic takes what the user typed; from then on the topic stays.
func (d *Drawer) SetTopic(name string) {
	if name == d.Topic() {
		return
	}
	d.topic, d.following = name, false
	d.revision++
}

// Follow goes back to following the selection.
func (d *Drawer) Follow() {
	if !d.following {
		d.following = true
		d.revision++
	}
}

// TopicNote says what is wrong with the topic or to be known about it.
func (d *Drawer) TopicNote() Note {
	name := d.Topic()
	if name == "" {
		return Note{Fault, "Give a topic to publish to."}
	}
	var bad *topic.Error
	if err := topic.ValidateName(name); errors.As(err, &bad) {
		return Note{Fault, "The topic " + bad.Why + "."}
	}
	switch {
	case strings.TrimSpace(name) != name:
		return Note{Warning, "The topic begins or ends with a space. That is allowed, but seldom meant."}
	case strings.HasPrefix(name, "$SYS"):
		return Note{Warning, "$SYS belongs to the broker; most brokers refuse to take messages there."}
	case strings.HasPrefix(name, "$"):
		return Note{Warning, "Topics that begin with $ are for the broker and its services; a subscription to # does not see them."}
	case strings.HasPrefix(name, "/"):
		return Note{Quiet, "The leading / makes an empty first level."}
	case strings.HasSuffix(name, "/"):
		return Note{Quiet, "The / at the end makes an empty last level."}
	}
	return Note{}
}

// QoS returns the quality of service: 0, 1 or 2.
func (d *Drawer) QoS() byte { return d.qos }

// SetQoS sets the quality of service; more than 2 is taken as 2.
func (d *Drawer) SetQoS(q byte) {
	if q = min(q, 2); q != d.qos {
		d.qos = q
		d.revision++
	}
}

// Retain tells whether the broker is asked to keep the message.
func (d *Drawer) Retain() bool { return d.retain }

// SetRetain asks the broker to keep the message, or not.
func (d *Drawer) SetRetain(on bool) {
	if on != d.retain {
		d.retain = on
		d.revision++
	}
}

// PayloadNote says what is wrong with the payload, or how large it is.
func (d *Drawer) PayloadNote() Note {
	p, err := d.Payload()
	switch {
	case err != nil:
		return Note{Fault, err.Error()}
	case len(p) == 0 && d.retain:
		return Note{Warning, "Retained and empty: this clears the retained message of the topic."}
	case len(p) == 0:
		return Note{Quiet, "empty payload"}
	default:
		return Note{Quiet, model.Bytes(int64(len(p)))}
	}
}

// CanSend tells whether Send would send, and why not.
func (d *Drawer) CanSend() (ok bool, why string) {
	if d.session == nil {
		return false, "Choose a connection first."
	}
	if state := d.session.Status().State; state != broker.Connected {
		return false, fmt.Sprintf("%s is %s.", d.Connection(), stateWords(state))
	}
	if n := d.TopicNote(); n.Level == Fault {
		return false, n.Text
	}
	if n := d.PayloadNote(); n.Level == Fault {
		return false, n.Text
	}
	if d.underWay >= mostUnderWay {
		return false, fmt.Sprintf("%d messages still wait for the broker.", d.underWay)
	}
	return true, ""
}

func stateWords(s broker.State) string {
	if s == broker.Closed {
		return "not connected"
	}
	return s.String()
}

// Message returns the message as it would be sent.
func (d *Drawer) Message() (broker.Message, error) {
	p, err := d.Payload()
	return broker.Message{Topic: d.Topic(), Payload: p, QoS: d.qos, Retained: d.retain}, err
}

// Send publishes the message. When that is not possible the result says why.
func (d *Drawer) Send() {
	d.revision++
	if ok, why := d.CanSend(); !ok {
		d.result = Note{Fault, why}
		return
	}
	m, err := d.Message()
	if err != nil {
		d.result = Note{Fault, err.Error()}
		return
	}
	d.remember(m)
	d.underWay++
	d.sent++
	d.result = Note{Quiet, "sending…"}
	number, session := d.sent, d.session
	var (
		ack  broker.Ack
		took time.Duration
	)
	d.async(func(ctx context.Context) {
		ctx, cancel := context.WithTimeout(ctx, ackTimeout)
		defer cancel()
		began := time.Now()
		ack, err = session.Publish(ctx, m)
		took = time.Since(began)
	}, func() {
		d.underWay--
		d.revision++
		if number == d.sent || err != nil { // an older one matters only when it failed
			d.result = outcome(m, ack, took, err)
		}
	})
}

func outcome(m broker.Message, ack broker.Ack, took time.Duration, err error) Note {
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return Note{Warning, fmt.Sprintf("no acknowledgement in %s: %s may or may not have arrived", model.Span(ackTimeout), m.Topic)}
	case errors.Is(err, broker.ErrNotConnected):
		return Note{Fault, "not sent: the connection is down"}
	case err != nil:
		return Note{Fault, fmt.Sprintf("%s: %v", m.Topic, err)}
	case m.QoS == 0:
		return Note{Quiet, fmt.Sprintf("%s after %s (QoS 0: the broker does not answer)", ack.Stage, model.Interval(took))}
	default:
		return Note{Quiet, fmt.Sprintf("%s after %s", ack.Stage, model.Interval(took))}
	}
}

// Result says how far the newest sending got.
func (d *Drawer) Result() Note {
	if d.underWay > 1 {
		return Note{d.result.Level, fmt.Sprintf("%s (%d wait for the broker)", d.result.Text, d.underWay)}
	}
	return d.result
}

// Load fills the drawer with a message, for example one chosen to be sent
// again.
func (d *Drawer) Load(m broker.Message) {
	d.topic, d.following = m.Topic, false
	d.SetQoS(m.QoS)
	d.retain = m.Retained
	d.content = contentOf(m.Payload)
	d.revision++
}
