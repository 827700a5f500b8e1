package brokerview

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/thingdesk/thingdesk/ui/model"
	brokermodel "github.com/thingdesk/thingdesk/ui/model/brokerview"
	"github.com/thingdesk/thingdesk/ui/widgets"
)

func sessionLooks() []viewColumn {
	return []viewColumn{
		brokermodel.SessionID:            {},
		brokermodel.SessionState:         {width: 136, left: true},
		brokermodel.SessionExpires:       {width: 142, left: true},
		brokermodel.SessionSubscriptions: {width: 54},
		brokermodel.SessionInFlight:      {width: 70, rank: 1},
		brokermodel.SessionQueued:        {width: 74},
		brokermodel.SessionBytes:         {width: 112},
		brokermodel.SessionDropped:       {width: 74},
		brokermodel.SessionWill:          {width: 150, rank: 2},
	}
}

func newSessions(s *Screen) *listView[brokermodel.Session] {
	act := widget.NewButtonWithIcon("End session…", theme.DeleteIcon(), s.askEnd)
	d := newDetail(sessionFacts, act, nil)
	absent := widget.NewCheck("Absent clients only", func(on bool) {
		s.model.SetAbsentOnly(on)
		s.draw()
	})
	v := newListView(s, listConfig[brokermodel.Session]{
		list: s.model.Sessions(), looks: sessionLooks(), cell: sessionCell, empty: s.model.SessionsEmpty,
		noun: "session", hint: "Client ID or a filter it subscribes to", beside: absent, detail: d,
	})
	v.show = func() { s.showSessionDetail(d) }
	v.table.OnDelete = func(int) { s.askEnd() }
	v.table.OnActivated = func(row int) {
		if r, ok := v.list.Row(row); ok && r.Connected {
			s.showClient(r.ID)
		}
	}
	v.table.OnSecondary = func(row int, at fyne.Position) {
		r, ok := v.list.Row(row)
		if !ok {
			return
		}
		v.table.OnSelected(row)
		items := []*fyne.MenuItem{fyne.NewMenuItem("Copy client ID", func() { s.cfg.Copy(r.ID) })}
		if r.Connected {
			items = append(items, fyne.NewMenuItem("Show its connection", func() { s.showClient(r.ID) }))
		}
		s.menu(at, append(items, fyne.NewMenuItem("Show its lines of the log", func() { s.showLog(r.ID) }),
			fyne.NewMenuItemSeparator(), fyne.NewMenuItem("End session…", s.askEnd))...)
	}
	return v
}

func sessionCell(r *brokermodel.Session, col int, now int64) widgets.Cell {
	cell := sessionValue(r, col, now)
	if r.Gone {
		cell.Tone = widgets.ToneDim
	}
	return cell
}

func sessionValue(r *brokermodel.Session, col int, now int64) widgets.Cell {
	switch col {
	case brokermodel.SessionID:
		if r.Own {
			return widgets.Cell{Text: r.ID, Tone: widgets.ToneAccent}
		}
		return widgets.Cell{Text: r.ID}
	case brokermodel.SessionState:
		if r.Connected {
			return widgets.Cell{Text: "● " + r.ConnectionWords(now), Tone: widgets.ToneGood}
		}
		return dim("○ " + r.ConnectionWords(now))
	case brokermodel.SessionExpires:
		return dim(r.ExpiresWords(now))
	case brokermodel.SessionSubscriptions:
		return quantity(len(r.Subscriptions))
	case brokermodel.SessionInFlight:
		return quantity(r.InFlight)
	case brokermodel.SessionQueued:
		return quantity(r.Queued)
	case brokermodel.SessionBytes:
		return size(r.QueuedBytes)
	case brokermodel.SessionDropped:
		return loss(r.Dropped)
	default:
		return dim(r.WillTopic)
	}
}

// sessionFacts are the captions of the details of a session.
var sessionFacts = []string{"Connection", "Since", "Outlives it", "Expires", "In flight", "Queued", "Dropped", "Will topic"}

// showSessionDetail shows the selected session.
func (s *Screen) showSessionDetail(d *detail) {
	r, now := s.model.Sessions().Selected(), s.model.Now()
	if r == nil {
		d.showNothing("Select a session to see what it subscribes to, or to end it.")
		return
	}
	mark, tone := "○", widgets.ToneDim
	since := r.Ended
	if r.Connected && !r.Gone {
		mark, tone, since = "●", widgets.ToneGood, r.Since
	}
	at := "–"
	if since != 0 {
		at = model.Stamp(since)
	}
	words := r.ConnectionWords(now)
	if r.Own {
		words += ", Thingdesk itself"
	}
	d.show(r.ID, mark, words, tone, []string{
		words, at, brokermodel.KeptWords(r.Expiry), r.ExpiresWords(now), model.Messages(r.InFlight),
		queuedFact(r.Queued, r.QueuedBytes), model.Messages(r.Dropped), orNone(r.WillTopic),
	}, r.Subscriptions)
	widgets.Enable(d.act, s.model.MayEnd())
}

// askEnd asks before it ends the selected session.
func (s *Screen) askEnd() {
	if !s.model.MayEnd() {
		return
	}
	id := s.model.Sessions().Selected().ID
	s.confirm("End session", "End session", func() string {
		if r := s.model.Sessions().Selected(); r != nil && r.ID == id {
			return s.model.EndWords(r)
		}
		return ""
	}, func() { s.model.End(id) })
}
