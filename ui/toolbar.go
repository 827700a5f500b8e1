package ui

import (
	"context"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/engine"
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
	setButton(t.connection, s.Profile().Name)
	setLabel(t.state, stateWords(s))
	t.state.Importance = widget.MediumImportance
	pause, importance := "Pause", widget.MediumImportance
	if t.win.paused {
		pause, importance = "Paused – go on", widget.WarningImportance
	}
	setImportance(t.pause, importance)
	setButton(t.pause, pause)
	rec, importance := "Recording", widget.MediumImportance
	if !t.win.bench.Recording() {
		rec, importance = "Not recording", widget.WarningImportance
	}
	setImportance(t.record, importance)
	setButton(t.record, rec)
	drawer := widget.MediumImportance
	if t.win.workspace.drawerOpen() {
		drawer = widget.HighImportance
	}
	setImportance(t.publish, drawer)
}

func setButton(b *widget.Button, text string) {
	if b.Text != text {
		b.SetText(text)
	}
}

func setImportance(b *widget.Button, i widget.Importance) {
	if b.Importance != i {
		b.Importance = i
		b.Refresh()
	}
}

// stateWords says where a connection stands, to what, and what happens next.
func stateWords(s *engine.Session) string {
	st, p := s.Status(), s.Profile()
	switch st.State {
	case broker.Connected:
		return "connected to " + p.Endpoint()
	case broker.Connecting:
		return "connecting to " + p.Endpoint() + "…"
	case broker.Waiting:
		return waitingWords(st)
	default:
		if st.Reason.Text != "" {
			return st.Reason.String()
		}
		return "not connected"
	}
}
