// Package dataplane is the data plane of AWS IoT over HTTP for the bundled
// broker: shadows, retained messages and publishing as clients of AWS's
// iot-data API ask for them, with the same paths, statuses and errors.
//
// Nobody is authenticated: signatures (SigV4) are not looked at, and any
// credentials do. So it belongs on a loopback address. What keeps web pages out
// is in guard.go.
package dataplane

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"github.com/thingdesk/thingdesk/localbroker/durable"
	"github.com/thingdesk/thingdesk/things/shadow"
)

// MaxPayload is the longest body that is taken, in bytes, as AWS has it for
// every message.
const MaxPayload = 128 << 10

// maxRequests is how many requests are worked on at once. Further ones are
// answered with ThrottlingException, which clients take to try again.
const maxRequests = 256

// Op is what is asked of a shadow.
type Op string

// The operations, as the topics of requests call them.
const (
	Get    Op = "get"
	Update Op = "update"
	Delete Op = "delete"
)

// ErrBusy and ErrClosed are what a Broker refuses with.
var (
	ErrBusy   = errors.New("too many requests are waiting")
	ErrClosed = errors.New("the broker is shutting down")
)

// Broker is what the data plane is for. Its methods are safe for concurrent
// use.
type Broker interface {
	// AskShadow makes a request of the shadow service. It returns status and
	// body as shadow.Verdict does, when what changed is stored and has been told
	// on the topics of the shadow; a get and a refusal are not told there. An
	// error, ErrBusy, ErrClosed or that of ctx, means that nobody knows of an
	// answer; with that of ctx the request may still be carried out.
	AskShadow(ctx context.Context, k shadow.Key, op Op, payload []byte) (status int, body []byte, err error)
	// ListShadows lists the named shadows of a Thing as shadow.Service.List
	// does, with its errors and those of AskShadow.
	ListShadows(ctx context.Context, thing, nextToken string, pageSize int) ([]byte, error)
	// Retained lists the retained messages whose topics match filter and come
	// after the topic after, at most limit of them, by topic.
	Retained(filter, after string, limit int) (ms []*durable.Message, more bool)
	// RetainedMessage returns the retained message of a topic, or nil.
	RetainedMessage(topic string) *durable.Message
	// Publish publishes a message as a client would: requests of the shadow
	// service are answered. Of m it uses Topic, Payload, Properties (with
	// Message Expiry), QoS and Retain.
	Publish(m durable.Message) error
}

// Handler answers requests. Its zero value is of no use; New makes one.
type Handler struct {
	// Set at construction.
	broker Broker
	names  []string // host names of this computer, in small letters
	log    *slog.Logger

	slots chan struct{} // one taken by each request; safe for concurrent use
}

// New returns a Handler for b. A Host header may have one of the names beside
// localhost and IP addresses. log takes what went wrong inside.
func New(b Broker, names []string, log *slog.Logger) *Handler {
	h := &Handler{broker: b, log: log, slots: make(chan struct{}, maxRequests)}
	for _, name := range names {
		if name = lower(name); name != "" {
			h.names = append(h.names, name)
		}
	}
	return h
}

// ServeHTTP answers one request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a := newAnswer(w)
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	default:
		a.refuse(throttled())
		return
	}
	if bad := h.guard(r); bad != nil {
		a.refuse(bad)
		return
	}
	t, bad := route(r.Method, r.URL.EscapedPath())
	if bad != nil {
		a.refuse(bad)
		return
	}
	q, bad := parseQuery(r.URL.RawQuery)
	if bad == nil {
		bad = h.serve(a, r, t, q)
	}
	if bad != nil {
		a.refuse(bad)
	}
}

// serve answers a request to t unless it returns why not.
func (h *Handler) serve(a *answer, r *http.Request, t target, q query) *fault {
	switch t.place {
	case placeShadow:
		return h.shadow(a, r, t, q)
	case placeNames:
		return h.listNames(a, r, t, q)
	case placeRetained:
		return h.listRetained(a, q)
	case placeRetainedOne:
		return h.getRetained(a, t)
	case placeTopic:
		return h.publish(a, r, t, q)
	}
	return unknown()
}

// outcome says what an error of the Broker is to the client.
func (h *Handler) outcome(ctx context.Context, what string, err error) *fault {
	switch {
	case errors.Is(err, ErrBusy):
		return throttled()
	case errors.Is(err, ErrClosed), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return refusal(shadow.CodeUnavailable, "Service unavailable")
	case errors.Is(err, shadow.ErrThingName), errors.Is(err, shadow.ErrPageSize), errors.Is(err, shadow.ErrNextToken):
		return invalid("%s", err)
	}
	h.log.ErrorContext(ctx, "answer over HTTP", "operation", what, "error", err)
	return internal()
}
