package paho

import (
	"net"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/thingdesk/thingdesk/broker"
)

// counter is a Handler that only counts.
type counter struct {
	up, done chan struct{}
	n, want  int
}

// Receive implements broker.Handler.
func (c *counter) Receive(broker.Message) {
	if c.n++; c.n == c.want {
		close(c.done)
	}
}

// StatusChanged implements broker.Handler.
func (c *counter) StatusChanged(broker.Status) {}

// Granted implements broker.Handler.
func (c *counter) Granted([]broker.Grant) { close(c.up) }

// BenchmarkReceive tells how fast messages come in from mosquitto_pub.
func BenchmarkReceive(b *testing.B) {
	const n = 100_000
	tool, err := exec.LookPath("mosquitto_pub")
	if err != nil {
		b.Skip("SKIPPED: mosquitto_pub is not installed")
	}
	addr, _, _ := mosquitto(b, "allow_anonymous true")
	host, port, _ := net.SplitHostPort(addr)
	input := strings.Repeat(strings.Repeat("x", 100)+"\n", n)
	var took time.Duration
	for b.Loop() {
		h := &counter{up: make(chan struct{}), done: make(chan struct{}), want: n}
		c, err := Dial(testProfile(addr, "r"), "", h)
		if err != nil {
			b.Fatal(err)
		}
		<-h.up
		cmd := exec.Command(tool, "-h", host, "-p", port, "-t", "r", "-l", "-q", "0")
		cmd.Stdin = strings.NewReader(input)
		began := time.Now()
		if err := cmd.Run(); err != nil {
			b.Fatal(err)
		}
		select {
		case <-h.done:
		case <-time.After(20 * time.Second):
			b.Fatalf("%d of %d messages came", h.n, n)
		}
		took += time.Since(began)
		if err := c.Close(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n*b.N)/took.Seconds(), "msg/s")
}
