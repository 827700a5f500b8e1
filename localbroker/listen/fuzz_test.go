package listen

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// FuzzOrigin holds the origin check to: what is listed gets in however it is
// written, and what is not listed does not.
func FuzzOrigin(f *testing.F) {
	f.Add("https://example.com", "HTTPS://EXAMPLE.com:443")
	f.Add("http://[::1]:8080", "http://example.com:x")
	f.Add("*", "null")
	f.Fuzz(func(t *testing.T, listed, asked string) {
		if CheckOrigin(listed) != nil {
			return
		}
		o := newOrigins([]string{listed})
		r := httptest.NewRequest(http.MethodGet, "/mqtt", http.NoBody)
		r.Header["Origin"] = []string{listed}
		if why := o.refuse(r); why != "" {
			t.Errorf("%q is listed and refused: %s", listed, why)
		}
		r.Header["Origin"] = []string{asked}
		if o.refuse(r) == "" && listed != "*" && !strings.EqualFold(hostOf(asked), hostOf(listed)) {
			t.Errorf("%q is listed and let in %q", listed, asked)
		}
	})
}

// hostOf returns the name between :// and the port, in a simple way.
func hostOf(origin string) string {
	_, host, _ := strings.Cut(origin, "://")
	if i := strings.LastIndexByte(host, ':'); i > strings.LastIndexByte(host, ']') {
		host = host[:i]
	}
	return host
}
