package ui

import (
	"context"
	"fmt"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/engine"
	"github.com/thingdesk/thingdesk/localbroker"
	"github.com/thingdesk/thingdesk/ui/model"
	"github.com/thingdesk/thingdesk/ui/model/navigator"
	topicmodel "github.com/thingdesk/thingdesk/ui/model/topics"
	"github.com/thingdesk/thingdesk/ui/topics"
	"github.com/thingdesk/thingdesk/ui/widgets"
)

// connectionPage shows a connection: where it stands, its subscriptions, its
// history.
type connectionPage struct {
	win      *Window
	session  *engine.Session
	tabs     *container.AppTabs
	overview *overview
	subs     *topicmodel.Subscriptions
	panel    *topics.Subscriptions
	history  *historyTab
}

func newConnectionPage(w *Window) *connectionPage {
	p := &connectionPage{win: w, overview: newOverview(w), subs: topicmodel.NewSubscriptions(w.loop.async), history: newHistoryTab(w)}
	p.panel = topics.NewSubscriptions(p.subs)
	p.tabs = container.NewAppTabs(
		container.NewTabItem("Overview", p.overview.object),
		container.NewTabItem("Subscriptions", p.panel.Object()),
		container.NewTabItem("History", p.history.object()),
	)
	p.tabs.OnSelected = func(*container.TabItem) { p.refresh(time.Now()) }
	return p
}

func (p *connectionPage) object() fyne.CanvasObject { return p.tabs }

func (p *connectionPage) show(ref navigator.Ref) {
	p.session = p.win.bench.Session(ref.Session)
	if p.session != nil {
		p.subs.Show(p.session)
		p.history.at(ref.Session, "")
	}
}

func (p *connectionPage) refresh(now time.Time) {
	if p.session == nil {
		return
	}
	switch p.tabs.SelectedIndex() {
	case 0:
		p.overview.refresh(p.session, now)
	case 1:
		p.panel.Refresh()
	default:
		p.history.refresh(now)
	}
}

func (p *connectionPage) keys() string { return "Enter connect · Ctrl+N new connection" }

// overview says in words where a connection stands and what happened to it,
// and lists the clients of the bundled broker.
type overview struct {
	win     *Window
	object  fyne.CanvasObject
	title   *widget.Label
	words   *widget.Label
	grid    *fyne.Container
	values  []*widget.Label
	toggle  *widget.Button
	edit    *widget.Button
	clients *clientTable
	log     *widgets.Table
	lines   []broker.Status
	session *engine.Session
	since   time.Time // of the state shown
	read    time.Time
}

// overviewFacts are the captions of the overview.
var overviewFacts = []string{"Address", "Client ID", "User", "Received", "Sent", "Dropped here"}

func newOverview(w *Window) *overview {
	o := &overview{win: w, title: widget.NewLabel(""), words: widget.NewLabel("")}
	o.title.TextStyle.Bold = true
	o.words.Wrapping = fyne.TextWrapWord
	o.grid = container.New(&formGrid{})
	for _, caption := range overviewFacts {
		v := widget.NewLabel("")
		v.Selectable = true
		o.values = append(o.values, v)
		o.grid.Add(widget.NewLabel(caption))
		o.grid.Add(v)
	}
	o.toggle = widget.NewButton("", o.toggleConnection)
	o.edit = widget.NewButton("Edit…", func() { w.workspace.editConnection(o.session.Profile().ID) })
	o.clients = newClientTable()
	o.log = widgets.NewTable([]widgets.Column{{Title: "Time", Width: 180}, {Title: "State", Width: 170}, {Title: "What happened"}}, o)
	top := container.NewVBox(container.NewBorder(nil, nil, nil, container.NewHBox(o.edit, o.toggle), o.title), o.words, o.grid)
	lists := container.NewVSplit(o.clients.object, container.NewBorder(heading("What happened"), nil, nil, nil, o.log))
	o.object = container.NewBorder(top, nil, nil, nil, lists)
	return o
}

func (o *overview) toggleConnection() {
	id := o.session.Profile().ID
	closed := o.session.Status().State == broker.Closed
	o.win.do(func(ctx context.Context) error {
		if closed {
			return o.win.bench.Connect(ctx, id)
		}
		return o.win.bench.Disconnect(ctx, id)
	}, nil)
}

// overviewEvery is the pace of the overview.
const overviewEvery = 500 * time.Millisecond

func (o *overview) refresh(s *engine.Session, now time.Time) {
	p, st, c := s.Profile(), s.Status(), s.Counters()
	if s == o.session && st.Since.Equal(o.since) && now.Sub(o.read) < overviewEvery {
		return
	}
	o.session, o.since, o.read = s, st.Since, now
	widgets.SetText(o.title, p.Name)
	widgets.SetText(o.words, capital(stateWords(s)))
	address := "mqtt://" + p.Endpoint()
	if p.Transport == broker.TLS {
		address = "mqtts://" + p.Endpoint()
	}
	for i, text := range []string{
		address, orDash(s.ClientID()), orDash(p.Username), model.Count(c.Received), model.Count(c.Sent), model.Count(c.Dropped),
	} {
		widgets.SetText(o.values[i], text)
	}
	widgets.SetButton(o.toggle, toggleWords(p.Local(), st.State))
	o.clients.show(p.Local(), o.win.bench.Clients(), now)
	o.lines = s.StatusLog()
	o.log.Refresh()
}

func toggleWords(local bool, s broker.State) string {
	switch {
	case local && s == broker.Closed:
		return "Start broker"
	case local:
		return "Stop broker"
	case s == broker.Closed:
		return "Connect"
	default:
		return "Disconnect"
	}
}

func orDash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

// Len implements widgets.TableSource: the log, newest first.
func (o *overview) Len() int { return len(o.lines) }

// Cells implements widgets.TableSource.
func (o *overview) Cells(row int, out []widgets.Cell) {
	if row >= len(o.lines) {
		return
	}
	st := o.lines[len(o.lines)-1-row]
	out[0] = widgets.Cell{Text: model.Stamp(st.Since.UnixMicro()), Tone: widgets.ToneDim}
	out[1] = widgets.Cell{Text: st.State.String(), Tone: stateTone(st.State)}
	out[2] = widgets.Cell{Text: strings.TrimSpace(st.Reason.String())}
}

func stateTone(s broker.State) widgets.Tone {
	switch s {
	case broker.Connected:
		return widgets.ToneGood
	case broker.Connecting:
		return widgets.ToneWarn
	case broker.Waiting:
		return widgets.ToneBad
	default:
		return widgets.ToneDim
	}
}

// clientTable lists the clients of the bundled broker.
type clientTable struct {
	object *fyne.Container
	title  *widget.Label
	table  *widgets.Table
	rows   []localbroker.Client
	now    int64
}

func newClientTable() *clientTable {
	t := &clientTable{title: widget.NewLabel("")}
	t.title.TextStyle.Bold = true
	t.table = widgets.NewTable([]widgets.Column{
		{Title: "Client ID"}, {Title: "Address", Width: 170}, {Title: "MQTT", Width: 70}, {Title: "User", Width: 120}, {Title: "Connected", Width: 100, Right: true},
	}, t)
	t.object = container.NewBorder(t.title, nil, nil, nil, t.table)
	return t
}

func (t *clientTable) show(local bool, clients []localbroker.Client, now time.Time) {
	if local != t.object.Visible() {
		if local {
			t.object.Show()
		} else {
			t.object.Hide()
		}
	}
	t.rows, t.now = clients, now.UnixMicro()
	widgets.SetText(t.title, fmt.Sprintf("Clients (%d)", len(clients)))
	t.table.Refresh()
}

// Len implements widgets.TableSource.
func (t *clientTable) Len() int { return len(t.rows) }

// Cells implements widgets.TableSource.
func (t *clientTable) Cells(row int, out []widgets.Cell) {
	if row >= len(t.rows) {
		return
	}
	c := t.rows[row]
	out[0], out[1], out[2], out[3] = widgets.Cell{Text: c.ID}, widgets.Cell{Text: c.Address, Tone: widgets.ToneDim},
		widgets.Cell{Text: c.Protocol}, widgets.Cell{Text: orDash(c.User), Tone: widgets.ToneDim}
	out[4] = widgets.Cell{Text: model.Ago(c.Since, t.now), Tone: widgets.ToneDim}
}
