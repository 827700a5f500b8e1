package shadow

import (
	"encoding/json"
	"errors"
	"fmt"
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
