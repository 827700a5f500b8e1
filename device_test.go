package main

import (
	"archive/zip"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// unpack writes the files of a kit's top folder into a directory.
func unpack(t *testing.T, archive, dir string) {
	t.Helper()
	r, err := zip.OpenReader(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for _, f := range r.File {
		if f.FileInfo().IsDir() {
			continue
		}
		in, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		_ = in.Close()
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(f.Name)), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// A device gets a certificate, comes in over TLS by it, and is known by its
// name; over HTTP its shadow can be read.
func TestDeviceKit(t *testing.T) {
	t.Parallel()
	needMosquitto(t)
	dir, kit := t.TempDir(), t.TempDir()
	archive := filepath.Join(kit, "kit.zip")
	if _, stderr, code := execute(t, "device", "press-07", "--data", dir, "--host", "localhost", "-o", archive); code != 0 {
		t.Fatalf("device: exit %d: %s", code, stderr)
	}
	if _, stderr, code := execute(t, "device", "press-07", "--data", dir, "-o", archive); code != exitError || !strings.Contains(stderr, "exists") {
		t.Errorf("device over a file that is there: exit %d: %s", code, stderr)
	}
	unpack(t, archive, kit)

	s := serveIn(t, dir, "--listen-tls", "127.0.0.1:0", "--http", "127.0.0.1:0")
	find := func(scheme string) string { return s.also(t, scheme) }
	_, port, err := net.SplitHostPort(find("mqtts"))
	if err != nil {
		t.Fatal(err)
	}
	file := func(name string) string { return filepath.Join(kit, name) }
	out, err := exec.Command("mosquitto_pub", "-h", "localhost", "-p", port, "--cafile", file("ca.pem"),
		"--cert", file("press-07-cert.pem"), "--key", file("press-07-key.pem"), "-i", "press-07", "-q", "1",
		"-t", "$aws/things/press-07/shadow/update", "-m", `{"state":{"reported":{"temperature":36}}}`).CombinedOutput()
	if err != nil {
		t.Fatalf("mosquitto_pub: %v: %s", err, out)
	}
	var body string
	for deadline := time.Now().Add(10 * time.Second); !strings.Contains(body, `"temperature":36`); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the shadow over HTTP is %s", body)
		}
		body = get(t, "http://"+find("http")+"/things/press-07/shadow")
	}
}

// What the command line cannot mean is refused in words.
func TestListenersBeyondThisComputer(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ args, says string }{
		{"serve --listen-ws 0.0.0.0:0", "--listen-wss"},
		{"serve --listen-tls nowhere", "HOST:PORT"},
		{"device", "needs a name"},
		{"device a/b", "letters"},
		{"device x --key dsa", "p256"},
	} {
		_, stderr, code := execute(t, append(strings.Fields(c.args), "--data", t.TempDir())...)
		if code != exitUsage || !strings.Contains(stderr, c.says) {
			t.Errorf("%s: exit %d, stderr does not say %q: %.300s", c.args, code, c.says, stderr)
		}
	}
}

// get returns what a server answers.
func get(t *testing.T, url string) string {
	t.Helper()
	r, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
