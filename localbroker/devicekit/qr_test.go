package devicekit_test

import (
	"bytes"
	"image"
	"image/png"
	"strings"
	"testing"

	"github.com/thingdesk/thingdesk/localbroker/devicekit"
)

// TestQR reads codes back, with the little of a reader that small ones need.
func TestQR(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"mqtts://a:1", "mqtts://10.0.0.7:8883\nclient ID t1", "mqtts://[::1]:8883\nclient ID a-_:B9"} {
		for _, size := range []int{37, 100, 480, 1001} {
			data, err := devicekit.QR(text, size)
			if err != nil {
				t.Fatal(err)
			}
			picture, err := png.Decode(bytes.NewReader(data))
			if err != nil {
				t.Fatal(err)
			}
			if b := picture.Bounds(); b.Dx() != size || b.Dy() != size {
				t.Errorf("%v, want %d", b, size)
			}
			if got := decode(t, modules(t, picture)); got != text {
				t.Errorf("%q at %d reads as %q", text, size, got)
			}
		}
	}
}

func TestQRRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text string
		size int
	}{
		"too small": {"mqtts://a:1", 28}, "zero": {"a", 0}, "negative": {"a", -5}, "too large": {"a", 4097}, "too long": {strings.Repeat("x", 3000), 4096},
	} {
		if data, err := devicekit.QR(c.text, c.size); err == nil || data != nil || !strings.HasPrefix(err.Error(), "make QR code: ") {
			t.Errorf("%s: %d bytes, %v", name, len(data), err)
		}
	}
	if _, err := devicekit.QR("mqtts://broker.example.com:8883\nclient ID "+strings.Repeat("n", 128), 480); err != nil {
		t.Error(err)
	}
}

// modules finds the code in a picture: true is black.
func modules(t *testing.T, picture image.Image) [][]bool {
	t.Helper()
	black := func(x, y int) bool { r, _, _, _ := picture.At(x, y).RGBA(); return r < 0x8000 }
	size, border := picture.Bounds().Dx(), 0
	for border < size && !black(border, border) {
		border++
	}
	scale := 0 // a finder pattern's edge is seven modules
	for black(border+scale, border) {
		scale++
	}
	scale /= 7
	n := (size - 2*border) / scale
	if border < 4*scale {
		t.Fatalf("border of %d pixels, module of %d", border, scale)
	}
	code := make([][]bool, n)
	for y := range n {
		code[y] = make([]bool, n)
		for x := range n {
			code[y][x] = black(border+x*scale+scale/2, border+y*scale+scale/2)
		}
	}
	return code
}

// decode reads a code of version 1 to 3 and level M in byte mode, which is one
// block, without using its error correction (ISO/IEC 18004).
func decode(t *testing.T, code [][]bool) string {
	t.Helper()
	n := len(code)
	format := 0 // bits 14 to 10, beside the upper left finder pattern
	for x := range 5 {
		format = format<<1 | bit(code[8][x])
	}
	format ^= 0b10101
	if n > 29 || format>>3 != 0 {
		t.Fatalf("%d modules, format %05b: not a small code of level M", n, format)
	}
	masks := []func(x, y int) bool{
		func(x, y int) bool { return (x+y)%2 == 0 },
		func(_, y int) bool { return y%2 == 0 },
		func(x, _ int) bool { return x%3 == 0 },
		func(x, y int) bool { return (x+y)%3 == 0 },
		func(x, y int) bool { return (y/2+x/3)%2 == 0 },
		func(x, y int) bool { return x*y%2+x*y%3 == 0 },
		func(x, y int) bool { return (x*y%2+x*y%3)%2 == 0 },
		func(x, y int) bool { return ((x+y)%2+x*y%3)%2 == 0 },
	}
	mask := masks[format&7]
	var bits []bool
	for right, up := n-1, true; right > 0; right, up = right-2, !up {
		if right == 6 { // the timing pattern
			right--
		}
		for step := range n {
			y := step
			if up {
				y = n - 1 - step
			}
			for _, x := range []int{right, right - 1} {
				if !function(x, y, n) {
					bits = append(bits, code[y][x] != mask(x, y))
				}
			}
		}
	}
	number := func(count int) (v int) {
		for _, b := range bits[:count] {
			v = v<<1 | bit(b)
		}
		bits = bits[count:]
		return v
	}
	if mode := number(4); mode != 4 {
		t.Fatalf("mode %d is not that of bytes", mode)
	}
	text := make([]byte, number(8))
	for i := range text {
		text[i] = byte(number(8))
	}
	return string(text)
}

// function tells which modules carry no data.
func function(x, y, n int) bool {
	finder := x < 9 && y < 9 || x < 9 && y >= n-8 || x >= n-8 && y < 9
	alignment := n > 21 && x >= n-9 && x <= n-5 && y >= n-9 && y <= n-5
	return finder || alignment || x == 6 || y == 6
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}
