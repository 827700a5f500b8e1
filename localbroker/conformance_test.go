package localbroker_test

import (
	"bufio"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/thingdesk/thingdesk/localbroker"
	"github.com/thingdesk/thingdesk/localbroker/conformance"
)

// TestConformance holds the broker to the standard, over sockets, in memory.
func TestConformance(t *testing.T) {
	t.Parallel()
	s := start(t, localbroker.Config{})
	conformance.Run(t, conformance.Target{
		Addr: s.Addr(), ConnectTimeout: 10 * time.Second, MaxPacket: 16<<20 + 128<<10, Reasons: true,
	})
}

// TestDurableConformance holds it to the same with all its state in a file, as
// a process that is killed where the suite restarts it.
func TestDurableConformance(t *testing.T) {
	c := &child{dir: t.TempDir(), addr: "127.0.0.1:0"}
	c.run(t)
	t.Cleanup(func() { c.kill() })
	conformance.Run(t, conformance.Target{
		Addr: c.addr, Restart: func() { c.kill(); c.run(t) },
		ConnectTimeout: 10 * time.Second, MaxPacket: 16<<20 + 128<<10, Reasons: true,
	})
}

// child is a broker in a process of its own; see TestBrokerProcess.
type child struct {
	dir, addr string
	cmd       *exec.Cmd
}

func (c *child) run(t *testing.T) {
	t.Helper()
	c.cmd = exec.Command(os.Args[0], "-test.run=^TestBrokerProcess$", "-test.timeout=0")
	c.cmd.Env = append(os.Environ(), processEnv+"=1", stateEnv+"="+c.dir, listenEnv+"="+c.addr)
	c.cmd.Stderr = os.Stderr
	if _, err := c.cmd.StdinPipe(); err != nil { // its end would end the child
		t.Fatal(err)
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	addr, ok := strings.CutPrefix(strings.TrimSpace(line), "ready ")
	if !ok {
		t.Fatalf("broker said %q, %v", line, err)
	}
	c.addr = addr
}

func (c *child) kill() {
	_ = c.cmd.Process.Kill()
	_ = c.cmd.Wait()
}
