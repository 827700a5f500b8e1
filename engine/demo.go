package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"sync"
	"time"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/localbroker"
	"github.com/thingdesk/thingdesk/things/dialect"
	"github.com/thingdesk/thingdesk/things/shadow"
)

// DemoThing is the thing name and client ID of the demo thermal controller.
const DemoThing = "thermal-01"

// Demo settings.
const (
	demoStart     = 36.0                   // °C reported first
	demoStep      = 1.0                    // °C a step towards the setpoint
	demoStepPause = 400 * time.Millisecond // between two steps
	demoTelemetry = 2 * time.Second        // between two telemetry messages
	demoWait      = 5 * time.Second        // for one publish
)

// Demo is a simulated thermal controller: an ordinary MQTT client of the
// bundled broker that knows the Device Shadow topics and nothing of Thingdesk.
// It reports 36 °C, and goes step by step to the temperature that the delta
// asks for. Its session is persistent, so that a delta sent while it is
// offline waits for it; when it connects it also asks for its shadow.
type Demo struct {
	// set at construction
	key  shadow.Key
	log  *slog.Logger
	conn broker.Conn
	stop context.CancelFunc
	wg   sync.WaitGroup

	// safe for concurrent use
	inbox chan broker.Message // full: the oldest delta is as good as lost, the device asks again
	up    chan struct{}

	// owned by run
	state  demoState
	target float64
}

// demoState is what the controller reports.
type demoState struct {
	Temperature float64     `json:"temperature"`
	Mode        string      `json:"mode"`
	Fan         bool        `json:"fan"`
	Setpoints   []float64   `json:"setpoints"`
	Firmware    string      `json:"firmware"`
	Network     demoNetwork `json:"network"`
}

type demoNetwork struct {
	IP   string `json:"ip"`
	RSSI int    `json:"rssi"`
}

func newDemoState() demoState {
	return demoState{
		Temperature: demoStart, Mode: "auto", Fan: true, Setpoints: []float64{18, 21, 24}, Firmware: "2.1.0",
		Network: demoNetwork{IP: "192.168.1.40", RSSI: -61},
	}
}

// demoDesired is what of a delta the controller understands.
type demoDesired struct {
	Temperature *float64  `json:"temperature"`
	Mode        *string   `json:"mode"`
	Fan         *bool     `json:"fan"`
	Setpoints   []float64 `json:"setpoints"`
}

// errDemoBroker tells that the demo has no broker to connect to.
var errDemoBroker = errors.New("the bundled broker is stopped; start it in the Broker menu first")

// StartDemo starts the demo thermal controller on the bundled broker, unless
// it runs. A controller that ran before in this Workbench goes on where it was.
func (w *Workbench) StartDemo(context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.demo != nil {
		return nil
	}
	if w.local == nil {
		return fmt.Errorf("start the demo thermal controller: %w", errDemoBroker)
	}
	state := newDemoState()
	if w.demoState != nil {
		state = *w.demoState
	}
	d, err := startDemo(w.ctx, w.local.Inside(), state, w.cfg.Dial, w.log)
	if err != nil {
		return fmt.Errorf("start the demo thermal controller: %w", err)
	}
	w.demo = d
	return nil
}

// StopDemo takes the demo thermal controller offline.
func (w *Workbench) StopDemo(ctx context.Context) {
	w.mu.Lock()
	d := w.demo
	w.demo = nil
	w.mu.Unlock()
	if d == nil {
		return
	}
	state := d.close(ctx)
	w.mu.Lock()
	w.demoState = &state
	w.mu.Unlock()
}

// DemoRunning tells whether the demo thermal controller is running.
func (w *Workbench) DemoRunning() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.demo != nil
}

func startDemo(ctx context.Context, at localbroker.Login, state demoState, dial broker.Dialer, log *slog.Logger) (*Demo, error) {
	ctx, stop := context.WithCancel(ctx)
	d := &Demo{
		key: shadow.Key{Thing: DemoThing}, log: log, stop: stop, state: state, target: state.Temperature,
		inbox: make(chan broker.Message, 64), up: make(chan struct{}, 1),
	}
	p := broker.Profile{
		ID: "demo", Name: "Demo thermal controller", Address: at.Addr, Username: at.User, ClientID: DemoThing, Persistent: true,
		Subscriptions: []broker.Subscription{
			{Filter: d.key.Topic("update/delta"), QoS: 1},
			{Filter: d.key.Topic("get/accepted"), QoS: 1},
			{Filter: d.key.Topic("get/rejected"), QoS: 1},
		},
	}
	conn, err := dial(p, at.Password, d)
	if err != nil {
		stop()
		return nil, err
	}
	d.conn = conn
	d.wg.Go(func() { d.run(ctx) })
	return d, nil
}

func (d *Demo) close(ctx context.Context) demoState {
	d.stop()
	d.wg.Wait()
	if err := d.conn.Close(ctx); err != nil {
		d.log.WarnContext(ctx, "close demo connection", "error", err)
	}
	return d.state
}

// Receive implements broker.Handler.
func (d *Demo) Receive(m broker.Message) {
	select {
	case d.inbox <- m:
	default:
		d.log.Warn("demo device inbox full")
	}
}

// StatusChanged implements broker.Handler.
func (d *Demo) StatusChanged(broker.Status) {}

// Granted implements broker.Handler: with its subscriptions in place the
// device asks for its shadow.
func (d *Demo) Granted([]broker.Grant) {
	select {
	case d.up <- struct{}{}:
	default:
	}
}

// run is the device.
func (d *Demo) run(ctx context.Context) {
	step := time.NewTicker(demoStepPause)
	defer step.Stop()
	telemetry := time.NewTicker(demoTelemetry)
	defer telemetry.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-d.up:
			name, payload := dialect.AWSGet(d.key, "")
			d.publish(ctx, name, payload, 1)
		case m := <-d.inbox:
			d.obey(ctx, m)
		case <-step.C:
			d.move(ctx)
		case <-telemetry.C:
			d.measure(ctx)
		}
	}
}

// obey takes what the shadow service says.
func (d *Demo) obey(ctx context.Context, m broker.Message) {
	var msg struct {
		State json.RawMessage `json:"state"`
	}
	var get struct {
		State struct {
			Delta json.RawMessage `json:"delta"`
		} `json:"state"`
	}
	delta := json.RawMessage(nil)
	switch m.Topic {
	case d.key.Topic("get/rejected"): // no shadow yet: say what we are
		d.report(ctx, d.state)
		return
	case d.key.Topic("get/accepted"):
		d.report(ctx, d.state)
		if json.Unmarshal(m.Payload, &get) == nil {
			delta = get.State.Delta
		}
	default:
		if json.Unmarshal(m.Payload, &msg) == nil {
			delta = msg.State
		}
	}
	var want demoDesired
	if len(delta) == 0 || json.Unmarshal(delta, &want) != nil {
		return
	}
	d.apply(ctx, want)
}

func (d *Demo) apply(ctx context.Context, want demoDesired) {
	changed := make(map[string]any)
	if want.Mode != nil && *want.Mode != d.state.Mode {
		d.state.Mode = *want.Mode
		changed["mode"] = d.state.Mode
	}
	if want.Fan != nil && *want.Fan != d.state.Fan {
		d.state.Fan = *want.Fan
		changed["fan"] = d.state.Fan
	}
	if want.Setpoints != nil {
		d.state.Setpoints = want.Setpoints
		changed["setpoints"] = d.state.Setpoints
	}
	if want.Temperature != nil {
		d.target = *want.Temperature
	}
	if len(changed) > 0 {
		d.report(ctx, changed)
	}
}

// move goes one step towards the target and reports it.
func (d *Demo) move(ctx context.Context) {
	left := d.target - d.state.Temperature
	if left == 0 {
		return
	}
	if math.Abs(left) <= demoStep {
		d.state.Temperature = d.target
	} else {
		d.state.Temperature += math.Copysign(demoStep, left)
	}
	d.report(ctx, map[string]any{"temperature": d.state.Temperature})
}

func (d *Demo) measure(ctx context.Context) {
	b, err := json.Marshal(map[string]any{
		"temperature": d.state.Temperature, "fan": d.state.Fan, "time": time.Now().UTC().Format(time.RFC3339),
	})
	if err == nil {
		d.publish(ctx, "devices/"+DemoThing+"/telemetry", b, 0)
	}
}

func (d *Demo) report(ctx context.Context, reported any) {
	b, err := json.Marshal(map[string]any{"state": map[string]any{"reported": reported}})
	if err != nil {
		d.log.WarnContext(ctx, "demo device report", "error", err)
		return
	}
	d.publish(ctx, d.key.Topic("update"), b, 1)
}

func (d *Demo) publish(ctx context.Context, name string, payload []byte, qos byte) {
	ctx, cancel := context.WithTimeout(ctx, demoWait)
	defer cancel()
	if _, err := d.conn.Publish(ctx, broker.Message{Topic: name, Payload: payload, QoS: qos}); err != nil {
		d.log.DebugContext(ctx, "demo device publish", "topic", name, "error", err)
	}
}
