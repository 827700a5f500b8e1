package localbroker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/thingdesk/thingdesk/localbroker/core"
	"github.com/thingdesk/thingdesk/localbroker/dataplane"
	"github.com/thingdesk/thingdesk/localbroker/durable"
	"github.com/thingdesk/thingdesk/localbroker/listen"
	"github.com/thingdesk/thingdesk/things/shadow"
)

// Bounds of the data plane over HTTP.
const (
	httpConnections = 1024 // open at once; more wait in the kernel
	httpHeaderBytes = 32 << 10
	httpHeaderTime  = 10 * time.Second // for the header of a request
	httpRequestTime = 30 * time.Second // for a whole request, and for its answer
	httpIdleTime    = time.Minute      // between requests of a connection
	httpCloseGrace  = 500 * time.Millisecond
)

// web serves the data plane. nil serves nothing.
type web struct {
	// Set at construction.
	listener *listen.Listener
	server   *http.Server
	log      *slog.Logger

	slots   chan struct{}  // one taken for each connection
	open    sync.WaitGroup // connections
	serving sync.WaitGroup
	cancel  context.CancelFunc // of start; nil before
}

// bindHTTP opens the port. Connections wait until start.
func bindHTTP(ctx context.Context, address string, b dataplane.Broker, log *slog.Logger) (*web, error) {
	l, err := listen.Listen(ctx, listen.Config{Address: address})
	if err != nil {
		return nil, fmt.Errorf("open data plane over HTTP: %w", err)
	}
	w := &web{listener: l, log: log, slots: make(chan struct{}, httpConnections)}
	w.server = &http.Server{
		Handler: dataplane.New(b, ownNames(address), log), MaxHeaderBytes: httpHeaderBytes, ReadHeaderTimeout: httpHeaderTime,
		ReadTimeout: httpRequestTime, WriteTimeout: 2 * httpRequestTime, IdleTimeout: httpIdleTime,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug), // clients' faults, mostly
		ConnState: func(_ net.Conn, state http.ConnState) {
			if state == http.StateClosed { // comes once, after the last request
				<-w.slots
				w.open.Done()
			}
		},
	}
	return w, nil
}

// ownNames are the names that this computer goes by: that of the address, and
// its own, short, whole and as mDNS has it.
func ownNames(address string) []string {
	var names []string
	if host, _, err := net.SplitHostPort(address); err == nil {
		names = append(names, host)
	}
	if name, err := os.Hostname(); err == nil {
		short, _, _ := strings.Cut(name, ".")
		names = append(names, name, short, short+".local")
	}
	return names
}

// start begins to answer; stop ends it, ctx does not.
func (w *web) start(ctx context.Context) {
	if w == nil {
		return
	}
	ctx, w.cancel = context.WithCancel(context.WithoutCancel(ctx))
	if host, _, err := net.SplitHostPort(w.listener.Addr()); err == nil && !net.ParseIP(host).IsLoopback() {
		w.log.WarnContext(ctx, "the data plane over HTTP is open to the network and asks nobody for a password", "address", w.listener.Addr())
	}
	w.server.BaseContext = func(net.Listener) context.Context { return ctx }
	w.serving.Go(func() {
		if err := w.server.Serve(&gate{w.listener, w, ctx.Done()}); !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
			w.log.ErrorContext(ctx, "serve data plane over HTTP", "error", err)
		}
	})
}

// stop closes the port and returns when all requests have been answered. Those
// that take long are broken off.
func (w *web) stop(ctx context.Context) error {
	if w == nil {
		return nil
	}
	err := w.listener.Close()
	if w.cancel == nil {
		return err
	}
	grace, done := context.WithTimeout(ctx, httpCloseGrace)
	defer done()
	_ = w.server.Shutdown(grace) // what is left is closed
	w.cancel()
	w.serving.Wait()
	_ = w.server.Close() // of what it closes, nothing can be lost
	w.open.Wait()
	return err
}

// gate lets a connection in when there is a slot for it.
type gate struct {
	*listen.Listener
	web     *web
	closing <-chan struct{}
}

// Accept waits for a slot and a connection.
func (g *gate) Accept() (net.Conn, error) {
	select {
	case g.web.slots <- struct{}{}:
	case <-g.closing:
		return nil, net.ErrClosed
	}
	c, err := g.Listener.Accept()
	if err != nil {
		<-g.web.slots
		return nil, err
	}
	g.web.open.Add(1)
	return c, nil
}

// Addr returns the address for package http.
func (g *gate) Addr() net.Addr { return address(g.Listener.Addr()) }

// address is HOST:PORT of TCP.
type address string

// Network returns "tcp".
func (address) Network() string { return "tcp" }

// String returns HOST:PORT.
func (a address) String() string { return string(a) }

// AskShadow makes a request of the shadow service; see dataplane.Broker.
func (s *Server) AskShadow(ctx context.Context, k shadow.Key, op dataplane.Op, payload []byte) (int, []byte, error) {
	var status int
	var body []byte
	err := s.shadows.ask(ctx, request{topic: k.Topic(string(op)), payload: payload}, func(replies []shadow.Reply) {
		status, body = shadow.Verdict(replies)
	})
	if err != nil { // status and body may be set yet
		return 0, nil, fmt.Errorf("%s shadow %q: %w", op, k.Prefix(), err)
	}
	return status, body, nil
}

// ListShadows lists the named shadows of a Thing; see dataplane.Broker.
func (s *Server) ListShadows(ctx context.Context, thing, nextToken string, pageSize int) ([]byte, error) {
	var page []byte
	var refused error
	err := s.shadows.ask(ctx, request{}, func([]shadow.Reply) {
		page, refused = s.shadows.service.List(thing, nextToken, pageSize, time.Now())
	})
	if err != nil {
		return nil, fmt.Errorf("list shadows of %q: %w", thing, err)
	}
	return page, refused
}

// ask queues a request and waits for done, which is called in the goroutine of
// the service, after an error perhaps later.
func (s *shadows) ask(ctx context.Context, r request, done func([]shadow.Reply)) error {
	finished := make(chan struct{})
	r.done = func(replies []shadow.Reply) {
		done(replies)
		close(finished)
	}
	if !s.enqueue(r) {
		return dataplane.ErrBusy
	}
	select {
	case <-finished:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-s.ended:
	}
	select {
	case <-finished: // one of the last
		return nil
	default:
		return dataplane.ErrClosed
	}
}

// isChange tells whether replies are to a request that changed a shadow.
func isChange(replies []shadow.Reply) bool {
	if len(replies) == 0 {
		return false
	}
	last := replies[len(replies)-1].Topic
	return strings.HasSuffix(last, "/update/accepted") || strings.HasSuffix(last, "/delete/accepted")
}

// Retained lists retained messages; see dataplane.Broker.
func (s *Server) Retained(filter, after string, limit int) (ms []*durable.Message, more bool) {
	return s.core.Retained(filter, after, limit)
}

// RetainedMessage returns the retained message of a topic, or nil.
func (s *Server) RetainedMessage(topic string) *durable.Message { return s.core.RetainedMessage(topic) }

// Publish publishes a message as a client would, with neither user nor rules;
// see dataplane.Broker.
func (s *Server) Publish(m durable.Message) error {
	if neverRetained(m.Topic) {
		m.Retain = false
	}
	if err := s.core.Publish(m); err != nil {
		if errors.Is(err, core.ErrClosed) {
			return dataplane.ErrClosed
		}
		return err
	}
	s.shadows.submit("", m.Topic, m.Payload) // the observer leaves alone what no client sent
	return nil
}
