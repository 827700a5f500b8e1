package listen

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

const (
	// handshakeTime bounds TLS handshake and request of a WebSocket client, each.
	handshakeTime = 10 * time.Second
	// headerBytes bounds the header of a request.
	headerBytes = 8 << 10
	// waiting bounds the connections that have not come out of Accept: with a
	// handshake, a request, or nobody who accepts. More wait in the kernel.
	waiting = 1024
	// readBuffer and writeBuffer are for frames of one connection; the write
	// buffer is borrowed for each write.
	readBuffer  = 1 << 10
	writeBuffer = 4 << 10
)

// subprotocols are what MQTT is called [MQTT-6.0.0-3] [MQTT-6.0.0-4], by
// version 3.1 too.
var subprotocols = []string{"mqtt", "mqttv3.1"}

// web turns WebSocket requests into connections.
type web struct {
	// Set at construction.
	path     string
	origins  origins
	upgrader websocket.Upgrader
	server   *http.Server

	// Safe for concurrent use.
	slots    chan struct{} // one taken for each connection before Accept
	accepted chan net.Conn
	closing  chan struct{}
	waiters  sync.WaitGroup // the connections that have a slot
	serving  sync.WaitGroup

	mu   sync.Mutex // guards what follows
	open map[*socket]struct{}
}

// serveWeb serves the connections of l until stop.
func serveWeb(l net.Listener, config *tls.Config, c *WebSocket) *web {
	w := &web{
		path: c.Path, origins: newOrigins(c.Origins),
		slots: make(chan struct{}, waiting), accepted: make(chan net.Conn), closing: make(chan struct{}),
		open: make(map[*socket]struct{}),
	}
	if w.path == "" {
		w.path = DefaultPath
	}
	w.upgrader = websocket.Upgrader{
		HandshakeTimeout: handshakeTime, Subprotocols: subprotocols,
		ReadBufferSize: readBuffer, WriteBufferSize: writeBuffer, WriteBufferPool: &sync.Pool{},
		CheckOrigin: func(*http.Request) bool { return true }, // refuse did
		Error: func(rw http.ResponseWriter, _ *http.Request, status int, reason error) {
			answer(rw, status, strings.TrimPrefix(reason.Error(), "websocket: "))
		},
	}
	w.server = &http.Server{
		Handler: w, MaxHeaderBytes: headerBytes,
		ReadHeaderTimeout: handshakeTime, ReadTimeout: handshakeTime, WriteTimeout: handshakeTime,
		ErrorLog: log.New(io.Discard, "", 0), // clients' faults are told to clients
		ConnState: func(c net.Conn, s http.ConnState) {
			if s == http.StateClosed { // hijacked ones are let go by ServeHTTP
				w.forget(under(c))
				w.release()
			}
		},
	}
	w.server.SetKeepAlivesEnabled(false) // a refused client connects anew
	var source net.Listener = &gate{Listener: l, web: w}
	if config != nil {
		source = tls.NewListener(source, config)
	}
	w.serving.Go(func() {
		_ = w.server.Serve(source) // ends with the listener: it retries what is worth it
	})
	return w
}

// stop ends all that was not accepted. The listener is closed already.
func (w *web) stop() {
	close(w.closing)
	_ = w.server.Close() // of what it closes, nothing can be lost
	w.serving.Wait()
	w.mu.Lock()
	for s := range w.open { // those that the server took while it closed, too
		_ = s.Close()
	}
	w.mu.Unlock()
	w.waiters.Wait()
}

func (w *web) accept() (net.Conn, error) {
	select {
	case <-w.closing:
		return nil, net.ErrClosed
	default:
	}
	select {
	case c := <-w.accepted:
		return c, nil
	case <-w.closing:
		return nil, net.ErrClosed
	}
}

// forget leaves a connection to its owner, which closes it.
func (w *web) forget(s *socket) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.open, s)
}

// release gives back the slot of a connection.
func (w *web) release() {
	<-w.slots
	w.waiters.Done()
}

// gate lets a connection in when there is a slot for it.
type gate struct {
	net.Listener
	web *web
}

// Accept waits for a slot and a connection.
func (g *gate) Accept() (net.Conn, error) {
	select {
	case g.web.slots <- struct{}{}:
	case <-g.web.closing:
		return nil, net.ErrClosed
	}
	c, err := g.Listener.Accept()
	if err != nil {
		<-g.web.slots
		return nil, err
	}
	s := &socket{Conn: c}
	g.web.waiters.Add(1)
	g.web.mu.Lock()
	defer g.web.mu.Unlock()
	g.web.open[s] = struct{}{}
	return s, nil
}

// ServeHTTP takes a WebSocket request or says what is wrong with it.
func (w *web) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	hijacker := &taker{ResponseWriter: rw}
	defer func() {
		if hijacker.taken != nil {
			w.forget(under(hijacker.taken.Conn))
			w.release()
		}
	}()
	if r.URL.Path != w.path {
		answer(rw, http.StatusNotFound, fmt.Sprintf("The MQTT broker answers WebSocket requests at %s.", w.path))
		return
	}
	if !websocket.IsWebSocketUpgrade(r) {
		rw.Header().Set("Upgrade", "websocket")
		answer(rw, http.StatusUpgradeRequired, "This is an MQTT broker: connect with MQTT over WebSocket.")
		return
	}
	if why := w.origins.refuse(r); why != "" {
		answer(rw, http.StatusForbidden, why)
		return
	}
	const header = "Sec-Websocket-Protocol"
	if all := r.Header.Values(header); len(all) > 1 {
		r.Header.Set(header, strings.Join(all, ","))
	}
	if !speaksMQTT(r) {
		answer(rw, http.StatusBadRequest, `Ask for the WebSocket subprotocol "mqtt".`)
		return
	}
	ws, err := w.upgrader.Upgrade(hijacker, r, nil)
	if err != nil {
		return // answered, or the connection is gone
	}
	w.forget(under(hijacker.taken.Conn)) // whoever accepts it owns it
	c := newWebConn(ws, hijacker.taken)
	select {
	case w.accepted <- c:
	case <-w.closing:
		_ = c.Close() // nobody knows it
	}
}

// speaksMQTT tells whether the request names a subprotocol of MQTT.
func speaksMQTT(r *http.Request) bool {
	return slices.ContainsFunc(websocket.Subprotocols(r), func(asked string) bool {
		return slices.Contains(subprotocols, asked)
	})
}

// answer refuses a request with a sentence.
func answer(rw http.ResponseWriter, status int, sentence string) {
	rw.Header().Set("Sec-Websocket-Version", "13")
	http.Error(rw, sentence, status)
}

// taker takes the connection of a request for itself.
type taker struct {
	http.ResponseWriter
	taken *wire
}

// Hijack hands out the connection with write deadlines that obey webConn.
func (t *taker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	hijacker, ok := t.ResponseWriter.(http.Hijacker)
	if !ok {
		return nil, nil, errors.New("connection cannot be taken over")
	}
	c, buffers, err := hijacker.Hijack()
	if err != nil {
		return nil, nil, err
	}
	t.taken = &wire{Conn: c}
	return t.taken, buffers, nil
}
