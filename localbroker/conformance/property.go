package conformance

import (
	"errors"
	"fmt"
	"slices"
)

// A property of MQTT 5.0; value is as on the wire.
type property struct {
	id    byte
	value []byte
}

// The kinds of values.
const (
	oneByte = iota
	twoBytes
	fourBytes
	variable
	text // or binary
	pair
)

// places tells for each property its kind and the packets from a broker that may
// hold it.
var places = map[byte]struct {
	kind  int
	types []byte
}{
	0x01: {oneByte, []byte{3}},
	0x02: {fourBytes, []byte{3}},
	0x03: {text, []byte{3}},
	0x08: {text, []byte{3}},
	0x09: {text, []byte{3}},
	0x0B: {variable, []byte{3}},
	0x11: {fourBytes, []byte{2}}, // not in a broker's DISCONNECT [MQTT-3.14.2-2]
	0x12: {text, []byte{2}},
	0x13: {twoBytes, []byte{2}},
	0x15: {text, []byte{2, 15}},
	0x16: {text, []byte{2, 15}},
	0x1A: {text, []byte{2}},
	0x1C: {text, []byte{2, 14}},
	0x1F: {text, []byte{2, 4, 5, 6, 7, 9, 11, 14, 15}},
	0x21: {twoBytes, []byte{2}},
	0x22: {twoBytes, []byte{2}},
	0x23: {twoBytes, []byte{3}},
	0x24: {oneByte, []byte{2}},
	0x25: {oneByte, []byte{2}},
	0x26: {pair, []byte{2, 3, 4, 5, 6, 7, 9, 11, 14, 15}},
	0x27: {fourBytes, []byte{2}},
	0x28: {oneByte, []byte{2}},
	0x29: {oneByte, []byte{2}},
	0x2A: {oneByte, []byte{2}},
}

// readProperties reads a property section of a packet of the given type and
// returns what follows it.
func readProperties(b []byte, packetType byte) (props []property, rest []byte, err error) {
	n, skip, ok := readVarint(b)
	if !ok || skip+n > len(b) {
		return nil, nil, errors.New("malformed property length")
	}
	list, rest := b[skip:skip+n], b[skip+n:]
	for len(list) > 0 {
		place, known := places[list[0]]
		if !known || !slices.Contains(place.types, packetType) {
			return nil, nil, fmt.Errorf("property %02X in a packet of type %d", list[0], packetType)
		}
		size := valueSize(list[1:], place.kind)
		if size < 0 || 1+size > len(list) {
			return nil, nil, fmt.Errorf("property %02X is cut off", list[0])
		}
		once := list[0] != 0x26 && list[0] != 0x0B
		if once && slices.ContainsFunc(props, func(p property) bool { return p.id == list[0] }) {
			return nil, nil, fmt.Errorf("property %02X twice", list[0])
		}
		props = append(props, property{list[0], list[1 : 1+size]})
		list = list[1+size:]
	}
	return props, rest, nil
}

// valueSize is the size of the value at the beginning of b, or -1.
func valueSize(b []byte, kind int) int {
	switch kind {
	case oneByte:
		return 1
	case twoBytes:
		return 2
	case fourBytes:
		return 4
	case variable:
		if _, n, ok := readVarint(b); ok {
			return n
		}
		return -1
	}
	if len(b) < 2 {
		return -1
	}
	n := 2 + int(b[0])<<8 + int(b[1])
	if kind == text {
		return n
	}
	if len(b) < n+2 {
		return -1
	}
	return n + 2 + int(b[n])<<8 + int(b[n+1])
}

// readVarint reads a variable byte integer; size is how many bytes it takes.
func readVarint(b []byte) (value, size int, ok bool) {
	for i, x := range b[:min(len(b), 4)] {
		value |= int(x&0x7F) << (7 * i)
		if x&0x80 == 0 {
			return value, i + 1, true
		}
	}
	return 0, 0, false
}
