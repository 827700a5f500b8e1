package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"time"

	"github.com/thingdesk/thingdesk/broker/paho"
	"github.com/thingdesk/thingdesk/engine"
	"github.com/thingdesk/thingdesk/localbroker/authority"
	"github.com/thingdesk/thingdesk/localbroker/settings"
	"github.com/thingdesk/thingdesk/storage"
	"github.com/thingdesk/thingdesk/storage/keyring"
)

// options are the flags that the window and serve share.
type options struct {
	data, listen, http string
	// listenGiven tells that --listen stood on the command line.
	listenGiven bool
	more        moreListeners
	history     bool
}

// readOptions reads the flags of a command; --history only where it is known.
func readOptions(name string, args []string, withHistory bool) (options, error) {
	o := options{history: true}
	fs := newFlags(name)
	fs.StringVar(&o.data, "data", defaultDataDir(), "")
	fs.StringVar(&o.listen, "listen", "", "")
	fs.StringVar(&o.more.tls, "listen-tls", "", "")
	fs.StringVar(&o.more.ws, "listen-ws", "", "")
	fs.StringVar(&o.more.wss, "listen-wss", "", "")
	fs.StringVar(&o.http, "http", "", "")
	history := "on"
	if withHistory {
		fs.StringVar(&history, "history", "on", "")
	}
	if err := parse(fs, args); err != nil {
		return o, err
	}
	fs.Visit(func(f *flag.Flag) { o.listenGiven = o.listenGiven || f.Name == "listen" })
	if history != "on" && history != "off" {
		return o, fmt.Errorf("%w: --history must be on or off, not %q", errUsage, history)
	}
	o.history = history == "on"
	if o.data == "" {
		return o, fmt.Errorf("%w: --data must name a directory", errUsage)
	}
	if o.listenGiven {
		if err := checkAddress("--listen", o.listen); err != nil {
			return o, err
		}
	}
	if o.http != "" {
		if err := checkAddress("--http", o.http); err != nil {
			return o, err
		}
	}
	return o, o.more.check()
}

// checkAddress checks HOST:PORT.
func checkAddress(flag, address string) error {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("%w: %s must be HOST:PORT, not %q", errUsage, flag, address)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Errorf("%w: the port of %s must be a number from 0 to 65535, not %q", errUsage, flag, port)
	}
	return nil
}

// openWorkbench takes the data directory and composes the Workbench over it.
func openWorkbench(ctx context.Context, o options, anyPort bool, stderr io.Writer) (*engine.Workbench, error) {
	dir, err := storage.OpenDir(ctx, o.data)
	if err != nil {
		return nil, err
	}
	set, err := settings.Read(filepath.Join(dir.Path(), settings.File))
	var ca *authority.Authority
	if err == nil {
		ca, err = o.more.add(&set, dir.Path())
	}
	if err != nil {
		return nil, errors.Join(err, dir.Close())
	}
	for flag, address := range map[string]string{"--listen": o.listen, "--http": o.http} {
		if address != "" && !loopback(address) {
			set.Notices = append(set.Notices, fmt.Sprintf("%s %s: anybody in the network can read and publish there without a password", flag, address))
		}
	}
	w, err := engine.Open(ctx, engine.Config{
		Dir: dir, Broker: &set, HTTP: o.http, Authority: ca, Listen: o.listen, AnyPort: anyPort, NoHistory: !o.history,
		Dial: paho.Dial, Secrets: &keyring.Store{}, Log: newLog(stderr),
	})
	if err != nil {
		return nil, errors.Join(err, dir.Close())
	}
	return w, nil
}

// closeMost bounds the closing of a Workbench.
const closeMost = 20 * time.Second

// closeWorkbench stores everything and closes, also when ctx has ended.
func closeWorkbench(ctx context.Context, w *engine.Workbench) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeMost)
	defer cancel()
	return w.Close(ctx)
}

// defaultDataDir is the OS's place for a user's application data.
func defaultDataDir() string {
	home, err := os.UserHomeDir()
	if err != nil {
		home = "."
	}
	switch runtime.GOOS {
	case "windows":
		if dir := os.Getenv("LocalAppData"); dir != "" {
			return filepath.Join(dir, "Thingdesk")
		}
		return filepath.Join(home, "AppData", "Local", "Thingdesk")
	case "darwin":
		return filepath.Join(home, "Library", "Application Support", "Thingdesk")
	default:
		if dir := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) {
			return filepath.Join(dir, "thingdesk")
		}
		return filepath.Join(home, ".local", "share", "thingdesk")
	}
}
