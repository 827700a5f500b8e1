package history

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/ui/model"
	"github.com/thingdesk/thingdesk/ui/model/history"
	"github.com/thingdesk/thingdesk/ui/widgets"
)

// The columns.
const (
	colTime = iota
	colInterval
	colDirection
	colConnection
	colTopic
	colFlags
	colSize
	colPayload
)

func columns(utc bool) []widgets.Column {
	at := "Time (local)"
	if utc {
		at = "Time (UTC)"
	}
	return []widgets.Column{
		colTime:       {Title: at, Width: 150, Mono: true},
		colInterval:   {Title: "Interval", Width: 86, Right: true, Mono: true},
		colDirection:  {Title: "Dir", Width: 42},
		colConnection: {Title: "Connection", Width: 104},
		colTopic:      {Title: "Topic"},
		colFlags:      {Title: "QoS", Width: 72, Mono: true},
		colSize:       {Title: "Size", Width: 70, Right: true, Mono: true},
		colPayload:    {Title: "Payload", Mono: true},
	}
}

// rows gives the table its rows.
type rows struct{ s *Screen }

// Len implements widgets.TableSource. The row behind the last one says that
// there is more.
func (r rows) Len() int {
	n := r.s.model.Len()
	if n > 0 && r.s.model.More() {
		n++
	}
	return n
}

// Cells implements widgets.TableSource.
func (r rows) Cells(i int, out []widgets.Cell) {
	m := r.s.model
	row, ok := m.Row(i)
	if !ok {
		for k := range out {
			out[k] = widgets.Cell{Text: "…", Tone: widgets.ToneDim}
		}
		if i == m.Len() {
			out[colTopic].Text = "reading older messages…"
		}
		return
	}
	out[colTime].Text = model.Moment(row.Time, r.s.now.UnixMicro(), model.In(m.UTC()))
	if d, ok := m.Interval(i); ok {
		out[colInterval] = widgets.Cell{Text: model.Interval(d), Tone: widgets.ToneDim}
	}
	out[colDirection] = widgets.Cell{Text: row.Direction.String(), Tone: widgets.ToneDim}
	if row.Direction == broker.Out {
		out[colDirection].Tone = widgets.ToneAccent
	}
	out[colConnection] = widgets.Cell{Text: row.Connection, Tone: widgets.ToneDim}
	out[colTopic].Text = row.Topic
	out[colFlags] = widgets.Cell{Text: row.Flags(), Tone: widgets.ToneDim}
	if row.Retained || row.Dup {
		out[colFlags].Tone = widgets.ToneNormal
	}
	out[colSize] = widgets.Cell{Text: model.Bytes(int64(row.Size)), Tone: widgets.ToneDim}
	out[colPayload].Text = row.Line()
	if row.Size == 0 {
		out[colPayload].Tone = widgets.ToneDim
	}
}

func (s *Screen) showTopic(i int) {
	if r, ok := s.model.Row(i); ok && s.cfg.ShowTopic != nil {
		s.cfg.ShowTopic(r.Source, r.Topic)
	}
}

// menu is the context menu of a row.
func (s *Screen) menu(i int, at fyne.Position) {
	r, ok := s.model.Row(i)
	if !ok {
		return
	}
	s.model.Pick(i)
	s.draw()
	filter := func(change func(f *history.Filter)) func() {
		return func() {
			f := s.model.Filter()
			change(&f)
			s.model.SetFilter(f)
			s.redraw()
		}
	}
	items := []*fyne.MenuItem{
		fyne.NewMenuItem("Only this topic", filter(func(f *history.Filter) { f.Topic = r.Topic })),
		fyne.NewMenuItem("Only "+r.Connection, filter(func(f *history.Filter) { f.Source = r.Source })),
		fyne.NewMenuItemSeparator(),
		fyne.NewMenuItem("Copy topic", s.viewer.copyTopic),
		fyne.NewMenuItem("Copy payload", s.viewer.copyPayload),
	}
	if s.cfg.ShowTopic != nil {
		items = append(items, fyne.NewMenuItemSeparator(),
			fyne.NewMenuItem("Show topic in the explorer", func() { s.cfg.ShowTopic(r.Source, r.Topic) }))
	}
	widget.ShowPopUpMenuAtPosition(fyne.NewMenu("", items...), s.cfg.Window.Canvas(), at)
}
