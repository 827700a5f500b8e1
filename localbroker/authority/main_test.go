package authority_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/thingdesk/thingdesk/localbroker/authority"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must come.
const patience = 10 * time.Second

// open opens the authority in dir.
func open(t *testing.T, dir string) *authority.Authority {
	t.Helper()
	a, err := authority.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// issue makes a certificate that is valid for 30 days.
func issue(t *testing.T, a *authority.Authority, name string, kind authority.KeyKind) authority.Device {
	t.Helper()
	d, err := a.IssueDevice(name, 30, kind)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// serve returns the settings of a listener that wants certificates.
func serve(t *testing.T, a *authority.Authority, hosts ...string) *tls.Config {
	t.Helper()
	c, err := a.TLS(hosts, true)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// client returns the settings of a device that trusts the authority.
func client(t *testing.T, a *authority.Authority, host string, devices ...authority.Device) *tls.Config {
	t.Helper()
	c := &tls.Config{RootCAs: x509.NewCertPool(), ServerName: host, MinVersion: tls.VersionTLS12}
	if !c.RootCAs.AppendCertsFromPEM(a.Certificate()) {
		t.Fatal("no certificate of the authority")
	}
	for _, d := range devices {
		pair, err := tls.X509KeyPair(d.Certificate, d.Key)
		if err != nil {
			t.Fatal(err)
		}
		c.Certificates = append(c.Certificates, pair)
	}
	return c
}

// shake lets a client say hello to a server, and returns what each side has
// against the other and the client's common name as the server sees it.
func shake(t *testing.T, server, device *tls.Config) (name string, resumed bool, serverErr, clientErr error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	done := make(chan struct{})
	go func() {
		defer close(done)
		c, err := l.Accept()
		if err != nil {
			serverErr = err
			return
		}
		defer func() { _ = c.Close() }()
		_ = c.SetDeadline(time.Now().Add(patience))
		s := tls.Server(c, server)
		if serverErr = s.Handshake(); serverErr != nil {
			return
		}
		state := s.ConnectionState()
		resumed = state.DidResume
		if len(state.VerifiedChains) > 0 {
			name = state.PeerCertificates[0].Subject.CommonName
		}
		_, _ = s.Write([]byte("x")) // brings the session ticket too
		_ = s.Close()
	}()
	raw, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	_ = raw.SetDeadline(time.Now().Add(patience))
	c := tls.Client(raw, device)
	if clientErr = c.Handshake(); clientErr == nil {
		_, clientErr = io.ReadAll(c)
	}
	_ = raw.Close()
	<-done
	return name, resumed, serverErr, clientErr
}

// stop opens dir, which must fail, and returns the error's words.
func stop(t *testing.T, dir string) string {
	t.Helper()
	a, err := authority.Open(dir)
	if err == nil {
		t.Fatalf("no error; notices %q", a.Notices())
	}
	return err.Error()
}

// read returns the content of a file.
func read(t *testing.T, dir, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, name))
	if errors.Is(err, os.ErrNotExist) {
		return ""
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// write replaces the content of a file.
func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// remove takes a file away.
func remove(t *testing.T, dir string, names ...string) {
	t.Helper()
	for _, name := range names {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
}
