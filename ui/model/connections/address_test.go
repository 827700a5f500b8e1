package connections

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/thingdesk/thingdesk/broker"
)

func TestParseAddress(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]Address{
		"mqtt://host":                       {Host: "host", Transport: broker.TCP},
		" MQTT://host:1884/ ":               {Host: "host:1884", Transport: broker.TCP},
		"tcp://host:":                       {Host: "host", Transport: broker.TCP},
		"mqtts://user:pw@host:8883":         {Host: "host:8883", Transport: broker.TLS, Username: "user", Password: "pw", HasPassword: true},
		"ssl://user@host":                   {Host: "host", Transport: broker.TLS, Username: "user"},
		"mqtt://user:@host":                 {Host: "host", Transport: broker.TCP, Username: "user", HasPassword: true},
		"mqtt://a%40b:p%3Aq%2f@host":        {Host: "host", Transport: broker.TCP, Username: "a@b", Password: "p:q/", HasPassword: true},
		"mqtt://u:p@ss/w:o?rd@host:1":       {Host: "host:1", Transport: broker.TCP, Username: "u", Password: "p@ss/w:o?rd", HasPassword: true},
		"mqtt://u:100%@host/some/topic?x#y": {Host: "host", Transport: broker.TCP, Username: "u", Password: "100%", HasPassword: true, Rest: "some/topic?x#y"},
		"mqtt://[::1]:1883":                 {Host: "[::1]:1883", Transport: broker.TCP},
	} {
		got, err := ParseAddress(in)
		if d := cmp.Diff(want, got); d != "" || err != nil {
			t.Errorf("%q: %v (-want +got):\n%s", in, err, d)
		}
	}
	for _, in := range []string{"", "host", "http://host", "wss://host", "mqtt://", "mqtt://user:pw@", "mqtt://a b", "mqtt://host:99999", "://x"} {
		if a, err := ParseAddress(in); err == nil {
			t.Errorf("%q is taken for %+v", in, a)
		}
	}
}

// FuzzParseAddress wants that whatever is taken apart makes a valid address,
// and that typing it key by key loses nothing.
func FuzzParseAddress(f *testing.F) {
	f.Add("mqtts://user:p%40w@host:8883/x", "0")
	f.Add("mqtt://[fe80::1%25eth0]:1883", " 65535 ")
	f.Add("tcp://@:@/?#", "+1")
	f.Fuzz(func(t *testing.T, s, keep string) {
		if a, err := ParseAddress(s); err == nil {
			p := broker.Profile{Name: "x", Address: a.Host, Transport: a.Transport}
			if err := p.Validate(); err != nil {
				t.Errorf("%q is taken for %+v: %v", s, a, err)
			}
		}
		form := newForm(broker.NewProfile("", ""), true, func(string, string) bool { return false })
		for i := range s {
			form.SetAddress(s[:i])
		}
		form.SetAddress(s)
		if form.Address != s && form.Note == "" {
			t.Errorf("typed %q, got %q without a note", s, form.Address)
		}
		form.TakeApart()
		if n, err := ParseKeepAlive(keep); err == nil && n == 0 && len(keep) > 0 && keep[0] > ' ' && keep[0] < 0x7f {
			t.Errorf("keep-alive %q is read as the default", keep)
		}
	})
}
