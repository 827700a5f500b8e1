package keyring_test

import (
	"errors"
	"strings"
	"testing"

	oskeyring "github.com/zalando/go-keyring"

	"github.com/thingdesk/thingdesk/storage/keyring"
)

var errNone = errors.New("no keyring here")

func wantSecret(t *testing.T, s *keyring.Store, id, want string) {
	t.Helper()
	if got, err := s.Get(id); err != nil || got != want {
		t.Errorf("Get(%q) = %q, %v; want %q", id, got, err, want)
	}
}

func TestKeyring(t *testing.T) { //nolint:paralleltest // the mock is global
	oskeyring.MockInit()
	var s keyring.Store
	wantSecret(t, &s, "a", "")
	if lasting, err := s.Set("a", "secret"); !lasting || err != nil {
		t.Fatalf("Set = %v, %v; want lasting", lasting, err)
	}
	wantSecret(t, &s, "a", "secret")
	wantSecret(t, &keyring.Store{}, "a", "secret")
	if got, err := oskeyring.Get("thingdesk", "a"); got != "secret" {
		t.Errorf("the system's keyring has %q, %v under service thingdesk", got, err)
	}
	for range 2 {
		if err := s.Delete("a"); err != nil {
			t.Fatal(err)
		}
	}
	wantSecret(t, &s, "a", "")
}

func TestWithoutKeyring(t *testing.T) { //nolint:paralleltest // the mock is global
	oskeyring.MockInitWithError(errNone)
	var s keyring.Store
	wantSecret(t, &s, "a", "")
	if lasting, err := s.Set("a", "secret"); lasting || err != nil {
		t.Fatalf("Set = %v, %v; want memory only and no error", lasting, err)
	}
	wantSecret(t, &s, "a", "secret")
	wantSecret(t, &keyring.Store{}, "a", "")
	if err := s.Delete("a"); err != nil {
		t.Fatal(err)
	}
	wantSecret(t, &s, "a", "")
}

func TestKeyringStopsWorking(t *testing.T) { //nolint:paralleltest // the mock is global
	oskeyring.MockInit()
	var s keyring.Store
	if _, err := s.Set("a", "s3cret"); err != nil {
		t.Fatal(err)
	}
	oskeyring.MockInitWithError(errNone)
	if got, err := s.Get("a"); got != "" || !errors.Is(err, errNone) || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("Get from a keyring that worked before = %q, %v; want its error", got, err)
	}
	if err := s.Delete("a"); !errors.Is(err, errNone) {
		t.Errorf("Delete = %v; want the keyring's error", err)
	}
	if lasting, err := s.Set("a", "new"); lasting || err != nil {
		t.Errorf("Set = %v, %v; want memory only", lasting, err)
	}
	wantSecret(t, &s, "a", "new")
	oskeyring.MockInit() // it works again: the secret moves there
	if lasting, err := s.Set("a", "newer"); !lasting || err != nil {
		t.Errorf("Set = %v, %v; want lasting", lasting, err)
	}
	wantSecret(t, &s, "a", "newer")
}
