package access

import (
	"strings"
	"unicode/utf8"
)

// pattern is a name in which * stands for any run of characters; "" is any
// name and none.
type pattern string

// match tells whether name fits. Only "" fits the name that is not there.
func (p pattern) match(name string) bool {
	if p == "" {
		return true
	}
	if name == "" {
		return false
	}
	first, rest, wild := strings.Cut(string(p), "*")
	if !wild {
		return name == first
	}
	name, ok := strings.CutPrefix(name, first)
	for ok {
		var part string
		part, rest, wild = strings.Cut(rest, "*")
		if !wild {
			return strings.HasSuffix(name, part)
		}
		// The earliest place is as good as any: * takes the remainder.
		_, name, ok = strings.Cut(name, part)
	}
	return false
}

// level is one level of a rule's filter that holds names of the client. The
// pieces alternate: text, name, text, name, ..., text.
type level struct {
	texts []string
	names []which
}

// which is one of the names in an Identity.
type which byte

const (
	userName which = iota
	clientID
	certificateName
)

var placeholders = map[byte]which{'u': userName, 'c': clientID, 'n': certificateName}

// parseLevel splits a level at its placeholders. A level without any has one
// text. It fails at a percent sign that means nothing.
func parseLevel(s string) (l level, ok bool) {
	var text strings.Builder
	for {
		before, after, found := strings.Cut(s, "%")
		text.WriteString(before)
		if !found {
			break
		}
		if after == "" {
			return level{}, false
		}
		name, isName := placeholders[after[0]]
		switch {
		case isName:
			l.texts = append(l.texts, text.String())
			l.names = append(l.names, name)
			text.Reset()
		case after[0] == '%':
			text.WriteByte('%')
		default:
			return level{}, false
		}
		s = after[1:]
	}
	l.texts = append(l.texts, text.String())
	return l, true
}

// startsWithName tells whether the level begins with a name of the client.
func (l level) startsWithName() bool { return len(l.names) > 0 && l.texts[0] == "" }

// names are the names of an Identity that may stand in a filter.
type names struct {
	name   [3]string
	usable [3]bool
}

func namesOf(id Identity) names {
	n := names{name: [3]string{userName: id.User, clientID: id.Client, certificateName: id.Certificate}}
	for i, s := range n.name {
		n.usable[i] = s != "" && utf8.ValidString(s) && !strings.ContainsAny(s, "/+#\x00")
	}
	return n
}

// fits tells whether the level reads s with the client's names in it.
func (l level) fits(n *names, s string, first bool) bool {
	if first && l.startsWithName() && strings.HasPrefix(s, "$") {
		return false
	}
	for i, text := range l.texts {
		var ok bool
		if s, ok = strings.CutPrefix(s, text); !ok {
			return false
		}
		if i == len(l.names) {
			break
		}
		if w := l.names[i]; !n.usable[w] {
			return false
		} else if s, ok = strings.CutPrefix(s, n.name[w]); !ok {
			return false
		}
	}
	return s == ""
}

// text returns the level with the client's names in it; false when one of them
// may not stand in a filter.
func (l level) text(n *names, first bool) (string, bool) {
	var b strings.Builder
	for i, text := range l.texts {
		b.WriteString(text)
		if i == len(l.names) {
			break
		}
		w := l.names[i]
		if !n.usable[w] {
			return "", false
		}
		b.WriteString(n.name[w])
	}
	s := b.String()
	return s, !first || !l.startsWithName() || !strings.HasPrefix(s, "$")
}

// key tells levels apart that fit different names.
func (l level) key() string {
	var b strings.Builder
	for i, text := range l.texts {
		b.WriteString(text)
		if i < len(l.names) {
			b.WriteByte('/') // cannot be in a text
			b.WriteByte('0' + byte(l.names[i]))
		}
	}
	return b.String()
}
