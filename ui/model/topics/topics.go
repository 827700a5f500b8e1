// Package topics holds the view-models of the topic explorer: what is known of
// the selected topic and of what is below it, its recent messages, clearing of
// retained messages with undo, and the subscriptions of a connection.
//
// All view-models belong to one goroutine, the screen's. What takes time goes
// through an Async and comes back to that goroutine; an answer that a newer
// question has overtaken is thrown away.
package topics

import (
	"context"
	"strings"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/storage"
	"github.com/thingdesk/thingdesk/things/topic"
)

// Async runs work on a goroutine of its own and then done on the screen's
// goroutine. It returns at once. ctx ends when the window closes; then done
// may never be called.
type Async func(work func(ctx context.Context), done func())

// Session is what the explorer needs of an open connection.
type Session interface {
	// Topics calls f with the live index under the session's lock.
	Topics(f func(ix *topic.Index))
	// Publish sends a message and waits for the broker's acknowledgement.
	Publish(ctx context.Context, m broker.Message) (broker.Ack, error)
}

// History is what the explorer needs of the message history.
type History interface {
	// Page returns rows, newest first, older than the cursor.
	Page(ctx context.Context, q storage.Query, before storage.Cursor) (storage.Page, error)
}

// Target names what the explorer shows: one topic name, or the levels above
// one, of one connection. The zero Target shows nothing.
type Target struct {
	// Session is the open connection; nil shows nothing.
	Session Session
	// Source is the ID of its profile, Connection its name.
	Source, Connection string
	// Name is the topic name; it is ignored when Root.
	Name string
	// Root selects all topics of the connection.
	Root bool
}

// crumbs are the connection and the levels, for the breadcrumb.
func (t Target) crumbs() []string {
	switch {
	case t.Session == nil:
		return nil
	case t.Root:
		return []string{t.Connection, "all topics"}
	}
	out := []string{t.Connection}
	for _, l := range topic.Levels(t.Name) {
		if l == "" {
			l = "(empty level)"
		}
		out = append(out, l)
	}
	return out
}

// find returns the node of the target.
func (t Target) find(ix *topic.Index) (topic.NodeID, bool) {
	if t.Root {
		return topic.Root, true
	}
	return ix.Find(t.Name)
}

// below returns the history filters for everything at and below the target.
func (t Target) below() []string {
	if t.Root {
		return nil
	}
	return []string{t.Name + "/#"}
}

// relative shortens the name of a topic below the target to the part that
// differs.
func (t Target) relative(name string) string {
	if t.Root {
		return name
	}
	if rest, ok := strings.CutPrefix(name, t.Name+"/"); ok {
		return rest
	}
	return name
}

// sameAs tells whether both targets show the same.
func (t Target) sameAs(o Target) bool {
	return t.Session == o.Session && t.Source == o.Source && t.Root == o.Root && (t.Root || t.Name == o.Name)
}

// seenRetained tells, as far as the index can know, that the broker keeps a
// retained message for this name: one of the two newest messages came with the
// RETAIN flag, and the newest is not the empty one that clears it. A broker
// sets the flag only on what it sends after a subscribe, not on live updates,
// so this may miss one that was followed by two live messages.
func seenRetained(last, prev topic.Sample) bool {
	if last.Time == 0 || last.Payload != nil && len(last.Payload) == 0 {
		return false
	}
	return last.Retained || prev.Retained && len(prev.Payload) > 0
}
