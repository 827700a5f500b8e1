package localbroker

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/mochi-mqtt/server/v2/listeners"
)

const (
	// connectTimeout is how long a client may take to send its CONNECT.
	connectTimeout = 10 * time.Second
	// writeTimeout is how long a client may read nothing while there is
	// something to send to it. Then it is cut off: publishers of QoS 1 wait for
	// it in mochi.
	writeTimeout = 10 * time.Second
	// writeChunk is what must get through in one writeTimeout.
	writeChunk = 64 << 10
	// acceptPause is the wait after a failed accept, for want of descriptors
	// for example.
	acceptPause = 100 * time.Millisecond
)

// acceptor hands the connections of a bound listener to mochi. A panic that the
// bytes of a client cause ends only that connection.
type acceptor struct {
	// Set at construction.
	listener net.Listener
	log      *slog.Logger
	broken   func(*conn) // is told of a connection that caused a panic
	ready    chan struct{}
	ended    chan struct{} // closed when no connection is accepted any more
	stopping chan struct{}

	// Safe for concurrent use; waited for only when ended is closed.
	connections sync.WaitGroup

	mu   sync.Mutex // guards what follows
	open map[*conn]struct{}
}

func newAcceptor(l net.Listener, log *slog.Logger, broken func(*conn)) *acceptor {
	return &acceptor{
		listener: l, log: log, broken: broken,
		ready: make(chan struct{}), ended: make(chan struct{}), stopping: make(chan struct{}),
		open: make(map[*conn]struct{}),
	}
}

// begin lets Serve accept connections.
func (a *acceptor) begin() { close(a.ready) }

// stop closes the port and all connections. Their goroutines end soon after.
func (a *acceptor) stop() {
	close(a.stopping)
	_ = a.listener.Close() // there is nothing to do about an error, and nothing lost
	<-a.ended
	a.mu.Lock()
	defer a.mu.Unlock()
	for c := range a.open {
		_ = c.Close()
	}
}

// Serve accepts connections until stop.
func (a *acceptor) Serve(establish listeners.EstablishFn) {
	defer close(a.ended)
	<-a.ready
	for {
		socket, err := a.listener.Accept()
		switch {
		case err == nil:
			a.connections.Go(func() { a.serve(establish, &conn{Conn: socket}) })
			continue
		case errors.Is(err, net.ErrClosed):
			return
		}
		a.log.Error("accept connection", "error", err)
		select {
		case <-a.stopping:
		case <-time.After(acceptPause):
		}
	}
}

// serve runs one connection.
func (a *acceptor) serve(establish listeners.EstablishFn, c *conn) {
	a.mu.Lock()
	a.open[c] = struct{}{}
	a.mu.Unlock()
	defer func() {
		if p := recover(); p != nil {
			a.log.Error("client broke its connection", "address", c.RemoteAddr().String(), "panic", fmt.Sprint(p))
			a.broken(c)
		}
		_ = c.Close()
		a.mu.Lock()
		delete(a.open, c)
		a.mu.Unlock()
	}()
	select {
	case <-a.stopping: // stop may have missed this one
		return
	default:
	}
	if err := c.SetReadDeadline(time.Now().Add(connectTimeout)); err != nil {
		return
	}
	if err := establish(a.ID(), c); err != nil {
		a.log.Debug("connection ended", "address", c.RemoteAddr().String(), "reason", err)
	}
}

// Init, ID, Address, Protocol and Close are what mochi asks of a listener.

// Init does nothing: the listener is bound.
func (a *acceptor) Init(*slog.Logger) error { return nil }

// ID names the listener.
func (a *acceptor) ID() string { return "tcp" }

// Address returns HOST:PORT.
func (a *acceptor) Address() string { return a.listener.Addr().String() }

// Protocol names the transport.
func (a *acceptor) Protocol() string { return "tcp" }

// Close does nothing: stop comes before.
func (a *acceptor) Close(listeners.CloseFn) {}

// conn is a connection that does not wait for ever for a client that does not
// read.
type conn struct {
	net.Conn
}

// SetDeadline sets the deadline for reading only. mochi uses it for the
// keep-alive, which says nothing about how long a write may take.
func (c *conn) SetDeadline(t time.Time) error { return c.SetReadDeadline(t) }

// Write writes b, or closes the connection when the client takes too long.
func (c *conn) Write(b []byte) (int, error) {
	written := 0
	for written < len(b) {
		err := c.SetWriteDeadline(time.Now().Add(writeTimeout))
		if err == nil {
			var n int
			n, err = c.Conn.Write(b[written:min(written+writeChunk, len(b))])
			written += n
		}
		if err != nil {
			_ = c.Close() // a packet is cut in two; nothing can follow
			return written, err
		}
	}
	return written, nil
}
