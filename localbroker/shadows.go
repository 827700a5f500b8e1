package localbroker

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"github.com/thingdesk/thingdesk/things/shadow"
)

const (
	// maxRequests and maxRequestBytes bound the queue of shadow requests. When
	// it is full, further ones are dropped and counted; they get no answer.
	maxRequests     = 65536
	maxRequestBytes = 64 << 20
	// maxBatch is how many requests share a transaction.
	maxBatch = 256
)

// shadows runs the Device Shadow service in one goroutine: it handles what is
// queued, stores all that changed in one transaction, then publishes the
// replies.
type shadows struct {
	// Set at construction.
	publish func(topic string, payload []byte) error
	log     *slog.Logger
	store   ShadowStore // nil for none
	// refuse says with which code a request is rejected before the service sees
	// it; 0 for not. nil refuses none.
	refuse func(client, topic string) (code int)

	// Safe for concurrent use.
	queue     chan request
	bytes     atomic.Int64          // payload bytes in queue
	dropped   atomic.Uint64         // requests that found the queue full
	published atomic.Int64          // replies that went out
	failed    atomic.Pointer[error] // what the last storing came to
	stopping  chan struct{}
	ended     chan struct{}
	cancel    context.CancelFunc

	// Owned by the goroutine.
	service *shadow.Service
}

// request is a message on a reserved topic. Most likely it is a request.
type request struct {
	client  string // client ID; "" when it did not come over MQTT
	topic   string
	payload []byte
	// done takes the replies to a request that did not come over MQTT, when
	// they have been told, in the goroutine of the service.
	done func(replies []shadow.Reply)
}

// answer is what came of a request.
type answer struct {
	replies []shadow.Reply
	change  *shadow.Change // nil when nothing changed
	refused bool           // before the service saw the request
}

// loadShadows returns the service with what is in the store, if there is one.
func loadShadows(ctx context.Context, store ShadowStore, publish func(string, []byte) error, log *slog.Logger) (*shadows, error) {
	var records []shadow.Record
	if store != nil {
		var err error
		if records, err = store.LoadShadows(ctx); err != nil {
			return nil, fmt.Errorf("load shadows: %w", err)
		}
	}
	service, err := shadow.NewService(records)
	if err != nil {
		return nil, err
	}
	return newShadows(service, store, publish, log), nil
}

func newShadows(service *shadow.Service, store ShadowStore, publish func(string, []byte) error, log *slog.Logger) *shadows {
	return &shadows{
		publish: publish, log: log, store: store, service: service,
		queue:    make(chan request, maxRequests),
		stopping: make(chan struct{}), ended: make(chan struct{}),
	}
}

// start begins to answer. The service outlives ctx and ends with stop.
func (s *shadows) start(ctx context.Context) {
	ctx, s.cancel = context.WithCancel(context.WithoutCancel(ctx))
	go func() {
		defer close(s.ended)
		s.run(ctx)
	}()
}

// stop returns when all that is in the queue has been answered. When ctx ends
// first, storing is broken off.
func (s *shadows) stop(ctx context.Context) error {
	defer s.cancel()
	close(s.stopping)
	select {
	case <-s.ended:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("store shadows: %w", ctx.Err())
	}
}

// submit queues a message of a client. It never blocks.
func (s *shadows) submit(client, topic string, payload []byte) {
	if _, suffix, ok := shadow.ParseTopic(topic); !ok || !isRequest(suffix) {
		return
	}
	s.enqueue(request{client: client, topic: topic, payload: payload})
}

// enqueue queues a request, or drops it and returns false when the queue is
// full.
func (s *shadows) enqueue(r request) bool {
	size := int64(len(r.payload))
	if s.bytes.Add(size) <= maxRequestBytes {
		select {
		case s.queue <- r:
			return true
		default:
		}
	}
	s.bytes.Add(-size)
	if n := s.dropped.Add(1); n&(n-1) == 0 { // at 1, 2, 4, 8 ...: a flood must not fill the log
		s.log.Error("shadow request dropped because the queue is full", "topic", r.topic, "dropped", n)
	}
	return false
}

// isRequest tells whether a topic with the suffix asks for an answer.
func isRequest(suffix string) bool {
	return suffix == "get" || suffix == "update" || suffix == "delete"
}

// run answers until stop and until the queue is empty.
func (s *shadows) run(ctx context.Context) {
	for {
		select {
		case r := <-s.queue:
			s.answer(ctx, s.batch(r))
		case <-s.stopping:
			for {
				select {
				case r := <-s.queue:
					s.answer(ctx, s.batch(r))
				default:
					return
				}
			}
		}
	}
}

// batch returns first and what else is queued.
func (s *shadows) batch(first request) []request {
	batch := []request{first}
	s.bytes.Add(-int64(len(first.payload)))
	for len(batch) < maxBatch {
		select {
		case r := <-s.queue:
			s.bytes.Add(-int64(len(r.payload)))
			batch = append(batch, r)
		default:
			return batch
		}
	}
	return batch
}

// answer handles a batch, stores what changed and publishes the replies.
func (s *shadows) answer(ctx context.Context, batch []request) {
	answers := make([]answer, len(batch))
	var records []shadow.Record
	var expired []shadow.Key
	for i, r := range batch {
		answers[i] = s.handle(r)
		if c := answers[i].change; c != nil {
			records = append(records, c.Record)
			expired = append(expired, c.Expired...)
		}
	}
	if s.save(ctx, latest(records)) {
		s.forget(ctx, expired)
	} else {
		s.takeBack(batch, answers)
	}
	for i, a := range answers {
		done := batch[i].done
		if done == nil || isChange(a.replies) {
			s.tell(ctx, a.replies)
		}
		if done != nil {
			done(a.replies)
		}
	}
}

// latest returns the last record of each shadow, in their order. Many updates of
// one shadow in a batch are one write.
func latest(records []shadow.Record) []shadow.Record {
	seen := make(map[shadow.Key]bool, len(records))
	kept := len(records)
	for i := range slices.Backward(records) {
		if !seen[records[i].Key] {
			seen[records[i].Key] = true
			kept--
			records[kept] = records[i]
		}
	}
	return records[kept:]
}

// handle has the service answer a request, unless it is to be refused.
func (s *shadows) handle(r request) answer {
	if s.refuse != nil {
		if code := s.refuse(r.client, r.topic); code != 0 {
			return answer{replies: shadow.Refuse(r.topic, r.payload, code), refused: true}
		}
	}
	replies, change := s.service.Handle(r.topic, r.payload, time.Now())
	return answer{replies: replies, change: change}
}

// forget removes tombstones whose time is over. That they stay when it fails
// does no harm.
func (s *shadows) forget(ctx context.Context, expired []shadow.Key) {
	if len(expired) == 0 || s.store == nil {
		return
	}
	if err := s.store.ForgetShadows(ctx, expired); err != nil {
		s.log.WarnContext(ctx, "forget deleted shadows", "error", err)
	}
}

// save stores records and tells whether it could.
func (s *shadows) save(ctx context.Context, records []shadow.Record) bool {
	if len(records) == 0 || s.store == nil {
		return true
	}
	err := s.store.SaveShadows(ctx, records)
	s.failed.Store(&err)
	if err != nil {
		s.log.ErrorContext(ctx, "store shadows", "error", err, "records", len(records))
	}
	return err == nil
}

// tell publishes replies.
func (s *shadows) tell(ctx context.Context, replies []shadow.Reply) {
	for _, r := range replies {
		if err := s.publish(r.Topic, r.Payload); err != nil {
			s.log.ErrorContext(ctx, "publish shadow reply", "topic", r.Topic, "error", err)
			continue
		}
		s.published.Add(1)
	}
}

// storeErr is what the last storing came to.
func (s *shadows) storeErr() error {
	if err := s.failed.Load(); err != nil {
		return *err
	}
	return nil
}

// takeBack undoes all changes of a batch that could not be stored, latest
// first. Requests that changed nothing are judged again, for they may have seen
// what is undone now; one that would change something this time cannot be
// stored either.
func (s *shadows) takeBack(batch []request, answers []answer) {
	for i := range slices.Backward(answers) {
		if a := &answers[i]; a.change != nil {
			a.replies = s.service.Undo(a.change)
		}
	}
	for i := range answers {
		a := &answers[i]
		if a.change != nil || a.refused {
			continue
		}
		a.replies, a.change = s.service.Handle(batch[i].topic, batch[i].payload, time.Now())
		if a.change != nil {
			a.replies = s.service.Undo(a.change)
		}
	}
}
