package shadow

import (
	"encoding/json"
	"fmt"
	"strconv"
)

// The codes of rejections.
const (
	CodeBadRequest  = 400 // the request is malformed
	CodeNotFound    = 404 // no such shadow
	CodeConflict    = 409 // version is not the current one
	CodeTooLarge    = 413 // the document would be too large
	CodeNotUTF8     = 415 // the payload is not UTF-8
	CodeServerFault = 500 // the service could not store the change
)

// rejection is why a request is refused.
type rejection struct {
	code    int
	message string
}

// The rejections that need no details.
var (
	invalidJSON      = &rejection{CodeBadRequest, "Invalid JSON"} // U14; U18 for null in an array
	missingState     = &rejection{CodeBadRequest, "Missing required node: state"}
	stateNoObject    = &rejection{CodeBadRequest, "State node must be an object"}
	invalidNode      = &rejection{CodeBadRequest, "State contains an invalid node"}
	desiredNoObject  = &rejection{CodeBadRequest, "Desired node must be an object"}
	reportedNoObject = &rejection{CodeBadRequest, "Reported node must be an object"}
	invalidVersion   = &rejection{CodeBadRequest, "Invalid version"}
	invalidToken     = &rejection{CodeBadRequest, "Invalid clientToken"}
	versionConflict  = &rejection{CodeConflict, "Version conflict"}
	tooLarge         = &rejection{CodeTooLarge, "The payload exceeds the maximum size allowed"}
	notUTF8          = &rejection{CodeNotUTF8, "Unsupported documented encoding; supported encoding is UTF-8"}
	serverFault      = &rejection{CodeServerFault, "Internal service failure"}
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
		name += "~" + k.Name // U6: as seen on AWS's REST
	}
	return &rejection{CodeNotFound, "No shadow exists with name: '" + name + "'"}
}

// reply returns the message that refuses operation op. It has no timestamp,
// like those seen on AWS (U7).
func (r *rejection) reply(k Key, op string, token *string) Reply {
	return Reply{
		Topic: k.Topic(op + "/rejected"),
		Payload: encodeMembers(withToken(token,
			member{"code", json.Number(strconv.Itoa(r.code))},
			member{"message", r.message},
		)...),
	}
}

// withToken adds the client token when the request had one.
func withToken(token *string, ms ...member) []member {
	if token != nil {
		ms = append(ms, member{"clientToken", *token})
	}
	return ms
}
