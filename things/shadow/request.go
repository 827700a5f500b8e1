package shadow

import (
	"encoding/json"
	"unicode/utf8"
)

// maxToken is the longest client token, in bytes of UTF-8.
const maxToken = 64

// maxPayload is the largest message AWS takes. A larger update is refused
// without being read, a larger get or delete is taken for one without token.
const maxPayload = 128 * 1024

// request is an update that passed all checks that need no document.
type request struct {
	state   Object // as sent; nil for "state":null
	version *int64 // wanted version; nil when any will do
	// ahead tells that the wanted version is greater than any can be.
	ahead bool
	token *string
}

// decodeUpdate reads and checks the payload of an update. The token is set
// also with a rejection, as far as there is a valid one (U21: one that is
// invalid is not echoed). The order of the checks is ours (U27).
func decodeUpdate(payload []byte, maxDepth int) (request, *rejection) {
	var r request
	if len(payload) > maxPayload {
		return r, tooLarge
	}
	if !utf8.Valid(payload) {
		return r, notUTF8
	}
	if len(payload) == 0 {
		return r, missingState // U16
	}
	v, err := DecodeValue(payload)
	if err != nil {
		return r, invalidJSON
	}
	top, ok := v.(Object)
	if !ok {
		return r, missingState // U17
	}
	var badToken *rejection
	r.token, badToken = clientToken(top)
	if bad := r.readState(top); bad != nil {
		return r, bad
	}
	if bad := r.readVersion(top); bad != nil {
		return r, bad
	}
	if badToken != nil {
		return r, badToken
	}
	return r, r.checkSections(maxDepth)
}

// readState checks the kinds of state and its members.
func (r *request) readState(top Object) *rejection {
	v, ok := top["state"]
	if !ok {
		return missingState
	}
	if v == nil {
		return nil
	}
	if r.state, ok = v.(Object); !ok {
		return stateNoObject
	}
	for name := range r.state {
		if name != "desired" && name != "reported" { // U15: state.delta as well
			return invalidNode
		}
	}
	if !objectOrNull(r.state["desired"]) {
		return desiredNoObject
	}
	if !objectOrNull(r.state["reported"]) {
		return reportedNoObject
	}
	return nil
}

func objectOrNull(v any) bool {
	_, ok := v.(Object)
	return ok || v == nil
}

// readVersion takes the wanted version. null, negative numbers and fractions
// are invalid (U20); 1.0 is 1.
func (r *request) readVersion(top Object) *rejection {
	v, ok := top["version"]
	if !ok {
		return nil
	}
	number, ok := v.(json.Number)
	if !ok {
		return invalidVersion
	}
	n, fits, ok := parseDecimal(string(number)).integer()
	if !ok {
		return invalidVersion
	}
	r.version, r.ahead = &n, !fits
	return nil
}

// checkSections checks depth and arrays of both sections.
func (r *request) checkSections(maxDepth int) *rejection {
	for _, section := range r.state {
		if depth(section) > maxDepth {
			return tooDeep(maxDepth)
		}
	}
	for _, section := range r.state {
		if nullInArray(section) {
			return invalidJSON
		}
	}
	return nil
}

// wants tells whether the request may be applied to a shadow that has the
// version current, 0 when there never was one. For a shadow that never was, 0
// and 1 pass; a deleted one is always a conflict (U13).
func (r *request) wants(current int64, deleted bool) bool {
	switch {
	case r.version == nil:
		return true
	case r.ahead || deleted:
		return false
	case current == 0:
		return *r.version <= 1
	}
	return *r.version == current
}

// clientToken returns the token of a request. An empty one is a token.
func clientToken(top Object) (*string, *rejection) {
	v, ok := top["clientToken"]
	if !ok {
		return nil, nil
	}
	token, ok := v.(string)
	if !ok || len(token) > maxToken {
		return nil, invalidToken
	}
	return &token, nil
}

// looseToken returns the token of a get or delete, whose content does not
// matter otherwise (U19).
func looseToken(payload []byte) (*string, *rejection) {
	if len(payload) == 0 || len(payload) > maxPayload || !utf8.Valid(payload) {
		return nil, nil
	}
	v, err := DecodeValue(payload)
	if err != nil {
		return nil, nil // U19: what is no JSON is ignored
	}
	top, _ := v.(Object)
	return clientToken(top)
}

// depth counts the levels of objects and arrays that are not empty (U8).
func depth(v any) int {
	deepest := 0
	switch v := v.(type) {
	case Object:
		if len(v) == 0 {
			return 0
		}
		for _, e := range v {
			deepest = max(deepest, depth(e))
		}
	case []any:
		if len(v) == 0 {
			return 0
		}
		for _, e := range v {
			deepest = max(deepest, depth(e))
		}
	default:
		return 0
	}
	return deepest + 1
}

// nullInArray tells whether an array anywhere in v has a null element.
func nullInArray(v any) bool {
	switch v := v.(type) {
	case Object:
		for _, e := range v {
			if nullInArray(e) {
				return true
			}
		}
	case []any:
		for _, e := range v {
			if e == nil || nullInArray(e) {
				return true
			}
		}
	}
	return false
}
