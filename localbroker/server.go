package localbroker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/thingdesk/thingdesk/localbroker/core"
	"github.com/thingdesk/thingdesk/localbroker/durable"
	"github.com/thingdesk/thingdesk/localbroker/faults"
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
	web     *web // the data plane over HTTP; nil for none
	policy  *policy

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
	s := &Server{}
	var err error
	if s.shadows, err = loadShadows(ctx, c.Store, s.publish, c.Log); err != nil {
		return nil, err
	}
	watch := &observer{onEvent: c.OnEvent, onMessage: c.OnMessage, requests: s.shadows}
	s.policy = newPolicy(watch.tell, c.Judge)
	s.policy.aws.Store(c.AWSMode)
	watch.ended, s.shadows.refuse = s.policy.forget, s.policy.refuseShadow
	s.accept = &acceptors{log: c.Log, stopping: make(chan struct{})}
	if err := s.bind(ctx, set, c); err != nil {
		return nil, errors.Join(err, s.closePorts(ctx))
	}
	s.core, err = core.New(ctx, core.Config{
		Store: c.State, Limits: limits(set.Limits), Judge: s.policy.Judge, Policy: s.policy,
		NeverRetained: neverRetained, Busy: c.Busy, Observer: watch,
		HideDenials: set.HideDenials, SysInterval: set.Sys, Name: "thingdesk", Log: c.Log,
	})
	if err != nil {
		return nil, errors.Join(err, s.closePorts(ctx))
	}
	s.accept.core = s.core
	s.policy.core = s.core
	s.shadows.start(ctx)
	s.accept.start(ctx)
	s.web.start(ctx)
	return s, nil
}

// bind opens the listeners, one for HTTP where that is wanted, and one for the
// program itself, which neither rules nor the AWS mode are for.
func (s *Server) bind(ctx context.Context, set settings.Settings, c Config) error {
	for i := range set.Listeners {
		one := &set.Listeners[i]
		l, err := listen.Listen(ctx, one.Listen)
		if err != nil {
			return err
		}
		s.accept.add(l, one.Durable, &guard{*one})
	}
	if c.HTTP != "" {
		var err error
		if s.web, err = bindHTTP(ctx, c.HTTP, s, c.Log); err != nil {
			return err
		}
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

// HTTPAddr returns HOST:PORT of the data plane over HTTP; "" when it is off.
func (s *Server) HTTPAddr() string {
	if s.web == nil {
		return ""
	}
	return s.web.listener.Addr()
}

// Listeners names all listeners: "tcp 127.0.0.1:1883", "http 127.0.0.1:8080".
func (s *Server) Listeners() []string {
	var names []string
	for _, one := range s.accept.all {
		if one.listener.Addr() != s.inside.Addr {
			names = append(names, one.door.Name)
		}
	}
	if addr := s.HTTPAddr(); addr != "" {
		names = append(names, "http "+addr)
	}
	return names
}

// Moved tells that the first listener took another port than it was to take.
func (s *Server) Moved() bool { return s.accept.all[0].listener.Moved() }

// Inside returns how the program itself gets in, whatever the listeners ask of
// others.
func (s *Server) Inside() Login { return s.inside }

// SetAWSMode switches the AWS mode: the broker behaves as AWS IoT Core does
// where that differs from the standard, and tells each time. Out of it, it warns
// of what AWS IoT Core would refuse. Terms of connections hold for new ones.
func (s *Server) SetAWSMode(on bool) { s.policy.aws.Store(on) }

// AWSMode tells whether the AWS mode is on.
func (s *Server) AWSMode() bool { return s.policy.aws.Load() }

// Faults returns the trouble on purpose, to change and to show.
func (s *Server) Faults() *faults.Set { return s.policy.faults }

// Ban ends the connection of a client, if it has one, and keeps it out for so
// long, or until Unban when that is 0.
func (s *Server) Ban(client string, d time.Duration) {
	s.policy.ban(client, d)
	_ = s.core.Kick(client, "banned by the user of the broker") // it need not be there
}

// Unban lets a client in again.
func (s *Server) Unban(client string) { s.policy.unban(client) }

// Bans lists the clients that are kept out, and until when; the zero time is
// until Unban.
func (s *Server) Bans() map[string]time.Time { return s.policy.bans() }

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

// closePorts closes all ports, after requests over HTTP have been answered.
func (s *Server) closePorts(ctx context.Context) error {
	return errors.Join(s.accept.close(), s.web.stop(ctx))
}

// close ends connections first: after that nothing new comes in, and the queue
// of shadow requests can run empty. Its replies may still wait for sessions.
func (s *Server) close(ctx context.Context) error {
	errs := []error{s.closePorts(ctx)}
	s.core.HangUp(ctx)
	errs = append(errs, s.shadows.stop(ctx), s.core.Close(ctx))
	s.accept.running.Wait()
	return errors.Join(errs...)
}
