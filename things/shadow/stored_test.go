package shadow_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/thingdesk/thingdesk/things/shadow"
)

// TestRecordsOfOthers loads documents that this service would not write: with
// members in another order, metadata that is missing, in part or of another
// shape, and members nobody asked for.
func TestRecordsOfOthers(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, document, want string }{
		{
			"no metadata", `{"state":{"desired":{"a":1,"b":{"c":[1]}}},"version":3}`,
			`{"state":{"desired":{"a":1,"b":{"c":[1]}},"delta":{"a":1,"b":{"c":[1]}}},"metadata":{"desired":{"b":{"c":[{}]}}},"version":3,"timestamp":9}`,
		},
		{
			"metadata of some members, in another order",
			`{"state":{"reported":{"c":3,"a":1,"b":2}},"metadata":{"reported":{"b":{"timestamp":5},"x":{"timestamp":1},"c":{"timestamp":6}}},"version":3}`,
			`{"state":{"reported":{"a":1,"b":2,"c":3}},"metadata":{"reported":{"b":{"timestamp":5},"c":{"timestamp":6}}},"version":3,"timestamp":9}`,
		},
		{
			"metadata of other shapes",
			`{"state":{"reported":{"a":1,"b":[1,2],"c":{"d":1},"e":2}},"metadata":{"reported":{"a":{"timestamp":"x"},"b":{"timestamp":4},"c":[{"timestamp":4}],"e":{"timestamp":4,"y":1}}},"version":3}`,
			`{"state":{"reported":{"a":1,"b":[1,2],"c":{"d":1},"e":2}},"metadata":{"reported":{"b":[{},{}],"c":{}}},"version":3,"timestamp":9}`,
		},
		{
			"more metadata than elements",
			`{"state":{"reported":{"b":[1]}},"metadata":{"reported":{"b":[{"timestamp":4},{"timestamp":5}]},"desired":{"q":1}},"version":3,"more":{"x":[]}}`,
			`{"state":{"reported":{"b":[1]}},"metadata":{"reported":{"b":[{"timestamp":4}]}},"version":3,"timestamp":9}`,
		},
		{
			"sections of null", `{"version":3.0,"state":{"reported":null,"desired":{}},"metadata":null}`,
			`{"state":{},"metadata":{},"version":3,"timestamp":9}`,
		},
		{"state null", `{"state":null,"version":3}`, `{"state":{},"metadata":{},"version":3,"timestamp":9}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newService(t, shadow.Record{Key: shadow.Key{Thing: "x"}, Version: 3, Document: []byte(tt.document)})
			tell(t, s, []exchange{{9, "get", "", []string{"get/accepted " + tt.want}}})
		})
	}
}

func TestRecordsThatAreDamaged(t *testing.T) {
	t.Parallel()
	for _, document := range []string{
		``, `null`, `[]`, `{`, `{"version":3}}`, `{"version":3,}`, `{"version":3 "state":{}}`, `{version:3}`, `{"version":"3"}`, `{"version":3.5}`,
		`{"version":null}`, `{}`, `{"state":[],"version":3}`, `{"state":{"desired":1},"version":3}`, `{"state":{"reported":[]},"version":3}`,
		`{"state":{"reported":{"a":1}},"metadata":{"reported":{"a":{"timestamp":}}},"version":3}`,
		`{"state":{"reported":{"a":1}},"metadata":{"reported":{"a" 1}},"version":3}`,
		`{"state":{"reported":{"a":[1,2]}},"metadata":{"reported":{"a":[1 2]}},"version":3}`,
		`{"state":{"reported":{"a":1}},"metadata":,"version":3}`, "{\"state\":{\"reported\":{\"a\":\"\xff\"}},\"version\":3}",
	} {
		_, err := shadow.NewService([]shadow.Record{{Key: shadow.Key{Thing: "x"}, Version: 3, Document: []byte(document)}})
		if err == nil {
			t.Errorf("%q was loaded", document)
		}
	}
}

// TestTimesOfEveryKind follows the metadata of members that change their kind.
func TestTimesOfEveryKind(t *testing.T) {
	t.Parallel()
	s := newService(t)
	story := []struct{ patch, want string }{
		{`{"timestamp":1,"o":{"timestamp":{"timestamp":1}},"l":[1,[2],{"timestamp":3}]}`, `{"l":[{T1},[{T1}],{"timestamp":{T1}}],"o":{"timestamp":{"timestamp":{T1}}},"timestamp":{T1}}`},
		{`{"timestamp":1}`, `{"l":[{T1},[{T1}],{"timestamp":{T1}}],"o":{"timestamp":{"timestamp":{T1}}},"timestamp":{T2}}`},
		{`{"o":{"timestamp":{"x":null}}}`, `{"l":[{T1},[{T1}],{"timestamp":{T1}}],"o":{"timestamp":{"timestamp":{T1}}},"timestamp":{T2}}`},
		{`{"o":{"timestamp":4},"l":[1]}`, `{"l":[{T4}],"o":{"timestamp":{T4}},"timestamp":{T2}}`},
		{`{"o":{"timestamp":null},"l":{}}`, `{"l":{},"o":{},"timestamp":{T2}}`},
		{`{"o":{},"l":[],"timestamp":{"timestamp":[]}}`, `{"l":[],"o":{},"timestamp":{"timestamp":[]}}`},
		{`{"o":5,"l":null,"timestamp":{"timestamp":{}}}`, `{"o":{T7},"timestamp":{"timestamp":{}}}`},
	}
	for i, st := range story {
		now := int64(i + 1)
		_, change := s.Handle("$aws/things/x/shadow/update", []byte(`{"state":{"reported":`+st.patch+`}}`), at(now))
		_, meta, _ := strings.Cut(string(change.Record.Document), `"metadata":{"reported":`)
		meta = strings.TrimSuffix(meta, fmt.Sprintf(`},"version":%d}`, now))
		want := st.want
		for n := range 9 {
			want = strings.ReplaceAll(want, fmt.Sprintf("{T%d}", n), fmt.Sprintf(`{"timestamp":%d}`, n))
		}
		if diff := cmp.Diff(want, meta); diff != "" {
			t.Errorf("second %d, %s (-want +got):\n%s", now, st.patch, diff)
		}
	}
}

// TestWorkedExampleOfTheDelta is the end of the worked example of metadata: a
// delta message has the times of desired, not its own.
func TestWorkedExampleOfTheDelta(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.Handle("$aws/things/x/shadow/update", []byte(`{"state":{"reported":{"a":1}}}`), at(1010))
	s.Handle("$aws/things/x/shadow/update", []byte(`{"state":{"desired":{"a":5,"l":[1,2]}}}`), at(1020))
	for _, st := range []struct {
		now            int64
		payload, delta string
	}{
		{1030, `{"state":{"reported":{"z":1}}}`, `{"version":3,"timestamp":1030,"state":{"a":5,"l":[1,2]},"metadata":{"a":{"timestamp":1020},"l":[{"timestamp":1020},{"timestamp":1020}]}}`},
		{1050, `{"state":{"desired":{"l":[1,3]}}}`, `{"version":4,"timestamp":1050,"state":{"a":5,"l":[1,3]},"metadata":{"a":{"timestamp":1020},"l":[{"timestamp":1050},{"timestamp":1050}]}}`},
	} {
		replies, _ := s.Handle("$aws/things/x/shadow/update", []byte(st.payload), at(st.now))
		if got := string(replies[0].Payload); got != st.delta {
			t.Errorf("got %s, want %s", got, st.delta)
		}
	}
}

// TestExpiredTombstonesAreNamed deletes many shadows; those forgotten after two
// days are told to whoever stores them, each once.
func TestExpiredTombstonesAreNamed(t *testing.T) {
	t.Parallel()
	s := newService(t)
	told := make(map[shadow.Key]bool)
	const n = 3000
	for i := range n {
		k := shadow.Key{Thing: fmt.Sprintf("t%d", i)}
		now := at(int64(i) * 120)
		s.Handle(k.Topic("update"), []byte(`{"state":{}}`), now)
		_, change := s.Handle(k.Topic("delete"), nil, now)
		for _, gone := range change.Expired {
			if told[gone] {
				t.Fatalf("%v was named twice", gone)
			}
			told[gone] = true
		}
	}
	const kept = 48 * 3600 / 120 // deleted within two days
	if len(told) < n-2*kept || len(told) > n-kept {
		t.Errorf("%d of %d tombstones were named, %d are fresh", len(told), n, kept)
	}
	for i := range n - kept - 1 {
		delete(told, shadow.Key{Thing: fmt.Sprintf("t%d", i)})
	}
	if len(told) > 0 {
		t.Errorf("fresh tombstones were named: %v", told)
	}
}

// TestLargeRequestLeavesNothing sends a request with many more values than a
// document can have, then works on as before.
func TestLargeRequestLeavesNothing(t *testing.T) {
	t.Parallel()
	s := newService(t)
	many := `{"state":{"reported":{"l":[0` + strings.Repeat(",0", 20000) + `]}}}`
	tell(t, s, []exchange{
		{1, "update", many, rejected("update", 413, "The payload exceeds the maximum size allowed")},
		{2, "get", "", rejected("get", 404, "No shadow exists with name: 'x'")},
		{3, "update", `{"state":{}}`, []string{
			`update/documents {"previous":null,"current":{"state":{},"metadata":{},"version":1},"timestamp":3}`,
			`update/accepted {"state":{},"metadata":{},"version":1,"timestamp":3}`,
		}},
	})
}
