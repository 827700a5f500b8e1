package form

import (
	"slices"

	"github.com/thingdesk/thingdesk/things/shadow"
)

// Clearing tells what of desired to clear.
type Clearing uint8

// What can be cleared.
const (
	ClearAll     Clearing = iota // the whole of desired
	ClearDiffers                 // what the device does not have, or has otherwise
)

// PlanClear returns the update that removes desired, or only what differs from
// reported. Its changes are the values that go, one each; a list counts as one.
func (f *Form) PlanClear(what Clearing) Plan {
	p := Plan{Version: f.version(), patch: shadow.Object{}}
	desired := f.view.Doc.Desired
	gone := desired
	if what == ClearDiffers {
		gone = shadow.Delta(desired, f.view.Doc.Reported)
	}
	if len(gone) == 0 {
		return p
	}
	p.Changes = removals(nil, []string{desiredName}, gone)
	if patch := clearing(desired, gone); patch != nil {
		p.patch[desiredName] = patch
	} else {
		p.patch[desiredName] = nil
	}
	p.done = plural(p.Count(), "desired value was", "desired values were") + " cleared"
	return p
}

// removals lists the leaves of o.
func removals(out []Difference, at []string, o shadow.Object) []Difference {
	for _, name := range sortedNames(o) {
		path := append(slices.Clone(at), name)
		if inner, ok := o[name].(shadow.Object); ok && len(inner) > 0 {
			out = removals(out, path, inner)
			continue
		}
		out = append(out, Difference{Path: path, Before: string(shadow.EncodeValue(o[name]))})
	}
	return out
}

// clearing returns the patch that removes the leaves of gone from o; nil when
// nothing of o would be left. A group that would be left empty is removed as a
// whole.
func clearing(o, gone shadow.Object) shadow.Object {
	patch, left := shadow.Object{}, len(o)
	for name, v := range gone {
		inner, ok1 := o[name].(shadow.Object)
		part, ok2 := v.(shadow.Object)
		if ok1 && ok2 && len(inner) > 0 && len(part) > 0 {
			if below := clearing(inner, part); below != nil {
				patch[name] = below
				continue
			}
		}
		patch[name] = nil
		left--
	}
	if left == 0 {
		return nil
	}
	return patch
}

// Leaves counts the values of a section; lists and empty objects count as one.
func Leaves(o shadow.Object) int { return len(removals(nil, nil, o)) }
