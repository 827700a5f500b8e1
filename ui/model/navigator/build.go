package navigator

import (
	"slices"
	"strings"

	"github.com/thingdesk/thingdesk/things"
	"github.com/thingdesk/thingdesk/things/topic"
)

// builder makes the rows of one connection.
type builder struct {
	*Model
	session Session
	id      string
}

// add appends a row and tells whether what is below it is to be shown. A
// filter opens everything.
func (b *builder) add(r Ref, depth int, branch bool, node topic.NodeID) bool {
	r.Session = b.id
	open := branch && (b.open[r] || b.filter.on() && r.Kind != Shadows && r.Kind != ThingTopics && r.Kind != Thing)
	b.rows = append(b.rows, row{Ref: r, depth: depth, branch: branch, open: open, node: node})
	return open
}

func (b *builder) connection() {
	if !b.add(Ref{Kind: Connection}, 0, true, 0) {
		return
	}
	if b.add(Ref{Kind: ThingsFolder}, 1, true, 0) {
		var list []things.Summary
		b.session.Things(func(r *things.Registry) { list = r.Things() })
		b.things(list) // outside of the lock: it reads the topics
	}
	b.session.Topics(func(ix *topic.Index) {
		if b.add(Ref{Kind: TopicsFolder}, 1, true, topic.Root) {
			b.topics(ix, b.filter.topics(ix), 2, "")
		}
	})
}

// things adds the Things, which come sorted by group and title.
func (b *builder) things(list []things.Summary) {
	shown := ""          // group path whose header stands above
	closed := "\x00none" // group path that is closed
	for _, t := range list {
		if !b.filter.thing(t) {
			continue
		}
		if closed != "\x00none" && (t.Group == closed || strings.HasPrefix(t.Group, closed+"/")) {
			continue
		}
		closed = "\x00none"
		for _, g := range groups(t.Group) {
			if g == shown || strings.HasPrefix(shown, g+"/") {
				continue
			}
			if !b.add(Ref{Kind: Group, Group: g}, 2+strings.Count(g, "/"), true, 0) {
				closed = g
				break
			}
		}
		shown = t.Group
		if closed != "\x00none" {
			shown = closed
			continue
		}
		b.thing(t, 2+len(groups(t.Group)))
	}
}

func (b *builder) thing(t things.Summary, depth int) {
	if !b.add(Ref{Kind: Thing, Thing: t.Name}, depth, true, 0) {
		return
	}
	if b.add(Ref{Kind: Shadows, Thing: t.Name}, depth+1, true, 0) {
		for _, name := range t.Shadows {
			b.add(Ref{Kind: Shadow, Thing: t.Name, Shadow: name}, depth+2, false, 0)
		}
	}
	if b.add(Ref{Kind: ThingTopics, Thing: t.Name}, depth+1, true, 0) {
		b.session.Topics(func(ix *topic.Index) { b.thingTopics(ix, t, depth+2) })
	}
}

// thingTopics adds the topics that the Thing's filters match, each as a branch
// with what is below it.
func (b *builder) thingTopics(ix *topic.Index, t things.Summary, depth int) {
	seen := make(map[topic.NodeID]bool)
	for _, f := range t.TopicFilters() {
		for _, id := range ix.Branches(f) {
			if !seen[id] {
				seen[id] = true
				b.topic(ix, id, nil, depth, t.Name)
			}
		}
	}
}

// topics adds the first levels; $ topics come last.
func (b *builder) topics(ix *topic.Index, only map[topic.NodeID]bool, depth int, thing string) {
	first := ix.Children(topic.Root, nil)
	for _, dollar := range []bool{false, true} {
		for _, id := range first {
			if strings.HasPrefix(ix.Node(id, 0).Level, "$") == dollar {
				b.topic(ix, id, only, depth, thing)
			}
		}
	}
}

// topic adds a node and what is open below it. A stack takes the place of
// recursion: 65,535 levels are allowed.
func (b *builder) topic(ix *topic.Index, id topic.NodeID, only map[topic.NodeID]bool, depth int, thing string) {
	type item struct {
		id    topic.NodeID
		depth int
	}
	stack := []item{{id, depth}}
	var children []topic.NodeID
	for len(stack) > 0 {
		it := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if only != nil && !only[it.id] {
			continue
		}
		info := ix.Node(it.id, 0)
		if !b.add(Ref{Kind: Topic, Thing: thing, Topic: info.Name}, it.depth, info.Children > 0, it.id) {
			continue
		}
		children = ix.Children(it.id, children[:0])
		for _, child := range slices.Backward(children) {
			stack = append(stack, item{child, it.depth + 1})
		}
	}
}
