package brokerview

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/thingdesk/thingdesk/engine"
	"github.com/thingdesk/thingdesk/localbroker"
	"github.com/thingdesk/thingdesk/localbroker/core"
	"github.com/thingdesk/thingdesk/localbroker/durable"
	"github.com/thingdesk/thingdesk/localbroker/packet"
)

func TestKeptWords(t *testing.T) {
	t.Parallel()
	for expiry, want := range map[uint32]string{
		0: "no", 1: "1 s", 60: "1 min", 90: "90 s", 3600: "1 h", 5400: "90 min", 86400: "1 d", 129600: "36 h", 172800: "2 d",
		30 * 86400: "30 d", forever - 1: "49,710 d", forever: "for ever",
	} {
		if got := KeptWords(expiry); got != want {
			t.Errorf("%d: %q, want %q", expiry, got, want)
		}
	}
}

func TestSessionWords(t *testing.T) {
	t.Parallel()
	now := start.UnixMicro()
	for _, c := range []struct {
		s                   Session
		connection, expires string
	}{
		{Session{Session: core.Session{Connected: true}, Since: before(3 * time.Minute)}, "connected 3 min", "at disconnect"},
		{Session{Session: core.Session{Connected: true, Expiry: 600}}, "connected", "10 min after disconnect"},
		{Session{Session: core.Session{Connected: true, Expiry: forever}, Since: now}, "connected now", "never"},
		{Session{Session: core.Session{Ended: before(10 * time.Minute), Expiry: 3600}}, "absent 10 min", "in 50 min"},
		{Session{Session: core.Session{Ended: before(time.Hour), Expiry: 60}}, "absent 1 h", "now"},
		{Session{Session: core.Session{Ended: before(time.Hour), Expiry: forever}}, "absent 1 h", "never"},
		{Session{Session: core.Session{Expiry: forever}}, "absent", "never"},
		{Session{Gone: true}, "ended", "–"},
	} {
		if got := c.s.ConnectionWords(now); got != c.connection {
			t.Errorf("%+v: %q, want %q", c.s, got, c.connection)
		}
		if got := c.s.ExpiresWords(now); got != c.expires {
			t.Errorf("%+v: %q, want %q", c.s, got, c.expires)
		}
	}
}

func TestClientWords(t *testing.T) {
	t.Parallel()
	for v, want := range map[packet.Version]string{3: "3.1", 4: "3.1.1", 5: "5", 9: "level 9"} {
		if got := Protocol(v); got != want {
			t.Errorf("%d: %q", v, got)
		}
	}
	for _, c := range []struct {
		client core.Client
		user   string
		alive  string
	}{
		{core.Client{}, "–", "off"},
		{core.Client{User: "ann", KeepAlive: 20 * time.Second}, "(ann)", "20 s"},
		{core.Client{User: "ann", Owner: "Ann", KeepAlive: time.Minute}, "Ann", "1 min"},
	} {
		row := Client{Client: c.client}
		if row.UserWords() != c.user || row.KeepAliveWords() != c.alive {
			t.Errorf("%+v: %q, %q", c.client, row.UserWords(), row.KeepAliveWords())
		}
	}
}

func TestOptionWords(t *testing.T) {
	t.Parallel()
	for options, want := range map[byte]string{
		0: "", 2: "", 4: "not its own", 1 | 8: "retain as published", 0x10: "retained if new",
		0x20 | 4: "not its own, no retained",
	} {
		if got := OptionWords(durable.Subscription{Filter: "a/#", Options: options}); got != want {
			t.Errorf("%#x: %q, want %q", options, got, want)
		}
	}
	if got := OptionWords(durable.Subscription{Filter: "$share/g/a", Options: 8}); got != "shared in its group, retain as published" {
		t.Errorf("shared: %q", got)
	}
}

func TestHead(t *testing.T) {
	t.Parallel()
	b := newBench()
	if b.Known() || b.StateWords() != "…" {
		t.Error("says something before it has looked")
	}
	b.status.Stats = localbroker.Stats{In: 100, Out: 1000, BytesIn: 1000, BytesOut: 9000, Retained: 1204, QueuedBytes: 1500, Dropped: 3}
	b.tick(0)
	if f := b.Figures(); f[5].Value != "0/s · 0 B/s" || f[2].Value != "1,204" || f[3].Value != "1.5 kB" || !f[4].Bad || f[0].Bad {
		t.Errorf("figures %+v", f)
	}
	b.status.Stats.In, b.status.Stats.Out, b.status.Stats.BytesIn, b.status.Stats.BytesOut = 150, 1500, 6000, 29000
	b.tick(2 * time.Second)
	if r := b.Rates(); r != (Rates{In: 25, Out: 250, BytesIn: 2500, BytesOut: 10000}) {
		t.Errorf("rates %+v", r)
	}
	if f := b.Figures(); f[5].Value != "25/s · 2.5 kB/s" || f[6].Value != "250/s · 10.0 kB/s" {
		t.Errorf("figures %+v", f)
	}
	b.status.Stats = localbroker.Stats{In: 7}
	b.tick(time.Second)
	if b.Rates() != (Rates{}) {
		t.Errorf("rates of another run: %+v", b.Rates())
	}
	b.status.Listeners = []string{"tcp 127.0.0.1:1883", "tls [::]:8883", "ws 127.0.0.1:8080", "wss 127.0.0.1:8443", "odd"}
	b.status.Moved, b.status.Wanted = true, "127.0.0.1:1884"
	b.status.StateTrouble = "the disk is full"
	b.tick(time.Second)
	if got := strings.Join(b.Addresses(), " "); got != "mqtt://127.0.0.1:1883 mqtts://[::]:8883 ws://127.0.0.1:8080 wss://127.0.0.1:8443 odd" {
		t.Errorf("addresses %s", got)
	}
	if b.StateWords() != "running (127.0.0.1:1884 was in use)" || b.Trouble() != "Sessions and retained messages are not stored: the disk is full" {
		t.Errorf("%q, %q", b.StateWords(), b.Trouble())
	}
	b.status.StateTrouble, b.status.StoreTrouble = "", "no room"
	b.status.Listeners = nil
	b.tick(time.Second)
	if b.Addresses()[0] != "mqtt://127.0.0.1:1883" || b.Trouble() != "Shadow updates are refused: no room" {
		t.Errorf("%q, %q", b.Addresses(), b.Trouble())
	}
	b.status = engine.BrokerStatus{Err: errors.New("port is taken")}
	b.tick(time.Second)
	if b.StateWords() != "could not start" || b.Trouble() != "Port is taken" || b.Addresses() != nil || b.Figures()[0].Value != "–" {
		t.Errorf("%q, %q", b.StateWords(), b.Trouble())
	}
	b.status.Err = nil
	b.tick(time.Second)
	if b.StateWords() != "stopped" || b.Trouble() != "" {
		t.Errorf("%q, %q", b.StateWords(), b.Trouble())
	}
}

func TestEmptyWordsSayWhatToDo(t *testing.T) {
	t.Parallel()
	b := newBench()
	for _, tab := range []Tab{Clients, Sessions, Log} {
		b.Show(tab)
		if b.ClientsEmpty()+b.SessionsEmpty()+b.LogEmpty() != "" && tab == Clients {
			t.Error("says that there is nothing before it has looked")
		}
		b.tick(time.Second)
	}
	for part, words := range map[string]string{
		"mqtt://127.0.0.1:1883": b.ClientsEmpty(), "mosquitto_sub -h 127.0.0.1 -p 1883": b.ClientsEmpty(),
		"There is no session": b.SessionsEmpty(), "Nothing has happened": b.LogEmpty(),
	} {
		if !strings.Contains(words, part) {
			t.Errorf("%q does not say %q", words, part)
		}
	}
	b.Show(Sessions)
	b.SetAbsentOnly(true)
	b.run()
	if !strings.Contains(b.SessionsEmpty(), "persistent session") {
		t.Errorf("%q", b.SessionsEmpty())
	}
	b.add(core.Client{ID: "x"})
	b.SetFilter("nope")
	b.tick(time.Second)
	if b.SessionsEmpty() != "No session matches the filter." {
		t.Errorf("%q", b.SessionsEmpty())
	}
	b.clients, b.sessions, b.status.Running = nil, nil, false
	b.tick(time.Second)
	for _, words := range []string{b.ClientsEmpty(), b.SessionsEmpty(), b.LogEmpty()} {
		if !strings.Contains(words, "stopped") || !strings.Contains(words, "button above") {
			t.Errorf("%q", words)
		}
	}
}
