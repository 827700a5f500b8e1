package engine

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/localbroker"
	"github.com/thingdesk/thingdesk/localbroker/dataplane"
	"github.com/thingdesk/thingdesk/storage"
	"github.com/thingdesk/thingdesk/things"
	"github.com/thingdesk/thingdesk/things/shadow"
)

// BrokerStatus tells how the bundled broker does.
type BrokerStatus struct {
	// Running tells whether it accepts connections, at Addr.
	Running bool
	Addr    string
	// Wanted is where it was to listen; when that was taken, Moved is set.
	Wanted string
	Moved  bool
	// Err says why it could not be started; nil when it was.
	Err error
	// StoreTrouble says in words why shadows cannot be stored; "" when they can.
	StoreTrouble string
	// StateTrouble says in words why sessions, retained messages and messages
	// that wait cannot be stored; "" when they can.
	StateTrouble string
	// Listeners names all that it listens on: "tcp 127.0.0.1:1883".
	Listeners []string
	// AWSMode tells that it behaves as AWS IoT Core, and Trouble that it makes
	// trouble on purpose. Both are to be marked plainly.
	AWSMode, Trouble bool
	// Stats are its counters.
	Stats localbroker.Stats
}

// Broker returns the status of the bundled broker.
func (w *Workbench) Broker() BrokerStatus {
	w.mu.Lock()
	local, err := w.local, w.localErr
	w.mu.Unlock()
	st := BrokerStatus{Wanted: w.cfg.Listen, Err: err}
	if local != nil {
		st.Running, st.Addr, st.Moved, st.Stats = true, local.Addr(), local.Moved(), local.Stats()
		st.StoreTrouble, st.StateTrouble = storage.Explain(st.Stats.StoreErr), storage.Explain(st.Stats.StateErr)
		st.Listeners, st.AWSMode, st.Trouble = local.Listeners(), local.AWSMode(), local.Faults().On(time.Now())
	}
	return st
}

// Clients lists the clients of the bundled broker, none while it is stopped.
func (w *Workbench) Clients() []localbroker.Client {
	w.mu.Lock()
	local := w.local
	w.mu.Unlock()
	if local == nil {
		return nil
	}
	return local.Clients()
}

// StartBroker starts the bundled broker, unless it runs, and connects its
// Session.
func (w *Workbench) StartBroker(ctx context.Context) error {
	w.opMu.Lock()
	defer w.opMu.Unlock()
	w.mu.Lock()
	running := w.local != nil
	w.mu.Unlock()
	if running {
		return nil
	}
	session := w.Session(broker.LocalID)
	session.Things(func(r *things.Registry) { r.ForgetClients(true) })
	cfg := localbroker.Config{
		Settings: w.cfg.Broker, Listen: w.cfg.Listen, AnyPort: w.cfg.AnyPort, Store: w.cfg.Dir,
		OnEvent: func(e localbroker.Event) {
			w.brokerEvents.add(e)
			session.clientEvent(e)
		},
		OnMessage: func(client string, m broker.Message) { w.recordLocal(session, client, m) },
		Busy:      w.recorderBusy,
		HTTP:      w.cfg.HTTP,
		AWSMode:   w.awsMode.Load(),
		Log:       w.log,
	}
	if w.state != nil {
		cfg.State = w.state
	}
	local, err := localbroker.Start(ctx, cfg)
	w.mu.Lock()
	w.local, w.localErr = local, err
	w.mu.Unlock()
	if err != nil {
		err = fmt.Errorf("start the bundled broker: %w", err)
		session.setStatus(broker.Status{State: broker.Closed, Since: time.Now(), Reason: broker.Reason{
			Kind: broker.ReasonOther, Text: "The bundled broker does not run: " + err.Error(), Hint: "Start it in the Broker menu when that is mended",
		}})
		return err
	}
	session.mu.Lock()
	session.askShadow = func(ctx context.Context, key shadow.Key) error { return session.readShadow(ctx, local, key) }
	session.mu.Unlock()
	p := session.Profile()
	p.Address = local.Addr()
	session.setProfile(p)
	inside := local.Inside()
	p.Address, p.Username = inside.Addr, inside.User
	return session.connect(ctx, p, inside.Password)
}

// StopBroker disconnects the bundled broker's Session and stops the broker.
func (w *Workbench) StopBroker(ctx context.Context) error {
	w.opMu.Lock()
	defer w.opMu.Unlock()
	w.StopDemo(ctx)
	w.mu.Lock()
	local := w.local
	w.mu.Unlock()
	if local == nil {
		return nil
	}
	session := w.Session(broker.LocalID)
	if err := session.disconnect(ctx, broker.Reason{Text: "The bundled broker is stopped", Hint: "Start it in the Broker menu"}); err != nil {
		return err
	}
	err := local.Close(ctx)
	session.Things(func(r *things.Registry) { r.ForgetClients(false) })
	w.mu.Lock()
	w.local = nil
	w.mu.Unlock()
	if err != nil {
		return fmt.Errorf("stop the bundled broker: %w", err)
	}
	return nil
}

// clientEvent learns from what a client of the bundled broker did. Our own
// connection speaks for no Thing.
func (s *Session) clientEvent(e localbroker.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e.Client == s.clientID {
		return
	}
	switch e.Kind {
	case localbroker.EventConnected:
		s.registry.ClientConnected(e.Client, e.At)
	case localbroker.EventDisconnected:
		s.registry.ClientGone(e.Client, e.At)
	case localbroker.EventSubscribed:
		s.registry.ClientSubscribed(e.Client, e.Filters, e.At)
	case localbroker.EventUnsubscribed, localbroker.EventDropped, localbroker.EventRefused,
		localbroker.EventViolation, localbroker.EventFault:
		// nothing that is shown hangs on these
	}
}

// recordLocal records a message of the bundled broker where it is exact: in the
// broker itself. Its Session sees it at the QoS and with the RETAIN flag of a
// subscriber, and under a flood not every one.
func (w *Workbench) recordLocal(session *Session, client string, m broker.Message) {
	if !w.recording.Load() {
		return
	}
	us := session.known.Load()
	if client != "" && client == us.clientID {
		m.Direction = broker.Out
	}
	w.recorder.Put(broker.LocalID, us.name, []broker.Message{m})
}

// readShadow reads a shadow of the bundled broker without a message: a get that
// we publish would be answered to the device too, which never asked.
func (s *Session) readShadow(ctx context.Context, local *localbroker.Server, key shadow.Key) error {
	status, body, err := local.AskShadow(ctx, key, dataplane.Get, nil)
	if err != nil {
		return err
	}
	suffix := "get/accepted"
	if status != http.StatusOK {
		suffix = "get/rejected"
	}
	m := broker.Message{Time: time.Now().UnixMicro(), Topic: key.Topic(suffix), Payload: body, QoS: 1}
	s.Things(func(r *things.Registry) { r.Feed(m) })
	return nil
}

// recorderBusy tells whether messages come faster than they can be stored.
func (w *Workbench) recorderBusy() bool {
	return w.recording.Load() && w.recorder != nil && w.recorder.Busy()
}

// bookkeeper is the Workbench as its Sessions see it.
type bookkeeper Workbench

func (b *bookkeeper) record(p broker.Profile, ms []broker.Message) {
	w := (*Workbench)(b)
	if w.recording.Load() && !p.Local() { // see recordLocal
		w.recorder.Put(p.ID, p.Name, ms)
	}
}

func (b *bookkeeper) keepThings(ctx context.Context, ts ...things.Thing) error {
	return b.cfg.Dir.SaveThings(ctx, ts...)
}

func (b *bookkeeper) dropThing(ctx context.Context, connection, name string) error {
	return b.cfg.Dir.DeleteThing(ctx, connection, name)
}

func (b *bookkeeper) keepProfile(ctx context.Context, p broker.Profile) error {
	return b.cfg.Dir.SaveProfile(ctx, p)
}

// DeleteHistory removes the stored messages that match q.
func (w *Workbench) DeleteHistory(ctx context.Context, q storage.Query) (int64, error) {
	h := w.History()
	if h == nil {
		return 0, nil
	}
	return h.Delete(ctx, q)
}
