package paho

import (
	"bytes"
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/thingdesk/thingdesk/broker/brokertest"
	"github.com/thingdesk/thingdesk/localbroker"
)

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "paho-test-")
	if err == nil {
		err = trust(dir)
	}
	if err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		_ = os.RemoveAll(dir)
		os.Exit(code) //nolint:forbidigo // TestMain is the main here
	}))
}

func TestConformanceMosquitto(t *testing.T) {
	brokertest.Run(t, Dial, startMosquitto)
}

func TestConformanceLocalBroker(t *testing.T) {
	brokertest.Run(t, Dial, startLocalBroker)
}

// startLocalBroker is a brokertest.Start for the bundled broker.
func startLocalBroker(t *testing.T) (addr string, stop, restart func()) {
	t.Helper()
	var server *localbroker.Server
	listen := "127.0.0.1:0"
	stop = func() {
		if server != nil {
			if err := server.Close(context.Background()); err != nil {
				t.Error(err)
			}
			server = nil
		}
	}
	restart = func() {
		t.Helper()
		stop()
		var err error
		if server, err = localbroker.Start(context.Background(), localbroker.Config{Listen: listen}); err != nil {
			t.Fatal(err)
		}
		listen = server.Addr()
	}
	restart()
	t.Cleanup(func() { stop() })
	return listen, stop, restart
}

// startMosquitto is a brokertest.Start.
func startMosquitto(t *testing.T) (addr string, stop, restart func()) {
	t.Helper()
	return mosquitto(t, "allow_anonymous true")
}

// mosquitto starts Debian's mosquitto on a free port.
func mosquitto(tb testing.TB, config ...string) (addr string, stop, restart func()) {
	tb.Helper()
	path, err := exec.LookPath("mosquitto")
	if err != nil {
		path = "/usr/sbin/mosquitto"
	}
	if _, err := os.Stat(path); err != nil {
		tb.Skip("SKIPPED: mosquitto is not installed (apt-get install mosquitto): the adapter was not tested against it")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	addr = l.Addr().String()
	_ = l.Close()
	_, port, _ := net.SplitHostPort(addr)
	conf := filepath.Join(tb.TempDir(), "mosquitto.conf")
	lines := append([]string{"listener " + port + " 127.0.0.1", "max_queued_messages 0", "set_tcp_nodelay true", "user root"}, config...)
	if err := os.WriteFile(conf, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		tb.Fatal(err)
	}
	var cmd *exec.Cmd
	var out bytes.Buffer
	stop = func() {
		if cmd != nil {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
			cmd = nil
		}
	}
	restart = func() {
		tb.Helper()
		stop()
		out.Reset()
		cmd = exec.Command(path, "-c", conf)
		cmd.Stdout, cmd.Stderr = &out, &out
		if err := cmd.Start(); err != nil {
			tb.Fatal(err)
		}
		for range 200 {
			if c, err := net.Dial("tcp", addr); err == nil {
				_ = c.Close()
				return
			}
			time.Sleep(20 * time.Millisecond)
		}
		stop()
		tb.Fatalf("mosquitto does not listen: %s", out.String())
	}
	restart()
	tb.Cleanup(func() { stop() })
	return addr, stop, restart
}
