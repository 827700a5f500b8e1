package access

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"
)

// What Hash makes: OWASP's parameters for argon2id.
const (
	newMemory  = 19456 // KiB
	newTime    = 2
	newThreads = 1
	newSalt    = 16 // bytes
	newKey     = 32 // bytes
)

// What is taken from others. More would let one login hold up the broker for
// seconds.
const (
	maxMemory  = 256 << 10 // KiB
	maxTime    = 64
	maxWork    = 1 << 20 // KiB times passes
	maxThreads = 16
	minSalt    = 8
	minKey     = 16
	maxField   = 64 // bytes of salt and of key
	maxCost    = 15 // of bcrypt; 2 to the power of it
	bcryptLen  = 60
)

// hashAdvice ends every refusal of a hash.
const hashAdvice = `make one with "thingdesk hash"`

// hash is the stored form of a password.
type hash interface {
	// verify tells whether password is the one that was hashed, in a time that
	// does not depend on how much of it is right.
	verify(password []byte) bool
}

// Hash returns an argon2id hash of password with a fresh salt in PHC string
// form, which NewUsers takes. The password must not be empty.
func Hash(password []byte) (string, error) {
	if len(password) == 0 {
		return "", errors.New("hash password: it is empty")
	}
	salt := make([]byte, newSalt)
	_, _ = rand.Read(salt) // never fails
	key := argon2.IDKey(password, salt, newTime, newMemory, newThreads, newKey)
	enc := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version,
		newMemory, newTime, newThreads, enc.EncodeToString(salt), enc.EncodeToString(key)), nil
}

// parseHash reads a stored hash or says why it cannot. What it says never
// holds the hash.
func parseHash(s string) (h hash, why string) {
	kind := ""
	if parts := strings.SplitN(s, "$", 3); len(parts) == 3 && parts[0] == "" {
		kind = parts[1]
	}
	switch kind {
	case "2a", "2b", "2y":
		return parseBcrypt(s)
	case "argon2id":
		return parseArgon(s)
	case "argon2i", "argon2d":
		return nil, "is " + kind + ": only argon2id and bcrypt are taken; " + hashAdvice
	}
	if s == "" {
		return nil, "is empty: " + hashAdvice
	}
	return nil, "is neither an argon2id nor a bcrypt hash: " + hashAdvice
}

// bcryptHash is a bcrypt hash of which the form has been checked.
type bcryptHash []byte

// maxBcryptPassword is how many bytes of a password bcrypt sees.
const maxBcryptPassword = 72

func parseBcrypt(s string) (h hash, why string) {
	const alphabet = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	cost, err := bcrypt.Cost([]byte(s))
	switch {
	case err != nil, len(s) != bcryptLen, s[6] != '$', strings.Trim(s[7:], alphabet) != "":
		return nil, "is not a whole bcrypt hash: copy all of its 60 characters, or " + hashAdvice
	case cost > maxCost:
		return nil, fmt.Sprintf("has the bcrypt cost %d, which takes seconds for each login: at most %d is taken; %s", cost, maxCost, hashAdvice)
	}
	return bcryptHash(s), ""
}

// verify refuses passwords of which bcrypt would ignore the end.
func (h bcryptHash) verify(password []byte) bool {
	right := bcrypt.CompareHashAndPassword(h, password) == nil
	return right && len(password) <= maxBcryptPassword
}

// argonHash is an argon2id hash.
type argonHash struct {
	memory, time uint32
	threads      uint8
	salt, key    []byte
}

func parseArgon(s string) (h hash, why string) {
	const form = "is not a whole argon2id hash ($argon2id$v=19$m=..,t=..,p=..$salt$hash): copy it again, or " + hashAdvice
	parts := strings.Split(s, "$")
	if len(parts) != 6 {
		return nil, form
	}
	if parts[2] != "v=19" {
		return nil, "is an argon2id hash of another version than 19 (v=19): " + hashAdvice
	}
	parameters := strings.Split(parts[3], ",")
	if len(parameters) != 3 {
		return nil, form
	}
	var value [3]uint32
	for i, name := range []string{"m=", "t=", "p="} {
		digits, ok := strings.CutPrefix(parameters[i], name)
		n, err := strconv.ParseUint(digits, 10, 32)
		if !ok || err != nil {
			return nil, form
		}
		value[i] = uint32(n)
	}
	m, t, p := value[0], value[1], value[2]
	switch {
	case m < 8 || t < 1 || p < 1:
		return nil, "has argon2id parameters below the smallest that exist (m=8, t=1, p=1): " + hashAdvice
	case m > maxMemory:
		return nil, fmt.Sprintf("takes %d MiB of memory for each login (m=%d): at most %d MiB (m=%d) are taken; %s", m>>10, m, maxMemory>>10, maxMemory, hashAdvice)
	case t > maxTime, p > maxThreads, uint64(m)*uint64(t) > maxWork:
		return nil, fmt.Sprintf("takes seconds for each login (m=%d, t=%d, p=%d): at most p=%d, t=%d and m times t = %d are taken; %s", m, t, p, maxThreads, maxTime, maxWork, hashAdvice)
	}
	salt, saltOK := decodeField(parts[4])
	key, keyOK := decodeField(parts[5])
	switch {
	case !saltOK || !keyOK:
		return nil, form
	case len(salt) < minSalt || len(key) < minKey:
		return nil, fmt.Sprintf("has a salt under %d or a hash under %d bytes, which is too short to be safe: %s", minSalt, minKey, hashAdvice)
	}
	return argonHash{memory: m, time: t, threads: uint8(p), salt: salt, key: key}, ""
}

// decodeField decodes base64 without padding and, unlike package base64 alone,
// without line ends.
func decodeField(s string) ([]byte, bool) {
	if strings.ContainsAny(s, "\r\n") {
		return nil, false
	}
	b, err := base64.RawStdEncoding.DecodeString(s)
	return b, err == nil && len(b) <= maxField
}

func (h argonHash) verify(password []byte) bool {
	key := argon2.IDKey(password, h.salt, h.time, h.memory, h.threads, uint32(len(h.key)))
	return subtle.ConstantTimeCompare(key, h.key) == 1
}
