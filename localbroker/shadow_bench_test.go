package localbroker_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/thingdesk/thingdesk/localbroker"
	"github.com/thingdesk/thingdesk/localbroker/load"
	"github.com/thingdesk/thingdesk/storage"
)

// shadowDirEnv is the data directory of TestShadowBrokerProcess, which it makes
// a broker with shadows.
const shadowDirEnv = "THINGDESK_SHADOW_BROKER_DIR"

// TestShadowBrokerProcess is no test but the broker of BenchmarkShadowUpdates:
// everything is stored as `thingdesk serve` does, without history. It ends when
// its stdin does.
func TestShadowBrokerProcess(t *testing.T) {
	dir := os.Getenv(shadowDirEnv)
	if dir == "" {
		t.Skip("runs as a child of a benchmark only")
	}
	ctx := context.WithoutCancel(t.Context())
	shadows, err := storage.OpenDir(ctx, dir)
	if err != nil {
		t.Fatal(err)
	}
	state, err := storage.OpenBroker(ctx, dir, storage.Process)
	if err != nil {
		t.Fatal(err)
	}
	s, err := localbroker.Start(ctx, localbroker.Config{Listen: "127.0.0.1:0", Store: shadows, State: state})
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(os.Stdout, "ready %s\n", s.Addr())
	_, _ = io.Copy(io.Discard, os.Stdin)
	if n := s.Stats().ShadowsDropped; n > 0 {
		t.Errorf("%d requests dropped", n)
	}
	if err := errors.Join(s.Close(ctx), state.Close(), shadows.Close()); err != nil {
		t.Error(err)
	}
}

// updates is load of shadow updates, each answered to who sent it.
type updates struct {
	clients, things int
	window          int // open updates of each client
	// rate is how many updates begin each second, of all clients, as long as the
	// window is not full; 0 is as many as go.
	rate int
	// answer is the suffix of the topic on which the clients wait: of
	// update/accepted, or of update itself where there is no shadow service.
	answer   string
	duration time.Duration
}

// topic is where client sends its update number seq: to its own Things in turn
// where there are enough for all, else everybody to a shared one.
func (u updates) topic(client, seq int) string {
	return shadowTopic(u.thing(client, seq), "update")
}

func shadowTopic(thing int, suffix string) string {
	return fmt.Sprintf("$aws/things/bench-%d/shadow/%s", thing, suffix)
}

func (u updates) thing(client, seq int) int {
	if u.things < u.clients {
		return client % u.things
	}
	own := u.things / u.clients
	return client*own + seq%own
}

// updatesResult is what a run came to.
type updatesResult struct {
	answered  int
	elapsed   time.Duration
	latencies []time.Duration
	err       error
}

func (r *updatesResult) quantile(q float64) float64 {
	if len(r.latencies) == 0 {
		return 0
	}
	slices.Sort(r.latencies)
	return float64(r.latencies[int(q*float64(len(r.latencies)-1))].Microseconds()) / 1000
}

// run puts the load on the broker at addr.
func (u updates) run(ctx context.Context, addr string) updatesResult {
	results := make([]updatesResult, u.clients)
	conns := make([]*load.Conn, u.clients)
	for i := range conns {
		c, err := load.Dial(ctx, addr, load.Hello{ID: fmt.Sprint("bench", i), Clean: true})
		if err != nil {
			return updatesResult{err: err}
		}
		defer func() { _ = c.Close() }()
		conns[i] = c
		var filters []string
		for t := range max(1, u.things/u.clients) {
			filters = append(filters, shadowTopic(u.thing(i, t), u.answer))
		}
		if err := c.Subscribe(ctx, 0, filters...); err != nil {
			return updatesResult{err: err}
		}
	}
	began := time.Now()
	var all sync.WaitGroup
	for i, c := range conns {
		all.Go(func() { results[i] = u.client(i, c, began) })
	}
	all.Wait()
	sum := updatesResult{elapsed: time.Since(began)}
	for _, r := range results {
		sum.answered += r.answered
		sum.latencies = append(sum.latencies, r.latencies...)
		sum.err = errors.Join(sum.err, r.err)
	}
	return sum
}

// updater is one client of a run.
type updater struct {
	updates
	number int
	conn   *load.Conn
	began  time.Time
	token  []byte // how its client tokens begin
	sent   int
	open   int
	at     []time.Time // when the update with that number was to be sent
	pad    string
	result updatesResult
}

func (u updates) client(number int, conn *load.Conn, began time.Time) updatesResult {
	w := &updater{
		updates: u, number: number, conn: conn, began: began,
		token: fmt.Appendf(nil, `"clientToken":"c%d-`, number), pad: strings.Repeat("x", 74),
	}
	conn.Bound(began.Add(u.duration + patience))
	for {
		w.send()
		if w.open == 0 {
			return w.result
		}
		p, err := conn.Next()
		if err != nil {
			w.result.err = err
			return w.result
		}
		if p.Kind == load.Publish {
			w.receive(p.Payload)
		}
	}
}

// send fills the window. With a rate a late client catches up: its times
// count from when an update was due.
func (w *updater) send() {
	for w.open < w.window {
		now := time.Now()
		due := now
		if w.rate > 0 {
			due = w.began.Add(time.Duration(w.sent*w.clients+w.number) * time.Second / time.Duration(w.rate))
			if due.After(now) && w.open > 0 {
				return
			}
		}
		if due.Sub(w.began) >= w.duration {
			return
		}
		if wait := due.Sub(now); wait > 0 {
			time.Sleep(wait)
		}
		w.at = append(w.at, due)
		// The section is 100 bytes.
		payload := fmt.Sprintf(`{"state":{"reported":{"n":%010d,"pad":"%s"}},%s%d"}`, 1e9+w.sent, w.pad, w.token, w.sent)
		w.conn.QueuePublish(load.Message{
			Topic: w.topic(w.number, w.sent), QoS: 1, ID: uint16(w.sent%65535 + 1), Payload: []byte(payload),
		})
		w.sent++
		w.open++
	}
}

// receive takes an answer, which may be another client's.
func (w *updater) receive(payload []byte) {
	i := bytes.LastIndex(payload, w.token)
	if i < 0 {
		return
	}
	number, _, _ := bytes.Cut(payload[i+len(w.token):], []byte{'"'})
	n, err := strconv.Atoi(string(number))
	if err != nil || n >= w.sent {
		w.result.err = fmt.Errorf("answer to update %q of %d", number, w.sent)
		return
	}
	w.result.latencies = append(w.result.latencies, time.Since(w.at[n]))
	w.result.answered++
	w.open--
}

// BenchmarkShadowUpdates is shadow updates through the socket, each stored
// before it is answered; beside it mosquitto, which only sends each back to its
// sender. Latency is from sending to update/accepted. Where clients are
// more than Things each gets the answers to the others too.
func BenchmarkShadowUpdates(b *testing.B) {
	for _, clients := range []int{1, 10, 50} {
		for _, things := range []int{1, 100, 1000} {
			// About 40 updates are under way at a time.
			u := updates{clients: clients, things: things, window: max(1, 40/clients)}
			b.Run(fmt.Sprintf("clients=%d/things=%d", clients, things), u.bench)
		}
	}
	// The goal: 5000 updates a second with a p99 under 10 ms.
	u := updates{clients: 10, things: 100, window: 100, rate: 5000}
	b.Run("clients=10/things=100/rate=5000", u.bench)
	// As much as goes when latency does not matter.
	u = updates{clients: 10, things: 1000, window: 50}
	b.Run("clients=10/things=1000/window=50", u.bench)
}

func (u updates) bench(b *testing.B) {
	u.duration = 2 * time.Second
	dir := b.TempDir()
	our, end := shadowBroker(b, dir)
	brokers := []*process{our}
	if m := mosquitto(b, true); m != nil {
		brokers = append(brokers, m)
	}
	results := make([]updatesResult, len(brokers))
	cpu := make([]time.Duration, len(brokers))
	for b.Loop() {
		for i, p := range brokers {
			u.answer = "update/accepted"
			if p.name != "ours" {
				u.answer = "update"
			}
			before := p.cpu(b)
			r := u.run(b.Context(), p.addr)
			if r.err != nil {
				b.Fatalf("%s: %v", p.name, r.err)
			}
			cpu[i] += p.cpu(b) - before
			results[i].answered += r.answered
			results[i].elapsed += r.elapsed
			results[i].latencies = append(results[i].latencies, r.latencies...)
		}
	}
	end()
	checkStored(b, dir, results[0].answered)
	b.ReportMetric(0, "ns/op")
	for i, p := range brokers {
		r := &results[i]
		b.ReportMetric(float64(r.answered)/r.elapsed.Seconds(), p.metric("updates/s"))
		b.ReportMetric(r.quantile(0.5), p.metric("p50-ms"))
		b.ReportMetric(r.quantile(0.99), p.metric("p99-ms"))
		b.ReportMetric(float64(cpu[i].Microseconds())/float64(max(1, r.answered)), p.metric("us-cpu/update"))
	}
}

// shadowBroker runs our broker with shadows, everything stored in dir, until
// end is called.
func shadowBroker(b *testing.B, dir string) (p *process, end func()) {
	b.Helper()
	if runtime.GOOS != "linux" {
		b.Skip("CPU time of a child is read from /proc")
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestShadowBrokerProcess$", "-test.timeout=0")
	// Where to leave a CPU profile of the broker, for go tool pprof.
	if profile := os.Getenv("THINGDESK_BROKER_PROFILE"); profile != "" {
		cmd.Args = append(cmd.Args, "-test.cpuprofile="+profile)
	}
	cmd.Env = append(os.Environ(), shadowDirEnv+"="+dir)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	out := bufio.NewReader(stdout)
	end = sync.OnceFunc(func() {
		_ = stdin.Close()
		said, _ := io.ReadAll(out)
		if err := cmd.Wait(); err != nil {
			b.Errorf("broker: %v\n%s", err, said)
		}
	})
	b.Cleanup(end)
	line, err := out.ReadString('\n')
	addr, ok := strings.CutPrefix(strings.TrimSpace(line), "ready ")
	if !ok {
		b.Fatalf("broker said %q, %v", line, err)
	}
	return &process{"ours", addr, cmd.Process.Pid}, end
}

// checkStored compares what is in dir with the number of updates that were
// accepted.
func checkStored(b *testing.B, dir string, accepted int) {
	b.Helper()
	d, err := storage.OpenDir(b.Context(), dir)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = d.Close() }()
	records, err := d.LoadShadows(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	stored := 0
	for _, r := range records {
		stored += int(r.Version)
	}
	if stored != accepted {
		b.Errorf("%d updates are stored, %d were accepted", stored, accepted)
	}
}
