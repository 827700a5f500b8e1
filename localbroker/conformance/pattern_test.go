package conformance

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCompile(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, want string }{
		{`10 003C`, "10003c"},
		{`'a b' 00`, "61206200"},
		{`"~/a"`, "0004706b2f61"},
		{`10 ( "MQTT" 04 )`, "100700044d51545404"},
		{`( 61*200 )`, "c801" + strings.Repeat("61", 200)},
		{`[ 'ab'*2 ]`, "000461626162"},
		{`82 ( 0001 ( 0B 05 ) "a" 01 )`, "82090001020b0500016101"},
		{`"(x) [y]"`, "0007287829205b795d"},
		{``, ""},
	} {
		p, err := compile("pk", c.text)
		if err != nil || hex.EncodeToString(p.bytes) != c.want {
			t.Errorf("compile(%q) = %x, %v, want %s", c.text, p.bytes, err, c.want)
		}
	}
	for _, text := range []string{"1", "zz", "( 00", "00 )", "( 00 ]", "61*x"} {
		if p, err := compile("pk", text); err == nil {
			t.Errorf("compile(%q) = %x, want an error", text, p.bytes)
		}
	}
}

func TestMatchCaptures(t *testing.T) {
	t.Parallel()
	ids := map[string][]byte{}
	p, err := compile("", `32 ( "a" $p 'x' ?? )`)
	if err != nil {
		t.Fatal(err)
	}
	packet := []byte{0x32, 7, 0, 1, 'a', 0, 9, 'x', 0xFF}
	if !p.match(packet, ids) {
		t.Fatal("does not match")
	}
	if diff := cmp.Diff(map[string][]byte{"p": {0, 9}}, ids); diff != "" {
		t.Errorf("captures (-want +got):\n%s", diff)
	}
	for i := range packet[:8] {
		other := append([]byte(nil), packet...)
		other[i] ^= 0x10
		if p.match(other, ids) {
			t.Errorf("matches with byte %d changed", i)
		}
	}
	if zero := []byte{0x32, 7, 0, 1, 'a', 0, 0, 'x', 1}; p.match(zero, map[string][]byte{}) {
		t.Error("captured packet identifier 0")
	}
	if b, err := p.fill(ids); err != nil || b[6] != 9 {
		t.Errorf("fill = % X, %v", b, err)
	}
	if _, err := p.fill(nil); err == nil {
		t.Error("filled what was never received")
	}
}

func TestCanonical(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ raw, want string }{
		{`20 ( 00 00 ( 21 0014 22 000A ) )`, `20 03 00 00 00`},
		{`40 02 0001`, `40 03 0001 00`},
		{`40 ( 0001 10 ( 1F "why" ) )`, `40 03 0001 10`},
		{`90 ( 0001 ( 1F "why" ) 00 8F )`, `90 ( 0001 00 00 8F )`},
		{`E0 00`, `E0 01 00`},
		{`E0 ( 8E ( 26 "k" "v" ) )`, `E0 01 8E`},
		{
			`32 ( "a" 0001 ( 26 "z" "1" 0B 02 03 "t" 26 "a" "2" 0B 01 ) 'x' )`,
			`32 ( "a" 0001 ( 03 "t" 0B 01 0B 02 26 "z" "1" 26 "a" "2" ) 'x' )`,
		},
	} {
		got, err := canonical(mustCompile(t, c.raw), true)
		if diff := cmp.Diff(mustCompile(t, c.want), got.bytes); err != nil || diff != "" {
			t.Errorf("canonical(%s): %v (-want +got):\n%s", c.raw, err, diff)
		}
	}
	for _, raw := range []string{
		`E0 ( 00 ( 11 00000001 ) )`, // [MQTT-3.14.2-2]
		`40 ( 0001 00 ( 01 01 ) )`,
		`20 ( 00 00 ( 21 0014 21 0014 ) )`,
		`30 ( "a" )`,
		`D0 01 00`,
		`82 ( 0001 00 "a" 00 )`,
	} {
		if p, err := canonical(mustCompile(t, raw), true); err == nil {
			t.Errorf("canonical(%s) = % X, want an error", raw, p.bytes)
		}
	}
}

func mustCompile(t *testing.T, text string) []byte {
	t.Helper()
	p, err := compile("", text)
	if err != nil {
		t.Fatal(err)
	}
	return p.bytes
}

func FuzzCanonical(f *testing.F) {
	for _, text := range []string{
		`20 ( 00 00 ( 21 0014 ) )`,
		`32 ( "a" 0001 ( 26 "z" "1" 0B 02 ) 'x' )`,
		`90 ( 0001 ( 1F "why" ) 00 8F )`,
		`E0 ( 8E ( 26 "k" "v" ) )`,
	} {
		p, err := compile("", text)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(p.bytes)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if len(raw) < 2 {
			return
		}
		p, err := canonical(raw, true)
		if err != nil {
			return
		}
		again, err := canonical(p.bytes, true)
		if err != nil || !cmp.Equal(again.bytes, p.bytes) {
			t.Errorf("canonical(% X) = % X, then % X, %v", raw, p.bytes, again.bytes, err)
		}
	})
}
