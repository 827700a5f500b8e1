package authority

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"
)

// MaxDays is the longest life of a device's certificate.
const MaxDays = 3650

// KeyKind is the kind of a device's key.
type KeyKind string

// The kinds of keys. P256 is small and quick; RSA2048 is for devices whose TLS
// knows no elliptic curves.
const (
	P256    KeyKind = "P-256"
	RSA2048 KeyKind = "RSA-2048"
)

// Device is what a device needs to prove itself. It prints without its key,
// which the authority does not keep.
type Device struct {
	Name        string // common name of the certificate: name of the Thing and client ID
	Serial      string // of the certificate, in hexadecimal digits
	Kind        KeyKind
	Certificate []byte // PEM
	Key         []byte // PEM
	CA          []byte // PEM, certificate of the authority
	Issued      time.Time
	Expires     time.Time
}

// String returns name and serial number, so that no log shows the key.
func (d Device) String() string { return d.Name + " (" + d.Serial + ")" }

// GoString returns name and serial number, so that no log shows the key.
func (d Device) GoString() string { return "authority.Device{" + d.String() + "}" }

// LogValue returns name and serial number, so that no log shows the key.
func (d Device) LogValue() slog.Value { return slog.StringValue(d.String()) }

// IssueDevice makes key and certificate for the device called name, see
// CheckName, valid for 1 to MaxDays days but never longer than the authority.
// kind "" is P256. The certificate is in the record before IssueDevice returns;
// the key is nowhere but in the result. A name may have any number of
// certificates, so that an old one can be replaced before it is revoked.
func (a *Authority) IssueDevice(name string, days int, kind KeyKind) (Device, error) {
	d, err := a.issue(name, days, kind)
	if err != nil {
		return Device{}, fmt.Errorf("issue certificate for device %q: %w", name, err)
	}
	return d, nil
}

func (a *Authority) issue(name string, days int, kind KeyKind) (Device, error) {
	if err := CheckName(name); err != nil {
		return Device{}, err
	}
	if days < 1 || days > MaxDays {
		return Device{}, fmt.Errorf("%d days are not possible: give 1 to %d", days, MaxDays)
	}
	key, err := makeKey(kind)
	if err != nil {
		return Device{}, err
	}
	serial, err := newSerial()
	if err != nil {
		return Device{}, err
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name},
		NotBefore: now.Add(-skew), NotAfter: now.AddDate(0, 0, days),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	d := Device{Name: name, Serial: serialText(serial), Kind: kindOf(key), CA: a.Certificate(), Issued: now.UTC().Truncate(time.Second)}
	der, err := a.sign(template, key.Public())
	if err != nil {
		return Device{}, err
	}
	d.Certificate = encode("CERTIFICATE", der)
	d.Expires = template.NotAfter.UTC().Truncate(time.Second)
	if d.Key, err = encodeKey(key); err != nil {
		return Device{}, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return d, a.appendLocked(line{Serial: d.Serial, Name: name, Key: d.Kind, Issued: d.Issued, Expires: d.Expires})
}

func makeKey(kind KeyKind) (key crypto.Signer, err error) {
	switch kind {
	case P256, "":
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case RSA2048:
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	default:
		return nil, fmt.Errorf("keys of kind %q are not known: %s and %s are", kind, P256, RSA2048)
	}
	if err != nil {
		return nil, fmt.Errorf("make key: %w", err)
	}
	return key, nil
}

func kindOf(key crypto.Signer) KeyKind {
	if _, ok := key.(*rsa.PrivateKey); ok {
		return RSA2048
	}
	return P256
}

// Issued is a device's certificate as the record has it.
type Issued struct {
	Serial  string
	Name    string
	Kind    KeyKind
	Issued  time.Time
	Expires time.Time
	Revoked time.Time // zero while it is not
}

// Issued returns all certificates that were issued to devices, oldest first.
func (a *Authority) Issued() []Issued {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return append([]Issued(nil), a.record.issued...)
}

// ErrUnknown is the cause of an error for a serial number that the record does
// not have.
var ErrUnknown = errors.New("no certificate of this serial number was issued")

// Revoke has VerifyPeer refuse a certificate from now on, which outlasts a
// crash once Revoke has returned. Connections that are open stay so: the caller
// ends them. Revoking once more does nothing.
func (a *Authority) Revoke(serial string) error {
	serial = strings.ToLower(serial)
	a.mu.Lock()
	defer a.mu.Unlock()
	i, ok := a.record.bySerial[serial]
	switch {
	case !ok:
		return fmt.Errorf("revoke certificate %q: %w", serial, ErrUnknown)
	case !a.record.issued[i].Revoked.IsZero():
		return nil
	}
	if err := a.appendLocked(line{Serial: serial, Revoked: time.Now().UTC().Truncate(time.Second)}); err != nil {
		return fmt.Errorf("revoke certificate %q: %w", serial, err)
	}
	return nil
}

// ErrRevoked is the cause of VerifyPeer's error for a revoked certificate.
var ErrRevoked = errors.New("the certificate was revoked")

// VerifyPeer is for tls.Config.VerifyConnection, which resumed connections pass
// too. It refuses certificates that were revoked, and those that ClientAuth let
// through without verifying them; a client without certificate passes.
func (a *Authority) VerifyPeer(s tls.ConnectionState) error {
	if len(s.PeerCertificates) == 0 {
		return nil
	}
	leaf := s.PeerCertificates[0]
	if len(s.VerifiedChains) == 0 {
		return fmt.Errorf("verify certificate of %q: no authority was asked", leaf.Subject.CommonName)
	}
	a.mu.RLock()
	i, ok := a.record.bySerial[serialText(leaf.SerialNumber)]
	revoked := ok && !a.record.issued[i].Revoked.IsZero()
	a.mu.RUnlock()
	if revoked {
		return fmt.Errorf("verify certificate of %q: %w", leaf.Subject.CommonName, ErrRevoked)
	}
	return nil
}
