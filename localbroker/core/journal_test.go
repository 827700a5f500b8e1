package core

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/thingdesk/thingdesk/localbroker/durable"
	"github.com/thingdesk/thingdesk/localbroker/packet"
)

// absent makes a session that subscribes at a QoS and goes away.
func (h *host) absent(t *testing.T, id, filter string, qos byte) {
	t.Helper()
	c := h.connect(t, id, keep)
	c.subscribe(t, qos, filter)
	c.leave(t, 0)
	eventually(t, id+" goes", func() bool { s, err := h.Session(id); return err == nil && !s.Connected })
}

func (s *memStore) deliveries(client string) (payloads []string) {
	for _, x := range s.state().Sessions {
		if x.Client == client {
			for _, d := range x.Deliveries {
				payloads = append(payloads, string(d.Message.Payload))
			}
		}
	}
	return payloads
}

// TestStoreFails: acknowledgements wait until what they stand for is stored.
func TestStoreFails(t *testing.T) {
	t.Parallel()
	store := &memStore{}
	h := start(t, Config{Store: store}, Door{Durable: true})
	h.absent(t, "s", "t", 2)
	pub := h.connect(t, "pub")
	full := errors.New("the disk is full")
	store.hook(func() error { return full })
	var raw []byte
	for i := range 5 {
		p := publishOf("t", strconv.Itoa(i), 1+byte(i%2), uint16(i+1))
		raw = p.Append(raw, pub.v)
	}
	pub.send(t, raw)
	pub.silent(t, 150*time.Millisecond)
	if st := h.Stats(); !errors.Is(st.StoreErr, full) || st.Waiting == 0 {
		t.Errorf("Stats: error %v, %d waiting", st.StoreErr, st.Waiting)
	}
	if got := store.deliveries("s"); got != nil {
		t.Errorf("stored: %q", got)
	}
	store.hook(nil)
	for i := range 5 {
		pub.acked(t, []packet.Type{packet.PUBACK, packet.PUBREC}[i%2], uint16(i+1))
	}
	if d := cmp.Diff([]string{"0", "1", "2", "3", "4"}, store.deliveries("s")); d != "" {
		t.Errorf("stored (-want +got):\n%s", d)
	}
	if st := h.Stats(); st.StoreErr != nil || st.Waiting != 0 {
		t.Errorf("Stats: error %v, %d waiting", st.StoreErr, st.Waiting)
	}
	store.verify(t)
}

// blocked has Commit wait until the function it returns is called.
func (s *memStore) block() (release func()) {
	gate := make(chan struct{})
	s.hook(func() error { <-gate; return nil })
	return sync.OnceFunc(func() { s.hook(nil); close(gate) })
}

// TestStoreBlocks: those who need nothing stored go on.
func TestStoreBlocks(t *testing.T) {
	t.Parallel()
	store := &memStore{}
	h := start(t, Config{Store: store}, Door{Durable: true})
	h.absent(t, "s", "kept", 1)
	sub, pub, waits := h.connect(t, "sub"), h.connect(t, "pub"), h.connect(t, "waits")
	sub.subscribe(t, 2, "t")
	all := h.connect(t, "all")
	all.subscribe(t, 2, "kept")
	release := store.block()
	defer release()
	waiting := publishOf("kept", "x", 1, 7)
	waits.send(t, waiting.Append(nil, waits.v))
	eventually(t, "there is something to store", func() bool { return h.Stats().Waiting > 0 })
	for i := range 30 {
		text := strconv.Itoa(i)
		pub.publish(t, publishOf("t", text, byte(i%3), uint16(i+1)))
		sub.want(t, text)
	}
	waits.silent(t, 20*time.Millisecond)
	all.silent(t, 20*time.Millisecond)
	release()
	waits.acked(t, packet.PUBACK, 7)
	all.want(t, "x")
}

// TestStoreFailsAtClose: Close gives up soon and tells.
func TestStoreFailsAtClose(t *testing.T) {
	t.Parallel()
	store := &memStore{}
	h, err := launch(t.Context(), Config{Store: store}, Door{Durable: true})
	if err != nil {
		t.Fatal(err)
	}
	h.absent(t, "s", "t", 1)
	full := errors.New("the disk is full")
	store.hook(func() error { return full })
	pub := h.connect(t, "pub")
	p := publishOf("t", "x", 1, 1)
	pub.send(t, p.Append(nil, pub.v))
	eventually(t, "storing fails", func() bool { return h.Stats().StoreErr != nil })
	begun := time.Now()
	err = h.close()
	if !errors.Is(err, full) {
		t.Errorf("Close: %v", err)
	}
	if took := time.Since(begun); took > time.Second {
		t.Errorf("Close took %v", took)
	}
	if err := h.Publish(durable.Message{Topic: "t"}); !errors.Is(err, ErrClosed) {
		t.Errorf("Publish: %v", err)
	}
}

// TestStoreRecoversAtClose: a fault that passes loses nothing.
func TestStoreRecoversAtClose(t *testing.T) {
	t.Parallel()
	store := &memStore{}
	h, err := launch(t.Context(), Config{Store: store}, Door{Durable: true})
	if err != nil {
		t.Fatal(err)
	}
	h.absent(t, "s", "t", 1)
	closing := func() bool {
		h.lock()
		defer h.unlock()
		return h.closed
	}
	more := 3
	store.hook(func() error {
		if closing() {
			more--
		}
		if more > 0 {
			return errors.New("the disk is busy")
		}
		return nil
	})
	if err := h.Publish(durable.Message{Topic: "t", QoS: 1}); err != nil {
		t.Fatal(err)
	}
	if err := h.close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	if got := store.deliveries("s"); len(got) != 1 {
		t.Errorf("stored: %q", got)
	}
}

// TestStoreBlocksAtClose: Close ends with its context.
func TestStoreBlocksAtClose(t *testing.T) {
	t.Parallel()
	store := &memStore{}
	h, err := launch(t.Context(), Config{Store: store}, Door{Durable: true})
	if err != nil {
		t.Fatal(err)
	}
	h.absent(t, "s", "t", 1)
	release := store.block()
	defer release()
	if err := h.Publish(durable.Message{Topic: "t", QoS: 1}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_ = h.l.Close()
	if err := h.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Close: %v", err)
	}
	release()
	<-h.journal.ended
	h.wg.Wait()
	if got := store.deliveries("s"); len(got) != 1 {
		t.Errorf("stored: %q", got)
	}
}

// TestGoneBeforeCommit: a client says goodbye while its acknowledgement waits,
// and the Broker closes before it is stored.
func TestGoneBeforeCommit(t *testing.T) {
	t.Parallel()
	store := &memStore{}
	h, err := launch(t.Context(), Config{Store: store}, Door{Durable: true})
	if err != nil {
		t.Fatal(err)
	}
	h.absent(t, "s", "t", 1)
	release := store.block()
	pub := h.connect(t, "pub")
	p := publishOf("t", "x", 1, 1)
	bye := packet.Farewell{Type: packet.DISCONNECT}
	pub.send(t, bye.Append(p.Append(nil, pub.v), pub.v))
	eventually(t, "the client goes", func() bool { return h.Stats().Clients == 0 })
	pub.cut()
	eventually(t, "its connection ends", func() bool {
		h.lock()
		defer h.unlock()
		return len(h.conns) == 0
	})
	closed := make(chan error)
	go func() { closed <- h.close() }()
	eventually(t, "the Broker closes", func() bool {
		h.lock()
		defer h.unlock()
		return h.closed
	})
	release()
	if err := <-closed; err != nil {
		t.Errorf("Close: %v", err)
	}
	h.wantEmpty(t)
	if got := store.deliveries("s"); len(got) != 1 {
		t.Errorf("stored: %q", got)
	}
}

// TestGroupCommit: many who wait at the same time are stored together.
func TestGroupCommit(t *testing.T) {
	t.Parallel()
	store := &memStore{}
	store.hook(func() error { time.Sleep(2 * time.Millisecond); return nil })
	h := start(t, Config{Store: store}, Door{Durable: true})
	h.absent(t, "s", "t", 1)
	const clients, each = 20, 25
	var wg sync.WaitGroup
	for i := range clients {
		c := h.connect(t, fmt.Sprint("pub", i))
		wg.Go(func() {
			for n := range each {
				c.publish(t, publishOf("t", "x", 1, uint16(n+1)))
			}
		})
	}
	wg.Wait()
	store.mu.Lock()
	commits := store.commits
	store.mu.Unlock()
	if commits > clients*each/4 {
		t.Errorf("%d commits for %d messages", commits, clients*each)
	}
	if got := store.deliveries("s"); len(got) != clients*each {
		t.Errorf("%d messages are stored, want %d", len(got), clients*each)
	}
}

// TestDoorNotDurable: without Durable nobody waits for the store.
func TestDoorNotDurable(t *testing.T) {
	t.Parallel()
	store := &memStore{}
	h := start(t, Config{Store: store}, Door{})
	h.absent(t, "s", "t", 2)
	release := store.block()
	defer release()
	pub, sub := h.connect(t, "pub", keep), h.connect(t, "sub", keep)
	sub.subscribe(t, 2, "t")
	pub.publish(t, publishOf("t", "1", 1, 1))
	pub.publish(t, publishOf("t", "2", 2, 2))
	sub.want(t, "1")
	sub.want(t, "2")
	release()
	eventually(t, "it is stored", func() bool { return h.Stats().Waiting == 0 })
	if d := cmp.Diff([]string{"1", "2"}, store.deliveries("s")); d != "" {
		t.Errorf("stored (-want +got):\n%s", d)
	}
	store.verify(t)
}
