package publish

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/engine"
)

var _ Session = (*engine.Session)(nil)

// session answers publishes as told.
type session struct {
	state broker.State
	wait  time.Duration
	err   error
	sent  []broker.Message
}

func (s *session) Profile() broker.Profile { return broker.Profile{ID: "x", Name: "Bench"} }
func (s *session) Status() broker.Status   { return broker.Status{State: s.state} }

func (s *session) Publish(ctx context.Context, m broker.Message) (broker.Ack, error) {
	s.sent = append(s.sent, m)
	select {
	case <-ctx.Done():
		return broker.Ack{}, ctx.Err()
	case <-time.After(s.wait):
	}
	return broker.Ack{Stage: [...]string{"written", "PUBACK", "PUBCOMP"}[m.QoS]}, s.err
}

func at(t *testing.T) (*Drawer, *session) {
	t.Helper()
	s := &session{state: broker.Connected}
	d := New(func(work func(context.Context), done func()) { work(t.Context()); done() })
	d.Connect(s)
	return d, s
}

func TestTopicFollowsUntilTyped(t *testing.T) {
	t.Parallel()
	d, _ := at(t)
	d.Select("a/b")
	if d.Topic() != "a/b" || !d.Following() {
		t.Fatalf("topic %q, following %v", d.Topic(), d.Following())
	}
	d.SetTopic("a/b") // the entry tells back what it was given
	if !d.Following() {
		t.Error("stopped following although nothing was typed")
	}
	d.SetTopic("a/bc")
	d.Select("x")
	if d.Topic() != "a/bc" || d.Following() {
		t.Errorf("typed topic lost: %q", d.Topic())
	}
	d.Follow()
	if d.Topic() != "x" {
		t.Errorf("does not follow again: %q", d.Topic())
	}
}

func TestTopicNote(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		topic string
		level Level
		words string
	}{
		{"a/b", Quiet, ""},
		{"", Fault, "Give a topic"},
		{"a/+", Fault, "The topic holds a wildcard"},
		{"a/#", Fault, "The topic holds a wildcard"},
		{"a\x00", Fault, "The topic holds a zero character"},
		{strings.Repeat("x", 70_000), Fault, "The topic is 70000 bytes long"},
		{" a", Warning, "begins or ends with a space"},
		{"a ", Warning, "begins or ends with a space"},
		{"$SYS/x", Warning, "$SYS belongs to the broker"},
		{"$aws/things/x/shadow/get", Warning, "Topics that begin with $"},
		{"/a", Quiet, "empty first level"},
		{"a/", Quiet, "empty last level"},
	} {
		d, _ := at(t)
		d.SetTopic(c.topic)
		n := d.TopicNote()
		if n.Level != c.level || !strings.Contains(n.Text, c.words) || c.words == "" && n.Text != "" {
			t.Errorf("%.20q: %d %q, want %d %q", c.topic, n.Level, n.Text, c.level, c.words)
		}
		if ok, why := d.CanSend(); ok != (c.level != Fault) || !ok && why != n.Text {
			t.Errorf("%.20q: can send %v, %q", c.topic, ok, why)
		}
	}
}

func TestPayloadFormats(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		format Format
		text   string
		want   string
		note   Note
	}{
		{JSON, `{"a": 1.0}`, `{"a": 1.0}`, Note{Quiet, "10 B"}},
		{JSON, "", "", Note{Quiet, "empty payload"}},
		{JSON, "{\n\"a\":}", "", Note{Fault, "not JSON at line 2, column 5: invalid character '}' looking for beginning of value (choose Text to send it as it is)"}},
		{Text, "{nope ", "{nope ", Note{Quiet, "6 B"}},
		{Hex, "7b 7D", "{}", Note{Quiet, "2 B"}},
		{Hex, "7b 7", "", Note{Fault, "character 4: half a byte: give two hex digits for each byte"}},
		{Base64, "e30=", "{}", Note{Quiet, "2 B"}},
		{Base64, "e!", "", Note{Fault, "character 2: '!' is not a base64 character"}},
	} {
		d, s := at(t)
		d.SetTopic("t")
		d.SetFormat(c.format)
		d.SetText(c.text)
		if diff := cmp.Diff(c.note, d.PayloadNote()); diff != "" {
			t.Errorf("%s %q: %s", c.format, c.text, diff)
		}
		d.Send()
		if c.note.Level == Fault {
			if len(s.sent) != 0 || d.Result().Text != c.note.Text {
				t.Errorf("%s %q: sent %d, result %q", c.format, c.text, len(s.sent), d.Result().Text)
			}
		} else if len(s.sent) != 1 || string(s.sent[0].Payload) != c.want {
			t.Errorf("%s %q: sent %+v", c.format, c.text, s.sent)
		}
	}
}

func TestFormatKeepsTheBytes(t *testing.T) {
	t.Parallel()
	d, _ := at(t)
	d.SetText(`{"a":1}`)
	for _, step := range []struct {
		format Format
		text   string
	}{{Hex, "7b 22 61 22 3a 31 7d"}, {Base64, "eyJhIjoxfQ=="}, {Text, `{"a":1}`}, {JSON, `{"a":1}`}} {
		if refused := d.SetFormat(step.format); refused != "" || d.Text() != step.text {
			t.Errorf("as %s: %q, refused %q", step.format, d.Text(), refused)
		}
	}
	d.SetFormat(Hex)
	d.SetText("ff fe")
	if refused := d.SetFormat(JSON); !strings.Contains(refused, "no UTF-8 text") || d.Format() != Hex || d.Text() != "ff fe" {
		t.Errorf("binary became %s %q (%q)", d.Format(), d.Text(), refused)
	}
	d.SetText("ff f")
	if refused := d.SetFormat(Text); refused != "" || d.Text() != "ff f" {
		t.Errorf("unfinished text was not kept: %q, %q", d.Text(), refused)
	}
}

func TestLargePayloadIsKeptAside(t *testing.T) {
	t.Parallel()
	d, s := at(t)
	d.SetTopic("t")
	d.SetFormat(Text)
	big := strings.Repeat("x", EditorLimit+1)
	if !d.SetText(big) {
		t.Fatal("large text was taken into the editor")
	}
	if d.SetText("") { // the screen empties its editor
		t.Error("the emptied editor was taken for typing")
	}
	words, ok := d.Aside()
	if want := "pasted text, 10.0 kB, text"; !ok || words != want || d.Text() != "" {
		t.Errorf("aside %q, text %q; want %q", words, d.Text(), want)
	}
	d.Send()
	if len(s.sent) != 1 || string(s.sent[0].Payload) != big {
		t.Error("not sent whole")
	}
	d.SetFile("a.bin", []byte{0, 1})
	if words, _ = d.Aside(); words != "a.bin, 2 B, binary: control character 0x00 at 0" {
		t.Errorf("file: %q", words)
	}
	d.Discard()
	if _, ok = d.Aside(); ok {
		t.Error("still there after Discard")
	}
	d.Use(0)
	if _, ok = d.Aside(); !ok {
		t.Error("a large recent message came into the editor")
	}
}

func TestSend(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		qos  byte
		wait time.Duration
		err  error
		want Note
	}{
		{0, 0, nil, Note{Quiet, "written after 0.0 ms (QoS 0: the broker does not answer)"}},
		{1, 3 * time.Millisecond, nil, Note{Quiet, "PUBACK after 3.0 ms"}},
		{2, time.Second, nil, Note{Quiet, "PUBCOMP after 1.000 s"}},
		{1, time.Minute, nil, Note{Warning, "no acknowledgement in 30 s: t may or may not have arrived"}},
		{1, 0, fmt.Errorf("publish %q: %w", "t", broker.ErrNotConnected), Note{Fault, "not sent: the connection is down"}},
		{1, 0, errors.New("quota reached"), Note{Fault, "t: quota reached"}},
	} {
		synctest.Test(t, func(t *testing.T) {
			d, s := at(t)
			s.wait, s.err = c.wait, c.err
			d.SetTopic("t")
			d.SetText("1")
			d.SetQoS(c.qos)
			d.Send()
			if diff := cmp.Diff(c.want, d.Result()); diff != "" {
				t.Error(diff)
			}
			want := []broker.Message{{Topic: "t", Payload: []byte("1"), QoS: c.qos}}
			if diff := cmp.Diff(want, s.sent); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestResultIsOfTheNewest(t *testing.T) {
	t.Parallel()
	s := &session{state: broker.Connected}
	var over []func()
	d := New(func(work func(context.Context), done func()) {
		over = append(over, func() { work(t.Context()); done() })
	})
	d.Connect(s)
	d.SetTopic("t")
	d.Send()
	d.SetQoS(1)
	d.Send()
	if got := d.Result().Text; got != "sending… (2 wait for the broker)" {
		t.Errorf("while under way: %q", got)
	}
	over[1]()
	over[0]()
	if got := d.Result().Text; !strings.HasPrefix(got, "PUBACK after") {
		t.Errorf("the older result won: %q", got)
	}
}

func TestCanSendNeedsConnection(t *testing.T) {
	t.Parallel()
	d, s := at(t)
	d.SetTopic("t")
	s.state = broker.Waiting
	if ok, why := d.CanSend(); ok || why != "Bench is waiting to reconnect." {
		t.Errorf("%v %q", ok, why)
	}
	d.Connect(nil)
	d.Send()
	if got := d.Result().Text; got != "Choose a connection first." {
		t.Errorf("result %q", got)
	}
}

func TestClearingWarns(t *testing.T) {
	t.Parallel()
	d, _ := at(t)
	d.SetTopic("t")
	d.SetRetain(true)
	if n := d.PayloadNote(); n.Level != Warning || !strings.Contains(n.Text, "clears the retained message") {
		t.Errorf("note %+v", n)
	}
	if ok, why := d.CanSend(); !ok {
		t.Errorf("refused: %s", why)
	}
}

func TestRecent(t *testing.T) {
	t.Parallel()
	d, _ := at(t)
	for i := range 25 {
		d.SetTopic(fmt.Sprint("t", i))
		d.SetText("1")
		d.Send()
	}
	d.SetTopic("t10")
	d.Send()
	if n := len(d.Recent()); n != 20 || d.Recent()[0].Topic != "t10" || d.Recent()[1].Topic != "t24" {
		t.Errorf("%d recent, first %q", n, d.Recent()[0].Topic)
	}
	d.SetTopic("big")
	d.SetFile("f", make([]byte, mostSaved+1))
	d.Send()
	data, err := d.SaveRecent()
	if err != nil {
		t.Fatal(err)
	}
	again, _ := at(t)
	if err := again.LoadRecent(data); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(d.Recent()[1:], again.Recent()); diff != "" {
		t.Errorf("saved and loaded (-want +got):\n%s", diff)
	}
	again.Use(0)
	m, err := again.Message()
	if diff := cmp.Diff(broker.Message{Topic: "t10", Payload: []byte("1")}, m); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
	if again.LoadRecent([]byte("{")) == nil || again.LoadRecent(nil) != nil {
		t.Error("nonsense is taken, or nothing refused")
	}
}

func TestTidy(t *testing.T) {
	t.Parallel()
	d, _ := at(t)
	d.SetText(`{"b":1.0,"a":[]}`)
	if !d.CanTidy() {
		t.Fatal("can not tidy JSON")
	}
	d.Tidy()
	if want := "{\n  \"b\": 1.0,\n  \"a\": []\n}"; d.Text() != want {
		t.Errorf("got %s", d.Text())
	}
	d.SetText("{")
	if d.CanTidy() {
		t.Error("can tidy what is not JSON")
	}
}

// FuzzDrawer turns the text through all formats: never a panic, and a payload
// that could be sent stays the same bytes in every format that takes it.
func FuzzDrawer(f *testing.F) {
	for _, s := range []string{"", "{}", "7b 7d", "e30=", "\xff", "0x", "{\"a\":"} {
		f.Add(s, uint8(0), uint8(2))
	}
	f.Fuzz(func(t *testing.T, text string, from, to uint8) {
		d := New(nil)
		d.SetFormat(Formats()[int(from)%4])
		d.SetText(text)
		before, err := d.Payload()
		if refused := d.SetFormat(Formats()[int(to)%4]); refused != "" || err != nil {
			return
		}
		after, err := d.Payload()
		if d.Format() == JSON && err != nil {
			return // fine as bytes, only not JSON
		}
		if err != nil || !bytes.Equal(before, after) {
			t.Fatalf("% x became % x, %v", before, after, err)
		}
	})
}
