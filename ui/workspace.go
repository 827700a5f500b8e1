package ui

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"github.com/thingdesk/thingdesk/ui/model/navigator"
)

// page is one of the things the workspace can show.
type page interface {
	// object returns what to put into the window; always the same.
	object() fyne.CanvasObject
	// show brings the page to what was selected.
	show(ref navigator.Ref)
	// refresh draws what changed; the sampler calls it while the page is shown.
	refresh(now time.Time)
	// keys names the keys that apply, for the status bar.
	keys() string
}

// workspace is the right side of the window: the page of what is selected, and
// the publish drawer below it.
type workspace struct {
	win    *Window
	object *fyne.Container
	stack  *fyne.Container
	drawer *container.Split

	home       *homePage
	thing      *thingPage
	group      *groupPage
	topic      *topicPage
	connection *connectionPage
	publish    *publishDrawer
	manager    *connectionsPage
	broker     *brokerPage
	current    page
}

func newWorkspace(w *Window) *workspace {
	ws := &workspace{win: w}
	ws.home = &homePage{newWelcome(w)}
	ws.thing = newThingPage(w)
	ws.group = newGroupPage(w)
	ws.topic = newTopicPage(w)
	ws.connection = newConnectionPage(w)
	ws.publish = newPublishDrawer(w, ws.arrange)
	ws.manager = newConnectionsPage(w)
	ws.broker = newBrokerPage(w)
	ws.stack = container.NewStack()
	for _, p := range ws.pages() {
		p.object().Hide()
		ws.stack.Add(p.object())
	}
	ws.drawer = container.NewVSplit(ws.stack, ws.publish.object())
	ws.object = container.NewStack(ws.stack)
	if w.layout.Publish {
		ws.toggleDrawer()
	}
	return ws
}

func (ws *workspace) pages() []page {
	return []page{ws.home, ws.thing, ws.group, ws.topic, ws.connection, ws.manager, ws.broker}
}

// show picks the page for ref and brings it there.
func (ws *workspace) show(ref navigator.Ref) {
	p := ws.pageFor(ref.Kind)
	p.show(ref)
	ws.bring(p)
	if s := ws.win.bench.Session(ref.Session); s != nil {
		ws.publish.follow(s, ref)
	}
}

func (ws *workspace) pageFor(k navigator.Kind) page {
	switch k {
	case navigator.Thing, navigator.Shadows, navigator.Shadow, navigator.ThingTopics:
		return ws.thing
	case navigator.ThingsFolder, navigator.Group:
		return ws.group
	case navigator.TopicsFolder, navigator.Topic:
		return ws.topic
	default:
		return ws.connection
	}
}

func (ws *workspace) bring(p page) {
	if ws.current == p {
		p.refresh(time.Now())
		return
	}
	if ws.current != nil {
		ws.current.object().Hide()
	}
	ws.current = p
	p.refresh(time.Now())
	p.object().Show()
}

func (ws *workspace) showWelcome() { ws.bring(ws.home) }

func (ws *workspace) refresh(now time.Time) {
	ws.current.refresh(now)
	if ws.drawerOpen() {
		ws.publish.refresh()
	}
}

func (ws *workspace) keys() string {
	if ws.current == nil {
		return ""
	}
	return ws.current.keys()
}

// drawerOpen tells whether the publish drawer is shown.
func (ws *workspace) drawerOpen() bool { return ws.publish.drawer.Opened() }

func (ws *workspace) toggleDrawer() { ws.publish.drawer.Toggle() }

// arrange gives the publish drawer its room, or takes it away.
func (ws *workspace) arrange(open bool) {
	if open {
		ws.drawer.Leading = ws.stack
		ws.drawer.SetOffset(ws.win.layout.Drawer)
		ws.object.Objects = []fyne.CanvasObject{ws.drawer}
	} else {
		ws.win.layout.Drawer = ws.drawer.Offset
		ws.object.Objects = []fyne.CanvasObject{ws.stack}
	}
	ws.object.Refresh()
}

// send sends what is edited on the page that is shown.
func (ws *workspace) send() {
	if ws.current == ws.thing {
		ws.thing.send()
	}
}

func (ws *workspace) exportHistory()   { ws.historyTab().export() }
func (ws *workspace) showConnections() { ws.bring(ws.manager) }
func (ws *workspace) showBroker()      { ws.bring(ws.broker) }

// newConnection begins a new connection in the list of connections.
func (ws *workspace) newConnection() {
	ws.showConnections()
	ws.manager.screen.Create()
}

// editConnection shows a connection's form in the list of connections.
func (ws *workspace) editConnection(id string) {
	ws.showConnections()
	ws.manager.screen.Edit(id)
}

// historyTab returns the history of the page that is shown.
func (ws *workspace) historyTab() *historyTab {
	switch ws.current {
	case ws.thing:
		return ws.thing.history
	case ws.topic:
		return ws.topic.history
	default:
		return ws.connection.history
	}
}

// keep adds to the layout what the pages want to find again.
func (ws *workspace) keep(l *layoutState) {
	l.Recent = ws.publish.recent()
	l.Edits = ws.thing.keepEdits()
}

// homePage is the welcome as a page.
type homePage struct{ *welcome }

func (p *homePage) object() fyne.CanvasObject { return p.welcome.object }
func (p *homePage) show(navigator.Ref)        {}
func (p *homePage) refresh(time.Time)         { p.welcome.refresh() }
func (p *homePage) keys() string              { return "Ctrl+K find · Ctrl+P publish" }
