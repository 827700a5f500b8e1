package listen

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// check returns what is wrong with w; nil is right.
func (w *WebSocket) check() error {
	if w == nil {
		return nil
	}
	if err := CheckPath(w.Path); err != nil {
		return err
	}
	for _, o := range w.Origins {
		if err := CheckOrigin(o); err != nil {
			return err
		}
	}
	return nil
}

// CheckPath returns why path cannot be that of WebSocket requests; "" can, and
// is DefaultPath.
func CheckPath(path string) error {
	if path == "" {
		return nil
	}
	if u, err := url.Parse(path); err != nil || !strings.HasPrefix(path, "/") || u.Path != path || u.Host != "" {
		return fmt.Errorf("path %q is not that of a URL: give one such as %s, without host, query and escapes", path, DefaultPath)
	}
	return nil
}

// CheckOrigin returns why origin cannot stand in WebSocket.Origins.
func CheckOrigin(origin string) error {
	if origin == "*" {
		return nil
	}
	if _, _, err := splitOrigin(origin); err != nil {
		return fmt.Errorf(`origin %q %w: give scheme://host or scheme://host:port as browsers do, or "*" for any web page`, origin, err)
	}
	return nil
}

// splitOrigin returns scheme and HOST:PORT of an origin in small letters, the
// port also where it is the usual one.
func splitOrigin(origin string) (scheme, host string, err error) {
	u, err := url.Parse(origin)
	switch {
	case err != nil:
		return "", "", errors.New("is not a URL")
	case u.Scheme == "" || u.Host == "" || u.Hostname() == "":
		return "", "", errors.New("lacks scheme or host")
	case u.User != nil, u.Path != "", u.RawQuery != "", u.Fragment != "", strings.HasSuffix(origin, "#"), u.ForceQuery:
		return "", "", errors.New("holds more than scheme, host and port")
	}
	return u.Scheme, withPort(u.Host, u.Scheme == "https"), nil // url.Parse lowers the scheme
}

// withPort returns HOST:PORT in small letters, with the usual port where host
// has none.
func withPort(host string, secure bool) string {
	name, port := splitPort(host)
	if port == "" {
		port = "80"
		if secure {
			port = "443"
		}
	}
	return net.JoinHostPort(strings.ToLower(name), port)
}

// splitPort splits HOST, HOST:PORT and [HOST]:PORT.
func splitPort(hostport string) (host, port string) {
	if host, port, err := net.SplitHostPort(hostport); err == nil {
		return host, port
	}
	return strings.TrimSuffix(strings.TrimPrefix(hostport, "["), "]"), ""
}

// origins are the checked WebSocket.Origins.
type origins struct {
	any  bool
	list []string // scheme://host:port
}

func newOrigins(list []string) origins {
	o := origins{any: slices.Contains(list, "*")}
	for _, s := range list {
		if scheme, host, err := splitOrigin(s); err == nil {
			o.list = append(o.list, scheme+"://"+host)
		}
	}
	return o
}

// refuse returns why the web page that asks may not connect; "" when it may.
func (o origins) refuse(r *http.Request) string {
	asked := r.Header.Values("Origin")
	if len(asked) == 0 || o.any {
		return "" // not a browser, which says always
	}
	if len(asked) > 1 {
		return "A request has one Origin."
	}
	scheme, host, err := splitOrigin(asked[0])
	if err != nil {
		return fmt.Sprintf("A web page without a proper origin (%q) may not connect to this MQTT broker.", shorten(asked[0]))
	}
	if len(o.list) > 0 {
		if slices.Contains(o.list, scheme+"://"+host) {
			return ""
		}
	} else if host == withPort(r.Host, r.TLS != nil) && (!overLoopback(r) || isLoopback(host)) {
		return ""
	}
	return fmt.Sprintf("Web pages from %q may not connect to this MQTT broker: add the origin to the listener's websocket.origins.", shorten(asked[0]))
}

// overLoopback tells whether the request came in over the loopback interface.
func overLoopback(r *http.Request) bool {
	local, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	return ok && local.IP.IsLoopback()
}

// isLoopback tells whether host, with port, is this computer by any DNS.
func isLoopback(hostport string) bool {
	host, _ := splitPort(hostport)
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && ip.IsLoopback()
}

// shorten cuts what is shown of a client's words.
func shorten(s string) string {
	const most = 100
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
