package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/thingdesk/thingdesk/localbroker/authority"
	"github.com/thingdesk/thingdesk/localbroker/devicekit"
	"github.com/thingdesk/thingdesk/storage"
)

// deviceDays is how long a device's certificate is valid unless said otherwise.
const deviceDays = 825

// deviceOptions are the flags of the device command.
type deviceOptions struct {
	data, host, out, kind, name string
	port, days                  int
}

// deviceCommand issues a certificate to a device and writes what it needs as a
// zip archive. The data directory must not be in use.
func deviceCommand(ctx context.Context, args []string, stdout, _ io.Writer) (err error) {
	o, err := readDeviceOptions(args)
	if err != nil {
		return err
	}
	dir, err := storage.OpenDir(ctx, o.data)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dir.Close()) }()
	ca, err := authority.Open(filepath.Join(dir.Path(), authorityDir))
	if err != nil {
		return fmt.Errorf("open the local certificate authority: %w", err)
	}
	kind := authority.P256
	if o.kind == "rsa" {
		kind = authority.RSA2048
	}
	device, err := ca.IssueDevice(o.name, o.days, kind)
	if err != nil {
		return err
	}
	kit := devicekit.Kit{Device: device, Hosts: []string{o.host}, Port: o.port}
	if o.host == "" {
		kit.Hosts = append(devicekit.Addresses(), "localhost")
	}
	if o.out == "" {
		o.out = kit.FileName()
	}
	if err := writeNew(o.out, kit.Write); err != nil {
		return err
	}
	_, err = fmt.Fprintf(stdout, "%s: certificate %s for %q, valid until %s, for %s\n",
		o.out, device.Serial, device.Name, device.Expires.Local().Format("2006-01-02"), kit.Address())
	return err
}

func readDeviceOptions(args []string) (deviceOptions, error) {
	var o deviceOptions
	fs := newFlags("device")
	fs.StringVar(&o.data, "data", defaultDataDir(), "")
	fs.StringVar(&o.host, "host", "", "")
	fs.IntVar(&o.port, "port", 8883, "")
	fs.IntVar(&o.days, "days", deviceDays, "")
	fs.StringVar(&o.kind, "key", "p256", "")
	fs.StringVar(&o.out, "o", "", "")
	if len(args) > 0 && args[0] != "" && args[0][0] != '-' {
		o.name, args = args[0], args[1:]
	}
	if err := parse(fs, args); err != nil {
		return o, err
	}
	switch {
	case o.name == "":
		return o, fmt.Errorf("%w: device needs a name, for example: thingdesk device sensor-1 -o sensor-1.zip", errUsage)
	case o.kind != "p256" && o.kind != "rsa":
		return o, fmt.Errorf("%w: --key must be p256 or rsa, not %q", errUsage, o.kind)
	case o.port < 1 || o.port > 65535:
		return o, fmt.Errorf("%w: --port must be from 1 to 65535", errUsage)
	case o.data == "":
		return o, fmt.Errorf("%w: --data must name a directory", errUsage)
	}
	if err := authority.CheckName(o.name); err != nil {
		return o, fmt.Errorf("%w: %w", errUsage, err)
	}
	if o.host != "" {
		if err := authority.CheckHost(o.host); err != nil {
			return o, fmt.Errorf("%w: --host: %w", errUsage, err)
		}
	}
	return o, nil
}

// writeNew writes a new file, for its owner only; one that is there is left
// alone.
func writeNew(path string, write func(io.Writer) error) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // G304: the user chose the file
	if err != nil {
		return fmt.Errorf("write %q: %w", path, err)
	}
	if err := errors.Join(write(f), f.Close()); err != nil {
		return errors.Join(fmt.Errorf("write %q: %w", path, err), os.Remove(path))
	}
	return nil
}
