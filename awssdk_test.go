package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The scripts of testdata/awssdk are devices that are written for AWS IoT Core
// with Amazon's own SDKs; nothing in them is made for Thingdesk but the address.
const sdkScripts = "testdata/awssdk"

// sdkFolder returns the folder with the SDKs, which it fills once for each pair
// of versions. The test is skipped where that is not possible.
func sdkFolder(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("real AWS device clients take a while")
	}
	for _, name := range []string{"node", "npm"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Skipf("LOUD: %s is not installed: no real AWS device client was tried", name)
		}
	}
	text, err := os.ReadFile(filepath.Join(sdkScripts, "package.json"))
	if err != nil {
		t.Fatal(err)
	}
	var pinned struct{ Dependencies map[string]string }
	if err := json.Unmarshal(text, &pinned); err != nil {
		t.Fatal(err)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = t.TempDir()
	}
	cache = filepath.Join(cache, "thingdesk-test")
	if err := os.MkdirAll(cache, 0o750); err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(cache, fmt.Sprintf("awssdk-%s-%s", pinned.Dependencies["aws-iot-device-sdk"], pinned.Dependencies["aws-iot-device-sdk-v2"]))
	if _, err := os.Stat(folder); err == nil {
		return folder
	}
	fresh, err := os.MkdirTemp(cache, "installing-") //nolint:usetesting // in the file system of its later place
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(fresh)
	if err := os.WriteFile(filepath.Join(fresh, "package.json"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	installSDKs(t, fresh)
	// Complete or not there at all; another test run may have been faster.
	if err := os.Rename(fresh, folder); err != nil && !errors.Is(err, os.ErrExist) && !errors.Is(err, syscall.ENOTEMPTY) {
		t.Fatal(err)
	}
	return folder
}

// unreachable is what npm says when it cannot get at the registry, which is no
// fault of ours.
var unreachable = regexp.MustCompile(`\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTCACHED|EIDLETIMEOUT|ERR_SOCKET_TIMEOUT|E40[137]|E429|E5\d\d)\b|code \S*CERT\S*`)

func installSDKs(t *testing.T, folder string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	// What the SDKs need is in their packages: nothing of them is run here.
	cmd := exec.CommandContext(ctx, "npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--fetch-retries=1", "--fetch-timeout=30000")
	cmd.Dir = folder
	cmd.WaitDelay = 5 * time.Second // npm has children
	out, err := cmd.CombinedOutput()
	switch {
	case err == nil:
	case ctx.Err() != nil || unreachable.Match(out):
		t.Skipf("LOUD: the npm registry cannot be reached: no real AWS device client was tried\n%.1000s", out)
	default:
		t.Fatalf("npm install: %v\n%s", err, out)
	}
}

// sdkDevice is a client as the scripts are told of it.
type sdkDevice struct {
	Host        string `json:"host"`
	Port        int    `json:"port"`
	CA          string `json:"ca"`
	Certificate string `json:"certificate,omitempty"` // none: it shows none
	Key         string `json:"key,omitempty"`
	Thing       string `json:"thing"`
	Protocol    int    `json:"protocol,omitempty"` // 311 or 5
	Stranger    string `json:"stranger,omitempty"` // a Thing that is not to be reached
	Served      bool   `json:"served,omitempty"`   // the broker is to let it in
}

// runSDK runs a script, which says what is wrong.
func runSDK(t *testing.T, sdks, script string, device sdkDevice) {
	t.Helper()
	settings, err := json.Marshal(device)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "node", script+".js", string(settings))
	cmd.Dir = sdkScripts
	// The server of this test listens on 127.0.0.1 only, and the first SDK
	// tries no second address of localhost.
	cmd.Env = append(os.Environ(), "NODE_PATH="+filepath.Join(sdks, "node_modules"), "NODE_OPTIONS=--dns-result-order=ipv4first")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%s.js: %v\n%s", script, err, out)
	}
}

// issue issues a certificate and returns the device that has it.
func issue(t *testing.T, dir, name, key string) sdkDevice {
	t.Helper()
	kit := t.TempDir()
	archive := filepath.Join(kit, "kit.zip")
	if _, stderr, code := execute(t, "device", name, "--data", dir, "--host", "localhost", "--port", "8883", "--key", key, "-o", archive); code != exitOK {
		t.Fatalf("device %s: exit %d: %s", name, code, stderr)
	}
	unpack(t, archive, kit)
	return sdkDevice{
		CA: filepath.Join(kit, "ca.pem"), Thing: name,
		Certificate: filepath.Join(kit, name+"-cert.pem"), Key: filepath.Join(kit, name+"-key.pem"),
	}
}

// tlsPort returns the port of the server's listener with TLS.
func (s *server) tlsPort(t *testing.T) int {
	t.Helper()
	_, text, err := net.SplitHostPort(s.also(t, "mqtts"))
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// strictSettings is a broker.json whose listener asks for a certificate of the
// authority in ca, and keeps each device to the Thing of its name.
func strictSettings(t *testing.T, ca string) []byte {
	t.Helper()
	text, err := json.Marshal(map[string]any{"listeners": []any{
		map[string]any{"address": "127.0.0.1:0"},
		map[string]any{
			"address": "127.0.0.1:0", "anonymous": false,
			"tls": map[string]any{
				"certificate": filepath.Join(ca, "server.pem"), "key": filepath.Join(ca, "server-key.pem"), "client_ca": filepath.Join(ca, "ca.pem"),
				"require_client_certificate": true, "certificate_is_user": true,
			},
			"rules": []any{map[string]any{"allow": true, "actions": []string{"all"}, "filter": "$aws/things/%u/#"}},
		},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// sdkCase is a device program and how it reaches the broker.
type sdkCase struct {
	script   string
	protocol int
	host     string
	device   sdkDevice
}

func (c sdkCase) String() string {
	return strings.TrimSuffix(fmt.Sprintf("%s %s %d", c.script, c.host, c.protocol), " 0")
}

// Devices of both SDKs, with keys of both kinds, update, get and delete shadows
// and hear of differences, at the listener of --listen-tls and at one of
// broker.json that asks for a certificate. Who has none of our authority stays
// outside.
func TestAWSDeviceSDKs(t *testing.T) {
	t.Parallel()
	sdks := sdkFolder(t)
	dir, strictDir := t.TempDir(), t.TempDir()
	var cases []sdkCase
	for host, key := range map[string]string{"localhost": "p256", "127.0.0.1": "rsa"} {
		for _, c := range []sdkCase{{script: "v1"}, {script: "v2", protocol: 311}, {script: "v2", protocol: 5}, {script: "requests", protocol: 311}, {script: "requests", protocol: 5}} {
			c.host, c.device = host, issue(t, dir, fmt.Sprintf("press-%02d", len(cases)), key)
			cases = append(cases, c)
		}
	}
	// Another authority's certificate, shown by a device that trusts us.
	foreign := issue(t, t.TempDir(), "press-00", "p256")
	foreign.CA = cases[0].device.CA

	open := serveIn(t, dir, "--listen-tls", "127.0.0.1:0")
	if err := os.WriteFile(filepath.Join(strictDir, "broker.json"), strictSettings(t, filepath.Join(dir, authorityDir)), 0o600); err != nil {
		t.Fatal(err)
	}
	strict := serveIn(t, strictDir)
	openPort, strictPort := open.tlsPort(t), strict.tlsPort(t)

	t.Cleanup(func() { // after the last subtest
		for _, s := range []*server{open, strict} {
			if code := s.stop(t, syscall.SIGTERM); code != exitOK {
				t.Errorf("serve: exit %d: %s", code, s.stderr)
			}
		}
	})

	for _, c := range cases {
		c.device.Host, c.device.Protocol = c.host, c.protocol
		atOpen, atStrict := c.device, c.device
		atOpen.Port = openPort
		atStrict.Port, atStrict.Stranger = strictPort, "press-99"
		t.Run(c.String()+" open", func(t *testing.T) {
			t.Parallel()
			runSDK(t, sdks, c.script, atOpen)
		})
		t.Run(c.String()+" strict", func(t *testing.T) {
			t.Parallel()
			runSDK(t, sdks, c.script, atStrict)
		})
	}
	own, none := cases[0].device, sdkDevice{CA: foreign.CA}
	for _, c := range []struct {
		name   string
		device sdkDevice
		port   int
		served bool
	}{
		{"own certificate open", own, openPort, true},
		{"no certificate open", none, openPort, true},
		{"foreign certificate open", foreign, openPort, false},
		{"own certificate strict", own, strictPort, true},
		{"no certificate strict", none, strictPort, false},
		{"foreign certificate strict", foreign, strictPort, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := c.device
			d.Host, d.Port, d.Thing, d.Served = "localhost", c.port, strings.ReplaceAll(c.name, " ", "-"), c.served
			runSDK(t, sdks, "admission", d)
		})
	}
}
