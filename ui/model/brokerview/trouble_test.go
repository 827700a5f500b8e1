package brokerview

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/thingdesk/thingdesk/localbroker/faults"
)

func TestAWSModeIsSwitched(t *testing.T) {
	t.Parallel()
	b := newBench()
	b.tick(0)
	if b.Model.AWSMode() || !strings.HasPrefix(b.AWSWords(), "Off:") {
		t.Errorf("at first %v, %q", b.Model.AWSMode(), b.AWSWords())
	}
	b.Model.SetAWSMode(true)
	b.Model.SetAWSMode(false) // the first is under way
	if !b.Model.AWSMode() || b.StateWords() != "entering the AWS mode…" {
		t.Errorf("while it is switched: %v, %q", b.Model.AWSMode(), b.StateWords())
	}
	b.run()
	if !b.aws || !b.Model.AWSMode() || !strings.Contains(b.AWSWords(), "QoS 2") {
		t.Errorf("switched: %v, %q", b.aws, b.AWSWords())
	}
	b.Model.SetAWSMode(true) // is on
	b.fail = errBad
	b.Model.SetAWSMode(false)
	b.run()
	if !b.Model.AWSMode() || b.Model.Trouble() != "It went wrong" {
		t.Errorf("after it failed: %v, %q", b.Model.AWSMode(), b.Model.Trouble())
	}
	if d := cmp.Diff([]string{"aws true", "aws false"}, b.did); d != "" {
		t.Error(d)
	}
	b.aws = false // from elsewhere, the menu
	b.tick(time.Second)
	if b.Model.AWSMode() {
		t.Error("does not see that it was switched elsewhere")
	}
}

func TestRulesAreAddedAndRemoved(t *testing.T) {
	t.Parallel()
	b := newBench()
	said := ""
	b.OnSaid = func(text string) { said = text }
	b.Show(Trouble)
	b.tick(0)
	if !strings.HasPrefix(b.RulesEmpty(), "No trouble.") || b.TroubleOn() {
		t.Errorf("at first: %q", b.RulesEmpty())
	}
	for _, f := range []RuleForm{{Kind: faults.Drop}, {Kind: faults.Cut}} {
		if err := b.AddRule(f); err != nil {
			t.Fatal(err)
		}
	}
	b.run()
	if len(b.Rules()) != 2 || b.RuleSelected() != 1 || !b.TroubleOn() || b.RulesEmpty() != "" || said != "Trouble on purpose: Cut the connection" {
		t.Errorf("%d rules, %d selected, on %v, said %q", len(b.Rules()), b.RuleSelected(), b.TroubleOn(), said)
	}
	b.Pick(0)
	b.RemoveRule()
	b.run()
	if len(b.Rules()) != 1 || b.Rules()[0].Kind != faults.Cut || b.RuleSelected() != -1 {
		t.Errorf("after one was removed: %+v", b.Rules())
	}
	b.RemoveRule() // nothing is selected
	b.RemoveRules()
	b.run()
	if len(b.Rules()) != 0 || b.TroubleOn() {
		t.Errorf("after all were removed: %+v", b.Rules())
	}
	b.faults, b.status.Running = nil, false
	b.tick(time.Second)
	b.RemoveRules()
	if err := b.AddRule(RuleForm{Kind: faults.Drop}); err == nil || !strings.Contains(b.RulesEmpty(), "stopped") {
		t.Errorf("stopped: %v, %q", err, b.RulesEmpty())
	}
}

func TestRuleForm(t *testing.T) {
	t.Parallel()
	text := func(pairs ...string) (f RuleForm) {
		f.Kind = faults.Kind(pairs[0])
		for i := 1; i < len(pairs); i += 2 {
			for _, field := range RuleFields() {
				if field.String() == pairs[i] {
					f.Text[field] = pairs[i+1]
				}
			}
		}
		return f
	}
	reject := text("reject")
	reject.Code = 0x87
	drop := text("drop", "Delay", "5 s", "Keep out for", "5 s") // fields it has not
	drop.Code = 0x87
	for name, c := range map[string]struct {
		form  RuleForm
		want  faults.Rule
		fault string
	}{
		"all that is left empty": {drop, faults.Rule{Kind: faults.Drop, Share: 1}, ""},
		"delay": {
			text("delay", "Client ID", " press-* ", "Topic filter", "a/+", "Share in %", "12.5 %", "Delay", "500 ms", "Jitter", "2", "Ends after", "10 min", "Number of times", "3"),
			faults.Rule{
				Kind: faults.Delay, Client: "press-*", Filter: "a/+", Share: 0.125, Delay: 500 * time.Millisecond, Jitter: 2 * time.Second,
				Until: start.Add(10 * time.Minute), Remaining: 3,
			},
			"",
		},
		"reject":    {reject, faults.Rule{Kind: faults.Reject, Share: 1, Code: 0x87}, ""},
		"reconnect": {text("refuse-reconnect", "Topic filter", "##", "Keep out for", "1,5 h"), faults.Rule{Kind: faults.RefuseReconnect, Share: 1, For: 90 * time.Minute}, ""},
		"no delay":  {text("delay"), faults.Rule{}, "a delay must be longer than nothing"},
		"filter":    {text("drop", "Topic filter", "a/#/b"), faults.Rule{}, "topic filter"},
		"several": {
			text("cut", "Share in %", "0", "Keep out for", "soon", "Number of times", "1.5"),
			faults.Rule{},
			"keep out for: type a number with ms, s, min or h, such as 500 ms\nthe share must be a number over 0 and up to 100, not \"0\"\n" +
				"the number of times must be a whole number from 1, not \"1.5\"",
		},
		"too long": {text("cut", "Keep out for", "25 h"), faults.Rule{}, "without connection"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := c.form.Rule(start)
			if c.fault != "" {
				if err == nil || !strings.Contains(err.Error(), c.fault) {
					t.Errorf("error %v, want %q", err, c.fault)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func FuzzParseSpan(f *testing.F) {
	for _, text := range []string{"", "5", "1.5 min", "-1", "1e300 h", "NaN", "Inf s", "5 parsecs"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if d, err := ParseSpan(text); d < 0 || d > maxSpan || err != nil && d != 0 {
			t.Errorf("%q is %v, %v", text, d, err)
		}
	})
}

func TestRuleWords(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rule faults.Rule
		want string
	}{
		{faults.Rule{Kind: faults.Drop}, ""},
		{faults.Rule{Kind: faults.Delay, Delay: 2 * time.Second}, "2 s"},
		{faults.Rule{Kind: faults.Delay, Delay: 250 * time.Millisecond}, "250 ms"},
		{faults.Rule{Kind: faults.Delay, Delay: 90 * time.Minute}, "90 min"},
		{faults.Rule{Kind: faults.Delay, Delay: 2 * time.Second, Jitter: time.Second}, "2 s, up to 1 s more"},
		{faults.Rule{Kind: faults.Reject}, "0x80 unspecified error"},
		{faults.Rule{Kind: faults.Reject, Code: 0x87}, "0x87 not authorized"},
		{faults.Rule{Kind: faults.Cut}, "it may come back at once"},
		{faults.Rule{Kind: faults.Cut, For: 5 * time.Second}, "kept out for 5 s"},
		{faults.Rule{Kind: faults.RefuseReconnect}, "at all times"},
		{faults.Rule{Kind: faults.RefuseReconnect, For: 5 * time.Second}, "for 5 s after each connection"},
		{faults.Rule{Kind: faults.ShadowError}, "500 Internal service failure"},
		{faults.Rule{Kind: faults.ShadowError, Code: 409}, "409 Version conflict"},
		{faults.Rule{Kind: faults.ShadowError, Code: 404}, "404 No shadow exists"},
	} {
		if got := RuleWords(&c.rule); got != c.want {
			t.Errorf("%+v is %q, want %q", c.rule, got, c.want)
		}
	}
	for want, s := range map[string]faults.Status{
		"over":                     {Over: true},
		"until it is removed":      {},
		"1 more time":              {Rule: faults.Rule{Remaining: 1}},
		"4 more times, 1 min more": {Rule: faults.Rule{Remaining: 4, Until: start.Add(time.Minute)}},
	} {
		if got := RuleLeft(&s, start); got != want {
			t.Errorf("%+v ends %q, want %q", s, got, want)
		}
	}
	if ShareWords(1) != "all" || ShareWords(0.125) != "12.5 %" {
		t.Errorf("shares %q, %q", ShareWords(1), ShareWords(0.125))
	}
	for _, k := range faults.Kinds() {
		if KindWords(k) == string(k) || KindHint(k) == "" {
			t.Errorf("no words for %q", k)
		}
	}
}
