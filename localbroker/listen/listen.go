// Package listen takes connections for the bundled broker: TCP, TLS, WebSocket
// and secure WebSocket, all as net.Conn that carry MQTT bytes.
package listen

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"sync"
)

// DefaultAddress is where the bundled broker listens unless told otherwise.
const DefaultAddress = "127.0.0.1:1883"

// DefaultPath is the path of WebSocket requests unless told otherwise.
const DefaultPath = "/mqtt"

// Config says where and how to listen. TLS and WebSocket are nil when not
// wanted; both together are secure WebSocket.
type Config struct {
	// Address is HOST:PORT; port 0 picks a free one. 0.0.0.0 is all IPv4
	// addresses of the computer, an empty host all of IPv6 too.
	Address string
	// AnyPort lets Listen take a free port of the same host, a near one if it
	// can, when Address is in use.
	AnyPort bool
	// TLS is used as a copy with version 1.2 or later. A client certificate
	// counts for PeerName only where ClientAuth has it verified.
	TLS *tls.Config
	// WebSocket carries MQTT in WebSocket frames.
	WebSocket *WebSocket
}

// WebSocket says which WebSocket requests are taken.
type WebSocket struct {
	// Path is that of the request; empty is DefaultPath.
	Path string
	// Origins are the web pages that may connect, as scheme://host[:port]; "*"
	// is any. Empty allows those that have the request's own host only, and of
	// requests over loopback those of a loopback host only, so that no name that
	// somebody else's DNS points at this computer gets in. A request without
	// Origin does not come from a web page and is always allowed.
	Origins []string
}

// Listener takes connections.
type Listener struct {
	// Set at construction.
	inner    net.Listener
	moved    bool
	protocol string
	tls      *tls.Config
	web      *web // nil without WebSocket

	close sync.Once
}

// Listen binds the address before it returns; ctx bounds the look-up of a host
// name. Close ends the Listener.
func Listen(ctx context.Context, c Config) (*Listener, error) {
	if err := c.WebSocket.check(); err != nil {
		return nil, fmt.Errorf("listen on %q: %w", c.Address, err)
	}
	inner, moved, err := bind(ctx, c.Address, c.AnyPort)
	if err != nil {
		return nil, err
	}
	l := &Listener{inner: inner, moved: moved, tls: atLeast12(c.TLS)}
	switch {
	case c.WebSocket == nil && c.TLS == nil:
		l.protocol = "tcp"
	case c.WebSocket == nil:
		l.protocol = "tls"
	case c.TLS == nil:
		l.protocol = "ws"
	default:
		l.protocol = "wss"
	}
	if c.WebSocket != nil {
		l.web = serveWeb(inner, l.tls, c.WebSocket)
	}
	return l, nil
}

// atLeast12 returns a copy of c that speaks TLS 1.2 or later, and whatever
// application protocol the client asks for.
func atLeast12(c *tls.Config) *tls.Config {
	if c == nil {
		return nil
	}
	c = c.Clone()
	c.MinVersion = max(c.MinVersion, tls.VersionTLS12)
	c.NextProtos = nil
	return c
}

// Accept waits for the next connection. It returns at once what comes, without
// waiting for a TLS handshake, which the first Read or PeerName does. After
// Close it returns net.ErrClosed; after other errors, such as want of
// descriptors, it may be called again.
//
// A connection that has timed out in Write, or in Read unless it is plain TCP,
// is of no more use than to be closed.
func (l *Listener) Accept() (net.Conn, error) {
	if l.web != nil {
		return l.web.accept()
	}
	c, err := l.inner.Accept()
	if err != nil || l.tls == nil {
		return c, err
	}
	return newSecure(c, l.tls), nil
}

// Close stops listening and waits for the goroutines of the Listener. It does
// not close connections that Accept returned. More calls do nothing.
func (l *Listener) Close() error {
	var err error
	l.close.Do(func() {
		if err = l.inner.Close(); err != nil {
			err = fmt.Errorf("close listener %q: %w", l.Addr(), err)
		}
		if l.web != nil {
			l.web.stop()
		}
	})
	return err
}

// Addr returns HOST:PORT as bound.
func (l *Listener) Addr() string { return l.inner.Addr().String() }

// Moved tells whether another port than the wanted one was taken.
func (l *Listener) Moved() bool { return l.moved }

// Protocol returns "tcp", "tls", "ws" or "wss".
func (l *Listener) Protocol() string { return l.protocol }
