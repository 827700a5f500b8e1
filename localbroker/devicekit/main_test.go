package devicekit_test

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"github.com/thingdesk/thingdesk/localbroker/authority"
	"github.com/thingdesk/thingdesk/localbroker/devicekit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// open opens an authority of its own.
func open(t *testing.T) *authority.Authority {
	t.Helper()
	a, err := authority.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// issue makes a certificate.
func issue(t *testing.T, a *authority.Authority, name string, kind authority.KeyKind) authority.Device {
	t.Helper()
	d, err := a.IssueDevice(name, 30, kind)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// archive returns the archive of a Kit.
func archive(t *testing.T, k devicekit.Kit) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := k.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// entries reads an archive.
func entries(t *testing.T, data []byte) *zip.Reader {
	t.Helper()
	r, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// content returns what a file of an archive holds.
func content(t *testing.T, f *zip.File) []byte {
	t.Helper()
	r, err := f.Open()
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// unpack unpacks the archive of a Kit into a new directory, with a space in its
// name as such directories often have.
func unpack(t *testing.T, k devicekit.Kit) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "a device's kit")
	for _, f := range entries(t, archive(t, k)).File {
		name := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, content(t, f), f.Mode().Perm()); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
