package awsmode_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/thingdesk/thingdesk/localbroker/awsmode"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func TestMeterCounts(t *testing.T) {
	t.Parallel()
	var m awsmode.Meter
	take := func(now time.Time) bool {
		delay, v := m.Take(now, 10)
		if v != nil && (v.Rule != awsmode.RulePublishRate || v.Effect != awsmode.Discarded || delay != 0) {
			t.Fatalf("violation %+v, delay %v", v, delay)
		}
		return v == nil
	}
	for i := range 100 {
		if !take(start) {
			t.Fatalf("message %d of the first moment is discarded", i+1)
		}
	}
	for range 1000 {
		if take(start.Add(9 * time.Millisecond)) {
			t.Fatal("message 101 passes")
		}
	}
	if !take(start.Add(10 * time.Millisecond)) {
		t.Error("no message after 10 ms, though discarded ones do not count")
	}
	now := start.Add(time.Minute)
	for range 1000 { // for ten seconds
		now = now.Add(10 * time.Millisecond)
		if !take(now) {
			t.Fatalf("a message of a steady 100 per second is discarded at %v", now)
		}
	}
	discarded := 0
	for range 2000 {
		now = now.Add(5 * time.Millisecond)
		if !take(now) {
			discarded++
		}
	}
	if discarded < 895 || discarded > 905 { // 2000 in ten seconds, of which 1000 and a burst of 100 pass
		t.Errorf("%d of 2000 messages at 200 per second are discarded, want about 900", discarded)
	}
}

func TestMeterDelays(t *testing.T) {
	t.Parallel()
	var m awsmode.Meter
	if delay, v := m.Take(start, 512<<10); delay != 0 || v != nil {
		t.Errorf("the first 512 KiB: delay %v, %v", delay, v)
	}
	delay, v := m.Take(start, 128<<10)
	if delay != 250*time.Millisecond || v == nil || v.Rule != awsmode.RuleThroughput || v.Effect != awsmode.Delayed {
		t.Errorf("128 KiB more: delay %v, %v, want 250 ms", delay, v)
	}
	if delay, _ := m.Take(start.Add(time.Second), 64<<10); delay != 0 {
		t.Errorf("64 KiB a second later: delay %v", delay)
	}
	if delay, v := m.Take(start.Add(time.Minute), 1); delay != 0 || v != nil {
		t.Errorf("a minute later: delay %v, %v", delay, v)
	}
	if delay, v := m.Take(start.Add(2*time.Minute), -5); delay != 0 || v != nil {
		t.Errorf("a negative length: delay %v, %v", delay, v)
	}
}

// TestMeterClockSetBack: a clock that jumps back an hour must not stop a client
// for an hour.
func TestMeterClockSetBack(t *testing.T) {
	t.Parallel()
	var m awsmode.Meter
	for range 100 {
		_, _ = m.Take(start, 10)
	}
	back := start.Add(-time.Hour)
	_, _ = m.Take(back, 10)
	if _, v := m.Take(back.Add(time.Second), 10); v != nil && v.Effect == awsmode.Discarded {
		t.Errorf("a second after the clock went back: %+v", v)
	}
	if delay, _ := m.Take(back.Add(time.Minute), 10); delay > 0 {
		t.Errorf("a minute after the clock went back: delay %v", delay)
	}
}

func TestNamedMeters(t *testing.T) {
	t.Parallel()
	var connects awsmode.ConnectMeter
	var shadows awsmode.ShadowMeter
	var retained awsmode.RetainedMeter
	for name, c := range map[string]struct {
		take   func(name string, now time.Time) *awsmode.Violation
		burst  int
		next   time.Duration
		rule   awsmode.Rule
		effect awsmode.Effect
	}{
		"connect":  {connects.Take, 1, time.Second, awsmode.RuleConnectRate, awsmode.RefuseConnect},
		"shadow":   {shadows.Take, 20, 50 * time.Millisecond, awsmode.RuleShadowRate, awsmode.RejectShadow},
		"retained": {retained.Take, 1, time.Second, awsmode.RuleRetainedRate, awsmode.RefusePublish},
	} {
		for i := range c.burst {
			if v := c.take("a", start); v != nil {
				t.Errorf("%s: number %d: %+v", name, i+1, v)
			}
		}
		for range 3 {
			v := c.take("a", start.Add(c.next-time.Microsecond))
			if v == nil || v.Rule != c.rule || v.Effect != c.effect {
				t.Errorf("%s: one too many gives %+v", name, v)
			}
		}
		back := start.Add(-time.Hour)
		_ = c.take("back", start)
		_ = c.take("back", back)
		if v := c.take("back", back.Add(time.Second)); v != nil {
			t.Errorf("%s: a second after the clock went back: %+v", name, v)
		}
		if v := c.take("b", start); v != nil {
			t.Errorf("%s: another name: %+v", name, v)
		}
		if v := c.take("a", start.Add(c.next)); v != nil {
			t.Errorf("%s: after %v: %+v", name, c.next, v)
		}
		if v := c.take(strings.Repeat("x", 2000), start); v != nil {
			t.Errorf("%s: a name that is not measured: %+v", name, v)
		}
	}
}

// TestNamedMetersForget: names are still measured rightly, and cost nothing for
// good, after very many.
func TestNamedMetersForget(t *testing.T) {
	var m awsmode.ConnectMeter
	now := start
	for i := range 200_000 {
		now = now.Add(100 * time.Microsecond)
		name := strconv.Itoa(i)
		if v := m.Take(name, now); v != nil {
			t.Fatalf("first connect of %s: %+v", name, v)
		}
		if v := m.Take(name, now.Add(time.Millisecond)); v == nil {
			t.Fatalf("second connect of %s passes", name)
		}
	}
	if n := m.Names(); n > 21_000 {
		t.Errorf("%d names are kept of 10,000 in the last second", n)
	}
}
