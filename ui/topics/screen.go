// Package topics draws the topic explorer: the detail of a topic with its
// recent messages, the levels below it, clearing of retained messages, and the
// list of subscriptions. The rules are in ui/model/topics.
package topics

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/thingdesk/thingdesk/broker"
	model "github.com/thingdesk/thingdesk/ui/model/topics"
	"github.com/thingdesk/thingdesk/ui/widgets"
)

// Config says what a Screen stands on. Detail, Clearing and Window are
// required; a callback that is nil hides what needs it.
type Config struct {
	// Detail and Clearing are the view-models.
	Detail   *model.Detail
	Clearing *model.Clearing
	// Window is the parent of dialogs.
	Window fyne.Window
	// Open shows another topic of the same connection, by its whole name.
	Open func(name string)
	// Publish opens the publish drawer with a message.
	Publish func(m broker.Message)
	// Say tells in the status bar what was done.
	Say func(text string)
}

// Screen is the tab "Topics". Its methods belong on Fyne's goroutine.
type Screen struct {
	cfg   Config
	root  *fyne.Container
	empty *dimText
	body  *fyne.Container // header above the arranged panels

	crumbs   *widget.Label
	chips    *chipRow
	copyName *widget.Button
	again    *widget.Button
	clear    *widget.Button
	value    *valuePanel
	recent   *recentPanel
	children *childrenPanel
	progress *progressBar

	arranged arrangement
	target   model.Target
	textSize float32
	panels   *fyne.Container
	now      int64
}

// arrangement is which panels stand where.
type arrangement uint8

const (
	nothing arrangement = iota
	leaf                // value above recent messages
	branch              // children above the stream of all below
	both                // value above children beside recent messages
)

// New returns the screen; it shows what the Detail shows after each Refresh.
func New(cfg Config) *Screen {
	if cfg.Say == nil {
		cfg.Say = func(string) {}
	}
	s := &Screen{cfg: cfg}
	s.empty = newDimText()
	s.empty.Truncation = fyne.TextTruncateOff
	s.value = newValuePanel(s)
	s.recent = newRecentPanel(s)
	s.children = newChildrenPanel(s)
	s.progress = newProgressBar(cfg.Clearing)
	s.panels = container.NewStack()
	s.body = container.NewBorder(s.header(), s.progress.object, nil, nil, s.panels)
	s.root = container.NewStack(container.NewCenter(s.empty), s.body)
	s.body.Hide()
	return s
}

func (s *Screen) header() fyne.CanvasObject {
	s.crumbs = widget.NewLabel("")
	s.crumbs.TextStyle.Bold = true
	s.crumbs.Truncation = fyne.TextTruncateEllipsis
	s.chips = newChipRow()
	s.copyName = quiet("Copy topic", theme.ContentCopyIcon(), func() {
		fyne.CurrentApp().Clipboard().SetContent(s.cfg.Detail.Target().Name)
		s.cfg.Say("Copied the topic name")
	})
	s.again = quiet("Publish again…", theme.MailSendIcon(), func() { s.cfg.Publish(s.cfg.Detail.Again()) })
	s.clear = quiet("Clear retained…", theme.DeleteIcon(), s.clearTapped)
	actions := container.NewHBox(s.copyName, s.again, s.clear)
	return container.NewVBox(container.NewBorder(nil, nil, nil, actions, s.crumbs), s.chips.object)
}

// quiet is a button that does not draw the eye.
func quiet(text string, icon fyne.Resource, tapped func()) *widget.Button {
	b := widget.NewButtonWithIcon(text, icon, tapped)
	b.Importance = widget.LowImportance
	return b
}

// Object returns what to put into the tab.
func (s *Screen) Object() fyne.CanvasObject { return s.root }

// Refresh takes in the present state and redraws what changed. It is cheap
// when nothing did. now is in microseconds since 1970 UTC.
func (s *Screen) Refresh(now int64) {
	s.now = now
	s.recent.hold()
	s.children.hold()
	s.cfg.Detail.Apply(now)
	s.draw()
}

// draw shows what the view-models hold.
func (s *Screen) draw() {
	d := s.cfg.Detail
	s.arrange()
	s.progress.draw()
	if s.arranged == nothing {
		s.empty.set(emptyWords(d))
		return
	}
	s.rescale()
	if t := d.Target(); t != s.target { // another topic begins at its top
		s.target = t
		s.value.code.ScrollToTop()
		s.recent.table.ScrollTo(0)
		s.children.toTop()
	}
	widgets.SetText(s.crumbs, strings.Join(d.Crumbs(), " › "))
	s.chips.set(d.Chips())
	widgets.Show(s.copyName, !d.Target().Root)
	widgets.Show(s.again, s.cfg.Publish != nil && d.HasValue())
	if s.arranged != branch {
		s.value.draw()
	}
	if s.arranged != leaf {
		s.children.draw()
	}
	s.recent.draw()
}

// rescale gives the tables new column widths when the text size changed.
func (s *Screen) rescale() {
	if size := theme.Size(theme.SizeNameText); size != s.textSize {
		s.textSize = size
		s.recent.table.SetColumns(recentColumns(s.recent.subtree))
		s.children.table.SetColumns(childColumns())
		s.children.drawn = 0 // the sort sign went with the old columns
	}
}

// wide is a column width that grows with the text; w is for the usual size.
func wide(w float32) float32 { return w * theme.Size(theme.SizeNameText) / 13 }

func emptyWords(d *model.Detail) string {
	switch t := d.Target(); {
	case t.Session == nil:
		return "Select a topic in the tree to see its value."
	case t.Root:
		return "No message yet. Topics appear here as soon as one arrives."
	default:
		return "No message on " + t.Name + " since the connection was opened."
	}
}

// arrange puts the panels where the present target needs them. It keeps them
// as they are while the kind of target stays the same.
func (s *Screen) arrange() {
	d, want := s.cfg.Detail, nothing
	switch {
	case !d.Exists():
	case d.HasValue() && d.HasChildren():
		want = both
	case d.HasValue():
		want = leaf
	default:
		want = branch
	}
	if want == s.arranged {
		return
	}
	s.arranged = want
	widgets.Show(s.body, want != nothing)
	widgets.Show(s.empty, want == nothing)
	var split *container.Split
	switch want {
	case leaf:
		split = container.NewVSplit(s.value.object, s.recent.object)
		split.Offset = 0.55
	case branch:
		split = container.NewVSplit(s.children.object, s.recent.object)
		split.Offset = 0.6
	case both:
		below := container.NewHSplit(s.children.object, s.recent.object)
		split = container.NewVSplit(s.value.object, below)
		split.Offset = 0.5
	default:
		s.panels.Objects = nil
		return
	}
	s.panels.Objects = []fyne.CanvasObject{split}
	s.panels.Refresh()
}

// bar is a row with something at the left and something at the right.
func bar(left, right fyne.CanvasObject) *fyne.Container {
	return container.New(layout.NewBorderLayout(nil, nil, nil, right), left, right)
}
