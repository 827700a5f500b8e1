package conformance

import "fmt"

// v4Subscribe is about SUBSCRIBE, UNSUBSCRIBE and matching.
var v4Subscribe = []exchange{
	{name: "subscribe", proves: "3.8.4-1 3.8.4-2 3.8.4-5 2.3.1-7 3.9.3-2", script: `
		A up4
		A> 82 ( 0001 "~/a" 00 )
		A< 90 03 0001 00
		A> 82 ( FFFF "~/b" 01 )
		A< 90 03 FFFF 01
		A> 82 ( 1234 "~/c" 02 )
		A< 90 03 1234 02`},
	{name: "subscribe-many", proves: "3.8.4-4 3.8.4-5 3.9.3-1", script: `
		A up4
		A> 82 ( 0001 "~/a" 02 "~/b" 00 "~/c" 01 "~/+/d" 00 "~/e/#" 02 )
		A< 90 07 0001 02 00 01 00 02
		A pub0 "~/x" 'no'
		A> 32 ( "~/c" 0001 'c' )
		A<& 40 02 0001 & 32 ( "~/c" $p 'c' )
		A> 30 ( "~/e/f" 'e' )
		A< 30 ( "~/e/f" 'e' )`},
	{name: "subscribe-twice-in-one", proves: "3.8.4-4 3.8.4-3", script: `
		A up4
		A> 82 ( 0001 "~/a" 02 "~/a" 00 )
		A< 90 ( 0001 02 00 )
		B up4
		B pub2 "~/a" 'x'
		A get0 "~/a" 'x'
		A silent`},
	{name: "subscribe-replaces", proves: "3.8.4-3", script: `
		A up4
		A sub "~/a" 02
		A sub "~/a" 00
		B up4
		B pub2 "~/a" 'x'
		A get0 "~/a" 'x'
		A silent
		A sub "~/a" 01
		B pub2 "~/a" 'y'
		A get1 "~/a" 'y'
		A silent`},
	{name: "granted-qos", proves: "3.8.4-6", do: func(r *run) { r.grantedQoS("up4") }},
	{name: "overlapping-subscriptions", proves: "3.3.5-1", do: func(r *run) { r.overlapping("up4") }},
	{name: "matching", proves: "3.3.2-3 4.7.1-2 4.7.1-3 4.7.3-4", do: func(r *run) { r.matching("up4") }},
	{name: "dollar-topics", proves: "4.7.2-1", script: `
		A up4
		A sub "+/~" 00 "+/+/~" 00 "+/~/#" 00
		B up4
		B sub "$x/~" 00
		B> 30 ( "$x/~" 'x' )
		B< 30 ( "$x/~" 'x' )
		A silent`},
	{name: "subscribe-flags", proves: "3.8.1-1 2.2.2-2", script: `
		A up4
		A> 80 ( 0001 "~/a" 00 )
		A closed`},
	{name: "subscribe-empty", proves: "3.8.3-3", script: `
		A up4
		A> 82 02 0001
		A closed`},
	{name: "subscribe-without-qos", proves: "3.8.3-3", script: `
		A up4
		A> 82 ( 0001 "~/a" )
		A closed`},
	{name: "subscribe-qos-3", proves: "3.8.3-4", script: `
		A up4
		A> 82 ( 0001 "~/a" 03 )
		A closed`},
	{name: "subscribe-reserved-bits", proves: "3.8.3-4", script: `
		A up4
		A> 82 ( 0001 "~/a" 04 )
		A closed`},
	{name: "subscribe-reserved-bit-7", proves: "3.8.3-4", script: `
		A up4
		A> 82 ( 0001 "~/a" 81 )
		A closed`},
	{name: "subscribe-id-0", proves: "2.3.1-1", script: `
		A up4
		A> 82 ( 0000 "~/a" 00 )
		A closed`},
	{name: "subscribe-not-utf8", proves: "3.8.3-1 1.5.3-1", script: `
		A up4
		A> 82 ( 0001 [ '~/' FE ] 00 )
		A closed`},
	{name: "subscribe-nul", proves: "4.7.3-2 1.5.3-2", script: `
		A up4
		A> 82 ( 0001 [ '~/' 00 ] 00 )
		A closed`},
	{name: "subscribe-empty-filter", proves: "4.7.3-1", script: `
		A up4
		A> 82 ( 0001 "" 00 )
		A< 90 ( 0001 80 ) | closed`},
	{name: "subscribe-cut-off", proves: "3.8.3-1", script: `
		A up4
		A> 82 ( 0001 0010 'abc' )
		A closed`},
	{name: "filter-hash-not-last", proves: "4.7.1-2", script: `
		A up4
		A> 82 ( 0001 "~/#/a" 00 )
		A< 90 ( 0001 80 ) | closed`},
	{name: "filter-hash-within-level", proves: "4.7.1-2", script: `
		A up4
		A> 82 ( 0001 "~/a#" 00 )
		A< 90 ( 0001 80 ) | closed`},
	{name: "filter-plus-within-level", proves: "4.7.1-3", script: `
		A up4
		A> 82 ( 0001 "~/+a/b" 00 )
		A< 90 ( 0001 80 ) | closed`},
	{name: "unsubscribe", proves: "3.10.4-1 3.10.4-2 3.10.4-4 2.3.1-7", script: `
		A up4
		A sub "~/a" 00 "~/+" 00
		A> A2 ( 1234 "~/+" )
		A< B0 02 1234
		A> 30 ( "~/a" 'x' )
		A< 30 ( "~/a" 'x' )
		A> A2 ( 1235 "~/a" )
		A< B0 02 1235
		A> 30 ( "~/a" 'x' )
		A silent`},
	{name: "unsubscribe-compares-characters", proves: "3.10.4-1", script: `
		A up4
		A sub "~/a" 00
		A> A2 ( 0001 "~/+" "~/#" "~/A" "~/a/" "#" )
		A< B0 02 0001
		A> 30 ( "~/a" 'x' )
		A< 30 ( "~/a" 'x' )`},
	{name: "unsubscribe-of-nothing", proves: "3.10.4-5", script: `
		A up4
		A> A2 ( 0001 "~/never" )
		A< B0 02 0001`},
	{name: "unsubscribe-many", proves: "3.10.4-6", script: `
		A up4
		A sub "~/a" 00 "~/b" 00 "~/c" 00
		A> A2 ( 0001 "~/a" "~/x" "~/c" )
		A< B0 02 0001
		A> 30 ( "~/a" 'x' ) 30 ( "~/c" 'x' ) 30 ( "~/b" 'x' )
		A< 30 ( "~/b" 'x' )
		A silent`},
	{name: "unsubscribe-completes-delivery", proves: "3.10.4-3", script: `
		A up4s
		A sub "~/a" 02
		B up4
		B pub2 "~/a" 'x'
		A< 34 ( "~/a" $p 'x' )
		A unsub "~/a"
		A> 50 02 $p
		A< 62 02 $p
		A drop
		A back4
		A< 62 02 $p
		A> 70 02 $p
		A silent`},
	{name: "unsubscribe-keeps-unacknowledged", proves: "3.10.4-3 4.4.0-1", script: `
		A up4s
		A sub "~/a" 01
		B up4
		B pub1 "~/a" 'x'
		A< 32 ( "~/a" $p 'x' )
		A unsub "~/a"
		A drop
		A back4
		A< 3A ( "~/a" $p 'x' )
		A> 40 02 $p
		A silent`},
	{name: "unsubscribe-flags", proves: "3.10.1-1 2.2.2-2", script: `
		A up4
		A> A0 ( 0001 "~/a" )
		A closed`},
	{name: "unsubscribe-empty", proves: "3.10.3-2", script: `
		A up4
		A> A2 02 0001
		A closed`},
	{name: "unsubscribe-id-0", proves: "2.3.1-1", script: `
		A up4
		A> A2 ( 0000 "~/a" )
		A closed`},
	{name: "unsubscribe-not-utf8", proves: "3.10.3-1", script: `
		A up4
		A> A2 ( 0001 [ '~/' FF ] )
		A closed`},
}

// grantedQoS publishes at each QoS to subscriptions of each QoS.
func (r *run) grantedQoS(up string) {
	r.play("A " + up + "\nB " + up)
	for sub := range 3 {
		r.play(fmt.Sprintf(`B sub "~/a" %02X`, sub))
		for pub := range 3 {
			r.play(fmt.Sprintf("A pub%d \"~/a\" 'x'\nB get%d \"~/a\" 'x'\nB silent", pub, min(pub, sub)))
		}
	}
}

// overlapping wants one copy at the highest QoS of the subscriptions; more
// copies may come.
func (r *run) overlapping(up string) {
	r.play("A " + up + "\nB " + up + `
		B sub "~/#" 00 "~/+" 02 "~/a" 01
		A pub2 "~/a" 'x'`)
	high := byte(0)
	for _, p := range r.collect("B") {
		high = max(high, r.message("B", p).qos())
	}
	if high != 2 {
		r.fail("the message came at QoS %d, want 2", high)
	}
}

// matching compares what comes through a subscription with what should.
func (r *run) matching(up string) {
	r.play("A " + up)
	for _, c := range []struct {
		filter string
		yes    []string
		no     []string
	}{
		{"~/a", []string{"~/a"}, []string{"~/A", "~/a/", "~//a", "~/aa", "~/a/b", "/~/a"}},
		{"~/+", []string{"~/a", "~/"}, []string{"~", "~/a/b", "~/a/", "~//"}},
		{"~/+/b", []string{"~/a/b", "~//b"}, []string{"~/b", "~/a/a/b", "~/a/b/"}},
		{"~/a/#", []string{"~/a", "~/a/", "~/a/b", "~/a/b/c", "~/a//"}, []string{"~", "~/ab", "~/b"}},
		{"~/+/#", []string{"~/a", "~/", "~/a/b/c"}, []string{"~"}},
		{"+/~", []string{"a/~", "/~"}, []string{"~", "a/b/~", "a/~/", "$a/~"}},
		{"+/~/#", []string{"a/~", "a/~/b", "/~"}, []string{"~", "$a/~", "$a/~/b"}},
		{"$~/+", []string{"$~/a", "$~/$b"}, []string{"~/a", "$~"}},
		{"~/+/+", []string{"~//", "~/a/b", "~/a/"}, []string{"~/a", "~/a/b/c"}},
		{"~/$a/+", []string{"~/$a/b"}, []string{"~/a/b"}},
		{"~//", []string{"~//"}, []string{"~/", "~///", "~"}},
		{"/~", []string{"/~"}, []string{"~", "//~", "/~/"}},
		{"~/a b", []string{"~/a b"}, []string{"~/a  b", "~/a%20b"}},
	} {
		r.play(fmt.Sprintf(`A sub "%s" 00`, c.filter))
		for _, topic := range c.yes {
			r.play(fmt.Sprintf("A> 30 ( \"%s\" %s 'x' )\nA get0 \"%s\" 'x'", topic, r.noProperties("A"), topic))
		}
		for _, topic := range c.no {
			r.play(fmt.Sprintf("A> 30 ( \"%s\" %s 'x' )", topic, r.noProperties("A")))
			if got := r.collect("A"); len(got) > 0 {
				r.fail("%q was delivered for %q", topic, c.filter)
			}
		}
		r.play(fmt.Sprintf(`A unsub "%s"`, c.filter))
	}
}

// noProperties is the empty property section where the version has one.
func (r *run) noProperties(name string) string {
	if r.isV5(name) {
		return "00"
	}
	return ""
}
