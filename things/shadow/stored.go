package shadow

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// stored is a document as the service works on it: the state, whose nodes have
// the times of the metadata. A section without members is absent.
type stored struct {
	desired, reported []node
	version           int64
}

// parseStored reads what appendDocument wrote. Metadata that stands before the
// state, or does not fit it, is left out.
func (p *parser) parseStored(text string) (stored, error) {
	p.begin(text)
	d, err := p.document()
	if err == nil {
		err = p.end()
	}
	if err != nil {
		return stored{}, fmt.Errorf("read document: %w", err)
	}
	return d, nil
}

func (p *parser) document() (stored, error) {
	if !p.take('{') {
		return stored{}, errNoObject
	}
	state, version := node{text: "null"}, node{text: "null"}
	for first := true; !p.take('}'); first = false {
		if !first && !p.take(',') {
			return stored{}, p.wrong()
		}
		name, err := p.name()
		if err != nil {
			return stored{}, err
		}
		switch name {
		case "state":
			state, err = p.value()
		case "metadata":
			err = p.times(&state)
		case "version":
			version, err = p.value()
		default:
			_, err = p.value()
		}
		if err != nil {
			return stored{}, err
		}
	}
	var d stored
	var err error
	if d.desired, err = state.section(sectionDesired); err != nil {
		return stored{}, err
	}
	if d.reported, err = state.section(sectionReported); err != nil {
		return stored{}, err
	}
	if isNumber(version.text) {
		if n, fits, ok := parseDecimal(version.text).integer(); ok && fits {
			d.version = n
			return d, nil
		}
	}
	return stored{}, errors.New("version is no whole number")
}

// section returns the members of a section of a state.
func (n *node) section(name string) ([]node, error) {
	if n.isNull() {
		return nil, nil
	}
	if n.kind != object {
		return nil, fmt.Errorf("state: %w", errNoObject)
	}
	m := n.member(name)
	if !m.isSection() {
		return nil, fmt.Errorf("state.%s: %w", name, errNoObject)
	}
	if m == nil {
		return nil, nil
	}
	return m.kids, nil
}

// times reads the metadata of n, which nothing else uses yet, and gives n,
// unless it is nil, its times. It goes by the state, never by the looks of the metadata, because a
// member may be called timestamp too. What does not fit is passed over.
func (p *parser) times(n *node) error {
	p.space()
	rest := p.text[p.pos:]
	switch {
	case n == nil:
	case n.kind == scalar && strings.HasPrefix(rest, stampStart):
		start := p.pos
		p.pos += len(stampStart)
		if p.number() == nil && p.next('}', '}') {
			n.at = p.text[start+len(stampStart) : p.pos-1]
			return nil
		}
		p.pos = start
	case n.kind == object && strings.HasPrefix(rest, "{"):
		return p.timesOfKids(n, '}')
	case n.kind == array && strings.HasPrefix(rest, "["):
		return p.timesOfKids(n, ']')
	}
	_, err := p.value()
	return err
}

// timesOfKids is times for what is in an object or array.
func (p *parser) timesOfKids(n *node, end byte) error {
	p.pos++
	for i := 0; !p.take(end); i++ {
		if i > 0 && !p.take(',') {
			return p.wrong()
		}
		var kid *node
		if i < len(n.kids) {
			kid = &n.kids[i]
		}
		if n.kind == object {
			name, err := p.name()
			if err != nil {
				return err
			}
			if kid == nil || kid.name != name { // some member has no metadata
				kid = n.member(name)
			}
		}
		if err := p.times(kid); err != nil {
			return err
		}
	}
	return nil
}

// apply returns the document after a request that was accepted at the time at.
// The version is left to the caller.
func (d stored) apply(r *request, at string) stored {
	if r.state.isNull() { // "state":null removes both sections
		return stored{}
	}
	for i := range r.state.kids {
		patch := &r.state.kids[i]
		section := &d.desired
		if patch.name == sectionReported {
			section = &d.reported
		}
		if patch.isNull() || len(patch.kids) == 0 && emptySectionClears {
			*section = nil
		} else {
			*section = mergeNodes(*section, patch.kids, at)
		}
	}
	return d
}

// size returns the bytes that count for the limit of a document: both sections
// as compact JSON, with their braces (U9). Metadata does not count.
func (d stored) size() int {
	size := 0
	for _, members := range [][]node{d.desired, d.reported} {
		if len(members) > 0 {
			size += (&node{kind: object, kids: members}).size()
		}
	}
	return size
}

// appendDocument writes the document as it is stored and as update/documents
// holds it: {"state":{..},"metadata":{..},"version":n}.
func (d stored) appendDocument(b []byte) []byte {
	b = append(b, '{')
	b = d.appendBody(b, nil)
	return append(b, '}')
}

// appendBody writes state, with a delta when there is one, metadata, which has
// none for it, and version. Sections without members are in neither.
func (d stored) appendBody(b []byte, delta []node) []byte {
	sections := make([]node, 0, 3)
	if len(d.desired) > 0 {
		sections = append(sections, node{kind: object, name: sectionDesired, kids: d.desired})
	}
	if len(d.reported) > 0 {
		sections = append(sections, node{kind: object, name: sectionReported, kids: d.reported})
	}
	kept := sections
	if len(delta) > 0 {
		sections = append(sections, node{kind: object, name: "delta", kids: delta})
	}
	b = append(b, `"state":`...)
	b = appendMembers(b, sections)
	b = append(b, `,"metadata":`...)
	b = appendMembersMeta(b, kept, "")
	b = append(b, `,"version":`...)
	return strconv.AppendInt(b, d.version, 10)
}
