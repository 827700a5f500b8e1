package conformance

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A version of the standard and its normative statements.
type version struct {
	title  string
	prefix string // of the chapter that proves them
	// numbers are the statements, by section: "3.1.2 1-24" are [MQTT-3.1.2-1]
	// to [MQTT-3.1.2-24].
	numbers []string
	// left are the statements that no exchange proves, by section as numbers,
	// with the reason.
	left map[string]string
}

// statements returns all numbers in order.
func (v version) statements() []string {
	var out []string
	for _, line := range v.numbers {
		out = append(out, expand(line)...)
	}
	return out
}

// reasons returns why a statement is not proved.
func (v version) reasons() map[string]string {
	out := map[string]string{}
	for lines, why := range v.left {
		for line := range strings.SplitSeq(lines, ", ") {
			for _, number := range expand(line) {
				out[number] = why
			}
		}
	}
	return out
}

// proofs returns the names of the exchanges that prove each statement.
func (v version) proofs() map[string][]string {
	out := map[string][]string{}
	for _, ch := range chapters() {
		if ch.prefix != v.prefix {
			continue
		}
		for _, c := range ch.cases {
			for number := range strings.FieldsSeq(c.proves) {
				out[number] = append(out[number], c.name)
			}
		}
	}
	return out
}

// expand reads "3.1.2 1-24" or "3.1.2 7".
func expand(line string) []string {
	section, span, _ := strings.Cut(line, " ")
	first, last, ranged := strings.Cut(span, "-")
	if !ranged {
		last = first
	}
	a, errA := strconv.Atoi(first)
	b, errB := strconv.Atoi(last)
	if errA != nil || errB != nil {
		return []string{line}
	}
	var out []string
	for n := a; n <= b; n++ {
		out = append(out, fmt.Sprintf("%s-%d", section, n))
	}
	return out
}

const (
	byClient    = "a duty of clients"
	unseen      = "cannot be seen from outside, or only in what cannot be provoked"
	webSocket   = "WebSocket: shown by the tests of package listen"
	noLimit     = "for brokers that lack a feature which every broker here has"
	noAuth      = "enhanced authentication is left out; [MQTT-4.12.0-1] shows that it is refused"
	noTransport = "TCP is what the suite runs over; TLS is shown by the tests of package listen"
)

// versions are the standards, with every statement of their appendices B.
func versions() []version {
	return []version{
		{
			title: "MQTT 3.1.1", prefix: "v4",
			numbers: []string{
				"1.5.3 1-3", "2.2.2 1-2", "2.3.1 1-7", "3.1.0 1-2", "3.1.2 1-24", "3.1.3 1-11", "3.1.4 1-5",
				"3.2.0 1", "3.2.2 1-6", "3.3.1 1-12", "3.3.2 1-3", "3.3.4 1", "3.3.5 1-2", "3.6.1 1",
				"3.8.1 1", "3.8.3 1-4", "3.8.4 1-6", "3.9.3 1-2", "3.10.1 1", "3.10.3 1-2", "3.10.4 1-6", "3.12.4 1",
				"3.14.1 1", "3.14.4 1-3", "4.1.0 1-2", "4.3.1 1", "4.3.2 1-2", "4.3.3 1-2", "4.4.0 1", "4.5.0 1-2",
				"4.6.0 1-6", "4.7.1 1-3", "4.7.2 1", "4.7.3 1-4", "4.8.0 1-2", "6.0.0 1-4", "7.0.0 1-2", "7.1.1 1-2", "7.1.2 1-2",
			},
			left: map[string]string{
				"3.1.2 23, 4.5.0 2, 4.6.0 1-4, 6.0.0 3, 7.1.2 1-2": byClient,
				"6.0.0 1-2, 6.0.0 4": webSocket,
				"4.8.0 2":            unseen,
				"3.3.5 2":            "needs a broker with access rules, which the suite does not set up",
				"3.8.3 2":            noLimit,
				"4.7.3 3":            "a longer string cannot be written: its length has two bytes",
				"7.0.0 1":            "the broker opens no connections to others",
				"7.0.0 2":            "no exchange uses an extension",
				"7.1.1 2":            noTransport,
			},
		},
		{
			title: "MQTT 5.0", prefix: "v5",
			numbers: []string{
				"1.5.4 1-3", "1.5.5 1", "1.5.7 1", "2.1.3 1", "2.2.1 2-6", "2.2.2 1", "3.1.0 1-2", "3.1.2 1-30", "3.1.3 1-12", "3.1.4 1-6",
				"3.2.0 1-2", "3.2.2 1-22", "3.3.1 1-13", "3.3.2 1-20", "3.3.4 1-10", "3.4.2 1-3", "3.5.2 1-3", "3.6.1 1", "3.6.2 1-3", "3.7.2 1-3",
				"3.8.1 1", "3.8.3 1-5", "3.8.4 1-8", "3.9.2 1-2", "3.9.3 1-2", "3.10.1 1", "3.10.3 1-2", "3.10.4 1-6", "3.11.2 1-2", "3.11.3 1-2",
				"3.12.4 1", "3.14.0 1", "3.14.1 1", "3.14.2 1-4", "3.14.4 1-3", "3.15.1 1", "3.15.2 1-3",
				"4.1.0 1-2", "4.3.1 1", "4.3.2 1-5", "4.3.3 1-13", "4.4.0 1-2", "4.5.0 1-2", "4.6.0 1-6", "4.7.0 1", "4.7.1 1-2", "4.7.2 1", "4.7.3 1-4",
				"4.8.2 1-6", "4.9.0 1-3", "4.12.0 1-7", "4.12.1 1-2", "4.13.1 1", "4.13.2 1", "6.0.0 1-4", "7.0.0 1-2", "7.1.1 1", "7.1.2 1",
			},
			left: map[string]string{
				"3.1.2 20-21, 3.1.2 30, 3.2.2 4-5, 3.2.2 11, 3.2.2 14, 3.2.2 18, 3.2.2 21, 3.3.2 10, 3.3.4 8, 4.5.0 2, 4.6.0 1-4, 6.0.0 3, 7.1.2 1": byClient,
				"3.2.2 9, 3.2.2 12-13": noLimit,
				"3.1.4 2":              "needs a broker with users, which the suite does not set up",
				"3.15.2 1-3, 4.12.0 2-5, 4.12.0 7, 4.12.1 1-2": noAuth,
				"4.3.3 9":            unseen,
				"4.7.3 3":            "a longer string cannot be written: its length has two bytes",
				"6.0.0 1-2, 6.0.0 4": webSocket,
				"7.0.0 1":            "the broker opens no connections to others",
			},
		},
	}
}

// document is docs/mqtt-conformance.md.
func document() string {
	var b strings.Builder
	b.WriteString(`# MQTT conformance

Package localbroker/conformance holds a broker to the normative statements of the
standards from outside, over TCP. This page is written by its test
(` + "`go test -run Doc -update`" + `) from the table of exchanges, and the test fails when
they differ. An exchange is proved by running it, against our broker and against
Debian's mosquitto 2.0.11, so that a wrong test shows itself; where mosquitto
differs from the standard is listed in mosquitto_known_test.go.
`)
	for _, v := range versions() {
		proofs, reasons := v.proofs(), v.reasons()
		all := v.statements()
		fmt.Fprintf(&b, "\n## %s\n\n%d statements, %d proved by %d exchanges.\n", v.title, len(all), len(proofs), v.count())
		b.WriteString("\n### Proved\n\n| statement | exchanges |\n| --- | --- |\n")
		for _, number := range all {
			if names := proofs[number]; len(names) > 0 {
				fmt.Fprintf(&b, "| MQTT-%s | %s |\n", number, strings.Join(names, ", "))
			}
		}
		b.WriteString("\n### Not proved\n\n| statement | why |\n| --- | --- |\n")
		for _, number := range all {
			if why := reasons[number]; why != "" {
				fmt.Fprintf(&b, "| MQTT-%s | %s |\n", number, why)
			}
		}
	}
	b.WriteString(`
## Left out

Server redirect (reasons 9C and 9D, Server Reference): the bundled broker stands
alone and has nowhere to send a client. Enhanced authentication (AUTH): no method
is offered, and CONNECT with one is refused.

## Probes

What brokers are known to get wrong although no statement names it; 01 to 15 are
the faults found in every Go broker that can be embedded.

`)
	for _, c := range probes() {
		number, name, _ := strings.Cut(c.name, "-")
		fmt.Fprintf(&b, "- %s %s\n", number, strings.ReplaceAll(name, "-", " "))
	}
	return b.String()
}

// count is the number of exchanges for v.
func (v version) count() int {
	all := chapters()
	i := slices.IndexFunc(all, func(ch chapter) bool { return ch.prefix == v.prefix })
	return len(all[i].cases)
}
