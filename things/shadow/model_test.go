package shadow_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/thingdesk/thingdesk/things/shadow"
)

// model is a shadow as one would explain it: each section is a list of leaves.
// It shares nothing with the service and knows no trees.
type model struct {
	exists   bool
	sections map[string]leafList
	version  int
	deleted  int64 // when; 0 for never
	limits   shadow.Limits
}

// leaf is a value at a path: anything but an object with members.
type leaf struct {
	path  []string
	value any
	at    int64
}

type leafList []leaf

func decodeStd(text string) (v any, err error) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	err = d.Decode(&v)
	return v, err
}

func encodeStd(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err)
	}
	return strings.TrimSpace(b.String())
}

func under(path, prefix []string) bool {
	return len(path) >= len(prefix) && slices.Equal(path[:len(prefix)], prefix)
}

// without drops what is at or below path.
func (l leafList) without(path []string) leafList {
	return slices.DeleteFunc(slices.Clone(l), func(e leaf) bool { return under(e.path, path) })
}

// isObject tells whether there is an object at path.
func (l leafList) isObject(path []string) bool {
	for _, e := range l {
		if under(e.path, path) && (len(e.path) > len(path) || isEmptyObject(e.value)) {
			return true
		}
	}
	return len(path) == 0
}

func isEmptyObject(v any) bool {
	o, ok := v.(map[string]any)
	return ok && len(o) == 0
}

// put sets what is at path to a leaf. Objects above it are not empty any more.
func (l leafList) put(path []string, v any, at int64) leafList {
	l = slices.DeleteFunc(l.without(path), func(e leaf) bool { return under(path, e.path) })
	return append(l, leaf{slices.Clone(path), v, at})
}

// set applies one member of a patch.
func (l leafList) set(path []string, v any, at int64) leafList {
	o, isObject := v.(map[string]any)
	switch {
	case v == nil:
		parent := path[:len(path)-1]
		had := l.isObject(parent)
		if l = l.without(path); had && !l.isObject(parent) {
			l = l.put(parent, map[string]any{}, at)
		}
		return l
	case isObject:
		if !l.isObject(path) {
			l = l.put(path, map[string]any{}, at)
		}
		for k, e := range o {
			l = l.set(append(slices.Clone(path), k), e, at)
		}
		return l
	default:
		return l.put(path, dropNulls(v), at)
	}
}

func dropNulls(v any) any {
	switch v := v.(type) {
	case []any:
		kept := []any{}
		for _, e := range v {
			kept = append(kept, dropNulls(e))
		}
		return kept
	case map[string]any:
		kept := map[string]any{}
		for k, e := range v {
			if e != nil {
				kept[k] = dropNulls(e)
			}
		}
		return kept
	}
	return v
}

// tree makes an object of the leaves, each with what show makes of it.
func (l leafList) tree(show func(leaf) any) map[string]any {
	root := map[string]any{}
	for _, e := range l {
		at := root
		for _, k := range e.path[:len(e.path)-1] {
			if at[k] == nil {
				at[k] = map[string]any{}
			}
			at = at[k].(map[string]any) //nolint:errcheck // only objects are above leaves
		}
		at[e.path[len(e.path)-1]] = show(e)
	}
	return root
}

func showValue(e leaf) any { return e.value }

func showTime(e leaf) any { return times(e.value, e.at) }

func times(v any, at int64) any {
	switch v := v.(type) {
	case []any:
		all := []any{}
		for _, e := range v {
			all = append(all, times(e, at))
		}
		return all
	case map[string]any:
		all := map[string]any{}
		for k, e := range v {
			all[k] = times(e, at)
		}
		return all
	}
	return map[string]any{"timestamp": number(at)}
}

// delta keeps the leaves of desired that reported does not have.
func (m *model) delta() leafList {
	var delta leafList
	reported := m.sections["reported"]
	for _, want := range m.sections["desired"] {
		same := isEmptyObject(want.value) && len(reported) > 0 && reported.isObject(want.path)
		for _, have := range reported {
			same = same || slices.Equal(have.path, want.path) && sameValue(want.value, have.value)
		}
		if !same {
			delta = append(delta, want)
		}
	}
	return delta
}

func sameValue(a, b any) bool {
	switch a := a.(type) {
	case json.Number:
		b, ok := b.(json.Number)
		x, ok1 := new(big.Rat).SetString(string(a))
		y, ok2 := new(big.Rat).SetString(string(b))
		return ok && ok1 && ok2 && x.Cmp(y) == 0
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, sameValue)
	case map[string]any:
		b, ok := b.(map[string]any)
		for k := range a {
			if _, has := b[k]; !has || !sameValue(a[k], b[k]) {
				return false
			}
		}
		return ok && len(a) == len(b)
	}
	return a == b
}

func (m *model) document() map[string]any {
	state, meta := map[string]any{}, map[string]any{}
	for name, l := range m.sections {
		if len(l) > 0 {
			state[name], meta[name] = l.tree(showValue), l.tree(showTime)
		}
	}
	return map[string]any{"state": state, "metadata": meta, "version": number(m.version)}
}

func number(n any) json.Number { return json.Number(fmt.Sprint(n)) }

// message is what is expected on a topic.
type message struct {
	suffix  string
	payload map[string]any
}

func reject(op string, code int, text string, token any) []message {
	return []message{{op + "/rejected", withToken(map[string]any{"code": number(code), "message": text}, token)}}
}

func withToken(o map[string]any, token any) map[string]any {
	if token != nil {
		o["clientToken"] = token
	}
	return o
}

// handle is Service.Handle for requests with a valid shape.
func (m *model) handle(op string, r map[string]any, now int64) []message {
	token := r["clientToken"]
	if op != "update" && !m.exists {
		return reject(op, 404, "No shadow exists with name: 'x'", token)
	}
	switch op {
	case "get":
		d := m.document()
		if delta := m.delta(); len(delta) > 0 {
			d["state"].(map[string]any)["delta"] = delta.tree(showValue) //nolint:errcheck // made above
		}
		d["timestamp"] = number(now)
		return []message{{"get/accepted", withToken(d, token)}}
	case "delete":
		answer := withToken(map[string]any{"version": number(m.version), "timestamp": number(now)}, token)
		*m = model{version: m.version + 1, deleted: now, limits: m.limits}
		return []message{{"delete/accepted", answer}}
	}
	return m.update(r, now, token)
}

func (m *model) update(r map[string]any, now int64, token any) []message {
	state, _ := r["state"].(map[string]any)
	var sections []any
	for _, s := range state {
		sections = append(sections, s)
	}
	next, expired := *m, m.deleted != 0 && now-m.deleted >= int64(48*time.Hour/time.Second)
	if expired {
		next.version = 0
	}
	switch {
	case slices.ContainsFunc(sections, func(v any) bool { return levels(v) > m.limits.Depth }):
		return reject("update", 400, fmt.Sprintf("JSON contains too many levels of nesting; maximum is %d", m.limits.Depth), token)
	case slices.ContainsFunc(sections, hasNullElement):
		return reject("update", 400, "Invalid JSON", token)
	}
	if v, ok := r["version"]; ok {
		fits := v == number(next.version) && m.exists
		if !m.exists && (m.deleted == 0 || expired) {
			fits = v == number(0) || v == number(1)
		}
		if !fits {
			return reject("update", 409, "Version conflict", token)
		}
	}
	next.sections = map[string]leafList{}
	size := 0
	for _, name := range []string{"desired", "reported"} {
		l := m.sections[name]
		switch patch, named := state[name]; {
		case r["state"] == nil, named && patch == nil:
			l = nil
		case named:
			for k, v := range patch.(map[string]any) { //nolint:errcheck // the shape is valid
				l = l.set([]string{k}, v, now)
			}
		}
		if next.sections[name] = l; len(l) > 0 {
			size += len(encodeStd(l.tree(showValue)))
		}
	}
	if size > m.limits.Document {
		return reject("update", 413, "The payload exceeds the maximum size allowed", token)
	}
	next.exists, next.deleted = true, 0
	next.version++

	var previous any
	if m.exists {
		previous = m.document()
	}
	*m = next
	var all []message
	if delta := m.delta(); len(delta) > 0 {
		all = append(all, message{"update/delta", map[string]any{
			"version": number(m.version), "timestamp": number(now), "state": delta.tree(showValue), "metadata": delta.tree(showTime),
		}})
	}
	all = append(all, message{"update/documents", map[string]any{
		"previous": previous, "current": m.document(), "timestamp": number(now),
	}}, message{"update/accepted", map[string]any{
		"state": r["state"], "metadata": times(r["state"], now), "version": number(m.version), "timestamp": number(now),
	}})
	for _, a := range all {
		withToken(a.payload, token)
	}
	return all
}

// levels counts objects and arrays that are not empty.
func levels(v any) int {
	deepest, n := 0, 0
	each(v, func(e any) { deepest, n = max(deepest, levels(e)), n+1 })
	if n == 0 {
		return 0
	}
	return deepest + 1
}

func each(v any, f func(any)) {
	switch v := v.(type) {
	case map[string]any:
		for _, e := range v {
			f(e)
		}
	case []any:
		for _, e := range v {
			f(e)
		}
	}
}

func hasNullElement(v any) bool {
	found := false
	if a, ok := v.([]any); ok {
		found = slices.Contains(a, nil)
	}
	each(v, func(e any) { found = found || hasNullElement(e) })
	return found
}
