package shadow

import "strings"

// Limits of names in shadow topics.
const (
	MaxThingName  = 128 // bytes of a thing name
	MaxShadowName = 64  // bytes of a shadow name
)

// The suffixes of the request topics.
const (
	suffixGet    = "get"
	suffixUpdate = "update"
	suffixDelete = "delete"
)

// thingsPrefix begins every shadow topic.
const thingsPrefix = "$aws/things/"

// Key names one shadow of one Thing.
type Key struct {
	Thing string // thing name
	Name  string // shadow name; "" is the classic shadow
}

// Prefix returns "$aws/things/{thing}/shadow", with "/name/{name}" for a named
// shadow.
func (k Key) Prefix() string {
	if k.Name == "" {
		return thingsPrefix + k.Thing + "/shadow"
	}
	return thingsPrefix + k.Thing + "/shadow/name/" + k.Name
}

// Topic returns Prefix()+"/"+suffix, for example suffix "update/accepted".
func (k Key) Topic(suffix string) string { return k.Prefix() + "/" + suffix }

// Valid tells whether the names may stand in a shadow topic: the thing name
// has 1 to 128 characters of a-z A-Z 0-9 : _ -, the shadow name, when there is
// one, at most 64 of the same and $.
func (k Key) Valid() bool {
	return k.Thing != "" && validThing(k.Thing) && validShadow(k.Name)
}

// ParseTopic splits a shadow topic into its key and suffix ("get", "update",
// "update/delta" ...). ok is false when t is no shadow topic, also when one of
// its names is not Valid.
func ParseTopic(t string) (k Key, suffix string, ok bool) {
	rest, found := strings.CutPrefix(t, thingsPrefix)
	if !found {
		return Key{}, "", false
	}
	k.Thing, rest, found = strings.Cut(rest, "/")
	if !found {
		return Key{}, "", false
	}
	suffix, found = strings.CutPrefix(rest, "shadow/")
	if !found {
		return Key{}, "", false
	}
	if named, isNamed := strings.CutPrefix(suffix, "name/"); isNamed {
		k.Name, suffix, found = strings.Cut(named, "/")
		if !found || k.Name == "" {
			return Key{}, "", false
		}
	}
	if !knownSuffix(suffix) || !k.Valid() {
		return Key{}, "", false
	}
	return k, suffix, true
}

// knownSuffix tells whether the service or its clients use {prefix}/s.
func knownSuffix(s string) bool {
	switch s {
	case suffixGet, "get/accepted", "get/rejected",
		suffixUpdate, "update/accepted", "update/rejected", "update/delta", "update/documents",
		suffixDelete, "delete/accepted", "delete/rejected":
		return true
	}
	return false
}

func validThing(s string) bool {
	return len(s) <= MaxThingName && strings.IndexFunc(s, notInName) < 0
}

func validShadow(s string) bool {
	return len(s) <= MaxShadowName && strings.IndexFunc(s, func(r rune) bool { return r != '$' && notInName(r) }) < 0
}

// notInName tells whether r may not stand in a thing name.
func notInName(r rune) bool {
	switch {
	case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == ':', r == '_', r == '-':
		return false
	}
	return true
}
