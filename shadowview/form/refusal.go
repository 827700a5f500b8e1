package form

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/thingdesk/thingdesk/things/shadow"
)

// Refusal is a rejection by the shadow service.
type Refusal struct {
	Op      string // what was asked for: "update", "get" or "delete"
	Key     shadow.Key
	Code    int
	Message string // the service's own; may be empty
}

// Brief says in one line what the service answered and what that means:
// "refused 403 Forbidden: the policy ...".
func (r Refusal) Brief() string { return "refused " + r.service() + ": " + r.what() }

// Words says what was refused of which shadow, why, and what to do next, and
// quotes the service.
func (r Refusal) Words() string {
	return fmt.Sprintf("%s was refused: %s. %s The service said: %s.", r.asked(), r.what(), r.next(), r.service())
}

// service is what the service itself said.
func (r Refusal) service() string {
	if r.Message == "" {
		return strconv.Itoa(r.Code)
	}
	return fmt.Sprintf("%d %s", r.Code, strings.TrimRight(clip(r.Message, 200), "."))
}

// asked names the request and its shadow.
func (r Refusal) asked() string {
	verb := map[string]string{"update": "The update", "get": "Reading", "delete": "Deleting"}[r.Op]
	if verb == "" {
		verb = "The request"
	}
	if r.Op == "update" {
		verb += " of"
	}
	return verb + " " + ShadowWords(r.Key)
}

// ShadowWords names a shadow: the classic shadow of "x", the shadow "n" of "x".
func ShadowWords(k shadow.Key) string {
	if k.Name == "" {
		return fmt.Sprintf("the classic shadow of %q", k.Thing)
	}
	return fmt.Sprintf("the shadow %q of %q", k.Name, k.Thing)
}

// what says what happened.
func (r Refusal) what() string {
	switch r.Code {
	case shadow.CodeBadRequest:
		return r.malformed()
	case shadow.CodeUnauthorized:
		return "the connection is not signed in for this Thing"
	case shadow.CodeForbidden:
		return "the policy of this connection does not allow " + r.doing() + " this shadow"
	case shadow.CodeNotFound:
		return "the Thing or the shadow does not exist"
	case shadow.CodeNotAllowed:
		return "the service does not know this kind of request here"
	case shadow.CodeConflict:
		return "somebody else changed the shadow in between"
	case shadow.CodeTooLarge:
		return "the shadow would grow too large: desired and reported together may have 8,192 bytes, unless the account has more"
	case shadow.CodeNotUTF8:
		return "the text is not valid UTF-8"
	case 422:
		return "the service could not work with the request"
	case shadow.CodeThrottled:
		return "too many requests at once"
	case shadow.CodeServerFault:
		return "the service had a fault of its own, such as a store that it could not write to"
	case shadow.CodeUnavailable:
		return "the service is not available at the moment"
	default:
		return "the service gave a reason we do not know"
	}
}

func (r Refusal) doing() string {
	switch r.Op {
	case "get":
		return "reading"
	case "delete":
		return "deleting"
	default:
		return "changing"
	}
}

// faults are the parts of messages that tell one 400 from another, with what
// they mean and what to do.
var faults = []struct{ part, what, next string }{
	{"levels of nesting", "the properties are nested too deeply", "Use fewer levels of groups and lists inside of each other."},
	{"Invalid version", "the version in the request is no whole number", "Read the shadow again and send again."},
	{"Invalid clientToken", "the client token is too long (64 bytes) or no text", "Send again: a new token is made for each request."},
	{"invalid node", "the state holds something beside desired and reported", "Leave everything but desired and reported out."},
	{"must be an object", "state, desired or reported is no object", "Write it as an object: {\"name\": value}."},
	{"Missing required node", "the state is missing in the request", "Send at least {\"state\":{}}."},
	{"JSON", "the request is no JSON that the service takes; null in a list is also refused so", "Look at the values with Preview message, mend them and send again."},
}

func (r Refusal) malformed() string {
	for _, f := range faults {
		if strings.Contains(r.Message, f.part) {
			return f.what
		}
	}
	return "the service did not understand the request"
}

// next says what to do, as a sentence.
func (r Refusal) next() string {
	switch r.Code {
	case shadow.CodeBadRequest:
		for _, f := range faults {
			if strings.Contains(r.Message, f.part) {
				return f.next
			}
		}
		return "Look at the values with Preview message, mend them and send again."
	case shadow.CodeUnauthorized:
		return "Check certificate, user name and password in the connection's settings, then connect again."
	case shadow.CodeForbidden:
		return "Have the policy (the broker's access rules) allow publishing to " + r.topic() + " for this connection."
	case shadow.CodeNotFound:
		return "Check the names; a shadow comes into being with its first update."
	case shadow.CodeNotAllowed:
		return "Check that " + r.topic() + " is served by a shadow service as AWS IoT's."
	case shadow.CodeConflict:
		return "The shadow is read again: look at what is there now, then send again."
	case shadow.CodeTooLarge:
		return "Clear what is not needed, or move properties to another named shadow, then send again."
	case shadow.CodeNotUTF8:
		return "Write the values anew, then send again."
	case shadow.CodeThrottled:
		return "Wait a moment, then send again."
	case shadow.CodeServerFault, shadow.CodeUnavailable:
		return "Nothing was changed. Send again later; if it stays so, look at the service's log."
	default:
		return "Look at what the service said, and at its log."
	}
}

func (r Refusal) topic() string {
	if r.Op == "" || r.Key.Thing == "" {
		return "the shadow's topics"
	}
	return r.Key.Topic(r.Op)
}
