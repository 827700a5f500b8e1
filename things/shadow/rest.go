package shadow

import (
	"encoding/base64"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// How many names a page of List has.
const (
	DefaultPage = 25
	MaxPage     = 100
)

// Why List refuses. AWS's data plane answers InvalidRequestException.
var (
	ErrThingName = errors.New("invalid thing name")
	ErrPageSize  = errors.New("invalid page size")
	ErrNextToken = errors.New("invalid next token")
)

// List answers ListNamedShadowsForThing: {"results":[..],"nextToken":"..",
// "timestamp":t}, names sorted. The classic shadow and deleted ones are not
// among them; a Thing without named shadows has an empty list. pageSize is 1 to
// 100, 0 for 25. nextToken is "" or from an earlier page; the list goes on
// behind it even when shadows came and went since.
func (s *Service) List(thing, nextToken string, pageSize int, now time.Time) ([]byte, error) {
	if !(Key{Thing: thing}).Valid() {
		return nil, ErrThingName
	}
	if pageSize == 0 {
		pageSize = DefaultPage
	}
	if pageSize < 1 || pageSize > MaxPage {
		return nil, ErrPageSize
	}
	after, err := base64.RawURLEncoding.DecodeString(nextToken)
	if err != nil || !validShadow(string(after)) {
		return nil, ErrNextToken
	}
	names := slices.Sorted(maps.Keys(s.records[thing]))
	names = slices.DeleteFunc(names, func(name string) bool {
		return name <= string(after) || s.records[thing][name].Deleted // the classic shadow is called ""
	})

	b := []byte(`{"results":[`)
	for i, name := range names[:min(pageSize, len(names))] {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, name)
	}
	b = append(b, ']')
	if len(names) > pageSize {
		next := base64.RawURLEncoding.EncodeToString([]byte(names[pageSize-1]))
		b = appendString(append(b, `,"nextToken":`...), next)
	}
	return end(b, seconds(now), ""), nil
}

// Verdict returns what Handle's replies to a request mean over HTTP: the body
// of accepted with status 200, or of rejected with its code. A rejection is not
// published then, nor is the answer to a get (U26); an accepted update or
// delete is published as if it had come by MQTT. Without replies the topic was
// no request: 400.
func Verdict(replies []Reply) (status int, body []byte) {
	if len(replies) == 0 {
		return CodeBadRequest, []byte(`{"message":"Invalid request"}`)
	}
	last := replies[len(replies)-1]
	if !strings.HasSuffix(last.Topic, "/rejected") {
		return 200, last.Payload
	}
	digits, _, _ := strings.Cut(strings.TrimPrefix(string(last.Payload), `{"code":`), ",")
	status, err := strconv.Atoi(digits)
	if err != nil {
		status = CodeServerFault
	}
	return status, last.Payload
}

// Exception returns the name of a code in the x-amzn-ErrorType header of AWS's
// data plane.
func Exception(code int) string {
	switch code {
	case CodeBadRequest:
		return "InvalidRequestException"
	case CodeUnauthorized:
		return "UnauthorizedException"
	case CodeForbidden:
		return "ForbiddenException"
	case CodeNotFound:
		return "ResourceNotFoundException"
	case CodeNotAllowed:
		return "MethodNotAllowedException"
	case CodeConflict:
		return "ConflictException"
	case CodeTooLarge:
		return "RequestEntityTooLargeException"
	case CodeNotUTF8:
		return "UnsupportedDocumentEncodingException"
	case CodeThrottled:
		return "ThrottlingException"
	case CodeUnavailable:
		return "ServiceUnavailableException"
	default:
		return "InternalFailureException"
	}
}
