package core

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/thingdesk/thingdesk/localbroker/durable"
	"github.com/thingdesk/thingdesk/localbroker/packet"
)

// diary writes down what an Observer is told.
type diary struct {
	mu    sync.Mutex
	lines []string
}

func (d *diary) add(format string, args ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = append(d.lines, fmt.Sprintf(format, args...))
}

// Connected and the others write a line.
func (d *diary) Connected(c Client) { d.add("connected %s %s", c.ID, c.Owner) }

// Disconnected writes a line.
func (d *diary) Disconnected(c Client, why Ending) {
	d.add("disconnected %s: %v, by client %v", c.ID, why.Reason, why.ByClient)
}

// Subscribed writes a line.
func (d *diary) Subscribed(client string, granted []durable.Subscription) {
	for _, s := range granted {
		d.add("subscribed %s %s %d", client, s.Filter, s.Options)
	}
}

// Unsubscribed writes a line.
func (d *diary) Unsubscribed(client string, filters []string) {
	d.add("unsubscribed %s %v", client, filters)
}

// Published writes a line.
func (d *diary) Published(m *durable.Message, o Origin) {
	d.add("published %s %s %q dup %v will %v", m.From, m.Topic, m.Payload, o.Dup, o.Will)
}

// Dropped writes a line.
func (d *diary) Dropped(client string, m *durable.Message, why Drop) {
	d.add("dropped %s %s: %s", client, m.Topic, why)
}

func (d *diary) text() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return strings.Join(d.lines, "\n")
}

func (d *diary) count(part string) int { return strings.Count(d.text(), part) }

func TestObserver(t *testing.T) {
	t.Parallel()
	d := &diary{}
	h := start(t, Config{Observer: d}, Door{Name: "tcp"})
	a := h.connect(t, "a", withWill(packet.Will{Topic: "will/a", Payload: []byte("w")}))
	a.subscribe(t, 1, "x/+", "bad#")
	a.publish(t, publishOf("x/1", "1", 1, 9))
	a.want(t, "1")
	u := packet.Unsubscribe{ID: 3, Filters: []string{"x/+", "none"}}
	a.send(t, u.Append(nil, a.v))
	a.recv(t, packet.UNSUBACK)
	if err := h.Publish(durable.Message{Topic: "own", Payload: []byte("o")}); err != nil {
		t.Fatal(err)
	}
	b := h.connect(t, "a") // takes over
	a.gone(t, packet.SessionTakenOver)
	b.leave(t, 0)
	want := strings.TrimSpace(`
connected a 
subscribed a x/+ 1
published a x/1 "1" dup false will false
unsubscribed a [x/+]
published  own "o" dup false will false
disconnected a: session taken over, by client false
published a will/a "w" dup false will true
connected a 
disconnected a: success, by client true`)
	if diff := cmp.Diff(want, d.text()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestJudge has messages treated as their payload says.
func TestJudge(t *testing.T) {
	t.Parallel()
	d := &diary{}
	judge := func(p Publication) Verdict {
		switch word, _, _ := strings.Cut(string(p.Message.Payload), " "); word {
		case "refuse":
			return Verdict{Refuse: packet.QuotaExceeded, Text: "no"}
		case "end":
			return Verdict{Refuse: packet.PacketTooLarge, Text: "too much", Disconnect: true}
		case "drop":
			return Verdict{Drop: true}
		case "again":
			return Verdict{Again: 2}
		case "delay":
			return Verdict{Delay: 100 * time.Millisecond}
		}
		return Verdict{}
	}
	h := start(t, Config{Judge: judge, Observer: d}, Door{})
	sub := h.connect(t, "sub")
	sub.subscribe(t, 2, "#")
	for name, v := range map[string]option{"four": v4, "five": clean} {
		for qos := byte(0); qos <= 2; qos++ {
			c := h.connect(t, name, v)
			refused := packet.Success
			if c.v == packet.V5 && qos > 0 {
				refused = packet.QuotaExceeded
			}
			if r := c.publish(t, publishOf("t", "refuse", qos, 1)); r != refused {
				t.Errorf("%s, QoS %d: refused with %v", name, qos, r)
			}
			if r := c.publish(t, publishOf("t", "drop", qos, 1)); r != 0 {
				t.Errorf("%s, QoS %d: dropped with %v", name, qos, r)
			}
			c.publish(t, publishOf("t", "again", qos, 1))
			for range 3 {
				sub.want(t, "again")
			}
			begun := time.Now()
			first, second := publishOf("t", "delay", qos, 1), publishOf("t", "next", qos, 2)
			c.send(t, second.Append(first.Append(nil, c.v), c.v))
			sub.want(t, "delay")
			if took := time.Since(begun); took < 90*time.Millisecond {
				t.Errorf("delayed by %v", took)
			}
			sub.want(t, "next")
			if qos > 0 {
				kind := packet.PUBACK + packet.Type(qos-1)
				c.acked(t, kind, 1)
				c.acked(t, kind, 2)
			}
			end := publishOf("t", "end", qos, 7)
			c.send(t, end.Append(nil, c.v))
			gone := packet.Success
			if c.v == packet.V5 {
				gone = packet.PacketTooLarge
			}
			c.gone(t, gone)
			c.cut()
		}
	}
	sub.ping(t)
	if n := d.count("dropped four t: " + string(DropRefused)); n != 9 {
		t.Errorf("%d messages of MQTT 3 are refused or dropped, want 9", n)
	}
}

// TestDelayForgotten: what is held back when the connection ends was not
// acknowledged, so it is forgotten, but not at QoS 0.
func TestDelayForgotten(t *testing.T) {
	t.Parallel()
	h := start(t, Config{Judge: func(Publication) Verdict { return Verdict{Delay: 80 * time.Millisecond} }}, Door{})
	sub := h.connect(t, "sub")
	sub.subscribe(t, 2, "#")
	c := h.connect(t, "c")
	zero, one, two := publishOf("t", "zero", 0, 0), publishOf("t", "one", 1, 1), publishOf("t", "two", 2, 2)
	c.send(t, zero.Append(two.Append(one.Append(nil, c.v), c.v), c.v))
	c.ping(t)
	c.cut()
	sub.want(t, "zero")
	sub.silent(t, 100*time.Millisecond)
}

func TestKickAndDropSession(t *testing.T) {
	t.Parallel()
	h := start(t, Config{}, Door{Name: "door"})
	c := h.connect(t, "c", keep, user("me"))
	c.subscribe(t, 1, "b", "a")
	list := h.Clients()
	if len(list) != 1 || list[0].ID != "c" || list[0].Door != "door" || list[0].User != "me" || list[0].PacketsIn != 1 ||
		list[0].Version != packet.V5 || list[0].Address != c.nc.LocalAddr().String() {
		t.Errorf("Clients: %+v", list)
	}
	if err := h.Kick("c", "enough"); err != nil {
		t.Fatal(err)
	}
	c.gone(t, packet.AdministrativeAction)
	if err := h.Kick("c", "enough"); !errors.Is(err, ErrNoClient) {
		t.Errorf("Kick of one that is gone: %v", err)
	}
	h.connect(t, "b")
	sessions := h.Sessions()
	ids := []string{}
	for _, s := range sessions {
		ids = append(ids, fmt.Sprint(s.ID, s.Connected))
	}
	if d := cmp.Diff([]string{"btrue", "cfalse"}, ids); d != "" {
		t.Errorf("Sessions (-want +got):\n%s", d)
	}
	if subs := sessions[1].Subscriptions; len(subs) != 2 || subs[0].Filter != "a" {
		t.Errorf("Subscriptions: %+v", subs)
	}
	if err := errors.Join(h.DropSession("c"), h.DropSession("b")); err != nil {
		t.Error(err)
	}
	if n := len(h.Sessions()); n != 0 {
		t.Errorf("%d sessions are left", n)
	}
	if err := h.DropSession("c"); !errors.Is(err, ErrNoClient) {
		t.Errorf("DropSession of nobody: %v", err)
	}
	if _, err := h.Session("c"); !errors.Is(err, ErrNoClient) {
		t.Errorf("Session of nobody: %v", err)
	}
}

func TestNeverRetained(t *testing.T) {
	t.Parallel()
	h := start(t, Config{NeverRetained: func(topic string) bool { return strings.HasPrefix(topic, "no/") }}, Door{})
	c := h.connect(t, "c", withWill(packet.Will{Topic: "no/w", Payload: []byte("w"), Retain: true}))
	for _, topic := range []string{"no/a", "yes/a"} {
		p := publishOf(topic, "x", 1, 1)
		p.Retain = true
		c.publish(t, p)
	}
	c.cut()
	eventually(t, "the client goes", func() bool { return h.Stats().Clients == 0 })
	if n := h.Stats().Retained; n != 1 {
		t.Errorf("%d messages are retained", n)
	}
	d := h.connect(t, "d")
	d.subscribe(t, 0, "#")
	if p := d.want(t, "x"); string(p.Topic) != "yes/a" || !p.Retain {
		t.Errorf("retained: %+v", p)
	}
	d.ping(t)
}

// TestOwnMessageExpiry: Message Expiry of a message of the broker itself is
// passed on once, with the time that is left.
func TestOwnMessageExpiry(t *testing.T) {
	t.Parallel()
	h := start(t, Config{}, Door{})
	c := h.connect(t, "c")
	c.subscribe(t, 0, "t")
	props := packet.Properties(nil).AppendUint(packet.MessageExpiry, 100).AppendString(packet.ContentType, "x")
	if err := h.Publish(durable.Message{Topic: "t", Properties: props}); err != nil {
		t.Fatal(err)
	}
	got := map[packet.Property]int{}
	for id := range c.message(t).Properties.All() {
		got[id]++
	}
	if d := cmp.Diff(map[packet.Property]int{packet.MessageExpiry: 1, packet.ContentType: 1}, got); d != "" {
		t.Errorf("properties (-want +got):\n%s", d)
	}
}

// TestGoodbyeAndWill: only DISCONNECT with reason 0 takes the Will back
// [MQTT-3.14.4-3].
func TestGoodbyeAndWill(t *testing.T) {
	t.Parallel()
	for reason, comes := range map[packet.Reason]bool{0: false, packet.DisconnectWithWill: true, packet.UnspecifiedError: true} {
		h := start(t, Config{}, Door{})
		sub := h.connect(t, "sub")
		sub.subscribe(t, 0, "will")
		c := h.connect(t, "c", withWill(packet.Will{Topic: "will", Payload: []byte("w")}))
		c.leave(t, reason)
		if comes {
			sub.want(t, "w")
		}
		sub.ping(t)
	}
}

// TestWillDelay: a client that comes back in time has no Will published, one
// that starts clean has it published at once.
func TestWillDelay(t *testing.T) {
	t.Parallel()
	h := start(t, Config{}, Door{})
	sub := h.connect(t, "sub")
	sub.subscribe(t, 0, "will")
	w := packet.Will{Topic: "will", Payload: []byte("w"), Properties: packet.Properties(nil).AppendUint(packet.WillDelay, 1)}
	h.connect(t, "c", keep, withWill(w)).cut()
	eventually(t, "c goes", func() bool { return h.Stats().Clients == 1 })
	c := h.connect(t, "c", keep, withWill(w))
	sub.silent(t, 1200*time.Millisecond)
	c.cut()
	eventually(t, "c goes", func() bool { return h.Stats().Clients == 1 })
	begun := time.Now()
	sub.want(t, "w")
	if took := time.Since(begun); took < 900*time.Millisecond {
		t.Errorf("the Will came after %v", took)
	}
	h.connect(t, "c", keep, withWill(w)).cut()
	eventually(t, "c goes", func() bool { return h.Stats().Clients == 1 })
	begun = time.Now()
	h.connect(t, "c", clean)
	sub.want(t, "w")
	if took := time.Since(begun); took > 500*time.Millisecond {
		t.Errorf("the Will came after %v", took)
	}
}

// TestAgainShared repeats messages that several sessions share in the store.
func TestAgainShared(t *testing.T) {
	t.Parallel()
	store := &memStore{}
	judge := func(Publication) Verdict { return Verdict{Again: 2} }
	h := start(t, Config{Store: store, Judge: judge}, Door{Durable: true})
	h.absent(t, "keep0", "t", 1)
	for i, o := range []option{keep, clean} {
		c := h.connect(t, fmt.Sprint("member", i), o)
		c.subscribe(t, 1, "$share/g/t")
	}
	pub := h.connect(t, "pub")
	for i := range 20 {
		pub.publish(t, publishOf("t", "x", 1, uint16(1+i)))
	}
	state := store.state()
	if n := len(state.Sessions); n != 2 {
		t.Fatalf("%d sessions are stored", n)
	}
	ids := slices.DeleteFunc(state.Sessions, func(s durable.SessionState) bool { return s.Client != "keep0" })
	if n := len(ids[0].Deliveries); n != 60 {
		t.Errorf("%d deliveries are stored, want 60", n)
	}
	store.verify(t)
}
