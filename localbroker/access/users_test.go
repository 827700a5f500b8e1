package access

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"
)

// quickHash hashes as fast as bcrypt goes.
func quickHash(tb testing.TB, password string) string {
	tb.Helper()
	b, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		tb.Fatal(err)
	}
	return string(b)
}

func mustUsers(tb testing.TB, users ...User) *Users {
	tb.Helper()
	u, err := NewUsers(users)
	if err != nil {
		tb.Fatal(err)
	}
	return u
}

func TestHashIsChecked(t *testing.T) {
	t.Parallel()
	one, err := Hash([]byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	two, err := Hash([]byte("secret"))
	if err != nil || one == two {
		t.Fatalf("two hashes of a password are the same: %v", err)
	}
	if _, err := Hash(nil); err == nil {
		t.Error("the empty password was hashed")
	}
	u := mustUsers(t, User{"eve", one}, User{"bob", quickHash(t, "bob's")})
	for _, c := range []struct {
		name, password string
		want           bool
	}{
		{"eve", "secret", true},
		{"eve", "secret", true}, // known by now
		{"eve", "Secret", false},
		{"eve", "", false},
		{"bob", "bob's", true},
		{"bob", "secret", false},
		{"Bob", "bob's", false},
		{"", "", false},
		{"nobody", "secret", false},
		{"nobody", "bob's", false},
	} {
		if got := u.Check(t.Context(), c.name, []byte(c.password)); got != c.want {
			t.Errorf("Check(%q, %q) = %v", c.name, c.password, got)
		}
	}
	if !u.Has("eve") || u.Has("nobody") || u.Len() != 2 {
		t.Error("Has or Len is wrong")
	}
	var none *Users
	if none.Check(t.Context(), "eve", nil) || none.Has("eve") || none.Len() != 0 {
		t.Error("nil has users")
	}
}

// TestForeignHashes checks hashes that other programs made of "password".
func TestForeignHashes(t *testing.T) {
	t.Parallel()
	for name, hash := range map[string]string{
		"libxcrypt 2b":               "$2b$05$abcdefghijklmnopqrstuuWG29KuyeAicPCJODk1zjyGvyQUU2awu",
		"libxcrypt 2y":               "$2y$05$abcdefghijklmnopqrstuuWG29KuyeAicPCJODk1zjyGvyQUU2awu",
		"argon2 reference 64 MiB":    "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
		"argon2 reference 2 threads": "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc",
	} {
		u := mustUsers(t, User{"u", hash})
		if !u.Check(t.Context(), "u", []byte("password")) || u.Check(t.Context(), "u", []byte("passworD")) {
			t.Errorf("%s: judged wrong", name)
		}
	}
}

func TestBcryptDoesNotIgnoreTheEnd(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 72)
	u := mustUsers(t, User{"u", quickHash(t, long)})
	if u.Check(t.Context(), "u", []byte(long+"y")) {
		t.Error("a longer password was taken")
	}
	if !u.Check(t.Context(), "u", []byte(long)) {
		t.Error("72 bytes were refused")
	}
}

func TestWrongUsers(t *testing.T) {
	t.Parallel()
	ok := quickHash(t, "x")
	argon := func(parameters, rest string) string { return "$argon2id$v=19$" + parameters + "$" + rest }
	const rest = "c2FsdHNhbHQ$c2FsdHNhbHRzYWx0c2FsdA"
	for _, c := range []struct {
		user        User
		field, says string
	}{
		{User{"", ok}, "name", "is empty"},
		{User{"a\x00", ok}, "name", "bytes that MQTT does not carry"},
		{User{"\xff", ok}, "name", "bytes that MQTT does not carry"},
		{User{"first", ok}, "name", "another user already"},
		{User{"a", ""}, "hash", "is empty"},
		{User{"a", "password"}, "hash", "neither"},
		{User{"a", "$6$salt$hash"}, "hash", "neither"},
		{User{"a", "$2x" + ok[3:]}, "hash", "neither"},
		{User{"a", ok[:59]}, "hash", "60 characters"},
		{User{"a", ok[:58] + "!!"}, "hash", "60 characters"},
		{User{"a", "$2a$16" + ok[6:]}, "hash", "cost 16"},
		{User{"a", "$argon2i$v=19$m=64,t=1,p=1$" + rest}, "hash", "only argon2id"},
		{User{"a", "$argon2id$v=16$m=64,t=1,p=1$" + rest}, "hash", "version"},
		{User{"a", argon("m=64,t=1", rest)}, "hash", "not a whole"},
		{User{"a", argon("t=1,m=64,p=1", rest)}, "hash", "not a whole"},
		{User{"a", argon("m=262145,t=1,p=1", rest)}, "hash", "256 MiB"},
		{User{"a", argon("m=4294967295,t=1,p=1", rest)}, "hash", "at most 256 MiB"},
		{User{"a", argon("m=4294967296,t=1,p=1", rest)}, "hash", "not a whole"},
		{User{"a", argon("m=262144,t=5,p=1", rest)}, "hash", "seconds for each login"},
		{User{"a", argon("m=64,t=65,p=1", rest)}, "hash", "seconds for each login"},
		{User{"a", argon("m=64,t=1,p=17", rest)}, "hash", "seconds for each login"},
		{User{"a", argon("m=64,t=0,p=1", rest)}, "hash", "below the smallest"},
		{User{"a", argon("m=64,t=1,p=1", "c2Fs$c2FsdHNhbHRzYWx0c2FsdA")}, "hash", "too short"},
		{User{"a", argon("m=64,t=1,p=1", "c2FsdHNhbHQ$c2Fs")}, "hash", "too short"},
		{User{"a", argon("m=64,t=1,p=1", "c2FsdHN\nhbHQ$c2FsdHNhbHRzYWx0c2FsdA")}, "hash", "not a whole"},
	} {
		_, err := NewUsers([]User{{"first", ok}, c.user})
		wrong, isError := errors.AsType[*Error](err)
		if !isError || wrong.List != "users" || wrong.Index != 1 || wrong.Field != c.field || !strings.Contains(wrong.Why, c.says) {
			t.Errorf("%q %q: %v", c.user.Name, c.user.Hash, err)
		}
		if len(c.user.Hash) > 8 && err != nil && strings.Contains(err.Error(), c.user.Hash) {
			t.Errorf("the hash is shown: %v", err)
		}
	}
}

// slow is a hash that takes until it is let go.
type slow struct {
	entered, leave chan struct{}
}

func (s slow) verify([]byte) bool {
	s.entered <- struct{}{}
	<-s.leave
	return true
}

// TestFewAtATime shares computing with nobody: it does not run in parallel.
func TestFewAtATime(t *testing.T) {
	s := slow{make(chan struct{}), make(chan struct{})}
	u := mustUsers(t, User{"u", quickHash(t, "x")})
	u.accounts[0].hash = s
	other := mustUsers(t, User{"u", quickHash(t, "x")})
	var wait sync.WaitGroup
	for range cap(computing) {
		wait.Go(func() { u.Check(context.WithoutCancel(t.Context()), "u", []byte("p")) })
		<-s.entered
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if other.Check(ctx, "u", []byte("x")) {
		t.Error("checked without a turn")
	}
	close(s.leave)
	wait.Wait()
	if !other.Check(t.Context(), "u", []byte("x")) {
		t.Error("no turn after the others had theirs")
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if other.Check(ended, "u", []byte("y")) {
		t.Error("checked for one who has left")
	}
}

// counted counts computations.
type counted struct {
	hash
	n *int
}

func (c counted) verify(p []byte) bool { *c.n++; return c.hash.verify(p) }

// TestUnknownUsersTakeTheSameWork counts computations rather than time.
func TestUnknownUsersTakeTheSameWork(t *testing.T) {
	t.Parallel()
	n := 0
	u := mustUsers(t, User{"a", quickHash(t, "x")}, User{"b", quickHash(t, "y")})
	for i := range u.accounts {
		u.accounts[i].hash = counted{u.accounts[i].hash, &n}
	}
	u.Check(t.Context(), "a", []byte("x"))
	for i, c := range []struct {
		name, password string
		want           int
	}{{"a", "x", 0}, {"a", "y", 1}, {"b", "x", 1}, {"nobody", "x", 1}, {"else", "y", 1}, {"", "", 1}} {
		n = 0
		u.Check(t.Context(), c.name, []byte(c.password))
		if n != c.want {
			t.Errorf("%d: %q: %d computations, want %d", i, c.name, n, c.want)
		}
	}
}

func TestHashIsNeverPrinted(t *testing.T) {
	t.Parallel()
	user := User{"eve", quickHash(t, "x")}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).InfoContext(t.Context(), "m", "user", user, "users", []User{user})
	for _, s := range []string{fmt.Sprint(user), fmt.Sprintf("%v %+v %#v %s", user, []User{user}, user, &user), log.String()} {
		if strings.Contains(s, "$2a$") || !strings.Contains(s, "eve") {
			t.Errorf("printed: %s", s)
		}
	}
}

func BenchmarkCheck(b *testing.B) {
	h, err := Hash([]byte("secret"))
	if err != nil {
		b.Fatal(err)
	}
	u := mustUsers(b, User{"eve", h})
	for b.Loop() {
		u.Check(b.Context(), "eve", []byte("wrong"))
	}
}
