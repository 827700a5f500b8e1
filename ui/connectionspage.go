package ui

import (
	"context"
	"time"

	"fyne.io/fyne/v2"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/engine"
	"github.com/thingdesk/thingdesk/ui/connections"
	connmodel "github.com/thingdesk/thingdesk/ui/model/connections"
	"github.com/thingdesk/thingdesk/ui/model/navigator"
)

// connectionsPage is the list of connections with the form that edits one.
type connectionsPage struct{ screen *connections.Screen }

func newConnectionsPage(w *Window) *connectionsPage {
	return &connectionsPage{connections.New(connmodel.New(w.loop.async, profiles{w.bench}), w.win)}
}

func (p *connectionsPage) object() fyne.CanvasObject { return p.screen.Object() }
func (p *connectionsPage) show(navigator.Ref)        {}
func (p *connectionsPage) refresh(now time.Time)     { p.screen.Refresh(now) }
func (p *connectionsPage) keys() string              { return "Enter connect · Del delete" }

// profiles is the Workbench as the connections screen sees it.
type profiles struct{ bench *engine.Workbench }

// Profiles implements connmodel.Engine.
func (p profiles) Profiles() []broker.Profile {
	var list []broker.Profile
	for _, s := range p.bench.Sessions() {
		list = append(list, s.Profile())
	}
	return list
}

// Status implements connmodel.Engine.
func (p profiles) Status(id string) broker.Status {
	if s := p.bench.Session(id); s != nil {
		return s.Status()
	}
	return broker.Status{}
}

// Save implements connmodel.Engine.
func (p profiles) Save(ctx context.Context, profile broker.Profile, password *string) (bool, error) {
	return p.bench.SaveProfile(ctx, profile, password)
}

// Delete implements connmodel.Engine.
func (p profiles) Delete(ctx context.Context, id string) error { return p.bench.DeleteProfile(ctx, id) }

// Open implements connmodel.Engine.
func (p profiles) Open(ctx context.Context, id string) error { return p.bench.Connect(ctx, id) }

// Close implements connmodel.Engine.
func (p profiles) Close(ctx context.Context, id string) error { return p.bench.Disconnect(ctx, id) }
