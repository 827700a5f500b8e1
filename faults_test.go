package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

// recorded is a closed data directory with n messages on topic "before".
func recorded(t *testing.T, n int) string {
	t.Helper()
	dir := t.TempDir()
	s := serveIn(t, dir)
	s.mosquitto(t, numbered(n), "mosquitto_pub", "-q", "1", "-t", "before", "-l")
	if code := s.stop(t, syscall.SIGTERM); code != 0 {
		t.Fatalf("exit %d, %s", code, s.stderr)
	}
	return dir
}

// overwrite puts garbage into a file.
func overwrite(t *testing.T, file string, at int64) {
	t.Helper()
	f, err := os.OpenFile(file, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt(bytes.Repeat([]byte("garbage!"), 512), at); err != nil {
		t.Fatal(err)
	}
}

func newer(t *testing.T, file string) {
	t.Helper()
	if out, err := exec.Command("sqlite3", file, "PRAGMA user_version=999").CombinedOutput(); err != nil {
		t.Fatalf("sqlite3: %v, %s", err, out)
	}
}

// A database that is damaged or from a newer version is never changed: app.db
// keeps the program from starting, history.db is set aside or left alone while
// everything else works. Each says what and what next.
func TestDamagedAndNewerDatabases(t *testing.T) {
	t.Parallel()
	needMosquitto(t)
	need(t, "sqlite3")
	for _, c := range []struct {
		name, file string
		spoil      func(t *testing.T, file string)
		code       int
		say        []string
		kept       string // where the spoilt file is then
	}{
		{"app header", "app.db", func(t *testing.T, f string) { t.Helper(); overwrite(t, f, 0) }, 1, []string{"app.db", "damaged", "put a backup in its place"}, "app.db"},
		{"app page", "app.db", func(t *testing.T, f string) { t.Helper(); overwrite(t, f, 4096) }, 1, []string{"app.db", "damaged", "put a backup in its place"}, "app.db"},
		{"app newer", "app.db", newer, 1, []string{"app.db", "newer", "update Thingdesk"}, "app.db"},
		{"history header", "history.db", func(t *testing.T, f string) { t.Helper(); overwrite(t, f, 0) }, 0, []string{"damaged", "set aside", "history-damaged-"}, "history-damaged-*Z.db"},
		{"history page", "history.db", func(t *testing.T, f string) { t.Helper(); overwrite(t, f, 3*4096) }, 0, []string{"damaged", "set aside", "history-damaged-"}, "history-damaged-*Z.db"},
		{"history newer", "history.db", newer, 0, []string{"No history is kept", "newer", "update Thingdesk"}, "history.db"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := recorded(t, 3000)
			c.spoil(t, filepath.Join(dir, c.file))
			want, err := os.ReadFile(filepath.Join(dir, c.file))
			if err != nil {
				t.Fatal(err)
			}
			var stderr string
			if c.code != 0 {
				var code int
				if _, stderr, code = execute(t, "serve", "--data", dir, "--listen", "127.0.0.1:0"); code != c.code {
					t.Errorf("exit %d, want %d", code, c.code)
				}
				if n := len(exported(t, dir)); n != 3000 {
					t.Errorf("%d messages can be read, want 3000", n)
				}
			} else {
				s := serveIn(t, dir)
				s.mosquitto(t, nil, "mosquitto_pub", "-q", "1", "-t", "after", "-m", "well")
				if code := s.stop(t, syscall.SIGTERM); code != 0 {
					t.Errorf("exit %d", code)
				}
				stderr = s.stderr.String()
			}
			for _, word := range c.say {
				if !strings.Contains(stderr, word) {
					t.Errorf("stderr has no %q: %s", word, stderr)
				}
			}
			found, _ := filepath.Glob(filepath.Join(dir, c.kept))
			if len(found) != 1 {
				t.Fatalf("%s: found %v", c.kept, found)
			}
			if got, err := os.ReadFile(found[0]); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s was changed (%v)", found[0], err)
			}
		})
	}
}

// hold locks a database for writing until release is called.
func hold(t *testing.T, file string) (release func()) {
	t.Helper()
	cmd := exec.Command("sqlite3", "-batch", file)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	start(t, cmd)
	fmt.Fprintln(in, "BEGIN EXCLUSIVE; SELECT 'held';")
	var word string
	if _, err := fmt.Fscan(out, &word); err != nil || word != "held" {
		t.Fatalf("sqlite3 said %q, %v", word, err)
	}
	return func() {
		in.Close()
		_ = cmd.Wait()
	}
}

// A program that locks the databases delays recording and refuses shadow
// updates, in words; nothing is lost, and all goes on when it lets go.
func TestLockedDatabases(t *testing.T) {
	t.Parallel()
	needMosquitto(t)
	need(t, "sqlite3", "mosquitto_rr")
	dir := t.TempDir()
	s := watch(t, dir)
	s.mosquitto(t, numbered(100), "mosquitto_pub", "-q", "1", "-t", "before", "-l")
	letHistory, letApp := hold(t, filepath.Join(dir, "history.db")), hold(t, filepath.Join(dir, "app.db"))
	s.mosquitto(t, numbered(1000), "mosquitto_pub", "-q", "1", "-t", "during", "-l")
	update := func(answer string) string {
		return s.mosquitto(t, nil, "mosquitto_rr", "-q", "1", "-W", "20", "-t", "$aws/things/x/shadow/update",
			"-e", "$aws/things/x/shadow/update/"+answer, "-m", `{"state":{"desired":{"a":1}}}`)
	}
	if got := update("rejected"); !strings.Contains(got, `"code":500`) {
		t.Errorf("shadow update while app.db is locked: %s", got)
	}
	eventually(t, "the lock to be told", func() bool { return strings.Contains(s.said(), "another program holds the database: close it") })
	letHistory()
	letApp()
	eventually(t, "recording to go on", func() bool { return strings.Contains(s.said(), "recording goes on") })
	if got := update("accepted"); !strings.Contains(got, `"version":1`) {
		t.Errorf("shadow update after the lock: %s", got)
	}
	if code := s.stop(t, syscall.SIGTERM); code != 0 {
		t.Errorf("exit %d, %s", code, s.said())
	}
	if before, during := len(exported(t, dir, "--filter", "before")), len(exported(t, dir, "--filter", "during")); before != 100 || during != 1000 {
		t.Errorf("%d and %d messages stored, want 100 and 1000", before, during)
	}
}

// smallDisk mounts a file system of 8 MB, or skips.
func smallDisk(t *testing.T, options string) string {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("LOUD: a small disk is made on Linux only")
	}
	dir := t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", options, "tmpfs", dir).CombinedOutput(); err != nil {
		t.Skipf("LOUD: a small disk cannot be mounted without root: %v, %s", err, out)
	}
	t.Cleanup(func() { // after the server, which was started later, has ended
		if out, err := exec.Command("umount", dir).CombinedOutput(); err != nil {
			t.Errorf("umount: %v, %s", err, out)
		}
	})
	return dir
}

// A full disk is told, loses nothing that fits the queue, and recording goes
// on by itself when there is space again.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	needMosquitto(t)
	dir := smallDisk(t, "size=8m")
	s := watch(t, dir)
	s.mosquitto(t, numbered(1000), "mosquitto_pub", "-q", "1", "-t", "before", "-l")
	eventually(t, "the first messages to be stored", func() bool { return len(exported(t, dir)) == 1000 })
	filler := filepath.Join(dir, "filler")
	if err := os.WriteFile(filler, make([]byte, 9<<20), 0o600); err == nil {
		t.Fatal("9 MB fit on a disk of 8 MB")
	}
	s.mosquitto(t, numbered(20_000), "mosquitto_pub", "-q", "1", "-t", "during", "-l")
	eventually(t, "the full disk to be told", func() bool { return strings.Contains(s.said(), "the disk is full: free some space") })
	if n := len(exported(t, dir, "--filter", "before")); n != 1000 {
		t.Errorf("%d messages can be read while the disk is full, want 1000", n)
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	eventually(t, "recording to go on", func() bool { return strings.Contains(s.said(), "recording goes on (0 messages dropped)") })
	if code := s.stop(t, syscall.SIGTERM); code != 0 {
		t.Errorf("exit %d, %s", code, s.said())
	}
	if before, during := len(exported(t, dir, "--filter", "before")), len(exported(t, dir, "--filter", "during")); before != 1000 || during != 20_000 {
		t.Errorf("%d and %d messages stored, want 1000 and 20000", before, during)
	}
}

// What cannot be stored at the end is told, and is a failure.
func TestFullDiskAtTheEnd(t *testing.T) {
	t.Parallel()
	needMosquitto(t)
	dir := smallDisk(t, "size=8m")
	s := watch(t, dir)
	if err := os.WriteFile(filepath.Join(dir, "filler"), make([]byte, 9<<20), 0o600); err == nil {
		t.Fatal("9 MB fit on a disk of 8 MB")
	}
	s.mosquitto(t, numbered(3000), "mosquitto_pub", "-q", "1", "-t", "lost", "-l")
	eventually(t, "the full disk to be told", func() bool { return strings.Contains(s.said(), "the disk is full") })
	if code := s.stop(t, syscall.SIGTERM); code != 1 || !strings.Contains(s.said(), "store the last messages: ") {
		t.Errorf("exit %d, %s", code, s.said())
	}
}

// A data directory that may not be written is refused with the reason and what
// to do.
func TestReadOnlyDirectory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if os.Getuid() == 0 { // permissions mean nothing to root
		dir = smallDisk(t, "ro")
	} else if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	for _, data := range []string{dir, filepath.Join(dir, "new")} {
		_, stderr, code := execute(t, "serve", "--data", data, "--listen", "127.0.0.1:0")
		if code != 1 || !strings.Contains(stderr, "no permission to write") || !strings.Contains(stderr, "choose a") {
			t.Errorf("%s: exit %d, %s", data, code, stderr)
		}
	}
}
