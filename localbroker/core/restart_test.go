package core

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/thingdesk/thingdesk/localbroker/packet"
)

// world is a Broker that crashes now and then, and clients that live on.
type world struct {
	store *memStore
	ctx   context.Context //nolint:containedctx // ends the clients

	mu   sync.Mutex
	host *host
	got  map[string][]string // by client: payloads as received, QoS 2 once each
	sent int                 // messages that are acknowledged to the end
	errs []error
}

func (w *world) fault(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.errs = append(w.errs, fmt.Errorf(format, args...))
}

// connect connects to the Broker of the moment; nil when it does not answer.
func (w *world) connect(id string, options ...option) *peer {
	w.mu.Lock()
	h := w.host
	w.mu.Unlock()
	p, err := h.connectTo(id, options...)
	if err != nil || p.ack.Code != 0 {
		if p != nil {
			p.cut()
		}
		time.Sleep(2 * time.Millisecond)
		return nil
	}
	return p
}

// crash ends the Broker: what is not stored by now is gone. Another one takes
// over.
func (w *world) crash() error {
	w.store.freeze()
	w.mu.Lock()
	defer w.mu.Unlock()
	_ = w.host.close() // it cannot store what was lost
	w.store.thaw()
	w.store.hook(faulty())
	next, err := launch(context.Background(), w.host.cfg, Door{Durable: true})
	if err == nil {
		w.host = next
	}
	return err
}

// faulty takes some time, and fails now and then.
func faulty() func() error {
	rnd := rand.New(rand.NewPCG(1, 2))
	return func() error {
		time.Sleep(time.Duration(rnd.IntN(1500)) * time.Microsecond)
		if rnd.IntN(50) == 0 {
			return errors.New("the disk is full")
		}
		return nil
	}
}

// TestCrashes has clients publish and receive, come back and be taken over,
// while the Broker crashes, and looks at what they got.
func TestCrashes(t *testing.T) {
	t.Parallel()
	for seed := uint64(1); seed <= 2; seed++ {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			t.Parallel()
			testCrashes(t, seed)
		})
	}
}

func testCrashes(t *testing.T, seed uint64) {
	t.Helper()
	store := &memStore{}
	store.hook(faulty())
	ctx, cancel := context.WithCancel(context.Background())
	w := &world{store: store, ctx: ctx, got: make(map[string][]string)}
	h, err := launch(ctx, Config{Store: store}, Door{Durable: true})
	if err != nil {
		t.Fatal(err)
	}
	w.host = h
	rnd := func(n uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, n)) }
	keepV4 := []option{v4, func(c *packet.Connect) { c.Clean = false }}
	var clients, sources sync.WaitGroup
	sinks := []*sink{
		{id: "all5", filter: "t/#", options: []option{keep, prop(packet.ReceiveMaximum, 5)}},
		{id: "all4", filter: "t/#", options: keepV4},
		{id: "plus", filter: "t/+/+", options: []option{keep, prop(packet.ReceiveMaximum, 3)}},
		{id: "share1", filter: "$share/g/t/+/2", options: []option{keep}},
		{id: "share2", filter: "$share/g/t/+/2", options: keepV4},
	}
	for i, s := range sinks {
		s.w, s.rnd, s.ready = w, rnd(uint64(100+i)), make(chan struct{})
		clients.Go(s.run)
	}
	for _, s := range sinks {
		<-s.ready
	}
	const each = 120
	ids := []string{"p1", "p2", "p3"}
	for i, id := range ids {
		s := &source{w: w, id: id, rnd: rnd(uint64(200 + i)), options: []option{keep}, total: [3]int{each, each, each}}
		if i == 0 {
			s.options = keepV4
		}
		sources.Go(s.run)
	}
	for i := range 3 {
		clients.Go(func() { w.churn(fmt.Sprintf("churn%d", i), rnd(uint64(300+i))) })
	}
	for i := range 4 {
		time.Sleep(time.Duration(50+rnd(9).IntN(100)) * time.Millisecond)
		_ = w.host.Kick([]string{"p1", "all5", "share1", "p2"}[i], "a test") // it may not be there
		_ = w.host.DropSession(fmt.Sprintf("churn%d", i%3))
		time.Sleep(time.Duration(50+rnd(8).IntN(50)) * time.Millisecond)
		if err := w.crash(); err != nil {
			t.Fatal(err)
		}
	}
	sources.Wait()
	store.hook(nil)
	w.settle(t, ids, each)
	cancel()
	clients.Wait()
	if err := w.host.close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	w.host.wantEmpty(t)
	store.verify(t)
	for _, err := range w.errs {
		t.Error(err)
	}
}

// settle waits until all sinks have everything, and checks it.
func (w *world) settle(t *testing.T, ids []string, each int) {
	t.Helper()
	var wanted []string
	for _, id := range ids {
		for n := range each {
			wanted = append(wanted, fmt.Sprintf("%s/2/%06d", id, n+1))
		}
	}
	slices.Sort(wanted)
	until := time.Now().Add(20 * time.Second)
	for ; time.Now().Before(until); time.Sleep(20 * time.Millisecond) {
		if w.complete(len(wanted)) {
			break
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, id := range []string{"all5", "all4", "plus"} {
		one, two := pick(w.got[id], "1"), pick(w.got[id], "2")
		for _, from := range ids {
			checkOrder(t, id, from, "2", two, each)
			checkOrder(t, id, from, "1", one, each)
		}
	}
	shared := append(pick(w.got["share1"], "2"), pick(w.got["share2"], "2")...)
	slices.Sort(shared)
	if !slices.Equal(shared, wanted) {
		t.Errorf("the members of the shared subscription got %d messages (%d different), want %d",
			len(shared), len(slices.Compact(slices.Clone(shared))), len(wanted))
	}
}

func (w *world) complete(want int) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, id := range []string{"all5", "all4", "plus"} {
		if len(pick(w.got[id], "2")) < want || len(unique(pick(w.got[id], "1"))) < want {
			return false
		}
	}
	return len(pick(w.got["share1"], "2"))+len(pick(w.got["share2"], "2")) >= want
}

func pick(all []string, qos string) (some []string) {
	for _, s := range all {
		if strings.Split(s, "/")[1] == qos {
			some = append(some, s)
		}
	}
	return some
}

// unique returns the first of each.
func unique(all []string) (some []string) {
	seen := make(map[string]bool)
	for _, s := range all {
		if !seen[s] {
			some = append(some, s)
		}
		seen[s] = true
	}
	return some
}

// checkOrder checks that all messages of one publisher came, in order: at QoS 2
// once each, at QoS 1 with repetitions.
func checkOrder(t *testing.T, sink, from, qos string, got []string, want int) {
	t.Helper()
	if qos == "1" {
		got = unique(got)
	}
	next := 1
	for _, s := range got {
		if !strings.HasPrefix(s, from+"/") {
			continue
		}
		if expected := fmt.Sprintf("%s/%s/%06d", from, qos, next); s != expected {
			t.Errorf("%s got %s, not %s", sink, s, expected)
			return
		}
		next++
	}
	if next-1 != want {
		t.Errorf("%s got %d messages of %s at QoS %s, want %d", sink, next-1, from, qos, want)
	}
}
