package authority_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/thingdesk/thingdesk/localbroker/authority"
)

// TestDevicesGetIn has devices with both kinds of keys log in under the names
// and addresses that the certificate is for.
func TestDevicesGetIn(t *testing.T) {
	t.Parallel()
	a := open(t, t.TempDir())
	own, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("x", 128)
	server := serve(t, a, "broker.lan", "192.0.2.7", "2001:db8::1", "Upper.Example.")
	hosts := []string{"broker.lan", "192.0.2.7", "2001:db8::1", "upper.example", "localhost", "127.0.0.1", "::1"}
	if authority.CheckHost(own) == nil {
		hosts = append(hosts, own)
	}
	for _, kind := range []authority.KeyKind{authority.P256, authority.RSA2048} {
		d := issue(t, a, long, kind)
		for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			c := client(t, a, "localhost", d)
			c.MaxVersion = version
			if got, _, serverErr, clientErr := shake(t, server, c); got != long || serverErr != nil || clientErr != nil {
				t.Errorf("%s %x: name %q, %v, %v", kind, version, got, serverErr, clientErr)
			}
		}
	}
	d := issue(t, a, "dev:1_a-b", "")
	for _, host := range hosts {
		if got, _, serverErr, clientErr := shake(t, server, client(t, a, host, d)); got != d.Name || serverErr != nil || clientErr != nil {
			t.Errorf("%s: name %q, %v, %v", host, got, serverErr, clientErr)
		}
	}
}

// TestRefused has the TLS handshake fail for each reason that there is.
func TestRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	a, other := open(t, dir), open(t, t.TempDir())
	good, revoked := issue(t, a, "good", ""), issue(t, a, "revoked", "")
	if err := a.Revoke(strings.ToUpper(revoked.Serial)); err != nil {
		t.Fatal(err)
	}
	server := serve(t, a, "broker.lan")
	later := server.Clone()
	later.Time = func() time.Time { return time.Now().AddDate(0, 0, 31) }
	before := server.Clone()
	before.Time = func() time.Time { return time.Now().Add(-2 * time.Hour) }
	reopened := serve(t, open(t, dir), "broker.lan")
	pair, err := a.ServerCertificate(nil)
	if err != nil {
		t.Fatal(err)
	}
	borrowed := client(t, a, "localhost")
	borrowed.Certificates = []tls.Certificate{pair}
	optional, err := a.TLS(nil, false)
	if err != nil {
		t.Fatal(err)
	}
	unverified := server.Clone()
	unverified.ClientAuth = tls.RequireAnyClientCert

	tests := []struct {
		name           string
		server, client *tls.Config
		refuses        string // "server", "client" or ""
		because        string
	}{
		{"good", server, client(t, a, "localhost", good), "", ""},
		{"no certificate", server, client(t, a, "localhost"), "server", "didn't provide a certificate"},
		{"no certificate, none wanted", optional, client(t, a, "localhost"), "", ""},
		{"other authority", server, client(t, a, "localhost", issue(t, other, "good", "")), "server", "unknown authority"},
		{"other authority, none wanted", optional, client(t, a, "localhost", issue(t, other, "good", "")), "server", "unknown authority"},
		{"expired", later, client(t, a, "localhost", good), "server", "expired"},
		{"not yet valid", before, client(t, a, "localhost", good), "server", "not yet valid"},
		{"revoked", server, client(t, a, "localhost", revoked), "server", "revoked"},
		{"revoked, none wanted", optional, client(t, a, "localhost", revoked), "server", "revoked"},
		{"revoked before the start", reopened, client(t, a, "localhost", revoked), "server", "revoked"},
		{"not revoked before the start", reopened, client(t, a, "localhost", good), "", ""},
		{"the server's own certificate", server, borrowed, "server", "usage"},
		{"nobody verified", unverified, client(t, a, "localhost", good), "server", "no authority was asked"},
		{"device trusts another authority", server, client(t, other, "localhost", good), "client", "unknown authority"},
		{"wrong name", server, client(t, a, "evil.lan", good), "client", "not evil.lan"},
		{"wrong address", server, client(t, a, "192.0.2.99", good), "client", "192.0.2.99"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
				c := test.client.Clone()
				c.MaxVersion = version
				// A client that only sends a certificate the server asked for
				// would hide one of another authority.
				if len(c.Certificates) > 0 {
					one := c.Certificates[0]
					c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &one, nil }
				}
				_, _, serverErr, clientErr := shake(t, test.server, c)
				who, err := "", error(nil)
				switch {
				case clientErr != nil && test.refuses == "client":
					who, err = "client", clientErr
				case serverErr != nil:
					who, err = "server", serverErr
				case clientErr != nil:
					who, err = "client", clientErr
				}
				if who != test.refuses || err != nil && !strings.Contains(err.Error(), test.because) {
					t.Errorf("%x: refused by %q: %v", version, who, err)
				}
				if test.refuses != "" && (clientErr == nil) {
					t.Errorf("%x: the client noticed nothing", version)
				}
			}
		})
	}
}

// TestRevokedWhileResuming revokes a certificate between two connections of
// one session, which skips the certificate's other checks.
func TestRevokedWhileResuming(t *testing.T) {
	t.Parallel()
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		a := open(t, t.TempDir())
		d := issue(t, a, "d", "")
		server := serve(t, a)
		c := client(t, a, "localhost", d)
		c.MaxVersion = version
		c.ClientSessionCache = tls.NewLRUClientSessionCache(1)
		for i := range 2 {
			if _, resumed, serverErr, clientErr := shake(t, server, c); serverErr != nil || clientErr != nil || resumed != (i > 0) {
				t.Fatalf("%x: connection %d: resumed %v, %v, %v", version, i, resumed, serverErr, clientErr)
			}
		}
		if err := a.Revoke(d.Serial); err != nil {
			t.Fatal(err)
		}
		if _, _, err, _ := shake(t, server, c); !errors.Is(err, authority.ErrRevoked) {
			t.Errorf("%x: revoked while resuming: %v", version, err)
		}
	}
}

// TestCertificatesAreAsStrictClientsWantThem looks at what TLS stacks other
// than Go's insist on.
func TestCertificatesAreAsStrictClientsWantThem(t *testing.T) {
	t.Parallel()
	a := open(t, t.TempDir())
	pair, err := a.ServerCertificate([]string{"192.0.2.7"})
	if err != nil {
		t.Fatal(err)
	}
	leaf := pair.Leaf
	if life := leaf.NotAfter.Sub(leaf.NotBefore); life != 397*24*time.Hour {
		t.Errorf("the server's certificate lasts %v", life)
	}
	if !strings.Contains(strings.Join(leaf.DNSNames, " "), "192.0.2.7") {
		t.Errorf("names %q lack the address that old Mbed TLS looks for among them", leaf.DNSNames)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(a.Certificate())
	ca := parse(t, a.Certificate())
	if years := ca.NotAfter.Sub(ca.NotBefore).Hours() / 24 / 365; years < 9.9 || years > 10.1 || !ca.NotAfter.Equal(a.Expires()) {
		t.Errorf("the authority lasts %.1f years, until %v", years, a.Expires())
	}
	if !ca.IsCA || !ca.MaxPathLenZero || ca.KeyUsage&x509.KeyUsageCertSign == 0 || len(ca.SubjectKeyId) == 0 {
		t.Errorf("authority: %+v", ca)
	}
	d := issue(t, a, "d", "")
	device := parse(t, d.Certificate)
	if device.IsCA || string(device.AuthorityKeyId) != string(ca.SubjectKeyId) || device.SerialNumber.BitLen() < 120 || device.SerialNumber.BitLen() > 159 {
		t.Errorf("device: %+v", device)
	}
	if !device.NotAfter.Equal(d.Expires) {
		t.Errorf("Expires %v, certificate %v", d.Expires, device.NotAfter)
	}
}
