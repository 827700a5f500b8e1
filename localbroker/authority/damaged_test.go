package authority_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/thingdesk/thingdesk/localbroker/authority"
)

// folder is a directory to be spoiled.
type folder struct {
	t   *testing.T
	dir string
}

// TestDamagedFiles opens directories in which something is missing or wrong,
// and looks that nothing in them was changed.
func TestDamagedFiles(t *testing.T) {
	t.Parallel()
	other := t.TempDir()
	issue(t, open(t, other), "x", "")
	tests := []struct {
		name  string
		spoil func(f folder)
		want  string
	}{
		{"no key", func(f folder) { remove(f.t, f.dir, authority.KeyFile) }, "ca-key.pem is missing"},
		{"no certificate", func(f folder) { remove(f.t, f.dir, authority.CertificateFile) }, "ca.pem is missing"},
		{"no certificate, no key", func(f folder) { remove(f.t, f.dir, authority.CertificateFile, authority.KeyFile) }, "ca.pem is missing"},
		{"key alone", func(f folder) { remove(f.t, f.dir, authority.CertificateFile, authority.RecordFile) }, "ca.pem is missing"},
		{"no record", func(f folder) { remove(f.t, f.dir, authority.RecordFile) }, "issued.jsonl is missing"},
		{"empty certificate", func(f folder) { write(f.t, f.dir, authority.CertificateFile, "") }, "ca.pem is damaged or holds no PEM certificate"},
		{"half a certificate", func(f folder) {
			write(f.t, f.dir, authority.CertificateFile, read(f.t, f.dir, authority.CertificateFile)[:200])
		}, "ca.pem is damaged"},
		{"bytes in a certificate", func(f folder) {
			write(f.t, f.dir, authority.CertificateFile, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
		}, "ca.pem is damaged"},
		{"empty key", func(f folder) { write(f.t, f.dir, authority.KeyFile, "") }, "ca-key.pem is damaged or holds no PEM private key"},
		{"bytes in a key", func(f folder) {
			write(f.t, f.dir, authority.KeyFile, "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n")
		}, "ca-key.pem is damaged"},
		{"locked key", func(f folder) {
			write(f.t, f.dir, authority.KeyFile, "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n")
		}, "locked with a pass phrase"},
		{"another's key", func(f folder) {
			write(f.t, f.dir, authority.KeyFile, read(f.t, other, authority.KeyFile))
		}, "do not belong together"},
		{"a device's certificate", func(f folder) {
			d := issue(f.t, open(f.t, f.dir), "x", "")
			write(f.t, f.dir, authority.CertificateFile, string(d.Certificate))
			write(f.t, f.dir, authority.KeyFile, string(d.Key))
		}, "not the certificate of an authority"},
		{"a directory for a key", func(f folder) {
			remove(f.t, f.dir, authority.KeyFile)
			if err := os.Mkdir(filepath.Join(f.dir, authority.KeyFile), 0o700); err != nil {
				f.t.Fatal(err)
			}
		}, "read ca-key.pem: it is not a file"},
		{"words in the record", func(f folder) { write(f.t, f.dir, authority.RecordFile, "\n{}\n") }, "issued.jsonl is damaged in line 2"},
		{"half a line within the record", func(f folder) {
			text := read(f.t, f.dir, authority.RecordFile)
			write(f.t, f.dir, authority.RecordFile, text[:30]+"\n"+text)
		}, "issued.jsonl is damaged in line 1"},
		{"a line twice in the record", func(f folder) {
			text := read(f.t, f.dir, authority.RecordFile)
			write(f.t, f.dir, authority.RecordFile, text+text)
		}, "issued already"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			issue(t, open(t, dir), "lamp", "")
			test.spoil(folder{t, dir})
			before := snapshot(t, dir)
			got := stop(t, dir)
			if !strings.HasPrefix(got, fmt.Sprintf("open certificate authority %q: ", dir)) || !strings.Contains(got, test.want) {
				t.Errorf("error %s, want %s", got, test.want)
			}
			if diff := cmp.Diff(before, snapshot(t, dir)); diff != "" {
				t.Errorf("the directory was changed: %s", diff)
			}
		})
	}
	file := filepath.Join(t.TempDir(), "file")
	write(t, filepath.Dir(file), "file", "")
	if got := stop(t, file); !strings.Contains(got, "not a directory") {
		t.Errorf("a file for a directory: %s", got)
	}
}

// snapshot returns the files of a directory.
func snapshot(t *testing.T, dir string) map[string]string {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, e := range list {
		if e.IsDir() {
			all[e.Name()] = "directory"
			continue
		}
		all[e.Name()] = read(t, dir, e.Name())
	}
	return all
}

// TestInterruptedFirstStart opens what a crash in the first start leaves: the
// record alone, and record and key.
func TestInterruptedFirstStart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, authority.RecordFile, "")
	open(t, dir)
	key := read(t, dir, authority.KeyFile)
	remove(t, dir, authority.CertificateFile)
	a := open(t, dir)
	if read(t, dir, authority.KeyFile) != key {
		t.Error("the key was made anew")
	}
	if _, _, serverErr, clientErr := shake(t, serve(t, a), client(t, a, "localhost", issue(t, a, "d", ""))); serverErr != nil || clientErr != nil {
		t.Errorf("handshake: %v, %v", serverErr, clientErr)
	}
}
