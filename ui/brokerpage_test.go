package ui

import (
	"context"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/broker/paho"
	brokermodel "github.com/thingdesk/thingdesk/ui/model/brokerview"
)

// device is a real MQTT client of the bundled broker. What it hears is told in
// status.
type device struct{ status chan broker.Status }

func (d *device) Receive(broker.Message) {}
func (d *device) Granted([]broker.Grant) {}
func (d *device) StatusChanged(s broker.Status) {
	select {
	case d.status <- s:
	default:
	}
}

// dial connects a device with a persistent session that subscribes to its
// commands.
func (k *desk) dial(id string) (*device, broker.Conn) {
	k.t.Helper()
	p := broker.NewProfile(id, k.bench.Broker().Addr)
	p.ClientID, p.Persistent = id, true
	p.Subscriptions = []broker.Subscription{{Filter: "cmd/" + id + "/#", QoS: 1}}
	d := &device{status: make(chan broker.Status, 100)}
	conn, err := paho.Dial(p, "", d)
	if err != nil {
		k.t.Fatal(err)
	}
	k.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := conn.Close(ctx); err != nil {
			k.t.Errorf("close the device: %v", err)
		}
	})
	return d, conn
}

// until waits for a state of the device's connection.
func (d *device) until(k *desk, state broker.State) {
	k.t.Helper()
	k.eventually("the device is "+state.String(), func() bool {
		for {
			select {
			case s := <-d.status:
				if s.State == state {
					return true
				}
			default:
				return false
			}
		}
	})
}

// pick selects the row of a client in the list that is shown.
func (k *desk) pick(id string) {
	k.t.Helper()
	m := k.workspace.broker.model
	k.eventually(id+" in the list", func() bool {
		for i := range m.Clients().Len() + m.Sessions().Len() {
			c, _ := m.Clients().Row(i)
			s, _ := m.Sessions().Row(i)
			if m.Tab() == brokermodel.Clients && c != nil && c.ID == id || m.Tab() == brokermodel.Sessions && s != nil && s.ID == id {
				m.Pick(i)
				return true
			}
		}
		return false
	})
}

// The story: a device connects, is seen with its subscription, is disconnected
// by the button and comes back; then it goes, messages wait for it, and its
// session is ended by the button. The log tells it all.
func TestBrokerPage(t *testing.T) { //nolint:paralleltest // Fyne's test application is global
	k := newDesk(t, t.TempDir())
	for _, m := range k.win.MainMenu().Items {
		for _, item := range m.Items {
			if strings.HasPrefix(item.Label, "Clients and sessions") {
				item.Action()
			}
		}
	}
	k.eventually("the page", func() bool { return k.says("1 client") && k.says("mqtt://"+k.bench.Broker().Addr) })
	dev, conn := k.dial("press-7")
	dev.until(k, broker.Connected)
	k.pick("press-7")
	k.eventually("its subscription", func() bool { return k.says("cmd/press-7/#") && k.says("for ever") })

	k.tap("Disconnect…")
	k.eventually("what will happen", func() bool {
		return k.says("It may connect again at once") && k.says("kept for ever, with 1 subscription.")
	})
	k.answer("Disconnect")
	dev.until(k, broker.Waiting)
	dev.until(k, broker.Connected) // it comes back by itself
	k.eventually("it is in the list again", func() bool { return k.says("press-7") && !k.workspace.broker.model.Clients().Selected().Gone })

	k.tap("Ban…")
	k.chooseFirst()
	dev.until(k, broker.Waiting)
	k.eventually("the ban", func() bool { return k.says("1 banned") })
	k.tap("1 banned")
	k.chooseFirst()
	k.eventually("nobody banned", func() bool { return len(k.bench.Bans()) == 0 && !k.says("1 banned") })
	dev.until(k, broker.Connected)

	if err := conn.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	k.publish("cmd/press-7/start", "1")
	k.publish("cmd/press-7/stop", "1")
	k.workspace.broker.model.Show(brokermodel.Sessions)
	k.pick("press-7")
	k.eventually("its queue", func() bool { return k.says("2 messages, ") && k.says("absent") })
	k.tap("End session…")
	k.eventually("what will be lost", func() bool { return k.says("1 subscription and the 2 messages") })
	k.answer("End session")
	k.eventually("the session gone", func() bool { return k.says("ended") && !k.has("press-7") })

	k.workspace.broker.model.Show(brokermodel.Log)
	k.eventually("the log", func() bool {
		return k.says("subscribed to cmd/press-7/#") && k.says("disconnected by the user of Thingdesk") && k.says("connected")
	})
}

// answer taps a button of the dialog that is open.
func (k *desk) answer(text string) {
	k.t.Helper()
	for _, o := range test.LaidOutObjects(k.win.Canvas().Overlays().Top()) {
		if b, ok := o.(*widget.Button); ok && b.Text == text {
			test.Tap(b)
			return
		}
	}
	k.t.Fatalf("no button %q", text)
}

// chooseFirst taps the first item of the menu that is open.
func (k *desk) chooseFirst() {
	k.t.Helper()
	for _, o := range test.LaidOutObjects(k.win.Canvas().Overlays().Top()) {
		if m, ok := o.(*widget.PopUpMenu); ok {
			m.Items[0].(fyne.Tappable).Tapped(nil) //nolint:errcheck // panics when it cannot be tapped
			return
		}
	}
	k.t.Fatal("no menu is open")
}

// has tells whether the broker keeps a session.
func (k *desk) has(id string) bool {
	for _, s := range k.bench.BrokerSessions() {
		if s.ID == id {
			return true
		}
	}
	return false
}

// The broker's part of the status bar opens the page, and the page stops and
// starts the broker.
func TestBrokerPageStopsTheBroker(t *testing.T) { //nolint:paralleltest // Fyne's test application is global
	k := newDesk(t, t.TempDir())
	test.Tap(k.status.broker)
	if k.workspace.current != k.workspace.broker {
		t.Fatal("the status bar does not open the page")
	}
	k.eventually("the broker runs", func() bool { return k.says("Stop broker") })
	k.tap("Stop broker")
	k.eventually("stopped, and what to do", func() bool { return k.says("Start it with the button above") && !k.bench.Broker().Running })
	k.tap("Start broker")
	k.eventually("it runs again", func() bool { return k.bench.Broker().Running && k.says("Stop broker") })
}
