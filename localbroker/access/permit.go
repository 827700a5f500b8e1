package access

import "strings"

// Permit is what one client may do. It is safe for concurrent use; nil allows
// everything.
type Permit struct {
	names names
	rules *selection
}

// Publish tells whether the client may publish to topic, a valid topic name;
// a Will too. It does not allocate.
func (p *Permit) Publish(topic string) bool { return p == nil || p.judge(topic, publishing) }

// Receive tells whether the client may be sent a message of topic, a valid
// topic name. It does not allocate.
func (p *Permit) Receive(topic string) bool { return p == nil || p.judge(topic, receiving) }

// Subscribe tells whether the client may subscribe to filter, a valid topic
// filter: one rule that allows must cover all of it, and none that denies. A
// denied part of it does not refuse the whole; Receive holds back its messages.
// Of $share/NAME/FILTER the FILTER is judged.
func (p *Permit) Subscribe(filter string) bool {
	if p == nil {
		return true
	}
	filter = unshared(filter)
	if filter == "" {
		return false
	}
	allowed := false
	for _, r := range p.rules.subscribing {
		if allowed && r.allow {
			continue
		}
		if own, ok := r.filter(&p.names); ok && Covers(own, filter) {
			if !r.allow {
				return false
			}
			allowed = true
		}
	}
	return allowed
}

// filter returns the rule's filter with the client's names in it; false when
// one of them may not stand there.
func (r *rule) filter(n *names) (string, bool) {
	var b strings.Builder
	for i, l := range r.levels {
		s, ok := l.text(n, i == 0)
		if !ok {
			return "", false
		}
		if i > 0 {
			b.WriteByte('/')
		}
		b.WriteString(s)
	}
	return b.String(), true
}

func (p *Permit) judge(name string, a actions) bool {
	q := question{names: &p.names, action: a}
	q.visit(&p.rules.root, name, true)
	return q.allowed && !q.denied
}

// selection is a set of rules as a tree of levels, shared by all clients that
// they concern: the names of the client are filled in while it is walked.
type selection struct {
	root        node
	subscribing []*rule
}

// verdict is what the rules that end somewhere allow and deny.
type verdict struct{ allow, deny actions }

// node is a place in the tree of levels.
type node struct {
	here  verdict          // of rules that end here
	below verdict          // of rules that end in # under here
	plain map[string]*node // levels of plain text
	named []namedLevel     // levels with names of the client
	plus  *node
}

type namedLevel struct {
	level
	under *node
}

// add puts a rule into the tree.
func (s *selection) add(r *rule) {
	if r.actions&subscribing != 0 {
		s.subscribing = append(s.subscribing, r)
	}
	at, end := &s.root, (*verdict)(nil)
	for _, l := range r.levels {
		if len(l.names) == 0 && l.texts[0] == "#" {
			end = &at.below
			break
		}
		at = at.child(l)
	}
	if end == nil {
		end = &at.here
	}
	if r.allow {
		end.allow |= r.actions
	} else {
		end.deny |= r.actions
	}
}

// child returns the node below n at a level, made when needed.
func (n *node) child(l level) *node {
	if len(l.names) > 0 {
		key := l.key()
		for _, c := range n.named {
			if c.key() == key {
				return c.under
			}
		}
		under := &node{}
		n.named = append(n.named, namedLevel{l, under})
		return under
	}
	if l.texts[0] == "+" {
		if n.plus == nil {
			n.plus = &node{}
		}
		return n.plus
	}
	c, ok := n.plain[l.texts[0]]
	if !ok {
		c = &node{}
		if n.plain == nil {
			n.plain = make(map[string]*node)
		}
		n.plain[l.texts[0]] = c
	}
	return c
}

// question walks a tree for one topic name.
type question struct {
	names           *names
	action          actions
	allowed, denied bool
}

func (q *question) take(v verdict) {
	q.allowed = q.allowed || v.allow&q.action != 0
	q.denied = q.denied || v.deny&q.action != 0
}

// visit takes the verdicts for name, which begins in the level below n.
// Wildcards of the first level do not reach names with $ [MQTT-4.7.2-1].
func (q *question) visit(n *node, name string, first bool) {
	wild := !first || !strings.HasPrefix(name, "$")
	if wild {
		q.take(n.below)
	}
	if q.denied {
		return
	}
	l, rest, more := strings.Cut(name, "/")
	if c, ok := n.plain[l]; ok {
		q.reach(c, rest, more)
	}
	if n.plus != nil && wild {
		q.reach(n.plus, rest, more)
	}
	for i := range n.named {
		if n.named[i].fits(q.names, l, first) {
			q.reach(n.named[i].under, rest, more)
		}
	}
}

func (q *question) reach(n *node, rest string, more bool) {
	if more {
		q.visit(n, rest, false)
		return
	}
	q.take(n.here)
	q.take(n.below) // a/# is also a
}
