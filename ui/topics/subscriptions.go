package topics

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/thingdesk/thingdesk/ui/model"
	topics "github.com/thingdesk/thingdesk/ui/model/topics"
	"github.com/thingdesk/thingdesk/ui/widgets"
)

// qosNames are the choices of quality of service; the place is the number.
var qosNames = []string{"QoS 0", "QoS 1", "QoS 2"}

// Subscriptions is the list of topic filters of a connection, with a row to
// add one and the actions on the selected one. Its methods belong on Fyne's
// goroutine.
type Subscriptions struct {
	model  *topics.Subscriptions
	object fyne.CanvasObject
	empty  *dimText
	body   *fyne.Container

	filter *widget.Entry
	qos    *widget.Select
	add    *widget.Button
	words  *widget.Label
	table  *widgets.Table

	chosen    string // filter of the selected row
	chosenQoS *widget.Select
	pause     *widget.Button
	remove    *widget.Button
	result    *widget.Label
	drawn     uint64
	textSize  float32
}

// NewSubscriptions returns the panel; it shows what the view-model shows after
// each Refresh.
func NewSubscriptions(m *topics.Subscriptions) *Subscriptions {
	s := &Subscriptions{model: m, words: widget.NewLabel(""), result: widget.NewLabel("")}
	s.words.Wrapping = fyne.TextWrapWord
	s.words.Hide()
	s.result.Truncation = fyne.TextTruncateEllipsis
	s.empty = newDimText()
	s.empty.Truncation = fyne.TextTruncateOff
	s.empty.set("Select a connection in the tree to see its subscriptions.")
	s.table = widgets.NewTable(subscriptionColumns(), s)
	s.table.OnSelected = s.selected
	s.table.OnDelete = func(row int) {
		s.selected(row)
		s.model.Remove(s.chosen)
		s.draw()
	}
	s.body = container.NewBorder(container.NewVBox(s.addRow(), s.words), s.actionRow(), nil, nil, s.table)
	s.object = container.NewStack(container.NewCenter(s.empty), s.body)
	s.draw()
	return s
}

func subscriptionColumns() []widgets.Column {
	return []widgets.Column{
		{Title: "Filter"},
		{Title: "QoS", Width: wide(70)},
		{Title: "Messages", Width: wide(100), Right: true},
		{Title: "Broker's answer", Width: wide(280)},
	}
}

func (s *Subscriptions) addRow() fyne.CanvasObject {
	s.filter = widget.NewEntry()
	s.filter.SetPlaceHolder("Add a topic filter, for example factory/+/temperature or factory/#")
	s.filter.OnChanged = func(string) { s.check() }
	s.filter.OnSubmitted = func(string) { s.addTapped() }
	s.qos = widget.NewSelect(qosNames, nil)
	s.qos.SetSelectedIndex(0)
	s.add = widget.NewButtonWithIcon("Subscribe", theme.ContentAddIcon(), s.addTapped)
	s.add.Disable()
	return container.NewBorder(nil, nil, nil, container.NewHBox(s.qos, s.add), s.filter)
}

func (s *Subscriptions) actionRow() fyne.CanvasObject {
	s.chosenQoS = widget.NewSelect(qosNames, func(string) {
		s.model.SetQoS(s.chosen, byte(max(s.chosenQoS.SelectedIndex(), 0)))
		s.draw()
	})
	s.pause = widget.NewButton("Pause", func() {
		if row, ok := s.row(); ok {
			s.model.SetPaused(s.chosen, !row.Paused)
			s.draw()
		}
	})
	s.remove = widget.NewButtonWithIcon("Remove", theme.DeleteIcon(), func() {
		s.model.Remove(s.chosen)
		s.draw()
	})
	return container.NewBorder(nil, nil, container.NewHBox(s.chosenQoS, s.pause, s.remove), nil, s.result)
}

// Object returns what to put into the tab.
func (s *Subscriptions) Object() fyne.CanvasObject { return s.object }

// Refresh takes in the present state and redraws what changed. It is cheap
// when nothing did.
func (s *Subscriptions) Refresh() {
	s.model.Apply()
	if size := theme.Size(theme.SizeNameText); size != s.textSize {
		s.textSize = size
		s.table.SetColumns(subscriptionColumns())
	}
	if s.drawn != s.model.Revision() {
		s.draw()
	}
}

// Len implements widgets.TableSource.
func (s *Subscriptions) Len() int { return len(s.model.Rows()) }

// Cells implements widgets.TableSource.
func (s *Subscriptions) Cells(row int, out []widgets.Cell) {
	rows := s.model.Rows()
	if row >= len(rows) {
		return
	}
	r := rows[row]
	out[0].Text = r.Filter
	if r.Paused {
		out[0].Tone = widgets.ToneDim
	}
	out[1].Text = qosNames[min(r.QoS, 2)]
	out[2].Text = model.Count(r.Messages)
	out[3].Text = r.Answer
	out[3].Tone = map[topics.Mood]widgets.Tone{
		topics.MoodQuiet: widgets.ToneDim, topics.MoodGood: widgets.ToneGood,
		topics.MoodWaiting: widgets.ToneWarn, topics.MoodBad: widgets.ToneBad,
	}[r.Mood]
}

func (s *Subscriptions) selected(row int) {
	s.chosen = ""
	if rows := s.model.Rows(); row >= 0 && row < len(rows) {
		s.chosen = rows[row].Filter
	}
	s.draw()
}

// row is the selected subscription and its place.
func (s *Subscriptions) row() (topics.SubscriptionRow, bool) {
	for _, r := range s.model.Rows() {
		if r.Filter == s.chosen && s.chosen != "" {
			return r, true
		}
	}
	return topics.SubscriptionRow{}, false
}

// check says beside the entry what is wrong with what is typed.
func (s *Subscriptions) check() {
	words, fault := s.model.Check(s.filter.Text)
	s.words.Importance = widget.WarningImportance
	if fault {
		s.words.Importance = widget.DangerImportance
	}
	s.words.SetText(words)
	widgets.Show(s.words, words != "")
	widgets.Enable(s.add, !fault)
}

func (s *Subscriptions) addTapped() {
	if s.model.Add(s.filter.Text, byte(max(s.qos.SelectedIndex(), 0))) {
		s.filter.SetText("")
	}
	s.draw()
}

func (s *Subscriptions) draw() {
	s.drawn = s.model.Revision()
	widgets.Show(s.body, s.model.Active())
	widgets.Show(s.empty, !s.model.Active())
	s.table.Refresh()
	row, ok := s.row()
	at := -1
	for i, r := range s.model.Rows() {
		if ok && r.Filter == row.Filter {
			at = i
		}
	}
	if s.table.Selected() != at {
		s.table.Mark(at)
	}
	for _, o := range []fyne.Disableable{s.chosenQoS, s.pause, s.remove} {
		widgets.Enable(o, ok)
	}
	if want := qosNames[row.QoS]; ok && s.chosenQoS.Selected != want {
		s.chosenQoS.Selected = want // not SetSelected: that would ask for it
		s.chosenQoS.Refresh()
	}
	text := "Pause"
	if row.Paused {
		text = "Resume"
	}
	if s.pause.Text != text {
		s.pause.SetText(text)
	}
	words, failed := s.model.Result()
	if s.model.Busy() {
		words, failed = "asking the broker…", false
	}
	importance := widget.MediumImportance
	if failed {
		importance = widget.DangerImportance
	}
	if s.result.Importance != importance || s.result.Text != words {
		s.result.Importance = importance
		s.result.SetText(words)
	}
}
