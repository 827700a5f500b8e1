package packet_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/thingdesk/thingdesk/localbroker/packet"
)

// writeCorpus makes TestCorpus write the seeds anew.
var writeCorpus = flag.Bool("corpus", false, "write the seeds in testdata/fuzz from the tables of packets")

// canary stands behind the bytes that a decoder may look at.
var canary = bytes.Repeat([]byte{0xA5}, 64)

// guarded copies b into a larger array with canaries after it: cap > len.
func guarded(b []byte) []byte {
	return slices.Concat(b, canary)[:len(b)]
}

// checkGuard checks that b, which guarded made, is still like want and its
// canaries are whole.
func checkGuard(t *testing.T, b, want []byte) {
	t.Helper()
	if !bytes.Equal(b, want) {
		t.Fatalf("the body was changed: %x, was %x", b, want)
	}
	if whole := b[:len(b)+len(canary)]; !bytes.Equal(whole[len(b):], canary) {
		t.Fatalf("bytes after the body were changed: %x", whole[len(b):])
	}
}

// checkBody is what every body must satisfy: whatever decodes, encodes to a
// packet that decodes to the same value and is not longer; one in its shortest
// form encodes to the very same bytes.
func checkBody(t *testing.T, v packet.Version, fromClient bool, first byte, raw []byte) {
	t.Helper()
	body := guarded(raw)
	value, err := decodeBody(v, first, body, fromClient)
	checkGuard(t, body, raw)
	if err != nil {
		var refusal *packet.Error
		if !errors.As(err, &refusal) || refusal.Reason < packet.UnspecifiedError || refusal.Text == "" {
			t.Fatalf("error is a %T: %v", err, err)
		}
		return
	}
	if c, ok := value.(*packet.Connect); ok {
		v = c.Version
	}
	kept := encode(nil, v, value) // before the bytes after the body change
	for i := range canary {
		body[:len(body)+len(canary)][len(body)+i] = 0x5A
	}
	again := encode(nil, v, value)
	if !bytes.Equal(kept, again) {
		t.Fatalf("the value reaches beyond the body: %x, then %x", kept, again)
	}
	first2, body2, n, done, err := packet.SplitAs(v, again)
	if err != nil || !done || n != len(again) {
		t.Fatalf("%+v encodes to %x, no packet: %v", value, again, err)
	}
	value2, err := decodeBody(v, first2, body2, fromClient)
	if err != nil {
		t.Fatalf("%+v encodes to %x, refused: %v", value, again, err)
	}
	if diff := cmp.Diff(value, value2); diff != "" {
		t.Fatalf("%x decodes to another value (-first +second):\n%s", again, diff)
	}
	if p, ok := value.(packet.Publish); ok && p.Size(v) != len(again) {
		t.Fatalf("Size is %d, the packet has %d bytes", p.Size(v), len(again))
	}
	checkCanonical(t, v, value, first, raw, first2, body2)
}

// checkCanonical compares the bytes of a body with those it encodes to. A
// CONNECT of MQTT 3.1 may promise a user name that is not there; PUBREL,
// SUBSCRIBE and UNSUBSCRIBE of MQTT 3.1 may have DUP.
func checkCanonical(t *testing.T, v packet.Version, value any, first byte, raw []byte, first2 byte, body2 []byte) {
	t.Helper()
	if len(body2) > len(raw) {
		t.Fatalf("%x became longer: %x", raw, body2)
	}
	if c, ok := value.(*packet.Connect); ok && v == packet.V31 {
		flags := raw[9] // after the name and the level
		if flags&0x80 != 0 && !c.HasUser || flags&0x40 != 0 && !c.HasPassword {
			return
		}
	}
	if len(body2) == len(raw) && !bytes.Equal(raw, body2) {
		t.Fatalf("%x became %x", raw, body2)
	}
	if first != first2 && (v != packet.V31 || first&^8 != first2) {
		t.Fatalf("first byte %x became %x", first, first2)
	}
}

// fuzzTarget says which packets a fuzz target is for.
type fuzzTarget struct {
	name  string
	types []packet.Type
}

var fuzzTargets = []fuzzTarget{
	{"FuzzConnect", []packet.Type{packet.CONNECT}},
	{"FuzzConnack", []packet.Type{packet.CONNACK}},
	{"FuzzPublish", []packet.Type{packet.PUBLISH}},
	{"FuzzAck", []packet.Type{packet.PUBACK, packet.PUBREC, packet.PUBREL, packet.PUBCOMP}},
	{"FuzzSubscribe", []packet.Type{packet.SUBSCRIBE, packet.UNSUBSCRIBE}},
	{"FuzzSuback", []packet.Type{packet.SUBACK, packet.UNSUBACK}},
	{"FuzzFarewell", []packet.Type{packet.DISCONNECT, packet.AUTH, packet.PINGREQ, packet.PINGRESP}},
	{"FuzzSplit", nil}, // all
}

// run fuzzes the bodies of the types of a target.
func run(f *testing.F, name string) {
	f.Helper()
	i := slices.IndexFunc(fuzzTargets, func(t fuzzTarget) bool { return t.name == name })
	f.Fuzz(func(t *testing.T, version byte, fromClient bool, first byte, body []byte) {
		v := packet.V31 + packet.Version(version%3)
		typ := packet.TypeOf(first)
		if !slices.Contains(fuzzTargets[i].types, typ) {
			return
		}
		if _, _, _, _, err := packet.SplitAs(v, []byte{first}); err != nil {
			return
		}
		checkBody(t, v, fromClient, first, body)
	})
}

func FuzzConnect(f *testing.F)   { run(f, "FuzzConnect") }
func FuzzConnack(f *testing.F)   { run(f, "FuzzConnack") }
func FuzzPublish(f *testing.F)   { run(f, "FuzzPublish") }
func FuzzAck(f *testing.F)       { run(f, "FuzzAck") }
func FuzzSubscribe(f *testing.F) { run(f, "FuzzSubscribe") }
func FuzzSuback(f *testing.F)    { run(f, "FuzzSuback") }
func FuzzFarewell(f *testing.F)  { run(f, "FuzzFarewell") }

// FuzzSplit takes a stream apart and decodes what it finds.
func FuzzSplit(f *testing.F) {
	f.Fuzz(func(t *testing.T, version byte, fromClient bool, stream []byte) {
		v := packet.V31 + packet.Version(version%3)
		rest := stream
		for {
			b := guarded(rest)
			first, body, n, done, err := packet.SplitAs(v, b)
			checkGuard(t, b, rest)
			if err != nil || !done {
				if body != nil || err == nil && n != 0 && n <= len(b) || err != nil && n != 0 {
					t.Fatalf("%x gives n %d, body %x, %v", rest, n, body, err)
				}
				checkPrefixes(t, v, rest, n, err)
				return
			}
			if n < 2 || n > len(b) || !bytes.HasSuffix(b[:n], body) || cap(body) != len(body) {
				t.Fatalf("%x gives n %d, body %x", rest, n, body)
			}
			checkBody(t, v, fromClient, first, body)
			rest = rest[n:]
		}
	})
}

// checkPrefixes checks that what Split says of b it also says of less bytes, or
// waits for more.
func checkPrefixes(t *testing.T, v packet.Version, b []byte, n int, err error) {
	t.Helper()
	for i := range min(len(b), 6) {
		_, _, n2, done2, err2 := packet.SplitAs(v, b[:i])
		if done2 || err2 != nil && (err == nil || err.Error() != err2.Error()) || n2 != 0 && n2 != n {
			t.Fatalf("%x gives n %d and %v, of which %d bytes give n %d and %v", b, n, err, i, n2, err2)
		}
	}
}

// FuzzProperties reads properties that nobody checked.
func FuzzProperties(f *testing.F) {
	f.Fuzz(func(t *testing.T, raw []byte) {
		p := packet.Properties(guarded(raw))
		var whole []byte
		var built packet.Properties
		seen := map[packet.Property]bool{}
		for id, one := range p.All() {
			whole = append(whole, one...)
			number, isNumber := packet.Properties(one).Uint(id)
			value, isBytes := packet.Properties(one).Bytes(id)
			switch {
			case isNumber:
				built = built.AppendUint(id, number)
			case isBytes:
				built = built.AppendString(id, string(value))
			}
			for k, v := range packet.Properties(one).User() {
				built = built.AppendUser(k, v)
			}
			if !seen[id] {
				first, _ := p.Uint(id)
				text, _ := p.Bytes(id)
				if first != number || !bytes.Equal(text, value) {
					t.Fatalf("%v is %d %x, not %d %x", id, first, text, number, value)
				}
			}
			seen[id] = true
		}
		if !bytes.HasPrefix(raw, whole) {
			t.Fatalf("All gives %x of %x", whole, raw)
		}
		if !bytes.Equal(whole, built) {
			t.Fatalf("built again %x is not %x", built, whole)
		}
		checkGuard(t, p, raw)
	})
}

// corpus gives the seeds of every fuzz target by file name.
func corpus() map[string]string {
	const head = "go test fuzz v1\n"
	files := map[string]string{}
	add := func(kind, name string, v packet.Version, client bool, b []byte) {
		name = strings.Map(func(r rune) rune {
			if r < 'A' && (r < '0' || r > '9') {
				return '_'
			}
			return r
		}, kind+" "+name)
		seed := fmt.Sprintf("byte('\\x%02x')\nbool(%v)\n", byte(v-packet.V31), client)
		files["FuzzSplit/"+name] = fmt.Sprintf("%s%s[]byte(%q)\n", head, seed, b)
		first, body, _, _, err := packet.SplitAs(v, b)
		if err != nil {
			return
		}
		for _, t := range fuzzTargets {
			if slices.Contains(t.types, packet.TypeOf(first)) {
				files[t.name+"/"+name] = fmt.Sprintf("%s%sbyte('\\x%02x')\n[]byte(%q)\n", head, seed, first, body)
			}
		}
	}
	for _, s := range samples {
		add("good", s.name, s.v, s.client, wire(s.bytes))
	}
	for _, r := range refusals {
		add("bad", r.name, r.v, r.client, wire(r.bytes))
	}
	for id, home := range homes {
		files[fmt.Sprintf("FuzzProperties/property_%02x", byte(id))] = fmt.Sprintf("%s[]byte(%q)\n", head, wire(home.bytes))
	}
	return files
}

// Every packet of the tables is a seed of its fuzz targets.
func TestCorpus(t *testing.T) {
	t.Parallel()
	for name, want := range corpus() {
		path := filepath.Join("testdata", "fuzz", filepath.FromSlash(name))
		if *writeCorpus {
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != want {
			t.Errorf("seed %s is not up to date (%v); run go test -run TestCorpus -args -corpus", name, err)
		}
	}
}
