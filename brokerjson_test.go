package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// hashed runs `thingdesk hash`.
func hashed(t *testing.T, password string) string {
	t.Helper()
	cmd := exec.Command(binary, "hash")
	cmd.Stdin = strings.NewReader(password + "\n")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("hash: %v", err)
	}
	return strings.TrimSpace(string(out))
}

// A broker with users and rules lets in whom they name, to what they allow. The
// recorder gets in without either.
func TestUsersAndRules(t *testing.T) {
	t.Parallel()
	needMosquitto(t)
	dir := t.TempDir()
	settings := fmt.Sprintf(`{"listeners": [{
		"address": "127.0.0.1:1883", "anonymous": false,
		"users": [{"name": "eve", "hash": %q}],
		"rules": [
			{"allow": true, "actions": ["publish", "read"], "filter": "own/%%u/#"},
			{"allow": true, "actions": ["read"], "filter": "all/#"}
		]
	}]}`, hashed(t, "a secret"))
	if err := os.WriteFile(filepath.Join(dir, "broker.json"), []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	s := serveIn(t, dir)
	for _, args := range [][]string{{}, {"-u", "eve", "-P", "wrong"}, {"-u", "adam", "-P", "a secret"}} {
		args = append(args, "-h", "127.0.0.1", "-p", s.port(), "-t", "own/eve/a", "-m", "x", "-q", "1")
		if out, err := exec.Command("mosquitto_pub", args...).CombinedOutput(); err == nil {
			t.Errorf("mosquitto_pub %v got in: %s", args, out)
		}
	}
	eve := []string{"-u", "eve", "-P", "a secret"}
	s.mosquitto(t, nil, "mosquitto_pub", append(eve, "-t", "own/eve/a", "-m", "allowed", "-r", "-q", "1")...)
	out, _ := exec.Command("mosquitto_pub", append(eve, "-V", "5", "-h", "127.0.0.1", "-p", s.port(),
		"-t", "all/b", "-m", "not allowed", "-q", "1")...).CombinedOutput()
	if !strings.Contains(string(out), "Not authorized") {
		t.Errorf("mosquitto_pub to a topic that is not allowed said %q", out)
	}
	got := s.mosquitto(t, nil, "mosquitto_sub", append(eve, "-t", "own/eve/#", "-C", "1", "-W", "10")...)
	if strings.TrimSpace(got) != "allowed" {
		t.Errorf("mosquitto_sub got %q", got)
	}
	if code := s.stop(t, syscall.SIGTERM); code != 0 {
		t.Errorf("exit %d, %s", code, s.stderr)
	}
	if rows := exported(t, dir); len(rows) != 1 || rows[0].Topic != "own/eve/a" {
		t.Errorf("recorded: %v", rows)
	}
}

// A mistake in broker.json keeps the program from starting, in words.
func TestBadBrokerJSON(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bad := `{"listeners": [{"address": "127.0.0.1:1883", "rulez": []}]}`
	if err := os.WriteFile(filepath.Join(dir, "broker.json"), []byte(bad), 0o600); err != nil {
		t.Fatal(err)
	}
	_, stderr, code := execute(t, "serve", "--data", dir)
	for _, part := range []string{"broker.json", "rulez", "listeners[0]"} {
		if !strings.Contains(stderr, part) {
			t.Errorf("stderr %q does not name %q", stderr, part)
		}
	}
	if code != exitError {
		t.Errorf("exit %d, want %d", code, exitError)
	}
}

// Several listeners are all told, and retained messages and sessions of the
// bundled broker outlive it.
func TestBrokerKeepsItsState(t *testing.T) {
	t.Parallel()
	needMosquitto(t)
	dir := t.TempDir()
	settings := `{"listeners": [{"address": "127.0.0.1:0"}, {"address": "127.0.0.1:0", "websocket": {"path": "/mqtt"}}]}`
	if err := os.WriteFile(filepath.Join(dir, "broker.json"), []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	s := serveIn(t, dir)
	s.mosquitto(t, nil, "mosquitto_sub", "-i", "away", "-c", "-q", "1", "-t", "q/#", "-E")
	s.mosquitto(t, nil, "mosquitto_pub", "-t", "kept", "-m", "retained", "-r", "-q", "1")
	s.mosquitto(t, numbered(1000), "mosquitto_pub", "-t", "q/a", "-l", "-q", "1")
	if also := s.also(t, "ws"); !strings.HasPrefix(also, "127.0.0.1:") {
		t.Errorf("the second listener is %q", also)
	}
	s.stop(t, syscall.SIGKILL)

	s = serveIn(t, dir)
	if got := s.mosquitto(t, nil, "mosquitto_sub", "-t", "kept", "-C", "1", "-W", "10"); strings.TrimSpace(got) != "retained" {
		t.Errorf("retained message is %q", got)
	}
	got := strings.Fields(s.mosquitto(t, nil, "mosquitto_sub", "-i", "away", "-c", "-q", "1", "-t", "q/#", "-C", "1000", "-W", "20"))
	want, err := io.ReadAll(numbered(1000))
	if err != nil || strings.Join(got, "\n")+"\n" != string(want) {
		t.Errorf("got %d messages, or not in order: %.100q", len(got), got)
	}
}
