package awsmode

import (
	"strings"
	"unicode/utf8"

	"github.com/thingdesk/thingdesk/things/topic"
)

// SubscribeFacts are what matters of a SUBSCRIBE.
type SubscribeFacts struct {
	// HasID tells that it has a Subscription Identifier.
	HasID   bool
	Filters []FilterFacts
	// Held is how many subscriptions the client has.
	Held int
}

// FilterFacts are one filter of a SUBSCRIBE.
type FilterFacts struct {
	Filter string // with $share/NAME/ when shared
	QoS    byte
	// Known tells that the client has this subscription already.
	Known bool
}

// Subscribe judges a SUBSCRIBE. It allocates only when there is something to
// say.
func Subscribe(f SubscribeFacts) []Violation {
	var vs []Violation
	if n := len(f.Filters); n > MaxFilters {
		vs = append(vs, whole(RuleFilters, Disconnect, reasonQuota,
			"subscribed to %s filters at once, over the limit of %d", number(n), MaxFilters))
	}
	if f.HasID {
		vs = append(vs, whole(RuleSubscriptionID, Disconnect, reasonSubscriptions, "subscribed with a Subscription Identifier"))
	}
	held := f.Held
	for i := range f.Filters {
		before := len(vs)
		vs = appendFilter(vs, &f.Filters[i])
		if !f.Filters[i].Known && !f.repeats(i) {
			held++
			if held > MaxSubscriptions {
				vs = append(vs, whole(RuleSubscriptions, RefuseSubscribe, reasonQuota,
					"subscribed to %s, over the limit of %d subscriptions of a connection", short(f.Filters[i].Filter), MaxSubscriptions))
			}
		}
		for j := before; j < len(vs); j++ {
			vs[j].Index = i
		}
	}
	return vs
}

// repeatsMost bounds the work for filters that are in a SUBSCRIBE twice. One
// with more is refused as a whole.
const repeatsMost = MaxFilters

// repeats tells whether the filter at i is in the SUBSCRIBE before, too.
func (f *SubscribeFacts) repeats(i int) bool {
	if len(f.Filters) > repeatsMost {
		return false
	}
	for j := range i {
		if f.Filters[j].Filter == f.Filters[i].Filter {
			return true
		}
	}
	return false
}

// Unsubscribe judges an UNSUBSCRIBE with so many filters.
func Unsubscribe(filters int) []Violation {
	if filters <= MaxFilters {
		return nil
	}
	return []Violation{whole(RuleUnsubscribe, Disconnect, reasonQuota,
		"unsubscribed from %s filters at once, over the limit of %d", number(filters), MaxFilters)}
}

// appendFilter judges one filter. What is no filter at all is the broker's
// business.
func appendFilter(vs []Violation, f *FilterFacts) []Violation {
	if f.QoS > MaximumQoS {
		vs = append(vs, whole(RuleSubscribeQoS, Disconnect, reasonQoS, "subscribed to %s at QoS %d", short(f.Filter), f.QoS))
	}
	share, filter, _ := SplitShare(f.Filter)
	if n := utf8.RuneCountInString(share); n > MaxShareName {
		vs = append(vs, whole(RuleShareName, Disconnect, reasonFilter,
			"subscribed with a share name of %s characters, over the limit of %d", number(n), MaxShareName))
	}
	if len(filter) > MaxTopic {
		vs = append(vs, whole(RuleFilterLength, Disconnect, reasonFilter,
			"subscribed to a filter of %s bytes, over the limit of %d", number(len(filter)), MaxTopic))
	}
	if strings.HasPrefix(filter, "$") {
		if !MaySubscribe(filter) {
			vs = append(vs, whole(RuleReservedSubscribe, Disconnect, reasonFilter,
				"subscribed to the reserved topic %s", short(filter)))
		}
		return vs
	}
	if n := strings.Count(filter, "/"); n > MaxSlashes {
		vs = append(vs, whole(RuleFilterSlashes, Disconnect, reasonFilter,
			"subscribed to a filter with %s slashes, over the limit of %d", number(n), MaxSlashes))
	}
	return vs
}

// SplitShare returns the name and the filter of a shared subscription,
// $share/NAME/FILTER. Of any other filter shared is false, the name empty and
// the rest the filter itself.
func SplitShare(filter string) (name, rest string, shared bool) {
	after, ok := strings.CutPrefix(filter, "$share/")
	if !ok {
		return "", filter, false
	}
	name, rest, ok = strings.Cut(after, "/")
	if !ok || name == "" || rest == "" {
		return "", filter, false
	}
	return name, rest, true
}

// ReceivesLive tells whether a subscription to filter gets a message that is
// published to name: by the standard's rules, except that a/# does not take in
// a and that nothing on $aws/rules/ is delivered. Both must be valid; a filter
// may be shared.
func ReceivesLive(filter, name string) bool {
	_, filter, _ = SplitShare(filter)
	return topic.Match(filter, name) && !Misses(filter, name)
}

// Misses tells, of a filter that matches name by the standard's rules, whether
// AWS IoT Core delivers nothing to it all the same. It is quick.
func Misses(filter, name string) bool {
	if strings.HasSuffix(filter, "/#") {
		_, filter, _ = SplitShare(filter)
		if strings.Count(name, "/") < strings.Count(filter, "/") {
			return true
		}
	}
	return strings.HasPrefix(name, rulesPrefix)
}

// GetsRetained tells whether a new subscription to filter gets the retained
// message of its topic: not with wildcards, and not shared.
func GetsRetained(filter string) bool {
	_, _, shared := SplitShare(filter)
	return !shared && !topic.HasWildcard(filter)
}

// MissedLive is the Violation of a subscription that Misses name.
func MissedLive(filter, name string) Violation {
	if strings.HasPrefix(name, rulesPrefix) {
		return whole(RuleReservedSubscribe, NotDelivered, 0,
			"subscribed to %s for the Basic Ingest topic %s", short(filter), short(name))
	}
	return whole(RuleParent, NotDelivered, 0, "subscribed to %s for %s, the topic above", short(filter), short(name))
}

// MissedRetained is the Violation of a new subscription that would get so many
// retained messages from a standard broker and gets none, see GetsRetained.
func MissedRetained(filter string, messages int) Violation {
	text := "a retained message"
	if messages > 1 {
		text = number(messages) + " retained messages"
	}
	return whole(RuleRetainedWildcard, NotDelivered, 0,
		"subscribed to %s for %s, which come only to a filter that is exactly the topic", short(filter), text)
}
