package localbroker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"

	"github.com/thingdesk/thingdesk/broker"
)

// What the broker allows.
const (
	maxPayload = 16 << 20 // bytes of a message
	maxClients = 1000
	// maxPending is how many messages may wait for one client's socket before
	// further ones are dropped and counted.
	maxPending = 131072
	// maxInflight is how many QoS 1 and 2 messages one session may have open;
	// MQTT has no more packet identifiers.
	maxInflight = 65535
	// receiveMax is how many QoS 1 and 2 publishes a client may have open.
	receiveMax = 1024
	// closeWait is how long Close waits for connections to end.
	closeWait = time.Second
)

// Server is a running broker.
type Server struct {
	log      *slog.Logger
	moved    bool
	accept   *acceptor
	mqtt     *mochi.Server
	sessions *sessions
	shadows  *shadows

	closing sync.Once
	closed  error // what Close returned
}

// Start runs the broker. When it returns without an error the port accepts
// connections. ctx bounds only the starting. A port in use, when AnyPort does
// not help, gives an error that wraps syscall.EADDRINUSE.
func Start(ctx context.Context, c Config) (*Server, error) {
	log := c.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	service, err := loadService(ctx, c.Store)
	if err != nil {
		return nil, err
	}
	listener, moved, err := bind(ctx, cmp.Or(c.Listen, DefaultListen), c.AnyPort)
	if err != nil {
		return nil, err
	}

	s := &Server{log: log, moved: moved, mqtt: newMQTT(), sessions: newSessions(c.OnEvent)}
	s.shadows = newShadows(service, c.Store, s.publish, log)
	s.accept = newAcceptor(listener, log, s.broken)
	hook := &hook{sessions: s.sessions, requests: s.shadows, onMessage: c.OnMessage}
	if hook.onMessage == nil {
		hook.onMessage = func(string, broker.Message) {}
	}
	err = errors.Join(s.mqtt.AddHook(hook, nil), s.mqtt.AddListener(s.accept))
	if err == nil {
		err = s.mqtt.Serve()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start broker on %q: %w", listener.Addr(), err), listener.Close())
	}
	s.dropSysTopics()
	s.shadows.start(ctx)
	s.accept.begin()
	return s, nil
}

// newMQTT returns mochi with the settings that make it fit for us.
func newMQTT() *mochi.Server {
	limits := mochi.NewDefaultServerCapabilities()
	limits.MaximumClients = maxClients
	limits.MaximumClientWritesPending = maxPending
	limits.MaximumInflight = maxInflight
	limits.ReceiveMaximum = receiveMax
	limits.MaximumPacketSize = maxPayload + 1<<17 // room for topic and properties
	limits.MaximumMessageExpiryInterval = 0       // or retained messages vanish after a day
	return mochi.New(&mochi.Options{
		Capabilities: limits,
		InlineClient: true, // for the replies of the shadow service
		// Its log has whole packets, payloads too.
		Logger: slog.New(slog.DiscardHandler),
		// $SYS cannot be switched off; ten years from now is as good.
		SysTopicResendInterval: 10 * 365 * 24 * 3600,
	})
}

// dropSysTopics removes the retained $SYS messages that mochi makes once when
// it starts, before any client can see them: they would never be renewed.
func (s *Server) dropSysTopics() {
	for name, packet := range s.mqtt.Topics.Retained.GetAll() {
		if strings.HasPrefix(name, mochi.SysPrefix) {
			packet.Payload = nil
			s.mqtt.Topics.RetainMessage(packet)
		}
	}
}

// publish sends a message of the broker itself at QoS 1, not retained.
func (s *Server) publish(topic string, payload []byte) error {
	return s.mqtt.Publish(topic, payload, false, 1)
}

// broken cleans up after a connection whose bytes made mochi panic, what mochi
// does itself after every other end.
func (s *Server) broken(cl *conn) {
	client := s.sessions.byConn(cl)
	if client == nil {
		return
	}
	client.Stop(packets.ErrMalformedPacket)
	p := client.Properties
	if p.ProtocolVersion < 5 && p.Clean || p.ProtocolVersion == 5 && p.Props.SessionExpiryInterval == 0 {
		client.ClearInflights()
		s.mqtt.UnsubscribeClient(client)
		s.mqtt.Clients.Delete(client.ID)
	}
	s.sessions.disconnected(client)
}

// Addr returns HOST:PORT the broker listens on.
func (s *Server) Addr() string { return s.accept.Address() }

// Moved tells that Config.Listen was in use and another port was taken.
func (s *Server) Moved() bool { return s.moved }

// Stats returns the counters.
func (s *Server) Stats() Stats {
	info := s.mqtt.Info
	in := atomic.LoadInt64(&info.MessagesReceived) - s.shadows.published.Load() // ours count as received
	return Stats{
		Clients:        s.sessions.count(),
		In:             uint64(max(0, in)),
		Out:            uint64(atomic.LoadInt64(&info.MessagesSent)),
		BytesIn:        uint64(atomic.LoadInt64(&info.BytesReceived)),
		BytesOut:       uint64(atomic.LoadInt64(&info.BytesSent)),
		Dropped:        uint64(atomic.LoadInt64(&info.MessagesDropped) + atomic.LoadInt64(&info.InflightDropped)),
		Retained:       s.mqtt.Topics.Retained.Len(),
		ShadowsDropped: s.shadows.dropped.Load(),
		StoreErr:       s.shadows.storeErr(),
	}
}

// Clients lists the connected clients, sorted by ID.
func (s *Server) Clients() []Client { return s.sessions.list() }

// Close disconnects everybody and returns when all that was accepted is
// stored. It takes at most a second or so, or until ctx ends, with whose error
// it returns when not all could be stored in time. Further calls return what
// the first did.
func (s *Server) Close(ctx context.Context) error {
	s.closing.Do(func() { s.closed = s.close(ctx) })
	return s.closed
}

func (s *Server) close(ctx context.Context) error {
	var problems []error
	// Sockets first: a client that does not read would hold mochi up. After
	// that nothing new comes in, and the queue of requests can run empty.
	s.accept.stop()
	if !within(ctx, closeWait, s.accept.connections.Wait) {
		s.log.WarnContext(ctx, "connections did not end in time")
	}
	if err := s.shadows.stop(ctx); err != nil {
		problems = append(problems, err)
	}
	if !within(ctx, closeWait, func() { _ = s.mqtt.Close() }) { // its error is always nil
		s.log.WarnContext(ctx, "broker did not end in time")
	}
	if err := errors.Join(problems...); err != nil {
		return fmt.Errorf("close broker on %q: %w", s.Addr(), err)
	}
	return nil
}

// within runs f and tells whether it returned in the time d and before ctx
// ended. Otherwise f goes on alone.
func within(ctx context.Context, d time.Duration, f func()) bool {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-done:
		return true
	case <-ctx.Done():
	case <-timer.C:
	}
	return false
}
