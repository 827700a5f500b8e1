package core

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/thingdesk/thingdesk/localbroker/durable"
	"github.com/thingdesk/thingdesk/localbroker/packet"
)

func TestRetainedIsListedInPages(t *testing.T) {
	t.Parallel()
	h := start(t, Config{}, Door{})
	var all []string
	for i := range 700 {
		all = append(all, fmt.Sprintf("plant/%d/t-%d", i%7, i))
	}
	all = append(all, "plant", "plant/", "plant-b", "/plant", "ä")
	for _, i := range rand.Perm(len(all)) {
		if err := h.Publish(durable.Message{Topic: all[i], Payload: []byte("x"), Retain: true}); err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(all)
	below := slices.DeleteFunc(slices.Clone(all), func(s string) bool {
		return s != "plant" && (len(s) < 6 || s[:6] != "plant/")
	})
	for _, c := range []struct {
		filter string
		limit  int
		want   []string
	}{{"#", 1, all}, {"#", 3, all}, {"#", 200, all}, {"#", len(all), all}, {"#", 0, all}, {"plant/#", 10, below}, {"plant", 10, []string{"plant"}}, {"none/#", 10, nil}} {
		var got []string
		for after, more := "", true; more; {
			var page []*durable.Message
			page, more = h.Retained(c.filter, after, c.limit)
			if c.limit > 0 && (len(page) > c.limit || more && len(page) < c.limit) {
				t.Fatalf("%s: a page of %d has %d, more %v", c.filter, c.limit, len(page), more)
			}
			for _, m := range page {
				got = append(got, m.Topic)
				after = m.Topic
			}
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s by %d: -want +got\n%s", c.filter, c.limit, d)
		}
	}
}

func TestRetainedMessageThatExpiredIsNotListed(t *testing.T) {
	t.Parallel()
	h := start(t, Config{}, Door{})
	publish := func(topic, payload string, p packet.Properties) {
		t.Helper()
		if err := h.Publish(durable.Message{Topic: topic, Payload: []byte(payload), Properties: p, Retain: true, QoS: 1}); err != nil {
			t.Fatal(err)
		}
	}
	publish("short", "x", packet.Properties{}.AppendUint(packet.MessageExpiry, 1))
	publish("long", "y", packet.Properties{}.AppendUint(packet.MessageExpiry, 1000))
	if m := h.RetainedMessage("short"); m == nil || string(m.Payload) != "x" || m.QoS != 1 {
		t.Errorf("short: %+v", m)
	}
	eventually(t, "the message expires", func() bool {
		ms, more := h.Retained("#", "", 10)
		return len(ms) == 1 && ms[0].Topic == "long" && !more
	})
	if m := h.RetainedMessage("short"); m != nil {
		t.Errorf("expired: %+v", m)
	}
	if m := h.RetainedMessage("nowhere/at/all"); m != nil {
		t.Errorf("missing: %+v", m)
	}
	publish("long", "", nil)
	if m := h.RetainedMessage("long"); m != nil {
		t.Errorf("removed: %+v", m)
	}
}

// BenchmarkRetained lists one page of many messages.
func BenchmarkRetained(b *testing.B) {
	broker, err := New(b.Context(), Config{})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = broker.Close(b.Context()) }()
	for i := range 100_000 {
		if err := broker.Publish(durable.Message{Topic: fmt.Sprintf("plant/%d/%d", i%100, i), Payload: []byte("x"), Retain: true}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		if ms, more := broker.Retained("#", "plant/50", 200); len(ms) != 200 || !more {
			b.Fatal(len(ms), more)
		}
	}
}
