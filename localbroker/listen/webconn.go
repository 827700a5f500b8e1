package listen

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// pongTime is how long the answer to a ping may take to be sent; reading waits
// for it.
const pongTime = 5 * time.Second

// errText ends a connection that sends text frames.
var errText = errors.New("client sent a WebSocket text frame, MQTT comes in binary frames [MQTT-6.0.0-1]")

// wire is the connection under the frames. It remembers errors as they were,
// and obeys the nearer of two write deadlines: that of the owner, and that of
// the frame being written.
type wire struct {
	net.Conn
	readErr error // of the last Read; for the goroutine that reads

	mu           sync.Mutex // guards what follows and the write deadline of Conn
	owner, frame time.Time
	writeErr     error // the first of a Write; frames end there
}

// Read reads from the connection.
func (w *wire) Read(b []byte) (int, error) {
	n, err := w.Conn.Read(b)
	w.readErr = err
	return n, err
}

// Write writes to the connection.
func (w *wire) Write(b []byte) (int, error) {
	n, err := w.Conn.Write(b)
	if err != nil {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.writeErr == nil {
			w.writeErr = err
		}
	}
	return n, err
}

// broken returns why writing ended; nil when it did not on the wire.
func (w *wire) broken() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.writeErr
}

// SetDeadline sets the deadlines for reading and for the frame.
func (w *wire) SetDeadline(t time.Time) error {
	if err := w.SetReadDeadline(t); err != nil {
		return err
	}
	return w.SetWriteDeadline(t)
}

// SetWriteDeadline sets the deadline for the frame being written.
func (w *wire) SetWriteDeadline(t time.Time) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.frame = t
	return w.applyLocked()
}

func (w *wire) setOwnerDeadline(t time.Time) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.owner = t
	return w.applyLocked()
}

func (w *wire) applyLocked() error {
	t := w.owner
	if t.IsZero() || !w.frame.IsZero() && w.frame.Before(t) {
		t = w.frame
	}
	return w.Conn.SetWriteDeadline(t)
}

// webConn is MQTT bytes in binary WebSocket frames. Where frames begin and end
// means nothing [MQTT-6.0.0-2].
type webConn struct {
	// Set at construction.
	ws   *websocket.Conn
	wire *wire
	tls  *tls.Conn // nil without TLS

	// For the goroutine that reads.
	message io.Reader // the frames of one message; nil between messages
	ended   error

	write sync.Mutex // one message is written at a time
}

func newWebConn(ws *websocket.Conn, w *wire) *webConn {
	c := &webConn{ws: ws, wire: w}
	c.tls, _ = w.Conn.(*tls.Conn)
	ws.SetPingHandler(func(data string) error {
		err := ws.WriteControl(websocket.PongMessage, []byte(data), time.Now().Add(pongTime))
		if err == nil || errors.Is(err, websocket.ErrCloseSent) {
			return nil
		}
		return err
	})
	return c
}

// Read reads what binary messages carry. The end of the WebSocket is io.EOF,
// however it came. After an error, a timeout too, there is nothing to read.
func (c *webConn) Read(b []byte) (int, error) {
	if c.ended != nil {
		return 0, c.ended
	}
	if len(b) == 0 {
		return 0, nil
	}
	for {
		if c.message == nil {
			if err := c.next(); err != nil {
				c.ended = c.reason(err)
				return 0, c.ended
			}
		}
		n, err := c.message.Read(b)
		if errors.Is(err, io.EOF) {
			c.message, err = nil, nil
			if n == 0 {
				continue
			}
		}
		if err != nil {
			c.ended = c.reason(err)
			err = c.ended
		}
		return n, err
	}
}

// next goes to the next message, which must be binary [MQTT-6.0.0-1].
func (c *webConn) next() error {
	kind, message, err := c.ws.NextReader()
	if err != nil {
		return err
	}
	if kind != websocket.BinaryMessage {
		c.goodbye(websocket.CloseUnsupportedData, "MQTT comes in binary frames")
		_ = c.wire.Close() // it said something that MQTT cannot go on from
		return errText
	}
	c.message = message
	return nil
}

// reason returns what happened on the wire instead of what the frames made of
// it.
func (c *webConn) reason(err error) error {
	if errors.Is(err, errText) {
		return err
	}
	if c.wire.readErr != nil {
		return c.wire.readErr
	}
	if _, ok := errors.AsType[*websocket.CloseError](err); ok {
		return io.EOF
	}
	return err
}

// Write sends b as one binary message. Several goroutines may write. After an
// error, of which 0 bytes are told whatever was sent, nothing more can be sent.
func (c *webConn) Write(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	c.write.Lock()
	defer c.write.Unlock()
	err := c.ws.WriteMessage(websocket.BinaryMessage, b)
	if err == nil {
		return len(b), nil
	}
	if cause := c.wire.broken(); cause != nil {
		return 0, cause
	}
	if errors.Is(err, websocket.ErrCloseSent) {
		return 0, net.ErrClosed
	}
	return 0, err
}

// Close says goodbye, unless a write is going on, and closes.
func (c *webConn) Close() error {
	if c.write.TryLock() {
		c.goodbye(websocket.CloseNormalClosure, "")
		c.write.Unlock()
	}
	under(c.wire.Conn).closing.Store(true)
	return c.wire.Close()
}

// goodbye sends a close frame if the client takes it soon.
func (c *webConn) goodbye(code int, why string) {
	_ = c.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, why), time.Now().Add(farewell)) // a courtesy
}

// LocalAddr returns the broker's end.
func (c *webConn) LocalAddr() net.Addr { return c.wire.LocalAddr() }

// RemoteAddr returns the client's end.
func (c *webConn) RemoteAddr() net.Addr { return c.wire.RemoteAddr() }

// SetDeadline sets the deadlines of Read and Write.
func (c *webConn) SetDeadline(t time.Time) error {
	if err := c.SetReadDeadline(t); err != nil {
		return err
	}
	return c.SetWriteDeadline(t)
}

// SetReadDeadline sets the deadline of Read, of one that waits too.
func (c *webConn) SetReadDeadline(t time.Time) error { return c.wire.SetReadDeadline(t) }

// SetWriteDeadline sets the deadline of Write, of one that waits too.
func (c *webConn) SetWriteDeadline(t time.Time) error { return c.wire.setOwnerDeadline(t) }
