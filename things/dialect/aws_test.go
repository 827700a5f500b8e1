package dialect

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/thingdesk/thingdesk/things/shadow"
)

func TestAWS(t *testing.T) {
	t.Parallel()
	classic, named := shadow.Key{Thing: "t"}, shadow.Key{Thing: "t", Name: "n"}
	doc := shadow.Document{Reported: shadow.Object{"a": json.Number("1.0")}, Version: 7}
	cases := []struct {
		topic, payload string
		want           Fact
		ok             bool
	}{
		{"$aws/things/t/shadow/get", "", Fact{Kind: Request, Key: classic, Op: "get"}, true},
		{"$aws/things/t/shadow/update", `{"clientToken":"x","version":3}`, Fact{Kind: Request, Key: classic, Op: "update", Token: "x", Version: 3}, true},
		{"$aws/things/t/shadow/update", "not JSON", Fact{Kind: Request, Key: classic, Op: "update"}, true},
		{"$aws/things/t/shadow/name/n/get/accepted", `{"state":{"reported":{"a":1.0}},"version":7,"clientToken":"c"}`, Fact{Kind: Document, Key: named, Op: "get/accepted", Doc: doc, Version: 7, Token: "c"}, true},
		{"$aws/things/t/shadow/update/documents", `{"previous":null,"current":{"state":{"reported":{"a":1.0}},"version":7},"timestamp":1}`, Fact{Kind: Document, Key: classic, Op: "update/documents", Doc: doc, Version: 7}, true},
		{"$aws/things/t/shadow/update/documents", `{"previous":null}`, Fact{}, false},
		{"$aws/things/t/shadow/update/accepted", `{"state":{"reported":{"a":1.0}},"version":7}`, Fact{Kind: Accepted, Key: classic, Op: "update/accepted", Doc: doc, Version: 7}, true},
		{"$aws/things/t/shadow/update/accepted", "nonsense", Fact{}, false},
		{"$aws/things/t/shadow/update/delta", `{"version":4,"state":{}}`, Fact{Kind: Delta, Key: classic, Op: "update/delta", Version: 4}, true},
		{"$aws/things/t/shadow/delete/accepted", `{"version":4}`, Fact{Kind: Gone, Key: classic, Op: "delete/accepted", Version: 4}, true},
		{"$aws/things/t/shadow/get/rejected", `{"code":404,"message":"m"}`, Fact{Kind: Gone, Key: classic, Op: "get/rejected", Code: 404, Message: "m"}, true},
		{"$aws/things/t/shadow/update/rejected", `{"code":409,"message":"Version conflict","clientToken":"c"}`, Fact{Kind: Rejected, Key: classic, Op: "update/rejected", Code: 409, Message: "Version conflict", Token: "c"}, true},
		{"$aws/things/t/shadow/update/rejected/more", `{}`, Fact{}, false},
		{"factory/1", `{}`, Fact{}, false},
	}
	for _, c := range cases {
		got, ok := AWS(c.topic, []byte(c.payload))
		if ok != c.ok {
			t.Errorf("AWS(%s, %s): ok %v, want %v", c.topic, c.payload, ok, c.ok)
			continue
		}
		if !ok {
			continue
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("AWS(%s, %s) (-want +got):\n%s", c.topic, c.payload, d)
		}
	}
}

// What AWSGet and AWSDelete make, the service answers.
func TestAWSRequests(t *testing.T) {
	t.Parallel()
	svc, err := shadow.NewService(nil)
	if err != nil {
		t.Fatal(err)
	}
	key := shadow.Key{Thing: "t", Name: "n"}
	for _, c := range []struct{ topic, payload string }{
		requestOf(AWSGet(key, `quo"te`)), requestOf(AWSGet(key, "")), requestOf(AWSDelete(key)),
	} {
		replies, _ := svc.Handle(c.topic, []byte(c.payload), time.Unix(1, 0))
		if len(replies) != 1 {
			t.Fatalf("%s %s: %d replies", c.topic, c.payload, len(replies))
		}
		if f, ok := AWS(replies[0].Topic, replies[0].Payload); !ok || f.Kind != Gone || f.Key != key {
			t.Errorf("%s %s was answered %+v", c.topic, c.payload, f)
		}
	}
	name, payload := AWSGet(key, `quo"te`)
	replies, _ := svc.Handle(name, payload, time.Unix(1, 0))
	if f, _ := AWS(replies[0].Topic, replies[0].Payload); f.Token != `quo"te` {
		t.Errorf("token came back as %q", f.Token)
	}
}

func requestOf(topic string, payload []byte) struct{ topic, payload string } {
	return struct{ topic, payload string }{topic: topic, payload: string(payload)}
}

func FuzzAWS(f *testing.F) {
	f.Add("$aws/things/t/shadow/update/documents", []byte(`{"current":{"state":{},"version":1e3}}`))
	f.Add("$aws/things/t/shadow/name/n/get/accepted", []byte(`{"version":"x"}`))
	f.Fuzz(func(t *testing.T, topic string, payload []byte) {
		if fact, ok := AWS(topic, payload); ok && fact.Key.Topic(fact.Op) != topic {
			t.Errorf("%q was read as %+v", topic, fact)
		}
	})
}
