package engine_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/thingdesk/thingdesk/engine"
	"github.com/thingdesk/thingdesk/localbroker/access"
	"github.com/thingdesk/thingdesk/localbroker/authority"
	"github.com/thingdesk/thingdesk/localbroker/devicekit"
	"github.com/thingdesk/thingdesk/localbroker/listen"
	"github.com/thingdesk/thingdesk/localbroker/settings"
)

// connect lets a device in by its certificate, over MQTT 3.1.1 with its name as
// client ID.
func connect(t *testing.T, kit devicekit.Kit) (net.Conn, error) {
	t.Helper()
	pair, err := tls.X509KeyPair(kit.Device.Certificate, kit.Device.Key)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(kit.Device.CA)
	d := tls.Dialer{Config: &tls.Config{RootCAs: pool, Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}}
	conn, err := d.DialContext(t.Context(), "tcp", net.JoinHostPort(kit.Hosts[0], strconv.Itoa(kit.Port)))
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	id := kit.Device.Name
	packet := append([]byte{0x10, byte(12 + len(id)), 0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 60, 0, byte(len(id))}, id...)
	if _, err := conn.Write(packet); err != nil {
		return nil, err
	}
	_, err = io.ReadFull(conn, make([]byte, 4)) // CONNACK
	return conn, err
}

// withTLS adds a listener with TLS of a local authority in dir.
func withTLS(t *testing.T, dir string) func(*engine.Config) {
	t.Helper()
	ca, err := authority.Open(filepath.Join(dir, "ca"))
	if err != nil {
		t.Fatal(err)
	}
	config, err := ca.TLS(nil, true)
	if err != nil {
		t.Fatal(err)
	}
	l := settings.Listener{Listen: listen.Config{Address: "127.0.0.1:0", TLS: config}, Durable: true, Anonymous: true, CertificateIsUser: true}
	l.Users, _ = access.NewUsers(nil) // neither fails when there is nothing to check
	l.Rules, _ = access.NewRules(nil)
	set := settings.Default()
	set.Listeners = append(set.Listeners, l)
	return func(c *engine.Config) { c.Broker, c.Authority = &set, ca }
}

// A device that is added comes in by its certificate; revoked, it is put out and
// not let in again.
func TestDeviceIsAddedAndRevoked(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	w, _ := started(t, dir, withTLS(t, dir))
	_, port, ok := w.TLSAddress()
	if !ok {
		t.Fatalf("no listener with TLS among %q", w.Broker().Listeners)
	}
	kit, err := w.IssueKit(t.Context(), "press-7", 30, authority.P256, []string{"localhost"}, port)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := connect(t, kit)
	if err != nil {
		t.Fatal(err)
	}
	issued, err := w.IssuedDevices()
	if err != nil || len(issued) != 1 || issued[0].Name != "press-7" {
		t.Fatalf("issued %v, %v", issued, err)
	}
	if err := w.RevokeDevice(kit.Device.Serial); err != nil {
		t.Fatal(err)
	}
	if n, err := io.ReadFull(conn, make([]byte, 1)); err == nil || strings.Contains(err.Error(), "timeout") {
		t.Errorf("after it was revoked: %d bytes, %v", n, err)
	}
	if _, err := connect(t, kit); err == nil {
		t.Error("a revoked certificate lets in again")
	}
	if err := w.RevokeDevice("00"); err == nil {
		t.Error("revokes a certificate that was not issued")
	}
}

func TestDeviceTrouble(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	plain, _ := started(t, t.TempDir())
	w, _ := started(t, dir, withTLS(t, dir))
	_, port, _ := w.TLSAddress()
	for _, c := range []struct {
		bench *engine.Workbench
		host  string
		port  int
		want  string
	}{
		{plain, "localhost", 8883, "no listener with TLS now: start Thingdesk with --listen-tls :8883"},
		{w, "localhost", port, ""},
		{w, "127.0.0.1", port, ""},
		{w, "localhost", port%60000 + 1, "is on port " + strconv.Itoa(port)},
		{w, "192.0.2.7", port, "for this computer only"},
		{w, "127.0.0.9", port, "a device would refuse it"},
	} {
		got := c.bench.DeviceTrouble(c.host, c.port)
		if (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s:%d: %q, want %q", c.host, c.port, got, c.want)
		}
	}
}

// Without an authority of its own it opens one, once.
func TestDeviceKitOfAFreshDirectory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	w := open(t, dir)
	for range 2 {
		if _, err := w.IssueKit(t.Context(), "a", 1, authority.P256, []string{"localhost"}, 8883); err != nil {
			t.Fatal(err)
		}
	}
	ended, end := context.WithCancel(t.Context())
	end()
	for name, err := range map[string]error{
		"name":  kitError(t.Context(), w, "a b", []string{"x"}, 1),
		"host":  kitError(t.Context(), w, "a", []string{"x y"}, 1),
		"hosts": kitError(t.Context(), w, "a", nil, 1),
		"port":  kitError(t.Context(), w, "a", []string{"x"}, 0),
		"ended": kitError(ended, w, "a", []string{"x"}, 1),
	} {
		if err == nil {
			t.Errorf("no error for a bad %s", name)
		}
	}
	if issued, err := w.IssuedDevices(); err != nil || len(issued) != 2 {
		t.Errorf("issued %v, %v", issued, err)
	}
	ca, err := authority.Open(filepath.Join(dir, "ca"))
	if err != nil || len(ca.Issued()) != 2 {
		t.Errorf("on disk: %v", err)
	}
}

func kitError(ctx context.Context, w *engine.Workbench, name string, hosts []string, port int) error {
	_, err := w.IssueKit(ctx, name, 1, authority.P256, hosts, port)
	return err
}
