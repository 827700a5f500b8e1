package conformance

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// The probes are named by number; 01 to 15 are those that every Go broker that
// can be embedded was found to fail some of.
func probes() []exchange {
	all := slices.Concat(knownProbes, orderProbes, loadProbes, hostileProbes)
	slices.SortFunc(all, func(a, b exchange) int { return strings.Compare(a.name, b.name) })
	return all
}

// splitProbes tells the probes that mostly wait, which may run together, from those
// that measure or need the broker for themselves.
func splitProbes() (waiting, alone []exchange) {
	for _, c := range probes() {
		if c.waits {
			waiting = append(waiting, c)
		} else {
			alone = append(alone, c)
		}
	}
	return waiting, alone
}

// promptly is how long an answer may take that nothing may hold up.
const promptly = 2 * time.Second

var knownProbes = []exchange{
	{name: "01-offline-order", do: func(r *run) {
		r.play("B up4s\nB sub \"~/a\" 01\nB bye\nA up4")
		r.publishNumbers("A", 1, 0, 200)
		r.play("B back4")
		r.wantNumbers("B", 0, 200)
	}},
	{name: "02-retained-parent", script: `
		A up4
		A ret1 "~" 'x'
		B up4
		B sub "~/#" 01
		B getr1 "~" 'x'`},
	{name: "03-dollar-and-wildcards", do: dollarAndWildcards},
	{name: "04-own-publishes-with-the-same-ids", do: sameIDs},
	{name: "05-invalid-filters", do: func(r *run) {
		for i, filter := range []string{"foo+", "a#", "a/b+/c", "+a/x", "#/a", "a/#/b", "++", "##", "+#", "a/+#"} {
			r.play(fmt.Sprintf("%c up4\n%c> 82 ( 0001 \"%s\" 00 )\n%c< 90 ( 0001 80 ) | closed", 'A'+i, 'A'+i, filter, 'A'+i))
		}
	}},
	{name: "06-publish-to-sys", script: `
		A up4
		A> 32 ( "$SYS/~" 0001 'x' )
		A< 40 02 0001
		A silent`},
	{name: "07-expired-session-has-no-subscription", waits: true, script: `
		A up5s 11 00000001
		A sub "~/a" 01
		A drop
		wait 2500ms
		A up5s
		B up5
		B pub1 "~/a" 'x'
		A silent`},
	{name: "08-receive-maximum-never-wedges", do: func(r *run) {
		r.play("B up5 21 0005\nB sub \"~/a\" 01\nA up5")
		r.publishNumbers("A", 1, 0, 40)
		r.wantNumbers("B", 0, 40)
		r.publishNumbers("A", 1, 40, 60)
		r.wantNumbers("B", 40, 60)
	}},
	{name: "09-many-open-qos2", do: manyOpen},
	{name: "10-stalled-subscriber-holds-nobody", do: func(r *run) {
		r.stall()
		if longest := r.fill(400); longest > promptly {
			r.fail("a PUBACK took %v", longest)
		}
	}},
	{name: "11-takeover-of-a-stalled-client", do: func(r *run) {
		r.stall()
		r.fill(400)
		began := time.Now()
		r.send("S1", `10 ( "MQTT" 04 02 0000 "~S" )`, false)
		r.receive("S1", []string{"20 02 00 00"})
		if d := time.Since(began); d > promptly {
			r.fail("CONNACK took %v", d)
		}
	}},
	{name: "12-truncated-subscribe", do: truncated},
	{name: "13-sockets-without-connect", waits: true, do: idleSockets},
	{name: "14-ten-thousand-queued", do: func(r *run) {
		r.play("B up4s\nB sub \"~/a\" 01\nB bye\nA up4")
		r.publishNumbers("A", 1, 0, 10000)
		r.play("B back4")
		r.wantNumbers("B", 0, 10000)
	}},
	{name: "15-many-retained", do: manyRetained},
}

func dollarAndWildcards(r *run) {
	r.play(`
		A up5
		A ret1 "$aws/~/a" 'kept'
		B up5
		B> 82 ( 0001 00 "#" 00 )
		B< 90 ( 0001 00 00 )`)
	none := func() {
		for _, p := range r.collect("B") {
			if m := r.message("B", p); m.topic[0] == '$' {
				r.fail("%q was delivered for a filter that begins with a wildcard", m.topic)
			}
		}
	}
	none()
	r.play("B> A2 ( 0002 00 \"#\" ) 82 ( 0003 00 \"$share/g~/#\" 00 ) 82 ( 0004 00 \"$share/h~/+/~/a\" 00 )")
	for range 3 {
		for r.read("B").bytes[0]>>4 == 3 {
			continue
		}
	}
	r.play("A pub1 \"$aws/~/a\" 'live'\nA pub1 \"x/~/a\" 'live'")
	none()
	r.play("A ret1 \"$aws/~/a\"")
}

// sameIDs has the client publish with the packet identifiers that the broker
// uses for what the client has not acknowledged.
func sameIDs(r *run) {
	r.play("B up4s\nB sub \"~/a\" 01\nA up4")
	r.publishNumbers("A", 1, 0, 10)
	var open []message
	for i := range 10 {
		m := r.message("B", r.read("B"))
		if m.number() != i {
			r.fail("message %d where %d was due", m.number(), i)
		}
		open = append(open, m)
	}
	for _, m := range open {
		r.play(fmt.Sprintf("B> 32 ( \"~/b\" %X 'own' )\nB< 40 02 %X", m.id, m.id))
	}
	r.play("B drop\nB back4")
	for i, want := range open {
		got := r.message("B", r.read("B"))
		if got.number() != i || got.id != want.id || got.first != 0x3A {
			r.fail("message %d with id %X and first byte %02X; want %d, %X, 3A", got.number(), got.id, got.first, i, want.id)
		}
	}
}

func manyOpen(r *run) {
	const count = 2000
	r.play("A up4")
	for i := range count {
		r.conn("A").write(r.numbered("A", "~/a", 2, i))
	}
	for i := range count {
		if p := r.read("A"); p.bytes[0] != 0x50 {
			r.fail("A received % X for message %d", p.bytes, i)
		}
	}
	for i := range count {
		id := packetID(i)
		r.conn("A").write([]byte{0x62, 2, byte(id >> 8), byte(id)})
	}
	r.acknowledged("A", 2, 0, count)
	r.play("A silent")
}

// stall connects S, which subscribes with QoS 1 and then reads nothing.
func (r *run) stall() {
	r.open("S", 4096)
	r.play(`
		S> 10 ( "MQTT" 04 02 0000 "~S" )
		S< 20 02 00 00
		S sub "~/a" 01
		A up4`)
}

// fill publishes messages of 16 KiB to what S subscribes to and returns the
// longest time that a PUBACK took.
func (r *run) fill(count int) time.Duration {
	packet := r.pattern(`32 ( "~/a" 0001 61*16384 )`).bytes
	longest := time.Duration(0)
	for range count {
		began := time.Now()
		r.conn("A").write(packet)
		r.receive("A", []string{"40 02 0001"})
		longest = max(longest, time.Since(began))
	}
	return longest
}

// truncated sends all ways to cut a SUBSCRIBE and an UNSUBSCRIBE short, with
// a length that fits.
func truncated(r *run) {
	for _, version := range []string{"4", "5"} {
		props := ""
		if version == "5" {
			props = "( 0B 01 26 \"k\" \"v\" )"
		}
		for first, text := range map[byte]string{0x82: "0001 " + props + " \"~/a\" 01", 0xA2: "0001 " + props + " \"~/a\""} {
			body := r.pattern(text).bytes
			for n := range body {
				r.play("A up" + version)
				r.conn("A").write(append(append([]byte{first}, varint(n)...), body[:n]...))
				r.ends("A")
			}
		}
	}
	r.play("A up5\nA> 82 05 0001 00 0000\nA ends\nB up5\nB silent")
}

func idleSockets(r *run) {
	limit := r.target.ConnectTimeout
	if limit == 0 {
		r.leave("this broker waits for CONNECT for ever")
	}
	r.patience = limit + promptly + time.Second
	for i := range 100 {
		r.open(fmt.Sprint("s", i), 0)
	}
	r.open("half", 0).write([]byte{0x10, 0x20, 0, 4, 'M', 'Q'})
	for i := range 100 {
		r.ends(fmt.Sprint("s", i))
	}
	r.ends("half")
}

func manyRetained(r *run) {
	const count = 20000
	r.play("A up4")
	topic := func(i int) string { return fmt.Sprintf("~/%d", i) }
	for i := range count {
		r.conn("A").write(append([]byte{0x31}, r.numbered("A", topic(i), 0, i)[1:]...))
	}
	r.play("A silent")
	for qos := range 2 {
		name := string(rune('B' + qos))
		r.play(fmt.Sprintf("%s up4\n%s> 82 ( 0001 \"~/+\" %02X )\n%s< 90 ( 0001 %02X )", name, name, qos, name, qos))
		seen := make([]bool, count)
		for range count {
			m := r.next(name)
			n := m.number()
			if n < 0 || n >= count || seen[n] || m.first&1 == 0 {
				r.fail("%s received % X of %q", name, m.payload, m.topic)
			}
			seen[n] = true
		}
	}
	for i := range count {
		r.send("A", fmt.Sprintf("31 ( \"~/%d\" )", i), false)
	}
	r.play("A silent")
}
