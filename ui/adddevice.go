package ui

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/dialog"
	fynestorage "fyne.io/fyne/v2/storage"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/thingdesk/thingdesk/localbroker/authority"
	"github.com/thingdesk/thingdesk/localbroker/devicekit"
	"github.com/thingdesk/thingdesk/ui/widgets"
)

// What is offered for a new device unless the user says otherwise.
const (
	defaultTLSPort    = 8883
	defaultDeviceDays = 825
)

// deviceRequest is what a device is to get.
type deviceRequest struct {
	name, host string
	port, days int
	kind       authority.KeyKind
}

// deviceForm is the dialog to add a device.
type deviceForm struct {
	window *Window
	dialog *dialog.CustomDialog

	name  *widget.Entry
	host  *widget.SelectEntry
	port  *widget.Entry
	kind  *widget.Select
	days  *widget.Entry
	fault *widget.Label
	warn  *widget.Label
	save  *widget.Button

	asked int // questions about host and port, so that only the last answer counts
}

// keyKinds are the kinds of keys in the order to offer them.
var keyKinds = []struct {
	kind  authority.KeyKind
	words string
}{
	{authority.P256, "P-256, small and quick"},
	{authority.RSA2048, "RSA-2048, for devices that know no elliptic curves"},
}

// addDevice looks where a device could connect to and shows the dialog.
func (w *Window) addDevice() {
	hosts, host, port := []string(nil), "", defaultTLSPort
	w.loop.async(func(context.Context) {
		hosts = devicekit.Addresses()
		host = "localhost"
		bound, at, ok := w.bench.TLSAddress()
		if ok {
			port = at
		}
		if len(hosts) > 0 && (!ok || bound != "localhost" && !strings.HasPrefix(bound, "127.") && bound != "::1") {
			host = hosts[0]
		}
		hosts = append(hosts, "localhost")
	}, func() { newDeviceForm(w, hosts, host, port) })
}

func newDeviceForm(w *Window, hosts []string, host string, port int) *deviceForm {
	f := &deviceForm{
		window: w, name: widget.NewEntry(), host: widget.NewSelectEntry(hosts), port: widget.NewEntry(), days: widget.NewEntry(),
		fault: widget.NewLabel(""), warn: widget.NewLabel(""),
	}
	var kinds []string
	for _, k := range keyKinds {
		kinds = append(kinds, k.words)
	}
	f.kind = widget.NewSelect(kinds, nil)
	f.kind.SetSelectedIndex(0)
	f.name.SetPlaceHolder("sensor-1: Thing name and client ID of the device")
	f.host.SetText(host)
	f.port.SetText(strconv.Itoa(port))
	f.days.SetText(strconv.Itoa(defaultDeviceDays))
	f.fault.Importance, f.fault.Wrapping = widget.DangerImportance, fyne.TextWrapWord
	f.warn.Importance, f.warn.Wrapping = widget.WarningImportance, fyne.TextWrapWord
	f.save = widget.NewButtonWithIcon("Save zip…", theme.DocumentSaveIcon(), f.chooseFile)
	f.save.Importance = widget.HighImportance
	what := widget.NewLabel("The zip holds the certificate of this computer's own authority, the device's certificate and key, and programs that run as " +
		"they are. The key is kept nowhere else.")
	what.Importance, what.Wrapping = widget.LowImportance, fyne.TextWrapWord
	grid := container.New(&formGrid{},
		widget.NewLabel("Device name"), f.name,
		widget.NewLabel("Connects to"), f.host,
		widget.NewLabel("Port"), f.port,
		widget.NewLabel("Key"), f.kind,
		widget.NewLabel("Valid for days"), f.days,
	)
	f.dialog = dialog.NewCustomWithoutButtons("Add a device", container.NewVBox(grid, what, f.warn, f.fault), w.win)
	f.dialog.SetButtons([]fyne.CanvasObject{widget.NewButton("Cancel", f.dialog.Hide), f.save})
	f.name.OnChanged = func(string) { f.check() }
	f.days.OnChanged = func(string) { f.check() }
	f.host.OnChanged = func(string) { f.check(); f.ask() }
	f.port.OnChanged = func(string) { f.check(); f.ask() }
	f.check()
	f.ask()
	f.dialog.Resize(fyne.NewSize(620, 470))
	f.dialog.Show()
	w.win.Canvas().Focus(f.name)
	return f
}

// read reads the form, or says what is wrong with it.
func (f *deviceForm) read() (deviceRequest, error) {
	r := deviceRequest{name: strings.TrimSpace(f.name.Text), host: strings.TrimSpace(f.host.Text), kind: keyKinds[max(0, f.kind.SelectedIndex())].kind}
	if err := authority.CheckName(r.name); err != nil {
		return r, err
	}
	if err := authority.CheckHost(r.host); err != nil {
		return r, err
	}
	var err error
	if r.port, err = strconv.Atoi(strings.TrimSpace(f.port.Text)); err != nil || r.port < 1 || r.port > 65535 {
		return r, errors.New("the port must be a number from 1 to 65535")
	}
	if r.days, err = strconv.Atoi(strings.TrimSpace(f.days.Text)); err != nil || r.days < 1 || r.days > authority.MaxDays {
		return r, fmt.Errorf("the days must be a number from 1 to %d", authority.MaxDays)
	}
	return r, nil
}

// check says what is wrong while the user types. A name that was not begun is
// no fault yet.
func (f *deviceForm) check() {
	_, err := f.read()
	widgets.Enable(f.save, err == nil)
	if err == nil || f.name.Text == "" {
		widgets.SetText(f.fault, "")
		return
	}
	widgets.SetText(f.fault, capital(err.Error()))
}

// ask finds out whether a device could connect there.
func (f *deviceForm) ask() {
	host := strings.TrimSpace(f.host.Text)
	port, err := strconv.Atoi(strings.TrimSpace(f.port.Text))
	f.asked++
	if err != nil || authority.CheckHost(host) != nil {
		widgets.SetText(f.warn, "")
		return
	}
	mine, words := f.asked, ""
	f.window.loop.async(func(context.Context) { words = f.window.bench.DeviceTrouble(host, port) }, func() {
		if mine == f.asked {
			widgets.SetText(f.warn, words)
		}
	})
}

// chooseFile asks where to save, and issues the certificate only then.
func (f *deviceForm) chooseFile() {
	r, err := f.read()
	if err != nil {
		f.check()
		return
	}
	d := dialog.NewFileSave(func(to fyne.URIWriteCloser, err error) {
		if err != nil {
			f.window.report(err)
			return
		}
		if to == nil {
			return
		}
		at := to.URI()
		if err := to.Close(); err != nil {
			f.window.report(fmt.Errorf("write %q: %w", at.Path(), err))
			return
		}
		if err := fynestorage.Delete(at); err != nil { // it is written anew, for its owner only
			f.window.report(fmt.Errorf("write %q: %w", at.Path(), err))
			return
		}
		f.saveTo(at.Path(), r)
	}, f.window.win)
	d.SetFileName(devicekit.Kit{Device: authority.Device{Name: r.name}}.FileName())
	d.Show()
	d.Resize(fyne.NewSize(820, 560)) // before Show it is a panic in Fyne 2.8.1
}

// saveTo issues the certificate, writes the zip and shows the address.
func (f *deviceForm) saveTo(path string, r deviceRequest) {
	w := f.window
	var kit devicekit.Kit
	var code []byte
	f.save.Disable()
	var failed error
	w.loop.async(func(ctx context.Context) {
		if kit, failed = w.bench.IssueKit(ctx, r.name, r.days, r.kind, []string{r.host}, r.port); failed != nil {
			return
		}
		if failed = writePrivate(path, kit); failed != nil {
			failed = errors.Join(failed, w.bench.RevokeDevice(kit.Device.Serial)) // nobody has its key
			return
		}
		code, failed = devicekit.QR(kit.Label(), qrPixels)
	}, func() {
		f.save.Enable()
		if failed != nil {
			widgets.SetText(f.fault, capital(failed.Error()))
			return
		}
		f.dialog.Hide()
		w.showDevice(kit, path, code)
	})
}

// writePrivate writes the archive to a new file for its owner only. What could
// not be written whole is removed.
func writePrivate(path string, kit devicekit.Kit) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // G304: the user chose the file
	if err != nil {
		return fmt.Errorf("write %q: %w", path, err)
	}
	if err := errors.Join(kit.Write(file), file.Sync(), file.Close()); err != nil {
		return errors.Join(fmt.Errorf("write %q: %w", path, err), os.Remove(path))
	}
	return nil
}

// qrPixels is the size of the QR code's picture, qrSize that on the screen.
const (
	qrPixels = 480
	qrSize   = 220
)

// showDevice shows what a new device needs to know beside its files.
func (w *Window) showDevice(kit devicekit.Kit, path string, code []byte) {
	picture := canvas.NewImageFromResource(fyne.NewStaticResource("qr-"+kit.Device.Serial+".png", code))
	picture.FillMode = canvas.ImageFillContain
	picture.ScaleMode = canvas.ImageScalePixels
	picture.SetMinSize(fyne.NewSquareSize(qrSize))
	address := widget.NewLabelWithStyle(kit.Address(), fyne.TextAlignCenter, fyne.TextStyle{Bold: true, Monospace: true})
	address.Selectable = true
	words := widget.NewLabel(fmt.Sprintf("The QR code holds the address and the client ID, %s.\nIts certificate is valid until %s.\nSaved to %s",
		kit.Device.Name, kit.Device.Expires.Local().Format(time.DateOnly), path))
	words.Wrapping = fyne.TextWrapWord
	words.Alignment = fyne.TextAlignCenter
	d := dialog.NewCustomWithoutButtons("Device "+kit.Device.Name, container.NewBorder(nil, container.NewVBox(address, words), nil, nil, picture), w.win)
	d.SetButtons([]fyne.CanvasObject{
		widget.NewButtonWithIcon("Copy address", theme.ContentCopyIcon(), func() { w.copyText(kit.Address()) }),
		widget.NewButton("Close", d.Hide),
	})
	d.Resize(fyne.NewSize(520, 440))
	d.Show()
}
