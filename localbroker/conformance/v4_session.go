package conformance

// v4Session is about sessions and what is kept for a client that is away.
var v4Session = []exchange{
	{name: "session-present", proves: "3.2.2-2 3.2.2-3 3.2.2-1 3.1.2-4", script: `
		A up4s
		A bye
		A back4
		A bye
		A up4 // clean: not present, and gone after
		A bye
		A up4s
		A drop
		A back4`},
	{name: "session-keeps-subscriptions", proves: "3.1.2-4 4.1.0-1", script: `
		A up4s
		A sub "~/a" 01
		A bye
		A back4
		B up4
		B pub1 "~/a" 'x'
		A get1 "~/a" 'x'`},
	{name: "clean-session-discards", proves: "3.1.2-6 3.1.4-3", script: `
		A up4s
		A sub "~/a" 01
		A bye
		B up4
		B pub1 "~/a" 'x'
		A up4
		A silent
		B pub1 "~/a" 'y'
		A silent
		A bye
		A up4s
		A silent`},
	{name: "clean-session-ends-with-connection", proves: "3.1.2-6 4.1.0-2", script: `
		A up4
		A sub "~/a" 01
		A drop
		B up4
		B pub1 "~/a" 'x'
		A up4s
		A silent`},
	{name: "queued-while-away", proves: "3.1.2-5 4.5.0-1 4.1.0-1 4.6.0-6", script: `
		A up4s
		A sub "~/1" 01 "~/2" 02 "~/0" 00
		A bye
		B up4
		B pub1 "~/1" 'a'
		B pub2 "~/2" 'b'
		B pub2 "~/1" 'c'
		B pub1 "~/2" 'd'
		A back4
		A< 32 ( "~/1" $a 'a' )
		A< 34 ( "~/2" $b 'b' )
		A< 32 ( "~/1" $c 'c' )
		A< 32 ( "~/2" $d 'd' )
		A> 40 02 $a 50 02 $b 40 02 $c 40 02 $d
		A< 62 02 $b
		A> 70 02 $b
		A silent
		A bye
		A back4
		A silent`},
	{name: "queued-after-drop", proves: "3.1.2-5 4.1.0-1", script: `
		A up4s
		A sub "~/a" 01
		A drop
		B up4
		B pub1 "~/a" 'x'
		A back4
		A< 32 ( "~/a" $p 'x' ) | 3A ( "~/a" $p 'x' )
		A> 40 02 $p
		A silent`},
	{name: "connack-comes-first", proves: "3.2.0-1", script: `
		A up4s
		A sub "~/a" 01
		A bye
		B up4
		B pub1 "~/a" 'x'
		A> 10 ( "MQTT" 04 00 003C "~A" ) C0 00
		A< 20 02 01 00
		A<& 32 ( "~/a" $p 'x' ) & D0 00`},
	{name: "resend-qos1", proves: "4.4.0-1 3.3.1-1 2.3.1-3", script: `
		A up4s
		A sub "~/a" 01
		B up4
		B pub1 "~/a" 'x'
		B pub1 "~/a" 'y'
		B pub1 "~/a" 'z'
		A< 32 ( "~/a" $x 'x' )
		A< 32 ( "~/a" $y 'y' )
		A< 32 ( "~/a" $z 'z' )
		A> 40 02 $y
		A silent
		A drop
		B pub1 "~/a" 'new'
		A back4
		A< 3A ( "~/a" $x 'x' )
		A< 3A ( "~/a" $z 'z' )
		A< 32 ( "~/a" $n 'new' ) | 3A ( "~/a" $n 'new' )
		A> 40 02 $x 40 02 $z 40 02 $n
		A silent
		A drop
		A back4
		A silent`},
	{name: "resend-qos2", proves: "4.4.0-1 3.3.1-1 2.3.1-3 4.3.3-1", script: `
		A up4s
		A sub "~/a" 02
		B up4
		B pub2 "~/a" 'x'
		A< 34 ( "~/a" $p 'x' )
		A drop
		A back4
		A< 3C ( "~/a" $p 'x' )
		A> 50 02 $p
		A< 62 02 $p
		A drop
		A back4
		A< 62 02 $p // and not the PUBLISH again
		A> 70 02 $p
		A silent
		A drop
		A back4
		A silent`},
	{name: "resend-mixed", proves: "4.4.0-1", script: `
		A up4s
		A sub "~/a" 02
		B up4
		B pub1 "~/a" '1'
		B pub2 "~/a" '2'
		B pub1 "~/a" '3'
		B pub2 "~/a" '4'
		A< 32 ( "~/a" $1 '1' )
		A< 34 ( "~/a" $2 '2' )
		A< 32 ( "~/a" $3 '3' )
		A< 34 ( "~/a" $4 '4' )
		A> 50 02 $2
		A< 62 02 $2
		A drop
		A back4
		A<& 3A ( "~/a" $1 '1' ) & 62 02 $2 & 3A ( "~/a" $3 '3' ) & 3C ( "~/a" $4 '4' )
		A silent`},
	{name: "qos2-inbound-survives", proves: "4.3.3-2 4.1.0-1 3.1.2-4", script: `
		B up4
		B sub "~/a" 02
		A up4s
		A> 34 ( "~/a" 0007 'x' )
		A< 50 02 0007
		A drop
		A back4
		A> 3C ( "~/a" 0007 'x' )
		A< 50 02 0007
		A> 62 02 0007
		A< 70 02 0007
		B get2 "~/a" 'x'
		B silent`},
	{name: "qos2-inbound-is-discarded-with-the-session", proves: "3.1.2-6", do: func(r *run) {
		r.play(`
			B up4
			B sub "~/a" 00
			A up4s
			A> 34 ( "~/a" 0007 'x' )
			A< 50 02 0007
			A drop
			A up4
			A> 34 ( "~/a" 0007 'y' )
			A< 50 02 0007
			A> 62 02 0007
			A< 70 02 0007`)
		// a broker may deliver x before PUBREL
		got := r.collect("B")
		if len(got) == 0 || string(r.message("B", got[len(got)-1]).payload) != "y" {
			r.fail("the new message was taken for the old one")
		}
	}},
	{name: "takeover-keeps-session", proves: "3.1.4-2 3.1.4-3 3.1.2-4 4.4.0-1", script: `
		A up4s
		A sub "~/a" 01
		B up4
		B pub1 "~/a" 'x'
		A< 32 ( "~/a" $p 'x' )
		A1 back4
		A closed
		A1< 3A ( "~/a" $p 'x' )
		A1> 40 02 $p
		B pub1 "~/a" 'y'
		A1 get1 "~/a" 'y'`},
	{name: "takeover-by-clean-session", proves: "3.1.4-2 3.1.4-3 3.1.2-6", script: `
		A up4s
		A sub "~/a" 01
		A1 up4
		A closed
		B up4
		B pub1 "~/a" 'y'
		A1 silent`},
	{name: "retained-outlives-session", proves: "3.1.2-7", script: `
		A up4
		A ret1 "~/a" 'x'
		A drop
		A up4
		A sub "~/a" 00
		A getr0 "~/a" 'x'`},
}

// v4Will is about will messages.
var v4Will = []exchange{
	{name: "will", proves: "3.1.2-8 3.1.2-16", script: `
		B up4
		B sub "~/w" 02
		A> 10 ( "MQTT" 04 06 003C "~A" "~/w" [ 'gone' ] )
		A< 20 02 00 00
		A drop
		B get0 "~/w" 'gone'
		C up4
		C sub "~/w" 00
		C silent`},
	{name: "will-qos1", proves: "3.1.2-8 3.1.2-14", script: `
		B up4
		B sub "~/w" 02
		A> 10 ( "MQTT" 04 0E 003C "~A" "~/w" [ 'gone' ] )
		A< 20 02 00 00
		A drop
		B get1 "~/w" 'gone'`},
	{name: "will-qos2", proves: "3.1.2-8 3.1.2-14", script: `
		B up4
		B sub "~/w" 02
		A> 10 ( "MQTT" 04 16 003C "~A" "~/w" [ 'gone' ] )
		A< 20 02 00 00
		A drop
		B get2 "~/w" 'gone'`},
	{name: "will-retained", proves: "3.1.2-17", script: `
		B up4
		B sub "~/w" 02
		A> 10 ( "MQTT" 04 2E 003C "~A" "~/w" [ 'gone' ] )
		A< 20 02 00 00
		A drop
		B get1 "~/w" 'gone'
		C up4
		C sub "~/w" 01
		C getr1 "~/w" 'gone'`},
	{name: "will-empty", proves: "3.1.2-8", script: `
		B up4
		B sub "~/w" 02
		A> 10 ( "MQTT" 04 06 003C "~A" "~/w" 0000 )
		A< 20 02 00 00
		A drop
		B get0 "~/w"`},
	{name: "will-binary", proves: "3.1.2-8", script: `
		B up4
		B sub "~/w" 02
		A> 10 ( "MQTT" 04 06 003C "~A" "~/w" [ 00FFC328 ] )
		A< 20 02 00 00
		A drop
		B get0 "~/w" 00FFC328`},
	{name: "will-after-disconnect", proves: "3.1.2-10 3.14.4-3", script: `
		B up4
		B sub "~/w" 02
		A> 10 ( "MQTT" 04 06 003C "~A" "~/w" [ 'gone' ] )
		A< 20 02 00 00
		A bye
		B silent
		A up4 // no will this time
		A drop
		B quiet 100ms`},
	{name: "no-will", proves: "3.1.2-12", script: `
		B up4
		B sub "~/#" 02
		A up4
		A drop
		B quiet 100ms`},
	{name: "will-after-protocol-error", proves: "3.1.2-8 4.8.0-1", script: `
		B up4
		B sub "~/w" 02
		A> 10 ( "MQTT" 04 06 003C "~A" "~/w" [ 'gone' ] )
		A< 20 02 00 00
		A> 36 ( "~/a" 0001 )
		A closed
		B get0 "~/w" 'gone'`},
	{name: "will-after-keep-alive", proves: "3.1.2-8 3.1.2-24", script: `
		within 12s
		B up4
		B sub "~/w" 02
		A> 10 ( "MQTT" 04 06 0001 "~A" "~/w" [ 'gone' ] )
		A< 20 02 00 00
		B get0 "~/w" 'gone'
		A closed`},
	{name: "will-after-takeover", proves: "3.1.2-8 3.1.4-2", script: `
		B up4
		B sub "~/w" 02
		A> 10 ( "MQTT" 04 06 003C "~A" "~/w" [ 'gone' ] )
		A< 20 02 00 00
		A1 up4
		A closed
		B get0 "~/w" 'gone'
		A1 silent`},
	{name: "will-once", proves: "3.1.2-10", script: `
		B up4
		B sub "~/w" 02
		A> 10 ( "MQTT" 04 04 003C "~A" "~/w" [ 'gone' ] )
		A< 20 02 00 00
		A drop
		B get0 "~/w" 'gone'
		A back4
		A drop
		B quiet 100ms`},
	{name: "will-is-replaced", proves: "3.1.2-8", script: `
		B up4
		B sub "~/w" 02
		A> 10 ( "MQTT" 04 04 003C "~A" "~/w" [ 'old' ] )
		A< 20 02 00 00
		A bye
		A> 10 ( "MQTT" 04 04 003C "~A" "~/w" [ 'new' ] )
		A< 20 02 01 00
		A drop
		B get0 "~/w" 'new'`},
	{name: "will-to-absent-subscriber", proves: "3.1.2-8 3.1.2-5", script: `
		B up4s
		B sub "~/w" 01
		B bye
		C up4
		C sub "~/w" 00
		A> 10 ( "MQTT" 04 0E 003C "~A" "~/w" [ 'gone' ] )
		A< 20 02 00 00
		A drop
		C get0 "~/w" 'gone'
		B back4
		B get1 "~/w" 'gone'`},
	{name: "refused-connect-has-no-will", proves: "3.1.4-5", script: `
		B up4
		B sub "~/w" 02
		A> 10 ( "MQTT" 06 06 003C "~A" "~/w" [ 'gone' ] )
		A ends
		B quiet 100ms`},
}

// v4Malformed is about bytes that are no packet, or none a client may send.
var v4Malformed = []exchange{
	{name: "type-0", proves: "4.8.0-1 2.2.2-2", script: "A up4\nA> 00 00\nA closed"},
	{name: "type-15", proves: "4.8.0-1 2.2.2-2", script: "A up4\nA> F0 00\nA closed"},
	{name: "connack-from-client", proves: "4.8.0-1", script: "A up4\nA> 20 02 0000\nA closed"},
	{name: "suback-from-client", proves: "4.8.0-1", script: "A up4\nA> 90 03 000100\nA closed"},
	{name: "unsuback-from-client", proves: "4.8.0-1", script: "A up4\nA> B0 02 0001\nA closed"},
	{name: "pingresp-from-client", proves: "4.8.0-1", script: "A up4\nA> D0 00\nA closed"},
	{name: "pingreq-with-payload", proves: "4.8.0-1", script: "A up4\nA> C0 01 00\nA closed"},
	{name: "pingreq-flags", proves: "2.2.2-2", script: "A up4\nA> C1 00\nA closed"},
	{name: "puback-flags", proves: "2.2.2-2", script: "A up4\nA> 42 02 0001\nA closed"},
	{name: "pubrec-flags", proves: "2.2.2-2", script: "A up4\nA> 52 02 0001\nA closed"},
	{name: "pubcomp-flags", proves: "2.2.2-2", script: "A up4\nA> 72 02 0001\nA closed"},
	{name: "puback-too-short", proves: "4.8.0-1", script: "A up4\nA> 40 01 00\nA closed"},
	{name: "puback-too-long", proves: "4.8.0-1", script: "A up4\nA> 40 03 0001 00\nA closed"},
	{name: "puback-id-0", proves: "2.3.1-1", script: "A up4\nA> 40 02 0000\nA closed"},
	{name: "pubrel-too-short", proves: "4.8.0-1", script: "A up4\nA> 62 00\nA closed"},
	{name: "pubrel-id-0", proves: "2.3.1-1", script: "A up4\nA> 62 02 0000\nA closed"},
	{name: "length-of-five-bytes", proves: "4.8.0-1", script: "A up4\nA> 30 FFFFFFFF01\nA closed"},
	{name: "length-of-connect-of-five-bytes", proves: "3.1.4-1", script: "A> 10 8080808001\nA closed"},
	{name: "connect-empty", proves: "3.1.4-1", script: "A> 10 00\nA closed"},
	{name: "connect-cut-short", proves: "3.1.4-1", script: "A> 10 ( \"MQTT\" 04 02 )\nA closed"},
	{name: "subscribe-one-byte", proves: "4.8.0-1", script: "A up4\nA> 82 01 00\nA closed"},
	{name: "unsubscribe-one-byte", proves: "4.8.0-1", script: "A up4\nA> A2 01 00\nA closed"},
	{name: "malformed-after-valid", proves: "4.8.0-1", script: `
		B up4
		B sub "~/a" 01
		A up4
		A> 32 ( "~/a" 0001 'x' ) F0 00 32 ( "~/a" 0002 'y' )
		A ends
		B get1 "~/a" 'x'
		B silent`},
	{name: "cut-off-by-the-end", script: `
		B up4
		B sub "~/a" 01
		A up4
		A> 32 20 0003 'abc' 0001 'cut'
		A drop
		B quiet 50ms`},
}
