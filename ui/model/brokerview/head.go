package brokerview

import (
	"fmt"
	"strings"
	"time"

	"github.com/thingdesk/thingdesk/engine"
	"github.com/thingdesk/thingdesk/localbroker"
	"github.com/thingdesk/thingdesk/ui/model"
)

// head is the state of the broker, and its rates as differences of counters.
type head struct {
	status engine.BrokerStatus
	known  bool
	base   localbroker.Stats // at
	at     time.Time
	rates  Rates
}

// Rates are per second.
type Rates struct{ In, Out, BytesIn, BytesOut float64 }

// rateSpan is the shortest time that a rate is taken over.
const rateSpan = 900 * time.Millisecond

// take notes the status at now. Counters that went back are of another run.
func (h *head) take(st engine.BrokerStatus, now time.Time) {
	first := !h.known || !h.status.Running
	h.status, h.known = st, true
	span := now.Sub(h.at)
	switch {
	case !st.Running:
		h.rates = Rates{}
	case first || st.Stats.In < h.base.In || st.Stats.Out < h.base.Out || st.Stats.BytesIn < h.base.BytesIn || st.Stats.BytesOut < h.base.BytesOut:
		h.base, h.at, h.rates = st.Stats, now, Rates{}
	case span >= rateSpan:
		per := func(now, before uint64) float64 { return float64(now-before) / span.Seconds() }
		h.rates = Rates{
			In: per(st.Stats.In, h.base.In), Out: per(st.Stats.Out, h.base.Out),
			BytesIn: per(st.Stats.BytesIn, h.base.BytesIn), BytesOut: per(st.Stats.BytesOut, h.base.BytesOut),
		}
		h.base, h.at = st.Stats, now
	default:
	}
}

// Known tells whether the broker was looked at yet.
func (m *Model) Known() bool { return m.head.known }

// Running tells whether the broker runs.
func (m *Model) Running() bool { return m.head.status.Running }

// Stats returns the counters of the broker.
func (m *Model) Stats() localbroker.Stats { return m.head.status.Stats }

// Rates returns what goes through the broker.
func (m *Model) Rates() Rates { return m.head.rates }

// Addresses lists the URLs at which the broker can be reached.
func (m *Model) Addresses() []string {
	if !m.head.status.Running {
		return nil
	}
	var urls []string
	for _, l := range m.head.status.Listeners {
		protocol, addr, ok := strings.Cut(l, " ")
		switch {
		case !ok:
			urls = append(urls, l)
		case protocol == "tcp":
			urls = append(urls, "mqtt://"+addr)
		case protocol == "tls":
			urls = append(urls, "mqtts://"+addr)
		default: // ws, wss
			urls = append(urls, protocol+"://"+addr)
		}
	}
	if len(urls) == 0 {
		urls = []string{"mqtt://" + m.head.status.Addr}
	}
	return urls
}

// StateWords says how the broker does.
func (m *Model) StateWords() string {
	st := m.head.status
	switch {
	case m.busy != "":
		return m.busy
	case !m.head.known:
		return "…"
	case st.Running && st.Moved:
		return fmt.Sprintf("running (%s was in use)", st.Wanted)
	case st.Running:
		return "running"
	case st.Err != nil:
		return "could not start"
	default:
		return "stopped"
	}
}

// Trouble says what is wrong with the broker or went wrong with the last
// command; "" when nothing is.
func (m *Model) Trouble() string {
	st := m.head.status
	var words []string
	if m.fault != "" {
		words = append(words, m.fault)
	}
	if st.Err != nil && m.fault == "" {
		words = append(words, st.Err.Error())
	}
	if st.StoreTrouble != "" {
		words = append(words, "shadow updates are refused: "+st.StoreTrouble)
	}
	if st.StateTrouble != "" {
		words = append(words, "sessions and retained messages are not stored: "+st.StateTrouble)
	}
	for i, w := range words {
		words[i] = strings.ToUpper(w[:1]) + w[1:]
	}
	return strings.Join(words, ". ")
}

// Figure is a number of the head with what it is.
type Figure struct {
	Caption, Value string
	Bad            bool
}

// Figures lists the counts of the head; always as many.
func (m *Model) Figures() []Figure {
	if !m.Running() {
		out := make([]Figure, len(figureCaptions))
		for i, c := range figureCaptions {
			out[i] = Figure{Caption: c, Value: "–"}
		}
		return out
	}
	st, r := m.Stats(), m.Rates()
	values := []string{
		model.Count(st.Clients), model.Count(st.Sessions), model.Count(st.Retained), model.Bytes(st.QueuedBytes),
		model.Count(st.Dropped), flow(r.In, r.BytesIn), flow(r.Out, r.BytesOut),
	}
	out := make([]Figure, len(values))
	for i, v := range values {
		out[i] = Figure{Caption: figureCaptions[i], Value: v}
	}
	out[figureDropped].Bad = st.Dropped > 0
	return out
}

var figureCaptions = []string{"Clients", "Sessions", "Retained", "Queued", "Dropped", "In", "Out"}

// figureDropped is the place of the dropped messages among the Figures.
const figureDropped = 4

func flow(messages, bytes float64) string {
	rate := model.Rate(messages)
	if rate == "" {
		rate = "0/s"
	}
	return rate + " · " + model.Bytes(int64(bytes)) + "/s"
}

// ClientsEmpty says why no client is shown and what to do; "" when there are
// some.
func (m *Model) ClientsEmpty() string {
	switch {
	case m.clients.Len() > 0 || !m.read[Clients]:
		return ""
	case !m.Running():
		return stoppedWords
	case m.clients.order.filter != "" && m.clients.All() > 0:
		return "No client matches the filter."
	default:
		return "No client is connected. Point a device at " + m.Addresses()[0] + ", or try:\n" + m.tryWords()
	}
}

const stoppedWords = "The local broker is stopped: nobody can connect. Start it with the button above."

// SessionsEmpty is the same for sessions.
func (m *Model) SessionsEmpty() string {
	o := m.sessions.order
	switch {
	case m.sessions.Len() > 0 || !m.read[Sessions]:
		return ""
	case !m.Running():
		return "The local broker is stopped. Its sessions are kept on disk; start it with the button above to see them."
	case o.filter != "" && m.sessions.All() > 0:
		return "No session matches the filter."
	case o.absent:
		return "No session is kept for an absent client. One is when a client connects with a persistent session " +
			"(clean session off, or a session expiry in MQTT 5) and goes away."
	default:
		return "There is no session: no client is connected, and none left one behind."
	}
}

// LogEmpty is the same for the log.
func (m *Model) LogEmpty() string {
	switch {
	case len(m.log.shown) > 0 || !m.read[Log]:
		return ""
	case len(m.log.lines) > 0:
		return "No line of the log matches."
	case !m.Running():
		return stoppedWords
	default:
		return "Nothing has happened yet. Who connects, subscribes, goes or loses messages is listed here."
	}
}

// tryWords is a command line that connects a client.
func (m *Model) tryWords() string {
	host, port := "127.0.0.1", "1883"
	if i := strings.LastIndexByte(m.head.status.Addr, ':'); i > 0 {
		host, port = strings.Trim(m.head.status.Addr[:i], "[]"), m.head.status.Addr[i+1:]
	}
	return fmt.Sprintf("mosquitto_sub -h %s -p %s -t '#' -v", host, port)
}
