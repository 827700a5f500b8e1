package brokerview

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/localbroker/durable"
)

func TestRetainedIsFilteredAndDeleted(t *testing.T) {
	t.Parallel()
	b := newBench()
	var sent []broker.Message
	b.Publish = func(_ context.Context, m broker.Message) error {
		sent = append(sent, m)
		b.retained = slices.DeleteFunc(b.retained, func(r *durable.Message) bool { return r.Topic == m.Topic })
		return nil
	}
	b.Show(Retained)
	b.tick(0)
	if !strings.HasPrefix(b.RetainedEmpty(), "No message is retained.") {
		t.Errorf("without messages: %q", b.RetainedEmpty())
	}
	for _, name := range []string{"a/1", "a/2", "b"} {
		b.retained = append(b.retained, &durable.Message{Topic: name, Payload: []byte(name)})
	}
	b.tick(time.Second)
	b.Pick(1)
	b.SetFilter(" a/+ ")
	b.run()
	if len(b.Model.Retained()) != 2 || b.RetainedRow() != 1 || b.RetainedWords() != "2 messages" || !b.MayDelete() {
		t.Errorf("filtered: %d, row %d, %q", len(b.Model.Retained()), b.RetainedRow(), b.RetainedWords())
	}
	b.DeleteRetained(b.RetainedSelected().Topic)
	b.run()
	if d := cmp.Diff([]broker.Message{{Topic: "a/2", QoS: 1, Retained: true}}, sent); d != "" {
		t.Error(d)
	}
	if len(b.Model.Retained()) != 1 || b.RetainedSelected() != nil || b.MayDelete() {
		t.Errorf("after it was deleted: %d, %+v", len(b.Model.Retained()), b.RetainedSelected())
	}
	b.SetFilter("a/#/b")
	b.run()
	if len(b.Model.Retained()) != 0 || !strings.HasPrefix(b.RetainedEmpty(), "That is no topic filter: ") {
		t.Errorf("a filter that is none: %d, %q", len(b.Model.Retained()), b.RetainedEmpty())
	}
	b.SetFilter("x")
	b.run()
	if !strings.HasPrefix(b.RetainedEmpty(), "No retained message matches") {
		t.Errorf("a filter that matches none: %q", b.RetainedEmpty())
	}
}

// What is typed while an older filter is read is what is shown in the end.
func TestRetainedFilterChangesMeanwhile(t *testing.T) {
	t.Parallel()
	b := newBench()
	b.retained = []*durable.Message{{Topic: "a"}, {Topic: "b"}}
	b.Show(Retained)
	b.tick(0)
	b.SetFilter("a")
	b.SetFilter("b")
	b.run()
	b.tick(0)
	if got := b.Model.Retained(); len(got) != 1 || got[0].Topic != "b" {
		t.Errorf("shows %+v", got)
	}
}

func TestRetainedIsReadAsItIsScrolled(t *testing.T) {
	t.Parallel()
	b := newBench()
	for i := range 1200 {
		b.retained = append(b.retained, &durable.Message{Topic: fmt.Sprintf("%05d", i)})
	}
	b.status.Stats.Retained = 1200
	b.Show(Retained)
	b.tick(0)
	if got := b.RetainedWords(); got != "the first 500 of 1,200" {
		t.Errorf("at first %q", got)
	}
	for range 5 {
		b.MoreRetained()
		b.MoreRetained() // while it is read
		b.run()
	}
	if d := cmp.Diff([]string{"# 500", "# 1000", "# 2000"}, b.asked); d != "" || b.RetainedWords() != "1,200 messages" {
		t.Errorf("%q, %s", b.RetainedWords(), d)
	}
}

func TestRetainedWords(t *testing.T) {
	t.Parallel()
	m := &durable.Message{Payload: []byte("12"), QoS: 1, From: "oven", At: before(time.Hour), Expires: start.Add(time.Minute).UnixMicro()}
	if got := RetainedFacts(m, start.UnixMicro()); !strings.HasPrefix(got, "2 B · QoS 1 · from oven at ") || !strings.HasSuffix(got, "expires in 1 min") {
		t.Errorf("facts %q", got)
	}
	if got := RetainedFacts(&durable.Message{}, 0); !strings.Contains(got, "the broker itself") {
		t.Errorf("facts %q", got)
	}
	long := strings.Repeat("é", payloadMost)
	for payload, want := range map[string]string{
		"":            "",
		"a\n\tb":      "a\n\tb",
		"\x00\xff":    "00 ff",
		long:          long[:payloadMost] + "…\n(16.4 kB in all)",
		"x" + long:    "x" + long[:payloadMost-2] + "…\n(16.4 kB in all)",
		"\x1b[31mred": "1b 5b 33 31 6d 72 65 64",
	} {
		if d := cmp.Diff(want, PayloadText([]byte(payload))); d != "" {
			t.Error(d)
		}
	}
}
