package broker_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/thingdesk/thingdesk/broker"
)

func TestEndpoint(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		address   string
		transport broker.Transport
		want      string
	}{
		{"host", "", "host:1883"},
		{"host", broker.TCP, "host:1883"},
		{"host", broker.TLS, "host:8883"},
		{"host:99", broker.TLS, "host:99"},
		{"127.0.0.1", broker.TCP, "127.0.0.1:1883"},
		{"::1", broker.TCP, "[::1]:1883"},
		{"[::1]", broker.TLS, "[::1]:8883"},
		{"[::1]:99", broker.TCP, "[::1]:99"},
	} {
		p := broker.Profile{Address: c.address, Transport: c.transport}
		if got := p.Endpoint(); got != c.want {
			t.Errorf("endpoint of %q over %q = %q, want %q", c.address, c.transport, got, c.want)
		}
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(*broker.Profile)
		want   []string // fields with faults
	}{
		{"as new", func(*broker.Profile) {}, nil},
		{"zero transport", func(p *broker.Profile) { p.Transport = "" }, nil},
		{"no name", func(p *broker.Profile) { p.Name = " " }, []string{"name"}},
		{"no address", func(p *broker.Profile) { p.Address = "" }, []string{"address"}},
		{"URL", func(p *broker.Profile) { p.Address = "mqtt://host" }, []string{"address"}},
		{"path", func(p *broker.Profile) { p.Address = "host/x" }, []string{"address"}},
		{"space", func(p *broker.Profile) { p.Address = "my host" }, []string{"address"}},
		{"no port after colon", func(p *broker.Profile) { p.Address = "host:" }, []string{"address"}},
		{"port 0", func(p *broker.Profile) { p.Address = "host:0" }, []string{"address"}},
		{"port too large", func(p *broker.Profile) { p.Address = "host:65536" }, []string{"address"}},
		{"port in words", func(p *broker.Profile) { p.Address = "host:mqtt" }, []string{"address"}},
		{"no host", func(p *broker.Profile) { p.Address = ":1883" }, []string{"address"}},
		{"only brackets", func(p *broker.Profile) { p.Address = "[]" }, []string{"address"}},
		{"open bracket", func(p *broker.Profile) { p.Address = "[::1" }, []string{"address"}},
		{"too many colons", func(p *broker.Profile) { p.Address = "a:b:c" }, []string{"address"}},
		{"IPv6", func(p *broker.Profile) { p.Address = "::1" }, nil},
		{"IPv6 in brackets", func(p *broker.Profile) { p.Address = "[::1]" }, nil},
		{"IPv6 with zone", func(p *broker.Profile) { p.Address = "fe80::1%eth0" }, nil},
		{"transport", func(p *broker.Profile) { p.Transport = "quic" }, []string{"transport"}},
		{"persistent without client ID", func(p *broker.Profile) { p.Persistent = true }, []string{"clientId"}},
		{"persistent", func(p *broker.Profile) { p.Persistent, p.ClientID = true, "me" }, nil},
		{"client ID with zero", func(p *broker.Profile) { p.ClientID = "a\x00" }, []string{"clientId"}},
		{"user name too long", func(p *broker.Profile) { p.Username = strings.Repeat("x", 65536) }, []string{"username"}},
		{"user name not UTF-8", func(p *broker.Profile) { p.Username = "\xff" }, []string{"username"}},
		{"bad filter", func(p *broker.Profile) { p.Subscriptions[0].Filter = "a#" }, []string{"subscriptions"}},
		{"filter twice", func(p *broker.Profile) { p.Subscriptions[1].Filter = "#" }, []string{"subscriptions"}},
		{"QoS 3", func(p *broker.Profile) { p.Subscriptions[0].QoS = 3 }, []string{"subscriptions"}},
		{"all at once", func(p *broker.Profile) { *p = broker.Profile{Transport: "x"} }, []string{"address", "name", "transport"}},
	} {
		p := broker.NewProfile("Plant", "broker.example")
		c.change(&p)
		if diff := cmp.Diff(c.want, faultyFields(t, p.Validate())); diff != "" {
			t.Errorf("%s: faulty fields (-want +got):\n%s", c.name, diff)
		}
	}
}

func faultyFields(t *testing.T, err error) (fields []string) {
	t.Helper()
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		t.Fatalf("%v is not joined", err)
	}
	for _, e := range joined.Unwrap() {
		var fault *broker.FieldError
		if !errors.As(e, &fault) || fault.Text == "" || fault.Error() != fault.Text {
			t.Fatalf("%v is no FieldError with a text", e)
		}
		fields = append(fields, fault.Field)
	}
	slices.Sort(fields)
	return fields
}

func TestNewProfile(t *testing.T) {
	t.Parallel()
	a, b := broker.NewProfile("A", "a"), broker.NewProfile("A", "a")
	if a.ID == b.ID || a.ID == "" || a.Local() {
		t.Errorf("IDs %q and %q", a.ID, b.ID)
	}
	if !(broker.Profile{ID: broker.LocalID}).Local() {
		t.Error("the local profile is not local")
	}
	text, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	var back broker.Profile
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(a, back); diff != "" {
		t.Errorf("a profile changes by way of JSON: %s", diff)
	}
}

func TestWords(t *testing.T) {
	t.Parallel()
	for want, got := range map[string]string{
		"in": broker.In.String(), "out": broker.Out.String(), "closed": broker.Closed.String(), "connecting": broker.Connecting.String(),
		"connected": broker.Connected.String(), "waiting to reconnect": broker.Waiting.String(), "a": broker.Reason{Text: "a"}.String(),
		"a. B": broker.Reason{Text: "a", Hint: "B"}.String(),
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
