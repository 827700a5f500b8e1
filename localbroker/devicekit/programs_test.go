package devicekit_test

import (
	"bytes"
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"github.com/thingdesk/thingdesk/localbroker"
	"github.com/thingdesk/thingdesk/localbroker/access"
	"github.com/thingdesk/thingdesk/localbroker/authority"
	"github.com/thingdesk/thingdesk/localbroker/devicekit"
	"github.com/thingdesk/thingdesk/localbroker/listen"
	"github.com/thingdesk/thingdesk/localbroker/settings"
)

// patience is how long a test waits for what must come.
const patience = 20 * time.Second

// serve runs a broker with a plain listener for the test and a TLS one for
// devices, which may do with their own shadow what they like and nothing else.
func serve(t *testing.T, a *authority.Authority) (plain string, port int) {
	t.Helper()
	config, err := a.TLS(nil, true)
	if err != nil {
		t.Fatal(err)
	}
	users, err := access.NewUsers(nil)
	if err != nil {
		t.Fatal(err)
	}
	rules, err := access.NewRules([]access.Rule{{Allow: true, Actions: []access.Action{access.All}, Filter: "$aws/things/%u/#"}})
	if err != nil {
		t.Fatal(err)
	}
	set := settings.Default()
	set.Listeners[0].Listen = listen.Config{Address: "127.0.0.1:0"}
	set.Listeners = append(set.Listeners, settings.Listener{
		Listen: listen.Config{Address: "127.0.0.1:0", TLS: config}, CertificateIsUser: true, Users: users, Rules: rules,
	})
	s, err := localbroker.Start(t.Context(), localbroker.Config{Settings: &set})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(t.Context()); err != nil && t.Context().Err() == nil {
			t.Error(err)
		}
	})
	address, ok := strings.CutPrefix(s.Listeners()[1], "tls ")
	_, text, err := net.SplitHostPort(address)
	if !ok || err != nil {
		t.Fatalf("listeners %q", s.Listeners())
	}
	if port, err = strconv.Atoi(text); err != nil {
		t.Fatal(err)
	}
	return s.Addr(), port
}

// owner is somebody who wishes for temperatures and hears what the device
// reports.
type owner struct {
	client  mqtt.Client
	reports chan float64
}

func meet(t *testing.T, address, name string) *owner {
	t.Helper()
	o := &owner{reports: make(chan float64, 100)}
	o.client = mqtt.NewClient(mqtt.NewClientOptions().AddBroker("tcp://" + address).SetClientID("owner").SetConnectTimeout(patience))
	finish(t, o.client.Connect())
	t.Cleanup(func() { o.client.Disconnect(0) })
	finish(t, o.client.Subscribe("$aws/things/"+name+"/shadow/update/accepted", 1, func(_ mqtt.Client, m mqtt.Message) {
		var doc struct {
			State struct {
				Reported struct{ Temperature *float64 }
			}
		}
		if json.Unmarshal(m.Payload(), &doc) == nil && doc.State.Reported.Temperature != nil {
			o.reports <- *doc.State.Reported.Temperature
		}
	}))
	return o
}

func finish(t *testing.T, token mqtt.Token) {
	t.Helper()
	if !token.WaitTimeout(patience) || token.Error() != nil {
		t.Fatalf("not done: %v", token.Error())
	}
}

// wish asks the device called name for a temperature.
func (o *owner) wish(t *testing.T, name, temperature string) {
	t.Helper()
	finish(t, o.client.Publish("$aws/things/"+name+"/shadow/update", 1, false, `{"state":{"desired":{"temperature":`+temperature+`}}}`))
}

// want waits for a report.
func (o *owner) want(t *testing.T, temperature float64, said *output) {
	t.Helper()
	select {
	case got := <-o.reports:
		if got != temperature {
			t.Fatalf("reported %v, want %v; the program says:\n%s", got, temperature, said)
		}
	case <-time.After(patience):
		t.Fatalf("no report of %v; the program says:\n%s", temperature, said)
	}
}

// output takes what a program says.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write takes what a program says.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

// String returns what was said so far.
func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// play unpacks a kit, runs one of its programs from another directory and plays
// its owner. build makes the command from the directory of the kit.
func play(t *testing.T, name string, kind authority.KeyKind, build func(dir string) *exec.Cmd) {
	t.Helper()
	a := open(t)
	plain, port := serve(t, a)
	dir := unpack(t, devicekit.Kit{Device: issue(t, a, name, kind), Hosts: []string{"127.0.0.1"}, Port: port})
	o := meet(t, plain, name)
	said := &output{}
	run(t, build(dir), said)
	o.want(t, 36, said)
	o.wish(t, name, "21.5")
	o.want(t, 21.5, said)
	o.wish(t, name, "-3")
	o.want(t, -3, said)
	if !strings.Contains(said.String(), "temperature is -3") {
		t.Errorf("the program says:\n%s", said)
	}
}

// tool returns the path of a program, or skips the test loudly.
func tool(t *testing.T, name, install string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("SKIPPED: %s is not installed, so this program of the kit was NOT tested: %s", name, install)
	}
	return path
}

func TestMosquitto(t *testing.T) {
	t.Parallel()
	tool(t, "mosquitto_sub", "apt install mosquitto-clients")
	tool(t, "mosquitto_pub", "apt install mosquitto-clients")
	for _, name := range []string{"-h", strings.Repeat("n", 128)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, name, authority.P256, func(dir string) *exec.Cmd {
				return exec.Command("sh", filepath.Join(dir, "mosquitto.sh"))
			})
		})
	}
	t.Run("RSA", func(t *testing.T) {
		t.Parallel()
		play(t, "old:stack", authority.RSA2048, func(dir string) *exec.Cmd {
			return exec.Command(filepath.Join(dir, "mosquitto.sh"))
		})
	})
}

func TestPython(t *testing.T) {
	t.Parallel()
	python := ""
	for _, name := range []string{os.Getenv("THINGDESK_TEST_PYTHON"), "python3", "/usr/bin/python3"} {
		if name != "" && exec.Command(name, "-c", "import paho.mqtt.client").Run() == nil {
			python = name
			break
		}
	}
	if python == "" {
		t.Skip("SKIPPED: no python3 with paho-mqtt is installed, so thermal.py was NOT tested: apt install python3-paho-mqtt")
	}
	play(t, "thermostat:1", authority.P256, func(dir string) *exec.Cmd {
		return exec.Command(python, filepath.Join(dir, "thermal.py"))
	})
}

func TestNode(t *testing.T) {
	t.Parallel()
	node := tool(t, "node", "see nodejs.org")
	if out, err := exec.Command(node, "-e", "require('mqtt')").CombinedOutput(); err != nil {
		t.Skipf("SKIPPED: node has no package mqtt, so thermal.js was NOT tested: npm install mqtt, and name its node_modules in NODE_PATH\n%.300s", out)
	}
	play(t, "thermostat:1", authority.P256, func(dir string) *exec.Cmd {
		return exec.Command(node, filepath.Join(dir, "thermal.js"))
	})
}

func TestC(t *testing.T) {
	t.Parallel()
	cc := tool(t, "cc", "apt install gcc")
	header := exec.Command(cc, "-E", "-x", "c", "-")
	header.Stdin = strings.NewReader("#include <openssl/ssl.h>\n")
	if header.Run() != nil {
		t.Skip("SKIPPED: the headers of OpenSSL are not installed, so thermal.c was NOT tested: apt install libssl-dev")
	}
	play(t, "thermostat:1", authority.P256, func(dir string) *exec.Cmd {
		out, err := exec.Command(cc, "-std=c99", "-Wall", "-Wextra", "-Werror", "-O1", "-o", filepath.Join(dir, "thermal"),
			filepath.Join(dir, "thermal.c"), "-lssl", "-lcrypto").CombinedOutput()
		if err != nil {
			t.Fatalf("compile: %v\n%s", err, out)
		}
		c := exec.Command(filepath.Join(dir, "thermal"))
		c.Dir = dir
		return c
	})
}
