package localbroker_test

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/thingdesk/thingdesk/localbroker"
	"github.com/thingdesk/thingdesk/storage"
)

// Environment variables that make TestBrokerProcess a broker.
const (
	processEnv = "THINGDESK_BROKER_PROCESS" // "1"
	stateEnv   = "THINGDESK_BROKER_STATE"   // directory for its state; empty keeps it in memory
	listenEnv  = "THINGDESK_BROKER_LISTEN"  // HOST:PORT; empty takes a free port
)

// TestBrokerProcess is no test but the broker of benchmarks and other tests: as a process
// of its own its memory and CPU time can be told from the generator's. It ends
// when its stdin does.
func TestBrokerProcess(t *testing.T) {
	if os.Getenv(processEnv) == "" {
		t.Skip("runs as a child of others only")
	}
	ctx := context.WithoutCancel(t.Context())
	c := localbroker.Config{Listen: cmp.Or(os.Getenv(listenEnv), "127.0.0.1:0")}
	closeState := func() error { return nil }
	if dir := os.Getenv(stateEnv); dir != "" {
		state, err := storage.OpenBroker(ctx, dir, storage.Process)
		if err != nil {
			t.Fatal(err)
		}
		c.State, closeState = state, state.Close
	}
	s, err := localbroker.Start(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(os.Stdout, "ready %s\n", s.Addr())
	_, _ = io.Copy(io.Discard, os.Stdin)
	if err := errors.Join(s.Close(ctx), closeState()); err != nil {
		t.Error(err)
	}
}

// process is a broker that runs as a child.
type process struct {
	name string
	addr string
	pid  int
}

// ours runs our broker, with its state in dir unless that is "".
func ours(b *testing.B, dir string) *process {
	b.Helper()
	if runtime.GOOS != "linux" {
		b.Skip("CPU time and memory of a child are read from /proc")
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestBrokerProcess$", "-test.timeout=0")
	cmd.Env = append(os.Environ(), processEnv+"=1", stateEnv+"="+dir)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	var rest bytes.Buffer
	cmd.Stderr = &rest
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = stdin.Close()
		if err := cmd.Wait(); err != nil {
			b.Errorf("broker: %v\n%s", err, rest.Bytes())
		}
	})
	out := bufio.NewReader(stdout)
	line, err := out.ReadString('\n')
	addr, ok := strings.CutPrefix(strings.TrimSpace(line), "ready ")
	if !ok {
		b.Fatalf("broker said %q, %v; %s", line, err, rest.Bytes())
	}
	go func() { _, _ = io.Copy(&rest, out) }()
	return &process{"ours", addr, cmd.Process.Pid}
}

// mosquitto runs Debian's broker; nil when it is not installed. It is at its
// best with two settings: without set_tcp_nodelay single messages wait for the
// client's delayed TCP acknowledgements, up to 40 ms; with it it carries half as
// much.
func mosquitto(b *testing.B, nodelay bool) *process {
	b.Helper()
	path, err := exec.LookPath("mosquitto")
	if err != nil {
		path = "/usr/sbin/mosquitto" // not in everybody's PATH
	}
	if _, err := os.Stat(path); err != nil {
		b.Log("LOUD: mosquitto is not installed; nothing to compare with")
		return nil
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	addr := free.Addr().String()
	_ = free.Close()
	host, port, _ := net.SplitHostPort(addr)
	conf := filepath.Join(b.TempDir(), "mosquitto.conf")
	text := fmt.Sprintf("listener %s %s\nset_tcp_nodelay %t\nallow_anonymous true\nmax_queued_messages 200000\nmax_inflight_messages 1000\npersistence false\nlog_type none\n",
		port, host, nodelay)
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command("sh", "-c", `ulimit -n "$(ulimit -Hn)"; exec "$0" -c "$1"`, path, conf)
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		if c, err := net.Dial("tcp", addr); err == nil {
			_ = c.Close()
			return &process{"mosquitto", addr, cmd.Process.Pid}
		}
		if time.Now().After(deadline) {
			b.Fatalf("mosquitto does not listen on %s", addr)
		}
	}
}

// cpu is the CPU time the process has used.
func (p *process) cpu(b *testing.B) time.Duration {
	b.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.pid))
	if err != nil {
		b.Fatal(err)
	}
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+2:])) // from the third on
	var ticks int
	for _, f := range fields[11:13] {
		n, err := strconv.Atoi(f)
		if err != nil {
			b.Fatal(err)
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}

// memory is the resident memory of the process in bytes.
func (p *process) memory(b *testing.B) int {
	b.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.pid))
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kB, err := strconv.Atoi(strings.Fields(rest)[0])
			if err != nil {
				b.Fatal(err)
			}
			return kB << 10
		}
	}
	b.Fatal("no VmRSS")
	return 0
}
