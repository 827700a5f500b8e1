package ui

import (
	"fmt"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"github.com/thingdesk/thingdesk/engine"
	"github.com/thingdesk/thingdesk/storage"
	"github.com/thingdesk/thingdesk/ui/model"
	"github.com/thingdesk/thingdesk/ui/widgets"
)

// statusBar is the line at the bottom of the window. It never lies: all it
// says is read from the parts each time.
type statusBar struct {
	broker              *linkLabel
	aws, mischief       *widgets.Badge
	flow, trouble, keys *widget.Label
	object              fyne.CanvasObject
}

// newStatusBar returns the status bar; a click on what it says of the broker
// calls openBroker.
func newStatusBar(openBroker func()) *statusBar {
	b := &statusBar{
		broker: newLinkLabel(openBroker), flow: widget.NewLabel(""), trouble: widget.NewLabel(""), keys: widget.NewLabel(""),
	}
	b.aws, b.mischief = widgets.NewBadge(), widgets.NewBadge()
	b.aws.Set("●", "AWS mode", widgets.ToneAccent)
	b.mischief.Set("▲", "Trouble on purpose", widgets.ToneWarn)
	b.aws.Hide()
	b.mischief.Hide()
	b.trouble.Importance = widget.DangerImportance
	b.trouble.Truncation = fyne.TextTruncateEllipsis
	b.keys.Importance = widget.LowImportance
	b.object = container.NewBorder(nil, nil, container.NewHBox(b.broker, b.aws, b.mischief, widget.NewSeparator(), b.flow, widget.NewSeparator()), b.keys, b.trouble)
	return b
}

// linkLabel is a label that can be clicked.
type linkLabel struct {
	widget.Label

	tapped func()
}

func newLinkLabel(tapped func()) *linkLabel {
	l := &linkLabel{tapped: tapped}
	l.ExtendBaseWidget(l)
	return l
}

// Tapped implements fyne.Tappable.
func (l *linkLabel) Tapped(*fyne.PointEvent) { l.tapped() }

// Cursor implements desktop.Cursorable.
func (l *linkLabel) Cursor() desktop.Cursor { return desktop.PointerCursor }

// figures is what the status bar shows, read off the Fyne goroutine's way.
type figures struct {
	broker    engine.BrokerStatus
	rate      float64
	dropped   uint64
	recording bool
	hasStore  bool
	recorder  storage.RecorderStats
	stored    storage.HistoryStats
}

func (b *statusBar) show(f figures, keys string) {
	widgets.SetText(&b.broker.Label, brokerWords(f.broker))
	widgets.Show(b.aws, f.broker.AWSMode)
	widgets.Show(b.mischief, f.broker.Trouble)
	widgets.SetText(b.flow, flowWords(f))
	widgets.SetText(b.trouble, troubleWords(f))
	widgets.SetText(b.keys, keys)
}

func brokerWords(st engine.BrokerStatus) string {
	switch {
	case st.Running && st.Moved:
		return fmt.Sprintf("Listening %s (%s was in use) · %s", st.Addr, st.Wanted, clientWords(st.Stats.Clients))
	case st.Running:
		return fmt.Sprintf("Listening %s · %s", st.Addr, clientWords(st.Stats.Clients))
	case st.Err != nil:
		return "Local broker could not start"
	default:
		return "Local broker stopped"
	}
}

func clientWords(n int) string {
	if n == 1 {
		return "1 client"
	}
	return model.Count(n) + " clients"
}

func flowWords(f figures) string {
	rate := model.Rate(f.rate)
	if rate == "" {
		rate = "0/s"
	}
	words := []string{"in " + rate}
	switch {
	case !f.hasStore:
		words = append(words, "no history")
	case !f.recording:
		words = append(words, "recording off, "+model.Count(f.stored.Rows)+" logged")
	default:
		words = append(words, fmt.Sprintf("logged %s (%s)", model.Count(f.stored.Rows), model.Bytes(f.stored.Bytes)))
	}
	words = append(words, "queue "+model.Count(f.recorder.Queued), "dropped "+model.Count(f.allDropped()))
	return strings.Join(words, " · ")
}

func (f figures) allDropped() uint64 {
	return f.dropped + f.recorder.Dropped + f.broker.Stats.Dropped
}

// troubleWords says in red what is not as it should be; "" when all is well.
func troubleWords(f figures) string {
	var words []string
	if f.recorder.Trouble != "" {
		words = append(words, f.recorder.Trouble)
	}
	if f.broker.Err != nil {
		words = append(words, f.broker.Err.Error())
	}
	if f.broker.StoreTrouble != "" {
		words = append(words, "shadow updates are refused: "+f.broker.StoreTrouble)
	}
	if f.broker.StateTrouble != "" {
		words = append(words, "sessions and retained messages are not stored: "+f.broker.StateTrouble)
	}
	if n := f.recorder.Dropped; n > 0 {
		words = append(words, model.Count(n)+" not recorded")
	}
	if n := f.dropped; n > 0 {
		words = append(words, model.Count(n)+" dropped on arrival: Thingdesk could not keep up")
	}
	if n := f.broker.Stats.Dropped; n > 0 {
		words = append(words, model.Count(n)+" not delivered by the local broker: its log says why (Ctrl+B)")
	}
	return strings.Join(words, " · ")
}
