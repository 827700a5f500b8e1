// Package conformance holds MQTT brokers to the statements of MQTT 3.1.1 and
// MQTT 5.0 from outside, over TCP: tables of byte-exact exchanges and probes of
// what brokers are known to get wrong. The same suite runs against brokers of
// others, so that a wrong test shows itself.
//
// An exchange is a script of lines; script.go says how it is written. What is
// sent is sent as written, and what comes back is compared byte by byte. Where
// MQTT 5.0 leaves a choice, what comes is first brought to one form: CONNACK,
// acknowledgements and DISCONNECT lose their properties (they can be asked for
// with "has") and always show a reason code, and the properties of PUBLISH are
// sorted by identifier, those of the same one in the order they came in.
package conformance

import (
	"errors"
	"flag"
	"fmt"
	"regexp"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Target is the broker to be held to the standard.
type Target struct {
	// Addr is HOST:PORT of a TCP listener that lets everyone in.
	Addr string
	// Restart kills the broker without warning and starts it again at the same
	// Addr; it returns when it listens. nil leaves out what must survive this.
	Restart func()
	// Known are the exchanges and probes that this broker fails, by name
	// ("v5/will-delay"), each with the reason. They are run and must fail.
	Known map[string]string
	// Skip are the ones that are not run at all, with the reason.
	Skip map[string]string
	// ConnectTimeout is after how long the broker closes a connection without
	// CONNECT; 0 when it never does.
	ConnectTimeout time.Duration
	// MaxPacket is the size of the largest packet the broker takes; 0 when it
	// has no limit.
	MaxPacket int
	// Reasons says that the broker always tells an MQTT 5.0 client why it closes
	// the connection, which the standard leaves open.
	Reasons bool
}

// An exchange is one case: a script, or Go code where a script won't do.
type exchange struct {
	name   string
	proves string // numbers of normative statements: "3.1.0-1 3.1.0-2"
	script string
	do     func(*run)
	waits  bool // a probe that may run together with others
}

// A chapter is a table of exchanges for one version.
type chapter struct {
	prefix string // "v4" is MQTT 3.1.1, "v5" MQTT 5.0, "probe" both
	cases  []exchange
}

// abreast is how many cases run at the same time. Most of them wait.
const abreast = 24

// Run runs all exchanges and probes against the target.
func Run(t *testing.T, target Target) {
	t.Helper()
	s := &suite{target: target, prefix: "k" + strconv.FormatInt(time.Now().UnixMilli()%(36*36*36*36*36), 36)}
	s.names(t)
	waiting, alone := splitProbes()
	t.Run("quick", func(t *testing.T) { s.together(t, append(chapters(), chapter{"probe", waiting})) })
	// The probes are heavy and measure times: they come one after another.
	t.Run("alone", func(t *testing.T) {
		for _, c := range alone {
			t.Run(c.name, func(t *testing.T) { s.alone(t, "probe/"+c.name, c) })
		}
	})
}

// suite is one Run.
type suite struct {
	target Target
	prefix string
	count  atomic.Int64
}

// names refuses a Target that names what does not exist.
func (s *suite) names(t *testing.T) {
	t.Helper()
	all := map[string]bool{}
	for _, ch := range append(chapters(), chapter{"probe", probes()}) {
		for _, c := range ch.cases {
			name := ch.prefix + "/" + c.name
			if all[name] {
				t.Fatalf("two exchanges are named %q", name)
			}
			all[name] = true
		}
	}
	for _, m := range []map[string]string{s.target.Known, s.target.Skip} {
		for name := range m {
			if !all[name] {
				t.Errorf("the target names %q, which is no exchange", name)
			}
		}
	}
}

// together runs the chapters, several cases at a time. Parallel subtests would
// be limited to the number of processors, and most cases wait.
func (s *suite) together(t *testing.T, chapters []chapter) {
	t.Helper()
	places := make(chan struct{}, abreast)
	var running sync.WaitGroup
	wanted := selected()
	results := map[string]chan error{}
	for _, ch := range chapters {
		for _, c := range ch.cases {
			name := ch.prefix + "/" + c.name
			if !wanted(name) || s.target.Skip[name] != "" {
				continue
			}
			result := make(chan error, 1)
			results[name] = result
			running.Go(func() {
				places <- struct{}{}
				result <- s.run(name, c)
				<-places
			})
		}
	}
	running.Wait()
	for _, ch := range chapters {
		t.Run(ch.prefix, func(t *testing.T) {
			for _, c := range ch.cases {
				t.Run(c.name, func(t *testing.T) {
					name := ch.prefix + "/" + c.name
					var err error
					if result := results[name]; result != nil {
						err = s.again(t, name, c, <-result)
					}
					s.report(t, name, err)
				})
			}
		})
	}
}

// tries is how often a case may fail before it has failed.
const tries = 3

// again runs a case that failed again, by itself: many cases measure times, and
// on a busy machine one that runs beside others, and other tests, can be late.
func (s *suite) again(t *testing.T, name string, c exchange, err error) error {
	t.Helper()
	var left leftOutError
	for n := 1; n < tries && err != nil && s.target.Known[name] == "" && !errors.As(err, &left); n++ {
		t.Logf("try %d: %v", n, err)
		err = s.run(name, c)
	}
	return err
}

// selected tells which names -test.run asks for, so that the others need not
// run. Its elements are TEST/quick/v4/NAME.
func selected() func(name string) bool {
	all := func(string) bool { return true }
	f := flag.Lookup("test.run")
	if f == nil {
		return all
	}
	parts := strings.Split(f.Value.String(), "/")
	if len(parts) < 4 {
		return all
	}
	chapter, err := regexp.Compile(parts[2])
	if err != nil {
		return all
	}
	last, err := regexp.Compile(parts[3])
	if err != nil {
		return all
	}
	return func(name string) bool {
		prefix, rest, _ := strings.Cut(name, "/")
		return chapter.MatchString(prefix) && last.MatchString(rest)
	}
}

// report turns the outcome of a case into that of a subtest.
func (s *suite) report(t *testing.T, name string, err error) {
	t.Helper()
	failed, text := verdict(s.target.Known[name], s.target.Skip[name], err)
	switch {
	case failed:
		t.Error(text)
	case text != "":
		t.Skip(text)
	}
}

// verdict judges the outcome of a case. One that was skipped, left out or fails
// as known has not failed, but has a text.
func verdict(known, skip string, err error) (failed bool, text string) {
	var left leftOutError
	switch {
	case skip != "":
		return false, "not run: " + skip
	case errors.As(err, &left):
		return false, left.Error()
	case known != "" && err == nil:
		return true, "passes, but is known to fail: " + known
	case known != "":
		return false, fmt.Sprintf("fails as known: %s\n%v", known, err)
	case err != nil:
		return true, err.Error()
	}
	return false, ""
}

// alone runs a case and reports it.
func (s *suite) alone(t *testing.T, name string, c exchange) {
	t.Helper()
	var err error
	if s.target.Skip[name] == "" {
		err = s.again(t, name, c, s.run(name, c))
	}
	s.report(t, name, err)
}

// run runs one case.
func (s *suite) run(name string, c exchange) (err error) {
	r := &run{
		target:   s.target,
		prefix:   s.prefix + "x" + strconv.FormatInt(s.count.Add(1), 36),
		conns:    map[string]*conn{},
		ids:      map[string][]byte{},
		patience: patience,
	}
	if s.target.Known[name] != "" {
		r.patience = time.Second // what does not come need not be waited for long
	}
	defer r.closeAll()
	defer func() {
		switch p := recover().(type) {
		case nil:
		case leftOutError:
			err = p
		case failure:
			err = p
		default:
			err = fmt.Errorf("%s: panic: %v\n%s", c.name, p, debug.Stack())
		}
	}()
	if c.do != nil {
		c.do(r)
	} else {
		r.play(c.script)
	}
	return nil
}
