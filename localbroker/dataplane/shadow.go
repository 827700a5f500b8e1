package dataplane

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/thingdesk/thingdesk/things/shadow"
)

// answerTime is how long the shadow service may take before the client is told
// that it is not available.
const answerTime = 20 * time.Second

// shadow gets, updates or deletes a shadow.
func (h *Handler) shadow(a *answer, r *http.Request, t target, q query) *fault {
	k := shadow.Key{Thing: t.name}
	name, named := q.text("name")
	if k.Name = name; !k.Valid() || named && name == "" {
		return badName(k.Thing)
	}
	op, payload := Get, []byte(nil)
	switch r.Method {
	case http.MethodPost:
		var bad *fault
		if payload, bad = body(a, r); bad != nil {
			return bad
		}
		op = Update
	case http.MethodDelete:
		op = Delete
	}
	ctx, cancel := context.WithTimeout(r.Context(), answerTime)
	defer cancel()
	status, reply, err := h.broker.AskShadow(ctx, k, op, payload)
	switch {
	case err != nil:
		return h.outcome(ctx, string(op)+" shadow", err)
	case status != http.StatusOK:
		return rejected(status, reply)
	}
	a.raw(reply)
	return nil
}

// badName says which name cannot be.
func badName(thing string) *fault {
	if !(shadow.Key{Thing: thing}).Valid() {
		return invalid("Invalid thing name: it must have 1 to %d characters of a-z A-Z 0-9 : _ -", shadow.MaxThingName)
	}
	return invalid("Invalid shadow name: it must have 1 to %d characters of a-z A-Z 0-9 : _ - $", shadow.MaxShadowName)
}

// body reads the body of a request.
func body(a *answer, r *http.Request) ([]byte, *fault) {
	b, err := io.ReadAll(http.MaxBytesReader(a.w, r.Body, MaxPayload))
	if _, long := errors.AsType[*http.MaxBytesError](err); long {
		return nil, tooLarge()
	}
	if err != nil {
		return nil, invalid("The body could not be read")
	}
	return b, nil
}

// listNames lists the named shadows of a Thing, none for one that nobody knows.
func (h *Handler) listNames(a *answer, r *http.Request, t target, q query) *fault {
	if !(shadow.Key{Thing: t.name}).Valid() {
		return badName(t.name)
	}
	size, bad := q.number("pageSize", 1, shadow.MaxPage, shadow.DefaultPage)
	if bad != nil {
		return bad
	}
	next, _ := q.text("nextToken")
	ctx, cancel := context.WithTimeout(r.Context(), answerTime)
	defer cancel()
	page, err := h.broker.ListShadows(ctx, t.name, next, int(size))
	if err != nil {
		return h.outcome(ctx, "list shadows", err)
	}
	a.raw(page)
	return nil
}
