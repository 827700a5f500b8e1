package shadow

import "strings"

// kind is what a JSON value is made of.
type kind uint8

const (
	scalar kind = iota // null, true, false, a number, a string
	array
	object
)

// node is a JSON value as the service works with it, and the name it has in
// its object. All text is canonical JSON, so that writing is copying and two
// strings are equal when their text is. A node is read-only once it is made;
// trees share their parts.
//
// A node carries the time of its metadata itself: nothing has to guess which
// objects in a metadata tree are leaves, and the two trees cannot part.
type node struct {
	kind kind
	name string // name of the member, escaped, without quotes
	text string // a scalar
	at   string // scalar: epoch seconds of the update that named it, "" if unknown
	kids []node // members of an object sorted by name, elements of an array
}

func (n *node) isNull() bool { return n.kind == scalar && n.text == "null" }

// member returns the member called name, or nil.
func (n *node) member(name string) *node {
	for i := range n.kids {
		if n.kids[i].name == name {
			return &n.kids[i]
		}
	}
	return nil
}

// mergeNodes is Merge for members of objects; what patch names is stamped with
// at.
func mergeNodes(old, patch []node, at string) []node {
	merged := make([]node, 0, len(old)+len(patch))
	for len(old) > 0 && len(patch) > 0 {
		switch strings.Compare(old[0].name, patch[0].name) {
		case -1:
			merged, old = append(merged, old[0]), old[1:]
			continue
		case 1:
			merged = appendStored(merged, &patch[0], at)
		default:
			p, before := &patch[0], &old[0]
			switch {
			case p.kind != object || before.kind != object:
				merged = appendStored(merged, p, at)
			case emptyObjectClears && len(p.kids) == 0 && len(before.kids) > 0:
			default:
				merged = append(merged, node{kind: object, name: p.name, kids: mergeNodes(before.kids, p.kids, at)})
			}
			old = old[1:]
		}
		patch = patch[1:]
	}
	merged = append(merged, old...)
	for i := range patch {
		merged = appendStored(merged, &patch[i], at)
	}
	return merged
}

// appendStored appends n as it is stored where nothing was: stamped, and
// objects, those in arrays too, without their null members. A null itself is
// not stored.
func appendStored(kids []node, n *node, at string) []node {
	if n.isNull() {
		return kids
	}
	stored := node{kind: n.kind, name: n.name, text: n.text}
	if n.kind == scalar {
		stored.at = at
		return append(kids, stored)
	}
	stored.kids = make([]node, 0, len(n.kids))
	for i := range n.kids {
		stored.kids = appendStored(stored.kids, &n.kids[i], at)
	}
	if !keepEmptied && len(stored.kids) == 0 && len(n.kids) > 0 {
		return kids
	}
	return append(kids, stored)
}

// deltaNodes is Delta for members of objects. The nodes it returns are those
// of desired, with their times.
func deltaNodes(desired, reported []node) []node {
	var delta []node
	for i := range desired {
		want := &desired[i]
		for len(reported) > 0 && reported[0].name < want.name {
			reported = reported[1:]
		}
		if len(reported) == 0 || reported[0].name != want.name {
			delta = append(delta, *want)
			continue
		}
		have := &reported[0]
		if want.kind == object && have.kind == object {
			sub := deltaNodes(want.kids, have.kids)
			if sub != nil || !emptyObjectMatches && len(want.kids) == 0 && len(have.kids) > 0 {
				delta = append(delta, node{kind: object, name: want.name, kids: sub})
			}
		} else if !equalNodes(want, have) {
			delta = append(delta, *want)
		}
	}
	return delta
}

// equalNodes is Equal; names do not count.
func equalNodes(a, b *node) bool {
	if a.kind != b.kind {
		return false
	}
	if a.kind == scalar {
		return a.text == b.text ||
			isNumber(a.text) && isNumber(b.text) && equalNumbers(a.text, b.text)
	}
	if len(a.kids) != len(b.kids) {
		return false
	}
	for i := range a.kids {
		if a.kids[i].name != b.kids[i].name || !equalNodes(&a.kids[i], &b.kids[i]) {
			return false
		}
	}
	return true
}

func isNumber(text string) bool { return text[0] == '-' || text[0] >= '0' && text[0] <= '9' }

// depth counts the levels of objects and arrays that are not empty (U8).
func (n *node) depth() int {
	if len(n.kids) == 0 {
		return 0
	}
	deepest := 0
	for i := range n.kids {
		deepest = max(deepest, n.kids[i].depth())
	}
	return deepest + 1
}

// nullInArray tells whether an array anywhere in n has a null element.
func (n *node) nullInArray() bool {
	for i := range n.kids {
		kid := &n.kids[i]
		if n.kind == array && kid.isNull() || kid.nullInArray() {
			return true
		}
	}
	return false
}

// size returns how many bytes appendValue writes.
func (n *node) size() int {
	if n.kind == scalar {
		return len(n.text)
	}
	size := len("{}") + max(0, len(n.kids)-1) // commas
	for i := range n.kids {
		size += n.kids[i].size()
		if n.kind == object {
			size += len(n.kids[i].name) + len(`"":`)
		}
	}
	return size
}

// appendJSON appends the value.
func (n *node) appendJSON(b []byte) []byte {
	switch n.kind {
	case object:
		return appendMembers(b, n.kids)
	case array:
		b = append(b, '[')
		for i := range n.kids {
			if i > 0 {
				b = append(b, ',')
			}
			b = n.kids[i].appendJSON(b)
		}
		return append(b, ']')
	default:
		return append(b, n.text...)
	}
}

// appendMembers appends the object that has the members kids.
func appendMembers(b []byte, kids []node) []byte {
	b = append(b, '{')
	for i := range kids {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendName(b, kids[i].name)
		b = kids[i].appendJSON(b)
	}
	return append(b, '}')
}

func appendName(b []byte, name string) []byte {
	b = append(b, '"')
	b = append(b, name...)
	return append(b, '"', ':')
}

// appendMeta appends the metadata of the value: a node {"timestamp":t} for
// every scalar, t being at or, when at is "", the scalar's own time.
func (n *node) appendMeta(b []byte, at string) []byte {
	switch n.kind {
	case object:
		return appendMembersMeta(b, n.kids, at)
	case array:
		b = append(b, '[')
		for i := range n.kids {
			if i > 0 {
				b = append(b, ',')
			}
			b = n.kids[i].appendMeta(b, at)
		}
		return append(b, ']')
	default:
		if at == "" {
			at = n.at
		}
		if at == "" {
			return append(b, '{', '}')
		}
		b = append(b, stampStart...)
		b = append(b, at...)
		return append(b, '}')
	}
}

// stampStart begins the metadata of a scalar.
const stampStart = `{"timestamp":`

// appendMembersMeta appends the metadata of an object. A scalar of which no
// time is known has none.
func appendMembersMeta(b []byte, kids []node, at string) []byte {
	b = append(b, '{')
	first := true
	for i := range kids {
		if at == "" && kids[i].kind == scalar && kids[i].at == "" || !stampNulls && kids[i].isNull() {
			continue
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		b = appendName(b, kids[i].name)
		b = kids[i].appendMeta(b, at)
	}
	return append(b, '}')
}
