package form

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/thingdesk/thingdesk/things/shadow"
)

// phase is how far an edit got.
type phase uint8

const (
	unsent phase = iota
	sent
	accepted   // the document has not caught up yet
	refused    // as unsent, with why
	unanswered // as unsent, with why
)

// edit is a change to desired at one path that is not in the document yet.
// No edit with a value stands above another edit.
type edit struct {
	path    []string
	typ     Type
	text    string
	value   any // what text means; without meaning when fault is set
	fault   string
	clear   bool  // remove the member (null)
	bases   []any // what desired may hold without a conflict; nil is absent
	phase   phase
	token   string // of the update that carried it
	version int64  // of the document that holds it, when accepted
	since   int64  // when it was accepted
	why     string // words for refused and unanswered
}

// waiting tells that the service has, or may have, the edit.
func (e *edit) waiting() bool { return e.phase == sent || e.phase == accepted }

// conflict tells that desired changed under an edit to something else than it.
func (f *Form) conflict(e *edit) bool {
	if e.waiting() {
		return false
	}
	now, has := lookup(f.view.Doc.Desired, e.path)
	if slices.ContainsFunc(e.bases, func(b any) bool { return shadow.Equal(now, b) }) {
		return false
	}
	if e.clear {
		return has
	}
	return e.fault != "" || !has || !shadow.Equal(now, e.value)
}

// typeAt returns the type of the value at a path: that of the edit, else of
// reported, else of desired.
func (f *Form) typeAt(path []string) Type {
	if e := f.edits[PathText(path)]; e != nil && !e.clear && e.typ != "" {
		return e.typ
	}
	if v, ok := lookup(f.view.Doc.Reported, path); ok && v != nil {
		return TypeOf(v)
	}
	if v, ok := lookup(f.view.Doc.Desired, path); ok {
		return TypeOf(v)
	}
	return ""
}

// Edit takes the text of the editor at path. Text that does not fit the type
// is kept with a fault. A value written as desired has it removes the edit.
// It returns false when the path cannot be edited because an edit above or
// below it stands in the way.
func (f *Form) Edit(path []string, text string) bool {
	return f.editAs(path, text, f.typeAt(path))
}

// EditBool sets a boolean.
func (f *Form) EditBool(path []string, on bool) bool {
	if t := f.typeAt(path); t != Bool && t != "" {
		return false
	}
	return f.editAs(path, Text(on), Bool)
}

// SetType changes the type of the desired value at path on purpose: the text
// stays where it fits. Null is the same as ClearDesired.
func (f *Form) SetType(path []string, t Type) bool {
	if t == Null {
		return f.ClearDesired(path)
	}
	text := f.TextAt(path)
	if _, err := parse(text, t); err != nil {
		switch t {
		case Bool:
			text = "false"
		case Array:
			text = "[]"
			if v, err := guess(f.TextAt(path)); err == nil && f.TextAt(path) != "" {
				text = Text([]any{v})
			}
		case Map:
			text = "{}"
		case Number:
			text = "0"
		case String, Null:
		}
	}
	return f.editAs(path, text, t)
}

// TextAt returns what the editor at path starts with: the edit, else desired,
// else reported, else nothing.
func (f *Form) TextAt(path []string) string {
	if e := f.edits[PathText(path)]; e != nil && !e.clear {
		return e.text
	}
	if v, ok := lookup(f.view.Doc.Desired, path); ok {
		return Text(v)
	}
	if v, ok := lookup(f.view.Doc.Reported, path); ok {
		return Text(v)
	}
	return ""
}

// Step adds n to the number at path.
func (f *Form) Step(path []string, n int64) bool {
	if f.typeAt(path) != Number {
		return false
	}
	text, ok := step(f.TextAt(path), n)
	return ok && f.editAs(path, text, Number)
}

func (f *Form) editAs(path []string, text string, t Type) bool {
	if len(path) == 0 || f.blocked(path) {
		return false
	}
	value, err := parse(text, t)
	if t == Null { // the device reports null: take what the user means
		if value, err = guess(text); err == nil {
			t = TypeOf(value)
		}
	}
	now, has := lookup(f.view.Doc.Desired, path)
	k := PathText(path)
	f.revision++
	old := f.edits[k]
	unchanged := err == nil && has && same(value, now) || text == "" && !has && t != String
	if unchanged && (old == nil || !old.waiting()) {
		delete(f.edits, k)
		return true
	}
	e := f.fresh(path)
	e.typ, e.text, e.value = t, text, value
	if err != nil {
		e.fault = err.Error()
	}
	return true
}

// fresh returns a new unsent edit at path, in place of the one that is there.
// The base of an edit that was not sent stays: what the user saw.
func (f *Form) fresh(path []string) *edit {
	f.splitClears(path)
	k := PathText(path)
	e := &edit{path: slices.Clone(path)}
	old := f.edits[k]
	switch {
	case old != nil && old.waiting(): // what will stand there
		e.bases = append(slices.Clone(old.bases), old.value)
	case old != nil:
		e.bases = old.bases
	default:
		now, _ := lookup(f.view.Doc.Desired, path)
		e.bases = []any{now}
	}
	f.edits[k] = e
	return e
}

// blocked tells that edits above or below path stand in the way.
func (f *Form) blocked(path []string) bool {
	for _, e := range f.edits {
		if within(path, e.path) && (!e.clear || e.waiting()) || within(e.path, path) {
			return true
		}
	}
	return false
}

// splitClears replaces an edit above path that clears a whole group by edits
// that clear the group's other members.
func (f *Form) splitClears(path []string) {
	for k, e := range maps.Clone(f.edits) {
		if !e.clear || !within(path, e.path) {
			continue
		}
		delete(f.edits, k)
		group, _ := lookup(f.view.Doc.Desired, e.path)
		f.clearMembers(e.path, group, path)
	}
}

func (f *Form) clearMembers(at []string, v any, except []string) {
	o, ok := v.(shadow.Object)
	if !ok {
		return
	}
	for k, member := range o {
		p := append(slices.Clone(at), k)
		switch {
		case slices.Equal(p, except):
		case within(except, p):
			f.clearMembers(p, member, except)
		default:
			f.edits[PathText(p)] = &edit{path: p, clear: true, bases: []any{member}}
		}
	}
}

// ClearDesired removes the value or the whole group at path from desired
// (null). Edits below it, and where desired has nothing the edit itself, are
// taken back. It returns false when updates on their way forbid it or there is
// nothing to clear.
func (f *Form) ClearDesired(path []string) bool {
	_, has := lookup(f.view.Doc.Desired, path)
	k := PathText(path)
	for _, e := range f.edits {
		if (within(e.path, path) && e.waiting()) || within(path, e.path) && (!e.clear || e.waiting()) {
			return false
		}
	}
	old := f.edits[k]
	if len(path) == 0 || !has && old == nil && !f.editsBelow(path) {
		return false
	}
	maps.DeleteFunc(f.edits, func(_ string, e *edit) bool { return within(e.path, path) })
	f.revision++
	if !has && (old == nil || !old.waiting()) {
		delete(f.edits, k)
		return true
	}
	f.fresh(path).clear = true
	return true
}

func (f *Form) editsBelow(path []string) bool {
	for _, e := range f.edits {
		if within(e.path, path) {
			return true
		}
	}
	return false
}

// AdoptReported sets desired to what the device reports, for a leaf or for all
// reported leaves of a group. Members that only desired has stay.
func (f *Form) AdoptReported(path []string) bool {
	done := false
	f.tree().each(func(n *node) {
		if n.group || !n.hasReported || n.reported == nil || !slices.Equal(n.path, path) && !within(n.path, path) {
			return
		}
		if nullFault(n.reported, n.path) != nil {
			return
		}
		if n.hasDesired && shadow.Equal(n.desired, n.reported) && f.edits[PathText(n.path)] == nil {
			return
		}
		done = f.editAs(n.path, Text(n.reported), TypeOf(n.reported)) || done
	})
	return done
}

// Revert takes back the edit at path and those below it. What was sent cannot
// be taken back.
func (f *Form) Revert(path []string) bool {
	before := len(f.edits)
	maps.DeleteFunc(f.edits, func(_ string, e *edit) bool {
		return !e.waiting() && (slices.Equal(e.path, path) || within(e.path, path))
	})
	return f.changed(len(f.edits) != before)
}

// RevertAll takes back every edit that is not on its way, and the notice.
func (f *Form) RevertAll() bool {
	had := f.notice != (Notice{})
	f.say(Notice{})
	return f.Revert(nil) || f.changed(had)
}

// KeepMine ends a conflict in favour of the edit.
func (f *Form) KeepMine(path []string) bool {
	e := f.edits[PathText(path)]
	if e == nil || !f.conflict(e) {
		return false
	}
	now, _ := lookup(f.view.Doc.Desired, path)
	e.bases = []any{now}
	e.phase, e.why = unsent, ""
	return f.changed(true)
}

// TakeTheirs ends a conflict in favour of what desired holds now.
func (f *Form) TakeTheirs(path []string) bool {
	e := f.edits[PathText(path)]
	if e == nil || !f.conflict(e) {
		return false
	}
	delete(f.edits, PathText(path))
	return f.changed(true)
}

func (f *Form) changed(yes bool) bool {
	if yes {
		f.revision++
	}
	return yes
}

// AddProperty makes an edit for a property that is not there yet. The value is
// JSON, or else taken as a string. The error says in words what to mend.
func (f *Form) AddProperty(pathText, valueText string) error {
	path, err := ParsePath(pathText)
	if err != nil {
		return err
	}
	for i := 1; i < len(path); i++ {
		if err := f.passable(path[:i]); err != nil {
			return err
		}
	}
	_, reported := lookup(f.view.Doc.Reported, path)
	_, desired := lookup(f.view.Doc.Desired, path)
	e := f.edits[PathText(path)]
	if reported || desired || f.editsBelow(path) || e != nil {
		return fmt.Errorf("%s already exists: change it in its row", PathText(path))
	}
	if valueText == "" {
		return errors.New(`give a value; "" is the empty text`)
	}
	value, err := guess(valueText)
	if err != nil {
		return err
	}
	if !f.editAs(path, Text(value), TypeOf(value)) {
		return fmt.Errorf("%s cannot be set while an edit above it is open", PathText(path))
	}
	return nil
}

// passable tells whether a property may stand below path.
func (f *Form) passable(path []string) error {
	for _, section := range []shadow.Object{f.view.Doc.Reported, f.view.Doc.Desired} {
		if v, ok := lookup(section, path); ok && v != nil && TypeOf(v) != Map {
			return fmt.Errorf("%s is %s and cannot hold other properties", PathText(path), TypeOf(v).article())
		}
	}
	if e := f.edits[PathText(path)]; e != nil && !e.clear {
		return fmt.Errorf("%s has an unsent value: edit that, or send it first", PathText(path))
	}
	return nil
}

// EditSeen is Edit for an editor that showed seen as desired, nil for absent:
// when desired has become something else since, the edit is in conflict.
func (f *Form) EditSeen(path []string, text string, seen any) bool {
	k := PathText(path)
	had := f.edits[k] != nil
	ok := f.Edit(path, text)
	if e := f.edits[k]; ok && !had && e != nil {
		e.bases = []any{seen}
	}
	return ok
}

// Check says in words why text cannot be the value at path; "" when it can.
func (f *Form) Check(path []string, text string) string {
	if _, err := parse(text, f.typeAt(path)); err != nil {
		return err.Error()
	}
	return ""
}
