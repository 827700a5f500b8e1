package conformance

// v5Connect is about CONNECT and CONNACK without their properties, PINGREQ
// and DISCONNECT.
var v5Connect = []exchange{
	{name: "connect", proves: "3.1.0-1 3.1.4-4 3.1.4-5 3.2.0-1 3.2.2-1 3.2.2-2 3.2.2-8 2.2.2-1 3.1.2-6 3.1.2-16 3.1.2-18 4.12.0-6 7.1.1-1 7.0.0-2", script: `
		A> 10 ( "MQTT" 05 02 003C 00 "~A" )
		A< 20 03 00 00 00
		A hasnt 12 15 16 1A
		A silent`},
	{name: "connect-all-fields", proves: "3.1.3-1 3.1.2-9 3.1.2-17 3.1.2-19 3.1.3-11 3.1.3-12", script: `
		B up5
		B sub "~/w" 02
		A> 10 ( "MQTT" 05 F6 003C ( 11 00000001 21 0064 27 00010000 22 000A 19 00 17 01 26 "k" "v" ) "~A" ( 18 00000000 01 01 26 "k" "v" ) "~/w" [ 'gone' ] "user" [ 'pass' ] )
		A< 20 03 00 00 00
		A drop
		B get2 "~/w" ( 01 01 26 "k" "v" ) 'gone'`},
	{name: "connect-byte-by-byte", proves: "3.1.0-1", script: `
		A>1 10 ( "MQTT" 05 02 003C ( 26 "k" "v" ) "~A" )
		A< 20 03 00 00 00
		A>1 82 ( 0001 ( 0B 05 ) "~/a" 01 )
		A< 90 ( 0001 00 01 )
		A>1 32 ( "~/a" 0002 ( 26 "k" "v" ) 'x' )
		A<& 40 03 0002 00 & 32 ( "~/a" $p ( 0B 05 26 "k" "v" ) 'x' )
		A>1 40 04 $p 00 00
		A silent`},
	{name: "connect-and-more-in-one-write", proves: "3.1.4-5 3.2.0-1", script: `
		A> 10 ( "MQTT" 05 02 003C 00 "~A" ) 82 ( 0001 00 "~/a" 00 ) 30 ( "~/a" 00 'x' ) C0 00 A2 ( 0002 00 "~/a" ) C0 00
		A< 20 03 00 00 00
		A< 90 ( 0001 00 00 )
		A<& 30 ( "~/a" 00 'x' ) & D0 00
		A< B0 ( 0002 00 00 )
		A< D0 00`},
	{name: "first-packet-publish", proves: "3.1.0-1 3.14.0-1", script: "A> 30 ( \"~/a\" 00 'x' )\nA closed"},
	{name: "first-packet-auth", proves: "3.1.0-1 3.14.0-1", script: "A> F0 ( 18 00 )\nA closed"},
	{name: "second-connect", proves: "3.1.0-2 3.2.0-2 4.13.1-1", script: `
		A up5
		A> 10 ( "MQTT" 05 02 003C 00 "~A" )
		A closed`},
	{name: "protocol-name", proves: "3.1.2-1", script: `
		A> 10 ( "MQTx" 05 02 003C 00 "~A" )
		A closed`},
	{name: "protocol-version", proves: "3.1.2-2", script: `
		A> 10 ( "MQTT" 09 02 003C 00 "~A" )
		A< 20 02 00 01 | 20 03 00 84 00 | closed
		B up5 // and nothing else`},
	{name: "connect-fixed-header-flags", proves: "2.1.3-1 3.1.4-1", script: `
		A> 12 ( "MQTT" 05 02 003C 00 "~A" )
		A refused 81 82`},
	{name: "connect-reserved-flag", proves: "3.1.2-3 3.1.4-1", script: `
		A> 10 ( "MQTT" 05 03 003C 00 "~A" )
		A refused 81 82`},
	{name: "refused-then-data", proves: "3.1.4-6 3.2.2-6 3.2.2-7 4.13.2-1", script: `
		B up5
		B sub "~/a" 00
		A> 10 ( "MQTT" 05 03 003C 00 "~A" ) 30 ( "~/a" 00 'x' )
		A ends
		B silent`},
	{name: "will-qos-3", proves: "3.1.2-12 3.1.4-1", script: `
		A> 10 ( "MQTT" 05 1E 003C 00 "~A" 00 "~/w" [ 'x' ] )
		A refused 81 82`},
	{name: "will-qos-without-will", proves: "3.1.2-11", script: `
		A> 10 ( "MQTT" 05 12 003C 00 "~A" )
		A refused 81 82`},
	{name: "will-retain-without-will", proves: "3.1.2-13", script: `
		A> 10 ( "MQTT" 05 22 003C 00 "~A" )
		A refused 81 82`},
	{name: "will-fields-missing", proves: "3.1.2-9", script: `
		A> 10 ( "MQTT" 05 06 003C 00 "~A" )
		A refused 81 82`},
	{name: "will-properties-missing", proves: "3.1.2-9", script: `
		A> 10 ( "MQTT" 05 06 003C 00 "~A" "w" 0000 )
		A refused 81 82`},
	{name: "user-name-without-flag", proves: "3.1.2-16", script: `
		A> 10 ( "MQTT" 05 02 003C 00 "~A" "user" )
		A refused 81 82`},
	{name: "user-name-missing", proves: "3.1.2-17", script: `
		A> 10 ( "MQTT" 05 82 003C 00 "~A" )
		A refused 81 82`},
	{name: "password-without-flag", proves: "3.1.2-18", script: `
		A> 10 ( "MQTT" 05 82 003C 00 "~A" "user" [ 'pass' ] )
		A refused 81 82`},
	{name: "password-missing", proves: "3.1.2-19", script: `
		A> 10 ( "MQTT" 05 C2 003C 00 "~A" "user" )
		A refused 81 82`},
	{name: "password-without-user-name", proves: "3.1.2-19", script: `
		A> 10 ( "MQTT" 05 42 003C 00 "~A" [ 'token' ] ) // new in 5.0
		A< 20 03 00 00 00`},
	{name: "client-id-missing", proves: "3.1.3-3", script: `
		A> 10 ( "MQTT" 05 02 003C 00 )
		A refused 81 82`},
	{name: "client-id-23", proves: "3.1.3-5", script: `
		A> 10 ( "MQTT" 05 02 003C 00 "~Az09BYcx18DWdv" )
		A< 20 03 00 00 00
		A hasnt 12`},
	{name: "client-id-not-utf8", proves: "3.1.3-4 1.5.4-1 3.1.3-8", script: `
		A> 10 ( "MQTT" 05 02 003C 00 [ '~' C328 ] )
		A refused 81 82 85`},
	{name: "client-id-nul", proves: "1.5.4-2 3.1.3-8", script: `
		A> 10 ( "MQTT" 05 02 003C 00 [ '~' 00 ] )
		A refused 81 82 85`},
	{name: "user-name-not-utf8", proves: "3.1.3-12", script: `
		A> 10 ( "MQTT" 05 82 003C 00 "~A" [ EDA080 ] )
		A refused 81 82`},
	{name: "will-topic-not-utf8", proves: "3.1.3-11", script: `
		A> 10 ( "MQTT" 05 06 003C 00 "~A" 00 [ '~/' C0AF ] [ 'x' ] )
		A refused 81 82 90`},
	{name: "will-topic-wildcard", proves: "4.7.0-1", script: `
		A> 10 ( "MQTT" 05 06 003C 00 "~A" 00 "~/+" [ 'x' ] )
		A refused 81 82 90`},
	{name: "client-id-empty", proves: "3.1.3-6 3.1.3-7 3.2.2-16", do: func(r *run) {
		r.play(`
			A> 10 ( "MQTT" 05 02 003C 00 "" )
			A< 20 03 00 00 00
			A has 12
			B> 10 ( "MQTT" 05 02 003C 00 "" )
			B< 20 03 00 00 00
			B has 12`)
		assigned := func(name string) string {
			for _, p := range r.conn(name).last.props {
				if p.id == 0x12 {
					return string(p.value)
				}
			}
			return ""
		}
		if assigned("A") == assigned("B") || len(assigned("A")) < 3 {
			r.fail("assigned client identifiers %q and %q", assigned("A"), assigned("B"))
		}
		r.play("A silent\nB silent")
	}},
	{name: "assigned-client-id-can-be-used", proves: "3.1.3-7 3.1.3-2", do: func(r *run) {
		r.play(`
			A> 10 ( "MQTT" 05 00 003C ( 11 0000003C ) "" )
			A< 20 03 00 00 00
			A has 12`)
		id := ""
		for _, p := range r.conn("A").last.props {
			if p.id == 0x12 {
				id = string(p.value[2:])
			}
		}
		r.play(`A drop
			B> 10 ( "MQTT" 05 00 003C 00 "` + id + `" )
			B< 20 03 01 00 00`)
	}},
	{name: "takeover", proves: "3.1.4-3 3.1.3-2 3.14.2-2", script: `
		A up5
		A1 up5
		A< E0 01 8E
		A closed
		A1 silent`},
	{name: "takeover-of-3.1.1", proves: "3.1.4-3", script: `
		A up4
		A1 up5
		A closed
		A1 silent
		A2 up4
		A1 closed 8E`},
	{name: "keep-alive", proves: "3.1.2-22 3.2.2-22", script: `
		A> 10 ( "MQTT" 05 02 0001 00 "~A" )
		A< 20 03 00 00 00
		wait 1100ms
		A silent
		wait 1100ms
		A silent
		within 12s
		A closed 8D`},
	{name: "keep-alive-on-time", proves: "3.1.2-22", script: `
		A> 10 ( "MQTT" 05 02 0002 00 "~A" )
		A< 20 03 00 00 00
		A quiet 2500ms
		within 2s
		A closed 8D`},
	{name: "keep-alive-off", proves: "3.1.2-22", script: `
		A> 10 ( "MQTT" 05 02 0000 00 "~A" )
		A< 20 03 00 00 00
		wait 3s
		A silent`},
	{name: "pingreq", proves: "3.12.4-1", script: "A up5\nA> C0 00 C0 00\nA< D0 00\nA< D0 00"},
	{name: "disconnect-closes", proves: "3.14.4-1 3.14.4-2", script: "A up5\nA> E0 00\nA closed"},
	{name: "disconnect-with-reason", proves: "3.14.4-1", script: "A up5\nA> E0 01 80\nA closed"},
	{name: "disconnect-with-properties", proves: "3.14.4-1", script: `
		A up5
		A> E0 ( 00 ( 1F "why" 26 "k" "v" 26 "k" "v" ) )
		A closed`},
	{name: "disconnect-reserved-bits", proves: "3.14.1-1", script: "A up5\nA> E2 00\nA closed 81 82"},
	{name: "disconnect-unknown-reason", proves: "3.14.2-1", script: "A up5\nA> E0 01 55\nA closed"},
	{name: "disconnect-then-data", proves: "3.14.4-1", script: `
		B up5
		B sub "~/a" 00
		A up5
		A> E0 00 30 ( "~/a" 00 'x' )
		A closed
		B silent`},
}

// v5ConnectProperties is about the properties of CONNECT.
var v5ConnectProperties = []exchange{
	{name: "connect-property-unknown", proves: "3.1.4-1 4.13.1-1", script: `
		A> 10 ( "MQTT" 05 02 003C ( 7F 00 ) "~A" )
		A refused 81 82`},
	{name: "connect-property-of-publish", proves: "3.1.4-1", script: `
		A> 10 ( "MQTT" 05 02 003C ( 23 0001 ) "~A" )
		A refused 81 82`},
	{name: "connect-property-twice", proves: "3.1.4-1", script: `
		A> 10 ( "MQTT" 05 02 003C ( 21 0001 21 0001 ) "~A" )
		A refused 82`},
	{name: "connect-session-expiry-twice", proves: "3.1.4-1", script: `
		A> 10 ( "MQTT" 05 02 003C ( 11 00000001 11 00000001 ) "~A" )
		A refused 82`},
	{name: "connect-properties-cut-off", proves: "3.1.4-1", script: `
		A> 10 ( "MQTT" 05 02 003C 20 21 0001 )
		A refused 81 82`},
	{name: "connect-property-value-cut-off", proves: "3.1.4-1", script: `
		A> 10 ( "MQTT" 05 02 003C ( 11 0000 ) "~A" )
		A refused 81 82`},
	{name: "connect-property-length-not-minimal", proves: "1.5.5-1", script: `
		A> 10 ( "MQTT" 05 02 003C 8000 "~A" )
		A refused 81 82`},
	{name: "receive-maximum-0", proves: "3.1.4-1", script: `
		A> 10 ( "MQTT" 05 02 003C ( 21 0000 ) "~A" )
		A refused 82`},
	{name: "maximum-packet-size-0", proves: "3.1.4-1", script: `
		A> 10 ( "MQTT" 05 02 003C ( 27 00000000 ) "~A" )
		A refused 82`},
	{name: "request-problem-information-2", proves: "3.1.4-1", script: `
		A> 10 ( "MQTT" 05 02 003C ( 17 02 ) "~A" )
		A refused 82`},
	{name: "request-response-information-2", proves: "3.1.4-1", script: `
		A> 10 ( "MQTT" 05 02 003C ( 19 02 ) "~A" )
		A refused 82`},
	{name: "no-response-information", proves: "3.1.2-28", script: `
		A up5 19 00
		A hasnt 1A`},
	{name: "no-problem-information", proves: "3.1.2-29", script: `
		A up5 17 00
		A> 82 ( 0001 00 "~/a" 00 )
		A< 90 ( 0001 00 00 )
		A hasnt 1F 26
		A> A2 ( 0002 00 "~/never" )
		A< B0 ( 0002 00 11 )
		A hasnt 1F 26
		A> 62 02 4321
		A< 70 03 4321 92 | 70 03 4321 00
		A hasnt 1F 26
		A> 32 ( "~/nobody" 0003 00 'x' )
		A< 40 03 0003 10 | 40 03 0003 00
		A hasnt 1F 26`},
	{name: "connect-user-property-not-utf8", proves: "1.5.7-1", script: `
		A> 10 ( "MQTT" 05 02 003C ( 26 [ FF ] "v" ) "~A" )
		A refused 81 82`},
	{name: "connect-user-property-nul", proves: "1.5.7-1", script: `
		A> 10 ( "MQTT" 05 02 003C ( 26 "k" [ 00 ] ) "~A" )
		A refused 81 82`},
	{name: "will-property-of-connect", proves: "3.1.4-1", script: `
		A> 10 ( "MQTT" 05 06 003C 00 "~A" ( 11 00000001 ) "~/w" [ 'x' ] )
		A refused 81 82`},
	{name: "will-delay-twice", proves: "3.1.4-1", script: `
		A> 10 ( "MQTT" 05 06 003C 00 "~A" ( 18 00000001 18 00000001 ) "~/w" [ 'x' ] )
		A refused 82`},
	{name: "authentication-method-unknown", proves: "4.12.0-1 4.13.2-1", script: `
		A> 10 ( "MQTT" 05 02 003C ( 15 "~" ) "~A" )
		A refused 8C 87`},
	{name: "authentication-data-without-method", proves: "3.1.4-1", script: `
		A> 10 ( "MQTT" 05 02 003C ( 16 "data" ) "~A" )
		A refused 82`},
	{name: "auth-without-method", proves: "4.13.1-1", script: "A up5\nA> F0 ( 19 00 )\nA closed 82"},
	{name: "auth-flags", proves: "3.15.1-1", script: "A up5\nA> F1 ( 19 00 )\nA closed 81 82"},
}
