package packet

import (
	"fmt"
	"slices"
)

// Reason is a reason code of MQTT 5.0 (section 2.4).
type Reason byte

// The reason codes.
const (
	Success                     Reason = 0x00
	GrantedQoS1                 Reason = 0x01
	GrantedQoS2                 Reason = 0x02
	DisconnectWithWill          Reason = 0x04
	NoMatchingSubscribers       Reason = 0x10
	NoSubscriptionExisted       Reason = 0x11
	ContinueAuthentication      Reason = 0x18
	ReAuthenticate              Reason = 0x19
	UnspecifiedError            Reason = 0x80
	MalformedPacket             Reason = 0x81
	ProtocolError               Reason = 0x82
	ImplementationSpecific      Reason = 0x83
	UnsupportedProtocolVersion  Reason = 0x84
	ClientIdentifierNotValid    Reason = 0x85
	BadUserNameOrPassword       Reason = 0x86
	NotAuthorized               Reason = 0x87
	ServerUnavailable           Reason = 0x88
	ServerBusy                  Reason = 0x89
	Banned                      Reason = 0x8A
	ServerShuttingDown          Reason = 0x8B
	BadAuthenticationMethod     Reason = 0x8C
	KeepAliveTimeout            Reason = 0x8D
	SessionTakenOver            Reason = 0x8E
	TopicFilterInvalid          Reason = 0x8F
	TopicNameInvalid            Reason = 0x90
	PacketIdentifierInUse       Reason = 0x91
	PacketIdentifierNotFound    Reason = 0x92
	ReceiveMaximumExceeded      Reason = 0x93
	TopicAliasInvalid           Reason = 0x94
	PacketTooLarge              Reason = 0x95
	MessageRateTooHigh          Reason = 0x96
	QuotaExceeded               Reason = 0x97
	AdministrativeAction        Reason = 0x98
	PayloadFormatInvalid        Reason = 0x99
	RetainNotSupported          Reason = 0x9A
	QoSNotSupported             Reason = 0x9B
	UseAnotherServer            Reason = 0x9C
	ServerMoved                 Reason = 0x9D
	SharedNotSupported          Reason = 0x9E
	ConnectionRateExceeded      Reason = 0x9F
	MaximumConnectTime          Reason = 0xA0
	SubscriptionIDsNotSupported Reason = 0xA1
	WildcardsNotSupported       Reason = 0xA2
)

// reasonNames are the names of the reason codes in the words of table 2-6.
var reasonNames = map[Reason]string{ //nolint:gosec // "bad user name or password" is a name, no secret
	Success:                     "success",
	GrantedQoS1:                 "granted QoS 1",
	GrantedQoS2:                 "granted QoS 2",
	DisconnectWithWill:          "disconnect with will message",
	NoMatchingSubscribers:       "no matching subscribers",
	NoSubscriptionExisted:       "no subscription existed",
	ContinueAuthentication:      "continue authentication",
	ReAuthenticate:              "re-authenticate",
	UnspecifiedError:            "unspecified error",
	MalformedPacket:             "malformed packet",
	ProtocolError:               "protocol error",
	ImplementationSpecific:      "implementation specific error",
	UnsupportedProtocolVersion:  "unsupported protocol version",
	ClientIdentifierNotValid:    "client identifier not valid",
	BadUserNameOrPassword:       "bad user name or password",
	NotAuthorized:               "not authorized",
	ServerUnavailable:           "server unavailable",
	ServerBusy:                  "server busy",
	Banned:                      "banned",
	ServerShuttingDown:          "server shutting down",
	BadAuthenticationMethod:     "bad authentication method",
	KeepAliveTimeout:            "keep alive timeout",
	SessionTakenOver:            "session taken over",
	TopicFilterInvalid:          "topic filter invalid",
	TopicNameInvalid:            "topic name invalid",
	PacketIdentifierInUse:       "packet identifier in use",
	PacketIdentifierNotFound:    "packet identifier not found",
	ReceiveMaximumExceeded:      "receive maximum exceeded",
	TopicAliasInvalid:           "topic alias invalid",
	PacketTooLarge:              "packet too large",
	MessageRateTooHigh:          "message rate too high",
	QuotaExceeded:               "quota exceeded",
	AdministrativeAction:        "administrative action",
	PayloadFormatInvalid:        "payload format invalid",
	RetainNotSupported:          "retain not supported",
	QoSNotSupported:             "QoS not supported",
	UseAnotherServer:            "use another server",
	ServerMoved:                 "server moved",
	SharedNotSupported:          "shared subscriptions not supported",
	ConnectionRateExceeded:      "connection rate exceeded",
	MaximumConnectTime:          "maximum connect time",
	SubscriptionIDsNotSupported: "subscription identifiers not supported",
	WildcardsNotSupported:       "wildcard subscriptions not supported",
}

// String returns the name of the reason in plain lower-case words, as in the
// specification; a code that it does not have reads "reason 0x7F".
func (r Reason) String() string {
	if name, ok := reasonNames[r]; ok {
		return name
	}
	return fmt.Sprintf("reason 0x%02X", byte(r))
}

// V3 returns the CONNACK return code of MQTT 3.1.1 (table 3.1) nearest to r: 0
// for every reason that is not a failure, 3 (server unavailable) where trying
// again later may help, 5 (not authorized) where it will not.
func (r Reason) V3() byte {
	switch r {
	case UnsupportedProtocolVersion:
		return 1
	case ClientIdentifierNotValid:
		return 2
	case BadUserNameOrPassword:
		return 4
	case UnspecifiedError, ImplementationSpecific, ServerUnavailable, ServerBusy, ServerShuttingDown,
		KeepAliveTimeout, SessionTakenOver, ReceiveMaximumExceeded, MessageRateTooHigh, QuotaExceeded,
		UseAnotherServer, ServerMoved, ConnectionRateExceeded, MaximumConnectTime:
		return 3
	default:
		if r < UnspecifiedError {
			return 0
		}
		return 5
	}
}

// oneOf tells whether r is in set.
func (r Reason) oneOf(set []Reason) bool {
	return slices.Contains(set, r)
}

// Error says why bytes are no packet, or no allowed one.
type Error struct {
	Reason Reason
	// Text says what is wrong, with the number of the statement where there is
	// one: "reserved flags of SUBSCRIBE are not 0010 [MQTT-3.8.1-1]".
	Text string
}

// Error returns the text.
func (e *Error) Error() string { return e.Text }

// malformed is the error for bytes that cannot be read as the packet.
func malformed(text string) error { return &Error{Reason: MalformedPacket, Text: text} }

// violation is the error for a packet that reads well but says what it must not.
func violation(text string) error { return &Error{Reason: ProtocolError, Text: text} }
