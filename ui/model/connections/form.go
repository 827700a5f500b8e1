package connections

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/thingdesk/thingdesk/broker"
)

// The fields of the form, by the JSON names of broker.Profile.
const (
	FieldName          = "name"
	FieldAddress       = "address"
	FieldTransport     = "transport"
	FieldClientID      = "clientId"
	FieldUsername      = "username"
	FieldPassword      = "password"
	FieldKeepAlive     = "keepAlive"
	FieldSubscriptions = "subscriptions"
)

// Form is what is typed for one connection. Its exported fields may be set
// freely, the address by SetAddress.
type Form struct {
	Name       string
	Address    string
	Transport  broker.Transport
	ClientID   string
	Username   string
	KeepAlive  string // seconds; "" means the default
	Persistent bool
	// AutoConnect opens the connection when Thingdesk starts.
	AutoConnect   bool
	Subscriptions []broker.Subscription
	// Password is the new password. While it is empty the stored one stays,
	// unless Forget is set.
	Password string
	Forget   bool
	// Note says what the user should know about the form.
	Note string

	isNew bool
	base  broker.Profile // what the fields were filled from
	taken func(name, id string) bool

	refused    []*broker.FieldError // what saving complained about
	refusedFor broker.Profile
}

func newForm(p broker.Profile, isNew bool, taken func(name, id string) bool) *Form {
	f := &Form{isNew: isNew, taken: taken}
	f.fill(p)
	return f
}

func (f *Form) fill(p broker.Profile) {
	p.Transport = transportOf(p)
	f.base = p
	f.Name, f.Address, f.Transport = p.Name, p.Address, p.Transport
	f.ClientID, f.Username, f.KeepAlive = p.ClientID, p.Username, keepAliveText(p.KeepAlive)
	f.Persistent, f.AutoConnect = p.Persistent, p.AutoConnect
	f.Subscriptions = slices.Clone(p.Subscriptions)
}

func transportOf(p broker.Profile) broker.Transport {
	if p.Transport == "" {
		return broker.TCP
	}
	return p.Transport
}

func keepAliveText(seconds uint16) string {
	if seconds == 0 {
		return ""
	}
	return strconv.Itoa(int(seconds))
}

// ID returns the ID of the profile.
func (f *Form) ID() string { return f.base.ID }

// Local tells whether it is the bundled broker's profile, whose address cannot
// be changed here.
func (f *Form) Local() bool { return f.base.Local() }

// New tells whether the connection was never saved.
func (f *Form) New() bool { return f.isNew }

// Edited tells whether there is something to save.
func (f *Form) Edited() bool {
	b := f.base
	return f.isNew || f.Password != "" || f.Forget || f.Name != b.Name || f.Address != b.Address || f.Transport != b.Transport ||
		f.ClientID != b.ClientID || f.Username != b.Username || f.KeepAlive != keepAliveText(b.KeepAlive) ||
		f.Persistent != b.Persistent || f.AutoConnect != b.AutoConnect || !slices.Equal(f.Subscriptions, b.Subscriptions)
}

// follow takes over what was changed elsewhere in the profile, in fields that
// are not being edited.
func (f *Form) follow(p broker.Profile) {
	f.isNew = false
	p.Transport = transportOf(p)
	if same(p, f.base) {
		return
	}
	merged, _ := f.merge(p)
	keep := f.KeepAlive
	edited := keep != keepAliveText(f.base.KeepAlive)
	f.fill(merged)
	if edited {
		f.KeepAlive = keep
	}
	f.base = p
}

// merge returns p with the fields that were edited, and what is wrong with the
// keep-alive.
func (f *Form) merge(p broker.Profile) (broker.Profile, error) {
	b := f.base
	p.Name = edited(b.Name, f.Name, p.Name)
	p.Address = edited(b.Address, f.Address, p.Address)
	p.Transport = edited(b.Transport, f.Transport, transportOf(p))
	p.ClientID = edited(b.ClientID, f.ClientID, p.ClientID)
	p.Username = edited(b.Username, f.Username, p.Username)
	p.Persistent = edited(b.Persistent, f.Persistent, p.Persistent)
	p.AutoConnect = edited(b.AutoConnect, f.AutoConnect, p.AutoConnect)
	if !slices.Equal(f.Subscriptions, b.Subscriptions) {
		p.Subscriptions = slices.Clone(f.Subscriptions)
	}
	if f.KeepAlive == keepAliveText(b.KeepAlive) {
		return p, nil
	}
	seconds, err := ParseKeepAlive(f.KeepAlive)
	p.KeepAlive = seconds
	return p, err
}

// edited returns now when it differs from base, else theirs.
func edited[T comparable](base, now, theirs T) T {
	if now != base {
		return now
	}
	return theirs
}

// ParseKeepAlive reads the seconds of a keep-alive; 0, for the default, when
// the text is empty.
func ParseKeepAlive(s string) (uint16, error) {
	if s = strings.TrimSpace(s); s == "" {
		return 0, nil
	}
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil || n == 0 {
		return 0, errors.New("give seconds from 1 to 65535")
	}
	return uint16(n), nil
}

// profile returns the profile as it would be saved over current, and what is
// wrong with it.
func (f *Form) profile(current broker.Profile) (broker.Profile, []*broker.FieldError) {
	p, err := f.merge(current)
	p.Name, p.Address = strings.TrimSpace(p.Name), strings.TrimSpace(p.Address)
	var faults []*broker.FieldError
	if err != nil {
		faults = append(faults, &broker.FieldError{Field: FieldKeepAlive, Text: err.Error()})
	}
	if p.Name != "" && f.taken(p.Name, p.ID) {
		faults = append(faults, &broker.FieldError{Field: FieldName, Text: "another connection has this name"})
	}
	if f.Password != "" && p.Username == "" {
		faults = append(faults, &broker.FieldError{Field: FieldPassword, Text: "MQTT sends a password only with a user name"})
	}
	return p, append(faults, fieldErrors(p.Validate())...)
}

// same tells whether two profiles say the same.
func same(a, b broker.Profile) bool {
	return a.ID == b.ID && a.Name == b.Name && a.Address == b.Address && transportOf(a) == transportOf(b) &&
		a.Username == b.Username && a.ClientID == b.ClientID && a.KeepAlive == b.KeepAlive && a.Persistent == b.Persistent &&
		a.AutoConnect == b.AutoConnect && slices.Equal(a.Subscriptions, b.Subscriptions)
}

// fieldErrors takes joined FieldErrors apart.
func fieldErrors(err error) (out []*broker.FieldError) {
	if err == nil {
		return nil
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range joined.Unwrap() {
			out = append(out, fieldErrors(e)...)
		}
		return out
	}
	if fault := (*broker.FieldError)(nil); errors.As(err, &fault) {
		return []*broker.FieldError{fault}
	}
	return []*broker.FieldError{{Text: err.Error()}}
}

// Faults says what is wrong, by field. A new form is not blamed for what is
// still empty, though it cannot be saved: see Faulty.
func (f *Form) Faults() map[string]string {
	p, faults := f.profile(f.base)
	if same(f.refusedFor, p) {
		faults = append(faults, f.refused...)
	}
	out := make(map[string]string)
	for _, e := range faults {
		text := e.Text
		switch {
		case e.Field == FieldAddress && strings.Contains(f.Address, "://"):
			text = "press Enter to take this address apart"
			if _, err := ParseAddress(f.Address); err != nil {
				text = err.Error()
			}
		case f.isNew && (e.Field == FieldName && f.Name == "" || e.Field == FieldAddress && f.Address == ""):
			text = ""
		}
		if out[e.Field] == "" {
			out[e.Field] = text
		}
	}
	return out
}

// Faulty tells whether anything is wrong or missing.
func (f *Form) Faulty() bool { return len(f.Faults()) > 0 }

// Missing says what is still to be typed into a new form; "" when nothing.
func (f *Form) Missing() string {
	switch {
	case strings.TrimSpace(f.Name) == "" && strings.TrimSpace(f.Address) == "":
		return "Give a name and an address."
	case strings.TrimSpace(f.Name) == "":
		return "Give a name."
	case strings.TrimSpace(f.Address) == "":
		return "Give an address."
	default:
		return ""
	}
}

// SubscriptionFault says what is wrong with one line of the subscriptions.
func (f *Form) SubscriptionFault(i int) string {
	p := broker.Profile{Name: "x", Address: "x", Subscriptions: f.Subscriptions[i : i+1]}
	for _, e := range fieldErrors(p.Validate()) {
		return e.Text
	}
	for _, s := range f.Subscriptions[:i] {
		if s.Filter == f.Subscriptions[i].Filter {
			return "this filter stands above already"
		}
	}
	return ""
}

// SetAddress takes what is typed or pasted as the address. A pasted URL is
// taken apart into the fields; while one is typed, TakeApart waits for Enter.
func (f *Form) SetAddress(text string) {
	pasted := strings.Contains(text, "://") && len(text) > len(f.Address)+1
	f.Address = text
	if pasted {
		f.TakeApart()
	}
}

// TakeApart takes the address apart into the fields when it is a URL.
func (f *Form) TakeApart() {
	if f.Local() || !strings.Contains(f.Address, "://") {
		return
	}
	a, err := ParseAddress(f.Address)
	if err != nil {
		return
	}
	f.Address, f.Transport = a.Host, a.Transport
	if a.Username != "" {
		f.Username = a.Username
	}
	if a.HasPassword {
		f.Password, f.Forget = a.Password, a.Password == ""
	}
	if f.isNew && f.Name == "" {
		f.Name = a.Host
	}
	f.Note = "The address was taken apart into the fields."
	if a.Rest != "" {
		f.Note += " “" + a.Rest + "” behind it was left out."
	}
}

// password returns the password to store, nil to leave it.
func (f *Form) password() *string {
	switch {
	case f.Password != "":
		typed := f.Password // the field may change while it is being stored
		return &typed
	case f.Forget:
		return new(string)
	default:
		return nil
	}
}

// PasswordWords says where the password is kept and what the field is for.
func (f *Form) PasswordWords() string {
	switch {
	case f.Forget && f.Password == "":
		return "The stored password will be forgotten."
	case f.Password == "" && !f.isNew && f.Username != "":
		return "Empty: the stored password stays as it is."
	default:
		return "Kept in the system's keyring; without one only until Thingdesk closes. Never in a file."
	}
}

// saved takes over the stored profile; typed is the password that was stored.
// What was typed while saving stays.
func (f *Form) saved(stored broker.Profile, typed string) {
	f.refused = nil
	if f.Password == typed {
		f.Password = ""
	}
	f.Forget = false
	f.Note = ""
	sent := stored
	sent.Transport = transportOf(stored)
	f.isNew = false
	f.base = sent
	if strings.TrimSpace(f.Name) == sent.Name {
		f.Name = sent.Name
	}
	if strings.TrimSpace(f.Address) == sent.Address {
		f.Address = sent.Address
	}
	if n, err := ParseKeepAlive(f.KeepAlive); err == nil && n == sent.KeepAlive {
		f.KeepAlive = keepAliveText(n)
	}
}
