package ui

import (
	"context"
	"fmt"
	"net"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/engine"
	"github.com/thingdesk/thingdesk/ui/model/navigator"
	"github.com/thingdesk/thingdesk/ui/widgets"
)

// welcome is what the workspace shows until something is selected: how to
// reach the local broker, and the demo thermal controller.
type welcome struct {
	win     *Window
	object  fyne.CanvasObject
	address *widget.Entry
	lines   [3]*widget.Entry
	broker  *widget.Label // what is not as expected with the broker
	state   *widget.Label
	start   *widget.Button
	open    *widget.Button
	shown   string // address that the lines show
}

func newWelcome(w *Window) *welcome {
	p := &welcome{win: w, state: widget.NewLabel(""), broker: widget.NewLabel(""), address: readOnly()}
	p.broker.Importance, p.broker.Wrapping = widget.WarningImportance, fyne.TextWrapWord
	p.state.Wrapping = fyne.TextWrapWord
	p.start = widget.NewButtonWithIcon("Start the demo thermal controller", theme.MediaPlayIcon(), p.toggleDemo)
	p.start.Importance = widget.HighImportance
	p.open = widget.NewButton("Open "+engine.DemoThing, func() {
		w.open(navigator.Ref{Kind: navigator.Thing, Session: broker.LocalID, Thing: engine.DemoThing})
	})
	rows := container.New(&formGrid{}, widget.NewLabel("Device address"), p.copyable(p.address))
	for i, title := range []string{"Listen to everything", "Report a state", "Ask for 28 °C"} {
		p.lines[i] = readOnly()
		p.lines[i].TextStyle.Monospace = true
		rows.Add(widget.NewLabel(title))
		rows.Add(p.copyable(p.lines[i]))
	}
	demo := widget.NewLabel("A simulated device, an ordinary MQTT client: it reports 36 °C. Open it, type 28 into the desired column " +
		"and send. It receives the delta, goes to 28 and reports it. Take it offline, change desired, bring it back: it still gets there.")
	demo.Wrapping = fyne.TextWrapWord
	content := container.NewVBox(
		heading("Your devices and the local broker"), p.broker, rows,
		heading("See it work"), demo, container.NewHBox(p.start, p.open), p.state,
	)
	p.object = container.NewVScroll(container.New(&pageLayout{width: 860}, content))
	return p
}

// readOnly returns an entry that shows text to be selected and copied.
func readOnly() *widget.Entry {
	e := widget.NewEntry()
	e.OnChanged = nil
	return e
}

func (p *welcome) copyable(e *widget.Entry) fyne.CanvasObject {
	return container.NewBorder(nil, nil, nil, widget.NewButtonWithIcon("Copy", theme.ContentCopyIcon(), func() {
		p.win.copyText(e.Text)
	}), e)
}

func (p *welcome) toggleDemo() {
	running := p.win.bench.DemoRunning()
	p.start.Disable()
	var err error
	p.win.loop.async(func(ctx context.Context) {
		if running {
			p.win.bench.StopDemo(ctx)
		} else {
			err = p.win.bench.StartDemo(ctx)
		}
	}, func() {
		p.start.Enable()
		p.win.report(err)
	})
}

// refresh is called by the sampler while the page is shown.
func (p *welcome) refresh() {
	st := p.win.bench.Broker()
	addr := st.Addr
	if !st.Running {
		addr = st.Wanted
	}
	if addr != p.shown {
		p.shown = addr
		p.address.SetText("mqtt://" + addr)
		for i, line := range commandLines(addr) {
			p.lines[i].SetText(line)
		}
	}
	text, icon, words := "Start the demo thermal controller", theme.MediaPlayIcon(), ""
	if p.win.bench.DemoRunning() {
		text, icon = "Take the demo thermal controller offline", theme.MediaStopIcon()
		words = engine.DemoThing + " is connected."
	}
	if p.start.Text != text {
		p.start.SetIcon(icon)
		p.start.SetText(text)
	}
	widgets.SetText(p.state, words)
	trouble := brokerTrouble(st)
	widgets.SetText(p.broker, trouble)
	widgets.Show(p.broker, trouble != "")
}

// brokerTrouble says what is not as expected with the bundled broker; "" when
// it listens where it should.
func brokerTrouble(st engine.BrokerStatus) string {
	switch {
	case st.Moved:
		return fmt.Sprintf("%s is in use by another program; the local broker listens on %s instead.", st.Wanted, st.Addr)
	case st.Running:
		return ""
	case st.Err != nil:
		return capital(st.Err.Error())
	default:
		return "The local broker is stopped. Start it in the Broker menu."
	}
}

// commandLines are mosquitto commands that reach the broker at addr.
func commandLines(addr string) []string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return []string{"", "", ""}
	}
	to := fmt.Sprintf("-h %s -p %s", host, port)
	return []string{
		fmt.Sprintf("mosquitto_sub %s -v -t '#' -t '$aws/things/+/shadow/#'", to),
		fmt.Sprintf(`mosquitto_pub %s -q 1 -t '$aws/things/my-device/shadow/update' -m '{"state":{"reported":{"temperature":36}}}'`, to),
		fmt.Sprintf(`mosquitto_pub %s -q 1 -t '$aws/things/my-device/shadow/update' -m '{"state":{"desired":{"temperature":28}}}'`, to),
	}
}
