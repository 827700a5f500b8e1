package conformance

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// The lines of a script. A is the name of a connection; the client identifier
// of A, A1 and A2 is the same, "~A". Bytes are written as pattern.go says.
//
//	A> bytes           send; dials when there is no connection of this name
//	A>1 bytes          send with one write for each byte
//	A< bytes | bytes   receive one packet, one of these; or "closed"
//	A<& bytes & bytes  receive all of these, in any order
//	A up4, A up4s      connect with MQTT 3.1.1; s: with a session that stays
//	A up5, A up5s      the same with MQTT 5.0; more bytes are properties
//	A back4, A back5   connect to a session that must still be there
//	A sub F O ...      subscribe to the filter with the options; it must be granted
//	A unsub F ...      unsubscribe
//	A pub1 T P         publish with QoS 1 up to the last acknowledgement;
//	                   ret1 retained; with MQTT 5.0 ( properties ) may follow T
//	A get1 T P         receive with QoS 1 up to the last acknowledgement; getr1 retained
//	A silent           nothing came before the answer to a PINGREQ
//	A quiet 300ms      nothing comes
//	A closed 81 82     the broker closes; a DISCONNECT before has one of these reasons
//	A refused 81 82    the same for CONNACK
//	A ends             the broker closes, whatever it sends before
//	A drop, A bye      close without and after a DISCONNECT
//	A has 12 0003      the last packet has this property (of this value)
//	A hasnt 12 1F      the last packet has none of these
//	A need 22          leaves out the case unless the last packet has this property
//	wait 1s            let time pass
//	within 8s          from here on wait that long for what must come
func (r *run) play(script string) {
	for line := range strings.Lines(script) {
		if i := strings.Index(line, " //"); i >= 0 {
			line = line[:i]
		}
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "//") {
			continue
		}
		r.line = line
		r.step(line)
	}
	r.line = ""
}

// step performs one line.
func (r *run) step(line string) {
	head, args, _ := strings.Cut(line, " ")
	args = strings.TrimSpace(args)
	switch {
	case head == "wait":
		r.wait(r.duration(args))
	case head == "within":
		r.patience = r.duration(args)
	case strings.Contains(head, ">"):
		name, how, _ := strings.Cut(head, ">")
		r.send(name, args, how == "1")
	case strings.Contains(head, "<"):
		name, how, _ := strings.Cut(head, "<")
		if how == "&" {
			r.receiveAll(name, strings.Split(args, " & "))
		} else {
			r.receive(name, strings.Split(args, " | "))
		}
	default:
		verb, rest, _ := strings.Cut(args, " ")
		r.perform(head, verb, strings.TrimSpace(rest))
	}
}

// perform performs the verbs that are words.
func (r *run) perform(name, verb, args string) {
	switch verb {
	case "up4", "up4s", "back4", "up5", "up5s", "back5":
		r.connect(name, verb, args)
	case "sub":
		r.subscribe(name, args)
	case "unsub":
		r.unsubscribe(name, args)
	case "pub0", "pub1", "pub2", "ret0", "ret1", "ret2":
		r.publish(name, verb, args)
	case "get0", "get1", "get2", "getr0", "getr1", "getr2":
		r.get(name, verb, args)
	case "silent":
		r.send(name, "C000", false)
		r.receive(name, []string{"D000"})
	case "quiet":
		p, err := r.conn(name).read(r.duration(args))
		if !errors.Is(err, errQuiet) {
			r.fail("%s received %X, %v; want nothing", name, head(p.bytes), err)
		}
	case "closed":
		r.closed(name, 0xE0, strings.Fields(args))
	case "refused":
		r.closed(name, 0x20, strings.Fields(args))
	case "ends":
		r.ends(name)
	case "drop":
		_ = r.conn(name).net.Close()
		delete(r.conns, name)
	case "bye":
		r.send(name, "E000", false)
		r.ends(name)
	case "has", "hasnt", "need":
		r.property(name, verb, args)
	default:
		r.fail("no such verb: %q", verb)
	}
}

func (r *run) duration(text string) time.Duration {
	d, err := time.ParseDuration(text)
	if err != nil {
		r.fail("read a duration: %v", err)
	}
	return d
}

func (r *run) connect(name, verb, props string) {
	id := `"~` + name[:1] + `"`
	present := "00"
	if strings.HasPrefix(verb, "back") {
		present = "01"
	}
	lasting := !strings.HasPrefix(verb, "up") || strings.HasSuffix(verb, "s")
	switch {
	case strings.Contains(verb, "4") && lasting:
		r.send(name, `10 ( "MQTT" 04 00 003C `+id+` )`, false)
	case strings.Contains(verb, "4"):
		r.send(name, `10 ( "MQTT" 04 02 003C `+id+` )`, false)
	case lasting:
		if !strings.Contains(" "+props, " 11 ") {
			props = "11 00000258 " + props
		}
		r.send(name, `10 ( "MQTT" 05 00 003C ( `+props+` ) `+id+` )`, false)
	default:
		r.send(name, `10 ( "MQTT" 05 02 003C ( `+props+` ) `+id+` )`, false)
	}
	if strings.Contains(verb, "4") {
		r.receive(name, []string{"20 02 " + present + " 00"})
	} else {
		r.receive(name, []string{"20 03 " + present + " 00 00"})
	}
}

// isV5 tells the version that name connected with.
func (r *run) isV5(name string) bool { return r.conn(name).level == 5 }

func (r *run) subscribe(name, args string) {
	list := items(args)
	if len(list)%2 != 0 {
		r.fail("filters and options do not pair")
	}
	var granted strings.Builder
	for i := 1; i < len(list); i += 2 {
		p, err := compile("", list[i])
		if err != nil || len(p.bytes) != 1 {
			r.fail("options are one byte: %v", err)
		}
		fmt.Fprintf(&granted, " %02X", p.bytes[0]&3)
	}
	props := ""
	if r.isV5(name) {
		props = " 00"
	}
	r.send(name, "82 ( 0F0F"+props+" "+args+" )", false)
	r.receive(name, []string{"90 ( 0F0F" + props + granted.String() + " )"})
}

func (r *run) unsubscribe(name, args string) {
	if r.isV5(name) {
		r.send(name, "A2 ( 0F0E 00 "+args+" )", false)
		r.receive(name, []string{"B0 ( 0F0E 00" + strings.Repeat(" 00", len(items(args))) + " )"})
		return
	}
	r.send(name, "A2 ( 0F0E "+args+" )", false)
	r.receive(name, []string{"B0 ( 0F0E )"})
}

// split takes the topic from the front of args and, for MQTT 5.0, makes sure
// that properties follow.
func (r *run) split(name, args string) (topic, rest string) {
	list := items(args)
	if len(list) == 0 {
		r.fail("a topic is missing")
	}
	rest = strings.Join(list[1:], " ")
	if r.isV5(name) && (len(list) < 2 || !strings.HasPrefix(list[1], "(")) {
		rest = "00 " + rest
	}
	return list[0], rest
}

func (r *run) publish(name, verb, args string) {
	topic, rest := r.split(name, args)
	qos := verb[3] - '0'
	first := 0x30 | qos<<1
	if verb[:3] == "ret" {
		first |= 1
	}
	ok := func(kind string) []string {
		if r.isV5(name) {
			return []string{kind + " 03 0E0E 00", kind + " 03 0E0E 10"}
		}
		return []string{kind + " 02 0E0E"}
	}
	id := " 0E0E "
	if qos == 0 {
		id = " "
	}
	r.send(name, fmt.Sprintf("%02X ( %s%s%s )", first, topic, id, rest), false)
	switch qos {
	case 0:
		r.perform(name, "silent", "")
	case 1:
		r.receive(name, ok("40"))
	case 2:
		r.receive(name, ok("50"))
		r.send(name, "62 02 0E0E", false)
		r.receive(name, ok("70")[:1])
	}
}

func (r *run) get(name, verb, args string) {
	topic, rest := r.split(name, args)
	qos := verb[len(verb)-1] - '0'
	first := 0x30 | qos<<1
	if verb[3] == 'r' {
		first |= 1
	}
	id := " $auto "
	delete(r.ids, "auto")
	if qos == 0 {
		id = " "
	}
	r.receive(name, []string{fmt.Sprintf("%02X ( %s%s%s )", first, topic, id, rest)})
	switch qos {
	case 1:
		r.send(name, "40 02 $auto", false)
	case 2:
		r.send(name, "50 02 $auto", false)
		r.receive(name, []string{map[bool]string{false: "62 02 $auto", true: "62 03 $auto 00"}[r.isV5(name)]})
		r.send(name, "70 02 $auto", false)
	}
}
