// Package engine owns everything that runs: the bundled broker, one Session
// per connection, the recorder and the simulated device. The window and the
// serve command are two faces of its Workbench.
package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/localbroker"
	"github.com/thingdesk/thingdesk/localbroker/authority"
	"github.com/thingdesk/thingdesk/localbroker/settings"
	"github.com/thingdesk/thingdesk/storage"
	"github.com/thingdesk/thingdesk/things"
)

// Config says how to run a Workbench.
type Config struct {
	// Dir is the open data directory. The Workbench closes it.
	Dir *storage.Dir
	// Listen is where the bundled broker listens; "" leaves it to Broker.
	Listen string
	// AnyPort lets the bundled broker take a free port when Listen is in use.
	AnyPort bool
	// Broker says how else the bundled broker runs; nil stands for
	// settings.Default. Listen and AnyPort are for its first listener; empty,
	// they leave it as it is there.
	Broker *settings.Settings
	// HTTP is HOST:PORT of the bundled broker's data plane over HTTP; "" is off.
	HTTP string
	// Authority makes the certificates of devices, when one is open on the data
	// directory's "ca" already; nil opens one when it is needed.
	Authority *authority.Authority
	// NoHistory leaves history.db alone: nothing is recorded or read.
	NoHistory bool
	// Dial makes connections.
	Dial broker.Dialer
	// Secrets keeps the passwords of profiles.
	Secrets broker.SecretStore
	// Log takes what only a developer needs; nil discards.
	Log *slog.Logger
}

// Workbench composes storage, the bundled broker and the Sessions. All methods
// may be called from any goroutine.
type Workbench struct {
	// set at construction
	cfg  Config
	log  *slog.Logger
	ctx  context.Context //nolint:containedctx // parent of all Sessions; ended by Close
	stop context.CancelFunc

	// safe for concurrent use
	recording    atomic.Bool
	awsMode      atomic.Bool // of the bundled broker, also while it is stopped
	brokerEvents brokerLog

	caMu sync.Mutex // guards ca; see authority
	ca   *authority.Authority

	opMu sync.Mutex // serialises commands that start and stop things

	mu        sync.Mutex // guards the following
	sessions  []*Session
	history   storage.History
	recorder  *storage.Recorder
	state     *storage.BrokerStore // nil when it could not be opened
	notices   []string
	local     *localbroker.Server
	localErr  error
	demo      *Demo
	demoState *demoState // of the controller when it was last stopped
	closed    bool
}

// Open composes a Workbench: history, the profiles' Sessions (those with
// AutoConnect open), and the bundled broker's Session, closed until
// StartBroker. What goes wrong with the history does not stop the rest: it
// stands in Notices.
func Open(ctx context.Context, c Config) (*Workbench, error) {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Broker == nil {
		set := settings.Default()
		c.Broker = &set
	}
	if c.Listen == "" {
		first := c.Broker.Listeners[0].Listen
		c.Listen, c.AnyPort = first.Address, first.AnyPort
	}
	profiles, err := c.Dir.Profiles(ctx)
	if err != nil {
		return nil, fmt.Errorf("read profiles: %w", err)
	}
	known, err := c.Dir.Things(ctx)
	if err != nil {
		return nil, fmt.Errorf("read things: %w", err)
	}
	root, stop := context.WithCancel(context.WithoutCancel(ctx))
	w := &Workbench{cfg: c, log: c.Log, ctx: root, stop: stop}
	if !c.NoHistory {
		w.openHistory(ctx)
	}
	for _, notice := range c.Broker.Notices {
		w.notice(notice)
	}
	w.openBrokerStore(ctx)
	w.awsMode.Store(w.Setting(ctx, awsModeSetting) == "on")
	if !slices.ContainsFunc(profiles, broker.Profile.Local) {
		profiles = slices.Insert(profiles, 0, localProfile())
	}
	for _, p := range profiles {
		w.addSession(p, known)
	}
	w.seedShadows(ctx)
	for _, s := range w.Sessions() {
		if p := s.Profile(); p.AutoConnect && !p.Local() {
			if err := w.Connect(ctx, p.ID); err != nil {
				w.notice(err.Error())
			}
		}
	}
	return w, nil
}

// localProfile is the profile of the bundled broker on a first start. It
// subscribes at QoS 2, so that every message is seen at the QoS it was published
// with: a broker delivers at the lower of the two.
func localProfile() broker.Profile {
	p := broker.Profile{
		ID: broker.LocalID, Name: "Local broker", Address: localbroker.DefaultListen, Transport: broker.TCP,
		Subscriptions: broker.DefaultSubscriptions(), AutoConnect: true,
	}
	for i := range p.Subscriptions {
		p.Subscriptions[i].QoS = 2
	}
	return p
}

func (w *Workbench) openHistory(ctx context.Context) {
	h, notice, err := w.cfg.Dir.OpenHistory(ctx)
	if err != nil {
		w.notice(fmt.Sprintf("No history is kept: %v", err))
		return
	}
	if notice != "" {
		w.notice(notice)
	}
	w.history, w.recorder = h, storage.NewRecorder(h, storage.RecorderConfig{})
	w.recording.Store(true)
}

// openBrokerStore opens what the bundled broker keeps. Without it the broker runs
// in memory.
func (w *Workbench) openBrokerStore(ctx context.Context) {
	sync := storage.Process
	if w.cfg.Broker.Durability == settings.Power {
		sync = storage.Power
	}
	s, err := storage.OpenBroker(ctx, w.cfg.Dir.Path(), sync)
	if err != nil {
		w.notice(fmt.Sprintf("The bundled broker keeps sessions and retained messages only until Thingdesk closes: %v", err))
		return
	}
	if notice := s.Notice(); notice != "" {
		w.notice(notice)
	}
	w.state = s
}

// seedShadows makes the bundled broker's stored shadows known before the first
// message.
func (w *Workbench) seedShadows(ctx context.Context) {
	records, err := w.cfg.Dir.LoadShadows(ctx)
	if err != nil {
		w.notice(fmt.Sprintf("The stored shadows could not be read: %v", err))
		return
	}
	s := w.Session(broker.LocalID)
	s.Things(func(r *things.Registry) {
		for _, rec := range records {
			if !rec.Deleted {
				r.PutShadow(rec.Key, rec.At)
			}
		}
	})
}

func (w *Workbench) addSession(p broker.Profile, known []things.Thing) {
	own := slices.DeleteFunc(slices.Clone(known), func(t things.Thing) bool { return t.Connection != p.ID })
	s := newSession(w.ctx, p, own, w.cfg.Dial, (*bookkeeper)(w), w.log)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sessions = append(w.sessions, s)
}

// Sessions lists all connections, the bundled broker's first.
func (w *Workbench) Sessions() []*Session {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.sessions)
}

// Session returns the connection of a profile ID, nil when there is none.
func (w *Workbench) Session(id string) *Session {
	for _, s := range w.Sessions() {
		if s.Profile().ID == id {
			return s
		}
	}
	return nil
}

// Connect opens a connection, or opens it anew, with the stored password.
func (w *Workbench) Connect(ctx context.Context, id string) error {
	s := w.Session(id)
	if s == nil {
		return fmt.Errorf("connect: there is no connection %q", id)
	}
	if s.Profile().Local() {
		return w.StartBroker(ctx)
	}
	password := ""
	if s.Profile().Username != "" {
		var err error
		if password, err = w.cfg.Secrets.Get(id); err != nil {
			return fmt.Errorf("read the password of %q: %w", s.Profile().Name, err)
		}
	}
	return s.connect(ctx, s.Profile(), password)
}

// Disconnect closes a connection; the bundled broker's stops the broker.
func (w *Workbench) Disconnect(ctx context.Context, id string) error {
	s := w.Session(id)
	if s == nil {
		return nil
	}
	if s.Profile().Local() {
		return w.StopBroker(ctx)
	}
	return s.disconnect(ctx, broker.Reason{})
}

// SaveProfile stores a profile, new or changed, and its password unless that
// is nil. An open connection is opened anew with it. lasting is false when the
// password is kept in memory only.
func (w *Workbench) SaveProfile(ctx context.Context, p broker.Profile, password *string) (lasting bool, err error) {
	if err := p.Validate(); err != nil {
		return false, err
	}
	for _, s := range w.Sessions() {
		if o := s.Profile(); o.Name == p.Name && o.ID != p.ID {
			return false, &broker.FieldError{Field: "name", Text: fmt.Sprintf("another connection is called %q", p.Name)}
		}
	}
	lasting = true
	if password != nil {
		if lasting, err = w.cfg.Secrets.Set(p.ID, *password); err != nil {
			return false, fmt.Errorf("keep the password of %q: %w", p.Name, err)
		}
	}
	if err := w.cfg.Dir.SaveProfile(ctx, p); err != nil {
		return lasting, fmt.Errorf("keep profile %q: %w", p.Name, err)
	}
	s := w.Session(p.ID)
	if s == nil {
		w.addSession(p, nil)
		return lasting, nil
	}
	reopen := s.Status().State != broker.Closed && !p.Local()
	s.setProfile(p)
	if reopen {
		return lasting, w.Connect(ctx, p.ID)
	}
	return lasting, nil
}

// DeleteProfile closes a connection and forgets its profile, Things and
// password. Its history stays. The bundled broker's cannot be deleted.
func (w *Workbench) DeleteProfile(ctx context.Context, id string) error {
	s := w.Session(id)
	if s == nil {
		return nil
	}
	if id == broker.LocalID {
		return errors.New("the bundled broker cannot be deleted; stop it in the Broker menu instead")
	}
	if err := w.cfg.Dir.DeleteProfile(ctx, id); err != nil {
		return fmt.Errorf("delete profile %q: %w", s.Profile().Name, err)
	}
	if err := w.cfg.Secrets.Delete(id); err != nil {
		w.log.WarnContext(ctx, "delete password", "error", err)
	}
	w.mu.Lock()
	w.sessions = slices.DeleteFunc(w.sessions, func(o *Session) bool { return o == s })
	w.mu.Unlock()
	return s.close(ctx)
}

// History returns the message history, nil when there is none; see Notices.
func (w *Workbench) History() storage.History {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.history
}

// Recording tells whether messages are being recorded.
func (w *Workbench) Recording() bool { return w.recording.Load() }

// SetRecording switches recording on or off. It stays off without a history.
func (w *Workbench) SetRecording(on bool) { w.recording.Store(on && w.History() != nil) }

// RecorderStats tells how recording goes; zero without a history.
func (w *Workbench) RecorderStats() storage.RecorderStats {
	w.mu.Lock()
	r := w.recorder
	w.mu.Unlock()
	if r == nil {
		return storage.RecorderStats{}
	}
	return r.Stats()
}

// Notices lists what the user should know about the start, in words.
func (w *Workbench) Notices() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.notices)
}

func (w *Workbench) notice(text string) {
	w.log.Warn("notice", "text", text)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.notices = append(w.notices, text)
}

// Setting returns a stored setting, "" when it was never set or cannot be read.
func (w *Workbench) Setting(ctx context.Context, key string) string {
	v, _, err := w.cfg.Dir.Setting(ctx, key)
	if err != nil {
		w.log.WarnContext(ctx, "read setting", "key", key, "error", err)
	}
	return v
}

// SetSetting stores a setting.
func (w *Workbench) SetSetting(ctx context.Context, key, value string) error {
	return w.cfg.Dir.SetSetting(ctx, key, value)
}

// DataDir returns the path of the data directory.
func (w *Workbench) DataDir() string { return w.cfg.Dir.Path() }
