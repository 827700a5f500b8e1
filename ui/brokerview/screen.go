// Package brokerview draws the Broker page: how the bundled broker does, its
// clients, the sessions it keeps, and its log. The rules are in
// ui/model/brokerview.
package brokerview

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	model "github.com/thingdesk/thingdesk/ui/model/brokerview"
	"github.com/thingdesk/thingdesk/ui/widgets"
)

// Config says what a Screen stands on. Model and Window are required.
type Config struct {
	// Model is the view-model; the Screen takes its OnChange.
	Model *model.Model
	// Window is the parent of dialogs.
	Window fyne.Window
	// Copy puts text on the clipboard and says so; nil puts it there.
	Copy func(text string)
}

// Screen is the page. Its methods belong on Fyne's goroutine.
type Screen struct {
	cfg   Config
	model *model.Model
	root  fyne.CanvasObject
	tabs  *container.AppTabs

	head     *head
	clients  *listView[model.Client]
	sessions *listView[model.Session]
	retained *retainedView
	trouble  *troubleView
	log      *logView

	banned *widget.Button
	asking *question // nil when no dialog is open
	drawn  uint64
	now    time.Time
	second int64 // of the ages that are shown
}

// New returns the screen.
func New(cfg Config) *Screen {
	if cfg.Copy == nil {
		cfg.Copy = func(text string) { fyne.CurrentApp().Clipboard().SetContent(text) }
	}
	s := &Screen{cfg: cfg, model: cfg.Model}
	s.model.OnChange = s.draw
	s.head = newHead(s)
	s.clients = newClients(s)
	s.sessions = newSessions(s)
	s.retained = newRetainedView(s)
	s.trouble = newTroubleView(s)
	s.log = newLogView(s)
	s.tabs = container.NewAppTabs(
		container.NewTabItem("Clients", s.clients.object),
		container.NewTabItem("Sessions", s.sessions.object),
		container.NewTabItem("Retained", s.retained.object),
		container.NewTabItem("Trouble", s.trouble.object),
		container.NewTabItem("Log", s.log.object),
	)
	s.tabs.OnSelected = func(*container.TabItem) {
		s.model.Show(model.Tab(s.tabs.SelectedIndex()))
		s.draw()
	}
	s.root = container.NewBorder(s.head.object, nil, nil, nil, s.tabs)
	s.redraw()
	return s
}

// Object returns what to put into the window.
func (s *Screen) Object() fyne.CanvasObject { return s.root }

// Refresh reads and redraws what changed. It is cheap when nothing did and never
// waits. The sampler calls it while the page is shown.
func (s *Screen) Refresh(now time.Time) {
	switch s.model.Tab() {
	case model.Clients:
		s.model.Hold(s.clients.inUse(now))
	case model.Sessions:
		s.model.Hold(s.sessions.inUse(now))
	case model.Retained, model.Trouble:
	case model.Log:
		s.log.follow()
	}
	s.now = now
	s.model.Tick(now)
	if second := now.Unix(); second != s.second {
		s.second = second
		s.redraw()
		return
	}
	s.draw()
}

// draw shows what the model holds when that has changed.
func (s *Screen) draw() {
	if s.drawn != s.model.Revision() {
		s.redraw()
	}
}

func (s *Screen) redraw() {
	s.drawn = s.model.Revision()
	if tab := int(s.model.Tab()); tab != s.tabs.SelectedIndex() {
		s.tabs.SelectIndex(tab)
	}
	s.head.draw()
	if q := s.asking; q != nil {
		if words := q.words(); words != "" {
			widgets.SetText(q.label, words)
		}
	}
	switch s.model.Tab() {
	case model.Clients:
		s.clients.draw()
	case model.Sessions:
		s.sessions.draw()
	case model.Retained:
		s.retained.draw()
	case model.Trouble:
		s.trouble.draw()
	case model.Log:
		s.log.draw()
	}
}

// showClient shows a client in the list of clients.
func (s *Screen) showClient(id string) {
	s.model.PickClient(id)
	s.draw()
}

// question is a dialog that is open. Its words follow what happens meanwhile.
type question struct {
	label *widget.Label
	words func() string
}

// confirm asks before something that cannot be undone. words say what will
// happen; "" leaves them as they are.
func (s *Screen) confirm(title, verb string, words func() string, do func()) {
	label := widget.NewLabel(words())
	label.Wrapping = fyne.TextWrapWord
	s.asking = &question{label, words}
	d := dialog.NewCustomConfirm(title, verb, "Cancel", label, func(yes bool) {
		s.asking = nil
		if yes {
			do()
			s.draw()
		}
	}, s.cfg.Window)
	d.SetConfirmImportance(widget.DangerImportance)
	d.Resize(fyne.NewSize(470, 250))
	d.Show()
}

// below shows a menu below a button.
func (s *Screen) below(b *widget.Button, items ...*fyne.MenuItem) {
	at := fyne.CurrentApp().Driver().AbsolutePositionForObject(b)
	s.menu(at.AddXY(0, b.Size().Height), items...)
}

// menu shows a context menu, none without items.
func (s *Screen) menu(at fyne.Position, items ...*fyne.MenuItem) {
	if len(items) == 0 {
		return
	}
	widget.ShowPopUpMenuAtPosition(fyne.NewMenu("", items...), s.cfg.Window.Canvas(), at)
}

// low is a label that does not draw the eye.
func low(text string) *widget.Label {
	l := widget.NewLabel(text)
	l.Importance = widget.LowImportance
	l.Truncation = fyne.TextTruncateEllipsis
	return l
}

// hint returns a label for words in place of rows, to be put into inMiddle.
func hint() *widget.Label {
	l := widget.NewLabel("")
	l.Alignment = fyne.TextAlignCenter
	l.Wrapping = fyne.TextWrapWord
	return l
}

// inMiddle puts words into the middle of what room there is, at a width that
// reads well. It asks for no room of its own.
type inMiddle struct{}

const hintWidth = 620

// MinSize implements fyne.Layout.
func (inMiddle) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.Size{} }

// Layout implements fyne.Layout.
func (inMiddle) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	width := min(hintWidth, size.Width)
	for _, o := range objects {
		o.Resize(fyne.NewSize(width, o.Size().Height)) // its height follows from its width
		height := o.MinSize().Height
		o.Resize(fyne.NewSize(width, height))
		o.Move(fyne.NewPos((size.Width-width)/2, max(0, (size.Height-height)/2)))
	}
}

// padded leaves a little room around a bar.
func padded(o fyne.CanvasObject) *fyne.Container {
	return container.New(layout.NewCustomPaddedLayout(3, 3, 4, 4), o)
}

// setImportance touches a label only when that is news.
func setImportance(l *widget.Label, i widget.Importance) {
	if l.Importance != i {
		l.Importance = i
		l.Refresh()
	}
}
