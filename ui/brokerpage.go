package ui

import (
	"time"

	"fyne.io/fyne/v2"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/ui/brokerview"
	brokermodel "github.com/thingdesk/thingdesk/ui/model/brokerview"
	"github.com/thingdesk/thingdesk/ui/model/navigator"
)

// brokerPage shows the bundled broker: its clients, the sessions it keeps, its
// log.
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
	return &brokerPage{m, brokerview.New(brokerview.Config{Model: m, Window: w.win, Copy: w.copyText})}
}

func (p *brokerPage) object() fyne.CanvasObject { return p.screen.Object() }
func (p *brokerPage) show(navigator.Ref)        {}
func (p *brokerPage) refresh(now time.Time)     { p.screen.Refresh(now) }
func (p *brokerPage) keys() string              { return "Del disconnect a client, end a session" }
