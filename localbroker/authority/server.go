package authority

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

// serverLife is how long the broker's certificate is valid: Apple's systems
// refuse those of more than 398 days.
const serverLife = 397 * 24 * time.Hour

// renewal is the time before its end from which the broker's certificate is
// made anew.
const renewal = 30 * 24 * time.Hour

// ServerCertificate returns the broker's certificate for the given host names
// and IP addresses and for localhost, 127.0.0.1, ::1 and this computer's name
// (and that with .local). It is the one of the directory, or a new one in its
// place where that one lacks a host, ends within 30 days, is damaged or of
// another authority.
func (a *Authority) ServerCertificate(hosts []string) (tls.Certificate, error) {
	for _, host := range hosts {
		if err := CheckHost(host); err != nil {
			return tls.Certificate{}, fmt.Errorf("make server certificate: %w", err)
		}
	}
	names, ips := subjects(hosts)
	a.serving.Lock()
	defer a.serving.Unlock()
	if pair, err := a.readServer(); err == nil && a.serves(pair.Leaf, names, ips) {
		return pair, nil
	}
	pair, err := a.makeServer(names, ips)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("make server certificate: %w", err)
	}
	return pair, nil
}

// subjects sorts hosts into names and addresses, with those that are always in.
func subjects(hosts []string) (names []string, ips []netip.Addr) {
	hosts = append(slices.Clone(hosts), "localhost", "127.0.0.1", "::1")
	if own, err := os.Hostname(); err == nil && CheckHost(own) == nil {
		hosts = append(hosts, own)
		if !strings.Contains(own, ".") {
			hosts = append(hosts, own+".local")
		}
	}
	for _, host := range hosts {
		ip, err := netip.ParseAddr(host)
		if err != nil {
			names = append(names, strings.ToLower(strings.TrimSuffix(host, ".")))
			continue
		}
		ip = ip.Unmap()
		ips = append(ips, ip)
		if ip.Is4() {
			// Mbed TLS before 3.5 (ESP32, 2023) looks for addresses among the
			// names only.
			names = append(names, ip.String())
		}
	}
	slices.Sort(names)
	slices.SortFunc(ips, netip.Addr.Compare)
	return slices.Compact(names), slices.Compact(ips)
}

// readServer reads certificate and key of the directory.
func (a *Authority) readServer() (tls.Certificate, error) {
	text, err := readFile(a.path(ServerCertificateFile))
	if err != nil {
		return tls.Certificate{}, err
	}
	key, err := readFile(a.path(ServerKeyFile))
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.X509KeyPair(text, key)
}

// serves tells whether a certificate of the directory does.
func (a *Authority) serves(c *x509.Certificate, names []string, ips []netip.Addr) bool {
	now := time.Now()
	end := now.Add(renewal)
	if end.After(a.cert.NotAfter) {
		end = a.cert.NotAfter // a new one would not last longer
	}
	if c.CheckSignatureFrom(a.cert) != nil || !bytes.Equal(c.RawIssuer, a.cert.RawSubject) || now.Before(c.NotBefore) || now.After(c.NotAfter) || c.NotAfter.Before(end) ||
		!slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageServerAuth) {
		return false
	}
	for _, name := range names {
		if !slices.Contains(c.DNSNames, name) {
			return false
		}
	}
	for _, ip := range ips {
		if !slices.ContainsFunc(c.IPAddresses, func(has net.IP) bool { return has.Equal(ip.AsSlice()) }) {
			return false
		}
	}
	return true
}

// makeServer makes and writes a new certificate.
func (a *Authority) makeServer(names []string, ips []netip.Addr) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("make key: %w", err)
	}
	serial, err := newSerial()
	if err != nil {
		return tls.Certificate{}, err
	}
	begin := time.Now().Add(-skew)
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "Thingdesk broker"}, DNSNames: names,
		NotBefore: begin, NotAfter: begin.Add(serverLife),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, ip := range ips {
		template.IPAddresses = append(template.IPAddresses, ip.AsSlice())
	}
	der, err := a.sign(template, key.Public())
	if err != nil {
		return tls.Certificate{}, err
	}
	return a.writeServer(encode("CERTIFICATE", der), key)
}

// writeServer puts certificate and key into the directory. A crash between the
// two leaves a pair that does not match, which the next start replaces.
func (a *Authority) writeServer(cert []byte, key crypto.Signer) (tls.Certificate, error) {
	keyText, err := encodeKey(key)
	if err != nil {
		return tls.Certificate{}, err
	}
	for _, name := range []string{ServerCertificateFile, ServerKeyFile} {
		if info, err := os.Lstat(a.path(name)); err == nil && !info.Mode().IsRegular() {
			return tls.Certificate{}, fmt.Errorf("write %s: something else of that name is in the way", name)
		} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return tls.Certificate{}, fmt.Errorf("write %s: %w", name, cause(err))
		}
	}
	if err := replace(a.path(ServerKeyFile), keyText, 0o600); err != nil {
		return tls.Certificate{}, err
	}
	if err := replace(a.path(ServerCertificateFile), cert, 0o644); err != nil {
		return tls.Certificate{}, err
	}
	return tls.X509KeyPair(cert, keyText)
}

// renewing is a certificate that is made anew before it ends.
type renewing struct {
	authority *Authority
	hosts     []string

	mu      sync.Mutex
	current tls.Certificate
	tried   time.Time // when renewal was last tried
}

// certificate is for tls.Config.GetCertificate. Where renewal fails the old
// certificate does until it ends, and an hour passes until the next try.
func (r *renewing) certificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now := time.Now(); r.current.Leaf.NotAfter.Sub(now) < renewal && now.Sub(r.tried) > time.Hour {
		r.tried = now
		if fresh, err := r.authority.ServerCertificate(r.hosts); err == nil {
			r.current = fresh
		}
	}
	one := r.current
	return &one, nil
}
