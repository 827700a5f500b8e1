package main

import (
	"fmt"
	"net"
	"path/filepath"

	"github.com/thingdesk/thingdesk/localbroker/access"
	"github.com/thingdesk/thingdesk/localbroker/authority"
	"github.com/thingdesk/thingdesk/localbroker/devicekit"
	"github.com/thingdesk/thingdesk/localbroker/listen"
	"github.com/thingdesk/thingdesk/localbroker/settings"
)

// authorityDir is the folder of the local certificate authority in the data
// directory.
const authorityDir = "ca"

// moreListeners are the listeners that flags add to those of broker.json.
type moreListeners struct{ tls, ws, wss string }

func (m moreListeners) check() error {
	for flag, address := range map[string]string{"--listen-tls": m.tls, "--listen-ws": m.ws, "--listen-wss": m.wss} {
		if address == "" {
			continue
		}
		if err := checkAddress(flag, address); err != nil {
			return err
		}
	}
	if m.ws != "" && !loopback(m.ws) {
		return fmt.Errorf("%w: --listen-ws %s would let anybody in the network publish, unencrypted: use --listen-wss, or name it with its users in broker.json", errUsage, m.ws)
	}
	return nil
}

// add adds the listeners to set and returns the local authority when it was
// opened for that, else nil. Those with TLS have a certificate of the local
// authority in the data directory dir, which is made when it is missing. Beyond
// loopback they ask for a device certificate of that authority; on loopback a
// client may show one.
func (m moreListeners) add(set *settings.Settings, dir string) (*authority.Authority, error) {
	if m.ws != "" {
		set.Listeners = append(set.Listeners, openListener(listen.Config{Address: m.ws, WebSocket: &listen.WebSocket{}}))
	}
	if m.tls == "" && m.wss == "" {
		return nil, nil //nolint:nilnil // none was opened
	}
	ca, err := authority.Open(filepath.Join(dir, authorityDir))
	if err != nil {
		return nil, fmt.Errorf("open the local certificate authority: %w", err)
	}
	for _, l := range []struct {
		address string
		web     *listen.WebSocket
	}{{m.tls, nil}, {m.wss, &listen.WebSocket{}}} {
		if l.address == "" {
			continue
		}
		config, err := ca.TLS(hostsOf(l.address), !loopback(l.address))
		if err != nil {
			return nil, fmt.Errorf("make a certificate for %s: %w", l.address, err)
		}
		one := openListener(listen.Config{Address: l.address, TLS: config, WebSocket: l.web})
		one.CertificateIsUser = true
		set.Listeners = append(set.Listeners, one)
	}
	set.Notices = append(set.Notices, ca.Notices()...)
	return ca, nil
}

// openListener asks for no password.
func openListener(c listen.Config) settings.Listener {
	l := settings.Listener{Listen: c, Durable: true, Anonymous: true}
	l.Users, _ = access.NewUsers(nil) // neither fails when there is nothing to check
	l.Rules, _ = access.NewRules(nil)
	return l
}

// hostsOf returns the names under which clients reach a listener.
func hostsOf(address string) []string {
	host, _, err := net.SplitHostPort(address)
	if ip := net.ParseIP(host); err == nil && host != "" && (ip == nil || !ip.IsUnspecified()) {
		return []string{host}
	}
	return devicekit.Addresses()
}

// loopback tells whether only programs of this computer reach an address.
func loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
