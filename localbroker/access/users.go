package access

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"log/slog"
	"runtime"
	"strings"
	"sync/atomic"
	"unicode/utf8"
)

// User is somebody who may log in. It prints as its name only.
type User struct {
	Name string
	Hash string // bcrypt or argon2id of the password, as Hash makes it
}

// String returns the name, so that no log shows the hash.
func (u User) String() string { return u.Name }

// GoString returns the name, so that no log shows the hash.
func (u User) GoString() string { return "access.User{" + u.Name + "}" }

// LogValue returns the name, so that no log shows the hash.
func (u User) LogValue() slog.Value { return slog.StringValue(u.Name) }

// computing bounds the passwords that are hashed at the same time by all
// listeners together: each may take 256 MiB and a core for a second.
var computing = make(chan struct{}, max(1, min(4, runtime.GOMAXPROCS(0)/2)))

// Users are the users of one listener. They do not change and are safe for
// concurrent use; nil has none.
type Users struct {
	accounts []account
	byName   map[string]int
	key      [sha256.Size]byte // secret, the same as long as the users are
}

// account is one user. checked is the HMAC of the last right password, so that
// a thousand devices that come back at once need not wait for a thousand slow
// hashes; it is kept in memory only.
type account struct {
	hash    hash
	checked atomic.Pointer[[sha256.Size]byte]
}

// NewUsers checks users; an *Error says which one is wrong.
func NewUsers(users []User) (*Users, error) {
	u := &Users{accounts: make([]account, len(users)), byName: make(map[string]int, len(users))}
	secret := sha256.New()
	for i, user := range users {
		wrong := func(field, why string) error { return &Error{List: "users", Index: i, Field: field, Why: why} }
		switch {
		case user.Name == "":
			return nil, wrong("name", "is empty: give the name that the client sends")
		case !utf8.ValidString(user.Name) || strings.ContainsRune(user.Name, 0):
			return nil, wrong("name", "holds bytes that MQTT does not carry in a user name")
		case len(user.Name) > 65535:
			return nil, wrong("name", "is longer than the 65,535 bytes that MQTT carries")
		}
		if _, twice := u.byName[user.Name]; twice {
			return nil, wrong("name", "is that of another user already: give each user once")
		}
		h, why := parseHash(user.Hash)
		if why != "" {
			return nil, wrong("hash", why)
		}
		u.accounts[i].hash = h
		u.byName[user.Name] = i
		_, _ = secret.Write([]byte(user.Hash)) // a hash never fails
	}
	secret.Sum(u.key[:0])
	return u, nil
}

// Len returns how many users there are; nil has none.
func (u *Users) Len() int {
	if u == nil {
		return 0
	}
	return len(u.accounts)
}

// Has tells whether there is a user called name. Only for those who may know:
// the broker tells no client.
func (u *Users) Has(name string) bool {
	if u == nil {
		return false
	}
	_, ok := u.byName[name]
	return ok
}

// Check tells whether password is that of the user called name. It takes tens
// of milliseconds, and for an unknown name as long as for some known one, so
// that time tells nobody who is known; only the right password, once checked, is
// known again at once. At most a few passwords are worked on at a time in the
// whole program; Check waits for its turn and returns false when ctx ends first.
func (u *Users) Check(ctx context.Context, name string, password []byte) bool {
	if u.Len() == 0 {
		return false
	}
	i := u.standIn(name)
	own, known := u.byName[name]
	if known {
		i = own
	}
	a := &u.accounts[i]
	quick := u.quick(name, password)
	if last := a.checked.Load(); last != nil && subtle.ConstantTimeCompare(last[:], quick[:]) == 1 {
		return known // the name is part of quick: only the user's own gets here
	}
	select {
	case computing <- struct{}{}:
	case <-ctx.Done():
		return false
	}
	defer func() { <-computing }()
	if ctx.Err() != nil {
		return false
	}
	if right := a.hash.verify(password); !right || !known {
		return false
	}
	a.checked.Store(&quick)
	return true
}

// standIn chooses the user whose hash is computed for an unknown name, always
// the same one for a name.
func (u *Users) standIn(name string) int {
	mac := hmac.New(sha256.New, u.key[:])
	_, _ = mac.Write([]byte(name)) // a hash never fails
	return int(binary.BigEndian.Uint64(mac.Sum(nil)) % uint64(len(u.accounts)))
}

// quick returns what stands for a checked password in memory.
func (u *Users) quick(name string, password []byte) (sum [sha256.Size]byte) {
	mac := hmac.New(sha256.New, u.key[:])
	_, _ = mac.Write(binary.BigEndian.AppendUint64([]byte{1}, uint64(len(name))))
	_, _ = mac.Write([]byte(name))
	_, _ = mac.Write(password)
	mac.Sum(sum[:0])
	return sum
}
