package localbroker

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/thingdesk/thingdesk/localbroker/awsmode"
	"github.com/thingdesk/thingdesk/localbroker/core"
	"github.com/thingdesk/thingdesk/localbroker/durable"
	"github.com/thingdesk/thingdesk/localbroker/faults"
	"github.com/thingdesk/thingdesk/localbroker/packet"
	"github.com/thingdesk/thingdesk/things/shadow"
)

// policy is what narrows clients beyond the standard: who is banned, the AWS
// mode, and trouble on purpose. In AWS mode it carries out what AWS IoT Core
// would do; out of it, it only tells that AWS would.
type policy struct {
	aws     atomic.Bool
	account awsmode.Account
	faults  *faults.Set
	tell    func(Event)
	next    func(core.Publication) core.Verdict // Config.Judge; nil passes all
	core    *core.Broker                        // set before the first client

	mu       sync.Mutex           // guards what follows
	banned   map[string]time.Time // until when; zero for until it is lifted
	meters   map[string]*awsmode.Meter
	connects awsmode.ConnectMeter
	requests awsmode.ShadowMeter
	told     map[warning]time.Time
}

// warning is a violation that was told.
type warning struct {
	client string
	rule   awsmode.Rule
}

// A violation that a client repeats is told once in warnEvery. warnMost bounds
// how many are remembered.
const (
	warnEvery = time.Minute
	warnMost  = 10_000
)

func newPolicy(tell func(Event), next func(core.Publication) core.Verdict) *policy {
	p := &policy{
		tell: tell, next: next,
		banned: make(map[string]time.Time), meters: make(map[string]*awsmode.Meter), told: make(map[warning]time.Time),
	}
	p.faults = faults.New(faults.Config{Observe: func(h faults.Hit) {
		p.event(Event{Kind: EventFault, Client: h.Client, Topic: h.Topic, Reason: h.Text})
	}})
	return p
}

func (p *policy) event(e Event) { p.tell(e) }

// report tells a violation, as something that happened in AWS mode, else as a
// warning. What AWS only changes is no reason for one.
func (p *policy) report(client string, v *awsmode.Violation) {
	if v.Effect == awsmode.Changed && !p.aws.Load() {
		return
	}
	now := time.Now()
	key := warning{client, v.Rule}
	p.mu.Lock()
	again := now.Sub(p.told[key]) < warnEvery
	if !again {
		if len(p.told) >= warnMost {
			clear(p.told)
		}
		p.told[key] = now
	}
	p.mu.Unlock()
	if again {
		return
	}
	e := Event{Kind: EventViolation, Client: client, Reason: v.Warning()}
	if p.aws.Load() {
		e.Reason = v.Happened(client)
	}
	p.event(e)
}

// ban keeps a client out for so long, or until unban when that is 0.
func (p *policy) ban(client string, d time.Duration) {
	until := time.Time{}
	if d > 0 {
		until = time.Now().Add(d)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.banned[client] = until
}

func (p *policy) unban(client string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.banned, client)
}

// bannedUntil tells whether a client is kept out, and until when.
func (p *policy) bannedUntil(client string) (until time.Time, is bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	until, is = p.banned[client]
	return until, is && (until.IsZero() || time.Now().Before(until))
}

// bans lists who is kept out, and until when.
func (p *policy) bans() map[string]time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := make(map[string]time.Time, len(p.banned))
	for client, until := range p.banned {
		if until.IsZero() || time.Now().Before(until) {
			all[client] = until
		} else {
			delete(p.banned, client)
		}
	}
	return all
}

// Connect judges a client that wants to connect.
func (p *policy) Connect(c core.Connecting) core.Terms {
	if until, is := p.bannedUntil(c.Client); is {
		text := "this client was banned by the user of the broker"
		if !until.IsZero() {
			text += fmt.Sprintf(" for %s more", time.Until(until).Round(time.Second))
		}
		return core.Terms{Refuse: packet.Banned, Text: text}
	}
	if ok, why := p.faults.AdmitConnect(c.Client, time.Now()); !ok {
		return core.Terms{Refuse: packet.ServerUnavailable, Text: why}
	}
	return p.awsConnect(c)
}

func (p *policy) awsConnect(c core.Connecting) core.Terms {
	f := awsmode.ConnectFacts{
		Version: byte(c.Version), ClientID: c.Client, Clean: c.Clean, KeepAlive: c.KeepAlive, SessionExpiry: c.Expiry,
	}
	if c.Assigned {
		f.ClientID = ""
	}
	if w := c.Will; w != nil {
		f.Will = &awsmode.WillFacts{Topic: w.Topic, QoS: w.QoS, Retain: w.Retain, Delay: w.Delay}
	}
	terms, violations := p.account.Connect(f)
	if p.aws.Load() {
		p.mu.Lock()
		over := p.connects.Take(c.Client, time.Now())
		p.mu.Unlock()
		if over != nil {
			violations = append(violations, *over)
		}
	}
	for i := range violations {
		p.report(c.Client, &violations[i])
	}
	if !p.aws.Load() {
		return core.Terms{}
	}
	if v := awsmode.Worst(violations); v != nil && v.Effect == awsmode.RefuseConnect {
		return core.Terms{Refuse: packet.Reason(v.Reason), Text: "the client " + v.Text}
	}
	return core.Terms{
		KeepAlive: uint16(terms.KeepAlive / time.Second), Expiry: uint32(terms.SessionExpiry / time.Second),
		ReceiveMaximum: int(terms.ReceiveMaximum), TopicAliases: terms.TopicAliasMaximum,
		PacketBytes: int(terms.MaximumPacketSize), MaximumQoS: terms.MaximumQoS, NoSubscriptionIDs: !terms.SubscriptionIDs,
	}
}

// Subscribe judges a SUBSCRIBE.
func (p *policy) Subscribe(s core.Subscribing) core.Verdict {
	f := awsmode.SubscribeFacts{HasID: s.ID != 0, Held: s.Has}
	for _, one := range s.Filters {
		f.Filters = append(f.Filters, awsmode.FilterFacts{Filter: one.Filter, QoS: one.QoS()})
	}
	violations := awsmode.Subscribe(f)
	for i := range violations {
		p.report(s.Client, &violations[i])
	}
	v := awsmode.Worst(violations)
	if v == nil || !p.aws.Load() {
		return core.Verdict{}
	}
	verdict := core.Verdict{Refuse: packet.Reason(v.Reason), Text: "the client " + v.Text}
	switch v.Effect {
	case awsmode.Disconnect:
		verdict.Disconnect = true
	case awsmode.RefuseSubscribe:
	default:
		return core.Verdict{}
	}
	return verdict
}

// Delivers tells whether a subscription gets a message that matches it.
func (p *policy) Delivers(filter, topic string, shared, retained bool) bool {
	if !p.aws.Load() {
		return true
	}
	if retained {
		return !shared && awsmode.GetsRetained(filter)
	}
	return !awsmode.Misses(filter, topic)
}

// Judge judges a PUBLISH. It is called by several goroutines at once.
func (p *policy) Judge(pub core.Publication) core.Verdict {
	if v, decided := p.awsPublish(pub); decided {
		return v
	}
	m := pub.Message
	d := p.faults.Judge(pub.Client, m.Topic, time.Now())
	switch {
	case d.Cut:
		return core.Verdict{Refuse: packet.AdministrativeAction, Text: d.Text, Disconnect: true}
	case d.Reject != 0:
		return core.Verdict{Refuse: packet.Reason(d.Reject), Text: d.Text}
	}
	verdict := core.Verdict{}
	if p.next != nil {
		verdict = p.next(pub)
	}
	verdict.Drop = verdict.Drop || d.Drop
	verdict.Delay += d.Delay
	verdict.Again += d.Again
	return verdict
}

// awsPublish judges a PUBLISH as AWS IoT Core does. decided is false for one
// that passes.
func (p *policy) awsPublish(pub core.Publication) (verdict core.Verdict, decided bool) {
	m := pub.Message
	f := awsmode.PublishFacts{Topic: m.Topic, QoS: m.QoS, Retain: m.Retain, PayloadBytes: len(m.Payload)}
	if m.Expires != 0 {
		f.HasExpiry, f.Expiry = true, uint32((m.Expires-m.At)/1e6)
	}
	if m.Retain && p.aws.Load() {
		f.Retained, f.NewRetained = p.core.Stats().Retained, p.core.RetainedMessage(m.Topic) == nil
	}
	violations := p.account.Publish(f)
	delay := time.Duration(0)
	if p.aws.Load() {
		var over *awsmode.Violation
		if delay, over = p.measure(pub.Client, m); over != nil {
			violations = append(violations, *over)
		}
	}
	for i := range violations {
		p.report(pub.Client, &violations[i])
	}
	v := awsmode.Worst(violations)
	if v == nil || !p.aws.Load() {
		return core.Verdict{}, false
	}
	text := "the client " + v.Text
	switch v.Effect {
	case awsmode.Disconnect:
		return core.Verdict{Refuse: packet.Reason(v.Reason), Text: text, Disconnect: true}, true
	case awsmode.RefusePublish:
		return core.Verdict{Refuse: packet.Reason(v.Reason), Text: text}, true
	case awsmode.Discarded:
		return core.Verdict{Drop: true}, true
	case awsmode.Delayed:
		return core.Verdict{Delay: delay}, true
	default:
		return core.Verdict{}, false
	}
}

// measure counts a PUBLISH of a client. A client that disconnects gives its
// meter back, see forget.
func (p *policy) measure(client string, m *durable.Message) (time.Duration, *awsmode.Violation) {
	p.mu.Lock()
	defer p.mu.Unlock()
	meter := p.meters[client]
	if meter == nil {
		meter = &awsmode.Meter{}
		p.meters[client] = meter
	}
	const head = 8 // fixed header, lengths and identifier, roughly
	return meter.Take(time.Now(), len(m.Topic)+len(m.Payload)+len(m.Properties)+head)
}

// forget is told that the connection of a client ended.
func (p *policy) forget(client string, takenOver bool) {
	if !takenOver {
		p.faults.Ended(client, time.Now())
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.meters, client)
}

// refuseShadow says with which code a shadow request is rejected, 0 for not.
// client is "" for one that did not come over MQTT.
func (p *policy) refuseShadow(client, topic string) (code int) {
	now := time.Now()
	if code, fails := p.faults.ShadowError(client, topic, now); fails {
		return code
	}
	key, _, ok := shadow.ParseTopic(topic)
	if !ok || !p.aws.Load() {
		return 0
	}
	p.mu.Lock()
	over := p.requests.Take(key.Thing, now)
	p.mu.Unlock()
	if over == nil {
		return 0
	}
	p.report(client, over)
	return shadow.CodeThrottled
}
