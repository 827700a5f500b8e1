package topics

import (
	"bytes"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/things/topic"
	"github.com/thingdesk/thingdesk/ui/model/payload"
)

func setup(t *testing.T) (*bench, *later, *Detail) {
	t.Helper()
	b, l := newBench(), &later{t: t}
	return b, l, NewDetail(l.async, b)
}

func chips(d *Detail) string {
	var out []string
	for _, c := range d.Chips() {
		out = append(out, c.Text)
	}
	return strings.Join(out, " | ")
}

func TestDetailFollowsATopic(t *testing.T) {
	t.Parallel()
	b, l, d := setup(t)
	b.see("f/temp", `{"t":36}`, 10*second, true)
	d.Show(b.target("f/temp"), 11*second)
	l.run()
	if got, want := strings.Join(d.Crumbs(), " › "), "Bench › f › temp"; got != want {
		t.Errorf("crumbs %q", got)
	}
	if got, want := chips(d), "seen retained | QoS 0 | 8 B | 1 s ago | 1 message | 0.1/s"; !strings.HasPrefix(got, want[:40]) {
		t.Errorf("chips %q", got)
	}
	if s := d.Shown(); s.Form != payload.Tinted || s.Text != "{\n  \"t\": 36\n}" || s.Took != "Auto: JSON object" {
		t.Errorf("first value: %+v", s)
	}
	b.see("f/temp", `{"t":28}`, 12*second, false)
	before := d.Revision()
	d.Apply(12 * second)
	if s := d.Shown(); s.Form != payload.Diff || d.Revision() == before || d.Caption() != "since the previous message" {
		t.Errorf("repeated topic: %+v, %q", s, d.Caption())
	}
	if got := chips(d); !strings.Contains(got, "seen retained") || !strings.Contains(got, "2.000 s after the previous") {
		t.Errorf("chips %q", got)
	}
	b.see("f/temp", `{"t":28}`, 13*second, false)
	d.Apply(13 * second)
	if s := d.Shown(); s.Form != payload.Tinted {
		t.Errorf("an equal message is shown as a difference: %+v", s)
	}
	if !d.SeenRetained() {
		t.Error("forgot that it was seen retained")
	}
	before = d.Revision()
	d.Apply(14 * second)
	if d.Revision() != before {
		t.Error("revision grew although nothing happened")
	}
	b.see("f/temp", "", 15*second, false)
	d.Apply(15 * second)
	if d.SeenRetained() {
		t.Error("still retained after the empty message")
	}
}

func TestDetailOfNothing(t *testing.T) {
	t.Parallel()
	b, l, d := setup(t)
	d.Apply(1)
	d.Show(b.target("no/such"), 1)
	l.run()
	d.Apply(2)
	if d.Exists() || d.HasValue() || d.HasChildren() || len(d.Chips()) != 0 || len(d.Recent.Rows()) != 0 {
		t.Errorf("something is known of nothing: %+v", d)
	}
	d.Show(Target{}, 3)
	d.Apply(4)
	if d.Crumbs() != nil {
		t.Error("crumbs of nothing")
	}
}

func TestPickComparesAndComesBack(t *testing.T) {
	t.Parallel()
	b, l, d := setup(t)
	for i := range 5 {
		b.message("t", strconv.Itoa(i), int64(i+1)*second)
	}
	d.SetView(payload.AsText)
	d.Show(b.target("t"), 6*second)
	l.run()
	rows := d.Recent.Rows()
	if len(rows) != 5 || string(rows[4].Payload) != "0" {
		t.Fatalf("rows %+v", rows)
	}
	d.Pick(rows[4])
	want := []payload.Line{{Op: payload.Gone, Text: "0"}, {Op: payload.New, Text: "4"}}
	if diff := cmp.Diff(want, d.Shown().Lines); diff != "" {
		t.Error(diff)
	}
	b.message("t", "5", 7*second)
	d.Apply(7 * second)
	if got := d.Shown().Lines[1].Text; got != "5" {
		t.Errorf("the newest is not followed: %q", got)
	}
	d.SetView(payload.AsHex)
	if got := string(d.Shown().Bytes); got != "0" || !strings.HasPrefix(d.Caption(), "the message of ") {
		t.Errorf("hex of the picked message: %q, %q", got, d.Caption())
	}
	if text, as := d.CopyText(); text != "0" || as != "text" {
		t.Errorf("copied %q as %q", text, as)
	}
	l.run()
	d.Pick(d.Recent.Rows()[len(d.Recent.Rows())-1]) // the same again
	if _, ok := d.Picked(); ok || d.View() != payload.AsText || d.Shown().Text != "5" {
		t.Errorf("not back: %s %+v", d.View(), d.Shown())
	}
	d.Pick(rows[0])
	d.Show(b.target("other"), 8*second)
	if _, ok := d.Picked(); ok || d.View() != payload.AsText {
		t.Error("the picked message went along to another topic")
	}
}

func TestLargeValuesAreRenderedBeside(t *testing.T) {
	t.Parallel()
	b, l, d := setup(t)
	big := func(c string) string { return `["` + strings.Repeat(c, smallRender) + `"]` }
	b.see("a", big("a"), second, false)
	b.see("b", big("b"), second, false)
	d.Show(b.target("a"), second)
	if d.Shown().Text != "" {
		t.Error("rendered on the screen's goroutine")
	}
	d.Show(b.target("b"), second)
	l.run()
	if !strings.Contains(d.Shown().Text, "bbb") {
		t.Errorf("shows %.10q", d.Shown().Text)
	}
	b.see("b", big("c"), second+1, false)
	d.Apply(second + 1000)
	if len(l.jobs) != 0 {
		t.Error("renders a large value at full pace")
	}
	d.Apply(2 * second)
	l.run()
	if d.Shown().Form != payload.Diff {
		t.Errorf("the newest large value is not shown: %+v", d.Shown().Form)
	}
}

func TestPayloadLetGoComesFromHistory(t *testing.T) {
	t.Parallel()
	b, l, d := setup(t)
	b.ix = topic.NewIndex(topic.Limits{Payload: 10})
	b.message("t", "one", second)
	b.message("t", "two", 2*second)
	b.message("z", strings.Repeat("z", 10), 3*second)
	d.Show(b.target("t"), 4*second)
	if s := d.Shown(); !strings.Contains(s.Fault, "let go") {
		t.Errorf("before the history came: %+v", s)
	}
	l.run()
	d.Apply(5 * second)
	want := []payload.Line{{Op: payload.Gone, Text: "one"}, {Op: payload.New, Text: "two"}}
	if diff := cmp.Diff(want, d.Shown().Lines); diff != "" {
		t.Error(diff)
	}
}

func TestAgain(t *testing.T) {
	t.Parallel()
	b, l, d := setup(t)
	b.see("t", "\xff\x01", second, true)
	d.Show(b.target("t"), second)
	l.run()
	want := broker.Message{Topic: "t", Payload: []byte("\xff\x01"), Retained: true}
	if diff := cmp.Diff(want, d.Again()); diff != "" {
		t.Error(diff)
	}
	if text, as := d.CopyText(); text != "ff 01" || as != "hex" {
		t.Errorf("copied %q as %s", text, as)
	}
}

// FuzzDetail presses everything in any order: never a panic, and rows stay in
// order.
func FuzzDetail(f *testing.F) {
	f.Add([]byte("mmPvlmhmHaooobcPPsrmm"))
	f.Add([]byte("bsbsmmmmPLPLvvvvvv"))
	f.Fuzz(func(t *testing.T, keys []byte) {
		b, l := newBench(), &later{t: t}
		d := NewDetail(l.async, b)
		now := int64(second)
		names := []string{"a", "a/b", "", "/", "a/c"}
		for i, k := range keys[:min(len(keys), 200)] {
			now += int64(k) * 5000
			switch k % 16 {
			case 0, 1, 2:
				b.message(names[i%len(names)], strconv.Itoa(i%3), now)
			case 3:
				b.see(names[i%len(names)], "", now, true)
			case 4:
				d.Show(b.target(names[i%len(names)]), now)
			case 5:
				d.Show(Target{Session: b, Source: "src", Root: true}, now)
			case 6:
				d.SetView(payload.Views()[i%5])
			case 7:
				if rows := d.Recent.Rows(); len(rows) > 0 {
					d.Pick(rows[i%len(rows)])
				}
			case 8:
				d.Latest()
			case 9:
				d.Recent.Hold(i%2 == 0)
				d.Children.Hold(i%3 == 0)
			case 10:
				d.Recent.Older()
			case 11:
				d.Children.SortBy(ChildColumn(i % 6))
			case 12:
				d.Lift()
			case 13:
				l.run()
			default:
				d.Apply(now)
			}
			d.Chips()
			d.Caption()
			d.Again()
			rows := d.Recent.Rows()
			for i := 1; i < len(rows); i++ {
				if rows[i].Time > rows[i-1].Time {
					t.Fatalf("row %d is newer than the one above", i)
				}
			}
		}
		l.run()
		d.Apply(now + 10*second)
		l.run()
		if d.Target().Session != nil && !bytes.Equal(d.Payload(), d.Payload()) {
			t.Fatal("unstable payload")
		}
	})
}
