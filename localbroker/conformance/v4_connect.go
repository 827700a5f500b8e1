package conformance

// v4Connect is about CONNECT and CONNACK.
var v4Connect = []exchange{
	{name: "connect", proves: "3.1.0-1 3.1.4-4 3.2.0-1 3.2.2-1 3.1.2-16 3.1.3-3 7.1.1-1", script: `
		A> 10 ( "MQTT" 04 02 003C "~A" )
		A< 20 02 00 00
		A silent`},
	{name: "connect-3.1", proves: "3.1.2-2", script: `
		A> 10 ( "MQIsdp" 03 02 003C "~A" )
		A< 20 02 00 00
		A silent`},
	{name: "messages-with-3.1", script: `
		A> 10 ( "MQIsdp" 03 00 003C "~A" )
		A< 20 02 00 00
		A sub "~/a" 02
		A bye
		B up4
		B pub2 "~/a" 'x'
		A> 10 ( "MQIsdp" 03 00 003C "~A" )
		A< 20 02 00 00 | 20 02 01 00 // 3.1 has no session present
		A get2 "~/a" 'x'`},
	{name: "connect-all-fields", proves: "3.1.3-1 3.1.2-9 3.1.2-19 3.1.2-21 3.1.3-10 3.1.3-11", script: `
		B up4
		B sub "~/w" 02
		A> 10 ( "MQTT" 04 F6 003C "~A" "~/w" [ 'gone' ] "user" [ 'pass' ] )
		A< 20 02 00 00
		A drop
		B get2 "~/w" 'gone'`},
	{name: "connect-byte-by-byte", proves: "3.1.0-1", script: `
		A>1 10 ( "MQTT" 04 02 003C "~A" )
		A< 20 02 00 00
		A>1 82 ( 0001 "~/a" 01 )
		A< 90 ( 0001 01 )
		A>1 32 ( "~/a" 0002 'x' )
		A<& 40 02 0002 & 32 ( "~/a" $p 'x' )
		A>1 40 02 $p
		A silent`},
	{name: "connect-and-more-in-one-write", proves: "3.1.4-4 3.2.0-1", script: `
		A> 10 ( "MQTT" 04 02 003C "~A" ) 82 ( 0001 "~/a" 00 ) 30 ( "~/a" 'x' ) C0 00 A2 ( 0002 "~/a" ) C0 00
		A< 20 02 00 00
		A< 90 ( 0001 00 )
		A<& 30 ( "~/a" 'x' ) & D0 00
		A< B0 02 0002
		A< D0 00`},
	{name: "first-packet-publish", proves: "3.1.0-1 4.8.0-1", script: `
		A> 30 ( "~/a" 'x' )
		A closed`},
	{name: "first-packet-subscribe", proves: "3.1.0-1", script: `
		A> 82 ( 0001 "~/a" 00 )
		A closed`},
	{name: "first-packet-pingreq", proves: "3.1.0-1", script: `
		A> C0 00
		A closed`},
	{name: "first-packet-disconnect", proves: "3.1.0-1", script: `
		A> E0 00
		A closed`},
	{name: "second-connect", proves: "3.1.0-2", script: `
		A up4
		A> 10 ( "MQTT" 04 02 003C "~A" )
		A closed`},
	{name: "second-connect-of-another", proves: "3.1.0-2", script: `
		A up4
		A> 10 ( "MQTT" 04 02 003C "~B" )
		A closed`},
	{name: "protocol-name", proves: "3.1.2-1", script: `
		A> 10 ( "MQTX" 04 02 003C "~A" )
		A closed`},
	{name: "protocol-name-lower-case", proves: "3.1.2-1", script: `
		A> 10 ( "mqtt" 04 02 003C "~A" )
		A closed`},
	{name: "protocol-name-huge", proves: "3.1.2-1", script: `
		A> 10 ( FFFF 'MQTT' 04 02 003C "~A" )
		A closed`},
	{name: "protocol-level", proves: "3.1.2-2 3.2.2-4 3.2.2-5", script: `
		A> 10 ( "MQTT" 06 02 003C "~A" )
		A< 20 02 00 01 | 20 03 00 84 00
		A closed`},
	{name: "protocol-level-2", proves: "3.1.2-2 3.2.2-5", script: `
		A> 10 ( "MQTT" 02 02 003C "~A" )
		A< 20 02 00 01
		A closed`},
	{name: "refused-then-data", proves: "3.1.4-5", script: `
		B up4
		B sub "~/a" 00
		A> 10 ( "MQTT" 06 02 003C "~A" ) 30 ( "~/a" 'x' )
		A ends
		B silent`},
	{name: "connect-fixed-header-flags", proves: "2.2.2-1 2.2.2-2 3.1.4-1 3.2.2-6", script: `
		A> 11 ( "MQTT" 04 02 003C "~A" )
		A closed`},
	{name: "connect-reserved-flag", proves: "3.1.2-3 3.1.4-1", script: `
		A> 10 ( "MQTT" 04 03 003C "~A" )
		A closed`},
	{name: "will-qos-3", proves: "3.1.2-14", script: `
		A> 10 ( "MQTT" 04 1E 003C "~A" "~/w" [ 'x' ] )
		A closed`},
	{name: "will-qos-without-will", proves: "3.1.2-11 3.1.2-13", script: `
		A> 10 ( "MQTT" 04 0A 003C "~A" )
		A closed`},
	{name: "will-retain-without-will", proves: "3.1.2-11 3.1.2-15", script: `
		A> 10 ( "MQTT" 04 22 003C "~A" )
		A closed`},
	{name: "will-fields-missing", proves: "3.1.2-9", script: `
		A> 10 ( "MQTT" 04 06 003C "~A" )
		A closed`},
	{name: "will-message-missing", proves: "3.1.2-9", script: `
		A> 10 ( "MQTT" 04 06 003C "~A" "~/w" )
		A closed`},
	{name: "will-fields-without-flag", proves: "3.1.2-11", script: `
		A> 10 ( "MQTT" 04 02 003C "~A" "~/w" [ 'x' ] )
		A closed`},
	{name: "user-name-without-flag", proves: "3.1.2-18", script: `
		A> 10 ( "MQTT" 04 02 003C "~A" "user" )
		A closed`},
	{name: "user-name-missing", proves: "3.1.2-19", script: `
		A> 10 ( "MQTT" 04 82 003C "~A" )
		A closed`},
	{name: "password-without-flag", proves: "3.1.2-20", script: `
		A> 10 ( "MQTT" 04 82 003C "~A" "user" [ 'pass' ] )
		A closed`},
	{name: "password-missing", proves: "3.1.2-21", script: `
		A> 10 ( "MQTT" 04 C2 003C "~A" "user" )
		A closed`},
	{name: "password-without-user-name", proves: "3.1.2-22", script: `
		A> 10 ( "MQTT" 04 42 003C "~A" [ 'pass' ] )
		A closed`},
	{name: "client-id-missing", proves: "3.1.3-3", script: `
		A> 10 ( "MQTT" 04 02 003C )
		A closed`},
	{name: "client-id-cut-off", proves: "3.1.3-3", script: `
		A> 10 ( "MQTT" 04 02 003C 0005 'abc' )
		A closed`},
	{name: "client-id-23", proves: "3.1.3-5", script: `
		A> 10 ( "MQTT" 04 02 003C "~Az09BYcx18DWdv" )
		A< 20 02 00 00`},
	{name: "client-id-long", proves: "3.1.3-2", script: `
		A> 10 ( "MQTT" 04 00 003C [ '~' 61*4000 ] )
		A< 20 02 00 00
		A bye
		A> 10 ( "MQTT" 04 00 003C [ '~' 61*3999 62 ] )
		A< 20 02 00 00
		A bye
		A> 10 ( "MQTT" 04 02 003C [ '~' 61*4000 ] )
		A< 20 02 00 00`},
	{name: "client-id-not-utf8", proves: "3.1.3-4 1.5.3-1", script: `
		A> 10 ( "MQTT" 04 02 003C [ '~' C328 ] )
		A closed`},
	{name: "client-id-surrogate", proves: "1.5.3-1", script: `
		A> 10 ( "MQTT" 04 02 003C [ '~' EDA080 ] )
		A closed`},
	{name: "client-id-nul", proves: "1.5.3-2", script: `
		A> 10 ( "MQTT" 04 02 003C [ '~' 00 ] )
		A closed`},
	{name: "user-name-not-utf8", proves: "3.1.3-11", script: `
		A> 10 ( "MQTT" 04 82 003C "~A" [ FF ] )
		A closed`},
	{name: "will-topic-not-utf8", proves: "3.1.3-10", script: `
		A> 10 ( "MQTT" 04 06 003C "~A" [ '~/' C0AF ] [ 'x' ] )
		A closed`},
	{name: "will-topic-wildcard", proves: "4.7.1-1", script: `
		A> 10 ( "MQTT" 04 06 003C "~A" "~/#" [ 'x' ] )
		A closed`},
	{name: "will-topic-empty", proves: "4.7.3-1", script: `
		A> 10 ( "MQTT" 04 06 003C "~A" "" [ 'x' ] )
		A closed`},
	{name: "client-id-empty", proves: "3.1.3-6 3.1.3-7", script: `
		A> 10 ( "MQTT" 04 02 003C "" )
		A< 20 02 00 00
		B> 10 ( "MQTT" 04 02 003C "" )
		B< 20 02 00 00
		A silent
		B silent`},
	{name: "client-id-empty-not-clean", proves: "3.1.3-8 3.1.3-9 3.2.2-4 3.2.2-5", script: `
		A> 10 ( "MQTT" 04 00 003C "" )
		A< 20 02 00 02
		A closed`},
	{name: "takeover", proves: "3.1.4-2 3.1.3-2", script: `
		A up4
		A1 up4
		A closed
		A1 silent`},
	{name: "keep-alive", proves: "3.1.2-24", script: `
		A> 10 ( "MQTT" 04 02 0001 "~A" )
		A< 20 02 00 00
		wait 1100ms
		A silent
		wait 1100ms
		A silent
		within 12s
		A closed`},
	{name: "keep-alive-on-time", proves: "3.1.2-24", script: `
		A> 10 ( "MQTT" 04 02 0002 "~A" )
		A< 20 02 00 00
		A quiet 2500ms
		within 2s
		A closed`},
	{name: "keep-alive-off", proves: "3.1.2-24", script: `
		A> 10 ( "MQTT" 04 02 0000 "~A" )
		A< 20 02 00 00
		wait 3s
		A silent`},
	{name: "keep-alive-by-any-packet", proves: "3.1.2-24", script: `
		A> 10 ( "MQTT" 04 02 0001 "~A" )
		A< 20 02 00 00
		wait 1100ms
		A pub1 "~/a" 'x'
		wait 1100ms
		A> 30 ( "~/a" 'x' )
		wait 1100ms
		A silent`},
	{name: "pingreq", proves: "3.12.4-1", script: `
		A up4
		A> C0 00 C0 00 C0 00
		A< D0 00
		A< D0 00
		A< D0 00`},
	{name: "disconnect-closes", proves: "3.14.4-1", script: `
		A up4
		A> E0 00
		A closed`},
	{name: "disconnect-then-data", proves: "3.14.4-2", script: `
		B up4
		B sub "~/a" 00
		A up4
		A> E0 00 30 ( "~/a" 'x' )
		A closed
		B silent`},
	{name: "disconnect-reserved-bits", proves: "3.14.1-1", script: `
		A up4
		A> E1 00
		A closed`},
	{name: "disconnect-with-payload", proves: "3.14.1-1", script: `
		A up4
		A> E0 02 0000
		A closed`},
}
