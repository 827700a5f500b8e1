package settings

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"
)

// documentation is what users read.
const documentation = "../../docs/broker.md"

// TestDocumentedExamples reads the examples of docs/broker.md as settings.
func TestDocumentedExamples(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(documentation)
	if err != nil {
		t.Fatal(err)
	}
	folder := certificates(t)
	examples := regexp.MustCompile("(?s)```json\n(.*?)```").FindAllStringSubmatch(string(page), -1)
	whole := 0
	for _, e := range examples {
		text := strings.ReplaceAll(e[1], "$argon2id$v=19$m=19456,t=2,p=1$...", hash)
		switch {
		case strings.HasPrefix(text, `{"allow"`):
			text = `{"listeners":[{"address":"127.0.0.1:1","rules":[` + text + `]}]}`
		case strings.HasPrefix(text, `"users"`):
			text = `{"listeners":[{"address":"127.0.0.1:1",` + text + `}]}`
		default:
			whole++
		}
		s, err := ParseBytes([]byte(text), folder)
		if err != nil {
			t.Errorf("%s: %v", text, err)
		}
		for _, n := range s.Notices {
			if strings.Contains(text, `"users"`) {
				t.Errorf("an example that should be safe is not: %s", n)
			}
		}
	}
	if whole != 3 || len(examples) != 5 {
		t.Errorf("%d examples, %d of them whole files", len(examples), whole)
	}
}

// TestAllFieldsAreDocumented asks the parser for its fields and looks for them
// on the page.
func TestAllFieldsAreDocumented(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(documentation)
	if err != nil {
		t.Fatal(err)
	}
	unknown := map[string]any{"?": 1}
	text, err := json.Marshal(map[string]any{"?": 1, "limits": unknown, "listeners": []any{map[string]any{
		"?": 1, "tls": unknown, "websocket": unknown, "users": []any{unknown}, "rules": []any{unknown},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = ParseBytes(text, "")
	if err == nil {
		t.Fatal("unknown fields were taken")
	}
	found := 0
	for _, line := range regexp.MustCompile(`here may stand (.*)`).FindAllStringSubmatch(err.Error(), -1) {
		for name := range strings.SplitSeq(line[1], ", ") {
			found++
			if !strings.Contains(string(page), "`"+name+"`") && !strings.Contains(string(page), `"`+name+`"`) {
				t.Errorf("%s is not documented", name)
			}
		}
	}
	if found != 5+12+8+5+2+2+6 {
		t.Errorf("%d fields: %v", found, err)
	}
}
