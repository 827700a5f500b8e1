package settings

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/thingdesk/thingdesk/localbroker/access"
	"github.com/thingdesk/thingdesk/localbroker/listen"
)

// hash is one of "secret".
var hash = func() string {
	h, err := access.Hash([]byte("secret"))
	if err != nil {
		panic(err)
	}
	return h
}()

func mustParse(t *testing.T, text, folder string) Settings {
	t.Helper()
	s, err := ParseBytes([]byte(text), folder)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// plain is what of Settings can be compared.
func plain(s Settings) Settings {
	for i := range s.Listeners {
		s.Listeners[i].Users, s.Listeners[i].Rules = nil, nil
		s.Listeners[i].Listen.TLS = nil
	}
	return s
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	want := Settings{
		Listeners:  []Listener{{Listen: listen.Config{Address: "127.0.0.1:1883", AnyPort: true}, Durable: true, Anonymous: true}},
		Durability: Process, Sys: 10 * time.Second,
	}
	missing, err := Read(filepath.Join(t.TempDir(), File))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []Settings{Default(), missing, mustParse(t, "{}", ""), mustParse(t, "\ufeff { } \r\n", ""), mustParse(t, `{"listeners":null,"limits":null}`, "")} {
		if s.Listeners[0].Users.Len() != 0 || s.Listeners[0].Rules.Len() != 0 || s.Listeners[0].Users == nil || s.Listeners[0].Rules == nil {
			t.Error("users or rules")
		}
		if d := cmp.Diff(want, plain(s)); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
	}
}

func TestEverything(t *testing.T) {
	t.Parallel()
	folder := certificates(t)
	s := mustParse(t, fmt.Sprintf(`{
	"listeners": [
		{"address": "127.0.0.1:1883", "any_port": true},
		{"address": "0.0.0.0:8883", "durable": false, "anonymous": false,
		 "tls": {"certificate": "server.pem", "key": "server.key", "client_ca": "ca.pem", "require_client_certificate": true, "certificate_is_user": true},
		 "users": [{"name": "eve", "hash": %q}],
		 "rules": [
			{"allow": true, "user": "eve", "actions": ["publish"], "filter": "a/%%u/#"},
			{"allow": true, "client": "c*", "certificate": "dev", "actions": ["read"], "filter": "b/%%n"},
			{"allow": false, "actions": ["all"], "filter": "a/eve/secret"}]},
		{"address": "localhost:0", "websocket": {"origins": ["http://localhost:3000"]}}
	],
	"durability": "power",
	"limits": {"clients": 1, "packet_bytes": 2, "subscriptions_per_client": 3, "inflight": 4, "queued_messages": 5, "queued_bytes": 6, "queued_bytes_total": 7,
		"retained_messages": 8, "retained_bytes": 9, "connect_seconds": 10, "max_keep_alive": 11, "session_expiry_seconds": 4294967295},
	"hide_denials": true, "sys_seconds": 86400}`, hash), folder)
	tlsListener := s.Listeners[1]
	if c := tlsListener.Listen.TLS; c == nil || len(c.Certificates) != 1 || c.ClientCAs == nil || c.ClientAuth.String() != "RequireAndVerifyClientCert" {
		t.Errorf("TLS %+v", c)
	}
	if !tlsListener.Users.Check(t.Context(), "eve", []byte("secret")) {
		t.Error("user is not known")
	}
	p := tlsListener.Rules.For(access.Identity{User: "eve", Client: "c1", Certificate: "dev"})
	if !p.Publish("a/eve/x") || p.Publish("a/eve/secret") || !p.Subscribe("b/dev") || p.Publish("b/dev") {
		t.Error("rules judge wrong")
	}
	want := Settings{
		Listeners: []Listener{
			{Listen: listen.Config{Address: "127.0.0.1:1883", AnyPort: true}, Durable: true, Anonymous: true},
			{Listen: listen.Config{Address: "0.0.0.0:8883"}, CertificateIsUser: true},
			{Listen: listen.Config{Address: "localhost:0", WebSocket: &listen.WebSocket{Path: "/mqtt", Origins: []string{"http://localhost:3000"}}}, Durable: true, Anonymous: true},
		},
		Durability: Power,
		Limits: Limits{
			Clients: 1, PacketBytes: 2, SubscriptionsPerClient: 3, Inflight: 4, QueuedMessages: 5, QueuedBytes: 6, QueuedBytesTotal: 7,
			RetainedMessages: 8, RetainedBytes: 9, ConnectTimeout: 10 * time.Second, MaxKeepAlive: 11 * time.Second, SessionExpiry: 4294967295 * time.Second,
		},
		HideDenials: true, Sys: 24 * time.Hour,
	}
	if d := cmp.Diff(want, plain(s)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestProblems(t *testing.T) {
	t.Parallel()
	folder := certificates(t)
	at := func(rest string) string { return `{"listeners":[{"address":"127.0.0.1:1"` + rest + `}]}` }
	for _, c := range []struct{ text, want string }{
		{"", "line 1, column 1: not JSON: unexpected end"},
		{"{\n \"durability\": \"power\",\n}", "line 3, column 1: not JSON: invalid character '}'"},
		{"{} x", "line 1, column 4: not JSON: invalid character 'x'"},
		{"{\"a\": \xff}", "line 1, column 7: the text is not UTF-8"},
		{"[]", "line 1, column 1: is a list [...]: give an object"},
		{"{\n  \"duräbility\": 1}", "line 2, column 3: duräbility is unknown: here may stand listeners, durability, limits, hide_denials, sys_seconds"},
		{`{"sys_seconds":1,"sys_seconds":2}`, "line 1, column 18: sys_seconds stands twice"},
		{`{"durability":"disk"}`, `durability is "disk": give "process" or "power"`},
		{`{"durability":1}`, "durability is a number: give a text"},
		{`{"hide_denials":"no"}`, "hide_denials is a text in quotes: give true or false"},
		{`{"sys_seconds":-1}`, "sys_seconds is negative"},
		{`{"sys_seconds":86401}`, "sys_seconds is 86401: give a number from 1 to 86400"},
		{`{"sys_seconds":0}`, "sys_seconds is 0: give a number from 1"},
		{`{"limits":{"inflight":65536}}`, "limits.inflight is 65536"},
		{`{"limits":{"inflight":1.5}}`, "limits.inflight is 1.5: give a whole number"},
		{`{"limits":{"inflight":1e2}}`, "limits.inflight is 1e2: give a whole number"},
		{`{"limits":{"queued_bytes":-1}}`, "limits.queued_bytes is negative"},
		{`{"limits":{"queued_bytes":99999999999999999999}}`, "limits.queued_bytes is 99999999999999999999: give"},
		{`{"limits":{"x":1}}`, "limits.x is unknown"},
		{`{"limits":[]}`, "limits is a list [...]"},
		{`{"listeners":[]}`, "listeners is empty: give at least one"},
		{`{"listeners":[3,{"address":"1"}]}`, "listeners[0] is a number: give an object"},
		{`{"listeners":[3,{"address":"1"}]}`, `listeners[1].address "1" is not HOST:PORT: give HOST:PORT, for example`},
		{`{"listeners":[{}]}`, "column 15: listeners[0].address is missing"},
		{`{"listeners":[{"address":7}]}`, "listeners[0].address is a number"},
		{`{"listeners":[{"address":"a:http"}]}`, `has the port "http"`},
		{`{"listeners":[{"address":"a:65536"}]}`, `has the port "65536"`},
		{`{"listeners":[{"address":"tcp://a:1"}]}`, `listeners[0].address`},
		{`{"listeners":[{"address":"a b:1"}]}`, `has the host "a b"`},
		{`{"listeners":[{"address":"127.0.0.1:5"},{"address":"127.0.0.1:5"}]}`, "listeners[1].address is that of another listener"},
		{`{"listeners":[{"address":"0.0.0.0:5"}]}`, "listeners[0].anonymous is not true and there are no users"},
		{at(`,"anonymous":false`), "listeners[0].anonymous is not true and there are no users"},
		{at(`,"port":1`), "listeners[0].port is unknown: here may stand address, any_port, durable, anonymous, tls, websocket, users, rules"},
		{at(`,"users":[{"name":"a","hash":"x"}]`), "listeners[0].users[0].hash is neither"},
		{at(`,"users":[{"name":"a"}]`), "listeners[0].users[0].hash is empty"},
		{at(`,"users":[{"name":"a","hash":"` + hash + `"},{"name":"a","hash":"` + hash + `"}]`), "listeners[0].users[1].name is that of another user"},
		{at(`,"users":[{"name":"a","hash":"` + hash + `","password":"x"}]`), "listeners[0].users[0].password is unknown: here may stand name, hash"},
		{at(`,"rules":[{"actions":["all"],"filter":"#"}]`), "listeners[0].rules[0].allow is missing"},
		{at(`,"rules":[{"allow":true,"filter":"#"}]`), "listeners[0].rules[0].actions is empty"},
		{at(`,"rules":[{"allow":true,"actions":["all",1],"filter":"#"}]`), "listeners[0].rules[0].actions[1] is a number"},
		{at(`,"rules":[{"allow":true,"actions":["all"],"filter":"#"},{"allow":true,"actions":["all"],"filter":"a/#/b"}]`), "listeners[0].rules[1].filter has # before its end"},
		{at(`,"websocket":{"path":"x"}`), `listeners[0].websocket.path is wrong: path "x"`},
		{at(`,"websocket":{"origins":["*","x"]}`), `listeners[0].websocket.origins[1] is wrong: origin "x"`},
		{at(`,"tls":{}`), "listeners[0].tls.certificate is missing"},
		{at(`,"tls":{}`), "listeners[0].tls.key is missing"},
		{at(`,"tls":{"certificate":"none.pem","key":"server.key"}`), "none.pem\", which does not exist"},
		{at(`,"tls":{"certificate":".","key":"server.key"}`), "cannot be read: it is not a file"},
		{at(`,"tls":{"certificate":"server.pem","key":"ca.key"}`), "listeners[0].tls.key is not the key of the certificate"},
		{at(`,"tls":{"certificate":"server.key","key":"server.key"}`), "tls.certificate names a file without a PEM certificate"},
		{at(`,"tls":{"certificate":"server.pem","key":"server.pem"}`), "tls.key names a file without a PEM private key"},
		{at(`,"tls":{"certificate":"server.pem","key":"locked.key"}`), "tls.key names a key that is locked with a pass phrase"},
		{at(`,"tls":{"certificate":"server.pem","key":"damaged.key"}`), "tls.key cannot be used"},
		{at(`,"tls":{"certificate":"empty","key":"server.key"}`), "which is empty"},
		{at(`,"tls":{"certificate":"server.pem","key":"server.key","client_ca":"server.key"}`), "tls.client_ca names a file without a PEM certificate"},
		{at(`,"tls":{"certificate":"server.pem","key":"server.key","client_ca":"damaged.pem"}`), "tls.client_ca names a file with a damaged certificate"},
		{at(`,"tls":{"certificate":"server.pem","key":"server.key","require_client_certificate":true}`), "tls.require_client_certificate is true, but there is no client_ca"},
		{at(`,"tls":{"certificate":"server.pem","key":"server.key","certificate_is_user":true}`), "tls.certificate_is_user is true, but there is no client_ca"},
		{`{"limits":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `}`, "nested deeper"},
	} {
		_, err := ParseBytes([]byte(c.text), folder)
		wrong, ok := errors.AsType[*Error](err)
		if !ok || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s:\n got %v\nwant %s", c.text, err, c.want)
			continue
		}
		if strings.Contains(err.Error(), hash) {
			t.Errorf("the hash is shown: %v", err)
		}
		for _, p := range wrong.Problems {
			if strings.Count(err.Error(), p.String()) != 1 {
				t.Errorf("%s: told twice: %s", c.text, p)
			}
		}
	}
}

func TestAllProblemsAreToldInOrder(t *testing.T) {
	t.Parallel()
	_, err := ParseBytes([]byte("{\"sys_seconds\": -1,\n \"durability\": \"x\",\n \"listeners\": [{\"address\": \"\"}]}"), "")
	want := `line 1, column 17: sys_seconds is negative: give a number from 1 to 86400, or leave it out
line 2, column 16: durability is "x": give "process" or "power"
line 3, column 28: listeners[0].address is missing: give HOST:PORT, for example 127.0.0.1:1883`
	if err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	folder := certificates(t)
	path := filepath.Join(folder, File)
	write := func(text string, mode os.FileMode) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	text := fmt.Sprintf(`{"listeners":[{"address":"127.0.0.1:1","tls":{"certificate":"server.pem","key":"server.key"},"users":[{"name":"eve","hash":%q}]}]}`, hash)
	write(text, 0o600)
	s, err := Read(path)
	if err != nil || len(s.Notices) != 0 || s.Listeners[0].Anonymous {
		t.Errorf("Read = %+v, %v", s, err)
	}
	write(text, 0o644)
	if s, err = Read(path); err != nil || len(s.Notices) != 1 || !strings.Contains(s.Notices[0], "holds password hashes") {
		t.Errorf("Read = %v, %v", s.Notices, err)
	}
	write("{", 0o600)
	if _, err = Read(path); err == nil || !strings.HasPrefix(err.Error(), fmt.Sprintf("read broker settings %q: line 1, column 2: not JSON", path)) {
		t.Errorf("Read = %v", err)
	}
	if _, err = Read(folder); err == nil || !strings.Contains(err.Error(), "not a file") {
		t.Errorf("Read = %v", err)
	}
	write(strings.Repeat(" ", maxFile+1), 0o600)
	if _, err = Read(path); err == nil || !strings.Contains(err.Error(), "larger than 4 MiB") {
		t.Errorf("Read = %v", err)
	}
}
