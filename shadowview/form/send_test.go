package form

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestStory walks reported 36 → desired 28 → reported 28.
func TestStory(t *testing.T) {
	t.Parallel()
	f := newForm(t, `{"temperature":36}`, `{}`)
	p := []string{"temperature"}
	if state(t, f, "temperature") != DeviceOnly {
		t.Fatal("not device only")
	}
	f.Edit(p, "28")
	if state(t, f, "temperature") != Edited {
		t.Fatal("not edited")
	}
	before, _ := f.Preview()
	if !strings.Contains(string(before.Payload), `"temperature":28`) || state(t, f, "temperature") != Edited {
		t.Fatal("preview is wrong or has side effects")
	}
	u, err := f.Send(200*second, "tok")
	if err != nil {
		t.Fatal(err)
	}
	want := Update{
		Key: key, Topic: "$aws/things/thermal-01/shadow/update", QoS: 1, Token: "tok", Version: 41,
		Payload:      []byte(`{"state":{"desired":{"temperature":28}},"version":41,"clientToken":"tok"}`),
		AnswerTopics: []string{"$aws/things/thermal-01/shadow/update/accepted", "$aws/things/thermal-01/shadow/update/rejected"},
	}
	if d := cmp.Diff(want, u); d != "" {
		t.Fatal(d)
	}
	if state(t, f, "temperature") != Sent {
		t.Fatal("not sent")
	}
	if f.Accepted("other", 42, 201*second) || state(t, f, "temperature") != Sent {
		t.Fatal("took an unknown token")
	}
	f.Accepted("tok", 42, 201*second)
	if state(t, f, "temperature") != Pending {
		t.Fatal("not pending before the document came")
	}
	f.Apply(document(t, 42, `{"temperature":36}`, `{"temperature":28}`))
	if state(t, f, "temperature") != Pending || len(f.edits) != 0 {
		t.Fatal("not pending by the document")
	}
	f.Apply(document(t, 43, `{"temperature":28}`, `{"temperature":28}`))
	if state(t, f, "temperature") != InSync {
		t.Fatal("not in sync")
	}
}

func TestConflictStory(t *testing.T) {
	t.Parallel()
	p := []string{"t"}
	start := func() *Form {
		f := newForm(t, `{"t":36,"u":1}`, `{"t":30,"u":1}`)
		f.Edit(p, "28")
		f.Edit([]string{"u"}, "2")
		f.Apply(document(t, 42, `{"t":36,"u":1}`, `{"t":31,"u":1}`))
		return f
	}
	f := start()
	r, _ := f.Row("t")
	if r.State != Conflict || Text(r.Theirs) != "31" || r.Edit != "28" || state(t, f, "u") != Edited {
		t.Fatalf("row %+v", r)
	}
	if ok, why := f.CanSend(); ok || !strings.Contains(why, "conflict") {
		t.Errorf("can send: %v %q", ok, why)
	}
	f.KeepMine(p)
	if u, err := f.Preview(); err != nil || !strings.Contains(string(u.Payload), `{"t":28,"u":2}},"version":42`) {
		t.Errorf("keep mine: %s %v", u.Payload, err)
	}
	f = start()
	f.TakeTheirs(p)
	if u, err := f.Preview(); err != nil || !strings.Contains(string(u.Payload), `{"desired":{"u":2}}`) {
		t.Errorf("take theirs: %s %v", u.Payload, err)
	}
}

func TestRejected409RereadsAndKeeps(t *testing.T) {
	t.Parallel()
	f := newForm(t, `{"t":36,"u":1}`, `{"t":30,"u":1}`)
	f.Edit([]string{"t"}, "28")
	f.Edit([]string{"u"}, "2")
	if _, err := f.Send(0, "tok"); err != nil {
		t.Fatal(err)
	}
	if f.Rejected("x", 409, "", 0).Reread {
		t.Error("an unknown token asks for a re-read")
	}
	if !f.Rejected("tok", 409, "Version conflict", 0).Reread {
		t.Error("no re-read")
	}
	if ok, why := f.CanSend(); ok || !strings.Contains(why, "reading") {
		t.Errorf("before the re-read: %v %q", ok, why)
	}
	f.Apply(document(t, 45, `{"t":36,"u":1}`, `{"t":31,"u":1}`))
	if state(t, f, "t") != Conflict || state(t, f, "u") != Edited {
		t.Errorf("states %v %v", state(t, f, "t"), state(t, f, "u"))
	}
	f.KeepMine([]string{"t"})
	if u, err := f.Send(0, "tok2"); err != nil || u.Version != 45 {
		t.Errorf("second send %+v %v", u, err)
	}
}

func TestRejectedExplains(t *testing.T) {
	t.Parallel()
	for code, words := range map[int]string{
		400: "did not understand", 401: "not signed in", 403: "policy", 404: "does not exist", 413: "too large",
		415: "UTF-8", 429: "too many", 500: "fault of its own", 599: "do not know",
	} {
		f := newForm(t, `{"t":36}`, `{"t":30}`)
		f.Edit([]string{"t"}, "28")
		if _, err := f.Send(0, "tok"); err != nil {
			t.Fatal(err)
		}
		f.Rejected("tok", code, "Words", 1)
		r, _ := f.Row("t")
		if r.State != Refused || r.Edit != "28" || !strings.Contains(r.Note, words) || !strings.Contains(r.Note, "Words") {
			t.Errorf("%d: %v %q %q", code, r.State, r.Edit, r.Note)
		}
		if ok, _ := f.CanSend(); !ok {
			t.Errorf("%d: cannot send again", code)
		}
	}
}

func TestNoAnswer(t *testing.T) {
	t.Parallel()
	f := newForm(t, `{"t":36}`, `{"t":30}`)
	f.Edit([]string{"t"}, "28")
	if _, err := f.Send(100*second, "tok"); err != nil {
		t.Fatal(err)
	}
	f.Tick(105*second - 1)
	if state(t, f, "t") != Sent {
		t.Error("gave up early")
	}
	f.Tick(105 * second)
	if r, _ := f.Row("t"); r.State != NoAnswer || !strings.Contains(r.Note, "no answer in 5 s") {
		t.Errorf("row %+v", r)
	}
	f.Accepted("tok", 42, 110*second) // late
	f.Apply(document(t, 42, `{"t":36}`, `{"t":28}`))
	if state(t, f, "t") != Pending {
		t.Error("a late answer does not count")
	}

	f = newForm(t, `{"t":36}`, `{"t":30}`) // the document shows what no answer told
	f.Edit([]string{"t"}, "28")
	if _, err := f.Send(100*second, "tok"); err != nil {
		t.Fatal(err)
	}
	f.Apply(document(t, 42, `{"t":36}`, `{"t":28}`))
	f.Tick(105 * second)
	if state(t, f, "t") != Pending || f.Notice().Text != "" {
		t.Errorf("state %v, notice %q", state(t, f, "t"), f.Notice().Text)
	}
}

func TestEditingWhileSent(t *testing.T) {
	t.Parallel()
	f := newForm(t, `{"t":36}`, `{"t":30}`)
	p := []string{"t"}
	f.Edit(p, "28")
	if _, err := f.Send(0, "tok"); err != nil {
		t.Fatal(err)
	}
	f.Edit(p, "27")
	if state(t, f, "t") != Edited {
		t.Errorf("state %v", state(t, f, "t"))
	}
	if ok, _ := f.CanSend(); ok {
		t.Error("two updates under way")
	}
	f.Accepted("tok", 42, 1)
	f.Apply(document(t, 42, `{"t":36}`, `{"t":28}`))
	if state(t, f, "t") != Edited {
		t.Errorf("our own update is a conflict: %v", state(t, f, "t"))
	}
	if u, err := f.Preview(); err != nil || !strings.Contains(string(u.Payload), `{"t":27}},"version":42`) {
		t.Errorf("%s %v", u.Payload, err)
	}
	f.SendFailed("nothing", "x")
}
