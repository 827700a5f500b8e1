package core

import "strings"

// retained holds the retained message of each topic.
type retained struct {
	root  leaf
	count int
	nodes int // leaves without the root
	bytes int64
}

// leaf stands for the levels of a topic so far.
type leaf struct {
	children map[string]*leaf
	m        *message // nil for none
}

// set stores m in place of what its topic has.
func (r *retained) set(m *message) {
	n := &r.root
	for rest, more := m.Topic, true; more; {
		var level string
		level, rest, more = strings.Cut(rest, "/")
		child := n.children[level]
		if child == nil {
			child = &leaf{}
			if n.children == nil {
				n.children = make(map[string]*leaf, 1)
			}
			n.children[strings.Clone(level)] = child
			r.nodes++
		}
		n = child
	}
	if n.m == nil {
		r.count++
	} else {
		r.bytes -= n.m.size()
	}
	n.m = m
	r.bytes += m.size()
}

// get returns the message of a topic, or nil.
func (r *retained) get(topic string) *message {
	n := &r.root
	for rest, more := topic, true; more && n != nil; {
		var level string
		level, rest, more = strings.Cut(rest, "/")
		n = n.children[level]
	}
	if n == nil {
		return nil
	}
	return n.m
}

// remove removes the message of a topic and tells whether there was one.
func (r *retained) remove(topic string) bool { return r.removeBelow(&r.root, topic, true) }

func (r *retained) removeBelow(n *leaf, rest string, more bool) bool {
	if !more {
		if n.m == nil {
			return false
		}
		r.count--
		r.bytes -= n.m.size()
		n.m = nil
		return true
	}
	level, rest, more := strings.Cut(rest, "/")
	child := n.children[level]
	if child == nil {
		return false
	}
	found := r.removeBelow(child, rest, more)
	if child.m == nil && len(child.children) == 0 {
		delete(n.children, level)
		r.nodes--
	}
	return found
}

// match appends the messages whose topics match filter to dst.
func (r *retained) match(dst []*message, filter string) []*message {
	return r.root.match(dst, filter, true, true)
}

func (n *leaf) match(dst []*message, rest string, more, first bool) []*message {
	if !more {
		if n.m != nil {
			dst = append(dst, n.m)
		}
		return dst
	}
	level, rest, more := strings.Cut(rest, "/")
	switch level {
	case "#":
		return n.all(dst, first)
	case "+":
		for name, child := range n.children {
			if !first || !strings.HasPrefix(name, "$") { // [MQTT-4.7.2-1]
				dst = child.match(dst, rest, more, false)
			}
		}
		return dst
	}
	if child := n.children[level]; child != nil {
		dst = child.match(dst, rest, more, false)
	}
	return dst
}

// all appends the messages of n and below, without reserved topics at the top.
func (n *leaf) all(dst []*message, top bool) []*message {
	if n.m != nil {
		dst = append(dst, n.m)
	}
	for name, child := range n.children {
		if !top || !strings.HasPrefix(name, "$") { // [MQTT-4.7.2-1]
			dst = child.all(dst, false)
		}
	}
	return dst
}
