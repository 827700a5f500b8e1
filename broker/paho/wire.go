package paho

import (
	"bufio"
	"crypto/tls"
	"errors"
	"net"
	"os"
	"sync"
	"time"

	"github.com/thingdesk/thingdesk/broker"
)

const (
	readBuffer = 64 << 10
	writeChunk = 64 << 10 // bytes that must be taken within the write timeout
)

// errHungUp is the cause when this side closed the connection.
var errHungUp = errors.New("closed by this side")

// wire is the net.Conn under a client of the library. It
//   - refuses what breaks the rules of MQTT before the library stumbles over it,
//   - keeps the cause when the connection ends, typed, and reports the end by
//     Read only: once CONNACK has come, Write never fails but lets bytes vanish,
//   - calls shut before it reports the end,
//   - finds out when the broker stops answering pings or taking data. Progress
//     counts, not the size of messages.
type wire struct {
	raw    net.Conn
	timing timing
	shut   func()

	in   *bufio.Reader // used by the reading goroutine only, as is left
	left int           // bytes left of the packet being read

	wmu sync.Mutex // one packet at a time

	mu       sync.Mutex // guards:
	up       bool       // CONNACK 0 has come
	kept     bool       // and said session present
	pinged   bool       // a PINGREQ waits for its answer
	hurried  bool       // the write deadline is set for good
	closed   bool       // by the library
	vanished bool       // Write has let bytes vanish
	dead     error      // the first cause of the end
	asked    map[uint16]int
}

func newWire(raw net.Conn, t timing, shut func()) *wire {
	w := &wire{raw: raw, timing: t, shut: shut, asked: make(map[uint16]int)}
	w.in = bufio.NewReaderSize(source{w}, readBuffer)
	return w
}

// Read reads within one packet, after having looked at its head.
func (w *wire) Read(p []byte) (int, error) {
	if w.left == 0 {
		if err := w.nextPacket(); err != nil {
			return 0, w.fate(err)
		}
	}
	n, err := w.in.Read(p[:min(len(p), w.left)])
	w.left -= n
	if err != nil {
		return n, w.fate(err)
	}
	return n, nil
}

// fate is called when reading has ended by err and returns what to tell the
// library.
func (w *wire) fate(err error) error {
	w.mu.Lock()
	if !w.up {
		w.mu.Unlock()
		return err
	}
	if w.dead == nil {
		if errors.Is(err, net.ErrClosed) { // the library would keep silent about that
			err = errHungUp
		}
		w.dead = err
	}
	err = w.dead
	closed := w.closed
	w.mu.Unlock()
	w.kill() // whoever is writing stops
	w.shut()
	if closed {
		return net.ErrClosed
	}
	return &broker.LostError{Err: err}
}

// source reads from the network and keeps watch over pings.
type source struct{ w *wire }

func (s source) Read(p []byte) (int, error) {
	w := s.w
	for {
		began := time.Now()
		w.mu.Lock()
		if w.up && w.pinged {
			_ = w.raw.SetReadDeadline(began.Add(w.timing.ping))
		}
		up := w.up
		w.mu.Unlock()
		n, err := w.raw.Read(p)
		if n > 0 || !up || !errors.Is(err, os.ErrDeadlineExceeded) {
			return n, err
		}
		// The deadline counts only if all of it was spent waiting here.
		if time.Since(began) >= w.timing.ping {
			return 0, broker.ErrKeepAlive
		}
		w.mu.Lock()
		if !w.pinged {
			_ = w.raw.SetReadDeadline(time.Time{})
		}
		w.mu.Unlock()
	}
}

// Write writes one packet.
func (w *wire) Write(p []byte) (int, error) {
	w.wmu.Lock()
	defer w.wmu.Unlock()
	if !w.sends(p) {
		return len(p), nil
	}
	for rest := p; len(rest) > 0; {
		w.mu.Lock()
		up := w.up
		if up && !w.hurried {
			_ = w.raw.SetWriteDeadline(time.Now().Add(w.timing.write))
		}
		w.mu.Unlock()
		n, err := w.raw.Write(rest[:min(len(rest), writeChunk)])
		if err != nil {
			if !up {
				return len(p) - len(rest) + n, err
			}
			w.fail(err)
			return len(p), nil
		}
		rest = rest[n:]
	}
	return len(p), nil
}

// fail notes that writing has ended. Read wakes up and reports it.
func (w *wire) fail(err error) {
	w.mu.Lock()
	w.vanished = true
	if w.dead == nil {
		w.dead = err
	}
	w.mu.Unlock()
	w.kill()
}

// kill closes the connection at once, without a farewell by TLS, which may
// have to wait.
func (w *wire) kill() {
	if t, ok := w.raw.(*tls.Conn); ok {
		_ = t.NetConn().Close()
		return
	}
	_ = w.raw.Close()
}

// sends takes note of what the library is about to send and tells whether it
// is to be sent at all.
func (w *wire) sends(p []byte) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.dead != nil {
		w.vanished = true
		return false
	}
	switch {
	case len(p) == 0:
	case p[0] == pingreq:
		w.pinged = true
		_ = w.raw.SetReadDeadline(time.Now().Add(w.timing.ping))
	case p[0] == subscribe:
		if id, n, ok := countFilters(p); ok {
			w.asked[id] = n
		}
	}
	return true
}

// hurry gives writes under way a short time to end, for good.
func (w *wire) hurry() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hurried = true
	_ = w.raw.SetWriteDeadline(time.Now().Add(w.timing.close))
}

func (w *wire) session() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.kept
}

// lossy tells whether Write has let bytes vanish.
func (w *wire) lossy() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.vanished
}

// Close closes the connection for the library.
func (w *wire) Close() error {
	w.mu.Lock()
	w.closed = true
	w.mu.Unlock()
	return w.raw.Close()
}

// LocalAddr implements net.Conn.
func (w *wire) LocalAddr() net.Addr { return w.raw.LocalAddr() }

// RemoteAddr implements net.Conn.
func (w *wire) RemoteAddr() net.Addr { return w.raw.RemoteAddr() }

// SetDeadline bounds the handshake. Later deadlines are not the library's.
func (w *wire) SetDeadline(t time.Time) error {
	if w.lossy() {
		return nil
	}
	return w.raw.SetDeadline(t)
}

// SetReadDeadline does nothing: see source.
func (w *wire) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline does nothing: see Write.
func (w *wire) SetWriteDeadline(time.Time) error { return nil }

// asLost makes sure that the end of a connection is a *broker.LostError.
func asLost(err error) error {
	if lost, ok := errors.AsType[*broker.LostError](err); ok {
		return lost
	}
	return &broker.LostError{Err: err}
}
