package settings

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/thingdesk/thingdesk/localbroker/access"
	"github.com/thingdesk/thingdesk/localbroker/listen"
)

// ParseBytes reads settings as they stand in a file of folder, and the
// certificates that they name. What is wrong is told by an *Error.
func ParseBytes(data []byte, folder string) (Settings, error) {
	d := &document{data: bytes.TrimPrefix(data, []byte("\ufeff")), folder: folder}
	s := d.settings(d.parse())
	if err := d.err(); err != nil {
		return Settings{}, err
	}
	s.Notices = d.notices
	return s, nil
}

func (d *document) settings(n *node) Settings {
	s := Default()
	if n == nil {
		return s // the problem is noted
	}
	o := d.object(n, "")
	if items, list := o.list("listeners", isObject); list != nil {
		if len(list.items) == 0 {
			d.wrong(list.at, "listeners", "is empty: give at least one listener, or leave it out for one on %s", listen.DefaultAddress)
		}
		s.Listeners = nil
		seen := make(map[string]bool)
		for _, e := range items {
			s.Listeners = append(s.Listeners, d.listener(d.object(e.node, e.path), seen))
		}
	}
	if v := Durability(o.text("durability")); v != "" {
		if v != Process && v != Power {
			d.wrong(o.at("durability"), "durability", `is %q: give %q or %q`, shorten(string(v)), Process, Power)
		}
		s.Durability = v
	}
	s.Limits = d.limits(d.object(o.field("limits", isObject), "limits"))
	s.HideDenials = o.truth("hide_denials", false)
	const day = 24 * 60 * 60
	s.Sys = seconds(o.number("sys_seconds", int64(DefaultSys/time.Second), 1, day))
	o.end()
	return s
}

func seconds(n int64) time.Duration { return time.Duration(n) * time.Second }

func (d *document) limits(o *object) Limits {
	const (
		packet = 5 + 268_435_455 // the largest that MQTT has, header and all
		sizes  = 1 << 50
	)
	count := func(name string, most int64) int { return int(o.number(name, 0, 0, most)) }
	l := Limits{
		Clients:                count("clients", math.MaxInt32),
		PacketBytes:            count("packet_bytes", packet),
		SubscriptionsPerClient: count("subscriptions_per_client", math.MaxInt32),
		Inflight:               count("inflight", math.MaxUint16),
		QueuedMessages:         count("queued_messages", math.MaxInt32),
		QueuedBytes:            o.number("queued_bytes", 0, 0, sizes),
		QueuedBytesTotal:       o.number("queued_bytes_total", 0, 0, sizes),
		RetainedMessages:       count("retained_messages", math.MaxInt32),
		RetainedBytes:          o.number("retained_bytes", 0, 0, sizes),
		ConnectTimeout:         seconds(o.number("connect_seconds", 0, 0, 3600)),
		MaxKeepAlive:           seconds(o.number("max_keep_alive", 0, 0, math.MaxUint16)),
		SessionExpiry:          seconds(o.number("session_expiry_seconds", 0, 0, math.MaxUint32)),
	}
	o.end()
	return l
}

// listener reads one listener; seen are the addresses of those before.
func (d *document) listener(o *object, seen map[string]bool) Listener {
	l := Listener{Listen: listen.Config{Address: o.text("address")}}
	local := d.address(o, l.Listen.Address, seen)
	l.Listen.AnyPort = o.truth("any_port", false)
	l.Durable = o.truth("durable", true)
	said := o.lookup("anonymous") != nil
	l.Anonymous = o.truth("anonymous", false)
	mustHave := false
	if n := o.field("tls", isObject); n != nil {
		t := d.tls(d.object(n, below(o.path, "tls")))
		l.Listen.TLS, l.CertificateIsUser, mustHave = t.config, t.isUser, t.required
	}
	if n := o.field("websocket", isObject); n != nil {
		l.Listen.WebSocket = d.webSocket(d.object(n, below(o.path, "websocket")))
	}
	l.Users = d.users(o)
	l.Rules = d.rules(o, &l)
	o.end()
	noLogin := l.Users.Len() == 0 && !l.CertificateIsUser
	if !said && local && noLogin {
		l.Anonymous = true
	}
	if !l.Anonymous && noLogin {
		d.wrong(o.at("anonymous"), below(o.path, "anonymous"), "is not true and there are no users, so that nobody could connect: "+
			"add users, or set tls.certificate_is_user, or set anonymous to true")
	}
	d.judge(o.path, &l, local, mustHave)
	return l
}

// address checks HOST:PORT and tells whether only this computer reaches it.
func (d *document) address(o *object, address string, seen map[string]bool) (local bool) {
	wrong := func(format string, args ...any) {
		d.wrong(o.at("address"), below(o.path, "address"), format+": give HOST:PORT, for example "+listen.DefaultAddress, args...)
	}
	if address == "" {
		if n := o.lookup("address"); n == nil || n.kind == isText {
			wrong("is missing")
		}
		return true
	}
	host, port, err := net.SplitHostPort(address)
	number, portErr := strconv.ParseUint(port, 10, 16)
	switch {
	case err != nil:
		wrong("%q is not HOST:PORT", shorten(address))
		return true
	case portErr != nil:
		wrong("has the port %q, which is no number from 0 to 65535", shorten(port))
		return true
	case strings.ContainsAny(host, " /@?#\x00"):
		wrong("has the host %q, which is no name or IP address", shorten(host))
		return true
	}
	key := net.JoinHostPort(strings.ToLower(host), strconv.FormatUint(number, 10))
	if number != 0 && seen[key] {
		d.wrong(o.at("address"), below(o.path, "address"), "is that of another listener: give each its own port")
	}
	seen[key] = true
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func (d *document) webSocket(o *object) *listen.WebSocket {
	w := &listen.WebSocket{Path: o.text("path")}
	if err := listen.CheckPath(w.Path); err != nil {
		d.wrong(o.at("path"), below(o.path, "path"), "is wrong: %v", err)
	}
	if w.Path == "" {
		w.Path = listen.DefaultPath
	}
	origins, _ := o.list("origins", isText)
	for _, e := range origins {
		if err := listen.CheckOrigin(e.node.text); err != nil {
			d.wrong(e.node.at, e.path, "is wrong: %v", err)
		}
		w.Origins = append(w.Origins, e.node.text)
	}
	o.end()
	return w
}

func (d *document) users(o *object) *access.Users {
	items, _ := o.list("users", isObject)
	var users []access.User
	var objects []*object
	for _, e := range items {
		u := d.object(e.node, e.path)
		users = append(users, access.User{Name: u.text("name"), Hash: u.text("hash")})
		u.end()
		objects = append(objects, u)
	}
	return orNone(d, objects, users, access.NewUsers)
}

func (d *document) rules(o *object, l *Listener) *access.Rules {
	items, _ := o.list("rules", isObject)
	var rules []access.Rule
	var objects []*object
	for _, e := range items {
		r := d.object(e.node, e.path)
		if r.lookup("allow") == nil {
			d.wrong(e.node.at, below(r.path, "allow"), "is missing: give true, or false for a rule that denies")
		}
		rule := access.Rule{
			Allow: r.truth("allow", false), User: r.text("user"), Client: r.text("client"),
			Certificate: r.text("certificate"), Filter: r.text("filter"),
		}
		actions, _ := r.list("actions", isText)
		for _, a := range actions {
			rule.Actions = append(rule.Actions, access.Action(a.node.text))
		}
		r.end()
		d.pointless(r.path, rule, l)
		rules = append(rules, rule)
		objects = append(objects, r)
	}
	return orNone(d, objects, rules, access.NewRules)
}

// orNone makes the list of users or rules, or notes what is wrong with it.
func orNone[T, L any](d *document, objects []*object, given []T, build func([]T) (*L, error)) *L {
	list, err := build(given)
	if err == nil {
		return list
	}
	if wrong, ok := errors.AsType[*access.Error](err); ok {
		o := objects[wrong.Index]
		d.wrong(o.at(wrong.Field), below(o.path, wrong.Field), "%s", wrong.Why)
	} else {
		d.wrong(0, "", "%v", err)
	}
	list, _ = build(nil) // never fails
	return list
}

// notice notes something to tell the user.
func (d *document) notice(format string, args ...any) {
	d.notices = append(d.notices, fmt.Sprintf(format, args...))
}
