package packet

// Farewell is DISCONNECT or AUTH, which look the same.
type Farewell struct {
	Type       Type
	Reason     Reason
	Properties Properties
}

// The reason codes of DISCONNECT (table 3-10) and AUTH (table 3-11) by sender.
var (
	disconnectOfBoth = []Reason{
		Success, UnspecifiedError, MalformedPacket, ProtocolError, ImplementationSpecific, TopicNameInvalid,
		ReceiveMaximumExceeded, TopicAliasInvalid, PacketTooLarge, MessageRateTooHigh, QuotaExceeded,
		AdministrativeAction, PayloadFormatInvalid,
	}
	disconnectOfServer = []Reason{
		NotAuthorized, ServerBusy, ServerShuttingDown, BadAuthenticationMethod, KeepAliveTimeout,
		SessionTakenOver, TopicFilterInvalid, RetainNotSupported, QoSNotSupported, UseAnotherServer, ServerMoved,
		SharedNotSupported, ConnectionRateExceeded, MaximumConnectTime, SubscriptionIDsNotSupported,
		WildcardsNotSupported,
	}
	disconnectOfClient = []Reason{DisconnectWithWill}
	authOfClient       = []Reason{ContinueAuthentication, ReAuthenticate}
	authOfServer       = []Reason{Success, ContinueAuthentication}
)

// DecodeFarewell reads the body of a packet of type t. fromClient tells who
// sent it: some reason codes and properties belong to one side. The Properties
// are a slice of body. MQTT 3 has no AUTH.
func DecodeFarewell(v Version, t Type, body []byte, fromClient bool) (Farewell, error) {
	f := Farewell{Type: t}
	if v < V5 {
		if t == AUTH {
			return Farewell{}, violation("AUTH is a packet of MQTT 5 only")
		}
		return f, CheckEmpty(t, body)
	}
	r := reader{v: v, t: t, b: body}
	if len(r.b) > 0 {
		f.Reason = Reason(r.byte("the reason code"))
		if len(r.b) > 0 || t == AUTH {
			f.Properties = r.properties(in(t))
		}
	}
	if err := r.end(); err != nil {
		return Farewell{}, err
	}
	check := f.checkDisconnect
	if t == AUTH {
		check = f.checkAuth
	}
	if err := check(fromClient); err != nil {
		return Farewell{}, err
	}
	return f, nil
}

// checkDisconnect checks what one side may say in DISCONNECT.
func (f *Farewell) checkDisconnect(fromClient bool) error {
	own, alien, text := disconnectOfServer, SessionExpiry, "DISCONNECT of a server has Session Expiry Interval [MQTT-3.14.2-2]"
	if fromClient {
		own, alien, text = disconnectOfClient, ServerReference, "DISCONNECT of a client has Server Reference"
	}
	if !f.Reason.oneOf(disconnectOfBoth) && !f.Reason.oneOf(own) {
		return violation("DISCONNECT has " + reasonNotIts(f.Reason) + " [MQTT-3.14.2-1]")
	}
	if _, ok := f.Properties.find(alien); ok {
		return violation(text)
	}
	return nil
}

// checkAuth checks what one side may say in AUTH.
func (f *Farewell) checkAuth(fromClient bool) error {
	own := authOfServer
	if fromClient {
		own = authOfClient
	}
	if !f.Reason.oneOf(own) {
		return violation("AUTH has " + reasonNotIts(f.Reason) + " [MQTT-3.15.2-1]")
	}
	if f.Reason == Success && len(f.Properties) == 0 {
		return nil
	}
	if _, ok := f.Properties.find(AuthenticationMethod); !ok {
		return violation("AUTH has no Authentication Method")
	}
	return nil
}

// Append appends the packet to dst in its shortest form. For MQTT 3, DISCONNECT
// has no body, and AUTH does not exist: nothing is appended.
func (f *Farewell) Append(dst []byte, v Version) []byte {
	switch {
	case v < V5 && f.Type == AUTH:
		return dst
	case v < V5 || f.Reason == Success && len(f.Properties) == 0:
		return append(dst, f.Type.first(), 0)
	case len(f.Properties) == 0 && f.Type != AUTH:
		return append(dst, f.Type.first(), 1, byte(f.Reason))
	}
	dst = appendVarint(append(dst, f.Type.first()), 1+propertiesLen(v, f.Properties))
	return appendProperties(append(dst, byte(f.Reason)), v, f.Properties)
}

// Pingreq and Pingresp are whole packets. Nobody may change them.
var (
	Pingreq  = []byte{0xC0, 0}
	Pingresp = []byte{0xD0, 0}
)

// CheckEmpty returns an error when PINGREQ, PINGRESP, or DISCONNECT of MQTT 3,
// has a body.
func CheckEmpty(t Type, body []byte) error {
	if len(body) > 0 {
		return malformed(t.String() + " has a body")
	}
	return nil
}
