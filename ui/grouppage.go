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
	"github.com/thingdesk/thingdesk/ui/model"
	"github.com/thingdesk/thingdesk/ui/model/navigator"
	navview "github.com/thingdesk/thingdesk/ui/navigator"
	"github.com/thingdesk/thingdesk/ui/widgets"
)

// groupPage lists the Things of a connection or of a group.
type groupPage struct {
	win     *Window
	root    fyne.CanvasObject
	title   *widget.Label
	empty   *widget.Label
	table   *widgets.Table
	session *engine.Session
	ref     navigator.Ref
	rows    []things.Summary
	now     int64
	read    time.Time
}

func newGroupPage(w *Window) *groupPage {
	p := &groupPage{win: w, title: widget.NewLabel(""), empty: widget.NewLabel("")}
	p.title.TextStyle.Bold = true
	p.empty.Wrapping = fyne.TextWrapWord
	p.empty.SetText("No Things here yet. A Thing appears as soon as its shadow topics carry a message, " +
		"for example $aws/things/my-device/shadow/update. You can also add one by hand.")
	p.table = widgets.NewTable([]widgets.Column{
		{Title: "", Width: 90},
		{Title: "Thing", Width: 200},
		{Title: "Name in topics", Width: 180},
		{Title: "Group"},
		{Title: "Pending", Width: 90, Right: true},
		{Title: "Shadows", Width: 90, Right: true},
		{Title: "Last heard", Width: 110, Right: true},
	}, p)
	p.table.OnActivated = func(row int) {
		if row >= 0 && row < len(p.rows) {
			w.open(navigator.Ref{Kind: navigator.Thing, Session: p.ref.Session, Thing: p.rows[row].Name})
		}
	}
	add := widget.NewButtonWithIcon("Add Thing…", theme.ContentAddIcon(), func() { w.editThing(w.session(), things.Thing{}) })
	p.root = container.NewBorder(container.NewBorder(nil, nil, nil, add, p.title), nil, nil, nil,
		container.NewBorder(p.empty, nil, nil, nil, p.table))
	return p
}

func (p *groupPage) object() fyne.CanvasObject { return p.root }

func (p *groupPage) show(ref navigator.Ref) {
	p.ref, p.session, p.read = ref, p.win.bench.Session(ref.Session), time.Time{}
	p.table.Unselect()
}

// groupEvery is the pace at which the list is read again.
const groupEvery = 500 * time.Millisecond

func (p *groupPage) refresh(now time.Time) {
	if p.session == nil || now.Sub(p.read) < groupEvery {
		return
	}
	p.read, p.now = now, now.UnixMicro()
	p.session.Things(func(r *things.Registry) { p.rows = p.rows[:0]; p.rows = append(p.rows, r.Things()...) })
	if g := p.ref.Group; p.ref.Kind == navigator.Group {
		kept := p.rows[:0]
		for _, t := range p.rows {
			if t.Group == g || strings.HasPrefix(t.Group, g+"/") {
				kept = append(kept, t)
			}
		}
		p.rows = kept
	}
	where := p.session.Profile().Name
	if p.ref.Group != "" {
		where += " › " + strings.ReplaceAll(p.ref.Group, "/", " › ")
	}
	widgets.SetText(p.title, fmt.Sprintf("%s › %s", where, countWords(len(p.rows), "Thing")))
	if empty := len(p.rows) == 0; empty != p.empty.Visible() {
		if empty {
			p.empty.Show()
		} else {
			p.empty.Hide()
		}
	}
	p.table.Refresh()
}

func (p *groupPage) keys() string { return "Enter open · Ctrl+T add Thing" }

// Len implements widgets.TableSource.
func (p *groupPage) Len() int { return len(p.rows) }

// Cells implements widgets.TableSource.
func (p *groupPage) Cells(row int, out []widgets.Cell) {
	if row >= len(p.rows) {
		return
	}
	t := p.rows[row]
	mark, tone := navview.PresenceMark(t.Presence)
	out[0] = widgets.Cell{Text: mark + " " + t.Presence.String(), Tone: tone}
	out[1] = widgets.Cell{Text: t.Title(), Bold: true}
	out[2] = widgets.Cell{Text: t.Name, Tone: widgets.ToneDim}
	out[3] = widgets.Cell{Text: t.Group}
	if t.Pending > 0 {
		out[4] = widgets.Cell{Text: fmt.Sprintf("⟳ %d", t.Pending), Tone: widgets.ToneWarn}
	}
	out[5] = widgets.Cell{Text: model.Count(len(t.Shadows))}
	out[6] = widgets.Cell{Text: model.Ago(t.LastSeen, p.now), Tone: widgets.ToneDim}
}
