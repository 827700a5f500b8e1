package awsmode_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/thingdesk/thingdesk/localbroker/awsmode"
)

func TestPublish(t *testing.T) {
	t.Parallel()
	x := func(n int) string { return strings.Repeat("x", n) }
	for name, c := range map[string]struct {
		facts  awsmode.PublishFacts
		want   []string
		reason byte
	}{
		"plain":                       {facts: awsmode.PublishFacts{Topic: "a/b", QoS: 1, Retain: true, PayloadBytes: 5, NewRetained: true}},
		"QoS 2":                       {facts: awsmode.PublishFacts{Topic: "a", QoS: 2}, want: []string{"publish-qos/disconnects"}, reason: 0x9B},
		"payload 131,072":             {facts: awsmode.PublishFacts{Topic: "a", PayloadBytes: 131_072}},
		"payload 131,073":             {facts: awsmode.PublishFacts{Topic: "a", PayloadBytes: 131_073}, want: []string{"payload/disconnects"}, reason: 0x97},
		"topic 256":                   {facts: awsmode.PublishFacts{Topic: x(256)}},
		"topic 257":                   {facts: awsmode.PublishFacts{Topic: x(257)}, want: []string{"topic-length/disconnects"}, reason: 0x90},
		"128 ü":                       {facts: awsmode.PublishFacts{Topic: strings.Repeat("ü", 128)}},
		"129 ü":                       {facts: awsmode.PublishFacts{Topic: strings.Repeat("ü", 129)}, want: []string{"topic-length/disconnects"}, reason: 0x90},
		"7 slashes":                   {facts: awsmode.PublishFacts{Topic: "1/2/3/4/5/6/7/8"}},
		"8 slashes":                   {facts: awsmode.PublishFacts{Topic: "1/2/3/4/5/6/7/8/9"}, want: []string{"topic-slashes/disconnects"}, reason: 0x90},
		"7 slashes alone":             {facts: awsmode.PublishFacts{Topic: "///////"}},
		"8 slashes alone":             {facts: awsmode.PublishFacts{Topic: "////////"}, want: []string{"topic-slashes/disconnects"}, reason: 0x90},
		"ingest":                      {facts: awsmode.PublishFacts{Topic: "$aws/rules/r"}},
		"ingest 7 slashes":            {facts: awsmode.PublishFacts{Topic: "$aws/rules/r/1/2/3/4/5/6/7/8"}},
		"ingest 8 slashes":            {facts: awsmode.PublishFacts{Topic: "$aws/rules/r/1/2/3/4/5/6/7/8/9"}, want: []string{"topic-slashes/disconnects"}, reason: 0x90},
		"ingest 256":                  {facts: awsmode.PublishFacts{Topic: "$aws/rules/" + x(60) + "/" + x(256)}},
		"ingest 257":                  {facts: awsmode.PublishFacts{Topic: "$aws/rules/r/" + x(257)}, want: []string{"topic-length/disconnects"}, reason: 0x90},
		"ingest without rule":         {facts: awsmode.PublishFacts{Topic: "$aws/rules/"}, want: []string{"reserved-publish/disconnects"}, reason: 0x90},
		"ingest with empty rule":      {facts: awsmode.PublishFacts{Topic: "$aws/rules//a"}, want: []string{"reserved-publish/disconnects"}, reason: 0x90},
		"ingest retained":             {facts: awsmode.PublishFacts{Topic: "$aws/rules/r/a", Retain: true}, want: []string{"reserved-retain/disconnects"}, reason: 0x90},
		"shadow":                      {facts: awsmode.PublishFacts{Topic: "$aws/things/t/shadow/update", QoS: 1}},
		"shadow retained":             {facts: awsmode.PublishFacts{Topic: "$aws/things/t/shadow/update", Retain: true}, want: []string{"reserved-retain/disconnects"}, reason: 0x90},
		"named shadow":                {facts: awsmode.PublishFacts{Topic: "$aws/things/t/shadow/name/s/delete"}},
		"answer":                      {facts: awsmode.PublishFacts{Topic: "$aws/things/t/shadow/update/accepted"}, want: []string{"reserved-publish/disconnects"}, reason: 0x90},
		"longest names":               {facts: awsmode.PublishFacts{Topic: "$aws/things/" + x(128) + "/shadow/name/" + x(64) + "/update"}},
		"Thing name of 129":           {facts: awsmode.PublishFacts{Topic: "$aws/things/" + x(129) + "/shadow/update"}, want: []string{"shadow-name/discards"}},
		"Thing name with space":       {facts: awsmode.PublishFacts{Topic: "$aws/things/a b/shadow/update"}, want: []string{"shadow-name/discards"}},
		"shadow of no Thing":          {facts: awsmode.PublishFacts{Topic: "$aws/things//shadow/update"}, want: []string{"reserved-publish/disconnects"}, reason: 0x90},
		"another $aws":                {facts: awsmode.PublishFacts{Topic: "$aws/x"}, want: []string{"reserved-publish/disconnects"}, reason: 0x90},
		"$aws in capitals":            {facts: awsmode.PublishFacts{Topic: "$AWS/rules/r"}, want: []string{"reserved-publish/disconnects"}, reason: 0x90},
		"$SYS":                        {facts: awsmode.PublishFacts{Topic: "$SYS/x"}, want: []string{"reserved-publish/disconnects"}, reason: 0x90},
		"$ alone":                     {facts: awsmode.PublishFacts{Topic: "$"}, want: []string{"reserved-publish/disconnects"}, reason: 0x90},
		"$ inside":                    {facts: awsmode.PublishFacts{Topic: "a/$aws"}},
		"presence":                    {facts: awsmode.PublishFacts{Topic: "$aws/events/presence/connected/a"}, want: []string{"reserved-publish/disconnects"}, reason: 0x90},
		"job":                         {facts: awsmode.PublishFacts{Topic: "$aws/things/t/jobs/$next/get"}},
		"expiry 0":                    {facts: awsmode.PublishFacts{Topic: "a", HasExpiry: true}, want: []string{"message-expiry/changes"}},
		"no expiry":                   {facts: awsmode.PublishFacts{Topic: "a"}},
		"expiry 1":                    {facts: awsmode.PublishFacts{Topic: "a", HasExpiry: true, Expiry: 1}},
		"expiry 604,800":              {facts: awsmode.PublishFacts{Topic: "a", HasExpiry: true, Expiry: 604_800}},
		"expiry 604,801":              {facts: awsmode.PublishFacts{Topic: "a", HasExpiry: true, Expiry: 604_801}, want: []string{"message-expiry/changes"}},
		"last retained":               {facts: awsmode.PublishFacts{Topic: "a", Retain: true, PayloadBytes: 1, NewRetained: true, Retained: 499_999}},
		"one retained too many":       {facts: awsmode.PublishFacts{Topic: "a", Retain: true, PayloadBytes: 1, NewRetained: true, Retained: 500_000}, want: []string{"retained-full/refuses"}, reason: 0x97},
		"retained replaced":           {facts: awsmode.PublishFacts{Topic: "a", Retain: true, PayloadBytes: 1, Retained: 500_000}},
		"retained deleted":            {facts: awsmode.PublishFacts{Topic: "a", Retain: true, NewRetained: true, Retained: 500_000}},
		"several":                     {facts: awsmode.PublishFacts{Topic: "$x", QoS: 2, PayloadBytes: 200_000}, want: []string{"publish-qos/disconnects", "payload/disconnects", "reserved-publish/disconnects"}, reason: 0x9B},
		"long reserved topic of none": {facts: awsmode.PublishFacts{Topic: "$aws/" + strings.Repeat("/", 300)}, want: []string{"topic-length/disconnects", "reserved-publish/disconnects"}, reason: 0x90},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			vs := awsmode.Account{}.Publish(c.facts)
			if diff := cmp.Diff(c.want, found(vs)); diff != "" {
				t.Errorf("violations (-want +got):\n%s", diff)
			}
			if w := awsmode.Worst(vs); w != nil && (w.Reason != c.reason || w.Index != awsmode.Whole) {
				t.Errorf("reason %#x, index %d, want %#x, %d", w.Reason, w.Index, c.reason, awsmode.Whole)
			}
		})
	}
}

func TestPublishWithoutFaultAllocatesNothing(t *testing.T) {
	f := awsmode.PublishFacts{Topic: "plant/hall1/temp", QoS: 1, PayloadBytes: 100}
	if n := testing.AllocsPerRun(100, func() { _ = awsmode.Account{}.Publish(f) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	f.Topic = "$aws/things/press-07/shadow/update"
	if n := testing.AllocsPerRun(100, func() { _ = awsmode.Account{}.Publish(f) }); n != 0 {
		t.Errorf("%v allocations for a shadow update", n)
	}
}

func TestReserved(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		topic              string
		publish, subscribe bool
	}{
		{"a/b", true, true},
		{"$aws/things/t/shadow/get", true, true},
		{"$aws/things/t/shadow/update", true, true},
		{"$aws/things/t/shadow/delete", true, true},
		{"$aws/things/t/shadow/get/accepted", false, true},
		{"$aws/things/t/shadow/update/delta", false, true},
		{"$aws/things/t/shadow/update/documents", false, true},
		{"$aws/things/t/shadow/get/delta", false, false},
		{"$aws/things/t/shadow/name/s/update", true, true},
		{"$aws/things/t/shadow/name/s/update/documents", false, true},
		{"$aws/things/t/shadow/name//update", false, false},
		{"$aws/things/t/shadow", false, false},
		{"$aws/things/t/jobs/get", true, false},
		{"$aws/things/t/jobs/get/accepted", false, true},
		{"$aws/things/t/jobs/start-next", true, false},
		{"$aws/things/t/jobs/j1/update", true, false},
		{"$aws/things/t/jobs/j1/update/rejected", false, true},
		{"$aws/things/t/jobs/notify", false, true},
		{"$aws/things/t/jobs/notify-next", false, true},
		{"$aws/things/t/tunnels/notify", false, true},
		{"$aws/things/t/defender/metrics/json", true, false},
		{"$aws/things/t/defender/metrics/cbor/accepted", false, true},
		{"$aws/things/t/defender/metrics/xml", false, false},
		{"$aws/things/t/streams/s/get/cbor", true, false},
		{"$aws/things/t/streams/s/data/cbor", false, true},
		{"$aws/certificates/create/json", true, false},
		{"$aws/certificates/create/json/rejected", false, true},
		{"$aws/certificates/create-from-csr/cbor", true, false},
		{"$aws/provisioning-templates/p/provision/json", true, false},
		{"$aws/provisioning-templates/p/provision/json/accepted", false, true},
		{"$aws/commands/things/t/executions/e/request/json", false, true},
		{"$aws/commands/things/t/executions/e/response/json", true, false},
		{"$aws/commands/clients/c/executions/e/response/accepted/json", false, true},
		{"$aws/events/presence/connected/c", false, true},
		{"$aws/events/subscriptions/subscribed/c", false, true},
		{"$aws/events/job/j/completed", false, true},
		{"$aws/rules/r", true, false},
		{"$aws/rules/r/a/b", true, false},
		{"$aws", false, false},
		{"$aws/", false, false},
		{"$SYS/broker/uptime", false, false},
		{"$share", false, false},
		{"$x", false, false},
	} {
		if got := awsmode.MayPublish(c.topic); got != c.publish {
			t.Errorf("MayPublish(%q) = %v", c.topic, got)
		}
		if got := awsmode.MaySubscribe(c.topic); got != c.subscribe {
			t.Errorf("MaySubscribe(%q) = %v", c.topic, got)
		}
	}
	for filter, want := range map[string]bool{
		"#":                             true,
		"+/things/#":                    true,
		"$aws/#":                        true,
		"$aws/things/#":                 true,
		"$aws/things/+/shadow/#":        true,
		"$aws/things/t/shadow/update/+": true,
		"$aws/things/+/shadow/name/+/update/delta":       true,
		"$aws/things/t/jobs/#":                           true,
		"$aws/commands/things/t/executions/+/request/+":  true,
		"$aws/events/presence/+/+":                       true,
		"$aws/+/t/shadow/get/+":                          true,
		"$aws/things/+":                                  false,
		"$aws/things/t/shadow/update/accepted/more":      false,
		"$aws/things/t/nothing/#":                        false,
		"$aws/rules/#":                                   false,
		"$aws/rules/r/#":                                 false,
		"$aws/things//shadow/#":                          false,
		"$SYS/#":                                         false,
		"$aws/things/t/shadow/update/delta/x/y/z/1/2/3/": false,
	} {
		if got := awsmode.MaySubscribe(filter); got != want {
			t.Errorf("MaySubscribe(%q) = %v", filter, got)
		}
	}
}
