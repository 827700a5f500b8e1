package ui

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/thingdesk/thingdesk/engine"
	"github.com/thingdesk/thingdesk/shadowview"
	"github.com/thingdesk/thingdesk/things"
	"github.com/thingdesk/thingdesk/things/shadow"
	"github.com/thingdesk/thingdesk/ui/model"
	"github.com/thingdesk/thingdesk/ui/model/navigator"
	navview "github.com/thingdesk/thingdesk/ui/navigator"
	"github.com/thingdesk/thingdesk/ui/widgets"
)

// thingPage shows a Thing: the form of reported and desired, its topics, its
// history, the raw document, and what is known of it.
type thingPage struct {
	win      *Window
	root     fyne.CanvasObject
	title    *widget.Label
	presence *widgets.Badge
	pending  *widgets.Badge
	tabs     *container.AppTabs
	panel    *shadowview.Panel
	raw      *shadowview.RawView
	topics   *thingTopics
	history  *historyTab
	info     *thingInfo
	forms    *formKeeper

	session *engine.Session
	ref     navigator.Ref
	key     shadow.Key
	open    *planDialog // nil when none is open
}

// The tabs of the page, in their order.
const (
	tabState = iota
	tabTopics
	tabHistory
	tabRaw
	tabInfo
)

func newThingPage(w *Window) *thingPage {
	p := &thingPage{win: w, title: widget.NewLabel(""), presence: widgets.NewBadge(), pending: widgets.NewBadge(), forms: newFormKeeper(w)}
	p.title.TextStyle.Bold = true
	p.title.Truncation = fyne.TextTruncateEllipsis
	actions := shadowview.Actions{
		Send:         p.forms.send,
		Reread:       func() { p.session.Reread(p.key) },
		OpenHistory:  func([]string) { p.tabs.SelectIndex(tabHistory) },
		SelectShadow: p.selectShadow,
		Menu:         p.shadowMenu,
		Copy:         w.copyText,
	}
	p.panel, p.raw = shadowview.NewPanel(actions), shadowview.NewRawView(actions)
	p.topics, p.history, p.info = newThingTopics(w), newHistoryTab(w), newThingInfo(w)
	p.tabs = container.NewAppTabs(
		container.NewTabItem("State", p.panel),
		container.NewTabItem("Topics", p.topics.object),
		container.NewTabItem("History", p.history.object()),
		container.NewTabItem("Raw JSON", p.raw),
		container.NewTabItem("Info", p.info.object),
	)
	p.tabs.OnSelected = func(*container.TabItem) { p.bring() }
	edit := widget.NewButtonWithIcon("", theme.DocumentCreateIcon(), w.editSelected)
	edit.Importance = widget.LowImportance
	header := container.NewBorder(nil, nil, nil, container.NewHBox(container.NewCenter(p.presence), container.NewCenter(p.pending), edit), p.title)
	p.root = container.NewBorder(header, nil, nil, nil, p.tabs)
	return p
}

func (p *thingPage) object() fyne.CanvasObject { return p.root }

func (p *thingPage) show(ref navigator.Ref) {
	p.session, p.ref = p.win.bench.Session(ref.Session), ref
	key := shadow.Key{Thing: ref.Thing}
	switch {
	case ref.Kind == navigator.Shadow:
		key.Name = ref.Shadow
	case p.key.Thing == ref.Thing: // stay with the shadow chosen in the form
		key.Name = p.key.Name
	}
	if ref.Kind == navigator.ThingTopics {
		p.tabs.SelectIndex(tabTopics)
	} else if p.tabs.SelectedIndex() == tabTopics {
		p.tabs.SelectIndex(tabState)
	}
	p.showShadow(key)
	p.bring()
}

// showShadow brings form and raw view to a shadow, with what was typed before.
func (p *thingPage) showShadow(key shadow.Key) {
	p.key = key
	if p.session == nil {
		return
	}
	f := p.forms.form(p.session, key)
	p.panel.SetForm(f)
	p.raw.SetForm(f)
}

func (p *thingPage) selectShadow(name string) {
	p.showShadow(shadow.Key{Thing: p.key.Thing, Name: name})
}

// bring points the history at the Thing when it is looked at.
func (p *thingPage) bring() {
	if p.session != nil && p.tabs.SelectedIndex() == tabHistory {
		p.history.at(p.ref.Session, "$aws/things/"+p.key.Thing+"/#")
	}
}

func (p *thingPage) refresh(now time.Time) {
	p.forms.collect(now)
	if p.session == nil {
		return
	}
	if p.open != nil {
		p.open.refresh()
	}
	at := now.UnixMicro()
	var sum things.Summary
	var view things.ShadowView
	var known bool
	p.session.Things(func(r *things.Registry) {
		sum, known = r.Thing(p.key.Thing)
		view, _ = r.Shadow(p.key)
	})
	p.header(sum, known, at)
	switch p.tabs.SelectedIndex() {
	case tabState:
		p.panel.SetShadows(sum.Shadows)
		p.panel.Apply(formView(view), p.forms.activity(p.session, p.key), at)
	case tabTopics:
		p.topics.refresh(p.session, sum, now)
	case tabHistory:
		p.history.refresh(now)
	case tabRaw:
		p.raw.Apply(formView(view), at)
	default:
		p.info.refresh(p.session, sum, view, at)
	}
}

func (p *thingPage) header(sum things.Summary, known bool, at int64) {
	words := []string{p.session.Profile().Name}
	if sum.Group != "" {
		words = append(words, strings.Split(sum.Group, "/")...)
	}
	if known {
		words = append(words, sum.Title())
	} else {
		words = append(words, p.key.Thing+" (deleted)")
	}
	widgets.SetText(p.title, strings.Join(words, " › "))
	mark, tone := navview.PresenceMark(sum.Presence)
	text := sum.Presence.String()
	if ago := model.Ago(sum.PresenceSince, at); ago != "" && ago != "now" {
		text += " " + ago
	}
	p.presence.Set(mark, text, tone)
	// The form has its own count, of its shadow.
	if sum.Pending > 0 && (len(sum.Shadows) > 1 || p.tabs.SelectedIndex() != tabState) {
		p.pending.Set("⟳", fmt.Sprintf("%d pending", sum.Pending), widgets.ToneWarn)
	} else {
		p.pending.Set("", "", widgets.ToneDim)
	}
}

// send sends the edits of the form when it is looked at.
func (p *thingPage) send() {
	if p.session != nil && p.tabs.SelectedIndex() == tabState {
		p.panel.Send()
	}
}

func (p *thingPage) keys() string {
	if p.tabs.SelectedIndex() == tabState {
		return "Ctrl+Enter send · Esc revert"
	}
	return "Ctrl+P publish"
}

func (p *thingPage) keepEdits() map[string]json.RawMessage { return p.forms.keep() }
