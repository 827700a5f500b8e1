package faults_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/thingdesk/thingdesk/localbroker/faults"
	"github.com/thingdesk/thingdesk/things/shadow"
)

func TestValidate(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		rule faults.Rule
		want string // "" for valid
	}{
		"drop all":               {faults.Rule{Kind: faults.Drop, Share: 1}, ""},
		"drop some":              {faults.Rule{Kind: faults.Drop, Share: 0.001, Client: "a*", Filter: "a/#"}, ""},
		"delay":                  {faults.Rule{Kind: faults.Delay, Share: 1, Delay: time.Second, Jitter: time.Second}, ""},
		"jitter only":            {faults.Rule{Kind: faults.Delay, Share: 1, Jitter: 1}, ""},
		"longest delay":          {faults.Rule{Kind: faults.Delay, Share: 1, Delay: time.Hour}, ""},
		"reject":                 {faults.Rule{Kind: faults.Reject, Share: 1, Code: 0x97}, ""},
		"reject, default":        {faults.Rule{Kind: faults.Reject, Share: 1}, ""},
		"cut":                    {faults.Rule{Kind: faults.Cut, Share: 1, For: 24 * time.Hour}, ""},
		"refuse":                 {faults.Rule{Kind: faults.RefuseReconnect, Share: 1}, ""},
		"shadow":                 {faults.Rule{Kind: faults.ShadowError, Share: 1, Code: 503, Filter: "$aws/things/+/shadow/get"}, ""},
		"longest names":          {faults.Rule{Kind: faults.Drop, Share: 1, ID: strings.Repeat("x", 1024), Client: strings.Repeat("x", 1024)}, ""},
		"no kind":                {faults.Rule{Share: 1}, `kind "" is not known`},
		"unknown kind":           {faults.Rule{Kind: "burn", Share: 1}, `kind "burn" is not known`},
		"share 0":                {faults.Rule{Kind: faults.Drop}, "share must be over 0"},
		"share -1":               {faults.Rule{Kind: faults.Drop, Share: -1}, "share must be over 0"},
		"share 1.1":              {faults.Rule{Kind: faults.Drop, Share: 1.1}, "not 1.1"},
		"share NaN":              {faults.Rule{Kind: faults.Drop, Share: math.NaN()}, "not NaN"},
		"filter":                 {faults.Rule{Kind: faults.Drop, Share: 1, Filter: "a/#/b"}, "topic filter: "},
		"filter for connections": {faults.Rule{Kind: faults.RefuseReconnect, Share: 1, Filter: "a"}, "has no topic filter"},
		"no delay":               {faults.Rule{Kind: faults.Delay, Share: 1}, "longer than nothing"},
		"negative delay":         {faults.Rule{Kind: faults.Delay, Share: 1, Delay: -1, Jitter: 2}, "delay and jitter"},
		"delay too long":         {faults.Rule{Kind: faults.Delay, Share: 1, Delay: time.Hour, Jitter: 1}, "delay and jitter"},
		"delay overflow":         {faults.Rule{Kind: faults.Delay, Share: 1, Delay: 1, Jitter: math.MaxInt64}, "delay and jitter"},
		"drop with delay":        {faults.Rule{Kind: faults.Drop, Share: 1, Delay: 1}, `"drop" has no delay`},
		"drop with For":          {faults.Rule{Kind: faults.Drop, Share: 1, For: 1}, `"drop" has no time without connection`},
		"For too long":           {faults.Rule{Kind: faults.Cut, Share: 1, For: 24*time.Hour + 1}, "time without connection"},
		"negative For":           {faults.Rule{Kind: faults.Cut, Share: 1, For: -1}, "time without connection"},
		"drop with code":         {faults.Rule{Kind: faults.Drop, Share: 1, Code: 5}, `"drop" has no code`},
		"reject with success":    {faults.Rule{Kind: faults.Reject, Share: 1, Code: 0x10}, "code 0x10"},
		"reject with 500":        {faults.Rule{Kind: faults.Reject, Share: 1, Code: 500}, "code 0x1f4"},
		"shadow with 200":        {faults.Rule{Kind: faults.ShadowError, Share: 1, Code: 200}, "code 200"},
		"shadow with 422":        {faults.Rule{Kind: faults.ShadowError, Share: 1, Code: 422}, "code 422"},
		"negative number":        {faults.Rule{Kind: faults.Drop, Share: 1, Remaining: -1}, "number of times"},
		"long client":            {faults.Rule{Kind: faults.Drop, Share: 1, Client: strings.Repeat("x", 1025)}, "the client is longer"},
		"client not UTF-8":       {faults.Rule{Kind: faults.Drop, Share: 1, Client: "\xff"}, "not UTF-8"},
		"long name":              {faults.Rule{Kind: faults.Drop, Share: 1, ID: strings.Repeat("x", 1025)}, "the name is longer"},
	} {
		err := c.rule.Validate()
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: error %v, want %q", name, err, c.want)
		}
	}
	both := faults.Rule{Kind: faults.Drop, For: 1}
	if err := both.Validate(); err == nil || strings.Count(err.Error(), "\n") != 1 {
		t.Errorf("two faults give %v", err)
	}
}

// TestShadowCodes: shadow.Refuse knows each code, for it answers others as 500.
func TestShadowCodes(t *testing.T) {
	t.Parallel()
	for _, code := range faults.ShadowCodes() {
		replies := shadow.Refuse("$aws/things/t/shadow/update", nil, code)
		if want := fmt.Sprintf(`{"code":%d,`, code); len(replies) != 1 || !strings.HasPrefix(string(replies[0].Payload), want) {
			t.Errorf("code %d is answered with %s", code, replies)
		}
		r := faults.Rule{Kind: faults.ShadowError, Share: 1, Code: code}
		if err := r.Validate(); err != nil {
			t.Error(err)
		}
	}
	for _, code := range faults.RejectCodes() {
		r := faults.Rule{Kind: faults.Reject, Share: 1, Code: code}
		if err := r.Validate(); err != nil {
			t.Error(err)
		}
	}
}
