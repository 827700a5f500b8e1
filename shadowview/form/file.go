package form

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/thingdesk/thingdesk/things/shadow"
)

// MaxFile is the largest file in bytes that is looked at for an import. A
// document of 8,192 bytes with its metadata, indented, is far below.
const MaxFile = 1 << 20

// Export returns the document as the service's get answers it: state with
// delta, metadata, version and timestamp (epoch seconds of when it was
// received), as indented JSON with a line break at the end. ok is false when
// there is no document.
func (f *Form) Export() (text []byte, ok bool) {
	if !f.view.Exists {
		return nil, false
	}
	b := strings.TrimSuffix(f.DocumentText(), "\n}")
	return fmt.Appendf(nil, "%s,\n  \"timestamp\": %d\n}\n", b, f.view.ReceivedAt/1_000_000), true
}

// FileName proposes a name for the exported file. It holds no character that
// a file system refuses.
func (f *Form) FileName() string {
	name := f.view.Key.Thing
	if f.view.Key.Name != "" {
		name += "." + f.view.Key.Name
	}
	return strings.ReplaceAll(name, ":", "_") + ".shadow.json"
}

// Import is what a file holds for a shadow.
type Import struct {
	// Bare tells that the file holds properties only and does not say of which
	// section.
	Bare bool

	sections map[string]section
}

// section is desired or reported of a file. null removes a member, and the
// whole section when there is no object.
type section struct {
	object shadow.Object
	null   bool
}

// Choice is how to take an import.
type Choice struct {
	Desired, Reported bool // which sections to take
	// AsReported takes the properties of a bare file for reported, not desired.
	AsReported bool
	// Replace also removes what a section of the file does not have.
	Replace bool
}

// Has tells which sections a file has; of a bare file neither is known.
func (i *Import) Has() (desired, reported bool) {
	_, desired = i.sections[desiredName]
	_, reported = i.sections[reportedName]
	return desired, reported
}

// ReadImport reads a file: a document {"state":{"desired":{...},
// "reported":{...}}} with or without metadata, version and delta, which are not
// taken, such a state alone, or the properties of one section alone. The error
// says in words why the file cannot be used.
func ReadImport(file []byte) (*Import, error) {
	if len(file) > MaxFile {
		return nil, errors.New("the file is larger than 1 MB: it holds no shadow, which has at most 8,192 bytes of state")
	}
	if !utf8.Valid(file) {
		return nil, errors.New("the file is not valid UTF-8 text")
	}
	text := strings.TrimPrefix(string(file), "\ufeff")
	if strings.TrimSpace(text) == "" {
		return nil, errors.New("the file is empty")
	}
	v, err := shadow.DecodeValue([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("the file is not valid JSON: %s", jsonFault(text, err))
	}
	top, ok := v.(shadow.Object)
	if !ok {
		return nil, fmt.Errorf("the file holds %s: a shadow is an object, such as {\"state\":{\"desired\":{}}}", TypeOf(v).article())
	}
	state, isObject := top["state"].(shadow.Object)
	switch {
	case isObject && documentNames(top):
		return readState(state)
	case len(top) > 0 && sectionNames(top):
		return readState(top)
	default:
		return readSections(shadow.Object{desiredName: top}, true)
	}
}

// documentNames tells whether o looks like a document or an update: it has
// nothing beside what those have.
func documentNames(o shadow.Object) bool {
	for name := range o {
		if !slices.Contains([]string{"state", "metadata", "version", "timestamp", "clientToken"}, name) {
			return false
		}
	}
	return true
}

// sectionNames tells whether o has only the names of sections, with objects.
func sectionNames(o shadow.Object) bool {
	for name, v := range o {
		_, isObject := v.(shadow.Object)
		if name != desiredName && name != reportedName && name != deltaName || !isObject && v != nil {
			return false
		}
	}
	return true
}

const deltaName = "delta"

func readState(state shadow.Object) (*Import, error) {
	for name, v := range state {
		_, isObject := v.(shadow.Object)
		switch {
		case name != desiredName && name != reportedName && name != deltaName:
			return nil, fmt.Errorf("state holds %s: only desired and reported may stand there", PathText([]string{name}))
		case !isObject && v != nil:
			return nil, fmt.Errorf("%s is %s: it must be an object", name, TypeOf(v).article())
		}
	}
	return readSections(state, false)
}

func readSections(state shadow.Object, bare bool) (*Import, error) {
	i := &Import{Bare: bare, sections: make(map[string]section)}
	for _, name := range []string{desiredName, reportedName} {
		v, there := state[name]
		if !there {
			continue
		}
		o, _ := v.(shadow.Object)
		shown := []string{name}
		if bare {
			shown = nil
		}
		if n, path := deepest(o, shown); n > shadow.DefaultMaxDepth {
			return nil, fmt.Errorf("%s is too deep: %d levels, at most %d are allowed", clip(PathText(path), 120), n, shadow.DefaultMaxDepth)
		}
		if path := nullInList(o, shown); path != nil {
			return nil, fmt.Errorf("null in the list %s: shadows hold no null", clip(PathText(path), 120))
		}
		i.sections[name] = section{o, v == nil}
	}
	if len(i.sections) == 0 {
		return nil, errors.New("the file has neither desired nor reported")
	}
	return i, nil
}

// deepest counts the levels of objects and lists that are not empty, as the
// service does, and returns the path of the deepest.
func deepest(v any, path []string) (levels int, at []string) {
	most := 0
	at = path
	look := func(name string, child any) {
		if n, p := deepest(child, append(slices.Clone(path), name)); n > most {
			most, at = n, p
		}
	}
	switch v := v.(type) {
	case shadow.Object:
		if len(v) == 0 {
			return 0, path
		}
		for _, name := range sortedNames(v) {
			look(name, v[name])
		}
	case []any:
		if len(v) == 0 {
			return 0, path
		}
		for n, child := range v {
			look(fmt.Sprintf("item %d", n+1), child)
		}
	default:
		return 0, path
	}
	return most + 1, at
}

// nullInList returns the path of a list that has a null anywhere below it, nil
// when there is none.
func nullInList(v any, path []string) []string {
	switch v := v.(type) {
	case shadow.Object:
		for _, name := range sortedNames(v) {
			if p := nullInList(v[name], append(slices.Clone(path), name)); p != nil {
				return p
			}
		}
	case []any:
		if nullFault(v, nil) != nil {
			return path
		}
	}
	return nil
}

// PlanImport returns the update that an import makes of the shadow: only what
// differs is in it. The error says in words why the shadow cannot become so.
func (f *Form) PlanImport(i *Import, c Choice) (Plan, error) {
	p := Plan{Version: f.version(), patch: shadow.Object{}}
	size := 0
	for _, name := range []string{desiredName, reportedName} {
		before := f.view.Doc.Desired
		if name == reportedName {
			before = f.view.Doc.Reported
		}
		after := before
		if s, there := i.taken(name, c); there {
			after = s.onto(before, c.Replace)
			diff := differences(nil, []string{name}, before, after)
			p.Changes = append(p.Changes, diff...)
			if len(after) == 0 && len(before) > 0 {
				p.patch[name] = nil
			} else if len(diff) > 0 {
				p.patch[name] = patchOf(diff)
			}
		}
		if len(after) > 0 {
			size += len(shadow.EncodeValue(after))
		}
	}
	if size > shadow.DefaultMaxDocument {
		return p, fmt.Errorf("too large: desired and reported together would have %s bytes, at most 8,192 are allowed", thousands(size))
	}
	p.done = plural(p.Count(), "change was", "changes were") + " imported"
	return p, nil
}

// taken returns what an import has for a section, as chosen.
func (i *Import) taken(name string, c Choice) (section, bool) {
	if i.Bare {
		s := i.sections[desiredName]
		return s, c.AsReported == (name == reportedName)
	}
	if name == desiredName && !c.Desired || name == reportedName && !c.Reported {
		return section{}, false
	}
	s, ok := i.sections[name]
	return s, ok
}

// onto returns what before becomes.
func (s section) onto(before shadow.Object, replace bool) shadow.Object {
	switch {
	case s.null:
		return nil
	case replace:
		return shadow.Merge(nil, s.object)
	default:
		return shadow.Merge(before, s.object)
	}
}

// patchOf returns the section of an update that makes the changes; the first
// name of their paths is the section's.
func patchOf(diff []Difference) shadow.Object {
	patch := shadow.Object{}
	for _, d := range diff {
		at := patch
		for _, name := range d.Path[1 : len(d.Path)-1] {
			inner, ok := at[name].(shadow.Object)
			if !ok {
				inner = shadow.Object{}
				at[name] = inner
			}
			at = inner
		}
		var v any
		if d.After != "" {
			v, _ = shadow.DecodeValue([]byte(d.After)) // EncodeValue wrote it
		}
		at[d.Path[len(d.Path)-1]] = v
	}
	return patch
}

// thousands writes n with commas.
func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
