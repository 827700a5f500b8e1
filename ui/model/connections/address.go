package connections

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/thingdesk/thingdesk/broker"
)

// Address is a broker's address taken apart.
type Address struct {
	// Host is HOST or HOST:PORT.
	Host      string
	Transport broker.Transport
	// Username is "" when the address has none; HasPassword tells whether it
	// has a password, which may be empty.
	Username    string
	Password    string
	HasPassword bool
	// Rest is what stands behind host and port, such as a topic; it is of no use.
	Rest string
}

// schemes are the schemes in use for MQTT over TCP.
var schemes = map[string]broker.Transport{
	"mqtt": broker.TCP, "tcp": broker.TCP,
	"mqtts": broker.TLS, "ssl": broker.TLS, "tls": broker.TLS, "mqtt+ssl": broker.TLS, "mqtt+tls": broker.TLS,
}

// ParseAddress takes apart an address such as mqtts://user:pw@host:8883. The
// error says what is wrong with it.
func ParseAddress(s string) (Address, error) {
	s = strings.TrimSpace(s)
	scheme, after, ok := strings.Cut(s, "://")
	if !ok {
		return Address{}, errors.New("give an address such as mqtt://user:password@host:1883")
	}
	scheme = strings.ToLower(scheme)
	transport, ok := schemes[scheme]
	switch {
	case scheme == "ws" || scheme == "wss":
		return Address{}, errors.New("MQTT over WebSocket is not supported yet; use the broker's TCP or TLS port")
	case !ok:
		return Address{}, fmt.Errorf("%q is no transport for MQTT; use mqtt:// or mqtts://", scheme)
	}
	a := Address{Transport: transport}
	if at := strings.IndexAny(after, "/?#"); at >= 0 && !strings.Contains(after[at:], "@") {
		after, a.Rest = after[:at], strings.TrimPrefix(after[at:], "/")
	}
	if at := strings.LastIndexByte(after, '@'); at >= 0 { // a password may hold @ and / as they are
		user, password, has := strings.Cut(after[:at], ":")
		a.Username, a.Password, a.HasPassword = unescape(user), unescape(password), has
		after = after[at+1:]
		if at := strings.IndexAny(after, "/?#"); at >= 0 {
			after, a.Rest = after[:at], strings.TrimPrefix(after[at:], "/")
		}
	}
	a.Host = after
	if host, port, err := net.SplitHostPort(after); err == nil && port == "" {
		a.Host = host
	}
	p := broker.Profile{Name: "x", Address: a.Host}
	return a, p.Validate()
}

// unescape decodes %41; text that is no such code stays as it is.
func unescape(s string) string {
	if text, err := url.PathUnescape(s); err == nil {
		return text
	}
	return s
}
