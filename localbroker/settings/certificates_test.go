package settings

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// maker writes certificates into a folder.
type maker struct {
	folder string
	ca     *x509.Certificate
	caKey  *ecdsa.PrivateKey
}

// certificates returns a folder with PEM files, good and bad ones.
func certificates(t *testing.T) string {
	t.Helper()
	m := &maker{folder: t.TempDir()}
	now := time.Now()
	m.issue(t, "ca", now.Add(-time.Hour), now.AddDate(1, 0, 0), true)
	m.issue(t, "server", now.Add(-time.Hour), now.AddDate(1, 0, 0), true)
	m.issue(t, "expired", now.Add(-2*time.Hour), now.Add(-time.Hour), true)
	m.issue(t, "ending", now.Add(-time.Hour), now.Add(time.Hour), true)
	m.issue(t, "early", now.Add(time.Hour), now.AddDate(1, 0, 0), true)
	m.issue(t, "nohost", now.Add(-time.Hour), now.AddDate(1, 0, 0), false)
	m.write(t, "empty", nil, 0o600)
	m.write(t, "locked.key", pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: []byte("x")}), 0o600)
	m.write(t, "damaged.key", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("x")}), 0o600)
	m.write(t, "damaged.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("x")}), 0o600)
	key, err := os.ReadFile(filepath.Join(m.folder, "server.key"))
	if err != nil {
		t.Fatal(err)
	}
	m.write(t, "shown.key", key, 0o644)
	return m.folder
}

func (m *maker) write(t *testing.T, name string, data []byte, mode os.FileMode) {
	t.Helper()
	path := filepath.Join(m.folder, name)
	if err := os.WriteFile(path, data, mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

// issue writes NAME.pem and NAME.key; the first one is the CA.
func (m *maker) issue(t *testing.T, name string, from, until time.Time, hosts bool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: from, NotAfter: until,
		BasicConstraintsValid: true, IsCA: m.ca == nil,
	}
	if hosts {
		template.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	}
	parent, signer := m.ca, m.caKey
	if parent == nil {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	if m.ca == nil {
		if m.ca, err = x509.ParseCertificate(der); err != nil {
			t.Fatal(err)
		}
		m.caKey = key
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	m.write(t, name+".pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644)
	m.write(t, name+".key", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), 0o600)
}

func TestNotices(t *testing.T) {
	t.Parallel()
	folder := certificates(t)
	user := fmt.Sprintf(`,"users":[{"name":"eve","hash":%q}]`, hash)
	tls := func(certificate, rest string) string {
		return fmt.Sprintf(`,"tls":{"certificate":"%s.pem","key":"%s.key"%s}`, certificate, certificate, rest)
	}
	const rules = `,"rules":[{"allow":true,"actions":["all"],"filter":"#"}]`
	for _, c := range []struct {
		listener string
		want     []string // part of each notice
	}{
		{`"address":"127.0.0.1:1"`, nil},
		{`"address":"[::1]:1"`, nil},
		{`"address":"0.0.0.0:1","anonymous":true`, []string{"listeners[0] (0.0.0.0:1): anybody in the network can publish"}},
		{`"address":":1","anonymous":true`, []string{"anybody in the network can publish"}},
		{`"address":"0.0.0.0:1","anonymous":true` + rules, []string{"without a password, within the rules"}},
		{`"address":"0.0.0.0:1"` + user, []string{"cross the network unencrypted"}},
		{`"address":"0.0.0.0:1"` + user + tls("server", ""), nil},
		{`"address":"0.0.0.0:1","anonymous":true` + tls("server", `,"client_ca":"ca.pem","require_client_certificate":true`), nil},
		{`"address":"0.0.0.0:1","anonymous":true` + tls("server", `,"client_ca":"ca.pem","certificate_is_user":true`), []string{"anybody in the network", "clients without a certificate connect as anonymous"}},
		{`"address":"127.0.0.1:1"` + tls("expired", ""), []string{`certificate of "expired" has expired on`}},
		{`"address":"127.0.0.1:1"` + tls("ending", ""), []string{`certificate of "ending" expires on`}},
		{`"address":"127.0.0.1:1"` + tls("early", ""), []string{"is valid from"}},
		{`"address":"127.0.0.1:1"` + tls("nohost", ""), []string{"names no host"}},
		{`"address":"127.0.0.1:1"` + tls("server", `,"client_ca":"expired.pem"`), []string{"clients with certificates of it are refused", "no certificate in the file is one of a CA"}},
		{`"address":"127.0.0.1:1","tls":{"certificate":"server.pem","key":"shown.key"}`, []string{"can be read by every user"}},
		{`"address":"127.0.0.1:1","websocket":{"origins":["*"]}`, []string{"any web page"}},
		{`"address":"127.0.0.1:1","websocket":{"origins":["*"]}` + user, nil},
		{`"address":"127.0.0.1:1"` + user + `,"rules":[{"allow":true,"user":"bob","actions":["all"],"filter":"#"},{"allow":true,"user":"b*","actions":["all"],"filter":"a%%n"}]`, []string{`rules[0]: there is no user "bob"`}},
		{`"address":"127.0.0.1:1","rules":[{"allow":true,"actions":["all"],"filter":"a/%n"},{"allow":true,"certificate":"x","actions":["all"],"filter":"a"}]`, []string{"rules[0]: the listener checks no client certificates", "rules[1]: the listener checks no"}},
	} {
		s := mustParse(t, `{"listeners":[{`+c.listener+`}]}`, folder)
		ok := len(s.Notices) == len(c.want)
		for i := range min(len(c.want), len(s.Notices)) {
			ok = ok && strings.Contains(s.Notices[i], c.want[i])
		}
		if !ok {
			t.Errorf("%s:\n got %q\nwant %q", c.listener, s.Notices, c.want)
		}
	}
}

// FuzzParseBytes holds the parser to: settings or words with a place, and
// never a hash in them.
func FuzzParseBytes(f *testing.F) {
	f.Add([]byte(`{"listeners":[{"address":"0.0.0.0:1","anonymous":true,"websocket":{"path":"/x","origins":["*"]}}],"durability":"power"}`))
	f.Add([]byte(`{"listeners":[{"address":"[::1]:0","tls":{"certificate":"a","key":"b","client_ca":"c"},"users":[{"name":"x","hash":"$2a$"}],"rules":[{"allow":true,"actions":["read"],"filter":"%u/#"}]}]}`))
	f.Add([]byte(`{"limits":{"clients":1,"inflight":-1,"queued_bytes":1e9},"sys_seconds":null,"x":[[]]}`))
	folder := f.TempDir()
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := ParseBytes(data, folder)
		if err != nil {
			lines := bytes.Count(data, []byte("\n")) + 1
			invalid, ok := err.(*Error) //nolint:errorlint // nothing wraps it here
			if !ok || len(invalid.Problems) == 0 {
				t.Fatalf("error %v", err)
			}
			for _, p := range invalid.Problems {
				if p.Line < 1 || p.Line > lines || p.Column < 1 || p.Column > len(data)+1 || p.Why == "" {
					t.Errorf("problem %+v of %d lines", p, lines)
				}
			}
			return
		}
		if len(s.Listeners) == 0 || s.Durability != Process && s.Durability != Power || s.Sys < 0 || s.Limits.QueuedBytes < 0 {
			t.Errorf("settings %+v", s)
		}
		for _, l := range s.Listeners {
			if l.Users == nil || l.Rules == nil || l.Listen.Address == "" || !l.Anonymous && l.Users.Len() == 0 && !l.CertificateIsUser {
				t.Errorf("listener %+v", l)
			}
		}
	})
}
