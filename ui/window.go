// Package ui is the window of Thingdesk: it puts the screens together, keeps
// them fresh, and carries what the user does to the engine. It holds no rules
// of the domain.
package ui

import (
	"context"
	"log/slog"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/engine"
	"github.com/thingdesk/thingdesk/ui/model/navigator"
	topicmodel "github.com/thingdesk/thingdesk/ui/model/topics"
	navview "github.com/thingdesk/thingdesk/ui/navigator"
)

// Config says what a Window stands on.
type Config struct {
	// App is the running Fyne application.
	App fyne.App
	// Bench is what the window shows. The window does not close it.
	Bench *engine.Workbench
	// Post runs a function on Fyne's goroutine some time later; fyne.Do.
	Post func(func())
	// Log takes what only a developer needs; nil discards.
	Log *slog.Logger
	// Quit ends the program; the Quit command calls it.
	Quit func()
	// Version is the program's version, shown in About.
	Version string
}

// sampleEvery is the pace of live updates.
const sampleEvery = 100 * time.Millisecond

// Window is the one window. Its methods belong on Fyne's goroutine.
type Window struct {
	app     fyne.App
	win     fyne.Window
	bench   *engine.Workbench
	loop    *loop
	log     *slog.Logger
	version string
	quit    func()
	layout  layoutState

	tree      *navigator.Model
	nav       *navview.View
	split     *container.Split
	toolbar   *toolbar
	status    *statusBar
	workspace *workspace
	awsItem   *fyne.MenuItem // is checked while the AWS mode is on

	clearing *topicmodel.Clearing
	said     string    // what was done last, for the status bar
	saidAt   time.Time // when

	paused  bool
	ticks   int
	saved   string // layout as it was last kept
	stats   figures
	loading bool // figures are being read
}

// New builds the window and starts its sampler. ctx bounds all its work.
func New(ctx context.Context, c Config) *Window {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	w := &Window{
		app: c.App, bench: c.Bench, log: c.Log, version: c.Version, quit: c.Quit,
		loop: newLoop(ctx, c.Post), layout: readLayout(c.Bench.Setting(ctx, settingKey)),
		win: c.App.NewWindow("Thingdesk"), tree: navigator.New(func() int64 { return time.Now().UnixMicro() }),
	}
	w.clearing = topicmodel.NewClearing(w.loop.async)
	w.setTheme(w.layout.Theme, w.layout.Scale)
	w.restoreTree()
	w.nav = navview.New(w.tree)
	w.nav.OnSelected = w.show
	w.nav.OnActivated = w.activate
	w.nav.OnDelete = w.deleteKey
	w.nav.OnMenu = w.contextMenu
	w.status = newStatusBar(func() { w.workspace.showBroker() })
	w.workspace = newWorkspace(w)
	w.toolbar = newToolbar(w)
	w.split = container.NewHSplit(w.nav.Object(), w.workspace.object)
	w.split.SetOffset(w.layout.Split)
	w.win.SetMainMenu(w.mainMenu())
	w.win.SetContent(container.NewBorder(w.toolbar.object, w.status.object, nil, nil, w.split))
	w.win.Resize(fyne.NewSize(w.layout.Width, w.layout.Height))
	w.win.SetPadded(false)
	w.shortcuts()
	if ref, ok := w.tree.Selected(); ok {
		w.show(ref)
	} else {
		w.workspace.showWelcome()
	}
	w.refresh()
	w.showNotices(false)
	w.loop.sample(sampleEvery, w.refresh)
	return w
}

// Fyne returns the Fyne window, to be shown and closed.
func (w *Window) Fyne() fyne.Window { return w.win }

// Close keeps the layout, stops the sampler and waits for all work of the
// window to end. The Fyne window must not be used after it.
func (w *Window) Close(ctx context.Context) {
	layout := w.layoutText()
	w.loop.close()
	w.saveLayout(ctx, layout)
}

// sessions lists the connections as the navigator takes them.
func (w *Window) sessions() []navigator.Session {
	all := w.bench.Sessions()
	list := make([]navigator.Session, len(all))
	for i, s := range all {
		list[i] = s
	}
	return list
}

// refresh draws what changed. The sampler calls it.
func (w *Window) refresh() {
	w.ticks++
	if w.win.Canvas().Overlays().Top() != nil && w.ticks%10 != 0 {
		return // a dialog or menu is open: once a second is enough
	}
	now := time.Now()
	if !w.paused {
		w.nav.Refresh(w.sessions())
		w.workspace.refresh(now)
	}
	w.toolbar.refresh()
	w.checkMenu()
	w.readFigures()
	w.status.show(w.stats, w.hint(now))
	if w.ticks%autosaveEvery == 0 {
		w.autosave()
	}
}

// sayFor is how long the status bar says what was done.
const sayFor = 4 * time.Second

// say tells in the status bar what was done.
func (w *Window) say(text string) { w.said, w.saidAt = text, time.Now() }

// hint is the right end of the status bar: what was just done, else the keys
// that apply.
func (w *Window) hint(now time.Time) string {
	if now.Sub(w.saidAt) < sayFor {
		return w.said
	}
	return w.workspace.keys()
}

// figuresEvery is how many samples pass between two readings of the figures of
// the status bar.
const figuresEvery = 5

// readFigures reads the counters off Fyne's goroutine: the history's may need
// the disk.
func (w *Window) readFigures() {
	if w.loading || w.ticks%figuresEvery != 0 {
		return
	}
	w.loading = true
	var f figures
	w.loop.async(func(context.Context) { f = readFigures(w.bench) }, func() {
		w.loading, w.stats = false, f
	})
}

func readFigures(b *engine.Workbench) figures {
	f := figures{broker: b.Broker(), recording: b.Recording(), recorder: b.RecorderStats()}
	if h := b.History(); h != nil {
		f.hasStore, f.stored = true, h.Stats()
	}
	for _, s := range b.Sessions() {
		f.rate += s.Rate()
		f.dropped += s.Counters().Dropped
	}
	return f
}

// open selects ref in the navigator and shows it.
func (w *Window) open(ref navigator.Ref) {
	w.nav.Reveal(ref)
	w.show(ref)
}

// show brings the workspace to what the navigator selected.
func (w *Window) show(ref navigator.Ref) { w.workspace.show(ref) }

// activate does what a double click means.
func (w *Window) activate(ref navigator.Ref) {
	if s := w.bench.Session(ref.Session); ref.Kind == navigator.Connection && s != nil && s.Status().State == broker.Closed {
		w.do(func(ctx context.Context) error { return w.bench.Connect(ctx, ref.Session) }, nil)
		return
	}
	w.show(ref)
}

// session returns the connection of what is selected, the bundled broker's
// when nothing is.
func (w *Window) session() *engine.Session {
	if ref, ok := w.tree.Selected(); ok {
		if s := w.bench.Session(ref.Session); s != nil {
			return s
		}
	}
	return w.bench.Session(broker.LocalID)
}

// copyText puts text on the clipboard.
func (w *Window) copyText(text string) {
	w.app.Clipboard().SetContent(text)
	w.say("Copied")
}
