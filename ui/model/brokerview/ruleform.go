package brokerview

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/thingdesk/thingdesk/localbroker/faults"
)

// RuleField is a field of the form of a rule.
type RuleField int

// The fields, in the order to show them.
const (
	FieldClient RuleField = iota
	FieldFilter
	FieldShare
	FieldDelay
	FieldJitter
	FieldFor
	FieldCode
	FieldUntil
	FieldTimes
)

// RuleFields lists the fields in the order to show them.
func RuleFields() []RuleField {
	return []RuleField{FieldClient, FieldFilter, FieldShare, FieldDelay, FieldJitter, FieldFor, FieldCode, FieldUntil, FieldTimes}
}

// FieldOf tells whether rules of a kind have a field.
func FieldOf(k faults.Kind, f RuleField) bool {
	switch f {
	case FieldFilter:
		return k != faults.RefuseReconnect
	case FieldDelay, FieldJitter:
		return k == faults.Delay
	case FieldFor:
		return k == faults.Cut || k == faults.RefuseReconnect
	case FieldCode:
		return k == faults.Reject || k == faults.ShadowError
	default:
		return true
	}
}

// String is the caption of a field.
func (f RuleField) String() string {
	return [...]string{
		"Client ID", "Topic filter", "Share in %", "Delay", "Jitter", "Keep out for", "Code", "Ends after", "Number of times",
	}[f]
}

// Hint says what a field takes, and what it is when it is left empty. A delay
// may be so only where there is jitter.
func (f RuleField) Hint() string {
	return [...]string{
		"all clients; * stands for any characters", "all topics", "100", "such as 500 ms", "none; up to this is added at random",
		"not at all; 30 s, 5 min", "", "not by itself; 30 s, 5 min, 1 h", "any number",
	}[f]
}

// RuleForm is what the user typed of a rule. An empty text is what Hint says.
type RuleForm struct {
	Kind faults.Kind
	// Text is by field; those that the kind has not are left out of the rule.
	Text [FieldTimes + 1]string
	// Code is one of CodesOf the kind.
	Code int
}

// Rule reads the form at now, or says all that is wrong with it.
func (f *RuleForm) Rule(now time.Time) (faults.Rule, error) {
	r := faults.Rule{Kind: f.Kind, Client: f.text(FieldClient), Filter: f.text(FieldFilter), Share: 1}
	var errs []error
	if text := strings.TrimSpace(strings.TrimSuffix(f.text(FieldShare), "%")); text != "" {
		share, err := strconv.ParseFloat(text, 64)
		if err != nil || !(share > 0 && share <= 100) {
			errs = append(errs, fmt.Errorf("the share must be a number over 0 and up to 100, not %q", text))
		} else {
			r.Share = share / 100
		}
	}
	var until time.Duration
	for field, to := range map[RuleField]*time.Duration{FieldDelay: &r.Delay, FieldJitter: &r.Jitter, FieldFor: &r.For, FieldUntil: &until} {
		d, err := ParseSpan(f.text(field))
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", strings.ToLower(field.String()), err))
		}
		*to = d
	}
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	if until > 0 {
		r.Until = now.Add(until)
	}
	if FieldOf(f.Kind, FieldCode) {
		r.Code = f.Code
	}
	if text := f.text(FieldTimes); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			errs = append(errs, fmt.Errorf("the number of times must be a whole number from 1, not %q", text))
		}
		r.Remaining = n
	}
	if len(errs) > 0 {
		return r, errors.Join(errs...)
	}
	return r, r.Validate()
}

// text returns what was typed into a field that the kind has.
func (f *RuleForm) text(field RuleField) string {
	if !FieldOf(f.Kind, field) {
		return ""
	}
	return strings.TrimSpace(f.Text[field])
}

var errSpan = errors.New("type a number with ms, s, min or h, such as 500 ms")

// maxSpan bounds what can be typed, far below what a time.Duration holds.
const maxSpan = 10000 * time.Hour

// ParseSpan reads a time such as "500 ms", "2", "2.5 s", "10 min" or "1 h"; a
// number alone is seconds and "" is 0.
func ParseSpan(text string) (time.Duration, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return 0, nil
	}
	digits := strings.TrimRight(text, " abcdefghijklmnopqrstuvwxyz")
	unit, ok := map[string]time.Duration{
		"": time.Second, "s": time.Second, "ms": time.Millisecond, "min": time.Minute, "m": time.Minute, "h": time.Hour,
	}[strings.TrimSpace(text[len(digits):])]
	n, err := strconv.ParseFloat(strings.Replace(digits, ",", ".", 1), 64)
	if err != nil || !ok || !(n >= 0 && n*float64(unit) <= float64(maxSpan)) {
		return 0, errSpan
	}
	return time.Duration(n * float64(unit)), nil
}
