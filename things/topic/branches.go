package topic

import "strings"

// Branches returns the nodes that a topic filter names: for a filter that ends
// in # the nodes that the # stands below, for # alone the first levels without
// $ topics. The filter must be valid. The cost is that of the levels walked,
// not of the whole Index.
func (ix *Index) Branches(filter string) []NodeID {
	if filter == "#" {
		return ix.plain(ix.Children(Root, nil))
	}
	nodes := []NodeID{Root}
	for i, level := range Levels(filter) {
		if level == "#" {
			break
		}
		var next []NodeID
		for _, n := range nodes {
			children := ix.Children(n, nil)
			if level == "+" && i == 0 {
				children = ix.plain(children)
			}
			for _, c := range children {
				if level == "+" || ix.Node(c, 0).Level == level {
					next = append(next, c)
				}
			}
		}
		nodes = next
	}
	return nodes
}

// plain leaves out the levels that begin with $, which no leading wildcard
// covers (MQTT-4.7.2-1).
func (ix *Index) plain(nodes []NodeID) []NodeID {
	kept := nodes[:0]
	for _, n := range nodes {
		if !strings.HasPrefix(ix.Node(n, 0).Level, "$") {
			kept = append(kept, n)
		}
	}
	return kept
}
