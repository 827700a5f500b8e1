package ui

import (
	"archive/zip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fyne.io/fyne/v2/test"

	"github.com/thingdesk/thingdesk/localbroker/authority"
)

func TestDeviceFormSaysWhatIsWrong(t *testing.T) { //nolint:paralleltest // Fyne's test application is global
	k := newDesk(t, t.TempDir())
	f := newDeviceForm(k.Window, []string{"10.0.0.7", "localhost"}, "10.0.0.7", defaultTLSPort)
	if !f.save.Disabled() || f.fault.Text != "" {
		t.Errorf("before a name is typed: %q", f.fault.Text)
	}
	k.eventually("the hint how to open a listener", func() bool { return strings.Contains(f.warn.Text, "--listen-tls :8883") })
	test.Type(f.name, "a b")
	if !f.save.Disabled() || f.fault.Text == "" {
		t.Error("nothing is wrong with a name with a space")
	}
	f.name.SetText("sensor-1")
	if f.save.Disabled() || f.fault.Text != "" {
		t.Errorf("a good name: %q", f.fault.Text)
	}
	for name, c := range map[string]struct{ host, port, days, want string }{
		"host": {"x y", "1", "1", "x y"},
		"port": {"localhost", "0", "1", "from 1 to 65535"},
		"days": {"localhost", "1", "4000", "from 1 to 3650"},
	} {
		f.host.SetText(c.host)
		f.port.SetText(c.port)
		f.days.SetText(c.days)
		if !f.save.Disabled() || !strings.Contains(f.fault.Text, c.want) {
			t.Errorf("%s: %q", name, f.fault.Text)
		}
	}
	f.host.SetText("localhost")
	f.port.SetText("8884")
	f.days.SetText("10")
	f.kind.SetSelectedIndex(1)
	got, err := f.read()
	if want := (deviceRequest{"sensor-1", "localhost", 8884, 10, authority.RSA2048}); err != nil || got != want {
		t.Errorf("reads %+v, %v", got, err)
	}
}

// The story: a device is added in the menu, its zip is there for its owner only,
// and the address and the QR code are shown; a file that is there is not
// overwritten, and leaves no certificate behind that is valid.
func TestAddDevice(t *testing.T) { //nolint:paralleltest // Fyne's test application is global
	k := newDesk(t, t.TempDir())
	for _, m := range k.win.MainMenu().Items {
		for _, item := range m.Items {
			if item.Label == "Add a device…" {
				item.Action()
			}
		}
	}
	k.eventually("the dialog", func() bool { return k.win.Canvas().Overlays().Top() != nil })
	k.win.Canvas().Overlays().Top().Hide()
	k.win.Canvas().Overlays().Remove(k.win.Canvas().Overlays().Top())

	f := newDeviceForm(k.Window, nil, "localhost", defaultTLSPort)
	f.name.SetText("sensor-1")
	r, err := f.read()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "sensor-1.zip")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	f.saveTo(path, r)
	k.eventually("the fault", func() bool { return strings.Contains(f.fault.Text, "exists") })
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	f.saveTo(path, r)
	k.eventually("the address", func() bool { return k.says("mqtts://localhost:8883") && k.says("valid until") })
	z, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 || len(z.File) < 5 {
		t.Errorf("%d files, %v, %v", len(z.File), info.Mode(), err)
	}
	issued, err := k.bench.IssuedDevices()
	if err != nil || len(issued) != 2 || issued[0].Revoked.IsZero() || !issued[1].Revoked.IsZero() {
		t.Errorf("issued %+v, %v", issued, err)
	}
	k.answer("Copy address")
	if got := k.app.Clipboard().Content(); got != "mqtts://localhost:8883" {
		t.Errorf("copied %q", got)
	}
}
