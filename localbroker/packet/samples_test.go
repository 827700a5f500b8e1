package packet_test

import "github.com/thingdesk/thingdesk/localbroker/packet"

// sample is a packet in its shortest form and what it says.
type sample struct {
	name   string
	v      packet.Version
	client bool // the client sent it
	bytes  string
	want   any
}

// samples has packets of each type and version.
var samples = []sample{
	{
		"CONNECT 3.1", packet.V31, true, "10 0F 0006 'MQIsdp' 03 02 003C 0001 'a'",
		&packet.Connect{Version: packet.V31, Clean: true, KeepAlive: 60, ClientID: "a"},
	},
	{
		"CONNECT 3.1 with all", packet.V31, true,
		"10 1B 0006 'MQIsdp' 03 EC FFFF 0001 'a' 0001 'w' 0001 FF 0001 'u' 0001 00",
		&packet.Connect{
			Version: packet.V31, KeepAlive: 65535, ClientID: "a", HasUser: true, HasPassword: true, User: "u",
			Password: []byte{0}, Will: &packet.Will{QoS: 1, Retain: true, Topic: "w", Payload: []byte{0xFF}},
		},
	},
	{
		"CONNECT 3.1.1", packet.V311, true, "10 0C 0004 'MQTT' 04 02 0000 0000",
		&packet.Connect{Version: packet.V311, Clean: true},
	},
	{
		"CONNECT 3.1.1 with all", packet.V311, true,
		"10 1A 0004 'MQTT' 04 D4 003C 0001 'a' 0003 'w/t' 0000 0002 'us' 0000",
		&packet.Connect{
			Version: packet.V311, KeepAlive: 60, ClientID: "a", HasUser: true, HasPassword: true, User: "us",
			Password: []byte{}, Will: &packet.Will{QoS: 2, Topic: "w/t", Payload: []byte{}},
		},
	},
	{
		"CONNECT 5", packet.V5, true, "10 0D 0004 'MQTT' 05 02 003C 00 0000",
		&packet.Connect{Version: packet.V5, Clean: true, KeepAlive: 60},
	},
	{
		"CONNECT 5 with a password alone", packet.V5, true, "10 10 0004 'MQTT' 05 40 003C 00 0000 0001 'p'",
		&packet.Connect{Version: packet.V5, KeepAlive: 60, HasPassword: true, Password: []byte("p")},
	},
	{
		"CONNECT 5 with all", packet.V5, true,
		"10 61 0004 'MQTT' 05 EE 000A 26" +
			"11 FFFFFFFF 21 0014 27 00010000 22 000A 19 01 17 00 26 0001 'k' 0001 'v' 15 0003 'SCR' 16 0002 0001" +
			"0002 'id' 1E" +
			"18 0000000A 01 01 02 0000003C 03 0001 'c' 08 0001 'r' 09 0001 FF 26 0001 'a' 0000" +
			"0001 'w' 0002 'hi' 0001 'u' 0001 'p'",
		&packet.Connect{
			Version: packet.V5, Clean: true, KeepAlive: 10, ClientID: "id", HasUser: true, HasPassword: true,
			User: "u", Password: []byte("p"),
			Properties: wire("11 FFFFFFFF 21 0014 27 00010000 22 000A 19 01 17 00 26 0001 'k' 0001 'v'" +
				"15 0003 'SCR' 16 0002 0001"),
			Will: &packet.Will{
				QoS: 1, Retain: true, Topic: "w", Payload: []byte("hi"),
				Properties: wire("18 0000000A 01 01 02 0000003C 03 0001 'c' 08 0001 'r' 09 0001 FF 26 0001 'a' 0000"),
			},
		},
	},
	{"CONNACK 3.1", packet.V31, false, "20 02 00 02", packet.Connack{Code: 2}},
	{"CONNACK 3.1.1", packet.V311, false, "20 02 01 00", packet.Connack{SessionPresent: true}},
	{"CONNACK 3.1.1 refusing", packet.V311, false, "20 02 00 05", packet.Connack{Code: 5}},
	{"CONNACK 5", packet.V5, false, "20 03 01 00 00", packet.Connack{SessionPresent: true}},
	{
		"CONNACK 5 refusing", packet.V5, false, "20 08 00 87 05 1F 0002 'no'",
		packet.Connack{Code: 0x87, Properties: wire("1F 0002 'no'")},
	},
	{
		"CONNACK 5 with all", packet.V5, false,
		"20 39 00 00 36 11 00000000 21 0001 24 01 25 00 27 00000064 12 0001 'i' 22 0000 26 0000 0000" +
			"28 00 29 00 2A 01 13 0000 1A 0001 'r' 1C 0001 's' 15 0001 'm' 16 0001 00",
		packet.Connack{Properties: wire("11 00000000 21 0001 24 01 25 00 27 00000064 12 0001 'i' 22 0000" +
			"26 0000 0000 28 00 29 00 2A 01 13 0000 1A 0001 'r' 1C 0001 's' 15 0001 'm' 16 0001 00")},
	},
	{
		"PUBLISH 3.1", packet.V31, true, "3D 06 0001 't' 0001 'p'",
		packet.Publish{Dup: true, QoS: 2, Retain: true, ID: 1, Topic: []byte("t"), Payload: []byte("p")},
	},
	{
		"PUBLISH 3.1.1", packet.V311, true, "30 03 0001 't'",
		packet.Publish{Topic: []byte("t"), Payload: []byte{}},
	},
	{
		"PUBLISH 3.1.1 QoS 1", packet.V311, false, "32 0A 0005 'a/b/c' FFFF 00",
		packet.Publish{QoS: 1, ID: 65535, Topic: []byte("a/b/c"), Payload: []byte{0}},
	},
	{
		"PUBLISH 5", packet.V5, true, "31 06 0001 't' 00 'hi'",
		packet.Publish{Retain: true, Topic: []byte("t"), Payload: []byte("hi")},
	},
	{
		"PUBLISH 5 with an alias", packet.V5, true, "34 09 0000 0007 03 23 0001 'x'",
		packet.Publish{QoS: 2, ID: 7, Topic: []byte{}, Properties: wire("23 0001"), Payload: []byte("x")},
	},
	{
		"PUBLISH 5 with all", packet.V5, false,
		"3A 36 0001 't' 0102 2D 01 01 02 00000001 23 FFFF 08 0003 'r/t' 09 0000 26 0001 'a' 0001 'b'" +
			"26 0001 'a' 0001 'c' 0B 01 0B FFFFFF7F 03 0002 C3A9 'pay'",
		packet.Publish{
			Dup: true, QoS: 1, ID: 0x102, Topic: []byte("t"), Payload: []byte("pay"),
			Properties: wire("01 01 02 00000001 23 FFFF 08 0003 'r/t' 09 0000 26 0001 'a' 0001 'b'" +
				"26 0001 'a' 0001 'c' 0B 01 0B FFFFFF7F 03 0002 C3A9"),
		},
	},
	{"PUBACK 3.1", packet.V31, true, "40 02 0001", packet.Ack{Type: packet.PUBACK, ID: 1}},
	{"PUBACK 3.1.1", packet.V311, true, "40 02 0100", packet.Ack{Type: packet.PUBACK, ID: 256}},
	{"PUBREC 3.1.1", packet.V311, true, "50 02 0001", packet.Ack{Type: packet.PUBREC, ID: 1}},
	{"PUBREL 3.1.1", packet.V311, true, "62 02 0001", packet.Ack{Type: packet.PUBREL, ID: 1}},
	{"PUBCOMP 3.1.1", packet.V311, true, "70 02 0001", packet.Ack{Type: packet.PUBCOMP, ID: 1}},
	{"PUBACK 5", packet.V5, true, "40 02 0001", packet.Ack{Type: packet.PUBACK, ID: 1}},
	{
		"PUBACK 5 with a reason", packet.V5, true, "40 03 0001 10",
		packet.Ack{Type: packet.PUBACK, ID: 1, Reason: packet.NoMatchingSubscribers},
	},
	{
		"PUBREC 5 with all", packet.V5, true, "50 0D 0001 99 09 1F 0000 26 0000 0001 'v'",
		packet.Ack{
			Type: packet.PUBREC, ID: 1, Reason: packet.PayloadFormatInvalid,
			Properties: wire("1F 0000 26 0000 0001 'v'"),
		},
	},
	{
		"PUBREL 5", packet.V5, true, "62 03 0001 92",
		packet.Ack{Type: packet.PUBREL, ID: 1, Reason: packet.PacketIdentifierNotFound},
	},
	{
		"PUBCOMP 5 with a property", packet.V5, true, "70 08 0001 00 04 1F 0001 's'",
		packet.Ack{Type: packet.PUBCOMP, ID: 1, Properties: wire("1F 0001 's'")},
	},
	{
		"SUBSCRIBE 3.1", packet.V31, true, "82 06 0001 0001 '#' 02",
		&packet.Subscribe{ID: 1, Filters: []packet.Subscription{{Filter: "#", Options: 2}}},
	},
	{
		"SUBSCRIBE 3.1.1", packet.V311, true, "82 0B 000A 0001 'a' 00 0002 'b#' 01",
		&packet.Subscribe{ID: 10, Filters: []packet.Subscription{{Filter: "a"}, {Filter: "b#", Options: 1}}},
	},
	{
		"SUBSCRIBE 5", packet.V5, true, "82 07 0001 00 0001 'a' 2E",
		&packet.Subscribe{ID: 1, Filters: []packet.Subscription{{Filter: "a", Options: 0x2E}}},
	},
	{
		"SUBSCRIBE 5 with all", packet.V5, true,
		"82 1E 0001 09 0B 8001 26 0001 'k' 0000 0000 00 0001 '+' 14 0008 '$share/g' 01",
		&packet.Subscribe{
			ID: 1, Properties: wire("0B 8001 26 0001 'k' 0000"),
			Filters: []packet.Subscription{{}, {Filter: "+", Options: 0x14}, {Filter: "$share/g", Options: 1}},
		},
	},
	{
		"SUBACK 3.1", packet.V31, false, "90 03 0001 02",
		&packet.Suback{Type: packet.SUBACK, ID: 1, Codes: []packet.Reason{2}},
	},
	{
		"SUBACK 3.1.1", packet.V311, false, "90 05 0001 00 80 01",
		&packet.Suback{Type: packet.SUBACK, ID: 1, Codes: []packet.Reason{0, 0x80, 1}},
	},
	{
		"SUBACK 5", packet.V5, false, "90 08 0001 03 1F 0000 A2 01",
		&packet.Suback{
			Type: packet.SUBACK, ID: 1, Properties: wire("1F 0000"),
			Codes: []packet.Reason{packet.WildcardsNotSupported, packet.GrantedQoS1},
		},
	},
	{"UNSUBSCRIBE 3.1", packet.V31, true, "A2 05 0001 0001 'a'", &packet.Unsubscribe{ID: 1, Filters: []string{"a"}}},
	{
		"UNSUBSCRIBE 3.1.1", packet.V311, true, "A2 08 0001 0001 'a' 0001 '#'",
		&packet.Unsubscribe{ID: 1, Filters: []string{"a", "#"}},
	},
	{
		"UNSUBSCRIBE 5", packet.V5, true, "A2 0B 0001 05 26 0000 0000 0001 'a'",
		&packet.Unsubscribe{ID: 1, Properties: wire("26 0000 0000"), Filters: []string{"a"}},
	},
	{"UNSUBACK 3.1.1", packet.V311, false, "B0 02 0001", &packet.Suback{Type: packet.UNSUBACK, ID: 1}},
	{
		"UNSUBACK 5", packet.V5, false, "B0 05 0001 00 00 11",
		&packet.Suback{Type: packet.UNSUBACK, ID: 1, Codes: []packet.Reason{0, packet.NoSubscriptionExisted}},
	},
	{"PINGREQ", packet.V311, true, "C0 00", packet.PINGREQ},
	{"PINGRESP", packet.V5, false, "D0 00", packet.PINGRESP},
	{"DISCONNECT 3.1.1", packet.V311, true, "E0 00", packet.Farewell{Type: packet.DISCONNECT}},
	{"DISCONNECT 5", packet.V5, true, "E0 00", packet.Farewell{Type: packet.DISCONNECT}},
	{
		"DISCONNECT 5 with Will", packet.V5, true, "E0 01 04",
		packet.Farewell{Type: packet.DISCONNECT, Reason: packet.DisconnectWithWill},
	},
	{
		"DISCONNECT 5 of a client", packet.V5, true, "E0 07 00 05 11 00000000",
		packet.Farewell{Type: packet.DISCONNECT, Properties: wire("11 00000000")},
	},
	{
		"DISCONNECT 5 of a server", packet.V5, false, "E0 09 9D 07 1C 0001 's' 1F 0000",
		packet.Farewell{Type: packet.DISCONNECT, Reason: packet.ServerMoved, Properties: wire("1C 0001 's' 1F 0000")},
	},
	{
		"AUTH of a client", packet.V5, true, "F0 09 19 07 15 0001 'm' 16 0000",
		packet.Farewell{Type: packet.AUTH, Reason: packet.ReAuthenticate, Properties: wire("15 0001 'm' 16 0000")},
	},
	{
		"AUTH of a server", packet.V5, false, "F0 06 18 04 15 0001 'm'",
		packet.Farewell{Type: packet.AUTH, Reason: packet.ContinueAuthentication, Properties: wire("15 0001 'm'")},
	},
	{"AUTH with success", packet.V5, false, "F0 00", packet.Farewell{Type: packet.AUTH}},
}
