// Package authority is a small certificate authority in a directory. It makes
// the certificate of the bundled broker and those of devices, remembers what it
// made and refuses what was revoked.
package authority

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// The files of an authority's directory.
const (
	CertificateFile       = "ca.pem"         // its certificate, which devices trust
	KeyFile               = "ca-key.pem"     // its private key
	ServerCertificateFile = "server.pem"     // the broker's certificate
	ServerKeyFile         = "server-key.pem" // the broker's private key
	RecordFile            = "issued.jsonl"   // what was issued and revoked, one JSON object a line
)

// caYears is how long an authority lasts.
const caYears = 10

// skew is how far back certificates begin, for devices whose clock is slow.
const skew = time.Hour

// Authority makes certificates. All its methods are safe for concurrent use;
// two Authorities must not use one directory at the same time.
type Authority struct {
	// Set at construction.
	dir     string
	cert    *x509.Certificate
	pem     []byte
	key     crypto.Signer
	pool    *x509.CertPool
	notices []string

	mu     sync.RWMutex
	record record

	serving sync.Mutex // held while the server's files are looked at or written
}

// Open opens the authority in dir, or makes it (P-256, 10 years) where dir has
// none. Files that are there are never overwritten: what is missing or damaged
// is told by the error, with what to do.
func Open(dir string) (*Authority, error) {
	a, err := open(dir)
	if err != nil {
		return nil, fmt.Errorf("open certificate authority %q: %w", dir, err)
	}
	return a, nil
}

func open(dir string) (*Authority, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, cause(err)
	}
	a := &Authority{dir: dir, pool: x509.NewCertPool()}
	if err := a.create(); err != nil {
		return nil, err
	}
	if err := a.load(); err != nil {
		return nil, err
	}
	if err := a.loadRecord(); err != nil {
		return nil, err
	}
	a.pool.AddCert(a.cert)
	return a, nil
}

// create makes the files of a directory that has none. The certificate comes
// last, so that what a crash leaves is finished by the next start; once
// something was issued a missing file is missed instead.
func (a *Authority) create() error {
	hasCert, hasKey, hasRecord := a.has(CertificateFile), a.has(KeyFile), a.has(RecordFile)
	switch {
	case hasCert && hasKey && hasRecord:
		return nil
	case hasCert && hasKey:
		return fmt.Errorf("%s is missing: it says which devices' certificates were revoked; put it back, or create it as an empty file if none ever was", RecordFile)
	case hasCert:
		return fmt.Errorf("%s is missing, without which %s is of no use: put it back, or move the directory away to start anew, with new certificates for all devices", KeyFile, CertificateFile)
	case hasRecord && a.size(RecordFile) > 0:
		return fmt.Errorf("%s is missing, but devices have certificates of it: put it back, or move the directory away to start anew, with new certificates for all devices", CertificateFile)
	case hasKey && !hasRecord:
		return fmt.Errorf("%s is there, but %s is missing: put it back, or move the directory away to start anew", KeyFile, CertificateFile)
	}
	if !hasRecord {
		if err := writeNew(a.path(RecordFile), nil, 0o600); err != nil {
			return err
		}
	}
	key, err := a.newKey(hasKey)
	if err != nil {
		return err
	}
	der, err := selfSigned(key)
	if err != nil {
		return err
	}
	return writeNew(a.path(CertificateFile), encode("CERTIFICATE", der), 0o644)
}

// newKey makes the authority's key, or takes that of an interrupted start.
func (a *Authority) newKey(has bool) (crypto.Signer, error) {
	if has {
		return a.readKey(KeyFile)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make key: %w", err)
	}
	text, err := encodeKey(key)
	if err != nil {
		return nil, err
	}
	return key, writeNew(a.path(KeyFile), text, 0o600)
}

func selfSigned(key crypto.Signer) ([]byte, error) {
	serial, err := newSerial()
	if err != nil {
		return nil, err
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: serial,
		// The name differs, so that a device with the certificates of two
		// authorities does not mistake one for the other.
		Subject:               pkix.Name{CommonName: "Thingdesk devices CA " + serialText(serial)[:8]},
		NotBefore:             now.Add(-skew),
		NotAfter:              now.AddDate(caYears, 0, 0),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		IsCA:                  true,
		BasicConstraintsValid: true,
		MaxPathLenZero:        true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("make certificate: %w", err)
	}
	return der, nil
}

// load reads certificate and key.
func (a *Authority) load() error {
	text, err := readFile(a.path(CertificateFile))
	if err != nil {
		return err
	}
	if a.cert, err = decodeCertificate(text); err != nil {
		return fmt.Errorf("%s %w: put the right one back, or move the directory away to start anew", CertificateFile, err)
	}
	a.pem = encode("CERTIFICATE", a.cert.Raw)
	if a.key, err = a.readKey(KeyFile); err != nil {
		return err
	}
	now := time.Now()
	switch {
	case !a.cert.IsCA:
		return fmt.Errorf("%s is not the certificate of an authority (basic constraints): put the right one back", CertificateFile)
	case !same(a.cert.PublicKey, a.key.Public()):
		return fmt.Errorf("%s and %s do not belong together: put the right ones back", CertificateFile, KeyFile)
	case now.Before(a.cert.NotBefore):
		a.notices = append(a.notices, fmt.Sprintf("%s is valid from %s only: is the clock of this computer right?", a.path(CertificateFile), date(a.cert.NotBefore)))
	case now.After(a.cert.NotAfter):
		a.notices = append(a.notices, fmt.Sprintf("%s expired on %s: move the directory away to start anew, with new certificates for all devices", a.path(CertificateFile), date(a.cert.NotAfter)))
	}
	if open := tooOpen(a.path(KeyFile)); open {
		a.notices = append(a.notices, fmt.Sprintf("other users of this computer can read the private key %q: take that right away, for example with chmod 600", a.path(KeyFile)))
	}
	return nil
}

// readKey reads a private key of the directory.
func (a *Authority) readKey(name string) (crypto.Signer, error) {
	text, err := readFile(a.path(name))
	if err != nil {
		return nil, err
	}
	key, err := decodeKey(text)
	if err != nil {
		return nil, fmt.Errorf("%s %w: put the right one back, or move the directory away to start anew", name, err)
	}
	return key, nil
}

// Certificate returns the authority's certificate as PEM, which devices need to
// trust the broker.
func (a *Authority) Certificate() []byte { return append([]byte(nil), a.pem...) }

// Expires returns when the authority's certificate ends, and with it all that
// it signed.
func (a *Authority) Expires() time.Time { return a.cert.NotAfter }

// Notices returns sentences for the user about what is allowed but looks
// unsafe or will not work, as seen by Open.
func (a *Authority) Notices() []string { return append([]string(nil), a.notices...) }

// ClientCAs returns the pool with the authority's certificate, for tls.Config.
func (a *Authority) ClientCAs() *x509.CertPool { return a.pool.Clone() }

// TLS returns the settings of a listener: the certificate of ServerCertificate,
// which is renewed while the broker runs, client certificates of this authority,
// which a client must show if required, and VerifyPeer.
func (a *Authority) TLS(hosts []string, required bool) (*tls.Config, error) {
	hosts = append([]string(nil), hosts...)
	current, err := a.ServerCertificate(hosts)
	if err != nil {
		return nil, err
	}
	r := &renewing{authority: a, hosts: hosts, current: current}
	c := &tls.Config{
		MinVersion: tls.VersionTLS12, ClientCAs: a.ClientCAs(), ClientAuth: tls.VerifyClientCertIfGiven,
		VerifyConnection: a.VerifyPeer, GetCertificate: r.certificate,
	}
	if required {
		c.ClientAuth = tls.RequireAndVerifyClientCert
	}
	return c, nil
}

// sign makes a certificate for public and returns its DER. It never outlives
// the authority.
func (a *Authority) sign(template *x509.Certificate, public crypto.PublicKey) ([]byte, error) {
	if now := time.Now(); now.After(a.cert.NotAfter) {
		return nil, fmt.Errorf("the authority %q expired on %s: move its directory away to start anew", a.dir, date(a.cert.NotAfter))
	}
	if template.NotAfter.After(a.cert.NotAfter) {
		template.NotAfter = a.cert.NotAfter
	}
	template.BasicConstraintsValid = true
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, public, a.key)
	if err != nil {
		return nil, fmt.Errorf("sign certificate: %w", err)
	}
	return der, nil
}

// newSerial returns a random serial number of 127 bits, so that it takes 16
// bytes of the 20 that are allowed (RFC 5280, 4.1.2.2).
func newSerial() (*big.Int, error) {
	var b [16]byte
	if _, err := rand.Read(b[:]); err != nil {
		return nil, fmt.Errorf("make serial number: %w", err)
	}
	b[0] = b[0]&0x7f | 0x40
	return new(big.Int).SetBytes(b[:]), nil
}

// serialText returns a serial number as hexadecimal digits.
func serialText(n *big.Int) string { return hex.EncodeToString(n.Bytes()) }

func (a *Authority) path(name string) string { return filepath.Join(a.dir, name) }

// has tells whether the directory has an entry of that name, of whatever kind.
func (a *Authority) has(name string) bool {
	_, err := os.Lstat(a.path(name))
	return !errors.Is(err, os.ErrNotExist)
}

func (a *Authority) size(name string) int64 {
	info, err := os.Stat(a.path(name))
	if err != nil {
		return 0
	}
	return info.Size()
}

func date(t time.Time) string { return t.Format(time.DateOnly) }
