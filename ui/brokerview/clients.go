package brokerview

import (
	"fmt"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/thingdesk/thingdesk/ui/model"
	brokermodel "github.com/thingdesk/thingdesk/ui/model/brokerview"
	"github.com/thingdesk/thingdesk/ui/widgets"
)

// clientLooks are the columns of the list of clients. What there is no room for
// is in the details.
func clientLooks() []viewColumn {
	return []viewColumn{
		brokermodel.ClientID:            {},
		brokermodel.ClientAddress:       {width: 130, rank: 1},
		brokermodel.ClientProtocol:      {width: 54},
		brokermodel.ClientUser:          {width: 84, rank: 1},
		brokermodel.ClientSince:         {width: 90},
		brokermodel.ClientKeepAlive:     {width: 84, rank: 3},
		brokermodel.ClientSubscriptions: {width: 54},
		brokermodel.ClientInFlight:      {width: 70, rank: 2},
		brokermodel.ClientQueued:        {width: 68},
		brokermodel.ClientIn:            {width: 74},
		brokermodel.ClientOut:           {width: 78},
		brokermodel.ClientBytesIn:       {width: 74, rank: 2},
		brokermodel.ClientBytesOut:      {width: 80, rank: 2},
		brokermodel.ClientDropped:       {width: 74},
		brokermodel.ClientExpiry:        {width: 96, rank: 2},
	}
}

// ownWords marks what is this program's own.
const ownWords = "Thingdesk"

func newClients(s *Screen) *listView[brokermodel.Client] {
	act := widget.NewButtonWithIcon("Disconnect…", theme.CancelIcon(), s.askDisconnect)
	var ban *widget.Button
	ban = widget.NewButton("Ban…", func() { s.below(ban, s.banItems()...) })
	d := newDetail(clientFacts, act, ban)
	s.banned = widget.NewButton("", func() { s.below(s.banned, s.letInItems()...) })
	s.banned.Importance = widget.WarningImportance
	s.banned.Hide()
	v := newListView(s, listConfig[brokermodel.Client]{
		list: s.model.Clients(), looks: clientLooks(), cell: clientCell, empty: s.model.ClientsEmpty,
		noun: "client", hint: "Client ID, address, user or a filter it subscribes to", beside: s.banned, detail: d,
	})
	v.show = func() {
		s.drawBans()
		s.showClientDetail(d)
	}
	v.table.OnDelete = func(int) { s.askDisconnect() }
	v.table.OnSecondary = func(row int, at fyne.Position) {
		c, ok := v.list.Row(row)
		if !ok {
			return
		}
		v.table.OnSelected(row)
		s.menu(at,
			fyne.NewMenuItem("Copy client ID", func() { s.cfg.Copy(c.ID) }),
			fyne.NewMenuItem("Copy address", func() { s.cfg.Copy(c.Address) }),
			fyne.NewMenuItemSeparator(),
			fyne.NewMenuItem("Show its lines of the log", func() { s.showLog(c.ID) }),
			fyne.NewMenuItem("Disconnect…", s.askDisconnect))
	}
	return v
}

// banItems offer to keep the selected client out.
func (s *Screen) banItems() []*fyne.MenuItem {
	if !s.model.MayBan() {
		return nil
	}
	id := s.model.Clients().Selected().ID
	var items []*fyne.MenuItem
	for _, d := range brokermodel.BanSpans() {
		items = append(items, fyne.NewMenuItem("Disconnect and keep out "+brokermodel.BanSpanWords(d), func() {
			s.model.Ban(id, d)
			s.draw()
		}))
	}
	return items
}

// letInItems offer to let in again who is kept out.
func (s *Screen) letInItems() []*fyne.MenuItem {
	var items []*fyne.MenuItem
	for _, b := range s.model.Bans() {
		items = append(items, fyne.NewMenuItem("Let in "+b.ID+" ("+b.Words(s.now)+")", func() {
			s.model.LetIn(b.ID)
			s.draw()
		}))
	}
	return items
}

// drawBans shows how many clients are kept out.
func (s *Screen) drawBans() {
	n := len(s.model.Bans())
	widgets.SetButton(s.banned, model.Count(n)+" banned")
	widgets.Show(s.banned, n > 0)
}

func clientCell(c *brokermodel.Client, col int, now int64) widgets.Cell {
	cell := clientValue(c, col, now)
	if c.Gone {
		cell.Tone = widgets.ToneDim
		if col == brokermodel.ClientSince {
			cell.Text = "gone"
		}
	}
	return cell
}

func clientValue(c *brokermodel.Client, col int, now int64) widgets.Cell {
	switch col {
	case brokermodel.ClientID:
		return widgets.Cell{Text: c.ID}
	case brokermodel.ClientAddress:
		return dim(c.Address)
	case brokermodel.ClientProtocol:
		return widgets.Cell{Text: brokermodel.Protocol(c.Version)}
	case brokermodel.ClientUser:
		if c.Own {
			return widgets.Cell{Text: ownWords, Tone: widgets.ToneAccent}
		}
		return dim(c.UserWords())
	case brokermodel.ClientSince:
		return dim(model.Ago(c.Since, now))
	case brokermodel.ClientKeepAlive:
		return dim(c.KeepAliveWords())
	case brokermodel.ClientSubscriptions:
		return quantity(len(c.Session.Subscriptions))
	case brokermodel.ClientInFlight:
		return quantity(c.Session.InFlight)
	case brokermodel.ClientQueued:
		return quantity(c.Session.Queued)
	case brokermodel.ClientIn:
		return quantity(c.In)
	case brokermodel.ClientOut:
		return quantity(c.Out)
	case brokermodel.ClientBytesIn:
		return size(int64(c.BytesIn))
	case brokermodel.ClientBytesOut:
		return size(int64(c.BytesOut))
	case brokermodel.ClientDropped:
		return loss(c.Session.Dropped)
	default:
		return dim(brokermodel.KeptWords(c.Session.Expiry))
	}
}

// clientFacts are the captions of the details of a client.
var clientFacts = []string{
	"Address", "Came in by", "Protocol", "User", "Connected", "Last heard", "Keep-alive", "Session kept",
	"Messages", "Packets", "Bytes", "In flight", "Queued", "Dropped", "Will topic",
}

// showClientDetail shows the selected client.
func (s *Screen) showClientDetail(d *detail) {
	c, now := s.model.Clients().Selected(), s.model.Now()
	if c == nil {
		words := "Select a client to see what it subscribes to, or to disconnect it."
		if id := s.model.Clients().Missing(); id != "" {
			words = fmt.Sprintf("%q is not connected.", id)
		}
		d.showNothing(words)
		return
	}
	mark, words, tone := "●", "connected "+model.Ago(c.Since, now), widgets.ToneGood
	switch {
	case c.Gone:
		mark, words, tone = "○", "gone", widgets.ToneDim
	case c.Own:
		words += ", Thingdesk itself"
	}
	d.show(c.ID, mark, words, tone, []string{
		c.Address, c.Door, "MQTT " + brokermodel.Protocol(c.Version), userFact(c), model.Stamp(c.Since), heard(c.LastHeard, now),
		c.KeepAliveWords(), keptFact(c.Session.Expiry),
		pair(model.Count(c.In), model.Count(c.Out)), pair(model.Count(c.PacketsIn), model.Count(c.PacketsOut)),
		pair(model.Bytes(int64(c.BytesIn)), model.Bytes(int64(c.BytesOut))), model.Messages(c.Session.InFlight),
		queuedFact(c.Session.Queued, c.Session.QueuedBytes), model.Messages(c.Session.Dropped), orNone(c.Session.WillTopic),
	}, c.Session.Subscriptions)
	widgets.Enable(d.act, s.model.MayDisconnect())
	widgets.Enable(d.more, s.model.MayBan())
}

func userFact(c *brokermodel.Client) string {
	switch {
	case c.Owner != "":
		return c.Owner
	case c.User != "":
		return c.User + ", not checked"
	default:
		return "none"
	}
}

func heard(at, now int64) string {
	if ago := model.Ago(at, now); ago != "now" {
		return ago + " ago"
	}
	return "now"
}

func keptFact(expiry uint32) string {
	if expiry == 0 {
		return "until it disconnects"
	}
	return brokermodel.KeptWords(expiry)
}

func pair(in, out string) string { return in + " in, " + out + " out" }

func queuedFact(n int, bytes int64) string {
	if n == 0 {
		return model.Messages(n)
	}
	return model.Messages(n) + ", " + model.Bytes(bytes)
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

// askDisconnect asks before it disconnects the selected client.
func (s *Screen) askDisconnect() {
	if !s.model.MayDisconnect() {
		return
	}
	id := s.model.Clients().Selected().ID
	s.confirm("Disconnect client", "Disconnect", func() string {
		if c := s.model.Clients().Selected(); c != nil && c.ID == id {
			return s.model.DisconnectWords(c)
		}
		return ""
	}, func() { s.model.Disconnect(id) })
}
