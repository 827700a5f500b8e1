package form

import (
	"fmt"
	"maps"
	"slices"

	"github.com/thingdesk/thingdesk/things/shadow"
)

// Difference is one change between desired and an edited text of it.
type Difference struct {
	Path          []string
	Before, After string // compact JSON; "" means absent
}

// String returns the difference as one line: "+ a.b: 28", "− a.b: 36" or
// "~ a.b: 36 → 28".
func (d Difference) String() string {
	switch p := PathText(d.Path); {
	case d.Before == "":
		return "+ " + p + ": " + d.After
	case d.After == "":
		return "− " + p + ": " + d.Before
	default:
		return "~ " + p + ": " + d.Before + " → " + d.After
	}
}

// RawDesired returns desired with all edits that validate, as indented JSON.
func (f *Form) RawDesired() string {
	merged := shadow.Merge(f.view.Doc.Desired, f.patch())
	if merged == nil {
		return "{}"
	}
	return Pretty(merged)
}

// DocumentText returns the whole document, with its delta, as indented JSON;
// "" when there is none.
func (f *Form) DocumentText() string {
	if !f.view.Exists {
		return ""
	}
	d := f.view.Doc
	state, meta := sections(d.Desired, d.Reported), sections(d.DesiredMeta, d.ReportedMeta)
	if delta := shadow.Delta(d.Desired, d.Reported); len(delta) > 0 {
		state["delta"] = delta
	}
	b := append([]byte(`{"state":`), shadow.EncodeValue(state)...)
	b = append(append(b, `,"metadata":`...), shadow.EncodeValue(meta)...)
	return indent(fmt.Appendf(b, `,"version":%d}`, d.Version))
}

func sections(desired, reported shadow.Object) shadow.Object {
	o := shadow.Object{}
	if len(desired) > 0 {
		o["desired"] = desired
	}
	if len(reported) > 0 {
		o["reported"] = reported
	}
	return o
}

// DiffRawDesired compares a text of the whole desired section with desired.
// fault says in words why the text cannot be used.
func (f *Form) DiffRawDesired(text string) (diff []Difference, fault string) {
	next, err := parseJSON(text, Map)
	if err != nil {
		return nil, err.Error()
	}
	o, _ := next.(shadow.Object)
	return differences(nil, nil, f.view.Doc.Desired, o), ""
}

// EditRawDesired makes the edits that turn desired into the given text, in
// place of all unsent edits; members that the text lacks are cleared. Nothing
// changes when there is a fault.
func (f *Form) EditRawDesired(text string) (diff []Difference, fault string) {
	diff, fault = f.DiffRawDesired(text)
	if fault != "" {
		return nil, fault
	}
	for _, e := range f.edits {
		if e.waiting() {
			return nil, "wait for the answer to the last update"
		}
	}
	clear(f.edits)
	f.revision++
	for _, d := range diff {
		e := f.fresh(d.Path)
		if d.After == "" {
			e.clear = true
			continue
		}
		e.value, _ = shadow.DecodeValue([]byte(d.After))
		e.typ, e.text = TypeOf(e.value), Text(e.value)
	}
	return diff, ""
}

func differences(out []Difference, path []string, before, after shadow.Object) []Difference {
	names := maps.Clone(before)
	if names == nil {
		names = shadow.Object{}
	}
	maps.Copy(names, after)
	for _, k := range slices.Sorted(maps.Keys(names)) {
		p := append(slices.Clone(path), k)
		was, had := before[k]
		is, has := after[k]
		wasObject, _ := was.(shadow.Object)
		isObject, isMap := is.(shadow.Object)
		switch {
		case !has:
			out = append(out, Difference{Path: p, Before: string(shadow.EncodeValue(was))})
		case had && same(was, is):
		case isMap && (len(isObject) > 0 || len(wasObject) > 0):
			out = differences(out, p, wasObject, isObject)
		case !had:
			out = append(out, Difference{Path: p, After: string(shadow.EncodeValue(is))})
		default:
			out = append(out, Difference{Path: p, Before: string(shadow.EncodeValue(was)), After: string(shadow.EncodeValue(is))})
		}
	}
	return out
}
