package localbroker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/thingdesk/thingdesk/localbroker/core"
	"github.com/thingdesk/thingdesk/localbroker/listen"
)

// acceptPause is the wait after a failed accept, for want of descriptors for
// example.
const acceptPause = 100 * time.Millisecond

// acceptor hands the connections of a listener to the core.
type acceptor struct {
	listener *listen.Listener
	door     *core.Door
}

// acceptors run until stop.
type acceptors struct {
	core     *core.Broker
	log      *slog.Logger
	all      []*acceptor
	stopping chan struct{}
	running  sync.WaitGroup // accept loops and connections
}

func (a *acceptors) add(l *listen.Listener, durable bool, g core.Guard) {
	a.all = append(a.all, &acceptor{l, &core.Door{Name: l.Protocol() + " " + l.Addr(), Durable: durable, Guard: g}})
}

// start begins to accept. Connections outlive ctx; the core ends them.
func (a *acceptors) start(ctx context.Context) {
	ctx = context.WithoutCancel(ctx)
	for _, one := range a.all {
		a.running.Go(func() { a.accept(ctx, one) })
	}
}

func (a *acceptors) accept(ctx context.Context, one *acceptor) {
	for {
		conn, err := one.listener.Accept()
		switch {
		case err == nil:
			a.running.Go(func() { a.serve(ctx, conn, one.door) })
			continue
		case errors.Is(err, net.ErrClosed):
			return
		}
		a.log.ErrorContext(ctx, "accept connection", "listener", one.door.Name, "error", err)
		select {
		case <-a.stopping:
		case <-time.After(acceptPause):
		}
	}
}

// serve runs one connection. A panic would be our mistake; it ends the
// connection and not the program.
func (a *acceptors) serve(ctx context.Context, conn net.Conn, door *core.Door) {
	a.core.Serve(ctx, conn, door)
}

// close closes the ports.
func (a *acceptors) close() error {
	close(a.stopping)
	var errs []error
	for _, one := range a.all {
		if err := one.listener.Close(); err != nil {
			errs = append(errs, fmt.Errorf("close listener %s: %w", one.door.Name, err))
		}
	}
	return errors.Join(errs...)
}
