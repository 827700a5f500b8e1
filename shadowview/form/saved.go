package form

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/thingdesk/thingdesk/things/shadow"
)

// Saved is an edit as it is kept while the Form is away.
type Saved struct {
	Path  []string `json:"path"`
	Type  Type     `json:"type,omitempty"`
	Text  string   `json:"text,omitempty"`
	Clear bool     `json:"clear,omitempty"`
	// Bases are the values of desired that the user knows of; null is absent.
	Bases []json.RawMessage `json:"bases,omitempty"`
}

// Edits returns all edits that are not known to have arrived.
func (f *Form) Edits() []Saved {
	var out []Saved
	for _, e := range slices.SortedFunc(maps.Values(f.edits), byPath) {
		if e.phase == accepted {
			continue
		}
		s := Saved{Path: slices.Clone(e.path), Type: e.typ, Text: e.text, Clear: e.clear}
		for _, b := range e.bases {
			s.Bases = append(s.Bases, shadow.EncodeValue(b))
		}
		out = append(out, s)
	}
	return out
}

// RestoreEdits puts saved edits back. Those that contradict edits of the Form
// are left out; it returns how many were restored.
func (f *Form) RestoreEdits(saved []Saved) int {
	n := 0
	for _, s := range saved {
		k := PathText(s.Path)
		if len(s.Path) == 0 || f.edits[k] != nil || f.blocked(s.Path) || f.above(s.Path) {
			continue
		}
		e := &edit{path: slices.Clone(s.Path), typ: s.Type, text: s.Text, clear: s.Clear}
		for _, text := range s.Bases {
			if base, err := shadow.DecodeValue(text); err == nil {
				e.bases = append(e.bases, base)
			}
		}
		if !s.Clear {
			var err error
			if e.value, err = parse(s.Text, s.Type); err != nil {
				e.fault = err.Error()
			}
		}
		f.edits[k] = e
		n++
	}
	f.changed(n > 0)
	return n
}

// above tells that an edit of any kind stands above path.
func (f *Form) above(path []string) bool {
	for _, e := range f.edits {
		if within(path, e.path) {
			return true
		}
	}
	return false
}
