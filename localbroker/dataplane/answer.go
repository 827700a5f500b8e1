package dataplane

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/thingdesk/thingdesk/things/shadow"
)

// fault is why a request is refused: an exception of AWS's data plane.
type fault struct {
	status    int
	exception string
	message   string
	allow     string // the methods that would do, with status 405
}

// refusal is a fault with the exception that belongs to a code of the shadow
// service.
func refusal(code int, message string) *fault {
	return &fault{status: code, exception: shadow.Exception(code), message: message}
}

func invalid(format string, args ...any) *fault {
	return refusal(shadow.CodeBadRequest, fmt.Sprintf(format, args...))
}

// unknown is for paths that the data plane does not have, so that nobody takes
// them for a shadow that is missing.
func unknown() *fault {
	return &fault{status: http.StatusNotFound, exception: "UnknownOperationException", message: "Not Found"}
}

func notAllowed(allow string) *fault {
	f := refusal(shadow.CodeNotAllowed, "Method Not Allowed")
	f.allow = allow
	return f
}

func tooLarge() *fault {
	return refusal(shadow.CodeTooLarge, "The payload exceeds the maximum size allowed")
}

func throttled() *fault { return refusal(shadow.CodeThrottled, "Rate exceeded") }

func internal() *fault { return refusal(shadow.CodeServerFault, "Internal service failure") }

// rejected is what a rejection of the shadow service is over HTTP.
func rejected(status int, payload []byte) *fault {
	var said struct {
		Message string `json:"message"`
	}
	if err := json.Unmarshal(payload, &said); err != nil || status < 400 || status > 599 {
		return internal()
	}
	return refusal(status, said.Message)
}

// answer writes the answer to one request.
type answer struct {
	w  http.ResponseWriter
	id string // x-amzn-RequestId
}

func newAnswer(w http.ResponseWriter) *answer {
	a := &answer{w: w, id: requestID()}
	head := w.Header()
	head.Set("Content-Type", "application/json")
	head.Set("Cache-Control", "no-store")
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("X-Amzn-Requestid", a.id)
	return a
}

// requestID returns a random UUID.
func requestID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0F|0x40, b[8]&0x3F|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// raw answers 200 with JSON.
func (a *answer) raw(body []byte) {
	_, _ = a.w.Write(body) //nolint:gosec // G705: JSON, and nosniff; who has gone misses it
}

// json answers 200 with v, which can be written as JSON.
func (a *answer) json(v any) *fault {
	body, err := json.Marshal(v)
	if err != nil {
		return internal()
	}
	a.raw(body)
	return nil
}

// refuse answers with f.
func (a *answer) refuse(f *fault) {
	if f.allow != "" {
		a.w.Header().Set("Allow", f.allow)
	}
	a.w.Header().Set("X-Amzn-Errortype", f.exception)
	a.w.WriteHeader(f.status)
	body, _ := json.Marshal(map[string]string{"message": f.message}) // strings can be written
	a.raw(body)
}
