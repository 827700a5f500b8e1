package broker

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/thingdesk/thingdesk/things/topic"
)

// Transport is how the bytes of MQTT travel.
type Transport string

// The transports.
const (
	TCP Transport = "tcp" // plain TCP, standard port 1883
	TLS Transport = "tls" // TLS over TCP with the system's CAs, standard port 8883
)

// DefaultKeepAlive is the keep-alive of a new profile.
const DefaultKeepAlive = 60 * time.Second

// LocalID is the ID of the profile of the bundled broker.
const LocalID = "local"

// Profile says how to reach one broker. It holds no secret: the password lives
// in a SecretStore under the profile's ID.
type Profile struct {
	// ID never changes: a UUID, or LocalID for the bundled broker.
	ID string `json:"id"`
	// Name is what the user calls the connection; unique, not empty.
	Name string `json:"name"`
	// Address is HOST or HOST:PORT; see Endpoint for the default port.
	Address string `json:"address"`
	// Transport is TCP when empty.
	Transport Transport `json:"transport,omitempty"`
	// ClientID identifies the client to the broker; a fresh one is made for
	// each connection when empty.
	ClientID string `json:"clientId,omitempty"`
	// Username is sent when not empty. The password is a secret.
	Username string `json:"username,omitempty"`
	// KeepAlive is the MQTT keep-alive in seconds; DefaultKeepAlive when 0.
	KeepAlive uint16 `json:"keepAlive,omitempty"`
	// Persistent asks the broker to keep the session while we are away
	// (clean session false). It needs a ClientID.
	Persistent bool `json:"persistent,omitempty"`
	// Subscriptions are the topic filters to subscribe to when connected.
	Subscriptions []Subscription `json:"subscriptions"`
	// AutoConnect opens the connection when Thingdesk starts.
	AutoConnect bool `json:"autoConnect,omitempty"`
}

// NewProfile returns a profile with a fresh ID and the defaults of a plain
// broker: everything (#) and the shadow topics at QoS 1, which # does not
// cover (MQTT 3.1.1, 4.7.2).
func NewProfile(name, address string) Profile {
	return Profile{
		ID: uuid.NewString(), Name: name, Address: address, Transport: TCP,
		Subscriptions: DefaultSubscriptions(),
	}
}

// DefaultSubscriptions are the filters of a new profile.
func DefaultSubscriptions() []Subscription {
	return []Subscription{{Filter: "#", QoS: 0}, {Filter: "$aws/things/+/shadow/#", QoS: 1}}
}

// Local tells whether p is the bundled broker's profile.
func (p Profile) Local() bool { return p.ID == LocalID }

// Endpoint returns HOST:PORT, with the transport's standard port when Address
// has none.
func (p Profile) Endpoint() string {
	if _, _, err := net.SplitHostPort(p.Address); err == nil {
		return p.Address
	}
	port := "1883"
	if p.Transport == TLS {
		port = "8883"
	}
	return net.JoinHostPort(unbracket(p.Address), port)
}

// Validate returns every fault of the profile, each in words for the user,
// joined; nil when there is none. The faults are FieldErrors.
func (p Profile) Validate() error {
	var faults []error
	fault := func(field, format string, args ...any) {
		faults = append(faults, &FieldError{Field: field, Text: fmt.Sprintf(format, args...)})
	}
	if strings.TrimSpace(p.Name) == "" {
		fault("name", "give the connection a name")
	}
	if text := addressFault(p.Address); text != "" {
		fault("address", "%s", text)
	}
	switch p.Transport {
	case "", TCP, TLS:
	default:
		fault("transport", "%q is no transport; use tcp or tls", p.Transport)
	}
	if p.Persistent && p.ClientID == "" {
		fault("clientId", "a persistent session needs a client ID")
	}
	for _, f := range [][2]string{{"clientId", p.ClientID}, {"username", p.Username}} {
		if s := f[1]; len(s) > 65535 || !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
			fault(f[0], "must be UTF-8 text of at most 65,535 bytes without a zero character")
		}
	}
	seen := make(map[string]bool)
	for _, s := range p.Subscriptions {
		if err := topic.ValidateFilter(s.Filter); err != nil {
			fault("subscriptions", "%v", err)
		} else if seen[s.Filter] {
			fault("subscriptions", "the filter %q stands twice", s.Filter)
		}
		if s.QoS > 2 {
			fault("subscriptions", "QoS of %q must be 0, 1 or 2", s.Filter)
		}
		seen[s.Filter] = true
	}
	return errors.Join(faults...)
}

// addressFault says what is wrong with HOST or HOST:PORT, or nothing.
func addressFault(address string) string {
	switch {
	case strings.TrimSpace(address) == "":
		return "give the broker's address, for example broker.example.com:1883"
	case strings.Contains(address, "://"):
		return "give host and port only; choose the transport beside it"
	case strings.ContainsAny(address, " \t/\x00"):
		return fmt.Sprintf("%q is not HOST or HOST:PORT", address)
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil { // no port, which is fine, or nonsense
		if !strings.ContainsAny(address, ":[]") {
			return ""
		}
		if ip, err := netip.ParseAddr(unbracket(address)); err != nil || !ip.Is6() {
			return fmt.Sprintf("%q is not HOST or HOST:PORT", address)
		}
		return ""
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if host == "" || err != nil || n == 0 {
		return fmt.Sprintf("%q is not HOST:PORT with a port from 1 to 65535", address)
	}
	return ""
}

// unbracket takes the brackets from an IPv6 address.
func unbracket(address string) string {
	if inner, ok := strings.CutPrefix(address, "["); ok && strings.HasSuffix(inner, "]") {
		return strings.TrimSuffix(inner, "]")
	}
	return address
}

// FieldError is a fault of one field of a form or profile.
type FieldError struct {
	// Field is the JSON name of the field.
	Field string
	// Text says what is wrong and what to do.
	Text string
}

// Error returns the text.
func (e *FieldError) Error() string { return e.Text }

// SecretStore keeps passwords outside of the databases.
type SecretStore interface {
	// Get returns the secret for a profile ID; "" when there is none.
	Get(id string) (string, error)
	// Set stores the secret. The bool tells whether it outlives the program;
	// false means that it is kept in memory only, for want of a keyring.
	Set(id, secret string) (lasting bool, err error)
	// Delete forgets the secret; it is no error when there is none.
	Delete(id string) error
}
