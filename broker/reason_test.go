package broker_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/thingdesk/thingdesk/broker"
)

func TestReasonFor(t *testing.T) {
	t.Parallel()
	const at = "b.example:1883"
	dial := func(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} }
	sys := func(no syscall.Errno) error { return dial(os.NewSyscallError("connect", no)) }
	cert := &x509.Certificate{
		DNSNames:  []string{"other.example"},
		NotBefore: time.Date(2020, 1, 2, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2021, 1, 2, 0, 0, 0, 0, time.UTC),
	}
	verify := func(err error) error { return &tls.CertificateVerificationError{Err: err} }
	lost := func(err error) error { return &broker.LostError{Err: err} }
	for _, c := range []struct {
		name string
		err  error
		kind broker.ReasonKind
		text string // must be in Text
		hint string // must be in Hint
	}{
		{"none", nil, broker.ReasonNone, "", ""},
		{"unknown name", dial(&net.DNSError{Name: "b.example", IsNotFound: true}), broker.ReasonUnknownHost, "no host named b.example", "spelling"},
		{"name server", dial(&net.DNSError{Name: "b.example", IsTimeout: true}), broker.ReasonUnknownHost, "name server gave no answer", "network"},
		{"refused", sys(syscall.ECONNREFUSED), broker.ReasonRefused, at + " refused", "running"},
		{"refused on Windows", sys(10061), broker.ReasonRefused, at + " refused", "running"},
		{"net unreachable", sys(syscall.ENETUNREACH), broker.ReasonUnreachable, "no way to " + at, "VPN"},
		{"host unreachable", sys(syscall.EHOSTUNREACH), broker.ReasonUnreachable, "no way to " + at, "VPN"},
		{"timed out", sys(syscall.ETIMEDOUT), broker.ReasonTimeout, "in time", "firewall"},
		{"deadline", dial(os.ErrDeadlineExceeded), broker.ReasonTimeout, "in time", "firewall"},
		{"context deadline", dial(context.DeadlineExceeded), broker.ReasonTimeout, "in time", "firewall"},
		{"EOF", io.EOF, broker.ReasonProtocol, "closed the connection without an answer", "TLS port"},
		{"reset", sys(syscall.ECONNRESET), broker.ReasonProtocol, "closed the connection without an answer", "TLS port"},
		{"unknown CA", verify(x509.UnknownAuthorityError{Cert: cert}), broker.ReasonTLS, "authority this computer does not know", "CA certificate"},
		{"wrong host", verify(x509.HostnameError{Certificate: cert, Host: "b.example"}), broker.ReasonTLS, "is for other.example, not for b.example", "name that the certificate"},
		{"expired", verify(x509.CertificateInvalidError{Cert: cert, Reason: x509.Expired}), broker.ReasonTLS, "only from 2020-01-02 to 2021-01-02", "clock"},
		{"bad certificate", verify(x509.CertificateInvalidError{Cert: cert, Reason: x509.NotAuthorizedToSign}), broker.ReasonTLS, "is not valid", "proper"},
		{"plain port", tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"}, broker.ReasonTLS, "does not speak TLS", "TCP"},
		{"alert", dial(tls.AlertError(40)), broker.ReasonTLS, "refused the TLS handshake", "client certificate"},
		{"other TLS", errors.New("tls: something new"), broker.ReasonTLS, "something new", "port"},
		{"TLS alert in plain", &broker.NotMQTTError{First: []byte{0x15, 3, 1, 0}}, broker.ReasonProtocol, "wants TLS", "transport TLS"},
		{"web server", &broker.NotMQTTError{First: []byte("HTTP")}, broker.ReasonProtocol, "web server", "1883"},
		{"garbage", &broker.NotMQTTError{First: []byte("hi")}, broker.ReasonProtocol, "not as an MQTT broker", "1883"},
		{"bad CONNACK", &broker.ProtocolError{What: "CONNACK of 7 bytes"}, broker.ReasonProtocol, "CONNACK of 7 bytes", "3.1.1"},
		{"CONNACK 1", broker.ConnackError(1), broker.ReasonProtocol, "MQTT 3.1.1", "version"},
		{"CONNACK 2", broker.ConnackError(2), broker.ReasonClientID, "client ID", "another client ID"},
		{"CONNACK 3", broker.ConnackError(3), broker.ReasonUnavailable, "unavailable", "Wait"},
		{"CONNACK 4", broker.ConnackError(4), broker.ReasonCredentials, "user name or password", "password again"},
		{"CONNACK 5", broker.ConnackError(5), broker.ReasonUnauthorized, "authorise", "may connect"},
		{"CONNACK 77", broker.ConnackError(77), broker.ReasonOther, "77", "Ask"},
		{"lost", lost(io.EOF), broker.ReasonLost, "closed the connection", "same client ID"},
		{"lost by reset", lost(sys(syscall.ECONNRESET)), broker.ReasonLost, "closed the connection", "same client ID"},
		{"keep-alive", lost(broker.ErrKeepAlive), broker.ReasonKeepAlive, "stopped answering", "keep-alive"},
		{"stalled", lost(os.ErrDeadlineExceeded), broker.ReasonLost, "stopped taking data", "network"},
		{"broke the rules", lost(&broker.ProtocolError{What: "QoS 3"}), broker.ReasonProtocol, "QoS 3", "MQTT 3.1.1"},
		{"lost otherwise", lost(errors.New("odd")), broker.ReasonLost, "odd", "network"},
		{"other", errors.New("odd"), broker.ReasonOther, "odd", "address"},
	} {
		for _, err := range []error{c.err, fmt.Errorf("network Error : %w", c.err)} {
			if c.err == nil {
				err = nil
			}
			got := broker.ReasonFor(at, err)
			if got.Kind != c.kind || !strings.Contains(got.Text, c.text) || !strings.Contains(got.Hint, c.hint) {
				t.Errorf("%s: got %d %q, hint %q; want kind %d with %q and %q", c.name, got.Kind, got.Text, got.Hint, c.kind, c.text, c.hint)
			}
			if err != nil && (got.Text == "" || strings.HasSuffix(got.Text, ".") || strings.HasSuffix(got.Hint, ".")) {
				t.Errorf("%s: text and hint must be phrases without full stop: %q, %q", c.name, got.Text, got.Hint)
			}
		}
	}
}

func TestErrorsName(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{
		"not authorized":                          broker.ConnackError(5),
		"return code 0":                           broker.ConnackError(0),
		"return code 6":                           broker.ConnackError(6),
		`answer is not MQTT: "x"`:                 &broker.NotMQTTError{First: []byte("x")},
		"connection lost: no answer to a ping":    &broker.LostError{Err: broker.ErrKeepAlive},
		"protocol error: SUBACK without question": &broker.ProtocolError{What: "SUBACK without question"},
	} {
		if err.Error() != want {
			t.Errorf("got %q, want %q", err, want)
		}
	}
}
