package dataplane

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/thingdesk/thingdesk/localbroker/packet"
	"github.com/thingdesk/thingdesk/things/topic"
)

// Any name comes through a path unchanged, with its slashes escaped or not, and
// no path leads two ways.
func FuzzRoute(f *testing.F) {
	for _, s := range []string{"a", "a/b", "/a//b/", "ü %2F", "..", "a/../b", "$aws/things/x/shadow/update", "x/shadow", "%", "?#&+", "\x00\xff", ""} {
		f.Add("POST", s)
		f.Add("GET", "/things/"+s+"/shadow")
		f.Add("GET", "/retainedMessage/"+s)
	}
	f.Fuzz(func(t *testing.T, method, s string) {
		got, bad := route(method, s)
		switch {
		case bad != nil && (bad.status < 400 || bad.exception == "" || bad.message == ""):
			t.Errorf("%s %q: %+v", method, s, bad)
		case bad == nil && got.place != placeRetained && !strings.HasSuffix(s, "/shadow"):
			if at := strings.LastIndex(s, "/"); s[at+1:] != "" && !strings.Contains(s, "%") && !strings.HasSuffix(s, got.name) {
				t.Errorf("%q has the name %q", s, got.name)
			}
		}
		if s == "" {
			return
		}
		escaped := url.PathEscape(s)
		for _, path := range []string{escaped, strings.ReplaceAll(escaped, "%2F", "/")} {
			got, bad := route(http.MethodPost, "/topics/"+path)
			if bad != nil || got != (target{placeTopic, s}) {
				t.Errorf("%q: %+v, %+v", path, got, bad)
			}
			if path == "/" {
				continue
			}
			got, bad = route(http.MethodGet, "/retainedMessage/"+path)
			if bad != nil || got != (target{placeRetainedOne, s}) {
				t.Errorf("%q: %+v, %+v", path, got, bad)
			}
		}
		got, bad = route(http.MethodGet, "/things/"+escaped+"/shadow")
		if bad != nil || got != (target{placeShadow, s}) {
			t.Errorf("%q: %+v, %+v", escaped, got, bad)
		}
	})
}

// What is published is a PUBLISH that MQTT 5 takes.
func FuzzPublish(f *testing.F) {
	f.Add("a/b", "qos=1&retain=true", "", "", "")
	f.Add("a", "contentType=x&responseTopic=a%2Fb&messageExpiry=5", `[{"a":"b","c":"d"},{}]`, "AQ==", "UTF8_DATA")
	f.Add("$aws/x", "contentType=%00", `[{"a":1}]`, "*", "UNSPECIFIED_BYTES")
	f.Add("", "%", "[]]", "", "x")
	f.Add("a", "responseTopic=%2B", "[{\"\u0000\":\"\xff\"}]", "", "")
	f.Fuzz(func(t *testing.T, name, raw, user, correlation, format string) {
		q, bad := parseQuery(raw)
		if bad != nil {
			return
		}
		if _, bad := q.token(); bad != nil && bad.status != http.StatusBadRequest {
			t.Errorf("%+v", bad)
		}
		m, bad := parsePublish(name, q, http.Header{
			headerUser:        {base64.StdEncoding.EncodeToString([]byte(user))},
			headerCorrelation: {correlation},
			headerFormat:      {format},
		})
		if bad != nil {
			if bad.status != http.StatusBadRequest {
				t.Errorf("%+v", bad)
			}
			return
		}
		if err := topic.ValidateName(m.Topic); err != nil || m.Topic != name || m.QoS > 1 {
			t.Fatalf("%+v: %v", m, err)
		}
		p := packet.Publish{QoS: m.QoS, Retain: m.Retain, ID: 1, Topic: []byte(m.Topic), Properties: m.Properties}
		whole := p.Append(nil, packet.V5)
		body := whole[1:]
		for body[0]&128 != 0 {
			body = body[1:]
		}
		var back packet.Publish
		if err := back.Decode(packet.V5, whole[0], body[1:], true); err != nil {
			t.Errorf("%q: %v", m.Properties, err)
		}
		if string(back.Properties) != string(m.Properties) {
			t.Errorf("properties %q came back as %q", m.Properties, back.Properties)
		}
	})
}

// A token is only taken as it was given.
func FuzzToken(f *testing.F) {
	f.Add("name")
	f.Add("")
	f.Add("ü/\x00")
	f.Add("YWZ0ZXI6\nYQ")
	f.Add("YWZ0ZXI6YR")
	f.Fuzz(func(t *testing.T, s string) {
		if got, bad := (query{"nextToken": {s}}).token(); bad == nil && s != "" && token(got) != s {
			t.Errorf("%q stands for %q", s, got)
		}
		if s != strings.ToValidUTF8(s, "") {
			return
		}
		if got, bad := (query{"nextToken": {token(s)}}).token(); bad != nil || got != s {
			t.Errorf("%q came back as %q, %+v", s, got, bad)
		}
	})
}
