package shadow_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/thingdesk/thingdesk/things/shadow"
)

// FuzzHandle sends two requests, of which the second may meet the shadow that
// the first made. Replies must be JSON on topics of the service, versions must
// grow, and undoing must bring the earlier answers back.
func FuzzHandle(f *testing.F) {
	f.Add("update", `{"state":{"desired":{"a":1}},"clientToken":"x"}`, "update", `{"state":{"reported":{"a":[1,{"b":null}]}},"version":1}`)
	f.Add("update", `{"state":null}`, "delete", ``)
	f.Add("name/n/update", `{"state":{"desired":{"a":{"b":{"c":1e400}}}}}`, "name/n/get", `{"clientToken":"\ud800"}`)
	f.Add("update", `{"state":{},"version":0}`, "get/accepted", "\xff")
	f.Add("update", "{\"state\":{\"desired\":{\"\\u0000\":\"\\u001f\"}}}", "update", `[[[[`)
	f.Fuzz(func(t *testing.T, suffix1, payload1, suffix2, payload2 string) {
		s := newService(t)
		get := func() string {
			replies, _ := s.Handle("$aws/things/x/shadow/get", nil, at(9))
			return string(replies[0].Payload)
		}
		version := int64(0)
		for i, r := range [][2]string{{suffix1, payload1}, {suffix2, payload2}} {
			before := get()
			replies, change := s.Handle("$aws/things/x/shadow/"+r[0], []byte(r[1]), at(int64(i)))
			checkReplies(t, replies)
			if change == nil {
				if after := get(); after != before {
					t.Fatalf("changed without a Change: %s to %s", before, after)
				}
				continue
			}
			if change.Record.Key.Name == "" {
				if change.Record.Version <= version {
					t.Fatalf("version went from %d to %d", version, change.Record.Version)
				}
				version = change.Record.Version
			}
			s.Undo(change)
			if after := get(); after != before {
				t.Fatalf("Undo left %s, before it was %s", after, before)
			}
			again, change2 := s.Handle("$aws/things/x/shadow/"+r[0], []byte(r[1]), at(int64(i)))
			if diff := cmp.Diff(replies, again) + cmp.Diff(change.Record, change2.Record); diff != "" {
				t.Fatalf("the same request went another way after Undo:\n%s", diff)
			}
			if _, err := shadow.NewService([]shadow.Record{change.Record}); err != nil {
				t.Fatalf("stored record does not load: %v", err)
			}
		}
	})
}

func checkReplies(t *testing.T, replies []shadow.Reply) {
	t.Helper()
	for _, r := range replies {
		if _, suffix, ok := shadow.ParseTopic(r.Topic); !ok || !strings.Contains(suffix, "/") {
			t.Fatalf("reply on %s", r.Topic)
		}
		if !json.Valid(r.Payload) || !utf8.Valid(r.Payload) {
			t.Fatalf("reply on %s is no JSON: %q", r.Topic, r.Payload)
		}
	}
}

// FuzzMergeDelta compares Merge and Delta with models that go leaf by leaf.
func FuzzMergeDelta(f *testing.F) {
	f.Add(`{"a":{"b":1}}`, `{"a":{"b":null,"c":{"d":null}}}`, `{"a":{"c":{}}}`)
	f.Add(`{"a":[1,2]}`, `{"a":{"0":1}}`, `{"a":[1,2.0]}`)
	f.Add(`{}`, `{"a":{},"b":{"c":{}}}`, `{"b":1}`)
	f.Fuzz(func(t *testing.T, text1, text2, text3 string) {
		section, ok1 := decodeObject(text1)
		patch, ok2 := decodeObject(text2)
		reported, ok3 := decodeObject(text3)
		if !ok1 || !ok2 || !ok3 {
			t.Skip()
		}
		section = shadow.Merge(nil, section) // stored sections have no nulls
		reported = shadow.Merge(nil, reported)

		merged := shadow.Merge(section, patch)
		if got, want := leaves(merged), modelMerge(section, patch); !cmp.Equal(got, want) {
			t.Errorf("Merge(%v, %v):\n%s", section, patch, cmp.Diff(want, got))
		}
		delta := shadow.Delta(merged, reported)
		if healed := shadow.Delta(merged, shadow.Merge(reported, delta)); healed != nil {
			t.Errorf("reporting the delta %v leaves %v", delta, healed)
		}
		if got, want := leaves(delta), modelDelta(merged, reported); !cmp.Equal(got, want) {
			t.Errorf("Delta(%v, %v):\n%s", merged, reported, cmp.Diff(want, got))
		}
		if again := shadow.Delta(merged, merged); again != nil {
			t.Errorf("Delta with itself: %v", again)
		}
	})
}

func decodeObject(text string) (shadow.Object, bool) {
	v, err := shadow.DecodeValue([]byte(text))
	o, ok := v.(shadow.Object)
	return o, ok && err == nil && strings.IndexByte(text, '\\') < 0 && utf8.ValidString(text)
}

// leaves maps the path of each leaf to its JSON. A leaf is everything but an
// object with members. Path elements end with a byte that no name has.
func leaves(o shadow.Object) map[string]string {
	all := make(map[string]string)
	var walk func(path string, v any)
	walk = func(path string, v any) {
		sub, ok := v.(shadow.Object)
		if !ok || len(sub) == 0 {
			all[path] = string(shadow.EncodeValue(v))
			return
		}
		for k, e := range sub {
			walk(path+k+"\x00", e)
		}
	}
	for k, e := range o {
		walk(k+"\x00", e)
	}
	return all
}

// modelMerge applies a patch one leaf after the other to a flat section.
func modelMerge(section, patch shadow.Object) map[string]string {
	flat := leaves(section)
	isObject := func(path string) bool { return lookup(section, path) }
	for path, text := range leaves(patch) {
		for i := range path { // ancestors that are values make way
			if path[i] == 0 && i < len(path)-1 && !isObject(path[:i+1]) {
				delete(flat, path[:i+1])
			}
		}
		switch {
		case text == "{}" && isObject(path):
			continue
		case text == "null":
			remove(flat, path)
			if parent := path[:strings.LastIndexByte(path[:len(path)-1], 0)+1]; parent != "" && !hasBelow(flat, parent) {
				flat[parent] = "{}"
			}
			continue
		}
		remove(flat, path)
		v, _ := shadow.DecodeValue([]byte(text))
		flat[path] = string(shadow.EncodeValue(shadow.Merge(nil, shadow.Object{"v": v})["v"]))
	}
	for path, text := range flat { // {} only where nothing is below
		if text == "{}" && hasBelow(flat, path) {
			delete(flat, path)
		}
	}
	for path := range flat { // an emptied object shows only when no leaf came later
		for i := range path {
			if path[i] == 0 && i < len(path)-1 && flat[path[:i+1]] == "{}" {
				delete(flat, path[:i+1])
			}
		}
	}
	return flat
}

// lookup tells whether o has an object at path.
func lookup(o shadow.Object, path string) bool {
	var v any = o
	for name := range strings.SplitSeq(strings.TrimSuffix(path, "\x00"), "\x00") {
		sub, ok := v.(shadow.Object)
		if !ok {
			return false
		}
		v = sub[name]
	}
	_, ok := v.(shadow.Object)
	return ok
}

func remove(flat map[string]string, path string) {
	for p := range flat {
		if strings.HasPrefix(p, path) {
			delete(flat, p)
		}
	}
}

func hasBelow(flat map[string]string, path string) bool {
	for p := range flat {
		if len(p) > len(path) && strings.HasPrefix(p, path) {
			return true
		}
	}
	return false
}

// modelDelta keeps the leaves of desired that reported does not hold.
func modelDelta(desired, reported shadow.Object) map[string]string {
	delta := make(map[string]string)
	for path, text := range leaves(desired) {
		var have any = reported
		found := true
		for name := range strings.SplitSeq(strings.TrimSuffix(path, "\x00"), "\x00") {
			sub, ok := have.(shadow.Object)
			if have, found = sub[name]; !ok || !found {
				found = false
				break
			}
		}
		_, object := have.(shadow.Object)
		want, _ := shadow.DecodeValue([]byte(text))
		if !found || text == "{}" && !object || text != "{}" && !shadow.Equal(want, have) {
			delta[path] = text
		}
	}
	return delta
}
