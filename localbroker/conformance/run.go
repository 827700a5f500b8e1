package conformance

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// patience is how long a case waits for what must come.
const patience = 5 * time.Second

// A run is one case being played.
type run struct {
	target   Target
	prefix   string // of topics and client identifiers: each case has its own
	conns    map[string]*conn
	ids      map[string][]byte // captured packet identifiers
	patience time.Duration
	line     string // being played
}

// failure ends a case that the broker fails.
type failure struct{ text string }

// Error returns the text.
func (f failure) Error() string { return f.text }

// leftOutError ends a case that does not apply to this broker.
type leftOutError struct{ text string }

// Error returns the text.
func (l leftOutError) Error() string { return l.text }

// fail ends the case.
func (r *run) fail(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if r.line != "" {
		text = fmt.Sprintf("in %q: %s", r.line, text)
	}
	panic(failure{strings.ReplaceAll(text, r.prefix, "~")})
}

// leave ends the case without a verdict.
func (r *run) leave(format string, args ...any) {
	panic(leftOutError{fmt.Sprintf(format, args...)})
}

// check ends the case when err is not nil.
func (r *run) check(err error) {
	if err != nil {
		r.fail("%v", err)
	}
}

func (r *run) closeAll() {
	for _, c := range r.conns {
		_ = c.net.Close()
	}
}

// wait lets d pass.
func (r *run) wait(d time.Duration) { <-time.After(d) }

// open dials a connection of this name.
func (r *run) open(name string, window int) *conn {
	c, err := dial(r.target.Addr, window)
	r.check(err)
	if old := r.conns[name]; old != nil {
		r.fail("%s is connected", name)
	}
	r.conns[name] = c
	return c
}

// conn returns the connection of this name.
func (r *run) conn(name string) *conn {
	c := r.conns[name]
	if c == nil {
		r.fail("%s is not connected", name)
	}
	return c
}

// pattern compiles text.
func (r *run) pattern(text string) *pattern {
	p, err := compile(r.prefix, text)
	r.check(err)
	return p
}

// send sends the bytes; it dials when there is no connection.
func (r *run) send(name, text string, single bool) {
	if r.conns[name] == nil {
		r.open(name, 0)
	}
	b, err := r.pattern(text).fill(r.ids)
	r.check(err)
	c := r.conn(name)
	c.level = levelOf(b, c.level)
	if !single {
		c.write(b)
		return
	}
	for i := range b {
		c.write(b[i : i+1])
	}
}

// read returns the next packet; the broker must send one.
func (r *run) read(name string) packet {
	p, err := r.conn(name).read(r.patience)
	if err != nil {
		r.fail("%s: %v", name, err)
	}
	return p
}

// receive receives one packet, which must be one of these.
func (r *run) receive(name string, texts []string) {
	c := r.conn(name)
	p, err := c.read(r.patience)
	// a broker may begin to send what matches before it acknowledges a SUBSCRIBE
	var early []packet
	for err == nil && p.bytes[0]>>4 == 3 && strings.HasPrefix(texts[0], "90") {
		early = append(early, p)
		p, err = c.read(r.patience)
	}
	c.held = append(early, c.held...)
	if errors.Is(err, errClosed) && slices.Contains(texts, "closed") {
		_ = c.net.Close()
		delete(r.conns, name)
		return
	}
	if err != nil {
		r.fail("%s: %v, want\n\t%s", name, err, r.want(texts))
	}
	texts = slices.DeleteFunc(texts, func(s string) bool { return s == "closed" })
	for _, text := range texts {
		if r.pattern(text).match(p.bytes, r.ids) {
			return
		}
	}
	r.fail("%s received\n\t% X %q, want\n\t%s", name, head(p.bytes), head(p.bytes), r.want(texts))
}

// collect returns all packets that come before the answer to a PINGREQ.
func (r *run) collect(name string) []packet {
	r.send(name, "C000", false)
	var out []packet
	for {
		p := r.read(name)
		if p.bytes[0] == 0xD0 {
			return out
		}
		out = append(out, p)
	}
}

// receiveAll receives as many packets as texts, in any order.
func (r *run) receiveAll(name string, texts []string) {
	rest := slices.Clone(texts)
	for range texts {
		p := r.read(name)
		i := slices.IndexFunc(rest, func(text string) bool { return r.pattern(text).match(p.bytes, r.ids) })
		if i < 0 {
			r.fail("%s received\n\t% X %q, want one of\n\t%s", name, head(p.bytes), head(p.bytes), r.want(rest))
		}
		rest = slices.Delete(rest, i, i+1)
	}
}

func (r *run) want(texts []string) string {
	var out []string
	for _, text := range texts {
		b, err := r.pattern(text).fill(r.ids)
		if err != nil {
			b = r.pattern(text).bytes
		}
		out = append(out, fmt.Sprintf("% X %q", head(b), head(b)))
	}
	return strings.Join(out, "\n\t")
}

// closed waits for the end of the connection. Before it may come a packet of
// type first, DISCONNECT or CONNACK, with one of these reasons.
func (r *run) closed(name string, first byte, reasons []string) {
	c := r.conn(name)
	p, err := c.read(r.patience)
	told := err == nil
	if told {
		code := p.bytes[len(p.bytes)-1]
		if first == 0x20 && len(p.bytes) >= 4 {
			code = p.bytes[3]
		}
		want := slices.ContainsFunc(reasons, func(s string) bool { return strings.EqualFold(s, fmt.Sprintf("%02x", code)) })
		switch {
		case p.bytes[0] != first || len(p.bytes) < 3:
			r.fail("%s received % X, want the end of the connection", name, head(p.bytes))
		case len(reasons) > 0 && !want:
			r.fail("%s was closed for %02X, want %v", name, code, reasons)
		case first == 0x20 && p.bytes[2] != 0:
			r.fail("%s was refused with session present", name)
		case first == 0xE0 && c.level != 5:
			r.fail("%s received a DISCONNECT, which 3.1.1 does not know", name)
		}
		_, err = c.read(r.patience)
	}
	if !errors.Is(err, errClosed) {
		r.fail("%s is still open: %v", name, err)
	}
	if r.target.Reasons && c.level == 5 && !told && len(reasons) > 0 {
		r.fail("%s was closed without a reason, want %v", name, reasons)
	}
	_ = c.net.Close()
	delete(r.conns, name)
}

// ends reads to the end of the connection.
func (r *run) ends(name string) {
	c := r.conn(name)
	for {
		if _, err := c.read(r.patience); errors.Is(err, errClosed) {
			break
		} else if err != nil {
			r.fail("%s is still open: %v", name, err)
		}
	}
	_ = c.net.Close()
	delete(r.conns, name)
}

// property looks at the last packet received.
func (r *run) property(name, verb, args string) {
	list := strings.Fields(args)
	if len(list) == 0 {
		r.fail("which property?")
	}
	find := func(text string) (property, bool) {
		id, err := hex.DecodeString(text)
		if err != nil || len(id) != 1 {
			r.fail("no property: %q", text)
		}
		props := r.conn(name).last.props
		i := slices.IndexFunc(props, func(p property) bool { return p.id == id[0] })
		if i < 0 {
			return property{}, false
		}
		return props[i], true
	}
	if verb == "hasnt" {
		for _, text := range list {
			if _, ok := find(text); ok {
				r.fail("%s received property %s", name, text)
			}
		}
		return
	}
	p, ok := find(list[0])
	switch {
	case !ok && verb == "need":
		r.leave("this broker does not send property %s", list[0])
	case !ok:
		r.fail("%s did not receive property %s", name, list[0])
	case len(list) > 1:
		want := r.pattern(strings.Join(list[1:], " ")).bytes
		if !bytes.Equal(p.value, want) {
			r.fail("%s received property %s with % X, want % X", name, list[0], p.value, want)
		}
	}
}
