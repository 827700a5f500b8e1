package awsmode

import (
	"strings"

	"github.com/thingdesk/thingdesk/things/shadow"
)

// PublishFacts are what matters of a PUBLISH of a client.
type PublishFacts struct {
	Topic        string // the whole one, also when it came as a Topic Alias
	QoS          byte
	Retain       bool
	PayloadBytes int
	// HasExpiry tells that it has a Message Expiry Interval: Expiry, seconds.
	HasExpiry bool
	Expiry    uint32
	// Retained is how many retained messages there are, and NewRetained tells
	// that this topic is not among them. They matter with Retain only.
	Retained    int
	NewRetained bool
}

// Publish judges a PUBLISH. It allocates only when there is something to say.
func (a Account) Publish(f PublishFacts) []Violation {
	var vs []Violation
	if f.QoS > MaximumQoS {
		vs = append(vs, whole(RulePublishQoS, Disconnect, reasonQoS, "published at QoS %d", f.QoS))
	}
	if f.PayloadBytes > MaxPayload {
		vs = append(vs, whole(RulePayload, Disconnect, reasonQuota,
			"published a payload of %s bytes, over the limit of %s", number(f.PayloadBytes), number(MaxPayload)))
	}
	vs = appendTopic(vs, f.Topic, f.Retain)
	if e := ClampExpiry(f.Expiry); f.HasExpiry && e != f.Expiry {
		vs = append(vs, changed(RuleExpiry, seconds(e), "published with a message expiry of %s", seconds(f.Expiry)))
	}
	if f.Retain && f.PayloadBytes > 0 && f.NewRetained && f.Retained >= a.retained() {
		vs = append(vs, whole(RuleRetainedFull, RefusePublish, reasonQuota,
			"published one more retained message than the %s of an account", number(a.retained())))
	}
	return vs
}

// ClampExpiry returns the Message Expiry Interval that holds for one that a
// client asks for, in seconds.
func ClampExpiry(expiry uint32) uint32 { return min(max(expiry, MinExpiry), MaxExpiry) }

// appendTopic judges a topic that is published to. The texts begin with
// "published".
func appendTopic(vs []Violation, name string, retain bool) []Violation {
	counted := name
	if rest, ok := basicIngest(name); ok {
		counted = rest
	}
	if len(counted) > MaxTopic {
		vs = append(vs, whole(RuleTopicLength, Disconnect, reasonTopic,
			"published to a topic of %s bytes, over the limit of %s", number(len(counted)), number(MaxTopic)))
	}
	reserved := strings.HasPrefix(name, "$")
	slashesCount := !reserved || len(counted) < len(name)
	if n := strings.Count(counted, "/"); n > MaxSlashes && slashesCount {
		vs = append(vs, whole(RuleTopicSlashes, Disconnect, reasonTopic,
			"published to a topic with %d slashes, over the limit of %d", n, MaxSlashes))
	}
	if !reserved {
		return vs
	}
	if !MayPublish(name) {
		return append(vs, whole(RuleReservedPublish, Disconnect, reasonTopic,
			"published to the reserved topic %s", short(name)))
	}
	if retain {
		vs = append(vs, whole(RuleReservedRetain, Disconnect, reasonTopic,
			"published to the reserved topic %s with RETAIN", short(name)))
	}
	if _, _, ok := shadow.ParseTopic(name); !ok && isShadow(name) {
		vs = append(vs, whole(RuleShadowName, Discarded, 0,
			"published to %s, whose names no Thing or shadow can have", short(name)))
	}
	return vs
}

// basicIngest returns what a Basic Ingest topic, $aws/rules/RULE/..., has after
// the levels that do not count.
func basicIngest(name string) (rest string, ok bool) {
	rest, ok = strings.CutPrefix(name, rulesPrefix)
	if !ok {
		return "", false
	}
	rule, rest, _ := strings.Cut(rest, "/")
	return rest, rule != ""
}
