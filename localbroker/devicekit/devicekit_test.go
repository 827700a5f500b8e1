package devicekit_test

import (
	"bytes"
	"crypto/tls"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/thingdesk/thingdesk/localbroker/authority"
	"github.com/thingdesk/thingdesk/localbroker/devicekit"
)

func TestArchive(t *testing.T) {
	t.Parallel()
	d := issue(t, open(t), "line:1_b-2", "")
	k := devicekit.Kit{Device: d, Hosts: []string{"192.0.2.7", "2001:db8::7", "broker.local"}, Port: 8883}
	data := archive(t, k)
	if !bytes.Equal(data, archive(t, k)) {
		t.Error("the same kit gives other bytes")
	}
	if k.FileName() != "line_1_b-2.zip" || k.Address() != "mqtts://192.0.2.7:8883" || k.Label() != "mqtts://192.0.2.7:8883\nclient ID line:1_b-2" {
		t.Errorf("%q %q %q", k.FileName(), k.Address(), k.Label())
	}
	z := entries(t, data)
	got := make([]string, 0, len(z.File))
	files := map[string]string{}
	for _, f := range z.File {
		got = append(got, f.Mode().String()+" "+f.Name)
		files[f.Name] = string(content(t, f))
		if !f.Modified.Equal(d.Issued) {
			t.Errorf("%s is of %v, want %v", f.Name, f.Modified, d.Issued)
		}
	}
	want := []string{
		"-rw-r--r-- README.txt",
		"-rw-r--r-- ca.pem",
		"-rw-r--r-- line_1_b-2-cert.pem",
		"-rw------- line_1_b-2-key.pem",
		"-rw-r--r-- address.png",
		"-rwxr-xr-x mosquitto.sh",
		"-rwxr-xr-x thermal.py",
		"-rw-r--r-- thermal.js",
		"-rw-r--r-- thermal.c",
		"-rw-r--r-- arduino/arduino.ino",
		"-rw------- arduino/certificates.h",
		"-rw-r--r-- esp-idf/CMakeLists.txt",
		"-rw-r--r-- esp-idf/main/CMakeLists.txt",
		"-rw-r--r-- esp-idf/main/idf_component.yml",
		"-rw-r--r-- esp-idf/main/main.c",
		"-rw------- esp-idf/main/certificates.h",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if _, err := tls.X509KeyPair([]byte(files["line_1_b-2-cert.pem"]), []byte(files["line_1_b-2-key.pem"])); err != nil {
		t.Error(err)
	}
	secret := strings.Split(string(d.Key), "\n")[1]
	for name, text := range files {
		hasKey := strings.HasSuffix(name, "key.pem") || strings.HasSuffix(name, "certificates.h")
		if strings.Contains(text, secret) != hasKey {
			t.Errorf("%s: private key inside: %v", name, !hasKey)
		}
		if strings.Contains(text, "{{") || strings.Contains(text, "<no value>") {
			t.Errorf("%s is not filled in:\n%s", name, text)
		}
		if strings.HasPrefix(name, "thermal.") || name == "mosquitto.sh" || name == "arduino/arduino.ino" || strings.HasSuffix(name, "main.c") || name == "README.txt" {
			for _, value := range []string{"192.0.2.7", "8883", "line:1_b-2", "$aws/things/line:1_b-2/shadow"} {
				if !strings.Contains(text, value) {
					t.Errorf("%s lacks %s", name, value)
				}
			}
		}
	}
	for _, value := range []string{"mqtts://[2001:db8::7]:8883\n", "mqtts://broker.local:8883\n", d.Expires.Format("2006-01-02"), "P-256", "line_1_b-2-key.pem"} {
		if !strings.Contains(files["README.txt"], value) {
			t.Errorf("README.txt lacks %s:\n%s", value, files["README.txt"])
		}
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	good := devicekit.Kit{Device: issue(t, open(t), "lamp", ""), Hosts: []string{"localhost"}, Port: 8883}
	archive(t, good)
	for name, spoil := range map[string]func(k *devicekit.Kit){
		"no host":            func(k *devicekit.Kit) { k.Hosts = nil },
		"quote in host":      func(k *devicekit.Kit) { k.Hosts = []string{"a'b"} },
		"line in other host": func(k *devicekit.Kit) { k.Hosts = []string{"a", "b\nc"} },
		"command in host":    func(k *devicekit.Kit) { k.Hosts = []string{"$(id)"} },
		"option as host":     func(k *devicekit.Kit) { k.Hosts = []string{"-x"} },
		"no place":           func(k *devicekit.Kit) { k.Hosts = []string{"0.0.0.0"} },
		"no port":            func(k *devicekit.Kit) { k.Port = 0 },
		"large port":         func(k *devicekit.Kit) { k.Port = 65536 },
		"no name":            func(k *devicekit.Kit) { k.Device.Name = "" },
		"path in name":       func(k *devicekit.Kit) { k.Device.Name = "../x" },
		"quote in name":      func(k *devicekit.Kit) { k.Device.Name = `x"y` },
		"no key":             func(k *devicekit.Kit) { k.Device.Key = nil },
		"no certificate":     func(k *devicekit.Kit) { k.Device.Certificate = nil },
		"no authority":       func(k *devicekit.Kit) { k.Device.CA = nil },
	} {
		k := good
		spoil(&k)
		var b bytes.Buffer
		if err := k.Write(&b); err == nil || b.Len() > 0 || !strings.HasPrefix(err.Error(), "make archive for device ") {
			t.Errorf("%s: error %v, %d bytes", name, err, b.Len())
		}
	}
	if err := good.Write(full{}); !errors.Is(err, errFull) {
		t.Errorf("full disk: %v", err)
	}
}

var errFull = errors.New("no space left")

type full struct{}

// Write fails.
func (full) Write([]byte) (int, error) { return 0, errFull }

// TestUnzip has the system's own program unpack the archive.
func TestUnzip(t *testing.T) {
	t.Parallel()
	unzip := tool(t, "unzip", "apt install unzip")
	k := devicekit.Kit{Device: issue(t, open(t), "lamp", ""), Hosts: []string{"localhost"}, Port: 8883}
	dir := t.TempDir()
	file := filepath.Join(dir, k.FileName())
	if err := os.WriteFile(file, archive(t, k), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(unzip, "-q", file, "-d", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for name, want := range map[string]os.FileMode{"lamp-key.pem": 0o600, "mosquitto.sh": 0o755, "esp-idf/main/main.c": 0o644} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
}

// TestOpenSSLTakesTheCertificates has another implementation look at them.
func TestOpenSSLTakesTheCertificates(t *testing.T) {
	t.Parallel()
	openssl := tool(t, "openssl", "apt install openssl")
	a := open(t)
	for _, kind := range []authority.KeyKind{authority.P256, authority.RSA2048} {
		// A name may have 128 characters, where X.509 has 64 in mind.
		name := strings.Repeat("n", 128)
		dir := unpack(t, devicekit.Kit{Device: issue(t, a, name, kind), Hosts: []string{"localhost"}, Port: 8883})
		for _, args := range [][]string{
			{"verify", "-x509_strict", "-purpose", "sslclient", "-CAfile", "ca.pem", name + "-cert.pem"},
			{"pkey", "-noout", "-check", "-in", name + "-key.pem"},
		} {
			c := exec.Command(openssl, args...)
			c.Dir = dir
			if out, err := c.CombinedOutput(); err != nil {
				t.Errorf("%s: openssl %q: %v\n%s", kind, args, err, out)
			}
		}
	}
}
