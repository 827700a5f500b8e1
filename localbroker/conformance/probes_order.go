package conformance

import (
	"fmt"
	"slices"
)

// orderProbes are about order, loss and repetition.
var orderProbes = []exchange{
	{name: "16-order-of-mixed-qos-across-reconnect", do: mixedOrder},
	{name: "17-retained-and-live-in-order", do: retainedAndLive},
	{name: "18-queue-in-order-over-many-reconnects", do: func(r *run) {
		r.play("B up4s\nB sub \"~/a\" 01\nB bye\nA up4")
		r.publishNumbers("A", 1, 0, 500)
		for part := range 5 {
			r.play("B back4")
			r.wantNumbers("B", part*100, part*100+100)
			// the acknowledgements must have arrived; what else came is sent again
			r.collect("B")
			r.play("B drop")
		}
		r.play("B back4\nB silent")
	}},
	{name: "19-live-after-queue", do: func(r *run) {
		r.play("B up4s\nB sub \"~/a\" 01\nB bye\nA up4")
		r.publishNumbers("A", 1, 0, 1000)
		r.play("B back4")
		r.publishNumbers("A", 1, 1000, 1500) // while the queue is being sent
		r.wantNumbers("B", 0, 1500)
	}},
	{name: "20-packet-ids-wrap", waits: true, do: func(r *run) {
		r.play("B up4\nB sub \"~/a\" 01\nA up4")
		const count, part = 66000, 500
		for from := 0; from < count; from += part {
			r.publishNumbers("A", 1, from, from+part)
			r.wantNumbers("B", from, from+part)
		}
	}},
	{name: "21-receive-maximum-1-with-qos2", do: func(r *run) {
		r.play("B up5 21 0001\nB sub \"~/a\" 02\nA up5")
		r.publishNumbers("A", 2, 0, 200)
		r.wantNumbers("B", 0, 200)
		r.collect("B")
	}},
	{name: "22-downgrade-while-messages-wait", do: func(r *run) {
		r.play("B up5s 21 0001\nB sub \"~/a\" 02\nA up5")
		r.publishNumbers("A", 2, 0, 20)
		first := r.message("B", r.read("B"))
		r.play("B sub \"~/a\" 00\nB sub \"~/a\" 01")
		r.publishNumbers("A", 1, 20, 30)
		if first.number() != 0 {
			r.fail("message %d came first", first.number())
		}
		r.conn("B").write([]byte{0x50, 2, first.id[0], first.id[1]})
		r.wantNumbers("B", 1, 30)
	}},
	{name: "23-qos2-once-through-many-reconnects", do: exactlyOnce},
	{name: "24-two-publishers-keep-their-order", do: func(r *run) {
		r.play("B up4\nB sub \"~/+\" 01\nP up4\nQ up4")
		for i := range 500 {
			r.conn("P").write(r.numbered("P", "~/p", 1, i))
			r.conn("Q").write(r.numbered("Q", "~/q", 1, i))
		}
		due := map[string]int{}
		for range 1000 {
			m := r.next("B")
			if m.number() != due[m.topic] {
				r.fail("message %d of %q where %d was due", m.number(), m.topic, due[m.topic])
			}
			due[m.topic]++
		}
	}},
	{name: "25-fan-out-to-a-hundred", do: func(r *run) {
		for i := range 100 {
			r.play(fmt.Sprintf("s%d> 10 ( \"MQTT\" 04 02 003C \"~s%d\" )\ns%d< 20 02 00 00\ns%d sub \"~/a\" 01", i, i, i, i))
		}
		r.play("A up4")
		r.publishNumbers("A", 1, 0, 20)
		for i := range 100 {
			r.wantNumbers(fmt.Sprint("s", i), 0, 20)
		}
	}},
	{name: "26-shared-member-leaves", do: memberLeaves},
	{name: "27-restart-keeps-what-was-acknowledged", do: restart},
	{name: "49-more-unacknowledged-than-identifiers", waits: true, do: identifiersUsedUp},
	{name: "50-restart-keeps-open-exchanges", do: restartOpen},
	{name: "51-restart-does-not-prolong-sessions", do: restartExpiry},
}

// mixedOrder cuts the connection while messages of both QoS are open.
func mixedOrder(r *run) {
	const count = 60
	r.play("B up4s\nB sub \"~/a\" 02\nA up4")
	for i := range count {
		r.publishNumbers("A", byte(1+i%2), i, i+1)
	}
	var open []message
	for i := range 30 {
		p := r.read("B")
		if p.bytes[0]>>4 == 6 {
			r.fail("a PUBREL that nothing asked for")
		}
		m := r.message("B", p)
		if m.number() != i {
			r.fail("message %d where %d was due", m.number(), i)
		}
		open = append(open, m)
	}
	r.play("B drop\nB back4")
	for i := range count {
		m := r.next("B")
		if m.number() != i {
			r.fail("message %d where %d was due after the reconnect", m.number(), i)
		}
		if i < len(open) && (m.id != open[i].id || m.first&8 == 0) {
			r.fail("message %d was sent again with id %X and first byte %02X, before with %X", i, m.id, m.first, open[i].id)
		}
	}
}

// retainedAndLive subscribes while retained messages are being published.
func retainedAndLive(r *run) {
	const count = 400
	r.play("A up4")
	done := make(chan struct{})
	packets := make([][]byte, count)
	for i := range packets {
		packets[i] = append([]byte{0x33}, r.numbered("A", "~/a", 1, i)[1:]...)
	}
	a := r.conn("A")
	go func() {
		defer close(done)
		for _, p := range packets {
			a.write(p)
			if _, err := a.read(patience); err != nil {
				return
			}
		}
	}()
	defer func() { <-done }()
	for range 10 {
		r.play("B up4\nB> 82 ( 0001 \"~/a\" 01 )\nB< 90 ( 0001 01 )")
		last := -1
		for last < count-1 {
			m := r.next("B")
			if m.number() < last || m.number() == last && m.first&1 == 0 {
				r.fail("message %d came after %d", m.number(), last)
			}
			if last >= 0 && m.number() != last+1 && m.number() != last {
				r.fail("message %d came right after %d", m.number(), last)
			}
			last = m.number()
			if last >= 0 && m.first&1 == 0 && last%7 == 0 {
				break
			}
		}
		r.play("B drop")
	}
}

// exactlyOnce cuts the connection at each step of QoS 2, on both sides.
func exactlyOnce(r *run) {
	r.play("B up4s\nB sub \"~/a\" 02")
	for i := range 12 {
		text := fmt.Sprintf("%04X", i)
		r.play("A " + map[bool]string{true: "up4s", false: "back4"}[i == 0])
		r.play(`A> 34 ( "~/a" 0009 ` + text + ` )`)
		if i%2 == 0 {
			r.play("A< 50 02 0009")
		}
		r.play("A drop\nA back4\nA> 3C ( \"~/a\" 0009 " + text + " )\nA< 50 02 0009\nA> 62 02 0009")
		if i%3 == 0 {
			r.play("A drop\nA back4\nA> 62 02 0009")
		}
		r.play("A< 70 02 0009\nA drop")
		delete(r.ids, "m")
		r.play("B< 34 ( \"~/a\" $m " + text + " )\nB> 50 02 $m\nB< 62 02 $m")
		if i%4 == 1 {
			r.play("B drop\nB back4\nB< 62 02 $m")
		}
		r.play("B> 70 02 $m\nB silent")
	}
}

// memberLeaves wants everything that comes after a member has left to go to
// the other.
func memberLeaves(r *run) {
	r.play(`
		A up5
		A sub "$share/g/~/a" 01
		B up5
		B sub "$share/g/~/a" 01
		P up5
		A bye`)
	r.publishNumbers("P", 1, 0, 50)
	r.wantNumbers("B", 0, 50)
	r.play("A up5\nA sub \"$share/g/~/a\" 01\nA unsub \"$share/g/~/a\"")
	r.publishNumbers("P", 1, 50, 100)
	r.wantNumbers("B", 50, 100)
	r.play("A silent")
}

// identifiersUsedUp lets more messages be open than there are identifiers.
func identifiersUsedUp(r *run) {
	const count = 66000
	r.play("B up4s\nB sub \"~/a\" 01\nB bye\nA up4")
	r.publishNumbers("A", 1, 0, count)
	r.play("B back4")
	for due := 0; due < count; {
		open := map[[2]byte]bool{}
		var acks []byte
		for _, p := range r.collect("B") {
			m := r.message("B", p)
			if m.number() != due {
				r.fail("message %d where %d was due", m.number(), due)
			}
			if open[m.id] {
				r.fail("identifier %X is used twice", m.id)
			}
			open[m.id] = true
			acks = append(acks, 0x40, 2, m.id[0], m.id[1])
			due++
		}
		if len(open) == 0 {
			r.fail("nothing came after message %d of %d", due, count)
		}
		r.conn("B").write(acks)
	}
}

// restartOpen kills the broker in the middle of exchanges.
func restartOpen(r *run) {
	if r.target.Restart == nil {
		r.leave("this broker does not promise to survive a crash")
	}
	r.play(`
		B up5s
		B sub "~/a" 02
		A up5
		A> 34 ( "~/a" 0001 ( 02 0000003C ) 'publish' )
		A< 50 03 0001 00
		A> 62 02 0001
		A< 70 03 0001 00
		A pub2 "~/a" 'release'
		A pub1 "~/a" 'once'
		B< 34 ( "~/a" $1 ( 02 0000003C ) 'publish' ) | 34 ( "~/a" $1 ( 02 0000003B ) 'publish' )
		B< 34 ( "~/a" $2 00 'release' )
		B< 32 ( "~/a" $3 00 'once' )
		B> 50 02 $2
		B< 62 03 $2 00
		B silent`)
	r.target.Restart()
	for name := range r.conns {
		r.play(name + " drop")
	}
	r.play("B> 10 ( \"MQTT\" 05 00 003C ( 11 00000258 ) \"~B\" )\nB< 20 03 01 00 00")
	for range 3 {
		p := r.read("B")
		switch p.bytes[0] {
		case 0x62:
			r.check(r.same(p.bytes[2:4], "2"))
		case 0x3A:
			m := r.message("B", p)
			r.check(r.same(m.id[:], "3"))
		case 0x3C:
			m := r.message("B", p)
			r.check(r.same(m.id[:], "1"))
			if len(p.props) != 1 || p.props[0].id != 2 || string(m.payload) != "publish" {
				r.fail("the message came again as % X", p.bytes)
			}
		default:
			r.fail("B received % X", head(p.bytes))
		}
	}
	r.play("B silent")
}

// restartExpiry lets a session expire around a crash.
func restartExpiry(r *run) {
	if r.target.Restart == nil {
		r.leave("this broker does not promise to survive a crash")
	}
	r.play("A up5s 11 00000001\nA bye\nB up5s\nB bye")
	r.target.Restart()
	r.play("wait 2500ms\nA up5s\nB back5")
}

// same compares a packet identifier with a captured one.
func (r *run) same(id []byte, name string) error {
	if want := r.ids[name]; !slices.Equal(id, want) {
		return fmt.Errorf("packet identifier %X, want %X", id, want)
	}
	return nil
}

// restart kills the broker right after the last acknowledgement.
func restart(r *run) {
	if r.target.Restart == nil {
		r.leave("this broker does not promise to survive a crash")
	}
	r.play(`
		B up5s
		B> 82 ( 0001 ( 0B 07 ) "~/a" 02 )
		B< 90 ( 0001 00 02 )
		B drop
		A up5s
		A ret1 "~/kept" ( 26 "k" "v" ) 'kept'
		A> 34 ( "~/open" 0009 00 'open' )
		A< 50 03 0009 00 | 50 03 0009 10`)
	r.publishNumbers("A", 1, 0, 300)
	r.publishNumbers("A", 2, 300, 400)
	r.target.Restart()
	for name := range r.conns {
		r.play(name + " drop")
	}
	r.play("B back5")
	r.wantNumbers("B", 0, 400)
	r.collect("B")
	r.play(`
		A back5
		A> 62 02 0009
		A< 70 03 0009 00
		C up5
		C sub "~/kept" 01
		C getr1 "~/kept" ( 26 "k" "v" ) 'kept'
		A> 32 ( "~/a" 0001 00 'new' )
		A< 40 03 0001 00
		B get1 "~/a" ( 0B 07 ) 'new'
		B silent`)
}
