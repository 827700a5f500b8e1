package ui

import (
	"fmt"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/thingdesk/thingdesk/engine"
	"github.com/thingdesk/thingdesk/things"
	"github.com/thingdesk/thingdesk/things/topic"
	"github.com/thingdesk/thingdesk/ui/model"
	"github.com/thingdesk/thingdesk/ui/model/navigator"
	"github.com/thingdesk/thingdesk/ui/widgets"
)

// thingTopics lists the topics that belong to a Thing, live.
type thingTopics struct {
	win     *Window
	object  fyne.CanvasObject
	words   *widget.Label
	table   *widgets.Table
	session *engine.Session
	rows    []topic.Info
	now     int64
	read    time.Time
}

// Bounds of the list of a Thing's topics.
const (
	mostThingTopics  = 2000
	thingTopicsEvery = 500 * time.Millisecond
	thingValueRunes  = 200
)

func newThingTopics(w *Window) *thingTopics {
	t := &thingTopics{win: w, words: widget.NewLabel("")}
	t.words.Truncation = fyne.TextTruncateEllipsis
	t.table = widgets.NewTable([]widgets.Column{
		{Title: "Topic", Width: 300},
		{Title: "Last value", Mono: true},
		{Title: "Messages", Width: 90, Right: true},
		{Title: "Rate", Width: 70, Right: true},
		{Title: "Last", Width: 70, Right: true},
	}, t)
	t.table.OnActivated = func(row int) {
		if row >= 0 && row < len(t.rows) {
			w.open(navigator.Ref{Kind: navigator.Topic, Session: t.session.Profile().ID, Topic: t.rows[row].Name})
		}
	}
	edit := widget.NewButton("Edit filters…", w.editSelected)
	t.object = container.NewBorder(container.NewBorder(nil, nil, nil, edit, t.words), nil, nil, nil, t.table)
	return t
}

func (t *thingTopics) refresh(s *engine.Session, sum things.Summary, now time.Time) {
	if s == t.session && now.Sub(t.read) < thingTopicsEvery {
		return
	}
	t.session, t.read, t.now = s, now, now.UnixMicro()
	filters := append(sum.TopicFilters(), "$aws/things/"+sum.Name+"/#")
	t.rows = t.rows[:0]
	seen := make(map[topic.NodeID]bool)
	s.Topics(func(ix *topic.Index) {
		for _, f := range filters {
			for _, branch := range ix.Branches(f) {
				ix.Walk(branch, func(name string, _ uint64, _ topic.Sample) bool {
					if id, ok := ix.Find(name); ok && !seen[id] && topic.Match(f, name) {
						seen[id] = true
						t.rows = append(t.rows, ix.Node(id, t.now))
					}
					return len(t.rows) < mostThingTopics
				})
			}
		}
	})
	words := fmt.Sprintf("%s of %s", countWords(len(t.rows), "topic"), strings.Join(filters, ", "))
	if len(t.rows) == mostThingTopics {
		words = fmt.Sprintf("The first %s topics of %s", model.Count(mostThingTopics), strings.Join(filters, ", "))
	}
	widgets.SetText(t.words, words)
	t.table.Refresh()
}

// Len implements widgets.TableSource.
func (t *thingTopics) Len() int { return len(t.rows) }

// Cells implements widgets.TableSource.
func (t *thingTopics) Cells(row int, out []widgets.Cell) {
	if row >= len(t.rows) {
		return
	}
	r := t.rows[row]
	out[0] = widgets.Cell{Text: r.Name}
	out[1] = widgets.Cell{Text: model.OneLine(r.Last.Payload, thingValueRunes), Tone: widgets.ToneDim}
	out[2] = widgets.Cell{Text: model.Count(r.Own)}
	out[3] = widgets.Cell{Text: model.Rate(r.Rate), Tone: widgets.ToneGood}
	out[4] = widgets.Cell{Text: model.Ago(r.Last.Time, t.now), Tone: widgets.ToneDim}
}

// thingInfo says what is known of a Thing beside its state.
type thingInfo struct {
	object fyne.CanvasObject
	values []*widget.Label
}

// infoFacts are the captions of thingInfo.
var infoFacts = []string{
	"Thing name", "Shown as", "Group", "Connection", "Presence", "Topic filters", "Shadows", "Shadow topics", "Version", "Found or added", "Last heard",
}

func newThingInfo(w *Window) *thingInfo {
	i := &thingInfo{}
	grid := container.New(&formGrid{})
	for _, caption := range infoFacts {
		v := widget.NewLabel("")
		v.Selectable = true
		v.Wrapping = fyne.TextWrapWord
		i.values = append(i.values, v)
		grid.Add(widget.NewLabel(caption))
		grid.Add(v)
	}
	buttons := container.NewHBox(
		widget.NewButtonWithIcon("Edit…", theme.DocumentCreateIcon(), w.editSelected),
		widget.NewButtonWithIcon("Delete…", theme.DeleteIcon(), w.deleteSelected),
	)
	i.object = container.NewVScroll(container.NewVBox(grid, buttons))
	return i
}

func (i *thingInfo) refresh(s *engine.Session, t things.Summary, v things.ShadowView, now int64) {
	shadows := make([]string, len(t.Shadows))
	for n, name := range t.Shadows {
		shadows[n] = navigator.ShadowTitle(name)
	}
	version := "no shadow yet"
	if v.Exists {
		version = fmt.Sprintf("%d (%s shadow)", v.Doc.Version, navigator.ShadowTitle(v.Key.Name))
	}
	presence := t.Presence.String()
	if t.Presence == things.Unknown {
		presence += ": this broker does not tell who is connected"
	}
	heard := "not since Thingdesk started"
	if t.LastSeen > 0 {
		heard = model.Stamp(t.LastSeen)
		if ago := model.Ago(t.LastSeen, now); ago != "now" {
			heard += " (" + ago + " ago)"
		}
	}
	for n, text := range []string{
		t.Name, t.Title(), orDash(t.Group), s.Profile().Name, presence, orDash(strings.Join(t.TopicFilters(), "\n")),
		orDash(strings.Join(shadows, ", ")), v.Key.Prefix() + "/…", version, model.Stamp(t.Created), heard,
	} {
		widgets.SetText(i.values[n], text)
	}
}
