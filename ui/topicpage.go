package ui

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/ui/model/navigator"
	topicmodel "github.com/thingdesk/thingdesk/ui/model/topics"
	"github.com/thingdesk/thingdesk/ui/topics"
)

// explorer is a topic screen with its view-models; the topic page and the Thing
// page have one each.
type explorer struct {
	win    *Window
	detail *topicmodel.Detail
	screen *topics.Screen
}

func newExplorer(w *Window, open func(name string)) *explorer {
	var history topicmodel.History // stays nil without a history
	if h := w.bench.History(); h != nil {
		history = h
	}
	e := &explorer{win: w, detail: topicmodel.NewDetail(w.loop.async, history)}
	e.screen = topics.New(topics.Config{
		Detail: e.detail, Clearing: w.clearing, Window: w.win, Open: open,
		Publish: func(m broker.Message) { w.workspace.publish.load(m) }, Say: w.say,
	})
	return e
}

// show brings the explorer to a topic of a connection, or to all of them.
func (e *explorer) show(session, name string, root bool) {
	e.detail.Show(e.win.target(session, name, root), time.Now().UnixMicro())
}

// target names a topic for the topic explorer; the zero Target when the
// connection is gone.
func (w *Window) target(session, name string, root bool) topicmodel.Target {
	s := w.bench.Session(session)
	if s == nil {
		return topicmodel.Target{}
	}
	return topicmodel.Target{Session: s, Source: session, Connection: s.Profile().Name, Name: name, Root: root}
}

// topicPage shows a topic or all topics of a connection.
type topicPage struct {
	win      *Window
	explorer *explorer
	history  *historyTab
	tabs     *container.AppTabs
	ref      navigator.Ref
}

func newTopicPage(w *Window) *topicPage {
	p := &topicPage{win: w}
	p.explorer = newExplorer(w, func(name string) {
		w.open(navigator.Ref{Kind: navigator.Topic, Session: p.ref.Session, Topic: name})
	})
	p.history = newHistoryTab(w)
	p.tabs = container.NewAppTabs(
		container.NewTabItem("Topics", p.explorer.screen.Object()),
		container.NewTabItem("History", p.history.object()),
	)
	p.tabs.OnSelected = func(*container.TabItem) { p.bring() }
	return p
}

func (p *topicPage) object() fyne.CanvasObject { return p.tabs }

func (p *topicPage) show(ref navigator.Ref) {
	p.ref = ref
	p.explorer.show(ref.Session, ref.Topic, ref.Kind == navigator.TopicsFolder)
	p.bring()
}

// bring points the history at the topic when it is looked at.
func (p *topicPage) bring() {
	if p.tabs.SelectedIndex() != 1 {
		return
	}
	filter := ""
	if p.ref.Kind == navigator.Topic {
		filter = p.ref.Topic
		if d := p.explorer.detail; d.HasChildren() || !d.Exists() {
			filter += "/#" // a/# matches a as well
		}
	}
	p.history.at(p.ref.Session, filter)
}

func (p *topicPage) refresh(now time.Time) {
	if p.tabs.SelectedIndex() == 1 {
		p.history.refresh(now)
		return
	}
	p.explorer.screen.Refresh(now.UnixMicro())
}

func (p *topicPage) keys() string { return "Del clear retained · Ctrl+P publish" }
