package packet_test

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/thingdesk/thingdesk/localbroker/packet"
)

// wire makes bytes of hexadecimal digits and 'text'; spaces do not count.
func wire(s string) []byte {
	var b []byte
	for i, part := range strings.Split(s, "'") {
		if i%2 == 1 {
			b = append(b, part...)
			continue
		}
		h, err := hex.DecodeString(strings.ReplaceAll(part, " ", ""))
		if err != nil {
			panic(fmt.Sprintf("%q: %v", s, err))
		}
		b = append(b, h...)
	}
	return b
}

// decode reads a whole packet into a value of its type. MQTT 5 and MQTT 3
// differ only by v; PINGREQ and PINGRESP give their Type.
func decode(v packet.Version, fromClient bool, b []byte) (any, error) {
	first, body, n, done, err := packet.SplitAs(v, b)
	if err != nil {
		return nil, err
	}
	if !done || n != len(b) {
		return nil, errors.New("not one whole packet")
	}
	return decodeBody(v, first, body, fromClient)
}

// decodeBody reads a body.
func decodeBody(v packet.Version, first byte, body []byte, fromClient bool) (any, error) {
	switch t := packet.TypeOf(first); t {
	case packet.CONNECT:
		c, err := packet.DecodeConnect(body)
		return c, err
	case packet.CONNACK:
		return packet.DecodeConnack(v, body)
	case packet.PUBLISH:
		var p packet.Publish
		err := p.Decode(v, first, body, fromClient)
		return p, err
	case packet.PUBACK, packet.PUBREC, packet.PUBREL, packet.PUBCOMP:
		return packet.DecodeAck(v, t, body)
	case packet.SUBSCRIBE:
		return packet.DecodeSubscribe(v, body)
	case packet.SUBACK, packet.UNSUBACK:
		return packet.DecodeSuback(v, t, body)
	case packet.UNSUBSCRIBE:
		return packet.DecodeUnsubscribe(v, body)
	case packet.DISCONNECT, packet.AUTH:
		return packet.DecodeFarewell(v, t, body, fromClient)
	default:
		return t, packet.CheckEmpty(t, body)
	}
}

// encode appends a value that decode gave to dst.
func encode(dst []byte, v packet.Version, value any) []byte {
	switch p := value.(type) {
	case *packet.Connect:
		return p.Append(dst)
	case packet.Connack:
		return p.Append(dst, v)
	case packet.Publish:
		return p.Append(dst, v)
	case packet.Ack:
		return p.Append(dst, v)
	case *packet.Subscribe:
		return p.Append(dst, v)
	case *packet.Suback:
		return p.Append(dst, v)
	case *packet.Unsubscribe:
		return p.Append(dst, v)
	case packet.Farewell:
		return p.Append(dst, v)
	case packet.Type:
		if p == packet.PINGREQ {
			return append(dst, packet.Pingreq...)
		}
		return append(dst, packet.Pingresp...)
	default:
		panic(fmt.Sprintf("%T", value))
	}
}

func TestSamples(t *testing.T) {
	t.Parallel()
	for _, s := range samples {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			b := wire(s.bytes)
			got, err := decode(s.v, s.client, b)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(s.want, got); diff != "" {
				t.Errorf("decoded (-want +got):\n%s", diff)
			}
			const before = "before"
			if diff := cmp.Diff([]byte(before+string(b)), encode([]byte(before), s.v, s.want)); diff != "" {
				t.Errorf("encoded (-want +got):\n%s", diff)
			}
			if p, ok := s.want.(packet.Publish); ok && p.Size(s.v) != len(b) {
				t.Errorf("Size is %d, want %d", p.Size(s.v), len(b))
			}
		})
	}
}

// Every shorter body of a good packet is refused, unless the field that it
// ends after is one that may be left out; none panics.
func TestSamplesCutShort(t *testing.T) {
	t.Parallel()
	for _, s := range samples {
		first, body, _, _, err := packet.SplitAs(s.v, wire(s.bytes))
		if err != nil {
			t.Fatal(s.name, err)
		}
		for n := range body {
			value, err := decodeBody(s.v, first, body[:n], s.client)
			var refusal *packet.Error
			switch {
			case err != nil && !errors.As(err, &refusal):
				t.Errorf("%s, %d bytes: the error is a %T", s.name, n, err)
			case err == nil && !mayEndEarly(s.v, value):
				t.Errorf("%s, %d bytes: decoded to %+v", s.name, n, value)
			}
		}
	}
}

// mayEndEarly tells whether a packet of the value's kind may be a good one
// without its last bytes.
func mayEndEarly(v packet.Version, value any) bool {
	switch value := value.(type) {
	case packet.Publish, *packet.Subscribe, *packet.Unsubscribe, *packet.Suback:
		return true // payload, more filters, more codes
	case packet.Ack, packet.Farewell:
		return v == packet.V5 // reason code and properties
	case *packet.Connect:
		return value.Version == packet.V31 // user name and password
	default:
		return false
	}
}

func TestNotCanonical(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name      string
		v         packet.Version
		client    bool
		long, own string
	}{
		{"PUBACK with success spelt out", packet.V5, true, "40 03 0001 00", "40 02 0001"},
		{"PUBACK with an empty property length", packet.V5, true, "40 04 0001 00 00", "40 02 0001"},
		{"PUBREC with a reason and no properties", packet.V5, true, "50 04 0001 97 00", "50 03 0001 97"},
		{"DISCONNECT with success spelt out", packet.V5, true, "E0 01 00", "E0 00"},
		{"DISCONNECT with a reason and no properties", packet.V5, true, "E0 02 04 00", "E0 01 04"},
		{"AUTH with success spelt out", packet.V5, false, "F0 02 00 00", "F0 00"},
		{
			"CONNECT 3.1 with its user name missing", packet.V31, true,
			"10 0F 0006 'MQIsdp' 03 C2 003C 0001 'a'", "10 0F 0006 'MQIsdp' 03 02 003C 0001 'a'",
		},
		{
			"CONNECT 3.1 with its password missing", packet.V31, true,
			"10 12 0006 'MQIsdp' 03 C2 003C 0001 'a' 0001 'u'", "10 12 0006 'MQIsdp' 03 82 003C 0001 'a' 0001 'u'",
		},
		{"PUBREL 3.1 again", packet.V31, true, "6A 02 0001", "62 02 0001"},
	} {
		value, err := decode(c.v, c.client, wire(c.long))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if diff := cmp.Diff(wire(c.own), encode(nil, c.v, value)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for _, r := range refusals {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			value, err := decode(r.v, r.client, wire(r.bytes))
			var refusal *packet.Error
			if !errors.As(err, &refusal) {
				t.Fatalf("got %+v and error %v, want a refusal", value, err)
			}
			if refusal.Reason != r.reason {
				t.Errorf("reason is %v, want %v (%v)", refusal.Reason, r.reason, err)
			}
			if !strings.Contains(err.Error(), r.text) {
				t.Errorf("text is %q, want %q in it", err, r.text)
			}
		})
	}
}

func TestUnsupportedVersionSaysWhatToAnswerIn(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		body string
		want packet.Version
	}{
		{"0004 'MQTT' 06 02 003C 00 0000", packet.V5},
		{"0004 'MQTT' 85", packet.V5},
		{"0004 'MQTT' 84 02 003C 0001 'b'", packet.V311},
		{"0006 'MQIsdp' 83 02 003C 0001 'b'", packet.V31},
		{"0006 'MQIsdp' 04 02 003C 0001 'b'", packet.V31},
		{"0004 'MQTT' 03 02 003C 0001 'b'", packet.V311},
		{"0004 'mqtt' 05 02 003C 00 0001 'b'", packet.V5},
		{"0004 'MQTT' 00 02 003C 0001 'b'", packet.V311},
		{"0000 04", packet.V311},
	} {
		got, err := packet.DecodeConnect(wire(c.body))
		var refusal *packet.Error
		if !errors.As(err, &refusal) || refusal.Reason != packet.UnsupportedProtocolVersion {
			t.Errorf("%s: error is %v", c.body, err)
			continue
		}
		if diff := cmp.Diff(&packet.Connect{Version: c.want}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.body, diff)
		}
	}
}
