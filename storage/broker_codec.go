package storage

import (
	"encoding/binary"
	"errors"

	"github.com/thingdesk/thingdesk/localbroker/durable"
)

// messageRetain is the bit beside the QoS in the first byte of a stored message.
const messageRetain = 0x80

// errMessage means that stored bytes are no message.
var errMessage = errors.New("no message")

// appendMessage appends a message as it is stored, with topic for its Topic and
// without its ID: QoS and retain flag in one byte; topic, publisher and
// properties, each behind its length as uvarint; the two times as varints; the
// payload is the rest.
func appendMessage(b []byte, m *durable.Message, topic string) []byte {
	first := m.QoS
	if m.Retain {
		first |= messageRetain
	}
	b = append(b, first)
	b = binary.AppendUvarint(b, uint64(len(topic)))
	b = append(b, topic...)
	b = binary.AppendUvarint(b, uint64(len(m.From)))
	b = append(b, m.From...)
	b = binary.AppendUvarint(b, uint64(len(m.Properties)))
	b = append(b, m.Properties...)
	b = binary.AppendVarint(b, m.At)
	b = binary.AppendVarint(b, m.Expires)
	return append(b, m.Payload...)
}

// decodeMessage reads what appendMessage wrote into m, but for the ID. The
// message keeps b. An empty payload or property block is nil.
func decodeMessage(m *durable.Message, b []byte, intern func([]byte) string) error {
	if len(b) == 0 {
		return errMessage
	}
	m.QoS, m.Retain = b[0]&^messageRetain, b[0]&messageRetain != 0
	b = b[1:]
	var topic, from []byte
	for _, field := range []*[]byte{&topic, &from, &m.Properties} {
		n, size := binary.Uvarint(b)
		if size <= 0 || n > uint64(len(b)-size) {
			return errMessage
		}
		end := size + int(n)
		if *field = b[size:end:end]; n == 0 {
			*field = nil
		}
		b = b[end:]
	}
	m.Topic, m.From = intern(topic), intern(from)
	for _, field := range []*int64{&m.At, &m.Expires} {
		n, size := binary.Varint(b)
		if size <= 0 {
			return errMessage
		}
		*field, b = n, b[size:]
	}
	if m.Payload = b; len(b) == 0 {
		m.Payload = nil
	}
	return nil
}

// appendWill appends a Will Message as it is stored.
func appendWill(b []byte, w *durable.Will) []byte {
	return appendMessage(binary.AppendUvarint(b, uint64(w.Delay)), &w.Message, w.Topic)
}

// decodeWill reads what appendWill wrote. The will keeps b.
func decodeWill(b []byte, intern func([]byte) string) (*durable.Will, error) {
	delay, size := binary.Uvarint(b)
	if size <= 0 || delay > 1<<32-1 {
		return nil, errMessage
	}
	w := &durable.Will{Delay: uint32(delay)}
	return w, decodeMessage(&w.Message, b[size:], intern)
}

// appendIDs appends subscription identifiers as they are stored.
func appendIDs(b []byte, ids []uint32) []byte {
	for _, id := range ids {
		b = binary.AppendUvarint(b, uint64(id))
	}
	return b
}

// decodeIDs reads what appendIDs wrote.
func decodeIDs(b []byte) (ids []uint32, err error) {
	for len(b) > 0 {
		id, size := binary.Uvarint(b)
		if size <= 0 || id > 1<<32-1 {
			return nil, errors.New("no subscription identifiers")
		}
		ids, b = append(ids, uint32(id)), b[size:]
	}
	return ids, nil
}
