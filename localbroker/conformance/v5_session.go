package conformance

// v5Shared is about shared subscriptions.
var v5Shared = []exchange{
	{name: "shared-distribution", proves: "4.8.2-3", do: func(r *run) {
		r.play("A up5\nB up5\nC up5\nA sub \"$share/g/~/a\" 01\nB sub \"$share/g/~/a\" 01\nC sub \"~/a\" 01\nP up5")
		r.line = ""
		r.publishNumbers("P", 1, 0, 40)
		seen := map[int]int{}
		for _, name := range []string{"A", "B"} {
			got := r.collect(name)
			if len(got) == 0 {
				r.fail("%s got none of 40 messages", name)
			}
			for _, p := range got {
				seen[r.message(name, p).number()]++
			}
		}
		for i := range 40 {
			if seen[i] != 1 {
				r.fail("message %d came %d times", i, seen[i])
			}
		}
		r.wantNumbers("C", 0, 40)
	}},
	{name: "shared-groups", proves: "4.8.2-1", script: `
		A up5
		A sub "$share/g1/~/a" 01
		B up5
		B sub "$share/g2/~/a" 01
		P up5
		P pub1 "~/a" 'x'
		A get1 "~/a" 'x'
		B get1 "~/a" 'x'
		A silent
		B silent`},
	{name: "shared-is-not-the-plain-one", proves: "4.8.2-1 3.8.4-3", script: `
		A up5
		A sub "$share/g/~/a" 00 "~/a" 00
		P up5
		P pub1 "~/a" 'x'
		A< 30 ( "~/a" 00 'x' )
		A< 30 ( "~/a" 00 'x' ) | D000
		A unsub "~/a"
		P pub1 "~/a" 'y'
		A get0 "~/a" 'y'
		A unsub "$share/g/~/a"
		P pub1 "~/a" 'z'
		A silent`},
	{name: "shared-gets-no-retained", proves: "3.3.1-9", script: `
		P up5
		P ret1 "~/a" 'x'
		A up5
		A sub "$share/g/~/a" 01
		A silent
		P pub1 "~/a" 'y'
		A get1 "~/a" 'y'`},
	{name: "shared-qos", proves: "4.8.2-3 3.8.4-8", script: `
		A up5
		A sub "$share/g/~/a" 00
		P up5
		P pub2 "~/a" 'x'
		A get0 "~/a" 'x'
		A sub "$share/g/~/a" 02
		P pub2 "~/a" 'y'
		A get2 "~/a" 'y'
		A silent`},
	{name: "shared-wildcards-and-identifier", proves: "4.8.2-2 3.3.4-3", script: `
		A up5
		A> 82 ( 0001 ( 0B 11 ) "$share/g/~/+/#" 01 )
		A< 90 ( 0001 00 01 )
		P up5
		P pub1 "~/a/b" 'x'
		A get1 "~/a/b" ( 0B 11 ) 'x'
		A silent`},
	{name: "shared-dollar", proves: "4.7.2-1", script: `
		A up5
		A sub "$share/g/+/~" 00
		P up5
		P pub1 "$x/~" 'no'
		P pub1 "x/~" 'yes'
		A get0 "x/~" 'yes'
		A silent`},
	{name: "shared-no-local", proves: "3.8.3-4", script: "A up5\nA> 82 ( 0001 00 \"$share/g/~/a\" 05 )\nA closed 82"},
	{name: "shared-without-name", proves: "4.8.2-1", script: `
		A up5
		A> 82 ( 0001 00 "$share//~/a" 00 )
		A< 90 ( 0001 00 8F ) | E0 01 81 | E0 01 82 | E0 01 8F | closed`},
	{name: "shared-without-filter", proves: "4.8.2-2", script: `
		A up5
		A> 82 ( 0001 00 "$share/g" 00 )
		A< 90 ( 0001 00 8F ) | E0 01 81 | E0 01 82 | E0 01 8F | closed`},
	{name: "shared-with-empty-filter", proves: "4.8.2-2", script: `
		A up5
		A> 82 ( 0001 00 "$share/g/" 00 )
		A< 90 ( 0001 00 8F ) | E0 01 81 | E0 01 82 | E0 01 8F | closed`},
	{name: "shared-wildcard-in-name", proves: "4.8.2-2", script: `
		A up5
		A> 82 ( 0001 00 "$share/g+/~/a" 00 )
		A< 90 ( 0001 00 8F ) | E0 01 81 | E0 01 82 | E0 01 8F | closed`},
	{name: "shared-refused-message-is-gone", proves: "4.8.2-6", script: `
		A up5
		A sub "$share/g/~/a" 01
		P up5
		P pub1 "~/a" 'x'
		A< 32 ( "~/a" $p 00 'x' )
		B up5
		B sub "$share/g/~/a" 01
		A> 40 03 $p 80
		A silent
		B silent`},
	{name: "shared-qos2-waits-for-its-member", proves: "4.8.2-4", script: `
		A up5s
		A sub "$share/g/~/a" 02
		P up5
		P pub2 "~/a" 'x'
		A< 34 ( "~/a" $p 00 'x' )
		B up5
		B sub "$share/g/~/a" 02
		A drop
		B silent
		A back5
		A< 3C ( "~/a" $p 00 'x' )
		A> 50 02 $p
		A< 62 03 $p 00
		A> 70 02 $p
		B silent`},
	{name: "shared-qos2-dies-with-its-member", proves: "4.8.2-5", script: `
		A up5
		A sub "$share/g/~/a" 02
		P up5
		P pub2 "~/a" 'x'
		A< 34 ( "~/a" $p 00 'x' )
		B up5
		B sub "$share/g/~/a" 02
		A drop
		B quiet 300ms`},
}

// v5Session is about sessions and their expiry.
var v5Session = []exchange{
	{name: "session-present", proves: "3.2.2-2 3.2.2-3 3.1.2-5 3.1.2-4", script: `
		A up5s
		A bye
		A back5
		A bye
		A> 10 ( "MQTT" 05 02 003C ( 11 00000258 ) "~A" )
		A< 20 03 00 00 00
		A bye
		A back5`},
	{name: "session-without-expiry-ends-with-connection", proves: "3.1.2-23 4.1.0-2 3.1.2-6", script: `
		A> 10 ( "MQTT" 05 00 003C 00 "~A" )
		A< 20 03 00 00 00
		A sub "~/a" 01
		A drop
		A up5s
		B up5
		B pub1 "~/a" 'x'
		A silent`},
	{name: "session-never-expires", proves: "3.1.2-23", script: `
		A up5s 11 FFFFFFFF
		A drop
		A back5 11 00000000`},
	{name: "session-keeps-subscriptions-and-messages", proves: "3.1.2-5 3.1.2-23 4.5.0-1 4.1.0-1", script: `
		A up5s
		A sub "~/1" 01 "~/2" 02
		A bye
		B up5
		B pub1 "~/1" 'a'
		B pub2 "~/2" 'b'
		B pub1 "~/2" 'c'
		A back5
		A< 32 ( "~/1" $a 00 'a' )
		A< 34 ( "~/2" $b 00 'b' )
		A< 32 ( "~/2" $c 00 'c' )`},
	{name: "clean-start-discards", proves: "3.1.2-4 3.1.4-4", script: `
		A up5s
		A sub "~/a" 01
		A bye
		B up5
		B pub1 "~/a" 'x'
		A> 10 ( "MQTT" 05 02 003C ( 11 00000258 ) "~A" )
		A< 20 03 00 00 00
		B pub1 "~/a" 'y'
		A silent
		A bye
		A back5
		A silent`},
	{name: "session-expired", proves: "4.1.0-2 3.1.2-6", script: `
		A up5s 11 00000001
		A sub "~/a" 01
		A drop
		B up5
		B pub1 "~/a" 'x'
		wait 2500ms
		A up5s
		A silent
		B pub1 "~/a" 'y'
		A silent`},
	{name: "session-not-expired-while-connected", proves: "4.1.0-1", script: `
		A up5s 11 00000001
		A sub "~/a" 01
		wait 2500ms
		B up5
		B pub1 "~/a" 'x'
		A get1 "~/a" 'x'
		A drop
		A back5 11 00000001`},
	{name: "session-expiry-starts-again", proves: "3.1.2-23 4.1.0-2", script: `
		A up5s 11 00000003
		A drop
		wait 2s
		A back5 11 00000003
		A drop
		wait 2s
		A back5 11 00000003`},
	{name: "disconnect-ends-session", proves: "4.1.0-2", script: `
		A up5s
		A> E0 ( 00 ( 11 00000000 ) )
		A closed
		A up5s`},
	{name: "disconnect-prolongs-session", proves: "3.1.2-23 4.1.0-2", script: `
		A up5s 11 00000001
		A> E0 ( 00 ( 11 0000003C ) )
		A closed
		wait 2500ms
		A back5`},
	{name: "disconnect-cannot-make-session-last", proves: "4.13.1-1", script: `
		A up5
		A> E0 ( 00 ( 11 0000003C ) )
		A closed 82
		A up5s`},
	{name: "connect-changes-expiry", proves: "3.1.2-23 4.1.0-2", script: `
		A up5s
		A bye
		A back5 11 00000000
		A bye
		A up5s`},
	{name: "session-of-3.1.1-and-back", proves: "3.1.2-5 3.1.2-23", script: `
		A up4s
		A sub "~/a" 01
		A bye
		A back5
		B up5
		B pub1 "~/a" 'x'
		A get1 "~/a" 'x'
		A bye
		A back4
		B pub1 "~/a" 'y'
		A get1 "~/a" 'y'`},
	{name: "resend", proves: "4.4.0-1 3.3.1-1 4.3.3-6", script: `
		A up5s
		A sub "~/a" 02
		B up5
		B pub1 "~/a" '1'
		B pub2 "~/a" '2'
		B pub1 "~/a" '3'
		A< 32 ( "~/a" $1 00 '1' )
		A< 34 ( "~/a" $2 00 '2' )
		A< 32 ( "~/a" $3 00 '3' )
		A> 50 02 $2
		A< 62 03 $2 00
		A drop
		A back5
		A<& 3A ( "~/a" $1 00 '1' ) & 62 03 $2 00 & 3A ( "~/a" $3 00 '3' )
		A silent
		A> 40 02 $1 40 02 $3 70 02 $2
		A silent
		A drop
		A back5
		A silent`},
	{name: "qos2-inbound-survives", proves: "4.3.3-10 4.1.0-1", script: `
		B up5
		B sub "~/a" 02
		A up5s
		A> 34 ( "~/a" 0007 00 'x' )
		A< 50 03 0007 00
		A drop
		A back5
		A> 3C ( "~/a" 0007 00 'x' )
		A< 50 03 0007 00
		A> 62 02 0007
		A< 70 03 0007 00
		B get2 "~/a" 'x'
		B silent`},
	{name: "pubrel-after-lost-session", proves: "4.3.3-11 3.7.2-1", script: `
		A up5
		A> 34 ( "~/a" 0007 00 'x' )
		A< 50 03 0007 00 | 50 03 0007 10
		A drop
		A up5
		A> 62 02 0007
		A< 70 03 0007 92 | 70 03 0007 00`},
}
