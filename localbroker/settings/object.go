package settings

import (
	"slices"
	"strconv"
	"strings"
)

// object reads the fields of a JSON object. Of a wrong field the problem is
// noted and the value given for absence is returned. null is absent.
type object struct {
	*document
	path  string
	node  *node // nil has no fields
	known []string
}

// object returns n as an object; nil is one without fields.
func (d *document) object(n *node, path string) *object {
	if n != nil && n.kind != isObject {
		d.wrong(n.at, path, "is %s: give %s", n.kind, isObject)
		n = nil
	}
	return &object{document: d, path: path, node: n}
}

// lookup returns the named value, nil when it is absent.
func (o *object) lookup(name string) *node {
	if !slices.Contains(o.known, name) {
		o.known = append(o.known, name)
	}
	if o.node == nil {
		return nil
	}
	for _, f := range o.node.fields {
		if f.name == name && f.node.kind != isNull {
			return f.node
		}
	}
	return nil
}

// field returns the named value if it is of kind k.
func (o *object) field(name string, k kind) *node {
	n := o.lookup(name)
	if n != nil && n.kind != k {
		o.wrong(n.at, below(o.path, name), "is %s: give %s", n.kind, k)
		return nil
	}
	return n
}

func (o *object) text(name string) string {
	if n := o.field(name, isText); n != nil {
		return n.text
	}
	return ""
}

func (o *object) truth(name string, absent bool) bool {
	if n := o.field(name, isBool); n != nil {
		return n.truth
	}
	return absent
}

// number returns a whole number of least to most.
func (o *object) number(name string, absent, least, most int64) int64 {
	n := o.field(name, isNumber)
	if n == nil {
		return absent
	}
	v, err := strconv.ParseInt(n.text, 10, 64)
	switch {
	case strings.ContainsAny(n.text, ".eE"):
		o.wrong(n.at, below(o.path, name), "is %s: give a whole number in plain digits", shorten(n.text))
	case strings.HasPrefix(n.text, "-"):
		o.wrong(n.at, below(o.path, name), "is negative: give a number from %d to %d, or leave it out", least, most)
	case err != nil || v < least || v > most:
		o.wrong(n.at, below(o.path, name), "is %s: give a number from %d to %d, or leave it out", shorten(n.text), least, most)
	default:
		return v
	}
	return absent
}

// entry is a value of a list and its path.
type entry struct {
	path string
	node *node
}

// list returns the values of a list that are of kind k, and the list itself.
// Others are noted.
func (o *object) list(name string, k kind) (entries []entry, list *node) {
	list = o.field(name, isList)
	if list == nil {
		return nil, nil
	}
	for i, n := range list.items {
		path := item(below(o.path, name), i)
		if n.kind != k {
			o.wrong(n.at, path, "is %s: give %s", n.kind, k)
			continue
		}
		entries = append(entries, entry{path, n})
	}
	return entries, list
}

// at returns where the named value stands, or the object when it is absent.
func (o *object) at(name string) int64 {
	if o.node == nil {
		return 0
	}
	for _, f := range o.node.fields {
		if f.name == name {
			return f.node.at
		}
	}
	return o.node.at
}

// end notes the fields that nobody asked for.
func (o *object) end() {
	if o.node == nil {
		return
	}
	for _, f := range o.node.fields {
		if !slices.Contains(o.known, f.name) {
			o.wrong(f.at, below(o.path, f.name), "is unknown: here may stand %s", strings.Join(o.known, ", "))
		}
	}
}

// shorten cuts what is shown of a value.
func shorten(s string) string {
	const most = 40
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
