package localbroker_test

import (
	"context"
	"fmt"
	"maps"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
	"go.uber.org/goleak"

	"github.com/thingdesk/thingdesk/localbroker"
	"github.com/thingdesk/thingdesk/things/shadow"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must come.
const patience = 10 * time.Second

// start runs a broker on a free port until the test ends.
func start(t *testing.T, c localbroker.Config) *localbroker.Server {
	t.Helper()
	if c.Listen == "" {
		c.Listen = "127.0.0.1:0"
	}
	s, err := localbroker.Start(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return s
}

// client is a connected test client. What it receives is in messages.
type client struct {
	mqtt.Client
	messages chan mqtt.Message
}

// connect connects a client until the test ends.
func connect(t *testing.T, s *localbroker.Server, id string, set ...func(*mqtt.ClientOptions)) *client {
	t.Helper()
	return connectTo(t, s.Addr(), id, set...)
}

func connectTo(t *testing.T, addr, id string, set ...func(*mqtt.ClientOptions)) *client {
	t.Helper()
	c := &client{messages: make(chan mqtt.Message, 10000)}
	o := mqtt.NewClientOptions().AddBroker("tcp://" + addr).SetClientID(id).SetAutoReconnect(false).
		SetDefaultPublishHandler(func(_ mqtt.Client, m mqtt.Message) { c.messages <- m }).
		SetCustomOpenConnectionFn(func(u *url.URL, _ mqtt.ClientOptions) (net.Conn, error) {
			return new(net.Dialer).DialContext(t.Context(), "tcp", u.Host)
		})
	for _, f := range set {
		f(o)
	}
	c.Client = mqtt.NewClient(o)
	finish(t, c.Connect())
	t.Cleanup(func() { c.Disconnect(50) })
	return c
}

func finish(t *testing.T, token mqtt.Token) {
	t.Helper()
	if !token.WaitTimeout(patience) {
		t.Fatal("no answer from the broker")
	}
	if err := token.Error(); err != nil {
		t.Fatal(err)
	}
}

func (c *client) subscribe(t *testing.T, filter string, qos byte) {
	t.Helper()
	finish(t, c.Subscribe(filter, qos, nil))
}

func (c *client) publish(t *testing.T, topic string, qos byte, payload string) {
	t.Helper()
	finish(t, c.Publish(topic, qos, false, payload))
}

// next returns the next message.
func (c *client) next(t *testing.T) mqtt.Message {
	t.Helper()
	select {
	case m := <-c.messages:
		return m
	case <-time.After(patience):
		t.Fatal("no message")
		return nil
	}
}

// want takes the next message, which must be this one.
func (c *client) want(t *testing.T, topic, payload string) {
	t.Helper()
	if m := c.next(t); m.Topic() != topic || string(m.Payload()) != payload {
		t.Fatalf("got  %s %s\nwant %s %s", m.Topic(), m.Payload(), topic, payload)
	}
}

// barrier returns what has been received when everything that was published
// before has been answered. c must be subscribed to $aws/things/+/shadow/#.
func (c *client) barrier(t *testing.T) []mqtt.Message {
	t.Helper()
	end := shadow.Key{Thing: "barrier"}
	c.publish(t, end.Topic("get"), 1, "")
	var got []mqtt.Message
	for {
		m := c.next(t)
		if m.Topic() == end.Topic("get/rejected") {
			return got
		}
		if m.Topic() != end.Topic("get") {
			got = append(got, m)
		}
	}
}

// memoryStore is a ShadowStore that can fail and wait.
type memoryStore struct {
	mu      sync.Mutex
	records map[shadow.Key]shadow.Record
	saves   int
	fault   error
	failed  error  // the context's error in the last save
	before  func() // called at the beginning of each save
}

func (m *memoryStore) LoadShadows(context.Context) ([]shadow.Record, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Collect(maps.Values(m.records)), m.fault
}

func (m *memoryStore) SaveShadows(ctx context.Context, records []shadow.Record) error {
	if m.before != nil {
		m.before()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.saves++
	if m.fault != nil {
		return m.fault
	}
	if m.records == nil {
		m.records = make(map[shadow.Key]shadow.Record)
	}
	for _, r := range records {
		m.records[r.Key] = r
	}
	m.failed = ctx.Err()
	return m.failed
}

// ForgetShadows removes records.
func (m *memoryStore) ForgetShadows(_ context.Context, keys []shadow.Key) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, k := range keys {
		delete(m.records, k)
	}
	return nil
}

func (m *memoryStore) fail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fault = err
}

func (m *memoryStore) get(k shadow.Key) (shadow.Record, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, ok := m.records[k]
	return r, ok
}

// events collects events, but warnings of what AWS IoT Core would refuse.
type events chan localbroker.Event

func (e events) add(v localbroker.Event) {
	if v.Kind != localbroker.EventViolation {
		e <- v
	}
}

// want takes the next event, which must be this one.
func (e events) want(t *testing.T, kind localbroker.EventKind, client string, filters ...string) {
	t.Helper()
	select {
	case got := <-e:
		if got.Kind != kind || got.Client != client || !slices.Equal(got.Filters, filters) {
			t.Fatalf("event %+v, want %d of %s with %q", got, kind, client, filters)
		}
		if age := time.Since(time.UnixMicro(got.At)); age < 0 || age > time.Minute {
			t.Errorf("event at %v", time.UnixMicro(got.At))
		}
	case <-time.After(patience):
		t.Fatalf("no event; want %d of %s", kind, client)
	}
}

// wire is a client that speaks MQTT by hand.
type wire struct {
	net.Conn
	t *testing.T
}

func dial(t *testing.T, s *localbroker.Server) wire {
	t.Helper()
	c, err := new(net.Dialer).DialContext(t.Context(), "tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(3 * patience)); err != nil {
		t.Fatal(err)
	}
	return wire{c, t}
}

func (w wire) send(packet []byte) {
	w.t.Helper()
	if _, err := w.Write(packet); err != nil {
		w.t.Fatal(err)
	}
}

// read returns the type of the next packet and what follows its length.
func (w wire) read() (kind byte, body []byte, err error) {
	one := make([]byte, 1)
	if _, err = w.Read(one); err != nil {
		return 0, nil, err
	}
	kind = one[0] >> 4
	length := 0
	for shift := 0; ; shift += 7 {
		if _, err = w.Read(one); err != nil {
			return 0, nil, err
		}
		length |= int(one[0]&127) << shift
		if one[0] < 128 {
			break
		}
	}
	body = make([]byte, length)
	for n := 0; n < length; {
		m, err := w.Read(body[n:])
		if err != nil {
			return 0, nil, err
		}
		n += m
	}
	return kind, body, nil
}

// expect reads a packet, which must be of this type.
func (w wire) expect(kind byte) []byte {
	w.t.Helper()
	got, body, err := w.read()
	if err != nil || got != kind {
		w.t.Fatalf("packet type %d, %v; want %d", got, err, kind)
	}
	return body
}

// packet builds an MQTT packet.
func packet(first byte, parts ...string) []byte {
	body := strings.Join(parts, "")
	p := []byte{first}
	for n := len(body); ; {
		b := byte(n & 127)
		if n >>= 7; n == 0 {
			p = append(p, b)
			break
		}
		p = append(p, b|128)
	}
	return append(p, body...)
}

// str is a string as MQTT writes it.
func str(s string) string { return string([]byte{byte(len(s) >> 8), byte(len(s))}) + s }

// hello is a CONNECT without keep-alive.
func hello(version byte, id string) []byte {
	head := str("MQTT") + string([]byte{version, 2, 0, 0})
	if version == 5 {
		head += "\x00"
	}
	return packet(0x10, head, str(id))
}

func topicOf(i int) string { return fmt.Sprintf("$aws/things/t-%d/shadow/update", i) }
