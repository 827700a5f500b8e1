package engine

import (
	"context"
	"strings"
	"time"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/things"
	"github.com/thingdesk/thingdesk/things/dialect"
	"github.com/thingdesk/thingdesk/things/shadow"
	"github.com/thingdesk/thingdesk/things/topic"
)

// handler is the Session as its Conn sees it. Nothing here blocks.
type handler Session

// Receive puts m in the inbox, or drops and counts it when the inbox is full.
func (h *handler) Receive(m broker.Message) {
	s := (*Session)(h)
	s.received.Add(1)
	size := int64(len(m.Payload))
	if s.inboxBytes.Add(size) > inboxBytes && len(s.inbox) > 0 {
		s.inboxBytes.Add(-size)
		s.dropped.Add(1)
		return
	}
	select {
	case s.inbox <- m:
	default:
		s.inboxBytes.Add(-size)
		s.dropped.Add(1)
	}
}

// StatusChanged notes the new state.
func (h *handler) StatusChanged(st broker.Status) { (*Session)(h).setStatus(st) }

// Granted notes the broker's answers.
func (h *handler) Granted(gs []broker.Grant) {
	s := (*Session)(h)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.granted(gs)
}

// granted notes answers, and asks for all shadow documents when their topics
// have just been subscribed to: answers to questions asked before are lost.
func (s *Session) granted(gs []broker.Grant) {
	for _, g := range gs {
		if info := s.subs[g.Filter]; info != nil {
			info.Answered, info.Grant = true, g
		}
		if strings.HasPrefix(g.Filter, "$aws/") && !g.Refused {
			s.registry.AskAll()
			s.wakeAsker()
		}
	}
}

// ingest moves messages from the inbox to everything that learns from them,
// a batch at a time, until the Session is closed and the inbox empty.
func (s *Session) ingest() {
	batch := make([]broker.Message, 0, batchMessages)
	for {
		select {
		case m := <-s.inbox:
			batch = s.gather(append(batch, m))
			s.apply(batch)
			batch = batch[:0]
		case <-s.ctx.Done():
			for len(s.inbox) > 0 {
				batch = s.gather(batch)
				s.apply(batch)
				batch = batch[:0]
			}
			return
		}
	}
}

func (s *Session) gather(batch []broker.Message) []broker.Message {
	for len(batch) < batchMessages {
		select {
		case m := <-s.inbox:
			batch = append(batch, m)
		default:
			return batch
		}
	}
	return batch
}

func (s *Session) apply(batch []broker.Message) {
	var size int64
	s.mu.Lock()
	for _, m := range batch {
		size += int64(len(m.Payload))
		s.index.Add(m.Topic, topic.Sample{Time: m.Time, Payload: m.Payload, QoS: m.QoS, Retained: m.Retained})
		s.registry.Feed(m)
		for filter, info := range s.subs {
			if filter == "#" && m.Topic[0] != '$' || topic.Match(filter, m.Topic) {
				info.Messages++
			}
		}
	}
	found := s.registry.Found()
	profile := s.profile
	s.mu.Unlock()
	s.inboxBytes.Add(-size)
	s.keep.record(profile, batch)
	if len(found) > 0 {
		s.keepFound(found)
	}
	s.wakeAsker()
}

// keepFound stores Things found from traffic. They are shown in any case; one
// that cannot be stored is found again after a restart.
func (s *Session) keepFound(found []things.Thing) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ctx), 10*time.Second)
	defer cancel()
	if err := s.keep.keepThings(ctx, found...); err != nil {
		s.log.Warn("keep found things", "connection", s.Profile().Name, "error", err)
	}
}

// askPace bounds the document requests: at most askBatch each askPause.
const (
	askBatch = 50
	askPause = 100 * time.Millisecond
	askWait  = 5 * time.Second
)

func (s *Session) wakeAsker() {
	select {
	case s.ask <- struct{}{}:
	default:
	}
}

// asker asks the shadow service for the documents that the registry wants.
func (s *Session) asker() {
	for {
		select {
		case <-s.ask:
		case <-s.ctx.Done():
			return
		}
		for {
			keys := s.wanted()
			if len(keys) == 0 {
				break
			}
			s.askFor(keys)
			select {
			case <-time.After(askPause):
			case <-s.ctx.Done():
				return
			}
		}
	}
}

func (s *Session) wanted() []shadow.Key {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.status.State != broker.Connected {
		return nil // setStatusLocked wakes the asker when it is
	}
	return s.registry.Wanted(askBatch)
}

func (s *Session) askFor(keys []shadow.Key) {
	ctx, cancel := context.WithTimeout(s.ctx, askWait)
	defer cancel()
	s.mu.Lock()
	ask := s.askShadow
	s.mu.Unlock()
	if ask == nil {
		ask = s.publishGet
	}
	for i, key := range keys {
		if err := ask(ctx, key); err != nil {
			s.log.Debug("ask for shadow", "thing", key.Thing, "shadow", key.Name, "error", err)
			s.Things(func(r *things.Registry) { // once more, for as long as it is connected
				for _, left := range keys[i:] {
					r.Ask(left)
				}
			})
			return
		}
	}
}

// publishGet asks for a shadow's document as any client does.
func (s *Session) publishGet(ctx context.Context, key shadow.Key) error {
	name, payload := dialect.AWSGet(key, "")
	_, err := s.Publish(ctx, broker.Message{Topic: name, Payload: payload})
	return err
}
