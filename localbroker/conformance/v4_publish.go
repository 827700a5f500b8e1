package conformance

// v4Publish is about PUBLISH and its acknowledgements, up to retained messages.
var v4Publish = []exchange{
	{name: "publish-qos0", proves: "3.3.4-1 4.3.1-1 2.3.1-5 3.3.2-3 4.5.0-1", script: `
		B up4
		B sub "~/a" 00
		A up4
		A> 30 ( "~/a" 'hello' )
		B< 30 ( "~/a" 'hello' )
		A silent`},
	{name: "publish-qos1", proves: "3.3.4-1 4.3.2-1 4.3.2-2 2.3.1-1 2.3.1-4 2.3.1-6 4.5.0-1", script: `
		B up4
		B sub "~/a" 01
		A up4
		A> 32 ( "~/a" 1234 'hello' )
		A< 40 02 1234
		B< 32 ( "~/a" $p 'hello' )
		B> 40 02 $p
		B silent`},
	{name: "publish-qos2", proves: "3.3.4-1 4.3.3-1 4.3.3-2 2.3.1-1 2.3.1-4 2.3.1-6 4.5.0-1", script: `
		B up4
		B sub "~/a" 02
		A up4
		A> 34 ( "~/a" 1234 'hello' )
		A< 50 02 1234
		A> 62 02 1234
		A< 70 02 1234
		B< 34 ( "~/a" $p 'hello' )
		B> 50 02 $p
		B< 62 02 $p
		B> 70 02 $p
		B silent`},
	{name: "publish-empty-payload", proves: "3.3.4-1", script: `
		A up4
		A sub "~/a" 01
		A> 32 ( "~/a" 0001 )
		A<& 40 02 0001 & 32 ( "~/a" $p )`},
	{name: "publish-length-two-and-three-bytes", proves: "3.3.4-1", script: `
		A up4
		A sub "~/a" 00
		A> 30 ( "~/a" 61*200 )
		A< 30 ( "~/a" 61*200 )
		A> 30 ( "~/a" 62*20000 )
		A< 30 ( "~/a" 62*20000 )
		A> 30 ( "~/a" 63*2100000 )
		A< 30 ( "~/a" 63*2100000 )`},
	{name: "dup-is-not-passed-on", proves: "3.3.1-3 3.3.1-1", script: `
		A up4
		B up4
		B sub "~/a" 02
		A> 3A ( "~/a" 0001 'x' )
		A< 40 02 0001
		B get1 "~/a" 'x'
		A> 3C ( "~/a" 0002 'y' )
		A< 50 02 0002
		A> 62 02 0002
		A< 70 02 0002
		B get2 "~/a" 'y'`},
	{name: "dup-with-qos0", proves: "3.3.1-2 4.8.0-1", script: `
		A up4
		A> 38 ( "~/a" 'x' )
		A closed`},
	{name: "qos3", proves: "3.3.1-4 4.8.0-1", script: `
		A up4
		A> 36 ( "~/a" 0001 'x' )
		A closed`},
	{name: "topic-with-plus", proves: "3.3.2-2 4.7.1-1", script: `
		A up4
		A> 30 ( "~/+" 'x' )
		A closed`},
	{name: "topic-with-hash", proves: "3.3.2-2 4.7.1-1", script: `
		A up4
		A> 30 ( "~/#" 'x' )
		A closed`},
	{name: "topic-empty", proves: "4.7.3-1", script: `
		A up4
		A> 30 ( "" 'x' )
		A closed`},
	{name: "topic-missing", proves: "3.3.2-1", script: `
		A up4
		A> 30 00
		A closed`},
	{name: "topic-cut-off", proves: "3.3.2-1", script: `
		A up4
		A> 30 ( 0005 'abc' )
		A closed`},
	{name: "topic-nul", proves: "4.7.3-2 1.5.3-2", script: `
		A up4
		A> 30 ( [ '~/' 00 'a' ] 'x' )
		A closed`},
	{name: "topic-not-utf8", proves: "1.5.3-1 3.3.2-1", script: `
		A up4
		A> 30 ( [ '~/' C3 ] 'x' )
		A closed`},
	{name: "topic-surrogate", proves: "1.5.3-1", script: `
		A up4
		A> 30 ( [ '~/' EDBFBF ] 'x' )
		A closed`},
	{name: "topic-overlong-utf8", proves: "1.5.3-1", script: `
		A up4
		A> 30 ( [ '~/' C1BF ] 'x' )
		A closed`},
	{name: "topic-beyond-unicode", proves: "1.5.3-1", script: `
		A up4
		A> 30 ( [ '~/' F4908080 ] 'x' )
		A closed`},
	{name: "topic-with-bom", proves: "1.5.3-3", script: `
		A up4
		A sub [ EFBBBF '~/a' ] 00
		A> 30 ( "~/a" 'no' )
		A> 30 ( [ EFBBBF '~/a' ] 'yes' )
		A< 30 ( [ EFBBBF '~/a' ] 'yes' )`},
	{name: "topic-beyond-bmp", proves: "1.5.3-1 4.7.3-4", script: `
		A up4
		A sub [ '~/' F09F8C8D ] 00
		A> 30 ( [ '~/' F09F8C8D ] 'x' )
		A< 30 ( [ '~/' F09F8C8D ] 'x' )`},
	{name: "topic-not-normalized", proves: "4.7.3-4", script: `
		A up4
		A sub [ '~/' C3A9 ] 00
		A> 30 ( [ '~/' 65CC81 ] 'no' ) 30 ( [ '~/' C3A9 ] 'yes' )
		A< 30 ( [ '~/' C3A9 ] 'yes' )`},
	{name: "packet-id-0", proves: "2.3.1-1", script: `
		A up4
		A> 32 ( "~/a" 0000 'x' )
		A closed`},
	{name: "packet-id-0-qos2", proves: "2.3.1-1", script: `
		A up4
		A> 34 ( "~/a" 0000 'x' )
		A closed`},
	{name: "packet-id-missing", proves: "2.3.1-1", script: `
		A up4
		A> 32 ( "~/a" )
		A closed`},
	{name: "qos1-same-id-is-new", proves: "4.3.2-2", script: `
		A up4
		B up4
		B sub "~/a" 00
		A> 32 ( "~/a" 0007 'x' )
		A< 40 02 0007
		A> 3A ( "~/a" 0007 'x' )
		A< 40 02 0007
		B< 30 ( "~/a" 'x' )
		B< 30 ( "~/a" 'x' )`},
	{name: "qos2-same-id-is-the-same", proves: "4.3.3-2", script: `
		A up4
		B up4
		B sub "~/a" 00
		A> 34 ( "~/a" 0007 'x' )
		A< 50 02 0007
		A> 3C ( "~/a" 0007 'x' )
		A< 50 02 0007
		A> 3C ( "~/a" 0007 'x' )
		A< 50 02 0007
		A> 62 02 0007
		A< 70 02 0007
		B< 30 ( "~/a" 'x' )
		B silent`},
	{name: "qos2-same-id-after-pubcomp-is-new", proves: "4.3.3-2", script: `
		A up4
		B up4
		B sub "~/a" 00
		A pub2 "~/a" 'x'
		A pub2 "~/a" 'x'
		B< 30 ( "~/a" 'x' )
		B< 30 ( "~/a" 'x' )`},
	{name: "pubrel-again", proves: "4.3.3-2", script: `
		A up4
		A pub2 "~/a" 'x'
		A> 62 02 0E0E
		A< 70 02 0E0E`},
	{name: "pubrel-of-unknown-id", proves: "4.3.3-2", script: `
		A up4
		A> 62 02 4321
		A< 70 02 4321
		A silent`},
	{name: "pubrel-flags", proves: "3.6.1-1", script: `
		A up4
		A> 60 02 0001
		A closed`},
	{name: "puback-of-unknown-id", script: `
		A up4
		A> 40 02 4321
		A silent`},
	{name: "pubcomp-of-unknown-id", script: `
		A up4
		A> 70 02 4321
		A silent`},
	{name: "pubrec-again", proves: "4.3.3-1", script: `
		A up4
		A sub "~/a" 02
		B up4
		B pub2 "~/a" 'x'
		A< 34 ( "~/a" $p 'x' )
		A> 50 02 $p
		A< 62 02 $p
		A> 50 02 $p
		A< 62 02 $p
		A> 70 02 $p
		A silent`},
	{name: "two-qos2-interleaved", proves: "4.3.3-2", script: `
		A up4
		B up4
		B sub "~/#" 00
		A> 34 ( "~/1" 0001 'x' ) 34 ( "~/2" 0002 'y' )
		A< 50 02 0001
		A< 50 02 0002
		A> 62 02 0001 62 02 0002
		A< 70 02 0001
		A< 70 02 0002
		B<& 30 ( "~/1" 'x' ) & 30 ( "~/2" 'y' )
		B silent`},
	{name: "both-directions-use-one-id", proves: "2.3.1-2 2.3.1-4", script: `
		A up4
		A sub "~/a" 01
		B up4
		B pub1 "~/a" 'x'
		A< 32 ( "~/a" $p 'x' )
		A> 32 ( "~/b" $p 'y' )
		A< 40 02 $p
		A> 40 02 $p
		B pub1 "~/a" 'z'
		A get1 "~/a" 'z'`},
	{name: "order-qos0", proves: "4.6.0-5 4.6.0-6", do: func(r *run) { r.inOrder("up4", 0) }},
	{name: "order-qos1", proves: "4.6.0-5 4.6.0-6", do: func(r *run) { r.inOrder("up4", 1) }},
	{name: "order-qos2", proves: "4.6.0-5 4.6.0-6", do: func(r *run) { r.inOrder("up4", 2) }},
}

// v4Retained is about retained messages.
var v4Retained = []exchange{
	{name: "retained", proves: "3.3.1-5 3.3.1-6 3.3.1-8 3.1.2-7", script: `
		A up4
		A ret1 "~/a" 'x'
		A bye
		B up4
		B> 82 ( 0001 "~/a" 02 )
		B< 90 ( 0001 02 )
		B getr1 "~/a" 'x'
		B silent`},
	{name: "retained-qos", proves: "3.3.1-5 3.8.4-6", script: `
		A up4
		A ret0 "~/0" 'x'
		A ret1 "~/1" 'x'
		A ret2 "~/2" 'x'
		B up4
		B sub "~/0" 02
		B getr0 "~/0" 'x'
		B sub "~/1" 02
		B getr1 "~/1" 'x'
		B sub "~/2" 02
		B getr2 "~/2" 'x'
		C up4
		C sub "~/2" 01
		C getr1 "~/2" 'x'
		D up4
		D sub "~/2" 00
		D getr0 "~/2" 'x'`},
	{name: "retained-to-present-subscriber", proves: "3.3.1-9", script: `
		B up4
		B sub "~/a" 01
		A up4
		A ret1 "~/a" 'x'
		B get1 "~/a" 'x'
		B silent`},
	{name: "retained-replaced", proves: "3.3.1-5 3.3.1-7", script: `
		A up4
		A ret1 "~/a" 'x'
		A ret0 "~/a" 'y'
		B up4
		B sub "~/a" 01
		B getr0 "~/a" 'y'
		B silent`},
	{name: "retained-cleared", proves: "3.3.1-10 3.3.1-11", script: `
		A up4
		A ret1 "~/a" 'x'
		C up4
		C sub "~/a" 01
		C getr1 "~/a" 'x'
		A ret1 "~/a"
		C get1 "~/a"
		B up4
		B sub "~/a" 01
		B silent`},
	{name: "not-retained-changes-nothing", proves: "3.3.1-12", script: `
		A up4
		A pub1 "~/b" 'x'
		A ret1 "~/a" 'x'
		A pub1 "~/a" 'y'
		A pub1 "~/a"
		B up4
		B sub "~/a" 01 "~/b" 01
		B getr1 "~/a" 'x'
		B silent`},
	{name: "retained-again-with-each-subscribe", proves: "3.8.4-3 3.3.1-6", script: `
		A up4
		A ret1 "~/a" 'x'
		B up4
		B sub "~/a" 01
		B getr1 "~/a" 'x'
		B sub "~/a" 00
		B getr0 "~/a" 'x'
		B silent`},
	{name: "retained-parent", proves: "3.3.1-6 4.7.1-2", script: `
		A up4
		A ret0 "~" 'top'
		A ret0 "~/a" 'a'
		A ret0 "~/a/b" 'b'
		A ret0 "~/c" 'c'
		A ret0 "~x" 'no'
		B up4
		B sub "~/a/#" 00
		B<& 31 ( "~/a" 'a' ) & 31 ( "~/a/b" 'b' )
		B silent
		B sub "~/#" 00
		B<& 31 ( "~" 'top' ) & 31 ( "~/a" 'a' ) & 31 ( "~/a/b" 'b' ) & 31 ( "~/c" 'c' )
		B silent
		B sub "~/+" 00
		B<& 31 ( "~/a" 'a' ) & 31 ( "~/c" 'c' )
		B silent`},
	{name: "retained-does-not-match-dollar", proves: "4.7.2-1", script: `
		A up4
		A ret1 "$~/a~" 'x'
		A ret1 "~/a~" 'y'
		B up4
		B sub "+/a~" 00
		B getr0 "~/a~" 'y'
		B silent
		B sub "$~/+" 00
		B getr0 "$~/a~" 'x'
		B silent`},
}
