package awsmode

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/thingdesk/thingdesk/things/shadow"
)

// Rule names one difference. The names are stable: they may be stored.
type Rule string

// The rules. The constants with the figures name their sources; what is only
// here has its own.
const (
	// RuleVersion: MQTT 3.1 is not spoken (D-PROTO names 3.1.1 and 5).
	RuleVersion Rule = "version"
	// RuleClientID: 1 to MaxClientID bytes, not beginning with $ (QUOTA
	// "Restricted client ID prefix"). MQTT 5 may leave it empty.
	RuleClientID Rule = "client-id"
	// RuleKeepAlive: between MinKeepAlive and MaxKeepAlive.
	RuleKeepAlive Rule = "keep-alive"
	// RuleSessionExpiry: sessions end, also those of MQTT 3.1.1.
	RuleSessionExpiry Rule = "session-expiry"
	// RuleConnectSize: CONNECT is no longer than a message (QUOTA "Message
	// size": publish and connect requests).
	RuleConnectSize Rule = "connect-size"
	// RuleWillQoS: no Will of QoS 2 (D-PROTO, CONNACK 0x9B; SEEN: the socket is
	// closed, issue 116 of bertmelis/espMqttClient).
	RuleWillQoS Rule = "will-qos"
	// RuleWillTopic: the topic of a Will keeps the rules of topics (D-PROTO,
	// CONNACK 0x90). A Will on a shadow's update topic is allowed (SEEN: issue
	// 170 of aws-iot-device-sdk-embedded-C).
	RuleWillTopic Rule = "will-topic"
	// RuleWillDelay: the Will Delay Interval is not among the properties that
	// D-PROTO calls all that are supported. Doubtful: what becomes of it is not
	// said; here the Will goes out at once.
	RuleWillDelay Rule = "will-delay"
	// RuleConnectRate: ConnectsPerSecond.
	RuleConnectRate Rule = "connect-rate"

	// RulePublishQoS: no QoS 2. D-PROTO says that there is no PUBACK; SEEN: the
	// connection is closed (pull request 1941 of aws-iot-device-sdk-embedded-C).
	// MQTT 5 has DISCONNECT 0x9B.
	RulePublishQoS Rule = "publish-qos"
	// RulePayload: MaxPayload.
	RulePayload Rule = "payload"
	// RuleTopicLength: MaxTopic.
	RuleTopicLength Rule = "topic-length"
	// RuleTopicSlashes: MaxSlashes.
	RuleTopicSlashes Rule = "topic-slashes"
	// RuleReservedPublish: topics that begin with $ are reserved; only those of
	// D-RES may be published to. Others "can result in a terminated connection".
	RuleReservedPublish Rule = "reserved-publish"
	// RuleReservedRetain: no RETAIN flag on reserved topics (D-PROTO "Creating a
	// retained message"). Doubtful: what happens is not said; here it is what
	// happens for other things that reserved topics do not allow.
	RuleReservedRetain Rule = "reserved-retain"
	// RuleShadowName: a shadow request with a name that no Thing and no shadow
	// can have. Doubtful: AWS's answer is not known (SHADOW U25); here nobody
	// answers.
	RuleShadowName Rule = "shadow-name"
	// RuleExpiry: between MinExpiry and MaxExpiry.
	RuleExpiry Rule = "message-expiry"
	// RuleRetainedFull: the retained messages of the account.
	RuleRetainedFull Rule = "retained-full"
	// RuleRetainedRate: RetainedPerSecond. Doubtful.
	RuleRetainedRate Rule = "retained-rate"
	// RulePublishRate: PublishesPerSecond.
	RulePublishRate Rule = "publish-rate"
	// RuleThroughput: BytesPerSecond.
	RuleThroughput Rule = "throughput"
	// RuleShadowRate: ShadowRequestsPerSecond. Doubtful: the sources differ on
	// what is counted (SHADOW U24).
	RuleShadowRate Rule = "shadow-rate"

	// RuleFilters: MaxFilters in one SUBSCRIBE.
	RuleFilters Rule = "filters"
	// RuleUnsubscribe: MaxFilters in one UNSUBSCRIBE as well. Doubtful: SEEN
	// once, nine filters had no effect and no acknowledgement (issue 361 of
	// aws-iot-device-sdk-js).
	RuleUnsubscribe Rule = "unsubscribe-filters"
	// RuleSubscribeQoS: no QoS 2, as RulePublishQoS, with the same sources.
	RuleSubscribeQoS Rule = "subscribe-qos"
	// RuleSubscriptionID: no Subscription Identifiers (D-PROTO, DISCONNECT 0xA1;
	// CONNACK says so, SEEN).
	RuleSubscriptionID Rule = "subscription-id"
	// RuleFilterLength: MaxTopic.
	RuleFilterLength Rule = "filter-length"
	// RuleFilterSlashes: MaxSlashes.
	RuleFilterSlashes Rule = "filter-slashes"
	// RuleShareName: MaxShareName.
	RuleShareName Rule = "share-name"
	// RuleReservedSubscribe: topics that begin with $ are reserved; filters must
	// cover something of D-RES. SEEN: $SYS/# and reserved topics of services
	// that the account does not use disconnect.
	RuleReservedSubscribe Rule = "reserved-subscribe"
	// RuleSubscriptions: MaxSubscriptions. QUOTA: "might reject ... and the
	// connection is closed"; SEEN: failure codes in SUBACK after about 50 (issue
	// 368 of shamblett/mqtt_client). Doubtful which; here SUBACK.
	RuleSubscriptions Rule = "subscriptions"

	// RuleParent: a/# does not take in a (D-PROTO).
	RuleParent Rule = "parent-topic"
	// RuleRetainedWildcard: retained messages come only to a filter that is
	// exactly the topic (D-PROTO). That shared subscriptions get none is the
	// standard's rule too.
	RuleRetainedWildcard Rule = "retained-wildcard"
)

// Doubtful tells whether the sources leave open that AWS IoT Core has the rule
// or what it does. Warnings say "may" instead of "would" then.
func (r Rule) Doubtful() bool {
	switch r {
	case RuleWillDelay, RuleReservedRetain, RuleShadowName, RuleRetainedRate, RuleShadowRate,
		RuleUnsubscribe, RuleSubscriptions:
		return true
	default:
		return false
	}
}

// Effect is what a client sees of a Violation. They are ordered from the
// mildest to the gravest.
type Effect byte

// The effects.
const (
	// Changed: what was asked for holds with another value, see
	// Violation.Becomes.
	Changed Effect = iota + 1
	// NotDelivered: the client does not get a message that a standard broker
	// would give it.
	NotDelivered
	// Delayed: the message is taken later.
	Delayed
	// Discarded: the message is forgotten. QUOTA does not say whether it is
	// acknowledged; with a Reason, PUBACK of MQTT 5 can say it.
	Discarded
	// RejectShadow: the shadow service answers with a rejection,
	// shadow.CodeThrottled; shadow.Refuse makes it.
	RejectShadow
	// RefusePublish: the message is not accepted. PUBACK of MQTT 5 has the
	// reason; MQTT 3.1.1 cannot say it.
	RefusePublish
	// RefuseSubscribe: SUBACK refuses the filter with the index
	// Violation.Index: the reason for MQTT 5, 0x80 for 3.1.1.
	RefuseSubscribe
	// Disconnect: the connection ends; for MQTT 5 DISCONNECT has the reason.
	Disconnect
	// RefuseConnect: the client is not let in; CONNACK has the reason. AWS is
	// known to close the socket without it for MQTT 3.1.1.
	RefuseConnect
)

// Whole is the Index of a Violation that is about a whole packet.
const Whole = -1

// Violation is one thing that a client did and that goes another way on AWS
// IoT Core.
type Violation struct {
	Rule Rule
	// Text says what the client did, as it goes on after "the client": "published
	// at QoS 2".
	Text   string
	Effect Effect
	// Reason is the reason code of MQTT 5 that goes with the Effect; 0 for the
	// effects that have none.
	Reason byte
	// Index is the filter in SUBSCRIBE that it is about, else Whole.
	Index int
	// Becomes is what AWS makes of it when it is Changed: "1,200 s".
	Becomes string
}

// Warning returns what a user is told while the AWS mode is off: "published at
// QoS 2: this would fail on AWS IoT Core, which disconnects the client".
func (v *Violation) Warning() string {
	would := "would"
	if v.Rule.Doubtful() {
		would = "may"
	}
	switch v.Effect {
	case Changed:
		return fmt.Sprintf("%s: AWS IoT Core %s make it %s", v.Text, would, v.Becomes)
	case NotDelivered:
		return fmt.Sprintf("%s: AWS IoT Core %s not deliver there", v.Text, would)
	case Delayed:
		return fmt.Sprintf("%s: AWS IoT Core %s take it later", v.Text, would)
	default:
		return fmt.Sprintf("%s: this %s fail on AWS IoT Core, which %s", v.Text, would, v.Effect)
	}
}

// Happened returns what a user is told when the Effect was carried out on a
// client: "client press-07 was disconnected: published at QoS 2, which AWS IoT
// Core refuses".
func (v *Violation) Happened(client string) string {
	client = "client " + short(client)
	switch v.Effect {
	case Changed:
		return fmt.Sprintf("%s %s; as AWS IoT Core does, the broker made it %s", client, v.Text, v.Becomes)
	case NotDelivered:
		return fmt.Sprintf("%s did not get a message: it %s, and AWS IoT Core does not deliver there", client, v.Text)
	case Delayed:
		return fmt.Sprintf("a message of %s was delayed: it %s", client, v.Text)
	case Discarded:
		return fmt.Sprintf("a message of %s was discarded: %s, which AWS IoT Core does not take", client, v.Text)
	case RejectShadow:
		return fmt.Sprintf("a shadow request of %s was rejected: %s, which AWS IoT Core refuses", client, v.Text)
	case RefusePublish:
		return fmt.Sprintf("a message of %s was refused: %s, which AWS IoT Core does not accept", client, v.Text)
	case RefuseSubscribe:
		return fmt.Sprintf("a subscription of %s was refused: %s, which AWS IoT Core does not accept", client, v.Text)
	case RefuseConnect:
		return fmt.Sprintf("%s was not let in: %s, which AWS IoT Core refuses", client, v.Text)
	default:
		return fmt.Sprintf("%s was disconnected: %s, which AWS IoT Core refuses", client, v.Text)
	}
}

// String returns what AWS IoT Core does: "disconnects the client".
func (e Effect) String() string {
	switch e {
	case Changed:
		return "changes it"
	case NotDelivered:
		return "does not deliver it"
	case Delayed:
		return "takes it later"
	case Discarded:
		return "discards the message"
	case RejectShadow:
		return "rejects the request with code " + strconv.Itoa(shadow.CodeThrottled)
	case RefusePublish:
		return "refuses the message"
	case RefuseSubscribe:
		return "refuses the subscription"
	case Disconnect:
		return "disconnects the client"
	case RefuseConnect:
		return "does not let the client in"
	default:
		return "effect " + strconv.Itoa(int(e))
	}
}

// Worst returns the Violation with the gravest Effect, of several the first;
// nil when there is none. It points into vs.
func Worst(vs []Violation) *Violation {
	var worst *Violation
	for i := range vs {
		if worst == nil || vs[i].Effect > worst.Effect {
			worst = &vs[i]
		}
	}
	return worst
}

// whole returns a Violation that is about a whole packet.
func whole(r Rule, e Effect, reason byte, format string, args ...any) Violation {
	return Violation{Rule: r, Effect: e, Reason: reason, Index: Whole, Text: fmt.Sprintf(format, args...)}
}

// shortest is the number of bytes of a name that texts show.
const shortest = 80

// short returns a name for a text: quoted where it has to be, and shortened.
func short(s string) string {
	cut := len(s) > shortest
	if cut {
		n := shortest
		for n > shortest-utf8.UTFMax && !utf8.RuneStart(s[n]) {
			n--
		}
		s = s[:n]
	}
	if q := strconv.Quote(s); s == "" || len(q) != len(s)+2 || strings.ContainsRune(s, ' ') {
		s = q
	}
	if cut {
		s += "…"
	}
	return s
}

// number writes n with commas: 131,072.
func number[T ~int | ~uint16 | ~uint32](n T) string {
	s := strconv.FormatInt(int64(n), 10)
	first := len(s) % 3
	var b strings.Builder
	b.WriteString(s[:first])
	for i := first; i < len(s); i += 3 {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(s[i : i+3])
	}
	return b.String()
}
