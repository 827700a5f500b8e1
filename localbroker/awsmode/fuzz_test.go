package awsmode_test

import (
	"strings"
	"testing"
	"time"

	"github.com/thingdesk/thingdesk/localbroker/awsmode"
	"github.com/thingdesk/thingdesk/things/topic"
)

// FuzzAll: nothing panics on any strings, texts stay short and are whole, and
// what AWS delivers the standard delivers too.
func FuzzAll(f *testing.F) {
	f.Add("press-07", "$aws/things/t/shadow/update", "$share/g/a/#", byte(1), uint32(60), int64(1))
	f.Add("$", "$aws/rules/r/a/b/c/d/e/f/g/h/i", "$aws/things/+/shadow/#", byte(2), uint32(0), int64(-1))
	f.Add("", "a//b/", "$share//x", byte(255), uint32(1<<32-1), int64(1<<62))
	f.Add("\xff", "é\x00", "+/#", byte(3), uint32(604_801), int64(0))
	f.Fuzz(func(t *testing.T, client, name, filter string, b byte, n uint32, at int64) {
		var a awsmode.Account
		terms, vs := a.Connect(awsmode.ConnectFacts{
			Version: 3 + b%3, ClientID: client, Clean: b&1 == 0, KeepAlive: uint16(n), SessionExpiry: n, PacketBytes: int(n),
			Will: &awsmode.WillFacts{Topic: name, QoS: b & 3, Retain: b&8 != 0, Delay: n},
		})
		if !terms.Refused && (terms.KeepAlive < 30*time.Second || terms.KeepAlive > 20*time.Minute || terms.SessionExpiry > time.Hour) {
			t.Errorf("terms %+v", terms)
		}
		vs = append(vs, a.Publish(awsmode.PublishFacts{Topic: name, QoS: b & 3, Retain: b&8 != 0, PayloadBytes: int(n), HasExpiry: b&16 != 0, Expiry: n})...)
		vs = append(vs, awsmode.Subscribe(awsmode.SubscribeFacts{
			HasID: b&32 != 0, Held: int(b),
			Filters: []awsmode.FilterFacts{{Filter: filter, QoS: b & 3}, {Filter: name}, {Filter: filter}},
		})...)
		vs = append(vs, awsmode.MissedLive(filter, name), awsmode.MissedRetained(filter, int(n)))
		var m awsmode.Meter
		var c awsmode.ConnectMeter
		for i := range int64(3) {
			now := time.UnixMicro(at/2 + i*int64(b))
			if _, v := m.Take(now, int(n)); v != nil {
				vs = append(vs, *v)
			}
			if v := c.Take(client, now); v != nil {
				vs = append(vs, *v)
			}
		}
		for i := range vs {
			v := &vs[i]
			for _, text := range []string{v.Warning(), v.Happened(client)} {
				if text == "" || len(text) > 1500 || strings.ContainsAny(text, "\n\x00") || strings.Contains(text, "%!") && !strings.Contains(client+name+filter, "%") {
					t.Errorf("%s: text %q", v.Rule, text)
				}
			}
			if (v.Effect == awsmode.Changed) != (v.Becomes != "") {
				t.Errorf("%+v", v)
			}
		}
		_, inner, _ := awsmode.SplitShare(filter)
		if topic.ValidateName(name) == nil && topic.ValidateFilter(inner) == nil {
			if awsmode.ReceivesLive(filter, name) && !topic.Match(inner, name) {
				t.Errorf("%q receives %q", filter, name)
			}
			if awsmode.MayPublish(name) && strings.HasPrefix(name, "$") && !strings.HasPrefix(name, "$aws/") {
				t.Errorf("may publish to %q", name)
			}
		}
	})
}

// FuzzOverlap holds MaySubscribe to its meaning: a filter that matches a topic
// that may be subscribed to may be subscribed to.
func FuzzOverlap(f *testing.F) {
	f.Add("$aws/things/+/shadow/#", "$aws/things/t/shadow/get/accepted")
	f.Add("$aws/+/+/+/+", "$aws/things/t/jobs/notify")
	f.Fuzz(func(t *testing.T, filter, name string) {
		if topic.ValidateName(name) != nil || topic.ValidateFilter(filter) != nil || !strings.HasPrefix(filter, "$") {
			return
		}
		if awsmode.MaySubscribe(name) && awsmode.ReceivesLive(filter, name) && !awsmode.MaySubscribe(filter) {
			t.Errorf("%q takes in %q and may not be subscribed to", filter, name)
		}
	})
}

func BenchmarkPublish(b *testing.B) {
	f := awsmode.PublishFacts{Topic: "$aws/things/press-07/shadow/update", QoS: 1, PayloadBytes: 100}
	for b.Loop() {
		_ = awsmode.Account{}.Publish(f)
	}
}
