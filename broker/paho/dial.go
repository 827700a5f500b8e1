// Package paho connects to MQTT 3.1.1 brokers by way of
// github.com/eclipse/paho.mqtt.golang. Reconnecting, subscriptions and reasons
// are its own; of the library it uses one client per connection attempt.
package paho

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"github.com/thingdesk/thingdesk/broker"
)

var _ broker.Dialer = Dial

// What a Conn waits for, and how long.
const (
	connectTimeout = 10 * time.Second       // network connection and TLS, and as long again for CONNACK
	pingTimeout    = 10 * time.Second       // silence after a PINGREQ; not more than the keep-alive
	writeTimeout   = 30 * time.Second       // the broker takes no byte
	closeTimeout   = 250 * time.Millisecond // writing what is under way, when closing
	firstWait      = 500 * time.Millisecond // before the first new attempt
	longestWait    = 30 * time.Second       // between attempts
	stableAfter    = 10 * time.Second       // up so long, waits begin small again
)

// timing is what tests make shorter.
type timing struct {
	connect, ping, write, close, firstWait, longestWait, stable time.Duration
}

func standardTiming(keepAlive time.Duration) timing {
	return timing{
		connect: connectTimeout, ping: max(min(pingTimeout, keepAlive), 2*time.Second), write: writeTimeout,
		close: closeTimeout, firstWait: firstWait, longestWait: longestWait, stable: stableAfter,
	}
}

// Dial starts a connection as broker.Dialer says. Proxies named in the
// environment are not used. Without a ClientID one is made up, which the Conn
// keeps for its life.
func Dial(p broker.Profile, password string, h broker.Handler) (broker.Conn, error) {
	return dial(p, password, h, standardTiming(keepAlive(p)))
}

func dial(p broker.Profile, password string, h broker.Handler, t timing) (broker.Conn, error) {
	if err := p.Validate(); err != nil {
		return nil, fmt.Errorf("dial %q: %w", p.Name, err)
	}
	if len(password) > 65535 {
		return nil, fmt.Errorf("dial %q: %w", p.Name, errors.New("the password is longer than 65,535 bytes"))
	}
	if p.ClientID == "" {
		p.ClientID = "thingdesk-" + strings.ToLower(rand.Text()[:8])
	}
	//nolint:forbidigo // here the life of a Conn begins; its Close ends it
	ctx, cancel := context.WithCancel(context.Background())
	c := &conn{
		profile: p, password: password, timing: t, store: mqtt.NewOrderedMemoryStore(),
		cancel: cancel, closing: ctx.Done(), done: make(chan struct{}), order: make(chan struct{}, 1), h: h,
	}
	c.table.set(p.Subscriptions...)
	go c.run(ctx)
	return c, nil
}

func keepAlive(p broker.Profile) time.Duration {
	if p.KeepAlive == 0 {
		return broker.DefaultKeepAlive
	}
	return time.Duration(p.KeepAlive) * time.Second
}

// open makes the network connection, with TLS when the profile says so.
func (c *conn) open(ctx context.Context) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timing.connect)
	defer cancel()
	endpoint := c.profile.Endpoint()
	if c.profile.Transport != broker.TLS {
		var d net.Dialer
		return d.DialContext(ctx, "tcp", endpoint)
	}
	host, _, err := net.SplitHostPort(endpoint)
	if err != nil {
		return nil, fmt.Errorf("split address %q: %w", endpoint, err)
	}
	d := tls.Dialer{Config: &tls.Config{MinVersion: tls.VersionTLS12, ServerName: host}}
	return d.DialContext(ctx, "tcp", endpoint)
}
