// Package awsmode knows where AWS IoT Core differs from the OASIS standard of
// MQTT, and what a client sees of each difference. It judges; it changes
// nothing: with the AWS mode on, the broker carries out the Effect of each
// Violation; with it off, the same Violation is a warning.
//
// A rule that the sources leave open is Doubtful and says so where it is
// declared. The sources, as the comments name them:
//
//   - D-PROTO: developer guide, page "MQTT" (protocol differences, persistent
//     sessions, retained messages, shared subscriptions, MQTT 5 properties and
//     reason codes).
//   - D-RES: developer guide, page "Reserved topics".
//   - QUOTA: AWS General Reference, quotas of the message broker and protocols.
//   - SEEN: what users saw on AWS IoT Core; the thread is named.
//   - CRT: what AWS's own clients enforce as "AWS IoT Core defaults".
//   - (K): general knowledge that nobody looked up.
//
// Reason codes are those of MQTT 5.0, section 2.4. D-PROTO lists which codes
// AWS IoT Core uses in which packet, seldom for which fault; the choice among
// them is ours.
//
// Functions of this package are pure and safe for concurrent use. The meters
// of rate.go are values with a state and are not.
package awsmode

import "time"

// Limits of CONNECT.
const (
	// MaxClientID is the longest client ID, bytes of UTF-8 (QUOTA "Client ID
	// size", CRT).
	MaxClientID = 128
	// MinKeepAlive and MaxKeepAlive bound the keep-alive, seconds. 0 and what
	// is longer becomes the longest, what is shorter the shortest (QUOTA
	// "Connection inactivity").
	MinKeepAlive = 30
	MaxKeepAlive = 1200
	// DefaultSessionExpiry is how long a session outlives its connection, for
	// MQTT 3.1.1 always and for MQTT 5 at most, unless the account has more
	// (QUOTA "Persistent session expiry period", D-PROTO). AWS says that a
	// session may last up to 30 minutes longer.
	DefaultSessionExpiry = time.Hour
	// MaxSessionExpiry is the most an account can have (QUOTA, D-PROTO).
	MaxSessionExpiry = 7 * 24 * time.Hour
)

// What CONNACK of MQTT 5 announces (SEEN: a CONNACK in issue 535 of
// aws-iot-device-sdk-js-v2; D-PROTO table of properties).
const (
	// ReceiveMaximum is how many QoS 1 messages a client may have open, and how
	// many the broker has open towards it (QUOTA "Maximum inbound/outbound
	// unacknowledged QoS 1 publish requests"). It holds for 3.1.1 too.
	ReceiveMaximum = 100
	// MaximumQoS is the highest QoS there is (D-PROTO).
	MaximumQoS = 1
	// TopicAliasMaximum is the highest Topic Alias (D-PROTO, SEEN).
	TopicAliasMaximum = 8
	// MaximumPacketSize is the longest packet as announced, bytes (SEEN: 149,504
	// = 146 KiB; D-PROTO only says that 128 KB cannot be exceeded, which no
	// packet with the largest payload could keep).
	MaximumPacketSize = 149_504
)

// Limits of topics and messages.
const (
	// MaxPayload is the largest payload of PUBLISH in bytes, 128 KB (QUOTA
	// "Message size"; SEEN: 131,072 pass and 131,073 disconnect, issue 535 of
	// aws-iot-device-sdk-js-v2).
	MaxPayload = 131_072
	// MaxTopic is the longest topic or filter, bytes of UTF-8 (QUOTA "Topic
	// size", CRT). $aws/rules/RULE/ and $share/NAME/ do not count.
	MaxTopic = 256
	// MaxSlashes is how many slashes a topic or filter may have (QUOTA "Maximum
	// number of slashes in topic and topic filter", CRT). The three of Basic
	// Ingest and the two of a shared subscription do not count. Other reserved
	// topics have the forms that D-RES gives them, one of which has eight.
	MaxSlashes = 7
	// MinExpiry and MaxExpiry bound the Message Expiry Interval, seconds; what
	// is outside becomes the nearer (D-PROTO "Message expiry").
	MinExpiry = 1
	MaxExpiry = 604_800
	// DefaultRetained is how many retained messages an account keeps unless it
	// has more (QUOTA). A further one is answered as throttled (D-PROTO).
	DefaultRetained = 500_000
)

// Limits of subscriptions.
const (
	// MaxFilters is how many filters one SUBSCRIBE may have (QUOTA "Maximum
	// subscriptions per subscribe request", CRT).
	MaxFilters = 8
	// MaxSubscriptions is how many subscriptions a connection may have (QUOTA
	// "Subscriptions per connection").
	MaxSubscriptions = 50
	// MaxShareName is the longest name of a shared subscription, characters
	// (D-PROTO says characters, not bytes).
	MaxShareName = 128
)

// Rates of one connection unless said otherwise.
const (
	// PublishesPerSecond is how many messages may come in, and go out, in one
	// second; more are discarded (QUOTA "Publish requests per second per
	// connection").
	PublishesPerSecond = 100
	// BytesPerSecond is how much is read, and written, in one second; more is
	// delayed (QUOTA "Throughput per second per connection", 512 KiB).
	BytesPerSecond = 512 << 10
	// ConnectsPerSecond is for one client ID (QUOTA "Connect requests per second
	// per client ID").
	ConnectsPerSecond = 1
	// RetainedPerSecond is how often the retained message of one topic may
	// change ((K): the quota exists, its figure was not looked up).
	RetainedPerSecond = 1
	// StoredPerSecond is how fast the messages that waited for a persistent
	// session are sent when it comes back (D-PROTO "Persistent sessions").
	StoredPerSecond = 10
	// StoredSharedPerSecond is the same for messages that waited for a shared
	// subscription, for each of its connected clients (D-PROTO).
	StoredSharedPerSecond = 20
	// ResendFor is for how long a QoS 1 message that is not acknowledged is sent
	// again (QUOTA "Maximum retry interval for delivering QoS 1 messages").
	ResendFor = time.Hour
	// ShadowRequestsPerSecond is for one Thing (QUOTA). How many may be
	// unanswered is shadow.AWSInFlight.
	ShadowRequestsPerSecond = 20
)

// Account is what may differ from one AWS account to the next. The zero value
// is an account as it is given out.
type Account struct {
	// SessionExpiry is how long sessions outlive their connections: 0 for
	// DefaultSessionExpiry, at most MaxSessionExpiry.
	SessionExpiry time.Duration
	// Retained is how many retained messages are kept; 0 for DefaultRetained.
	Retained int
}

// sessionExpiry returns the account's limit in seconds.
func (a Account) sessionExpiry() uint32 {
	d := a.SessionExpiry
	if d <= 0 {
		d = DefaultSessionExpiry
	}
	return uint32(min(d, MaxSessionExpiry) / time.Second)
}

func (a Account) retained() int {
	if a.Retained > 0 {
		return a.Retained
	}
	return DefaultRetained
}

// The protocol levels of MQTT.
const (
	v31  = 3
	v311 = 4
	v5   = 5
)

// The reason codes that this package uses.
const (
	reasonVersion       = 0x84
	reasonClientID      = 0x85
	reasonFilter        = 0x8F
	reasonTopic         = 0x90
	reasonQuota         = 0x97
	reasonQoS           = 0x9B
	reasonSubscriptions = 0xA1
)
