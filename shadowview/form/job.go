package form

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/thingdesk/thingdesk/things/shadow"
)

// ValidateShadowName returns an error in words when name is no name of a named
// shadow: 1 to 64 letters, digits, $, colons, underscores and hyphens.
func ValidateShadowName(name string) error {
	switch {
	case name == "":
		return errors.New("give the shadow a name")
	case len(name) > shadow.MaxShadowName && strings.IndexFunc(name, func(r rune) bool { return r > 127 }) < 0:
		return fmt.Errorf("the name is %d characters long: at most %d are allowed", len(name), shadow.MaxShadowName)
	case !(shadow.Key{Thing: "t", Name: name}).Valid():
		return fmt.Errorf("the name %q may only hold letters, digits, $, : _ and -", clip(name, 80))
	}
	return nil
}

// Request is what a Job wants published, at QoS 1 without RETAIN. The answer
// with that token comes on accepted or rejected of the same operation.
type Request struct {
	Topic   string
	Payload []byte
	Token   string
}

// Answer is the service's answer to a Request.
type Answer struct {
	Op      string          // "get/accepted", "update/rejected" ...
	Doc     shadow.Document // of get/accepted
	Version int64           // of accepted
	Code    int             // of rejected
	Message string          // of rejected
}

// Job makes, renames or deletes a shadow: several requests, one after the
// other. Each next one is made only when the last was accepted. It belongs to
// one goroutine; times are microseconds since 1970 UTC.
type Job struct {
	from, to shadow.Key
	steps    []stage
	at       int // index in steps
	token    func() string
	waits    string // token of the request under way
	since    int64
	doc      shadow.Document // to copy
	outcome  *Outcome
	limit    time.Duration
}

// Outcome is how a Job ended.
type Outcome struct {
	OK   bool
	Text string     // what is where, and what to do when it is not OK
	Show shadow.Key // the shadow to look at now
}

// stage is one request of a Job and what its answers mean.
type stage struct {
	request func(j *Job) (topic string, payload shadow.Object)
	// accepted takes the good answer; words end the Job there.
	accepted func(j *Job, a Answer) (fail string)
	// missing takes 404; words end the Job. Nil makes 404 a refusal like others.
	missing func(j *Job) (fail string)
	// kept says what is where when the stage was refused, or was not sent.
	kept string
	// unknown says what is where when there was no answer.
	unknown string
}

// AddShadow returns the Job that makes an empty shadow. It changes nothing
// when there is one of that name. token makes a new client token of 1 to 64
// bytes for each request.
func AddShadow(key shadow.Key, token func() string) *Job {
	nothing := "Nothing was changed."
	return &Job{from: key, to: key, token: token, limit: DefaultAnswer, steps: []stage{
		free(nothing),
		{
			request: func(j *Job) (string, shadow.Object) {
				return j.to.Topic("update"), shadow.Object{"state": shadow.Object{}}
			},
			accepted: func(j *Job, _ Answer) string {
				j.end(true, capital(ShadowWords(j.to))+" is there. It is empty.", j.to)
				return ""
			},
			kept: nothing, unknown: "It is not known whether the shadow was made: look at the list of shadows.",
		},
	}}
}

// DeleteShadow returns the Job that deletes a shadow.
func DeleteShadow(key shadow.Key, token func() string) *Job {
	show := shadow.Key{Thing: key.Thing}
	return &Job{from: key, to: key, token: token, limit: DefaultAnswer, steps: []stage{{
		request: func(j *Job) (string, shadow.Object) { return j.from.Topic("delete"), nil },
		accepted: func(j *Job, _ Answer) string {
			j.end(true, capital(ShadowWords(j.from))+" was deleted.", show)
			return ""
		},
		missing: func(j *Job) string {
			j.end(true, capital(ShadowWords(j.from))+" was not there any more.", show)
			return ""
		},
		kept: "The shadow is still there.", unknown: "It is not known whether the shadow was deleted: read it again.",
	}}}
}

// RenameShadow returns the Job that copies desired and reported into a new
// shadow of the same Thing, and deletes the old one when the copy was accepted
// and the old one is still what was copied. The times in the metadata begin
// anew.
func RenameShadow(from shadow.Key, name string, token func() string) *Job {
	to := shadow.Key{Thing: from.Thing, Name: name}
	nothing := fmt.Sprintf("Nothing was changed: everything is in %q.", from.Name)
	twice := fmt.Sprintf("Nothing is lost: %q has everything, and %q is still there", to.Name, from.Name)
	return &Job{from: from, to: to, token: token, limit: DefaultAnswer, steps: []stage{
		free(nothing),
		{
			request: func(j *Job) (string, shadow.Object) { return j.from.Topic("get"), nil },
			accepted: func(j *Job, a Answer) string {
				j.doc = a.Doc
				return ""
			},
			missing: func(j *Job) string {
				return fmt.Sprintf("There is no shadow %q any more. Nothing was changed.", j.from.Name)
			},
			kept: nothing, unknown: nothing,
		},
		{
			request: func(j *Job) (string, shadow.Object) {
				return j.to.Topic("update"), shadow.Object{"state": sections(j.doc.Desired, j.doc.Reported)}
			},
			accepted: func(*Job, Answer) string { return "" },
			kept:     nothing,
			unknown:  fmt.Sprintf("Nothing is lost: everything is in %q. It is not known whether the copy %q was made: look at the list of shadows, and delete it there before you try again.", from.Name, to.Name),
		},
		{ // a delete cannot insist on a version, so look first
			request: func(j *Job) (string, shadow.Object) { return j.from.Topic("get"), nil },
			accepted: func(j *Job, a Answer) string {
				if a.Doc.Version == j.doc.Version {
					return ""
				}
				return fmt.Sprintf("%q was changed while it was copied (v%d, now v%d), so it was not deleted. Nothing is lost: %q has the state of v%d. Look at both, then delete the one you do not need.",
					j.from.Name, j.doc.Version, a.Doc.Version, j.to.Name, j.doc.Version)
			},
			missing: func(j *Job) string {
				j.end(true, j.renamed()+" The old one had been deleted by somebody else.", j.to)
				return ""
			},
			kept: twice + ": delete it when you do not need it.", unknown: twice + ": delete it when you do not need it.",
		},
		{
			request: func(j *Job) (string, shadow.Object) { return j.from.Topic("delete"), nil },
			accepted: func(j *Job, _ Answer) string {
				j.end(true, j.renamed(), j.to)
				return ""
			},
			missing: func(j *Job) string {
				j.end(true, j.renamed()+" The old one had been deleted by somebody else.", j.to)
				return ""
			},
			kept:    twice + ": delete it when you do not need it.",
			unknown: fmt.Sprintf("Nothing is lost: %q has everything. It is not known whether %q was deleted: look at the list of shadows.", to.Name, from.Name),
		},
	}}
}

// free is the stage that makes sure that the new shadow is not there yet.
func free(kept string) stage {
	return stage{
		request: func(j *Job) (string, shadow.Object) { return j.to.Topic("get"), nil },
		accepted: func(j *Job, a Answer) string {
			return fmt.Sprintf("There is a shadow %q already (v%d). %s Choose another name.", j.to.Name, a.Doc.Version, kept)
		},
		missing: func(*Job) string { return "" },
		kept:    kept, unknown: kept,
	}
}

func (j *Job) renamed() string {
	return fmt.Sprintf("The shadow %q of %q is called %q now. Devices that use the old name make it anew with their next update.", j.from.Name, j.from.Thing, j.to.Name)
}

// Start returns the first request.
func (j *Job) Start(now int64) Request { return j.request(now) }

// Outcome returns how the Job ended; ok is false while it goes on.
func (j *Job) Outcome() (o Outcome, ok bool) {
	if j.outcome == nil {
		return Outcome{}, false
	}
	return *j.outcome, true
}

// Thing returns the Thing whose shadows the Job works on.
func (j *Job) Thing() string { return j.from.Thing }

func (j *Job) request(now int64) Request {
	topic, payload := j.steps[j.at].request(j)
	if payload == nil {
		payload = shadow.Object{}
	}
	j.waits, j.since = j.token(), now
	payload["clientToken"] = j.waits
	return Request{Topic: topic, Payload: shadow.EncodeValue(payload), Token: j.waits}
}

// Answer takes an answer of the service. Those that this Job does not wait for
// are ignored. more tells that the next request must be published.
func (j *Job) Answer(token string, a Answer, now int64) (next Request, more bool) {
	if j.outcome != nil || token == "" || token != j.waits {
		return Request{}, false
	}
	s := j.steps[j.at]
	topic, _ := s.request(j)
	key, op, _ := shadow.ParseTopic(topic)
	var fail string
	switch {
	case a.Op == op+"/accepted":
		fail = s.accepted(j, a)
	case a.Op == op+"/rejected" && a.Code == shadow.CodeNotFound && s.missing != nil:
		fail = s.missing(j)
	case a.Op == op+"/rejected":
		fail = Refusal{Op: op, Key: key, Code: a.Code, Message: a.Message}.Words() + " " + s.kept
	default:
		return Request{}, false // delta and documents carry the token too
	}
	if fail != "" {
		j.end(false, fail, j.from)
	}
	if j.outcome != nil {
		return Request{}, false
	}
	j.at++
	return j.request(now), true
}

// Failed tells that the request with that token did not leave.
func (j *Job) Failed(token, reason string) {
	if j.outcome == nil && token == j.waits {
		j.end(false, "The request was not sent: "+reason+". "+j.steps[j.at].kept, j.from)
	}
}

// Unsure tells that it is not known whether the request with that token
// left, as when its acknowledgement did not come.
func (j *Job) Unsure(token, reason string) {
	if j.outcome == nil && token == j.waits {
		j.end(false, capital(reason)+". "+j.steps[j.at].unknown, j.from)
	}
}

// Tick lets time pass: a request that is not answered ends the Job.
func (j *Job) Tick(now int64) {
	if j.outcome == nil && now-j.since >= j.limit.Microseconds() {
		j.end(false, fmt.Sprintf("There was no answer in %g s: %s. %s", j.limit.Seconds(), noAnswer, j.steps[j.at].unknown), j.from)
	}
}

func (j *Job) end(ok bool, text string, show shadow.Key) {
	j.outcome = &Outcome{OK: ok, Text: text, Show: show}
}
