// Package topic knows MQTT topic names and topic filters: what is valid, what
// matches, how names split into levels. Rules are those of MQTT 3.1.1 section
// 4.7 and MQTT 5.0 section 4.7, which are the same.
package topic

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// MaxBytes is the longest topic name or filter in bytes (MQTT-4.7.3-3).
const MaxBytes = 65535

// Error says what is wrong with a topic name or filter.
type Error struct {
	Topic string // the offending name or filter
	Why   string // what is wrong and what to do, without the topic
}

// Error returns the topic, shortened when very long, and what is wrong with it.
func (e *Error) Error() string {
	t := e.Topic
	if len(t) > 80 {
		t = strings.ToValidUTF8(t[:77], "") + "…"
	}
	return fmt.Sprintf("topic %q %s", t, e.Why)
}

// ValidateName returns an *Error when name cannot be published to: it is
// empty, too long, not UTF-8, holds a zero character (MQTT-4.7.3-1..3) or a
// wildcard (MQTT-3.3.2-2).
func ValidateName(name string) error {
	if why := fault(name); why != "" {
		return &Error{name, why}
	}
	if strings.ContainsAny(name, "+#") {
		return &Error{name, "holds a wildcard (+ or #): wildcards are for subscribing; name one topic to publish to"}
	}
	return nil
}

// ValidateFilter returns an *Error when filter cannot be subscribed to: as for
// names, but + may stand as a whole level and # as the whole last level
// (MQTT-4.7.1-1..3).
func ValidateFilter(filter string) error {
	if why := fault(filter); why != "" {
		return &Error{filter, why}
	}
	for rest, more := filter, true; more; {
		var level string
		level, rest, more = strings.Cut(rest, "/")
		switch {
		case level == "+" || level == "#" && !more:
		case level == "#":
			return &Error{filter, "has # before its end: # must be the last level"}
		case strings.ContainsAny(level, "+#"):
			return &Error{filter, fmt.Sprintf("has a wildcard inside the level %q: + and # must stand alone between slashes", level)}
		}
	}
	return nil
}

func fault(s string) string {
	switch {
	case s == "":
		return "is empty: give at least one character"
	case len(s) > MaxBytes:
		return fmt.Sprintf("is %d bytes long: at most %d are allowed", len(s), MaxBytes)
	case !utf8.ValidString(s):
		return "is not valid UTF-8"
	case strings.ContainsRune(s, 0):
		return "holds a zero character, which MQTT forbids"
	}
	return ""
}

// Match tells whether name matches filter. Both must be valid. A filter that
// begins with a wildcard does not match a name that begins with $
// (MQTT-4.7.2-1); a/# matches a as well (4.7.1.2).
func Match(filter, name string) bool {
	if strings.HasPrefix(name, "$") && (strings.HasPrefix(filter, "+") || strings.HasPrefix(filter, "#")) {
		return false
	}
	for {
		if filter == "#" {
			return true
		}
		fl, frest, fmore := strings.Cut(filter, "/")
		nl, nrest, nmore := strings.Cut(name, "/")
		if fl != "+" && fl != nl {
			return false
		}
		if !nmore {
			return !fmore || frest == "#"
		}
		if !fmore {
			return false
		}
		filter, name = frest, nrest
	}
}

// HasWildcard tells whether a filter can match more than one name.
func HasWildcard(filter string) bool { return strings.ContainsAny(filter, "+#") }

// Levels splits a name at its slashes; empty levels are kept.
func Levels(name string) []string { return strings.Split(name, "/") }
