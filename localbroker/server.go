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
	"github.com/thingdesk/thingdesk/localbroker/durable"
	"github.com/thingdesk/thingdesk/localbroker/listen"
	"github.com/thingdesk/thingdesk/localbroker/packet"
	"github.com/thingdesk/thingdesk/localbroker/settings"
)

// Server is a running broker.
type Server struct {
	core    *core.Broker
	accept  *acceptors
	shadows *shadows
	inside  Login

	closing sync.Once
	closed  error // what Close returned
}

// Start runs the broker. When it returns without an error all ports accept
// connections. ctx bounds only the starting. A port in use, when AnyPort does
// not help, gives an error that wraps syscall.EADDRINUSE.
func Start(ctx context.Context, c Config) (*Server, error) {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	set := settings.Default()
	if c.Settings != nil {
		set = *c.Settings
	}
	set.Listeners = append([]settings.Listener(nil), set.Listeners...)
	if c.Listen != "" {
		set.Listeners[0].Listen.Address, set.Listeners[0].Listen.AnyPort = c.Listen, c.AnyPort
	}
	service, err := loadService(ctx, c.Store)
	if err != nil {
		return nil, err
	}
	s := &Server{}
	s.shadows = newShadows(service, c.Store, s.publish, c.Log)
	s.accept = &acceptors{log: c.Log, stopping: make(chan struct{})}
	if err := s.bind(ctx, set); err != nil {
		return nil, errors.Join(err, s.accept.close())
	}
	s.core, err = core.New(ctx, core.Config{
		Store: c.State, Limits: limits(set.Limits), Judge: c.Judge, NeverRetained: neverRetained, Busy: c.Busy,
		Observer:    &observer{onEvent: c.OnEvent, onMessage: c.OnMessage, requests: s.shadows},
		HideDenials: set.HideDenials, SysInterval: set.Sys, Name: "thingdesk", Log: c.Log,
	})
	if err != nil {
		return nil, errors.Join(err, s.accept.close())
	}
	s.accept.core = s.core
	s.shadows.start(ctx)
	s.accept.start(ctx)
	return s, nil
}

// bind opens the listeners, and one for the program itself where the first one
// is not plain and open.
func (s *Server) bind(ctx context.Context, set settings.Settings) error {
	for i := range set.Listeners {
		one := &set.Listeners[i]
		l, err := listen.Listen(ctx, one.Listen)
		if err != nil {
			return err
		}
		s.accept.add(l, one.Durable, &guard{*one})
	}
	first := &set.Listeners[0]
	if l := s.accept.all[0].listener; l.Protocol() == "tcp" && first.Anonymous && first.Rules.Len() == 0 {
		s.inside = Login{Addr: reachable(l.Addr())}
		return nil
	}
	l, err := listen.Listen(ctx, listen.Config{Address: "127.0.0.1:0"})
	if err != nil {
		return fmt.Errorf("open the program's own way into its broker: %w", err)
	}
	g := newInside()
	s.accept.add(l, false, g)
	s.inside = Login{Addr: l.Addr(), User: insideUser, Password: g.password}
	return nil
}

// reachable returns an address to connect to for one that is listened on.
func reachable(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return addr
	}
	switch ip := net.ParseIP(host); {
	case ip == nil || !ip.IsUnspecified():
		return addr
	case ip.To4() != nil:
		host = "127.0.0.1"
	default:
		host = "::1"
	}
	return net.JoinHostPort(host, port)
}

func limits(l settings.Limits) core.Limits {
	return core.Limits{
		Clients: l.Clients, PacketBytes: l.PacketBytes, Subscriptions: l.SubscriptionsPerClient, Inflight: l.Inflight,
		QueuedMessages: l.QueuedMessages, QueuedBytes: l.QueuedBytes, QueuedTotal: l.QueuedBytesTotal,
		Retained: l.RetainedMessages, RetainedBytes: l.RetainedBytes, ConnectTime: l.ConnectTimeout,
		MaxKeepAlive: uint16(l.MaxKeepAlive / time.Second), SessionExpiry: uint32(l.SessionExpiry / time.Second),
	}
}

// publish sends a message of the shadow service at QoS 1, not retained.
func (s *Server) publish(topic string, payload []byte) error {
	return s.core.Publish(durable.Message{Topic: topic, Payload: payload, QoS: 1})
}

// Addr returns HOST:PORT that the first listener is bound to.
func (s *Server) Addr() string { return s.accept.all[0].listener.Addr() }

// Listeners names all listeners: "tcp 127.0.0.1:1883".
func (s *Server) Listeners() []string {
	var names []string
	for _, one := range s.accept.all {
		if s.inside.User == "" || one.listener.Addr() != s.inside.Addr {
			names = append(names, one.door.Name)
		}
	}
	return names
}

// Moved tells that the first listener took another port than it was to take.
func (s *Server) Moved() bool { return s.accept.all[0].listener.Moved() }

// Inside returns how the program itself gets in, whatever the listeners ask of
// others.
func (s *Server) Inside() Login { return s.inside }

// Core returns the broker itself, for what this package does not offer.
func (s *Server) Core() *core.Broker { return s.core }

// Stats returns the counters.
func (s *Server) Stats() Stats {
	st := s.core.Stats()
	return Stats{
		Clients: st.Clients, In: st.In, Out: st.Out, BytesIn: st.BytesIn, BytesOut: st.BytesOut,
		Dropped: st.Dropped, Retained: st.Retained, Sessions: st.Sessions, QueuedBytes: st.Queued,
		ShadowsDropped: s.shadows.dropped.Load(), StoreErr: s.shadows.storeErr(), StateErr: st.StoreErr,
	}
}

// Clients lists the connected clients, sorted by ID.
func (s *Server) Clients() []Client {
	all := s.core.Clients()
	clients := make([]Client, len(all))
	for i, c := range all {
		clients[i] = Client{ID: c.ID, Address: c.Address, Protocol: protocol(c.Version), User: c.User, Since: c.Since}
	}
	return clients
}

// protocol names the version of MQTT.
func protocol(v packet.Version) string {
	switch v {
	case packet.V31:
		return "3.1"
	case packet.V5:
		return "5"
	case packet.V311:
	}
	return "3.1.1"
}

// Close disconnects everybody and returns when all that was accepted is
// stored. It takes at most a second or so, or until ctx ends, with whose error
// it returns when not all could be stored in time. Further calls return what
// the first did.
func (s *Server) Close(ctx context.Context) error {
	s.closing.Do(func() {
		if err := s.close(ctx); err != nil {
			s.closed = fmt.Errorf("close broker on %q: %w", s.Addr(), err)
		}
	})
	return s.closed
}

// close ends connections first: after that nothing new comes in, and the queue
// of shadow requests can run empty. Its replies may still wait for sessions.
func (s *Server) close(ctx context.Context) error {
	errs := []error{s.accept.close()}
	s.core.HangUp(ctx)
	errs = append(errs, s.shadows.stop(ctx), s.core.Close(ctx))
	s.accept.running.Wait()
	return errors.Join(errs...)
}
