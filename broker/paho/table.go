package paho

import (
	"cmp"
	"slices"

	"github.com/thingdesk/thingdesk/broker"
)

// table holds the subscriptions asked for, in the order they came. The zero
// table is empty.
type table struct {
	entries map[string]entry
	next    int
	// left are filters that the broker may still send for, if it keeps our
	// session, because it has not heard that they are not wanted any more.
	left map[string]bool
}

type entry struct {
	sub   broker.Subscription
	place int
}

// set adds or replaces subscriptions.
func (t *table) set(subs ...broker.Subscription) {
	if t.entries == nil {
		t.entries, t.left = make(map[string]entry), make(map[string]bool)
	}
	for _, s := range subs {
		e, ok := t.entries[s.Filter]
		if !ok {
			e.place = t.next
			t.next++
		}
		e.sub = s
		t.entries[s.Filter] = e
		delete(t.left, s.Filter)
	}
}

// remove takes filters out.
func (t *table) remove(filters ...string) {
	for _, f := range filters {
		delete(t.entries, f)
		t.left[f] = true
	}
}

// active tells whether filter is to be subscribed to.
func (t *table) active(filter string) bool {
	e, ok := t.entries[filter]
	return ok && !e.sub.Paused
}

// has tells whether s stands in the table just so.
func (t *table) has(s broker.Subscription) bool { return t.entries[s.Filter].sub == s }

// snapshot returns what to subscribe to and what to unsubscribe from in a
// session that was kept.
func (t *table) snapshot() (wanted, unwanted []broker.Subscription) {
	all := make([]entry, 0, len(t.entries))
	for _, e := range t.entries {
		all = append(all, e)
	}
	slices.SortFunc(all, func(a, b entry) int { return cmp.Compare(a.place, b.place) })
	for _, e := range all {
		if e.sub.Paused {
			unwanted = append(unwanted, e.sub)
		} else {
			wanted = append(wanted, e.sub)
		}
	}
	for f := range t.left {
		unwanted = append(unwanted, broker.Subscription{Filter: f})
	}
	return wanted, unwanted
}

// settled notes that the broker knows that filters are not wanted.
func (t *table) settled(filters ...string) {
	for _, f := range filters {
		delete(t.left, f)
	}
}
