package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/thingdesk/thingdesk/localbroker/load"
)

// mortal is a broker that can be ended and started again, with the same data
// and on the same port.
type mortal struct {
	addr   string // known after the first start
	window uint16 // receive maximum of the receivers of version 5
	twice  bool   // QoS 2 messages may come twice
	up     func(t *testing.T) (down func())
}

// mortalThingdesk is `thingdesk serve`, which ends by kill -9.
func mortalThingdesk(t *testing.T) *mortal {
	t.Helper()
	dir := t.TempDir()
	m := &mortal{addr: "127.0.0.1:0", window: 20}
	m.up = func(t *testing.T) func() {
		t.Helper()
		s := serveIn(t, dir, "--listen", m.addr)
		m.addr = s.addr
		return func() { s.stop(t, syscall.SIGKILL) }
	}
	return m
}

// mortalMosquitto is Debian's broker with these lines in its configuration.
// Version 2.0.11 does not keep to a window when a session is resumed, mixes up
// what is beyond it, and sends that again: so it gets no window. After a restart
// it sends PUBLISH again for which it had sent PUBREL, so that messages at QoS 2
// come twice.
func mortalMosquitto(t *testing.T, end os.Signal, lines ...string) *mortal {
	t.Helper()
	const program = "/usr/sbin/mosquitto"
	if _, err := os.Stat(program); err != nil {
		t.Skip("LOUD: mosquitto is not installed")
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m := &mortal{addr: free.Addr().String(), twice: true}
	_ = free.Close()
	host, port, _ := net.SplitHostPort(m.addr)
	dir := t.TempDir()
	conf := filepath.Join(dir, "mosquitto.conf")
	lines = append(lines, "listener "+port+" "+host, "allow_anonymous true", "max_queued_messages 200000", "max_inflight_messages 0", "log_type error",
		"persistence_location "+dir+"/", "user root") // as whom it is started, that is
	if err := os.WriteFile(conf, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	m.up = func(t *testing.T) func() {
		t.Helper()
		cmd := exec.Command(program, "-c", conf)
		start(t, cmd)
		eventually(t, "mosquitto to listen", func() bool {
			c, err := net.Dial("tcp", m.addr)
			if err == nil {
				_ = c.Close()
			}
			return err == nil
		})
		return func() {
			_ = cmd.Process.Signal(end)
			_ = cmd.Wait()
		}
	}
	return m
}

// crash is mixed load on a broker that is ended again and again.
type crash struct {
	broker    *mortal
	senders   []*load.Sender // the number of a Sender is its index
	receivers []*load.Receiver
	names     []string // of the receivers
	faults    []string
}

func (c *crash) fault(format string, args ...any) {
	c.faults = append(c.faults, fmt.Sprintf(format, args...))
}

// backlog bounds the messages that wait for the slowest receiver.
const backlog = 3000

// newCrash makes the clients: everybody has a session that stays.
func newCrash(broker *mortal) *crash {
	c := &crash{broker: broker}
	receiver := func(name string, qos byte, h load.Hello, away time.Duration) {
		h.ID = name
		c.names = append(c.names, name)
		c.receivers = append(c.receivers, load.NewReceiver(load.ReceiverConfig{
			Addr: broker.addr, Hello: h, QoS: qos, Filters: []string{"crash/#"}, Stay: 2 * away, Away: away,
		}))
	}
	five := load.Hello{Version: 5, Expiry: 3600, ReceiveMaximum: broker.window}
	receiver("stays at QoS 2", 2, load.Hello{}, 0)
	receiver("leaves at QoS 2", 2, load.Hello{}, 300*time.Millisecond)
	receiver("leaves at QoS 1", 1, load.Hello{}, 300*time.Millisecond)
	receiver("stays at QoS 1, version 5", 1, five, 0)
	receiver("leaves at QoS 2, version 5", 2, five, 200*time.Millisecond)
	for i, qos := range []byte{1, 2, 1, 2, 1, 2} {
		config := load.SenderConfig{
			Addr: broker.addr, Hello: load.Hello{ID: fmt.Sprint("sender", i)}, Number: uint32(i), QoS: qos, Window: 10 + 20*i, Rate: 1000,
			Topics: []string{fmt.Sprint("crash/plain/", i)}, Hold: c.behind,
		}
		if i%3 == 2 {
			config.Hello.Version, config.Hello.Expiry = 5, 3600
		}
		if i >= 4 {
			config.Retain, config.Topics = true, nil
			for k := range 400 { // so many that a lost one is not soon written anew
				config.Topics = append(config.Topics, fmt.Sprintf("crash/retained/%d/%d", i, k))
			}
		}
		c.senders = append(c.senders, load.NewSender(config))
	}
	return c
}

// sent is how many messages were sent, and how many of these are open.
func (c *crash) sent() (sent uint64, open int) {
	for _, s := range c.senders {
		st := s.Stats()
		sent += st.Sent
		open += st.Open
	}
	return sent, open
}

// behind tells whether a receiver is so far behind that nothing more should
// be sent.
func (c *crash) behind() bool {
	sent, _ := c.sent()
	for _, r := range c.receivers {
		if r.Stats().Received+backlog < sent {
			return true
		}
	}
	return false
}

// killRounds ends the broker under load that often and returns what it lost,
// repeated or mixed up.
func killRounds(t *testing.T, broker *mortal, rounds int) []string {
	t.Helper()
	down := broker.up(t)
	c := newCrash(broker)
	ctx, cancel := context.WithCancel(t.Context())
	var clients sync.WaitGroup
	defer clients.Wait()
	defer cancel()
	for _, r := range c.receivers {
		clients.Go(func() { r.Run(ctx) })
	}
	eventually(t, "the receivers to be subscribed", func() bool {
		for _, r := range c.receivers {
			if !r.Subscribed() {
				return false
			}
		}
		return true
	})
	for _, s := range c.senders {
		clients.Go(func() { s.Run(ctx) })
	}
	for range rounds {
		c.waitForLoad(t)
		time.Sleep(rand.N(600 * time.Millisecond))
		down()
		complete := c.complete()
		down = broker.up(t)
		c.checkRetained(t, complete)
	}
	for _, s := range c.senders {
		s.Finish()
	}
	c.drain()
	c.check(rounds)
	c.checkRetained(t, c.complete())
	cancel()
	clients.Wait()
	down()
	sent, _ := c.sent()
	for i, r := range c.receivers {
		t.Logf("%d sent; %s: %+v", sent, c.names[i], r.Stats())
	}
	return c.faults
}

// waitForLoad returns when every sender has got something acknowledged, and
// every receiver has received something, since it was called.
func (c *crash) waitForLoad(t *testing.T) {
	t.Helper()
	var before []uint64
	now := func() (numbers []uint64) {
		for _, s := range c.senders {
			numbers = append(numbers, s.Stats().Acknowledged)
		}
		for _, r := range c.receivers {
			numbers = append(numbers, r.Stats().Received)
		}
		return numbers
	}
	before = now()
	deadline := time.Now().Add(10 * time.Second)
	for {
		moved := true
		after := now()
		for i, n := range after {
			moved = moved && n > before[i]
		}
		if moved {
			return
		}
		if time.Now().After(deadline) { // a broker that lost sessions may never get going again
			c.fault("load stands still: %d, 10 s later %d", before, after)
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// drain returns when everything has arrived, or nothing has for long.
func (c *crash) drain() {
	last, since := uint64(0), time.Now()
	for time.Since(since) < 5*time.Second {
		sent, open := c.sent()
		received, all := uint64(0), open == 0
		for _, r := range c.receivers {
			n := r.Stats().Received
			received += n
			all = all && n >= sent
		}
		if all {
			time.Sleep(200 * time.Millisecond) // what came too often would come now
			return
		}
		if received != last {
			last, since = received, time.Now()
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// check compares what was sent with what has arrived.
func (c *crash) check(rounds int) {
	for i, s := range c.senders {
		st := s.Stats()
		if st.Open > 0 || st.Refused > 0 || st.WrongAcks > 0 || st.SessionsLost > 0 {
			c.fault("sender %d: %+v", i, st)
		}
		if st.Connections <= rounds {
			c.fault("sender %d was connected %d times only", i, st.Connections)
		}
	}
	for j, r := range c.receivers {
		for i, s := range c.senders {
			if lost := r.Lost(uint32(i), s.Stats().Sent); lost > 0 {
				c.fault("%s lost %d of %d of sender %d", c.names[j], lost, s.Stats().Sent, i)
			}
		}
		st := r.Stats()
		if c.broker.twice {
			st.Twice = 0
		}
		if st.OutOfOrder+st.Twice+st.Overrun+st.Strange > 0 || st.SessionsLost > 0 {
			c.fault("%s: %+v", c.names[j], st)
		}
	}
}

// complete is for each topic one more than the number of the last retained
// message that is acknowledged to the end.
func (c *crash) complete() map[string]uint64 {
	all := make(map[string]uint64)
	for _, s := range c.senders {
		for topic, next := range s.Complete() {
			if strings.HasPrefix(topic, "crash/retained/") {
				all[topic] = next
			}
		}
	}
	return all
}

// checkRetained compares the retained messages with those, which were complete
// before: they may be newer.
func (c *crash) checkRetained(t *testing.T, complete map[string]uint64) {
	t.Helper()
	conn, err := load.Dial(t.Context(), c.broker.addr, load.Hello{ID: "looks at retained", Clean: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	conn.Bound(time.Now().Add(5 * time.Second))
	if _, err := conn.Write(load.AppendSubscribe(nil, 4, 1, 0, "crash/retained/#")); err != nil {
		t.Fatal(err)
	}
	seen := make(map[string]bool)
	for len(seen) < len(complete) {
		p, err := conn.Next()
		if err != nil {
			c.fault("%d of %d retained messages are there: %v", len(seen), len(complete), err)
			return
		}
		topic := string(p.Topic)
		next, wanted := complete[topic]
		if p.Kind != load.Publish || !p.Retain || !wanted || seen[topic] {
			continue
		}
		seen[topic] = true
		if stamp, ok := load.ReadStamp(p.Payload); !ok || stamp.Seq+1 < next {
			c.fault("retained on %s: message %d; %d was acknowledged", topic, stamp.Seq, next-1)
		}
	}
}

// TestKill9 kills the broker under mixed load: nothing that was acknowledged
// is lost, nothing comes out of order, nothing twice at QoS 2.
func TestKill9(t *testing.T) {
	t.Parallel()
	rounds := 4
	if s := os.Getenv("THINGDESK_CRASH_ROUNDS"); s != "" {
		var err error
		if rounds, err = strconv.Atoi(s); err != nil {
			t.Fatal(err)
		}
	}
	for _, fault := range killRounds(t, mortalThingdesk(t), rounds) {
		t.Error(fault)
	}
}

// mosquitto stores everything when it is told to end: whoever finds faults
// there is wrong himself.
func TestKillRoundsFindNothingWhereNothingIs(t *testing.T) {
	t.Parallel()
	for _, fault := range killRounds(t, mortalMosquitto(t, syscall.SIGTERM, "persistence true"), 2) {
		t.Error(fault)
	}
}

// mosquitto that stores nothing loses sessions, messages and retained messages.
func TestKillRoundsFindWhatIsLost(t *testing.T) {
	t.Parallel()
	broker := mortalMosquitto(t, syscall.SIGKILL, "persistence false")
	broker.twice = false // nothing is left that could
	faults := strings.Join(killRounds(t, broker, 1), "\n")
	for _, part := range []string{" lost ", "SessionsLost:1", "retained "} { // who lost what is chance
		if !strings.Contains(faults, part) {
			t.Errorf("no %q in the faults:\n%s", part, faults)
		}
	}
	if regexp.MustCompile("(OutOfOrder|Twice|WrongAcks):[1-9]").MatchString(faults) {
		t.Errorf("faults that it does not have:\n%s", faults)
	}
}
