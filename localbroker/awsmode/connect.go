package awsmode

import (
	"strings"
	"time"
)

// ConnectFacts are what a client asks for in CONNECT.
type ConnectFacts struct {
	Version   byte   // protocol level: 3, 4 (3.1.1) or 5
	ClientID  string // as sent, before the broker gives one
	Clean     bool   // Clean Session or Clean Start
	KeepAlive uint16 // seconds
	// SessionExpiry is the Session Expiry Interval of MQTT 5, seconds; 0 when
	// absent.
	SessionExpiry uint32
	// PacketBytes is the length of the whole packet; 0 when not known.
	PacketBytes int
	Will        *WillFacts // nil for none
}

// WillFacts are what matters of a Will.
type WillFacts struct {
	Topic  string
	QoS    byte
	Retain bool
	// Delay is the Will Delay Interval of MQTT 5, seconds; 0 when absent.
	Delay uint32
}

// Terms are what holds for a connection in AWS mode.
type Terms struct {
	// Refused tells that the client is not let in, with Reason; the rest has no
	// meaning then.
	Refused bool
	Reason  byte
	// KeepAlive is never 0. CONNACK of MQTT 5 carries it as Server Keep Alive,
	// as it seems always; clients of MQTT 3.1.1 are not told. The connection
	// ends after 1.5 times as long without a packet.
	KeepAlive time.Duration
	// SessionExpiry is how long the session outlives its connection, whole
	// seconds; 0 for not at all.
	SessionExpiry time.Duration
	// WillDelay is how long a Will waits.
	WillDelay time.Duration
	// ReceiveMaximum is how many QoS 1 messages may be open each way; a smaller
	// Receive Maximum of the client still holds for what is sent to it.
	ReceiveMaximum    uint16
	TopicAliasMaximum uint16
	MaximumPacketSize uint32 // bytes
	MaximumQoS        byte
	// SubscriptionIDs tells that Subscription Identifiers are available. They
	// are not; retained messages, wildcards and shared subscriptions are.
	SubscriptionIDs bool
}

// Connect judges a CONNECT and says on what Terms the client is let in.
func (a Account) Connect(f ConnectFacts) (Terms, []Violation) {
	var vs []Violation
	if f.Version < v311 {
		vs = append(vs, whole(RuleVersion, RefuseConnect, reasonVersion, "connected with MQTT 3.1"))
	}
	vs = appendClientID(vs, f)
	if f.PacketBytes > MaxPayload {
		vs = append(vs, whole(RuleConnectSize, RefuseConnect, reasonQuota,
			"connected with a packet of %s bytes, over the limit of %s", number(f.PacketBytes), number(MaxPayload)))
	}
	vs = appendWill(vs, f.Will)
	t := Terms{
		ReceiveMaximum:    ReceiveMaximum,
		TopicAliasMaximum: TopicAliasMaximum,
		MaximumPacketSize: MaximumPacketSize,
		MaximumQoS:        MaximumQoS,
	}
	if w := Worst(vs); w != nil && w.Effect == RefuseConnect {
		return Terms{Refused: true, Reason: w.Reason}, vs
	}
	keepAlive := clampKeepAlive(f.KeepAlive)
	if keepAlive != f.KeepAlive {
		vs = append(vs, changed(RuleKeepAlive, seconds(keepAlive), "asked for a keep-alive of %s", seconds(f.KeepAlive)))
	}
	t.KeepAlive = time.Duration(keepAlive) * time.Second
	t.SessionExpiry, vs = a.grantSession(vs, f)
	return t, vs
}

// EndSession judges the Session Expiry Interval in DISCONNECT of MQTT 5,
// seconds, which replaces that of CONNECT, and returns what holds. That it
// cannot revive a session that was to end with its connection is the standard's
// rule [MQTT-3.14.2-2].
func (a Account) EndSession(asked uint32) (time.Duration, []Violation) {
	return a.capSession(nil, asked)
}

func (a Account) grantSession(vs []Violation, f ConnectFacts) (time.Duration, []Violation) {
	switch {
	case f.Version == v5:
		return a.capSession(vs, f.SessionExpiry)
	case f.Clean:
		return 0, vs
	}
	most := a.sessionExpiry()
	return time.Duration(most) * time.Second,
		append(vs, changed(RuleSessionExpiry, seconds(most), "asked for a persistent session, which by the standard does not end"))
}

func (a Account) capSession(vs []Violation, asked uint32) (time.Duration, []Violation) {
	most := a.sessionExpiry()
	if asked > most {
		vs = append(vs, changed(RuleSessionExpiry, seconds(most), "asked for a session expiry of %s", seconds(asked)))
	}
	return time.Duration(min(asked, most)) * time.Second, vs
}

func appendClientID(vs []Violation, f ConnectFacts) []Violation {
	text := ""
	switch id := f.ClientID; {
	case id == "" && f.Version == v5:
	case id == "":
		text = "connected without a client ID"
	case len(id) > MaxClientID:
		text = "connected with a client ID of " + number(len(id)) + " bytes, over the limit of " + number(MaxClientID)
	case strings.HasPrefix(id, "$"):
		text = "connected with a client ID that begins with $"
	}
	if text == "" {
		return vs
	}
	return append(vs, whole(RuleClientID, RefuseConnect, reasonClientID, "%s", text))
}

// appendWill judges a Will. What is wrong with its topic is wrong with the
// whole CONNECT.
func appendWill(vs []Violation, w *WillFacts) []Violation {
	if w == nil {
		return vs
	}
	if w.QoS > MaximumQoS {
		vs = append(vs, whole(RuleWillQoS, RefuseConnect, reasonQoS, "connected with a Will at QoS %d", w.QoS))
	}
	for _, v := range appendTopic(nil, w.Topic, w.Retain) {
		if v.Effect != Disconnect {
			continue // the shadow service does not look at Wills
		}
		if !v.Rule.Doubtful() {
			v.Rule = RuleWillTopic
		}
		v.Effect, v.Text = RefuseConnect, "connected with a Will that would be "+v.Text
		vs = append(vs, v)
	}
	if w.Delay > 0 {
		vs = append(vs, changed(RuleWillDelay, seconds(uint32(0)), "asked for a Will delay of %s", seconds(w.Delay)))
	}
	return vs
}

func clampKeepAlive(k uint16) uint16 {
	if k == 0 {
		return MaxKeepAlive
	}
	return min(max(k, MinKeepAlive), MaxKeepAlive)
}

// changed returns a Violation that another value is taken for.
func changed(r Rule, becomes, format string, args ...any) Violation {
	v := whole(r, Changed, 0, format, args...)
	v.Becomes = becomes
	return v
}

func seconds[T uint16 | uint32](n T) string {
	return number(n) + " s"
}
