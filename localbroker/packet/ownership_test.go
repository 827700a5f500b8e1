package packet_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/thingdesk/thingdesk/localbroker/packet"
)

// What is decoded into a pointer is a copy: the buffer of the connection may
// be used again.
func TestPointersKeepCopies(t *testing.T) {
	t.Parallel()
	for _, s := range samples {
		switch s.want.(type) {
		case *packet.Connect, *packet.Subscribe, *packet.Unsubscribe, *packet.Suback:
		default:
			continue
		}
		b := wire(s.bytes)
		got, err := decode(s.v, s.client, b)
		if err != nil {
			t.Fatal(s.name, err)
		}
		clear(b)
		if diff := cmp.Diff(s.want, got); diff != "" {
			t.Errorf("%s, after its bytes are gone (-want +got):\n%s", s.name, diff)
		}
	}
}

// Appending to a slice that was decoded must not write into its neighbours.
func TestSlicesEndWhereTheyEnd(t *testing.T) {
	t.Parallel()
	for _, s := range samples {
		if packet.TypeOf(wire(s.bytes)[0]) == packet.CONNECT {
			continue
		}
		raw := wire(s.bytes)
		body := guarded(raw[2:])
		value, err := decodeBody(s.v, raw[0], body, s.client)
		if err != nil {
			t.Fatal(s.name, err)
		}
		var slices [][]byte
		switch p := value.(type) {
		case packet.Publish:
			slices = [][]byte{p.Topic, p.Properties, p.Payload}
		case packet.Ack:
			slices = [][]byte{p.Properties}
		case packet.Connack:
			slices = [][]byte{p.Properties}
		case packet.Farewell:
			slices = [][]byte{p.Properties}
		}
		for _, slice := range slices {
			_ = append(slice, "overwritten"...)
		}
		checkGuard(t, body, raw[2:])
	}
}

// One Publish serves a whole connection.
func TestPublishIsUsedAgain(t *testing.T) {
	t.Parallel()
	var p packet.Publish
	for _, s := range samples {
		want, ok := s.want.(packet.Publish)
		if !ok {
			continue
		}
		// Before each one, the sample that sets every field.
		full := wire("3D 0A 0001 'x' 0909 03 23 0009 '?'")
		if err := p.Decode(packet.V5, full[0], full[2:], false); err != nil {
			t.Fatal(err)
		}
		b := wire(s.bytes)
		if err := p.Decode(s.v, b[0], b[2:], s.client); err != nil {
			t.Fatal(s.name, err)
		}
		if diff := cmp.Diff(want, p); diff != "" {
			t.Errorf("%s (-want +got):\n%s", s.name, diff)
		}
	}
}

func TestPublishDecodeChecksTheFirstByteItself(t *testing.T) {
	t.Parallel()
	var p packet.Publish
	wantRefusal(t, p.Decode(packet.V311, 0x36, wire("0001 't' 0001"), true), packet.MalformedPacket, "[MQTT-3.3.1-4]")
	wantRefusal(t, p.Decode(packet.V311, 0x38, wire("0001 't'"), true), packet.MalformedPacket, "[MQTT-3.3.1-2]")
}

func TestSubscriptionOptions(t *testing.T) {
	t.Parallel()
	for options := range byte(0x30) {
		s := packet.Subscription{Options: options}
		got := s.QoS() | s.RetainHandling()<<4
		if s.NoLocal() {
			got |= 4
		}
		if s.RetainAsPublished() {
			got |= 8
		}
		if got != options {
			t.Errorf("options %02x read as %02x", options, got)
		}
	}
}

// Properties that nobody checked end at the first fault.
func TestGettersEndAtAFault(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"00 0101", "02 0000", "03 0002 'c'", "26 0001 'k' 0001", "0B 80", "0B 8000 0101", "FF 0101"} {
		p := packet.Properties(wire("26 0001 'a' 0001 'b'" + bad))
		if n, ok := p.Uint(packet.PayloadFormat); ok {
			t.Errorf("%s: found %d behind it", bad, n)
		}
		pairs, all := 0, 0
		for k, v := range p.User() {
			if k != "a" || v != "b" {
				t.Errorf("%s: %q=%q", bad, k, v)
			}
			pairs++
		}
		for range p.All() {
			all++
		}
		if pairs != 1 || all != 1 {
			t.Errorf("%s: %d User Properties, %d in all", bad, pairs, all)
		}
	}
}

// CONNACK may have Authentication Data without a method: only CONNECT and
// AUTH may not.
func TestConnackWithAuthenticationDataAlone(t *testing.T) {
	t.Parallel()
	if _, err := packet.DecodeConnack(packet.V5, wire("00 00 03 16 0000")); err != nil {
		t.Error(err)
	}
}
