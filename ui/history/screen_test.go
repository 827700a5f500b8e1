package history

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	fynestorage "fyne.io/fyne/v2/storage"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/storage"
	"github.com/thingdesk/thingdesk/things/topic"
	model "github.com/thingdesk/thingdesk/ui/model/history"
	"github.com/thingdesk/thingdesk/ui/widgets"
)

// bench is a screen over a history in memory; background work runs when the
// test says.
type bench struct {
	*Screen
	t       *testing.T
	win     fyne.Window
	rows    []storage.Row
	pending []func()
	said    []string
	topics  []string
	stats   storage.RecorderStats
}

func newBench(t *testing.T, n int) *bench {
	t.Helper()
	app := test.NewTempApp(t)
	b := &bench{t: t}
	b.add(n)
	m := model.New(model.Config{
		Async: func(work func(context.Context), done func()) {
			b.pending = append(b.pending, func() { work(t.Context()); done() })
		},
		Store: b, Recorder: func() storage.RecorderStats { return b.stats },
		Connections: func() []model.Connection {
			return []model.Connection{{ID: "a", Name: "Site A"}, {ID: "b", Name: "Site B"}}
		},
		Export: model.FileExporter(b),
	})
	b.win = app.NewWindow("")
	b.Screen = New(Config{
		Model: m, Window: b.win, Say: func(s string) { b.said = append(b.said, s) },
		ShowTopic: func(source, topic string) { b.topics = append(b.topics, source+" "+topic) },
	})
	b.win.SetContent(b.Object())
	b.win.Resize(fyne.NewSize(1000, 700))
	b.settle()
	return b
}

func (b *bench) add(n int) {
	for range n {
		i := len(b.rows) + 1
		src := string('a' + rune(i%2))
		b.rows = append(b.rows, storage.Row{ID: int64(i), Entry: storage.Entry{
			Source: src, SourceName: "Site " + strings.ToUpper(src),
			Message: broker.Message{Time: int64(4_100_000_000_000_000 + i*1000), Topic: fmt.Sprintf("t/%d", i%10), Payload: fmt.Appendf(nil, `{"n":%d}`, i)},
		}})
	}
	b.stats.Stored += uint64(n)
}

func (b *bench) settle() {
	for range 1000 {
		b.Refresh(time.Now().Add(100 * time.Millisecond)) // beyond the rest between two looks
		if len(b.pending) == 0 {
			return
		}
		f := b.pending[0]
		b.pending = b.pending[1:]
		f()
	}
	b.t.Fatal("work never ends")
}

func (b *bench) match(q storage.Query, r storage.Row) bool {
	m := r.Message
	return (q.Source == "" || q.Source == r.Source) && (len(q.Filters) == 0 || topic.Match(q.Filters[0], m.Topic)) &&
		(q.From == 0 || m.Time >= q.From) && (q.To == 0 || m.Time < q.To) && bytes.Contains(m.Payload, q.Contains) &&
		(q.Direction == nil || *q.Direction == m.Direction) && (!q.Retained || m.Retained)
}

func (b *bench) Page(_ context.Context, q storage.Query, before storage.Cursor) (p storage.Page, err error) {
	for _, r := range slices.Backward(b.rows) {
		if before != 0 && r.ID >= int64(before) || !b.match(q, r) {
			continue
		}
		if len(p.Rows) == q.Limit {
			p.More = true
			break
		}
		p.Rows = append(p.Rows, r)
	}
	return p, nil
}

func (b *bench) Scan(_ context.Context, q storage.Query, f func(storage.Row) bool) error {
	for _, r := range b.rows {
		if b.match(q, r) && !f(r) {
			break
		}
	}
	return nil
}

func (b *bench) Count(ctx context.Context, q storage.Query) (n int64, err error) {
	return n, b.Scan(ctx, q, func(storage.Row) bool { n++; return true })
}

func (b *bench) Delete(_ context.Context, q storage.Query) (int64, error) {
	n := len(b.rows)
	b.rows = slices.DeleteFunc(b.rows, func(r storage.Row) bool { return b.match(q, r) })
	return int64(n - len(b.rows)), nil
}

func (b *bench) Append(context.Context, []storage.Entry) error               { return nil }
func (b *bench) Topics(context.Context, string) ([]storage.TopicInfo, error) { return nil, nil }
func (b *bench) Stats() storage.HistoryStats {
	s := storage.HistoryStats{Rows: int64(len(b.rows))}
	for _, r := range b.rows {
		s.Newest = max(s.Newest, r.Message.Time)
	}
	return s
}
func (b *bench) Close() error { return nil }

// cell returns what the table shows.
func (b *bench) cell(row, col int) string {
	cells := make([]widgets.Cell, len(columns(false)))
	rows{b.Screen}.Cells(row, cells)
	return cells[col].Text
}

func TestListShowsNewestFirst(t *testing.T) {
	b := newBench(t, 450)
	if n := (rows{b.Screen}).Len(); n != 201 {
		t.Errorf("%d rows, want a page and the row that says there is more", n)
	}
	if b.cell(0, colTopic) != "t/0" || b.cell(0, colPayload) != `{"n":450}` || b.cell(0, colInterval) != "1.0 ms" || b.cell(0, colFlags) != "0" {
		t.Errorf("first row: %s %s %s", b.cell(0, colTopic), b.cell(0, colPayload), b.cell(0, colInterval))
	}
	b.table.ScrollTo(190)
	b.settle()
	if n := b.model.Len(); n != 400 {
		t.Errorf("%d rows after scrolling, want 400", n)
	}
	if b.foot.stored.Text != "450 messages stored · 0 B · queue 0" || b.foot.trouble.Visible() {
		t.Errorf("foot %q", b.foot.stored.Text)
	}
	b.stats.Dropped, b.stats.DroppedBy = 3, map[string]uint64{"disk full": 3}
	b.settle()
	if !b.foot.trouble.Visible() || b.foot.trouble.Text != "3 messages not stored (3 disk full)" {
		t.Errorf("trouble %q", b.foot.trouble.Text)
	}
}

func TestTypingFilters(t *testing.T) {
	b := newBench(t, 100)
	test.Type(b.bar.topic, "t/3")
	b.settle()
	if b.model.Len() != 10 || b.cell(0, colTopic) != "t/3" {
		t.Errorf("%d rows", b.model.Len())
	}
	test.Type(b.bar.topic, "#")
	if !b.bar.fault.Visible() || !strings.Contains(b.bar.fault.Text, "Topic filter: ") || !b.foot.remove.Disabled() || !b.foot.export.Disabled() {
		t.Errorf("fault %q", b.bar.fault.Text)
	}
	if b.bar.topic.Text != "t/3#" {
		t.Errorf("typed text became %q", b.bar.topic.Text)
	}
	test.Tap(b.bar.reset)
	b.settle()
	if b.bar.topic.Text != "" || b.model.Len() != 100 || b.bar.fault.Visible() || !b.bar.reset.Disabled() {
		t.Errorf("after reset: %q, %d rows", b.bar.topic.Text, b.model.Len())
	}
	b.bar.connection.SetSelected("Site B")
	b.bar.way.SetSelected(model.Sent.String())
	b.settle()
	if f := b.model.Filter(); f.Source != "b" || f.Way != model.Sent || !b.empty.Visible() || b.empty.Text == "" {
		t.Errorf("filter %+v, words %q", f, b.empty.Text)
	}
	b.OpenAt("t/+", "gone")
	b.settle()
	if b.bar.topic.Text != "t/+" || b.bar.connection.Selected != deletedConnection || b.bar.way.Selected != model.AnyWay.String() {
		t.Errorf("opened at %q of %q", b.bar.topic.Text, b.bar.connection.Selected)
	}
	b.bar.retained.SetChecked(true) // keeps the connection that is not in the list
	if f := b.model.Filter(); f.Source != "gone" || !f.Retained {
		t.Errorf("filter %+v", f)
	}
	b.bar.span.SetSelected(model.Custom.String())
	if !b.bar.custom.Visible() {
		t.Error("no fields for the times")
	}
	test.Type(b.bar.from, "nonsense")
	if !strings.Contains(b.bar.fault.Text, "From: ") {
		t.Errorf("fault %q", b.bar.fault.Text)
	}
}

func TestSelectedMessageIsShown(t *testing.T) {
	b := newBench(t, 100)
	if !b.viewer.hint.Visible() || b.viewer.body.Visible() {
		t.Error("a message is shown before one is selected")
	}
	b.table.OnSelected(1)
	if b.viewer.topic.Text != "t/9" || b.viewer.code.Text() != "{\n  \"n\": 99\n}" || b.table.Selected() != 1 {
		t.Errorf("topic %q, code %q", b.viewer.topic.Text, b.viewer.code.Text())
	}
	want := "2099-12-03 16:53:20.099000 Z · received from Site B · QoS 0 · 8 B"
	b.bar.utc.SetChecked(true)
	if b.viewer.facts.Text != want || b.table.Columns()[colTime].Title != "Time (UTC)" || b.cell(1, colTime) != "2099-12-03 16:53:20.099" {
		t.Errorf("facts %q, time %q", b.viewer.facts.Text, b.cell(1, colTime))
	}
	b.viewer.views.SetSelected("Hex")
	if !strings.Contains(b.viewer.code.Text(), "7b") {
		t.Errorf("hex %q", b.viewer.code.Text())
	}
	b.viewer.copyPayload()
	if got := fyne.CurrentApp().Clipboard().Content(); got != `{"n":99}` {
		t.Errorf("copied %q", got)
	}
	b.viewer.copyTopic()
	if got := fyne.CurrentApp().Clipboard().Content(); got != "t/9" || len(b.said) != 2 {
		t.Errorf("copied %q, said %q", got, b.said)
	}
	b.viewer.showTopic()
	b.table.OnActivated(0)
	if !slices.Equal(b.topics, []string{"b t/9", "a t/0"}) {
		t.Errorf("showed %q", b.topics)
	}
	b.add(2)
	b.settle()
	if b.table.Selected() != 3 {
		t.Errorf("the selected message is at %d, marked is %d", b.model.PickedRow(), b.table.Selected())
	}
}

func TestMenuFilters(t *testing.T) {
	b := newBench(t, 100)
	b.table.OnSecondary(2, fyne.NewPos(10, 10))
	var menu *widget.PopUpMenu
	for _, o := range test.LaidOutObjects(b.win.Canvas().Overlays().Top()) {
		if m, ok := o.(*widget.PopUpMenu); ok {
			menu = m
		}
	}
	if menu == nil {
		t.Fatalf("no menu: %T", b.win.Canvas().Overlays().Top())
	}
	menu.Items[0].(fyne.Tappable).Tapped(nil) //nolint:errcheck // panics when it cannot be tapped
	b.settle()
	if f := b.model.Filter(); f.Topic != "t/8" || b.bar.topic.Text != "t/8" {
		t.Errorf("filter %+v", f)
	}
}

func TestChipBringsNewMessages(t *testing.T) {
	b := newBench(t, 150)
	b.add(1)
	b.settle()
	if b.chip.Visible() || b.cell(0, colPayload) != `{"n":151}` {
		t.Error("does not follow at the top")
	}
	b.table.ScrollTo(100)
	b.add(3)
	b.settle()
	if !b.chip.Visible() || b.chip.Text != "3 new – show" || b.cell(0, colPayload) != `{"n":151}` {
		t.Errorf("chip %v %q, first row %s", b.chip.Visible(), b.chip.Text, b.cell(0, colPayload))
	}
	test.Tap(b.chip)
	b.settle()
	if b.chip.Visible() || b.cell(0, colPayload) != `{"n":154}` || !b.table.AtTop() {
		t.Errorf("after the chip: first row %s", b.cell(0, colPayload))
	}
}

func TestDeleteAsksWithTheCount(t *testing.T) {
	b := newBench(t, 100)
	b.OpenAt("t/4", "")
	b.settle()
	test.Tap(b.foot.remove)
	d := b.asking
	if d == nil || !d.ok.Disabled() || !strings.Contains(d.words.Text, "Counting…") {
		t.Fatalf("dialog %+v", d)
	}
	b.settle()
	if d.ok.Disabled() || !strings.Contains(d.words.Text, "topic t/4") || !strings.Contains(d.words.Text, "10 messages") {
		t.Errorf("words %q", d.words.Text)
	}
	d.dialog.Hide()
	b.settle()
	if len(b.rows) != 100 || b.asking != nil {
		t.Error("cancelling deletes")
	}
	test.Tap(b.foot.remove)
	b.settle()
	test.Tap(b.asking.ok)
	b.settle()
	if len(b.rows) != 90 || b.foot.words.Text != "Deleted 10 messages" || !b.foot.task.Visible() || b.model.Len() != 0 {
		t.Errorf("%d rows left, words %q, %d shown", len(b.rows), b.foot.words.Text, b.model.Len())
	}
	test.Tap(b.foot.dismiss)
	if b.foot.task.Visible() {
		t.Error("the words stay")
	}
}

func TestExportWritesTheFile(t *testing.T) {
	b := newBench(t, 100)
	b.OpenAt("t/4", "")
	b.settle()
	b.Export()
	if b.win.Canvas().Overlays().Top() == nil {
		t.Fatal("no dialog")
	}
	b.askFile(storage.CSV) // must not panic
	path := filepath.Join(t.TempDir(), "out.ndjson")
	w, err := fynestorage.Writer(fynestorage.NewFileURI(path))
	if err != nil {
		t.Fatal(err)
	}
	b.exportTo(w, storage.NDJSON)
	b.settle()
	text, err := os.ReadFile(path)
	if err != nil || strings.Count(string(text), "\n") != 10 || b.foot.words.Text != "Exported 10 messages to "+path {
		t.Errorf("%v, %d bytes, words %q", err, len(text), b.foot.words.Text)
	}
}

// TestCountButton counts on demand only.
func TestCountButton(t *testing.T) {
	b := newBench(t, 100)
	if b.foot.count.Text != "Count" {
		t.Errorf("button %q", b.foot.count.Text)
	}
	test.Tap(b.foot.count)
	if b.foot.count.Text != "counting…" {
		t.Errorf("button %q", b.foot.count.Text)
	}
	b.settle()
	if b.foot.count.Text != "100 messages match" {
		t.Errorf("button %q", b.foot.count.Text)
	}
}

// BenchmarkRefreshAtRest is what the screen costs when nothing happens.
func BenchmarkRefreshAtRest(b *testing.B) {
	app := test.NewApp()
	defer app.Quit()
	h := &bench{}
	h.add(1000)
	m := model.New(model.Config{
		Async: func(work func(context.Context), done func()) { work(b.Context()); done() }, Store: h,
		Recorder: func() storage.RecorderStats { return h.stats },
	})
	w := app.NewWindow("")
	sc := New(Config{Model: m, Window: w})
	w.SetContent(sc.Object())
	w.Resize(fyne.NewSize(1000, 700))
	now := time.Now()
	sc.Refresh(now)
	for b.Loop() {
		sc.Refresh(now)
	}
}
