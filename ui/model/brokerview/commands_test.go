package brokerview

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/thingdesk/thingdesk/engine"
	"github.com/thingdesk/thingdesk/localbroker"
	"github.com/thingdesk/thingdesk/localbroker/core"
	"github.com/thingdesk/thingdesk/localbroker/durable"
)

func TestDisconnect(t *testing.T) {
	t.Parallel()
	b := three()
	var said []string
	b.OnSaid = func(text string) { said = append(said, text) }
	if b.MayDisconnect() {
		t.Error("nothing is selected")
	}
	b.Pick(0)
	b.Disconnect("oven")
	if !b.Busy() || b.MayDisconnect() || b.StateWords() != "disconnecting oven…" {
		t.Errorf("busy %v: %q", b.Busy(), b.StateWords())
	}
	b.Disconnect("press") // while another command is under way
	b.remove("oven")
	reads := b.reads
	b.run()
	if !slices.Equal(b.did, []string{"kick oven"}) || !slices.Equal(said, []string{"Disconnected oven"}) || b.Busy() {
		t.Errorf("did %q, said %q", b.did, said)
	}
	if b.reads != reads+1 || b.ids() != "press robot" || !b.Clients().Selected().Gone {
		t.Errorf("not read anew: %s", b.ids())
	}
	b.fail = errBad
	b.Disconnect("press")
	b.run()
	if b.Trouble() != "It went wrong" || len(said) != 1 {
		t.Errorf("trouble %q, said %q", b.Trouble(), said)
	}
	b.fail = nil
	b.End("press")
	b.run()
	if b.Trouble() != "" || b.did[2] != "end press" {
		t.Errorf("trouble %q, did %q", b.Trouble(), b.did)
	}
}

func TestConfirmationsNameWhatHappens(t *testing.T) {
	t.Parallel()
	b := newBench()
	subs := []durable.Subscription{{Filter: "a"}, {Filter: "b"}}
	for _, c := range []struct {
		client Client
		parts  []string
	}{
		{Client{Client: core.Client{ID: "x", Address: "1.2.3.4:5"}}, []string{`"x" at 1.2.3.4:5`, "again at once", "end with the connection"}},
		{Client{Own: true}, []string{"Thingdesk's own"}},
		{Client{Session: core.Session{WillTopic: "w", Expiry: 60, Queued: 1, Subscriptions: subs}}, []string{"Will is published on w", "Its session is kept for 1 min, with 2 subscriptions and 1 message that waits for it."}},
		{Client{Session: core.Session{Queued: 12}}, []string{"12 messages that were not delivered"}},
	} {
		words := b.DisconnectWords(&c.client)
		for _, part := range c.parts {
			if !strings.Contains(words, part) {
				t.Errorf("%q does not say %q", words, part)
			}
		}
	}
	for _, c := range []struct {
		session Session
		parts   []string
	}{
		{Session{Session: core.Session{ID: "x", Subscriptions: subs, Queued: 2000, QueuedBytes: 5000}}, []string{`"x"`, "2 subscriptions and the 2,000 messages (5.0 kB) that wait for it are forgotten"}},
		{Session{Session: core.Session{Subscriptions: subs[:1]}}, []string{"Its 1 subscription is forgotten"}},
		{Session{Session: core.Session{Connected: true, Queued: 1, WillTopic: "w"}}, []string{"0 subscriptions and the 1 message", "connection is ended", "Will is published on w"}},
		{Session{Own: true}, []string{"Thingdesk's own"}},
	} {
		words := b.EndWords(&c.session)
		for _, part := range c.parts {
			if !strings.Contains(words, part) {
				t.Errorf("%q does not say %q", words, part)
			}
		}
	}
}

func TestBan(t *testing.T) {
	t.Parallel()
	b := three()
	if b.MayBan() {
		t.Error("nothing is selected")
	}
	b.Pick(0)
	if !b.MayBan() {
		t.Error("oven cannot be kept out")
	}
	for i, words := range []string{"for 1 min", "for 10 min", "for 1 h", "until it is let in again"} {
		if got := BanSpanWords(BanSpans()[i]); got != words {
			t.Errorf("%v: %q", BanSpans()[i], got)
		}
	}
	b.Ban("oven", 10*time.Minute)
	b.run()
	b.Ban("press", 0)
	b.run()
	b.tick(3 * time.Minute)
	var words []string
	for _, ban := range b.Model.Bans() {
		words = append(words, ban.ID+" "+ban.Words(b.clock))
	}
	if want := []string{"oven kept out for 7 min more", "press kept out until it is let in again"}; !slices.Equal(words, want) {
		t.Errorf("bans %q", words)
	}
	b.LetIn("press")
	b.run()
	b.tick(8 * time.Minute) // that of the oven is over
	if len(b.Model.Bans()) != 0 || !slices.Equal(b.did, []string{"ban oven 10m0s", "ban press 0s", "unban press"}) {
		t.Errorf("bans %v, did %q", b.Model.Bans(), b.did)
	}
	b.add(core.Client{ID: "me"})
	b.tick(time.Second)
	b.PickClient("me")
	b.tick(time.Second)
	if b.MayBan() || !b.MayDisconnect() {
		t.Error("this program could keep itself out")
	}
}

func TestStopAsksWhenOthersAreConnected(t *testing.T) {
	t.Parallel()
	b := newBench()
	b.add(core.Client{ID: "me"})
	b.tick(0)
	if b.StopWords() != "" {
		t.Errorf("alone: %q", b.StopWords())
	}
	b.add(core.Client{ID: "x"})
	b.tick(time.Second)
	if !strings.HasPrefix(b.StopWords(), "1 client is disconnected, and nobody") {
		t.Errorf("one: %q", b.StopWords())
	}
	b.add(core.Client{ID: "y"})
	b.tick(time.Second)
	if !strings.HasPrefix(b.StopWords(), "2 clients are disconnected") {
		t.Errorf("two: %q", b.StopWords())
	}
	b.Stop()
	b.run()
	if b.Running() || b.StopWords() != "" {
		t.Error("still runs")
	}
	b.fail = errBad
	b.Start()
	b.run()
	if b.Running() || b.Trouble() != "It went wrong" {
		t.Errorf("trouble %q", b.Trouble())
	}
	b.fail = nil
	b.Start()
	b.run()
	if !b.Running() || b.Trouble() != "" || !slices.Equal(b.did, []string{"stop", "start", "start"}) {
		t.Errorf("trouble %q, did %q", b.Trouble(), b.did)
	}
}

// happen adds a line to the log.
func (b *bench) happen(kind localbroker.EventKind, client, text string) {
	n := uint64(len(b.log) + 1)
	b.log = slices.Insert(b.log, 0, engine.BrokerEntry{Number: n, At: start.UnixMicro() + int64(n)*1000, Kind: kind, Client: client, Text: text})
}

func (b *bench) lines() string {
	var out []string
	for _, e := range b.LogLines() {
		out = append(out, e.Text)
	}
	return strings.Join(out, "|")
}

func TestLog(t *testing.T) {
	t.Parallel()
	b := newBench()
	b.happen(localbroker.EventConnected, "oven", "connected")
	b.happen(localbroker.EventSubscribed, "oven", "subscribed to a/#")
	b.happen(localbroker.EventDropped, "press", "a message was not delivered")
	for kind, want := range map[localbroker.EventKind]LogKind{
		localbroker.EventRefused: Endings, localbroker.EventViolation: Violations, localbroker.EventFault: Faults, localbroker.EventUnsubscribed: Subscribes,
	} {
		if got := KindOf(engine.BrokerEntry{Kind: kind}); got != want {
			t.Errorf("event %d is of kind %s, want %s", kind, got, want)
		}
	}
	b.happen(localbroker.EventDisconnected, "oven", "disconnected: keep-alive")
	b.Show(Log)
	b.tick(0)
	if b.lines() != "disconnected: keep-alive|a message was not delivered|subscribed to a/#|connected" || b.LogWords() != "4 lines" {
		t.Fatalf("%s, %s", b.lines(), b.LogWords())
	}
	b.TakeNew()
	for kind, want := range map[LogKind]string{
		Connects: "connected", Endings: "disconnected: keep-alive", Subscribes: "subscribed to a/#", Drops: "a message was not delivered",
	} {
		b.SetLogKind(kind)
		if b.lines() != want || b.LogWords() != "1 of 4 lines" {
			t.Errorf("%s: %s, %s", kind, b.lines(), b.LogWords())
		}
	}
	b.SetLogKind(AllLines)
	b.SetFilter("OVEN a/")
	if b.lines() != "subscribed to a/#" {
		t.Errorf("filtered: %s", b.lines())
	}
	b.SetFilter("nothing like it")
	b.run()
	if b.LogEmpty() != "No line of the log matches." {
		t.Errorf("%q", b.LogEmpty())
	}
	b.SetFilter("oven")
	b.Pick(1)
	b.happen(localbroker.EventConnected, "press", "connected") // does not match
	b.happen(localbroker.EventConnected, "oven", "connected again")
	b.tick(time.Second)
	if b.TakeNew() != 1 || b.TakeNew() != 0 || b.LogSelected() != 2 || b.lines() != "connected again|disconnected: keep-alive|subscribed to a/#|connected" {
		t.Errorf("selected %d of %s", b.LogSelected(), b.lines())
	}
	if want := "oven\tsubscribed to a/#"; !strings.HasSuffix(b.LogLineText(2), want) || strings.Count(b.LogText(), "\n") != 4 || b.LogLineText(9) != "" {
		t.Errorf("copied %q", b.LogText())
	}
}

func TestPausedLogStandsStill(t *testing.T) {
	t.Parallel()
	b := newBench()
	b.happen(localbroker.EventConnected, "a", "one")
	b.Show(Log)
	b.tick(0)
	b.TakeNew()
	b.Pause(true)
	b.tick(time.Second)
	if b.LogWords() != "1 line · paused" {
		t.Errorf("%q", b.LogWords())
	}
	b.happen(localbroker.EventConnected, "b", "two")
	b.happen(localbroker.EventConnected, "c", "three")
	b.tick(time.Second)
	if b.lines() != "one" || b.LogWords() != "1 line · paused, 2 newer" || !b.Paused() || b.TakeNew() != 0 {
		t.Errorf("%s, %q", b.lines(), b.LogWords())
	}
	b.SetFilter("two") // filters what is shown
	if b.lines() != "" {
		t.Errorf("%s", b.lines())
	}
	b.SetFilter("")
	b.Pause(false)
	if b.lines() != "three|two|one" || b.TakeNew() != 2 {
		t.Errorf("%s", b.lines())
	}
}
