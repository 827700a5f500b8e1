package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// binary is the program under test, built once with the flags of the Makefile.
var binary string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "thingdesk-test")
	if err != nil {
		panic(err)
	}
	binary = filepath.Join(dir, "thingdesk")
	if out, err := exec.Command("go", "build", "-tags", "x11,migrated_fynedo", "-o", binary, ".").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build: %v\n%s", err, out)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// execute runs the program to its end.
func execute(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if cmd.ProcessState == nil {
		t.Fatalf("run %v: %v", args, err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// server is a running `thingdesk serve`.
type server struct {
	cmd    *exec.Cmd
	addr   string
	stderr *output
}

// output collects what a process writes while it may be read.
type output struct {
	mu  sync.Mutex
	all bytes.Buffer
}

// Write appends b.
func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.all.Write(b)
}

// String returns what was written so far.
func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.all.String()
}

// serveIn starts serve on a free port and waits until it is ready.
func serveIn(t *testing.T, dir string, args ...string) *server {
	t.Helper()
	cmd := exec.Command(binary, append([]string{"serve", "--data", dir, "--listen", "127.0.0.1:0"}, args...)...)
	s := &server{cmd: cmd, stderr: &output{}}
	cmd.Stderr = s.stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if cmd.ProcessState == nil {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	addr, ok := strings.CutPrefix(strings.TrimSpace(line), "ready mqtt://")
	if !ok {
		t.Fatalf("serve said %q (%v), want ready; stderr: %s", line, err, s.stderr)
	}
	s.addr = addr
	return s
}

// stop sends a signal and returns the exit code.
func (s *server) stop(t *testing.T, sig os.Signal) int {
	t.Helper()
	if err := s.cmd.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { _ = s.cmd.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(30 * time.Second):
		t.Fatal("serve did not end within 30 s of a signal")
	}
	return s.cmd.ProcessState.ExitCode()
}

// also waits until serve has told a further listener, and returns its
// HOST:PORT.
func (s *server) also(t *testing.T, scheme string) string {
	t.Helper()
	told := regexp.MustCompile("also listening: " + scheme + `://(\S+)`)
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if m := told.FindStringSubmatch(s.stderr.String()); m != nil {
			return m[1]
		}
	}
	t.Fatalf("serve does not tell its %s listener: %s", scheme, s.stderr)
	return ""
}

func (s *server) port() string {
	_, port, _ := net.SplitHostPort(s.addr)
	return port
}

// mosquitto runs a mosquitto client against the server.
func (s *server) mosquitto(t *testing.T, stdin io.Reader, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, append([]string{"-h", "127.0.0.1", "-p", s.port()}, args...)...)
	cmd.Stdin = stdin
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return string(out)
}

// subscriber is a running mosquitto_sub.
type subscriber struct {
	cmd   *exec.Cmd
	lines chan string // "topic payload"
}

// subscribe starts mosquitto_sub and returns when it is served, which it does
// not say: it sees the messages of a probe first.
func (s *server) subscribe(t *testing.T, filters ...string) *subscriber {
	t.Helper()
	const probe = "probe"
	args := []string{"-h", "127.0.0.1", "-p", s.port(), "-q", "1", "-F", "%t %p", "-t", probe}
	for _, f := range filters {
		args = append(args, "-t", f)
	}
	sub := &subscriber{exec.Command("mosquitto_sub", args...), make(chan string, 1000)}
	out, err := sub.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	start(t, sub.cmd)
	go func() {
		defer close(sub.lines)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			sub.lines <- lines.Text()
		}
	}()
	eventually(t, "mosquitto_sub to be served", func() bool {
		s.mosquitto(t, nil, "mosquitto_pub", "-t", probe, "-m", "")
		return len(sub.lines) > 0
	})
	return sub
}

// next returns the next line that is not the probe's.
func (sub *subscriber) next(t *testing.T) string {
	t.Helper()
	for {
		select {
		case line, ok := <-sub.lines:
			if !ok {
				t.Fatal("mosquitto_sub has ended")
			}
			if !strings.HasPrefix(line, "probe ") {
				return line
			}
		case <-time.After(20 * time.Second):
			t.Fatal("mosquitto_sub received nothing")
		}
	}
}

func needMosquitto(t *testing.T) {
	t.Helper()
	for _, name := range []string{"mosquitto_pub", "mosquitto_sub"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Skipf("LOUD: %s is not installed; `make test` installs it", name)
		}
	}
}

func numbered(n int) io.Reader {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "{\"n\":%d}\n", i)
	}
	return strings.NewReader(b.String())
}

func TestCommandLine(t *testing.T) {
	t.Parallel()
	missing := filepath.Join(t.TempDir(), "none")
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		args   string
		code   int
		stdout string // part of it
		stderr string
	}{
		{"version", 0, "thingdesk " + version, ""},
		{"help", 0, "usage:", ""},
		{"--help", 0, "usage:", ""},
		{"serve -h", 0, "usage:", ""},
		{"nonsense", 2, "", `unknown command "nonsense"`},
		{"serve extra", 2, "", `unknown word "extra"`},
		{"--nonsense", 2, "", "-nonsense"},
		{"serve --nonsense", 2, "", "usage:"},
		{"version 2", 2, "", "no arguments"},
		{"serve --history=maybe", 2, "", "--history"},
		{"serve --listen nonsense", 2, "", "HOST:PORT"},
		{"serve --listen 127.0.0.1:99999", 2, "", "65535"},
		{"--history=off", 2, "", "history"},
		{"export --format xml", 2, "", "ndjson or csv"},
		{"export --since yesterday", 2, "", "yesterday"},
		{"export --filter a#", 2, "", "a#"},
		{"export --data " + missing, 1, "", missing},
		{"serve --data " + file, 1, "", file},
	}
	for _, c := range cases {
		stdout, stderr, code := execute(t, strings.Fields(c.args)...)
		if code != c.code || !strings.Contains(stdout, c.stdout) || !strings.Contains(stderr, c.stderr) || c.code != 0 && stdout != "" {
			t.Errorf("thingdesk %s: exit %d, want %d\nstdout: %s\nstderr: %s", c.args, code, c.code, stdout, stderr)
		}
	}
	if _, err := os.Stat(missing); err == nil {
		t.Error("export made a data directory")
	}
}

func TestNoDisplay(t *testing.T) {
	t.Parallel()
	for _, display := range []string{"", ":9876"} {
		cmd := exec.Command(binary, "--data", t.TempDir())
		cmd.Env = append(os.Environ(), "DISPLAY="+display, "WAYLAND_DISPLAY=")
		out, err := cmd.CombinedOutput()
		if err == nil || !strings.Contains(string(out), "thingdesk serve") {
			t.Errorf("DISPLAY=%q: %v, %s; want an error that names thingdesk serve", display, err, out)
		}
	}
}

func TestServeRecordsAFlood(t *testing.T) {
	t.Parallel()
	needMosquitto(t)
	const n = 100_000
	dir := t.TempDir()
	s := serveIn(t, dir)
	s.mosquitto(t, numbered(n), "mosquitto_pub", "-t", "flood", "-l")
	if code := s.stop(t, syscall.SIGTERM); code != 0 {
		t.Errorf("exit %d after SIGTERM: %s", code, s.stderr)
	}
	stdout, stderr, code := execute(t, "export", "--data", dir)
	if code != 0 {
		t.Fatalf("export: exit %d: %s", code, stderr)
	}
	i := 0
	for line := range strings.Lines(stdout) {
		var row struct{ Payload, Topic, Direction, Connection, Time string }
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			t.Fatalf("line %d %q: %v", i, line, err)
		}
		if want := fmt.Sprintf(`{"n":%d}`, i); row.Payload != want || row.Topic != "flood" || row.Direction != "in" || row.Connection == "" {
			t.Fatalf("line %d = %+v, want payload %s", i, row, want)
		}
		if _, err := time.Parse("2006-01-02T15:04:05.000000Z", row.Time); err != nil {
			t.Fatalf("time %q: %v", row.Time, err)
		}
		i++
	}
	if i != n {
		t.Errorf("%d lines exported, want %d", i, n)
	}
}

func TestKillLosesAtMostTheLastMoment(t *testing.T) {
	t.Parallel()
	needMosquitto(t)
	dir := t.TempDir()
	s := serveIn(t, dir)
	s.mosquitto(t, numbered(5000), "mosquitto_pub", "-t", "early", "-l", "-q", "1")
	time.Sleep(time.Second)
	s.mosquitto(t, numbered(20_000), "mosquitto_pub", "-t", "late", "-l")
	s.stop(t, syscall.SIGKILL)
	stdout, stderr, code := execute(t, "export", "--data", dir, "--filter", "early")
	if n := strings.Count(stdout, "\n"); code != 0 || n != 5000 {
		t.Errorf("after kill -9: exit %d, %d lines of what was older than a second, want 5000; %s", code, n, stderr)
	}
	again := serveIn(t, dir)
	if code := again.stop(t, os.Interrupt); code != 0 || again.stderr.String() != "" {
		t.Errorf("next start: exit %d, %s", code, again.stderr)
	}
}

func TestSecondStartHarmsNothing(t *testing.T) {
	t.Parallel()
	needMosquitto(t)
	dir := t.TempDir()
	s := serveIn(t, dir)
	_, stderr, code := execute(t, "serve", "--data", dir, "--listen", "127.0.0.1:0")
	if code != 1 || !strings.Contains(stderr, "already open") || !strings.Contains(stderr, dir) {
		t.Errorf("second start: exit %d, %s", code, stderr)
	}
	_, stderr, code = execute(t, "serve", "--data", t.TempDir(), "--listen", s.addr)
	if code != 1 || !strings.Contains(stderr, s.addr) {
		t.Errorf("port in use: exit %d, %s", code, stderr)
	}
	s.mosquitto(t, nil, "mosquitto_pub", "-t", "still", "-m", "there", "-q", "1")
	deadline := time.Now().Add(10 * time.Second)
	for { // export reads beside the running server
		stdout, stderr, code := execute(t, "export", "--data", dir, "--format", "csv")
		if code == 0 && strings.Contains(stdout, "there") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("export beside serve: exit %d\n%s%s", code, stdout, stderr)
		}
	}
	if code := s.stop(t, syscall.SIGTERM); code != 0 {
		t.Errorf("exit %d: %s", code, s.stderr)
	}
}

func TestHistoryOff(t *testing.T) {
	t.Parallel()
	needMosquitto(t)
	dir := t.TempDir()
	s := serveIn(t, dir, "--history=off")
	s.mosquitto(t, nil, "mosquitto_pub", "-t", "a", "-m", "b", "-q", "1")
	s.stop(t, syscall.SIGTERM)
	if _, err := os.Stat(filepath.Join(dir, "history.db")); err == nil {
		t.Error("history.db was made with --history=off")
	}
}

// mosquitto clients play device and engineer: the shadow outlives a restart.
func TestShadowWithMosquitto(t *testing.T) {
	t.Parallel()
	needMosquitto(t)
	dir := t.TempDir()
	const shadow = "$aws/things/m1/shadow/"
	s := serveIn(t, dir)
	s.mosquitto(t, nil, "mosquitto_pub", "-q", "1", "-t", shadow+"update", "-m", `{"state":{"reported":{"temperature":36}}}`)
	device := s.subscribe(t, shadow+"update/delta")
	s.mosquitto(t, nil, "mosquitto_pub", "-q", "1", "-t", shadow+"update", "-m", `{"state":{"desired":{"temperature":28}}}`)
	if got := device.next(t); !strings.Contains(got, `"state":{"temperature":28}`) {
		t.Errorf("delta = %s", got)
	}
	s.stop(t, syscall.SIGTERM)

	s = serveIn(t, dir)
	doc := s.mosquitto(t, nil, "mosquitto_rr", "-q", "1", "-W", "20", "-t", shadow+"get", "-e", shadow+"get/accepted", "-m", "{}")
	if !strings.Contains(doc, `"version":2`) || !strings.Contains(doc, `"delta":{"temperature":28}`) {
		t.Errorf("after a restart: %s", doc)
	}
	s.stop(t, syscall.SIGTERM)
}

func TestMoment(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	for s, want := range map[string]time.Time{
		"2026-11-21T09:00:00Z":             now.Add(-time.Hour),
		"2026-11-21T10:00:00.000001+01:00": now.Add(-time.Hour + time.Microsecond),
		"90m":                              now.Add(-90 * time.Minute),
		"7d":                               now.Add(-7 * 24 * time.Hour),
		"2026-11-20":                       time.Date(2026, 11, 20, 0, 0, 0, 0, time.Local),
		"2026-11-20 08:30":                 time.Date(2026, 11, 20, 8, 30, 0, 0, time.Local),
	} {
		if got, err := moment(s, now); err != nil || got != want.UnixMicro() {
			t.Errorf("moment(%q) = %d, %v, want %d", s, got, err, want.UnixMicro())
		}
	}
	if got, err := moment("", now); got != 0 || err != nil {
		t.Errorf("moment of nothing = %d, %v", got, err)
	}
	for _, s := range []string{"yesterday", "-5m", "2026-13-01", "d", "1e9d"} {
		if got, err := moment(s, now); err == nil {
			t.Errorf("moment(%q) = %d, want an error", s, got)
		}
	}
}

func FuzzMoment(f *testing.F) {
	f.Add("24h")
	f.Add("2026-11-20 08:30")
	f.Fuzz(func(t *testing.T, s string) {
		if at, err := moment(s, time.Unix(1e9, 0)); err != nil && at != 0 {
			t.Errorf("moment(%q) = %d with an error", s, at)
		}
	})
}
