package packet

import "fmt"

// Property is the identifier of a property of MQTT 5.0 (section 2.2.2.2).
type Property byte

// The properties.
const (
	PayloadFormat           Property = 0x01
	MessageExpiry           Property = 0x02
	ContentType             Property = 0x03
	ResponseTopic           Property = 0x08
	CorrelationData         Property = 0x09
	SubscriptionIdentifier  Property = 0x0B
	SessionExpiry           Property = 0x11
	AssignedClientID        Property = 0x12
	ServerKeepAlive         Property = 0x13
	AuthenticationMethod    Property = 0x15
	AuthenticationData      Property = 0x16
	RequestProblem          Property = 0x17
	WillDelay               Property = 0x18
	RequestResponse         Property = 0x19
	ResponseInformation     Property = 0x1A
	ServerReference         Property = 0x1C
	ReasonString            Property = 0x1F
	ReceiveMaximum          Property = 0x21
	TopicAliasMaximum       Property = 0x22
	TopicAlias              Property = 0x23
	MaximumQoS              Property = 0x24
	RetainAvailable         Property = 0x25
	UserProperty            Property = 0x26
	MaximumPacketSize       Property = 0x27
	WildcardsAvailable      Property = 0x28
	SubscriptionIDAvailable Property = 0x29
	SharedAvailable         Property = 0x2A
)

// shape is how the value of a property is written.
type shape byte

const (
	unknown  shape = iota
	flag           // one byte, 0 or 1: so it is with every property of one byte
	two            // two byte integer
	four           // four byte integer
	variable       // variable byte integer
	text           // UTF-8 string
	binary         // binary data
	pair           // two UTF-8 strings
)

// number tells that values are numbers.
func (s shape) number() bool { return s >= flag && s <= variable }

// place is a set of the packets that a property may stand in: one bit for every
// Type, bit 0 for the Will.
type place uint16

const (
	inWill place = 1
	inAcks       = 1<<PUBACK | 1<<PUBREC | 1<<PUBREL | 1<<PUBCOMP | 1<<SUBACK | 1<<UNSUBACK
	inAll        = inWill | inAcks | 1<<CONNECT | 1<<CONNACK | 1<<PUBLISH | 1<<SUBSCRIBE | 1<<UNSUBSCRIBE |
		1<<DISCONNECT | 1<<AUTH
)

// in is the set of the packets of the given type.
func in(t Type) place { return 1 << t }

// String names the packet in a set of one.
func (p place) String() string {
	if p == inWill {
		return "the Will"
	}
	for t := CONNECT; t <= AUTH; t++ {
		if p == in(t) {
			return t.String()
		}
	}
	return "no packet"
}

// definition is what table 2-4 says of a property.
type definition struct {
	shape   shape
	places  place
	name    string
	nonzero bool
}

// definitions has the definition of every property at its identifier.
var definitions = [...]definition{
	PayloadFormat:           {flag, inWill | 1<<PUBLISH, "Payload Format Indicator", false},
	MessageExpiry:           {four, inWill | 1<<PUBLISH, "Message Expiry Interval", false},
	ContentType:             {text, inWill | 1<<PUBLISH, "Content Type", false},
	ResponseTopic:           {text, inWill | 1<<PUBLISH, "Response Topic", false},
	CorrelationData:         {binary, inWill | 1<<PUBLISH, "Correlation Data", false},
	SubscriptionIdentifier:  {variable, 1<<PUBLISH | 1<<SUBSCRIBE, "Subscription Identifier", true},
	SessionExpiry:           {four, 1<<CONNECT | 1<<CONNACK | 1<<DISCONNECT, "Session Expiry Interval", false},
	AssignedClientID:        {text, 1 << CONNACK, "Assigned Client Identifier", false},
	ServerKeepAlive:         {two, 1 << CONNACK, "Server Keep Alive", false},
	AuthenticationMethod:    {text, 1<<CONNECT | 1<<CONNACK | 1<<AUTH, "Authentication Method", false},
	AuthenticationData:      {binary, 1<<CONNECT | 1<<CONNACK | 1<<AUTH, "Authentication Data", false},
	RequestProblem:          {flag, 1 << CONNECT, "Request Problem Information", false},
	WillDelay:               {four, inWill, "Will Delay Interval", false},
	RequestResponse:         {flag, 1 << CONNECT, "Request Response Information", false},
	ResponseInformation:     {text, 1 << CONNACK, "Response Information", false},
	ServerReference:         {text, 1<<CONNACK | 1<<DISCONNECT, "Server Reference", false},
	ReasonString:            {text, inAcks | 1<<CONNACK | 1<<DISCONNECT | 1<<AUTH, "Reason String", false},
	ReceiveMaximum:          {two, 1<<CONNECT | 1<<CONNACK, "Receive Maximum", true},
	TopicAliasMaximum:       {two, 1<<CONNECT | 1<<CONNACK, "Topic Alias Maximum", false},
	TopicAlias:              {two, 1 << PUBLISH, "Topic Alias", true},
	MaximumQoS:              {flag, 1 << CONNACK, "Maximum QoS", false},
	RetainAvailable:         {flag, 1 << CONNACK, "Retain Available", false},
	UserProperty:            {pair, inAll, "User Property", false},
	MaximumPacketSize:       {four, 1<<CONNECT | 1<<CONNACK, "Maximum Packet Size", true},
	WildcardsAvailable:      {flag, 1 << CONNACK, "Wildcard Subscription Available", false},
	SubscriptionIDAvailable: {flag, 1 << CONNACK, "Subscription Identifier Available", false},
	SharedAvailable:         {flag, 1 << CONNACK, "Shared Subscription Available", false},
}

// define returns the definition of id, with shape unknown where there is none.
func define(id Property) definition {
	if int(id) < len(definitions) {
		return definitions[id]
	}
	return definition{}
}

// String returns the name of the property as in the specification.
func (id Property) String() string {
	if name := define(id).name; name != "" {
		return name
	}
	return fmt.Sprintf("property 0x%02X", byte(id))
}

// cut takes the first property off p, which is not empty. value is what
// follows the identifier, without the length of a string or binary data. A
// fault says what is wrong with the bytes; id is right then if it was read.
func (p Properties) cut() (id Property, value []byte, rest Properties, fault string) {
	id = Property(p[0])
	b := p[1:]
	var n int
	switch define(id).shape {
	case flag:
		n = 1
	case two:
		n = 2
	case four:
		n = 4
	case variable:
		_, width, fault := varint(b)
		if fault != "" {
			return id, nil, nil, fault
		}
		if n = width; n == 0 {
			return id, nil, nil, " is cut short"
		}
	case text, binary:
		value, b, ok := field(b)
		if !ok {
			return id, nil, nil, " is cut short"
		}
		return id, value, b, ""
	case pair:
		_, after, ok := field(b)
		if ok {
			_, after, ok = field(after)
		}
		if !ok {
			return id, nil, nil, " is cut short"
		}
		n = len(b) - len(after)
	default:
		return id, nil, nil, " is not known"
	}
	if len(b) < n {
		return id, nil, nil, " is cut short"
	}
	return id, b[:n:n], b[n:], ""
}

// number reads the value of a property that is a number.
func number(s shape, value []byte) uint32 {
	if s == variable {
		n, _, _ := varint(value)
		return uint32(n)
	}
	var n uint32
	for _, b := range value {
		n = n<<8 | uint32(b)
	}
	return n
}

// check tells what is wrong with the properties of a packet.
func (p Properties) check(where place) error {
	var seen uint64
	for len(p) > 0 {
		id, value, rest, fault := p.cut()
		d := define(id)
		if fault != "" {
			return malformed(id.String() + fault + " in " + where.String())
		}
		if d.places&where == 0 {
			return malformed(id.String() + " does not belong in " + where.String())
		}
		repeatable := id == UserProperty || id == SubscriptionIdentifier && where == in(PUBLISH)
		if seen&(1<<id) != 0 && !repeatable {
			return violation(id.String() + " stands twice in " + where.String())
		}
		seen |= 1 << id
		if err := d.checkValue(id, value); err != nil {
			return err
		}
		p = rest
	}
	const method, data = 1 << AuthenticationMethod, 1 << AuthenticationData
	if seen&(method|data) == data && where&(1<<CONNECT|1<<AUTH) != 0 {
		return violation("Authentication Data without Authentication Method in " + where.String())
	}
	return nil
}

// checkValue checks a value that has the right length.
func (d definition) checkValue(id Property, value []byte) error {
	switch d.shape {
	case text:
		if err := checkText(V5, d.name, value); err != nil {
			return err
		}
		if id == ResponseTopic {
			return checkResponseTopic(value)
		}
	case pair:
		key, rest, _ := field(value)
		val, _, _ := field(rest)
		if err := checkText(V5, "the name of a User Property", key); err != nil {
			return err
		}
		return checkText(V5, "the value of a User Property", val)
	case flag:
		if value[0] > 1 {
			return violation(d.name + " is neither 0 nor 1")
		}
	default:
		if d.nonzero && number(d.shape, value) == 0 {
			if id == TopicAlias {
				return &Error{Reason: TopicAliasInvalid, Text: "Topic Alias is 0 [MQTT-3.3.2-8]"}
			}
			return violation(d.name + " is 0")
		}
	}
	return nil
}

// checkResponseTopic checks a Response Topic that is a valid string.
func checkResponseTopic(topic []byte) error {
	switch {
	case len(topic) == 0:
		return violation("Response Topic is empty [MQTT-4.7.3-1]")
	case hasWildcard(topic):
		return violation("Response Topic has a wildcard [MQTT-3.3.2-14]")
	default:
		return nil
	}
}
