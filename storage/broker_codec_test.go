package storage

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/thingdesk/thingdesk/localbroker/durable"
)

// FuzzStoredMessage reads any bytes as a stored will, message and subscription
// identifiers: they are refused, or what was read comes out the same when it is
// written and read again.
func FuzzStoredMessage(f *testing.F) {
	f.Add([]byte{})
	f.Add(appendWill(nil, &durable.Will{Delay: 300, Message: durable.Message{
		Topic: "a/b", Payload: []byte("on"), Properties: []byte{1, 2}, QoS: 2, Retain: true, From: "me", At: -5, Expires: 1 << 60,
	}}))
	f.Add(appendMessage(nil, &durable.Message{}, ""))
	f.Add([]byte{0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	text := func(b []byte) string { return string(b) }
	f.Fuzz(func(t *testing.T, b []byte) {
		before := bytes.Clone(b)
		if w, err := decodeWill(b, text); err == nil {
			again, err := decodeWill(appendWill(nil, w), text)
			if diff := cmp.Diff(w, again); diff != "" || err != nil {
				t.Errorf("will: %v (-first +again):\n%s", err, diff)
			}
		}
		var m, again durable.Message
		if err := decodeMessage(&m, b, text); err == nil {
			err := decodeMessage(&again, appendMessage(nil, &m, m.Topic), text)
			if diff := cmp.Diff(m, again); diff != "" || err != nil {
				t.Errorf("message: %v (-first +again):\n%s", err, diff)
			}
		}
		if ids, err := decodeIDs(b); err == nil {
			again, err := decodeIDs(appendIDs(nil, ids))
			if diff := cmp.Diff(ids, again); diff != "" || err != nil {
				t.Errorf("identifiers: %v (-first +again):\n%s", err, diff)
			}
		}
		if !bytes.Equal(b, before) {
			t.Error("reading has changed the bytes")
		}
	})
}
