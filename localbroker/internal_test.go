package localbroker

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thingdesk/thingdesk/things/shadow"
)

func TestClientThatDoesNotReadIsCutOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		c := &conn{Conn: near}
		began := time.Now()
		go func() { // reads one chunk after 9 s, then no more
			time.Sleep(9 * time.Second)
			_, _ = far.Read(make([]byte, writeChunk))
		}()
		n, err := c.Write(make([]byte, 3*writeChunk))
		if !errors.Is(err, os.ErrDeadlineExceeded) || n != writeChunk {
			t.Errorf("Write = %d, %v", n, err)
		}
		if took := time.Since(began); took != 9*time.Second+writeTimeout {
			t.Errorf("cut off after %v", took)
		}
		if _, err := far.Read(make([]byte, 1)); err == nil {
			t.Error("connection is still open")
		}
	})
}

func TestKeepAliveDoesNotBoundWriting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		c := &conn{Conn: near}
		if err := c.SetDeadline(time.Now().Add(time.Second)); err != nil {
			t.Fatal(err)
		}
		go func() {
			time.Sleep(5 * time.Second)
			_, _ = far.Read(make([]byte, 1))
		}()
		if _, err := c.Write([]byte("x")); err != nil {
			t.Error(err)
		}
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("Read = %v", err)
		}
		_ = c.Close()
	})
}

func TestClientWithoutConnectIsCutOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		a := newAcceptor(nil, slog.New(slog.DiscardHandler), nil)
		began := time.Now()
		a.serve(func(_ string, c net.Conn) error {
			_, err := c.Read(make([]byte, 1))
			return err
		}, &conn{Conn: near})
		if took := time.Since(began); took != connectTimeout {
			t.Errorf("cut off after %v", took)
		}
		if _, err := far.Read(make([]byte, 1)); err == nil {
			t.Error("connection is still open")
		}
	})
}

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

	s.submit("$aws/things/x/shadow/update/accepted", nil) // no request
	s.submit("$aws/things/x y/shadow/get", nil)           // no name
	s.submit("$aws/things/x/shadow/get", make([]byte, maxRequestBytes))
	s.submit("$aws/things/x/shadow/get", []byte{1}) // one byte too many
	if n := s.dropped.Load(); n != 1 {
		t.Errorf("%d dropped for their bytes, want 1", n)
	}
	for range maxRequests + 4 {
		s.submit("$aws/things/x/shadow/get", nil)
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
