package engine_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/broker/paho"
	"github.com/thingdesk/thingdesk/engine"
	"github.com/thingdesk/thingdesk/storage"
	"github.com/thingdesk/thingdesk/things"
	"github.com/thingdesk/thingdesk/things/shadow"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// open opens a Workbench over real parts in dir and closes it with the test.
func open(t *testing.T, dir string, change ...func(*engine.Config)) *engine.Workbench {
	t.Helper()
	d, err := storage.OpenDir(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	c := engine.Config{Dir: d, Listen: "127.0.0.1:0", Dial: paho.Dial, Secrets: secrets{}}
	for _, f := range change {
		f(&c)
	}
	w, err := engine.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeBench(t, w) })
	return w
}

func closeBench(t *testing.T, w *engine.Workbench) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := w.Close(ctx); err != nil {
		t.Errorf("close workbench: %v", err)
	}
}

// started opens a Workbench with its broker up and its Session subscribed.
func started(t *testing.T, dir string, change ...func(*engine.Config)) (*engine.Workbench, *engine.Session) {
	t.Helper()
	w := open(t, dir, change...)
	if err := w.StartBroker(t.Context()); err != nil {
		t.Fatal(err)
	}
	s := w.Session(broker.LocalID)
	eventually(t, "subscriptions granted", func() bool {
		for _, sub := range s.Subscriptions() {
			if !sub.Answered {
				return false
			}
		}
		return true
	})
	return w, s
}

// eventually waits until ok, 10 seconds at most.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for: %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// client is another program's connection to a broker.
type client struct {
	broker.Conn
	got     chan broker.Message
	granted chan []broker.Grant
}

func (c *client) Receive(m broker.Message)    { c.got <- m }
func (c *client) StatusChanged(broker.Status) {}
func (c *client) Granted(gs []broker.Grant)   { c.granted <- gs }

func dial(t *testing.T, addr, id string, filters ...string) *client {
	t.Helper()
	c := &client{got: make(chan broker.Message, 1000), granted: make(chan []broker.Grant, 10)}
	p := broker.Profile{ID: id, Name: id, Address: addr, ClientID: id}
	for _, f := range filters {
		p.Subscriptions = append(p.Subscriptions, broker.Subscription{Filter: f, QoS: 1})
	}
	conn, err := paho.Dial(p, "", c)
	if err != nil {
		t.Fatal(err)
	}
	c.Conn = conn
	t.Cleanup(func() { c.close(t) })
	if len(filters) > 0 {
		select {
		case <-c.granted:
		case <-time.After(10 * time.Second):
			t.Fatalf("client %s was not granted its filters", id)
		}
	}
	return c
}

func (c *client) close(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := c.Close(ctx); err != nil {
		t.Errorf("close client: %v", err)
	}
}

func (c *client) publish(t *testing.T, topic, payload string) {
	t.Helper()
	var err error
	eventually(t, "publish to "+topic, func() bool {
		_, err = c.Publish(t.Context(), broker.Message{Topic: topic, Payload: []byte(payload), QoS: 1})
		return err == nil
	})
}

func view(s *engine.Session, key shadow.Key) (v things.ShadowView) {
	s.Things(func(r *things.Registry) { v, _ = r.Shadow(key) })
	return v
}

func summary(s *engine.Session, name string) (sum things.Summary) {
	s.Things(func(r *things.Registry) { sum, _ = r.Thing(name) })
	return sum
}

func value(o shadow.Object, key string) string { return fmt.Sprint(o[key]) }

// secrets is a SecretStore for the length of a test.
type secrets map[string]string

func (s secrets) Get(id string) (string, error) { return s[id], nil }

func (s secrets) Set(id, secret string) (bool, error) {
	s[id] = secret
	return false, nil
}

func (s secrets) Delete(id string) error {
	delete(s, id)
	return nil
}
