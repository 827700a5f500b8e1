package packet_test

import "github.com/thingdesk/thingdesk/localbroker/packet"

const (
	badPacket = packet.MalformedPacket
	badUse    = packet.ProtocolError
)

// refusal is a packet that must not decode.
type refusal struct {
	name   string
	v      packet.Version
	client bool // the client sent it
	bytes  string
	reason packet.Reason
	text   string // a part of the text of the error
}

// refusals has a packet for each rule.
var refusals = []refusal{
	{"type 0", packet.V311, true, "00 00", badPacket, "type 0"},
	{"CONNECT flags", packet.V311, true, "11 00", badPacket, "CONNECT are not 0000 [MQTT-2.1.3-1]"},
	{"PUBACK flags", packet.V311, true, "42 02 0001", badPacket, "[MQTT-2.1.3-1]"},
	{"PUBREL flags", packet.V311, true, "60 02 0001", badPacket, "[MQTT-3.6.1-1]"},
	{"PUBREL DUP", packet.V311, true, "6A 02 0001", badPacket, "[MQTT-3.6.1-1]"},
	{"PUBREL 3.1 flags", packet.V31, true, "68 02 0001", badPacket, "[MQTT-3.6.1-1]"},
	{"SUBSCRIBE flags", packet.V5, true, "80 07 0001 00 0001 'a' 00", badPacket, "[MQTT-3.8.1-1]"},
	{"UNSUBSCRIBE flags", packet.V5, true, "A0 06 0001 00 0001 'a'", badPacket, "[MQTT-3.10.1-1]"},
	{"DISCONNECT flags", packet.V311, true, "E1 00", badPacket, "[MQTT-3.14.1-1]"},
	{"AUTH flags", packet.V5, true, "F8 00", badPacket, "[MQTT-3.15.1-1]"},
	{"PINGREQ flags 3.1", packet.V31, true, "C8 00", badPacket, "[MQTT-2.1.3-1]"},
	{"PUBLISH QoS 3", packet.V311, true, "36 06 0001 't' 0001 'p'", badPacket, "[MQTT-3.3.1-4]"},
	{"PUBLISH DUP", packet.V5, true, "38 04 0001 't' 00", badPacket, "[MQTT-3.3.1-2]"},
	{"remaining length of two bytes for 0", packet.V311, true, "C0 80 00", badPacket, "[MQTT-1.5.5-1]"},
	{"remaining length of five bytes", packet.V311, true, "30 FF FF FF FF 01", badPacket, "more than four"},

	{"CONNECT without a name", packet.V311, true, "10 01 00", badPacket, "protocol name"},
	{"CONNECT name cut", packet.V311, true, "10 05 0004 'MQT'", badPacket, "protocol name"},
	{"CONNECT without a level", packet.V311, true, "10 06 0004 'MQTT'", badPacket, "protocol level"},
	{
		"CONNECT other name", packet.V311, true, "10 0C 0004 'MQTR' 04 02 0000 0000",
		packet.UnsupportedProtocolVersion, "[MQTT-3.1.2-1]",
	},
	{
		"CONNECT other level", packet.V311, true, "10 0C 0004 'MQTT' 06 02 0000 0000",
		packet.UnsupportedProtocolVersion, "[MQTT-3.1.2-2]",
	},
	{"CONNECT reserved flag", packet.V311, true, "10 0C 0004 'MQTT' 04 03 0000 0000", badPacket, "[MQTT-3.1.2-3]"},
	{"CONNECT 5 reserved flag", packet.V5, true, "10 0D 0004 'MQTT' 05 03 0000 00 0000", badPacket, "[MQTT-3.1.2-3]"},
	{
		"CONNECT Will QoS 3", packet.V311, true, "10 11 0004 'MQTT' 04 1E 0000 0000 0001 'w' 0000",
		badPacket, "[MQTT-3.1.2-14]",
	},
	{
		"CONNECT 5 Will QoS 3", packet.V5, true, "10 13 0004 'MQTT' 05 1E 0000 00 0000 00 0001 'w' 0000",
		badPacket, "[MQTT-3.1.2-12]",
	},
	{"CONNECT Will QoS alone", packet.V311, true, "10 0C 0004 'MQTT' 04 0A 0000 0000", badPacket, "[MQTT-3.1.2-13]"},
	{"CONNECT 5 Will QoS alone", packet.V5, true, "10 0D 0004 'MQTT' 05 0A 0000 00 0000", badPacket, "[MQTT-3.1.2-11]"},
	{"CONNECT Will Retain alone", packet.V311, true, "10 0C 0004 'MQTT' 04 22 0000 0000", badPacket, "[MQTT-3.1.2-15]"},
	{"CONNECT 5 Will Retain alone", packet.V5, true, "10 0D 0004 'MQTT' 05 22 0000 00 0000", badPacket, "[MQTT-3.1.2-13]"},
	{
		"CONNECT password alone", packet.V311, true, "10 0F 0004 'MQTT' 04 42 0000 0000 0001 'p'",
		badPacket, "[MQTT-3.1.2-22]",
	},
	{"CONNECT keep alive cut", packet.V311, true, "10 09 0004 'MQTT' 04 02 00", badPacket, "keep alive"},
	{"CONNECT without a client ID", packet.V311, true, "10 0A 0004 'MQTT' 04 02 0000", badPacket, "client identifier"},
	{"CONNECT client ID cut", packet.V311, true, "10 0D 0004 'MQTT' 04 02 0000 0002 'a'", badPacket, "client identifier"},
	{
		"CONNECT client ID not UTF-8", packet.V311, true, "10 0E 0004 'MQTT' 04 02 0000 0002 C080",
		badPacket, "[MQTT-1.5.3-1]",
	},
	{
		"CONNECT client ID with a surrogate", packet.V5, true, "10 10 0004 'MQTT' 05 02 0000 00 0003 EDA080",
		badPacket, "[MQTT-1.5.4-1]",
	},
	{"CONNECT client ID with null", packet.V311, true, "10 0D 0004 'MQTT' 04 02 0000 0001 00", badPacket, "[MQTT-1.5.3-2]"},
	{"CONNECT 5 client ID with null", packet.V5, true, "10 0E 0004 'MQTT' 05 02 0000 00 0001 00", badPacket, "[MQTT-1.5.4-2]"},
	{"CONNECT user missing", packet.V311, true, "10 0C 0004 'MQTT' 04 82 0000 0000", badPacket, "user name"},
	{"CONNECT user not UTF-8", packet.V311, true, "10 0F 0004 'MQTT' 04 82 0000 0000 0001 FF", badPacket, "user name"},
	{"CONNECT password missing", packet.V311, true, "10 0F 0004 'MQTT' 04 C2 0000 0000 0001 'u'", badPacket, "password"},
	{"CONNECT 3.1 password cut", packet.V31, true, "10 13 0006 'MQIsdp' 03 C2 0000 0001 'a' 0001 'u' 00", badPacket, "password"},
	{"CONNECT trailing byte", packet.V311, true, "10 0D 0004 'MQTT' 04 02 0000 0000 00", badPacket, "bytes follow"},
	{
		"CONNECT empty Will Topic", packet.V311, true, "10 10 0004 'MQTT' 04 06 0000 0000 0000 0000",
		badUse, "[MQTT-4.7.3-1]",
	},
	{
		"CONNECT Will Topic with a wildcard", packet.V311, true, "10 11 0004 'MQTT' 04 06 0000 0000 0001 '#' 0000",
		badUse, "[MQTT-4.7.1-1]",
	},
	{
		"CONNECT 5 Will Topic with a wildcard", packet.V5, true,
		"10 13 0004 'MQTT' 05 06 0000 00 0000 00 0001 '+' 0000", badUse, "[MQTT-4.7.0-1]",
	},
	{
		"CONNECT Will Payload cut", packet.V311, true, "10 11 0004 'MQTT' 04 06 0000 0000 0001 'w' 0001",
		badPacket, "Will Payload",
	},
	{
		"CONNECT properties too long", packet.V5, true, "10 0D 0004 'MQTT' 05 02 0000 03 0000",
		badPacket, "properties",
	},
	{
		"CONNECT property length not minimal", packet.V5, true, "10 0E 0004 'MQTT' 05 02 0000 8000 0000",
		badPacket, "[MQTT-1.5.5-1]",
	},

	{"CONNACK short", packet.V311, false, "20 01 00", badPacket, "reason code"},
	{"CONNACK flags", packet.V311, false, "20 02 02 00", badPacket, "[MQTT-3.2.2-1]"},
	{"CONNACK 3.1 flags", packet.V31, false, "20 02 01 00", badPacket, "[MQTT-3.2.2-1]"},
	{"CONNACK return code", packet.V311, false, "20 02 00 06", badUse, "return code"},
	{"CONNACK reason", packet.V5, false, "20 03 00 01 00", badUse, "0x01, which is not one of its own [MQTT-3.2.2-8]"},
	{"CONNACK refusing with a session", packet.V311, false, "20 02 01 02", badUse, "[MQTT-3.2.2-4]"},
	{"CONNACK 5 refusing with a session", packet.V5, false, "20 03 01 87 00", badUse, "[MQTT-3.2.2-6]"},
	{"CONNACK trailing byte", packet.V311, false, "20 03 00 00 00", badPacket, "bytes follow"},
	{"CONNACK 5 without properties", packet.V5, false, "20 02 00 00", badPacket, "properties"},

	{"PUBLISH empty", packet.V311, true, "30 00", badPacket, "topic"},
	{"PUBLISH topic cut", packet.V311, true, "30 03 0002 't'", badPacket, "topic"},
	{"PUBLISH topic empty", packet.V311, true, "30 02 0000", badUse, "[MQTT-4.7.3-1]"},
	{"PUBLISH 5 without topic and alias", packet.V5, true, "30 03 0000 00", badUse, "Topic Alias"},
	{"PUBLISH topic with +", packet.V311, true, "30 05 0003 'a/+'", badUse, "[MQTT-3.3.2-2]"},
	{"PUBLISH topic with #", packet.V5, true, "30 04 0001 '#' 00", badUse, "[MQTT-3.3.2-2]"},
	{"PUBLISH topic not UTF-8", packet.V311, true, "30 03 0001 80", badPacket, "[MQTT-1.5.3-1]"},
	{"PUBLISH topic with null", packet.V5, true, "30 04 0001 00 00", badPacket, "[MQTT-1.5.4-2]"},
	{"PUBLISH ID missing", packet.V311, true, "32 03 0001 't'", badPacket, "packet identifier"},
	{"PUBLISH ID 0", packet.V311, true, "32 05 0001 't' 0000", badUse, "[MQTT-2.3.1-1]"},
	{"PUBLISH 5 ID 0", packet.V5, true, "32 06 0001 't' 0000 00", badUse, "[MQTT-2.2.1-3]"},
	{"PUBLISH 5 without properties", packet.V5, true, "30 03 0001 't'", badPacket, "properties"},
	{
		"PUBLISH Subscription Identifier of a client", packet.V5, true, "30 06 0001 't' 02 0B 01",
		badUse, "[MQTT-3.3.4-6]",
	},

	{"PUBACK short", packet.V311, true, "40 01 00", badPacket, "packet identifier"},
	{"PUBACK ID 0", packet.V311, true, "40 02 0000", badUse, "[MQTT-2.3.1-1]"},
	{"PUBACK trailing byte", packet.V311, true, "40 03 0001 00", badPacket, "bytes follow"},
	{"PUBACK 5 trailing byte", packet.V5, true, "40 05 0001 00 00 00", badPacket, "bytes follow"},
	{"PUBACK reason", packet.V5, true, "40 03 0001 92", badUse, "0x92, which is not one of its own [MQTT-3.4.2-1]"},
	{"PUBREC reason", packet.V5, true, "50 03 0001 01", badUse, "[MQTT-3.5.2-1]"},
	{"PUBREL reason", packet.V5, true, "62 03 0001 10", badUse, "[MQTT-3.6.2-1]"},
	{"PUBCOMP reason", packet.V5, true, "70 03 0001 80", badUse, "[MQTT-3.7.2-1]"},
	{"PUBACK properties cut", packet.V5, true, "40 04 0001 00 01", badPacket, "properties"},

	{"SUBSCRIBE ID 0", packet.V311, true, "82 06 0000 0001 'a' 00", badUse, "[MQTT-2.3.1-1]"},
	{"SUBSCRIBE without entries", packet.V311, true, "82 02 0001", badUse, "[MQTT-3.8.3-3]"},
	{"SUBSCRIBE 5 without entries", packet.V5, true, "82 03 0001 00", badUse, "[MQTT-3.8.3-2]"},
	{"SUBSCRIBE options missing", packet.V311, true, "82 05 0001 0001 'a'", badPacket, "subscription options"},
	{"SUBSCRIBE second filter cut", packet.V311, true, "82 07 0001 0001 'a' 00 00", badPacket, "topic filter"},
	{"SUBSCRIBE filter not UTF-8", packet.V5, true, "82 07 0001 00 0001 FF 00", badPacket, "[MQTT-1.5.4-1]"},
	{"SUBSCRIBE QoS 3", packet.V311, true, "82 06 0001 0001 'a' 03", badPacket, "[MQTT-3-8.3-4]"},
	{"SUBSCRIBE options of MQTT 5", packet.V311, true, "82 06 0001 0001 'a' 04", badPacket, "[MQTT-3-8.3-4]"},
	{"SUBSCRIBE 5 QoS 3", packet.V5, true, "82 07 0001 00 0001 'a' 03", badUse, "Maximum QoS"},
	{"SUBSCRIBE 5 reserved bit 6", packet.V5, true, "82 07 0001 00 0001 'a' 40", badPacket, "[MQTT-3.8.3-5]"},
	{"SUBSCRIBE 5 reserved bit 7", packet.V5, true, "82 07 0001 00 0001 'a' 80", badPacket, "[MQTT-3.8.3-5]"},
	{"SUBSCRIBE 5 Retain Handling 3", packet.V5, true, "82 07 0001 00 0001 'a' 30", badUse, "Retain Handling"},
	{
		"SUBSCRIBE 5 No Local shared", packet.V5, true, "82 10 0001 00 000A '$share/g/a' 04",
		badUse, "[MQTT-3.8.3-4]",
	},
	{"the seven bytes that end mochi", packet.V5, true, "82 05 0001 00 0000", badPacket, "subscription options"},

	{"SUBACK without codes", packet.V311, false, "90 02 0001", badUse, "no reason code"},
	{"SUBACK code", packet.V311, false, "90 03 0001 87", badUse, "[MQTT-3.9.3-2]"},
	{"SUBACK 5 code", packet.V5, false, "90 04 0001 00 11", badUse, "[MQTT-3.9.3-2]"},
	{"UNSUBACK 5 code", packet.V5, false, "B0 04 0001 00 01", badUse, "[MQTT-3.11.3-2]"},
	{"UNSUBACK with codes", packet.V311, false, "B0 03 0001 00", badPacket, "bytes follow"},
	{"UNSUBACK ID 0", packet.V311, false, "B0 02 0000", badUse, "packet identifier"},

	{"UNSUBSCRIBE without entries", packet.V311, true, "A2 02 0001", badUse, "[MQTT-3.10.3-2]"},
	{"UNSUBSCRIBE 5 without entries", packet.V5, true, "A2 03 0001 00", badUse, "[MQTT-3.10.3-2]"},
	{"UNSUBSCRIBE ID 0", packet.V5, true, "A2 06 0000 00 0001 'a'", badUse, "[MQTT-2.2.1-3]"},
	{"UNSUBSCRIBE filter cut", packet.V311, true, "A2 04 0001 0001", badPacket, "topic filter"},

	{"PINGREQ with a body", packet.V311, true, "C0 01 00", badPacket, "PINGREQ has a body"},
	{"DISCONNECT 3.1.1 with a body", packet.V311, true, "E0 01 00", badPacket, "DISCONNECT has a body"},
	{"DISCONNECT reason of a server", packet.V5, true, "E0 01 8B", badUse, "[MQTT-3.14.2-1]"},
	{"DISCONNECT reason of a client", packet.V5, false, "E0 01 04", badUse, "[MQTT-3.14.2-1]"},
	{"DISCONNECT reason of nobody", packet.V5, true, "E0 01 01", badUse, "[MQTT-3.14.2-1]"},
	{"DISCONNECT expiry of a server", packet.V5, false, "E0 07 00 05 11 00000000", badUse, "[MQTT-3.14.2-2]"},
	{"DISCONNECT reference of a client", packet.V5, true, "E0 06 00 04 1C 0001 's'", badUse, "Server Reference"},
	{"DISCONNECT trailing byte", packet.V5, true, "E0 03 00 00 00", badPacket, "bytes follow"},
	{"AUTH in 3.1.1", packet.V311, true, "F0 00", badUse, "MQTT 5"},
	{"AUTH success of a client", packet.V5, true, "F0 00", badUse, "[MQTT-3.15.2-1]"},
	{"AUTH again of a server", packet.V5, false, "F0 06 19 04 15 0001 'm'", badUse, "[MQTT-3.15.2-1]"},
	{"AUTH without a method", packet.V5, true, "F0 02 18 00", badUse, "Authentication Method"},
	{"AUTH data without a method", packet.V5, true, "F0 05 18 03 16 0000", badUse, "Authentication Method"},
	{"AUTH without properties", packet.V5, true, "F0 01 18", badPacket, "properties"},
}
