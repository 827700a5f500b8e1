package core

import (
	"context"
	"net"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must come.
const patience = 10 * time.Second

// host runs a Broker behind a listener on loopback.
type host struct {
	*Broker
	l    net.Listener
	door *Door
	wg   sync.WaitGroup
}

// launch starts a Broker without seeing to its end.
func launch(ctx context.Context, cfg Config, door Door) (*host, error) {
	b, err := New(ctx, cfg)
	if err != nil {
		return nil, err
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	h := &host{Broker: b, l: l, door: &door}
	h.wg.Go(func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			h.wg.Go(func() { b.Serve(context.Background(), nc, h.door) })
		}
	})
	return h, nil
}

// close ends the Broker and waits for its goroutines.
func (h *host) close() error {
	_ = h.l.Close()
	err := h.Close(context.Background())
	h.wg.Wait()
	return err
}

// start runs a Broker until the test ends.
func start(t *testing.T, cfg Config, door Door) *host {
	t.Helper()
	h, err := launch(t.Context(), cfg, door)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		begun := time.Now()
		if err := h.close(); err != nil {
			t.Errorf("Close: %v", err)
		}
		if d := time.Since(begun); d > 2*time.Second {
			t.Errorf("Close took %v", d)
		}
		h.wantEmpty(t)
	})
	return h
}

// wantEmpty checks what is counted against what is there.
func (h *host) wantEmpty(t *testing.T) {
	t.Helper()
	h.lock()
	defer h.unlock()
	if len(h.conns) != 0 || h.running != 0 || h.online != 0 {
		t.Errorf("after Close: %d connections, %d at work, %d online", len(h.conns), h.running, h.online)
	}
	h.checkCounts(t)
}

// checkCounts recounts all that is counted. The lock is held.
func (b *Broker) checkCounts(t *testing.T) {
	t.Helper()
	var total int64
	subs, filterBytes := 0, 0
	holders := make(map[*message]int)
	for id, s := range b.sessions {
		var queued int64
		live := 0
		for i := range s.out.len() {
			it := s.out.at(i)
			if it.state != done {
				live++
			}
			if it.m == nil {
				continue
			}
			queued += it.m.size()
			if it.held && it.m.ID != 0 {
				holders[it.m]++
			}
		}
		for i := range s.zero.len() {
			queued += s.zero.at(i).m.size()
		}
		if live != s.out.live {
			t.Errorf("session %q counts %d messages, has %d", id, s.out.live, live)
		}
		if queued != s.queued {
			t.Errorf("session %q counts %d bytes, has %d", id, s.queued, queued)
		}
		total += queued
		subs += len(s.subs)
		for full := range s.subs {
			filterBytes += len(full) + subscriptionOverhead
		}
	}
	if total != b.queued {
		t.Errorf("the broker counts %d bytes queued, has %d", b.queued, total)
	}
	if subs != b.subs || filterBytes != b.filterBytes {
		t.Errorf("the broker counts %d subscriptions (%d bytes), has %d (%d)", b.subs, b.filterBytes, subs, filterBytes)
	}
	for m, n := range holders {
		if m.holders != n {
			t.Errorf("message %d counts %d holders, has %d", m.ID, m.holders, n)
		}
	}
	if n := countNodes(&b.trie.root); n != b.trie.nodes {
		t.Errorf("the trie counts %d nodes, has %d", b.trie.nodes, n)
	}
	if n := countLeaves(&b.retained.root); n != b.retained.nodes {
		t.Errorf("retained counts %d nodes, has %d", b.retained.nodes, n)
	}
}

func countNodes(n *node) int {
	count := 0
	for _, child := range n.children {
		count += 1 + countNodes(child)
	}
	for _, child := range []*node{n.plus, n.hash} {
		if child != nil {
			count += 1 + countNodes(child)
		}
	}
	return count
}

func countLeaves(n *leaf) int {
	count := 0
	for _, child := range n.children {
		count += 1 + countLeaves(child)
	}
	return count
}

// eventually waits until ok.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for until := time.Now().Add(patience); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(until) {
			t.Fatalf("not within %v: %s", patience, what)
		}
	}
}
