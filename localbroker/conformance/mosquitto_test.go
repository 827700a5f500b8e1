package conformance

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

const mosquittoPath = "/usr/sbin/mosquitto"

// TestMosquitto runs the suite against Debian's mosquitto: what fails there is
// a wrong test or a known deviation.
func TestMosquitto(t *testing.T) {
	if _, err := os.Stat(mosquittoPath); err != nil {
		t.Skip("mosquitto is not installed")
	}
	m := newMosquitto(t)
	Run(t, Target{
		Addr: m.addr,
		// mosquitto stores when it is told to end. A crash it does not survive.
		Restart: func() {
			m.end(syscall.SIGTERM)
			m.start()
		},
		Known: mosquittoKnown,
		Skip: map[string]string{
			"v4/keep-alive-on-time": "looks only every five seconds",
			"v5/keep-alive-on-time": "looks only every five seconds",
		},
		MaxPacket: 4 << 20,
	})
}

// mosquitto is a child process.
type mosquitto struct {
	t    *testing.T
	addr string
	conf string
	cmd  *exec.Cmd
}

func newMosquitto(t *testing.T) *mosquitto {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	m := &mosquitto{t: t, addr: addr, conf: filepath.Join(dir, "mosquitto.conf")}
	text := fmt.Sprintf(`listener %s 127.0.0.1
allow_anonymous true
persistence true
persistence_location %s/
max_queued_messages 0
max_inflight_messages 1000
max_queued_bytes 0
max_packet_size %d
retain_available true
log_dest none
`, port, dir, 4<<20)
	if os.Getuid() == 0 {
		text += "user root\n" // or it could not write there
	}
	if err := os.WriteFile(m.conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	m.start()
	t.Cleanup(func() { m.end(syscall.SIGKILL) })
	return m
}

// start starts the process and waits until it listens.
func (m *mosquitto) start() {
	m.cmd = exec.Command(mosquittoPath, "-c", m.conf)
	if err := m.cmd.Start(); err != nil {
		m.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	for {
		c, err := (&net.Dialer{}).DialContext(ctx, "tcp", m.addr)
		if err == nil {
			_ = c.Close()
			return
		}
		select {
		case <-ctx.Done():
			m.t.Fatal("mosquitto does not listen")
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// end ends the process and waits for it.
func (m *mosquitto) end(how syscall.Signal) {
	if err := m.cmd.Process.Signal(how); err != nil {
		m.t.Errorf("signal mosquitto: %v", err)
	}
	_ = m.cmd.Wait()
}
