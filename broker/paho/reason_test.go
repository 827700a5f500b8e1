package paho

import (
	"crypto/tls"
	"io"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang/packets"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/broker/brokertest"
)

func TestReasonsOfAttempts(t *testing.T) {
	t.Parallel()
	connack := func(code byte) func(net.Conn) { return say([]byte{0x20, 2, 0, code}) }
	for _, c := range []struct {
		name  string
		serve func(net.Conn)
		kind  broker.ReasonKind
		text  string
	}{
		{"CONNACK 1", connack(1), broker.ReasonProtocol, "MQTT 3.1.1"},
		{"CONNACK 2", connack(2), broker.ReasonClientID, "client ID"},
		{"CONNACK 3", connack(3), broker.ReasonUnavailable, "unavailable"},
		{"CONNACK 4", connack(4), broker.ReasonCredentials, "user name or password"},
		{"CONNACK 5", connack(5), broker.ReasonUnauthorized, "authorise"},
		{"CONNACK 6", connack(6), broker.ReasonOther, "return code 6"},
		{"CONNACK 254", connack(254), broker.ReasonOther, "return code 254"},
		{"closed", func(net.Conn) {}, broker.ReasonProtocol, "without an answer"},
		{"one byte", func(c net.Conn) { _, _ = mqtt.ReadPacket(c); _, _ = c.Write([]byte{0x20}) }, broker.ReasonProtocol, "without an answer"},
		{"web server", say([]byte("HTTP/1.1 400 Bad Request\r\n\r\n")), broker.ReasonProtocol, "web server"},
		{"TLS port", say([]byte{0x15, 3, 3, 0, 2, 2, 70}), broker.ReasonProtocol, "wants TLS"},
		{"SSH", say([]byte("SSH-2.0-OpenSSH_9.2\r\n")), broker.ReasonProtocol, "not as an MQTT broker"},
		{"long CONNACK", say([]byte{0x20, 3, 0, 0, 0}), broker.ReasonProtocol, "CONNACK of 3 bytes"},
		{"silence", func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }, broker.ReasonTimeout, "in time"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, h := start(t, testProfile(fake(t, c.serve)), "")
			s, _ := h.WaitState(broker.Waiting, 0)
			if s.Reason.Kind != c.kind || !strings.Contains(s.Reason.Text, c.text) || s.Attempt != 1 {
				t.Errorf("got %+v, want kind %d and %q", s, c.kind, c.text)
			}
		})
	}
}

func TestReasonsOfLosses(t *testing.T) {
	t.Parallel()
	after := func(b ...byte) func(net.Conn) { // the connection is up, b comes
		return say(append(append([]byte{}, accepted...), b...))
	}
	for _, c := range []struct {
		name  string
		serve func(net.Conn)
		kind  broker.ReasonKind
		text  string
	}{
		{"closed", func(c net.Conn) { _, _ = mqtt.ReadPacket(c); _, _ = c.Write(accepted) }, broker.ReasonLost, "closed the connection"},
		{"closed within a packet", func(c net.Conn) {
			_, _ = mqtt.ReadPacket(c)
			_, _ = c.Write(append(append([]byte{}, accepted...), 0x30, 10, 0, 1))
		}, broker.ReasonLost, "closed the connection"},
		{"second CONNACK", after(accepted...), broker.ReasonProtocol, "type 2"},
		{"client's packet", after(0x82, 2, 0, 1), broker.ReasonProtocol, "type 8"},
		{"type 0", after(0, 0), broker.ReasonProtocol, "type 0"},
		{"type 15", after(0xF0, 0), broker.ReasonProtocol, "type 15"},
		{"QoS 3", after(0x36, 5, 0, 1, 'a', 0, 1), broker.ReasonProtocol, "QoS 3"},
		{"PUBLISH of 1 byte", after(0x30, 1, 0), broker.ReasonProtocol, "too short"},
		{"topic longer than packet", after(0x30, 4, 0, 9, 'a', 'b'), broker.ReasonProtocol, "too short"},
		{"no packet ID", after(0x32, 3, 0, 1, 'a'), broker.ReasonProtocol, "too short"},
		{"PUBACK of 1 byte", after(0x40, 1, 0), broker.ReasonProtocol, "too short"},
		{"SUBACK of 1 byte", after(0x90, 1, 0), broker.ReasonProtocol, "too short"},
		{"SUBACK unasked", after(0x90, 3, 0, 7, 0), broker.ReasonProtocol, "answers nothing"},
		{"length of 5 bytes", after(0x30, 0x80, 0x80, 0x80, 0x80, 1), broker.ReasonProtocol, "four bytes"},
		{"no answer to pings", say(accepted), broker.ReasonKeepAlive, "stopped answering"},
		{"SUBACK too long", func(c net.Conn) {
			answer(c, func(p mqtt.ControlPacket) []byte {
				b := polite(p)
				if len(b) > 0 && b[0] == 0x90 {
					b[1] += 2
					b = append(b, 0, 0)
				}
				return b
			})
		}, broker.ReasonProtocol, "answers to 1 filters"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := testProfile(fake(t, c.serve), "a")
			p.KeepAlive = 1
			_, h := start(t, p, "")
			s, n := h.WaitState(broker.Waiting, 0)
			if s.Reason.Kind != c.kind || !strings.Contains(s.Reason.Text, c.text) || s.Attempt != 0 {
				t.Errorf("got %+v, want kind %d and %q", s, c.kind, c.text)
			}
			h.WaitState(broker.Connected, n) // it tries again
		})
	}
}

func TestTLS(t *testing.T) {
	t.Parallel()
	stranger, err := newAuthority()
	if err != nil {
		t.Fatal(err)
	}
	later := time.Now().Add(time.Hour)
	for _, c := range []struct {
		name   string
		config *tls.Config // nil is a plain broker
		host   string
		kind   broker.ReasonKind // 0 is success
		text   string
	}{
		{"good", trustedAuthority.config(t, later, "localhost"), "localhost", 0, ""},
		{"good by IP", trustedAuthority.config(t, later, "127.0.0.1"), "127.0.0.1", 0, ""},
		{"unknown authority", stranger.config(t, later, "localhost"), "localhost", broker.ReasonTLS, "authority this computer does not know"},
		{"other host", trustedAuthority.config(t, later, "other.example"), "localhost", broker.ReasonTLS, "is for other.example, not for localhost"},
		{"expired", trustedAuthority.config(t, time.Now().Add(-time.Hour), "localhost"), "localhost", broker.ReasonTLS, "is valid only from"},
		{"plain port", nil, "localhost", broker.ReasonTLS, "does not speak TLS"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			serve := func(c net.Conn) { answer(c, polite) }
			if c.config != nil {
				l = tls.NewListener(l, c.config)
			} else {
				serve = func(c net.Conn) { _, _ = c.Write([]byte("not TLS at all")) }
			}
			serveOn(t, l, serve)
			_, port, _ := net.SplitHostPort(l.Addr().String())
			p := testProfile(c.host+":"+port, "a")
			p.Transport = broker.TLS
			_, h := start(t, p, "")
			if c.kind == 0 {
				h.Wait("grant", func() bool { return len(h.Grants()) > 0 })
				return
			}
			s, _ := h.WaitState(broker.Waiting, 0)
			if s.Reason.Kind != c.kind || !strings.Contains(s.Reason.Text, c.text) {
				t.Errorf("got %+v, want kind %d and %q", s.Reason, c.kind, c.text)
			}
		})
	}
}

func TestUnknownHost(t *testing.T) {
	t.Parallel()
	_, h := start(t, testProfile("no-such-host.invalid"), "")
	if s, _ := h.WaitState(broker.Waiting, 0); s.Reason.Kind != broker.ReasonUnknownHost {
		t.Errorf("got %+v", s.Reason)
	}
}

func TestProxyOfEnvironmentIsNotUsed(t *testing.T) {
	t.Setenv("ALL_PROXY", "socks5://127.0.0.1:1")
	t.Setenv("all_proxy", "socks5://127.0.0.1:1")
	_, h := start(t, testProfile(fake(t, func(c net.Conn) { answer(c, polite) })), "")
	h.WaitState(broker.Connected, 0)
}

func TestPassword(t *testing.T) {
	t.Parallel()
	tool, err := exec.LookPath("mosquitto_passwd")
	if err != nil {
		t.Skip("SKIPPED: mosquitto_passwd is not installed")
	}
	file := filepath.Join(t.TempDir(), "passwords")
	if out, err := exec.Command(tool, "-b", "-c", file, "ann", "secret").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	addr, _, _ := mosquitto(t, "allow_anonymous false", "password_file "+file)
	p := testProfile(addr, "a")
	p.Username = "ann"
	_, good := start(t, p, "secret")
	good.WaitState(broker.Connected, 0)
	for name, password := range map[string]string{"ann": "wrong", "bob": "secret", "": ""} {
		p.Username = name
		_, h := start(t, p, password)
		s, _ := h.WaitState(broker.Waiting, 0)
		// mosquitto says 5 where 4 would be right.
		if k := s.Reason.Kind; k != broker.ReasonCredentials && k != broker.ReasonUnauthorized {
			t.Errorf("user %q: %+v", name, s.Reason)
		}
	}
	if _, err := Dial(p, strings.Repeat("x", 70_000), brokertest.NewHandler(t)); err == nil {
		t.Error("dialled with a password that MQTT cannot carry")
	}
}
