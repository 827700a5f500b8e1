package ui

import (
	"context"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/things"
	"github.com/thingdesk/thingdesk/ui/model/navigator"
)

// contextMenu offers what can be done with a row of the navigator.
func (w *Window) contextMenu(ref navigator.Ref, at fyne.Position) {
	items := w.contextItems(ref)
	if len(items) > 0 {
		widget.ShowPopUpMenuAtPosition(fyne.NewMenu("", items...), w.win.Canvas(), at)
	}
}

func (w *Window) contextItems(ref navigator.Ref) []*fyne.MenuItem {
	s := w.bench.Session(ref.Session)
	if s == nil {
		return nil
	}
	add := fyne.NewMenuItem("Add Thing…", func() { w.editThing(s, things.Thing{}) })
	switch ref.Kind {
	case navigator.Connection:
		verb, do := "Disconnect", func(ctx context.Context) error { return w.bench.Disconnect(ctx, ref.Session) }
		if s.Status().State == broker.Closed {
			verb, do = "Connect", func(ctx context.Context) error { return w.bench.Connect(ctx, ref.Session) }
		}
		return []*fyne.MenuItem{
			fyne.NewMenuItem(verb, func() { w.do(do, nil) }),
			fyne.NewMenuItem("Edit connection…", func() { w.workspace.editConnection(ref.Session) }), add,
		}
	case navigator.ThingsFolder, navigator.Group:
		return []*fyne.MenuItem{add}
	case navigator.Thing, navigator.Shadows, navigator.Shadow, navigator.ThingTopics:
		return []*fyne.MenuItem{
			fyne.NewMenuItem("Copy thing name", func() { w.copyText(ref.Thing) }),
			fyne.NewMenuItem("Edit Thing…", w.editSelected),
			fyne.NewMenuItem("Delete Thing…", w.deleteSelected),
		}
	case navigator.TopicsFolder, navigator.Topic:
		return w.topicItems(ref)
	}
	return nil
}

func (w *Window) topicItems(ref navigator.Ref) []*fyne.MenuItem {
	root := ref.Kind == navigator.TopicsFolder
	clearItem := fyne.NewMenuItem("Clear retained messages below…", func() { w.clearRetained(ref, true) })
	if root {
		return []*fyne.MenuItem{clearItem}
	}
	return []*fyne.MenuItem{
		fyne.NewMenuItem("Copy topic", func() { w.copyText(ref.Topic) }),
		fyne.NewMenuItem("Publish here…", func() { w.workspace.publish.load(broker.Message{Topic: ref.Topic}) }),
		fyne.NewMenuItem("Clear retained message…", func() { w.clearRetained(ref, false) }),
		clearItem,
	}
}

// clearRetained asks, with the count, before it clears.
func (w *Window) clearRetained(ref navigator.Ref, subtree bool) {
	w.workspace.topic.explorer.screen.ClearRetained(w.target(ref.Session, ref.Topic, ref.Kind == navigator.TopicsFolder), subtree)
}

// deleteKey does what the Delete key means for a row.
func (w *Window) deleteKey(ref navigator.Ref) {
	switch ref.Kind {
	case navigator.Topic:
		w.clearRetained(ref, true)
	case navigator.Thing:
		w.deleteSelected()
	default:
	}
}
