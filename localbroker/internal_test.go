package localbroker

import (
	"context"
	"log/slog"
	"sync"
	"testing"

	"github.com/thingdesk/thingdesk/things/shadow"
)

// TestQueueIsBounded fills the queue while nobody works on it.
func TestQueueIsBounded(t *testing.T) {
	t.Parallel()
	service, err := shadow.NewService(nil)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	answered := 0
	s := newShadows(service, nil, func(string, []byte) error {
		mu.Lock()
		defer mu.Unlock()
		answered++
		return nil
	}, slog.New(slog.DiscardHandler))

	s.submit("c", "$aws/things/x/shadow/update/accepted", nil) // no request
	s.submit("c", "$aws/things/x y/shadow/get", nil)           // no name
	s.submit("c", "$aws/things/x/shadow/get", make([]byte, maxRequestBytes))
	s.submit("c", "$aws/things/x/shadow/get", []byte{1}) // one byte too many
	if n := s.dropped.Load(); n != 1 {
		t.Errorf("%d dropped for their bytes, want 1", n)
	}
	for range maxRequests + 4 {
		s.submit("c", "$aws/things/x/shadow/get", nil)
	}
	if n := s.dropped.Load(); n != 1+5 {
		t.Errorf("%d dropped, want 6", n)
	}

	s.start(t.Context())
	if err := s.stop(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
	if answered != maxRequests || s.bytes.Load() != 0 {
		t.Errorf("%d answered, want %d; %d bytes left", answered, maxRequests, s.bytes.Load())
	}
}
