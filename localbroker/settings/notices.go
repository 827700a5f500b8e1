package settings

import (
	"slices"
	"strings"

	"github.com/thingdesk/thingdesk/localbroker/access"
)

// judge notes what a listener allows that its owner may not have meant.
func (d *document) judge(path string, l *Listener, local, mustHaveCertificate bool) {
	at := l.Listen.Address
	open := l.Anonymous && !mustHaveCertificate
	switch {
	case local || !open:
	case l.Rules.Len() == 0:
		d.notice("%s (%s): anybody in the network can publish and subscribe to everything: add users and set anonymous to false, or add rules", path, at)
	default:
		d.notice("%s (%s): anybody in the network can connect without a password, within the rules", path, at)
	}
	if !local && l.Users.Len() > 0 && l.Listen.TLS == nil {
		d.notice("%s (%s): passwords and messages cross the network unencrypted: add tls", path, at)
	}
	if w := l.Listen.WebSocket; w != nil && slices.Contains(w.Origins, "*") && open {
		d.notice(`%s (%s): any web page that is open in a browser which reaches this listener can use the broker: `+
			`name the pages in websocket.origins instead of "*"`, path, at)
	}
	if l.CertificateIsUser && l.Anonymous && !mustHaveCertificate {
		d.notice("%s (%s): clients without a certificate connect as anonymous: set tls.require_client_certificate to true, or anonymous to false", path, at)
	}
}

// pointless notes rules that can concern nobody.
func (d *document) pointless(path string, r access.Rule, l *Listener) {
	exact := r.User != "" && !strings.Contains(r.User, "*")
	if exact && !l.CertificateIsUser && !l.Users.Has(r.User) {
		d.notice("%s: there is no user %q, so that the rule concerns nobody", path, r.User)
	}
	certificates := l.Listen.TLS != nil && l.Listen.TLS.ClientCAs != nil
	if !certificates && (r.Certificate != "" || strings.Contains(strings.ReplaceAll(r.Filter, "%%", ""), "%n")) {
		d.notice("%s: the listener checks no client certificates (tls.client_ca), so that the rule concerns nobody", path)
	}
}
