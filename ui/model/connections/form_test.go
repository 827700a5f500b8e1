package connections

import (
	"strings"
	"testing"

	"github.com/thingdesk/thingdesk/broker"
)

func TestFieldFaults(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*Form)
		field  string
	}{
		"no name":                  {func(f *Form) { f.Name = " " }, FieldName},
		"address":                  {func(f *Form) { f.Address = "a b" }, FieldAddress},
		"URL being typed":          {func(f *Form) { f.Address = "mqtt://x" }, FieldAddress},
		"transport":                {func(f *Form) { f.Transport = "quic" }, FieldTransport},
		"persistent without an ID": {func(f *Form) { f.Persistent = true }, FieldClientID},
		"keep-alive in words":      {func(f *Form) { f.KeepAlive = "long" }, FieldKeepAlive},
		"keep-alive 0":             {func(f *Form) { f.KeepAlive = "0" }, FieldKeepAlive},
		"keep-alive too long":      {func(f *Form) { f.KeepAlive = "65536" }, FieldKeepAlive},
		"user name with zero":      {func(f *Form) { f.Username = "a\x00" }, FieldUsername},
		"filter":                   {func(f *Form) { f.Subscriptions[0].Filter = "a#" }, FieldSubscriptions},
		"filter twice":             {func(f *Form) { f.Subscriptions[1].Filter = "#" }, FieldSubscriptions},
		"empty filter":             {func(f *Form) { f.Subscriptions = append(f.Subscriptions, broker.Subscription{}) }, FieldSubscriptions},
	} {
		m, _, _ := newTestModel(t)
		m.Select("site-a")
		if m.Form().Faulty() {
			t.Fatal("faulty from the start")
		}
		c.change(m.Form())
		if faults := m.Form().Faults(); faults[c.field] == "" || len(faults) != 1 || m.MaySave() {
			t.Errorf("%s: faults %v", name, faults)
		}
		if c.field == FieldSubscriptions {
			found := false
			for i := range m.Form().Subscriptions {
				found = found || m.Form().SubscriptionFault(i) != ""
			}
			if !found {
				t.Errorf("%s: no line is to blame", name)
			}
		}
	}
}

// TestTypedAddressIsTakenApartAtTheEnd: while a URL is typed key by key it
// stays as it is.
func TestTypedAddressIsTakenApartAtTheEnd(t *testing.T) {
	t.Parallel()
	m, b, q := newTestModel(t)
	m.Create()
	f := m.Form()
	f.Name = "Site B"
	const typed = "mqtts://bob:pw@mq"
	for i := range typed {
		f.SetAddress(typed[:i+1])
		if f.Address != typed[:i+1] {
			t.Fatalf("typed %q, the field says %q", typed[:i+1], f.Address)
		}
	}
	if words := f.Faults()[FieldAddress]; !strings.Contains(words, "Enter") || m.MaySave() {
		t.Errorf("fault %q", words)
	}
	m.Save(false)
	f.Password = "typed while saving"
	q.run()
	if p := b.profiles[2]; p.Address != "mq" || p.Transport != broker.TLS || b.passwords[p.ID] != "pw" {
		t.Errorf("saved %+v, password %q", p, b.passwords[p.ID])
	}
	if f.Password != "typed while saving" || !f.Edited() {
		t.Errorf("the password typed while saving became %q", f.Password)
	}
}
