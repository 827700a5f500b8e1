package topics

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/storage"
)

func TestRecentMergesLiveAndHistory(t *testing.T) {
	t.Parallel()
	b, l, d := setup(t)
	for i := range 150 {
		b.message("t", strconv.Itoa(i), int64(i+1)*1000)
	}
	d.Show(b.target("t"), second)
	if n := len(d.Recent.Rows()); n != 2 {
		t.Errorf("%d rows before the history came", n)
	}
	l.run()
	r := d.Recent
	if len(r.Rows()) != 100 || !r.More() {
		t.Fatalf("%d rows, more %v", len(r.Rows()), r.More())
	}
	r.Older()
	l.run()
	checkOrder(t, r, 150)
	// Five messages between two looks: the screen sees two, the history all.
	for i := range 5 {
		b.message("t", fmt.Sprint("n", i), second+int64(i)*1000)
	}
	d.Apply(second + 100_000)
	if n := len(r.Rows()); n != 152 || r.Rows()[1].Missing != 3 {
		t.Errorf("%d rows, missing %d", n, r.Rows()[1].Missing)
	}
	if _, ok := r.Interval(1); ok {
		t.Error("an interval over missing messages")
	}
	l.run()
	if len(r.Rows()) != 152 {
		t.Error("read the history again too soon")
	}
	d.Apply(3 * second)
	l.run()
	checkOrder(t, r, 155)
	if iv, ok := r.Interval(0); !ok || iv.Microseconds() != 1000 {
		t.Errorf("interval %v %v", iv, ok)
	}
}

func TestEchoOfASentMessage(t *testing.T) {
	t.Parallel()
	b, l, d := setup(t)
	d.Show(b.target("t"), second)
	l.run()
	b.message("t", "echo", second+2000)
	b.record("t", "sent", second) // sent before, recorded after its echo
	b.rows[1].Message.Direction = broker.Out
	d.Apply(second + 3000) // the echo is a live row
	b.see("t", "next", 3*second, false)
	d.Apply(3 * second)
	l.run()
	var got []string
	for _, r := range d.Recent.Rows() {
		got = append(got, r.Direction.String()+" "+string(r.Payload))
	}
	if diff := cmp.Diff([]string{"in next", "in echo", "out sent"}, got); diff != "" {
		t.Error(diff)
	}
}

// The bundled broker's messages are recorded in the broker, a moment before they
// come to us; one that we sent is recorded only as going out.
func TestRecordedBeforeReceived(t *testing.T) {
	t.Parallel()
	b, l, d := setup(t)
	d.Show(b.target("t"), second)
	l.run()
	b.record("t", "same", second)
	b.see("t", "same", second+400, false)
	b.record("t", "mine", second+1000)
	b.rows[1].Message.Direction = broker.Out
	b.see("t", "mine", second+1400, false)
	b.see("t", "not stored yet", second+2000, false)
	for i := range int64(3) {
		d.Apply((2 + i) * second)
		l.run()
	}
	var got []string
	for _, r := range d.Recent.Rows() {
		got = append(got, string(r.Payload))
	}
	if diff := cmp.Diff([]string{"not stored yet", "mine", "same"}, got); diff != "" {
		t.Error(diff)
	}
}

func checkOrder(t *testing.T, r *Recent, want int) {
	t.Helper()
	rows := r.Rows()
	if len(rows) != want {
		t.Errorf("%d rows, want %d", len(rows), want)
	}
	for i := 1; i < len(rows); i++ {
		if rows[i].Time >= rows[i-1].Time || rows[i].Missing > 0 {
			t.Fatalf("row %d is out of order: %+v after %+v", i, rows[i], rows[i-1])
		}
	}
}

func TestRecentHold(t *testing.T) {
	t.Parallel()
	b, l, d := setup(t)
	d.Recent.history = nil // only what the index knows
	b.see("t", "a", second, false)
	d.Show(b.target("t"), second)
	l.run()
	d.Recent.Hold(true)
	b.see("t", "b", 2*second, false)
	d.Apply(2 * second)
	b.see("t", "c", 3*second, false)
	d.Apply(3 * second)
	if n := len(d.Recent.Rows()); n != 1 || d.Recent.Waiting() != 2 {
		t.Errorf("held: %d rows, %d waiting", n, d.Recent.Waiting())
	}
	d.Recent.Hold(false)
	d.Apply(3 * second)
	if n := len(d.Recent.Rows()); n != 3 || d.Recent.Waiting() != 0 {
		t.Errorf("let go: %d rows, %d waiting", n, d.Recent.Waiting())
	}
}

func TestPageThatComesWhileHeldWaits(t *testing.T) {
	t.Parallel()
	b, l, d := setup(t)
	b.message("t", "a", second)
	d.Show(b.target("t"), second)
	l.run()
	for i := range 3 {
		b.message("t", fmt.Sprint("b", i), 3*second+int64(i))
	}
	d.Apply(3 * second) // asks for a page
	d.Recent.Hold(true)
	l.run()
	if n := len(d.Recent.Rows()); n != 3 || d.Recent.Rows()[1].Missing != 1 {
		t.Errorf("rows moved while held: %d", n)
	}
	d.Recent.Hold(false)
	d.Apply(5 * second)
	l.run()
	checkOrder(t, d.Recent, 4)
}

func TestLiveRowsAreBounded(t *testing.T) {
	t.Parallel()
	b, _, d := setup(t)
	d.Recent.history = nil
	d.Show(b.target("t"), 0)
	for i := range 300 {
		b.see("t", "x", int64(i+1)*second, false)
		d.Apply(int64(i+1) * second)
	}
	rows := d.Recent.Rows()
	if len(rows) != mostLive || rows[len(rows)-1].Missing == 0 {
		t.Errorf("%d rows, the last misses %d", len(rows), rows[len(rows)-1].Missing)
	}
}

func TestBranchStream(t *testing.T) {
	t.Parallel()
	b, l, d := setup(t)
	b.message("f/a/x", "1", second)
	b.message("f/b", "2", 2*second)
	b.message("other", "3", 3*second)
	d.Show(b.target("f"), 4*second)
	l.run()
	var got []string
	for _, r := range d.Recent.Rows() {
		got = append(got, d.Recent.Relative(r.Topic)+"="+string(r.Payload))
	}
	if diff := cmp.Diff([]string{"b=2", "a/x=1"}, got); diff != "" || !d.Recent.Subtree() {
		t.Error(diff)
	}
	if got := chips(d); !strings.HasPrefix(got, "2 topics in all | 2 messages in all | 2 B | 2 s ago") {
		t.Errorf("chips %q", got)
	}
	b.message("f", "own", 5*second)
	d.Apply(5 * second)
	l.run()
	if d.Recent.Subtree() || len(d.Recent.Rows()) != 1 || string(d.Recent.Rows()[0].Payload) != "own" {
		t.Errorf("with a message of its own: %+v", d.Recent.Rows())
	}
}

// stuck fails, then answers.
type stuck struct{ err error }

func (s *stuck) Page(context.Context, storage.Query, storage.Cursor) (storage.Page, error) {
	return storage.Page{}, s.err
}

func TestHistoryFailureIsShown(t *testing.T) {
	t.Parallel()
	b, l := newBench(), &later{t: t}
	h := &stuck{errors.New("disk full")}
	d := NewDetail(l.async, h)
	b.see("t", "1", second, false)
	d.Show(b.target("t"), second)
	l.run()
	if d.Recent.Err() == nil || len(d.Recent.Rows()) != 1 {
		t.Errorf("err %v, rows %d", d.Recent.Err(), len(d.Recent.Rows()))
	}
	h.err = nil
	b.see("t", "2", 3*second, false)
	d.Apply(3 * second)
	l.run()
	if d.Recent.Err() != nil {
		t.Error("the error stays after success")
	}
}

func TestLateAnswersAreDropped(t *testing.T) {
	t.Parallel()
	b, l, d := setup(t)
	b.message("a", "1", second)
	b.message("b/c", "2", second)
	d.Show(b.target("a"), second)
	first := l.jobs
	l.jobs = nil
	d.Show(b.target("b"), second)
	l.run()
	for _, job := range first {
		job()
	}
	if rows := d.Recent.Rows(); len(rows) != 1 || rows[0].Topic != "b/c" {
		t.Errorf("rows of the topic before: %+v", rows)
	}
}
