package broker

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
	"time"
)

// ErrKeepAlive is inside a LostError when the broker sent nothing for too long
// after a ping.
var ErrKeepAlive = errors.New("no answer to a ping")

// ConnackError is the return code with which a broker refused a CONNECT
// (MQTT 3.1.1, table 3.1). It is never 0.
type ConnackError byte

// Error returns what the standard says the code means.
func (e ConnackError) Error() string {
	names := [...]string{
		1: "unacceptable protocol version", 2: "identifier rejected", 3: "server unavailable",
		4: "bad user name or password", 5: "not authorized",
	}
	if e >= 1 && int(e) < len(names) {
		return names[e]
	}
	return fmt.Sprintf("return code %d", byte(e))
}

// NotMQTTError says that the other side answered with something that cannot be
// an answer to CONNECT.
type NotMQTTError struct {
	// First are the first bytes received.
	First []byte
}

// Error shows the bytes.
func (e *NotMQTTError) Error() string { return fmt.Sprintf("answer is not MQTT: %q", e.First) }

// ProtocolError says which rule of MQTT the broker broke.
type ProtocolError struct {
	What string
}

// Error tells the breach.
func (e *ProtocolError) Error() string { return "protocol error: " + e.What }

// LostError wraps what ended a connection that was up.
type LostError struct {
	Err error
}

// Error tells the cause.
func (e *LostError) Error() string { return "connection lost: " + e.Err.Error() }

// Unwrap returns the cause.
func (e *LostError) Unwrap() error { return e.Err }

// ReasonFor puts into words why a connection to endpoint (HOST:PORT) could not
// be opened, or was lost when err wraps a LostError. It knows the errors of
// net, crypto/tls and crypto/x509 and those of this package; anything else
// becomes ReasonOther in the words of err. A nil err gives the zero Reason.
func ReasonFor(endpoint string, err error) Reason {
	if err == nil {
		return Reason{}
	}
	if lost, ok := errors.AsType[*LostError](err); ok {
		return lostReason(endpoint, lost.Err)
	}
	if code, ok := errors.AsType[ConnackError](err); ok {
		return connackReason(endpoint, code)
	}
	for _, explain := range []func(string, error) (Reason, bool){protocolReason, tlsReason, networkReason} {
		if r, ok := explain(endpoint, err); ok {
			return r
		}
	}
	return Reason{
		Kind: ReasonOther,
		Text: fmt.Sprintf("connecting to %s did not work: %v", endpoint, err),
		Hint: "Check the address, the port and the transport of the connection",
	}
}

func lostReason(endpoint string, err error) Reason {
	protocol, isProtocol := errors.AsType[*ProtocolError](err)
	switch {
	case errors.Is(err, ErrKeepAlive):
		return Reason{
			ReasonKeepAlive, endpoint + " stopped answering",
			"Check the network between here and the broker; if it is slow, choose a longer keep-alive",
		}
	case isProtocol:
		return Reason{
			ReasonProtocol, fmt.Sprintf("%s broke the rules of MQTT: %s", endpoint, protocol.What),
			"Check that this is an MQTT 3.1.1 broker and that nothing between changes the traffic",
		}
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), isReset(err):
		return Reason{
			ReasonLost, endpoint + " closed the connection",
			"If this happens again and again, look for another client with the same client ID, and for topics that the broker does not allow",
		}
	case isTimeout(err):
		return Reason{ReasonLost, endpoint + " stopped taking data", "Check the network between here and the broker"}
	}
	return Reason{ReasonLost, fmt.Sprintf("the connection to %s broke: %v", endpoint, err), "Check the network between here and the broker"}
}

func connackReason(endpoint string, code ConnackError) Reason {
	switch code {
	case 1:
		return Reason{ReasonProtocol, endpoint + " does not speak MQTT 3.1.1", "Choose another protocol version in the broker's settings"}
	case 2:
		return Reason{ReasonClientID, endpoint + " refused the client ID", "Choose another client ID; some brokers allow only known ones, or at most 23 letters and digits"}
	case 3:
		return Reason{ReasonUnavailable, endpoint + " says that its service is unavailable", "Wait, or ask who runs the broker"}
	case 4:
		return Reason{ReasonCredentials, endpoint + " refused the user name or password", "Check the user name and enter the password again"}
	case 5:
		return Reason{ReasonUnauthorized, endpoint + " did not authorise this client", "Check user name and password, and whether this user and client ID may connect"}
	}
	return Reason{ReasonOther, fmt.Sprintf("%s refused the connection with return code %d", endpoint, byte(code)), "Ask who runs the broker what the code means"}
}

// protocolReason explains that something answered, or hung up, that is
// probably no MQTT broker.
func protocolReason(endpoint string, err error) (Reason, bool) {
	if p, ok := errors.AsType[*ProtocolError](err); ok {
		return Reason{
			ReasonProtocol, fmt.Sprintf("%s broke the rules of MQTT: %s", endpoint, p.What),
			"Check that this is an MQTT 3.1.1 broker",
		}, true
	}
	if not, ok := errors.AsType[*NotMQTTError](err); ok {
		r := Reason{ReasonProtocol, endpoint + " answered, but not as an MQTT broker", "Check the port: plain MQTT is usually at 1883"}
		switch {
		case len(not.First) >= 2 && not.First[0] == 0x15 && not.First[1] == 3: // a TLS alert
			r.Text, r.Hint = endpoint+" wants TLS", "Choose the transport TLS, or the port for plain MQTT, usually 1883"
		case strings.HasPrefix(string(not.First), "HTTP"):
			r.Text = endpoint + " is a web server, not an MQTT broker"
		}
		return r, true
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || isReset(err) {
		return Reason{
			ReasonProtocol, endpoint + " closed the connection without an answer",
			"Check the port and the transport: a TLS port spoken to in plain, a plain port spoken to in TLS, or no MQTT broker",
		}, true
	}
	return Reason{}, false
}

func tlsReason(endpoint string, err error) (Reason, bool) {
	host, _, splitErr := net.SplitHostPort(endpoint)
	if splitErr != nil {
		host = endpoint
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return Reason{ReasonTLS, endpoint + " does not speak TLS", "Choose the transport TCP, or the port for TLS, usually 8883"}, true
	}
	if e, ok := errors.AsType[x509.HostnameError](err); ok {
		names := "other names"
		if e.Certificate != nil && len(e.Certificate.DNSNames) > 0 {
			names = strings.Join(e.Certificate.DNSNames[:min(3, len(e.Certificate.DNSNames))], ", ")
		}
		return Reason{
			ReasonTLS, fmt.Sprintf("the certificate of %s is for %s, not for %s", endpoint, names, host),
			"Use the name that the certificate was made for as address",
		}, true
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return Reason{
			ReasonTLS, fmt.Sprintf("the certificate of %s is signed by an authority this computer does not know", endpoint),
			"Add the broker's CA certificate to the system's trusted certificates",
		}, true
	}
	if e, ok := errors.AsType[x509.CertificateInvalidError](err); ok {
		if e.Reason == x509.Expired {
			return expiredReason(endpoint, e.Cert), true
		}
		return Reason{ReasonTLS, fmt.Sprintf("the certificate of %s is not valid: %v", endpoint, e), "Ask who runs the broker for a proper certificate"}, true
	}
	if alert, ok := errors.AsType[tls.AlertError](err); ok {
		return Reason{ReasonTLS, fmt.Sprintf("%s refused the TLS handshake: %v", endpoint, alert), "The broker may want a client certificate or another TLS version"}, true
	}
	if text := err.Error(); strings.Contains(text, "tls: ") || strings.Contains(text, "x509: ") {
		return Reason{ReasonTLS, fmt.Sprintf("TLS with %s did not work: %v", endpoint, err), "Check the port and the broker's TLS settings"}, true
	}
	return Reason{}, false
}

func expiredReason(endpoint string, cert *x509.Certificate) Reason {
	r := Reason{ReasonTLS, "the certificate of " + endpoint + " is outside its time of validity", "Renew the broker's certificate, and check this computer's clock"}
	if cert != nil {
		r.Text = fmt.Sprintf("the certificate of %s is valid only from %s to %s",
			endpoint, cert.NotBefore.Format(time.DateOnly), cert.NotAfter.Format(time.DateOnly))
	}
	return r
}

func networkReason(endpoint string, err error) (Reason, bool) {
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		if dns.IsNotFound {
			return Reason{ReasonUnknownHost, "there is no host named " + dns.Name, "Check the spelling of the address"}, true
		}
		return Reason{
			ReasonUnknownHost, fmt.Sprintf("the name %s could not be looked up: the name server gave no answer", dns.Name),
			"Check the network connection and the name server of this computer",
		}, true
	}
	switch {
	case errors.Is(err, syscall.ECONNREFUSED) || errno(err, wsaECONNREFUSED):
		return Reason{ReasonRefused, endpoint + " refused the connection", "Check that the broker is running and listens on this port"}, true
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH),
		errno(err, wsaENETUNREACH), errno(err, wsaEHOSTUNREACH):
		return Reason{ReasonUnreachable, "there is no way to " + endpoint, "Check the network connection, a VPN perhaps, and the address"}, true
	case isTimeout(err):
		return Reason{ReasonTimeout, endpoint + " did not answer in time", "Check the address and port, and whether a firewall is in between"}, true
	}
	return Reason{}, false
}

// Windows answers with its own numbers for what package syscall names by the
// numbers of Unix.
const (
	wsaENETUNREACH  = 10051
	wsaECONNABORTED = 10053
	wsaECONNRESET   = 10054
	wsaETIMEDOUT    = 10060
	wsaECONNREFUSED = 10061
	wsaEHOSTUNREACH = 10065
)

func errno(err error, number uint) bool {
	e, ok := errors.AsType[syscall.Errno](err)
	return ok && uint(e) == number
}

func isReset(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNABORTED) ||
		errno(err, wsaECONNRESET) || errno(err, wsaECONNABORTED)
}

func isTimeout(err error) bool {
	timeout, ok := errors.AsType[net.Error](err)
	return ok && timeout.Timeout() || errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) ||
		errors.Is(err, syscall.ETIMEDOUT) || errno(err, wsaETIMEDOUT)
}
