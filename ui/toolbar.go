package ui

import (
	"context"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/engine"
	connmodel "github.com/thingdesk/thingdesk/ui/model/connections"
	"github.com/thingdesk/thingdesk/ui/widgets"
)

// toolbar is the line under the menu: the selected connection with its state,
// and the commands used most.
type toolbar struct {
	win        *Window
	object     fyne.CanvasObject
	connection *widget.Button
	state      *widget.Label
	pause      *widget.Button
	record     *widget.Button
	publish    *widget.Button
}

func newToolbar(w *Window) *toolbar {
	t := &toolbar{win: w, state: widget.NewLabel("")}
	t.state.Truncation = fyne.TextTruncateEllipsis
	t.connection = widget.NewButtonWithIcon("", theme.ComputerIcon(), t.connectionMenu)
	t.pause = widget.NewButtonWithIcon("Pause", theme.MediaPauseIcon(), w.togglePause)
	t.record = widget.NewButtonWithIcon("Rec", theme.MediaRecordIcon(), w.toggleRecording)
	t.publish = widget.NewButtonWithIcon("Publish", theme.MailSendIcon(), func() { w.workspace.toggleDrawer() })
	add := widget.NewButtonWithIcon("", theme.ContentAddIcon(), func() { w.workspace.newConnection() })
	t.object = container.New(layout.NewCustomPaddedLayout(2, 2, 4, 4), container.NewBorder(nil, nil,
		container.NewHBox(t.connection, add), container.NewHBox(t.pause, t.record, t.publish), t.state))
	return t
}

// connectionMenu offers to connect, disconnect and edit each connection.
func (t *toolbar) connectionMenu() {
	w := t.win
	menu := fyne.NewMenu("")
	for _, s := range w.bench.Sessions() {
		p := s.Profile()
		verb := "Disconnect "
		do := func(ctx context.Context) error { return w.bench.Disconnect(ctx, p.ID) }
		if s.Status().State == broker.Closed {
			verb = "Connect "
			do = func(ctx context.Context) error { return w.bench.Connect(ctx, p.ID) }
		}
		menu.Items = append(menu.Items, fyne.NewMenuItem(verb+p.Name, func() { w.do(do, nil) }))
	}
	menu.Items = append(menu.Items, fyne.NewMenuItemSeparator(),
		fyne.NewMenuItem("New connection…", func() { w.workspace.newConnection() }),
		fyne.NewMenuItem("Connections…", func() { w.workspace.showConnections() }))
	c := w.win.Canvas()
	at := w.app.Driver().AbsolutePositionForObject(t.connection)
	widget.ShowPopUpMenuAtPosition(menu, c, at.AddXY(0, t.connection.Size().Height))
}

// refresh is called by the sampler; it touches only what changed.
func (t *toolbar) refresh() {
	s := t.win.session()
	widgets.SetButton(t.connection, s.Profile().Name)
	widgets.SetText(t.state, stateWords(s))
	t.state.Importance = widget.MediumImportance
	pause, importance := "Pause", widget.MediumImportance
	if t.win.paused {
		pause, importance = "Paused – go on", widget.WarningImportance
	}
	setImportance(t.pause, importance)
	widgets.SetButton(t.pause, pause)
	rec, importance := "Recording", widget.MediumImportance
	if !t.win.bench.Recording() {
		rec, importance = "Not recording", widget.WarningImportance
	}
	setImportance(t.record, importance)
	widgets.SetButton(t.record, rec)
	drawer := widget.MediumImportance
	if t.win.workspace.drawerOpen() {
		drawer = widget.HighImportance
	}
	setImportance(t.publish, drawer)
}

func setImportance(b *widget.Button, i widget.Importance) {
	if b.Importance != i {
		b.Importance = i
		b.Refresh()
	}
}

// stateWords says where a connection stands, to what, and what happens next.
func stateWords(s *engine.Session) string {
	return connmodel.StateWords(s.Profile(), s.Status(), time.Now())
}
