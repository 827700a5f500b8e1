package dataplane

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// place is what a path leads to.
type place int

const (
	placeShadow      place = iota // /things/{thing}/shadow
	placeNames                    // /api/things/shadow/ListNamedShadowsForThing/{thing}
	placeRetained                 // /retainedMessage
	placeRetainedOne              // /retainedMessage/{topic}
	placeTopic                    // /topics/{topic}
)

// methods are those that a place takes.
var methods = map[place][]string{
	placeShadow:      {http.MethodGet, http.MethodPost, http.MethodDelete},
	placeNames:       {http.MethodGet},
	placeRetained:    {http.MethodGet},
	placeRetainedOne: {http.MethodGet},
	placeTopic:       {http.MethodPost},
}

// target is a place and the name in its path, unescaped and not yet checked.
type target struct {
	place place
	name  string // of a Thing or a topic
}

// route finds what an escaped path leads to. A topic in it may have its slashes
// escaped, as SDKs do, or not, as people do: the rest of the path is the topic,
// so that a//b and /a are topics too. Nothing is cleaned or redirected.
func route(method, path string) (target, *fault) {
	t, escaped, ok := split(path)
	if !ok {
		return target{}, unknown()
	}
	if !slices.Contains(methods[t.place], method) {
		return target{}, notAllowed(strings.Join(methods[t.place], ", "))
	}
	name, err := url.PathUnescape(escaped)
	if err != nil {
		return target{}, invalid("The path is not properly escaped")
	}
	t.name = name
	return t, nil
}

// split cuts a path into its place and the name in it, still escaped.
func split(path string) (t target, name string, ok bool) {
	if path == "/retainedMessage" || path == "/retainedMessage/" {
		return target{place: placeRetained}, "", true
	}
	for _, p := range []struct {
		prefix, suffix string
		place          place
	}{
		{"/things/", "/shadow", placeShadow},
		{"/api/things/shadow/ListNamedShadowsForThing/", "", placeNames},
		{"/retainedMessage/", "", placeRetainedOne},
		{"/topics/", "", placeTopic},
	} {
		rest, found := strings.CutPrefix(path, p.prefix)
		if !found {
			continue
		}
		name, found := strings.CutSuffix(rest, p.suffix)
		thing := p.place == placeShadow || p.place == placeNames
		if !found || name == "" || thing && strings.Contains(name, "/") {
			return target{}, "", false
		}
		return target{place: p.place}, name, true
	}
	return target{}, "", false
}

// query are the parameters of a request; of one that stands twice the first
// counts.
type query url.Values

func parseQuery(raw string) (query, *fault) {
	v, err := url.ParseQuery(raw)
	if err != nil {
		return nil, invalid("The query is not properly escaped")
	}
	return query(v), nil
}

// text returns a parameter and whether it is there.
func (q query) text(name string) (string, bool) {
	v := q[name]
	if len(v) == 0 {
		return "", false
	}
	return v[0], true
}

// number returns a parameter between least and most, or absent when it is not
// there.
func (q query) number(name string, least, most, absent int64) (int64, *fault) {
	s, ok := q.text(name)
	if !ok {
		return absent, nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < least || n > most {
		return 0, invalid("%s must be a number from %d to %d", name, least, most)
	}
	return n, nil
}

// flag returns a parameter that is true or false.
func (q query) flag(name string) (bool, *fault) {
	s, ok := q.text(name)
	switch {
	case !ok, s == "false":
		return false, nil
	case s == "true":
		return true, nil
	}
	return false, invalid("%s must be true or false", name)
}
