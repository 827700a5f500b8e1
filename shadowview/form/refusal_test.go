package form

import (
	"strings"
	"testing"

	"github.com/thingdesk/thingdesk/things/shadow"
)

// Every code says what happened, to what, what to do, and what the service
// said.
func TestRefusalWords(t *testing.T) {
	t.Parallel()
	named := shadow.Key{Thing: "pump", Name: "config"}
	seen := map[string]int{}
	for _, c := range []struct {
		code       int
		message    string
		what, next string
	}{
		{400, "Invalid JSON", "no JSON", "Preview"},
		{400, "JSON contains too many levels of nesting; maximum is 6", "nested too deeply", "fewer levels"},
		{400, "Invalid version", "no whole number", "Read the shadow again"},
		{400, "Invalid clientToken", "token is too long", "Send again"},
		{400, "State contains an invalid node: 'foo'", "beside desired and reported", "Leave everything"},
		{400, "Desired node must be an object", "no object", "Write it as an object"},
		{400, "Missing required node: state", "missing", `{"state":{}}`},
		{400, "", "did not understand", "mend"},
		{401, "Unauthorized", "not signed in", "password"},
		{403, "Forbidden", "policy", "$aws/things/pump/shadow/name/config/update"},
		{404, "No shadow exists with name: 'pump~config'", "does not exist", "first update"},
		{405, "Method not allowed", "does not know this kind", "shadow service"},
		{409, "Version conflict", "somebody else", "read again"},
		{413, "The payload exceeds the maximum size allowed", "8,192 bytes", "Clear what is not needed"},
		{415, "Unsupported documented encoding; supported encoding is UTF-8", "UTF-8", "anew"},
		{429, "Too many requests", "too many requests", "Wait"},
		{500, "Internal service failure", "fault of its own", "later"},
		{503, "Service unavailable", "not available", "later"},
		{599, "Odd", "do not know", "log"},
	} {
		r := Refusal{Op: "update", Key: named, Code: c.code, Message: c.message}
		words := r.Words()
		for _, part := range []string{`The update of the shadow "config" of "pump" was refused`, c.what, c.next, c.message} {
			if !strings.Contains(words, part) {
				t.Errorf("%d %q: %q lacks %q", c.code, c.message, words, part)
			}
		}
		if brief := r.Brief(); !strings.Contains(brief, c.what) || strings.Contains(brief, "\n") {
			t.Errorf("%d: brief %q", c.code, brief)
		}
		if was, there := seen[r.what()]; there && was != c.code {
			t.Errorf("%d and %d say the same: %s", was, c.code, r.what())
		}
		seen[r.what()] = c.code
	}
	classic := Refusal{Op: "get", Key: shadow.Key{Thing: "pump"}, Code: 403}.Words()
	if !strings.Contains(classic, `Reading the classic shadow of "pump"`) || !strings.Contains(classic, "allow reading") || !strings.Contains(classic, "$aws/things/pump/shadow/get") {
		t.Errorf("get: %q", classic)
	}
	if del := (Refusal{Op: "delete", Key: named, Code: 403}).Words(); !strings.Contains(del, "allow deleting") {
		t.Errorf("delete: %q", del)
	}
}

// A shadow that may not be read says so, and does not stay silent.
func TestReadRefused(t *testing.T) {
	t.Parallel()
	f := New(key, Config{})
	before := f.Revision()
	f.ReadRefused(403, "Forbidden")
	if n := f.Notice(); n.Severity != Alarm || !strings.Contains(n.Text, "Reading the classic shadow") || f.Revision() == before {
		t.Errorf("notice %+v", n)
	}
	f.Apply(document(t, 1, `{"a":1}`, `{}`))
	if n := f.Notice(); n != (Notice{}) {
		t.Errorf("read after all, still %+v", n)
	}
	f.ReadRefused(429, "Too many requests") // somebody else's
	if n := f.Notice(); n != (Notice{}) {
		t.Errorf("somebody else's refusal is shown: %+v", n)
	}
}
