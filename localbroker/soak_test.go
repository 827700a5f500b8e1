package localbroker_test

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/thingdesk/thingdesk/localbroker"
	"github.com/thingdesk/thingdesk/localbroker/load"
	"github.com/thingdesk/thingdesk/storage"
)

// soak is a broker, clients that must miss nothing, and clients of every bad
// kind beside them.
type soak struct {
	t      *testing.T
	server *localbroker.Server
	addr   string

	healthy   []*load.Sender   // the number of a Sender is its index; the first has QoS 0
	receivers []*load.Receiver // from leavers on they leave now and then
	group     []*load.Receiver // of one shared subscription
	wills     *load.Receiver

	running             sync.WaitGroup
	willsDue, willsMade atomic.Uint64
	connects, malformed atomic.Uint64
	stalls, takeovers   atomic.Uint64
}

// leavers is the index of the first receiver that leaves.
const leavers = 3

// Publisher numbers that are not those of a Sender.
const (
	willNumber   = 1000 // Wills that must come
	noWillNumber = 2000 // Wills that must not
)

// TestSoak runs for THINGDESK_SOAK, 3 s without it. Under -race it takes a
// machine of two cores for itself.
func TestSoak(t *testing.T) {
	duration := 3 * time.Second
	if s := os.Getenv("THINGDESK_SOAK"); s != "" {
		var err error
		if duration, err = time.ParseDuration(s); err != nil {
			t.Fatal(err)
		}
	}
	before := goleak.IgnoreCurrent()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	state, err := storage.OpenBroker(ctx, t.TempDir(), storage.Process)
	if err != nil {
		t.Fatal(err)
	}
	server, err := localbroker.Start(ctx, localbroker.Config{Listen: "127.0.0.1:0", State: state})
	if err != nil {
		t.Fatal(err)
	}
	s := &soak{t: t, server: server, addr: server.Addr()}
	s.begin(ctx)
	bad, stopBad := context.WithCancel(ctx)
	defer stopBad()
	s.disturb(bad)

	third := s.watch(duration / 3)
	end := s.watch(duration - duration/3)
	if most := third + third/4 + 16<<20; end > most {
		t.Errorf("heap grew: %d kB after a third of the time, %d kB at the end", third>>10, end>>10)
	}
	for _, sender := range s.healthy {
		sender.Finish()
	}
	s.drain()
	stopBad()
	s.drainWills()
	s.check()
	cancel()
	s.running.Wait()

	began := time.Now()
	closing := context.WithoutCancel(ctx)
	if err := server.Close(closing); err != nil {
		t.Errorf("Close: %v", err)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("Close took %v", took)
	}
	if err := state.Close(); err != nil {
		t.Error(err)
	}
	goleak.VerifyNone(t, before)
}

// begin starts the clients that must miss nothing.
func (s *soak) begin(ctx context.Context) {
	receive := func(id string, qos byte, h load.Hello, away time.Duration, filters ...string) *load.Receiver {
		h.ID = id
		r := load.NewReceiver(load.ReceiverConfig{
			Addr: s.addr, Hello: h, QoS: qos, Filters: filters, Shared: strings.HasPrefix(filters[0], "$share/"), Stay: 3 * away, Away: away,
		})
		s.running.Go(func() { r.Run(ctx) })
		return r
	}
	five := load.Hello{Version: 5, Expiry: 3600, ReceiveMaximum: 30}
	clean := load.Hello{Clean: true}
	s.receivers = []*load.Receiver{
		receive("healthy at QoS 1", 1, clean, 0, "soak/h/#"),
		receive("healthy at QoS 2", 2, load.Hello{}, 0, "soak/+/+", "nothing/#"),
		receive("healthy, version 5", 2, five, 0, "soak/h/+"),
		receive("leaves", 2, load.Hello{}, 200*time.Millisecond, "soak/h/#"),
		receive("leaves, version 5", 1, five, 200*time.Millisecond, "+/h/#"),
	}
	for i := range 2 {
		s.group = append(s.group, receive(fmt.Sprint("member ", i), 1, clean, 0, "$share/g/soak/h/+"))
	}
	s.wills = receive("heir", 1, load.Hello{}, 0, "soak-wills/#")
	s.until("subscriptions", func() bool {
		ready := s.wills.Subscribed()
		for _, r := range append(s.receivers, s.group...) {
			ready = ready && r.Subscribed()
		}
		return ready
	})
	for i, qos := range []byte{0, 1, 2, 1, 2} {
		c := load.SenderConfig{
			Addr: s.addr, Hello: load.Hello{ID: fmt.Sprint("sender ", i)}, Number: uint32(i), QoS: qos, Rate: 200,
			Topics: []string{fmt.Sprint("soak/h/", i)}, Hold: s.behind,
		}
		if i >= 3 {
			c.Hello.Version, c.Hello.Expiry = 5, 3600
		}
		if i == 4 {
			c.Retain = true
		}
		s.healthy = append(s.healthy, load.NewSender(c))
	}
	for _, sender := range s.healthy { // not before all are there: behind looks at them
		s.running.Go(func() { sender.Run(ctx) })
	}
}

// behind tells whether a receiver is so far behind that senders should wait.
func (s *soak) behind() bool {
	for i, h := range s.healthy {
		sent := h.Stats().Sent
		for _, r := range s.entitled(i) {
			if r.Received(uint32(i))+500 < sent {
				return true
			}
		}
	}
	return false
}

// entitled are the receivers that have to get all messages of a Sender: at
// QoS 0 nothing is kept for who is not there.
func (s *soak) entitled(sender int) []*load.Receiver {
	if sender == 0 {
		return s.receivers[:leavers]
	}
	return s.receivers
}

// watch logs every ten seconds what happens, for d, and returns the heap then:
// the least of some samples, since the queues of who stalls come and go.
func (s *soak) watch(d time.Duration) (heap uint64) {
	s.t.Helper()
	end := time.After(d)
	tick := time.NewTicker(10 * time.Second)
	defer tick.Stop()
	for done := false; !done; {
		select {
		case <-end:
			done = true
		case <-tick.C:
			s.log(s.heap())
		}
	}
	heap = s.heap()
	for end := time.Now().Add(min(d/10, 5*time.Second)); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		heap = min(heap, s.heap())
	}
	s.log(heap)
	return heap
}

func (s *soak) heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func (s *soak) log(heap uint64) {
	s.t.Helper()
	var sent uint64
	for _, h := range s.healthy {
		sent += h.Stats().Sent
	}
	s.t.Logf("heap %d kB, %d goroutines; %d sent, %d connects, %d takeovers, %d malformed, %d stalls, %d Wills; %+v", heap>>10, runtime.NumGoroutine(),
		sent, s.connects.Load(), s.takeovers.Load(), s.malformed.Load(), s.stalls.Load(), s.willsDue.Load(), s.server.Stats())
}

// until waits for what must come; drain and check say later what did not.
func (s *soak) until(what string, ok func() bool) {
	s.t.Helper()
	for deadline := time.Now().Add(3 * patience); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.t.Errorf("waited in vain for %s", what)
			return
		}
	}
}

func (s *soak) drain() {
	s.t.Helper()
	s.until("the rest of the messages", func() bool {
		for i, h := range s.healthy {
			if h.Stats().Open > 0 || s.missing(i) > 0 {
				return false
			}
		}
		return true
	})
}

// missing is how many deliveries of a Sender's messages have not come.
func (s *soak) missing(sender int) (n uint64) {
	sent := s.healthy[sender].Stats().Sent
	for _, r := range s.entitled(sender) {
		n += r.Lost(uint32(sender), sent)
	}
	return n + sent - min(sent, s.group[0].Received(uint32(sender))+s.group[1].Received(uint32(sender)))
}

func (s *soak) drainWills() {
	s.t.Helper()
	s.until("Wills", func() bool { return s.wills.Received(willNumber) >= s.willsDue.Load() })
}

// check compares what healthy clients sent with what they received.
func (s *soak) check() {
	s.t.Helper()
	for i, h := range s.healthy {
		st := h.Stats()
		if st.Sent == 0 || st.Open > 0 || st.WrongAcks > 0 || st.Connections != 1 || st.Refused > 0 {
			s.t.Errorf("sender %d: %+v", i, st)
		}
		if n := s.missing(i); n > 0 {
			s.t.Errorf("sender %d: %d deliveries are missing", i, n)
		}
		if got := s.group[0].Received(uint32(i)) + s.group[1].Received(uint32(i)); got != st.Sent {
			s.t.Errorf("sender %d: the shared subscription received %d of %d", i, got, st.Sent)
		}
	}
	for i, r := range append(s.receivers, s.group...) {
		st := r.Stats()
		stays := i < leavers || i >= len(s.receivers)
		if st.OutOfOrder+st.Twice+st.Overrun+st.Strange > 0 || st.SessionsLost > 0 || stays && (st.Connections != 1 || st.Repeated > 0) {
			s.t.Errorf("receiver %d: %+v", i, st)
		}
	}
	if s.wills.Received(noWillNumber) > 0 || s.wills.Lost(willNumber, s.willsDue.Load()) > 0 || s.willsDue.Load() == 0 {
		s.t.Errorf("%d Wills due, %+v", s.willsDue.Load(), s.wills.Stats())
	}
}
