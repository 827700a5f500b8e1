package awsmode

import (
	"strings"

	"github.com/thingdesk/thingdesk/things/topic"
)

// Prefixes of reserved topics.
const (
	rulesPrefix  = "$aws/rules/"
	thingsPrefix = "$aws/things/"
)

// form is a kind of reserved topic: a filter in which + stands for one level
// that is not empty.
type form struct {
	filter             string
	publish, subscribe bool
}

// The forms of D-RES, of 2023 with the additions of later pages. AWS adds to
// them; what is missing here is refused.
var forms = makeForms()

func makeForms() []form {
	var fs []form
	add := func(publish, subscribe bool, filters ...string) {
		for _, f := range filters {
			fs = append(fs, form{"$aws/" + f, publish, subscribe})
		}
	}
	// Requests with two answers; publish is what the request itself allows.
	request := func(subscribe bool, filters ...string) {
		for _, f := range filters {
			add(true, subscribe, f)
			add(false, true, f+"/accepted", f+"/rejected")
		}
	}
	for _, prefix := range []string{"things/+/shadow/", "things/+/shadow/name/+/"} {
		request(true, prefix+"get", prefix+"update", prefix+"delete")
		add(false, true, prefix+"update/delta", prefix+"update/documents")
	}
	request(false, "things/+/jobs/get", "things/+/jobs/start-next", "things/+/jobs/+/get", "things/+/jobs/+/update")
	add(false, true, "things/+/jobs/notify", "things/+/jobs/notify-next", "things/+/tunnels/notify")
	for _, format := range []string{"json", "cbor"} {
		request(false, "things/+/defender/metrics/"+format, "certificates/create/"+format,
			"certificates/create-from-csr/"+format, "provisioning-templates/+/provision/"+format)
		stream := "things/+/streams/+/"
		add(true, false, stream+"get/"+format, stream+"describe/"+format)
		add(false, true, stream+"data/"+format, stream+"description/"+format, stream+"rejected/"+format)
	}
	// Commands (developer guide "AWS IoT Device Management commands"; the format
	// is any). One user SAW them disconnect where the account does not use them.
	for _, who := range []string{"things", "clients"} {
		prefix := "commands/" + who + "/+/executions/+/"
		add(true, false, prefix+"response", prefix+"response/+")
		add(false, true, prefix+"request", prefix+"request/+", prefix+"response/accepted", prefix+"response/accepted/+",
			prefix+"response/rejected", prefix+"response/rejected/+")
	}
	add(false, true, "events/#", "sitewise/asset-models/+/assets/+/properties/+")
	add(true, false, "rules/+", "rules/+/#")
	return fs
}

// MayPublish tells whether a client may publish to a topic that begins with $;
// of other topics it is true.
func MayPublish(name string) bool {
	if !strings.HasPrefix(name, "$") {
		return true
	}
	for i := range forms {
		if f := &forms[i]; f.publish && f.matches(name) {
			return true
		}
	}
	return false
}

// MaySubscribe tells whether a client may subscribe to a filter, that of a
// shared subscription without $share/NAME/. One with wildcards may be wider
// than what is reserved for it: $aws/things/# is allowed. Of filters that do
// not begin with $ it is true.
func MaySubscribe(filter string) bool {
	if !strings.HasPrefix(filter, "$") {
		return true
	}
	for i := range forms {
		if f := &forms[i]; f.subscribe && overlap(f.filter, filter) {
			return true
		}
	}
	return false
}

// matches tells whether name has the form.
func (f *form) matches(name string) bool {
	if !topic.Match(f.filter, name) {
		return false
	}
	for own := f.filter; own != ""; { // no parameter is empty
		var level, value string
		level, own, _ = strings.Cut(own, "/")
		value, name, _ = strings.Cut(name, "/")
		if level == "+" && value == "" {
			return false
		}
	}
	return true
}

// overlap tells whether a name that has the form a matches the filter b.
func overlap(a, b string) bool {
	for {
		var la, lb string
		var moreA, moreB bool
		la, a, moreA = strings.Cut(a, "/")
		lb, b, moreB = strings.Cut(b, "/")
		switch {
		case la == "#" || lb == "#":
			return true
		case la == "+" && lb == "", la != lb && la != "+" && lb != "+":
			return false
		case !moreA || !moreB:
			// a/# takes in a by the standard, but not on AWS.
			return moreA == moreB
		}
	}
}

// isShadow tells whether name is a topic of the shadow service, whatever the
// names in it.
func isShadow(name string) bool {
	rest, ok := strings.CutPrefix(name, thingsPrefix)
	if !ok {
		return false
	}
	_, rest, ok = strings.Cut(rest, "/")
	return ok && strings.HasPrefix(rest, "shadow/")
}
