// Package faults makes trouble on purpose: it decides which publishes of which
// clients are dropped, delayed, doubled or rejected, which connections are cut
// and not let in again, and which shadow requests fail. It decides only; the
// broker carries the decisions out.
package faults

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/thingdesk/thingdesk/things/shadow"
	"github.com/thingdesk/thingdesk/things/topic"
)

// Kind is what a Rule does. The values are stable: they may be stored.
type Kind string

// The kinds.
const (
	// Drop acknowledges a message and forgets it.
	Drop Kind = "drop"
	// Delay holds a message, its acknowledgement and what the client sends after
	// it back for Rule.Delay and up to Rule.Jitter more.
	Delay Kind = "delay"
	// Duplicate delivers a message once more.
	Duplicate Kind = "duplicate"
	// Reject does not accept a message; Rule.Code is the reason.
	Reject Kind = "reject"
	// Cut ends the connection of a client that publishes; the message is
	// forgotten. With Rule.For the client is not let in for so long.
	Cut Kind = "cut"
	// RefuseReconnect lets a client not in: with Rule.For for so long after each
	// of its connections ended, without it as long as the Rule is on.
	RefuseReconnect Kind = "refuse-reconnect"
	// ShadowError answers a shadow request with Rule.Code instead of carrying it
	// out: updates, or where there is a Filter those requests that it matches.
	ShadowError Kind = "shadow-error"
)

// Kinds returns all kinds in the order to show them.
func Kinds() []Kind {
	return []Kind{Drop, Delay, Duplicate, Reject, Cut, RefuseReconnect, ShadowError}
}

// Bounds of rules.
const (
	MaxRules = 100            // rules in a Set
	MaxDelay = time.Hour      // Delay and Jitter together, of all rules for one message
	MaxFor   = 24 * time.Hour // Rule.For
	maxText  = 1024           // bytes of ID and Client
)

// Default codes.
const (
	DefaultReject      = 0x80 // "unspecified error" of MQTT 5
	DefaultShadowError = shadow.CodeServerFault
)

// Rule is one kind of trouble for some messages.
type Rule struct {
	// ID names the Rule in its Set. Add gives one when it is empty.
	ID string
	// Client is whom it is for: a client ID, in which * stands for any run of
	// characters; "" for all.
	Client string
	// Filter is a topic filter; "" for all topics, see ShadowError. Not for
	// RefuseReconnect.
	Filter string
	Kind   Kind
	// Share is for which share of the messages, connections or requests, over 0
	// to 1. 1 is all; others are picked at random.
	Share float64
	// Delay and Jitter are for Delay only: the least that a message waits, and
	// the most that is added at random.
	Delay, Jitter time.Duration
	// For is for Cut and RefuseReconnect.
	For time.Duration
	// Code is for Reject a reason code that PUBACK of MQTT 5 has, 0 for
	// DefaultReject; for ShadowError one that shadow.Refuse has a text for, 0 for
	// DefaultShadowError.
	Code int
	// Until is when it ends by itself; the zero time for when it is removed.
	Until time.Time
	// Remaining is how many more times it takes effect; 0 for any number.
	Remaining int
}

// rejectCodes are the failures that PUBACK can carry (MQTT 5.0, table 3-4).
var rejectCodes = []int{0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99}

// shadowCodes are the codes of shadow errors. 405 and 503 are seen over HTTP
// only on AWS.
var shadowCodes = []int{
	shadow.CodeBadRequest, shadow.CodeUnauthorized, shadow.CodeForbidden, shadow.CodeNotFound, shadow.CodeNotAllowed,
	shadow.CodeConflict, shadow.CodeTooLarge, shadow.CodeNotUTF8, shadow.CodeThrottled, shadow.CodeServerFault, shadow.CodeUnavailable,
}

// ShadowCodes returns the codes that a ShadowError can have, to choose from.
func ShadowCodes() []int { return slices.Clone(shadowCodes) }

// RejectCodes returns the reason codes that a Reject can have, to choose from.
func RejectCodes() []int { return slices.Clone(rejectCodes) }

// Validate says what is wrong with a Rule, all of it.
func (r *Rule) Validate() error {
	var errs []error
	wrong := func(bad bool, format string, args ...any) {
		if bad {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	wrong(!slices.Contains(Kinds(), r.Kind), "kind %q is not known", string(r.Kind))
	wrong(len(r.ID) > maxText || !utf8.ValidString(r.ID), "the name is longer than %d bytes or not UTF-8", maxText)
	wrong(len(r.Client) > maxText || !utf8.ValidString(r.Client), "the client is longer than %d bytes or not UTF-8", maxText)
	if r.Filter != "" {
		if err := topic.ValidateFilter(r.Filter); err != nil {
			errs = append(errs, fmt.Errorf("topic filter: %w", err))
		}
		wrong(r.Kind == RefuseReconnect, "%q has no topic filter: connecting has no topic", string(r.Kind))
	}
	wrong(math.IsNaN(r.Share) || r.Share <= 0 || r.Share > 1, "the share must be over 0 and at most 1 (all), not %v", r.Share)
	wrong(r.Remaining < 0, "the number of times must not be negative")
	errs = append(errs, r.validateTimes()...)
	errs = append(errs, r.validateCode())
	return errors.Join(errs...)
}

func (r *Rule) validateTimes() []error {
	var errs []error
	if r.Delay < 0 || r.Jitter < 0 || r.Delay > MaxDelay || r.Jitter > MaxDelay-r.Delay {
		errs = append(errs, fmt.Errorf("delay and jitter together must be 0 to %v", MaxDelay))
	} else if isDelay := r.Kind == Delay; isDelay != (r.Delay+r.Jitter > 0) {
		if isDelay {
			errs = append(errs, errors.New("a delay must be longer than nothing"))
		} else {
			errs = append(errs, fmt.Errorf("%q has no delay", string(r.Kind)))
		}
	}
	switch {
	case r.For < 0 || r.For > MaxFor:
		errs = append(errs, fmt.Errorf("the time without connection must be 0 to %v", MaxFor))
	case r.For > 0 && r.Kind != Cut && r.Kind != RefuseReconnect:
		errs = append(errs, fmt.Errorf("%q has no time without connection", string(r.Kind)))
	}
	return errs
}

func (r *Rule) validateCode() error {
	switch {
	case r.Code == 0:
		return nil
	case r.Kind == Reject && !slices.Contains(rejectCodes, r.Code):
		return fmt.Errorf("code %#x is none that an acknowledgement of MQTT 5 can refuse a message with", r.Code)
	case r.Kind == ShadowError && !slices.Contains(shadowCodes, r.Code):
		return fmt.Errorf("code %d is no shadow error: %v are", r.Code, shadowCodes)
	case r.Kind != Reject && r.Kind != ShadowError:
		return fmt.Errorf("%q has no code", string(r.Kind))
	}
	return nil
}

// code returns the code with its default.
func (r *Rule) code() int {
	switch {
	case r.Code != 0:
		return r.Code
	case r.Kind == ShadowError:
		return DefaultShadowError
	default:
		return DefaultReject
	}
}

// on tells whether the Rule has not ended by time.
func (r *Rule) on(now time.Time) bool { return r.Until.IsZero() || now.Before(r.Until) }

// forTopic tells whether the Rule is for a topic, which must be valid.
func (r *Rule) forTopic(name string) bool { return r.Filter == "" || topic.Match(r.Filter, name) }

// forClient tells whether the Rule is for a client.
func (r *Rule) forClient(client string) bool { return r.Client == "" || like(r.Client, client) }

// like tells whether s fits the pattern, in which * is any run of characters.
func like(pattern, s string) bool {
	first, rest, wild := strings.Cut(pattern, "*")
	if !wild {
		return s == pattern
	}
	s, ok := strings.CutPrefix(s, first)
	for ok {
		var part string
		part, rest, wild = strings.Cut(rest, "*")
		if !wild {
			return strings.HasSuffix(s, part)
		}
		_, s, ok = strings.Cut(s, part) // the first place leaves most to what follows
	}
	return false
}
