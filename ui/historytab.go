package ui

import (
	"time"

	"fyne.io/fyne/v2"

	"github.com/thingdesk/thingdesk/ui/history"
	historymodel "github.com/thingdesk/thingdesk/ui/model/history"
	"github.com/thingdesk/thingdesk/ui/model/navigator"
)

// historyTab is the history screen with its view-model. It is built when it is
// first looked at: three pages have one each, and each reads the store.
type historyTab struct {
	win    *Window
	box    *fyne.Container
	screen *history.Screen
}

func newHistoryTab(w *Window) *historyTab {
	return &historyTab{win: w, box: &fyne.Container{Layout: fill{}}}
}

func (h *historyTab) object() fyne.CanvasObject { return h.box }

// ready returns the screen, built now if need be.
func (h *historyTab) ready() *history.Screen {
	if h.screen != nil {
		return h.screen
	}
	w := h.win
	c := historymodel.Config{
		Async: w.loop.async, Recorder: w.bench.RecorderStats, Recording: w.bench.Recording, Connections: w.connections,
	}
	if store := w.bench.History(); store != nil {
		c.Store, c.Export = store, historymodel.FileExporter(store)
	} else {
		for _, n := range w.bench.Notices() {
			c.Why = n
		}
	}
	h.screen = history.New(history.Config{Model: historymodel.New(c), Window: w.win, Say: w.say, ShowTopic: func(source, topic string) {
		w.open(navigator.Ref{Kind: navigator.Topic, Session: source, Topic: topic})
	}})
	h.box.Add(h.screen.Object())
	return h.screen
}

// at filters the history by a topic filter and a connection.
func (h *historyTab) at(session, filter string) { h.ready().OpenAt(filter, session) }

func (h *historyTab) refresh(now time.Time) { h.ready().Refresh(now) }

// export asks where to export what is filtered.
func (h *historyTab) export() { h.ready().Export() }

// connections lists the connections that messages can come from.
func (w *Window) connections() []historymodel.Connection {
	var list []historymodel.Connection
	for _, s := range w.bench.Sessions() {
		p := s.Profile()
		list = append(list, historymodel.Connection{ID: p.ID, Name: p.Name})
	}
	return list
}

// fill gives each object all the room.
type fill struct{}

// Layout implements fyne.Layout.
func (fill) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	for _, o := range objects {
		o.Resize(size)
	}
}

// MinSize implements fyne.Layout.
func (fill) MinSize(objects []fyne.CanvasObject) fyne.Size {
	var size fyne.Size
	for _, o := range objects {
		size = size.Max(o.MinSize())
	}
	return size
}
