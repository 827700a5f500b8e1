package conformance

import (
	"bytes"
	"fmt"
	"strings"
)

// loadProbes are about size and number.
var loadProbes = []exchange{
	{name: "28-takeover-storm", do: takeoverStorm},
	{name: "29-ten-thousand-levels", do: func(r *run) {
		deep := strings.Repeat("/", 10000)
		r.play("A up4\nA> 82 ( 0001 \"~/" + deep + "\" 00 )\nA< 90 ( 0001 00 ) | 90 ( 0001 80 ) | closed")
		r.play("B up4\nB> 32 ( \"~/" + deep + "\" 0001 'x' )\nB< 40 02 0001 | closed")
		r.play("C up4\nC silent")
	}},
	{name: "30-topic-of-64-kib", do: func(r *run) {
		long := "\"~" + strings.Repeat("t", 65535-len(r.prefix)) + "\""
		r.play("A up4\nA> 82 ( 0001 " + long + " 01 )\nA< 90 ( 0001 01 ) | 90 ( 0001 80 ) | closed")
		if r.conns["A"] == nil || r.conn("A").last.bytes[4] == 0x80 {
			r.leave("the broker takes no topic that long, which it may")
		}
		r.play("A> 32 ( " + long + " 0001 'x' )\nA<& 40 02 0001 & 32 ( " + long + " $p 'x' )")
	}},
	{name: "31-a-thousand-filters-at-once", do: func(r *run) {
		r.play("A up4")
		var filters, names strings.Builder
		for i := range 1000 {
			fmt.Fprintf(&filters, "\"~/%d\" %02X ", i, i%3)
			fmt.Fprintf(&names, "\"~/%d\" ", i)
		}
		r.play("A> 82 ( 0001 " + filters.String() + ")")
		p := r.read("A")
		codes := p.bytes[len(p.bytes)-1000:]
		for i, c := range codes {
			if int(c) != i%3 {
				r.fail("filter %d was answered with %02X", i, c)
			}
		}
		r.play("A pub0 \"~/1000\" 'no'\nA> 30 ( \"~/999\" 'x' )\nA get0 \"~/999\" 'x'\nA> A2 ( 0002 " + names.String() + ")\nA< B0 02 0002\nA pub0 \"~/999\" 'x'\nA silent")
	}},
	{name: "32-ten-thousand-pings", do: func(r *run) {
		r.play("A up4")
		for range 20 {
			r.conn("A").write(bytes.Repeat([]byte{0xC0, 0}, 500))
			for range 500 {
				r.receive("A", []string{"D000"})
			}
		}
	}},
	{name: "33-a-thousand-user-properties", do: func(r *run) {
		var props strings.Builder
		for i := range 1000 {
			fmt.Fprintf(&props, "26 \"k%d\" \"v%d\" ", i%7, i)
		}
		r.play("B up5\nB sub \"~/a\" 01\nA up5")
		r.play("A> 32 ( \"~/a\" 0001 ( " + props.String() + ") 'x' )\nA< 40 03 0001 00")
		r.play("B get1 \"~/a\" ( " + props.String() + ") 'x'")
	}},
	{name: "34-a-mebibyte", do: func(r *run) {
		if limit := r.target.MaxPacket; limit > 0 && limit < 1<<20+100 {
			r.leave("the broker takes packets of %d bytes", limit)
		}
		all := make([]byte, 256)
		for i := range all {
			all[i] = byte(i)
		}
		text := fmt.Sprintf("%X*%d", all, 1<<12)
		r.play("B up4\nB sub \"~/a\" 02\nA up4\nA pub2 \"~/a\" " + text + "\nB get2 \"~/a\" " + text)
	}},
	{name: "35-packet-larger-than-allowed", do: func(r *run) {
		limit := r.target.MaxPacket
		if limit == 0 {
			r.leave("the broker takes packets of any size")
		}
		r.play("A up4")
		r.conn("A").write(append(append([]byte{0x30}, varint(limit+1)...), r.pattern(`"~/a"`).bytes...))
		r.play("A closed\nB> 10 FFFFFF7F 00\nB closed")
	}},
	{name: "36-retained-flood-while-subscribing", do: retainedFlood},
	{name: "37-three-hundred-short-connections", do: func(r *run) {
		for range 300 {
			r.play("A up4\nA sub \"~/a\" 01\nA drop")
		}
		r.play("A up4\nB up4\nB pub1 \"~/a\" 'x'\nA silent")
	}},
	{name: "38-many-subscriptions-of-one-client", do: func(r *run) {
		r.play("A up4")
		for i := range 200 {
			r.play(fmt.Sprintf("A sub \"~/%d/+\" 00", i))
		}
		r.play("A sub \"~/#\" 01\nB up4\nB> 32 ( \"~/100/x\" 0001 'x' )\nB< 40 02 0001")
		n := 0
		for _, p := range r.collect("A") {
			n = max(n, int(r.message("A", p).qos()))
		}
		if n != 1 {
			r.fail("the message came at QoS %d, want 1", n)
		}
	}},
}

// takeoverStorm connects many times with one identifier at the same time: one
// connection stays, and each of the others leaves one will.
func takeoverStorm(r *run) {
	const count = 50
	r.play("W up4\nW sub \"~/w\" 01")
	connect := r.pattern(`10 ( "MQTT" 04 0E 003C "~S" "~/w" [ 'gone' ] )`).bytes
	names := make([]string, count)
	done := make(chan struct{}, count)
	for i := range names {
		names[i] = fmt.Sprint("s", i)
		c := r.open(names[i], 0)
		go func() {
			c.write(connect)
			done <- struct{}{}
		}()
	}
	for range names {
		<-done
	}
	alive, accepted := 0, 0
	for _, name := range names {
		c := r.conn(name)
		p, err := c.read(r.patience)
		if err != nil {
			continue // taken over before it was answered
		}
		if !bytes.Equal(p.bytes, []byte{0x20, 2, 0, 0}) {
			r.fail("CONNECT was answered with % X", p.bytes)
		}
		accepted++
	}
	for i := range count - 1 {
		m := r.next("W")
		if string(m.payload) != "gone" {
			r.fail("will %d is %q", i, m.payload)
		}
	}
	for _, name := range names {
		c := r.conn(name)
		c.write([]byte{0xC0, 0})
		if p, err := c.read(r.patience); err == nil && p.bytes[0] == 0xD0 {
			alive++
		}
	}
	if alive != 1 || accepted == 0 {
		r.fail("%d connections of one client are alive, %d were accepted", alive, accepted)
	}
	r.play("W silent")
}

// retainedFlood subscribes to many retained messages while they are replaced.
func retainedFlood(r *run) {
	const count = 2000
	r.play("A up4\nB up4")
	for round := range 2 {
		for i := range count {
			r.conn("A").write(append([]byte{0x31}, r.numbered("A", fmt.Sprintf("~/%d", i), 0, round*count+i)[1:]...))
		}
		if round == 0 {
			r.play("A silent\nB> 82 ( 0001 \"~/+\" 00 )\nB< 90 ( 0001 00 )")
		}
	}
	// of each topic the last thing seen must be the second round's, and only once
	seen := map[string]int{}
	for fresh := 0; fresh < count; {
		m := r.next("B")
		n, before := m.number(), seen[m.topic]
		if n < before {
			r.fail("%q went back from %d to %d", m.topic, before, n)
		}
		if n >= count {
			fresh++
		}
		seen[m.topic] = n
	}
	r.play("B drop")
	for i := range count {
		r.send("A", fmt.Sprintf("31 ( \"~/%d\" )", i), false)
	}
	r.play("A silent")
}
