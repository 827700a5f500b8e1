package shadow

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
)

// Document is one shadow document. Nil sections are absent.
type Document struct {
	Desired, Reported         Object
	DesiredMeta, ReportedMeta Object // parallel trees; a leaf node is {"timestamp": json.Number}
	Version                   int64
}

// errNoObject means that a document is something else than an object.
var errNoObject = errors.New("no JSON object")

// DecodeDocument reads a document as get/accepted, and previous or current of
// update/documents, hold it: {"state":{...},"metadata":{...},"version":n}.
// Unknown members are ignored, state.delta too. Members may be absent or null,
// which leaves the fields zero; a member of another kind is an error, and so is
// a payload that is no object, such as the null of previous.
func DecodeDocument(payload []byte) (Document, error) {
	v, err := DecodeValue(payload)
	if err != nil {
		return Document{}, fmt.Errorf("decode shadow document: %w", err)
	}
	top, ok := v.(Object)
	if !ok {
		return Document{}, fmt.Errorf("decode shadow document: %w", errNoObject)
	}
	var d Document
	if d.Desired, d.Reported, err = decodeSections(top, "state"); err != nil {
		return Document{}, err
	}
	if d.DesiredMeta, d.ReportedMeta, err = decodeSections(top, "metadata"); err != nil {
		return Document{}, err
	}
	if d.Version, err = decodeVersion(top["version"]); err != nil {
		return Document{}, err
	}
	return d, nil
}

// decodeSections returns desired and reported of the member name of top.
func decodeSections(top Object, name string) (desired, reported Object, err error) {
	both, err := decodeObject(top[name], name)
	if err != nil {
		return nil, nil, err
	}
	if desired, err = decodeObject(both["desired"], name+".desired"); err != nil {
		return nil, nil, err
	}
	reported, err = decodeObject(both["reported"], name+".reported")
	return desired, reported, err
}

// decodeObject returns v as an object; nil when v is null, absent or empty.
func decodeObject(v any, name string) (Object, error) {
	if v == nil {
		return nil, nil //nolint:nilnil // a nil Object is an absent one
	}
	o, ok := v.(Object)
	if !ok {
		return nil, fmt.Errorf("decode shadow document: %s: %w", name, errNoObject)
	}
	if len(o) == 0 {
		return nil, nil //nolint:nilnil // a nil Object is an absent one
	}
	return o, nil
}

func decodeVersion(v any) (int64, error) {
	if v == nil {
		return 0, nil
	}
	if number, ok := v.(json.Number); ok {
		if n, fits, ok := parseDecimal(string(number)).integer(); ok && fits {
			return n, nil
		}
	}
	return 0, errors.New("decode shadow document: version: no whole number")
}

// encode writes the document as it is stored and as update/documents holds it:
// {"state":{..},"metadata":{..},"version":n}.
func (d Document) encode() raw {
	return encodeMembers(
		member{"state", sections(d.Desired, d.Reported)},
		member{"metadata", sections(d.DesiredMeta, d.ReportedMeta)},
		member{"version", versionNumber(d.Version)},
	)
}

// sections writes {"desired":..,"reported":..} without those that are empty.
func sections(desired, reported Object, more ...member) raw {
	ms := make([]member, 0, 3)
	if len(desired) > 0 {
		ms = append(ms, member{"desired", desired})
	}
	if len(reported) > 0 {
		ms = append(ms, member{"reported", reported})
	}
	return encodeMembers(append(ms, more...)...)
}

func versionNumber(n int64) json.Number { return json.Number(strconv.FormatInt(n, 10)) }

// size returns the bytes that count for the limit of a document: both sections
// as compact JSON, with their braces (U9). Metadata does not count.
func (d Document) size() int {
	n := 0
	for _, section := range []Object{d.Desired, d.Reported} {
		if len(section) > 0 {
			n += len(EncodeValue(section))
		}
	}
	return n
}

// delta returns the delta and its metadata, both nil when there is none.
func (d Document) delta() (delta, meta Object) {
	if delta = Delta(d.Desired, d.Reported); delta == nil {
		return nil, nil
	}
	return delta, metaOf(delta, d.DesiredMeta)
}

// apply returns the document after a request that was accepted at the time in
// stamp. The version is left to the caller.
func (d Document) apply(r request, stamp Object) Document {
	if r.state == nil { // "state":null removes both sections
		return Document{}
	}
	next := d
	for _, s := range []struct {
		name          string
		section, meta *Object
	}{
		{"desired", &next.Desired, &next.DesiredMeta},
		{"reported", &next.Reported, &next.ReportedMeta},
	} {
		v, named := r.state[s.name]
		patch, _ := v.(Object)
		switch {
		case !named:
		case patch == nil:
			*s.section, *s.meta = nil, nil
		default:
			*s.meta = mergeMeta(*s.section, *s.meta, patch, stamp)
			*s.section = Merge(*s.section, patch)
		}
	}
	return next
}
