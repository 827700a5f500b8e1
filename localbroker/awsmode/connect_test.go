package awsmode_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/thingdesk/thingdesk/localbroker/awsmode"
)

// found returns what is to be compared of violations.
func found(vs []awsmode.Violation) []string {
	var out []string
	for _, v := range vs {
		out = append(out, string(v.Rule)+"/"+strings.Fields(v.Effect.String())[0])
	}
	return out
}

func TestConnect(t *testing.T) {
	t.Parallel()
	hour := time.Hour
	for name, c := range map[string]struct {
		account awsmode.Account
		facts   awsmode.ConnectFacts
		want    []string
		reason  byte // of the refusal; 0 when let in
		keep    time.Duration
		session time.Duration
	}{
		"plain 3.1.1":            {facts: awsmode.ConnectFacts{Version: 4, ClientID: "a", Clean: true, KeepAlive: 60}, keep: time.Minute},
		"plain 5":                {facts: awsmode.ConnectFacts{Version: 5, ClientID: "a", KeepAlive: 60}, keep: time.Minute},
		"3.1":                    {facts: awsmode.ConnectFacts{Version: 3, ClientID: "a", Clean: true, KeepAlive: 60}, want: []string{"version/does"}, reason: 0x84},
		"ID of 128 bytes":        {facts: awsmode.ConnectFacts{Version: 4, ClientID: strings.Repeat("x", 128), Clean: true, KeepAlive: 60}, keep: time.Minute},
		"ID of 129 bytes":        {facts: awsmode.ConnectFacts{Version: 4, ClientID: strings.Repeat("x", 129), Clean: true, KeepAlive: 60}, want: []string{"client-id/does"}, reason: 0x85},
		"ID of 65 ü":             {facts: awsmode.ConnectFacts{Version: 5, ClientID: strings.Repeat("ü", 65), KeepAlive: 60}, want: []string{"client-id/does"}, reason: 0x85},
		"ID with $":              {facts: awsmode.ConnectFacts{Version: 5, ClientID: "$a", KeepAlive: 60}, want: []string{"client-id/does"}, reason: 0x85},
		"ID with $ inside":       {facts: awsmode.ConnectFacts{Version: 5, ClientID: "a$", KeepAlive: 60}, keep: time.Minute},
		"no ID with 5":           {facts: awsmode.ConnectFacts{Version: 5, Clean: true, KeepAlive: 60}, keep: time.Minute},
		"no ID with 3.1.1":       {facts: awsmode.ConnectFacts{Version: 4, Clean: true, KeepAlive: 60}, want: []string{"client-id/does"}, reason: 0x85},
		"keep-alive 0":           {facts: awsmode.ConnectFacts{Version: 4, ClientID: "a", Clean: true}, want: []string{"keep-alive/changes"}, keep: 20 * time.Minute},
		"keep-alive 1":           {facts: awsmode.ConnectFacts{Version: 4, ClientID: "a", Clean: true, KeepAlive: 1}, want: []string{"keep-alive/changes"}, keep: 30 * time.Second},
		"keep-alive 29":          {facts: awsmode.ConnectFacts{Version: 4, ClientID: "a", Clean: true, KeepAlive: 29}, want: []string{"keep-alive/changes"}, keep: 30 * time.Second},
		"keep-alive 30":          {facts: awsmode.ConnectFacts{Version: 4, ClientID: "a", Clean: true, KeepAlive: 30}, keep: 30 * time.Second},
		"keep-alive 1200":        {facts: awsmode.ConnectFacts{Version: 4, ClientID: "a", Clean: true, KeepAlive: 1200}, keep: 20 * time.Minute},
		"keep-alive 1201":        {facts: awsmode.ConnectFacts{Version: 4, ClientID: "a", Clean: true, KeepAlive: 1201}, want: []string{"keep-alive/changes"}, keep: 20 * time.Minute},
		"persistent 3.1.1":       {facts: awsmode.ConnectFacts{Version: 4, ClientID: "a", KeepAlive: 60}, want: []string{"session-expiry/changes"}, keep: time.Minute, session: hour},
		"session 3600":           {facts: awsmode.ConnectFacts{Version: 5, ClientID: "a", KeepAlive: 60, SessionExpiry: 3600}, keep: time.Minute, session: hour},
		"session 3601":           {facts: awsmode.ConnectFacts{Version: 5, ClientID: "a", KeepAlive: 60, SessionExpiry: 3601}, want: []string{"session-expiry/changes"}, keep: time.Minute, session: hour},
		"session for ever":       {facts: awsmode.ConnectFacts{Version: 5, ClientID: "a", Clean: true, KeepAlive: 60, SessionExpiry: 1<<32 - 1}, want: []string{"session-expiry/changes"}, keep: time.Minute, session: hour},
		"account with 7 days":    {account: awsmode.Account{SessionExpiry: 8 * 24 * hour}, facts: awsmode.ConnectFacts{Version: 5, ClientID: "a", KeepAlive: 60, SessionExpiry: 604_801}, want: []string{"session-expiry/changes"}, keep: time.Minute, session: 168 * hour},
		"account with 2 h":       {account: awsmode.Account{SessionExpiry: 2 * hour}, facts: awsmode.ConnectFacts{Version: 4, ClientID: "a", KeepAlive: 60}, want: []string{"session-expiry/changes"}, keep: time.Minute, session: 2 * hour},
		"packet of 131,072":      {facts: awsmode.ConnectFacts{Version: 5, ClientID: "a", KeepAlive: 60, PacketBytes: 131_072}, keep: time.Minute},
		"packet of 131,073":      {facts: awsmode.ConnectFacts{Version: 5, ClientID: "a", KeepAlive: 60, PacketBytes: 131_073}, want: []string{"connect-size/does"}, reason: 0x97},
		"Will":                   {facts: awsmode.ConnectFacts{Version: 5, ClientID: "a", KeepAlive: 60, Will: &awsmode.WillFacts{Topic: "a/b", QoS: 1, Retain: true}}, keep: time.Minute},
		"Will at QoS 2":          {facts: awsmode.ConnectFacts{Version: 5, ClientID: "a", KeepAlive: 60, Will: &awsmode.WillFacts{Topic: "a/b", QoS: 2}}, want: []string{"will-qos/does"}, reason: 0x9B},
		"Will, 8 slashes":        {facts: awsmode.ConnectFacts{Version: 5, ClientID: "a", KeepAlive: 60, Will: &awsmode.WillFacts{Topic: "1/2/3/4/5/6/7/8/9"}}, want: []string{"will-topic/does"}, reason: 0x90},
		"Will on shadow":         {facts: awsmode.ConnectFacts{Version: 4, Clean: true, ClientID: "a", KeepAlive: 60, Will: &awsmode.WillFacts{Topic: "$aws/things/t/shadow/update", QoS: 1}}, keep: time.Minute},
		"Will on shadow of é":    {facts: awsmode.ConnectFacts{Version: 4, Clean: true, ClientID: "a", KeepAlive: 60, Will: &awsmode.WillFacts{Topic: "$aws/things/é/shadow/update", QoS: 1}}, keep: time.Minute},
		"Will on $SYS":           {facts: awsmode.ConnectFacts{Version: 4, Clean: true, ClientID: "a", KeepAlive: 60, Will: &awsmode.WillFacts{Topic: "$SYS/x"}}, want: []string{"will-topic/does"}, reason: 0x90},
		"retained Will on $aws":  {facts: awsmode.ConnectFacts{Version: 4, Clean: true, ClientID: "a", KeepAlive: 60, Will: &awsmode.WillFacts{Topic: "$aws/things/t/shadow/update", Retain: true}}, want: []string{"reserved-retain/does"}, reason: 0x90},
		"Will delay":             {facts: awsmode.ConnectFacts{Version: 5, ClientID: "a", KeepAlive: 60, Will: &awsmode.WillFacts{Topic: "a", Delay: 5}}, want: []string{"will-delay/changes"}, keep: time.Minute},
		"several, first refusal": {facts: awsmode.ConnectFacts{Version: 4, ClientID: "$a", Will: &awsmode.WillFacts{Topic: "a", QoS: 2, Delay: 1}}, want: []string{"client-id/does", "will-qos/does", "will-delay/changes"}, reason: 0x85},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			terms, vs := c.account.Connect(c.facts)
			if diff := cmp.Diff(c.want, found(vs)); diff != "" {
				t.Errorf("violations (-want +got):\n%s", diff)
			}
			if c.reason != 0 {
				if want := (awsmode.Terms{Refused: true, Reason: c.reason}); terms != want {
					t.Errorf("terms = %+v, want %+v", terms, want)
				}
				return
			}
			want := awsmode.Terms{
				KeepAlive: c.keep, SessionExpiry: c.session,
				ReceiveMaximum: 100, TopicAliasMaximum: 8, MaximumPacketSize: 149_504, MaximumQoS: 1,
			}
			if terms != want {
				t.Errorf("terms = %+v, want %+v", terms, want)
			}
		})
	}
}

func TestEndSession(t *testing.T) {
	t.Parallel()
	for asked, want := range map[uint32]time.Duration{0: 0, 1: time.Second, 3600: time.Hour, 3601: time.Hour, 1<<32 - 1: time.Hour} {
		got, vs := awsmode.Account{}.EndSession(asked)
		if got != want || (len(vs) > 0) != (asked > 3600) {
			t.Errorf("EndSession(%d) = %v, %v, want %v", asked, got, vs, want)
		}
	}
}

func TestTexts(t *testing.T) {
	t.Parallel()
	qos := awsmode.Account{}.Publish(awsmode.PublishFacts{Topic: "a", QoS: 2})
	_, keepAlive := awsmode.Account{}.Connect(awsmode.ConnectFacts{Version: 5, ClientID: "a"})
	payload := awsmode.Account{}.Publish(awsmode.PublishFacts{Topic: "a", PayloadBytes: 131_073})
	parent := awsmode.MissedLive("sensor/#", "sensor")
	retained := awsmode.MissedRetained("a/#", 1234)
	fifty := awsmode.Subscribe(awsmode.SubscribeFacts{Held: 50, Filters: []awsmode.FilterFacts{{Filter: "a b"}}})
	for _, c := range []struct {
		v                 *awsmode.Violation
		warning, happened string
	}{
		{
			&qos[0],
			"published at QoS 2: this would fail on AWS IoT Core, which disconnects the client",
			"client press-07 was disconnected: published at QoS 2, which AWS IoT Core refuses",
		},
		{
			&keepAlive[0],
			"asked for a keep-alive of 0 s: AWS IoT Core would make it 1,200 s",
			"client press-07 asked for a keep-alive of 0 s; as AWS IoT Core does, the broker made it 1,200 s",
		},
		{
			&payload[0],
			"published a payload of 131,073 bytes, over the limit of 131,072: this would fail on AWS IoT Core, which disconnects the client",
			"client press-07 was disconnected: published a payload of 131,073 bytes, over the limit of 131,072, which AWS IoT Core refuses",
		},
		{
			&parent,
			"subscribed to sensor/# for sensor, the topic above: AWS IoT Core would not deliver there",
			"client press-07 did not get a message: it subscribed to sensor/# for sensor, the topic above, and AWS IoT Core does not deliver there",
		},
		{
			&retained,
			"subscribed to a/# for 1,234 retained messages, which come only to a filter that is exactly the topic: AWS IoT Core would not deliver there",
			"client press-07 did not get a message: it subscribed to a/# for 1,234 retained messages, which come only to a filter that is exactly the topic, and AWS IoT Core does not deliver there",
		},
		{
			&fifty[0],
			`subscribed to "a b", over the limit of 50 subscriptions of a connection: this may fail on AWS IoT Core, which refuses the subscription`,
			`a subscription of client press-07 was refused: subscribed to "a b", over the limit of 50 subscriptions of a connection, which AWS IoT Core does not accept`,
		},
	} {
		if got := c.v.Warning(); got != c.warning {
			t.Errorf("Warning() = %q, want %q", got, c.warning)
		}
		if got := c.v.Happened("press-07"); got != c.happened {
			t.Errorf("Happened() = %q, want %q", got, c.happened)
		}
	}
	for id, want := range map[string]string{
		strings.Repeat("x", 80):        strings.Repeat("x", 80),
		strings.Repeat("x", 81):        strings.Repeat("x", 80) + "…",
		strings.Repeat("ü", 100):       strings.Repeat("ü", 40) + "…",
		"x" + strings.Repeat("ü", 100): "x" + strings.Repeat("ü", 39) + "…",
		strings.Repeat("\x80", 100):    `"` + strings.Repeat(`\x80`, 76) + `"…`,
		"":                             `""`,
		"a\nb":                         `"a\nb"`,
	} {
		if got := qos[0].Happened(id); !strings.HasPrefix(got, "client "+want+" was") {
			t.Errorf("client ID %q reads %q", id, got)
		}
	}
}

func TestWorst(t *testing.T) {
	t.Parallel()
	if w := awsmode.Worst(nil); w != nil {
		t.Errorf("Worst(nil) = %v", w)
	}
	vs := []awsmode.Violation{{Effect: awsmode.Changed}, {Rule: "x", Effect: awsmode.Disconnect}, {Rule: "y", Effect: awsmode.Disconnect}, {Effect: awsmode.Discarded}}
	if w := awsmode.Worst(vs); w != &vs[1] {
		t.Errorf("Worst = %v, want the first Disconnect", w)
	}
}

// TestEffects: each effect has its own words, and none is missing.
func TestEffects(t *testing.T) {
	t.Parallel()
	seen := make(map[string]awsmode.Effect)
	for e := awsmode.Changed; e <= awsmode.RefuseConnect; e++ {
		v := awsmode.Violation{Text: "TEXT", Effect: e, Becomes: "5 s"}
		for _, text := range []string{e.String(), v.Warning(), v.Happened("CLIENT")} {
			if other, twice := seen[text]; twice || strings.Contains(text, "effect ") {
				t.Errorf("effect %d reads %q, as %d does", e, text, other)
			}
			seen[text] = e
		}
		if w := v.Warning(); !strings.HasPrefix(w, "TEXT: ") || !strings.Contains(w, "would") {
			t.Errorf("Warning() = %q", w)
		}
		v.Rule = awsmode.RuleWillDelay
		if w := v.Warning(); !strings.Contains(w, " may ") || strings.Contains(w, "would") {
			t.Errorf("Warning() of a doubtful rule = %q", w)
		}
		if h := v.Happened("CLIENT"); !strings.Contains(h, "CLIENT") || !strings.Contains(h, "TEXT") {
			t.Errorf("Happened() = %q", h)
		}
	}
	if s := awsmode.Effect(99).String(); s != "effect 99" {
		t.Errorf("Effect(99) = %q", s)
	}
}
