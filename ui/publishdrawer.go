package ui

import (
	"encoding/json"

	"fyne.io/fyne/v2"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/engine"
	"github.com/thingdesk/thingdesk/ui/model/navigator"
	pubmodel "github.com/thingdesk/thingdesk/ui/model/publish"
	"github.com/thingdesk/thingdesk/ui/publish"
)

// publishDrawer is the publish drawer with its view-model.
type publishDrawer struct {
	win    *Window
	model  *pubmodel.Drawer
	drawer *publish.Drawer
}

func newPublishDrawer(w *Window, toggled func(open bool)) *publishDrawer {
	p := &publishDrawer{win: w, model: pubmodel.New(w.loop.async)}
	if len(w.layout.Recent) > 0 {
		if err := p.model.LoadRecent(w.layout.Recent); err != nil {
			w.log.Warn("read recently published", "error", err)
		}
	}
	p.model.Connect(w.session())
	p.drawer = publish.New(publish.Config{Model: p.model, Async: w.loop.async, Window: w.win, Toggled: toggled})
	return p
}

func (p *publishDrawer) object() fyne.CanvasObject { return p.drawer.Object() }

func (p *publishDrawer) refresh() { p.drawer.Refresh() }

// follow takes the connection and topic of what was selected.
func (p *publishDrawer) follow(s *engine.Session, ref navigator.Ref) {
	p.model.Connect(s)
	if ref.Kind == navigator.Topic {
		p.model.Select(ref.Topic)
	}
}

// load opens the drawer with a message.
func (p *publishDrawer) load(m broker.Message) {
	p.drawer.Load(m)
}

// recent returns what was published last, for keeping.
func (p *publishDrawer) recent() json.RawMessage {
	b, err := p.model.SaveRecent()
	if err != nil {
		p.win.log.Warn("keep recently published", "error", err)
		return nil
	}
	return b
}
