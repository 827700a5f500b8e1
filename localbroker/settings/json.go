package settings

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Problem is one thing that is wrong in a settings file.
type Problem struct {
	Path         string // for example listeners[1].rules[0].filter; empty is the file itself
	Line, Column int    // from 1; columns are characters
	Why          string // what is wrong and what to do
}

// String returns the problem in one line.
func (p Problem) String() string {
	where := fmt.Sprintf("line %d, column %d", p.Line, p.Column)
	if p.Path == "" {
		return where + ": " + p.Why
	}
	return where + ": " + p.Path + " " + p.Why
}

// Error tells what is wrong in a settings file.
type Error struct {
	Problems []Problem // in the order of the file, at least one
}

// Error returns one line for each problem.
func (e *Error) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// kind is what a JSON value is, in words.
type kind string

const (
	isObject kind = "an object {...}"
	isList   kind = "a list [...]"
	isText   kind = "a text in quotes"
	isNumber kind = "a number"
	isBool   kind = "true or false"
	isNull   kind = "null"
)

// node is a JSON value and where it stands.
type node struct {
	at     int64 // offset of its first byte
	kind   kind
	text   string // of a text or number
	truth  bool
	fields []field
	items  []*node
}

// field is a named value of an object.
type field struct {
	name string
	at   int64 // of the name
	node *node
}

// maxDepth is far deeper than settings go.
const maxDepth = 32

// document is a settings file being read, with what was found wrong so far.
type document struct {
	data     []byte
	folder   string
	problems []placed
	notices  []string
}

// placed is a problem at an offset.
type placed struct {
	at int64
	Problem
}

// wrong notes a problem.
func (d *document) wrong(at int64, path, format string, args ...any) {
	before := d.data[:min(at, int64(len(d.data)))]
	lineStart := bytes.LastIndexByte(before, '\n') + 1
	d.problems = append(d.problems, placed{at, Problem{
		Path: path, Line: bytes.Count(before, []byte("\n")) + 1,
		Column: utf8.RuneCount(before[lineStart:]) + 1, Why: fmt.Sprintf(format, args...),
	}})
}

// err returns the problems in the order of the file, nil when there are none.
func (d *document) err() error {
	if len(d.problems) == 0 {
		return nil
	}
	slices.SortStableFunc(d.problems, func(a, b placed) int { return int(a.at - b.at) })
	e := &Error{}
	for _, p := range d.problems {
		e.Problems = append(e.Problems, p.Problem)
	}
	return e
}

// parse reads the whole document, or notes what is wrong and returns nil.
func (d *document) parse() *node {
	const encoding = "is not UTF-8: save the file as UTF-8"
	if !utf8.Valid(d.data) {
		at := 0
		for r, size := utf8.DecodeRune(d.data); r != utf8.RuneError || size > 1; r, size = utf8.DecodeRune(d.data[at:]) {
			at += size
		}
		d.wrong(int64(at), "", "the text "+encoding)
		return nil
	}
	var whole json.RawMessage
	if err := json.Unmarshal(d.data, &whole); err != nil {
		at := int64(len(d.data))
		if syntax, ok := errors.AsType[*json.SyntaxError](err); ok && len(bytes.TrimSpace(d.data)) > 0 {
			at = max(0, syntax.Offset-1)
			if strings.Contains(syntax.Error(), "unexpected end") {
				at = int64(len(d.data))
			}
		}
		d.wrong(at, "", "not JSON: %v", err)
		return nil
	}
	r := &tokens{document: d, decoder: json.NewDecoder(bytes.NewReader(d.data))}
	r.decoder.UseNumber()
	return r.value("", maxDepth)
}

// tokens reads a document that is known to be JSON.
type tokens struct {
	*document
	decoder *json.Decoder
}

// next returns the next token and where it begins. Tokens of valid JSON do not
// fail.
func (r *tokens) next() (json.Token, int64) {
	at := r.decoder.InputOffset()
	for at < int64(len(r.data)) && strings.IndexByte(" \t\r\n,:", r.data[at]) >= 0 {
		at++
	}
	token, err := r.decoder.Token()
	if err != nil {
		return nil, at
	}
	return token, at
}

func (r *tokens) value(path string, depth int) *node {
	token, at := r.next()
	n := &node{at: at}
	switch v := token.(type) {
	case string:
		n.kind, n.text = isText, v
	case json.Number:
		n.kind, n.text = isNumber, v.String()
	case bool:
		n.kind, n.truth = isBool, v
	case json.Delim:
		if depth == 0 {
			r.wrong(at, path, "is nested deeper than settings are")
			return nil
		}
		if v == '{' {
			n.kind = isObject
			return r.object(n, path, depth)
		}
		n.kind = isList
		return r.list(n, path, depth)
	default:
		n.kind = isNull
	}
	return n
}

func (r *tokens) object(n *node, path string, depth int) *node {
	for r.decoder.More() {
		token, at := r.next()
		name, _ := token.(string) // always
		for _, f := range n.fields {
			if f.name == name {
				r.wrong(at, below(path, name), "stands twice: give it once")
			}
		}
		v := r.value(below(path, name), depth-1)
		if v == nil {
			return nil
		}
		n.fields = append(n.fields, field{name, at, v})
	}
	r.next()
	return n
}

func (r *tokens) list(n *node, path string, depth int) *node {
	for r.decoder.More() {
		v := r.value(item(path, len(n.items)), depth-1)
		if v == nil {
			return nil
		}
		n.items = append(n.items, v)
	}
	r.next()
	return n
}

// below returns the path of a named value.
func below(path, name string) string {
	const most = 60
	if len(name) > most {
		name = strings.ToValidUTF8(name[:most], "") + "…"
	}
	if path == "" {
		return name
	}
	return path + "." + name
}

// item returns the path of a value in a list.
func item(path string, i int) string { return fmt.Sprintf("%s[%d]", path, i) }
