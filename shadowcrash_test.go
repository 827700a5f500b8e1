package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/thingdesk/thingdesk/localbroker/load"
	"github.com/thingdesk/thingdesk/things/shadow"
)

// The load of the test: each client has that many shadows of its own, to which
// nobody else writes, and one that all share.
const (
	crashClients = 6
	crashShadows = 12
	crashWindow  = 16 // requests under way
	crashMembers = 5  // of each section
	sharedShadow = crashShadows
)

// shadowCrash is several clients on a broker that is killed again and again.
type shadowCrash struct {
	addr    string
	clients []*shadowClient

	mu     sync.Mutex
	faults []string
	shared map[int64]string // who got each version of the shared shadow
}

func (c *shadowCrash) fault(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.faults = append(c.faults, fmt.Sprintf(format, args...))
}

// shadowClient is one client.
type shadowClient struct {
	crash  *shadowCrash
	number int
	random *rand.Rand

	models  [crashShadows + 1]model // with all that was answered
	pending []shadowOp              // sent and not answered, in order
	last    int64                   // number of the last request
	conn    *load.Conn

	sessions, accepted, unanswered, stored atomic.Int64
	finish                                 atomic.Bool
}

func (c *shadowClient) key(n int) shadow.Key {
	switch n {
	case sharedShadow:
		return shadow.Key{Thing: "crash-shared"}
	case 0:
		return shadow.Key{Thing: fmt.Sprint("crash-", c.number)}
	}
	return shadow.Key{Thing: fmt.Sprint("crash-", c.number), Name: fmt.Sprint("named-", n)}
}

// run connects until ctx ends, or until everything is answered after finish.
func (c *shadowClient) run(ctx context.Context) {
	for ctx.Err() == nil {
		conn, err := load.Dial(ctx, c.crash.addr, load.Hello{ID: fmt.Sprint("crash", c.number), Clean: true})
		if err != nil {
			time.Sleep(10 * time.Millisecond)
			continue
		}
		c.conn = conn
		stop := context.AfterFunc(ctx, func() { _ = conn.Cut() })
		err = c.session(ctx)
		stop()
		_ = conn.Close()
		if err == nil {
			return
		}
	}
}

// session looks what is left of the shadows, then changes them until the
// connection ends.
func (c *shadowClient) session(ctx context.Context) error {
	thing := "$aws/things/" + c.key(0).Thing + "/shadow/"
	err := c.conn.Subscribe(ctx, 0, thing+"+/accepted", thing+"+/rejected", thing+"name/+/+/accepted", thing+"name/+/+/rejected",
		"$aws/things/crash-shared/shadow/+/accepted", "$aws/things/crash-shared/shadow/+/rejected")
	if err != nil {
		return err
	}
	c.conn.Bound(time.Now().Add(time.Minute))
	for n := range c.models {
		if err := c.recover(n); err != nil {
			return err
		}
	}
	c.unanswered.Add(int64(len(c.pending)))
	c.pending = nil
	c.sessions.Add(1)
	for {
		for len(c.pending) < crashWindow && !c.finish.Load() {
			c.send(c.request())
		}
		if len(c.pending) == 0 {
			return nil
		}
		suffix, r, err := c.next()
		if err != nil {
			return err
		}
		c.answered(suffix, r)
	}
}

// request makes up what to do next.
func (c *shadowClient) request() shadowOp {
	op := shadowOp{shadow: c.random.IntN(crashShadows + 1)}
	if op.shadow == sharedShadow {
		op.member, op.n = fmt.Sprint("reported.c", c.number), c.last+1
		return op
	}
	switch kind := c.random.IntN(20); {
	case kind == 0:
		return op
	case kind > 2:
		op.n = c.last + 1
	}
	op.member = [...]string{"reported.m", "desired.m"}[c.random.IntN(2)] + strconv.Itoa(c.random.IntN(crashMembers))
	return op
}

// send queues a request, with a new token.
func (c *shadowClient) send(op shadowOp) {
	c.last++
	op.token = fmt.Sprintf("c%d-%d", c.number, c.last)
	c.pending = append(c.pending, op)
	if op.member == "" {
		c.queue(op.shadow, "delete", `{"clientToken":"`+op.token+`"}`)
		return
	}
	section, name, _ := strings.Cut(op.member, ".")
	value := "null"
	if op.n > 0 {
		value = strconv.FormatInt(op.n, 10)
	}
	c.queue(op.shadow, "update", fmt.Sprintf(`{"state":{"%s":{"%s":%s}},"clientToken":"%s"}`, section, name, value, op.token))
}

func (c *shadowClient) queue(n int, suffix, payload string) {
	c.conn.QueuePublish(load.Message{
		Topic: c.key(n).Topic(suffix), Payload: []byte(payload), QoS: 1, ID: uint16(c.last%65535 + 1),
	})
}

// next returns the next answer to this client, and the end of its topic.
func (c *shadowClient) next() (suffix string, r shadowReply, err error) {
	mine := fmt.Sprintf("c%d-", c.number)
	for {
		p, err := c.conn.Next()
		if err != nil {
			return "", r, err
		}
		if p.Kind != load.Publish {
			continue
		}
		_, suffix, _ := shadow.ParseTopic(string(p.Topic))
		r = shadowReply{}
		if err := json.Unmarshal(p.Payload, &r); err != nil {
			c.crash.fault("%s %s: %v", p.Topic, p.Payload, err)
			continue
		}
		if strings.HasPrefix(r.Token, mine) {
			return suffix, r, nil
		}
	}
}

// answered compares an answer with what is due.
func (c *shadowClient) answered(suffix string, r shadowReply) {
	op := c.pending[0]
	c.pending = c.pending[1:]
	m, next := &c.models[op.shadow], c.models[op.shadow].after(op)
	switch {
	case r.Token != op.token:
		c.crash.fault("client %d: answer to %s, want to %s", c.number, r.Token, op.token)
	case op.shadow == sharedShadow:
		c.sharedAnswer(op, suffix, r)
	case op.member == "" && !m.exists:
		if suffix != "delete/rejected" || r.Code != 404 {
			c.crash.fault("%s is not there, deleted it is %s %+v", c.key(op.shadow), suffix, r)
		}
	case op.member == "":
		if suffix != "delete/accepted" || r.Version != m.version {
			c.crash.fault("version %d of %s deleted: %s %+v", m.version, c.key(op.shadow), suffix, r)
		}
	case suffix != "update/accepted" || r.Version != next.version || op.n > 0 && r.at(op.member) == 0:
		c.crash.fault("update to version %d of %s: %s %+v", next.version, c.key(op.shadow), suffix, r)
	case op.n > 0:
		next.values[op.member] = stamped{op.n, r.at(op.member)}
	}
	if op.shadow != sharedShadow {
		*m = next
	}
	c.accepted.Add(1)
}

// sharedAnswer notes a version of the shared shadow, which nobody else may have
// got too.
func (c *shadowClient) sharedAnswer(op shadowOp, suffix string, r shadowReply) {
	m := &c.models[sharedShadow]
	c.crash.mu.Lock()
	earlier := c.crash.shared[r.Version]
	c.crash.shared[r.Version] = op.token
	c.crash.mu.Unlock()
	if suffix != "update/accepted" || r.Version <= m.version || earlier != "" {
		c.crash.fault("shared shadow, after version %d: %s %+v; %q had that version", m.version, suffix, r, earlier)
	}
	*m = model{exists: true, version: r.Version, values: map[string]stamped{op.member: {op.n, r.at(op.member)}}}
}

// recover compares a shadow with its model and what of the unanswered may have
// come after it: some of it, from the first on, and nothing else.
func (c *shadowClient) recover(n int) error {
	var open []shadowOp
	for _, op := range c.pending {
		if op.shadow == n {
			open = append(open, op)
		}
	}
	c.last++
	c.queue(n, "get", fmt.Sprintf(`{"clientToken":"c%d-%d"}`, c.number, c.last))
	suffix, r, err := c.next()
	if err != nil {
		return err
	}
	if suffix != "get/accepted" && r.Code != 404 {
		c.crash.fault("get of %s: %s %+v", c.key(n), suffix, r)
	}
	is := r.model()
	switch {
	case n == sharedShadow:
		c.recoverShared(is)
		return nil
	case !is.exists:
		return c.recoverDeleted(n, open)
	}
	for m, i := c.models[n], 0; ; i++ {
		if m.exists && m.version == is.version {
			if d := m.differs(is); d != "" {
				c.crash.fault("%s, version %d: %s", c.key(n), is.version, d)
			}
			c.stored.Add(int64(i))
			break
		}
		if i == len(open) {
			c.crash.fault("%s has version %d; accepted was %d, after that %d requests were open", c.key(n), is.version, c.models[n].version, len(open))
			break
		}
		m = m.after(open[i])
	}
	c.models[n] = is
	return nil
}

// recoverDeleted is recover for a shadow that is not there: its next version
// tells what its tombstone has.
func (c *shadowClient) recoverDeleted(n int, open []shadowOp) error {
	kept := c.pending
	c.pending = nil
	c.send(shadowOp{shadow: n, member: "reported.m0", n: c.last + 1})
	op := c.pending[0]
	c.pending = kept
	suffix, r, err := c.next()
	if err != nil {
		c.pending = append(c.pending, op) // may have come after the others
		return err
	}
	for m, i := c.models[n], 0; ; i++ {
		next := m.after(op)
		if !m.exists && suffix == "update/accepted" && next.version == r.Version {
			c.stored.Add(int64(i))
			break
		}
		if i == len(open) {
			c.crash.fault("%s was gone and begins with version %d, %s; before it was %+v, after that %d requests were open", c.key(n), r.Version, suffix, c.models[n], len(open))
			break
		}
		m = m.after(open[i])
	}
	c.models[n] = model{exists: true, version: r.Version, values: map[string]stamped{op.member: {op.n, r.at(op.member)}}}
	return nil
}

// recoverShared is recover for the shadow to which others write too.
func (c *shadowClient) recoverShared(is model) {
	m := c.models[sharedShadow]
	for member, v := range m.values {
		got := is.values[member]
		if is.version < m.version || got.n < v.n || got.n > c.last || got.at < v.at {
			c.crash.fault("shared shadow: version %d with %+v; accepted was %d with %+v", is.version, got, m.version, v)
		}
	}
}

// shadowRounds kills the broker under load that often and returns what it
// lost or made up. up starts it.
func shadowRounds(t *testing.T, rounds int, up func(addr string) *server) []string {
	t.Helper()
	s := up("127.0.0.1:0")
	c := &shadowCrash{addr: s.addr, shared: make(map[int64]string)}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()
	for i := range crashClients {
		one := &shadowClient{crash: c, number: i, random: rand.New(rand.NewPCG(uint64(i), 4))}
		c.clients = append(c.clients, one)
		running.Go(func() { one.run(ctx) })
	}
	for round := range rounds {
		c.waitForLoad(t, int64(round+1))
		time.Sleep(rand.N(300 * time.Millisecond))
		s.stop(t, syscall.SIGKILL)
		s = up(c.addr)
	}
	c.waitForLoad(t, int64(rounds+1)) // everything was looked at once more
	for _, one := range c.clients {
		one.finish.Store(true)
	}
	running.Wait()
	var accepted, unanswered, stored int64
	for _, one := range c.clients {
		accepted += one.accepted.Load()
		unanswered += one.unanswered.Load()
		stored += one.stored.Load()
	}
	s.stop(t, syscall.SIGKILL)
	t.Logf("%d requests answered; %d were open when the broker was killed %d times, of which %d were stored", accepted, unanswered, rounds, stored)
	return c.faults
}

// waitForLoad returns when every client has connected that often, compared its
// shadows, and got answers after that.
func (c *shadowCrash) waitForLoad(t *testing.T, sessions int64) {
	t.Helper()
	waitAll := func(what string, ok func(i int) bool) {
		eventually(t, what, func() bool {
			for i := range c.clients {
				if !ok(i) {
					return false
				}
			}
			return true
		})
	}
	waitAll("all clients to compare their shadows", func(i int) bool { return c.clients[i].sessions.Load() >= sessions })
	before := make([]int64, len(c.clients))
	for i, one := range c.clients {
		before[i] = one.accepted.Load()
	}
	waitAll("all clients to get answers", func(i int) bool { return c.clients[i].accepted.Load() >= before[i]+3*crashWindow })
}

// TestKill9Shadows kills the broker under shadow updates: every version that was
// accepted is there, with its values and their times, and the versions of
// deleted shadows go on.
func TestKill9Shadows(t *testing.T) {
	t.Parallel()
	rounds := 3
	if s := os.Getenv("THINGDESK_CRASH_ROUNDS"); s != "" {
		var err error
		if rounds, err = strconv.Atoi(s); err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	for _, fault := range shadowRounds(t, rounds, func(addr string) *server { return serveIn(t, dir, "--listen", addr) }) {
		t.Error(fault)
	}
}

// A broker that begins anew has lost everything.
func TestShadowRoundsFindWhatIsLost(t *testing.T) {
	t.Parallel()
	faults := strings.Join(shadowRounds(t, 1, func(addr string) *server { return serveIn(t, t.TempDir(), "--listen", addr) }), "\n")
	for _, part := range []string{"was gone and begins with version 1, update/accepted", "shared shadow: version 0", "had that version"} {
		if !strings.Contains(faults, part) {
			t.Errorf("no %q in the faults:\n%s", part, faults)
		}
	}
}
