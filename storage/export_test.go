package storage_test

import (
	"context"
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/storage"
)

func exportHistory(t *testing.T) storage.History {
	t.Helper()
	h := openRows(t, t.TempDir(), 100)
	must(t, h.Append(t.Context(), []storage.Entry{
		{Source: "1", SourceName: `Hall "7"`, Message: broker.Message{Time: 1_800_000_000_000_000, Topic: "a/ü", Payload: []byte(`{"t":"<21 &>"}`), QoS: 1, Retained: true}},
		{Source: "1", SourceName: `Hall "7"`, Message: broker.Message{Time: 1_800_000_000_000_001, Topic: "b", Payload: []byte{0xff, 0, '"'}, Direction: broker.Out}},
		{Source: "1", SourceName: `Hall "7"`, Message: broker.Message{Time: -1, Topic: "c", Payload: []byte("x\ny,\x00\u2028\ufffd\t\\\"")}},
		{Source: "1", SourceName: `Hall "7"`, Message: broker.Message{Time: 1, Topic: "bad\xfftopic"}},
	}))
	return h
}

func TestExportNDJSON(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	n, err := storage.Export(t.Context(), exportHistory(t), storage.Query{}, storage.NDJSON, &out)
	want := `{"time":"2027-01-15T08:00:00.000000Z","connection":"Hall \"7\"","direction":"in","topic":"a/ü","qos":1,"retained":true,"size":14,"payload":"{\"t\":\"<21 &>\"}"}
{"time":"2027-01-15T08:00:00.000001Z","connection":"Hall \"7\"","direction":"out","topic":"b","qos":0,"retained":false,"size":3,"payload_base64":"/wAi"}
{"time":"1969-12-31T23:59:59.999999Z","connection":"Hall \"7\"","direction":"in","topic":"c","qos":0,"retained":false,"size":14,"payload":"x\ny,\u0000` + "\u2028\ufffd" + `\t\\\""}
{"time":"1970-01-01T00:00:00.000001Z","connection":"Hall \"7\"","direction":"in","topic_base64":"YmFk/3RvcGlj","qos":0,"retained":false,"size":0,"payload":""}
`
	if d := cmp.Diff(want, out.String()); d != "" || n != 4 || err != nil {
		t.Errorf("%d rows, %v (-want +got):\n%s", n, err, d)
	}
}

func TestExportCSV(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	n, err := storage.Export(t.Context(), exportHistory(t), storage.Query{Filters: []string{"a/#", "b", "c"}}, storage.CSV, &out)
	got, parse := csv.NewReader(strings.NewReader(out.String())).ReadAll()
	want := [][]string{
		{"time", "connection", "direction", "topic", "qos", "retained", "size", "payload", "payload_base64"},
		{"2027-01-15T08:00:00.000000Z", `Hall "7"`, "in", "a/ü", "1", "true", "14", `{"t":"<21 &>"}`, ""},
		{"2027-01-15T08:00:00.000001Z", `Hall "7"`, "out", "b", "0", "false", "3", "", "/wAi"},
		{"1969-12-31T23:59:59.999999Z", `Hall "7"`, "in", "c", "0", "false", "14", "x\ny,\x00\u2028\ufffd\t\\\"", ""},
	}
	if d := cmp.Diff(want, got); d != "" || n != 3 || err != nil || parse != nil {
		t.Errorf("%d rows, %v, %v (-want +got):\n%s", n, err, parse, d)
	}
}

type brokenWriter struct{}

var errBroken = errors.New("broken pipe")

func (brokenWriter) Write([]byte) (int, error) { return 0, errBroken }

func TestExportErrors(t *testing.T) {
	t.Parallel()
	h := exportHistory(t)
	if _, err := storage.Export(t.Context(), h, storage.Query{}, "xml", &strings.Builder{}); err == nil {
		t.Error("an unknown format gave no error")
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, f := range []storage.Format{storage.NDJSON, storage.CSV} {
		if _, err := storage.Export(t.Context(), h, storage.Query{}, f, brokenWriter{}); !errors.Is(err, errBroken) {
			t.Errorf("%s to a broken writer: %v", f, err)
		}
		if _, err := storage.Export(ended, h, storage.Query{}, f, &strings.Builder{}); !errors.Is(err, context.Canceled) {
			t.Errorf("%s with an ended context: %v", f, err)
		}
	}
}

// FuzzExportRow wants every payload back, byte for byte, from an NDJSON line.
func FuzzExportRow(f *testing.F) {
	for _, s := range []string{"", "a", "\x00\x1f\x7f", "\xff", "ü\xc3", "😀\ufffd\"\\/\r\n", "\xed\xa0\x80"} {
		f.Add([]byte(s), s)
	}
	f.Fuzz(func(t *testing.T, payload []byte, topic string) {
		line := storage.AppendRow(nil, &storage.Row{Entry: storage.Entry{SourceName: topic, Message: broker.Message{Topic: topic, Payload: payload}}})
		var got struct {
			Connection, Topic, Payload string
			TopicBase64                string `json:"topic_base64"`
			PayloadBase64              string `json:"payload_base64"`
			Size                       int
		}
		if err := json.Unmarshal(line, &got); err != nil || !utf8.Valid(line) {
			t.Fatalf("line %q: %v", line, err)
		}
		if text(t, got.Payload, got.PayloadBase64) != string(payload) || got.Size != len(payload) || text(t, got.Topic, got.TopicBase64) != topic {
			t.Errorf("payload %q, topic %q came back as %+v", payload, topic, got)
		}
	})
}

func text(t *testing.T, plain, coded string) string {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(coded)
	must(t, err)
	return plain + string(b)
}
