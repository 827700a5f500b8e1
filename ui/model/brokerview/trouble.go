package brokerview

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/thingdesk/thingdesk/localbroker/faults"
	"github.com/thingdesk/thingdesk/localbroker/packet"
	"github.com/thingdesk/thingdesk/things/shadow"
	"github.com/thingdesk/thingdesk/ui/model"
)

// ruleList is the rules of trouble on purpose, in the order in which they were
// added.
type ruleList struct {
	all    []faults.Status
	picked string // ID
}

func (l *ruleList) pick(i int) {
	l.picked = ""
	if i >= 0 && i < len(l.all) {
		l.picked = l.all[i].ID
	}
}

// Rules lists the rules of trouble on purpose. They must not be changed.
func (m *Model) Rules() []faults.Status { return m.rules.all }

// RuleSelected returns where the selected rule is, or -1.
func (m *Model) RuleSelected() int {
	if m.rules.picked == "" {
		return -1
	}
	return slices.IndexFunc(m.rules.all, func(r faults.Status) bool { return r.ID == m.rules.picked })
}

// RulesEmpty says why there are no rules and what to do; "" when there are
// some.
func (m *Model) RulesEmpty() string {
	switch {
	case len(m.rules.all) > 0 || !m.read[Trouble]:
		return ""
	case !m.Running():
		return "The local broker is stopped, and makes no trouble."
	default:
		return "No trouble. Add… makes the broker drop, delay, double or reject messages, cut connections, refuse reconnection or " +
			"fail shadow requests, for one client or for all, so that you see how a device bears it. Thingdesk itself is spared. It ends when the broker stops."
	}
}

// errStopped is told who wants trouble of a broker that is stopped.
var errStopped = errors.New("the local broker is stopped; start it first")

// AddRule puts what a form says in force, or says what is wrong with it.
func (m *Model) AddRule(f RuleForm) error {
	r, err := f.Rule(time.Now())
	if err != nil {
		return err
	}
	set := m.engine.Faults()
	if set == nil {
		return errStopped
	}
	id, err := set.Add(r)
	if err != nil {
		return err
	}
	m.rules.picked = id
	m.troubled("Trouble on purpose: " + KindWords(r.Kind))
	return nil
}

// RemoveRule takes the selected rule out of force.
func (m *Model) RemoveRule() {
	i, set := m.RuleSelected(), m.engine.Faults()
	if i < 0 || set == nil {
		return
	}
	if err := set.Remove(m.rules.all[i].ID); err != nil && !errors.Is(err, faults.ErrUnknown) {
		m.fault = err.Error()
	}
	m.rules.picked = ""
	m.troubled("Removed: " + KindWords(m.rules.all[i].Kind))
}

// RemoveRules takes all rules out of force.
func (m *Model) RemoveRules() {
	if set := m.engine.Faults(); set != nil {
		set.Clear()
		m.rules.picked = ""
		m.troubled("No more trouble on purpose")
	}
}

// troubled reads the rules again and says what was done.
func (m *Model) troubled(done string) {
	if m.OnSaid != nil {
		m.OnSaid(done)
	}
	m.revision++
	m.work(true)
}

// KindWords says what rules of a kind do.
func KindWords(k faults.Kind) string {
	switch k {
	case faults.Drop:
		return "Drop messages"
	case faults.Delay:
		return "Delay messages"
	case faults.Duplicate:
		return "Deliver messages twice"
	case faults.Reject:
		return "Reject messages"
	case faults.Cut:
		return "Cut the connection"
	case faults.RefuseReconnect:
		return "Refuse to let in"
	case faults.ShadowError:
		return "Fail shadow requests"
	default:
		return string(k)
	}
}

// KindHint explains a kind in a sentence.
func KindHint(k faults.Kind) string {
	switch k {
	case faults.Drop:
		return "A message is acknowledged and forgotten: nobody receives it."
	case faults.Delay:
		return "A message, its acknowledgement and all that its client sends after it wait."
	case faults.Duplicate:
		return "A message is delivered once more to everybody who gets it."
	case faults.Reject:
		return "A message is not accepted. Clients of MQTT 5 are told why; to those of MQTT 3 it looks accepted."
	case faults.Cut:
		return "A client that publishes loses its connection, and the message is lost."
	case faults.RefuseReconnect:
		return "A client is not let in: for so long after each of its connections ended, or at all times."
	case faults.ShadowError:
		return "A shadow request is answered with an error. Without a topic filter these are updates only."
	default:
		return ""
	}
}

// ShareWords says which share a rule is for.
func ShareWords(share float64) string {
	if share >= 1 {
		return "all"
	}
	return fmt.Sprintf("%.4g %%", share*100)
}

// RuleWords says what is particular to a rule: its times and codes.
func RuleWords(r *faults.Rule) string {
	switch r.Kind {
	case faults.Delay:
		if r.Jitter == 0 {
			return span(r.Delay)
		}
		return span(r.Delay) + ", up to " + span(r.Jitter) + " more"
	case faults.Reject:
		return CodeWords(r.Kind, r.Code)
	case faults.Cut:
		if r.For == 0 {
			return "it may come back at once"
		}
		return "kept out for " + span(r.For)
	case faults.RefuseReconnect:
		if r.For == 0 {
			return "at all times"
		}
		return "for " + span(r.For) + " after each connection"
	case faults.ShadowError:
		return CodeWords(r.Kind, r.Code)
	default:
		return ""
	}
}

// CodesOf lists the codes to choose from for a kind; nil when it has none. The
// first is the one to offer.
func CodesOf(k faults.Kind) []int {
	switch k {
	case faults.Reject:
		return faults.RejectCodes()
	case faults.ShadowError:
		return faults.ShadowCodes()
	default:
		return nil
	}
}

// CodeWords names the code of a Reject or ShadowError: "0x87 not authorized",
// "409 Version conflict". 0 is the default one.
func CodeWords(k faults.Kind, code int) string {
	if k == faults.Reject {
		if code == 0 {
			code = faults.DefaultReject
		}
		return fmt.Sprintf("0x%02x %v", code, packet.Reason(code))
	}
	if code == 0 {
		code = faults.DefaultShadowError
	}
	if code == shadow.CodeNotFound {
		return fmt.Sprintf("%d No shadow exists", code)
	}
	var answer struct {
		Message string `json:"message"`
	}
	for _, r := range shadow.Refuse("$aws/things/x/shadow/update", []byte("{}"), code) {
		if json.Unmarshal(r.Payload, &answer) == nil {
			return fmt.Sprintf("%d %s", code, answer.Message)
		}
	}
	return strconv.Itoa(code)
}

// RuleLeft says how a rule will end, at now.
func RuleLeft(s *faults.Status, now time.Time) string {
	if s.Over {
		return "over"
	}
	var words []string
	if s.Remaining > 0 {
		times := " more times"
		if s.Remaining == 1 {
			times = " more time"
		}
		words = append(words, model.Count(s.Remaining)+times)
	}
	if !s.Until.IsZero() {
		words = append(words, seconds(int64(s.Until.Sub(now)/time.Second))+" more")
	}
	if len(words) == 0 {
		return "until it is removed"
	}
	return strings.Join(words, ", ")
}

// span words a time that was chosen, exactly.
func span(d time.Duration) string {
	switch {
	case d%time.Hour == 0 && d > 0:
		return fmt.Sprintf("%d h", d/time.Hour)
	case d%time.Minute == 0 && d > 0:
		return fmt.Sprintf("%d min", d/time.Minute)
	case d >= time.Second:
		return fmt.Sprintf("%v s", d.Seconds())
	default:
		return fmt.Sprintf("%v ms", float64(d)/float64(time.Millisecond))
	}
}
