package conformance

import (
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestVerdict(t *testing.T) {
	t.Parallel()
	broken := failure{"broken"}
	for _, c := range []struct {
		name, known, skip string
		err               error
		failed            bool
		text              string
	}{
		{"passes", "", "", nil, false, ""},
		{"fails", "", "", broken, true, "broken"},
		{"fails as known", "old", "", broken, false, "fails as known: old"},
		{"passes though known", "old", "", nil, true, "known to fail: old"},
		{"left out", "", "", leftOutError{"no"}, false, "no"},
		{"left out though known", "old", "", leftOutError{"no"}, false, "no"},
		{"skipped", "", "slow", nil, false, "not run: slow"},
	} {
		failed, text := verdict(c.known, c.skip, c.err)
		if failed != c.failed || !strings.Contains(text, c.text) || (text == "") != (c.text == "") {
			t.Errorf("%s: verdict = %v, %q, want %v, %q", c.name, failed, text, c.failed, c.text)
		}
	}
}

// TestStepsFail plays scripts against what answers wrongly: each must fail.
func TestStepsFail(t *testing.T) {
	t.Parallel()
	const connack4, connack5 = `20 02 00 00`, `20 03 00 00 00`
	for _, c := range []struct{ name, answers, script, want string }{
		{"wrong bytes", `20 02 01 00`, "A up4", "want"},
		{"nothing", ``, "A up4", "nothing came"},
		{"cut off", `20 02 00`, "A> C0 00\nA< 20 02 00 00", "nothing came"},
		{"not silent", connack4 + ` 30 ( "a" 'x' ) D0 00`, "A up4\nA silent", "received"},
		{"not quiet", connack4 + ` D0 00`, "A up4\nA quiet 50ms", "want nothing"},
		{"still open", connack4, "A up4\nA closed", "still open"},
		{"other packet before the end", connack4 + ` D0 00`, "A up4\nA closed", "want the end"},
		{"disconnect in 3.1.1", connack4 + ` E0 01 82`, "A up4\nA closed", "3.1.1 does not know"},
		{"wrong reason", connack5 + ` E0 01 83`, "A up5\nA closed 81 82", "closed for 83"},
		{"still open after the reason", connack5 + ` E0 01 82`, "A up5\nA closed 82", "still open"},
		{"refused but open", `20 03 00 85 00`, "A> 10 ( \"MQTT\" 05 02 003C 00 \"a\" )\nA refused 85", "still open"},
		{"refused with session present", `20 03 01 85 00`, "A> 10 ( \"MQTT\" 05 02 003C 00 \"a\" )\nA refused 85", "session present"},
		{"accepted", connack5, "A> 10 ( \"MQTT\" 05 02 003C 00 \"a\" )\nA refused 85", "closed for 00"},
		{"property missing", connack5, "A up5\nA has 12", "did not receive"},
		{"property with another value", `20 ( 00 00 ( 21 0001 ) )`, "A up5\nA has 21 0002", "want 00 02"},
		{"property that should not be", `20 ( 00 00 ( 21 0001 ) )`, "A up5\nA hasnt 12 21", "received property 21"},
		{"property twice", `20 ( 00 00 ( 21 0001 21 0001 ) )`, "A up5", "twice"},
		{"one missing of several", connack4 + ` 40 02 0001 D0 00`, "A up4\nA<& 40 02 0001 & 40 02 0002", "want one of"},
		{"early message forgotten", connack4 + ` 30 ( "a" 'x' ) 90 ( 0F0F 00 ) D0 00`, "A up4\nA sub \"a\" 00\nA silent", "received"},
		{"unknown verb", connack4, "A up4\nA flies", "no such verb"},
	} {
		s := &suite{target: Target{Addr: answering(t, c.answers)}, prefix: "k"}
		err := s.run(c.name, exchange{do: func(r *run) {
			r.patience = 100 * time.Millisecond
			r.play(c.script)
		}})
		var f failure
		if !errors.As(err, &f) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want a failure with %q", c.name, err, c.want)
		}
	}
}

// answering listens, sends the same to whoever connects and never closes.
func answering(t *testing.T, answers string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := mustCompile(t, answers)
	var wg sync.WaitGroup
	wg.Go(func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		_, _ = c.Write(b)
		_, _ = c.Read(make([]byte, 1<<10)) // until there is something, then keep it open
		<-t.Context().Done()
		_ = c.Close()
	})
	t.Cleanup(func() {
		_ = l.Close()
		wg.Wait()
	})
	return l.Addr().String()
}
