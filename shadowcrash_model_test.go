package main

import (
	"fmt"
	"maps"
	"strings"
)

// stamped is a number in a shadow.
type stamped struct {
	n  int64
	at int64 // its timestamp; 0 when the client was not told
}

// model is a shadow as it must be.
type model struct {
	exists  bool
	version int64
	values  map[string]stamped // by section and member, "reported.m1"
}

// shadowOp is a request that changes a shadow.
type shadowOp struct {
	token  string
	shadow int
	member string // "reported.m1"; "" to delete the shadow
	n      int64  // 0 removes the member
}

// after is the model after op, at a time that is not known.
func (m model) after(op shadowOp) model {
	switch {
	case op.member == "" && m.exists: // the tombstone counts as a version
		return model{version: m.version + 1}
	case op.member == "":
		return m
	}
	next := model{exists: true, version: m.version + 1, values: maps.Clone(m.values)}
	if next.values == nil {
		next.values = make(map[string]stamped)
	}
	if op.n == 0 {
		delete(next.values, op.member)
	} else {
		next.values[op.member] = stamped{n: op.n}
	}
	return next
}

// shadowReply is any answer of the shadow service.
type shadowReply struct {
	Version int64                                    `json:"version"`
	Code    int                                      `json:"code"`
	Token   string                                   `json:"clientToken"`
	State   map[string]map[string]*int64             `json:"state"`
	Meta    map[string]map[string]map[string]float64 `json:"metadata"`
}

// at is the timestamp that the reply gives for a member; 0 for none.
func (r *shadowReply) at(member string) int64 {
	section, name, _ := strings.Cut(member, ".")
	return int64(r.Meta[section][name]["timestamp"])
}

// model is the shadow that get/accepted describes.
func (r *shadowReply) model() model {
	m := model{exists: r.Code == 0, version: r.Version, values: make(map[string]stamped)}
	for _, section := range []string{"desired", "reported"} {
		for name, n := range r.State[section] {
			m.values[section+"."+name] = stamped{*n, r.at(section + "." + name)}
		}
	}
	return m
}

// differs tells how what is there differs from m.
func (m model) differs(is model) string {
	for member, v := range m.values {
		switch got, there := is.values[member]; {
		case !there:
			return member + " is missing"
		case got.n != v.n:
			return fmt.Sprintf("%s is %d, not %d", member, got.n, v.n)
		case got.at == 0 || v.at != 0 && got.at != v.at:
			return fmt.Sprintf("timestamp of %s is %d, not %d", member, got.at, v.at)
		}
	}
	if len(is.values) > len(m.values) {
		return fmt.Sprintf("%d members too many", len(is.values)-len(m.values))
	}
	return ""
}
