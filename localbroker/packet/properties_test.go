package packet_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/thingdesk/thingdesk/localbroker/packet"
)

// around puts properties shorter than 128 bytes into a body of type t; type 0
// is the Will of a CONNECT.
func around(t packet.Type, p []byte) []byte {
	var before, after string
	switch t {
	case 0:
		before, after = "0004 'MQTT' 05 06 0000 00 0000", "0001 'w' 0000"
	case packet.CONNECT:
		before, after = "0004 'MQTT' 05 02 0000", "0000"
	case packet.CONNACK:
		before = "00 00"
	case packet.PUBLISH:
		before = "0001 't'"
	case packet.SUBSCRIBE:
		before, after = "0001", "0001 'a' 00"
	case packet.UNSUBSCRIBE:
		before, after = "0001", "0001 'a'"
	case packet.SUBACK, packet.UNSUBACK:
		before, after = "0001", "00"
	case packet.DISCONNECT:
		before = "00"
	case packet.AUTH:
		before = "18"
	default:
		before = "0001 00"
	}
	return slices.Concat(wire(before), []byte{byte(len(p))}, p, wire(after))
}

// decodeAround decodes properties in a packet of type t.
func decodeAround(t packet.Type, fromClient bool, p []byte) error {
	first := byte(t) << 4
	if t == 0 {
		first = byte(packet.CONNECT) << 4
	}
	_, err := decodeBody(packet.V5, first, around(t, p), fromClient)
	return err
}

// homes says for each property which packets it may stand in (type 0 is the
// Will) and gives one good example.
var homes = map[packet.Property]struct {
	bytes string
	in    []packet.Type
}{
	packet.PayloadFormat:           {"01 01", []packet.Type{0, packet.PUBLISH}},
	packet.MessageExpiry:           {"02 00000001", []packet.Type{0, packet.PUBLISH}},
	packet.ContentType:             {"03 0001 'c'", []packet.Type{0, packet.PUBLISH}},
	packet.ResponseTopic:           {"08 0001 'r'", []packet.Type{0, packet.PUBLISH}},
	packet.CorrelationData:         {"09 0001 00", []packet.Type{0, packet.PUBLISH}},
	packet.SubscriptionIdentifier:  {"0B 01", []packet.Type{packet.PUBLISH, packet.SUBSCRIBE}},
	packet.SessionExpiry:           {"11 00000000", []packet.Type{packet.CONNECT, packet.CONNACK, packet.DISCONNECT}},
	packet.AssignedClientID:        {"12 0001 'i'", []packet.Type{packet.CONNACK}},
	packet.ServerKeepAlive:         {"13 0000", []packet.Type{packet.CONNACK}},
	packet.AuthenticationMethod:    {"15 0001 'm'", []packet.Type{packet.CONNECT, packet.CONNACK, packet.AUTH}},
	packet.AuthenticationData:      {"16 0001 00", []packet.Type{packet.CONNECT, packet.CONNACK, packet.AUTH}},
	packet.RequestProblem:          {"17 00", []packet.Type{packet.CONNECT}},
	packet.WillDelay:               {"18 00000000", []packet.Type{0}},
	packet.RequestResponse:         {"19 01", []packet.Type{packet.CONNECT}},
	packet.ResponseInformation:     {"1A 0000", []packet.Type{packet.CONNACK}},
	packet.ServerReference:         {"1C 0000", []packet.Type{packet.CONNACK, packet.DISCONNECT}},
	packet.ReceiveMaximum:          {"21 0001", []packet.Type{packet.CONNECT, packet.CONNACK}},
	packet.TopicAliasMaximum:       {"22 0000", []packet.Type{packet.CONNECT, packet.CONNACK}},
	packet.TopicAlias:              {"23 0001", []packet.Type{packet.PUBLISH}},
	packet.MaximumQoS:              {"24 00", []packet.Type{packet.CONNACK}},
	packet.RetainAvailable:         {"25 01", []packet.Type{packet.CONNACK}},
	packet.MaximumPacketSize:       {"27 00000001", []packet.Type{packet.CONNECT, packet.CONNACK}},
	packet.WildcardsAvailable:      {"28 01", []packet.Type{packet.CONNACK}},
	packet.SubscriptionIDAvailable: {"29 01", []packet.Type{packet.CONNACK}},
	packet.SharedAvailable:         {"2A 01", []packet.Type{packet.CONNACK}},
	packet.ReasonString: {"1F 0000", []packet.Type{
		packet.CONNACK, packet.PUBACK, packet.PUBREC, packet.PUBREL, packet.PUBCOMP, packet.SUBACK,
		packet.UNSUBACK, packet.DISCONNECT, packet.AUTH,
	}},
	packet.UserProperty: {"26 0000 0000", []packet.Type{
		0, packet.CONNECT, packet.CONNACK, packet.PUBLISH, packet.PUBACK, packet.PUBREC, packet.PUBREL,
		packet.PUBCOMP, packet.SUBSCRIBE, packet.SUBACK, packet.UNSUBSCRIBE, packet.UNSUBACK,
		packet.DISCONNECT, packet.AUTH,
	}},
}

// Every identifier is tried in every packet: once, twice, and cut short.
func TestEveryPropertyInEveryPacket(t *testing.T) {
	t.Parallel()
	for where := packet.Type(0); where <= packet.AUTH; where++ {
		if where == packet.PINGREQ || where == packet.PINGRESP {
			continue
		}
		var needed []byte // what the packet needs besides
		for n := range 256 {
			id := packet.Property(n)
			home, known := homes[id]
			one := wire(home.bytes)
			if !known {
				one = []byte{byte(n), 0, 0, 0, 0}
			}
			if needed = nil; where == packet.AUTH && id != packet.AuthenticationMethod ||
				id == packet.AuthenticationData {
				needed = wire("15 0001 'm'")
			}
			if id == packet.AuthenticationData && !slices.Contains(home.in, where) {
				needed = nil
			}
			// Some properties belong to one side.
			fromClient := where != packet.PUBLISH && id != packet.ServerReference
			err := decodeAround(where, fromClient, slices.Concat(needed, one))
			if !slices.Contains(home.in, where) {
				wantRefusal(t, err, packet.MalformedPacket, "")
				continue
			}
			if err != nil {
				t.Errorf("%v in %v: %v", id, where, err)
			}
			for cut := 1; cut < len(one); cut++ {
				wantRefusal(t, decodeAround(where, fromClient, slices.Concat(needed, one[:cut])), packet.MalformedPacket, "cut short")
			}
			err = decodeAround(where, fromClient, slices.Concat(needed, one, one))
			if id == packet.UserProperty || id == packet.SubscriptionIdentifier && where == packet.PUBLISH {
				if err != nil {
					t.Errorf("%v twice in %v: %v", id, where, err)
				}
				continue
			}
			wantRefusal(t, err, packet.ProtocolError, "stands twice")
		}
	}
}

// wantRefusal checks an error.
func wantRefusal(t *testing.T, err error, reason packet.Reason, text string) {
	t.Helper()
	var refusal *packet.Error
	if !errors.As(err, &refusal) || refusal.Reason != reason || !strings.Contains(refusal.Text, text) {
		t.Errorf("got %v, want %v with %q", err, reason, text)
	}
}

func TestPropertyValues(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in     packet.Type
		bytes  string
		reason packet.Reason
		text   string
	}{
		{packet.PUBLISH, "01 02", badUse, "Payload Format Indicator"},
		{packet.CONNECT, "17 02", badUse, "Request Problem Information"},
		{packet.CONNECT, "19 FF", badUse, "Request Response Information"},
		{packet.CONNACK, "24 02", badUse, "Maximum QoS"},
		{packet.CONNACK, "25 02", badUse, "Retain Available"},
		{packet.CONNACK, "28 02", badUse, "Wildcard Subscription Available"},
		{packet.CONNACK, "29 02", badUse, "Subscription Identifier Available"},
		{packet.CONNACK, "2A 02", badUse, "Shared Subscription Available"},
		{packet.CONNECT, "21 0000", badUse, "Receive Maximum is 0"},
		{packet.CONNECT, "27 00000000", badUse, "Maximum Packet Size is 0"},
		{packet.SUBSCRIBE, "0B 00", badUse, "Subscription Identifier is 0"},
		{packet.PUBLISH, "0B 00", badUse, "Subscription Identifier is 0"},
		{packet.SUBSCRIBE, "0B 8100", badPacket, "[MQTT-1.5.5-1]"},
		{packet.SUBSCRIBE, "0B 8080808001", badPacket, "more than four bytes"},
		{packet.PUBLISH, "23 0000", packet.TopicAliasInvalid, "[MQTT-3.3.2-8]"},
		{packet.PUBLISH, "08 0001 '+'", badUse, "[MQTT-3.3.2-14]"},
		{packet.PUBLISH, "08 0003 'a/#'", badUse, "[MQTT-3.3.2-14]"},
		{0, "08 0000", badUse, "[MQTT-4.7.3-1]"},
		{packet.PUBLISH, "03 0001 FF", badPacket, "Content Type is not UTF-8 [MQTT-1.5.4-1]"},
		{packet.PUBLISH, "26 0001 00 0000", badPacket, "name of a User Property has a null character [MQTT-1.5.4-2]"},
		{packet.PUBLISH, "26 0000 0001 80", badPacket, "value of a User Property"},
		{packet.CONNECT, "16 0000", badUse, "without Authentication Method"},
	} {
		wantRefusal(t, decodeAround(c.in, c.in == packet.CONNECT, wire(c.bytes)), c.reason, c.text)
	}
}

func TestPropertiesGetters(t *testing.T) {
	t.Parallel()
	var p packet.Properties
	p = p.AppendUint(packet.PayloadFormat, 1)
	p = p.AppendUint(packet.ReceiveMaximum, 0x1234)
	p = p.AppendUint(packet.MessageExpiry, 0xFFFFFFFF)
	p = p.AppendUint(packet.SubscriptionIdentifier, 128)
	p = p.AppendUint(packet.SubscriptionIdentifier, 1)
	p = p.AppendString(packet.ContentType, "c")
	p = p.AppendString(packet.CorrelationData, "\xff\x00")
	p = p.AppendUser("k", "1")
	p = p.AppendUser("k", "")
	p = p.AppendUint(packet.ContentType, 1)        // no number
	p = p.AppendUint(0x7F, 1)                      // not known
	p = p.AppendString(packet.TopicAlias, "x")     // no string
	p = p.AppendString(packet.UserProperty, "k=v") // a pair
	want := wire("01 01 21 1234 02 FFFFFFFF 0B 8001 0B 01 03 0001 'c' 09 0002 FF00 26 0001 'k' 0001 '1' 26 0001 'k' 0000")
	if diff := cmp.Diff(packet.Properties(want), p); diff != "" {
		t.Fatalf("built (-want +got):\n%s", diff)
	}
	for id, want := range map[packet.Property]uint32{
		packet.PayloadFormat: 1, packet.ReceiveMaximum: 0x1234, packet.MessageExpiry: 0xFFFFFFFF,
		packet.SubscriptionIdentifier: 128,
	} {
		if got, ok := p.Uint(id); got != want || !ok {
			t.Errorf("%v is %d, %v", id, got, ok)
		}
	}
	for _, id := range []packet.Property{packet.TopicAlias, packet.ContentType, packet.UserProperty, 0, 0xFF} {
		if got, ok := p.Uint(id); got != 0 || ok {
			t.Errorf("%v as a number is %d, %v", id, got, ok)
		}
	}
	for id, want := range map[packet.Property]string{packet.ContentType: "c", packet.CorrelationData: "\xff\x00"} {
		if got, ok := p.Bytes(id); string(got) != want || !ok {
			t.Errorf("%v is %q, %v", id, got, ok)
		}
	}
	for _, id := range []packet.Property{packet.ReasonString, packet.PayloadFormat, packet.UserProperty, 0, 0xFF} {
		if got, ok := p.Bytes(id); got != nil || ok {
			t.Errorf("%v as a string is %q, %v", id, got, ok)
		}
	}
	var user []string
	for k, v := range p.User() {
		user = append(user, k+"="+v)
	}
	if diff := cmp.Diff([]string{"k=1", "k="}, user); diff != "" {
		t.Errorf("User (-want +got):\n%s", diff)
	}
	var whole []byte
	n := 0
	for id, raw := range p.All() {
		if packet.Property(raw[0]) != id {
			t.Errorf("property %v starts with %x", id, raw[0])
		}
		whole = append(whole, raw...)
		n++
	}
	if n != 9 || string(whole) != string(p) {
		t.Errorf("All gave %d properties, %x", n, whole)
	}
	for range p.User() {
		break
	}
	for range p.All() {
		break
	}
}

func TestAppendStringCutsAtTheEndOfACharacter(t *testing.T) {
	t.Parallel()
	p := packet.Properties(nil).AppendString(packet.ReasonString, strings.Repeat("é", 40000))
	got, _ := p.Bytes(packet.ReasonString)
	if want := strings.Repeat("é", 32767); string(got) != want {
		t.Errorf("string has %d bytes, want %d", len(got), len(want))
	}
	p = packet.Properties(nil).AppendString(packet.CorrelationData, strings.Repeat("é", 40000))
	if got, _ := p.Bytes(packet.CorrelationData); len(got) != 65535 {
		t.Errorf("binary data has %d bytes, want 65535", len(got))
	}
	p = packet.Properties(nil).AppendUser(strings.Repeat("x", 70000), strings.Repeat("😀", 20000))
	for k, v := range p.User() {
		if len(k) != 65535 || len(v) != 65532 {
			t.Errorf("User Property has %d and %d bytes", len(k), len(v))
		}
	}
}
