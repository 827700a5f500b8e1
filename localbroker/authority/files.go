package authority

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// maxFile bounds the files that are read, in bytes: room for a record of
// hundreds of thousands of devices.
const maxFile = 64 << 20

// readFile reads a file that is one, and not a device or pipe.
func readFile(path string) ([]byte, error) {
	wrong := func(err error) error { return fmt.Errorf("read %s: %w", filepath.Base(path), cause(err)) }
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, wrong(err)
	case !info.Mode().IsRegular():
		return nil, wrong(errors.New("it is not a file"))
	case info.Size() > maxFile:
		return nil, wrong(fmt.Errorf("it is larger than %d MiB", maxFile>>20))
	}
	f, err := os.Open(path) //nolint:gosec // G304: a name of ours in the directory the user chose
	if err != nil {
		return nil, wrong(err)
	}
	defer func() { _ = f.Close() }() // only read
	data, err := io.ReadAll(io.LimitReader(f, maxFile))
	if err != nil {
		return nil, wrong(err)
	}
	return data, nil
}

// writeNew writes a file that must not be there yet; it is there whole or not
// at all.
func writeNew(path string, data []byte, mode fs.FileMode) error {
	return write(path, data, mode, func(temporary string) error {
		err := os.Link(temporary, path)
		if err == nil || errors.Is(err, fs.ErrExist) {
			return err
		}
		// A file system without links. Nobody else is at work in this directory.
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
			return fs.ErrExist
		}
		return os.Rename(temporary, path)
	})
}

// replace writes a file, in place of another if there is one; it is the old or
// the new one whole at any moment.
func replace(path string, data []byte, mode fs.FileMode) error {
	return write(path, data, mode, func(temporary string) error { return os.Rename(temporary, path) })
}

// write writes a temporary file beside path, which place gives its name.
func write(path string, data []byte, mode fs.FileMode, place func(temporary string) error) error {
	wrong := func(err error) error { return fmt.Errorf("write %s: %w", filepath.Base(path), cause(err)) }
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return wrong(err)
	}
	defer func() { _ = os.Remove(f.Name()) }() // gone already where it was renamed
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return wrong(err)
	}
	if err := os.Chmod(f.Name(), mode); err != nil {
		return wrong(err)
	}
	if err := place(f.Name()); err != nil {
		return wrong(err)
	}
	syncFolder(filepath.Dir(path))
	return nil
}

// syncFolder makes a new name in a directory outlast a power cut, where the
// system can.
func syncFolder(dir string) {
	if d, err := os.Open(dir); err == nil { //nolint:gosec // G304: the directory the user chose
		_ = d.Sync() // not everywhere possible
		_ = d.Close()
	}
}

// cause strips operation and path, which the caller tells.
func cause(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err
	}
	if l, ok := errors.AsType[*os.LinkError](err); ok {
		return l.Err
	}
	return err
}

// tooOpen tells whether other users of the computer may read a file. Windows
// keeps such rights elsewhere.
func tooOpen(path string) bool {
	info, err := os.Stat(path)
	return err == nil && runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0
}

func encode(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// encodeKey writes keys in the older forms (RFC 5915, PKCS #1), which more
// devices read than PKCS #8.
func encodeKey(key crypto.Signer) ([]byte, error) {
	switch key := key.(type) {
	case *rsa.PrivateKey:
		return encode("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key)), nil
	case *ecdsa.PrivateKey:
		der, err := x509.MarshalECPrivateKey(key)
		if err != nil {
			return nil, fmt.Errorf("write key: %w", err)
		}
		return encode("EC PRIVATE KEY", der), nil
	}
	return nil, fmt.Errorf("write key: kind %T is not known", key)
}

// decodeCertificate reads the first certificate of a PEM file. The error goes
// on after the name of the file.
func decodeCertificate(text []byte) (*x509.Certificate, error) {
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("is damaged (%w)", err)
		}
		return cert, nil
	}
	return nil, errors.New("is damaged or holds no PEM certificate (-----BEGIN CERTIFICATE-----)")
}

// decodeKey reads the first private key of a PEM file. The error goes on after
// the name of the file.
func decodeKey(text []byte) (crypto.Signer, error) {
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if !strings.HasSuffix(block.Type, "PRIVATE KEY") {
			continue
		}
		if block.Type == "ENCRYPTED PRIVATE KEY" || block.Headers["DEK-Info"] != "" {
			return nil, errors.New("is locked with a pass phrase, which is not supported")
		}
		return parseKey(block)
	}
	return nil, errors.New("is damaged or holds no PEM private key (-----BEGIN PRIVATE KEY-----)")
}

func parseKey(block *pem.Block) (crypto.Signer, error) {
	var key any
	var err error
	switch block.Type {
	case "EC PRIVATE KEY":
		key, err = x509.ParseECPrivateKey(block.Bytes)
	case "RSA PRIVATE KEY":
		key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	default:
		key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	}
	if err != nil {
		return nil, fmt.Errorf("is damaged (%w)", err)
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("holds a key that cannot sign (%T)", key)
	}
	return signer, nil
}

// same tells whether two public keys are one.
func same(a, b crypto.PublicKey) bool {
	k, ok := a.(interface{ Equal(crypto.PublicKey) bool })
	return ok && k.Equal(b)
}
