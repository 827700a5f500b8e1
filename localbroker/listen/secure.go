package listen

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"sync/atomic"
	"time"
)

// farewell is how long Close may take to tell a client that reads nothing.
const farewell = 100 * time.Millisecond

// socket is what lies under TLS. While it closes, no write outlasts farewell:
// package tls alone would wait five seconds to say that it closes.
type socket struct {
	net.Conn
	closing atomic.Bool
}

// SetWriteDeadline sets the deadline for writes, or a nearer one while closing.
func (s *socket) SetWriteDeadline(t time.Time) error {
	if latest := time.Now().Add(farewell); s.closing.Load() && (t.IsZero() || t.After(latest)) {
		t = latest
	}
	return s.Conn.SetWriteDeadline(t)
}

// under returns the socket of a connection that has one.
func under(c net.Conn) *socket {
	if t, ok := c.(*tls.Conn); ok {
		c = t.NetConn()
	}
	s, _ := c.(*socket) // always: all connections of a gate are sockets
	return s
}

// secure is a TLS connection that closes without delay.
type secure struct {
	*tls.Conn
	socket *socket
}

func newSecure(c net.Conn, config *tls.Config) *secure {
	s := &socket{Conn: c}
	return &secure{tls.Server(s, config), s}
}

// Close says goodbye if the client listens, and closes.
func (c *secure) Close() error {
	c.socket.closing.Store(true)
	return c.Conn.Close()
}

// PeerName completes the TLS handshake of a connection that Accept returned,
// if it has one, and returns the common name of the client's verified
// certificate; "" when there is none. When ctx ends first the connection is
// closed.
func PeerName(ctx context.Context, c net.Conn) (string, error) {
	var s *tls.Conn
	switch c := c.(type) {
	case *secure:
		s = c.Conn
	case *webConn:
		s = c.tls
	}
	if s == nil {
		return "", nil
	}
	if err := s.HandshakeContext(ctx); err != nil {
		return "", fmt.Errorf("complete TLS handshake with %q: %w", c.RemoteAddr(), err)
	}
	state := s.ConnectionState()
	if len(state.VerifiedChains) == 0 {
		return "", nil
	}
	return state.PeerCertificates[0].Subject.CommonName, nil
}
