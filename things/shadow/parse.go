package shadow

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

var (
	// errTrailing means that a payload goes on after its JSON value.
	errTrailing = errors.New("more than one JSON value")
	// errNesting means that a value is too deep even to be looked at.
	errNesting = errors.New("JSON is nested too deeply")
)

// maxNesting is the deepest JSON that is read at all.
const maxNesting = 10000

// parser reads JSON into nodes. The nodes keep parts of the text.
type parser struct {
	text  string
	pos   int
	depth int
	stack []node // kids of the values that are being read
	slab  []node // where finished kids go
}

// parse reads exactly one JSON value. The text must be UTF-8. Numbers keep
// their literal; of members that stand twice the last wins (U22); escapes of
// surrogates without partner are kept.
func parse(text string) (node, error) { return new(parser).parse(text) }

// parse is parse with memory of the parser.
func (p *parser) parse(text string) (node, error) {
	p.begin(text)
	n, err := p.value()
	if err != nil {
		return node{}, err
	}
	return n, p.end()
}

// begin makes the parser read text. Nodes it made before stay.
func (p *parser) begin(text string) {
	p.text, p.pos, p.depth, p.stack = text, 0, 0, p.stack[:0]
}

// free takes back all nodes that the parser ever made.
func (p *parser) free() {
	if cap(p.stack)+cap(p.slab) > maxKept {
		*p = parser{}
	}
	p.slab = p.slab[:0]
}

// maxKept is the number of nodes for which a parser keeps memory, some more
// than a document has.
const maxKept = 8192

func (p *parser) end() error {
	if p.space(); p.pos < len(p.text) {
		return errTrailing
	}
	return nil
}

// wrong returns the error for what stands at the current position.
func (p *parser) wrong() error {
	if p.pos >= len(p.text) {
		return errors.New("unexpected end of JSON")
	}
	return fmt.Errorf("unexpected %q at byte %d of JSON", p.text[p.pos], p.pos)
}

func (p *parser) space() {
	for p.pos < len(p.text) {
		switch p.text[p.pos] {
		case ' ', '\t', '\n', '\r':
			p.pos++
		default:
			return
		}
	}
}

// take skips white space and then c, if c is there.
func (p *parser) take(c byte) bool {
	p.space()
	if p.pos < len(p.text) && p.text[p.pos] == c {
		p.pos++
		return true
	}
	return false
}

// value reads a value.
func (p *parser) value() (node, error) {
	p.space()
	if p.pos >= len(p.text) {
		return node{}, p.wrong()
	}
	switch c := p.text[p.pos]; {
	case c == '{':
		return p.nested(object, '}')
	case c == '[':
		return p.nested(array, ']')
	case c == '"':
		start := p.pos
		body, err := p.string()
		if err != nil {
			return node{}, err
		}
		text := p.text[start:p.pos]
		if text[1:len(text)-1] != body {
			text = `"` + body + `"`
		}
		return node{text: text}, nil
	case c == '-' || c >= '0' && c <= '9':
		start := p.pos
		err := p.number()
		return node{text: p.text[start:p.pos]}, err
	}
	for _, word := range [...]string{"true", "false", "null"} {
		if strings.HasPrefix(p.text[p.pos:], word) {
			p.pos += len(word)
			return node{text: word}, nil
		}
	}
	return node{}, p.wrong()
}

// nested reads an object or array up to its end.
func (p *parser) nested(k kind, end byte) (node, error) {
	if p.depth++; p.depth > maxNesting {
		return node{}, errNesting
	}
	p.pos++
	base, sorted := len(p.stack), true
	for !p.take(end) {
		if len(p.stack) > base && !p.take(',') {
			return node{}, p.wrong()
		}
		var name string
		if k == object {
			var err error
			if name, err = p.name(); err != nil {
				return node{}, err
			}
			sorted = sorted && (len(p.stack) == base || p.stack[len(p.stack)-1].name < name)
		}
		kid, err := p.value()
		if err != nil {
			return node{}, err
		}
		kid.name = name
		p.stack = append(p.stack, kid)
	}
	p.depth--
	kids := p.stack[base:]
	if !sorted {
		kids = sortMembers(kids)
	}
	n := node{kind: k, kids: p.keep(kids)}
	p.stack = p.stack[:base]
	return n, nil
}

// sortMembers sorts members by name and leaves of equal ones the last.
func sortMembers(kids []node) []node {
	slices.SortStableFunc(kids, func(a, b node) int { return strings.Compare(a.name, b.name) })
	n := 0
	for i := range kids {
		if i+1 < len(kids) && kids[i].name == kids[i+1].name {
			continue
		}
		kids[n] = kids[i]
		n++
	}
	return kids[:n]
}

// keep returns a copy of kids. Many small ones share an allocation.
func (p *parser) keep(kids []node) []node {
	if len(kids) > cap(p.slab)-len(p.slab) {
		p.slab = make([]node, 0, max(len(kids), min(2*cap(p.slab), maxKept/4), 8))
	}
	start := len(p.slab)
	p.slab = append(p.slab, kids...)
	return p.slab[start:len(p.slab):len(p.slab)]
}

// name reads the name of a member and the colon.
func (p *parser) name() (string, error) {
	if p.space(); p.pos >= len(p.text) || p.text[p.pos] != '"' {
		return "", p.wrong()
	}
	name, err := p.string()
	if err == nil && !p.take(':') {
		err = p.wrong()
	}
	return name, err
}

// number passes over a number.
func (p *parser) number() error {
	p.next('-', '-')
	if !p.next('0', '0') && !p.digits() {
		return p.wrong()
	}
	if p.next('.', '.') && !p.digits() {
		return p.wrong()
	}
	if p.next('e', 'E') {
		p.next('+', '-')
		if !p.digits() {
			return p.wrong()
		}
	}
	return nil
}

// next passes over a byte that is a or b.
func (p *parser) next(a, b byte) bool {
	if p.pos < len(p.text) && (p.text[p.pos] == a || p.text[p.pos] == b) {
		p.pos++
		return true
	}
	return false
}

// digits passes over at least one digit.
func (p *parser) digits() bool {
	start := p.pos
	for p.pos < len(p.text) && p.text[p.pos] >= '0' && p.text[p.pos] <= '9' {
		p.pos++
	}
	return p.pos > start
}

// string reads a string and returns its canonical text without quotes.
func (p *parser) string() (string, error) {
	p.pos++
	start := p.pos
	for ; p.pos < len(p.text); p.pos++ {
		switch c := p.text[p.pos]; {
		case c == '"':
			p.pos++
			return p.text[start : p.pos-1], nil
		case c == '\\':
			return p.escaped(start)
		case c < ' ':
			return "", p.wrong()
		}
	}
	return "", p.wrong()
}

// escaped is string from the first escape on; the text began at start.
func (p *parser) escaped(start int) (string, error) {
	b := []byte(p.text[start:p.pos])
	for p.pos < len(p.text) {
		switch c := p.text[p.pos]; {
		case c == '"':
			p.pos++
			return string(b), nil
		case c == '\\':
			r, err := p.escape()
			if err != nil {
				return "", err
			}
			b = appendRune(b, r)
		case c < ' ':
			return "", p.wrong()
		default:
			b = append(b, c)
			p.pos++
		}
	}
	return "", p.wrong()
}

// escape reads one escape, of a surrogate pair both.
func (p *parser) escape() (rune, error) {
	p.pos++
	if p.pos >= len(p.text) {
		return 0, p.wrong()
	}
	if p.text[p.pos] != 'u' {
		const names, runes = `"\/bfnrt`, "\"\\/\b\f\n\r\t"
		i := strings.IndexByte(names, p.text[p.pos])
		if i < 0 {
			return 0, p.wrong()
		}
		p.pos++
		return rune(runes[i]), nil
	}
	r, ok := hex4(p.text[p.pos+1:])
	if !ok {
		return 0, p.wrong()
	}
	p.pos += 5
	if rest := p.text[p.pos:]; utf16.IsSurrogate(r) && strings.HasPrefix(rest, `\u`) {
		if low, ok := hex4(rest[2:]); ok {
			if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
				p.pos += 6
				return pair, nil
			}
		}
	}
	return r, nil
}

// hex4 reads four hexadecimal digits.
func hex4(s string) (rune, bool) {
	if len(s) < 4 {
		return 0, false
	}
	n, err := strconv.ParseUint(s[:4], 16, 16)
	return rune(n), err == nil
}
