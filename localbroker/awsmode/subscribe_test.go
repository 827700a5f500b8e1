package awsmode_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/thingdesk/thingdesk/localbroker/awsmode"
)

func filters(names ...string) []awsmode.FilterFacts {
	fs := make([]awsmode.FilterFacts, len(names))
	for i, n := range names {
		fs[i] = awsmode.FilterFacts{Filter: n, QoS: 1}
	}
	return fs
}

func many(n int) []awsmode.FilterFacts {
	names := make([]string, n)
	for i := range names {
		names[i] = "f/" + strconv.Itoa(i)
	}
	return filters(names...)
}

func TestSubscribe(t *testing.T) {
	t.Parallel()
	x := func(n int) string { return strings.Repeat("x", n) }
	for name, c := range map[string]struct {
		facts  awsmode.SubscribeFacts
		want   []string
		reason byte
		index  int
	}{
		"plain":                   {facts: awsmode.SubscribeFacts{Filters: filters("a/#", "+/b")}},
		"8 filters":               {facts: awsmode.SubscribeFacts{Filters: many(8)}},
		"9 filters":               {facts: awsmode.SubscribeFacts{Filters: many(9)}, want: []string{"filters/disconnects"}, reason: 0x97, index: awsmode.Whole},
		"QoS 2":                   {facts: awsmode.SubscribeFacts{Filters: []awsmode.FilterFacts{{Filter: "a"}, {Filter: "b", QoS: 2}}}, want: []string{"subscribe-qos/disconnects"}, reason: 0x9B, index: 1},
		"identifier":              {facts: awsmode.SubscribeFacts{HasID: true, Filters: filters("a")}, want: []string{"subscription-id/disconnects"}, reason: 0xA1, index: awsmode.Whole},
		"256 bytes":               {facts: awsmode.SubscribeFacts{Filters: filters(x(256))}},
		"257 bytes":               {facts: awsmode.SubscribeFacts{Filters: filters(x(257))}, want: []string{"filter-length/disconnects"}, reason: 0x8F},
		"7 slashes":               {facts: awsmode.SubscribeFacts{Filters: filters("1/2/3/4/5/6/7/#")}},
		"8 slashes":               {facts: awsmode.SubscribeFacts{Filters: filters("a", "1/2/3/4/5/6/7/8/#")}, want: []string{"filter-slashes/disconnects"}, reason: 0x8F, index: 1},
		"shared, 7 slashes":       {facts: awsmode.SubscribeFacts{Filters: filters("$share/g/1/2/3/4/5/6/7/#")}},
		"shared, 8 slashes":       {facts: awsmode.SubscribeFacts{Filters: filters("$share/g/1/2/3/4/5/6/7/8/#")}, want: []string{"filter-slashes/disconnects"}, reason: 0x8F},
		"shared, 256 bytes":       {facts: awsmode.SubscribeFacts{Filters: filters("$share/" + x(128) + "/" + x(256))}},
		"shared, 257 bytes":       {facts: awsmode.SubscribeFacts{Filters: filters("$share/g/" + x(257))}, want: []string{"filter-length/disconnects"}, reason: 0x8F},
		"share name of 129":       {facts: awsmode.SubscribeFacts{Filters: filters("$share/" + x(129) + "/a")}, want: []string{"share-name/disconnects"}, reason: 0x8F},
		"share name of 128 ü":     {facts: awsmode.SubscribeFacts{Filters: filters("$share/" + strings.Repeat("ü", 128) + "/a")}},
		"shared shadow":           {facts: awsmode.SubscribeFacts{Filters: filters("$share/g/$aws/things/+/shadow/update/documents")}},
		"shared $SYS":             {facts: awsmode.SubscribeFacts{Filters: filters("$share/g/$SYS/#")}, want: []string{"reserved-subscribe/disconnects"}, reason: 0x8F},
		"$SYS":                    {facts: awsmode.SubscribeFacts{Filters: filters("$SYS/#")}, want: []string{"reserved-subscribe/disconnects"}, reason: 0x8F},
		"$aws":                    {facts: awsmode.SubscribeFacts{Filters: filters("$aws/things/t/shadow/name/s/update/documents")}},
		"reserved with 8 slashes": {facts: awsmode.SubscribeFacts{Filters: filters("$aws/commands/things/t/executions/e/response/accepted/json")}},
		"Basic Ingest":            {facts: awsmode.SubscribeFacts{Filters: filters("$aws/rules/r/#")}, want: []string{"reserved-subscribe/disconnects"}, reason: 0x8F},
		"50th":                    {facts: awsmode.SubscribeFacts{Held: 49, Filters: filters("a")}},
		"51st":                    {facts: awsmode.SubscribeFacts{Held: 49, Filters: filters("a", "b")}, want: []string{"subscriptions/refuses"}, reason: 0x97, index: 1},
		"the same again":          {facts: awsmode.SubscribeFacts{Held: 50, Filters: []awsmode.FilterFacts{{Filter: "a", Known: true}}}},
		"eight, the last again":   {facts: awsmode.SubscribeFacts{Held: 43, Filters: append(many(7), filters("f/0")...)}},
		"nine, 51st too":          {facts: awsmode.SubscribeFacts{Held: 42, Filters: many(9)}, want: []string{"filters/disconnects", "subscriptions/refuses"}, reason: 0x97, index: awsmode.Whole},
		"twice in one":            {facts: awsmode.SubscribeFacts{Held: 49, Filters: filters("a", "a")}},
		"eight of the reply topics": {facts: awsmode.SubscribeFacts{Filters: filters(
			"$aws/things/t/shadow/get/accepted", "$aws/things/t/shadow/get/rejected",
			"$aws/things/t/shadow/update/accepted", "$aws/things/t/shadow/update/rejected",
			"$aws/things/t/shadow/update/delta", "$aws/things/t/shadow/update/documents",
			"$aws/things/t/shadow/delete/accepted", "$aws/things/t/shadow/delete/rejected",
		)}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			vs := awsmode.Subscribe(c.facts)
			if diff := cmp.Diff(c.want, found(vs)); diff != "" {
				t.Errorf("violations (-want +got):\n%s", diff)
			}
			if w := awsmode.Worst(vs); w != nil && (w.Reason != c.reason || w.Index != c.index) {
				t.Errorf("reason %#x, index %d, want %#x, %d", w.Reason, w.Index, c.reason, c.index)
			}
		})
	}
	for n, want := range map[int]int{1: 0, 8: 0, 9: 1} {
		if vs := awsmode.Unsubscribe(n); len(vs) != want {
			t.Errorf("Unsubscribe(%d) = %v", n, vs)
		}
	}
}

func TestDelivery(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		filter, name string
		live         bool
	}{
		{"sensor/#", "sensor", false},
		{"sensor/#", "sensor/", true},
		{"sensor/#", "sensor/temperature", true},
		{"sensor/#", "sensor/temperature/room1", true},
		{"sensor/#", "other/x", false},
		{"#", "sensor", true},
		{"+/#", "a", false},
		{"+/#", "a/b", true},
		{"/#", "", false},
		{"/#", "/", true},
		{"a/+/#", "a/b", false},
		{"a/+/#", "a/b/c", true},
		{"a", "a", true},
		{"a/+", "a", false},
		{"$share/g/sensor/#", "sensor", false},
		{"$share/g/sensor/#", "sensor/a", true},
		{"$share/g/#", "sensor", true},
		{"#", "$aws/things/t/shadow/get", false},
		{"$aws/#", "$aws/rules/r/a", false},
		{"$aws/things/+/shadow/#", "$aws/things/t/shadow/update/delta", true},
	} {
		if got := awsmode.ReceivesLive(c.filter, c.name); got != c.live {
			t.Errorf("ReceivesLive(%q, %q) = %v", c.filter, c.name, got)
		}
	}
	for filter, want := range map[string]bool{"a/b": true, "a/+": false, "#": false, "a/#": false, "$share/g/a/b": false, "$share/g": true} {
		if got := awsmode.GetsRetained(filter); got != want {
			t.Errorf("GetsRetained(%q) = %v", filter, got)
		}
	}
	if v := awsmode.MissedRetained("a/#", 1); !strings.Contains(v.Text, "for a retained message,") {
		t.Errorf("one retained message reads %q", v.Text)
	}
	if v := awsmode.MissedLive("$aws/#", "$aws/rules/r"); v.Rule != awsmode.RuleReservedSubscribe || v.Effect != awsmode.NotDelivered {
		t.Errorf("MissedLive of Basic Ingest = %+v", v)
	}
}
