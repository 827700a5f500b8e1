package brokerview

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"

	"github.com/thingdesk/thingdesk/engine"
	"github.com/thingdesk/thingdesk/localbroker"
	"github.com/thingdesk/thingdesk/localbroker/core"
	model "github.com/thingdesk/thingdesk/ui/model/brokerview"
	"github.com/thingdesk/thingdesk/ui/widgets"
)

func TestClientsAreListed(t *testing.T) {
	b := newBench(t)
	if got := row(b.Screen.clients, 1); got != "oven|10.0.0.1:1|5|–|5 s|2|0|1|0|0" {
		t.Errorf("row %q", got)
	}
	if b.Screen.clients.words.Text != "3 clients" || b.head.figures[1].value.Text != "4" || b.head.addresses.Text != "mqtt://127.0.0.1:1883" {
		t.Errorf("%q, %q sessions, %q", b.Screen.clients.words.Text, b.head.figures[1].value.Text, b.head.addresses.Text)
	}
	b.win.Resize(fyne.NewSize(1600, 900))
	if n := len(b.Screen.clients.shown); n != 15 {
		t.Errorf("%d columns where there is room for all", n)
	}
	b.win.Resize(fyne.NewSize(500, 600))
	if got := row(b.Screen.clients, 1); got != "oven|5|5 s|2|0|1|0|0" {
		t.Errorf("narrow row %q", got)
	}
	b.Screen.clients.table.OnHeader(5) // messages in, the largest first
	b.settle()
	if got := row(b.Screen.clients, 0); !strings.HasPrefix(got, "press|") {
		t.Errorf("sorted, the first is %q", got)
	}
	test.Type(b.Screen.clients.filter, "10.0.0.1")
	b.settle()
	if b.Screen.clients.Len() != 1 || b.Screen.clients.words.Text != "1 of 3 clients" {
		t.Errorf("filtered: %d, %q", b.Screen.clients.Len(), b.Screen.clients.words.Text)
	}
	test.Type(b.Screen.clients.filter, "99")
	b.settle()
	if !b.Screen.clients.hint.Visible() || b.Screen.clients.hint.Text != "No client matches the filter." {
		t.Errorf("words %q", b.Screen.clients.hint.Text)
	}
	test.Tap(b.head.copy)
	if !slices.Equal(b.copied, []string{"mqtt://127.0.0.1:1883"}) {
		t.Errorf("copied %q", b.copied)
	}
}

func TestDetailAndDisconnect(t *testing.T) {
	b := newBench(t)
	v := b.Screen.clients
	if v.detail.body.Visible() || !strings.HasPrefix(v.detail.hint.Text, "Select a client") {
		t.Errorf("before anything is selected: %q", v.detail.hint.Text)
	}
	v.table.OnSelected(1)
	if v.detail.title.Text != "oven" || v.detail.facts[len(clientFacts)-1].Text != "oven/status" || v.detail.Len() != 2 || v.table.Selected() != 1 {
		t.Errorf("detail of %q", v.detail.title.Text)
	}
	cells := make([]widgets.Cell, 4)
	v.detail.Cells(0, cells)
	if cells[0].Text != "oven/#" || cells[1].Text != "1" || cells[2].Text != "not its own" || cells[3].Text != "7" {
		t.Errorf("subscription %+v", cells)
	}
	v.detail.subs.OnSelected(0)
	if !v.detail.full.Visible() || v.detail.full.Text != "oven/# · QoS 1 · not its own" {
		t.Errorf("the whole subscription is %q", v.detail.full.Text)
	}
	b.clients = slices.Insert(b.clients, 0, core.Client{ID: "a"})
	b.settle()
	if v.table.Selected() != 2 || v.detail.title.Text != "oven" {
		t.Errorf("after another came, row %d of %q is selected", v.table.Selected(), v.detail.title.Text)
	}
	test.Tap(v.detail.act)
	if !b.dialogSays(`"oven"`) || !b.dialogSays("again at once") || !b.dialogSays("oven/status") {
		t.Errorf("asks %q", b.overlayText())
	}
	b.tapInDialog("Cancel")
	if len(b.did) != 0 {
		t.Error("cancelling disconnects")
	}
	v.table.OnDelete(2)
	b.tapInDialog("Disconnect")
	b.clients = slices.Delete(b.clients, 2, 3)
	b.settle()
	if !slices.Equal(b.did, []string{"kick oven"}) || !v.detail.act.Disabled() || v.Len() != 3 {
		t.Errorf("did %q, %d left", b.did, v.Len())
	}
	v.table.OnSecondary(0, fyne.NewPos(10, 10))
	b.choose(0)
	if b.copied[0] != "a" || v.detail.title.Text != "a" || v.detail.full.Visible() || v.detail.options || v.detail.ids {
		t.Errorf("copied %q, selected %q", b.copied, v.detail.title.Text)
	}
}

func TestBanAndLetIn(t *testing.T) {
	b := newBench(t)
	v := b.Screen.clients
	v.table.OnSelected(1)
	if b.banned.Visible() {
		t.Error("nobody is kept out")
	}
	test.Tap(v.detail.more)
	b.choose(1)
	b.settle()
	if !b.banned.Visible() || b.banned.Text != "1 banned" || len(b.bans) != 1 || !b.bans["oven"].After(b.clock.Add(9*time.Minute)) {
		t.Errorf("button %q, bans %v", b.banned.Text, b.bans)
	}
	test.Tap(b.banned)
	if items := b.letInItems(); len(items) != 1 || items[0].Label != "Let in oven (kept out for 10 min more)" {
		t.Errorf("offers %v", items)
	}
	b.choose(0)
	b.settle()
	if b.banned.Visible() || len(b.bans) != 0 {
		t.Errorf("button %q, bans %v", b.banned.Text, b.bans)
	}
}

func TestRowsStayUnderThePointer(t *testing.T) {
	b := newBench(t)
	v := b.Screen.clients
	v.table.MouseIn(&desktop.MouseEvent{PointEvent: fyne.PointEvent{Position: fyne.NewPos(50, 40)}})
	b.clients = slices.Insert(slices.Delete(b.clients, 1, 2), 0, core.Client{ID: "a"})
	b.settle()
	if !strings.HasPrefix(row(v, 0), "dash|") || !strings.HasPrefix(row(v, 1), "oven|") || !strings.Contains(row(v, 1), "gone") || !v.chip.Visible() || v.chip.Text != "1 new – show" {
		t.Errorf("under the pointer: %q, %q, chip %q", row(v, 0), row(v, 1), v.chip.Text)
	}
	test.Tap(v.chip)
	b.settle()
	if !strings.HasPrefix(row(v, 0), "a|") || v.Len() != 3 || v.chip.Visible() {
		t.Errorf("after the chip: %q", row(v, 0))
	}
	b.clients = b.clients[:1]
	b.settle()
	if v.Len() != 3 {
		t.Errorf("%d rows while the pointer is there", v.Len())
	}
	v.table.MouseOut()
	b.settle()
	if v.Len() != 1 {
		t.Errorf("%d rows after it left", v.Len())
	}
}

func TestSessionsAndTheirEnd(t *testing.T) {
	b := newBench(t)
	v := b.Screen.sessions
	b.tabs.SelectIndex(int(model.Sessions))
	b.settle()
	if v.Len() != 4 || row(v, 3) != "trolley|○ absent 10 s|in 50 s|0|0|4|2.0 kB|0" {
		t.Errorf("%d rows, %q", v.Len(), row(v, v.Len()-1))
	}
	v.table.OnSelected(3)
	if v.detail.title.Text != "trolley" || v.detail.facts[5].Text != "4 messages, 2.0 kB" || !v.detail.none.Visible() {
		t.Errorf("detail of %q: %q", v.detail.title.Text, v.detail.facts[5].Text)
	}
	test.Tap(v.detail.act)
	if !b.dialogSays("4 messages (2.0 kB)") {
		t.Errorf("asks %q", b.overlayText())
	}
	b.sessions[3].Queued = 5 // the words follow
	b.settle()
	if !b.dialogSays("5 messages (2.0 kB)") {
		t.Errorf("asks %q", b.overlayText())
	}
	b.tapInDialog("End session")
	b.settle()
	if !slices.Equal(b.did, []string{"end trolley"}) {
		t.Errorf("did %q", b.did)
	}
	v.table.OnActivated(1)
	b.settle()
	if b.tabs.SelectedIndex() != 0 || b.Screen.clients.table.Selected() != 1 || b.Screen.clients.detail.title.Text != "oven" {
		t.Errorf("tab %d, row %d", b.tabs.SelectedIndex(), b.Screen.clients.table.Selected())
	}
	v.table.OnSecondary(1, fyne.NewPos(10, 10))
	b.choose(2)
	b.settle()
	if b.tabs.SelectedIndex() != int(model.Log) || b.Screen.log.filter.Text == "" {
		t.Errorf("tab %d, log of %q", b.tabs.SelectedIndex(), b.Screen.log.filter.Text)
	}
}

func (b *bench) happen(n int) {
	for range n {
		k := len(b.log) + 1
		b.log = slices.Insert(b.log, 0, engine.BrokerEntry{
			Number: uint64(k), At: b.clock.UnixMicro(), Kind: localbroker.EventKind(k % 8), Client: "oven", Text: fmt.Sprintf("event %d", k),
		})
	}
}

func TestLogFollowsAndStands(t *testing.T) {
	b := newBench(t)
	v := b.Screen.log
	b.happen(100)
	b.tabs.SelectIndex(int(model.Log))
	b.settle()
	if v.Len() != 100 || v.words.Text != "100 lines" || v.chip.Visible() {
		t.Fatalf("%d lines, %q", v.Len(), v.words.Text)
	}
	v.table.ScrollTo(50)
	top := v.table.FirstVisible()
	b.happen(3)
	b.settle()
	if !v.chip.Visible() || v.chip.Text != "3 new – show" || v.table.FirstVisible() != top+3 {
		t.Errorf("chip %q, top %d, was %d", v.chip.Text, v.table.FirstVisible(), top)
	}
	test.Tap(v.chip)
	if v.chip.Visible() || !v.table.AtTop() {
		t.Error("not at the top")
	}
	v.table.MouseIn(&desktop.MouseEvent{PointEvent: fyne.PointEvent{Position: fyne.NewPos(50, 60)}})
	b.happen(2)
	b.settle()
	if v.table.FirstVisible() != 2 || !v.chip.Visible() {
		t.Errorf("under the pointer the top is %d", v.table.FirstVisible())
	}
	v.table.MouseOut()
	b.settle()
	if !v.table.AtTop() || v.chip.Visible() {
		t.Error("does not follow again")
	}
	test.Tap(v.pause)
	b.happen(1)
	b.settle()
	if v.Len() != 105 || v.pause.Text != "Go on" || v.words.Text != "105 lines · paused, 1 newer" {
		t.Errorf("paused: %d, %q", v.Len(), v.words.Text)
	}
	test.Tap(v.pause)
	b.settle()
	v.kind.SetSelected(model.Drops.String())
	b.settle()
	if v.Len() != 13 || v.words.Text != "13 of 106 lines" {
		t.Errorf("drops: %d, %q", v.Len(), v.words.Text)
	}
	v.table.OnSelected(0)
	if !v.full.Visible() || !strings.Contains(v.full.Text, "oven  event 100") {
		t.Errorf("the whole line is %q", v.full.Text)
	}
	v.table.OnSecondary(0, fyne.NewPos(10, 10))
	b.choose(0)
	if !strings.HasSuffix(b.copied[0], "\toven\tevent 100") {
		t.Errorf("copied %q", b.copied)
	}
}

func TestStopAndStart(t *testing.T) {
	b := newBench(t)
	test.Tap(b.head.toggle)
	if !b.dialogSays("3 clients are disconnected") {
		t.Errorf("asks %q", b.overlayText())
	}
	b.tapInDialog("Stop broker")
	b.clients, b.sessions = nil, nil
	b.settle()
	v := b.Screen.clients
	if b.head.toggle.Text != "Start broker" || b.head.copy.Visible() || !strings.Contains(v.hint.Text, "stopped") {
		t.Errorf("button %q, words %q", b.head.toggle.Text, v.hint.Text)
	}
	test.Tap(b.head.toggle)
	b.settle()
	if b.head.toggle.Text != "Stop broker" || !strings.Contains(v.hint.Text, "mosquitto_sub") {
		t.Errorf("button %q, words %q", b.head.toggle.Text, v.hint.Text)
	}
	b.status.Listeners = append(b.status.Listeners, "wss 0.0.0.0:8443")
	b.status.StoreTrouble = "the disk is full"
	b.settle()
	test.Tap(b.head.copy)
	b.choose(1)
	if b.copied[0] != "wss://0.0.0.0:8443" || !b.head.trouble.Visible() {
		t.Errorf("copied %q", b.copied)
	}
}

// BenchmarkRefresh is what the page costs on Fyne's goroutine each second with
// as many clients as the broker takes.
func BenchmarkRefresh(b *testing.B) {
	app := test.NewApp()
	defer app.Quit()
	h := &bench{status: engine.BrokerStatus{Running: true}}
	for i := range 20_000 {
		h.clients = append(h.clients, core.Client{ID: fmt.Sprintf("device-%05d", i)})
	}
	m := model.New(func(work func(context.Context), done func()) {
		h.pending = append(h.pending, func() { work(b.Context()); b.StartTimer(); done(); b.StopTimer() })
	}, h, nil)
	w := app.NewWindow("")
	sc := New(Config{Model: m, Window: w})
	w.SetContent(sc.Object())
	w.Resize(fyne.NewSize(1400, 900))
	now := time.Now()
	for b.Loop() {
		now = now.Add(5 * time.Second)
		sc.Refresh(now)
		b.StopTimer()
		for _, f := range h.pending {
			f()
		}
		h.pending = nil
		b.StartTimer()
	}
}
