package shadow

import (
	"fmt"
	"strconv"
)

// The codes of rejections. The service itself gives 400, 404, 409, 413, 415
// and 500; the others are for those who guard it.
const (
	CodeBadRequest   = 400 // the request is malformed
	CodeUnauthorized = 401 // the client is not authenticated
	CodeForbidden    = 403 // the client may not do this
	CodeNotFound     = 404 // no such shadow
	CodeNotAllowed   = 405 // HTTP only: no such method
	CodeConflict     = 409 // version is not the current one
	CodeTooLarge     = 413 // the document would be too large
	CodeNotUTF8      = 415 // the payload is not UTF-8
	CodeThrottled    = 429 // too many requests
	CodeServerFault  = 500 // the service could not store the change
	CodeUnavailable  = 503 // HTTP only: the service does not answer now
)

// rejection is why a request is refused.
type rejection struct {
	code    int
	message string
}

// The rejections that need no details.
var (
	invalidJSON      = &rejection{CodeBadRequest, textInvalidJSON}
	missingState     = &rejection{CodeBadRequest, textNoState}
	stateNoObject    = &rejection{CodeBadRequest, "State node must be an object"}
	invalidNode      = &rejection{CodeBadRequest, "State contains an invalid node"}
	desiredNoObject  = &rejection{CodeBadRequest, "Desired node must be an object"}
	reportedNoObject = &rejection{CodeBadRequest, "Reported node must be an object"}
	invalidVersion   = &rejection{CodeBadRequest, "Invalid version"}
	invalidToken     = &rejection{CodeBadRequest, "Invalid clientToken"}
	unauthorized     = &rejection{CodeUnauthorized, "Unauthorized"}
	forbidden        = &rejection{CodeForbidden, "Forbidden"}
	notAllowed       = &rejection{CodeNotAllowed, "Method not allowed"} // AWS publishes no text
	versionConflict  = &rejection{CodeConflict, "Version conflict"}
	tooLarge         = &rejection{CodeTooLarge, "The payload exceeds the maximum size allowed"}
	notUTF8          = &rejection{CodeNotUTF8, "Unsupported documented encoding; supported encoding is UTF-8"}
	throttled        = &rejection{CodeThrottled, textThrottled}
	serverFault      = &rejection{CodeServerFault, "Internal service failure"}
	unavailable      = &rejection{CodeUnavailable, "Service unavailable"} // AWS publishes no text
)

func tooDeep(limit int) *rejection {
	return &rejection{
		CodeBadRequest,
		fmt.Sprintf("JSON contains too many levels of nesting; maximum is %d", limit),
	}
}

func noShadow(k Key) *rejection {
	name := k.Thing
	if k.Name != "" {
		name += namedSeparator + k.Name
	}
	return &rejection{CodeNotFound, "No shadow exists with name: '" + name + "'"}
}

// reply returns the message that refuses operation op. It has no timestamp,
// like those seen on AWS (U7).
func (r *rejection) reply(k Key, op string, t token) Reply {
	b := strconv.AppendInt([]byte(`{"code":`), int64(r.code), 10)
	b = appendString(append(b, `,"message":`...), r.message)
	return Reply{Topic: k.Topic(op + "/rejected"), Payload: t.end(b)}
}

// Refuse returns the rejection of a request for a reason that the service
// cannot know: who asks, how often, or because somebody wants to see how a
// client bears it. The message is the one that belongs to the code, and the
// client token is echoed. Refuse changes nothing and needs no Service. A topic
// that is no request gets no answer; an unknown code is answered as 500.
func Refuse(topic string, payload []byte, code int) []Reply {
	k, op, ok := ParseTopic(topic)
	if !ok || op != suffixGet && op != suffixUpdate && op != suffixDelete {
		return nil
	}
	t, bad := looseToken(new(parser), payload)
	if bad != nil {
		t = "" // U21
	}
	return []Reply{refusal(k, code).reply(k, op, t)}
}

// refusal returns a rejection for a code.
func refusal(k Key, code int) *rejection {
	if code == CodeNotFound {
		return noShadow(k)
	}
	for _, r := range []*rejection{
		invalidJSON, unauthorized, forbidden, notAllowed, versionConflict, tooLarge, notUTF8, throttled, unavailable,
	} {
		if r.code == code {
			return r
		}
	}
	return serverFault
}
