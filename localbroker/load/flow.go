package load

import "sync"

// gate is a closed loop: it bounds the deliveries that are under way.
type gate struct {
	quantum int // least number that is handed out at once

	mu     sync.Mutex
	cond   sync.Cond
	free   int
	passed uint64 // deliveries released so far
	ended  bool
}

func newGate(window int) *gate {
	g := &gate{quantum: max(1, window/16), free: window}
	g.cond.L = &g.mu
	return g
}

// take waits and returns how many messages may be sent, most at most, each of
// which makes fan deliveries; 0 when the gate has ended.
func (g *gate) take(most, fan int) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	need := max(fan, min(g.quantum, most*fan))
	for g.free < need && !g.ended {
		g.cond.Wait()
	}
	if g.ended {
		return 0
	}
	n := min(most, g.free/fan)
	if g.free -= n * fan; g.free >= g.quantum {
		g.cond.Signal()
	}
	return n
}

// release gives deliveries back.
func (g *gate) release(n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.passed += uint64(n)
	if g.free += n; g.free >= g.quantum {
		g.cond.Signal()
	}
}

// writeOff gives up what is under way, because nothing has come for long.
func (g *gate) writeOff(window int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.free = max(g.free, window)
	g.cond.Broadcast()
}

// done is how many deliveries were released so far.
func (g *gate) done() uint64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.passed
}

// end lets nothing pass any more.
func (g *gate) end() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.ended = true
	g.cond.Broadcast()
}

// ids are the packet identifiers of a publisher: 1 up to its window. They are
// used in turn, so that a broker which mixes them up shows it.
type ids struct {
	mu    sync.Mutex
	cond  sync.Cond
	free  []uint16 // ring
	first int
	count int
	open  []bool // by identifier
	wrong uint64 // acknowledgements of what is not open
	ended bool
}

func newIDs(window int) *ids {
	s := &ids{free: make([]uint16, window), count: window, open: make([]bool, window+1)}
	s.cond.L = &s.mu
	for i := range s.free {
		s.free[i] = uint16(i + 1)
	}
	return s
}

// take waits and fills into with free identifiers, as many as there are; none
// when ids has ended.
func (s *ids) take(into []uint16) []uint16 {
	s.mu.Lock()
	defer s.mu.Unlock()
	need := min(len(into), max(1, len(s.free)/8))
	for s.count < need && !s.ended {
		s.cond.Wait()
	}
	if s.ended {
		return nil
	}
	into = into[:min(len(into), s.count)]
	for i := range into {
		id := s.free[s.first]
		into[i], s.open[id] = id, true
		s.first = (s.first + 1) % len(s.free)
	}
	s.count -= len(into)
	return into
}

// release gives identifiers back that were acknowledged.
func (s *ids) release(acked []uint16) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range acked {
		if int(id) >= len(s.open) || !s.open[id] {
			s.wrong++
			continue
		}
		s.open[id] = false
		s.free[(s.first+s.count)%len(s.free)] = id
		s.count++
	}
	s.cond.Signal()
}

// unacknowledged is how many identifiers are in use.
func (s *ids) unacknowledged() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.free) - s.count
}

// end makes take return at once.
func (s *ids) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	s.cond.Broadcast()
}
