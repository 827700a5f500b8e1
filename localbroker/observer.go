package localbroker

import (
	"strings"
	"sync"
	"time"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/localbroker/core"
	"github.com/thingdesk/thingdesk/localbroker/durable"
	"github.com/thingdesk/thingdesk/localbroker/packet"
)

// reserved begins the topics of the shadow service.
const reserved = "$aws/things/"

// neverRetained tells of topics on which nothing is retained: a request must
// not be delivered again to those who subscribe later.
func neverRetained(topic string) bool { return strings.HasPrefix(topic, reserved) }

// observer passes on what happens in the core. Its methods are called one at a
// time.
type observer struct {
	onEvent   func(Event)
	onMessage func(client string, m broker.Message)
	requests  *shadows
	ended     func(client string, takenOver bool) // is told of each connection that ended

	mu sync.Mutex // events come from several goroutines
}

// Connected tells of a new client.
func (o *observer) Connected(c core.Client) {
	o.tell(Event{Kind: EventConnected, Client: c.ID, Address: c.Address})
}

// Refused tells of a client that was not let in.
func (o *observer) Refused(r core.Refusal) {
	o.tell(Event{Kind: EventRefused, Client: r.Client, Address: r.Address, Reason: r.Text})
}

// Disconnected tells that a client has gone.
func (o *observer) Disconnected(c core.Client, why core.Ending) {
	text := why.Text
	if text == "" {
		text = why.Reason.String()
	}
	if why.ByClient {
		text = "the client disconnected"
	}
	o.ended(c.ID, why.Reason == packet.SessionTakenOver)
	o.tell(Event{Kind: EventDisconnected, Client: c.ID, Reason: text})
}

// Subscribed tells the filters that were granted.
func (o *observer) Subscribed(client string, granted []durable.Subscription) {
	filters := make([]string, len(granted))
	for i, s := range granted {
		filters[i] = s.Filter
	}
	o.tell(Event{Kind: EventSubscribed, Client: client, Filters: filters})
}

// Unsubscribed tells the filters that were removed.
func (o *observer) Unsubscribed(client string, filters []string) {
	o.tell(Event{Kind: EventUnsubscribed, Client: client, Filters: filters})
}

// Dropped tells of a message that was not delivered or not accepted.
func (o *observer) Dropped(client string, m *durable.Message, why core.Drop) {
	o.tell(Event{Kind: EventDropped, Client: client, Topic: m.Topic, Reason: string(why)})
}

// Published tells a message, and hands shadow requests to the service. That
// does not look at Wills, as AWS IoT Core does not, nor at its own messages.
func (o *observer) Published(m *durable.Message, from core.Origin) {
	if o.onMessage != nil {
		o.onMessage(m.From, broker.Message{
			Time: m.At, Topic: m.Topic, Payload: m.Payload, QoS: m.QoS, Retained: m.Retain, Dup: from.Dup,
		})
	}
	if m.From != "" && !from.Will && strings.HasPrefix(m.Topic, reserved) {
		o.requests.submit(m.From, m.Topic, m.Payload)
	}
}

func (o *observer) tell(e Event) {
	if o.onEvent == nil {
		return
	}
	e.At = time.Now().UnixMicro()
	o.mu.Lock()
	defer o.mu.Unlock()
	o.onEvent(e)
}
