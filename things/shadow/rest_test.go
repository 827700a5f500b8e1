package shadow_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/thingdesk/thingdesk/things/shadow"
)

// names is a page of List.
type names struct {
	Results   []string `json:"results"`
	NextToken string   `json:"nextToken"`
	Timestamp int64    `json:"timestamp"`
}

func list(t *testing.T, s *shadow.Service, thing, token string, size int) names {
	t.Helper()
	body, err := s.List(thing, token, size, at(7))
	if err != nil {
		t.Fatal(err)
	}
	var page names
	if err := json.Unmarshal(body, &page); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return page
}

func TestList(t *testing.T) {
	t.Parallel()
	s := newService(t)
	do := func(op string, k shadow.Key) {
		if _, change := s.Handle(k.Topic(op), []byte(`{"state":{}}`), at(1)); change == nil {
			t.Fatalf("%s %v changed nothing", op, k)
		}
	}
	do("update", shadow.Key{Thing: "x"})
	do("update", shadow.Key{Thing: "y", Name: "other"})
	var want []string
	for i := range 60 {
		k := shadow.Key{Thing: "x", Name: fmt.Sprintf("$n-%02d", i)}
		do("update", k)
		if i%10 == 3 {
			do("delete", k)
			continue
		}
		want = append(want, k.Name)
	}

	got, sizes := []string(nil), []int(nil)
	for token := ""; ; {
		page := list(t, s, "x", token, 0)
		got, sizes = append(got, page.Results...), append(sizes, len(page.Results))
		if token = page.NextToken; token == "" {
			break
		}
	}
	if diff := cmp.Diff(want, got) + cmp.Diff([]int{25, 25, 4}, sizes); diff != "" {
		t.Errorf("pages of 25 (-want +got):\n%s", diff)
	}
	if page := list(t, s, "x", "", 100); len(page.Results) != 54 || page.NextToken != "" || page.Timestamp != 7 {
		t.Errorf("one page of 100: %+v", page)
	}
	// The place of a token stays when its shadow goes.
	first := list(t, s, "x", "", 3)
	do("delete", shadow.Key{Thing: "x", Name: first.Results[2]})
	if next := list(t, s, "x", first.NextToken, 1); next.Results[0] != want[3] {
		t.Errorf("after %v comes %v", first.Results, next.Results)
	}
	// Exactly a full page is the last one.
	if page := list(t, s, "y", "", 1); page.NextToken != "" || !slices.Equal(page.Results, []string{"other"}) {
		t.Errorf("a full page: %+v", page)
	}
	if body, err := s.List("unknown", "", 0, at(7)); err != nil || string(body) != `{"results":[],"timestamp":7}` {
		t.Errorf("unknown Thing: %s, %v", body, err)
	}
}

func TestListRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		thing, token string
		size         int
		want         error
	}{
		{"", "", 0, shadow.ErrThingName},
		{"a b", "", 0, shadow.ErrThingName},
		{"x", "", -1, shadow.ErrPageSize},
		{"x", "", 101, shadow.ErrPageSize},
		{"x", "*", 1, shadow.ErrNextToken},
		{"x", "YSBi", 1, shadow.ErrNextToken}, // "a b"
	}
	for _, tt := range tests {
		if body, err := newService(t).List(tt.thing, tt.token, tt.size, at(1)); !errors.Is(err, tt.want) {
			t.Errorf("List(%q, %q, %d) = %s, %v, want %v", tt.thing, tt.token, tt.size, body, err, tt.want)
		}
	}
}

// TestListOfThousands is a Thing with as many shadows as anybody has asked for.
func TestListOfThousands(t *testing.T) {
	t.Parallel()
	const n = 10000
	s := newService(t)
	for i := range n {
		s.Handle(shadow.Key{Thing: "x", Name: fmt.Sprintf("s%d", i)}.Topic("update"), []byte(`{"state":{}}`), at(1))
	}
	seen := 0
	for token := ""; ; {
		page := list(t, s, "x", token, 100)
		seen += len(page.Results)
		if token = page.NextToken; token == "" {
			break
		}
	}
	if seen != n {
		t.Errorf("%d shadows listed, want %d", seen, n)
	}
}

func TestVerdict(t *testing.T) {
	t.Parallel()
	s := newService(t)
	tests := []struct {
		op, payload string
		status      int
		body        string
	}{
		{"get", "", 404, `{"code":404,"message":"No shadow exists with name: 'x'"}`},
		{"update", `{"state":{"desired":{"a":1}}}`, 200, `{"state":{"desired":{"a":1}},"metadata":{"desired":{"a":{"timestamp":5}}},"version":1,"timestamp":5}`},
		{"update", `{"state":{},"version":9}`, 409, `{"code":409,"message":"Version conflict"}`},
		{"get", "", 200, `{"state":{"desired":{"a":1},"delta":{"a":1}},"metadata":{"desired":{"a":{"timestamp":5}}},"version":1,"timestamp":5}`},
		{"delete", "", 200, `{"version":1,"timestamp":5}`},
		{"nothing", "", 400, `{"message":"Invalid request"}`},
	}
	for _, tt := range tests {
		replies, _ := s.Handle("$aws/things/x/shadow/"+tt.op, []byte(tt.payload), at(5))
		if status, body := shadow.Verdict(replies); status != tt.status || string(body) != tt.body {
			t.Errorf("%s %s: %d %s, want %d %s", tt.op, tt.payload, status, body, tt.status, tt.body)
		}
	}
}

func TestExceptions(t *testing.T) {
	t.Parallel()
	want := map[int]string{
		400: "InvalidRequestException", 401: "UnauthorizedException", 403: "ForbiddenException", 404: "ResourceNotFoundException",
		405: "MethodNotAllowedException", 409: "ConflictException", 413: "RequestEntityTooLargeException",
		415: "UnsupportedDocumentEncodingException", 429: "ThrottlingException", 500: "InternalFailureException",
		503: "ServiceUnavailableException", 422: "InternalFailureException",
	}
	for code, name := range want {
		if got := shadow.Exception(code); got != name {
			t.Errorf("%d is %s, want %s", code, got, name)
		}
	}
}

func TestRefuse(t *testing.T) {
	t.Parallel()
	want := map[int]string{
		400: "Invalid JSON", 401: "Unauthorized", 403: "Forbidden", 404: "No shadow exists with name: 'x~n'",
		405: "Method not allowed", 409: "Version conflict", 413: "The payload exceeds the maximum size allowed",
		415: "Unsupported documented encoding; supported encoding is UTF-8", 429: "Too many requests",
		500: "Internal service failure", 503: "Service unavailable", 0: "Internal service failure",
	}
	for code, text := range want {
		for _, op := range []string{"get", "update", "delete"} {
			got := shadow.Refuse("$aws/things/x/shadow/name/n/"+op, []byte(`{"clientToken":"t"}`), code)
			sent := code
			if code == 0 {
				sent = 500
			}
			expected := []shadow.Reply{{
				Topic:   "$aws/things/x/shadow/name/n/" + op + "/rejected",
				Payload: fmt.Appendf(nil, `{"code":%d,"message":%q,"clientToken":"t"}`, sent, text),
			}}
			if diff := cmp.Diff(expected, got); diff != "" {
				t.Errorf("%d for %s (-want +got):\n%s", code, op, diff)
			}
		}
	}
	for _, payload := range []string{"", "\xff", `{"clientToken":1}`, `{"clientToken":"` + strings.Repeat("x", 65) + `"}`, "[]"} {
		got := shadow.Refuse("$aws/things/x/shadow/get", []byte(payload), 429)
		if text := string(got[0].Payload); text != `{"code":429,"message":"Too many requests"}` {
			t.Errorf("%.20q: %s", payload, text)
		}
	}
	for _, topic := range []string{"$aws/things/x/shadow/get/rejected", "$aws/things/x y/shadow/get", "a"} {
		if got := shadow.Refuse(topic, nil, 429); got != nil {
			t.Errorf("%s is no request: %v", topic, got)
		}
	}
}

func TestLimitsCheck(t *testing.T) {
	t.Parallel()
	for _, good := range []shadow.Limits{{}, {Document: 1, Depth: 1, InFlight: 1}, {Document: 30720, Depth: 64, InFlight: shadow.AWSInFlight}} {
		if err := good.Check(); err != nil {
			t.Errorf("%+v: %v", good, err)
		}
	}
	for name, bad := range map[string]shadow.Limits{
		"document size": {Document: 30721}, "depth": {Depth: -1}, "requests in flight": {InFlight: 65537},
	} {
		if err := bad.Check(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}

// TestThirtyKilobytes raises the limit as far as AWS does.
func TestThirtyKilobytes(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.Limits = shadow.Limits{Document: shadow.GreatestMaxDocument}
	payload := func(n int) []byte { return []byte(`{"state":{"reported":{"b":"` + strings.Repeat("x", n-8) + `"}}}`) }
	if _, change := s.Handle("$aws/things/x/shadow/update", payload(30721), at(1)); change != nil {
		t.Error("30,721 bytes were taken")
	}
	if _, change := s.Handle("$aws/things/x/shadow/update", payload(30720), at(1)); change == nil {
		t.Error("30,720 bytes were refused")
	}
}
