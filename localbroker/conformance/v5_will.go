package conformance

// v5Will is about will messages.
var v5Will = []exchange{
	{name: "will", proves: "3.1.2-7 3.1.2-8 3.1.2-14 3.1.2-12", script: `
		B up5
		B sub "~/w" 0A
		A> 10 ( "MQTT" 05 0E 003C 00 "~A" 00 "~/w" [ 'gone' ] )
		A< 20 03 00 00 00
		A drop
		B get1 "~/w" 'gone'
		C up5
		C sub "~/w" 00
		C silent`},
	{name: "will-retained", proves: "3.1.2-15", script: `
		B up5
		B sub "~/w" 0A
		A> 10 ( "MQTT" 05 36 003C 00 "~A" ( 03 "t" ) "~/w" [ 'gone' ] )
		A< 20 03 00 00 00
		A drop
		B getr2 "~/w" ( 03 "t" ) 'gone'
		C up5
		C sub "~/w" 02
		C getr2 "~/w" ( 03 "t" ) 'gone'`},
	{name: "will-properties", proves: "3.1.3-10 3.3.2-17 3.3.2-18", script: `
		B up5
		B sub "~/w" 02
		A> 10 ( "MQTT" 05 0E 003C 00 "~A" ( 01 01 03 "text/plain" 08 "~/r" 09 [ 00FF ] 26 "z" "1" 26 "a" "2" 26 "z" "3" ) "~/w" [ 'gone' ] )
		A< 20 03 00 00 00
		A drop
		B get1 "~/w" ( 01 01 03 "text/plain" 08 "~/r" 09 [ 00FF ] 26 "z" "1" 26 "a" "2" 26 "z" "3" ) 'gone'`},
	{name: "will-expiry", proves: "3.3.2-6", script: `
		B up5
		B sub "~/w" 02
		A> 10 ( "MQTT" 05 0E 003C 00 "~A" ( 02 0000003C ) "~/w" [ 'gone' ] )
		A< 20 03 00 00 00
		wait 1100ms
		A drop
		B< 32 ( "~/w" $p ( 02 0000003C ) 'gone' ) | 32 ( "~/w" $p ( 02 0000003B ) 'gone' )`},
	{name: "no-will", proves: "3.1.2-7", script: `
		B up5
		B sub "~/#" 02
		A up5
		A drop
		B quiet 100ms`},
	{name: "will-after-disconnect", proves: "3.1.2-10 3.14.4-3 3.1.2-8", script: `
		B up5
		B sub "~/w" 02
		A> 10 ( "MQTT" 05 06 003C 00 "~A" 00 "~/w" [ 'gone' ] )
		A< 20 03 00 00 00
		A bye
		B quiet 100ms`},
	{name: "will-after-disconnect-0", proves: "3.14.4-3", script: `
		B up5
		B sub "~/w" 02
		A> 10 ( "MQTT" 05 06 003C 00 "~A" 00 "~/w" [ 'gone' ] )
		A< 20 03 00 00 00
		A> E0 ( 00 ( 26 "k" "v" ) )
		A closed
		B quiet 100ms`},
	{name: "will-after-disconnect-with-will", proves: "3.1.2-8", script: `
		B up5
		B sub "~/w" 02
		A> 10 ( "MQTT" 05 06 003C 00 "~A" 00 "~/w" [ 'gone' ] )
		A< 20 03 00 00 00
		A> E0 01 04
		A closed
		B get0 "~/w" 'gone'`},
	{name: "will-after-disconnect-with-error", proves: "3.1.2-8", script: `
		B up5
		B sub "~/w" 02
		A> 10 ( "MQTT" 05 06 003C 00 "~A" 00 "~/w" [ 'gone' ] )
		A< 20 03 00 00 00
		A> E0 02 80 00
		A closed
		B get0 "~/w" 'gone'`},
	{name: "will-after-protocol-error", proves: "3.1.2-8", script: `
		B up5
		B sub "~/w" 02
		A> 10 ( "MQTT" 05 06 003C 00 "~A" 00 "~/w" [ 'gone' ] )
		A< 20 03 00 00 00
		A> 36 ( "~/a" 0001 00 )
		A closed 81 82
		B get0 "~/w" 'gone'`},
	{name: "will-after-keep-alive", proves: "3.1.2-8 3.1.2-22", script: `
		within 12s
		B up5
		B sub "~/w" 02
		A> 10 ( "MQTT" 05 06 0001 00 "~A" 00 "~/w" [ 'gone' ] )
		A< 20 03 00 00 00
		B get0 "~/w" 'gone'
		A closed 8D`},
	{name: "will-after-takeover", proves: "3.1.2-8 3.1.4-3", script: `
		B up5
		B sub "~/w" 02
		A> 10 ( "MQTT" 05 06 003C 00 "~A" 00 "~/w" [ 'gone' ] )
		A< 20 03 00 00 00
		A1 up5
		A closed 8E
		B get0 "~/w" 'gone'
		B silent`},
	{name: "will-delay", proves: "3.1.2-8", script: `
		within 12s
		B up5
		B sub "~/w" 02
		A> 10 ( "MQTT" 05 04 003C ( 11 0000003C ) "~A" ( 18 00000001 ) "~/w" [ 'gone' ] )
		A< 20 03 00 00 00
		A drop
		B quiet 600ms
		B get0 "~/w" 'gone'`},
	{name: "will-delay-on-time", proves: "3.1.2-8", script: `
		within 2500ms
		B up5
		B sub "~/w" 02
		A> 10 ( "MQTT" 05 04 003C ( 11 0000003C ) "~A" ( 18 00000001 ) "~/w" [ 'gone' ] )
		A< 20 03 00 00 00
		A drop
		B get0 "~/w" 'gone'`},
	{name: "will-delay-cancelled", proves: "3.1.3-9 3.1.2-8", script: `
		B up5
		B sub "~/w" 02
		A> 10 ( "MQTT" 05 04 003C ( 11 0000003C ) "~A" ( 18 00000001 ) "~/w" [ 'gone' ] )
		A< 20 03 00 00 00
		A drop
		A back5
		B quiet 3s`},
	{name: "will-delay-cancelled-by-takeover", proves: "3.1.3-9", script: `
		B up5
		B sub "~/w" 02
		A> 10 ( "MQTT" 05 04 003C ( 11 0000003C ) "~A" ( 18 00000001 ) "~/w" [ 'gone' ] )
		A< 20 03 00 00 00
		A1 back5
		A closed 8E
		B quiet 3s`},
	{name: "will-delay-ends-with-session", proves: "3.1.2-8", script: `
		within 12s
		B up5
		B sub "~/w" 02
		A> 10 ( "MQTT" 05 04 003C ( 11 00000001 ) "~A" ( 18 00000258 ) "~/w" [ 'gone' ] )
		A< 20 03 00 00 00
		A drop
		B get0 "~/w" 'gone'`},
	{name: "will-delay-without-session", proves: "3.1.2-8", script: `
		within 2s
		B up5
		B sub "~/w" 02
		A> 10 ( "MQTT" 05 06 003C 00 "~A" ( 18 00000258 ) "~/w" [ 'gone' ] )
		A< 20 03 00 00 00
		A drop
		B get0 "~/w" 'gone'`},
	{name: "will-delay-and-clean-start", proves: "3.1.2-8 3.1.2-4", script: `
		within 2s
		B up5
		B sub "~/w" 02
		A> 10 ( "MQTT" 05 04 003C ( 11 0000003C ) "~A" ( 18 00000258 ) "~/w" [ 'gone' ] )
		A< 20 03 00 00 00
		A drop
		B quiet 200ms
		A up5 // ends the session, and with it the delay
		B get0 "~/w" 'gone'`},
	{name: "will-delay-and-normal-disconnect", proves: "3.1.2-10 3.14.4-3", script: `
		B up5
		B sub "~/w" 02
		A> 10 ( "MQTT" 05 04 003C ( 11 0000003C ) "~A" ( 18 00000001 ) "~/w" [ 'gone' ] )
		A< 20 03 00 00 00
		A bye
		B quiet 2s`},
}

// v5Malformed is about bytes that are no packet, or none a client may send.
var v5Malformed = []exchange{
	{name: "type-0", proves: "2.1.3-1 4.13.1-1", script: "A up5\nA> 00 00\nA closed 81 82"},
	{name: "connack-from-client", proves: "4.13.1-1", script: "A up5\nA> 20 03 000000\nA closed 81 82"},
	{name: "suback-from-client", proves: "4.13.1-1", script: "A up5\nA> 90 04 00010000\nA closed 81 82"},
	{name: "unsuback-from-client", proves: "4.13.1-1", script: "A up5\nA> B0 04 00010000\nA closed 81 82"},
	{name: "pingresp-from-client", proves: "4.13.1-1", script: "A up5\nA> D0 00\nA closed 81 82"},
	{name: "pingreq-with-payload", proves: "4.13.1-1", script: "A up5\nA> C0 01 00\nA closed 81 82"},
	{name: "pingreq-flags", proves: "2.1.3-1", script: "A up5\nA> C1 00\nA closed 81 82"},
	{name: "puback-flags", proves: "2.1.3-1", script: "A up5\nA> 42 02 0001\nA closed 81 82"},
	{name: "pubrec-flags", proves: "2.1.3-1", script: "A up5\nA> 52 02 0001\nA closed 81 82"},
	{name: "pubcomp-flags", proves: "2.1.3-1", script: "A up5\nA> 72 02 0001\nA closed 81 82"},
	{name: "puback-too-short", proves: "4.13.1-1", script: "A up5\nA> 40 01 00\nA closed 81 82"},
	{name: "puback-too-long", proves: "4.13.1-1", script: "A up5\nA> 40 05 0001 00 00 FF\nA closed 81 82"},
	{name: "puback-unknown-reason", proves: "3.4.2-1", script: "A up5\nA> 40 03 0001 42\nA closed 81 82"},
	{name: "pubrec-unknown-reason", proves: "3.5.2-1", script: "A up5\nA> 50 03 0001 42\nA closed 81 82"},
	{name: "pubrel-unknown-reason", proves: "3.6.2-1", script: "A up5\nA> 62 03 0001 10\nA closed 81 82"},
	{name: "puback-property-of-publish", proves: "4.13.1-1", script: "A up5\nA> 40 ( 0001 00 ( 01 01 ) )\nA closed 81 82"},
	{name: "disconnect-server-reference", proves: "4.13.1-1", script: "A up5\nA> E0 ( 00 ( 1C \"x\" ) )\nA closed 81 82"},
	{name: "length-of-five-bytes", proves: "1.5.5-1 4.13.1-1", script: "A up5\nA> 30 FFFFFFFF01\nA closed 81 82"},
	{name: "length-not-minimal", proves: "1.5.5-1", script: "A up5\nA> C0 8000\nA closed 81 82"},
	{name: "property-length-not-minimal", proves: "1.5.5-1", script: "A up5\nA> 30 ( \"~/a\" 8000 'x' )\nA closed 81 82"},
	{name: "subscription-identifier-not-minimal", proves: "1.5.5-1", script: "A up5\nA> 82 ( 0001 ( 0B 8100 ) \"~/a\" 00 )\nA closed 81 82"},
	{name: "malformed-after-valid", proves: "4.13.1-1 4.13.2-1", script: `
		B up5
		B sub "~/a" 01
		A up5
		A> 32 ( "~/a" 0001 00 'x' ) 00 00 32 ( "~/a" 0002 00 'y' )
		A ends
		B get1 "~/a" 'x'
		B silent`},
	{name: "client-cannot-say-session-taken-over", proves: "3.14.2-1", script: `
		A up5
		A> E0 01 8E
		A closed`},
}
