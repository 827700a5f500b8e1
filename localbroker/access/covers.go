package access

import "strings"

// Covers tells whether filter matches every topic name that asked matches.
// Both must be valid topic filters. As everywhere, a filter that begins with a
// wildcard does not match a name that begins with $ [MQTT-4.7.2-1], and a/#
// matches a as well.
func Covers(filter, asked string) bool {
	if strings.HasPrefix(asked, "$") && (strings.HasPrefix(filter, "+") || strings.HasPrefix(filter, "#")) {
		return false
	}
	if asked == "#" || asked == "/#" {
		// No name is empty: these match no more than +/# and /+/# do.
		asked = strings.TrimSuffix(asked, "#") + "+/#"
	}
	for {
		if filter == "#" {
			return true
		}
		if asked == "#" { // also what is above, which only # covers
			return false
		}
		fl, frest, fmore := strings.Cut(filter, "/")
		al, arest, amore := strings.Cut(asked, "/")
		if fl != "+" && fl != al {
			return false
		}
		switch {
		case !amore:
			return !fmore || frest == "#"
		case !fmore:
			return false
		}
		filter, asked = frest, arest
	}
}

// unshared returns the FILTER of $share/NAME/FILTER, or filter itself when it
// is none. A shared one that is cut off gives "".
func unshared(filter string) string {
	rest, shared := strings.CutPrefix(filter, "$share/")
	if !shared {
		return filter
	}
	_, inner, _ := strings.Cut(rest, "/")
	return inner
}
