package ui

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/engine"
	"github.com/thingdesk/thingdesk/things"
	"github.com/thingdesk/thingdesk/ui/model/navigator"
)

// command is something the user can do, named the same in menu, toolbar,
// shortcut list and on the screen.
type command struct {
	name string
	key  *desktop.CustomShortcut // nil: no shortcut
	do   func()
}

// quitName is the name of the command that ends the program.
const quitName = "Quit"

// awsModeName is the name of the command that is checked while the AWS mode is
// on.
const awsModeName = "AWS mode of the local broker"

func ctrl(key fyne.KeyName) *desktop.CustomShortcut {
	return &desktop.CustomShortcut{KeyName: key, Modifier: fyne.KeyModifierShortcutDefault}
}

func ctrlShift(key fyne.KeyName) *desktop.CustomShortcut {
	return &desktop.CustomShortcut{KeyName: key, Modifier: fyne.KeyModifierShortcutDefault | fyne.KeyModifierShift}
}

// menus lists all commands, menu by menu; a command without a name is a
// separator.
func (w *Window) menus() []struct {
	title    string
	commands []command
} {
	sep := command{}
	return []struct {
		title    string
		commands []command
	}{
		{"File", []command{
			{"Export history…", ctrl(fyne.KeyE), func() { w.workspace.exportHistory() }},
			{"Show data directory", nil, w.showDataDir},
			sep,
			{quitName, ctrl(fyne.KeyQ), func() { w.quit() }},
		}},
		{"View", []command{
			{"Welcome", nil, func() { w.workspace.showWelcome() }},
			{"Find things and topics", ctrl(fyne.KeyK), func() { w.nav.FocusFilter() }},
			{"Pause live updates", ctrlShift(fyne.KeyP), w.togglePause},
			{"Publish drawer", ctrl(fyne.KeyP), func() { w.workspace.toggleDrawer() }},
			sep,
			{"Theme: follow the system", nil, func() { w.setTheme("auto", w.layout.Scale) }},
			{"Theme: light", nil, func() { w.setTheme("light", w.layout.Scale) }},
			{"Theme: dark", nil, func() { w.setTheme("dark", w.layout.Scale) }},
			{"Larger text", ctrl(fyne.KeyEqual), func() { w.setTheme(w.layout.Theme, w.layout.Scale+0.1) }},
			{"Smaller text", ctrl(fyne.KeyMinus), func() { w.setTheme(w.layout.Theme, w.layout.Scale-0.1) }},
			{"Normal text", ctrl(fyne.Key0), func() { w.setTheme(w.layout.Theme, 1) }},
		}},
		{"Thing", []command{
			{"Add Thing…", ctrl(fyne.KeyT), func() { w.editThing(w.session(), things.Thing{}) }},
			{"Edit Thing…", nil, w.editSelected},
			{"Delete Thing…", nil, w.deleteSelected},
			sep,
			{"Start the demo thermal controller", ctrl(fyne.KeyD), func() { w.do(w.bench.StartDemo, w.openDemo) }},
			{"Take the demo thermal controller offline", nil, func() {
				w.do(func(ctx context.Context) error { w.bench.StopDemo(ctx); return nil }, nil)
			}},
		}},
		{"Broker", []command{
			{"Start local broker", nil, func() { w.do(w.bench.StartBroker, nil) }},
			{"Stop local broker", nil, func() { w.do(w.bench.StopBroker, nil) }},
			{"Clients and sessions…", ctrl(fyne.KeyB), func() { w.workspace.showBroker() }},
			{awsModeName, nil, w.toggleAWSMode},
			{"Add a device…", nil, w.addDevice},
			{"Devices…", nil, func() { w.showDevices() }},
			{"Copy local broker address", nil, func() { w.copyText("mqtt://" + w.bench.Broker().Addr) }},
			sep,
			{"New connection…", ctrl(fyne.KeyN), func() { w.workspace.newConnection() }},
			{"Connections…", nil, func() { w.workspace.showConnections() }},
			{"Recording on or off", ctrl(fyne.KeyR), w.toggleRecording},
		}},
		{"Help", []command{
			{"Keyboard", nil, w.showKeyboard},
			{"Notices", nil, func() { w.showNotices(true) }},
			{"About Thingdesk", nil, w.showAbout},
		}},
	}
}

func (w *Window) mainMenu() *fyne.MainMenu {
	var menus []*fyne.Menu
	for _, m := range w.menus() {
		menu := fyne.NewMenu(m.title)
		for _, c := range m.commands {
			if c.name == "" {
				menu.Items = append(menu.Items, fyne.NewMenuItemSeparator())
				continue
			}
			item := fyne.NewMenuItem(c.name, c.do)
			if c.key != nil {
				item.Shortcut = c.key
			}
			if c.name == awsModeName {
				item.Checked = w.bench.AWSMode()
				w.awsItem = item
			}
			item.IsQuit = c.name == quitName // else Fyne adds its own
			menu.Items = append(menu.Items, item)
		}
		menus = append(menus, menu)
	}
	return fyne.NewMainMenu(menus...)
}

// shortcuts makes the commands' keys work wherever the focus is.
func (w *Window) shortcuts() {
	for _, m := range w.menus() {
		for _, c := range m.commands {
			if c.key != nil {
				do := c.do
				w.win.Canvas().AddShortcut(c.key, func(fyne.Shortcut) { do() })
			}
		}
	}
	w.addSend()
}

// addSend makes Ctrl+Enter send what is edited, wherever the focus is; where an
// entry has it, the entry sends.
func (w *Window) addSend() {
	for _, key := range []fyne.KeyName{fyne.KeyReturn, fyne.KeyEnter} {
		w.win.Canvas().AddShortcut(ctrl(key), func(fyne.Shortcut) { w.workspace.send() })
	}
}

// moreKeys are the keys that belong to a part of the window.
var moreKeys = [][2]string{
	{"Ctrl+Enter", "Send desired; publish in the publish drawer"},
	{"Esc", "Revert the desired value being typed"},
	{"↑ ↓ PgUp PgDn Home End", "Walk a tree or table"},
	{"→ ←", "Open and close a branch"},
	{"Enter", "Open what is selected; connect a closed connection"},
	{"Del", "Clear retained messages of the selected topic; delete the selected Thing"},
	{"Letters", "Find in the navigator"},
}

func (w *Window) showKeyboard() {
	grid := &fyne.Container{Layout: formGrid{}}
	row := func(keys, what string) {
		grid.Add(widget.NewLabelWithStyle(keys, fyne.TextAlignLeading, fyne.TextStyle{Monospace: true}))
		grid.Add(widget.NewLabel(what))
	}
	for _, m := range w.menus() {
		for _, c := range m.commands {
			if c.key != nil {
				row(keyWords(c.key), c.name)
			}
		}
	}
	for _, k := range moreKeys {
		row(k[0], k[1])
	}
	dialog.ShowCustom("Keyboard", "Close", grid, w.win)
}

func keyWords(s *desktop.CustomShortcut) string {
	words := ""
	if s.Modifier&fyne.KeyModifierShortcutDefault != 0 {
		words = "Ctrl+"
	}
	if s.Modifier&fyne.KeyModifierShift != 0 {
		words += "Shift+"
	}
	return words + string(s.KeyName)
}

func (w *Window) showAbout() {
	dialog.ShowInformation("About Thingdesk", fmt.Sprintf("Thingdesk %s\n\nThe workbench for MQTT Things.\nData directory: %s",
		w.version, w.bench.DataDir()), w.win)
}

// showNotices shows what went wrong at the start; with always also when
// nothing did. A port that was taken is no matter for a dialog at the start:
// status bar and welcome say it.
func (w *Window) showNotices(always bool) {
	var lines []string
	for _, n := range w.bench.Notices() {
		lines = append(lines, capital(n))
	}
	st := w.bench.Broker()
	if st.Err != nil {
		lines = append(lines, capital(st.Err.Error()))
	}
	if always && st.Moved {
		lines = append(lines, fmt.Sprintf("%s is in use by another program, so the local broker listens on %s.", st.Wanted, st.Addr))
	}
	if len(lines) == 0 {
		if !always {
			return
		}
		lines = []string{"Nothing to report."}
	}
	label := widget.NewLabel(strings.Join(lines, "\n\n"))
	label.Wrapping = fyne.TextWrapWord
	d := dialog.NewCustom("Notices", "Close", label, w.win)
	d.Resize(fyne.NewSize(520, 220))
	d.Show()
}

func (w *Window) showDataDir() {
	u := &url.URL{Scheme: "file", Path: w.bench.DataDir()}
	w.report(w.app.OpenURL(u))
}

func (w *Window) openDemo() {
	w.open(navigator.Ref{Kind: navigator.Thing, Session: broker.LocalID, Thing: engine.DemoThing})
}

func (w *Window) toggleAWSMode() {
	on := !w.bench.AWSMode()
	w.do(func(ctx context.Context) error { return w.bench.SetAWSMode(ctx, on) }, w.checkMenu)
}

// checkMenu checks the items of the menu that are on.
func (w *Window) checkMenu() {
	if on := w.bench.AWSMode(); w.awsItem.Checked != on {
		w.awsItem.Checked = on
		w.win.MainMenu().Refresh()
	}
}

func (w *Window) togglePause() { w.paused = !w.paused }

func (w *Window) toggleRecording() { w.bench.SetRecording(!w.bench.Recording()) }

// selectedThing returns the Thing that is selected, or below which something
// is.
func (w *Window) selectedThing() (*engine.Session, things.Summary, bool) {
	ref, ok := w.tree.Selected()
	s := w.bench.Session(ref.Session)
	if !ok || s == nil || ref.Thing == "" {
		return nil, things.Summary{}, false
	}
	var t things.Summary
	s.Things(func(r *things.Registry) { t, ok = r.Thing(ref.Thing) })
	return s, t, ok
}

func (w *Window) editSelected() {
	if s, t, ok := w.selectedThing(); ok {
		w.editThing(s, t.Thing)
		return
	}
	dialog.ShowInformation("Edit Thing", "Select a Thing in the tree first.", w.win)
}

func (w *Window) deleteSelected() {
	if s, t, ok := w.selectedThing(); ok {
		w.deleteThing(s, t)
		return
	}
	dialog.ShowInformation("Delete Thing", "Select a Thing in the tree first.", w.win)
}
