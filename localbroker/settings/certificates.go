package settings

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"time"
)

// soon is when an end of a certificate is worth a notice.
const soon = 14 * 24 * time.Hour

// tlsSettings are what the tls object of a listener says.
type tlsSettings struct {
	config   *tls.Config
	isUser   bool // certificate_is_user
	required bool // a verified client certificate is required
}

func (d *document) tls(o *object) tlsSettings {
	t := tlsSettings{config: &tls.Config{MinVersion: tls.VersionTLS12}}
	certificate := o.file("certificate", true)
	key := o.file("key", true)
	ca := o.file("client_ca", false)
	hasCA := o.lookup("client_ca") != nil
	t.required = o.truth("require_client_certificate", false)
	t.isUser = o.truth("certificate_is_user", false)
	o.end()
	for name, set := range map[string]bool{"require_client_certificate": t.required, "certificate_is_user": t.isUser} {
		if set && !hasCA {
			d.wrong(o.at(name), below(o.path, name), "is true, but there is no client_ca: name the file with the certificates of the CA that signs the clients' certificates")
		}
	}
	if certificate != nil && key != nil {
		d.keyPair(o, t.config, certificate, key)
	}
	if ca != nil {
		t.config.ClientCAs = d.pool(o, ca)
		t.config.ClientAuth = tls.VerifyClientCertIfGiven
		if t.required {
			t.config.ClientAuth = tls.RequireAndVerifyClientCert
		}
	}
	return t
}

// file returns the content of the file that a field names, nil when there is
// none or it cannot be read, which is noted.
func (o *object) file(name string, must bool) []byte {
	n := o.field(name, isText)
	path := below(o.path, name)
	if n == nil || n.text == "" {
		if must && (n != nil || o.lookup(name) == nil) {
			o.wrong(o.at(name), path, "is missing: name a PEM file")
		}
		if !must && n != nil {
			o.wrong(n.at, path, "is empty: name a PEM file or leave it out")
		}
		return nil
	}
	if strings.ContainsRune(n.text, 0) {
		o.wrong(n.at, path, "holds a zero character: give the name of a file")
		return nil
	}
	file := n.text
	if !filepath.IsAbs(file) {
		file = filepath.Join(o.folder, file)
	}
	data, mode, err := readFile(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		o.wrong(n.at, path, "names the file %q, which does not exist: names are relative to the folder of %s", file, File)
	case errors.Is(err, fs.ErrPermission):
		o.wrong(n.at, path, "names the file %q, which this user may not read", file)
	case err != nil:
		o.wrong(n.at, path, "names %q, which cannot be read: %v", file, err)
	case len(data) == 0:
		o.wrong(n.at, path, "names the file %q, which is empty", file)
	default:
		if name == "key" && forAll(mode) {
			o.notice("%s: the private key %q can be read by every user of this computer: take that right away, for example with chmod 600", path, file)
		}
		return data
	}
	return nil
}

// keyPair puts certificate and key into c.
func (d *document) keyPair(o *object, c *tls.Config, certificate, key []byte) {
	wrong := func(name, why string) { d.wrong(o.at(name), below(o.path, name), "%s", why) }
	if !holds(certificate, "CERTIFICATE") {
		wrong("certificate", "names a file without a PEM certificate (-----BEGIN CERTIFICATE-----): give that of the server, followed by those of its CA if there are any between")
		return
	}
	if bytes.Contains(key, []byte("ENCRYPTED")) {
		wrong("key", "names a key that is locked with a pass phrase: unlock it with openssl pkey -in LOCKED -out UNLOCKED")
		return
	}
	if !holds(key, "PRIVATE KEY") {
		wrong("key", "names a file without a PEM private key (-----BEGIN PRIVATE KEY-----)")
		return
	}
	pair, err := tls.X509KeyPair(certificate, key)
	if err != nil {
		name, why := "certificate", "cannot be used: "+err.Error()
		switch {
		case strings.Contains(err.Error(), "does not match"):
			name, why = "key", "is not the key of the certificate: name the key that the certificate was made with"
		case strings.Contains(err.Error(), "private key"):
			name = "key"
		}
		wrong(name, why)
		return
	}
	c.Certificates = []tls.Certificate{pair}
	leaf := pair.Leaf
	d.dates(below(o.path, "certificate"), "clients refuse it", leaf)
	if len(leaf.DNSNames)+len(leaf.IPAddresses) == 0 {
		d.notice("%s: the certificate names no host (subjectAltName), so that many clients refuse it", below(o.path, "certificate"))
	}
}

// pool returns the certificates of a PEM file.
func (d *document) pool(o *object, data []byte) *x509.CertPool {
	path := below(o.path, "client_ca")
	pool := x509.NewCertPool()
	count, authorities := 0, 0
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			d.wrong(o.at("client_ca"), path, "names a file with a damaged certificate: %v", err)
			return pool
		}
		pool.AddCert(cert)
		d.dates(path, "clients with certificates of it are refused", cert)
		count++
		if cert.IsCA {
			authorities++
		}
	}
	switch {
	case count == 0:
		d.wrong(o.at("client_ca"), path, "names a file without a PEM certificate (-----BEGIN CERTIFICATE-----): give those of the CA that signs the clients' certificates")
	case authorities == 0:
		d.notice("%s: no certificate in the file is one of a CA, so that only a client with that very certificate gets in", path)
	}
	return pool
}

// holds tells whether PEM data has a block whose type ends so.
func holds(data []byte, kind string) bool {
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if strings.HasSuffix(block.Type, kind) {
			return true
		}
	}
	return false
}

// dates notes when a certificate is not valid now, or soon no more; effect is
// what comes of it.
func (d *document) dates(path, effect string, c *x509.Certificate) {
	now := time.Now()
	const form = "2 January 2006"
	switch {
	case now.After(c.NotAfter):
		d.notice("%s: the certificate of %q has expired on %s, so that %s: make a new one", path, c.Subject.CommonName, c.NotAfter.Format(form), effect)
	case now.Before(c.NotBefore):
		d.notice("%s: the certificate of %q is valid from %s only: check this computer's clock", path, c.Subject.CommonName, c.NotBefore.Format(form))
	case c.NotAfter.Sub(now) < soon:
		d.notice("%s: the certificate of %q expires on %s: make a new one before", path, c.Subject.CommonName, c.NotAfter.Format(form))
	}
}
