package listen_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/thingdesk/thingdesk/localbroker/listen"
)

func dial(t *testing.T, l *listen.Listener) net.Conn {
	t.Helper()
	c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", l.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestTCP(t *testing.T) {
	t.Parallel()
	l := start(t, listen.Config{})
	names := make(chan string, 1)
	echo(t, l, func(name string, err error) {
		if err != nil {
			name = err.Error()
		}
		names <- name
	})
	talk(t, dial(t, l), "hello")
	if name := <-names; name != "" || l.Protocol() != "tcp" || l.Moved() {
		t.Errorf("peer %q, protocol %q, moved %v", name, l.Protocol(), l.Moved())
	}
}

func TestCloseEndsAccept(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	for _, c := range []listen.Config{{}, {TLS: a.server(t, tls.NoClientCert)}, {WebSocket: &listen.WebSocket{}}} {
		l := start(t, c)
		ended := make(chan error)
		go func() {
			_, err := l.Accept()
			ended <- err
		}()
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		if err := <-ended; !errors.Is(err, net.ErrClosed) {
			t.Errorf("%s: Accept = %v", l.Protocol(), err)
		}
		if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("%s: Accept after Close = %v", l.Protocol(), err)
		}
		if err := l.Close(); err != nil {
			t.Errorf("%s: second Close = %v", l.Protocol(), err)
		}
	}
}

func TestPortInUse(t *testing.T) {
	t.Parallel()
	first := start(t, listen.Config{})
	_, err := listen.Listen(t.Context(), listen.Config{Address: first.Addr()})
	if err == nil || !strings.Contains(err.Error(), "stop the program that listens there") || !strings.Contains(err.Error(), first.Addr()) {
		t.Errorf("Listen = %v", err)
	}
	second := start(t, listen.Config{Address: first.Addr(), AnyPort: true})
	if !second.Moved() {
		t.Error("not moved")
	}
	echo(t, second, nil)
	talk(t, dial(t, second), "x")
	was, _, _ := net.SplitHostPort(first.Addr())
	if is, _, _ := net.SplitHostPort(second.Addr()); is != was {
		t.Errorf("moved to host %q", is)
	}
}

func TestAddressFamily(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{"0.0.0.0:0": "0.0.0.0", "127.0.0.1:0": "127.0.0.1"} {
		l := start(t, listen.Config{Address: address})
		if host, _, _ := net.SplitHostPort(l.Addr()); host != want {
			t.Errorf("%s listens on %s", address, l.Addr())
		}
	}
}

func TestWrongConfig(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		config listen.Config
		says   string
	}{
		{listen.Config{Address: "1883"}, "give HOST:PORT"},
		{listen.Config{Address: "192.0.2.1:0"}, "choose an address of this computer"},
		{listen.Config{Address: "127.0.0.1:0", WebSocket: &listen.WebSocket{Path: "mqtt"}}, "path"},
		{listen.Config{Address: "127.0.0.1:0", WebSocket: &listen.WebSocket{Path: "/a?b"}}, "path"},
		{listen.Config{Address: "127.0.0.1:0", WebSocket: &listen.WebSocket{Origins: []string{"example.com"}}}, "origin"},
	} {
		l, err := listen.Listen(t.Context(), c.config)
		if err == nil {
			_ = l.Close()
		}
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%+v: %v", c.config, err)
		}
	}
}

func TestTLSPeerName(t *testing.T) {
	t.Parallel()
	a, stranger := newAuthority(t), newAuthority(t)
	type told struct {
		name string
		err  error
	}
	for _, c := range []struct {
		name   string
		auth   tls.ClientAuthType
		client *tls.Config
		want   string
		fails  bool
	}{
		{"no certificate asked for", tls.NoClientCert, a.client(a.issue(t, "dev", false)), "", false},
		{"verified", tls.RequireAndVerifyClientCert, a.client(a.issue(t, "dev", false)), "dev", false},
		{"missing", tls.RequireAndVerifyClientCert, a.client(), "", true},
		{"optional, missing", tls.VerifyClientCertIfGiven, a.client(), "", false},
		{"of another authority", tls.VerifyClientCertIfGiven, a.client(stranger.issue(t, "dev", false)), "", true},
		{"asked for, not verified", tls.RequestClientCert, a.client(stranger.issue(t, "dev", false)), "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l := start(t, listen.Config{TLS: a.server(t, c.auth)})
			peers := make(chan told, 1)
			echo(t, l, func(name string, err error) { peers <- told{name, err} })
			conn := tls.Client(dial(t, l), withName(c.client))
			_ = conn.HandshakeContext(t.Context()) // TLS 1.3 tells refusals later
			if !c.fails {
				talk(t, conn, "hello")
			}
			got := <-peers
			if got.name != c.want || (got.err != nil) != c.fails {
				t.Errorf("PeerName = %q, %v", got.name, got.err)
			}
			if got.err != nil && !strings.Contains(got.err.Error(), "complete TLS handshake with") {
				t.Errorf("error %v", got.err)
			}
		})
	}
}

// withName names the server, which all listeners of the tests are called.
func withName(c *tls.Config) *tls.Config {
	c = c.Clone()
	c.ServerName = "127.0.0.1"
	return c
}

func TestOldTLSIsRefused(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	config := a.server(t, tls.NoClientCert)
	config.MinVersion = tls.VersionTLS10
	l := start(t, listen.Config{TLS: config})
	echo(t, l, nil)
	old := withName(a.client())
	old.MinVersion, old.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	if err := tls.Client(dial(t, l), old).HandshakeContext(t.Context()); err == nil {
		t.Error("TLS 1.1 was taken")
	}
	if config.MinVersion != tls.VersionTLS10 {
		t.Error("the caller's config was changed")
	}
}

// TestAnyApplicationProtocol: devices that ask for mqtt by ALPN get in.
func TestAnyApplicationProtocol(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	config := a.server(t, tls.NoClientCert)
	config.NextProtos = []string{"h2"}
	l := start(t, listen.Config{TLS: config})
	echo(t, l, nil)
	client := withName(a.client())
	client.NextProtos = []string{"mqtt"}
	talk(t, tls.Client(dial(t, l), client), "x")
}

// TestHalfOpenHandshakesHoldUpNobody leaves clients in the middle of what
// comes before MQTT, and talks to another.
func TestHalfOpenHandshakesHoldUpNobody(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	for _, web := range []*listen.WebSocket{nil, {}} {
		l := start(t, listen.Config{TLS: a.server(t, tls.NoClientCert), WebSocket: web})
		echo(t, l, nil)
		for range 5 {
			dial(t, l) // says nothing
			c := dial(t, l)
			if _, err := c.Write([]byte{22, 3, 1, 2, 0, 1}); err != nil { // begins a ClientHello
				t.Fatal(err)
			}
		}
		if web == nil {
			talk(t, tls.Client(dial(t, l), withName(a.client())), "x")
		} else {
			talk(t, webDial(t, l, a.client(), nil), "x")
		}
		began := time.Now()
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took > time.Second {
			t.Errorf("%s: Close took %v", l.Protocol(), took)
		}
	}
}

func TestPeerNameGivesUp(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	l := start(t, listen.Config{TLS: a.server(t, tls.NoClientCert)})
	dial(t, l)
	c := accept(t, l)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := listen.PeerName(ctx, c); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("PeerName = %v", err)
	}
}

func TestReadDeadlineBoundsHandshake(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	l := start(t, listen.Config{TLS: a.server(t, tls.NoClientCert)})
	dial(t, l)
	c := accept(t, l)
	if err := c.SetReadDeadline(time.Now().Add(20 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("Read = %v", err)
	}
}

// TestCloseOfStalledClient closes connections whose clients read nothing,
// without waiting for them.
func TestCloseOfStalledClient(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	for _, config := range []listen.Config{{TLS: a.server(t, tls.NoClientCert)}, {WebSocket: &listen.WebSocket{}}, {TLS: a.server(t, tls.NoClientCert), WebSocket: &listen.WebSocket{}}} {
		l := start(t, config)
		t.Run(l.Protocol(), func(t *testing.T) {
			t.Parallel()
			go func() {
				if config.WebSocket != nil {
					webDial(t, l, a.client(), nil)
				} else if err := tls.Client(dial(t, l), withName(a.client())).HandshakeContext(t.Context()); err != nil {
					t.Error(err)
				}
			}()
			c := accept(t, l)
			if _, err := listen.PeerName(t.Context(), c); err != nil {
				t.Fatal(err)
			}
			if err := c.SetWriteDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
				t.Fatal(err)
			}
			var err error
			for err == nil {
				_, err = c.Write(make([]byte, 64<<10))
			}
			if !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("Write = %v", err)
			}
			began := time.Now()
			_ = c.Close()
			if took := time.Since(began); took > time.Second {
				t.Errorf("Close took %v", took)
			}
			if _, err := c.Write([]byte("x")); err == nil {
				t.Error("Write after Close")
			}
		})
	}
}
