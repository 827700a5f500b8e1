package conformance

// v5Publish is about PUBLISH and its acknowledgements.
var v5Publish = []exchange{
	{name: "publish-qos0", proves: "3.3.4-1 4.3.1-1 2.2.1-2 3.3.2-3 4.5.0-1 3.3.1-2", script: `
		B up5
		B sub "~/a" 00
		A up5
		A> 30 ( "~/a" 00 'hello' )
		B< 30 ( "~/a" 00 'hello' )
		A silent`},
	{name: "publish-qos1", proves: "3.3.4-1 4.3.2-1 4.3.2-2 4.3.2-4 2.2.1-4 2.2.1-5 3.4.2-1 4.5.0-1", script: `
		B up5
		B sub "~/a" 01
		A up5
		A> 32 ( "~/a" 1234 00 'hello' )
		A< 40 03 1234 00
		B< 32 ( "~/a" $p 00 'hello' )
		B> 40 02 $p
		B silent`},
	{name: "publish-qos2", proves: "3.3.4-1 4.3.3-1 4.3.3-2 4.3.3-4 4.3.3-8 4.3.3-11 2.2.1-4 2.2.1-5 3.5.2-1 3.6.2-1 3.7.2-1", script: `
		B up5
		B sub "~/a" 02
		A up5
		A> 34 ( "~/a" 1234 00 'hello' )
		A< 50 03 1234 00
		A> 62 02 1234
		A< 70 03 1234 00
		B< 34 ( "~/a" $p 00 'hello' )
		B> 50 02 $p
		B< 62 03 $p 00
		B> 70 02 $p
		B silent`},
	{name: "acknowledgements-in-all-lengths", proves: "4.3.2-3 4.3.3-3 4.3.3-5", script: `
		B up5
		B sub "~/a" 02
		A up5
		A pub1 "~/a" '1'
		B< 32 ( "~/a" $p 00 '1' )
		B> 40 03 $p 00
		A pub1 "~/a" '2'
		B< 32 ( "~/a" $q 00 '2' )
		B> 40 ( $q 10 ( 1F "why" 26 "k" "v" ) )
		A pub2 "~/a" '3'
		B< 34 ( "~/a" $r 00 '3' )
		B> 50 04 $r 00 00
		B< 62 03 $r 00
		B> 70 ( $r 00 ( 26 "k" "v" ) )
		B silent`},
	{name: "pubrel-in-all-lengths", proves: "4.3.3-11", script: `
		A up5
		A> 34 ( "~/a" 0001 00 'x' )
		A< 50 03 0001 00 | 50 03 0001 10
		A> 62 ( 0001 00 ( 26 "k" "v" ) )
		A< 70 03 0001 00
		A> 34 ( "~/a" 0001 00 'x' )
		A< 50 03 0001 00 | 50 03 0001 10
		A> 62 03 0001 92
		A< 70 03 0001 00 | 70 03 0001 92`},
	{name: "publish-without-subscribers", proves: "3.4.2-1 3.5.2-1", script: `
		A up5
		A> 32 ( "~/a" 0001 00 'x' )
		A< 40 03 0001 10 | 40 03 0001 00
		A> 34 ( "~/a" 0002 00 'x' )
		A< 50 03 0002 10 | 50 03 0002 00`},
	{name: "dup-is-not-passed-on", proves: "3.3.1-3 3.3.1-1", script: `
		A up5
		B up5
		B sub "~/a" 02
		A> 3A ( "~/a" 0001 00 'x' )
		A< 40 03 0001 00
		B get1 "~/a" 'x'`},
	{name: "dup-with-qos0", proves: "3.3.1-2 4.13.1-1", script: "A up5\nA> 38 ( \"~/a\" 00 'x' )\nA closed 81 82"},
	{name: "qos3", proves: "3.3.1-4 4.13.1-1", script: "A up5\nA> 36 ( \"~/a\" 0001 00 'x' )\nA closed 81 82"},
	{name: "topic-with-plus", proves: "3.3.2-2 4.7.0-1", script: "A up5\nA> 30 ( \"~/+\" 00 'x' )\nA closed 81 82 90"},
	{name: "topic-with-hash", proves: "3.3.2-2 4.7.0-1", script: "A up5\nA> 30 ( \"~/#\" 00 'x' )\nA closed 81 82 90"},
	{name: "topic-empty", proves: "4.7.3-1 3.3.2-1", script: "A up5\nA> 30 ( \"\" 00 'x' )\nA closed 81 82 90"},
	{name: "topic-missing", proves: "3.3.2-1", script: "A up5\nA> 30 00\nA closed 81 82"},
	{name: "topic-cut-off", proves: "3.3.2-1", script: "A up5\nA> 30 ( 0009 'abc' )\nA closed 81 82"},
	{name: "topic-nul", proves: "4.7.3-2 1.5.4-2", script: "A up5\nA> 30 ( [ '~/' 00 ] 00 'x' )\nA closed 81 82 90"},
	{name: "topic-not-utf8", proves: "1.5.4-1 3.3.2-1", script: "A up5\nA> 30 ( [ '~/' C3 ] 00 'x' )\nA closed 81 82 90"},
	{name: "topic-surrogate", proves: "1.5.4-1", script: "A up5\nA> 30 ( [ '~/' EDA080 ] 00 'x' )\nA closed 81 82 90"},
	{name: "topic-with-bom", proves: "1.5.4-3", script: `
		A up5
		A sub [ EFBBBF '~/a' ] 00
		A> 30 ( "~/a" 00 'no' ) 30 ( [ EFBBBF '~/a' ] 00 'yes' )
		A< 30 ( [ EFBBBF '~/a' ] 00 'yes' )`},
	{name: "topic-not-normalized", proves: "4.7.3-4", script: `
		A up5
		A sub [ '~/' C3A9 ] 00
		A> 30 ( [ '~/' 65CC81 ] 00 'no' ) 30 ( [ '~/' C3A9 ] 00 'yes' )
		A< 30 ( [ '~/' C3A9 ] 00 'yes' )`},
	{name: "packet-id-0", proves: "2.2.1-3", script: "A up5\nA> 32 ( \"~/a\" 0000 00 'x' )\nA closed 81 82"},
	{name: "packet-id-missing", proves: "2.2.1-3", script: "A up5\nA> 32 ( \"~/a\" )\nA closed 81 82"},
	{name: "properties-missing", proves: "2.2.2-1", script: "A up5\nA> 30 ( \"~/a\" )\nA closed 81 82"},
	{name: "qos1-same-id-is-new", proves: "4.3.2-5", script: `
		A up5
		B up5
		B sub "~/a" 00
		A> 32 ( "~/a" 0007 00 'x' )
		A< 40 03 0007 00
		A> 3A ( "~/a" 0007 00 'x' )
		A< 40 03 0007 00
		B get0 "~/a" 'x'
		B get0 "~/a" 'x'`},
	{name: "qos2-same-id-is-the-same", proves: "4.3.3-10", script: `
		A up5
		B up5
		B sub "~/a" 00
		A> 34 ( "~/a" 0007 00 'x' )
		A< 50 03 0007 00
		A> 3C ( "~/a" 0007 00 'x' )
		A< 50 03 0007 00
		A> 3C ( "~/a" 0007 00 'x' )
		A< 50 03 0007 00
		A> 62 02 0007
		A< 70 03 0007 00
		B get0 "~/a" 'x'
		B silent`},
	{name: "qos2-same-id-after-pubcomp-is-new", proves: "4.3.3-12", script: `
		A up5
		B up5
		B sub "~/a" 00
		A pub2 "~/a" 'x'
		A pub2 "~/a" 'x'
		B get0 "~/a" 'x'
		B get0 "~/a" 'x'`},
	{name: "pubrel-of-unknown-id", proves: "4.3.3-11 3.7.2-1", script: `
		A up5
		A> 62 02 4321
		A< 70 03 4321 92 | 70 03 4321 00
		A silent`},
	{name: "pubrec-of-unknown-id", proves: "3.6.2-1", script: `
		A up5
		A> 50 02 4321
		A< 62 03 4321 92 | 62 03 4321 00
		A silent`},
	{name: "pubrel-flags", proves: "3.6.1-1", script: "A up5\nA> 60 02 0001\nA closed 81 82"},
	{name: "puback-of-unknown-id", proves: "4.3.2-3", script: "A up5\nA> 40 02 4321\nA silent"},
	{name: "pubcomp-of-unknown-id", proves: "4.3.3-5", script: "A up5\nA> 70 02 4321\nA silent"},
	{name: "puback-with-error", proves: "4.4.0-2", script: `
		A up5s
		A sub "~/a" 01
		B up5
		B pub1 "~/a" 'x'
		A< 32 ( "~/a" $p 00 'x' )
		A> 40 03 $p 80
		A silent
		A drop
		A back5
		A silent`},
	{name: "pubrec-with-error", proves: "4.4.0-2 4.3.3-4", script: `
		A up5s
		A sub "~/a" 02
		B up5
		B pub2 "~/a" 'x'
		A< 34 ( "~/a" $p 00 'x' )
		A> 50 03 $p 80
		A silent // no PUBREL
		A drop
		A back5
		A silent`},
	{name: "no-resend-while-connected", proves: "4.4.0-1", script: `
		A up5
		A sub "~/a" 02
		B up5
		B pub1 "~/a" '1'
		B pub2 "~/a" '2'
		A< 32 ( "~/a" $p 00 '1' )
		A< 34 ( "~/a" $q 00 '2' )
		A> 50 02 $q
		A< 62 03 $q 00
		A quiet 2s`},
	{name: "order-qos0", proves: "4.6.0-5 4.6.0-6", do: func(r *run) { r.inOrder("up5", 0) }},
	{name: "order-qos1", proves: "4.6.0-5 4.6.0-6", do: func(r *run) { r.inOrder("up5", 1) }},
	{name: "order-qos2", proves: "4.6.0-5 4.6.0-6", do: func(r *run) { r.inOrder("up5", 2) }},
	{name: "versions-mixed", proves: "3.3.4-1", script: `
		A up5
		B up4
		A sub "~/a" 01
		B sub "~/a" 01
		A> 32 ( "~/a" 0001 ( 03 "text/plain" 26 "k" "v" ) 'x' )
		A<& 40 03 0001 00 & 32 ( "~/a" $p ( 03 "text/plain" 26 "k" "v" ) 'x' )
		A> 40 02 $p
		B get1 "~/a" 'x'
		B> 32 ( "~/a" 0001 'y' )
		B<& 40 02 0001 & 32 ( "~/a" $q 'y' )
		A get1 "~/a" 'y'`},
}

// v5Properties is about the properties of PUBLISH.
var v5Properties = []exchange{
	{name: "properties-pass-through", proves: "3.3.2-4 3.3.2-15 3.3.2-16 3.3.2-17 3.3.2-20", script: `
		B up5
		B sub "~/a" 01
		A up5
		A> 32 ( "~/a" 0001 ( 01 01 03 "text/plain" 08 "~/answer" 09 [ 00FF00C3 ] 26 "k" "v" ) 'x' )
		A< 40 03 0001 00
		B get1 "~/a" ( 01 01 03 "text/plain" 08 "~/answer" 09 [ 00FF00C3 ] 26 "k" "v" ) 'x'`},
	{name: "properties-empty", proves: "3.3.2-17 3.3.2-20", script: `
		B up5
		B sub "~/a" 01
		A up5
		A> 32 ( "~/a" 0001 ( 01 00 03 "" 09 0000 26 "" "" ) )
		A< 40 03 0001 00
		B get1 "~/a" ( 01 00 03 "" 09 0000 26 "" "" )`},
	{name: "user-properties-keep-order", proves: "3.3.2-18 3.3.2-17", script: `
		B up5
		B sub "~/a" 01
		A up5
		A> 32 ( "~/a" 0001 ( 26 "z" "1" 26 "a" "2" 26 "z" "3" 26 "z" "1" 26 "" "4" ) 'x' )
		A< 40 03 0001 00
		B get1 "~/a" ( 26 "z" "1" 26 "a" "2" 26 "z" "3" 26 "z" "1" 26 "" "4" ) 'x'`},
	{name: "properties-are-retained-and-queued", proves: "3.3.2-17 3.3.2-18 3.3.2-15", script: `
		B up5s
		B sub "~/a" 01
		B bye
		A up5
		A ret1 "~/a" ( 01 01 03 "t" 08 "~/r" 09 [ 01 ] 26 "b" "1" 26 "a" "2" ) 'x'
		B back5
		B get1 "~/a" ( 01 01 03 "t" 08 "~/r" 09 [ 01 ] 26 "b" "1" 26 "a" "2" ) 'x'
		C up5
		C sub "~/a" 01
		C getr1 "~/a" ( 01 01 03 "t" 08 "~/r" 09 [ 01 ] 26 "b" "1" 26 "a" "2" ) 'x'`},
	{name: "user-property-nul", proves: "1.5.7-1 1.5.4-2", script: "A up5\nA> 30 ( \"~/a\" ( 26 \"k\" [ 00 ] ) 'x' )\nA closed 81 82"},
	{name: "user-property-not-utf8", proves: "1.5.7-1 1.5.4-1", script: "A up5\nA> 30 ( \"~/a\" ( 26 [ FF ] \"v\" ) 'x' )\nA closed 81 82"},
	{name: "content-type-not-utf8", proves: "3.3.2-19", script: "A up5\nA> 30 ( \"~/a\" ( 03 [ FF ] ) 'x' )\nA closed 81 82"},
	{name: "response-topic-not-utf8", proves: "3.3.2-13", script: "A up5\nA> 30 ( \"~/a\" ( 08 [ FF ] ) 'x' )\nA closed 81 82 90"},
	{name: "response-topic-wildcard", proves: "3.3.2-14", script: "A up5\nA> 30 ( \"~/a\" ( 08 \"~/+\" ) 'x' )\nA closed 81 82 90"},
	{name: "payload-format-2", proves: "4.13.1-1", script: "A up5\nA> 30 ( \"~/a\" ( 01 02 ) 'x' )\nA closed 81 82"},
	{name: "property-twice", proves: "4.13.1-1", script: "A up5\nA> 30 ( \"~/a\" ( 03 \"a\" 03 \"a\" ) 'x' )\nA closed 82 81"},
	{name: "property-of-connect", proves: "4.13.1-1", script: "A up5\nA> 30 ( \"~/a\" ( 21 0001 ) 'x' )\nA closed 81 82"},
	{name: "property-unknown", proves: "4.13.1-1", script: "A up5\nA> 30 ( \"~/a\" ( 00 01 ) 'x' )\nA closed 81 82"},
	{name: "properties-longer-than-packet", proves: "4.13.1-1", script: "A up5\nA> 30 ( \"~/a\" 10 26 'x' )\nA closed 81 82"},
	{name: "property-cut-off", proves: "4.13.1-1", script: "A up5\nA> 30 ( \"~/a\" ( 02 0000 ) 'x' )\nA closed 81 82"},
	{name: "subscription-identifier-from-client", proves: "3.3.4-6", script: "A up5\nA> 30 ( \"~/a\" ( 0B 01 ) 'x' )\nA closed 81 82"},
	{name: "message-expiry", proves: "3.3.2-6", script: `
		B up5
		B sub "~/a" 01
		A up5
		A> 32 ( "~/a" 0001 ( 02 0000003C ) 'x' )
		A< 40 03 0001 00
		B< 32 ( "~/a" $p ( 02 0000003C ) 'x' ) | 32 ( "~/a" $p ( 02 0000003B ) 'x' )`},
	{name: "message-expiry-counts-down", proves: "3.3.2-6", script: `
		B up5s
		B sub "~/a" 01
		B bye
		A up5
		A> 32 ( "~/a" 0001 ( 02 0000003C ) 'x' )
		A< 40 03 0001 00
		wait 2100ms
		B back5
		B< 32 ( "~/a" $p ( 02 0000003A ) 'x' ) | 32 ( "~/a" $p ( 02 00000039 ) 'x' )`},
	{name: "message-expired", proves: "3.3.2-5", script: `
		B up5s
		B sub "~/a" 02
		B bye
		A up5
		A pub1 "~/a" ( 02 00000001 ) 'x'
		A pub2 "~/a" ( 02 00000001 ) 'y'
		A pub1 "~/a" 'z'
		wait 2200ms
		B back5
		B get1 "~/a" 'z'
		B silent`},
	{name: "message-expired-retained", proves: "3.3.2-5 3.3.2-6", script: `
		A up5
		A ret1 "~/a" ( 02 00000001 ) 'x'
		A ret1 "~/b" ( 02 0000003C ) 'y'
		wait 2200ms
		B up5
		B sub "~/+" 01
		B< 33 ( "~/b" $p ( 02 0000003A ) 'y' ) | 33 ( "~/b" $p ( 02 00000039 ) 'y' )
		B silent`},
	{name: "expiry-does-not-stop-what-was-sent", proves: "4.3.3-7", script: `
		B up5
		B sub "~/a" 02
		A up5
		A> 34 ( "~/a" 0001 ( 02 00000001 ) 'x' )
		A< 50 03 0001 00
		A> 62 02 0001
		A< 70 03 0001 00
		B< 34 ( "~/a" $p ( 02 00000001 ) 'x' ) | 34 ( "~/a" $p ( 02 00000000 ) 'x' )
		wait 2200ms
		B> 50 02 $p
		B< 62 03 $p 00
		B> 70 02 $p
		B silent`},
	{name: "expiry-does-not-stop-the-exchange", proves: "4.3.3-13", script: `
		A up5
		A> 34 ( "~/a" 0001 ( 02 00000001 ) 'x' )
		A< 50 03 0001 00 | 50 03 0001 10
		wait 2200ms
		A> 62 02 0001
		A< 70 03 0001 00
		A silent`},
}
