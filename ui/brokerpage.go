package ui

import (
	"context"
	"errors"
	"time"

	"fyne.io/fyne/v2"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/ui/brokerview"
	brokermodel "github.com/thingdesk/thingdesk/ui/model/brokerview"
	"github.com/thingdesk/thingdesk/ui/model/navigator"
)

// errNoSession cannot come up while the Workbench is open.
var errNoSession = errors.New("there is no connection to the local broker")

// brokerPage shows the bundled broker: its clients, the sessions and
// messages it keeps, the trouble it makes, its log.
type brokerPage struct {
	model  *brokermodel.Model
	screen *brokerview.Screen
}

func newBrokerPage(w *Window) *brokerPage {
	m := brokermodel.New(w.loop.async, w.bench, func() string {
		if s := w.bench.Session(broker.LocalID); s != nil {
			return s.ClientID()
		}
		return ""
	})
	m.OnSaid = w.say
	m.Publish = func(ctx context.Context, msg broker.Message) error {
		s := w.bench.Session(broker.LocalID)
		if s == nil {
			return errNoSession
		}
		_, err := s.Publish(ctx, msg)
		return err
	}
	return &brokerPage{m, brokerview.New(brokerview.Config{Model: m, Window: w.win, Copy: w.copyText})}
}

func (p *brokerPage) object() fyne.CanvasObject { return p.screen.Object() }
func (p *brokerPage) show(navigator.Ref)        {}
func (p *brokerPage) refresh(now time.Time)     { p.screen.Refresh(now) }
func (p *brokerPage) keys() string {
	return "Del disconnect a client, end a session, delete a retained message, remove a rule"
}
