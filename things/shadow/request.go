package shadow

import (
	"errors"
	"unicode/utf8"
)

// maxToken is the longest client token, in bytes of UTF-8.
const maxToken = 64

// maxPayload is the largest message AWS takes. A larger update is refused
// without being read, a larger get or delete is taken for one without token.
const maxPayload = 128 * 1024

// The sections of a document.
const (
	sectionDesired  = "desired"
	sectionReported = "reported"
)

// request is an update that passed all checks that need no document.
type request struct {
	state   node   // as sent: null or an object of null and objects
	version *int64 // wanted version; nil when any will do
	// ahead tells that the wanted version is greater than any can be.
	ahead bool
	token token
}

// token is a client token as canonical JSON, quotes included; "" when the
// request had none.
type token string

// decodeUpdate reads and checks the payload of an update. The token is set
// also with a rejection, as far as there is a valid one (U21: one that is
// invalid is not echoed). The order of the checks is ours (U27).
func decodeUpdate(p *parser, payload []byte, maxDepth int) (*request, *rejection) {
	r := new(request)
	switch {
	case len(payload) > maxPayload:
		return r, tooLarge
	case !utf8.Valid(payload):
		return r, notUTF8
	case len(payload) == 0:
		return r, missingState // U16
	}
	top, err := p.parse(string(payload))
	switch {
	case errors.Is(err, errNesting):
		return r, tooDeep(maxDepth)
	case err != nil:
		return r, invalidJSON
	case top.kind != object:
		return r, missingState // U17
	}
	var badToken *rejection
	r.token, badToken = clientToken(&top)
	if bad := r.readState(&top); bad != nil {
		return r, bad
	}
	if bad := r.readVersion(&top); bad != nil {
		return r, bad
	}
	if badToken != nil {
		return r, badToken
	}
	return r, r.checkSections(maxDepth)
}

// readState checks the kinds of state and its members.
func (r *request) readState(top *node) *rejection {
	state := top.member("state")
	switch {
	case state == nil:
		return missingState
	case !state.isNull() && state.kind != object:
		return stateNoObject
	}
	r.state = *state
	for i := range state.kids {
		if name := state.kids[i].name; name != sectionDesired && name != sectionReported { // U15: state.delta as well
			return invalidNode
		}
	}
	if !state.member(sectionDesired).isSection() {
		return desiredNoObject
	}
	if !state.member(sectionReported).isSection() {
		return reportedNoObject
	}
	return nil
}

// isSection tells whether n, nil when absent, may be a section of a request.
func (n *node) isSection() bool { return n == nil || n.isNull() || n.kind == object }

// readVersion takes the wanted version. null, negative numbers and fractions
// are invalid (U20); 1.0 is 1.
func (r *request) readVersion(top *node) *rejection {
	v := top.member("version")
	if v == nil {
		return nil
	}
	if v.kind != scalar || !isNumber(v.text) {
		return invalidVersion
	}
	n, fits, ok := parseDecimal(v.text).integer()
	if !ok {
		return invalidVersion
	}
	r.version, r.ahead = &n, !fits
	return nil
}

// checkSections checks depth and arrays of both sections.
func (r *request) checkSections(maxDepth int) *rejection {
	for i := range r.state.kids {
		if r.state.kids[i].depth() > maxDepth {
			return tooDeep(maxDepth)
		}
	}
	if r.state.nullInArray() {
		return invalidJSON // U18
	}
	return nil
}

// wants tells whether the request may be applied to a shadow that has the
// version current, 0 when there never was one (U13).
func (r *request) wants(current int64, deleted bool) bool {
	switch {
	case r.version == nil:
		return true
	case r.ahead || deleted:
		return false
	case current == 0:
		return *r.version <= newbornMaxVersion
	}
	return *r.version == current
}

// clientToken returns the token of a request. An empty one is a token.
func clientToken(top *node) (token, *rejection) {
	v := top.member("clientToken")
	if v == nil {
		return "", nil
	}
	if v.kind != scalar || v.text[0] != '"' || len(unescape(v.text[1:len(v.text)-1])) > maxToken {
		return "", invalidToken
	}
	return token(v.text), nil
}

// looseToken returns the token of a get or delete, whose content does not
// matter otherwise.
func looseToken(p *parser, payload []byte) (token, *rejection) {
	if len(payload) == 0 || len(payload) > maxPayload || !utf8.Valid(payload) {
		return "", nil
	}
	top, err := p.parse(string(payload))
	if err != nil {
		return "", nil // U19: what is no JSON is ignored
	}
	return clientToken(&top)
}
