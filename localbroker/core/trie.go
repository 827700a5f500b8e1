package core

import "strings"

// trie finds the subscriptions that match a topic name. A node stands for the
// levels of a filter so far.
type trie struct {
	root  node
	nodes int
}

type node struct {
	children map[string]*node // by level; "+" and "#" have fields of their own
	plus     *node
	hash     *node
	subs     []*subscription   // not shared ones
	groups   map[string]*group // shared ones, by share name
}

func (n *node) child(level string) *node {
	switch level {
	case "+":
		return n.plus
	case "#":
		return n.hash
	}
	return n.children[level]
}

func (n *node) setChild(level string, child *node) {
	switch {
	case level == "+":
		n.plus = child
	case level == "#":
		n.hash = child
	case child == nil:
		delete(n.children, level)
	case n.children == nil:
		n.children = map[string]*node{level: child}
	default:
		n.children[level] = child
	}
}

func (n *node) empty() bool {
	return len(n.children) == 0 && n.plus == nil && n.hash == nil && len(n.subs) == 0 && len(n.groups) == 0
}

// node returns the node of a filter, made if it is missing.
func (t *trie) node(filter string) *node {
	n := &t.root
	for rest, more := filter, true; more; {
		var level string
		level, rest, more = strings.Cut(rest, "/")
		child := n.child(level)
		if child == nil {
			child = &node{}
			// The level is a piece of the filter, which lives as long as the
			// subscription that made the node; others may outlive that.
			n.setChild(strings.Clone(level), child)
			t.nodes++
		}
		n = child
	}
	return n
}

// add enters a subscription.
func (t *trie) add(s *subscription) {
	n := t.node(s.filter)
	if s.share == "" {
		s.at = len(n.subs)
		n.subs = append(n.subs, s)
		return
	}
	g := n.groups[s.share]
	if g == nil {
		g = &group{}
		if n.groups == nil {
			n.groups = make(map[string]*group)
		}
		n.groups[s.share] = g
	}
	s.at = len(g.members)
	s.group = g
	g.members = append(g.members, s)
}

// remove takes a subscription out, and the nodes that only it needed.
func (t *trie) remove(s *subscription) { t.removeBelow(&t.root, s, s.filter, true) }

func (t *trie) removeBelow(n *node, s *subscription, rest string, more bool) {
	if !more {
		n.drop(s)
		return
	}
	level, rest, more := strings.Cut(rest, "/")
	child := n.child(level)
	t.removeBelow(child, s, rest, more)
	if child.empty() {
		n.setChild(level, nil)
		t.nodes--
	}
}

func (n *node) drop(s *subscription) {
	if s.share == "" {
		n.subs = dropAt(n.subs, s.at)
		return
	}
	g := n.groups[s.share]
	g.members = dropAt(g.members, s.at)
	if len(g.members) == 0 {
		delete(n.groups, s.share)
	}
}

// dropAt removes the subscription at i and puts the last one into its place.
func dropAt(subs []*subscription, i int) []*subscription {
	last := len(subs) - 1
	subs[i] = subs[last]
	subs[i].at = i
	subs[last] = nil
	if last == 0 {
		return nil
	}
	return subs[:last]
}

// match appends the nodes whose filters match topic to dst. Wildcards in front
// do not match topics that begin with $ [MQTT-4.7.2-1].
func (t *trie) match(dst []*node, topic string) []*node {
	return t.root.match(dst, topic, true, strings.HasPrefix(topic, "$"))
}

func (n *node) match(dst []*node, rest string, more, reserved bool) []*node {
	if n.hash != nil && !reserved { // also the parent: a/# matches a
		dst = append(dst, n.hash)
	}
	if !more {
		if n.subs != nil || n.groups != nil {
			dst = append(dst, n)
		}
		return dst
	}
	level, rest, more := strings.Cut(rest, "/")
	if child := n.children[level]; child != nil {
		dst = child.match(dst, rest, more, false)
	}
	if n.plus != nil && !reserved {
		dst = n.plus.match(dst, rest, more, false)
	}
	return dst
}
