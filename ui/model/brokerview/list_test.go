package brokerview

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/thingdesk/thingdesk/localbroker/core"
	"github.com/thingdesk/thingdesk/localbroker/durable"
)

func three() *bench {
	b := newBench()
	b.add(
		core.Client{ID: "press", Address: "10.0.0.7:1", Version: 5, User: "ann", Since: before(time.Hour), In: 5, BytesOut: 900},
		core.Client{ID: "oven", Address: "10.0.0.9:1", Version: 4, Owner: "bob", Since: before(time.Minute), In: 50, KeepAlive: time.Minute},
		core.Client{ID: "robot", Address: "10.0.0.8:1", Version: 3, Since: before(time.Second), In: 7},
	)
	b.keep(core.Session{ID: "robot", Connected: true, Queued: 3, Expiry: 60, Dropped: 2, InFlight: 1, Subscriptions: []durable.Subscription{{Filter: "factory/+/Temp"}}})
	b.tick(0)
	return b
}

func TestClientsAreSortedByEachColumn(t *testing.T) {
	t.Parallel()
	const byID = "oven press robot"
	for col, want := range map[int]string{
		ClientAddress: "press robot oven", ClientProtocol: "press oven robot", ClientUser: "press oven robot",
		ClientSince: "press oven robot", ClientKeepAlive: "oven press robot", ClientSubscriptions: "robot oven press",
		ClientInFlight: "robot oven press", ClientQueued: "robot oven press", ClientIn: "oven robot press", ClientOut: byID,
		ClientBytesIn: byID, ClientBytesOut: "press oven robot", ClientDropped: "robot oven press", ClientExpiry: "robot oven press",
	} {
		b := three()
		if b.ids() != byID {
			t.Fatalf("first %s", b.ids())
		}
		b.SortBy(col)
		b.run()
		if b.ids() != want {
			t.Errorf("by %s: %s, want %s", b.Clients().Columns()[col].Title, b.ids(), want)
		}
		b.SortBy(col)
		b.run()
		if _, descending := b.Clients().Sort(); descending == b.Clients().Columns()[col].Numeric {
			t.Errorf("by %s twice is not the other way", b.Clients().Columns()[col].Title)
		}
	}
	b := three()
	b.SortBy(ClientID)
	b.run()
	if b.ids() != "robot press oven" {
		t.Errorf("by ID twice: %s", b.ids())
	}
	b.SortBy(99) // there is no such column
}

func TestFilterLooksAtEverythingOneKnowsAClientBy(t *testing.T) {
	t.Parallel()
	b := three()
	for filter, want := range map[string]string{
		"": "oven press robot", "o": "oven robot", "10.0.0.9": "oven", "ann": "press", "BOB": "oven",
		"mqtt 5": "press", "temp": "robot", "factory robot": "robot", "factory oven": "", " ": "oven press robot",
	} {
		b.SetFilter(filter)
		b.run()
		if filter != "o" && b.ids() != want || filter == "o" && !strings.Contains(b.ids(), "oven") {
			t.Errorf("%q: %q, want %q", filter, b.ids(), want)
		}
	}
	b.SetFilter("nobody")
	b.run()
	if b.ClientsEmpty() != "No client matches the filter." || b.Clients().All() != 3 {
		t.Errorf("words %q of %d", b.ClientsEmpty(), b.Clients().All())
	}
}

func TestSelectionIsKeptByClient(t *testing.T) {
	t.Parallel()
	b := three()
	b.Pick(1)
	if b.Clients().Selected().ID != "press" {
		t.Fatal(b.Clients().Selected())
	}
	b.add(core.Client{ID: "a-new-one"})
	b.tick(time.Second)
	if b.Clients().SelectedRow() != 2 || b.Clients().Selected().ID != "press" {
		t.Errorf("at %d: %v", b.Clients().SelectedRow(), b.Clients().Selected().ID)
	}
	b.SetFilter("oven")
	b.run()
	if b.Clients().SelectedRow() != -1 || b.Clients().Selected().ID != "press" {
		t.Error("filtered out, it is not selected any more")
	}
	b.SetFilter("")
	b.remove("press")
	b.tick(time.Second)
	if c := b.Clients().Selected(); c == nil || !c.Gone || c.Address != "10.0.0.7:1" || b.MayDisconnect() || b.Clients().SelectedRow() != -1 {
		t.Errorf("gone, it is %+v", c)
	}
	b.add(core.Client{ID: "press", Address: "10.0.0.7:2"})
	b.tick(time.Second)
	if c := b.Clients().Selected(); c.Gone || c.Address != "10.0.0.7:2" || !b.MayDisconnect() {
		t.Errorf("back, it is %+v", c)
	}
	b.Pick(-1)
	if b.Clients().Selected() != nil || b.Clients().Missing() != "" {
		t.Error("still selected")
	}
}

// A pick made while the list is being read is not undone by what was read.
func TestPickWhileReading(t *testing.T) {
	t.Parallel()
	b := three()
	b.Pick(0)
	b.Tick(b.clock.Add(2 * time.Second))
	b.Pick(2)
	b.run()
	if b.Clients().Selected().ID != "robot" {
		t.Errorf("selected %s", b.Clients().Selected().ID)
	}
}

func TestHeldRowsDoNotMove(t *testing.T) {
	t.Parallel()
	b := three()
	b.SortBy(ClientIn)
	b.run()
	if b.ids() != "oven robot press" || !b.Clients().TakeJump() || b.Clients().TakeJump() {
		t.Fatal(b.ids())
	}
	b.Hold(true)
	b.clients[1].In = 5000 // press
	b.remove("robot")
	b.add(core.Client{ID: "x"}, core.Client{ID: "y"})
	b.tick(time.Second)
	if c, _ := b.Clients().Row(2); b.ids() != "oven -robot press" || c.In != 5000 || b.Clients().Fresh() != 2 {
		t.Errorf("held: %s, press %d, %d new", b.ids(), c.In, b.Clients().Fresh())
	}
	b.Hold(false)
	b.run()
	if b.ids() != "press oven x y" || b.Clients().Fresh() != 0 || b.Clients().TakeJump() {
		t.Errorf("let go: %s", b.ids())
	}
	b.Hold(true)
	b.add(core.Client{ID: "z"})
	b.tick(time.Second)
	b.Release()
	b.run()
	if b.ids() != "press oven x y z" {
		t.Errorf("released: %s", b.ids())
	}
	b.SortBy(ClientID)
	b.Hold(true)
	b.run()
	if b.ids() != "oven press x y z" {
		t.Errorf("what the user asks for comes although held: %s", b.ids())
	}
	b.SetFilter("z")
	b.run()
	if b.ids() != "z" {
		t.Errorf("filtered while held: %s", b.ids())
	}
}

// Typing on while work is under way comes to what was typed last.
func TestTypingWhileReading(t *testing.T) {
	t.Parallel()
	b := three()
	b.Tick(b.clock.Add(2 * time.Second))
	for _, text := range []string{"r", "ro", "rob", "robo"} {
		b.SetFilter(text)
	}
	if len(b.begun) != 1 {
		t.Errorf("%d pieces of work at a time", len(b.begun))
	}
	b.run()
	if b.ids() != "robot" || b.Clients().Filter() != "robo" {
		t.Errorf("%q shows %s", b.Clients().Filter(), b.ids())
	}
}

func TestReadingIsPaced(t *testing.T) {
	t.Parallel()
	b := three()
	for range 50 {
		b.tick(100 * time.Millisecond)
	}
	if b.reads < 4 || b.reads > 7 {
		t.Errorf("read %d times in 5 s", b.reads)
	}
	b.Show(Log)
	reads := b.reads
	for range 50 {
		b.tick(100 * time.Millisecond)
	}
	if b.reads != reads {
		t.Error("clients are read while the log is shown")
	}
	b.Tick(b.clock.Add(2 * time.Second))
	b.Tick(b.clock.Add(4 * time.Second))
	if len(b.begun) != 1 {
		t.Error("work piles up")
	}
}

func TestSessions(t *testing.T) {
	t.Parallel()
	b := newBench()
	b.add(core.Client{ID: "here", Since: before(time.Minute)}, core.Client{ID: "here-longer", Since: before(time.Hour)})
	b.keep(core.Session{ID: "gone", Ended: before(time.Minute), Expiry: 3600, Queued: 3, QueuedBytes: 900})
	b.keep(core.Session{ID: "gone-longer", Ended: before(time.Hour), Expiry: forever, WillTopic: "w/t", Dropped: 1})
	b.Show(Sessions)
	b.tick(0)
	if b.sessionIDs() != "gone gone-longer here here-longer" {
		t.Fatal(b.sessionIDs())
	}
	for col, want := range map[int]string{
		SessionState: "gone-longer gone", SessionExpires: "gone-longer gone", SessionQueued: "gone gone-longer here here-longer",
		SessionBytes: "gone gone-longer here here-longer", SessionDropped: "gone-longer gone", SessionWill: "gone here",
	} {
		b.SortBy(col)
		b.run()
		if !strings.HasPrefix(b.sessionIDs(), want) {
			t.Errorf("by %s: %s, want %s", b.Sessions().Columns()[col].Title, b.sessionIDs(), want)
		}
	}
	b.SortBy(SessionSubscriptions)
	b.SortBy(SessionState)
	b.run()
	if b.sessionIDs() != "gone-longer gone here-longer here" {
		t.Errorf("by connection: %s", b.sessionIDs())
	}
	b.SetAbsentOnly(true)
	b.run()
	if b.sessionIDs() != "gone-longer gone" || b.Sessions().All() != 4 || !b.AbsentOnly() {
		t.Errorf("absent: %s", b.sessionIDs())
	}
	b.SetFilter("w/t")
	b.run()
	if b.sessionIDs() != "gone-longer" {
		t.Errorf("filtered: %s", b.sessionIDs())
	}
	b.Pick(0)
	b.Release()
	b.PickClient("here")
	b.tick(time.Second)
	if b.Tab() != Clients || b.Clients().Selected().ID != "here" || !b.Clients().TakeJump() {
		t.Errorf("tab %v, selected %v", b.Tab(), b.Clients().Selected())
	}
	b.PickClient("gone")
	b.tick(time.Second)
	if b.Clients().Missing() != "gone" || b.Clients().Selected() != nil {
		t.Errorf("missing %q", b.Clients().Missing())
	}
}

// Clients and sessions are read one after the other: what came or went between
// must not mix them up.
func TestJoinOfListsThatDiffer(t *testing.T) {
	t.Parallel()
	clients := []core.Client{{ID: "a", Since: 1}, {ID: "c", Since: 3}, {ID: "d", Since: 4}}
	sessions := []core.Session{{ID: "b", Queued: 2}, {ID: "c", Queued: 3, Connected: true}, {ID: "e", Connected: true}}
	rows := joinClients(clients, sessions, "d")
	if rows[0].Session.Queued != 0 || rows[1].Session.Queued != 3 || rows[2].Session.Queued != 0 || !rows[2].Own || rows[0].Own {
		t.Errorf("clients %+v", rows)
	}
	kept := joinSessions(sessions, clients, "")
	if kept[0].Since != 0 || kept[1].Since != 3 || kept[2].Since != 0 || kept[2].Own {
		t.Errorf("sessions %+v", kept)
	}
}

// BenchmarkArrange is what a second costs with as many clients as the broker
// takes, off the screen's goroutine.
func BenchmarkArrange(b *testing.B) {
	clients, sessions := make([]core.Client, 20_000), make([]core.Session, 20_000)
	for i := range clients {
		id := fmt.Sprintf("device-%05d", i)
		clients[i] = core.Client{ID: id, In: uint64(i * 7919 % 20_000), Address: fmt.Sprintf("10.0.%d.%d:1883", i/256, i%256)}
		sessions[i] = core.Session{ID: id, Connected: true, Subscriptions: []durable.Subscription{{Filter: "cmd/" + id + "/#"}}}
	}
	for _, o := range []order{{}, {column: ClientIn, descending: true}, {filter: "cmd/device-1"}} {
		b.Run(fmt.Sprintf("%+v", o), func(b *testing.B) {
			for b.Loop() {
				clientKind.arrange(joinClients(clients, sessions, ""), o, false, nil, "device-00042", nil)
			}
		})
	}
}
