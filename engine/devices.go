package engine

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/thingdesk/thingdesk/localbroker/authority"
	"github.com/thingdesk/thingdesk/localbroker/devicekit"
)

// authorityDir is the folder of the local certificate authority in the data
// directory.
const authorityDir = "ca"

// authority returns the local certificate authority. It is made when there is
// none.
func (w *Workbench) authority() (*authority.Authority, error) {
	w.caMu.Lock()
	defer w.caMu.Unlock()
	if w.ca != nil {
		return w.ca, nil
	}
	if w.ca = w.cfg.Authority; w.ca != nil {
		return w.ca, nil
	}
	ca, err := authority.Open(filepath.Join(w.cfg.Dir.Path(), authorityDir))
	if err != nil {
		return nil, fmt.Errorf("open the local certificate authority: %w", err)
	}
	w.ca = ca
	return ca, nil
}

// IssueKit issues a certificate to a device, valid for so many days, and returns
// what the device needs to connect to the first of hosts, which must not be
// empty, at port. The key is nowhere but in the result.
func (w *Workbench) IssueKit(ctx context.Context, name string, days int, kind authority.KeyKind, hosts []string, port int) (devicekit.Kit, error) {
	if len(hosts) == 0 || port < 1 || port > 65535 {
		return devicekit.Kit{}, fmt.Errorf("add device %q: a host and a port from 1 to 65535 are needed", name)
	}
	for _, host := range hosts {
		if err := authority.CheckHost(host); err != nil {
			return devicekit.Kit{}, fmt.Errorf("add device %q: %w", name, err)
		}
	}
	if err := ctx.Err(); err != nil {
		return devicekit.Kit{}, fmt.Errorf("add device %q: %w", name, err)
	}
	ca, err := w.authority()
	if err != nil {
		return devicekit.Kit{}, fmt.Errorf("add device %q: %w", name, err)
	}
	d, err := ca.IssueDevice(name, days, kind)
	if err != nil {
		return devicekit.Kit{}, fmt.Errorf("add device %q: %w", name, err)
	}
	return devicekit.Kit{Device: d, Hosts: hosts, Port: port}, nil
}

// IssuedDevices lists the certificates that were issued to devices, oldest
// first.
func (w *Workbench) IssuedDevices() ([]authority.Issued, error) {
	ca, err := w.authority()
	if err != nil {
		return nil, err
	}
	return ca.Issued(), nil
}

// RevokeDevice has the bundled broker refuse a certificate from now on, and ends
// the connections of the device that it was issued to. A device with another
// valid certificate may come back with that.
func (w *Workbench) RevokeDevice(serial string) error {
	ca, err := w.authority()
	if err != nil {
		return err
	}
	if err := ca.Revoke(serial); err != nil {
		return fmt.Errorf("revoke certificate %q: %w", serial, err)
	}
	name := ""
	for _, d := range ca.Issued() {
		if d.Serial == serial {
			name = d.Name
		}
	}
	var errs []error
	for _, c := range w.BrokerClients() {
		// A client that showed a certificate belongs to the name in it.
		if name == "" || c.Owner != name {
			continue
		}
		if err := w.KickClient(c.ID); err != nil && w.connected(c.ID) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// connected tells whether a client of the bundled broker is connected.
func (w *Workbench) connected(id string) bool {
	for _, c := range w.BrokerClients() {
		if c.ID == id {
			return true
		}
	}
	return false
}

// TLSAddress returns host and port of the bundled broker's listener with TLS, to
// which devices with a certificate connect; false when it has none or is
// stopped.
func (w *Workbench) TLSAddress() (host string, port int, ok bool) {
	for _, l := range w.Broker().Listeners {
		address, isTLS := strings.CutPrefix(l, "tls ")
		if !isTLS {
			continue
		}
		host, text, err := net.SplitHostPort(address)
		if err != nil {
			continue
		}
		if port, err := strconv.Atoi(text); err == nil {
			return host, port, true
		}
	}
	return "", 0, false
}

// DeviceTrouble says why a device could not connect to host at port, as far as
// that can be known here, with what to do; "" when nothing is known against it.
func (w *Workbench) DeviceTrouble(host string, port int) string {
	bound, at, ok := w.TLSAddress()
	target, local := net.ParseIP(host), host == "localhost"
	if target != nil {
		local = target.IsLoopback()
	}
	ip := net.ParseIP(bound)
	switch {
	case !ok:
		return fmt.Sprintf("The local broker has no listener with TLS now: start Thingdesk with --listen-tls :%d to open one.", port)
	case port != at:
		return fmt.Sprintf("The broker's listener with TLS is on port %d, not %d.", at, port)
	case ip != nil && ip.IsLoopback() && !local:
		return fmt.Sprintf("The broker's listener with TLS is for this computer only: start Thingdesk with --listen-tls :%d for devices of the network.", at)
	}
	if err := w.serves(host); err != nil {
		return fmt.Sprintf("The certificate of the broker's listener is not for %s, so a device would refuse it: %v.", host, err)
	}
	return ""
}

// serves tells whether the listener with TLS shows a certificate of the local
// authority for host.
func (w *Workbench) serves(host string) error {
	var config *tls.Config
	for _, l := range w.cfg.Broker.Listeners {
		if l.Listen.TLS != nil && l.Listen.WebSocket == nil {
			config = l.Listen.TLS
			break
		}
	}
	if config == nil {
		return nil
	}
	ca, err := w.authority()
	if err != nil {
		return err
	}
	var shown *tls.Certificate
	switch {
	case config.GetCertificate != nil:
		shown, err = config.GetCertificate(&tls.ClientHelloInfo{ServerName: host})
	case len(config.Certificates) > 0:
		shown = &config.Certificates[0]
	}
	if err != nil || shown == nil || len(shown.Certificate) == 0 {
		return err
	}
	leaf, err := x509.ParseCertificate(shown.Certificate[0])
	if err != nil {
		return fmt.Errorf("read certificate: %w", err)
	}
	if _, err := leaf.Verify(x509.VerifyOptions{Roots: ca.ClientCAs(), DNSName: host, CurrentTime: time.Now()}); err != nil {
		return fmt.Errorf("check certificate: %w", err)
	}
	return nil
}
