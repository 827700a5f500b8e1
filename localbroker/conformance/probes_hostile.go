package conformance

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// hostileProbes are about clients that do what they should not.
var hostileProbes = []exchange{
	{name: "39-slow-connect", waits: true, do: slowConnect},
	{name: "40-half-a-packet", waits: true, do: func(r *run) {
		r.play(`
			B up4
			B sub "~/a" 01
			A> 10 ( "MQTT" 04 02 0001 "~A" )
			A< 20 02 00 00
			A> 32 7F 0010 'abc'
			C up4
			C pub1 "~/a" 'x'
			B get1 "~/a" 'x'
			within 12s
			A ends
			B silent`)
	}},
	{name: "41-garbage", do: garbage},
	{name: "42-mutated-packets", do: mutated},
	{name: "43-malformed-after-many-valid", do: func(r *run) {
		r.play("B up4\nB sub \"~/a\" 01\nA up4")
		var all []byte
		for i := range 100 {
			all = append(all, r.numbered("A", "~/a", 1, i)...)
		}
		r.conn("A").write(append(all, 0x36, 2, 0, 0))
		r.wantNumbers("B", 0, 100)
		r.play("A ends\nB silent")
	}},
	{name: "44-subscriber-dies-while-being-sent-to", do: func(r *run) {
		r.stall()
		r.fill(50)
		r.play("S drop")
		if longest := r.fill(50); longest > promptly {
			r.fail("a PUBACK took %v", longest)
		}
		r.play("B up4\nB sub \"~/a\" 01\nA pub1 \"~/a\" 'x'\nB get1 \"~/a\" 'x'")
	}},
	{name: "45-stalled-shared-member", do: func(r *run) {
		r.play(`
			B up5
			B sub "$share/g/~/a" 01
			A up5
			A sub "$share/g/~/a" 01
			P up5`)
		began := time.Now()
		r.publishNumbers("P", 1, 0, 200) // A acknowledges nothing
		if d := time.Since(began); d > promptly {
			r.fail("the publisher waited %v", d)
		}
		got := len(r.collect("B"))
		if got == 0 {
			r.fail("the other member got nothing of 200 messages")
		}
	}},
	{name: "46-acknowledgements-of-nothing", do: func(r *run) {
		r.play("B up4s\nB sub \"~/a\" 02")
		for id := range 200 {
			r.play(fmt.Sprintf("B> 40 02 %04X 70 02 %04X", id+1, id+1))
		}
		r.play("A up4\nA pub2 \"~/a\" 'x'\nB get2 \"~/a\" 'x'\nB silent")
	}},
	{name: "47-wrong-acknowledgement", script: `
		B up4s
		B sub "~/1" 01 "~/2" 02
		A up4
		A pub2 "~/2" 'x'
		B< 34 ( "~/2" $p 'x' )
		B> 40 02 $p // PUBACK for QoS 2
		C up4
		C silent`},
	{name: "48-connections-that-say-nothing-harm-nobody", do: func(r *run) {
		for i := range 200 {
			r.open(fmt.Sprint("s", i), 0)
		}
		began := time.Now()
		r.play("A up5\nA sub \"~/a\" 01\nB up5\nB pub1 \"~/a\" 'x'\nA get1 \"~/a\" 'x'")
		if d := time.Since(began); d > promptly {
			r.fail("it took %v", d)
		}
	}},
}

func slowConnect(r *run) {
	limit := r.target.ConnectTimeout
	if limit == 0 {
		r.leave("this broker waits for CONNECT for ever")
	}
	connect := r.pattern(`10 ( "MQTT" 04 02 003C "~A" )`).bytes
	c := r.open("A", 0)
	pause := (limit + promptly) / time.Duration(len(connect))
	for _, b := range connect {
		c.write([]byte{b})
		r.wait(pause)
	}
	// whatever it sends, it was too late
	if p, err := c.read(r.patience); err == nil {
		r.fail("a CONNECT that took %v was answered with % X", limit+promptly, p.bytes)
	}
}

// garbage sends random bytes before and after CONNECT.
func garbage(r *run) {
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // repeatable on purpose
	for i := range 200 {
		b := make([]byte, 1+random.IntN(300))
		for j := range b {
			b[j] = byte(random.Uint32())
		}
		if i%2 == 0 {
			r.play("A up" + []string{"4", "5"}[i/2%2])
		} else {
			r.open("A", 0)
		}
		r.conn("A").write(b)
		r.play("A drop")
	}
	r.play("B up5\nB silent")
}

// mutated changes single bytes of valid packets.
func mutated(r *run) {
	random := rand.New(rand.NewPCG(3, 4)) //nolint:gosec // repeatable on purpose
	valid := []string{
		`10 ( "MQTT" 05 F6 003C ( 11 00000001 21 0064 26 "k" "v" ) "~M" ( 18 00000000 01 01 ) "~/w" [ 'x' ] "u" [ 'p' ] )`,
		`34 ( "~/m" 0001 ( 01 01 02 0000003C 08 "~/r" 26 "k" "v" ) 'x' )`,
		`82 ( 0001 ( 0B 05 26 "k" "v" ) "~/m" 01 "$share/g/~/m" 01 )`,
		`A2 ( 0002 ( 26 "k" "v" ) "~/m" )`,
		`E0 ( 04 ( 11 00000001 1F "x" 26 "k" "v" ) )`,
		`50 ( 0001 10 ( 1F "x" 26 "k" "v" ) )`,
		`F0 ( 18 ( 15 "m" 16 [ 00 ] ) )`,
	}
	for i := range 400 {
		b := r.pattern(valid[i%len(valid)]).bytes
		for range 1 + random.IntN(3) {
			b[random.IntN(len(b))] = byte(random.Uint32())
		}
		if i%len(valid) == 0 {
			r.open("A", 0)
		} else {
			r.play("A up5")
		}
		r.conn("A").write(b)
		r.play("A drop")
	}
	r.play("B up5\nB silent")
}
