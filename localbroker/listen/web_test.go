package listen_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/thingdesk/thingdesk/localbroker/listen"
)

// request is a WebSocket request of a client.
type request struct {
	config *tls.Config
	path   string // /mqtt when empty
	header http.Header
	speaks []string // mqtt when nil
	host   string
}

// ask opens a WebSocket, or returns what was answered instead.
func ask(t *testing.T, l *listen.Listener, r request) (ws *websocket.Conn, status int, answer string) {
	t.Helper()
	if r.speaks == nil {
		r.speaks = []string{"mqtt"}
	}
	if r.path == "" {
		r.path = "/mqtt"
	}
	if r.host == "" {
		r.host = l.Addr()
	}
	d := websocket.Dialer{
		Subprotocols: r.speaks, TLSClientConfig: r.config, HandshakeTimeout: patience,
		NetDialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, l.Addr())
		},
	}
	ws, resp, err := d.DialContext(t.Context(), l.Protocol()+"://"+r.host+r.path, r.header)
	if resp == nil {
		t.Errorf("no answer: %v", err)
		return nil, 0, ""
	}
	if err != nil {
		body, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		return nil, resp.StatusCode, string(body)
	}
	t.Cleanup(func() { _ = ws.Close() })
	return ws, resp.StatusCode, ""
}

// webClient is a client's end: what is written goes out as binary frames.
type webClient struct {
	net.Conn
	ws      *websocket.Conn
	message io.Reader
}

func (c *webClient) Write(b []byte) (int, error) {
	return len(b), c.ws.WriteMessage(websocket.BinaryMessage, b)
}

func (c *webClient) Read(b []byte) (int, error) {
	for {
		if c.message == nil {
			_, r, err := c.ws.NextReader()
			if err != nil {
				return 0, err
			}
			c.message = r
		}
		n, err := c.message.Read(b)
		if n > 0 || !errors.Is(err, io.EOF) {
			return n, err
		}
		c.message = nil
	}
}

func webDial(t *testing.T, l *listen.Listener, config *tls.Config, header http.Header) *webClient {
	t.Helper()
	ws, status, answer := ask(t, l, request{config: config, header: header})
	if ws == nil {
		t.Errorf("refused: %d %s", status, answer)
		return nil
	}
	return &webClient{Conn: ws.NetConn(), ws: ws}
}

// pair returns both ends of a WebSocket.
func pair(t *testing.T) (*webClient, net.Conn) {
	t.Helper()
	l := start(t, listen.Config{WebSocket: &listen.WebSocket{}})
	near := webDial(t, l, nil, nil)
	return near, accept(t, l)
}

func TestWebSocket(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	for _, c := range []struct {
		protocol, peer string
		config         *tls.Config
	}{{"ws", "", nil}, {"wss", "dev", a.server(t, tls.RequireAndVerifyClientCert)}} {
		l := start(t, listen.Config{TLS: c.config, WebSocket: &listen.WebSocket{}})
		names := make(chan string, 1)
		echo(t, l, func(name string, err error) {
			if err != nil {
				name = err.Error()
			}
			names <- name
		})
		client := webDial(t, l, a.client(a.issue(t, "dev", false)), nil)
		if p := client.ws.Subprotocol(); p != "mqtt" {
			t.Errorf("subprotocol %q", p)
		}
		talk(t, client, "hello")
		talk(t, client, strings.Repeat("x", 300_000))
		if name := <-names; name != c.peer || l.Protocol() != c.protocol {
			t.Errorf("%s: peer %q, protocol %q", c.protocol, name, l.Protocol())
		}
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	from := func(origin ...string) http.Header { return http.Header{"Origin": origin} }
	listed := &listen.WebSocket{Path: "/other", Origins: []string{"https://Example.com", "http://pages:8080"}}
	l := start(t, listen.Config{WebSocket: &listen.WebSocket{}})
	all := start(t, listen.Config{WebSocket: &listen.WebSocket{Origins: []string{"*"}}})
	some := start(t, listen.Config{WebSocket: listed})
	for _, l := range []*listen.Listener{l, all, some} {
		echo(t, l, nil)
	}
	_, port, _ := net.SplitHostPort(l.Addr())
	for name, c := range map[string]struct {
		at     *listen.Listener
		ask    request
		status int
		says   string
	}{
		"no browser":           {l, request{}, 101, ""},
		"own host":             {l, request{header: from("http://" + l.Addr())}, 101, ""},
		"own name":             {l, request{host: "localhost:" + port, header: from("http://LOCALHOST:" + port)}, 101, ""},
		"other port":           {l, request{header: from("http://127.0.0.1:1")}, 403, "may not connect"},
		"other host":           {l, request{header: from("http://example.com")}, 403, `"http://example.com" may not connect`},
		"rebound name":         {l, request{host: "evil.example:" + port, header: from("http://evil.example:" + port)}, 403, "may not connect"},
		"null":                 {l, request{header: from("null")}, 403, "without a proper origin"},
		"two origins":          {l, request{header: from("http://"+l.Addr(), "http://x")}, 403, "one Origin"},
		"any":                  {all, request{header: from("null")}, 101, ""},
		"listed":               {some, request{path: "/other", header: from("https://example.com")}, 101, ""},
		"listed with its port": {some, request{path: "/other", header: from("https://example.com:443")}, 101, ""},
		"listed, other scheme": {some, request{path: "/other", header: from("http://example.com")}, 403, "may not connect"},
		"listed port":          {some, request{path: "/other", header: from("http://pages:8080")}, 101, ""},
		"own host when listed": {some, request{path: "/other", header: from("http://" + some.Addr())}, 403, "may not connect"},
		"path":                 {some, request{path: "/mqtt"}, 404, "at /other"},
		"below the path":       {l, request{path: "/mqtt/x"}, 404, "at /mqtt"},
		"query":                {l, request{path: "/mqtt?token=1"}, 101, ""},
		"no subprotocol":       {l, request{speaks: []string{}}, 400, `subprotocol "mqtt"`},
		"other subprotocol":    {l, request{speaks: []string{"chat"}}, 400, `subprotocol "mqtt"`},
		"3.1":                  {l, request{speaks: []string{"chat", "mqttv3.1"}}, 101, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, status, answer := ask(t, c.at, c.ask)
			if status != c.status || !strings.Contains(answer, c.says) {
				t.Errorf("%d %s", status, answer)
			}
		})
	}
	t.Run("no WebSocket", func(t *testing.T) {
		t.Parallel()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+l.Addr()+"/mqtt", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusUpgradeRequired || !strings.Contains(string(body), "MQTT broker") {
			t.Errorf("%d %s", resp.StatusCode, body)
		}
	})
}

// TestFramesMeanNothing sends bytes cut and joined [MQTT-6.0.0-2].
func TestFramesMeanNothing(t *testing.T) {
	t.Parallel()
	client, c := pair(t)
	send := func() {
		for _, s := range []string{"a", "", "bc", "def"} {
			_, _ = client.Write([]byte(s))
		}
		w, err := client.ws.NextWriter(websocket.BinaryMessage) // one message of several frames
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = w.Write([]byte(strings.Repeat("x", 10_000)))
		_ = client.ws.WriteControl(websocket.PingMessage, []byte("p"), time.Now().Add(patience))
		_, _ = w.Write([]byte("end"))
		_ = w.Close()
	}
	go send()
	want := "abcdef" + strings.Repeat("x", 10_000) + "end"
	got := make([]byte, len(want))
	_ = c.SetReadDeadline(time.Now().Add(patience))
	for i := 0; i < len(got); i += 7 {
		if _, err := io.ReadFull(c, got[i:min(i+7, len(got))]); err != nil {
			t.Fatal(err)
		}
	}
	if string(got) != want {
		t.Errorf("got %d other bytes", len(got))
	}
}

func TestTextFrameCloses(t *testing.T) {
	t.Parallel()
	client, c := pair(t)
	if err := client.ws.WriteMessage(websocket.TextMessage, []byte("x")); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if n, err := c.Read(make([]byte, 10)); n != 0 || err == nil || !strings.Contains(err.Error(), "text frame") {
			t.Errorf("Read = %d, %v", n, err)
		}
	}
	_, _, err := client.ws.ReadMessage()
	if !websocket.IsCloseError(err, websocket.CloseUnsupportedData) {
		t.Errorf("client got %v", err)
	}
}

func TestPingIsAnswered(t *testing.T) {
	t.Parallel()
	client, c := pair(t)
	go func() { _, _ = c.Read(make([]byte, 1)) }()
	pong := make(chan string, 1)
	client.ws.SetPongHandler(func(s string) error {
		pong <- s
		return errors.New("enough")
	})
	if err := client.ws.WriteControl(websocket.PingMessage, []byte("hi"), time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	_, _, _ = client.ws.ReadMessage()
	if s := <-pong; s != "hi" {
		t.Errorf("pong %q", s)
	}
}

func TestEndOfWebSocket(t *testing.T) {
	t.Parallel()
	t.Run("client says goodbye", func(t *testing.T) {
		t.Parallel()
		client, c := pair(t)
		_ = client.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(1000, ""), time.Now().Add(patience))
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
			t.Errorf("Read = %v", err)
		}
		if _, err := c.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
			t.Errorf("Write = %v", err)
		}
	})
	t.Run("client is gone", func(t *testing.T) {
		t.Parallel()
		client, c := pair(t)
		_ = client.Close()
		for range 2000 { // gorilla panics at repeated reads
			if _, err := c.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
				t.Fatalf("Read = %v", err)
			}
		}
	})
	t.Run("broker closes", func(t *testing.T) {
		t.Parallel()
		client, c := pair(t)
		ended := make(chan error)
		go func() {
			_, err := c.Read(make([]byte, 1))
			ended <- err
		}()
		_ = c.Close()
		if err := <-ended; !errors.Is(err, net.ErrClosed) {
			t.Errorf("Read = %v", err)
		}
		if _, _, err := client.ws.ReadMessage(); !websocket.IsCloseError(err, websocket.CloseNormalClosure) {
			t.Errorf("client got %v", err)
		}
	})
}

func TestWebDeadlines(t *testing.T) {
	t.Parallel()
	client, c := pair(t)
	_ = client
	soon := func() time.Time { return time.Now().Add(30 * time.Millisecond) }
	wrote := make(chan error)
	go func() { // waits already when the deadline is set
		var err error
		for err == nil {
			_, err = c.Write(make([]byte, 64<<10))
		}
		wrote <- err
	}()
	time.Sleep(50 * time.Millisecond)
	_ = c.SetWriteDeadline(soon())
	if err := <-wrote; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("Write = %v", err)
	}
	read := make(chan error)
	go func() {
		_, err := c.Read(make([]byte, 1))
		read <- err
	}()
	time.Sleep(20 * time.Millisecond)
	_ = c.SetDeadline(soon())
	if err := <-read; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("Read = %v", err)
	}
}

func TestConcurrentWrites(t *testing.T) {
	t.Parallel()
	client, c := pair(t)
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for range 100 {
				if _, err := c.Write([]byte("12345678")); err != nil {
					t.Error(err)
				}
			}
		})
	}
	got := make([]byte, 8*8*100)
	if _, err := io.ReadFull(client, got); err != nil || strings.ReplaceAll(string(got), "12345678", "") != "" {
		t.Errorf("writes were mixed: %v", err)
	}
	wait.Wait()
}
