package paho

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang/packets"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/broker/brokertest"
)

// accepted and others are CONNACKs.
var (
	accepted = []byte{0x20, 2, 0, 0}
	pong     = []byte{0xD0, 0}
)

// fake listens and lets serve talk to each connection in turn.
func fake(t *testing.T, serve func(net.Conn)) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	serveOn(t, l, serve)
	return l.Addr().String()
}

func serveOn(t *testing.T, l net.Listener, serve func(net.Conn)) {
	t.Helper()
	ended := make(chan struct{})
	stopped := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { // ends what serve waits for
				<-stopped
				_ = c.Close()
			}()
			serve(c)
			_ = c.Close()
		}
	}()
	t.Cleanup(func() {
		_ = l.Close()
		close(stopped)
		<-ended
	})
}

// answer reads packets and gives each to f, which returns the bytes to answer;
// it ends with the connection or when f returns nil.
func answer(c net.Conn, f func(mqtt.ControlPacket) []byte) {
	for {
		p, err := mqtt.ReadPacket(c)
		if err != nil {
			return
		}
		b := f(p)
		if b == nil {
			return
		}
		if _, err := c.Write(b); err != nil {
			return
		}
	}
}

// polite answers as a broker does that accepts everything.
func polite(p mqtt.ControlPacket) []byte {
	switch p := p.(type) {
	case *mqtt.ConnectPacket:
		return accepted
	case *mqtt.PingreqPacket:
		return pong
	case *mqtt.SubscribePacket:
		return append([]byte{0x90, byte(2 + len(p.Topics)), byte(p.MessageID >> 8), byte(p.MessageID)}, make([]byte, len(p.Topics))...)
	case *mqtt.PublishPacket:
		if p.Qos == 1 {
			return []byte{0x40, 2, byte(p.MessageID >> 8), byte(p.MessageID)}
		}
	}
	return []byte{}
}

// say accepts the connection request with b and then waits for the other side
// to go.
func say(b []byte) func(net.Conn) {
	return func(c net.Conn) {
		if _, err := mqtt.ReadPacket(c); err == nil {
			_, _ = c.Write(b)
			_, _ = io.Copy(io.Discard, c)
		}
	}
}

func testProfile(addr string, filters ...string) broker.Profile {
	p := broker.NewProfile("test", addr)
	p.Subscriptions = nil
	for _, f := range filters {
		p.Subscriptions = append(p.Subscriptions, broker.Subscription{Filter: f, QoS: 1})
	}
	return p
}

// fast is a timing for tests.
func fast() timing {
	return timing{
		connect: 500 * time.Millisecond, ping: 300 * time.Millisecond, write: 500 * time.Millisecond, close: 100 * time.Millisecond,
		firstWait: 20 * time.Millisecond, longestWait: 100 * time.Millisecond, stable: time.Minute,
	}
}

// start dials with short times; the connection is closed with the test.
func start(t *testing.T, p broker.Profile, password string) (broker.Conn, *brokertest.Handler) {
	t.Helper()
	h := brokertest.NewHandler(t)
	c, err := dial(p, password, h, fast())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := c.Close(ctx); err != nil {
			t.Error(err)
		}
		h.Over()
		h.CheckStatuses()
	})
	return c, h
}

// authority makes certificates. trustedAuthority is in SSL_CERT_FILE, which
// is where the system's CAs are looked for.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

var trustedAuthority authority

func newAuthority() (authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return authority{}, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Test CA"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return authority{}, err
	}
	cert, err := x509.ParseCertificate(der)
	return authority{cert, key}, err
}

// trust makes trustedAuthority and has crypto/x509 find it.
func trust(dir string) error {
	var err error
	if trustedAuthority, err = newAuthority(); err != nil {
		return err
	}
	path := filepath.Join(dir, "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: trustedAuthority.cert.Raw})
	if err := os.WriteFile(path, block, 0o600); err != nil {
		return err
	}
	return os.Setenv("SSL_CERT_FILE", path)
}

func (a authority) config(t *testing.T, until time.Time, names ...string) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(2), NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: until}
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS12}
}
