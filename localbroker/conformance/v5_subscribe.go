package conformance

// v5Retained is about retained messages.
var v5Retained = []exchange{
	{name: "retained", proves: "3.3.1-5 3.3.1-9", script: `
		A up5
		A ret1 "~/a" 'x'
		A bye
		B up5
		B sub "~/a" 02
		B getr1 "~/a" 'x'
		B silent`},
	{name: "retained-replaced", proves: "3.3.1-5", script: `
		A up5
		A ret1 "~/a" ( 26 "k" "v" ) 'x'
		A ret0 "~/a" 'y'
		B up5
		B sub "~/a" 01
		B getr0 "~/a" 'y'
		B silent`},
	{name: "retained-cleared", proves: "3.3.1-6 3.3.1-7", script: `
		A up5
		A ret1 "~/a" 'x'
		C up5
		C sub "~/a" 11
		A ret1 "~/a"
		C getr1 "~/a" 'x'
		C get1 "~/a"
		B up5
		B sub "~/a" 01
		B silent`},
	{name: "not-retained-changes-nothing", proves: "3.3.1-8", script: `
		A up5
		A pub1 "~/b" 'x'
		A ret1 "~/a" 'x'
		A pub1 "~/a" 'y'
		A pub1 "~/a"
		B up5
		B sub "~/a" 01 "~/b" 01
		B getr1 "~/a" 'x'
		B silent`},
	{name: "retain-handling-0", proves: "3.3.1-9 3.8.4-4", script: `
		A up5
		A ret1 "~/a" 'x'
		B up5
		B sub "~/a" 01
		B getr1 "~/a" 'x'
		B sub "~/a" 01
		B getr1 "~/a" 'x'
		B silent`},
	{name: "retain-handling-1", proves: "3.3.1-10", script: `
		A up5
		A ret1 "~/a" 'x'
		B up5
		B sub "~/a" 11
		B getr1 "~/a" 'x'
		B sub "~/a" 11
		B silent
		B unsub "~/a"
		B sub "~/a" 11
		B getr1 "~/a" 'x'
		B silent`},
	{name: "retain-handling-1-across-connections", proves: "3.3.1-10", script: `
		A up5
		A ret1 "~/a" 'x'
		B up5s
		B sub "~/a" 11
		B getr1 "~/a" 'x'
		B bye
		B back5
		B sub "~/a" 11
		B silent`},
	{name: "retain-handling-2", proves: "3.3.1-11", script: `
		A up5
		A ret1 "~/a" 'x'
		B up5
		B sub "~/a" 21
		B silent
		A ret1 "~/a" 'y'
		B get1 "~/a" 'y'`},
	{name: "retain-handling-3", proves: "4.13.1-1", script: "A up5\nA> 82 ( 0001 00 \"~/a\" 30 )\nA closed 81 82"},
	{name: "retain-as-published-0", proves: "3.3.1-12", script: `
		B up5
		B sub "~/a" 01
		A up5
		A ret1 "~/a" 'x'
		B get1 "~/a" 'x'
		A pub1 "~/a" 'y'
		B get1 "~/a" 'y'`},
	{name: "retain-as-published-1", proves: "3.3.1-13", script: `
		B up5
		B sub "~/a" 09
		A up5
		A ret1 "~/a" 'x'
		B getr1 "~/a" 'x'
		A pub1 "~/a" 'y'
		B get1 "~/a" 'y'
		A ret1 "~/a"
		B getr1 "~/a"`},
	{name: "retain-as-published-and-queued", proves: "3.3.1-12 3.3.1-13", script: `
		B up5s
		B sub "~/a" 09 "~/b" 01
		B bye
		A up5
		A ret1 "~/a" 'x'
		A ret1 "~/b" 'y'
		B back5
		B getr1 "~/a" 'x'
		B get1 "~/b" 'y'`},
	{name: "retained-with-subscription-identifier", proves: "3.3.4-3 3.8.4-4", script: `
		A up5
		A ret1 "~/a" 'x'
		B up5
		B> 82 ( 0001 ( 0B 07 ) "~/a" 01 )
		B< 90 ( 0001 00 01 )
		B getr1 "~/a" ( 0B 07 ) 'x'`},
	{name: "retained-does-not-match-dollar", proves: "4.7.2-1", script: `
		A up5
		A ret1 "$~/a~" 'x'
		A ret1 "~/a~" 'y'
		B up5
		B sub "+/a~" 00
		B getr0 "~/a~" 'y'
		B silent
		B sub "$~/#" 00
		B getr0 "$~/a~" 'x'`},
	{name: "retained-parent", proves: "3.3.1-9 4.7.1-1", script: `
		A up5
		A ret0 "~/a" 'a'
		A ret0 "~/a/b" 'b'
		B up5
		B sub "~/a/#" 00
		B<& 31 ( "~/a" 00 'a' ) & 31 ( "~/a/b" 00 'b' )
		B silent`},
}

// v5Subscribe is about SUBSCRIBE, UNSUBSCRIBE and matching.
var v5Subscribe = []exchange{
	{name: "subscribe", proves: "3.8.4-1 3.8.4-2 3.8.4-6 3.8.4-7 2.2.1-6 3.9.3-2 3.2.2-10", script: `
		A up5
		A> 82 ( 0001 00 "~/a" 00 )
		A< 90 ( 0001 00 00 )
		A> 82 ( FFFF 00 "~/b" 01 )
		A< 90 ( FFFF 00 01 )
		A> 82 ( 1234 ( 26 "k" "v" ) "~/c" 02 )
		A< 90 ( 1234 00 02 )`},
	{name: "subscribe-many", proves: "3.8.4-5 3.8.4-6 3.9.3-1", script: `
		A up5
		A> 82 ( 0001 00 "~/a" 02 "~/b" 00 "~/c" 01 "~/+/d" 00 "~/e/#" 02 )
		A< 90 ( 0001 00 02 00 01 00 02 )
		A> 30 ( "~/e/f" 00 'e' )
		A get0 "~/e/f" 'e'`},
	{name: "subscribe-partly-refused", proves: "3.8.4-6 3.8.4-7 3.9.3-1", script: `
		A up5
		A> 82 ( 0001 00 "~/a" 01 "~/a#" 01 "~/b" 00 )
		A< 90 ( 0001 00 01 8F 00 ) | E0 01 8F | E0 01 81 | E0 01 82 | closed`},
	{name: "subscribe-replaces", proves: "3.8.4-3", script: `
		A up5
		A sub "~/a" 02
		A> 82 ( 0001 ( 0B 09 ) "~/a" 01 )
		A< 90 ( 0001 00 01 )
		B up5
		B pub2 "~/a" 'x'
		A get1 "~/a" ( 0B 09 ) 'x'
		A silent
		A sub "~/a" 00 // the identifier is gone too
		B pub2 "~/a" 'y'
		A get0 "~/a" 'y'
		A silent`},
	{name: "granted-qos", proves: "3.8.4-8 3.8.4-7", do: func(r *run) { r.grantedQoS("up5") }},
	{name: "overlapping-subscriptions", proves: "3.3.4-2", do: func(r *run) { r.overlapping("up5") }},
	{name: "matching", proves: "3.3.2-3 4.7.1-1 4.7.1-2 4.7.3-4 4.7.2-1", do: func(r *run) { r.matching("up5") }},
	{name: "subscription-identifier", proves: "3.3.4-3", script: `
		A up5
		A> 82 ( 0001 ( 0B 01 ) "~/a" 01 "~/b" 01 )
		A< 90 ( 0001 00 01 01 )
		A> 82 ( 0002 ( 0B FFFFFF7F ) "~/c" 01 )
		A< 90 ( 0002 00 01 )
		B up5
		B pub1 "~/a" 'x'
		A get1 "~/a" ( 0B 01 ) 'x'
		B pub1 "~/b" 'x'
		A get1 "~/b" ( 0B 01 ) 'x'
		B pub1 "~/c" ( 26 "k" "v" ) 'x'
		A get1 "~/c" ( 0B FFFFFF7F 26 "k" "v" ) 'x'`},
	{name: "subscription-identifiers-overlapping", proves: "3.3.4-3 3.3.4-4 3.3.4-5", do: overlappingIdentifiers},
	{name: "subscription-identifier-and-queue", proves: "3.3.4-3", script: `
		A up5s
		A> 82 ( 0001 ( 0B 8001 ) "~/a" 01 )
		A< 90 ( 0001 00 01 )
		A bye
		B up5
		B pub1 "~/a" 'x'
		A back5
		A get1 "~/a" ( 0B 8001 ) 'x'`},
	{name: "subscription-identifier-0", proves: "4.13.1-1", script: "A up5\nA> 82 ( 0001 ( 0B 00 ) \"~/a\" 01 )\nA closed 82 81"},
	{name: "subscription-identifier-twice", proves: "4.13.1-1", script: "A up5\nA> 82 ( 0001 ( 0B 01 0B 02 ) \"~/a\" 01 )\nA closed 82 81"},
	{name: "no-local", proves: "3.8.3-3", script: `
		A up5
		A sub "~/a" 05 "~/b" 01
		A> 32 ( "~/a" 0001 00 'own' )
		A< 40 03 0001 00 | 40 03 0001 10
		B up5
		B pub1 "~/a" 'other'
		A get1 "~/a" 'other'
		A> 30 ( "~/b" 00 'own' )
		A get0 "~/b" 'own'
		A silent`},
	{name: "no-local-after-reconnect", proves: "3.8.3-3", script: `
		A up5s
		A sub "~/a" 05
		A> 32 ( "~/a" 0001 00 'own' )
		A< 40 03 0001 00 | 40 03 0001 10
		A bye
		A back5
		A silent
		A> 32 ( "~/a" 0001 00 'own' )
		A< 40 03 0001 00 | 40 03 0001 10
		A silent`},
	{name: "subscribe-flags", proves: "3.8.1-1 2.1.3-1", script: "A up5\nA> 80 ( 0001 00 \"~/a\" 00 )\nA closed 81 82"},
	{name: "subscribe-empty", proves: "3.8.3-2", script: "A up5\nA> 82 03 0001 00\nA closed 82 81"},
	{name: "subscribe-without-options", proves: "3.8.3-2", script: "A up5\nA> 82 ( 0001 00 \"~/a\" )\nA closed 81 82"},
	{name: "subscribe-reserved-bits", proves: "3.8.3-5", script: "A up5\nA> 82 ( 0001 00 \"~/a\" 40 )\nA closed 81 82"},
	{name: "subscribe-reserved-bit-7", proves: "3.8.3-5", script: "A up5\nA> 82 ( 0001 00 \"~/a\" 80 )\nA closed 81 82"},
	{name: "subscribe-qos-3", proves: "4.13.1-1", script: "A up5\nA> 82 ( 0001 00 \"~/a\" 03 )\nA closed 81 82"},
	{name: "subscribe-id-0", proves: "2.2.1-3", script: "A up5\nA> 82 ( 0000 00 \"~/a\" 00 )\nA closed 81 82"},
	{name: "subscribe-not-utf8", proves: "3.8.3-1", script: "A up5\nA> 82 ( 0001 00 [ FE ] 00 )\nA closed 81 82 8F"},
	{name: "subscribe-nul", proves: "4.7.3-2", script: "A up5\nA> 82 ( 0001 00 [ '~/' 00 ] 00 )\nA closed 81 82 8F"},
	{name: "subscribe-empty-filter", proves: "4.7.3-1", script: `
		A up5
		A> 82 ( 0001 00 "" 00 )
		A< 90 ( 0001 00 8F ) | E0 01 81 | E0 01 82 | E0 01 8F | closed`},
	{name: "filter-hash-not-last", proves: "4.7.1-1", script: `
		A up5
		A> 82 ( 0001 00 "~/#/a" 00 )
		A< 90 ( 0001 00 8F ) | E0 01 81 | E0 01 82 | E0 01 8F | closed`},
	{name: "filter-hash-within-level", proves: "4.7.1-1", script: `
		A up5
		A> 82 ( 0001 00 "~/a#" 00 )
		A< 90 ( 0001 00 8F ) | E0 01 81 | E0 01 82 | E0 01 8F | closed`},
	{name: "filter-plus-within-level", proves: "4.7.1-2", script: `
		A up5
		A> 82 ( 0001 00 "~/b+/c" 00 )
		A< 90 ( 0001 00 8F ) | E0 01 81 | E0 01 82 | E0 01 8F | closed`},
	{name: "subscribe-malformed-properties", proves: "4.13.1-1", script: "A up5\nA> 82 07 0001 03 0B FFFFFFFF\nA closed 81 82"},
	{name: "unsubscribe", proves: "3.10.4-1 3.10.4-2 3.10.4-4 3.10.4-5 3.11.3-2 2.2.1-6", script: `
		A up5
		A sub "~/a" 00 "~/+" 00
		A> A2 ( 1234 00 "~/+" )
		A< B0 ( 1234 00 00 )
		A> 30 ( "~/a" 00 'x' )
		A get0 "~/a" 'x'
		A> A2 ( 1235 ( 26 "k" "v" ) "~/a" )
		A< B0 ( 1235 00 00 )
		A> 30 ( "~/a" 00 'x' )
		A silent`},
	{name: "unsubscribe-many", proves: "3.10.4-6 3.11.3-1 3.10.4-1 3.10.4-5", script: `
		A up5
		A sub "~/a" 00 "~/b" 00 "~/c" 00
		A> A2 ( 0001 00 "~/a" "~/+" "~/c" "~/a" )
		A< B0 ( 0001 00 00 11 00 11 )
		A> 30 ( "~/a" 00 'x' ) 30 ( "~/c" 00 'x' ) 30 ( "~/b" 00 'x' )
		A get0 "~/b" 'x'
		A silent`},
	{name: "unsubscribe-completes-delivery", proves: "3.10.4-3", script: `
		A up5s
		A sub "~/a" 02
		B up5
		B pub2 "~/a" 'x'
		A< 34 ( "~/a" $p 00 'x' )
		A unsub "~/a"
		A> 50 02 $p
		A< 62 03 $p 00
		A> 70 02 $p
		A silent`},
	{name: "unsubscribe-flags", proves: "3.10.1-1", script: "A up5\nA> A0 ( 0001 00 \"~/a\" )\nA closed 81 82"},
	{name: "unsubscribe-empty", proves: "3.10.3-2", script: "A up5\nA> A2 03 0001 00\nA closed 82 81"},
	{name: "unsubscribe-not-utf8", proves: "3.10.3-1", script: "A up5\nA> A2 ( 0001 00 [ FF ] )\nA closed 81 82 8F"},
}

// overlappingIdentifiers wants the identifiers of all matching subscriptions,
// in one copy or in one copy each.
func overlappingIdentifiers(r *run) {
	r.play(`
		A up5
		A> 82 ( 0001 ( 0B 01 ) "~/a" 01 )
		A< 90 ( 0001 00 01 )
		A> 82 ( 0002 ( 0B 02 ) "~/+" 01 )
		A< 90 ( 0002 00 01 )
		A> 82 ( 0003 00 "~/#" 01 )
		A< 90 ( 0003 00 01 )
		B up5
		B pub1 "~/a" 'x'`)
	copies, plain := r.collect("A"), 0
	seen := map[string]int{}
	for _, p := range copies {
		if len(p.props) == 0 {
			plain++
		}
		for _, x := range p.props {
			seen[string(x.value)]++
		}
	}
	one := len(copies) == 1 && plain == 0
	each := len(copies) == 3 && plain == 1
	if !one && !each || seen["\x01"] != 1 || seen["\x02"] != 1 || len(seen) != 2 {
		r.fail("%d copies, %d without an identifier, with the identifiers %v", len(copies), plain, seen)
	}
}
