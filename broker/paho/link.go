package paho

import (
	"context"
	"net"
	"net/url"
	"sync"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"github.com/thingdesk/thingdesk/broker"
)

const (
	// never is a timeout of the library that must not strike, because wire
	// does better.
	never = 365 * 24 * time.Hour
	// handoverTimeout ends a handover that the library forgot. It is no limit
	// on writing: wire has its own.
	handoverTimeout = 10 * time.Minute
	// disconnectTimeout bounds the orderly end of a link. Usually it takes
	// milliseconds.
	disconnectTimeout = 10 * time.Second
)

// link is one attempt to connect, and the connection when it works: one client
// of the library, never used again.
//
// The library has a weakness that shapes this type: a request (publish,
// subscribe) that is handed to a client whose connection has just broken is
// stuck for a long time. So one request is handed over at a time, under slot,
// and when the connection breaks, wire keeps the news from the library until
// slot is taken for good.
type link struct {
	owner   *conn
	attempt int
	client  mqtt.Client
	slot    chan struct{}
	gone    chan struct{} // closed when the link is not up any more
	end     sync.Once
	lost    chan error // gets the *broker.LostError
	cut     func() bool
	wire    *wire // nil until open

	announced        bool                  // guarded by owner.hmu
	wanted, unwanted []broker.Subscription // the table when the link came up
}

// connect makes one attempt. It ends soon after ctx.
func (c *conn) connect(ctx context.Context, attempt int) (*link, error) {
	l := &link{
		owner: c, attempt: attempt, slot: make(chan struct{}, 1), gone: make(chan struct{}),
		lost: make(chan error, 1), cut: func() bool { return true },
	}
	l.slot <- struct{}{} // the library is not ready for requests yet
	l.client = mqtt.NewClient(c.options(ctx, l))
	token := l.client.Connect()
	<-token.Done() // network and CONNACK have deadlines, and ctx cuts both
	l.cut()
	if err := token.Error(); err != nil {
		return nil, err
	}
	<-l.slot
	return l, nil
}

func (c *conn) options(ctx context.Context, l *link) *mqtt.ClientOptions {
	o := mqtt.NewClientOptions()
	o.Servers = []*url.URL{{Scheme: "tcp", Host: c.profile.Endpoint()}}
	o.SetProtocolVersion(4) // or a refused login is repeated as MQTT 3.1
	o.SetClientID(c.profile.ClientID)
	o.SetUsername(c.profile.Username)
	o.SetPassword(c.password)
	o.SetKeepAlive(keepAlive(c.profile))
	o.SetCleanSession(!c.profile.Persistent)
	o.SetStore(c.store)
	o.SetAutoReconnect(false)
	o.SetConnectRetry(false)
	o.SetOrderMatters(true)
	o.SetConnectTimeout(2 * c.timing.connect) // open and CONNACK together
	o.SetPingTimeout(never)
	o.SetWriteTimeout(handoverTimeout)
	o.SetCustomOpenConnectionFn(func(*url.URL, mqtt.ClientOptions) (net.Conn, error) {
		raw, err := c.open(ctx)
		if err != nil {
			return nil, err
		}
		l.wire = newWire(raw, c.timing, l.shut)
		l.cut = context.AfterFunc(ctx, l.wire.kill)
		return l.wire, nil
	})
	o.SetDefaultPublishHandler(l.receive)
	o.SetConnectionLostHandler(func(_ mqtt.Client, err error) { l.lost <- asLost(err) })
	return o
}

// receive takes a message from the library, in order.
func (l *link) receive(_ mqtt.Client, m mqtt.Message) {
	l.owner.deliver(l, broker.Message{
		Time: broker.Micros(time.Now()), Direction: broker.In, Topic: m.Topic(), Payload: m.Payload(),
		QoS: m.Qos(), Retained: m.Retained(), Dup: m.Duplicate(),
	})
}

// session tells whether the broker had kept our session.
func (l *link) session() bool { return l.wire.session() }

// acquire waits for the slot.
func (l *link) acquire(ctx context.Context) error {
	select {
	case l.slot <- struct{}{}:
	case <-l.gone:
		return l.goneError(broker.ErrNotConnected)
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-l.gone:
		<-l.slot
		return l.goneError(broker.ErrNotConnected)
	default:
		return nil
	}
}

// handOver gives a request to the library and returns its token.
func (l *link) handOver(ctx context.Context, request func(mqtt.Client) mqtt.Token) (mqtt.Token, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := l.acquire(ctx); err != nil {
		return nil, err
	}
	given := make(chan mqtt.Token, 1)
	l.owner.tasks.Go(func() {
		given <- request(l.client)
		<-l.slot
	})
	select {
	case token := <-given:
		return token, nil
	case <-ctx.Done(): // the request goes on, but nobody waits for it
		return nil, ctx.Err()
	}
}

// await waits until the broker has confirmed what token stands for.
func (l *link) await(ctx context.Context, token mqtt.Token) error {
	select {
	case <-token.Done():
	case <-l.gone:
		select {
		case <-token.Done(): // confirmed just before
		default:
			return l.goneError(broker.ErrUnconfirmed)
		}
	case <-ctx.Done():
		return ctx.Err()
	}
	err := token.Error()
	if err == nil {
		return nil
	}
	select {
	case <-l.gone:
		return l.goneError(broker.ErrUnconfirmed)
	default:
		return err
	}
}

// goneError is err, or ErrClosed when the Conn is being closed.
func (l *link) goneError(err error) error {
	if l.owner.closed() {
		return broker.ErrClosed
	}
	return err
}

// shut lets no request pass any more and waits for the one that is being
// handed over.
func (l *link) shut() {
	l.end.Do(func() {
		close(l.gone)
		l.slot <- struct{}{}
	})
}

// hangUp ends the link in order and waits until the library is at rest.
func (l *link) hangUp() {
	l.wire.hurry()
	l.shut()
	l.client.Disconnect(uint(disconnectTimeout.Milliseconds()))
}
