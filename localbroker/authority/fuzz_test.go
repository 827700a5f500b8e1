package authority

import (
	"net/netip"
	"strings"
	"testing"
)

// FuzzRecord looks that no text of the record stops the program, and that what
// was read is well formed.
func FuzzRecord(f *testing.F) {
	f.Add([]byte(`{"serial":"4a01","name":"x","key":"P-256","issued":"2026-01-01T00:00:00Z","expires":"2027-01-01T00:00:00Z"}` + "\n" + `{"serial":"4a01","revoked":"2026-01-02T00:00:00Z"}` + "\n{"))
	f.Add([]byte("\n\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, torn, err := parseRecord(data)
		if err != nil {
			return
		}
		if r.size > int64(len(data)) || torn == (r.size == int64(len(data))) {
			t.Fatalf("size %d of %d, torn %v", r.size, len(data), torn)
		}
		if len(r.bySerial) != len(r.issued) {
			t.Fatalf("%d serial numbers, %d certificates", len(r.bySerial), len(r.issued))
		}
		for _, one := range r.issued {
			if CheckName(one.Name) != nil || one.Serial == "" {
				t.Fatalf("took %+v", one)
			}
		}
		whole, tornWhole, err := parseRecord(data[:r.size])
		if err != nil || tornWhole || len(whole.issued) != len(r.issued) {
			t.Fatalf("without the last line: %v, %v", tornWhole, err)
		}
	})
}

// FuzzCheckHost looks that a host that is taken has nothing that a shell or a
// programming language gives a meaning to.
func FuzzCheckHost(f *testing.F) {
	for _, s := range []string{"a", "192.0.2.1", "::1", "fe80::1%'", "a.b-c_d.", "::ffff:1.2.3.4", "1.2"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, host string) {
		if CheckHost(host) != nil {
			return
		}
		if _, err := netip.ParseAddr(host); err != nil && strings.Trim(host, "0123456789.") == "" {
			t.Fatalf("took %q", host)
		}
		if strings.Trim(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:-") != "" || strings.HasPrefix(host, "-") {
			t.Fatalf("took %q", host)
		}
		if err := unfit(host); err != "" {
			t.Fatalf("%q gives the name %q", host, err)
		}
	})
}

// unfit returns a name for a host that no certificate should have, or "".
func unfit(host string) string {
	names, _ := subjects([]string{host})
	for _, n := range names {
		if n == "" || strings.HasSuffix(n, ".") || n != strings.ToLower(n) {
			return n
		}
	}
	return ""
}
