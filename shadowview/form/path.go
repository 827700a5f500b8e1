package form

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode"

	"github.com/thingdesk/thingdesk/things/shadow"
)

// PathText writes a path with dots between the names. Names that a dot, a
// quote, a bracket or a space at an end would make ambiguous, and empty names,
// stand in double quotes as JSON strings. ParsePath reads it back.
func PathText(path []string) string {
	var b strings.Builder
	for i, name := range path {
		if i > 0 {
			b.WriteByte('.')
		}
		if plainName(name) {
			b.WriteString(name)
		} else {
			b.Write(shadow.EncodeValue(name))
		}
	}
	return b.String()
}

func plainName(s string) bool {
	return s != "" && s == strings.TrimSpace(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return strings.ContainsRune(`."\[]`, r) || unicode.IsControl(r) || r == unicode.ReplacementChar
	})
}

// ParsePath reads a path as PathText writes it. The error says in words what
// to mend.
func ParsePath(text string) ([]string, error) {
	rest := strings.TrimSpace(text)
	if rest == "" {
		return nil, errors.New("give the path of the property, such as climate.temperature")
	}
	var path []string
	for {
		name, after, err := parseName(rest)
		if err != nil {
			return nil, err
		}
		path = append(path, name)
		if after == "" {
			return path, nil
		}
		rest = strings.TrimSpace(after[1:]) // after begins with the dot
	}
}

// parseName cuts one name off; rest is empty or begins with a dot.
func parseName(s string) (name, rest string, err error) {
	if strings.HasPrefix(s, `"`) {
		return parseQuoted(s)
	}
	name, _, _ = strings.Cut(s, ".")
	rest = s[len(name):]
	name = strings.TrimSpace(name)
	switch {
	case name == "":
		return "", "", errors.New(`a name is empty: remove the extra dot, or write "" for an empty name`)
	case strings.ContainsAny(name, "[]"):
		return "", "", fmt.Errorf("%s: a list is set as a whole, not by element; a name with brackets stands in double quotes", name)
	case !plainName(name):
		return "", "", fmt.Errorf("%q: put names with quotes or other odd characters in double quotes", name)
	}
	return name, rest, nil
}

func parseQuoted(s string) (name, rest string, err error) {
	end := 1
	for end < len(s) && s[end] != '"' {
		if s[end] == '\\' {
			end++
		}
		end++
	}
	if end >= len(s) {
		return "", "", errors.New("the closing double quote is missing")
	}
	if err := json.Unmarshal([]byte(s[:end+1]), &name); err != nil {
		return "", "", fmt.Errorf("%s is no JSON string: use \\\" and \\\\ for quotes and backslashes", s[:end+1])
	}
	rest = strings.TrimSpace(s[end+1:])
	if rest != "" && rest[0] != '.' {
		return "", "", fmt.Errorf("after %s a dot must follow", s[:end+1])
	}
	return name, rest, nil
}

// lookup returns the value at path in an object.
func lookup(o shadow.Object, path []string) (any, bool) {
	var v any = o
	if o == nil {
		return nil, false
	}
	for _, name := range path {
		inner, ok := v.(shadow.Object)
		if !ok {
			return nil, false
		}
		if v, ok = inner[name]; !ok {
			return nil, false
		}
	}
	return v, true
}

// within tells whether path stands below above (not at it).
func within(path, above []string) bool {
	if len(path) <= len(above) {
		return false
	}
	for i := range above {
		if path[i] != above[i] {
			return false
		}
	}
	return true
}
