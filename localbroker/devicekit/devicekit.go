// Package devicekit makes what somebody needs to build a device: an archive
// with its certificates and programs that run as they are, and a QR code of the
// broker's address. It also knows the addresses of this computer.
package devicekit

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"strconv"
	"strings"

	"github.com/thingdesk/thingdesk/localbroker/authority"
)

// labelSize is the width and height of the QR code in the archive, in pixels.
const labelSize = 480

// Kit is what a device gets.
type Kit struct {
	Device authority.Device
	// Hosts are host names and IP addresses of the broker, best first, at least
	// one. The programs use the first one, the others are told in README.txt. The
	// broker's certificate must be for all of them.
	Hosts []string
	// Port is that of the TLS listener.
	Port int
}

// Address returns the broker's address: mqtts://HOST:PORT.
func (k Kit) Address() string { return address(k.Hosts[0], k.Port) }

func address(host string, port int) string {
	return "mqtts://" + net.JoinHostPort(host, strconv.Itoa(port))
}

// Label returns the text for the QR code: the address and the client ID, one a
// line.
func (k Kit) Label() string { return k.Address() + "\nclient ID " + k.Device.Name }

// FileName returns a name for the archive that every system allows.
func (k Kit) FileName() string { return plain(k.Device.Name) + ".zip" }

// plain returns a device's name as part of a file name: Windows allows no
// colons.
func plain(name string) string { return strings.ReplaceAll(name, ":", "_") }

// Write writes the zip archive. The same Kit gives the same bytes.
func (k Kit) Write(w io.Writer) error {
	if err := k.write(w); err != nil {
		return fmt.Errorf("make archive for device %q: %w", k.Device.Name, err)
	}
	return nil
}

func (k Kit) write(w io.Writer) error {
	files, err := k.files()
	if err != nil {
		return err
	}
	z := zip.NewWriter(w)
	for _, f := range files {
		h := &zip.FileHeader{Name: f.name, Method: zip.Deflate, Modified: k.Device.Issued.UTC()}
		h.SetMode(f.mode)
		part, err := z.CreateHeader(h)
		if err != nil {
			return err
		}
		if _, err := part.Write(f.data); err != nil {
			return err
		}
	}
	return z.Close()
}

// check refuses what would make programs do something else than is meant.
func (k Kit) check() error {
	if err := authority.CheckName(k.Device.Name); err != nil {
		return err
	}
	if len(k.Hosts) == 0 {
		return errors.New("no address of the broker is known: give a host name or an IP address")
	}
	for _, host := range k.Hosts {
		if err := authority.CheckHost(host); err != nil {
			return err
		}
	}
	switch d := k.Device; {
	case k.Port < 1 || k.Port > 65535:
		return fmt.Errorf("port %d is not possible: give 1 to 65535", k.Port)
	case len(d.Certificate) == 0 || len(d.Key) == 0 || len(d.CA) == 0:
		return errors.New("certificate, key or the authority's certificate is missing: the key is known only when the certificate is issued")
	}
	return nil
}

// file is a file of the archive.
type file struct {
	name string
	mode fs.FileMode
	data []byte
}

// The rights of files: keys are for the owner only.
const (
	public  fs.FileMode = 0o644
	private fs.FileMode = 0o600
	program fs.FileMode = 0o755
)

// files returns the content of the archive, README.txt first.
func (k Kit) files() ([]file, error) {
	if err := k.check(); err != nil {
		return nil, err
	}
	v := k.values()
	label, err := QR(k.Label(), labelSize)
	if err != nil {
		return nil, err
	}
	fixed := map[string][]byte{"ca": k.Device.CA, "cert": k.Device.Certificate, "key": k.Device.Key, "label": label}
	entries := []struct {
		name   string
		mode   fs.FileMode
		source string // of fixed, or a template
	}{
		{"README.txt", public, "README.txt"},
		{"ca.pem", public, "ca"},
		{v.CertFile, public, "cert"},
		{v.KeyFile, private, "key"},
		{"address.png", public, "label"},
		{"mosquitto.sh", program, "mosquitto.sh"},
		{"thermal.py", program, "thermal.py"},
		{"thermal.js", public, "thermal.js"},
		{"thermal.c", public, "thermal.c"},
		{"arduino/arduino.ino", public, "arduino.ino"},
		{"arduino/certificates.h", private, "certificates.h"},
		{"esp-idf/CMakeLists.txt", public, "esp-project.txt"},
		{"esp-idf/main/CMakeLists.txt", public, "esp-main.txt"},
		{"esp-idf/main/idf_component.yml", public, "esp-component.yml"},
		{"esp-idf/main/main.c", public, "esp-main.c"},
		{"esp-idf/main/certificates.h", private, "certificates.h"},
	}
	files := make([]file, 0, len(entries))
	for _, e := range entries {
		data, ok := fixed[e.source]
		if !ok {
			var b bytes.Buffer
			if err := render(&b, e.source, v); err != nil {
				return nil, err
			}
			data = b.Bytes()
		}
		files = append(files, file{e.name, e.mode, data})
	}
	return files, nil
}

// values are what templates are filled with.
type values struct {
	Name              string
	Host              string
	Others            []string // further addresses, mqtts://...
	Address           string
	Port              int
	CertFile, KeyFile string
	CA, Cert, Key     string // PEM
	Kind, Expires     string
	Topic             string // of the shadow
}

func (k Kit) values() values {
	d := k.Device
	v := values{
		Name: d.Name, Host: k.Hosts[0], Address: k.Address(), Port: k.Port,
		CertFile: plain(d.Name) + "-cert.pem", KeyFile: plain(d.Name) + "-key.pem",
		CA: string(d.CA), Cert: string(d.Certificate), Key: string(d.Key),
		Kind: string(d.Kind), Expires: d.Expires.UTC().Format("2006-01-02"), Topic: "$aws/things/" + d.Name + "/shadow",
	}
	for _, host := range k.Hosts[1:] {
		v.Others = append(v.Others, address(host, k.Port))
	}
	return v
}
