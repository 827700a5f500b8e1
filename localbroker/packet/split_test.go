package packet_test

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/thingdesk/thingdesk/localbroker/packet"
)

func TestSplitTakesThePacketsOneByOne(t *testing.T) {
	t.Parallel()
	stream := wire("C0 00  30 05 0001 't' 'hi'  E0")
	first, body, n, done, err := packet.Split(stream)
	if first != 0xC0 || len(body) != 0 || body == nil || n != 2 || !done || err != nil {
		t.Fatalf("first packet: %x %x %d %v %v", first, body, n, done, err)
	}
	stream = stream[n:]
	first, body, n, done, err = packet.Split(stream)
	if first != 0x30 || string(body) != "\x00\x01thi" || n != 7 || !done || err != nil {
		t.Fatalf("second packet: %x %x %d %v %v", first, body, n, done, err)
	}
	if cap(body) != len(body) {
		t.Errorf("the body may grow into the next packet: %d, %d", len(body), cap(body))
	}
	stream = stream[n:]
	first, body, n, done, err = packet.Split(stream)
	if first != 0xE0 || body != nil || n != 0 || done || err != nil {
		t.Fatalf("third packet: %x %x %d %v %v", first, body, n, done, err)
	}
}

func TestSplitAsBytesCome(t *testing.T) {
	t.Parallel()
	for _, length := range []int{0, 1, 127, 128, 16383, 16384, 2097151, 2097152} {
		p := packet.Publish{Topic: []byte("t"), Payload: make([]byte, max(0, length-3))}
		if length < 3 {
			continue
		}
		b := p.Append(nil, packet.V311)
		header := len(b) - length
		if p.Size(packet.V311) != len(b) {
			t.Errorf("Size is %d, want %d", p.Size(packet.V311), len(b))
		}
		for _, have := range []int{0, 1, header - 1, header, header + 1, len(b) - 1, len(b), len(b)} {
			wantN := len(b)
			if have < header {
				wantN = 0
			}
			_, body, n, done, err := packet.Split(b[:have])
			if n != wantN || done != (have == len(b)) || err != nil {
				t.Errorf("%d of %d bytes: n %d, done %v, %v", have, len(b), n, done, err)
			}
			if done && !bytes.Equal(body, b[header:]) || !done && body != nil {
				t.Errorf("%d of %d bytes: body has %d", have, len(b), len(body))
			}
		}
	}
	if _, _, n, _, err := packet.Split(wire("30 FFFFFF7F")); n != 5+packet.MaxRemaining || err != nil {
		t.Errorf("greatest packet: %d, %v", n, err)
	}
}

func TestSplitRefusesAsSoonAsItSees(t *testing.T) {
	t.Parallel()
	for _, b := range []string{
		"00", "0F", "11", "21", "36", "38", "3E", "41", "60", "80", "8A", "A0", "C1", "D8", "E2", "F1",
		"C0 8000", "30 FF8000", "30 FFFF8000", "30 80808000", "30 FFFFFFFF", "30 FFFFFF80",
	} {
		_, body, n, done, err := packet.Split(wire(b))
		wantRefusal(t, err, packet.MalformedPacket, "")
		if body != nil || n != 0 || done {
			t.Errorf("%s: %x %d %v besides the error", b, body, n, done)
		}
	}
}

func TestTypes(t *testing.T) {
	t.Parallel()
	if got := packet.TypeOf(0x82); got != packet.SUBSCRIBE || got.String() != "SUBSCRIBE" {
		t.Errorf("type of 0x82 is %v", got)
	}
	if got := packet.Type(16).String(); got != "type 16" {
		t.Errorf("type 16 is %q", got)
	}
}

func TestReasonNames(t *testing.T) {
	t.Parallel()
	for r, want := range map[packet.Reason]string{
		0x00: "success", 0x01: "granted QoS 1", 0x04: "disconnect with will message",
		0x19: "re-authenticate", 0x83: "implementation specific error", 0x85: "client identifier not valid",
		0x86: "bad user name or password", 0x9E: "shared subscriptions not supported",
		0xA1: "subscription identifiers not supported", 0xA2: "wildcard subscriptions not supported",
		0x7F: "reason 0x7F",
	} {
		if got := r.String(); got != want {
			t.Errorf("0x%02X is %q, want %q", byte(r), got, want)
		}
	}
	named := 0
	for n := range 256 {
		if r := packet.Reason(n); r.String()[:6] != "reason" {
			named++
		}
	}
	if named != 43 {
		t.Errorf("%d reasons have names, want the 43 of table 2-6", named)
	}
}

func TestReasonV3(t *testing.T) {
	t.Parallel()
	want := map[packet.Reason]byte{
		packet.UnspecifiedError: 3, packet.MalformedPacket: 5, packet.ProtocolError: 5,
		packet.ImplementationSpecific: 3, packet.UnsupportedProtocolVersion: 1,
		packet.ClientIdentifierNotValid: 2, packet.BadUserNameOrPassword: 4, packet.NotAuthorized: 5,
		packet.ServerUnavailable: 3, packet.ServerBusy: 3, packet.Banned: 5, packet.ServerShuttingDown: 3,
		packet.BadAuthenticationMethod: 5, packet.TopicNameInvalid: 5, packet.PacketTooLarge: 5,
		packet.QuotaExceeded: 3, packet.PayloadFormatInvalid: 5, packet.RetainNotSupported: 5,
		packet.QoSNotSupported: 5, packet.UseAnotherServer: 3, packet.ServerMoved: 3,
		packet.ConnectionRateExceeded: 3, packet.Success: 0, packet.GrantedQoS2: 0,
		packet.NoMatchingSubscribers: 0,
	}
	got := map[packet.Reason]byte{}
	for r := range want {
		got[r] = r.V3()
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("return codes (-want +got):\n%s", diff)
	}
}

// What MQTT 3 cannot say is left out.
func TestAppendForMQTT3(t *testing.T) {
	t.Parallel()
	p := packet.Properties(wire("26 0000 0000"))
	for _, c := range []struct {
		value any
		want  string
	}{
		{packet.Connack{SessionPresent: true, Code: 5, Properties: p}, "20 02 01 05"},
		{packet.Publish{Dup: true, ID: 4, Topic: []byte("t"), Properties: p}, "30 03 0001 't'"},
		{packet.Ack{Type: packet.PUBREC, ID: 2, Reason: packet.QuotaExceeded, Properties: p}, "50 02 0002"},
		{
			&packet.Subscribe{ID: 1, Properties: p, Filters: []packet.Subscription{{Filter: "a", Options: 0x2E}}},
			"82 06 0001 0001 'a' 02",
		},
		{&packet.Unsubscribe{ID: 1, Properties: p, Filters: []string{"a"}}, "A2 05 0001 0001 'a'"},
		{
			&packet.Suback{Type: packet.SUBACK, ID: 1, Properties: p, Codes: []packet.Reason{2, packet.NotAuthorized}},
			"90 04 0001 02 80",
		},
		{&packet.Suback{Type: packet.UNSUBACK, ID: 1, Properties: p, Codes: []packet.Reason{0}}, "B0 02 0001"},
		{packet.Farewell{Type: packet.DISCONNECT, Reason: packet.ServerBusy, Properties: p}, "E0 00"},
		{packet.Farewell{Type: packet.AUTH, Reason: packet.ContinueAuthentication}, ""},
	} {
		if diff := cmp.Diff(string(wire(c.want)), string(encode(nil, packet.V311, c.value))); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", c.value, diff)
		}
	}
	if got := encode(nil, packet.V31, packet.Connack{SessionPresent: true}); !bytes.Equal(got, wire("20 02 00 00")) {
		t.Errorf("CONNACK 3.1 is %x", got)
	}
}

// Strings too long for their length field are cut, so that a packet stays one.
func TestAppendCutsWhatDoesNotFit(t *testing.T) {
	t.Parallel()
	long := string(bytes.Repeat([]byte("é"), 40000))
	const fits = 65534
	c := packet.Connect{
		Version: packet.V5, ClientID: long, HasUser: true, User: long, HasPassword: true, Password: []byte(long),
		Will: &packet.Will{Topic: long, Payload: []byte(long)},
	}
	value, err := decode(packet.V5, true, c.Append(nil))
	if err != nil {
		t.Fatal(err)
	}
	want := &packet.Connect{
		Version: packet.V5, ClientID: long[:fits], HasUser: true, User: long[:fits], HasPassword: true,
		Password: []byte(long[:65535]), Will: &packet.Will{Topic: long[:fits], Payload: []byte(long[:65535])},
	}
	if !cmp.Equal(any(want), value) {
		t.Error("CONNECT is not cut as said")
	}
	p := packet.Publish{Topic: []byte(long), Payload: []byte("p")}
	b := p.Append(nil, packet.V5)
	value, err = decode(packet.V5, true, b)
	got, ok := value.(packet.Publish)
	if err != nil || !ok || len(got.Topic) != fits || p.Size(packet.V5) != len(b) {
		t.Errorf("PUBLISH with %d bytes of topic, size %d of %d, %v", len(got.Topic), p.Size(packet.V5), len(b), err)
	}
}
