package localbroker

import (
	"context"
	"crypto/rand"
	"crypto/subtle"

	"github.com/thingdesk/thingdesk/localbroker/access"
	"github.com/thingdesk/thingdesk/localbroker/core"
	"github.com/thingdesk/thingdesk/localbroker/listen"
	"github.com/thingdesk/thingdesk/localbroker/packet"
	"github.com/thingdesk/thingdesk/localbroker/settings"
)

// guard admits clients to a listener as its settings say.
type guard struct{ settings.Listener }

// Admit finds out who a client is: by the name in its certificate, by password,
// or not at all where that is allowed. A user name that is not checked counts
// for nothing.
func (g *guard) Admit(ctx context.Context, a core.Applicant) (core.Pass, packet.Reason) {
	certificate, err := listen.PeerName(ctx, a.Conn)
	if err != nil {
		return core.Pass{}, packet.NotAuthorized
	}
	user := ""
	switch {
	case g.CertificateIsUser && certificate != "":
		user = certificate
	case a.HasUser && (!g.Anonymous || g.Users.Len() > 0):
		if !g.Users.Check(ctx, a.User, a.Password) {
			return core.Pass{}, packet.BadUserNameOrPassword
		}
		user = a.User
	case !g.Anonymous:
		return core.Pass{}, packet.NotAuthorized
	}
	pass := core.Pass{Owner: user}
	if user == "" {
		pass.Owner = certificate
	}
	if p := g.Rules.For(access.Identity{User: user, Client: a.ClientID, Certificate: certificate}); p != nil {
		pass.Permit = p
	}
	return pass, packet.Success
}

// Login is how the program itself gets into its broker.
type Login struct {
	Addr           string // HOST:PORT, plain MQTT
	User, Password string // "" for none
}

// insideUser is the user name of the program itself.
const insideUser = "thingdesk"

// inside admits only the program itself.
type inside struct{ password string }

func newInside() *inside { return &inside{password: rand.Text()} }

// Admit looks at the password, which is new with each start.
func (g *inside) Admit(_ context.Context, a core.Applicant) (core.Pass, packet.Reason) {
	if a.User != insideUser || subtle.ConstantTimeCompare(a.Password, []byte(g.password)) == 0 {
		return core.Pass{}, packet.BadUserNameOrPassword
	}
	return core.Pass{Owner: insideUser, Exempt: true}, packet.Success
}
