package dataplane

import (
	"net"
	"net/http"
	"slices"
	"strings"

	"github.com/thingdesk/thingdesk/things/shadow"
)

// guard keeps web pages out, from which the loopback interface protects
// nobody: any page that a user of this computer looks at can send requests
// there. Browsers say so with Origin or Sec-Fetch-Site, and no other client
// does. A page whose host name somebody's DNS points at this computer (DNS
// rebinding) is of the same origin to the browser, but its name is in Host.
func (h *Handler) guard(r *http.Request) *fault {
	if len(r.Header.Values("Origin")) > 0 {
		return refusal(shadow.CodeForbidden, "Web pages may not use the data plane of this broker.")
	}
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" && site != "none" {
		return refusal(shadow.CodeForbidden, "Web pages may not use the data plane of this broker.")
	}
	if !h.knows(r.Host, overLoopback(r)) {
		return refusal(shadow.CodeForbidden, "This broker does not go by the host name in the request: use its IP address, or localhost on the same computer.")
	}
	return nil
}

// knows tells whether a Host header names this computer: localhost, one of its
// names, or an IP address, which no DNS made; over loopback only one of that.
func (h *Handler) knows(hostport string, loopback bool) bool {
	host := lower(hostOf(hostport))
	if host == "localhost" || strings.HasSuffix(host, ".localhost") || slices.Contains(h.names, host) {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && (ip.IsLoopback() || !loopback)
}

// hostOf returns the host of HOST, HOST:PORT and [HOST]:PORT.
func hostOf(hostport string) string {
	if host, _, err := net.SplitHostPort(hostport); err == nil {
		return host
	}
	return strings.TrimSuffix(strings.TrimPrefix(hostport, "["), "]")
}

// lower returns a host name as names are compared: in small letters, without
// the dot of the root.
func lower(name string) string { return strings.TrimSuffix(strings.ToLower(name), ".") }

// overLoopback tells whether the request came in over the loopback interface.
func overLoopback(r *http.Request) bool {
	local, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	return !ok || local.IP.IsLoopback()
}
