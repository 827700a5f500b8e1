package connections

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/thingdesk/thingdesk/broker"
)

// bench is an engine in memory.
type bench struct {
	profiles  []broker.Profile
	status    map[string]broker.Status
	passwords map[string]string
	log       []string
	fail      error
	keyring   bool
}

func newBench() *bench {
	local := broker.NewProfile("Local broker", "127.0.0.1:1883")
	local.ID = broker.LocalID
	site := broker.NewProfile("Site A", "site-a.example.com")
	site.ID, site.Username, site.KeepAlive = "site-a", "ann", 30
	return &bench{
		profiles: []broker.Profile{local, site}, keyring: true,
		status:    map[string]broker.Status{broker.LocalID: {State: broker.Connected}},
		passwords: map[string]string{"site-a": "old"},
	}
}

func (b *bench) Profiles() []broker.Profile     { return slices.Clone(b.profiles) }
func (b *bench) Status(id string) broker.Status { return b.status[id] }
func (b *bench) Open(_ context.Context, id string) error {
	b.log = append(b.log, "open "+id)
	b.status[id] = broker.Status{State: broker.Connecting}
	return b.fail
}

func (b *bench) Close(_ context.Context, id string) error {
	b.log = append(b.log, "close "+id)
	delete(b.status, id)
	return b.fail
}

func (b *bench) Delete(_ context.Context, id string) error {
	if b.fail != nil {
		return b.fail
	}
	b.profiles = slices.DeleteFunc(b.profiles, func(p broker.Profile) bool { return p.ID == id })
	return nil
}

func (b *bench) Save(_ context.Context, p broker.Profile, password *string) (bool, error) {
	if b.fail != nil {
		return false, b.fail
	}
	if err := p.Validate(); err != nil {
		return false, err
	}
	if password != nil {
		b.passwords[p.ID] = *password
	}
	if i := slices.IndexFunc(b.profiles, func(o broker.Profile) bool { return o.ID == p.ID }); i >= 0 {
		b.profiles[i] = p
	} else {
		b.profiles = append(b.profiles, p)
	}
	return b.keyring, nil
}

// queue runs background work when the test says.
type queue struct {
	t       *testing.T
	pending []func()
}

func (q *queue) async(work func(context.Context), done func()) {
	q.pending = append(q.pending, func() { work(q.t.Context()); done() })
}

func (q *queue) run() {
	for len(q.pending) > 0 {
		f := q.pending[0]
		q.pending = q.pending[1:]
		f()
	}
}

func newTestModel(t *testing.T) (*Model, *bench, *queue) {
	t.Helper()
	b, q := newBench(), &queue{t: t}
	return New(q.async, b), b, q
}

func TestListShowsStatesInWords(t *testing.T) {
	t.Parallel()
	m, b, _ := newTestModel(t)
	now := time.Now()
	b.status["site-a"] = broker.Status{
		State: broker.Waiting, Attempt: 2, Retry: now.Add(7 * time.Second),
		Reason: broker.Reason{Text: "nothing listens there", Hint: "Start the broker"},
	}
	m.Apply(now)
	var got []string
	for _, i := range m.Items() {
		got = append(got, i.Name+": "+i.Words)
	}
	want := []string{
		"Local broker: connected to 127.0.0.1:1883",
		"Site A: nothing listens there. Start the broker. Trying again in 7 s (attempt 3).",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	before := m.Revision()
	m.Apply(now)
	if m.Revision() != before {
		t.Error("nothing changed, but the revision grew")
	}
}

func TestStateWords(t *testing.T) {
	t.Parallel()
	now := time.Now()
	p := broker.NewProfile("x", "host")
	for want, st := range map[string]broker.Status{
		"not connected":                                     {},
		"the user closed it":                                {Reason: broker.Reason{Text: "the user closed it"}},
		"connecting to host:1883…":                          {State: broker.Connecting, Attempt: 1},
		"connecting to host:1883, attempt 4…":               {State: broker.Connecting, Attempt: 4},
		"connected to host:1883":                            {State: broker.Connected, Since: now},
		"connected to host:1883 for 3 min, session resumed": {State: broker.Connected, Since: now.Add(-3 * time.Minute), SessionPresent: true},
		"it broke. Trying again now.":                       {State: broker.Waiting, Reason: broker.Reason{Text: "it broke"}},
	} {
		if got := StateWords(p, st, now); got != want {
			t.Errorf("%+v: %q, want %q", st, got, want)
		}
	}
}

func TestCreateSaveConnect(t *testing.T) {
	t.Parallel()
	m, b, q := newTestModel(t)
	m.Create()
	f := m.Form()
	if m.MaySave() || f.Faults()[FieldName] != "" || !f.Faulty() || f.Missing() == "" {
		t.Errorf("an empty new form: faults %v, missing %q", f.Faults(), f.Missing())
	}
	f.SetAddress("mqtts://bob:p%40ss@mq.example.com:8884/topic")
	f.Name = "Site A"
	if m.MaySave() || f.Faults()[FieldName] == "" {
		t.Error("a name may be taken twice")
	}
	f.Name = " Site B "
	if !m.MaySave() {
		t.Fatalf("faults %v", f.Faults())
	}
	m.Save(true)
	if !m.Busy() || m.MaySave() {
		t.Error("saving is not busy")
	}
	f.ClientID = "typed while saving"
	q.run()
	p := b.profiles[2]
	want := broker.Profile{
		ID: p.ID, Name: "Site B", Address: "mq.example.com:8884", Transport: broker.TLS, Username: "bob",
		Subscriptions: broker.DefaultSubscriptions(),
	}
	if d := cmp.Diff(want, p); d != "" || b.passwords[p.ID] != "p@ss" {
		t.Errorf("password %q, (-want +got):\n%s", b.passwords[p.ID], d)
	}
	if !slices.Contains(b.log, "open "+p.ID) {
		t.Errorf("not opened: %v", b.log)
	}
	if f = m.Form(); f.Password != "" || f.New() || !strings.Contains(f.Note, "keyring") || f.ClientID != "typed while saving" || !f.Edited() {
		t.Errorf("form after saving: %+v", f)
	}
	if i := m.Items()[m.Selected()]; i.ID != p.ID || i.New || len(m.Items()) != 3 {
		t.Errorf("items %+v", m.Items())
	}
}

func TestNothingTypedIsLost(t *testing.T) {
	t.Parallel()
	m, b, q := newTestModel(t)
	m.Select("site-a")
	f := m.Form()
	f.ClientID, f.Password = "me", "new"
	m.Select(broker.LocalID)
	m.Apply(time.Now())
	if i := m.Items()[1]; !i.Edited {
		t.Error("the list does not tell of unsaved changes")
	}
	m.Select("site-a")
	if m.Form().ClientID != "me" {
		t.Fatal("typed text is lost by selecting another")
	}
	b.fail = errors.New("disk full")
	m.Save(false)
	q.run()
	if f := m.Form(); m.Fault() != "Disk full" || f.ClientID != "me" || f.Password != "new" || !m.MaySave() {
		t.Errorf("after failing: fault %q, %+v", m.Fault(), f)
	}
	b.fail = nil
	b.profiles[1].Subscriptions = []broker.Subscription{{Filter: "only/this"}} // changed on another screen meanwhile
	b.profiles[1].Name = "Renamed"
	m.Apply(time.Now())
	if f := m.Form(); f.Name != "Renamed" || f.ClientID != "me" {
		t.Errorf("form does not follow: %+v", f)
	}
	m.Save(false)
	q.run()
	p := b.profiles[1]
	if p.ClientID != "me" || p.Name != "Renamed" || len(p.Subscriptions) != 1 || b.passwords["site-a"] != "new" || m.Fault() != "" {
		t.Errorf("saved %+v, password %q", p, b.passwords["site-a"])
	}
	if m.Form().Edited() {
		t.Error("still edited after saving")
	}
}

func TestPasswordIsKeptForgottenOrReplaced(t *testing.T) {
	t.Parallel()
	m, b, q := newTestModel(t)
	b.keyring = false
	m.Select("site-a")
	m.Form().KeepAlive = "45"
	m.Save(false)
	q.run()
	if b.passwords["site-a"] != "old" || m.Form().Note != "" {
		t.Errorf("password %q, note %q", b.passwords["site-a"], m.Form().Note)
	}
	m.Form().Password = "new"
	m.Save(false)
	q.run()
	if b.passwords["site-a"] != "new" || !strings.Contains(m.Form().Note, "until Thingdesk closes") {
		t.Errorf("password %q, note %q", b.passwords["site-a"], m.Form().Note)
	}
	m.Form().Forget = true
	m.Save(false)
	q.run()
	if pw, ok := b.passwords["site-a"]; !ok || pw != "" || m.Form().Forget {
		t.Errorf("password %q, note %q", pw, m.Form().Note)
	}
	m.Form().Username, m.Form().Password = "", "x"
	if m.MaySave() || m.Form().Faults()[FieldPassword] == "" {
		t.Error("a password without user name can be saved")
	}
}

func TestRefusalStandsBesideTheField(t *testing.T) {
	t.Parallel()
	m, b, q := newTestModel(t)
	m.Select("site-a")
	m.Form().ClientID = "me"
	b.fail = &broker.FieldError{Field: FieldClientID, Text: "too plain"}
	m.Save(false)
	q.run()
	if m.Form().Faults()[FieldClientID] != "too plain" || m.MaySave() {
		t.Errorf("faults %v", m.Form().Faults())
	}
	m.Form().ClientID = "me too"
	if !m.MaySave() {
		t.Errorf("still refused: %v", m.Form().Faults())
	}
}

func TestDuplicateRevertDelete(t *testing.T) {
	t.Parallel()
	m, b, q := newTestModel(t)
	m.Select("site-a")
	m.Duplicate()
	f := m.Form()
	if f.Name != "Site A (2)" || f.Username != "ann" || f.ID() == "site-a" || !strings.Contains(f.Note, "not copied") {
		t.Errorf("duplicate %+v", f)
	}
	f.Subscriptions[0].Filter = "mine"
	if b.profiles[1].Subscriptions[0].Filter == "mine" {
		t.Error("the duplicate shares the subscriptions")
	}
	m.Revert()
	if len(m.Items()) != 2 || m.Form() == nil {
		t.Errorf("items after revert %+v", m.Items())
	}
	m.Select("site-a")
	m.Form().Name = "typed"
	m.Revert()
	if m.Form().Name != "Site A" {
		t.Errorf("name after revert %q", m.Form().Name)
	}
	m.Delete()
	q.run()
	if len(b.profiles) != 1 || len(m.Items()) != 1 || !m.Form().Local() {
		t.Errorf("profiles %+v, items %+v", b.profiles, m.Items())
	}
	if m.MayDelete() {
		t.Error("the bundled broker may be deleted")
	}
	m.Delete()
	if q.run(); len(b.profiles) != 1 {
		t.Error("the bundled broker was deleted")
	}
}

func TestToggle(t *testing.T) {
	t.Parallel()
	m, b, q := newTestModel(t)
	m.Select("site-a")
	for _, want := range []string{"Connect", "Disconnect", "Connect"} {
		if verb, ok := m.MayToggle(); verb != want || !ok {
			t.Fatalf("%q, %v; want %q", verb, ok, want)
		}
		m.Toggle()
		m.Toggle() // once at a time
		q.run()
	}
	if d := cmp.Diff([]string{"open site-a", "close site-a", "open site-a"}, b.log); d != "" {
		t.Error(d)
	}
	b.fail = errors.New("no such thing")
	m.Toggle()
	if q.run(); m.Fault() != "No such thing" {
		t.Errorf("fault %q", m.Fault())
	}
	m.Create()
	if _, ok := m.MayToggle(); ok {
		t.Error("a connection that was never saved can be opened")
	}
	m.Select(broker.LocalID)
	if verb, _ := m.MayToggle(); verb != "Stop broker" {
		t.Errorf("verb %q", verb)
	}
}
