// Package settings reads broker.json, which says how the bundled broker runs:
// listeners with their users and rules, durability, limits. docs/broker.md
// explains the file to users.
package settings

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/thingdesk/thingdesk/localbroker/access"
	"github.com/thingdesk/thingdesk/localbroker/listen"
)

// File is the name of the settings file in the data directory.
const File = "broker.json"

// DefaultSys is the time between publications of $SYS unless told otherwise.
const DefaultSys = 10 * time.Second

// maxFile bounds the files that are read, in bytes.
const maxFile = 4 << 20

// Durability is what an acknowledged message survives.
type Durability string

// The durabilities: the end of the program in whatever way, which is the
// default, or the loss of power too, which costs a flush of the disk for each
// commit.
const (
	Process Durability = "process"
	Power   Durability = "power"
)

// Settings say how the bundled broker runs.
type Settings struct {
	Listeners   []Listener // at least one
	Durability  Durability
	Limits      Limits
	HideDenials bool          // say "unspecified error" for "not authorized"
	Sys         time.Duration // between publications of $SYS, at least a second
	// Notices are sentences for the user: what is allowed but looks unsafe or
	// will soon fail.
	Notices []string
}

// Listener says how one listener runs.
type Listener struct {
	Listen            listen.Config
	Durable           bool          // false acknowledges before the message is stored
	Anonymous         bool          // clients may connect without user name
	CertificateIsUser bool          // the certificate's common name is the user name; no password needed
	Users             *access.Users // never nil
	Rules             *access.Rules // never nil
}

// Limits bound what clients may use. Zero leaves the choice to the broker.
type Limits struct {
	Clients                int // connected at a time
	PacketBytes            int // of one MQTT packet
	SubscriptionsPerClient int
	Inflight               int   // unacknowledged messages to one client, at most 65,535
	QueuedMessages         int   // waiting for one client
	QueuedBytes            int64 // waiting for one client
	QueuedBytesTotal       int64 // waiting for all clients
	RetainedMessages       int
	RetainedBytes          int64
	ConnectTimeout         time.Duration // until CONNECT has come
	MaxKeepAlive           time.Duration // at most 65,535 s
	SessionExpiry          time.Duration // longest life of a session without connection; 4,294,967,295 s is for ever
}

// Default is what holds without a settings file: one listener on
// listen.DefaultAddress or a port near it, durable, for everybody.
func Default() Settings {
	return Settings{Listeners: []Listener{defaultListener()}, Durability: Process, Sys: DefaultSys}
}

func defaultListener() Listener {
	l := Listener{
		Listen:  listen.Config{Address: listen.DefaultAddress, AnyPort: true},
		Durable: true, Anonymous: true,
	}
	// Neither fails when there is nothing to check.
	l.Users, _ = access.NewUsers(nil)
	l.Rules, _ = access.NewRules(nil)
	return l
}

// Read reads the settings file at path; a missing one gives Default. What is
// wrong in the file is told by an *Error, all of it at once. File names in it
// are relative to its folder.
func Read(path string) (Settings, error) {
	data, mode, err := readFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Default(), nil
	case err != nil:
		return Settings{}, fmt.Errorf("read broker settings %q: %w", path, err)
	}
	s, err := ParseBytes(data, filepath.Dir(path))
	if err != nil {
		return Settings{}, fmt.Errorf("read broker settings %q: %w", path, err)
	}
	for _, l := range s.Listeners {
		if l.Users.Len() > 0 && forAll(mode) {
			s.Notices = append(s.Notices, fmt.Sprintf("%s holds password hashes and can be read by every user of this computer: "+
				"take that right away, for example with chmod 600 %q", filepath.Base(path), path))
			break
		}
	}
	return s, nil
}

// readFile reads a file that is one, and not a device or pipe.
func readFile(path string) ([]byte, fs.FileMode, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, 0, cause(err)
	case !info.Mode().IsRegular():
		return nil, 0, errors.New("it is not a file")
	case info.Size() > maxFile:
		return nil, 0, fmt.Errorf("it is larger than %d MiB", maxFile>>20)
	}
	f, err := os.Open(path) //nolint:gosec // the user names the file
	if err != nil {
		return nil, 0, cause(err)
	}
	defer func() { _ = f.Close() }() // only read
	data, err := io.ReadAll(io.LimitReader(f, maxFile))
	return data, info.Mode(), cause(err)
}

// cause strips operation and path, which the caller tells.
func cause(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err
	}
	return err
}

// forAll tells whether every user of the computer may read a file. Windows
// keeps such rights elsewhere.
func forAll(mode fs.FileMode) bool { return runtime.GOOS != "windows" && mode.Perm()&0o004 != 0 }
