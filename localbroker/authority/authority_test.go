package authority_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/thingdesk/thingdesk/localbroker/authority"
)

// parse reads the certificate of a PEM text.
func parse(t *testing.T, text []byte) *x509.Certificate {
	t.Helper()
	block, _ := pem.Decode(text)
	if block == nil {
		t.Fatalf("no PEM: %q", text)
	}
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestOpenKeepsWhatIsThere(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data", "ca")
	a := open(t, dir)
	d := issue(t, a, "lamp", "")
	key := read(t, dir, authority.KeyFile)
	b := open(t, dir)
	if string(a.Certificate()) != string(b.Certificate()) || key != read(t, dir, authority.KeyFile) {
		t.Error("opening once more made another authority")
	}
	if diff := cmp.Diff(a.Issued(), b.Issued()); diff != "" || len(b.Issued()) != 1 || b.Issued()[0].Serial != d.Serial {
		t.Errorf("issued: %s", diff)
	}
	if len(b.Notices()) != 0 {
		t.Errorf("notices %q", b.Notices())
	}
	if other := open(t, t.TempDir()); parse(t, other.Certificate()).Subject.String() == parse(t, a.Certificate()).Subject.String() {
		t.Error("two authorities have the same name")
	}
	if runtime.GOOS == "windows" {
		return
	}
	for name, want := range map[string]os.FileMode{
		"": 0o700, authority.KeyFile: 0o600, authority.CertificateFile: 0o644, authority.RecordFile: 0o600,
	} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v, want %v", name, info.Mode().Perm(), err, want)
		}
	}
	if list, err := os.ReadDir(dir); err != nil || len(list) != 3 {
		t.Errorf("directory: %v, %v", list, err)
	}
}

func TestOpenKeyIsNoticed(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("rights are kept elsewhere on Windows")
	}
	dir := t.TempDir()
	open(t, dir)
	if err := os.Chmod(filepath.Join(dir, authority.KeyFile), 0o640); err != nil {
		t.Fatal(err)
	}
	if got := open(t, dir).Notices(); len(got) != 1 || !strings.Contains(got[0], "chmod 600") {
		t.Errorf("notices %q", got)
	}
}

func TestIssueRefuses(t *testing.T) {
	t.Parallel()
	a := open(t, t.TempDir())
	for _, name := range []string{"", "a b", "a/b", "é", "a\n", "a.b", "../x", "$x", strings.Repeat("x", 129)} {
		if d, err := a.IssueDevice(name, 1, ""); err == nil || d.Key != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
	for _, days := range []int{-1, 0, authority.MaxDays + 1} {
		if _, err := a.IssueDevice("a", days, ""); err == nil {
			t.Errorf("%d days: no error", days)
		}
	}
	if _, err := a.IssueDevice("a", 1, "DSA"); err == nil || !strings.Contains(err.Error(), "RSA-2048") {
		t.Errorf("kind: %v", err)
	}
	if len(a.Issued()) != 0 {
		t.Errorf("issued %v", a.Issued())
	}
	for _, hosts := range [][]string{{""}, {"0.0.0.0"}, {"::"}, {"a b"}, {"fe80::1%eth0"}, {"ok", "-x"}, {"1.2.3"}, {"a..b"}, {strings.Repeat("x", 64)}, {"a'b"}, {"224.0.0.1"}} {
		if _, err := a.ServerCertificate(hosts); err == nil {
			t.Errorf("hosts %q: no error", hosts)
		}
	}
}

func TestKeysStayOutOfSight(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	d := issue(t, open(t, dir), "lamp", "")
	for _, text := range []string{fmt.Sprint(d), fmt.Sprintf("%+v", d), fmt.Sprintf("%#v", d), d.LogValue().String()} {
		if strings.Contains(text, "PRIVATE") || !strings.Contains(text, "lamp") || !strings.Contains(text, d.Serial) {
			t.Errorf("prints as %s", text)
		}
	}
	secret := strings.Split(string(d.Key), "\n")[1]
	for name, text := range snapshot(t, dir) {
		if strings.Contains(text, secret) {
			t.Errorf("%s holds the device's key", name)
		}
	}
}

func TestRecord(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	a := open(t, dir)
	one, two := issue(t, a, "one", ""), issue(t, a, "two", authority.RSA2048)
	if err := a.Revoke(one.Serial); err != nil {
		t.Fatal(err)
	}
	revoked := a.Issued()[0].Revoked
	if err := a.Revoke(one.Serial); err != nil || !a.Issued()[0].Revoked.Equal(revoked) || time.Since(revoked) > time.Minute {
		t.Errorf("revoked %v, then %v: %v", revoked, a.Issued()[0].Revoked, err)
	}
	if err := a.Revoke("00"); !errors.Is(err, authority.ErrUnknown) {
		t.Errorf("unknown: %v", err)
	}
	text := read(t, dir, authority.RecordFile)
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if len(lines) != 3 {
		t.Fatalf("record:\n%s", text)
	}
	for _, l := range lines {
		var m map[string]string
		if err := json.Unmarshal([]byte(l), &m); err != nil || m["serial"] == "" {
			t.Errorf("line %s: %v", l, err)
		}
	}
	want := []authority.Issued{
		{Serial: one.Serial, Name: "one", Kind: authority.P256, Issued: one.Issued, Expires: one.Expires, Revoked: revoked},
		{Serial: two.Serial, Name: "two", Kind: authority.RSA2048, Issued: two.Issued, Expires: two.Expires},
	}
	// A crash may cut the last line anywhere; a line end may be lost by hand.
	for cut := len(lines[0]) + len(lines[1]) + 2; cut <= len(text); cut++ {
		write(t, dir, authority.RecordFile, text[:cut])
		b := open(t, dir)
		got := b.Issued()
		torn := cut > len(lines[0])+len(lines[1])+2 && cut < len(text)-1
		if (len(b.Notices()) > 0) != torn {
			t.Errorf("cut at %d: notices %q", cut, b.Notices())
		}
		expect := append([]authority.Issued(nil), want...)
		if cut < len(text)-1 {
			expect[0].Revoked = time.Time{}
		}
		if diff := cmp.Diff(expect, got); diff != "" {
			t.Fatalf("cut at %d: %s", cut, diff)
		}
		if cut%10 == 0 || cut >= len(text)-1 {
			d := issue(t, b, "three", "")
			if got := open(t, dir); len(got.Issued()) != 3 || got.Issued()[2].Serial != d.Serial || len(got.Notices()) != 0 {
				t.Fatalf("cut at %d, then issued: %v, %q", cut, got.Issued(), got.Notices())
			}
		}
	}
}

// TestRecordChangedByAnother has a second program change the record.
func TestRecordChangedByAnother(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	a, b := open(t, dir), open(t, dir)
	issue(t, b, "b", "")
	before := read(t, dir, authority.RecordFile)
	if _, err := a.IssueDevice("a", 1, ""); err == nil || !strings.Contains(err.Error(), "another program changed the file") {
		t.Errorf("error %v", err)
	}
	remove(t, dir, authority.RecordFile)
	if _, err := b.IssueDevice("c", 1, ""); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("record gone: error %v", err)
	}
	write(t, dir, authority.RecordFile, before)
	if d := issue(t, b, "c", ""); len(b.Issued()) != 2 || b.Issued()[1].Serial != d.Serial {
		t.Errorf("issued %v", b.Issued())
	}
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	a := open(t, dir)
	var wait sync.WaitGroup
	for i := range 8 {
		wait.Go(func() {
			d, err := a.IssueDevice(fmt.Sprintf("d%d", i), 1, "")
			if err != nil {
				t.Error(err)
			}
			if err := a.Revoke(d.Serial); err != nil {
				t.Error(err)
			}
			if _, err := a.ServerCertificate([]string{fmt.Sprintf("h%d", i)}); err != nil {
				t.Error(err)
			}
			_ = a.VerifyPeer(tls.ConnectionState{})
			_ = a.Issued()
		})
	}
	wait.Wait()
	got := open(t, dir).Issued()
	for _, one := range got {
		if one.Revoked.IsZero() {
			t.Errorf("%s is not revoked", one.Name)
		}
	}
	if len(got) != 8 {
		t.Errorf("%d issued", len(got))
	}
}

// serial returns the serial number of the certificate that the authority
// serves hosts with.
func serial(t *testing.T, a *authority.Authority, hosts ...string) string {
	t.Helper()
	pair, err := a.ServerCertificate(hosts)
	if err != nil {
		t.Fatal(err)
	}
	return pair.Leaf.SerialNumber.String()
}

// TestServerCertificateIsReused asks when it is, and when it is made anew.
func TestServerCertificateIsReused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	a := open(t, dir)
	first := serial(t, a, "broker.lan", "192.0.2.7")
	if got := serial(t, open(t, dir), "192.0.2.7", "BROKER.lan."); got != first {
		t.Error("made anew for the same hosts")
	}
	if got := serial(t, a); got != first {
		t.Error("made anew for fewer hosts")
	}
	other := t.TempDir()
	serial(t, open(t, other))
	for name, spoil := range map[string]func(){
		"another host":        func() { serial(t, a, "broker2.lan") },
		"another address":     func() { serial(t, a, "192.0.2.8") },
		"key missing":         func() { remove(t, dir, authority.ServerKeyFile) },
		"certificate damaged": func() { write(t, dir, authority.ServerCertificateFile, "x") },
		"key of another":      func() { write(t, dir, authority.ServerKeyFile, read(t, other, authority.ServerKeyFile)) },
		"a device's in place": func() {
			d := issue(t, a, "d", "")
			write(t, dir, authority.ServerCertificateFile, string(d.Certificate))
			write(t, dir, authority.ServerKeyFile, string(d.Key))
		},
		"of another authority": func() {
			write(t, dir, authority.ServerCertificateFile, read(t, other, authority.ServerCertificateFile))
			write(t, dir, authority.ServerKeyFile, read(t, other, authority.ServerKeyFile))
		},
	} {
		before := serial(t, a, "broker.lan", "192.0.2.7")
		spoil()
		now := serial(t, a, "broker.lan", "192.0.2.7")
		if now == before {
			t.Errorf("%s: not made anew", name)
		}
		if again := serial(t, a, "broker.lan", "192.0.2.7"); again != now {
			t.Errorf("%s: made anew twice", name)
		}
		if runtime.GOOS != "windows" {
			if info, err := os.Stat(filepath.Join(dir, authority.ServerKeyFile)); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%s: key %v, %v", name, info.Mode(), err)
			}
		}
	}
}

// TestTimePasses lets years go by: the server's certificate is renewed, also
// while the broker runs, nothing outlives the authority, and its end is told.
func TestTimePasses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		const day = 24 * time.Hour
		a := open(t, dir)
		config := serve(t, a, "broker.lan")
		served := func() string {
			c, err := config.GetCertificate(nil)
			if err != nil {
				t.Fatal(err)
			}
			return c.Leaf.SerialNumber.String()
		}
		first := served()
		time.Sleep((397-30)*day - 2*time.Hour)
		if served() != first || serial(t, a, "broker.lan") != first {
			t.Error("renewed too early")
		}
		time.Sleep(2 * time.Hour)
		second := served()
		if second == first || serial(t, open(t, dir), "broker.lan") != second {
			t.Error("not renewed")
		}

		time.Sleep(time.Until(a.Expires()) - 20*day)
		d, err := a.IssueDevice("late", 3650, "")
		if err != nil || !d.Expires.Equal(a.Expires()) || !parse(t, d.Certificate).NotAfter.Equal(a.Expires()) {
			t.Errorf("a device outlives the authority: %v, %v", d.Expires, err)
		}
		third := served()
		time.Sleep(time.Hour + time.Second)
		if again := served(); again != third || serial(t, a, "broker.lan") != third {
			t.Error("made anew again and again at the end of the authority")
		}

		time.Sleep(20 * day)
		b := open(t, dir)
		if got := b.Notices(); len(got) != 1 || !strings.Contains(got[0], "expired on 2009-12-31") && !strings.Contains(got[0], "expired on 2010-01-01") {
			t.Errorf("notices %q", got)
		}
		if _, err := b.IssueDevice("x", 1, ""); err == nil || !strings.Contains(err.Error(), "start anew") {
			t.Errorf("issue: %v", err)
		}
		if _, err := b.ServerCertificate(nil); err == nil || !strings.Contains(err.Error(), "expired on") {
			t.Errorf("server: %v", err)
		}
		if served() != third {
			t.Error("the old certificate is not kept where renewal fails")
		}
	})
	if got := open(t, dir).Notices(); len(got) != 1 || !strings.Contains(got[0], "expired") {
		t.Errorf("notices %q", got) // made in the year 2000 of fake time
	}
}
