package shadow_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/thingdesk/thingdesk/things/shadow"
	"github.com/thingdesk/thingdesk/things/shadow/shadowtest"
)

// at returns a time n seconds after the epoch.
func at(n int64) time.Time { return time.Unix(n, 0) }

func newService(tb testing.TB, records ...shadow.Record) *shadow.Service {
	tb.Helper()
	s, err := shadow.NewService(records)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func TestVectors(t *testing.T) {
	t.Parallel()
	shadowtest.Run(t, func(t *testing.T) shadowtest.Exchange {
		t.Helper()
		s := newService(t)
		return func(t *testing.T, topic string, payload []byte) []shadowtest.Message {
			t.Helper()
			replies, _ := s.Handle(topic, payload, time.Now())
			messages := make([]shadowtest.Message, 0, len(replies))
			for _, r := range replies {
				messages = append(messages, shadowtest.Message(r))
			}
			return messages
		}
	})
}

// exchange is one line of a story: at second T, payload goes to the suffix,
// and want comes back, each as "suffix payload".
type exchange struct {
	t       int64
	suffix  string
	payload string
	want    []string
}

// tell runs a story on the classic shadow of Thing x, byte for byte.
func tell(t *testing.T, s *shadow.Service, story []exchange) {
	t.Helper()
	for i, e := range story {
		replies, _ := s.Handle("$aws/things/x/shadow/"+e.suffix, []byte(e.payload), at(e.t))
		var got []string
		for _, r := range replies {
			got = append(got, strings.TrimPrefix(r.Topic, "$aws/things/x/shadow/")+" "+string(r.Payload))
		}
		if diff := cmp.Diff(e.want, got); diff != "" {
			t.Errorf("exchange %d, %s %.300s (-want +got):\n%s", i, e.suffix, e.payload, diff)
		}
	}
}

func rejected(op string, code int, message string) []string {
	return []string{fmt.Sprintf(`%s/rejected {"code":%d,"message":"%s"}`, op, code, message)}
}

func TestMetadataWorkedExample(t *testing.T) {
	t.Parallel()
	tell(t, newService(t), []exchange{
		{1000, "update", `{"state":{"reported":{"a":1,"b":{"c":2}}},"clientToken":"tok"}`, []string{
			`update/documents {"previous":null,"current":{"state":{"reported":{"a":1,"b":{"c":2}}},"metadata":{"reported":{"a":{"timestamp":1000},"b":{"c":{"timestamp":1000}}}},"version":1},"timestamp":1000,"clientToken":"tok"}`,
			`update/accepted {"state":{"reported":{"a":1,"b":{"c":2}}},"metadata":{"reported":{"a":{"timestamp":1000},"b":{"c":{"timestamp":1000}}}},"version":1,"timestamp":1000,"clientToken":"tok"}`,
		}},
		{1010, "update", `{"state":{"reported":{"b":{"c":2}}}}`, []string{
			`update/documents {"previous":{"state":{"reported":{"a":1,"b":{"c":2}}},"metadata":{"reported":{"a":{"timestamp":1000},"b":{"c":{"timestamp":1000}}}},"version":1},"current":{"state":{"reported":{"a":1,"b":{"c":2}}},"metadata":{"reported":{"a":{"timestamp":1000},"b":{"c":{"timestamp":1010}}}},"version":2},"timestamp":1010}`,
			`update/accepted {"state":{"reported":{"b":{"c":2}}},"metadata":{"reported":{"b":{"c":{"timestamp":1010}}}},"version":2,"timestamp":1010}`,
		}},
		{1020, "update", `{"state":{"desired":{"a":5,"l":[1,2]}}}`, []string{
			`update/delta {"version":3,"timestamp":1020,"state":{"a":5,"l":[1,2]},"metadata":{"a":{"timestamp":1020},"l":[{"timestamp":1020},{"timestamp":1020}]}}`,
			`update/documents {"previous":{"state":{"reported":{"a":1,"b":{"c":2}}},"metadata":{"reported":{"a":{"timestamp":1000},"b":{"c":{"timestamp":1010}}}},"version":2},"current":{"state":{"desired":{"a":5,"l":[1,2]},"reported":{"a":1,"b":{"c":2}}},"metadata":{"desired":{"a":{"timestamp":1020},"l":[{"timestamp":1020},{"timestamp":1020}]},"reported":{"a":{"timestamp":1000},"b":{"c":{"timestamp":1010}}}},"version":3},"timestamp":1020}`,
			`update/accepted {"state":{"desired":{"a":5,"l":[1,2]}},"metadata":{"desired":{"a":{"timestamp":1020},"l":[{"timestamp":1020},{"timestamp":1020}]}},"version":3,"timestamp":1020}`,
		}},
		{1040, "get", ``, []string{
			`get/accepted {"state":{"desired":{"a":5,"l":[1,2]},"reported":{"a":1,"b":{"c":2}},"delta":{"a":5,"l":[1,2]}},"metadata":{"desired":{"a":{"timestamp":1020},"l":[{"timestamp":1020},{"timestamp":1020}]},"reported":{"a":{"timestamp":1000},"b":{"c":{"timestamp":1010}}}},"version":3,"timestamp":1040}`,
		}},
		{1050, "delete", `{"clientToken":"bye"}`, []string{
			`delete/accepted {"version":3,"timestamp":1050,"clientToken":"bye"}`,
		}},
	})
}

func TestMemberCalledTimestamp(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.Handle("$aws/things/x/shadow/update", []byte(`{"state":{"reported":{"timestamp":7,"o":{"timestamp":8}}}}`), at(10))
	s.Handle("$aws/things/x/shadow/update", []byte(`{"state":{"reported":{"o":{"state":1}}}}`), at(20))
	tell(t, s, []exchange{{30, "get", `{}`, []string{
		`get/accepted {"state":{"reported":{"o":{"state":1,"timestamp":8},"timestamp":7}},"metadata":{"reported":{"o":{"state":{"timestamp":20},"timestamp":{"timestamp":10}},"timestamp":{"timestamp":10}}},"version":2,"timestamp":30}`,
	}}})
}

func TestLiteralsAreKept(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.Handle("$aws/things/x/shadow/update", []byte(`{"state":{"reported":{"n":1.50,"i":9007199254740993,"e":1E+2,"s":"<&>\u2028é"}}}`), at(1))
	tell(t, s, []exchange{{2, "get", ``, []string{
		`get/accepted {"state":{"reported":{"e":1E+2,"i":9007199254740993,"n":1.50,"s":"<&>` + "\u2028" + `é"}},"metadata":{"reported":{"e":{"timestamp":1},"i":{"timestamp":1},"n":{"timestamp":1},"s":{"timestamp":1}}},"version":1,"timestamp":2}`,
	}}})
}

func TestRejections(t *testing.T) {
	t.Parallel()
	nested := func(levels int) string {
		return `{"state":{"desired":` + strings.Repeat(`{"k":`, levels) + `1` + strings.Repeat(`}`, levels) + `}}`
	}
	big := `{"state":{"reported":{"b":"` + strings.Repeat("x", 8185) + `"}}}` // {"b":".."} is 8193 bytes
	tests := []struct {
		name, op, payload string
		code              int
		message           string
	}{
		{"not UTF-8", "update", "{\"state\":{\"reported\":{\"a\":\"\xff\"}}}", 415, `Unsupported documented encoding; supported encoding is UTF-8`},
		{"not JSON", "update", `{"state":`, 400, `Invalid JSON`},
		{"two values", "update", `{"state":{}} {}`, 400, `Invalid JSON`},
		{"byte order mark", "update", "\ufeff" + `{"state":{}}`, 400, `Invalid JSON`},
		{"empty", "update", ``, 400, `Missing required node: state`},
		{"no object", "update", `66`, 400, `Missing required node: state`},
		{"null", "update", `null`, 400, `Missing required node: state`},
		{"array", "update", `[]`, 400, `Missing required node: state`},
		{"State in capitals", "update", `{"State":{}}`, 400, `Missing required node: state`},
		{"state is an array", "update", `{"state":[]}`, 400, `State node must be an object`},
		{"state has delta", "update", `{"state":{"delta":{}}}`, 400, `State contains an invalid node`},
		{"desired is an array", "update", `{"state":{"desired":[]}}`, 400, `Desired node must be an object`},
		{"reported is a number", "update", `{"state":{"desired":{},"reported":1}}`, 400, `Reported node must be an object`},
		{"version is a string", "update", `{"state":{},"version":"1"}`, 400, `Invalid version`},
		{"version is null", "update", `{"state":{},"version":null}`, 400, `Invalid version`},
		{"version is negative", "update", `{"state":{},"version":-1}`, 400, `Invalid version`},
		{"version has a fraction", "update", `{"state":{},"version":1.5}`, 400, `Invalid version`},
		{"version is enormous", "update", `{"state":{},"version":1e999999999}`, 409, `Version conflict`},
		{"version of a shadow that never was", "update", `{"state":{},"version":2}`, 409, `Version conflict`},
		{"token is a number", "update", `{"state":{},"clientToken":1}`, 400, `Invalid clientToken`},
		{"token is null", "update", `{"state":{},"clientToken":null}`, 400, `Invalid clientToken`},
		{"token of 66 bytes in 33 letters", "update", `{"state":{},"clientToken":"` + strings.Repeat("é", 33) + `"}`, 400, `Invalid clientToken`},
		{"token too long in get", "get", `{"clientToken":"` + strings.Repeat("x", 65) + `"}`, 400, `Invalid clientToken`},
		{"token too long in delete", "delete", `{"clientToken":"` + strings.Repeat("x", 65) + `"}`, 400, `Invalid clientToken`},
		{"too deep", "update", nested(9), 400, `JSON contains too many levels of nesting; maximum is 8`},
		{"absurdly deep", "update", nested(20000), 400, `JSON contains too many levels of nesting; maximum is 8`},
		{"null in an array", "update", `{"state":{"desired":{"a":[1,null]}}}`, 400, `Invalid JSON`},
		{"null in an array in an object in an array", "update", `{"state":{"desired":{"a":[{"b":[[null]]}]}}}`, 400, `Invalid JSON`},
		{"one byte too large", "update", big, 413, `The payload exceeds the maximum size allowed`},
		{"beyond AWS's message size", "update", `{"state":{}}` + strings.Repeat(" ", 128*1024), 413, `The payload exceeds the maximum size allowed`},
		{"order: state before version", "update", `{"state":1,"version":"x"}`, 400, `State node must be an object`},
		{"order: version before token", "update", `{"state":{},"version":"x","clientToken":1}`, 400, `Invalid version`},
		{"order: depth before version conflict", "update", `{"version":7,` + nested(9)[1:], 400, `JSON contains too many levels of nesting; maximum is 8`},
		{"get of nothing", "get", `no JSON`, 404, `No shadow exists with name: 'x'`},
		{"delete of nothing", "delete", "\xff", 404, `No shadow exists with name: 'x'`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newService(t)
			_, change := s.Handle("$aws/things/x/shadow/"+tt.op, []byte(tt.payload), at(1))
			if change != nil {
				t.Errorf("a rejected request changed %+v", change.Record)
			}
			tell(t, s, []exchange{
				{2, tt.op, tt.payload, rejected(tt.op, tt.code, tt.message)},
				{3, "get", "", rejected("get", 404, "No shadow exists with name: 'x'")},
			})
		})
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.Limits = shadow.Limits{Document: 20, Depth: 2}
	fits := `{"state":{"reported":{"a":"` + strings.Repeat("x", 12) + `"}}}`
	if _, change := s.Handle("$aws/things/x/shadow/update", []byte(fits), at(1)); change == nil {
		t.Error("20 bytes refused at a limit of 20")
	}
	tell(t, s, []exchange{
		{2, "update", `{"state":{"desired":{}}}`, []string{
			`update/documents {"previous":{"state":{"reported":{"a":"xxxxxxxxxxxx"}},"metadata":{"reported":{"a":{"timestamp":1}}},"version":1},"current":{"state":{"reported":{"a":"xxxxxxxxxxxx"}},"metadata":{"reported":{"a":{"timestamp":1}}},"version":2},"timestamp":2}`,
			`update/accepted {"state":{"desired":{}},"metadata":{"desired":{}},"version":2,"timestamp":2}`,
		}},
		{3, "update", `{"state":{"desired":{"b":1}},"clientToken":"t"}`, []string{
			`update/rejected {"code":413,"message":"The payload exceeds the maximum size allowed","clientToken":"t"}`,
		}},
		{4, "update", `{"state":{"desired":{"a":{"b":{"c":1}}}}}`, rejected("update", 400, "JSON contains too many levels of nesting; maximum is 2")},
		{5, "update", `{"state":{"desired":{"a":{"b":{}}}}}`, rejected("update", 413, "The payload exceeds the maximum size allowed")},
	})
}

func TestTopicsThatAreNoRequests(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for _, topic := range []string{
		"", "$aws/things/x/shadow", "$aws/things/x/shadow/", "$aws/things//shadow/get", "$aws/things/x/shadow/Get",
		"$aws/things/x/shadow/update/accepted", "$aws/things/x/shadow/update/rejected", "$aws/things/x/shadow/get/accepted",
		"$aws/things/x/shadow/update/delta", "$aws/things/x/shadow/update/documents", "$aws/things/x/shadow/delete/accepted",
		"$aws/things/x/shadow/name/update", "$aws/things/x/shadow/name//update", "$aws/things/x/shadow/get/", "$aws/things/x/shadow/get/x",
		"$aws/things/a b/shadow/get", "$aws/things/ä/shadow/get", "$aws/things/a$/shadow/get", "$aws/things/+/shadow/get",
		"$aws/things/" + strings.Repeat("x", 129) + "/shadow/get", "$aws/things/x/shadow/name/" + strings.Repeat("x", 65) + "/get",
		"$aws/things/x/shadow/name/a.b/get", "aws/things/x/shadow/get", "$AWS/things/x/shadow/get", "$aws/things/x/y/shadow/get",
	} {
		if replies, change := s.Handle(topic, []byte(`{"state":{}}`), at(1)); replies != nil || change != nil {
			t.Errorf("%s was answered: %q", topic, replies)
		}
	}
}

func TestVersionsAfterDelete(t *testing.T) {
	t.Parallel()
	const update, twoDays = "$aws/things/x/shadow/update", 48 * 3600
	version := func(s *shadow.Service, payload string, now int64) int64 {
		_, change := s.Handle(update, []byte(payload), at(now))
		if change == nil {
			return 0
		}
		return change.Record.Version
	}
	tests := []struct {
		name    string
		payload string
		after   int64 // seconds after the delete
		want    int64
	}{
		{"goes on", `{"state":{}}`, 1, 5},
		{"goes on to the end of the two days", `{"state":{}}`, twoDays - 1, 5},
		{"begins again after two days", `{"state":{}}`, twoDays, 1},
		{"a version never fits a deleted shadow", `{"state":{},"version":4}`, 1, 0},
		{"after two days it is as new", `{"state":{},"version":1}`, twoDays, 1},
		{"goes on when the clock was set back", `{"state":{}}`, -500, 5},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newService(t)
			for range 3 {
				version(s, `{"state":{}}`, 1000)
			}
			_, change := s.Handle("$aws/things/x/shadow/delete", nil, at(1000))
			if !change.Record.Deleted || change.Record.Version != 4 || change.Record.Document != nil || change.Record.At != 1000e6 {
				t.Fatalf("tombstone is %+v", change.Record)
			}
			again := newService(t, change.Record)
			for _, s := range []*shadow.Service{s, again} {
				if got := version(s, tt.payload, 1000+tt.after); got != tt.want {
					t.Errorf("version %d, want %d", got, tt.want)
				}
			}
		})
	}
}

func TestNamedShadowIsNamedInRejections(t *testing.T) {
	t.Parallel()
	replies, _ := newService(t).Handle("$aws/things/x/shadow/name/n/get", nil, at(1))
	want := []shadow.Reply{{
		Topic:   "$aws/things/x/shadow/name/n/get/rejected",
		Payload: []byte(`{"code":404,"message":"No shadow exists with name: 'x~n'"}`),
	}}
	if diff := cmp.Diff(want, replies); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestNewServiceRefuses(t *testing.T) {
	t.Parallel()
	good := shadow.Record{Key: shadow.Key{Thing: "x"}, Version: 1, Document: []byte(`{"state":{},"metadata":{},"version":1}`)}
	for name, spoil := range map[string]func(*shadow.Record){
		"no document":   func(r *shadow.Record) { r.Document = nil },
		"damaged":       func(r *shadow.Record) { r.Document = r.Document[:20] },
		"other version": func(r *shadow.Record) { r.Version = 2 },
		"version 0":     func(r *shadow.Record) { r.Version = 0; r.Deleted = true },
		"bad name":      func(r *shadow.Record) { r.Key.Thing = "a b" },
		"state no object": func(r *shadow.Record) {
			r.Document = []byte(`{"state":[],"version":1}`)
		},
	} {
		r := good
		spoil(&r)
		if _, err := shadow.NewService([]shadow.Record{good, r}); err == nil {
			t.Errorf("%s: no error", name)
		} else if !strings.HasPrefix(err.Error(), `load shadow "$aws/things/`) {
			t.Errorf("%s: error %q does not name the shadow", name, err)
		}
	}
}

func TestUndo(t *testing.T) {
	t.Parallel()
	topic := func(suffix string) string { return shadow.Key{Thing: "x", Name: "n"}.Topic(suffix) }
	type step struct{ op, payload string }
	tests := []struct {
		name   string
		before []step
		undone []step
	}{
		{"creation", nil, []step{{"update", `{"state":{"desired":{"a":1}}}`}}},
		{"update", []step{{"update", `{"state":{"desired":{"a":1}}}`}}, []step{{"update", `{"state":{"desired":{"a":null,"b":2}}}`}}},
		{"delete", []step{{"update", `{"state":{"desired":{"a":1}}}`}}, []step{{"delete", ``}}},
		{"re-creation", []step{{"update", `{"state":{}}`}, {"delete", ``}}, []step{{"update", `{"state":{}}`}}},
		{"several in reverse", []step{{"update", `{"state":{}}`}}, []step{
			{"update", `{"state":{"reported":{"a":1}}}`}, {"delete", ``}, {"update", `{"state":null}`},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, untouched := newService(t), newService(t)
			for _, st := range tt.before {
				s.Handle(topic(st.op), []byte(st.payload), at(1))
				untouched.Handle(topic(st.op), []byte(st.payload), at(1))
			}
			var changes []*shadow.Change
			for _, st := range tt.undone {
				_, change := s.Handle(topic(st.op), []byte(st.payload), at(2))
				changes = append(changes, change)
			}
			for i, change := range slices.Backward(changes) {
				want := []shadow.Reply{{
					Topic:   topic(tt.undone[i].op + "/rejected"),
					Payload: []byte(`{"code":500,"message":"Internal service failure"}`),
				}}
				if diff := cmp.Diff(want, s.Undo(change)); diff != "" {
					t.Errorf("Undo (-want +got):\n%s", diff)
				}
			}
			for _, st := range []step{{"get", ``}, {"update", `{"state":{"reported":{"z":1}}}`}, {"delete", `{}`}} {
				got, _ := s.Handle(topic(st.op), []byte(st.payload), at(3))
				want, _ := untouched.Handle(topic(st.op), []byte(st.payload), at(3))
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s afterwards (-untouched +undone):\n%s", st.op, diff)
				}
			}
		})
	}
	if got := newService(t).Undo(nil); got != nil {
		t.Errorf("Undo(nil) = %v", got)
	}
}

func TestUndoEchoesToken(t *testing.T) {
	t.Parallel()
	s := newService(t)
	_, change := s.Handle("$aws/things/x/shadow/update", []byte(`{"state":{},"clientToken":"t"}`), at(1))
	got := string(s.Undo(change)[0].Payload)
	if want := `{"code":500,"message":"Internal service failure","clientToken":"t"}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func BenchmarkUpdate(b *testing.B) {
	s := newService(b)
	payload := []byte(`{"state":{"reported":{"temperature":21.5,"humidity":40,"door":{"open":false,"count":12}},"desired":{"temperature":22}}}`)
	b.ReportAllocs()
	for b.Loop() {
		s.Handle("$aws/things/greenhouse/shadow/update", payload, at(1))
	}
}
