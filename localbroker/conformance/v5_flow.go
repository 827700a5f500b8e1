package conformance

import (
	"errors"
	"fmt"
	"strings"
)

// v5Flow is about receive maximum, maximum packet size and topic aliases.
var v5Flow = []exchange{
	{name: "receive-maximum", proves: "3.3.4-9 4.9.0-1 4.9.0-2", script: `
		B up5 21 0002
		B sub "~/a" 01
		A up5
		A pub1 "~/a" '1'
		A pub1 "~/a" '2'
		A pub1 "~/a" '3'
		A pub1 "~/a" '4'
		B< 32 ( "~/a" $1 00 '1' )
		B< 32 ( "~/a" $2 00 '2' )
		B silent
		B> 40 02 $1
		B< 32 ( "~/a" $3 00 '3' )
		B silent
		B> 40 02 $2 40 02 $3
		B get1 "~/a" '4'
		B silent`},
	{name: "receive-maximum-does-not-hold-others", proves: "3.3.4-10 4.9.0-3", script: `
		B up5 21 0001
		B sub "~/1" 01 "~/0" 00
		A up5
		A pub1 "~/1" 'x'
		A pub1 "~/1" 'y'
		B< 32 ( "~/1" $1 00 'x' )
		A pub0 "~/0" 'z'
		B get0 "~/0" 'z'
		B sub "~/2" 01
		B pub2 "~/3" 'own'
		B unsub "~/2"
		B silent
		B> 40 02 $1
		B get1 "~/1" 'y'`},
	{name: "receive-maximum-with-qos2", proves: "3.3.4-9 4.9.0-2", script: `
		B up5 21 0001
		B sub "~/a" 02
		A up5
		A pub2 "~/a" '1'
		A pub2 "~/a" '2'
		B< 34 ( "~/a" $1 00 '1' )
		B silent
		B> 50 02 $1
		B< 62 03 $1 00
		B silent
		B> 70 02 $1
		B get2 "~/a" '2'
		B silent`},
	{name: "receive-maximum-and-refused-qos2", proves: "3.3.4-9 4.9.0-2", script: `
		B up5 21 0001
		B sub "~/a" 02
		A up5
		A pub2 "~/a" '1'
		A pub2 "~/a" '2'
		B< 34 ( "~/a" $1 00 '1' )
		B> 50 03 $1 97
		B get2 "~/a" '2'
		B silent`},
	{name: "receive-maximum-after-reconnect", proves: "3.3.4-9 4.4.0-1", script: `
		B up5s 21 0003
		B sub "~/a" 01
		A up5
		A pub1 "~/a" '1'
		A pub1 "~/a" '2'
		A pub1 "~/a" '3'
		A pub1 "~/a" '4'
		B< 32 ( "~/a" $1 00 '1' )
		B< 32 ( "~/a" $2 00 '2' )
		B< 32 ( "~/a" $3 00 '3' )
		B drop
		B back5 21 0001
		B< 3A ( "~/a" $1 00 '1' )
		B silent
		B> 40 02 $1
		B< 3A ( "~/a" $2 00 '2' )
		B silent
		B> 40 02 $2
		B< 3A ( "~/a" $3 00 '3' )
		B> 40 02 $3
		B< 32 ( "~/a" $4 00 '4' ) | 3A ( "~/a" $4 00 '4' )`},
	{name: "receive-maximum-of-the-broker", proves: "3.3.4-7 4.13.1-1", do: exceedReceiveMaximum},
	{name: "maximum-packet-size", proves: "3.1.2-24 3.1.2-25", script: `
		B up5 27 00000064
		B sub "~/a" 02
		A up5
		A pub0 "~/a" 61*200
		A pub1 "~/a" 61*200
		A pub2 "~/a" 61*200
		A pub1 "~/a" 'small'
		B get1 "~/a" 'small'
		B silent`},
	{name: "maximum-packet-size-exactly", proves: "3.1.2-24 3.1.2-25", do: packetSizeExactly},
	{name: "maximum-packet-size-frees-the-window", proves: "3.1.2-25 3.3.4-9", script: `
		B up5 27 00000064 21 0001
		B sub "~/a" 01
		A up5
		A pub1 "~/a" 61*200
		A pub1 "~/a" 61*200
		A pub1 "~/a" '1'
		B get1 "~/a" '1'
		A pub1 "~/a" 61*200
		A pub1 "~/a" '2'
		B get1 "~/a" '2'
		B silent`},
	{name: "maximum-packet-size-retained", proves: "3.1.2-24 3.1.2-25", script: `
		A up5
		A ret1 "~/1" 61*200
		A ret1 "~/2" 'small'
		B up5 27 00000064
		B sub "~/+" 01
		B getr1 "~/2" 'small'
		B silent`},
	{name: "maximum-packet-size-and-queue", proves: "3.1.2-25", script: `
		B up5s
		B sub "~/a" 01
		B bye
		A up5
		A pub1 "~/a" 61*200
		A pub1 "~/a" 'small'
		B back5 27 00000064
		B get1 "~/a" 'small'
		B silent
		B bye
		B back5
		B silent // as if it had been sent`},
	{
		name:   "answers-fit-maximum-packet-size",
		proves: "3.2.2-19 3.2.2-20 3.4.2-2 3.4.2-3 3.5.2-2 3.5.2-3 3.6.2-2 3.6.2-3 3.7.2-2 3.7.2-3 3.9.2-1 3.9.2-2 3.11.2-1 3.11.2-2 3.14.2-3 3.14.2-4",
		do:     answersFit,
	},
	{name: "maximum-packet-size-of-the-broker", proves: "3.2.2-15 4.13.1-1", do: exceedPacketSize},
	{name: "topic-alias-inbound", proves: "3.3.2-12", script: `
		B up5
		B sub "~/#" 01
		A up5
		A need 22
		A> 30 ( "~/a" ( 23 0001 ) '1' ) 30 ( "" ( 23 0001 ) '2' ) 30 ( "~/b" ( 23 0001 ) '3' ) 30 ( "" ( 23 0001 ) '4' ) 30 ( "~/c" 00 '5' )
		B get0 "~/a" '1'
		B get0 "~/a" '2'
		B get0 "~/b" '3'
		B get0 "~/b" '4'
		B get0 "~/c" '5'
		A> 32 ( "" 0001 ( 23 0001 26 "k" "v" ) '6' )
		A< 40 03 0001 00
		B get1 "~/b" ( 26 "k" "v" ) '6'`},
	{name: "topic-alias-0", proves: "3.3.2-8", script: "A up5\nA> 30 ( \"~/a\" ( 23 0000 ) 'x' )\nA closed 94 82 81"},
	{name: "topic-alias-unknown", proves: "4.13.1-1", script: "A up5\nA> 30 ( \"\" ( 23 0001 ) 'x' )\nA closed 82 94 81"},
	{name: "topic-alias-dies-with-connection", proves: "3.3.2-7", script: `
		A up5s
		A need 22
		A> 30 ( "~/a" ( 23 0001 ) '1' )
		A silent
		A drop
		A back5
		A> 30 ( "" ( 23 0001 ) '2' )
		A closed 82 94 81`},
	{name: "topic-alias-maximum", proves: "3.3.2-12 3.3.2-9 3.2.2-17", do: topicAliasMaximum},
	{name: "topic-alias-outbound", proves: "3.1.2-26 3.3.2-11", do: topicAliasOutbound},
	{name: "topic-alias-outbound-not-allowed", proves: "3.1.2-27", script: `
		B up5 22 0000
		B sub "~/a" 01
		A up5
		A pub1 "~/a" '1'
		A pub1 "~/a" '2'
		B get1 "~/a" '1'
		B get1 "~/a" '2'`},
	{name: "topic-alias-outbound-after-reconnect", proves: "3.3.2-7", script: `
		B up5s 22 000A
		B sub "~/a" 01
		A up5
		A pub1 "~/a" '1'
		A pub1 "~/a" '2'
		B drop
		B back5 // no aliases now
		B< 3A ( "~/a" $1 00 '1' ) | 32 ( "~/a" $1 00 '1' )
		B< 3A ( "~/a" $2 00 '2' ) | 32 ( "~/a" $2 00 '2' )`},
}

// announced is the value of a property of the CONNACK that name received, or
// otherwise when there is none.
func (r *run) announced(name string, id byte, otherwise int) int {
	for _, p := range r.conn(name).last.props {
		if p.id == id {
			n := 0
			for _, b := range p.value {
				n = n<<8 | int(b)
			}
			return n
		}
	}
	return otherwise
}

// exceedReceiveMaximum opens as many QoS 2 exchanges as the broker allows, and
// then one more.
func exceedReceiveMaximum(r *run) {
	r.play("A up5")
	limit := r.announced("A", 0x21, 65535)
	if limit == 65535 {
		r.leave("with 65,535 allowed there is no identifier for one more")
	}
	var all strings.Builder
	for i := range limit {
		fmt.Fprintf(&all, "34 ( \"~/a\" %04X 00 'x' ) ", i+1)
	}
	r.send("A", all.String(), false)
	for range limit {
		if p := r.read("A"); p.bytes[0] != 0x50 || p.bytes[4] >= 0x80 {
			r.fail("A received % X", p.bytes)
		}
	}
	r.play(fmt.Sprintf("A silent\nA> 34 ( \"~/a\" %04X 00 'x' )\nA closed 93", limit+1))
}

// packetSizeExactly wants the packet of the maximum size, and not the one
// that is a byte larger.
func packetSizeExactly(r *run) {
	const limit = 100
	fits := limit - len(r.pattern(`30 00 "~/a" 0001 00`).bytes)
	r.play(fmt.Sprintf(`
		B up5 27 %08X
		B sub "~/a" 01
		A up5
		A pub1 "~/a" 61*%d
		A pub1 "~/a" 62*%d
		B get1 "~/a" 62*%d
		B silent`, limit, fits+1, fits, fits))
}

// answersFit provokes answers that a broker likes to explain, from a client
// that takes only short packets.
func answersFit(r *run) {
	for _, limit := range []int{40, 64} {
		for _, text := range []string{
			`32 ( "~/nobody" 0001 00 'x' )`,
			`34 ( "~/nobody" 0001 00 'x' )`,
			`50 02 4321`,
			`62 02 4321`,
			`82 ( 0001 00 "~/a#" 01 )`,
			`A2 ( 0001 00 "~/never" )`,
			`36 ( "~/a" 0001 00 )`,
			`82 ( 0001 00 "~/a" FF )`,
		} {
			r.play(fmt.Sprintf("A up5 27 %08X", limit))
			fits := func() {
				if n := len(r.conn("A").last.raw); n > limit {
					r.fail("%d bytes in answer to %s, allowed are %d: % X", n, text, limit, r.conn("A").last.raw)
				}
			}
			fits()
			r.send("A", text, false)
			if _, err := r.conn("A").read(r.patience); err != nil && !errors.Is(err, errClosed) {
				r.fail("%s: %v", text, err)
			}
			fits()
			r.play("A drop")
		}
	}
}

// exceedPacketSize begins a packet larger than the broker takes.
func exceedPacketSize(r *run) {
	r.play("A up5")
	limit := r.announced("A", 0x27, 0)
	if limit == 0 {
		r.leave("the broker announces no maximum packet size")
	}
	if limit >= 268435460 {
		r.leave("no packet can be larger than the maximum the broker announces")
	}
	b := append(append([]byte{0x30}, varint(limit)...), r.pattern(`"~/a" 00`).bytes...)
	r.conn("A").write(b)
	r.play("A closed 95")
}

// topicAliasMaximum uses the highest alias allowed, and then the next.
func topicAliasMaximum(r *run) {
	r.play("B up5\nB sub \"~/#\" 00\nA up5")
	limit := r.announced("A", 0x22, 0)
	if limit == 65535 {
		r.leave("the broker takes all aliases there are")
	}
	if limit > 0 {
		r.play(fmt.Sprintf(`
			A> 30 ( "~/a" ( 23 %04X ) '1' ) 30 ( "" ( 23 %04X ) '2' )
			B get0 "~/a" '1'
			B get0 "~/a" '2'`, limit, limit))
	}
	r.play(fmt.Sprintf("A> 30 ( \"~/a\" ( 23 %04X ) 'x' )\nA closed 94 82 81", limit+1))
}

// topicAliasOutbound receives with aliases, if the broker likes to use them.
func topicAliasOutbound(r *run) {
	r.play("B up5 22 0003\nB sub \"~/#\" 00\nA up5")
	aliases := map[string]string{}
	for round := range 3 {
		for i := range 6 {
			r.play(fmt.Sprintf("A pub0 \"~/%d\" %02X", i, round))
			p := r.read("B")
			m := r.message("B", p)
			for _, x := range p.props {
				if x.id != 0x23 {
					continue
				}
				if n := int(x.value[0])<<8 | int(x.value[1]); n == 0 || n > 3 {
					r.fail("the broker uses alias %d of 3", n)
				}
				if m.topic == "" {
					m.topic = aliases[string(x.value)]
				}
				aliases[string(x.value)] = m.topic
			}
			if want := fmt.Sprintf("%s/%d", r.prefix, i); m.topic != want {
				r.fail("topic %q, want %q", m.topic, want)
			}
		}
	}
}
